"""Expressions put on the face of one picture: units of the table, lids, gaze and the turning of the head."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from motionalchemy.render.face_pose import FacePose
from motionalchemy.scene.face_covers import Covers
from motionalchemy.scene.face_mesh import (
    CORNERS,
    FOLDS,
    LOWER_LIDS,
    LOWER_LIP,
    OVAL,
    RINGS,
    SIDES,
    UPPER_LIDS,
    UPPER_LIP,
    FaceFit,
    Turn,
)

OPENERS = ("JawDrop", "lowerLipDown", "UpperLipUp")  # all that may change how far the lips stand apart
STRETCH = 1.6  # how much farther than on the measured heads a lid may go
MEETS = 0.86  # of the eye's gap, where the lids meet
FOLLOWS = 0.6  # of the upper lid's way, that its fold goes along
HARD, HIDDEN = 25.0, 45.0  # degrees of yaw from which less, and hardly anything, of an expression is put on a face
NO_FARTHER = 40.0  # degrees of yaw from which a head is not turned towards us: that would show what no picture has
AWAY = 55.0  # and from which it is not turned away
SMILING = (0.62, 0.78)  # how wide a mouth is in eye distances, from at rest to in a smile
NOTHING = Covers()


@dataclass(frozen=True, eq=False)
class Sitter:
    """A face under a mesh, and what covers it."""

    fit: FaceFit
    covers: Covers = NOTHING

    @property
    def smiles(self) -> float:
        """How much of a smile it has, in [0, 1]."""
        wide = np.linalg.norm(self.fit.points[61] - self.fit.points[291]) / self.fit.size
        return float(np.clip((wide - SMILING[0]) / (SMILING[1] - SMILING[0]), 0, 1))

    def suited(self, name: str, value: float) -> float:
        """So much of a value as suits this face: no second smile on a smile, no side that the picture does not show,
        nothing that bends glasses or tears a beard."""
        yaw = self.fit.yaw
        if name == "right":
            towards = value * yaw < 0
            return value * float(np.clip((NO_FARTHER - abs(yaw)) / 15 if towards else (AWAY - abs(yaw)) / 25, 0, 1))
        if name not in self.fit.shapes.units:
            return value
        value *= float(np.clip((HIDDEN - abs(yaw)) / (HIDDEN - HARD), 0.1, 1))
        if name in OPENERS:
            value *= float(np.clip((HIDDEN - abs(yaw)) / 10, 0.2, 1))
        if "PullUp" in name or "PullSide" in name:
            value *= 1 - 0.65 * self.smiles
        if self.covers.glasses and any(part in name for part in ("Brow", "Cheek", "Lid", "Nose")):
            value *= 1 - 0.75 * self.covers.glasses
        if self.covers.beard and any(part in name for part in ("Lip", "lip", "Mouth", "Jaw", "Naso")):
            value *= 1 - 0.45 * self.covers.beard
        return value


def pose(sitter: Sitter, values: Mapping[str, float]) -> FacePose:
    """The face held as `values` say: amounts of the table's units, `shut right` and `shut left` of the person's own lids
    (0 as in the picture, 1 shut), `gaze right` and `gaze down` in radii of the iris, and how the head is turned in degrees:
    `right`, `down`, `clockwise`."""
    fit = sitter.fit
    values = {name: sitter.suited(name, value) for name, value in values.items()}
    bent = fit.directions(_bent(fit, values))
    shut = (values.get("shut right", 0.0), values.get("shut left", 0.0))
    for number in range(2):
        _close(sitter, bent, number, float(np.clip(shut[number], -0.5, 1)))
    around = np.tile(bent[OVAL], (len(RINGS), 1)) * fit.skin
    points = fit.points + np.concatenate((bent, around))
    turn = Turn(values.get("right", 0.0), values.get("down", 0.0), values.get("clockwise", 0.0))
    points = points + (fit.turned(points, turn) - points) * fit.head
    gaze = np.array([values.get("gaze right", 0.0), values.get("gaze down", 0.0)])
    return FacePose(points, bent, turn, gaze, shut)


def _bent(fit: FaceFit, values: Mapping[str, float]) -> np.ndarray:
    """What the units change, (468, 3) in eye distances: only those that open the mouth open it, the jaw makes up for what
    others do to the lips."""

    def mixed(opening: bool) -> np.ndarray:
        total = np.zeros((468, 3))
        for name, value in values.items():
            if name in fit.shapes.units and (name in OPENERS) == opening:
                total += fit.shapes.units[name] * value
        return total

    jaw = fit.shapes.units["JawDrop"]
    opens = jaw[LOWER_LIP] - jaw[UPPER_LIP]
    change = mixed(False)
    apart = change[LOWER_LIP] - change[UPPER_LIP]
    change = change - jaw * ((apart * opens).sum() / (opens**2).sum())
    change[UPPER_LIP] = change[LOWER_LIP] = (change[UPPER_LIP] + change[LOWER_LIP]) / 2
    return change + mixed(True)


def _close(sitter: Sitter, bent: np.ndarray, number: int, shut: float) -> None:
    """Lets the upper lid of an eye come down onto the lower one, which becomes an even curve, or go up."""
    fit, side = sitter.fit, SIDES[number]
    lower, upper, fold = LOWER_LIDS[side], UPPER_LIDS[side], FOLDS[side]
    gap = fit.points[lower] - fit.points[upper]
    way = fit.directions(fit.shapes.units[("Right", "Left")[number] + "UpperLidClosed"])
    far = float(np.linalg.norm(way[upper[2:5]], axis=1).mean())
    wide = float(np.linalg.norm(gap[2:5], axis=1).mean())
    moved = bent[upper] + shut * MEETS * gap
    if not sitter.covers.glasses:
        bent += way * (shut * MEETS * min(STRETCH, wide / max(far, 1e-6)))
    inner, outer = fit.points[CORNERS[side][1]], fit.points[CORNERS[side][0]]
    along = inner - outer
    across = np.array([-along[1], along[0], 0.0])
    u, v = fit.points[lower] @ along, fit.points[lower] @ across
    centred, spread = u - u.mean(), max(float(np.ptp(u)), 1e-9)
    even = np.polyval(np.polyfit(centred / spread, v, 2), centred / spread) - v
    down = max(shut, 0.0)
    bent[lower] += down * (even[:, None] * across / max(float(across @ across), 1e-9) - (1 - MEETS) * gap)
    bent[upper] = moved + (gap + bent[lower] - moved) * down**2
    if not sitter.covers.glasses:
        bent[fold] += FOLLOWS * down * (bent[upper] - bent[fold])
