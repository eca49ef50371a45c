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
)  # times as likely as its best rival, from which on a place is of a region, and below which it is not
LEAST = 0.004  # of the picture, that a region has to cover
BESIDE = 0.018  # of the width: how far from a subject a region ends, so that it carries off nothing of it
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
    """A region of NAMES in a scene without its subject, None where there is none."""
    found = scene.regions
    own = found.of(*NAMES[name])
    others = np.max([found.of(each) for each in found.names if each not in NAMES[name]], axis=0)
    ratio = own / np.maximum(others, 1e-6)
    if (ratio > 1).mean() < LEAST:
        return None
    matte = _cut(scene.picture, ratio)
    if name in ("water", "sky", "plants", "fire"):
        matte = matte * (1 - _subject(scene, matte, name == "plants"))
    if matte.mean() < LEAST:
        return None
    inside = cv2.resize(own, matte.shape[::-1])[matte > 0.5]
    return Region(matte, float(inside.mean()) if inside.size else 0.0)


def lights(scene: Scene) -> Region | None:
    """The lights of a picture: small places that are much brighter than what is around them."""
    grey = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2HSV)[..., 2].astype(np.float32) / 255
    side = max(grey.shape)
    around = cv2.GaussianBlur(grey, (0, 0), 0.03 * side)
    matte = ((grey - around - BRIGHT) / 0.15).clip(0, 1) * ((grey - 0.45) / 0.2).clip(0, 1)
    matte = cv2.GaussianBlur(cv2.dilate(matte, np.ones((3, 3), np.uint8)), (0, 0), max(0.6, 0.003 * side))
    return Region(matte, 1.0) if matte.max() > 0.3 else None


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
