"""A clip as windows: which frames each of them sees and makes, in which words, and the plan for what it is given.

Frames are counted in the result. A window sees the frames `begin` to `end`; those from `fresh` to `stop` are new, those
before are the end of what exists, re-encoded as its known head.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from motionalchemy import tasks
from motionalchemy.errors import InputError
from motionalchemy.grid import Grid
from motionalchemy.plan import Plan, Reference, Role

KNOWN = 2  # latent frames of what exists at the head of a window
TIMED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[-\u2013\uff0d~\uff5e]\s*(\d+(?:\.\d+)?)\s*[:\uff1a]\s*(.*\S)\s*")
Encode = Callable[[np.ndarray], Tensor]  # frames (T, H, W, 3) uint8 -> latents (1, C, t, h, w)


@dataclass(frozen=True)
class Span:
    """One window; without a prompt its frames are not made but copied from the clip that is given."""

    begin: int
    end: int
    fresh: int
    stop: int
    prompt: str | None = None

    @property
    def known(self) -> int:
        """How many frames at its head exist already."""
        return self.fresh - self.begin


@dataclass(frozen=True, eq=False)
class Beside:
    """Frames (T, H, W, 3) uint8 that ride along: their role, their second in the window, their angle in degrees."""

    role: Role
    frames: np.ndarray
    time: float | None = None
    angle: float = 0.0


@dataclass(frozen=True, eq=False)
class Given:
    """What one window is made from, all frames (T, H, W, 3) uint8.

    `head` is known: one picture, or the last frames of what exists. `clip` is what an edit or a retake starts from, its
    known head included, `source` the same stretch untouched, `whole` that at the size of the result where the change is
    carried to it, `mask` (T, h, w) in 0..1 where it may change. With `closed` it also ends as it began. `free` are the
    first frame that may change and one past the last.
    """

    frames: int
    head: np.ndarray | None = None
    beside: tuple[Beside, ...] = ()
    clip: np.ndarray | None = None
    source: np.ndarray | None = None
    whole: np.ndarray | None = None
    mask: np.ndarray | None = None
    free: tuple[int, int] = (0, 0)
    closed: bool = False


def prompts(text: str) -> list[tuple[float, str]]:
    """ "0-4: walks | 4-8: runs" -> [(0, "walks"), (4, "runs")], any other text [(0, text)]; raises InputError."""
    parts = re.split(r"[|\uff5c]", text)
    found = [TIMED.fullmatch(part) for part in parts]
    if not any(found):
        return [(0.0, text)]
    example = "write every part as in '0-4: it walks | 4-8: it runs'"
    timed = []
    for part, match in zip(parts, found, strict=True):
        if match is None:
            raise InputError(f"{part.strip()!r} in the prompt has no seconds: {example}")
        timed.append((float(match[1]), float(match[2]), match[3]))
    ends = [0.0, *(end for _, end, _ in timed)]
    for (begin, end, words), before in zip(timed, ends, strict=False):
        if begin != before or end <= begin:
            raise InputError(f"'{begin:g}-{end:g}: {words}' does not go on from second {before:g}: {example}")
    return [(begin, words) for begin, _, words in timed]


def spans(
    grid: Grid, longest: int, fresh: int, total: int, words: Sequence[tuple[int, str]], after: int = 0, exists: int = 0
) -> list[Span]:
    """Windows of at most `longest` frames that make the frames from `fresh` to `total`.

    `exists` frames stand before the first window, `after` behind the last, which sees as many of them as it can.
    `words` are prompts and the frames from which they hold; no window crosses such a frame.
    """
    made, done, overlap = list[Span](), fresh, grid.frames(KNOWN)
    while done < total:
        head = 0 if done == 0 else overlap if done >= overlap else 1
        begin = done - head
        cut = min((at for at, _ in words if at > done), default=total)
        stop = min(begin + longest, cut, total)
        if stop == total and stop + after > begin + longest and stop - after > done:
            stop -= after  # the last window must see what comes after it
        seen = stop + (after if stop == total else 0)
        end = begin + grid.frames(1 + math.ceil((seen - begin - 1) / grid.time))
        prompt = [prompt for at, prompt in words if at <= max(done, words[0][0])][-1]
        made.append(Span(begin, end, done, stop, prompt))
        done = stop
    return made


def copies(begin: int, end: int, longest: int) -> list[Span]:
    """Spans that are copied from the given clip, of at most `longest` frames."""
    edges = [*range(begin, end, longest), end]
    return [Span(a, b, a, b) for a, b in pairwise(edges)]


def group_end(grid: Grid, begin: int, frame: int) -> int:
    """One past the last frame of the latent frame that holds frame `frame` - 1, counted from frame `begin`."""
    return begin + grid.frames(1 + math.ceil((frame - begin - 1) / grid.time))


def moving(given: Given, grid: Grid, encode: Encode, like: Tensor) -> Plan:
    """Known is the head, free is the rest: imagine without one, animate from a picture, extend from more."""
    frames = grid.latent_frames(given.frames)
    if given.head is None:
        plan = tasks.imagine(like, frames)
    elif len(given.head) == 1:
        still = np.broadcast_to(given.head, (grid.frames(min(3, frames)), *given.head.shape[1:]))
        latents = encode(still)
        plan = (
            tasks.loop(latents[:, :, :1], latents[:, :, -1:], frames)
            if given.closed
            else tasks.animate(latents, frames)
        )
    else:
        plan = tasks.extend(encode(given.head), frames)
    return _with(plan, given, encode)


def retaken(given: Given, grid: Grid, encode: Encode, like: Tensor) -> Plan:
    """Known is the clip, free are the latent frames that hold the frames `given.free`."""
    assert given.clip is not None
    begin, end = given.free
    plan = tasks.retake(encode(given.clip), _group(grid, begin), _group(grid, end - 1) + 1)
    return _with(plan, given, encode)


def edited(given: Given, grid: Grid, encode: Encode, method: str, strength: float, by_position: bool) -> Plan:
    """The clip redrawn to `strength`, inside the mask where the model can tell positions apart, its head known."""
    assert given.clip is not None and given.source is not None
    value = encode(given.clip)
    share = torch.full((1, 1, value.shape[2], 1, 1), strength)
    if given.mask is not None and by_position:
        share = strength * coarse_mask(given.mask, grid, *value.shape[3:])
    share[:, :, : _group(grid, given.free[0])] = 0
    plan = tasks.edit(value, share.to(value), contrast=method == "contrast")
    beside = (Reference("source", encode(given.source), 0.0),) if method == "reference" else ()
    return replace(_with(plan, given, encode), references=plan.references + beside)


def coarse_mask(mask: np.ndarray, grid: Grid, height: int, width: int) -> Tensor:
    """A mask (T, h, w) over frames as one over latents (1, 1, t, height, width): 1 wherever any of it is free."""
    pooled = torch.nn.functional.adaptive_max_pool2d(torch.from_numpy(mask).float()[:, None], (height, width))
    first, rest = pooled[:1], pooled[1:].reshape(-1, grid.time, height, width)
    groups = torch.cat((first[:, 0], rest.amax(1)))
    return (groups > 0.5).float()[None, None]


def _group(grid: Grid, frame: int) -> int:
    """The latent frame that holds a frame."""
    return math.ceil(frame / grid.time)


def _with(plan: Plan, given: Given, encode: Encode) -> Plan:
    beside = tuple(Reference(b.role, encode(b.frames), b.time, b.angle) for b in given.beside)
    return replace(plan, references=plan.references + beside)
