"""A clip as windows: which frames each of them sees and makes, in which words.

Frames are counted in the result. A window sees the frames `begin` to `end`; those from `fresh` to `stop` are new, those
before are the end of what exists, re-encoded as its known head.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from motionalchemy.flow.grid import Grid

KNOWN = 2  # latent frames of what exists at the head of a window


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
