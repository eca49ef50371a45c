"""Uneven moments of frames brought to an even rate, every frame within half a tick of its own time."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

# Rates that films, cameras and screens have, the lowest that fits first; those of television lie a thousandth below.
WHOLE = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 12.5, 15, 16, 18, 20, 24, 25, 30, 36, 40, 48, 50, 60, 72, 75, 90, 100, 120, 144, 200,
)  # fmt: skip
TELEVISION = tuple(rate * 1000 / 1001 for rate in (12, 15, 24, 30, 48, 60, 120, 240))
EXACT = 1.05e-3  # seconds: what is told in milliseconds, as in WebM, is off by no more, and stays so when it is copied
SLACK = 0.3  # of a tick: the most that stamps of a coarse clock may be off
MORE, SLOW = 2.01, 12  # times the usual rate, and frames a second, up to which more ticks than frames are no waste
CALM = 60  # frames a second up to which a rate is taken so that no frame is lost
UNTRUE = 1.3  # times as long as frames are apart: what they say of their length is then a rate that the file made up
FASTEST = 1000.0
STILL = 24.0  # frames a second of one picture that is shown for long


class Even(NamedTuple):
    """The tick (T,) at which each frame begins, never falling, how many ticks there are, and how many are a second."""

    ticks: np.ndarray
    count: int
    fps: float

    @property
    def shown(self) -> np.ndarray:
        """Which frame stands at each tick, (count,)."""
        return np.searchsorted(self.ticks, np.arange(self.count), side="right") - 1


def even_rate(begins: np.ndarray, lasts: np.ndarray, coarse: float = 0.0, stated: Iterable[float] = ()) -> Even:
    """Seconds at which frames begin (T,), in order, and how long each says that it lasts (T,), 0 if it does not -> ticks of
    an even rate.

    The clock of a file counts in steps of `coarse` seconds; rates that it has `stated` are tried first. Frames that begin
    at the same tick: the last of them is seen. The first begins at tick 0.
    """
    times = np.maximum.accumulate(np.asarray(begins, np.float64) - begins[0])
    last, apart = float(lasts[-1]), np.unique(times)
    if len(apart) > 1 and (last <= 0 or np.median(lasts) > UNTRUE * np.median(np.diff(apart))):
        last = min(last or np.inf, float(np.median(np.diff(apart))))
    length = max(float(times[-1]) + last, 0.0)
    fps = _rate(apart, length, coarse, [rate for rate in stated if rate > 0])
    ticks = np.rint(times * fps).astype(np.int64)
    return Even(ticks, max(int(ticks[-1]) + 1, round(length * fps)), fps)


def _rate(times: np.ndarray, length: float, coarse: float, stated: list[float]) -> float:
    """The even rate for distinct moments."""
    if len(times) == 1:
        return STILL if length > 10 / STILL else min(1 / length, FASTEST) if length > 0 else STILL
    steps = np.diff(times)
    usual, mean = 1 / float(np.median(steps)), (len(times) - 1) / float(times[-1])
    told = (rate for rate in stated if rate < 1.5 * usual)
    for rate in (*told, *WHOLE, *TELEVISION, usual, 1 / float(steps.min())):
        if rate > max(MORE * usual, SLOW):
            continue
        if _off(times, rate) <= max(min(max(EXACT, 1.05 * coarse), SLACK / rate), 1e-9) and rate <= FASTEST:
            return float(rate)
    if np.abs(times - np.arange(len(times)) / mean).max() <= 0.5 / mean <= 0.5 * FASTEST:
        return mean
    most = max(CALM, 1.02 * usual)
    rates = [rate for rate in sorted((*WHOLE, usual)) if 0.7 * usual <= rate <= most]
    return float(next((rate for rate in rates if np.isfinite(_off(times, rate))), min(max(rates), FASTEST)))


def _off(times: np.ndarray, rate: float) -> float:
    """How far the moments are from ticks of a rate at most, in seconds; infinity where two share one."""
    ticks = np.rint(times * rate)
    return float(np.abs(times - ticks / rate).max()) if np.diff(ticks).min() >= 1 else np.inf
