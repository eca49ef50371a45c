"""What covers a face: glasses before its eyes, a beard around its lips."""

from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.scene.face_mesh import FaceFit

BRIDGE = (9, 4)  # from between the brows to the tip of the nose: where a bridge of glasses crosses
RIMS = ((23, 50), (253, 280))  # from below each eye to the cheek: where a rim crosses
STEPS = 48
GLASSES = (0.09, 0.16)  # how far a line across stands out of the skin's lightness: none, surely one
BEARD = (0.78, 0.55)  # how light the skin over and under the lips is beside the cheeks': none, surely one


@dataclass(frozen=True)
class Covers:
    """How surely there are `glasses` and a `beard`, in [0, 1]."""

    glasses: float = 0.0
    beard: float = 0.0


def covers(picture: np.ndarray, fit: FaceFit) -> Covers:
    """What covers a face of a picture (H, W, 3) uint8."""
    light = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = cv2.GaussianBlur(light, (0, 0), max(0.4, 0.012 * fit.size))
    cheek = _mean(light, fit, (50, 280, 101, 330, 205, 425))
    bridge = _crossing(light, fit, BRIDGE, (0.1, 0.65)) / max(cheek, 20.0)
    rims = [_crossing(light, fit, pair, (0.15, 0.95)) / max(cheek, 20.0) for pair in RIMS]
    stands_out = min(bridge, max(rims))
    lip = min(_mean(light, fit, (164, 167, 393, 37, 267)), _mean(light, fit, (18, 200, 83, 313, 201, 421)) * 1.1)
    glasses = (stands_out - GLASSES[0]) / (GLASSES[1] - GLASSES[0])
    beard = (BEARD[0] - lip / max(cheek, 1.0)) / (BEARD[0] - BEARD[1])
    return Covers(float(np.clip(glasses, 0, 1)), float(np.clip(beard, 0, 1)))


def _mean(light: np.ndarray, fit: FaceFit, points: tuple[int, ...]) -> float:
    """How light a picture (H, W) is at some points, the middle of them."""
    places = fit.points[list(points), :2].astype(np.float32)
    found = cv2.remap(light, places[None, :, 0], places[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(np.median(found))


def _crossing(light: np.ndarray, fit: FaceFit, ends: tuple[int, int], among: tuple[float, float]) -> float:
    """How far the strongest thin line across the way between two points stands out of what is to both sides of it."""
    first, last = fit.points[list(ends), :2]
    way = last - first
    across = np.array([-way[1], way[0]]) / max(float(np.linalg.norm(way)), 1e-6)
    shares = np.linspace(0, 1, STEPS)
    beside = np.linspace(-0.03, 0.03, 5)
    places = first + shares[:, None, None] * way + (beside[:, None] * fit.size * across)[None]
    places = places.astype(np.float32)
    row = cv2.remap(light, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).mean(1)
    reach = max(2, round(0.09 * fit.size / max(float(np.linalg.norm(way)), 1e-6) * STEPS))
    padded = np.pad(row, reach, mode="edge")
    sides = np.minimum(padded[: -2 * reach], padded[2 * reach :])
    inside = (shares > among[0]) & (shares < among[1])
    return float(np.max((sides - row)[inside]))
