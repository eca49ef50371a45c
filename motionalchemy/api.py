"""The tasks as functions of Python: each takes pictures, clips and a sentence, and returns a clip.

Pictures are paths, Pillow images or (H, W, 3) uint8 arrays, clips are paths or `Clip`s. All take the other fields of a
`Request`, and `output`, `backbone` and `cancel` as `steps` does.
"""

from collections.abc import Sequence
from typing import Any

from motionalchemy.media.clip import Clip
from motionalchemy.motion.learned import LearnedMotion
from motionalchemy.pipeline.inputs import Film, Picture, steps
from motionalchemy.pipeline.make import collect

__all__ = ["animate", "edit", "extend", "imagine", "learn", "orbit", "retake", "steps"]


def animate(image: Picture, prompt: str, **options: Any) -> Clip:
    """One image and one sentence become a clip; `last` is a picture to arrive at, `loop` comes back to the first.

    `motion` is what it moves like: a clip, or the names of learned motions, "NAME:0.8", or several of these.
    """
    return collect(steps(image, prompt, **options)).clip


def imagine(prompt: str, **options: Any) -> Clip:
    """A sentence becomes a clip, or with `seconds=0` a still: a clip of one frame.

    A model that draws places puts one of the pictures that ship with it into them where the sentence names a subject.
    """
    return collect(steps(None, prompt, task="imagine", **options)).clip


def extend(video: Film, prompt: str, **options: Any) -> Clip:
    """A clip goes on for `seconds` more, in one sentence or by the second: "0-4: it walks | 4-8: it runs"."""
    return collect(steps(None, prompt, task="extend", video=video, **options)).clip


def edit(video: Film, prompt: str, *, image: Picture = None, **options: Any) -> Clip:
    """A clip changes as the sentence says, inside `region`, by `method` and to `strength`; it stays as large and long.

    `image` shows what comes in the place of its subject, or of its background; without one, a subject that the words ask
    for is one of the pictures that ship with the model.
    """
    return collect(steps(image, prompt, task="edit", video=video, **options)).clip


def orbit(views: Sequence[Picture], prompt: str | None = None, **options: Any) -> Clip:
    """Views of one scene become one camera move past them all; `angles` says where they stand, `close` comes back."""
    return collect(steps(None, prompt, task="orbit", views=views, **options)).clip


def retake(video: Film, prompt: str, begin: float, end: float, **options: Any) -> Clip:
    """A clip with the seconds from `begin` to `end` made again, to whole latent frames."""
    return collect(steps(None, prompt, task="retake", video=video, begin=begin, end=end, **options)).clip


def learn(clips: Sequence[Film], name: str, prompt: str | None = None, **options: Any) -> LearnedMotion:
    """The motion that clips share, learned and kept under a name; options as for `train.motions.steps`."""
    from motionalchemy.train import motions

    return motions.learn(clips, name, prompt, **options)
