"""Points of faces and bodies, in pixels of the picture that they were found in."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

Side = Literal["right", "left"]  # the person's own
CORNERS: dict[Side, tuple[int, int]] = {"right": (33, 133), "left": (263, 362)}  # outer and inner, in the mesh
LIDS: dict[Side, tuple[int, ...]] = {
    "right": (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
    "left": (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398),
}
"""Of the mesh: outer corner, seven points of the lower lid, inner corner, seven points of the upper lid."""
SHOULDERS, HIPS = (11, 12), (23, 24)  # of a pose, the left one first


@dataclass(frozen=True, eq=False)
class Face:
    """A face: the `points` (468, 3) float32 of a mesh, right, down and away from us, the five points of each iris with its
    centre first, `irises` (2, 5, 2) of the person's right and left eye, and how surely it is one, `score` in [0, 1]."""

    points: np.ndarray
    irises: np.ndarray
    score: float

    @property
    def between(self) -> float:
        """How far the middles of the eyes are apart, in pixels."""
        right, left = (self.points[list(CORNERS[side])].mean(0) for side in ("right", "left"))
        return float(np.linalg.norm(left - right))

    @property
    def roll(self) -> float:
        """How far the head is tilted clockwise as we see it, in radians."""
        across = self.points[CORNERS["left"][0]] - self.points[CORNERS["right"][0]]
        return float(np.arctan2(across[1], across[0]))

    @property
    def yaw(self) -> float:
        """How far it is turned to our right, in radians."""
        across = self.points[CORNERS["left"][0]] - self.points[CORNERS["right"][0]]
        return float(np.arctan2(across[2], np.hypot(across[0], across[1])))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of its mesh, in pixels."""
        (left, top), (right, low) = self.points[:, :2].min(0), self.points[:, :2].max(0)
        return float(left), float(top), float(right), float(low)


@dataclass(frozen=True, eq=False)
class Pose:
    """A body: its `points` (33, 3) float32, right, down and away from us, how surely each is `seen` (33,) in [0, 1], where
    they are in space about the hips, `world` (33, 3) in metres, how surely it is a body, `score` in [0, 1], and how much
    of it each place of the picture is, `matte` (H, W) in [0, 1]."""

    points: np.ndarray
    seen: np.ndarray
    world: np.ndarray
    score: float
    matte: np.ndarray | None = field(default=None, repr=False)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the points that are seen, in pixels."""
        sure = self.points[self.seen > 0.5, :2] if (self.seen > 0.5).sum() > 2 else self.points[:, :2]
        (left, top), (right, low) = sure.min(0), sure.max(0)
        return float(left), float(top), float(right), float(low)

    @property
    def torso(self) -> float:
        """How long its trunk is, in pixels."""
        tops, lows = (self.points[list(pair), :2].mean(0) for pair in (SHOULDERS, HIPS))
        return float(np.linalg.norm(tops - lows))
