"""The tasks as functions of Python: each takes pictures, clips and a sentence, and returns a clip.

Pictures are paths, Pillow images or (H, W, 3) uint8 arrays, clips are paths or `Clip`s. The options of each, with their
units and defaults, stand in its help.
"""

from collections.abc import Callable, Sequence
from inspect import cleandoc, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from motionalchemy.media.clip import Clip
from motionalchemy.models.base import Backbone
from motionalchemy.motion.learned import LearnedMotion
from motionalchemy.pipeline.inputs import Film, Motions, Picture, steps
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.options import described

if TYPE_CHECKING:
    from motionalchemy.train.motions import Recipe

__all__ = ["animate", "edit", "extend", "imagine", "learn", "orbit", "retake", "steps"]

Asked = ParamSpec("Asked")
Made = TypeVar("Made")


def _with_options(function: Callable[Asked, Made]) -> Callable[Asked, Made]:
    """The function, its keyword options explained in its docstring."""
    options = [each.name for each in signature(function).parameters.values() if each.kind is each.KEYWORD_ONLY]
    function.__doc__ = f"{cleandoc(function.__doc__ or '')}\n\n{described(options)}"
    return function


@_with_options
def animate(
    image: Picture,
    prompt: str,
    *,
    last: Picture | None = None,
    loop: bool = False,
    motion: Motions | None = None,
    camera: str | None = None,
    audio: str | Path | None = None,
    seconds: float | None = None,
    fps: float | None = None,
    candidates: int | None = None,
    draft: str | None = None,
    draft_mask: str | None = None,
    follow: float | None = None,
    negative: str = "",
    model: str = "nano",
    size: int | None = None,
    steps: int | None = None,
    stages: int | None = None,
    guidance: float | None = None,
    guidance_low: float | None = None,
    seed: int = 0,
    device: str = "auto",
    memory: Literal[8, 12, 24, 48, 80] | None = None,
    fast: int = 0,
    lora: Sequence[str] | None = None,
    interpolate: int = 1,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clip:
    """One image and one sentence become a clip; `last` is a picture to arrive at, `loop` comes back to the first.

    `motion` is what it moves like: a clip, or the names of learned motions, "NAME:0.8", or several of these.
    """
    return _clip("animate", locals())


@_with_options
def imagine(
    prompt: str,
    *,
    seconds: float | None = None,
    fps: float | None = None,
    candidates: int | None = None,
    negative: str = "",
    model: str = "nano",
    size: int | None = None,
    aspect: str | None = None,
    steps: int | None = None,
    stages: int | None = None,
    guidance: float | None = None,
    guidance_low: float | None = None,
    seed: int = 0,
    device: str = "auto",
    memory: Literal[8, 12, 24, 48, 80] | None = None,
    fast: int = 0,
    lora: Sequence[str] | None = None,
    interpolate: int = 1,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clip:
    """A sentence becomes a clip, or with `seconds=0` a still: a clip of one frame.

    A model that draws places puts one of the pictures that ship with it into them where the sentence names a subject.
    """
    return _clip("imagine", locals())


@_with_options
def extend(
    video: Film,
    prompt: str,
    *,
    seconds: float | None = None,
    last: Picture | None = None,
    candidates: int | None = None,
    draft: str | None = None,
    draft_mask: str | None = None,
    follow: float | None = None,
    negative: str = "",
    model: str = "nano",
    size: int | None = None,
    steps: int | None = None,
    stages: int | None = None,
    guidance: float | None = None,
    guidance_low: float | None = None,
    seed: int = 0,
    device: str = "auto",
    memory: Literal[8, 12, 24, 48, 80] | None = None,
    fast: int = 0,
    lora: Sequence[str] | None = None,
    interpolate: int = 1,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clip:
    """A clip goes on for `seconds` more, in one sentence or by the second: "0-4: it walks | 4-8: it runs"."""
    return _clip("extend", locals())


@_with_options
def edit(
    video: Film,
    prompt: str,
    *,
    image: Picture | None = None,
    region: str = "auto",
    method: Literal["reference", "contrast", "redraw"] | None = None,
    strength: float | None = None,
    source_prompt: str = "",
    draft: str | None = None,
    follow: float | None = None,
    negative: str = "",
    model: str = "nano",
    size: int | None = None,
    steps: int | None = None,
    stages: int | None = None,
    guidance: float | None = None,
    guidance_low: float | None = None,
    seed: int = 0,
    device: str = "auto",
    memory: Literal[8, 12, 24, 48, 80] | None = None,
    fast: int = 0,
    lora: Sequence[str] | None = None,
    interpolate: int = 1,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clip:
    """A clip changes as the sentence says, inside `region`, by `method` and to `strength`; it stays as large and long.

    `image` shows what comes in the place of its subject, or of its background; without one, a subject that the words ask
    for is one of the pictures that ship with the model.
    """
    return _clip("edit", locals())


@_with_options
def orbit(
    views: Sequence[Picture],
    prompt: str | None = None,
    *,
    angles: Sequence[float] | None = None,
    close: bool = False,
    seconds: float | None = None,
    fps: float | None = None,
    draft: str | None = None,
    draft_mask: str | None = None,
    follow: float | None = None,
    negative: str = "",
    model: str = "nano",
    size: int | None = None,
    steps: int | None = None,
    stages: int | None = None,
    guidance: float | None = None,
    guidance_low: float | None = None,
    seed: int = 0,
    device: str = "auto",
    memory: Literal[8, 12, 24, 48, 80] | None = None,
    fast: int = 0,
    lora: Sequence[str] | None = None,
    interpolate: int = 1,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clip:
    """Views of one scene become one camera move past them all; `angles` says where they stand, `close` comes back."""
    return _clip("orbit", locals())


@_with_options
def retake(
    video: Film,
    prompt: str,
    begin: float,
    end: float,
    *,
    negative: str = "",
    model: str = "nano",
    size: int | None = None,
    steps: int | None = None,
    stages: int | None = None,
    guidance: float | None = None,
    guidance_low: float | None = None,
    seed: int = 0,
    device: str = "auto",
    memory: Literal[8, 12, 24, 48, 80] | None = None,
    fast: int = 0,
    lora: Sequence[str] | None = None,
    interpolate: int = 1,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Clip:
    """A clip with the seconds from `begin` to `end` made again, to whole latent frames."""
    return _clip("retake", locals())


def learn(
    clips: Sequence[Film],
    name: str,
    prompt: str | None = None,
    *,
    steps: int | None = None,
    out: str | Path | None = None,
    model: str = "nano",
    device: str = "auto",
    seed: int = 0,
    recipe: "Recipe | None" = None,
    backbone: Backbone | None = None,
) -> LearnedMotion:
    """The motion that 1 to 16 clips share, learned and kept under a name of letters, digits, - and _.

    `prompt` is what the clips show ("a person NAME" unless given), `steps` how long to learn (240 unless given), `out` the
    folder for NAME.safetensors (your own unless given), `recipe` everything else that decides what is learned. Raises
    InputError before anything is loaded.
    """
    from motionalchemy.train import motions

    return motions.learn(
        clips,
        name,
        prompt,
        steps=steps,
        out=out,
        model=model,
        device=device,
        seed=seed,
        recipe=recipe,
        backbone=backbone,
    )


def _clip(task: str, given: dict[str, Any]) -> Clip:
    """The clip of a task with the arguments of its function."""
    given = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    return collect(steps(task=task, **given)).clip
