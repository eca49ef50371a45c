"""Elements in motion, drawn from the picture itself: what flows, what ripples, what sways, what flickers, what rises.

All write only the change that they make, under the matte of their region: frame + matte * (moved - still).
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionalchemy.render.act import Place, Unmoving, carried

SOON = 0.6  # seconds, after which what sways or ripples does so wholly
LAGS = 0.23, 0.149  # radians a second, by which places fall in and out of step; these two meet again after minutes
MIXED = 0.22  # of a cycle, during which a place changes over from one copy to the other
GRAIN = 0.035  # of the width: how large the places are that change over together


@dataclass(frozen=True, eq=False)
class Flowing:
    """What is carried along a field without end: `velocity` (2, h, w) in widths a second, right and down, of the region
    `matte` (H, W) of `still` (H, W, 3) float32, which holds nothing else. Two copies, anchored at the even and the odd
    cycles of `cycle` seconds, run into the picture and out of it; each place changes over at its own `turn` (H, W) in a
    cycle, and falls out of step with the others by its `lag` (h, w) in cycles, so that a long clip does not repeat."""

    still: np.ndarray
    matte: np.ndarray
    velocity: np.ndarray
    cycle: float
    turn: np.ndarray
    lag: np.ndarray | None = None
    loop: float = 0.0
    order: int = 10
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the region carried on."""
        if seconds <= 0:
            return frame
        even, odd = self._since(seconds)
        high, wide = self.matte.shape
        away = cv2.resize(np.abs(even), (wide, high), interpolation=cv2.INTER_LINEAR)
        share = ((away - self.turn) / MIXED + 0.5).clip(0, 1)
        share = (share * share * (3 - 2 * share))[..., None]
        if not even.any():
            return frame
        first, second = (carried(self.still, self.field_for(late * self.cycle)) for late in (even, odd))
        mixed = (1 - share) * first + share * second
        calm = cv2.GaussianBlur(mixed, (0, 0), 2.0)
        gain = 1 / np.sqrt(np.maximum((1 - share) ** 2 + share**2, 0.5))
        moved = calm + (mixed - calm) * (1 + 0.7 * (gain - 1))
        return frame + self.matte[..., None] * (moved - self.still)

    def _since(self, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """How many cycles each copy is after, or before, the picture, (h, w) in -1..1."""
        cycles = np.full(self.velocity.shape[1:], seconds / self.cycle, np.float32)
        if self.lag is not None and self.loop:
            most = min(1.0, 0.1 * self.loop / self.cycle)
            cycles += self.lag * most * np.float32(np.sin(np.pi * seconds / self.loop) ** 2)
        elif self.lag is not None:
            first, second = (np.float32(np.sin(rate * seconds)) for rate in LAGS)
            cycles += self.lag * first + self.lag[::-1, ::-1] * second
        return (cycles + 1) % 2 - 1, cycles % 2 - 1

    def field_for(self, late: np.ndarray | float) -> np.ndarray:
        """From how far away each place comes after so many seconds, (2, h, w) in widths, found in small steps."""
        _, high, wide = self.velocity.shape
        rows, columns = np.indices((high, wide), np.float32)
        most = float(np.abs(self.velocity).max()) * float(np.abs(late).max()) * wide
        steps = int(np.clip(np.ceil(most / 1.5), 1, 16))
        step = np.asarray(late, np.float32) * (wide / steps)
        x, y = columns.copy(), rows.copy()
        for _ in range(steps):
            u, v = (cv2.remap(each, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for each in self.velocity)
            x, y = x - u * step, y - v * step
        return np.stack((x - columns, y - rows)) / wide

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place comes in the copy that is shown there."""
        high, wide = self.velocity.shape[1:]
        even, odd = self._since(seconds)
        shown = np.where(np.abs(even) < 0.5, even, odd) * self.cycle
        return self.field_for(shown) * cv2.resize(self.matte, (wide, high), interpolation=cv2.INTER_AREA)

    def softened(self, share: float) -> "Flowing":
        """The same, slower."""
        return replace(self, velocity=self.velocity * share)


@dataclass(frozen=True, eq=False)
class Waving:
    """What is displaced by waves that travel through it: `reach` (2, h, w), how far right and down a place goes at most,
    in widths; the waves, each a column of `waves` (4, n): radians a width right and down, radians a second, and a phase,
    at places in the picture or, if they are given, at `places` (2, h, w); how much brighter a crest is, in grey levels
    (`shine`), and how far it leans to a side (`bias`). Waves of a `loop` of so many seconds go round whole times in it."""

    still: np.ndarray
    matte: np.ndarray
    reach: np.ndarray
    waves: np.ndarray
    bias: float = 0.0
    places: np.ndarray | None = None
    shine: float = 0.0
    loop: float = 0.0
    order: int = 12
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the region displaced."""
        ease = self._ease(seconds)
        if ease == 0 or seconds <= 0:
            return frame
        wave = self._wave(seconds)
        moved = carried(self.still, -self.reach * wave * ease)
        if self.shine:
            bright = cv2.resize(wave, self.matte.shape[::-1], interpolation=cv2.INTER_LINEAR)
            moved = moved + (self.shine * ease) * bright[..., None]
        return frame + self.matte[..., None] * (moved - self.still)

    def _ease(self, seconds: float) -> float:
        ease = 1.0 if self.loop else np.clip(seconds / SOON, 0, 1)
        return float(ease * ease * (3 - 2 * ease))

    def _wave(self, seconds: float) -> np.ndarray:
        """How far places are displaced, (h, w), about -1 to 1."""
        _, high, wide = self.reach.shape
        rows, columns = np.indices((high, wide), np.float32)
        x, y = ((columns + 0.5) / wide, (rows + 0.5) / wide) if self.places is None else self.places
        total, lean = np.zeros((high, wide), np.float32), self.bias
        for right, down, rate, phase in self.waves.T:
            at = right * x + down * y + phase
            total += np.sin(at - rate * seconds)
            if self.loop:
                total -= np.sin(at)
        if self.loop:
            total *= 0.75
            lean *= 0.5 - 0.5 * np.cos(2 * np.pi * seconds / self.loop)
        return (lean + total / np.sqrt(self.waves.shape[1])).astype(np.float32)

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place comes."""
        _, high, wide = self.reach.shape
        small = cv2.resize(self.matte, (wide, high), interpolation=cv2.INTER_AREA)
        return -self.reach * self._wave(seconds) * self._ease(seconds) * small

    def softened(self, share: float) -> "Waving":
        """The same, less far."""
        return replace(self, reach=self.reach * share, shine=self.shine * share)


@dataclass(frozen=True, eq=False)
class Flickering(Unmoving):
    """What becomes brighter and darker: places of a `matte` (H, W), each by its own `course` of phases (H, W), by so much
    of their brightness (`depth`), so many times a second (`rate`)."""

    matte: np.ndarray
    course: np.ndarray
    depth: float
    rate: float
    loop: float = 0.0
    order: int = 14
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with its lights as bright as they are now."""
        if seconds <= 0:
            return frame
        ease = 1.0 if self.loop else float(np.clip(seconds / SOON, 0, 1))
        turn = 2 * np.pi * self.rate * seconds
        wave = self._light(turn) - self._light(0.0) if self.loop else self._light(turn)
        return frame * (1 + (self.depth * ease * self.matte * wave / 1.3)[..., None])

    def _light(self, turn: float) -> np.ndarray:
        """How much brighter each place (H, W) is, about -1.3 to 1.3; whole turns come back in a clip that loops."""
        second, third = (2.0, 3.0) if self.loop else (2.3, 3.7)
        own = np.sin(turn + self.course)
        return own + 0.6 * np.sin(second * turn + 2.1 * self.course) + 0.4 * np.sin(third * turn + 3.3 * self.course)

    def softened(self, share: float) -> "Flickering":
        """The same, less deep."""
        return replace(self, depth=self.depth * share)


@dataclass(frozen=True, eq=False)
class Rising(Unmoving):
    """Vapour that rises from a place: a `base` (x, y) and a `size` in widths, its colour `level` (3,), and how dense it is
    at most, in [0, 1]; `noise` (N, N) in [0, 1] repeats."""

    base: tuple[float, float]
    size: float
    tall: float
    level: np.ndarray
    dense: float
    noise: np.ndarray
    loop: float = 0.0
    order: int = 16
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) behind the vapour."""
        ease = float(np.clip(seconds / 1.0, 0, 1))
        if self.loop:
            ease = min(ease, float(np.clip((self.loop - seconds) / 1.0, 0, 1)))
        if ease == 0:
            return frame
        alpha = self.dense * ease * self.shape(frame.shape[:2], seconds)
        return frame + alpha[..., None] * (self.level - frame)

    def shape(self, size: tuple[int, int], seconds: float) -> np.ndarray:
        """How dense it is at each place, (H, W) in [0, 1]."""
        high, wide = size
        rows, columns = np.indices((high, wide), np.float32)
        up = (self.base[1] * wide - rows) / (self.tall * wide)  # 0 at its base, 1 at its end
        sway = 0.25 * self.size * np.sin(5 * up - 1.7 * seconds) * up
        away = ((columns / wide - self.base[0] - sway) / (self.size * (0.35 + 0.5 * up.clip(0, 1)))) ** 2
        body = np.exp(-2 * away) * ((up + 0.08) / 0.2).clip(0, 1) * (1.15 - up).clip(0, 1)
        side = len(self.noise)
        found = np.zeros((high, wide), np.float32)
        for scale, speed, share in ((1.6, 0.30, 0.6), (3.4, 0.42, 0.4)):
            x = (columns / wide + 0.06 * np.sin(6 * up + scale - seconds)) * side * scale / 2
            y = (rows / wide + speed * self.tall * seconds) * side * scale / 3
            u, v = ((each % (side - 1)).astype(np.float32) for each in (x, y))
            found += share * cv2.remap(self.noise, u, v, cv2.INTER_LINEAR)
        return (body * ((found - 0.35) / 0.4).clip(0, 1)).astype(np.float32) * (up > -0.1)

    def softened(self, share: float) -> "Rising":
        """The same, thinner."""
        return replace(self, dense=self.dense * share)


def grain(size: tuple[int, int], seed: int, low: float = 0.34, high: float = 0.66, scale: float = GRAIN) -> np.ndarray:
    """Smooth chance (H, W) float32 between two ends, its places about a `scale` of the width large."""
    rng = np.random.default_rng(seed)
    cells = max(2, round(size[0] / (scale * size[1]))), max(2, round(1 / scale))
    small = rng.random(cells).astype(np.float32)
    return low + (high - low) * cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1)
