"""Things in a picture that can go their way as they are: each with its own matte, its reflection and its shadow."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import torch

from motionalchemy.media import pullpush, resize
from motionalchemy.media.guided import guided
from motionalchemy.scene import silhouette
from motionalchemy.scene.parse import Scene

SEEN = 320  # pixels of the longer side at which outlines are found
HINT, THERE, SURE = 0.1, 0.3, 0.8  # of what stands out, from which a place of a thing that is hardly seen may be of it,
# from which any may be, and from which it is
PIECE = 0.25  # of the largest piece of what was found of a thing, from which on another one is a part of it
LOOK = 1.7  # times as large as what was found of a thing is the part of a picture at which is looked again
AROUND = 0.25  # of the size of a thing: how far beyond what stands out the rest of it may lie
WEAK = 0.4  # of what stands out: what is less sure than that is taken to reach as far as its hull
LESS, MORE = 0.6, 2.5  # times as large as what stands out is what is cut out of it, else the cut is not trusted
HOLE = 0.12  # of a thing, that a hole in it is filled up to
GAP = 0.03  # of the width: parts that are nearer to each other are one thing
LEAST, ALIKE = 0.002, 0.06  # of the picture, that a thing covers; of the largest one, that others cover at least
LARGEST, FILLS = 0.55, 0.8  # of the picture: what covers more is no thing in it, and none that turns in its place
BUILT = 0.5  # of a thing, that is building or land where it is none that goes
VEHICLE, MOSTLY = 0.35, 0.35  # how surely a place is of a vehicle; of what stands out, that is where one is meant
HELD = 0.6  # of what is seen as a vehicle, that stands out where it is looked at closer, and no more than so many times
SAME = 0.6  # of what two mattes cover together, that both cover if they are of one thing
MIRRORED = 0.55  # correlation of a thing with what is upside down below it, from which on that is its reflection
WATER = 0.4  # of what is around the lower half of a thing, that is water where it stands in it
UNEVEN = 0.25  # of the ground beside a thing, that may be darker or lighter, where a shadow is to be found
DARKER, GREYER = (
    0.12,
    0.14,
)  # how much darker than the ground a shadow is at least, and how unlike in its colours at most


@dataclass(frozen=True, eq=False)
class Thing:
    """A thing: its `rgba` (H, W, 4) float32, colours in [0, 255] times its matte, and that, and where it stands in the
    picture, `box` (left, top, right, low) in pixels; its `reflection` like it, and how dark its `shadow` is, (H, W) in
    [0, 1], None where it has none; and whether it is drawn on `paper`, before which nothing is nearer."""

    rgba: np.ndarray
    box: tuple[int, int, int, int]
    reflection: np.ndarray | None = None
    shadow: np.ndarray | None = None
    paper: bool = False

    @property
    def matte(self) -> np.ndarray:
        """How much of each place it covers, (H, W) in [0, 1]."""
        return self.rgba[..., 3]


Stands = Literal["ground", "water", "air"]


def things(scene: Scene, many: bool, on: Stands, vehicle: bool = False, in_place: bool = False) -> tuple[Thing, ...]:
    """What stands out in a scene, the largest of it, or the several of it from left to right; with its shadow on the
    ground, or its reflection in water, `on` which it stands. Where a `vehicle` is meant and what stands out is mostly none,
    it is what is seen as one. What stays `in_place` may be larger."""
    found = None if scene.subject is None else scene.subject.opacity.numpy().astype(np.float32)
    rough = driven(scene, found) if vehicle else found
    if rough is None:
        return ()
    figure = None if many else penned(scene.picture, rough)
    cut = outlined(scene.picture, np.maximum(rough, looked(scene.picture, rough, many))) if figure is None else figure
    most = LARGEST if figure is None and not in_place else FILLS
    parts = [part for part in _parted(cut, many) if part.mean() <= most]
    if many:
        parts.sort(key=lambda part: float(np.nonzero(part.any(0))[0].mean()))
    else:
        parts = parts[:1]
    if figure is not None:
        return tuple(Thing(layer(scene.picture, part, paper=True), _box(part), paper=True) for part in parts)
    return tuple(_thing(scene, part, on) for part in parts)


def driven(scene: Scene, found: np.ndarray | None) -> np.ndarray | None:
    """The rough matte (H, W) of what is seen as a vehicle, if what was `found` to stand out is mostly none; else that;
    None where it cannot be told from what is around it."""
    seen = scene.regions.of("vehicle").astype(np.float32)
    there = cv2.GaussianBlur(seen, (0, 0), 1.0) > VEHICLE
    if found is not None:
        own = cv2.resize(found, seen.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
        if own.any() and float(there[own].mean()) > MOSTLY:
            return found
    parts = _near(there, max(2, round(GAP * seen.shape[1])))
    if not parts or parts[0].mean() < 2 * LEAST:
        return found
    part = cv2.resize(parts[0].astype(np.float32), scene.picture.shape[1::-1]) > 0.5
    whole = closer(scene.picture, part)
    if whole is None:
        return found
    whole = whole * _joined((whole > THERE).astype(np.uint8), part)
    sure, area = (whole > 0.5), float(part.sum())
    return whole if (sure & part).sum() > HELD * area and sure.sum() < area / HELD**2 else None


def penned(picture: np.ndarray, rough: np.ndarray) -> np.ndarray | None:
    """The matte (H, W) of the one figure that is drawn on paper, with all that its ink encloses, if it is what stands
    out by a `rough` matte (H, W); None where it is not, or there is no paper."""
    matte, paper = silhouette.drawing(picture)
    there, found = rough > 0.5, matte > 0.5
    return matte if paper and (there & found).sum() > SAME * (there | found).sum() else None


def looked(picture: np.ndarray, rough: np.ndarray, many: bool) -> np.ndarray:
    """What stands out (H, W) in [0, 1] of the part of a picture around a `rough` matte (H, W) that is in pieces, seen in
    large: of a thing of which a look at the whole found only parts that is more. One piece is left as it is."""
    there = rough > THERE
    if not there.any():
        return rough
    parts = _near(there, max(2, round(GAP * rough.shape[1])))
    large = [part for part in parts if part.sum() > PIECE * parts[0].sum()]
    if many or len(large) == 1:
        return rough
    seen = closer(picture, np.any(large, 0))
    return rough if seen is None else seen * _joined((seen > THERE).astype(np.uint8), there)


def closer(picture: np.ndarray, shown: np.ndarray) -> np.ndarray | None:
    """What stands out (H, W) in [0, 1] of the part of a picture around a mask `shown` (H, W) bool, seen in large; None
    where that part is nearly the whole."""
    from motionalchemy.parts import networks

    rows, columns = (np.nonzero(shown.any(axis))[0] for axis in (1, 0))
    side = LOOK * max(rows[-1] - rows[0], columns[-1] - columns[0]) + 8
    if side > 0.8 * max(shown.shape):
        return None
    y, x = (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2
    top, left = max(int(y - side / 2), 0), max(int(x - side / 2), 0)
    crop = (slice(top, int(y + side / 2)), slice(left, int(x + side / 2)))
    part = np.ascontiguousarray(picture[crop])
    scale = SEEN / max(part.shape[:2])
    large = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    found = cv2.resize(networks.foreground(large).astype(np.float32), part.shape[1::-1], interpolation=cv2.INTER_AREA)
    more = np.zeros(shown.shape, np.float32)
    more[crop] = ((found - 0.3) / 0.4).clip(0, 1)
    return more


def outlined(picture: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """Where things are, (H, W) in [0, 1], of which a `rough` matte (H, W) shows where they stand out: what is of their
    colours and not of those around them is theirs (Rother et al., GrabCut, 2004)."""
    high, wide = picture.shape[:2]
    scale = min(1.0, SEEN / max(high, wide))
    size = max(8, round(high * scale)), max(8, round(wide * scale))
    small, seen = resize.scaled(picture, *size), cv2.resize(rough, size[::-1], interpolation=cv2.INTER_AREA)
    there = seen > HINT
    found = np.zeros(size, np.float32)
    for part in _near(there, max(2, round(GAP * size[1]))):
        if (seen[part] > THERE).any():
            found = np.maximum(found, _cut(small, np.where(part, seen, 0)))
    matte = guided(found[..., None], small.astype(np.float32) / 255, picture.astype(np.float32) / 255, reach=3)[..., 0]
    return ((matte - 0.25) / 0.5).clip(0, 1).astype(np.float32)


def _cut(picture: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """One thing (h, w) in [0, 1] cut out of a small picture by where it stands out."""
    weak = (rough > SURE).sum() < WEAK * (rough > HINT).sum()
    there = rough > (HINT if weak else THERE)
    rows, columns = (np.nonzero(there.any(axis))[0] for axis in (1, 0))
    reach = max(4, round(AROUND * max(rows[-1] - rows[0], columns[-1] - columns[0])))
    away = cv2.distanceTransform((~there).astype(np.uint8), cv2.DIST_L2, 5)
    inside = cv2.distanceTransform(np.pad((rough > SURE).astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 5)[1:-1, 1:-1]
    mask = np.where(there, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if weak:
        corners = cv2.convexHull(np.argwhere(there)[:, ::-1].astype(np.int32))
        cv2.fillConvexPoly(mask, corners, cv2.GC_PR_FGD)
    mask[inside > min(2.5, 0.4 * float(inside.max()))] = cv2.GC_FGD
    mask[away > reach] = cv2.GC_BGD
    top, low = max(rows[0] - 2 * reach, 0), rows[-1] + 2 * reach
    left, right = max(columns[0] - 2 * reach, 0), columns[-1] + 2 * reach
    crop = (slice(top, low), slice(left, right))
    part = np.ascontiguousarray(mask[crop])
    whole = there.astype(np.float32)
    if there.sum() > 8 and (part == cv2.GC_BGD).any():
        cv2.setRNGSeed(0)
        cv2.grabCut(np.ascontiguousarray(picture[crop]), part, None, *np.zeros((2, 1, 65)), 4, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
        own = (part == cv2.GC_FGD) | (part == cv2.GC_PR_FGD)
        own = _joined(cv2.morphologyEx(own.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), there[crop])
        if LESS <= own.sum() / there.sum() <= MORE:
            whole = (
                cv2.morphologyEx((rough > SURE).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
            ).astype(np.float32)
            whole[crop] = np.maximum(whole[crop], own)
    return _without_holes(whole > 0.5).astype(np.float32)


def _joined(own: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The parts (h, w) bool of a cut that hang together with what stands out."""
    _, label = cv2.connectedComponents(own)
    label = np.asarray(label)
    return np.isin(label, np.setdiff1d(np.unique(label[there]), [0]))


def _without_holes(there: np.ndarray) -> np.ndarray:
    """A mask (h, w) bool without the small holes in it."""
    count, label, facts, _ = cv2.connectedComponentsWithStats((~np.pad(there, 1)).astype(np.uint8), connectivity=4)
    label, outside = np.asarray(label), int(np.asarray(label)[0, 0])
    small = [n for n in range(1, count) if n != outside and facts[n, cv2.CC_STAT_AREA] < HOLE * there.sum()]
    return there | np.isin(label, small)[1:-1, 1:-1]


def _near(there: np.ndarray, gap: int) -> list[np.ndarray]:
    """The parts (h, w) bool of a mask, those as one that are nearer to each other than a gap; the largest first."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap | 1, gap | 1))
    count, label = cv2.connectedComponents(cv2.dilate(there.astype(np.uint8), kernel))
    label = np.asarray(label)
    parts = [there & (label == n) for n in range(1, count)]
    return sorted(parts, key=lambda part: -int(part.sum()))


def _parted(cut: np.ndarray, many: bool) -> list[np.ndarray]:
    """The things (H, W) in [0, 1] of a matte, the largest first; of `many` also those that are much smaller."""
    wide = cut.shape[1]
    parts = _near(cut > THERE, max(2, round(GAP * wide)))
    parts = _hung(parts)
    if not parts:
        return []
    least = max(LEAST * cut.size * (0.3 if many else 1.0), ALIKE * parts[0].sum())
    parts = [part for part in parts if part.sum() > least] or parts[:1]
    grown = [cv2.dilate(part.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0 for part in parts]
    found = list[np.ndarray]()
    for number, part in enumerate(grown):
        others = np.any([other for n, other in enumerate(parts) if n != number], 0) if len(parts) > 1 else False
        found.append((cut * (part & ~np.asarray(others))).astype(np.float32))
    return found


def _hung(parts: list[np.ndarray]) -> list[np.ndarray]:
    """Parts (H, W) bool, what hangs right below a larger one, as a basket below its balloon, joined with it."""
    made = list[np.ndarray]()
    for part in parts:
        columns, rows = np.nonzero(part.any(0))[0], np.nonzero(part.any(1))[0]
        for number, large in enumerate(made):
            across, down = np.nonzero(large.any(0))[0], np.nonzero(large.any(1))[0]
            inside = across[0] <= columns[0] and columns[-1] <= across[-1]
            if inside and 0 <= rows[0] - down[-1] < 0.35 * (down[-1] - down[0]) and part.sum() < 0.3 * large.sum():
                made[number] = large | part
                break
        else:
            made.append(part)
    return made


def built(scene: Scene, thing: Thing) -> bool:
    """Whether what stands out is a building or land, which go nowhere."""
    land = scene.regions.of("building", "mountain")
    there = cv2.resize(thing.matte, land.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return bool(there.any()) and float(land[there].mean()) > BUILT


def _thing(scene: Scene, matte: np.ndarray, on: Stands) -> Thing:
    """A thing by its matte (H, W), without its reflection, which is its own."""
    mirrored = None
    if on == "water" and _wet(scene, matte):
        matte, mirrored = _unmirrored(scene.picture, matte)
    box = _box(matte)
    reflection = None if mirrored is None else layer(scene.picture, mirrored)
    shadow = _shaded(scene.picture, matte, box) if on == "ground" else None
    return Thing(layer(scene.picture, matte), box, reflection, shadow)


def _box(matte: np.ndarray) -> tuple[int, int, int, int]:
    """Where a matte (H, W) is, left, top, right and low, in pixels."""
    rows, columns = (np.nonzero((matte > THERE).any(axis))[0] for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _wet(scene: Scene, matte: np.ndarray) -> bool:
    """Whether a thing stands in water."""
    water = scene.regions.of("water")
    there = cv2.resize(matte, water.shape[::-1], interpolation=cv2.INTER_AREA) > 0.05
    rows = np.nonzero(there.any(1))[0]
    around = cv2.dilate(there.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool) & ~there
    around[: (rows[0] + rows[-1]) // 2] = False
    return bool(around.any()) and float(water[around].mean()) > WATER


def layer(picture: np.ndarray, matte: np.ndarray, paper: bool = False) -> np.ndarray:
    """A layer (H, W, 4) of a picture by its matte (H, W): at its edge it has the colours of its inside, or, if it goes over
    the same `paper`, those of the picture."""
    if paper:
        return np.dstack((picture * matte[..., None], matte)).astype(np.float32)
    colours = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    sure = torch.from_numpy((matte > 0.97).astype(np.float32))[None, None]
    led = pullpush.pull_push(colours, sure)[0].permute(1, 2, 0).numpy() if bool(sure.any()) else picture
    shown = np.where(matte[..., None] > 0.97, picture, led)
    return np.dstack((shown * matte[..., None], matte)).astype(np.float32)


def _unmirrored(picture: np.ndarray, matte: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """A matte (H, W) without what of it is the mirror image of its upper part in water, and that; None where none is.

    The line between both is where what lies above it is most like what lies below it, upside down.
    """
    high = matte.shape[0]
    rows, columns = (np.nonzero((matte > THERE).any(axis))[0] for axis in (1, 0))
    top, low, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    best, line = MIRRORED, 0
    for at in range(top + (low - top) // 3, min(low + 1, high - 3)):
        tall = min(at - top, high - at, (low - top) // 2)
        if tall < max(3, (low - top) // 5):
            continue
        own = matte[at - tall : at, left:right][::-1] > 0.5
        above, below = grey[at - tall : at, left:right][::-1][own], grey[at : at + tall, left:right][own]
        if own.sum() > 20 and min(above.std(), below.std()) > 2:
            like = float(np.corrcoef(above, below)[0, 1])
            if like > best:
                best, line = like, at
    if not line:
        return matte, None
    mirrored, own = np.zeros_like(matte), matte.copy()
    own[line:] = 0
    tall = min(line - top, high - line)
    mirrored[line : line + tall] = own[line - tall : line][::-1]
    if own.sum() < 0.3 * matte.sum():
        return matte, None
    return own, mirrored


def _shaded(picture: np.ndarray, matte: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray | None:
    """How dark (H, W) the shadow is that a thing throws on the ground around its foot, in [0, 1]; None where none is."""
    left, top, right, low = box
    high, wide = matte.shape
    tall, broad = low - top, right - left
    rows, columns = np.indices((high, wide), np.float32)
    near = (np.abs(rows - low) < 0.22 * tall + 2) & (columns > left - 0.4 * broad) & (columns < right + 0.4 * broad)
    outside = near & (matte < 0.05)
    beside = outside & ((columns < left - 0.1 * broad) | (columns > right + 0.1 * broad))
    if beside.sum() < 30 or low > high - 3:
        return None
    colours = picture.astype(np.float32) + 4
    share = colours / np.median(colours[beside], 0)
    rest = share.mean(-1)
    dark = outside & (rest < 1 - DARKER) & (share.max(-1) - share.min(-1) < GREYER)
    dark = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    own = cv2.dilate((matte > 0.5).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    kept = _joined(dark, own & (dark > 0))
    uneven = np.abs(rest[beside] - np.median(rest[beside])) > DARKER
    if not 0.01 * matte.sum() < kept.sum() < 0.6 * matte.sum() or float(uneven.mean()) > UNEVEN:
        return None
    mask = cv2.GaussianBlur(cv2.dilate(kept.astype(np.float32), np.ones((3, 3), np.uint8)), (0, 0), 1.0)
    return (mask * (1 - rest).clip(0, 0.7) * (1 - matte)).astype(np.float32)
