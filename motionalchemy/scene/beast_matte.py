"""The whole of an animal of which only a part stands out: the rest of it by its region, cut along its colours."""

import cv2
import numpy as np

from motionalchemy.scene import filling
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.skeleton import guided

REGION = 0.3  # probability of an animal, from which on a place may be of it
MORE = 1.5  # times as large as what stands out, that the animal's region is at least, where it is taken
FAINT, BESIDE = (
    0.2,
    2.2,
)  # probability from which on a place may be of an animal; times its matte, that they cover at most
OF = 0.1  # of what stands out, that is an animal by its region at least
WORK = 192  # pixels of the longer side on which it is cut
REACH = 0.03  # of the width: how far around it what lies behind is not to be trusted


def whole(scene: Scene) -> tuple[np.ndarray, np.ndarray, bool]:
    """The matte (H, W) float32 of the animals of a scene and what is behind them (H, W, 3) float32 in [0, 255]: what
    stands out, or more of it where that is only a part of an animal; and whether that is surely all of them."""
    high, wide = scene.picture.shape[:2]
    plate = scene.plate[0].permute(1, 2, 0).numpy() * 255
    own = np.zeros((high, wide), np.float32) if scene.subject is None else scene.subject.opacity.numpy()
    region = cv2.resize(scene.regions.of("animal"), (wide, high), interpolation=cv2.INTER_LINEAR)
    more = _joined(region > REGION, own > 0.5)
    if not (own > 0.5).any() or more.sum() < MORE * (own > 0.5).sum() or region[own > 0.5].mean() < OF:
        return own, plate, _complete(region, own)
    matte = _cut(scene.picture, own, region, more)
    if (matte > 0.5).sum() < 1.2 * (own > 0.5).sum() or (matte > 0.5).mean() > 0.6:
        return own, plate, False
    reach = max(5, round(REACH * wide)) | 1
    hole = cv2.dilate((matte > 0.02).astype(np.uint8), np.ones((reach, reach), np.uint8))
    behind = filling.filled(scene.picture, hole > 0)
    plate = np.where(hole[..., None] > 0, behind, scene.picture).astype(np.float32)
    return matte, plate, _complete(region, matte)


def _complete(region: np.ndarray, matte: np.ndarray) -> bool:
    """Whether little that may be of an animal lies beside a matte (H, W) of it."""
    there = matte > 0.5
    return bool(_joined(region > FAINT, there).sum() < BESIDE * max(int(there.sum()), 1))


def _joined(region: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The parts of a region (H, W) bool that touch what stands out, and that."""
    _, parts = cv2.connectedComponents((region | own).astype(np.uint8))
    parts = np.asarray(parts)
    return np.isin(parts, np.unique(parts[own])) & (region | own)


def _cut(picture: np.ndarray, own: np.ndarray, region: np.ndarray, more: np.ndarray) -> np.ndarray:
    """The matte (H, W) of what is joined, parted from the rest by its colours."""
    high, wide = own.shape
    share = min(1.0, WORK / max(high, wide))
    reach = max(2, round(0.02 * max(high, wide) * share))
    look, solid, near, sure = (
        cv2.resize(each, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        for each in (picture, own, more.astype(np.float32), region * more)
    )
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    inside = (solid > 0.9) | (cv2.erode((sure > 0.5).astype(np.uint8), kernel) > 0)
    maybe = cv2.dilate((near > 0.5).astype(np.uint8), kernel) > 0
    marks = np.where(inside, 1, np.where(near > 0.5, 3, np.where(maybe, 2, 0))).astype(np.uint8)
    if not inside.any() or (marks == 0).sum() < 20:
        return own
    cv2.setRNGSeed(0)
    marks, *_ = cv2.grabCut(look, marks, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    found = _joined((marks % 2 > 0), solid > 0.5).astype(np.float32)
    rough = cv2.resize(found, (wide, high), interpolation=cv2.INTER_LINEAR)
    return guided(picture, rough, max(2, reach // 2))
