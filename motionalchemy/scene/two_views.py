"""Two pictures of one thing from two sides: by what turn the one becomes the other, and how near each place of them is.

The thing turns about an upright axis through the middle of the picture before a camera that looks down on it: an orbit of
the camera is the same. Nearness is that of the axis divided by that of a place, so it is 1 on the axis and more before it.
Either only the subject turns, before a ground that stands, or all that is seen does.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.scene import depth, segmentation

SIDE, SMALL = 176, 96  # pixels of the longer side at which nearness is found, and the turn
LENS = 1.8  # picture widths: how far away the axis is, in the size that things have there; 31 degrees are seen
TILTS = (4.0, 11.0, 18.0, 25.0, 32.0)  # degrees by which a camera may look down
TURNS = (6.0, 12.0, 22.0, 32.0, 45.0)  # degrees that are tried where nobody says how far it goes
MOST = 75.0  # degrees: two views that lie further apart show too little in common
SUBJECT, ALL = (0.8, 1.3, 40), (0.12, 1.5, 56)  # of nearness, least and most, and how many planes lie there
DIFFERENT = 25.0  # grey levels, from which on two places are simply different
GENTLE, JUMP, EDGE = 2.0, 14.0, 12.0  # costs of a step to the next plane and of any other; grey levels that halve it
SURE = 0.035  # of nearness, within which both views have to agree
GUESS, SPREAD = 6.0, 0.05  # cost of what is far from the nearness guessed from one picture, and what counts as far
NEARBY = 5  # pixels that an outline is allowed to be wrong by, twice
BESIDE = 2 * DIFFERENT  # cost of a place that would lie beside the subject as the other view shows it


@dataclass(frozen=True)
class Turn:
    """A turn by `degrees` from the first picture to the last, to the left if they are fewer than 0, seen by a camera
    that looks down by `tilt` degrees; whether the ground `stands`; and how badly both pictures agree, in grey levels."""

    degrees: float
    tilt: float
    stands: bool
    cost: float = 0.0

    def matrix(self, share: float) -> np.ndarray:
        """The rotation (3, 3) by a share of the turn (Rodrigues)."""
        tilt, angle = np.radians(self.tilt), np.radians(self.degrees * share)
        axis = np.array([0.0, np.cos(tilt), np.sin(tilt)])
        cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
        return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross

    @property
    def planes(self) -> np.ndarray:
        """The nearnesses that are tried."""
        return np.linspace(*(SUBJECT if self.stands else ALL)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class View:
    """A `picture` (H, W, 3) uint8, the `colours` of what turns in it, led on to its rim, (H, W, 3) uint8, and its
    `nearness` (H, W) float32; where it shows a `ground` that stands, where the `rim` of what turns, whose colours are
    mixed with what is behind, and where its nearness is `unsure`, for the other view shows nothing there: (H, W) bool."""

    picture: np.ndarray
    colours: np.ndarray
    nearness: np.ndarray
    ground: np.ndarray
    rim: np.ndarray
    unsure: np.ndarray


def placed(nearness: np.ndarray | float, turned: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, ...]:
    """Where the places of a picture of a size (H, W) are seen after a rotation (3, 3): right, down, and how near."""
    high, wide = size
    side = max(high, wide)
    down, right = np.mgrid[:high, :wide].astype(np.float32)
    near = np.broadcast_to(np.float32(nearness), (high, wide))
    point = ((right - (wide - 1) / 2) / side / near, (down - (high - 1) / 2) / side / near, LENS / near - LENS)
    x, y, z = (sum(float(turned[row, at]) * point[at] for at in range(3)) for row in range(3))
    seen = LENS / np.maximum(LENS + z, 0.05)
    return (
        (x * seen * side + (wide - 1) / 2).astype(np.float32),
        (y * seen * side + (high - 1) / 2).astype(np.float32),
        np.asarray(seen, np.float32),
    )


def turn_between(first: np.ndarray, last: np.ndarray, degrees: float | None) -> Turn | None:
    """The turn by which two pictures (H, W, 3) uint8 agree best, to either side, by so many degrees if they are known;
    None where they are too many."""
    if degrees is not None and not 1.0 <= abs(degrees) <= MOST:
        return None
    small = [_scaled(picture, SMALL) for picture in (first, last)]
    tried = [
        Turn(side * size, tilt, stands)
        for stands in (True, False)
        for size in ((abs(degrees),) if degrees else TURNS)
        for tilt in (TILTS if degrees else TILTS[1::2])
        for side in (1, -1)
    ]
    costs = [
        sum(
            float(_costs(a, b, turn, turn.matrix(share), still=turn.stands).min(-1).mean())
            for a, b, share in ((small[0], small[1], 1), (small[1], small[0], -1))
        )
        for turn in tried
    ]
    best = int(np.argmin(costs))
    return Turn(tried[best].degrees, tried[best].tilt, tried[best].stands, costs[best])


def views(first: np.ndarray, last: np.ndarray, turn: Turn) -> tuple[View, View]:
    """Both pictures with their nearness. Raises InputError where a subject has to be found and is not."""
    pictures = first, last
    size = first.shape[:2]
    small = [_scaled(picture, SIDE) for picture in pictures]
    mattes = [_matte(picture) if turn.stands else np.ones(size, np.float32) for picture in pictures]
    subjects = [cv2.resize(matte, small[0].shape[1::-1], interpolation=cv2.INTER_AREA) > 0.3 for matte in mattes]
    turned = turn.matrix(1), turn.matrix(-1)
    hulls = subjects if turn.stands else [None, None]
    costs = [_costs(small[n], small[1 - n], turn, turned[n], hulls[1 - n]) for n in (0, 1)]
    guesses = [depth.nearness(picture) for picture in small]
    found = [_chosen(costs[n], small[n], turn.planes) for n in (0, 1)]
    for _ in range(2):
        agree = [_agreeing(found[n], found[1 - n], turned[n], subjects, n) for n in (0, 1)]
        found = [
            _chosen(_guessed(costs[n], found[n], agree[n], guesses[n], turn), small[n], turn.planes) for n in (0, 1)
        ]
    whole = [cv2.resize(_even(near), size[::-1], interpolation=cv2.INTER_LINEAR) for near in found]
    grounds = [(matte < 0.5) & turn.stands for matte in mattes]
    made = list[View]()
    for n, (picture, near, ground) in enumerate(zip(pictures, whole, grounds, strict=True)):
        rim = cv2.dilate(ground.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        x, y, _ = placed(near, turned[n], (size[0], size[1]))
        beyond = cv2.erode(grounds[1 - n].astype(np.float32), np.ones((NEARBY, NEARBY)))
        beside = cv2.remap(beyond, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 0.5
        clean = _led_on(picture, rim)
        made.append(View(picture, clean, near, ground, rim, beside & ~ground))
    return made[0], made[1]


def _scaled(picture: np.ndarray, side: int) -> np.ndarray:
    scale = min(1.0, side / max(picture.shape[:2]))
    return np.ascontiguousarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _matte(picture: np.ndarray) -> np.ndarray:
    found = segmentation.subject_masks(picture[None])[0].reshape(picture.shape[:2]).astype(np.float32)
    if not 0.002 < float((found > 0.5).mean()) < 0.9:
        raise InputError("no subject stands out from this view: give pictures in which it does")
    return found


def _led_on(picture: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """A picture whose rim (H, W) bool has the colours of what it is the rim of; what is thin is all rim, and stays."""
    inner = (~rim).astype(np.uint8)
    if not rim.any() or not inner.any():
        return picture
    led = segmentation.by_opacity(picture, inner[..., None].astype(np.float32))[..., :3]
    beside = rim & (cv2.dilate(inner, np.ones((3, 3), np.uint8)) > 0)
    return np.where(beside[..., None], led, picture)


def _look(picture: np.ndarray) -> np.ndarray:
    """What of a picture is compared: its colours, and more so how they differ from what is around."""
    colours = picture.astype(np.float32)
    return np.dstack((colours / 2, colours - cv2.GaussianBlur(colours, (0, 0), 3)))


def _costs(
    here: np.ndarray, there: np.ndarray, turn: Turn, turned: np.ndarray, subject: np.ndarray | None = None,
    still: bool = False,
) -> np.ndarray:  # fmt: skip
    """How badly two pictures agree if all of the first lay on each plane (h, w, planes), and if it stood `still`."""
    mine, other = _look(here), _look(there)
    size, mean = here.shape[:2], np.full(mine.shape[2], 1 / mine.shape[2], np.float32)
    beside = None if subject is None else (~subject).astype(np.float32)

    def apart(seen: np.ndarray) -> np.ndarray:
        each = cv2.transform(cv2.absdiff(mine, seen), mean[None])
        return cv2.boxFilter(np.minimum(each, DIFFERENT), -1, (5, 5))

    found = list[np.ndarray]()
    for near in turn.planes:
        x, y, _ = placed(float(near), turned, size)
        cost = apart(cv2.remap(other, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        if beside is not None:
            cost += BESIDE * cv2.remap(beside, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1.0)
        found.append(cost)
    return np.stack([*found, apart(other)] if still else found, -1)


def _chosen(costs: np.ndarray, picture: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """The nearness (h, w) of least cost that changes smoothly but at edges of the colours: semi-global matching
    (Hirschmüller 2008) along rows and columns, its minimum found between planes by a parabola."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    total = _along(costs, grey) + _along(costs[::-1], grey[::-1])[::-1]
    across, grey = costs.transpose(1, 0, 2), grey.T
    total += (_along(across, grey) + _along(across[::-1], grey[::-1])[::-1]).transpose(1, 0, 2)
    best = total.argmin(-1)
    inner = best.clip(1, len(planes) - 2)
    before, at, after = (np.take_along_axis(total, (inner + step)[..., None], -1)[..., 0] for step in (-1, 0, 1))
    bend = np.maximum(before + after - 2 * at, 1e-3)
    aside = np.where(best == inner, ((before - after) / (2 * bend)).clip(-0.5, 0.5), 0)
    return np.interp(best + aside, np.arange(len(planes)), planes).astype(np.float32)


def _along(costs: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """The least cost of a path that comes down the rows to each place (h, w, planes)."""
    found = np.empty_like(costs)
    found[0] = last = costs[0]
    jumps = np.maximum(JUMP / (1 + np.abs(np.diff(grey, axis=0)) / EDGE), 1.1 * GENTLE)
    beside = np.full((costs.shape[1], costs.shape[2] + 2), np.inf, costs.dtype)
    for row in range(1, len(costs)):
        least = last.min(-1, keepdims=True)
        beside[:, 1:-1] = last + GENTLE
        step = np.minimum(np.minimum(last, least + jumps[row - 1][:, None]), np.minimum(beside[:, :-2], beside[:, 2:]))
        found[row] = last = costs[row] + step - least
    return found


def _agreeing(
    near: np.ndarray, other: np.ndarray, turned: np.ndarray, subjects: list[np.ndarray], number: int
) -> np.ndarray:
    """Where the other view is as near as this one says (h, w) bool."""
    x, y, seen = placed(near, turned, (near.shape[0], near.shape[1]))
    there = cv2.remap(other, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=9.0)
    inside = cv2.remap(subjects[1 - number].astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return (np.abs(there - seen) < SURE) & (inside > 0.5) & subjects[number]


def _guessed(costs: np.ndarray, near: np.ndarray, agree: np.ndarray, guess: np.ndarray, turn: Turn) -> np.ndarray:
    """The costs with what one picture alone says of its depth, which counts where the views do not agree; its scale
    and shift are found where they do."""
    slope, shift = 0.0, 1.0
    if agree.sum() > 60:
        row, seen = np.stack((guess[agree], np.ones(agree.sum())), 1), near[agree]
        weight = np.ones(len(seen))
        for _ in range(6):
            slope, shift = np.linalg.lstsq(row * weight[:, None], seen * weight, rcond=None)[0]
            weight = 1 / np.maximum(np.abs(row @ (slope, shift) - seen), 0.01)
        if slope < 0:
            slope, shift = 0.0, float(np.median(seen))
    far = np.abs(turn.planes - (slope * guess + shift)[..., None]) / SPREAD
    own = GUESS * np.minimum(far, 1)
    return np.where(agree[..., None], costs + own / 5, _bounded(costs) + own).astype(np.float32)


def _bounded(costs: np.ndarray) -> np.ndarray:
    """Half of the costs, no place costing more than GUESS but for lying beside the subject."""
    beside = costs > DIFFERENT
    return np.where(beside, costs, np.minimum(costs, 2 * GUESS) / 2)


def _even(near: np.ndarray) -> np.ndarray:
    return cv2.bilateralFilter(cv2.medianBlur(near, 5), 7, 0.04, 3)
