"""How the points of a face move for each unit of expression, measured on many heads."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import safe_open

from motionalchemy.errors import MissingPart

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "face"


@dataclass(frozen=True, eq=False)
class FaceShapes:
    """A face at rest, `neutral` (468, 3), its `triangles` (n, 3), and how its points move for each of the `units`
    (468, 3), all in eye distances from between the eyes, right, down and away from us."""

    neutral: np.ndarray
    triangles: np.ndarray
    units: dict[str, np.ndarray]


@cache
def face_shapes(folder: Path = WEIGHTS) -> FaceShapes:
    """The table that ships, read once; raises MissingPart where it is not there."""
    path = folder / "model.safetensors"
    if not path.is_file():
        raise MissingPart(f"no table of expressions at {path}: install the package again")
    with safe_open(path, "numpy") as table:
        names = json.loads(table.metadata()["units"])
        changes = table.get_tensor("changes").astype(np.float64) * table.get_tensor("steps")[:, None, None]
        neutral = table.get_tensor("neutral").astype(np.float64)
        triangles = table.get_tensor("triangles").astype(np.int64)
    return FaceShapes(neutral, triangles, dict(zip(names, changes, strict=True)))
