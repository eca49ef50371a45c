"""Bootstrap intervals (Efron 1979): how sure a mean is, and whether two runs really differ."""

from typing import NamedTuple

import numpy as np

RESAMPLES = 2000


class Interval(NamedTuple):
    """A mean with the bounds between which it lies 95 times in a hundred, over `n` clips."""

    mean: float
    low: float
    high: float
    n: int


def bootstrap(values: list[float], seed: int = 0) -> Interval:
    """Mean of values over clips with its 95 % percentile interval; the same seed gives the same bounds."""
    array = np.asarray(values, np.float64)
    rows = np.random.default_rng(seed).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(array[rows].mean(axis=1), [2.5, 97.5])
    return Interval(float(array.mean()), float(low), float(high), len(array))


def paired(before: dict[str, float], after: dict[str, float], seed: int = 0) -> Interval | None:
    """Mean change (after - before) over the clips that both measured, with its interval; None without any."""
    shared = sorted(before.keys() & after.keys())
    return bootstrap([after[key] - before[key] for key in shared], seed) if shared else None
