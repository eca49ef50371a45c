"""A mesh over a face and what surrounds it, fitted to one picture: which points are what, and how a head is turned."""

from dataclasses import dataclass

import numpy as np

from motionalchemy.scene.face_shapes import FaceShapes, face_shapes
from motionalchemy.scene.points import LIDS, Face, Side

SIDES: tuple[Side, Side] = ("right", "left")
LOWER_LIDS = {side: np.array(LIDS[side][1:8]) for side in SIDES}
UPPER_LIDS = {side: np.array(LIDS[side][9:16]) for side in SIDES}
CORNERS = {side: np.array([LIDS[side][0], LIDS[side][8]]) for side in SIDES}  # of an eye, the outer one first
EYES = {side: np.array([*LIDS[side][:9], *LIDS[side][:8:-1]]) for side in SIDES}  # rings
FOLDS = {  # above the upper lids, point for point
    "right": np.array([247, 30, 29, 27, 28, 56, 190]),
    "left": np.array([467, 260, 259, 257, 258, 286, 414]),
}
BELOW = {  # below the lower lids, point for point
    "right": np.array([25, 110, 24, 23, 22, 26, 112]),
    "left": np.array([255, 339, 254, 253, 252, 256, 341]),
}
UPPER_LIP = np.array([191, 80, 81, 82, 13, 312, 311, 310, 415])  # inner edges between the corners 78 and 308
LOWER_LIP = np.array([95, 88, 178, 87, 14, 317, 402, 318, 324])
MOUTH = np.array([78, *UPPER_LIP, 308, *LOWER_LIP[::-1]])
LIPS = np.array([61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146])
OVAL = np.array([
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
    172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
])  # fmt: skip
MIDDLE = np.array([0.0, 0.55, 0.75])  # of the head, about which it turns, in eye distances from between the eyes
NECK = np.array([0.0, 1.45, 0.75])  # its foot, about which the head tilts
CENTRE = np.array([0.0, 0.35, 0.0])  # of the face's oval
RINGS = np.array(
    [1.06, 1.14, 1.25, 1.4, 1.6, 1.85, 2.2, 2.7]
)  # sizes of the oval: ears, hair, neck, and what is behind
STEEP = 0.55  # of its depth, the cheek is made flatter: the network's would fold in a turn


@dataclass(frozen=True, eq=False)
class Turn:
    """How a head is turned from where the picture shows it, in degrees: to our right, down, clockwise."""

    right: float = 0.0
    down: float = 0.0
    clockwise: float = 0.0

    @property
    def matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """That of turning and nodding, and that of tilting (3, 3)."""
        y, x, z = np.radians((self.right, self.down, self.clockwise))
        about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
        return about_y @ about_x, about_z


@dataclass(frozen=True, eq=False)
class FaceFit:
    """A face of a picture under a mesh: `points` (468 + 36 * 8, 3) in pixels with rings around the face, and where it is:
    its eye distance `size` in pixels, its `frame` (3, 3) and `origin` (3,) in the picture.

    `head` (n, 1) says how much of the head's turning each point takes, `skin` (288, 1) how much of the face's bending each
    point of the rings does. `triangles` (m, 3), of which the first `inner` are the face's, `upright` (m,) those that are
    seen from the front.
    """

    face: Face
    shapes: FaceShapes
    points: np.ndarray
    size: float
    frame: np.ndarray
    origin: np.ndarray
    head: np.ndarray
    skin: np.ndarray
    triangles: np.ndarray
    inner: int
    upright: np.ndarray

    @property
    def yaw(self) -> float:
        """How far it is turned to our right, in degrees."""
        return float(np.degrees(np.arctan2(-self.frame[0, 2], self.frame[2, 2])))

    def place(self, points: np.ndarray) -> np.ndarray:
        """Points (n, 3) in eye distances, in the picture."""
        return self.size * points @ self.frame.T + self.origin

    def directions(self, changes: np.ndarray) -> np.ndarray:
        """Changes (n, 3) in eye distances, in the picture."""
        return self.size * changes @ self.frame.T

    def turned(self, points: np.ndarray, turn: Turn) -> np.ndarray:
        """Points (n, 3) of the picture as the head takes them along."""
        middle, foot = self.place(MIDDLE), self.place(NECK)
        turning, tilting = turn.matrices
        return ((points - middle) @ turning.T + middle - foot) @ tilting.T + foot


def smooth(values: np.ndarray | float, begin: float = 0.0, end: float = 1.0) -> np.ndarray:
    """From 0 at `begin` to 1 at `end`, without a corner."""
    share = np.clip((np.asarray(values, np.float64) - begin) / (end - begin), 0, 1)
    return share * share * (3 - 2 * share)


def similarity(points: np.ndarray, onto: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """The scale, rotation and shift that bring points (n, d) nearest to others (Umeyama 1991)."""
    middle, aim = points.mean(0), onto.mean(0)
    left, values, right = np.linalg.svd((onto - aim).T @ (points - middle))
    signs = np.ones(len(values))
    signs[-1] = np.sign(np.linalg.det(left @ right))
    rotation = (left * signs) @ right
    scale = float((values * signs).sum() / ((points - middle) ** 2).sum())
    return scale, rotation, aim - scale * rotation @ middle


def fitted(face: Face, shapes: FaceShapes | None = None) -> FaceFit:
    """The mesh over a face."""
    shapes = shapes or face_shapes()
    points = face.points.astype(np.float64)
    size, frame, origin = similarity(shapes.neutral, points)
    upright = (points - origin) @ frame / size
    points[:, 2] -= STEEP * size * frame[2, 2] * np.maximum(upright[:, 2] - 0.12, 0)
    rings, head, skin = _rings((points[OVAL] - origin) @ frame / size)
    points = np.concatenate((points, size * rings @ frame.T + origin))
    triangles = _joined(shapes.triangles)
    corners = points[triangles][:, :, :2]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    inner = len(shapes.triangles)
    front = np.concatenate((area[:inner] * np.median(area[:inner]) > 0, area[inner:] * np.median(area[inner:]) > 0))
    return FaceFit(face, shapes, points, size, frame, origin, head, skin, triangles, inner, front)


def _rings(oval: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rings (288, 3) around an oval (36, 3), in eye distances, and how much of the head's turning (468 + 288, 1) and of
    the face's bending (288, 1) points take: hair follows the head, the neck less and less, what is behind it not."""
    away = oval - CENTRE
    down = np.clip((away[:, 1] / np.linalg.norm(away[:, :2], axis=1) - 0.35) / 0.45, 0, 1)
    rings, follows = list[np.ndarray](), [np.ones(len(face_shapes().neutral))]
    for size in RINGS:
        ring = CENTRE + away * [size, size, 1]
        ring[:, 2] += (MIDDLE[2] - ring[:, 2]) * min(1.0, (size - 1) / 0.6)
        rings.append(ring)
        follows.append((1 - smooth(size, 1.65, 2.7)) * (1 - down) + (1 - smooth(size, 1, 2.25)) * down)
    skin = np.repeat(1 - smooth(RINGS, 1, 1.5), len(oval))[:, None]
    return np.concatenate(rings), np.concatenate(follows)[:, None], skin


def _joined(triangles: np.ndarray) -> np.ndarray:
    """The triangles of a face and those that join its rings."""
    count = len(OVAL)
    rings = np.concatenate((OVAL[None], 468 + np.arange(count * len(RINGS)).reshape(-1, count)))
    inside, outside = rings[:-1], rings[1:]
    after, beyond = np.roll(inside, -1, 1), np.roll(outside, -1, 1)
    strips = (np.stack(each, -1).reshape(-1, 3) for each in ((inside, after, outside), (after, beyond, outside)))
    return np.concatenate((triangles, *strips))
