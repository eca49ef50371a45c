"""Which places of a picture may not bend: faces, text, machines, buildings, and what is straight."""

import cv2
import numpy as np

from motionalchemy.scene import straight
from motionalchemy.scene.parse import Scene

STIFF = ("text", "vehicle", "building")  # regions that keep their shape
BAND = 0.01  # of the width: how far beside a straight line what it belongs to is stiff
WIDER = 1.15  # times as large as the points of a face is what is stiff of it


def rigidity(scene: Scene) -> np.ndarray:
    """How stiff each place of a scene is, (H, W) float32, 1 what may only go, turn and become larger as a whole."""
    high, wide = scene.picture.shape[:2]
    names = [name for name in STIFF if name in scene.regions.names]
    found = cv2.resize(scene.regions.of(*names).astype(np.float32), (wide, high)) if names else np.zeros((high, wide))
    found = ((found - 0.35) / 0.3).clip(0, 1).astype(np.float32)
    return np.maximum(found, np.maximum(lined(scene.picture), np.max([*faces(scene), np.zeros_like(found)], 0)))


def lined(picture: np.ndarray) -> np.ndarray:
    """Where the straight lines of a picture (H, W, 3) uint8 are, (H, W) in [0, 1]."""
    drawn = np.zeros(picture.shape[:2], np.float32)
    thick = max(1, round(2 * BAND * picture.shape[1]))
    for x0, y0, x1, y1 in straight.segments(picture):
        cv2.line(drawn, (round(float(x0)), round(float(y0))), (round(float(x1)), round(float(y1))), 1.0, thick)
    return (1.5 * cv2.GaussianBlur(drawn, (0, 0), max(0.5, thick / 4))).clip(0, 1)


def faces(scene: Scene) -> list[np.ndarray]:
    """Where each face of a scene is, (H, W) float32, 1 inside."""
    found = list[np.ndarray]()
    for face in scene.faces:
        points = face.points[:, :2]
        points = (points - points.mean(0)) * WIDER + points.mean(0)
        mask = np.zeros(scene.picture.shape[:2], np.float32)
        cv2.fillConvexPoly(mask, cv2.convexHull(points.round().astype(np.int32)), 1.0)
        found.append(mask)
    return found
