"""Bootstrap intervals (Efron 1979): how sure a mean is, and whether two runs really differ."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

RESAMPLES = 2000


class Interval(NamedTuple):
    """A mean with the bounds between which it lies 95 times in a hundred, over `n` clips."""

    mean: float
    low: float
    high: float
    n: int


def written(interval: Mapping[str, float], digits: int) -> str:
    """An interval as `mean [low, high]`, with so many digits after the point."""
    mean, low, high = (f"{interval[name]:.{digits}f}" for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def bootstrap(values: Sequence[float], seed: int = 0, groups: Sequence[str] | None = None) -> Interval:
    """Mean of values over clips with its 95 % percentile interval; the same seed gives the same bounds.

    Clips of one group resemble each other, so whole groups are drawn (cluster bootstrap); without `groups`, each clip.
    """
    array = np.asarray(values, np.float64)
    _, of = np.unique(np.arange(len(array)) if groups is None else np.asarray(groups), return_inverse=True)
    sums, counts = np.bincount(of, array), np.bincount(of)
    rows = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLES, len(sums)))
    low, high = np.percentile(sums[rows].sum(axis=1) / counts[rows].sum(axis=1), [2.5, 97.5])
    return Interval(float(array.mean()), float(low), float(high), len(array))


def quartiles(values: Sequence[float]) -> Interval:
    """The median of values over clips, in the place of a mean, between their lower and their upper quartile."""
    low, median, high = np.percentile(np.asarray(values, np.float64), [25, 50, 75])
    return Interval(float(median), float(low), float(high), len(values))


def paired(
    before: dict[str, float], after: dict[str, float], seed: int = 0, groups: dict[str, str] | None = None
) -> Interval | None:
    """Mean change (after - before) over the clips that both measured, with its interval; None without any."""
    shared = sorted(before.keys() & after.keys())
    changes = [after[key] - before[key] for key in shared]
    return bootstrap(changes, seed, [groups.get(key, key) for key in shared] if groups else None) if shared else None
