"""Where water goes in its bed, and where a plant stands: fields that the shape of a region gives."""

import cv2
import numpy as np

CELLS = 72  # of the longer side, on which a potential is solved
ROUNDS = 900  # of relaxation
MOUTH, TIP = 0.4, 0.06  # of its height: within how much of its end a bed meets the edge of the picture, or ends
ROOT = 0.05  # of the height: the least that something sways is tall


def river(matte: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The direction and relative speed (2, h, w) of water in a bed (H, W).

    It follows a potential that falls from the upper ends of the bed to the lower ones, with no flow through the banks;
    it is faster where it is nearer (`near` (H, W)) and away from the banks."""
    high, wide = matte.shape
    share = CELLS / max(high, wide)
    size = max(8, round(wide * share)), max(8, round(high * share))
    small = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    mask = small > 0.4
    field = np.zeros((2, *mask.shape), np.float32)
    count, label = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        own = np.asarray(label) == number
        if own.sum() < 6:
            continue
        field += _fall(own)
    length = np.hypot(field[0], field[1])
    limit = np.percentile(length[mask], 80) if mask.any() else 1.0
    field = field / max(float(limit), 1e-6)
    length = np.hypot(field[0], field[1])
    field *= np.where(length > 1.2, 1.2 / np.maximum(length, 1e-6), 1)
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    bank = (0.35 + inner / 3).clip(0, 1)
    depth = cv2.resize(near, size, interpolation=cv2.INTER_AREA)
    rows = np.linspace(0.55, 1.15, size[1], dtype=np.float32)[:, None]
    speed = bank * (0.5 * rows + 0.5 * (0.5 + depth))
    return np.stack([_spread(each * speed, mask) for each in field])


def _fall(own: np.ndarray) -> np.ndarray:
    """The downhill direction (2, h, w) in one bed (h, w) bool."""
    rows = np.nonzero(own.any(1))[0]
    top, low = int(rows[0]), int(rows[-1])
    level = np.zeros(own.shape, np.float32)
    level[own] = (1 - (np.indices(own.shape)[0][own] - top) / max(low - top, 1)).astype(np.float32)
    upper, lower = _mouth(own, level), _mouth(own, 1 - level)
    weight = own.astype(np.float32)
    count = sum(_moved(weight, step) for step in STEPS)
    for _ in range(ROUNDS):
        total = sum(_moved(level * weight, step) for step in STEPS)
        level = np.where(own, total / np.maximum(count, 1e-6), 0)
        level[upper], level[lower] = 1.0, 0.0
    right = _slope(level, weight, (0, 1))
    down = _slope(level, weight, (1, 0))
    return np.stack((-right, -down)) * weight


def _mouth(own: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where water comes into one bed (h, w) bool that is so high (h, w), 1 at its upper end: where the upper part of it
    meets the edge of the picture, else its tip."""
    edge = np.ones(own.shape, bool)
    edge[1:-1, 1:-1] = False
    found = own & edge & (high > 1 - MOUTH)
    return found if found.sum() >= 3 else own & (high > 1 - TIP)


STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def _moved(values: np.ndarray, step: tuple[int, int]) -> np.ndarray:
    """Values (h, w) of the neighbour a step (down, right) away, 0 beyond the edge."""
    padded = np.pad(values, 1)
    high, wide = values.shape
    return padded[1 + step[0] : 1 + step[0] + high, 1 + step[1] : 1 + step[1] + wide]


def _slope(level: np.ndarray, weight: np.ndarray, step: tuple[int, int]) -> np.ndarray:
    """How fast a level (h, w) rises along a step (down, right), by those of its neighbours that count."""
    back = (-step[0], -step[1])
    ahead, behind = _moved(weight, step), _moved(weight, back)
    rises = (_moved(level, step) - level) * ahead + (level - _moved(level, back)) * behind
    return rises / np.maximum(ahead + behind, 1)


def _spread(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Values (h, w) smoothed within a mask (h, w) bool, and carried a little beyond it."""
    weight = mask.astype(np.float32)
    near = cv2.GaussianBlur(values * weight, (0, 0), 1.5)
    return (near / np.maximum(cv2.GaussianBlur(weight, (0, 0), 1.5), 0.05)).astype(np.float32)


def rooted(matte: np.ndarray) -> np.ndarray:
    """How far above its root each place of a region (H, W) is, 0 at the root and 1 at its tallest: (H, W) float32."""
    mask = (matte > 0.3).astype(np.uint8)
    high = matte.shape[0]
    run = np.zeros(matte.shape, np.float32)
    above = np.zeros(matte.shape[1], np.float32)
    for row in range(high - 1, -1, -1):
        above = np.where(mask[row] > 0, above + 1, np.maximum(above - 2, 0))
        run[row] = above
    run = cv2.blur(run, (max(3, matte.shape[1] // 24) | 1, max(3, high // 40) | 1))
    tall = max(float(np.percentile(run[mask > 0], 95)) if mask.any() else 1.0, ROOT * high)
    return (run / tall).clip(0, 1) ** 1.4
