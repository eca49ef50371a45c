"""Stiff things that go: layers moved as they are over the plate behind them, behind what is nearer."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionalchemy.render.act import Place

EASES = 0.5  # seconds in which what swings, bobs or bounces begins
THIN = 0.05  # of its width, that a flat thing seen from its edge has at least
SHADES = 0.25  # of its light, that a flat thing loses as it turns away
LIFTED = 6.0  # times its shadow fades per width that a thing has risen
Wheel = tuple[float, float, float]  # where its hub is and how large, x, y and radius in pixels


@dataclass(frozen=True)
class Stand:
    """Where a thing is at a moment: how far `right` and `down` of its place along the ground and how far `up` from there,
    in widths of the picture, how large it is there, `size`, how far it is turned, clockwise in the picture (`turn`) and
    about its upright axis (`spun`), in radians."""

    right: float = 0.0
    down: float = 0.0
    up: float = 0.0
    size: float = 1.0
    turn: float = 0.0
    spun: float = 0.0


@dataclass(frozen=True)
class Course:
    """Where a thing goes that stands on its `pivot` (x, y), or turns about it, in widths of the picture.

    `speed` (right, down) along the ground and `lift` upwards are in widths a second, after a start of `starts` seconds;
    `gains` makes the lift faster each second; `grows` is how many times larger a second, along the line from `vanish`, the
    point in which what goes there disappears; it `rests` after so many seconds. `turns` and `spins` are radians a second in
    the picture and about the upright axis, `swings` radians to each side, `bobs` widths up and down, and `hops` widths
    up, all so many times a second (`rate`); what `rolls` turns as far as a circle with that radius does. A clip that
    `loops` after so many seconds goes there and back; or leaves the picture and comes back from the other side, after so
    many widths (`around`) of which it has `room` to go."""

    pivot: tuple[float, float]
    speed: tuple[float, float] = (0.0, 0.0)
    lift: float = 0.0
    gains: float = 0.0
    grows: float = 0.0
    vanish: tuple[float, float] | None = None
    turns: float = 0.0
    spins: float = 0.0
    swings: float = 0.0
    bobs: float = 0.0
    hops: float = 0.0
    rate: float = 0.5
    rolls: float = 0.0
    starts: float = 0.35
    rests: float = 0.0
    loops: float = 0.0
    around: float = 0.0
    room: float = 0.0

    def at(self, seconds: float) -> Stand:
        """Where it is after so many seconds."""
        if self.loops:
            seconds = min(seconds, self.loops)
        late = self.travelled(max(self._there_and_back(seconds), 0.0))
        right, down = (v * late for v in self.speed)
        up = self.lift * late + 0.5 * self.gains * late * late
        size = float(np.exp(self.grows * late))
        if self.vanish is not None:
            right += (self.pivot[0] - self.vanish[0]) * (size - 1)
            down += (self.pivot[1] - self.vanish[1]) * (size - 1)
        rolled = right
        if self.around and self.loops:
            rolled = self.around * self._round(seconds) * float(np.sign(self.speed[0]) or 1)
            right = rolled - np.sign(rolled) * self.around if abs(rolled) > self.room else rolled
        ease = min(1.0, seconds / EASES, (self.loops - seconds) / EASES if self.loops else 1.0)
        wave = np.pi * self._rate() * seconds
        turn = self.turns * self._turned(seconds) + self.swings * ease * float(np.sin(2 * wave))
        up -= self.bobs * ease * float(np.sin(2 * wave + 0.6) - np.sin(0.6))
        up += self.hops * min(1.0, ease * 2) * float(1 - (2 * (wave / np.pi % 1.0) - 1) ** 2)
        turn += rolled / self.rolls if self.rolls else 0.0
        return Stand(float(right), down, up, size, turn, self.spins * self._turned(seconds))

    def distance(self, seconds: float) -> float:
        """How far it has gone along the ground to the right, in widths, there and back again in a loop."""
        there = self.at(seconds)
        if self.around and self.loops:
            return self.around * self._round(min(seconds, self.loops)) * float(np.sign(self.speed[0]) or 1)
        return float(np.sign(there.right or 1)) * float(np.hypot(there.right, there.down))

    def travelled(self, seconds: float) -> float:
        """Seconds at full speed that bring it as far, from a standing start, until it `rests`."""
        if self.rests:
            over = seconds - self.rests
            seconds = seconds if over <= 0 else self.rests + 0.5 * (1 - float(np.exp(-2 * over)))
        if seconds < self.starts:
            return seconds * seconds / (2 * self.starts)
        return seconds - self.starts / 2

    def _there_and_back(self, seconds: float) -> float:
        """Seconds of a way that is gone back in the second half of a loop, slower at its ends."""
        if not self.loops:
            return seconds
        return self.loops / 2 * 0.5 * (1 - float(np.cos(2 * np.pi * seconds / self.loops)))

    def _round(self, seconds: float) -> float:
        """The share of a round that is done, which starts and ends at rest."""
        ramp, share = 0.2, seconds / self.loops
        full = 1 / (1 - ramp)
        if share < ramp:
            return full * share * share / (2 * ramp)
        if share > 1 - ramp:
            return 1 - full * (1 - share) ** 2 / (2 * ramp)
        return full * (share - ramp / 2)

    def _turned(self, seconds: float) -> float:
        """Seconds of turning at full speed; in a loop they are as many as the clip has."""
        return self.loops * self._round(seconds) if self.loops else self.travelled(seconds)

    def _rate(self) -> float:
        """Times a second that it swings, bobs or hops; whole times in a clip that loops."""
        return max(1, round(self.rate * self.loops)) / self.loops if self.loops else self.rate


@dataclass(frozen=True, eq=False)
class Rider:
    """One thing that goes: its layer `rgba` (H, W, 4) float32, colours in [0, 255] times its matte, and that; its
    `course`; its `reflection` like it, how dark its `shadow` is, (H, W) in [0, 1], what is nearer and `covers` it, (H, W)
    in [0, 1], each None where there is none; and its `wheels`."""

    rgba: np.ndarray
    course: Course
    reflection: np.ndarray | None = None
    shadow: np.ndarray | None = None
    covers: np.ndarray | None = None
    wheels: tuple[Wheel, ...] = ()


@dataclass(frozen=True, eq=False)
class Going:
    """Things that go, `riders`, over a `plate` (H, W, 3) float32, which shows as far as `gone` (H, W) says where they were;
    `picture` is what it all was."""

    picture: np.ndarray
    plate: np.ndarray
    gone: np.ndarray
    riders: tuple[Rider, ...]
    order: int = 20
    on: Place = "picture"
    share: float = 1.0

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) in which the things are where they are now."""
        if seconds <= 0:
            return frame
        stands = [self.stand(rider, seconds) for rider in self.riders]
        moved = max((_far(stand) for stand in stands), default=0.0) * self.picture.shape[1]
        core = np.max([cv2.dilate(rider.rgba[..., 3], np.ones((3, 3), np.uint8)) for rider in self.riders], 0)
        gone = np.maximum(core, self.gone * min(1.0, moved / 4.0))[..., None] * min(1.0, moved / 0.5)
        seen = frame + gone * (self.plate + (1 - gone) * (frame - self.picture) - frame)
        for rider, stand in zip(self.riders, stands, strict=True):
            seen = self._below(seen, rider, stand)
        for rider in self.riders:
            layer = self.moved(rider, seconds)
            if rider.covers is not None:
                layer = layer * (1 - rider.covers[..., None])
            seen = seen * (1 - layer[..., 3:]) + layer[..., :3]
        return frame + min(1.0, moved / 0.5) * (seen - frame)

    def _below(self, seen: np.ndarray, rider: Rider, stand: Stand) -> np.ndarray:
        """A frame with the shadow and the reflection of a thing that stands there."""
        flat = self.matrix(rider.course, replace(stand, up=0.0, turn=0.0, spun=0.0))
        if rider.shadow is not None:
            fades = max(0.0, 1 - LIFTED * max(stand.up, 0.0))
            seen = seen * (1 - fades * _warped(rider.shadow, flat)[..., None])
        if rider.reflection is not None:
            layer = _warped(rider.reflection, flat).clip(0, (255, 255, 255, 1))
            seen = seen * (1 - layer[..., 3:]) + layer[..., :3]
        return seen

    def moved(self, rider: Rider, seconds: float) -> np.ndarray:
        """The layer (H, W, 4) of a thing where it is after so many seconds."""
        stand, layer = self.stand(rider, seconds), rider.rgba
        gone = rider.course.distance(seconds) * self.share * self.picture.shape[1]
        for x, y, radius in rider.wheels:
            layer = _turned(layer, (x, y), radius, gone / radius)
        found = _warped(layer, self.matrix(rider.course, stand)).clip(0, (255, 255, 255, 1))
        light = 1 - SHADES * abs(np.sin(stand.spun))
        return found * np.array([light, light, light, 1], np.float32) if stand.spun else found

    def stand(self, rider: Rider, seconds: float) -> Stand:
        """Where a thing is after so many seconds, as far as it goes at all."""
        at, share = rider.course.at(seconds), self.share
        if share == 1:
            return at
        right, down, up, turn, spun = (each * share for each in (at.right, at.down, at.up, at.turn, at.spun))
        return Stand(right, down, up, at.size**share, turn, spun)

    def matrix(self, course: Course, stand: Stand) -> np.ndarray:
        """From places of the picture to those of the frame, (2, 3), in pixels."""
        wide = self.picture.shape[1]
        x, y = (each * wide - 0.5 for each in course.pivot)
        cos, sin = stand.size * np.cos(stand.turn), stand.size * np.sin(stand.turn)
        across = max(abs(float(np.cos(stand.spun))), THIN)
        matrix = np.array([[cos * across, -sin, 0.0], [sin * across, cos, 0.0]])
        matrix[:, 2] = [x + stand.right * wide, y + (stand.down - stand.up) * wide] - matrix[:, :2] @ [x, y]
        return matrix

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place of the things comes, (2, h, w) in widths."""
        high, wide = self.picture.shape[:2]
        rows, columns = np.indices((high // 4, wide // 4), np.float32) * 4 + 2
        found = np.zeros((2, *rows.shape), np.float32)
        for rider in self.riders:
            back = cv2.invertAffineTransform(self.matrix(rider.course, self.stand(rider, seconds)))
            x = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
            y = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
            there = cv2.resize(self.moved(rider, seconds)[..., 3], rows.shape[::-1]) > 0.5
            found = np.where(there, np.stack((x - columns, y - rows)) / wide, found)
        return found

    def softened(self, share: float) -> "Going":
        """The same, less far."""
        return replace(self, share=self.share * share)


def _far(stand: Stand) -> float:
    """About how far a thing that is a fifth of the picture large has gone at its rim, in widths."""
    gone = max(abs(stand.right), abs(stand.down - stand.up))
    return gone + 0.1 * (abs(stand.size - 1) + abs(stand.turn) + abs(np.sin(stand.spun)))


def _warped(layer: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A layer (H, W) or (H, W, n) under a matrix (2, 3), from fewer pixels where it becomes much smaller."""
    size, shrunk, small = layer.shape[1::-1], float(np.sqrt(abs(np.linalg.det(matrix[:, :2])))), layer
    while 0.02 < shrunk < 0.6 and min(small.shape[:2]) > 8:
        small = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
        shrunk *= 2
    if small is not layer:
        matrix = _rescaled(matrix, np.array([size[0] / small.shape[1], size[1] / small.shape[0]]))
    sharp = small is layer and layer.ndim == 3
    return cv2.warpAffine(small, matrix, size, flags=cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR)


def _rescaled(matrix: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """A matrix (2, 3) of pixels as one of larger pixels, so many (2,) of the old in each."""
    found = matrix.copy()
    found[:, :2] = matrix[:, :2] * scale
    found[:, 2] = matrix[:, 2] + matrix[:, :2] @ ((scale - 1) / 2)
    return found


def _turned(layer: np.ndarray, hub: tuple[float, float], radius: float, angle: float) -> np.ndarray:
    """A layer (H, W, 4) with a wheel turned clockwise about its hub, in radians."""
    reach = int(np.ceil(radius)) + 2
    left, top = max(int(hub[0]) - reach, 0), max(int(hub[1]) - reach, 0)
    part = layer[top : int(hub[1]) + reach + 1, left : int(hub[0]) + reach + 1]
    x, y = hub[0] - left, hub[1] - top
    matrix = cv2.getRotationMatrix2D((x, y), -float(np.degrees(angle)), 1.0)
    there = cv2.warpAffine(part, matrix, part.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    rows, columns = np.indices(part.shape[:2], np.float32)
    inside = (radius - np.hypot(columns - x, rows - y)).clip(0, 1)[..., None]
    found = layer.copy()
    found[top : top + part.shape[0], left : left + part.shape[1]] = part + inside * (there - part)
    return found
