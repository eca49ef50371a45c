"""Parts what stands out into single things: where it is narrow, and where colour and nearness change."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 192  # pixels of the longer side at which things are parted
SADDLE = 0.9  # of the smaller of two peaks of the distance from the edge, below which they begin fragments of their own
LEAST = 0.03  # of the largest fragment, below which one belongs to the neighbour it meets most
FITTED = "0.829 -0.637 -0.421 -0.199 1.343 -6.248 4.582 -3.498 2.597"
WEIGHTS = np.array(FITTED.split(), np.float32)  # of `features`, by tools/scene/instances.py
BEGINS = -0.767  # added to them: 0.3 less than fitted, as parts that nothing tells apart are joined later
BODY = 4.0  # log odds of what is known of people


@dataclass(frozen=True, eq=False)
class Sight:
    """What parts things: `colours` (h, w, 3) float32 in Lab, `nearness` (h, w), and how likely each place shows one of
    a few kinds of things, `kinds` (C, h, w)."""

    colours: np.ndarray
    nearness: np.ndarray
    kinds: np.ndarray

    @staticmethod
    def of(picture: np.ndarray, nearness: np.ndarray, kinds: np.ndarray) -> "Sight":
        """The same of a picture (H, W, 3) uint8 at the size at which things are parted."""
        size = sized(picture.shape[:2])
        small = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
        colours = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        maps = np.stack([cv2.resize(each, size[::-1], interpolation=cv2.INTER_AREA) for each in kinds])
        return Sight(colours, cv2.resize(nearness, size[::-1], interpolation=cv2.INTER_AREA), maps)


def sized(size: tuple[int, int]) -> tuple[int, int]:
    """The size (h, w) at which a picture of a size (H, W) is parted."""
    share = min(1.0, SIDE / max(size))
    return max(8, round(size[0] * share)), max(8, round(size[1] * share))


def parted(mask: np.ndarray, sight: Sight, bodies: Sequence[np.ndarray] = ()) -> list[np.ndarray]:
    """The things (h, w) bool of a mask (h, w) bool that is one connected part; `bodies` are rows and columns (n, 2) of the
    points of people in it, which belong together."""
    labels = fragments(mask)
    scores = dict[tuple[int, int], float]()
    while labels.max() > 1:
        pairs = neighbours(labels)
        scores = {pair: same(features(labels, pair, sight)) + bodily(labels, pair, bodies) for pair in pairs}
        pair = max(scores, key=lambda each: scores[each], default=None)
        if pair is None or scores[pair] <= 0:
            break
        labels[labels == pair[1]] = pair[0]
        labels = _numbered(labels)
    return [labels == number for number in range(1, int(labels.max()) + 1)]


def fragments(mask: np.ndarray) -> np.ndarray:
    """A mask (h, w) bool in fragments that are compact, their numbers from 1 (h, w) int32, 0 outside.

    A flood from the peaks of the distance from the edge, the deepest first: two floods that meet below SADDLE of the lower
    peak stay apart.
    """
    depth = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    depth = cv2.GaussianBlur(depth, (0, 0), 1.0) * mask
    flat = np.flatnonzero(mask.ravel())
    order = flat[np.argsort(-depth.ravel()[flat], kind="stable")]
    high, wide = mask.shape
    labels, parent, peaks, sizes = np.zeros(high * wide, np.int32), [0], [0.0], [0]
    values = depth.ravel()

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for place in order.tolist():
        row, column = divmod(place, wide)
        beside = set[int]()
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)):
            y, x = row + down, column + right
            if 0 <= y < high and 0 <= x < wide and labels[y * wide + x]:
                beside.add(root(int(labels[y * wide + x])))
        if not beside:
            parent.append(len(parent))
            peaks.append(float(values[place]))
            sizes.append(1)
            labels[place] = len(parent) - 1
            continue
        best = max(beside, key=lambda each: peaks[each])
        for other in beside - {best}:
            if values[place] > SADDLE * peaks[other] or sizes[other] < 6:
                parent[other] = best
                sizes[best] += sizes[other]
        labels[place] = best
        sizes[best] += 1
    found = np.array([root(number) for number in range(len(parent))])[labels].reshape(high, wide)
    return _without_crumbs(_numbered(found))


def neighbours(labels: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of numbers of fragments (h, w) that touch, the smaller number first."""
    found = set[tuple[int, int]]()
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        meet = (one != other) & (one > 0) & (other > 0)
        found |= {(min(a, b), max(a, b)) for a, b in zip(one[meet].tolist(), other[meet].tolist(), strict=True)}
    return sorted(found)


def features(labels: np.ndarray, pair: tuple[int, int], sight: Sight) -> np.ndarray:
    """What tells whether two fragments that touch are of one thing, (9,): how narrow they are where they meet, their sizes,
    how unlike they are in colour, nearness and kind, as wholes and beside their border, and how much more of their hull
    they leave open together than alone."""
    one, other = labels == pair[0], labels == pair[1]
    border = cv2.dilate(one.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & other
    meets = max(int(border.sum()), 1)
    areas_of = float(one.sum()), float(other.sum())
    areas = sorted(areas_of)
    reach = max(3, round(0.35 * areas[0] ** 0.5)) | 1
    near = cv2.dilate(border.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool)
    here, there = one & near, other & near

    def apart(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
        return float(np.linalg.norm(np.atleast_1d(values[first].mean(0) - values[second].mean(0))))

    kinds = np.moveaxis(sight.kinds, 0, 2)
    spread = float(sight.nearness[one | other].std()) + 0.02
    return np.array(
        [
            np.log(meets / areas[0] ** 0.5),
            np.log(areas[0] / areas[1]),
            apart(sight.colours, one, other) / 20,
            apart(sight.colours, here, there) / 20,
            apart(sight.nearness[..., None], one, other) / 0.1,
            apart(sight.nearness[..., None], here, there) / 0.1,
            apart(sight.nearness[..., None], here, there) / spread,
            apart(kinds, one, other),
            _hollow(one | other) - (_hollow(one) * areas_of[0] + _hollow(other) * areas_of[1]) / sum(areas_of),
        ],
        np.float32,
    )


def same(row: np.ndarray) -> float:
    """The log odds that two fragments with such features are of one thing."""
    return float(row @ WEIGHTS + BEGINS)


def bodily(labels: np.ndarray, pair: tuple[int, int], bodies: Sequence[np.ndarray]) -> float:
    """What people add to the log odds that two fragments are of one thing: much where one of them is in both, as much less
    where one is in each."""
    shares = [
        [float((labels[points[:, 0], points[:, 1]] == number).mean()) for number in pair]
        for points in bodies
        if len(points)
    ]
    if any(min(share) > 0.15 for share in shares):
        return BODY
    owners = [max(range(len(shares)), key=lambda n: shares[n][side], default=-1) for side in (0, 1)]
    held = len(shares) > 1 and owners[0] != owners[1] and all(shares[owners[side]][side] > 0.3 for side in (0, 1))
    return -BODY if held else 0.0


def _hollow(part: np.ndarray) -> float:
    """How much of its hull a part (h, w) bool leaves open, 0..1."""
    corners = cv2.convexHull(np.argwhere(part)[:, ::-1].astype(np.int32))
    return 1 - float(part.sum()) / max(cv2.contourArea(corners), float(part.sum()), 1.0)


def _without_crumbs(labels: np.ndarray) -> np.ndarray:
    """Fragments whose small ones have joined the neighbour that they meet most."""
    while labels.max() > 1:
        areas = np.bincount(labels.ravel())
        areas[0] = areas.max()
        number = int(areas.argmin())
        if areas[number] >= LEAST * areas[1:].max():
            break
        ring = cv2.dilate((labels == number).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        beside = labels[ring & (labels != number) & (labels > 0)]
        labels[labels == number] = int(np.bincount(beside).argmax()) if beside.size else 0
        labels = _numbered(labels)
    return labels


def _numbered(labels: np.ndarray) -> np.ndarray:
    """Labels (h, w) numbered from 1 without gaps, 0 stays."""
    numbers = np.unique(labels[labels > 0])
    return np.where(labels > 0, np.searchsorted(numbers, labels) + 1, 0).astype(np.int32)
