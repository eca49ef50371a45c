"""Given views of one scene: in which order to pass them, and when."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.flow.grid import Grid
from motionalchemy.media import resize

EXACT = 12  # views up to which the shortest path is found exactly


def distances(views: Sequence[np.ndarray]) -> np.ndarray:
    """How different each two views are, (N, N): one minus the cosine of their EfficientNet-lite0 features."""
    found = _features(views)
    unit = found / np.linalg.norm(found, axis=1, keepdims=True).clip(1e-9)
    return np.clip(1 - unit @ unit.T, 0, None)


def _features(views: Sequence[np.ndarray]) -> np.ndarray:
    import torch

    from motionalchemy.parts import networks

    small = np.stack([resize.scaled(view, 224, 224) for view in views])
    with torch.inference_mode():
        return networks.efficientnet().features(networks.batch(small)).double().numpy()


def order(apart: np.ndarray, close: bool = False) -> list[int]:
    """The shortest path through all views that begins with the first, or the shortest round trip when it is to `close`.

    Exact (Held and Karp 1962) for up to 12 views, beyond that nearest neighbours improved by turning stretches round.
    """
    return _exact(apart, close) if len(apart) <= EXACT else _improved(apart, close)


def _exact(apart: np.ndarray, close: bool) -> list[int]:
    best: dict[tuple[frozenset[int], int], tuple[float, tuple[int, ...]]] = {(frozenset({0}), 0): (0.0, (0,))}
    for _ in range(len(apart) - 1):
        longer: dict[tuple[frozenset[int], int], tuple[float, tuple[int, ...]]] = {}
        for (seen, at), (length, path) in best.items():
            for to in set(range(len(apart))) - seen:
                key, longest = (seen | {to}, to), (length + float(apart[at, to]), (*path, to))
                longer[key] = min(longer.get(key, longest), longest)
        best = longer
    return list(min((length + close * float(apart[at, 0]), path) for (_, at), (length, path) in best.items())[1])


def _improved(apart: np.ndarray, close: bool) -> list[int]:
    path, left = [0], set(range(1, len(apart)))
    while left:
        path.append(min(left, key=lambda to: (apart[path[-1], to], to)))
        left.discard(path[-1])

    def length(path: list[int]) -> float:
        return sum(float(apart[a, b]) for a, b in pairwise([*path, 0] if close else path))

    better = True
    while better:
        turned = (
            path[:i] + path[i:j][::-1] + path[j:] for i in range(1, len(path)) for j in range(i + 2, len(path) + 1)
        )
        best = min(turned, key=length, default=path)
        better = length(best) < length(path) - 1e-12
        path = best if better else path
    return path


def due_frames(count: int, frames: int, grid: Grid, angles: Sequence[float] | None = None) -> list[int]:
    """The frame at which each view is due, the first at 0 and the last at the end, in steps of whole latent frames.

    The steps are equal, or go with the `angles`. Raises InputError when there are fewer latent frames than views.
    """
    gaps = np.abs(np.diff(angles)) if angles is not None else np.ones(count - 1)
    groups = (frames - 1) // grid.time
    if groups < count - 1:
        raise InputError(
            f"{frames} frames are too few for {count} views: ask for more seconds, or for {groups + 1} views at most"
        )
    share = np.cumsum([0.0, *(gaps if gaps.sum() > 0 else np.ones(count - 1))])
    due = np.round(share / share[-1] * groups).astype(int)
    for at in range(1, count):  # each view at least one latent frame after the one before ...
        due[at] = max(due[at], due[at - 1] + 1)
    due[-1] = groups
    for at in range(count - 2, 0, -1):  # ... and before the next
        due[at] = min(due[at], due[at + 1] - 1)
    return [int(group) * grid.time for group in due]
