"""Where in a picture its elements are: water, sky, plants, hair, cloth, fire and lights, each as a soft matte."""

from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.media.guided import guided
from motionalchemy.scene.parse import Scene

SIDE = 320  # pixels of the longer side at which a region is cut out by its colours
SURE, NEVER = (
    2.0,
    0.3,
)  # times as likely as its best rival: a place is of a region from the one on, never below the other
LEAST = 0.004  # of the picture, that a region has to cover
SEEN = 0.02  # of the picture, where a region has to be the likeliest to be looked for
FEW, BIASED = 0.15, 1.7  # of the picture, below which water is taken to be likelier than it seems, and so many times
UNSURE = 0.35  # how sure a region is at least, beside its best rival, else nothing of it moves
HORIZON = 9  # grey levels, by which the water is brighter or darker than the sky above it
LARGEST = 0.003  # of the picture, that one light covers at most
STIFF = ("animal", "building", "vehicle", "skin", "hair", "clothes", "text")
BESIDE = 0.018  # of the width: how far from a subject a region ends, so that it carries off nothing of it
PLAIN = 2.2  # grey levels, by which a sky without clouds differs from its own gradient, at most; 2.7 in faint haze
REACH = 0.2  # of the width, beyond which the sky is as it is without its sun
BRIGHT = 0.12  # of the brightness, that a light is brighter than what is around it
NAMES: dict[str, tuple[str, ...]] = {
    "water": ("water",), "sky": ("sky",), "plants": ("plants",), "hair": ("hair",), "cloth": ("clothes",), "fire": ("fire",)
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Region:
    """A region of a picture: its `matte` (H, W) float32 in [0, 1], and how sure it is, in [0, 1]."""

    matte: np.ndarray
    sure: float

    @property
    def share(self) -> float:
        """Of the picture, that it covers."""
        return float(self.matte.mean())


def region(scene: Scene, name: str) -> Region | None:
    """A region of NAMES in a scene without its subject and without what is stiff, None where there surely is none."""
    found = scene.regions
    own = found.of(*NAMES[name])
    others = np.max([found.of(each) for each in found.names if each not in NAMES[name]], axis=0)
    if name in ("water", "sky"):
        sky = found.of("sky")
        below = _below(scene.picture, sky)
        taken = sky * below
        if name == "water":
            rest = [found.of(each) for each in found.names if each not in ("water", "sky")]
            own, others = own + taken, np.maximum(np.max(rest, axis=0), sky - taken)
        elif below.mean() < 1:
            own = own - taken
    ratio = own / np.maximum(others, 1e-6)
    seen = float((ratio > 1).mean())
    if seen < SEEN:
        return None
    if name == "water" and seen < FEW:
        ratio = ratio * BIASED
    matte = _cut(scene.picture, ratio)
    if name in ("water", "sky", "plants", "fire"):
        matte = matte * (1 - _subject(scene, matte, name == "plants")) * (1 - _stiff(scene, name, matte.shape))
    if matte.mean() < LEAST:
        return None
    inside = cv2.resize(own / np.maximum(own + others, 1e-6), matte.shape[::-1])[matte > 0.5]
    sure = float(inside.mean()) if inside.size else 0.0
    return Region(matte, sure) if sure > UNSURE else None


def _below(picture: np.ndarray, sky: np.ndarray) -> np.ndarray:
    """How much of each place (h, w) that looks like sky lies below a horizon, in [0, 1]: all of it where it reaches down to
    the picture's lower edge, else what is under a level edge across it."""
    high, wide = sky.shape
    if sky[-max(1, high // 12) :].mean() > 0.5:
        return np.ones_like(sky)
    clear, below = sky > 0.5, np.zeros_like(sky)
    small = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32).mean(2)
    reach = max(2, high // 50)
    step = np.zeros_like(small)
    step[reach:-reach] = small[2 * reach :] - small[: -2 * reach]
    step[~clear] = 0
    counted = clear.sum(1)
    level = np.array([np.median(row[there]) if there.any() else 0.0 for row, there in zip(step, clear, strict=True)])
    same = ((step * np.sign(level)[:, None] > 0.4 * np.abs(level)[:, None]) & clear).sum(1) / np.maximum(counted, 1)
    found = (np.abs(level) > HORIZON) & (same > 0.8) & (counted > 0.5 * wide)
    found[: high // 5] = False
    if found.any():
        below[int(np.argmax(np.where(found, np.abs(level), 0))) :] = 1
    return below


def _stiff(scene: Scene, name: str, size: tuple[int, int]) -> np.ndarray:
    """How much of each place (H, W) of a region is of people, animals, buildings, things or text, in [0, 1]."""
    held = [each for each in STIFF if each not in NAMES[name]]
    large = cv2.resize(scene.regions.of(*held), size[::-1])
    return ((large - 0.5) / 0.3).clip(0, 1)


def lights(scene: Scene, where: np.ndarray | None = None) -> Region | None:
    """The lights of a picture: small places that are much brighter than what is around them, of those `where` (H, W)."""
    grey = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2HSV)[..., 2].astype(np.float32) / 255
    side = max(grey.shape)
    around = cv2.GaussianBlur(grey, (0, 0), 0.02 * side)
    matte = ((grey - around - BRIGHT) / 0.12).clip(0, 1) * ((grey - 0.45) / 0.2).clip(0, 1)
    if where is not None:
        matte = matte * where
    count, label, facts, _ = cv2.connectedComponentsWithStats((matte > 0.2).astype(np.uint8))
    small = np.ones(count, np.float32)
    small[1:] = facts[1:, cv2.CC_STAT_AREA] < LARGEST * grey.size
    matte = matte * small[np.asarray(label, np.intp)]
    matte = cv2.GaussianBlur(cv2.dilate(matte, np.ones((3, 3), np.uint8)), (0, 0), max(0.6, 0.004 * side))
    return Region(matte, 1.0) if matte.max() > 0.3 else None


def lamplight(picture: np.ndarray) -> np.ndarray | None:
    """How much each place (H, W) of a picture (H, W, 3) shines warm and bright, softly; None where nothing does."""
    hue, full, value = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32))
    warm = ((value - 150) / 60).clip(0, 1) * ((full - 60) / 50).clip(0, 1) * ((hue > 8) & (hue < 38))
    white = ((value - 245) / 8).clip(0, 1) * (cv2.GaussianBlur(warm, (0, 0), 0.02 * picture.shape[1]) > 0.1)
    glow = cv2.GaussianBlur(np.maximum(warm, white).astype(np.float32), (0, 0), 0.015 * picture.shape[1])
    return glow.clip(0, 1) if glow.max() > 0.3 else None


def cloth(scene: Scene) -> Region | None:
    """What may be of cloth: clothes, else the subject itself."""
    found = region(scene, "cloth")
    if found is not None and found.share > 0.01:
        return found
    if scene.subject is None:
        return None
    return Region(scene.subject.opacity.numpy().astype(np.float32), 0.5)


def filled(picture: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) in which what is not of a matte (H, W) takes the colours of what is near it in it, (H, W, 3)
    float32: what then moves drags along nothing else."""
    side = max(picture.shape[:2])
    share = min(1.0, 256 / side)
    size = max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    known = (cv2.resize(matte, size, interpolation=cv2.INTER_AREA) > 0.6).astype(np.uint8)
    if not known.any():
        return picture.astype(np.float32)
    away, label = cv2.distanceTransformWithLabels(1 - known, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.nonzero(known)
    label = np.asarray(label, np.intp)
    nearest = np.zeros((int(label.max()) + 1, 2), np.float32)
    nearest[label[rows, columns]] = np.stack((columns, rows), 1)
    y, x = np.indices(known.shape).astype(np.float32)
    inside = nearest[label] * 2 - np.dstack((x, y))  # as far on the other side of the edge as it is on this one
    led = cv2.remap(small, inside[..., 0], inside[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    edge = cv2.remap(small, nearest[label][..., 0], nearest[label][..., 1], cv2.INTER_LINEAR)
    landed = cv2.remap(known.astype(np.float32), inside[..., 0], inside[..., 1], cv2.INTER_LINEAR)[..., None]
    far = (away / 24).clip(0, 1)[..., None]
    around = landed * (1 - far) * led + (1 - landed * (1 - far)) * cv2.GaussianBlur(edge, (0, 0), 2)
    large = cv2.resize(around, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    soft = matte[..., None]
    return soft * picture + (1 - soft) * large


def _cut(picture: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """The matte (H, W) of what is likely (h, w): sure places and what looks like them, its edge as the picture has it."""
    high, wide = picture.shape[:2]
    share = min(1.0, SIDE / max(high, wide))
    size = max(1, round(wide * share)), max(1, round(high * share))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    likely = cv2.resize(ratio, size, interpolation=cv2.INTER_LINEAR)
    marks = np.where(likely > 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[likely > SURE], marks[likely < NEVER] = cv2.GC_FGD, cv2.GC_BGD
    if (marks == cv2.GC_FGD).sum() > 50 and (marks == cv2.GC_BGD).sum() > 50:
        state = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.setRNGSeed(0)
        nowhere = (0, 0, 0, 0)  # the marks say it all
        cv2.grabCut(np.ascontiguousarray(small[..., ::-1]), marks, nowhere, *state, 2, cv2.GC_INIT_WITH_MASK)
    mask = ((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)).astype(np.float32)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    matte = guided(mask[..., None], small.astype(np.float32) / 255, picture.astype(np.float32) / 255, 3)[..., 0]
    return ((matte - 0.15) / 0.7).clip(0, 1).astype(np.float32)


def _subject(scene: Scene, matte: np.ndarray, grows: bool) -> np.ndarray:
    """How much of each place is of the subject, (H, W), unless that is the region itself: most of it, or one that `grows`
    in it."""
    if scene.subject is None:
        return np.zeros(matte.shape, np.float32)
    opacity = scene.subject.opacity.numpy()
    within = float((opacity * matte).sum() / max(opacity.sum(), 1e-6))
    if within > 0.6 and (grows or opacity.sum() > 0.4 * matte.sum()):
        return np.zeros_like(matte)
    reach = max(2, round(BESIDE * matte.shape[1]))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.GaussianBlur(cv2.dilate(opacity, disc), (0, 0), reach / 3)


def plain(picture: np.ndarray, found: Region) -> bool:
    """Whether a sky holds nothing whose drift could be seen."""
    wide = picture.shape[1]
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    reach = max(3, round(0.02 * wide))
    inner = (cv2.erode(found.matte, np.ones((reach, reach), np.uint8)) > 0.9).astype(np.float32)

    def mean(share: float) -> np.ndarray:
        return cv2.GaussianBlur(grey * inner, (0, 0), share * wide) / np.maximum(
            cv2.GaussianBlur(inner, (0, 0), share * wide), 0.05
        )

    apart = (mean(0.006) - mean(0.06))[inner > 0]
    return not apart.size or float(apart.std()) < PLAIN


def standing(picture: np.ndarray, found: Region) -> np.ndarray:
    """How much each place (H, W) of running water seems to stand in it, like rocks: what is large and much brighter or
    darker than the water around it, and its outline, but no foam."""
    wide = picture.shape[1]
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, weight = 0.006 * wide, found.matte
    soft = cv2.GaussianBlur(grey, (0, 0), fine)
    steep = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)) * fine / 8
    around = cv2.GaussianBlur(grey * weight, (0, 0), 0.12 * wide) / np.maximum(
        cv2.GaussianBlur(weight, (0, 0), 0.12 * wide), 0.05
    )
    body = cv2.GaussianBlur(grey, (0, 0), 0.018 * wide)
    apart = ((np.abs(body - around) - 26) / 22).clip(0, 1)
    edge = cv2.dilate(((steep - 9) / 9).clip(0, 1), np.ones((3, 3), np.uint8))
    stands = cv2.GaussianBlur(np.maximum(apart, edge), (0, 0), fine).clip(0, 1)
    busy = cv2.GaussianBlur(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 0.004 * wide)), (0, 0), 0.01 * wide)
    foam = ((busy - 9) / 4).clip(0, 1) * ((body - around + 4) / 12).clip(0, 1)
    return stands * (1 - cv2.GaussianBlur(foam, (0, 0), fine))


def sun(picture: np.ndarray) -> np.ndarray:
    """How much each place (H, W) of a picture (H, W, 3) is of a light that stands in the sky."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    count, label, facts, _ = cv2.connectedComponentsWithStats((grey > 250).astype(np.uint8))
    found = np.zeros(grey.shape, np.float32)
    for number in range(1, count):
        area, wide, high = (facts[number, at] for at in (cv2.CC_STAT_AREA, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
        if area > 0.0004 * grey.size and area > 0.55 * wide * high and wide < 0.25 * grey.shape[1]:
            found[np.asarray(label) == number] = 1
    reach = max(3, round(0.05 * grey.shape[1])) | 1
    return cv2.GaussianBlur(cv2.dilate(found, np.ones((reach, reach), np.uint8)), (0, 0), reach / 3)


def sunlight(picture: np.ndarray, sky: np.ndarray) -> tuple[np.ndarray, float] | None:
    """What the sun adds to its sky (H, W), (H, W, 3) float32 in grey levels, and how far it stands above what is under it,
    in heights; None where none stands in it."""
    found = sun(picture) * sky
    if found.max() < 0.5:
        return None
    high, wide = sky.shape
    rows, columns = np.indices(sky.shape, np.float32)
    weight = found * (found > 0.5)
    middle = float((rows * weight).sum() / weight.sum()), float((columns * weight).sum() / weight.sum())
    away = np.hypot(rows - middle[0], columns - middle[1]) / (REACH * wide)
    counted = sky * (away > 1)
    total = counted.sum(1)
    level = (picture * counted[..., None]).sum(1) / np.maximum(total, 1e-3)[:, None]
    known = np.nonzero(total > 0.03 * wide)[0]
    if not len(known):
        return None
    level = np.stack([np.interp(np.arange(high), known, level[known, each]) for each in range(3)], 1)
    window = (1.6 - 1.6 * away).clip(0, 1)
    light = (picture - cv2.GaussianBlur(level[:, None].astype(np.float32), (0, 0), 2)).clip(0, None)
    column = sky[:, round(middle[1])]
    under = np.nonzero(column > 0.5)[0]
    above = (float(under[-1]) - middle[0]) / high if len(under) else 0.2
    return (light * (window * window * (3 - 2 * window))[..., None]).astype(np.float32), max(above, 0.0)
