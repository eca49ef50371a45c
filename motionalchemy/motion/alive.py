"""The least that lives: what has no skeleton, or none that is known, breathes and sways a little instead of being bent."""

import cv2
import numpy as np

from motionalchemy.render.act import Act
from motionalchemy.render.breathing import Breathing
from motionalchemy.scene.parse import Scene

BREATH, SWAY = 0.012, 0.008  # of the subject's height: how far its sides go out, how far its top goes aside
PERIOD = 2.8  # seconds of a breath
STIFF = ("vehicle", "building", "text")
CELLS = 96


def alive(scene: Scene, seconds: float, loop: bool) -> Act | None:
    """What stands out in a scene, breathing and swaying for so many seconds; None where nothing or a stiff thing does."""
    if scene.subject is None:
        return None
    opacity = scene.subject.opacity.numpy()
    there = opacity > 0.5
    if not 0.004 < float(there.mean()) < 0.85:
        return None
    regions = scene.regions
    small = cv2.resize(opacity, regions.probabilities.shape[:0:-1], interpolation=cv2.INTER_AREA) > 0.5
    if not small.any() or float(regions.of(*STIFF)[small].mean()) > 0.4:
        return None
    high, wide = opacity.shape
    share = CELLS / max(high, wide)
    coarse = cv2.resize(opacity, (round(wide * share), round(high * share)), interpolation=cv2.INTER_AREA)
    matte = coarse > 0.5
    rows, columns = np.nonzero(matte)
    tall, middle = float(np.ptp(rows)) + 1, float(columns.mean())
    far = cv2.distanceTransform((~matte).astype(np.uint8), cv2.DIST_L2, 5)
    margin = np.clip(1 - far / (0.12 * tall), 0, 1)
    margin = cv2.GaussianBlur((margin * margin * (3 - 2 * margin)).astype(np.float32), (0, 0), 1.5)
    down, right = np.indices(matte.shape, np.float32)
    height = np.clip((rows.max() - down) / tall, 0, 1)
    chest = np.exp(-(((height - 0.55) / 0.28) ** 2))
    cells = BREATH * tall / coarse.shape[1]
    out = np.stack((np.clip((right - middle) / (0.5 * tall), -1, 1) * chest, -height * 0.8)) * cells * margin
    sways = SWAY * tall / coarse.shape[1]
    aside = np.stack((height**1.5, np.zeros_like(height))) * sways * margin
    period = seconds / max(1, round(seconds / PERIOD)) if loop else PERIOD
    return Breathing(out.astype(np.float32), aside.astype(np.float32), period, seconds if loop else 0.0)
