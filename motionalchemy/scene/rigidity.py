"""Which places of a picture may not bend: faces, writing, machines, buildings, what is straight and what is drawn."""

import cv2
import numpy as np

from motionalchemy.scene import straight
from motionalchemy.scene.parse import Scene

STIFF = ("text", "vehicle", "building")  # regions that keep their shape
BAND = 0.01  # of the width: how far beside a straight line what it belongs to is stiff
FLAT = 0.5  # of a logo, a screenshot or a drawing, from which on a picture is taken for one
STEEP = 80, 160  # of grey levels, from which on a step is an outline
WIDER = 1.15  # times as large as the points of a face is what is stiff of it


def rigidity(scene: Scene) -> np.ndarray:
    """How stiff each place of a scene is, (H, W) float32, 1 what may only go, turn and become larger as a whole."""
    high, wide = scene.picture.shape[:2]
    names = [name for name in STIFF if name in scene.regions.names]
    found = cv2.resize(scene.regions.of(*names).astype(np.float32), (wide, high)) if names else np.zeros((high, wide))
    found = ((found - 0.35) / 0.3).clip(0, 1).astype(np.float32)
    held = [lined(scene.picture, scene.lines), written(scene), drawn(scene), *faces(scene)]
    return np.max([found, *held], 0).astype(np.float32)


def written(scene: Scene) -> np.ndarray:
    """Where blocks of writing stand in a scene, as sure as they are, (H, W) float32."""
    found = np.zeros(scene.picture.shape[:2], np.float32)
    for block in scene.writing:
        for left, top, right, low in block.lines:
            found[top:low, left:right] = np.maximum(found[top:low, left:right], block.score)
    return found


def drawn(scene: Scene) -> np.ndarray:
    """All of a logo and of a screenshot, and the outlines of a drawing, as sure as it is one, (H, W) float32."""
    flat = scene.kinds["logo"] + scene.kinds["screenshot"]
    found = np.full(scene.picture.shape[:2], flat if flat > FLAT else 0.0, np.float32)
    if scene.kinds["drawing"] > FLAT:
        outlines = cv2.Canny(scene.picture, *STEEP).astype(np.float32) / 255
        thick = max(1, round(BAND * scene.picture.shape[1])) | 1
        near = cv2.dilate(outlines, np.ones((thick, thick), np.uint8))
        found = np.maximum(found, scene.kinds["drawing"] * cv2.GaussianBlur(near, (0, 0), thick / 3))
    return found


def lined(picture: np.ndarray, lines: np.ndarray | None = None) -> np.ndarray:
    """Where the straight `lines` (n, 4) of a picture (H, W, 3) uint8 are, (H, W) in [0, 1]; None are
    looked for."""
    drawn = np.zeros(picture.shape[:2], np.float32)
    thick = max(1, round(2 * BAND * picture.shape[1]))
    for x0, y0, x1, y1 in straight.segments(picture) if lines is None else lines:
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
