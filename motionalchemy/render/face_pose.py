"""How a face is held at one moment, and who says so."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from motionalchemy.scene.face_mesh import Turn


@dataclass(frozen=True, eq=False)
class FacePose:
    """Where the points of a mesh are, `points` (n, 3) in pixels, how the face has bent without the head's `turn`, `bent`
    (468, 3), where its eyes look, `gaze` (2,) in radii of the iris, and how far the right and the left lid are `shut`."""

    points: np.ndarray
    bent: np.ndarray
    turn: Turn
    gaze: np.ndarray
    shut: tuple[float, float]


class Performance(Protocol):
    """What a face does over time."""

    def at(self, seconds: float) -> FacePose | None:
        """How it is held so many seconds after the beginning; None where it is as the picture shows it."""
        ...

    def softened(self, share: float) -> "Performance":
        """The same, but only so much of it."""
        ...
