"""Animals without a skeleton: head, eyes, tail, legs and wings found in the outline that stands out.

A part is a place far from the middle of the body, as one walks inside of it: a tip. Which tip is the head is told by how
thick it is, how high it lies, whether there is a neck, and whether something round and dark like an eye lies in it.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from motionalchemy.scene.eyes import Eye, eyes, roundness
from motionalchemy.scene.parse import Scene

WORK = 128  # pixels of the longer side on which outlines are looked at
LEAST, SHARE = 0.004, 0.08  # of the picture, and of all that stands out: the smallest animal
FAR, APART = 1.15, 0.5  # radii of the body: the least way to a tip, and between two
LOW = 0.14  # of the height of an animal: how far above its lowest place a foot is at most
LEG, TAIL = 0.6, 0.42  # radii of the body: how thick legs and tails are at most
COMPACT = 1.75  # radii of the body: where no tip is farther away, all that is seen is one head
SURE = 1.3  # score from which on a tip is taken for the head
CUT = 0.3  # of the height of an animal, that lies at one edge of the picture, from which on it is a close-up
CROSS, BOX = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), np.ones((3, 3), np.uint8)
Cell = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Part:
    """A part of an animal: its `tip` and its `root` (2,) in pixels, how thick it is on either side, `radius`, in pixels,
    and how much each cell (h, w) of a coarse picture goes along with it, `share` in [0, 1]."""

    tip: np.ndarray
    root: np.ndarray
    radius: float
    share: np.ndarray = field(repr=False)


@dataclass(frozen=True, eq=False)
class Beast:
    """An animal: where it is, `cells` (h, w) bool of a coarse picture, the `middle` (2,) of its body in pixels and its
    `radius`; its parts, as far as they are found; its `eyes`; whether all that is seen of it is its head, `close`."""

    cells: np.ndarray = field(repr=False)
    middle: np.ndarray
    radius: float
    head: Part | None
    tail: Part | None
    legs: tuple[Part, ...]
    wings: tuple[Part, ...]
    eyes: tuple[Eye, ...]
    close: bool

    @property
    def ahead(self) -> float:
        """Where it looks: -1 to our left, 1 to our right, 0 towards us or nobody knows."""
        if self.head is None:
            return 0.0
        aside = float(self.head.tip[0] - self.middle[0])
        return float(np.sign(aside)) if abs(aside) > 0.6 * self.radius else 0.0

    @property
    def tall(self) -> float:
        """How high it is, in cells."""
        return float(np.ptp(np.nonzero(self.cells)[0])) + 1


@dataclass(frozen=True, eq=False)
class _Tip:
    """A place far from the middle, with the way (n, 2) in cells from it to the middle, how thick the animal is along it,
    and its `score` as a head, whose middle is the `knob`-th place of the way."""

    way: np.ndarray
    thick: np.ndarray
    low: float
    edge: bool
    knob: int
    score: float

    def foot(self, radius: float) -> bool:
        """Whether it is a foot of a body of a radius."""
        return self.low < LOW and self.slim < LEG * radius

    @property
    def slim(self) -> float:
        """How thick its outer half is."""
        return float(np.median(self.thick[: max(2, len(self.thick) // 2)]))


def beasts(scene: Scene, several: bool = False) -> tuple[Beast, ...]:
    """The animals of a scene, the largest first, found in what stands out; of one piece several, if there are `several`."""
    if scene.subject is None:
        return ()
    high, wide = scene.picture.shape[:2]
    share = WORK / max(high, wide)
    look = cv2.resize(scene.picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(scene.subject.opacity.numpy(), look.shape[1::-1], interpolation=cv2.INTER_AREA)
    there = cv2.morphologyEx((opacity > 0.5).astype(np.uint8), cv2.MORPH_OPEN, BOX)
    grey = cv2.GaussianBlur(cv2.cvtColor(look, cv2.COLOR_RGB2GRAY), (0, 0), 0.6).astype(np.float32)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(there)
    found = list[Beast]()
    for number in range(1, count):
        area = facts[number, cv2.CC_STAT_AREA]
        if area < LEAST * there.size or area < SHARE * there.sum():
            continue
        piece = np.asarray(labels) == number
        found += [beast(each, grey, 1 / share) for each in (parted(piece) if several else [piece])]
    return tuple(sorted(found, key=lambda one: -int(one.cells.sum())))


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
        if thick[at] < 0.5 * most:
            break
        if all(_waist(thick, at, other) < 0.72 * thick[at] for other in peaks):
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
    now, inside = np.zeros(cells.shape, np.uint8), cells.astype(np.uint8)
    now[begin], steps[begin] = 1, 0
    for count in range(1, 2 * sum(cells.shape)):
        after = cv2.dilate(now, CROSS if count % 2 else BOX) & inside
        new = (after > 0) & (now == 0)
        if not new.any():
            break
        steps[new], now = count, after
    return steps


def beast(cells: np.ndarray, grey: np.ndarray, size: float) -> Beast:
    """An animal that covers cells (h, w) bool of a grey picture (h, w) float32, each so many pixels wide."""
    thick = thickness(cells)
    at = divmod(int((thick * cells).argmax()), cells.shape[1])
    radius, steps = float(thick[at]), walked(cells, at)
    round_ = roundness(grey, cv2.erode(cells.astype(np.uint8), BOX) > 0, radius)
    tips = _tips(cells, thick, steps, round_, radius)
    middle = (np.array(at[::-1]) + 0.5) * size
    farthest = max((len(tip.way) for tip in tips if not tip.edge), default=0)
    close = _close_up(cells) or farthest < COMPACT * radius
    heads = [tip for tip in tips if tip.score > SURE and not tip.foot(radius)]
    if close or not heads:
        head = _whole(cells, at, radius, size) if close else None
        rest = tips
    else:
        head = _head(cells, heads, radius, size)
        near = np.linalg.norm([tip.way[0] - heads[0].way[0] for tip in tips], axis=1) < 1.2 * radius
        rest = [tip for tip, of_head in zip(tips, near, strict=True) if not of_head]
    legs = () if close else tuple(_part(cells, tip, 0.75 * radius, size) for tip in rest if tip.foot(radius))
    others = [] if close else [tip for tip in rest if not tip.foot(radius) and not tip.edge]
    wings = _wings(cells, [tip for tip in tips if not tip.edge], at, radius, size)
    tails = [tip for tip in others if tip.slim < TAIL * radius and len(tip.way) > 1.3 * radius]
    tails = [tip for tip in tails if head is None or head.share[tuple(tip.way[len(tip.way) // 3])] < 0.1]
    tail = max(tails, key=lambda tip: len(tip.way), default=None)
    found = () if head is None else eyes(grey, round_, head.tip / size, head.radius / size, size)
    own = None if tail is None else _part(cells, tail, 0.6 * radius, size)
    return Beast(cells, middle, radius * size, head, own, legs, wings, found, close)


def _close_up(cells: np.ndarray) -> bool:
    """Whether it is cut by the top of the picture or by two of its edges, over some length."""
    tall = np.ptp(np.nonzero(cells)[0]) + 1
    sides = [side.sum() > CUT * tall for side in (cells[0], cells[:, 0], cells[-1], cells[:, -1])]
    return bool(cells.mean() > 0.35 and (sides[0] or sum(sides) > 1))


def _tips(cells: np.ndarray, thick: np.ndarray, steps: np.ndarray, round_: np.ndarray, radius: float) -> list[_Tip]:
    """The tips, the likeliest head first."""
    far = np.where(cells, steps, -1)
    highest = cv2.dilate(far, np.ones((5, 5), np.uint8))
    rows, columns = np.nonzero((far >= highest) & (far >= FAR * radius) & np.isfinite(steps))
    found = list[Cell]()
    for number in np.argsort(-far[rows, columns], kind="stable"):
        at = int(rows[number]), int(columns[number])
        if all(np.hypot(at[0] - y, at[1] - x) > APART * radius for y, x in found):
            found.append(at)
    made = [_tip(cells, thick, steps, round_, radius, at) for at in found]
    return sorted(made, key=lambda tip: -tip.score)


def _tip(cells: np.ndarray, thick: np.ndarray, steps: np.ndarray, round_: np.ndarray, radius: float, at: Cell) -> _Tip:
    way = [at]
    while steps[way[-1]] > 0:
        top, left = max(way[-1][0] - 1, 0), max(way[-1][1] - 1, 0)
        near = steps[top : way[-1][0] + 2, left : way[-1][1] + 2]
        down, right = divmod(int(near.argmin()), near.shape[1])
        way.append((top + down, left + right))
    profile = np.array([thick[cell] for cell in way])
    count, knob, necked = len(way), round(0.33 * len(way)), False
    for number in range(max(2, round(0.12 * count)), min(count - 1, max(3, round(0.6 * count)))):
        ahead = profile[number : number + round(0.5 * radius) + 4]
        if profile[number] >= max(profile[max(0, number - 3) : number].max(), 0.22 * radius, 1.06 * ahead.min()):
            knob, necked = number, True
            break
    rows = np.nonzero(cells)[0]
    tall, (row, column) = float(np.ptp(rows)) + 1, way[knob]
    size = max(float(profile[knob]), 2.0)
    y, x = np.indices(cells.shape)
    eye = float(round_[(np.hypot(y - row, x - column) < 1.4 * size + 1) & cells].max(initial=0))
    low = float(rows.max() - at[0]) / tall
    edge = min(at) <= 1 or at[0] >= cells.shape[0] - 2 or at[1] >= cells.shape[1] - 2
    over = 1 - float(cells[row:, column].sum()) / max(float(rows.max() - row), 1.0)
    score = 0.6 * eye + 0.8 * float(rows.max() - row) / tall + 0.3 * min(size / (0.35 * radius), 1) + 0.4 * necked
    score += 1.0 * min(count / (3 * radius), 1) + 0.4 * max(over, 0) - 1.2 * (low < LOW) - 0.6 * edge
    score -= 0.6 * (size < 0.15 * radius)
    return _Tip(np.array(way), profile, low, edge, knob, score)


def _head(cells: np.ndarray, heads: list[_Tip], radius: float, size: float) -> Part:
    """The head: about its best tip, and others that are near it (ears, a snout)."""
    best = heads[0]
    middles = [best.way[best.knob]]
    for tip in heads[1:]:
        if np.linalg.norm(tip.way[tip.knob] - middles[0]) < radius and tip.score > 0.55 * best.score:
            middles.append(tip.way[tip.knob])
    middle = np.mean(middles, 0)
    spread = float(np.linalg.norm(np.array(middles) - middle, axis=1).max())
    wide = float(np.clip(max(best.thick[best.knob] * 1.2, 0.4 * radius, 0.8 * spread), 2.0, 0.9 * radius))
    inside = np.argwhere(cells)
    at = inside[np.linalg.norm(inside - middle, axis=1).argmin()]
    steps = walked(cells, (int(at[0]), int(at[1])))
    share = _falling(steps, 1.25 * wide, 2.9 * wide)
    back = best.way[min(len(best.way) - 1, best.knob + round(1.7 * wide))]
    tip, root = ((np.array(each[::-1]) + 0.5) * size for each in (middle, back))
    return Part(tip, root, wide * size, share)


def _whole(cells: np.ndarray, at: Cell, radius: float, size: float) -> Part:
    """A head that is all that is seen: it goes along the more, the higher it is and the farther from the picture's edges
    that cut it."""
    rows, columns = np.nonzero(cells)
    down = np.indices(cells.shape)[0]
    tall = float(np.ptp(rows)) + 1
    share = np.clip((rows.max() - down) / (0.55 * tall), 0, 1) * cells
    share = (share * share * (3 - 2 * share)).astype(np.float32)
    tip = (np.array([float(columns.mean()), float(rows.mean())]) + 0.5) * size
    root = (np.array([float(columns[rows > rows.max() - 0.2 * tall].mean()), float(rows.max())]) + 0.5) * size
    return Part(tip, root, radius * size, share)


def _part(cells: np.ndarray, tip: _Tip, until: float, size: float) -> Part:
    """A part from its tip to where the animal becomes as thick as that."""
    thick = np.nonzero(tip.thick > max(until, 1.5 * tip.slim))[0]
    root = int(thick[0]) if len(thick) else len(tip.way) - 1
    root = max(2, min(root, round(0.75 * len(tip.way)), len(tip.way) - 1))
    steps = walked(cells, (int(tip.way[0][0]), int(tip.way[0][1])))
    long = float(root)
    share = _falling(steps, 0.55 * long, 1.1 * long)
    ends = ((np.array(tip.way[number][::-1]) + 0.5) * size for number in (0, root))
    return Part(next(ends), next(ends), tip.slim * size, share)


def _falling(steps: np.ndarray, until: float, end: float) -> np.ndarray:
    """1 where it takes few steps, 0 where it takes many or none lead there, (h, w) float32."""
    share = np.clip((end - np.nan_to_num(steps, posinf=1e6)) / max(end - until, 1e-6), 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def _wings(cells: np.ndarray, tips: list[_Tip], at: Cell, radius: float, size: float) -> tuple[Part, ...]:
    """Two wide protrusions, one to each side; nothing where there are no such two."""
    sides = list[_Tip]()
    for side in (-1, 1):
        of_side = [tip for tip in tips if side * (tip.way[0][1] - at[1]) > 1.3 * radius and tip.low > 2 * LOW]
        if of_side:
            sides.append(max(of_side, key=lambda tip: len(tip.way)))
    if len(sides) < 2:
        return ()
    return tuple(_part(cells, tip, 0.75 * radius, size) for tip in sides)
