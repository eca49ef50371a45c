"""Animals without a skeleton: head, eyes, tail, legs and wings found in the outline that stands out.

A part is a place far from the middle of the body, as one walks inside of it: a tip. Which tip is the head is told by how
thick it is, how high it lies, whether there is a neck, and whether something round and dark like an eye lies in it.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from motionalchemy.scene.beast_cells import BOX, Cell, falling, free, parted, redness, spread, thickness, walked
from motionalchemy.scene.eyes import Eye, eyes, roundness

WORK = 128  # pixels of the longer side on which outlines are looked at
LEAST, SHARE = 0.004, 0.08  # of the picture, and of all that stands out: the smallest animal
FAR, APART = 1.15, 0.5  # radii of the body: the least way to a tip, and between two
LOW = 0.14  # of the height of an animal: how far above its lowest place a foot is at most
LEG, TAIL = 0.6, 0.42  # radii of the body: how thick legs and tails are at most
COMPACT = 1.75  # radii of the body: where no tip is farther away, all that is seen is one head
SURE = 1.3  # score from which on a tip is taken for the head
CUT = 0.3  # of the height of an animal, that lies at one edge of the picture, from which on it is a close-up
INSIDE, CLOSE = 0.4, 0.12  # radii of a head: how far from its outline an eye is at least, and in a close-up
SOLID = 0.97  # of what lies well inside of an outline, that is opaque at least
CROWN = 0.45  # of the height of an animal: where no tip lies higher, its head is its top itself
SPREAD = 2.4  # radii of the body, that wings are long at least, one of which was taken for a head
TOGETHER = 0.6  # radii of the body, that two legs are apart at least
FAINT = 8.0  # grey levels, by which what an animal stands on differs from it at least
COMB = 2.0  # of a score, that a red comb counts


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
    `radius`; its parts, as far as they are found; its `eyes`; whether all that is seen of it is its head, `close`, and
    whether one sees where it stands, `grounded`."""

    cells: np.ndarray = field(repr=False)
    middle: np.ndarray
    radius: float
    head: Part | None
    tail: Part | None
    legs: tuple[Part, ...]
    wings: tuple[Part, ...]
    eyes: tuple[Eye, ...]
    close: bool
    grounded: bool = True

    @property
    def ahead(self) -> float:
        """Where it looks: -1 to our left, 1 to our right, 0 towards us or nobody knows."""
        if self.head is None:
            return 0.0
        aside = float(self.head.tip[0] - self.middle[0])
        return float(np.sign(aside)) if abs(aside) > 0.6 * self.radius else 0.0

    @property
    def hind(self) -> Part | None:
        """What lies opposite its head: the tail, else the part of the body that is farthest behind."""
        if self.tail is not None or self.head is None:
            return self.tail
        others, ahead = (*self.legs, *self.wings), self.head.tip - self.middle
        return min(others, key=lambda part: float((part.tip - self.middle) @ ahead), default=None)

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


def beasts(picture: np.ndarray, matte: np.ndarray, several: bool = False, combed: bool = False) -> tuple[Beast, ...]:
    """The animals of a picture (H, W, 3) uint8, the largest first, found in a matte (H, W) of them: of one piece
    several, if there are `several`; `combed` ones have a head that is known by its red comb."""
    share = WORK / max(picture.shape[:2])
    look = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(matte, look.shape[1::-1], interpolation=cv2.INTER_AREA)
    there = cv2.morphologyEx((opacity > 0.5).astype(np.uint8), cv2.MORPH_OPEN, BOX)
    grey = cv2.GaussianBlur(cv2.cvtColor(look, cv2.COLOR_RGB2GRAY), (0, 0), 0.6).astype(np.float32)
    red = redness(look) if combed else None
    count, labels, facts, _ = cv2.connectedComponentsWithStats(there)
    found = list[Beast]()
    for number in range(1, count):
        area = facts[number, cv2.CC_STAT_AREA]
        if area < LEAST * there.size or area < SHARE * there.sum():
            continue
        piece = np.asarray(labels) == number
        found += [beast(each, grey, 1 / share, red) for each in (parted(piece) if several else [piece])]
    return tuple(sorted(found, key=lambda one: -int(one.cells.sum())))


def beast(cells: np.ndarray, grey: np.ndarray, size: float, red: np.ndarray | None = None) -> Beast:
    """An animal that covers cells (h, w) bool of a grey picture (h, w) float32, each so many pixels wide; its head is where
    it is `red` (h, w), if that is known of it."""
    thick = thickness(cells)
    at = divmod(int((thick * cells).argmax()), cells.shape[1])
    radius, steps = float(thick[at]), walked(cells, at)
    round_ = roundness(grey, cv2.erode(cells.astype(np.uint8), BOX) > 0, radius)
    tips = _tips(cells, thick, steps, round_, radius)
    if red is not None:
        tips = _reddest(tips, red * cells)
    middle = (np.array(at[::-1]) + 0.5) * size
    farthest = max((len(tip.way) for tip in tips if not tip.edge), default=0)
    close = _close_up(cells) or farthest < COMPACT * radius
    heads = [tip for tip in tips if tip.score > SURE and (red is not None or not tip.foot(radius))]
    if close or not heads:
        crowned = close or all(tip.low < CROWN for tip in tips)
        head = _whole(cells, at, radius, size) if crowned else None
        rest = tips
    else:
        head = _head(cells, steps, heads, radius, size)
        near = np.linalg.norm([tip.way[0] - heads[0].way[0] for tip in tips], axis=1) < 1.2 * radius
        rest = [tip for tip, of_head in zip(tips, near, strict=True) if not of_head]
    feet = [] if close else [tip for tip in rest if tip.foot(radius) and not tip.edge]
    legs = _legs(cells, feet, radius, size)
    others = [] if close else [tip for tip in rest if not tip.foot(radius) and not tip.edge]
    wings = _wings(cells, [tip for tip in tips if not tip.edge], head, at, radius, size)
    tails = [tip for tip in others if tip.slim < TAIL * radius and len(tip.way) > 1.3 * radius]
    tails = [tip for tip in tails if head is None or head.share[tuple(tip.way[len(tip.way) // 3])] < 0.1]
    tail = max(tails, key=lambda tip: len(tip.way), default=None)
    found = ()
    if head is not None:
        along = np.abs(head.tip - middle)
        aside = bool(not close and along[0] > max(0.6 * radius * size, along[1]))
        inside = thick > (CLOSE if close else INSIDE) * head.radius / size
        found = eyes(grey, round_ * inside, head.tip / size, head.radius / size, size, aside)
    own = None if tail is None else _part(cells, tail, 0.3 * radius, size)
    return Beast(cells, middle, radius * size, head, own, legs, wings, found, close, _grounded(cells, grey))


def _grounded(cells: np.ndarray, grey: np.ndarray) -> bool:
    """Whether the lowest of an animal stands out from what is below it."""
    rows, columns = np.nonzero(cells)
    steps = list[float]()
    for column in np.unique(columns):
        low = int(rows[columns == column].max())
        if low > rows.max() - 0.25 * np.ptp(rows) and low + 3 < cells.shape[0]:
            above, below = grey[max(low - 2, 0) : low + 1, column], grey[low + 1 : low + 4, column]
            steps.append(abs(float(above.mean()) - float(below.mean())))
    return not steps or float(np.mean(np.array(steps) < FAINT)) < 0.3


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


def _reddest(tips: list[_Tip], red: np.ndarray) -> list[_Tip]:
    """The same, the one whose outer end is the reddest first, however low it is."""
    y, x = np.indices(red.shape)
    found = list[_Tip]()
    for tip in tips:
        row, column = tip.way[min(3, len(tip.way) - 1)]
        near = red * (np.hypot(y - row, x - column) < 6)
        found.append(replace(tip, score=tip.score + COMB * min(float(near.sum()) / 6, 1)))
    return sorted(found, key=lambda tip: -tip.score)


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


def _head(cells: np.ndarray, away: np.ndarray, heads: list[_Tip], radius: float, size: float) -> Part:
    """The head: about its best tip, and others that are near it (ears, a snout), and all that is farther `away` (h, w) from
    the middle of the body than its neck."""
    best = heads[0]
    middles = [best.way[best.knob]]
    for tip in heads[1:]:
        if np.linalg.norm(tip.way[tip.knob] - middles[0]) < radius and tip.score > 0.55 * best.score:
            middles.append(tip.way[tip.knob])
    middle = np.mean(middles, 0)
    apart = float(np.linalg.norm(np.array(middles) - middle, axis=1).max())
    wide = float(np.clip(max(best.thick[best.knob] * 1.2, 0.4 * radius, 0.8 * apart), 2.0, 0.9 * radius))
    inside = np.argwhere(cells)
    at = inside[np.linalg.norm(inside - middle, axis=1).argmin()]
    steps = walked(cells, (int(at[0]), int(at[1])))
    beyond = np.nan_to_num(away, posinf=0) - (len(best.way) - best.knob - 2.4 * wide)
    out = np.clip(beyond / (1.5 * wide), 0, 1)
    share = falling(steps, 2.4 * wide, 3.6 * wide) * out * out * (3 - 2 * out)
    share = spread(share, cells) * free(cells)
    back = best.way[min(len(best.way) - 1, best.knob + round(1.7 * wide))]
    tip, root = ((np.array(each[::-1]) + 0.5) * size for each in (middle, back))
    return Part(tip, root, wide * size, share)


def solid(one: Beast, matte: np.ndarray) -> bool:
    """Whether a matte (H, W) has no holes in it."""
    cells = cv2.resize(one.cells.astype(np.uint8), matte.shape[::-1], interpolation=cv2.INTER_NEAREST)
    inside = cv2.erode(cells, np.ones((7, 7), np.uint8)) > 0
    return bool(inside.any()) and float((matte[inside] > 0.75).mean()) > SOLID


def upright(one: Beast, size: float) -> Beast:
    """A figure that stands upright, in cells that are so many pixels wide: its head is its top, down to its neck, where the
    outline is narrowest below it; its legs stand side by side and are none that swing."""
    cells = one.cells
    rows = np.nonzero(cells.any(1))[0]
    top, tall = int(rows[0]), len(rows)
    widths = cv2.GaussianBlur(cells.sum(1).astype(np.float32)[:, None], (1, 5), 1.0)[:, 0]
    first, last = top + max(3, round(0.1 * tall)), top + round(0.5 * tall)
    if last - first < 3:
        return one
    neck = first + int(widths[first:last].argmin())
    above, below = float(widths[top:neck].max()), float(widths[neck : neck + max(3, round(0.2 * tall))].max())
    if widths[neck] > 0.85 * above or widths[neck] > 0.85 * below:
        return replace(one, head=None, eyes=(), legs=(), close=False)
    middle = float(np.nonzero(cells[top:neck])[1].mean())
    down = np.indices(cells.shape)[0]
    share = np.clip((neck + 0.12 * tall - down) / (0.16 * tall), 0, 1) * cells
    share = spread(share * share * (3 - 2 * share), cells) * free(cells)
    across = float(np.nonzero(cells[neck])[0].mean())
    tip, root = (np.array([x + 0.5, y + 0.5]) * size for x, y in ((middle, (top + neck) / 2), (across, neck)))
    return replace(one, head=Part(tip, root, 0.5 * above * size, share), eyes=(), legs=(), close=False)


def _whole(cells: np.ndarray, at: Cell, radius: float, size: float) -> Part:
    """A head that is all that is seen: it goes along the more, the higher it is and the farther from the picture's edges
    that cut it."""
    rows, columns = np.nonzero(cells)
    down = np.indices(cells.shape)[0]
    tall = float(np.ptp(rows)) + 1
    share = np.clip((rows.max() - down) / (0.55 * tall), 0, 1) * cells
    share = spread(share * share * (3 - 2 * share), cells) * free(cells)
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
    share = spread(falling(steps, 0.6 * long, 1.1 * long), cells)
    ends = ((np.array(tip.way[number][::-1]) + 0.5) * size for number in (0, root))
    return Part(next(ends), next(ends), tip.slim * size, share)


def _legs(cells: np.ndarray, feet: list[_Tip], radius: float, size: float) -> tuple[Part, ...]:
    """The legs, from our left to our right; feet that stand together are one."""
    groups = list[list[_Tip]]()
    for tip in sorted(feet, key=lambda tip: tip.way[0][1]):
        if groups and tip.way[0][1] - groups[-1][-1].way[0][1] < TOGETHER * radius:
            groups[-1].append(tip)
        else:
            groups.append([tip])
    made = list[Part]()
    for group in groups:
        parts = [_part(cells, tip, 0.75 * radius, size) for tip in group]
        tip, root = (np.mean([getattr(part, name) for part in parts], axis=0) for name in ("tip", "root"))
        made.append(Part(tip, root, parts[0].radius, np.max([part.share for part in parts], axis=0)))
    return tuple(made)


def _wings(
    cells: np.ndarray, tips: list[_Tip], head: Part | None, at: Cell, radius: float, size: float
) -> tuple[Part, ...]:
    """Two wide protrusions, one to each side; nothing where there are no such two, or one of them is rather a head."""
    sides = list[_Tip]()
    for side in (-1, 1):
        of_side = [tip for tip in tips if side * (tip.way[0][1] - at[1]) > 1.3 * radius and tip.low > 2 * LOW]
        if of_side:
            sides.append(max(of_side, key=lambda tip: len(tip.way)))
    if len(sides) < 2:
        return ()
    of_head = head is not None and any(head.share[tuple(tip.way[0])] > 0.5 for tip in sides)
    long, slim = min(len(tip.way) for tip in sides), max(tip.slim for tip in sides)
    if of_head and (long < SPREAD * radius or slim > 0.3 * radius):
        return ()
    return tuple(_part(cells, tip, 0.75 * radius, size) for tip in sides)
