"""Weather and light over a picture: rain, snow and petals that fall, fog that drifts, lightning, the light of the hours."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionalchemy.render.act import Place, Unmoving

SOON = 0.8  # seconds, after which weather has wholly begun
SPARE = 1.2  # heights and widths, over which what falls comes again
SUB = 4  # bits of a pixel, to which a flake is drawn


def eased(seconds: float, loop: float, soon: float = SOON) -> float:
    """How much of some weather there is, in [0, 1]: it begins softly, and in a clip that loops so it ends."""
    share = np.clip(seconds / soon, 0, 1)
    if loop:
        share = min(share, np.clip((loop - seconds) / soon, 0, 1))
    return float(share * share * (3 - 2 * share))


@dataclass(frozen=True, eq=False)
class Falling(Unmoving):
    """What falls: `drops` (n, 5), where each is at first, right and down in shares of SPARE, how near it is in (0, 1], how
    it swings, and a phase; `speed` (right, down) of the nearest in heights a second, its `size` in heights, long streaks if
    `streak` seconds are seen at once, in a `colour` (3,), as dense as `alpha`. `shown` (H, W) is where they are seen."""

    drops: np.ndarray
    speed: tuple[float, float]
    size: float
    colour: tuple[float, float, float]
    alpha: float
    streak: float = 0.0
    shown: np.ndarray | None = None
    loop: float = 0.0
    order: int = 50
    on: Place = "frame"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) behind what falls."""
        share = eased(seconds, self.loop)
        if share == 0:
            return frame
        cover = self.cover(frame.shape[:2], seconds) * (share * self.alpha)
        if self.shown is not None:
            cover = cover * self.shown
        return frame + cover[..., None] * (np.array(self.colour, np.float32) - frame)

    def cover(self, size: tuple[int, int], seconds: float) -> np.ndarray:
        """How much of each place is covered, (H, W) in [0, 1]."""
        high, wide = size
        x0, y0, near, swing, phase = self.drops.T
        gone = near * seconds * self.speed[1] / SPARE
        if self.loop:
            gone = np.maximum(1, np.round(near * self.loop * self.speed[1] / SPARE)) * seconds / self.loop
        y = ((y0 + gone) % 1) * SPARE - (SPARE - 1) / 2
        sways = swing * np.sin(2.2 * (gone / np.maximum(near, 0.05)) + phase)
        drift = gone * self.speed[0] / max(self.speed[1], 1e-6)
        x = ((x0 + drift + sways) % 1) * SPARE - (SPARE - 1) / 2
        canvas = np.zeros(size, np.uint8)
        unit = 1 << SUB
        radius = np.maximum(self.size * near * high / 2, 0.5)
        for number in range(len(x)):
            level = int(255 * (0.45 + 0.55 * near[number]))
            at = np.array((x[number] * wide, y[number] * high))
            if self.streak:
                tail = self.streak * near[number] * high * np.array(self.speed)
                ends = [tuple(int(v * unit) for v in point) for point in (at, at - tail)]
                cv2.line(canvas, ends[0], ends[1], level, max(1, round(radius[number])), cv2.LINE_AA, SUB)
            else:
                middle = int(at[0] * unit), int(at[1] * unit)
                cv2.circle(canvas, middle, int(radius[number] * unit), level, -1, cv2.LINE_AA, SUB)
        soft = max(0.45, 0.12 * self.size * high)
        return cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), soft)

    def softened(self, share: float) -> "Falling":
        """The same, fewer of it."""
        return replace(self, drops=self.drops[: max(1, round(share * len(self.drops)))])


@dataclass(frozen=True, eq=False)
class Graded(Unmoving):
    """Light that changes: over `lasts` seconds the picture's colours are led to `gain` (H, 1, 3) times themselves, all of
    it, or to its `share` (H, W, 1)."""

    gain: np.ndarray
    lasts: float
    share: np.ndarray | None = None
    loop: float = 0.0
    order: int = 40
    on: Place = "frame"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) in the light of its second."""
        late = np.clip(seconds / self.lasts, 0, 1)
        if self.loop:
            late = 1 - abs(2 * np.clip(seconds / self.loop, 0, 1) - 1)
        if late == 0:
            return frame
        gain = 1 + float(late * late * (3 - 2 * late)) * (self.gain - 1)
        lit = frame * gain.astype(np.float32)
        return lit if self.share is None else frame + self.share * (lit - frame)

    def softened(self, share: float) -> "Graded":
        """The same, less of it."""
        return replace(self, gain=1 + share * (self.gain - 1))


@dataclass(frozen=True, eq=False)
class Sinking(Unmoving):
    """A sun that goes down, or comes up: its `light` (H, W, 3) in grey levels, which goes `down` so many heights in `lasts`
    seconds, behind what does not belong to the `sky` (H, W)."""

    light: np.ndarray
    sky: np.ndarray
    down: float
    lasts: float
    loop: float = 0.0
    order: int = 9
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the sun where it is now."""
        late = float(np.clip(seconds / self.lasts, 0, 1))
        if self.loop:
            late = 1 - abs(2 * float(np.clip(seconds / self.loop, 0, 1)) - 1)
        if late == 0:
            return frame
        high, wide = self.sky.shape
        by = np.array([[1, 0, 0], [0, 1, late * self.down * high]], np.float32)
        moved = cv2.warpAffine(self.light, by, (wide, high), flags=cv2.INTER_LINEAR)
        return frame + self.sky[..., None] * (moved - self.light)

    def field(self, seconds: float) -> np.ndarray | None:
        """Its light goes, the sky stays."""
        return None

    def softened(self, share: float) -> "Sinking":
        """The same, less far."""
        return replace(self, down=self.down * share)


@dataclass(frozen=True, eq=False)
class Foggy(Unmoving):
    """Fog before what is far away (`far` (H, W) in [0, 1]), in drifting banks of `noise` (N, M) that repeats sideways."""

    far: np.ndarray
    noise: np.ndarray
    dense: float
    speed: float
    colour: tuple[float, float, float]
    loop: float = 0.0
    order: int = 45
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) in the fog."""
        share = eased(seconds, self.loop, 1.5)
        if share == 0:
            return frame
        high, wide = self.far.shape
        rows, columns = np.indices((high, wide), np.float32)
        span = self.noise.shape[1]
        x = (columns / wide + self.speed * seconds) * span / 2 % span
        banks = cv2.remap(
            self.noise, x, rows / high * (len(self.noise) - 1), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
        )
        alpha = (self.dense * share) * self.far * (0.35 + 0.65 * banks)
        return frame + alpha.clip(0, 0.95)[..., None] * (np.array(self.colour, np.float32) - frame)

    def softened(self, share: float) -> "Foggy":
        """The same, thinner."""
        return replace(self, dense=self.dense * share)


@dataclass(frozen=True, eq=False)
class Flashing(Unmoving):
    """Lightning: at each of some `times`, in seconds, the `sky` (H, W) in [0, 1] flashes, and what is under it less."""

    times: tuple[float, ...]
    sky: np.ndarray
    strength: float = 1.0
    order: int = 42
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) in the light of a flash, if there is one."""
        level = 0.0
        for begins in self.times:
            late = seconds - begins
            if 0 <= late < 0.5:
                level = max(level, float(np.exp(-late / 0.09)), 0.7 * float(np.exp(-abs(late - 0.17) / 0.05)))
        if level < 0.02:
            return frame
        light = self.strength * level * (0.35 + 0.65 * self.sky)[..., None]
        return frame * (1 + 0.8 * light) + np.array((70, 75, 95), np.float32) * light * (0.3 + frame / 255)

    def softened(self, share: float) -> "Flashing":
        """The same, weaker."""
        return replace(self, strength=self.strength * share)
