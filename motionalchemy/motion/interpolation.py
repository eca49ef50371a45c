"""Frames between two pictures: both moved along the flow between them, then laid over each other; exact at both ends.

The flow is that of RIFE where its weights are there (`rife`), else found by dense inverse search (`flow`). It is found at
no more than `SIDE` pixels and the pictures are fetched at their own size, so that detail and not the search grows. Views of
one thing from two sides are seen from between by their depth (`depth`), where flow does not explain both.
Pictures are uint8 (H, W, 3), frames (T, H, W, 3).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.media import footage, resize
from motionalchemy.parts import rife, weights
from motionalchemy.render import between_views
from motionalchemy.scene import two_views

Method = Literal["rife", "flow", "depth"]
Fields = np.ndarray  # (h, w, 5): where in the first each pixel stands, where in the last, the share of the first
SIDE = 512  # pixels of the longer side at which flow is found, at most
LEAST = 16  # pixels of the shorter one: the search wants no fewer
CUT = 40  # grey levels by which thumbnails differ where a shot ends
THUMBNAIL = 16  # pixels
AGREED, DOUBTED = 8.0, 8.0  # grey levels, from which on flow is doubted, and beyond those, is not used
AROUND = 0.012  # of the longer side, over which views agree or do not
NEAR: Method = "flow"  # between neighbouring frames of a clip the search is nearer to the truth than RIFE, and faster


def best_method() -> Method:
    """The better of the methods that are there, between pictures that stand far apart."""
    try:
        weights.contents("rife")
    except MissingPart:
        return "depth"
    return "rife"


def method_note(method: Method | None, words: bool) -> str:
    """What to say where the frames between views are made so, and `words` were given."""
    how = "two-way flow (RIFE)"
    if method != "rife":
        how = "by depth where both views agree on it, else two-way flow (dense inverse search)"
    return f"between views: {how}" + "; the prompt is not used" * words


def check(fps: float, times: int) -> None:
    """Raise InputError for `times` as many frames a second as can be read again."""
    if times > 1 and fps * times > footage.MAX_RATE:
        most = int(footage.MAX_RATE / fps)
        advice = f"use at most {most}" if most > 1 else "leave it out"
        raise InputError(f"interpolate {times} makes {fps * times:g} frames a second of {fps:g}: {advice}")


def frames(first: np.ndarray, last: np.ndarray, shares: Sequence[float], method: Method) -> np.ndarray:
    """The frames at `shares` of the time from the first picture (0) to the last (1), (T, H, W, 3).

    By flow where `depth` is asked for. Raises MissingPart where `rife` is asked for and absent.
    """
    if (first == last).all():
        return np.repeat(first[None], len(shares), axis=0)
    fields = _found(first, last, method)
    ends = {0.0: first, 1.0: last}
    made = [ends[share] if share in ends else _laid(first, last, fields(share), share) for share in map(float, shares)]
    return np.stack(made) if made else np.empty((0, *first.shape), np.uint8)


def _found(first: np.ndarray, last: np.ndarray, method: Method) -> Callable[[float], Fields]:
    """Fields at a share, found at SIDE pixels."""
    height, width = first.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = max(LEAST, round(height * scale)), max(LEAST, round(width * scale))
    return FINDERS[method](*(resize.scaled(picture, *small) for picture in (first, last)))


def _laid(first: np.ndarray, last: np.ndarray, fields: Fields, share: float) -> np.ndarray:
    """Both pictures fetched along the fields, brought to their size, and weighted."""
    early, late, weight = _fetched(first, last, fields)
    return np.rint(weight * early + (1 - weight) * late).clip(0, 255).astype(np.uint8)


def _fetched(first: np.ndarray, last: np.ndarray, fields: Fields) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both pictures along the fields, brought to their size (H, W, 3) float32, and the share of the first (H, W, 1)."""
    height, width = first.shape[:2]
    h, w = fields.shape[:2]
    large = fields if (h, w) == (height, width) else cv2.resize(fields, (width, height))
    down, right = np.mgrid[:height, :width].astype(np.float32)
    seen = []
    for picture, at in ((first, 0), (last, 2)):
        places = right + large[..., at] * (width / w), down + large[..., at + 1] * (height / h)
        seen.append(cv2.remap(picture.astype(np.float32), *places, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
    return seen[0], seen[1], large[..., 4:]


def _searched(first: np.ndarray, last: np.ndarray) -> Callable[[float], Fields]:
    """Fields at a share, from the flows in both directions (DIS, 1603.03590) mixed as in 1712.00080, eq. 4."""
    here, there = (cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY) for picture in (first, last))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    ahead, back = (search.calc(*pair, None) for pair in ((here, there), (there, here)))  # type: ignore[call-overload]

    def at(t: float) -> Fields:
        early, late = t * t * back - (1 - t) * t * ahead, (1 - t) * (1 - t) * ahead - t * (1 - t) * back
        return np.dstack((early, late, np.full(here.shape, 1 - t, np.float32))).astype(np.float32)

    return at


def _learned(first: np.ndarray, last: np.ndarray) -> Callable[[float], Fields]:
    """Fields at a share, as RIFE finds them."""
    net, (height, width) = rife.rife(), first.shape[:2]
    spare = (0, -width % rife.MULTIPLE, 0, -height % rife.MULTIPLE)
    both = torch.from_numpy(np.stack((first, last))).permute(0, 3, 1, 2).float() / 255
    here, there = F.pad(both, spare, mode="replicate").split(1)

    @torch.inference_mode()
    def at(t: float) -> Fields:
        return net.fields(here, there, t)[0, :, :height, :width].permute(1, 2, 0).contiguous().numpy()

    return at


FINDERS: dict[Method, Callable[[np.ndarray, np.ndarray], Callable[[float], Fields]]] = {
    "rife": _learned,
    "flow": _searched,
    "depth": _searched,
}


class Turned:
    """What is seen between two views (H, W, 3) uint8: along the flow where both agree on it, else by their depth.

    A flow that both views agree on follows each line exactly; where they do not it shows both at once, and what turns
    away or into sight has none.
    """

    def __init__(self, views: tuple[two_views.View, two_views.View], turn: two_views.Turn) -> None:
        self._views, self._turn = views, turn
        self._first, self._last = (view.picture for view in views)
        self._fields = _found(self._first, self._last, "flow")

    def __call__(self, share: float) -> np.ndarray:
        """The frame (H, W, 3) uint8 at a share of the turn."""
        early, late, weight = _fetched(self._first, self._last, self._fields(share))
        deep, apart = between_views.frame(*self._views, self._turn, share)
        doubt = _even(np.abs(early - late).mean(-1)) - AGREED - _even(apart) / 2
        part = _even((doubt / DOUBTED).clip(0, 1))[..., None]
        return np.rint(part * deep + (1 - part) * (weight * early + (1 - weight) * late)).clip(0, 255).astype(np.uint8)


def _even(values: np.ndarray) -> np.ndarray:
    """Values (H, W) as the mean of what is around."""
    return cv2.GaussianBlur(values, (0, 0), AROUND * max(values.shape))


def turned(first: np.ndarray, last: np.ndarray, degrees: float | None) -> Turned | None:
    """What is seen at a share of the turn between two views (H, W, 3) uint8 that lie so many `degrees` apart, None where
    that is not known; None where they show no turn."""
    if first.shape != last.shape or (first == last).all():
        return None
    turn = two_views.turn_between(first, last, degrees)
    if turn is None:
        return None
    try:
        return Turned(two_views.views(first, last, turn), turn)
    except InputError:
        return None


class Sweep:
    """Frames by number through pictures that are due, (frame, picture) in order, the first at 0; none of them is kept.

    `angles` are those of the pictures in degrees, where they are known.
    """

    def __init__(
        self, due: Sequence[tuple[int, np.ndarray]], method: Method, angles: Sequence[float] | None = None
    ) -> None:
        self._due = due
        self._method: Method = method
        self._angles = angles
        self._turned: tuple[int, Callable[[float], np.ndarray] | None] = -1, None

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames begin..end-1, (end - begin, H, W, 3) uint8; beyond the last picture it stands."""
        made = []
        for number in range(len(self._due) - 1):
            a, b = self._due[number][0], self._due[number + 1][0]
            if asked := range(max(begin, a), min(end, b)):
                made.append(self._between(number, [(frame - a) / (b - a) for frame in asked]))
        at, picture = self._due[-1]
        if (standing := end - max(begin, at)) > 0:
            made.append(np.repeat(picture[None], standing, axis=0))
        return np.concatenate(made)

    def _between(self, number: int, shares: Sequence[float]) -> np.ndarray:
        """Frames at shares of the way from a picture to the next."""
        first, last = self._due[number][1], self._due[number + 1][1]
        if self._method == "depth" and self._turned[0] != number:
            degrees = None if self._angles is None else self._angles[number + 1] - self._angles[number]
            self._turned = number, turned(first, last, degrees)
        seen = self._turned[1] if self._method == "depth" else None
        if seen is None:
            return frames(first, last, shares, self._method)
        return np.stack([seen(share) if share > 0 else first for share in shares])


def cut(first: np.ndarray, last: np.ndarray) -> bool:
    """Whether a shot ends between two frames: their thumbnails have little in common."""
    small = [cv2.resize(frame, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA) for frame in (first, last)]
    return float(np.abs(small[0].astype(np.float32) - small[1]).mean()) > CUT


def count(frames: int, times: int, closed: bool = False) -> int:
    """How many frames `times` as many are: none follow the last, unless it is `closed` and the first comes again."""
    return times * (frames - 1) + (times if closed else 1)


class Smooth:
    """Makes `times` as many frames of a stream: every frame stays, those between are moved, over a cut the nearer stays."""

    def __init__(self, times: int, method: Method = NEAR):
        self.times = times
        self.method: Method = method

    def __call__(self, before: np.ndarray | None, fresh: np.ndarray, after: np.ndarray | None = None) -> np.ndarray:
        """The frames (T, H, W, 3), each after those that lead to it.

        `before` is the frame that came last, `after` one that follows and is not shown itself.
        """
        if self.times == 1:
            return fresh
        row = [*([] if before is None else [before]), *fresh, *([] if after is None else [after])]
        made = [row[:1]] if before is None else []
        for first, last in pairwise(row):
            made += [self._between(first, last), [last]]
        return np.stack([frame for part in made for frame in part][: None if after is None else -1])

    def _between(self, first: np.ndarray, last: np.ndarray) -> Sequence[np.ndarray]:
        shares = [number / self.times for number in range(1, self.times)]
        if cut(first, last):
            return [first if share <= 0.5 else last for share in shares]
        return list(frames(first, last, shares, self.method))
