"""What every metric does before it measures: check the frames, compare their shapes, turn grey, change size.

A metric takes a `Clip` or a uint8 array (T, H, W, 3); one picture (H, W, 3) counts as a clip of one frame.
"""

from itertools import pairwise

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.media.clip import Clip

Frames = Clip | np.ndarray


def frames_of(given: Frames, at_least: int = 1) -> np.ndarray:
    """The frames (T, H, W, 3) uint8 of a clip, an array or a picture; InputError if fewer than `at_least`."""
    array = given.frames if isinstance(given, Clip) else np.asarray(given)
    array = array[None] if array.ndim == 3 else array
    frames = Clip(array).frames
    if len(frames) < at_least:
        raise InputError(f"this metric needs {at_least} frames or more, and the clip has {len(frames)}")
    return frames


def pair_of(a: Frames, b: Frames) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of frames of one shape (T, H, W, 3); InputError prints both shapes when they differ."""
    first, second = frames_of(a), frames_of(b)
    if first.shape != second.shape:
        raise InputError(f"frames of one shape are needed to compare, not {first.shape} with {second.shape}")
    return first, second


def region_of(mask: np.ndarray | None, frames: np.ndarray) -> np.ndarray:
    """A mask (H, W) or (T, H, W) as bool (T, H, W), all True for None; InputError when it does not fit or is empty."""
    shape = frames.shape[:3]
    if mask is None:
        return np.ones(shape, bool)
    if mask.shape not in (shape, shape[1:]):
        raise InputError(f"a mask for frames {frames.shape} is {shape} or {shape[1:]}, not {mask.shape}")
    region = np.broadcast_to(mask.astype(bool), shape)
    if not region.any():
        raise InputError("the region to measure is empty: give a mask with at least one pixel")
    return region


def grey(frames: np.ndarray) -> np.ndarray:
    """Luma (T, H, W) uint8 of frames (T, H, W, 3), ITU-R BT.601."""
    return np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames])


def resized(frames: np.ndarray, height: int, width: int) -> np.ndarray:
    """Frames (T, H, W, 3) at another size, averaged when they shrink."""
    if frames.shape[1:3] == (height, width):
        return frames
    shrinks = height * width < frames.shape[1] * frames.shape[2]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.stack([cv2.resize(frame, (width, height), interpolation=how) for frame in frames])


def at_most(frames: np.ndarray, side: int) -> np.ndarray:
    """Frames (T, H, W, 3) whose shorter side is at most `side` pixels, aspect kept."""
    height, width = frames.shape[1:3]
    scale = min(1.0, side / min(height, width))
    return resized(frames, round(height * scale), round(width * scale))


def changes(frames: np.ndarray) -> np.ndarray:
    """Mean absolute difference of each frame to the one before, (T-1,) in grey levels 0..255."""
    return np.array([cv2.absdiff(a, b).mean() for a, b in pairwise(frames)])
