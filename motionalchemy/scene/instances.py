"""The several things that stand out in a picture, each with its own matte, its kind and what it may be called."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.media.guided import guided
from motionalchemy.scene import matting, splitting
from motionalchemy.scene.points import Face, Pose
from motionalchemy.scene.regions import Regions

KINDS = {"person": ("hair", "skin", "clothes"), "animal": ("animal",), "vehicle": ("vehicle",), "building": ("building",),
         "plants": ("plants",)}  # fmt: skip
THERE = 0.4  # of an opacity, from which a place is of a thing
LEAST, ALIKE = 0.003, 0.04  # of the picture, and of the largest thing, that others cover at least
SURE = 0.85  # of a kind, from which on what does not stand out is a thing too
MOST = 12  # things, at most
ENDS = 0.035  # of the size of a thing: how far about its outline hair and fur may end
SOFT = 0.25  # of what is about an outline, that may be hair or fur where it is


@dataclass(frozen=True, eq=False)
class Instance:
    """A thing: its `matte` (H, W) float32 in [0, 1], its `box` (left, top, right, low) in pixels, how likely it is of each
    of KINDS (`kinds`), how `near` it is, its median colour (`colour`, RGB in 0..255), and whether
    a face or a body was found in it, `someone`."""

    matte: np.ndarray
    box: tuple[int, int, int, int]
    kinds: dict[str, float]
    near: float
    colour: tuple[float, float, float]
    someone: bool = False

    @property
    def area(self) -> float:
        """The share of the picture that it covers."""
        return float(self.matte.mean())

    @property
    def middle(self) -> tuple[float, float]:
        """Where it is, right and down, in shares of the picture's width and height."""
        high, wide = self.matte.shape
        return (self.box[0] + self.box[2]) / 2 / wide, (self.box[1] + self.box[3]) / 2 / high


def kinds(found: Regions) -> np.ndarray:
    """How likely each place is of each of KINDS, (5, h, w)."""
    return np.stack([found.of(*names) for names in KINDS.values()])


def connected(mask: np.ndarray) -> list[np.ndarray]:
    """The connected parts (H, W) bool of a mask (H, W) bool, the largest first."""
    count, label, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    label = np.asarray(label)
    order = np.argsort(-facts[1:, cv2.CC_STAT_AREA], kind="stable") + 1 if count > 1 else []
    return [label == number for number in order]


def instances(
    picture: np.ndarray,
    opacity: np.ndarray | None,
    nearness: np.ndarray,
    found: Regions,
    faces: Sequence[Face] = (),
    bodies: Sequence[Pose] = (),
) -> tuple[Instance, ...]:
    """The things of a picture (H, W, 3) uint8, the largest first, of which an `opacity` (H, W) shows what stands out, and
    the rest what is near, what it belongs to, and where faces and bodies are."""
    maps = kinds(found)
    size = splitting.sized(picture.shape[:2])
    sight = splitting.Sight.of(picture, nearness, maps)
    salient = (
        np.zeros(size, np.float32) if opacity is None else cv2.resize(opacity, size[::-1], interpolation=cv2.INTER_AREA)
    )
    heads = [_points(pose.points[pose.seen > 0.5], picture.shape[:2], size) for pose in bodies]
    for face in faces:
        points = _points(face.points, picture.shape[:2], size)
        heads += [] if _within(points, heads) else [points]
    parts = [
        thing
        for part in connected(salient > THERE)
        if part.mean() > LEAST
        for thing in splitting.parted(part, sight, heads)
    ]
    parts += _others(sight.kinds, salient, heads)
    parts.sort(key=lambda part: -int(part.sum()))
    parts = [part for part in parts if part.sum() > max(LEAST * part.size, ALIKE * parts[0].sum())][:MOST]
    mattes = _mattes(picture, parts, opacity)
    return tuple(
        _instance(picture, part, matte, sight, found, heads)
        for part, matte in zip(parts, mattes, strict=True)
        if (matte > THERE).any()
    )


def _others(maps: np.ndarray, salient: np.ndarray, heads: list[np.ndarray]) -> list[np.ndarray]:
    """Things (h, w) bool that do not stand out, but surely are people, animals or vehicles."""
    found = list[np.ndarray]()
    for number, name in enumerate(KINDS):
        if name in ("building", "plants"):
            continue
        for part in connected((maps[number] > 0.5) & (salient < 0.2)):
            sure = float(maps[number][part].mean())
            ring = cv2.dilate(part.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool) & ~part
            beside = float((salient[ring] > THERE).mean()) if ring.any() else 1.0
            held = any(_inside(points, part) > 0.4 for points in heads)
            if part.mean() > LEAST and beside < 0.15 and (held or (sure > SURE and not heads)):
                found.append(part)
    return found


def _mattes(picture: np.ndarray, parts: list[np.ndarray], opacity: np.ndarray | None) -> list[np.ndarray]:
    """The mattes (H, W) of parts (h, w) bool: they share what stands out, along the edges of the picture."""
    if not parts:
        return []
    high, wide = picture.shape[:2]
    small = cv2.resize(picture, parts[0].shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    maps = np.stack([part.astype(np.float32) for part in parts], 2)
    raised = guided(maps, small, picture.astype(np.float32) / 255, reach=2).clip(0, 1)
    total = raised.sum(2)
    found = list[np.ndarray]()
    for number, part in enumerate(parts):
        own = cv2.resize(cv2.dilate(part.astype(np.uint8), np.ones((5, 5), np.uint8)), (wide, high)) > 0
        alone = ((raised[..., number] - 0.2) / 0.6).clip(0, 1)
        if opacity is None or (cv2.resize(part.astype(np.float32), (wide, high)) * opacity).sum() < 1:
            found.append((alone * own).astype(np.float32))
            continue
        others = np.any([other for n, other in enumerate(parts) if n != number], 0) if len(parts) > 1 else None
        share = np.ones_like(total)
        if others is not None:
            near = cv2.resize(cv2.dilate(others.astype(np.uint8), np.ones((5, 5), np.uint8)), (wide, high)) > 0
            share = np.where(near, raised[..., number] / np.maximum(total, 0.05), 1.0).clip(0, 1)
        found.append((opacity * share * own).astype(np.float32))
    return found


def _instance(
    picture: np.ndarray,
    part: np.ndarray,
    matte: np.ndarray,
    sight: splitting.Sight,
    found: Regions,
    people: list[np.ndarray],
) -> Instance:
    """A thing by its part (h, w) bool and its matte (H, W), which is made soft where hair or fur ends."""
    likely = {name: float(sight.kinds[number][part].mean()) for number, name in enumerate(KINDS)}
    sure = matte > 0.7
    sure = sure if sure.any() else matte > THERE
    soft = _band(matte, found)
    matte = matting.refined(picture, matte, soft) if soft is not None else matte
    rows, columns = (np.nonzero((matte > THERE).any(axis))[0] for axis in (1, 0))
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    red, green, blue = (float(np.median(picture[..., channel][sure])) for channel in range(3))
    near = float(np.median(sight.nearness[part]))
    seen = any(_inside(points, part) > 0.5 for points in people)
    return Instance(matte, box, likely, near, (red, green, blue), seen)


def _band(matte: np.ndarray, found: Regions) -> np.ndarray | None:
    """Where about the outline of a matte (H, W) hair or fur may end, (H, W) bool; None where nothing is hairy."""
    there = (matte > 0.5).astype(np.uint8)
    reach = max(2, round(ENDS * float(there.sum()) ** 0.5))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    band = (cv2.dilate(there, disc) > 0) & (cv2.erode(there, disc, borderValue=1) == 0)
    hairy = cv2.resize(found.of("hair", "animal"), matte.shape[::-1])
    hairy = cv2.dilate(hairy, disc) > SOFT
    band &= hairy
    return band if band.sum() > 20 else None


def _points(points: np.ndarray, whole: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Points (n, >= 2) of a picture (H, W) as rows and columns of a smaller one (h, w), those within it."""
    places = np.stack((points[:, 1] * size[0] / whole[0], points[:, 0] * size[1] / whole[1]), 1).astype(int)
    return places[((places >= 0) & (places < size)).all(1)]


def _inside(points: np.ndarray, part: np.ndarray) -> float:
    """The share of points (n, 2) that lie in a part (h, w) bool."""
    return float(part[points[:, 0], points[:, 1]].mean()) if len(points) else 0.0


def _within(points: np.ndarray, others: list[np.ndarray]) -> bool:
    """Whether the middle of points lies in the box of some others."""
    if not len(points):
        return True
    middle = points.mean(0)
    return any(len(each) and bool(((each.min(0) <= middle) & (middle <= each.max(0))).all()) for each in others)
