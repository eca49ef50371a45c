"""Which places of a picture may not bend: faces, text, machines, buildings, what is straight, and drawn things."""

import cv2
import numpy as np

from motionalchemy.scene.parse import Scene

STIFF = ("vehicle", "building")  # regions that keep their shape
SURE = 0.6, 0.8  # how surely a place is of such a region to be a little stiff, and wholly
WRITTEN = 0.7  # how surely something is writing to be stiff
SOFT = ("sky", "water", "plants", "fire", "hair", "clothes", "skin", "animal")  # what is straight in these may bend
BAND = 0.01  # of the width: how far beside a straight line what it belongs to is stiff
FLAT = 0.5  # of a logo or a screenshot, from which on a picture is taken for one
WIDER = 1.15  # times as large as the points of a face is what is stiff of it
DRAWN = ("drawing", "logo", "screenshot")  # kinds of pictures whose things have outlines that nothing may bend
LIVES = 0.3  # of a drawn thing, that is animal or person where it is no logo or machine
ALONG = 24  # places along a line that are looked at


def rigidity(scene: Scene) -> np.ndarray:
    """How stiff each place of a scene is, (H, W) float32, 1 what may only go, turn and become larger as a whole."""
    size = scene.picture.shape[:2]
    return np.max([standing(scene), lined(size, lines(scene)), drawn(scene)], 0)


def standing(scene: Scene) -> np.ndarray:
    """How surely each place of a scene is of a face, text, a machine or a building, (H, W) float32 in [0, 1]."""
    high, wide = scene.picture.shape[:2]
    found = cv2.resize(_of(scene, STIFF), (wide, high))
    found = ((found - SURE[0]) / (SURE[1] - SURE[0])).clip(0, 1).astype(np.float32)
    for block in scene.writing:
        if block.score >= WRITTEN:
            for left, top, right, low in block.lines:
                found[top:low, left:right] = 1.0
    return np.max([found, *faces(scene)], 0)


def lines(scene: Scene) -> np.ndarray:
    """The straight lines of a scene (n, 4), both ends in pixels, but for those of what grows, flows, lives or drifts."""
    found = scene.lines
    if not len(found):
        return found
    soft = _of(scene, SOFT)
    share = np.linspace(0, 1, ALONG)[:, None]
    x, y = (found[:, n] + share * (found[:, n + 2] - found[:, n]) for n in (0, 1))
    scale = soft.shape[1] / scene.picture.shape[1]
    columns, rows = (
        (each * scale).astype(int).clip(0, most - 1) for each, most in zip((x, y), soft.shape[::-1], strict=True)
    )
    return found[soft[rows, columns].mean(0) < 0.5]


def lined(size: tuple[int, int], found: np.ndarray) -> np.ndarray:
    """Where straight lines (n, 4) of a picture of a size (H, W) are, (H, W) in [0, 1]."""
    band = np.zeros(size, np.float32)
    thick = max(1, round(2 * BAND * size[1]))
    for x0, y0, x1, y1 in found:
        cv2.line(band, (round(float(x0)), round(float(y0))), (round(float(x1)), round(float(y1))), 1.0, thick)
    return (1.5 * cv2.GaussianBlur(band, (0, 0), max(0.5, thick / 4))).clip(0, 1)


def drawn(scene: Scene) -> np.ndarray:
    """All of a logo and of a screenshot, as surely as it is one, and a drawn thing that does not live, (H, W) float32; 0 in
    a photograph."""
    size, flat = scene.picture.shape[:2], scene.kinds["logo"] + scene.kinds["screenshot"]
    none = np.full(size, flat if flat > FLAT else 0.0, np.float32)
    if scene.subject is None or max(scene.kinds, key=lambda name: scene.kinds[name]) not in DRAWN:
        return none
    matte = scene.subject.opacity.numpy().astype(np.float32)
    alive = _of(scene, ("animal", "skin", "hair", "clothes"))
    small = cv2.resize(matte, alive.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
    return none if small.any() and float(alive[small].mean()) > LIVES else np.maximum(none, matte)


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


def _of(scene: Scene, names: tuple[str, ...]) -> np.ndarray:
    """How surely places are of regions, (h, w) float32, of those names that there are."""
    known = [name for name in names if name in scene.regions.names]
    found = scene.regions.of(*known) if known else np.zeros(scene.regions.probabilities.shape[1:])
    return found.astype(np.float32)
