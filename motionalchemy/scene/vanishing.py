"""Where straight lines of a picture meet, and where its horizon runs."""

from dataclasses import dataclass

import numpy as np

from motionalchemy.scene import straight
from motionalchemy.scene.depth import check
from motionalchemy.scene.regions import Regions

NEAR = np.radians(2.0)  # how far a line may point past the place where it meets others
UPRIGHT = np.radians(12.0)  # how far from upright a line may lean that says nothing of a horizon
FANS = np.radians(8.0)  # how much the directions of lines must differ that meet: parallel ones meet nowhere
LINES, SHARE = 6, 0.3  # lines that must meet, and how much of the length of all
STRAIGHT = (
    "building",
    "indoor",
    "ground",
    "vehicle",
    "text",
    "other",
)  # what has level lines; whiskers and blades do not
OPEN = ("water", "ground", "plants")  # what lies below a horizon and not in front of it
ROUGH = 0.03  # of the height, by which the lower edge of the sky may vary and be a horizon
SKY = 0.08  # of the picture, that is sky at least for that
FAR = 20.0  # widths of the picture, from which on a point is taken to be infinitely far


@dataclass(frozen=True)
class Vanishing:
    """A point (right, down) in pixels in which lines meet: their numbers, and how much of the length of all they are."""

    x: float
    y: float
    lines: tuple[int, ...]
    share: float


def vanishing(lines: np.ndarray, size: tuple[int, int]) -> tuple[Vanishing, ...]:
    """The points, three at most, in which lines (n, 4) of a picture (H, W) meet that are not upright, the surest first.

    Every pair of lines proposes one; those that point at it within two degrees vote by their length.
    """
    along = lines[:, 2:] - lines[:, :2]
    length = np.hypot(*along.T)
    angle = np.arctan2(along[:, 1], along[:, 0])
    left = np.abs(np.abs(angle) - np.pi / 2) > UPRIGHT
    found = list[Vanishing]()
    while left.sum() >= LINES and len(found) < 3:
        point, meets = _best(lines, length, left, size)
        turns = np.exp(2j * angle[meets])
        fan = np.ptp(np.angle(turns / (turns.mean() or 1))) / 2 if meets.any() else 0.0
        share = float(length[meets].sum() / max(length.sum(), 1e-6))
        if meets.sum() < LINES or share < SHARE or fan < FANS or abs(point).max() > FAR * max(size):
            break
        found.append(Vanishing(float(point[0]), float(point[1]), tuple(np.flatnonzero(meets).tolist()), share))
        left &= ~meets
    return tuple(found)


def level(lines: np.ndarray, regions: Regions, high: int) -> np.ndarray:
    """Those of the lines (n, 4) of a picture so many pixels high that run over things that have level ones."""
    if not len(lines):
        return lines
    shown = regions.of(*STRAIGHT)
    x, y = (lines.reshape(-1, 2, 2).mean(1) * len(shown) / high).astype(int).T
    return lines[shown[y.clip(0, len(shown) - 1), x.clip(0, shown.shape[1] - 1)] > 0.5]


def horizon(picture: np.ndarray, regions: Regions | None = None) -> float | None:
    """The row, from the top in pixels, in which the horizon of a picture (H, W, 3) uint8 runs at its middle, also above or
    below it; None where nothing tells.

    It is the row of the point in which lines meet, or lies between two; else the lower edge of the sky, if `regions` are
    given and that edge is even. Raises InputError for another shape or type.
    """
    check(picture)
    high, wide = picture.shape[:2]
    lines = straight.segments(picture)
    if regions is not None:
        lines = level(lines, regions, high)
    points = [each for each in vanishing(lines, (high, wide)) if -high < each.y < 2 * high]
    if len(points) > 1 and abs(points[0].x - points[1].x) > 0.5 * wide:
        (x0, y0), (x1, y1) = ((each.x, each.y) for each in points[:2])
        slope = (y1 - y0) / (x1 - x0)
        if abs(slope) < 0.15:  # else one of both is of something that is not level
            return y0 + slope * (wide / 2 - x0)
    if points:
        return points[0].y
    return None if regions is None else _under_sky(regions, high)


def _best(
    lines: np.ndarray, length: np.ndarray, left: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The point (2,) for which most of the length of the lines that are `left` votes, and which do."""
    ends = np.concatenate((lines.reshape(-1, 2, 2), np.ones((len(lines), 2, 1))), 2)
    through = np.cross(ends[:, 0], ends[:, 1])  # a line in homogeneous coordinates
    numbers = np.flatnonzero(left)
    one, other = np.triu_indices(len(numbers), 1)
    meet = np.cross(through[numbers[one]], through[numbers[other]])
    meet = meet[np.abs(meet[:, 2]) > 1e-9 * np.abs(meet).max(1)]
    if not len(meet):
        return np.zeros(2), np.zeros(len(lines), bool)
    points = meet[:, :2] / meet[:, 2:]
    middle, along = lines.reshape(-1, 2, 2).mean(1), lines[:, 2:] - lines[:, :2]
    towards = points[:, None] - middle
    off = np.abs(towards[..., 0] * along[:, 1] - towards[..., 1] * along[:, 0])
    off /= np.maximum(np.hypot(towards[..., 0], towards[..., 1]) * length, 1e-6)
    votes = (off < np.sin(NEAR)) & left & (np.hypot(towards[..., 0], towards[..., 1]) > 0.7 * length)
    best = int((votes * length).sum(1).argmax())
    return _nearest(middle[votes[best]], along[votes[best]]), votes[best]


def _nearest(middle: np.ndarray, along: np.ndarray) -> np.ndarray:
    """The point (2,) that is nearest to lines through `middle` (n, 2), in angle as they see it; long lines count more."""
    across = np.stack((-along[:, 1], along[:, 0]), 1)  # as long as the line
    point = np.linalg.lstsq(across, (across * middle).sum(1), rcond=None)[0]
    for _ in range(3):
        weighed = across / np.maximum(np.hypot(*(point - middle).T), 1.0)[:, None]
        point = np.linalg.lstsq(weighed, (weighed * middle).sum(1), rcond=None)[0]
    return point


def _under_sky(regions: Regions, high: int) -> float | None:
    """The row of the sky's lower edge, where that is even."""
    sky = regions.of("sky") > 0.5
    columns = sky[0] & ~sky[-1]
    if sky.mean() < SKY or columns.mean() < 0.7:
        return None
    edge = np.argmin(sky[:, columns], 0)
    below = np.minimum(edge + len(sky) // 20, len(sky) - 1)
    level = regions.of(*OPEN)[below, np.flatnonzero(columns)] > 0.5
    middle = np.median(edge)
    even = np.median(np.abs(edge - middle)) < ROUGH * len(sky)
    return float(middle / len(sky) * high) if even and level.mean() > 0.7 else None
