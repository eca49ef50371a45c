"""Where writing stands in a picture: letters are small even things of one stroke width, side by side in a line."""

from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.scene.depth import check
from motionalchemy.scene.regions import Regions

SEEN = 900  # pixels of the longer side at which letters are looked for
WINDOWS = (17, 51, 151)  # pixels about a place that it is darker or lighter than
APART = 9  # grey levels, by which it is
LOW, HIGH = 7, 0.3  # heights of letters: pixels, and share of the picture
LETTERS = 4  # in a line, at least
FITTED = "1.282 -3.131 -1.976 -2.215 6.775 -2.283 -2.237 -0.626 -1.868 -0.09 4.965 1.252 -2.464 -1.888 -0.467 -1.773"
WEIGHTS = np.array(FITTED.split(), np.float32)  # of `features`, by tools/scene/writing.py
BEGINS = -0.358  # what is added to them


@dataclass(frozen=True)
class Writing:
    """A block of writing: its `box` (left, top, right, bottom) in pixels, its `lines` as such boxes, and how surely it is
    writing, `score` in [0, 1]."""

    box: tuple[int, int, int, int]
    lines: tuple[tuple[int, int, int, int], ...]
    score: float


def writing(picture: np.ndarray, regions: Regions | None = None) -> tuple[Writing, ...]:
    """The blocks of writing in a picture (H, W, 3) uint8, the largest first; `regions`, if given, speak for and against.

    Level lines of at least LETTERS letters, dark on light or light on dark, are found; single letters and curved or upright
    writing are not. Raises InputError for another shape or type.
    """
    check(picture)
    share = SEEN / max(picture.shape[:2])
    shown = cv2.resize(
        picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    )
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    lines = list[tuple[np.ndarray, float]]()
    for window in WINDOWS:
        for dark in (True, False):
            letters = _letters(grey, window, dark)
            for members in _rows(letters):
                score = _score(features(letters, members))
                box = _around(letters[members, :4])
                if regions is not None:
                    score += _said(regions, box / share, picture.shape[:2])
                if score > 0:
                    lines.append((box, score))
    kept = list[tuple[np.ndarray, float]]()
    for box, score in sorted(lines, key=lambda each: -each[1]):
        if all(_covered(box, other) < 0.5 for other, _ in kept):
            kept.append((box, score))
    return _blocks(kept, share, picture.shape[:2])


def _letters(grey: np.ndarray, window: int, dark: bool) -> np.ndarray:
    """Things that may be letters, (n, 9): left, top, right, bottom, area as share of the box, mean and deviation of the
    stroke's half width, grey level, contrast."""
    kind = cv2.THRESH_BINARY_INV if dark else cv2.THRESH_BINARY
    inks = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, kind, window, APART if dark else -APART)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inks, connectivity=8)
    inside = cv2.distanceTransform(inks, cv2.DIST_L2, 3)
    ridge = inside >= cv2.dilate(inside, np.ones((3, 3))) - 1e-3
    found = list[tuple[float, ...]]()
    for number in range(1, count):
        left, top, wide, high, area = (int(each) for each in stats[number])
        if (
            not (LOW <= high < HIGH * grey.shape[0] and 0.08 * high < wide < 4 * high)
            or not 0.12 < area / (wide * high) < 0.95
        ):
            continue
        part = slice(top, top + high), slice(left, left + wide)
        own = labels[part] == number
        strokes = inside[part][own & ridge[part]]
        level = grey[part][own].mean()
        rest = grey[part][~own]
        beside = rest.mean() if rest.size > 4 else level
        found.append(
            (
                left,
                top,
                left + wide,
                top + high,
                area / (wide * high),
                strokes.mean(),
                strokes.std(),
                level,
                abs(beside - level),
            )
        )
    return np.array(found, np.float32).reshape(-1, 9)


def _rows(letters: np.ndarray) -> list[np.ndarray]:
    """The numbers of letters that stand side by side, alike in height, stroke and grey level, line by line."""
    order = np.argsort(letters[:, 0]) if len(letters) else np.zeros(0, int)
    parent = np.arange(len(letters))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    left, top, right, low = letters[:, :4].T
    high = low - top
    for number in order:
        gap = left - right[number]
        both = np.minimum(low, low[number]) - np.maximum(top, top[number])
        tall = np.maximum(high, high[number])
        near = (
            (left > left[number])
            & (gap < 1.2 * tall)
            & (gap > -0.3 * tall)
            & (both > 0.5 * np.minimum(high, high[number]))
        )
        near &= (tall < 2.2 * np.minimum(high, high[number])) & (np.abs(letters[:, 7] - letters[number, 7]) < 45)
        near &= np.maximum(letters[:, 5], letters[number, 5]) < 2 * np.minimum(letters[:, 5], letters[number, 5]) + 0.7
        for other in np.flatnonzero(near).tolist():
            parent[root(other)] = root(number)
    groups = dict[int, list[int]]()
    for number in range(len(letters)):
        groups.setdefault(root(number), []).append(number)
    return [np.array(each) for each in groups.values() if len(each) >= LETTERS]


def features(letters: np.ndarray, members: np.ndarray) -> np.ndarray:
    """What tells the `members` (m,) of letters (n, 9) that form a line from other rows of things, (16,)."""
    row = letters[members]
    left, top, right, low = row[:, :4].T
    high, wide = low - top, right - left
    tall, length = float(np.median(high)), float(right.max() - left.min())
    order = np.argsort(left)
    gaps = np.maximum(left[order][1:] - right[order][:-1], 0) / tall
    bent = [np.abs(each - np.polyval(np.polyfit(left, each, 1), left)).mean() / tall for each in (top, low)]
    others = np.delete(letters, members, 0)[:, :4]
    near = (others[:, 0] < right.max()) & (others[:, 2] > left.min())
    near &= (others[:, 1] < low.max() + 0.6 * tall) & (others[:, 3] > top.min() - 0.6 * tall)
    beside = (others[near, 2] - others[near, 0]).sum() / wide.sum()
    strokes = row[:, 5].mean()
    return np.array(
        [
            np.log(len(row)),
            row[:, 5].std() / strokes,
            (row[:, 6] / row[:, 5]).mean(),
            row[:, 4].mean(),
            row[:, 4].std(),
            min(bent),
            max(bent),
            wide.std() / tall,
            np.median(gaps),
            min(float(gaps.std()), 2.0),
            row[:, 8].mean() / 100,
            row[:, 8].std() / 100,
            row[:, 7].std() / 20,
            high.std() / tall,
            min(float(beside), 3.0),
            min(wide.sum() / length, 2.0),
        ],
        np.float32,
    )


def _score(row: np.ndarray) -> float:
    """The log odds that a row of things with such features is a line of letters."""
    return float(row @ WEIGHTS + BEGINS)


def _said(regions: Regions, box: np.ndarray, size: tuple[int, int]) -> float:
    """What the regions add to the log odds that a box (4,) of a picture (H, W) is writing."""
    scale = regions.probabilities.shape[1] / size[0]
    left, top, right, low = (box * scale).astype(int)
    part = regions.of("text")[top : low + 1, left : right + 1]
    return float(2 * part.mean()) if part.size else 0.0


def _around(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate((boxes[:, :2].min(0), boxes[:, 2:].max(0)))


def _covered(box: np.ndarray, other: np.ndarray) -> float:
    """The share of the smaller of two boxes that the other covers."""
    width, height = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (box, other)]
    return max(width, 0) * max(height, 0) / max(min(areas), 1e-6)


def _blocks(lines: list[tuple[np.ndarray, float]], share: float, size: tuple[int, int]) -> tuple[Writing, ...]:
    """Lines one above the other, joined."""
    groups = list[list[tuple[np.ndarray, float]]]()
    for line in sorted(lines, key=lambda each: each[0][1]):
        high = line[0][3] - line[0][1]
        grown = line[0] + np.array((-0.3, -0.9, 0.3, 0.9)) * high
        near = [
            group for group in groups if any(_covered(grown, each[0]) > 0 and _alike(high, each[0]) for each in group)
        ]
        groups = [group for group in groups if all(group is not each for each in near)]
        groups.append([line, *(each for group in near for each in group)])
    found = list[Writing]()
    for group in groups:
        boxes = [_pixels(box / share, size) for box, _ in group]
        whole = np.array(boxes)
        box = (*whole[:, :2].min(0).tolist(), *whole[:, 2:].max(0).tolist())
        best = max(score for _, score in group)
        found.append(Writing(box, tuple(sorted(boxes, key=lambda each: each[1])), float(1 / (1 + np.exp(-best)))))
    return tuple(sorted(found, key=lambda each: -(each.box[2] - each.box[0]) * (each.box[3] - each.box[1])))


def _alike(high: float, box: np.ndarray) -> bool:
    other = box[3] - box[1]
    return max(high, other) < 2 * min(high, other)


def _pixels(box: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top = np.floor(box[:2]).astype(int).clip(0)
    right, low = np.ceil(box[2:]).astype(int)
    return int(left), int(top), min(int(right), size[1]), min(int(low), size[0])
