"""How a task's result is laid out: how many frames it has, and the windows that make them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from motionalchemy.errors import InputError
from motionalchemy.language import script
from motionalchemy.media.footage import Footage
from motionalchemy.models.base import Card
from motionalchemy.pipeline import windows
from motionalchemy.pipeline.request import Settled
from motionalchemy.pipeline.windows import Span

AFTER = 16  # frames that a retake sees behind its end


@dataclass(frozen=True, eq=False)
class Layout:
    """Which frames the result has, and the spans that make them."""

    frames: int
    spans: list[Span]


def longest(card: Card, fps: float, frames: int) -> int:
    """The frames of a window: all of them if the model can make so many at once, else its usual number."""

    def fits(seconds: float) -> int:
        return min(card.grid.frames_for(seconds, fps), card.grid.frames_for(seconds, card.defaults.fps))

    at_once = fits(card.seconds)
    return at_once if frames <= at_once else max(fits(card.defaults.seconds), card.grid.frames(windows.KNOWN + 1))


def words(request: Settled, begin: int = 0) -> list[tuple[int, str]]:
    """The prompts of a request, each with the frame from which it holds; the first one's is `begin`."""
    return [(begin + round(second * request.fps), prompt) for second, prompt in script.timed_prompts(request.prompt)]


def _grown(request: Settled, card: Card, source: Footage | None, due: Sequence[int]) -> Layout:
    frames = card.grid.frames_for(request.seconds, request.fps)
    said = words(request)
    if (late := said[-1][0]) >= frames > 1:
        raise InputError(f"the prompt goes on at second {late / request.fps:g}, after the end: ask for more seconds")
    return Layout(frames, windows.spans(card.grid, longest(card, request.fps, frames), 0, frames, said))


def _around(request: Settled, card: Card, source: Footage | None, due: Sequence[int]) -> Layout:
    """Windows that end where a view is due, as many views in each as fit."""
    grid, frames = card.grid, card.grid.frames_for(request.seconds, request.fps)
    most, cuts, at = longest(card, request.fps, frames), [0], 0
    if card.between:
        return Layout(frames, windows.copies(0, frames, most))
    for near, far in pairwise([0, *due]):
        if far + 1 - max(0, at - grid.frames(windows.KNOWN)) > most and near + 1 > max(cuts):
            cuts.append(at := near + 1)
    said = [(cut, request.prompt) for cut in cuts if cut != 1]
    return Layout(frames, windows.spans(grid, most, 0, frames, said))


def _extended(request: Settled, card: Card, source: Footage | None, due: Sequence[int]) -> Layout:
    assert source is not None
    have, grid = len(source), card.grid
    frames = have + max(1, round(request.seconds * request.fps / grid.time)) * grid.time
    most = longest(card, request.fps, frames - have + grid.frames(windows.KNOWN))
    made = windows.spans(grid, most, have, frames, words(request, have))
    return Layout(frames, windows.copies(0, have, most) + made)


def _edited(request: Settled, card: Card, source: Footage | None, due: Sequence[int]) -> Layout:
    assert source is not None
    most = longest(card, request.fps, len(source))
    return Layout(len(source), windows.spans(card.grid, most, 0, len(source), [(0, request.prompt)]))


def _retaken(request: Settled, card: Card, source: Footage | None, due: Sequence[int]) -> Layout:
    assert source is not None and request.begin is not None and request.end is not None
    grid, have = card.grid, len(source)
    begin, end = round(request.begin * request.fps), min(round(request.end * request.fps), have)
    if begin >= have:
        raise InputError(f"begin {request.begin:g} is after the clip, which ends at {have / request.fps:g} seconds")
    if end <= begin:
        raise InputError(
            f"{request.begin:g} to {request.end:g} seconds hold no frame at {request.fps:g} fps: take more"
        )
    head = 0 if begin == 0 else grid.frames(windows.KNOWN) if begin >= grid.frames(windows.KNOWN) else 1
    end = min(windows.group_end(grid, begin - head, end), have)
    after = min(AFTER, have - end)
    most = longest(card, request.fps, end - begin + head + after)
    made = windows.spans(grid, most, begin, end, [(begin, request.prompt)], after)
    return Layout(have, windows.copies(0, begin, most) + made + windows.copies(end, have, most))


LAYOUTS: dict[str, Callable[[Settled, Card, Footage | None, Sequence[int]], Layout]] = {
    "animate": _grown,
    "imagine": _grown,
    "orbit": _around,
    "extend": _extended,
    "edit": _edited,
    "retake": _retaken,
}
