"""What changes that should not as a clip goes on: identity, colour, contrast and sharpness against time, and seams.

A curve is one number per frame (T,). `drift` says how far a curve has gone from the clip's beginning to its end.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.evaluate.frames import Frames, at_most, changes, frames_of, grey
from motionalchemy.evaluate.identity import embed

BINS = 8  # per colour channel
SIDE = 128  # pixels of the shorter side for whole-frame comparisons


def identity_curve(clip: Frames, masked: bool = True) -> np.ndarray:
    """Cosine of each frame's EfficientNet-lite0 features to the first frame's, (T,) in -1..1; 1 = itself."""
    features = embed(clip, masked)
    return features @ features[0]


def histogram_curve(clip: Frames) -> np.ndarray:
    """Hellinger distance of each frame's colour histogram (8x8x8) to the first frame's, (T,) in 0..1; 0 = the same."""
    roots = np.sqrt(np.stack([_histogram(frame) for frame in frames_of(clip)]))
    return np.sqrt(np.clip(1 - roots @ roots[0], 0, 1))


def _histogram(frame: np.ndarray) -> np.ndarray:
    counts = cv2.calcHist([frame], [0, 1, 2], None, [BINS] * 3, [0, 256] * 3)
    return counts.ravel().astype(np.float64) / counts.sum()


def contrast_curve(clip: Frames) -> np.ndarray:
    """Standard deviation of each frame's luma, (T,) in grey levels; drifts up (burnt) or down (washed out)."""
    return grey(frames_of(clip)).std(axis=(1, 2))


def sharpness_curve(clip: Frames) -> np.ndarray:
    """Standard deviation of each frame's Laplacian, (T,) in grey levels (Pech-Pacheco et al. 2000); falls with blur."""
    return np.array([cv2.Laplacian(picture, cv2.CV_64F).std() for picture in grey(frames_of(clip))])


def drift(curve: np.ndarray, part: float = 0.2) -> float:
    """Mean of a curve's last `part` minus mean of its first `part`, as a share of the first; 0 = no drift.

    Right for curves that start above 0 (identity, contrast, sharpness): -0.1 says that a tenth was lost. Raises
    InputError for an empty curve.
    """
    if not len(curve):
        raise InputError("the drift of an empty curve is not defined: give at least one frame")
    count = max(1, round(len(curve) * part))
    first, last = float(np.mean(curve[:count])), float(np.mean(curve[-count:]))
    return (last - first) / first if first else 0.0


def seam_jump(clip: Frames, seams: Sequence[int]) -> float:
    """Largest change at a window's first frame over the median change elsewhere; 1 = no seam to see, lower is better.

    `seams` are frame numbers, each the first frame of a later window. Raises InputError when one lies outside.
    """
    return jumps(clip, seams)[0]


def jumps(clip: Frames, seams: Sequence[int]) -> tuple[float, float]:
    """Largest change at a window's first frame, and largest elsewhere, each over the median change elsewhere.

    The second says how large a change from frame to frame the clip has of its own. Raises InputError as `seam_jump`.
    """
    change = changes(at_most(frames_of(clip, at_least=3), SIDE))
    if not seams or min(seams) < 1 or max(seams) > len(change):
        raise InputError(f"seams are frame numbers in 1..{len(change)}, not {list(seams)}")
    at = np.zeros(len(change), bool)
    at[np.asarray(seams) - 1] = True
    usual, most = (float(each(change[~at])) if (~at).any() else 0.0 for each in (np.median, np.max))
    return _times(float(change[at].max()), usual), _times(most, usual)


def _times(change: float, usual: float) -> float:
    return change / usual if usual else (1.0 if change == 0 else float("inf"))


def start_distance_curve(clip: Frames) -> np.ndarray:
    """Root mean square difference of each frame to the first, (T,) in grey levels, on small frames."""
    frames = at_most(frames_of(clip), SIDE).astype(np.float32)
    return np.sqrt(np.square(frames - frames[0]).mean(axis=(1, 2, 3)))


def returns_to_start(clip: Frames) -> float:
    """How far the clip comes back to its first frame after leaving it: 1 - nearest later distance / largest.

    0..1; 0 = it goes on, 1 = it stands at its first frame again (the fault of models anchored to their image). A still
    clip gives 0. A walk cycle or a loop may come back by right: compare with the true clip.
    """
    distance = start_distance_curve(clip)
    top = int(distance.argmax())
    return float(1 - distance[top:].min() / distance[top]) if distance[top] > 0 else 0.0


def periodicity(clip: Frames) -> float:
    """Largest share of the variance of the distance to the first frame at one frequency of two cycles or more; 0..1.

    Near 1 = the movement repeats at an even pace, near 0 = it does not. The linear trend is taken off first. 0 for a
    clip that does not change. Raises InputError for fewer than eight frames.
    """
    curve = start_distance_curve(frames_of(clip, at_least=8))
    line = np.polyval(np.polyfit(np.arange(len(curve)), curve, 1), np.arange(len(curve)))
    power = np.abs(np.fft.rfft((curve - line) * np.hanning(len(curve)))) ** 2
    total = power[1:].sum()
    if total < 1e-9 * max(float(np.square(curve).sum()), 1e-12):
        return 0.0
    near = np.convolve(power, np.ones(3), mode="same")  # the window spreads one frequency over three bins
    return float(min(1.0, near[2:].max() / total))
