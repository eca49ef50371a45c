"""The tasks as functions of Python: each takes pictures, clips and a sentence, and returns a clip.

Pictures are paths, Pillow images or (H, W, 3) uint8 arrays, clips are paths or `Clip`s. All take the other fields of a
`Request`, and `output`, `backbone` and `cancel` as `steps` does.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from motionalchemy import media
from motionalchemy.backbones import Backbone
from motionalchemy.clip import Clip
from motionalchemy.errors import InputError
from motionalchemy.make import Progress, collect, make
from motionalchemy.request import parse

Picture = Any  # a path, a Pillow image, or an (H, W, 3) uint8 array
Film = str | Path | Clip
Motions = Film | Sequence[Film]  # learned motions, each NAME, FILE or either with :WEIGHT, and at most one clip


def steps(
    image: Picture = None,
    prompt: str | None = None,
    *,
    task: str = "animate",
    last: Picture = None,
    video: Film | None = None,
    views: Sequence[Picture] | None = None,
    motion: Motions | None = None,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
    **options: Any,
) -> Iterator[Progress]:
    """Any task as a generator: yields every step, the last with the result; raises what `make` raises."""
    fields: dict[str, Any] = {"task": task, **options}
    held: dict[str, Any] = {}
    for name, picture in (("image", image), ("last", last)):
        if isinstance(picture, str | Path):
            fields[name] = str(picture)
        elif picture is not None:
            held[name] = media.as_image(picture)
    if isinstance(video, Clip):
        held["video"] = video
    elif video is not None:
        fields["video"] = str(video)
    if views is not None and all(isinstance(view, str | Path) for view in views):
        fields["views"] = [str(view) for view in views]
    elif views is not None:
        held["views"] = [media.read_image(Path(v)) if isinstance(v, str | Path) else media.as_image(v) for v in views]
    if motion is not None:
        shown = [motion] if isinstance(motion, str | Path | Clip) else list(motion)
        clips = [clip for clip in shown if isinstance(clip, Clip)]
        if len(clips) > 1:
            raise InputError("motion takes one clip: learn a motion from several with learn")
        if clips:
            held["motion"] = clips[0]
        fields["motion"] = [str(name) for name in shown if not isinstance(name, Clip)] or None
    if prompt is not None:
        fields["prompt"] = prompt
    where = None if output is None else Path(output)
    return make(parse(fields), where, **held, backbone=backbone, cancel=cancel)


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
