"""Shadows that people throw on the ground."""

import cv2
import numpy as np

from motionalchemy.scene.skeleton import Skeleton

DARK, GREY = 0.1, 0.12  # how much darker than the ground a shadow is at least, and how unlike in its colours at most
LEAST, LARGEST = 0.02, 3.0  # of the trunk's square: how large a shadow is


def cast(picture: np.ndarray, person: Skeleton, plate: np.ndarray) -> np.ndarray | None:
    """How dark (H, W) the shadow is that a person throws about its feet, in [0, 1]; None where none is found."""
    if any(person.stays[limb] == "it is not surely seen" for limb in ("left leg", "right leg")):
        return None
    high, wide = person.matte.shape
    feet = np.concatenate([person.chains[limb][2:] for limb in ("left leg", "right leg")])
    low = float(feet[:, 1].max())
    rows, columns = np.indices((high, wide), np.float32)
    near = (rows > low - 0.25 * person.trunk) & (np.abs(columns - feet[:, 0].mean()) < 2.2 * person.trunk)
    outside = near & (person.matte < 0.05)
    colours = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32) + 4
    if outside.sum() < 50:
        return None
    ground = np.median(colours[outside], 0)
    share = colours / ground
    left = share.mean(-1)
    shaded = outside & (left < 1 - DARK) & (share.max(-1) - share.min(-1) < GREY + 0.1 * (1 - left))
    shaded = cv2.morphologyEx(shaded.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    touching = cv2.dilate(((person.matte > 0.5) & near).astype(np.uint8), np.ones((9, 9), np.uint8))
    _, parts = cv2.connectedComponents(shaded)
    parts = np.asarray(parts)
    kept = np.isin(parts, np.setdiff1d(np.unique(parts[(touching > 0) & (shaded > 0)]), [0]))
    even = float(np.std(left[outside & ~kept])) if (outside & ~kept).any() else 1.0
    if not LEAST * person.trunk**2 < kept.sum() < LARGEST * person.trunk**2 or even > 0.12:
        return None
    mask = cv2.GaussianBlur(cv2.dilate(kept.astype(np.float32), np.ones((3, 3), np.uint8)), (0, 0), 1.2)
    return (mask * (1 - left).clip(0, 0.6)).astype(np.float32)
