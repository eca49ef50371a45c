"""What all that moves by itself is made of: the clip that it moves in, fields, and waves."""

import cv2
import numpy as np

from motionalchemy.render.elements import Flowing, grain
from motionalchemy.scene import elements
from motionalchemy.scene.elements import Region
from motionalchemy.scene.parse import Scene

CELLS = 96  # of the longer side, on which fields are given
CYCLE = 2.2  # seconds, about, that a copy of what flows is seen
LAG = 0.4  # cycles, by which places fall out of step at most


class Timing:
    """How long a beat `lasts` in seconds, whether it comes back to its picture (`loop`), and its `seed`."""

    def __init__(self, lasts: float, loop: bool, seed: int):
        self.lasts, self.loop, self.seed = lasts, loop, seed

    @property
    def end(self) -> float:
        """The second at which all is back at the picture, 0 where it never is."""
        return self.lasts if self.loop else 0.0

    @property
    def cycle(self) -> float:
        """How long a copy of what flows is seen, in seconds; whole times in a clip that loops."""
        return self.rounds(CYCLE)

    def rounds(self, seconds: float) -> float:
        """About so many seconds; whole times in a clip that loops."""
        return self.lasts / max(1, round(self.lasts / seconds)) if self.loop else seconds

    def rate(self, times: float) -> float:
        """How many times a second something comes round; whole times in a clip that loops."""
        return max(1, round(times * self.lasts)) / self.lasts if self.loop else times


def flowing(
    scene: Scene, found: Region, velocity: np.ndarray, timing: Timing, seed: int, part: np.ndarray | None = None
) -> Flowing:
    """A region, or a `part` (H, W, 3) of its colours, that is carried along a velocity (2, h, w) in widths a second."""
    still = elements.filled(scene.picture, found.matte) if part is None else part
    turn = grain(scene.picture.shape[:2], timing.seed + seed)
    lag = grain(velocity.shape[1:], timing.seed + seed + 50, -LAG, LAG, 0.14)
    return Flowing(still, found.matte, velocity.astype(np.float32), timing.cycle, turn, lag, timing.end)


def cells(scene: Scene) -> tuple[int, int]:
    """The size (h, w) of coarse fields of a scene."""
    high, wide = scene.picture.shape[:2]
    share = CELLS / max(high, wide)
    return max(8, round(high * share)), max(8, round(wide * share))


def small(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Values (H, W) on a coarser grid (h, w)."""
    return cv2.resize(values.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)


def waves(timing: Timing, count: int, right: float, down: float, rate: float, seed: int) -> np.ndarray:
    """Waves (4, n) about a wave length and a rate; in a clip that loops each comes round whole times."""
    rng = np.random.default_rng(timing.seed + seed)
    across = right * rng.uniform(-1, 1, count)
    along = down * rng.uniform(0.7, 1.4, count)
    rates = rate * np.sqrt(along / down) * rng.uniform(0.9, 1.1, count)
    if timing.loop:
        turn = 2 * np.pi / timing.lasts
        rates = np.maximum(1, np.round(rates / turn)) * turn
    return np.stack((across, along, rates, rng.uniform(0, 2 * np.pi, count)))
