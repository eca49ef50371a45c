"""Outlines of animals as cells of a coarse picture: ways inside of them, how thick they are, where several are parted."""

import cv2
import numpy as np

FREE = 0.22  # of the picture: how far from an edge that cuts an animal it moves as it would
ALIKE, WAIST = (
    0.68,
    0.7,
)  # of the thickest: how thick animals that stand together are at least, and at most between them
CROSS, BOX = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), np.ones((3, 3), np.uint8)
Cell = tuple[int, int]


def redness(look: np.ndarray) -> np.ndarray:
    """How purely red each place of a picture (h, w, 3) uint8 is, in [0, 1]."""
    red, green, blue = (each.astype(np.float32) for each in cv2.split(look))
    pure = (red - np.maximum(green, blue) - np.maximum(green - blue, 0)) / np.maximum(red, 40)
    return cv2.GaussianBlur(np.clip((pure - 0.35) / 0.3, 0, 1).astype(np.float32), (0, 0), 0.7)


def thickness(cells: np.ndarray) -> np.ndarray:
    """How far each cell (h, w) bool is from the nearest that is not of the same; the picture's edge is none."""
    padded = np.pad(cells.astype(np.uint8), 1, mode="edge")
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5))[1:-1, 1:-1]


def parted(cells: np.ndarray) -> list[np.ndarray]:
    """Cells (h, w) bool of several animals, parted where they are thin between thick middles."""
    thick = thickness(cells)
    most = float(thick.max())
    peaks = list[Cell]()
    for index in np.argsort(-thick, axis=None):
        at = divmod(int(index), cells.shape[1])
        if thick[at] < ALIKE * most:
            break
        if all(_waist(thick, at, other) < WAIST * thick[at] for other in peaks):
            peaks.append(at)
    if len(peaks) < 2:
        return [cells]
    ways = np.stack([walked(cells, each) / thick[each] for each in peaks])
    nearest = ways.argmin(0)
    return [cells & (nearest == number) for number in range(len(peaks))]


def _waist(thick: np.ndarray, one: Cell, other: Cell) -> float:
    """How thin it is at the thinnest place straight between two."""
    count = max(abs(one[0] - other[0]), abs(one[1] - other[1])) + 1
    rows, columns = (np.linspace(a, b, count).round().astype(int) for a, b in zip(one, other, strict=True))
    return float(thick[rows, columns].min())


def walked(cells: np.ndarray, begin: Cell) -> np.ndarray:
    """How many steps it takes to each of some cells (h, w) bool from one of them, inside of them; else infinity."""
    steps = np.full(cells.shape, np.inf, np.float32)
    now, inside = np.zeros(cells.shape, np.uint8), cells > 0
    now[begin], steps[begin] = 1, 0
    for count in range(1, 2 * sum(cells.shape)):
        after = (np.asarray(cv2.dilate(now, CROSS if count % 2 else BOX)) > 0) & inside
        new = after & (now == 0)
        if not new.any():
            break
        steps[new], now = count, after.astype(np.uint8)
    return steps


def spread(share: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """A share (h, w) of some cells (h, w) bool, led on outside of them from the nearest: so outlines go along."""
    if not cells.any():
        return share.astype(np.float32)
    _, labels = cv2.distanceTransformWithLabels(
        (~cells).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(labels).astype(int)
    values = np.zeros(int(labels.max()) + 1, np.float32)
    values[labels[cells]] = share[cells]
    return cv2.GaussianBlur(values[labels], (0, 0), 0.8)


def free(cells: np.ndarray) -> np.ndarray:
    """How free each cell (h, w) is to move: not where an edge of the picture cuts the animal."""
    cut = np.zeros(cells.shape, np.uint8)
    for side in ((0, slice(None)), (-1, slice(None)), (slice(None), 0), (slice(None), -1)):
        cut[side] = cells[side]
    if not cut.any():
        return np.ones(cells.shape, np.float32)
    far = np.asarray(cv2.distanceTransform(1 - cut, cv2.DIST_L2, 5)) / (FREE * max(cells.shape))
    share = np.clip(far, 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def falling(steps: np.ndarray, until: float, end: float) -> np.ndarray:
    """1 where it takes few steps, 0 where it takes many or none lead there, (h, w) float32."""
    share = np.clip((end - np.nan_to_num(steps, posinf=1e6)) / max(end - until, 1e-6), 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)
