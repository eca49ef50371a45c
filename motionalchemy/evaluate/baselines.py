"""What needs no model: a picture that stands still, and what lies between given pictures, faded or interpolated.

Pictures are uint8 (H, W, 3), frames (T, H, W, 3).
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from motionalchemy.evaluate.frames import grey
from motionalchemy.evaluate.movement import flow, warped
from motionalchemy.media.clip import Clip

Join = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # (first, last, shares of the way (T,)) -> frames


def still(picture: np.ndarray, count: int, fps: float) -> Clip:
    """A picture (H, W, 3) shown `count` times."""
    return Clip(np.repeat(picture[None], count, axis=0), fps)


def held(frames: np.ndarray, count: int, fps: float) -> Clip:
    """Frames (T, H, W, 3) whose last one stays until there are `count`."""
    return Clip(np.concatenate((frames, np.repeat(frames[-1:], count - len(frames), axis=0))), fps)


def faded(first: np.ndarray, last: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Cross-fade, (T, H, W, 3): each frame is the weighted mean of the two pictures."""
    weights = shares.astype(np.float32)[:, None, None, None]
    return np.rint(first * (1 - weights) + last * weights).astype(np.uint8)


def interpolated(first: np.ndarray, last: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Frame interpolation: both pictures warped along the optical flow between them, then blended.

    The flow from a frame in between is mixed from those in both directions (Jiang et al. 2018, 1712.00080, eq. 4),
    found by DIS.
    """
    here, there = grey(np.stack((first, last)))
    ahead, back = flow(here, there), flow(there, here)
    frames = []
    for t in map(float, shares):
        early = warped(first, -(1 - t) * t * ahead + t * t * back)
        late = warped(last, (1 - t) * (1 - t) * ahead - t * (1 - t) * back)
        frames.append(np.rint((1 - t) * early + t * late).clip(0, 255).astype(np.uint8))
    return np.stack(frames)


def between(given: Mapping[int, np.ndarray], join: Join, fps: float) -> Clip:
    """A clip through pictures (H, W, 3) given at frame numbers, the first at 0, each two joined by `faded` or
    `interpolated`."""
    parts = [given[0][None]]
    for a, b in pairwise(sorted(given)):
        parts.append(join(given[a], given[b], np.arange(1, b - a + 1) / (b - a)))
    return Clip(np.concatenate(parts), fps)
