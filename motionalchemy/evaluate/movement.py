"""How much moves, which way, and whether it moves like another clip: optical flow (OpenCV's DIS) and frame changes.

A flow is (H, W, 2) float32: for each pixel of a frame, how far right and down it stands in the next frame.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.evaluate.frames import Frames, at_most, changes, frames_of, grey
from motionalchemy.media.clip import Clip

STILL = 0.25  # grey levels: a mean change below this is what re-encoding alone makes
SIDE = 128  # pixels of the shorter side at which movement is measured
CELLS = 16  # a side of the grid on which the movement of two clips is compared
MOVES = 1e-6  # of the diagonal: a mean flow below this is none


def flow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Optical flow (H, W, 2) in pixels from grey picture `a` to `b`, both (H, W) uint8 (DIS, Kroeger et al. 2016)."""
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(a, b, None)  # type: ignore[call-overload]


def places(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a flow (H, W, 2) leads each pixel: how far right and how far down in the frame, (H, W) float32 each."""
    y, x = np.mgrid[: field.shape[0], : field.shape[1]].astype(np.float32)
    return x + field[..., 0], y + field[..., 1]


def inside(field: np.ndarray) -> np.ndarray:
    """Which pixels a flow (H, W, 2) leaves inside the frame, (H, W) bool."""
    x, y = places(field)
    return (x >= 0) & (x <= field.shape[1] - 1) & (y >= 0) & (y <= field.shape[0] - 1)


def warped(picture: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A picture (H, W, n) fetched along a flow (H, W, 2): what stands at x + field(x), float32; beyond the edge, the
    edge."""
    at = places(field.astype(np.float32))
    return cv2.remap(picture.astype(np.float32), *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def flows(clip: Frames, side: int = SIDE) -> np.ndarray:
    """Flow from each frame to the next, (T-1, h, w, 2), as a share of the frame's diagonal.

    Measured on frames whose shorter side is at most `side` pixels; a share does not depend on the clip's size.
    """
    pictures = grey(at_most(frames_of(clip, at_least=2), side))
    diagonal = math.hypot(*pictures.shape[1:])
    return np.stack([flow(a, b) for a, b in pairwise(pictures)]) / diagonal


def magnitude(clip: Frames) -> float:
    """Mean length of the flow, in per cent of the frame's diagonal per frame; 0 and up, 0 = nothing moves."""
    return 100 * float(np.linalg.norm(flows(clip), axis=-1).mean())


def direction(clip: Frames) -> tuple[float, float]:
    """Where the picture as a whole moves: (angle, agreement).

    The angle of the mean flow is in degrees, 0 = right, 90 = up, in (-180, 180]; agreement in [0, 1] is the length of
    the mean vector over the mean length, 1 = every pixel moves alike, 0 = no common direction (and no angle).
    """
    field = flows(clip)
    length = float(np.linalg.norm(field, axis=-1).mean())
    x, y = field.reshape(-1, 2).mean(axis=0)
    agreement = math.hypot(x, y) / length if length > 0 else 0.0
    return math.degrees(math.atan2(-y, x)), min(1.0, agreement)


def frozen(clip: Frames) -> float:
    """Share of neighbouring frames that look the same (mean change below 0.25 grey levels); 0..1, 1 = a still image."""
    return float((changes(frames_of(clip, at_least=2)) < STILL).mean())


def duplicates(clip: Frames) -> float:
    """Share of neighbouring frames that change less than a tenth of the clip's mean change; 0..1, lower is better.

    Finds stutter in a clip that moves (12 frames a second stored as 24 gives 0.5); a still clip gives 0, see `frozen`.
    """
    change = changes(frames_of(clip, at_least=2))
    return 0.0 if change.mean() < STILL else float((change < 0.1 * change.mean()).mean())


def flow_correlation(clip: Frames, reference: Frames) -> float:
    """Pearson correlation of two clips' flow fields over time, place and component; -1..1, 1 = the same movement.

    0 when only one of them moves and 1 when neither does. Raises InputError when lengths differ.
    """
    ours, theirs = frames_of(clip, at_least=2), frames_of(reference, at_least=2)
    if len(ours) != len(theirs):
        raise InputError(f"clips of one length are needed to correlate, not {len(ours)} with {len(theirs)} frames")
    a, b = flows(ours), flows(theirs)
    if a.shape != b.shape:
        a = np.stack([cv2.resize(field, b.shape[2:0:-1]) for field in a])
    x, y = a.ravel() - a.mean(), b.ravel() - b.mean()
    lengths = float(np.linalg.norm(x)), float(np.linalg.norm(y))
    if min(lengths) < 1e-9:
        return float(max(lengths) < 1e-9)
    return float(x @ y) / (lengths[0] * lengths[1])


def profile(field: np.ndarray) -> np.ndarray:
    """Where, which way and how unevenly a clip moves, by its flows (T, h, w, 2): their mean and their deviation over time
    on CELLS x CELLS cells, (2, CELLS, CELLS, 2)."""
    cells = np.stack([cv2.resize(each, (CELLS, CELLS), interpolation=cv2.INTER_AREA) for each in field])
    return np.stack((cells.mean(0), cells.std(0)))


def nearer(ours: np.ndarray, own: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """The share of `others` that a profile is less like than its `own` true one, by cosine, a tie counting half; 0..1.

    A clip that stands still is like none that moves: it has 0.5, the true clip itself 1. No network is asked.
    """
    near, *apart = (_cosine(ours, each) for each in (own, *others))
    return float(np.mean([float(near > each) + float(near == each) / 2 for each in apart]))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    lengths = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not all(lengths):
        return float(not any(lengths))
    return float(a.ravel() @ b.ravel()) / (lengths[0] * lengths[1])


def amplitude(ours: np.ndarray, truth: np.ndarray) -> float | None:
    """The mean length of flows (T, h, w, 2) over that of the true clip's; None where that stands still."""
    moved, should = (float(np.linalg.norm(field, axis=-1).mean()) for field in (ours, truth))
    return None if should < MOVES else moved / should


def speed(clip: Clip) -> float:
    """Mean length of the flow in per cent of the frame's diagonal per second; comparable between frame rates."""
    return magnitude(clip) * clip.fps
