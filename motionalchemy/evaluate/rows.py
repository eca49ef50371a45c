"""The rows of each task's table: what answers a case, the model through its door first, then baselines and the truth."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from motionalchemy.errors import InputError, PlanRefused
from motionalchemy.evaluate.baselines import Join, between, faded, held, interpolated, still
from motionalchemy.evaluate.heldout import Case
from motionalchemy.media.clip import Clip


class Ask(Protocol):
    """The model's door: the fields of a request, pictures and clips in memory, become a clip; raises InputError."""

    def __call__(self, **fields: object) -> Clip: ...


Row = Callable[[Case, Ask], Clip]
ENGLISH, MANDARIN = "model, English", "model, Chinese"
LAST, PLAIN = "model, last frame given", "model, motion not shown"
STILL, FADE, BETWEEN, NEAREST = "still image", "cross-fade", "frame interpolation", "nearest training clip"
SOURCE, HELD, TRUTH = "source unchanged", "last frame held", "true clip"
CHINESE = {
    ENGLISH: "模型（英文）",
    MANDARIN: "模型（中文）",
    LAST: "模型，给定末帧",
    PLAIN: "模型，未给动作参考",
    STILL: "静止图像",
    FADE: "淡入淡出",
    BETWEEN: "帧插值",
    NEAREST: "最近训练片段",
    SOURCE: "原片未改",
    HELD: "末帧定格",
    TRUTH: "真实片段",
}


def _animated(case: Case, ask: Ask, language: str = "en", **given: object) -> Clip:
    clip = case.clip
    seconds = (len(clip) - 1) / clip.fps
    return ask(image=clip.frames[0], prompt=case.prompts[language], seconds=seconds, fps=clip.fps, **given)


def _edited(case: Case, ask: Ask, language: str) -> Clip:
    return ask(task="edit", video=case.source, prompt=case.prompts[language])


def _acted(case: Case, ask: Ask, language: str) -> Clip:
    """A model that cannot be shown a motion refuses, each in its own way."""
    try:
        return _animated(case, ask, language, motion=case.motion)
    except InputError as error:
        raise PlanRefused(str(error)) from error


def _turned(case: Case, ask: Ask, language: str) -> Clip:
    clip, prompt = case.clip, case.prompts[language]
    seconds, views = (len(clip) - 1) / clip.fps, [clip.frames[at] for at in case.at]
    return ask(task="orbit", views=views, angles=list(case.angles), prompt=prompt, seconds=seconds, fps=clip.fps)


def _extended(case: Case, ask: Ask, language: str) -> Clip:
    beginning = Clip(case.clip.frames[: case.known], case.clip.fps)
    seconds = (len(case.clip) - case.known) / case.clip.fps
    return ask(task="extend", video=beginning, prompt=case.prompts[language], seconds=seconds)


def _ours(row: Callable[[Case, Ask, str], Clip]) -> dict[str, Row]:
    return {ENGLISH: lambda case, ask: row(case, ask, "en"), MANDARIN: lambda case, ask: row(case, ask, "zh")}


def _still(case: Case, ask: Ask) -> Clip:
    return still(case.clip.frames[0], len(case.clip), case.clip.fps)


def _source(case: Case, ask: Ask) -> Clip:
    assert case.source is not None
    return case.source


def _nearest(case: Case, ask: Ask) -> Clip:
    assert case.nearest is not None
    return case.nearest()


def _between(join: Join, case: Case, ask: Ask) -> Clip:
    """From view to view, or from the first frame to the last."""
    at = case.at or (0, len(case.clip) - 1)
    return between({frame: case.clip.frames[frame] for frame in at}, join, case.clip.fps)


_FADE: Row = partial(_between, faded)
_INTERPOLATED: Row = partial(_between, interpolated)
_TRUTH: Row = lambda case, ask: case.clip  # noqa: E731
ROWS: dict[str, dict[str, Row]] = {
    "animate": {
        **_ours(_animated),
        LAST: lambda case, ask: _animated(case, ask, last=case.clip.frames[-1]),
        STILL: _still,
        FADE: _FADE,
        BETWEEN: _INTERPOLATED,
        NEAREST: _nearest,
        TRUTH: _TRUTH,
    },
    "verbs": {**_ours(_animated), STILL: _still, TRUTH: _TRUTH},
    "edit": {**_ours(_edited), SOURCE: _source, TRUTH: _TRUTH},
    "act": {**_ours(_acted), PLAIN: _animated, STILL: _still, NEAREST: _nearest, TRUTH: _TRUTH},
    "orbit": {**_ours(_turned), FADE: _FADE, BETWEEN: _INTERPOLATED, TRUTH: _TRUTH},
    "extend": {
        **_ours(_extended),
        HELD: lambda case, ask: held(case.clip.frames[: case.known], len(case.clip), case.clip.fps),
        TRUTH: _TRUTH,
    },
}


def is_model(row: str) -> bool:
    """Whether a row is the model's work, so that the seconds it takes are worth telling."""
    return row in (ENGLISH, MANDARIN, LAST, PLAIN)
