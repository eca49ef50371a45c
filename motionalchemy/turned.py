"""A subject turned about its own upright axis, as a camera that circles it sees it.

One picture does not say how deep a subject is. It is taken to be as deep as it is wide, place by place: above its outline
rises what solves Poisson's equation over it, between a round bar of a strip and a ball of a disc, and its back mirrors its
front.
"""

import re
from math import ceil, cos, radians, sin

import cv2
import numpy as np

ORBITS = re.compile(
    r"\b(?:orbit|circl|revolv)\w*|\b(?:mov|go|turn|travel|swing|fl)\w*(?: \w+)? around\b|环绕|绕行|绕着|围绕",
    re.IGNORECASE,
)
SIGNS = {"left": 1, "right": -1, "左": 1, "右": -1}  # of a camera; what is near goes the other way
SWEEP, RATE = 45.0, 30.0  # degrees that one picture is turned at most, and in a second
SEEN, FULL = 0.02, 0.9  # opacity from which on a place shows the subject, and it alone: only then is it seen from aside
GRID = 96  # places across in which it is found how deep a subject is
ROUNDS = 1500  # of relaxation; what is known has crossed the grid by then
CLOSED = 0.05  # of the width of a square as large: gaps that do not part a subject in two
BULGE = 3.0  # 2 makes a round bar of a strip, 4 a ball of a disc
EVENED = 0.06  # of the width of a square as large: over how much of it colours of its sides are evened out
FROM_ASIDE = 20.0  # degrees from which on they wholly are
PLY, PLIES = 1.0, 96  # pixels by which slices of a subject lie apart at most, unless there are so many
SOON = 2.0  # degrees from which on a turned subject is shown instead of the one decoded


def way(clauses: list[str]) -> int:
    """Which way a camera makes a subject turn that circles it, by what is said of the camera: 1 if what is near goes to
    the right, -1 if to the left, 0 if none circles it."""
    for clause in clauses:
        if ORBITS.search(clause):
            found = re.findall("left|right|左|右", clause.lower())
            return SIGNS[found[-1]] if found else 1
    return 0


def angles(begin: float, way: int, fps: float, total: int, known: int, count: int) -> list[float]:
    """Degrees by which a subject is turned in each of `count` frames that follow the first of a window, of which the
    first `known` show it as turned as the window before did, `begin`; `total` frames are the whole clip."""
    step = min(RATE / fps, SWEEP / max(total - 1, 1))
    return [begin + way * step * max(0, number + 1 - max(known - 1, 0)) for number in range(count)]


def depth(opacity: np.ndarray) -> np.ndarray:
    """How far a subject of an opacity (H, W) in [0, 1] rises towards the camera at each place, in pixels, (H, W)."""
    height, width = opacity.shape
    scale = min(1.0, GRID / max(height, width))
    small = cv2.resize(
        opacity, (max(4, round(width * scale)), max(4, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    whole = (small > 0.5).astype(np.uint8)
    reach = 2 * max(1, round(CLOSED * float(np.sqrt(whole.sum())))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    whole = cv2.morphologyEx(np.pad(whole, reach), cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach]
    inside = np.pad(whole.astype(np.float32), 1)
    risen = np.zeros_like(inside)
    for _ in range(ROUNDS):
        risen[1:-1, 1:-1] = (risen[:-2, 1:-1] + risen[2:, 1:-1] + risen[1:-1, :-2] + risen[1:-1, 2:] + BULGE) / 4
        risen *= inside
    return cv2.resize(np.sqrt(risen[1:-1, 1:-1]) / scale, (width, height), interpolation=cv2.INTER_LINEAR)


def turned(layer: np.ndarray, degrees: float) -> np.ndarray:
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
