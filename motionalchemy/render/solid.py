"""A subject drawn turned about its own upright axis, as a camera that circles it sees it: a stack of upright slices."""

from math import ceil, cos, radians, sin

import cv2
import numpy as np

SEEN, FULL = 0.02, 0.9  # opacity from which on a place shows the subject, and it alone: only then is it seen from aside
EVENED = 0.06  # of the width of a square as large: over how much of it colours of its sides are evened out
FROM_ASIDE = 20.0  # degrees from which on they wholly are
PLY, PLIES = 1.0, 96  # pixels by which slices of a subject lie apart at most, unless there are so many


def rotated(layer: np.ndarray, degrees: float) -> np.ndarray:
    """A subject (H, W, 5) float32, its colours times its opacity, that, and its depth in pixels, turned: (H, W, 4).

    It is a stack of upright slices, each of which shows the picture where the subject is as deep. Raises ValueError from a
    right angle on.
    """
    if abs(degrees) >= 90:
        raise ValueError(f"one picture can be turned by less than 90 degrees, not {degrees:g}")
    shown = np.ascontiguousarray(layer[..., :4])
    rows = np.nonzero(shown[..., 3].max(1) > SEEN)[0]
    if not len(rows):
        return shown
    top, bottom = int(rows.min()), int(rows.max()) + 1
    seen, high = shown[top:bottom], layer[top:bottom, :, 4]
    weight = seen[..., 3].sum(0)
    middle = float(weight @ np.arange(len(weight)) / weight.sum())
    across, along, deepest = cos(radians(degrees)), sin(radians(degrees)), float(high.max())
    half = min(ceil(deepest * abs(along) / PLY), PLIES // 2)
    share = min(1.0, abs(degrees) / FROM_ASIDE)
    stack, firm = np.zeros_like(seen), _sides(seen, high, share)
    outline = np.where(seen[..., 3:] > FULL, firm, (1 - share) * seen)
    for number in range(-half, half + 1):
        at = number * deepest / max(half, 1)
        near = ((high - abs(at)) * half / max(deepest, 1e-6) + 0.5).clip(0, 1)
        move = np.array([[1 / across, 0, middle - (middle + at * along) / across], [0, 1, 0]], np.float32)
        ply = firm * near[..., None] if number else outline
        ply = cv2.warpAffine(ply, move, seen.shape[1::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        stack = ply + stack * (1 - ply[..., 3:])
    whole = np.zeros_like(shown)
    whole[top:bottom] = stack
    return whole


def _sides(seen: np.ndarray, high: np.ndarray, share: float) -> np.ndarray:
    """The subject (H, W, 4) without what is not it alone; a `share` of its colours is evened out where it falls steeply,
    for a few pixels there are a whole side."""
    firm = np.asarray((seen[..., 3:] > FULL) * seen, np.float32)
    reach = 2 * max(1, round(EVENED * float(np.sqrt(firm[..., 3].sum())))) + 1
    even = cv2.blur(cv2.blur(firm, (reach, reach)), (reach, reach))
    even = even / np.maximum(even[..., 3:], 1e-3) * firm[..., 3:]
    steep = share * (np.hypot(*np.gradient(high)) - 1).clip(0, 1)[..., None]
    return np.asarray(firm + steep * (even - firm), np.float32)
