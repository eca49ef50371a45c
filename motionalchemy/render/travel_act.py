"""Stiff things that go: layers moved as they are over the plate behind them, behind what is nearer."""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from motionalchemy.render.act import Place

EDGE = 2  # pixels around what goes, that are drawn anew with it


@dataclass(frozen=True)
class Course:
    """Where a thing goes: at each second how far right and down of its place (`right`, `down`, in widths), how large it
    is there (`size`), and how far it is turned clockwise (`turn`, radians), about its `pivot` (x, y) in widths.

    `speed` (right, down) is in widths a second, after a start of `starts` seconds; `speeds_up` makes it faster by so many
    widths a second each second; `grows` is how many times larger a second; `turns` and `swings` are radians a second and
    radians to each side; `bobs` widths up and down. A course that `loops` after so many seconds comes back.
    """

    pivot: tuple[float, float]
    speed: tuple[float, float] = (0.0, 0.0)
    speeds_up: tuple[float, float] = (0.0, 0.0)
    grows: float = 0.0
    turns: float = 0.0
    swings: float = 0.0
    bobs: float = 0.0
    rate: float = 0.5
    starts: float = 0.35
    rests: float = 0.0
    loops: float = 0.0

    def at(self, seconds: float) -> tuple[float, float, float, float]:
        """How far right and down, how large, and how far turned, after so many seconds."""
        late = seconds
        if self.loops:
            late = self.loops / 2 - abs(seconds % self.loops - self.loops / 2)
        late = self._travelled(max(late, 0.0))
        right, down = (v * late + 0.5 * a * late * late for v, a in zip(self.speed, self.speeds_up, strict=True))
        size = float(np.exp(self.grows * late))
        turn = self.turns * (self._travelled(seconds) if not self.loops else late)
        ease = min(1.0, seconds / 0.5) if not self.loops else min(1.0, seconds / 0.5, (self.loops - seconds) / 0.5)
        wave = 2 * np.pi * self._rate() * seconds
        turn += self.swings * ease * float(np.sin(wave))
        down += self.bobs * ease * float(np.sin(wave + 0.6) - np.sin(0.6))
        return right, down, size, turn

    def _rate(self) -> float:
        """Times a second that it swings or bobs; whole times in a clip that loops."""
        return max(1, round(self.rate * self.loops)) / self.loops if self.loops else self.rate

    def _travelled(self, seconds: float) -> float:
        """Seconds at full speed that bring it as far, from a standing start, until it `rests`."""
        if self.rests:
            seconds = min(seconds, self.rests)
        if seconds < self.starts:
            return seconds * seconds / (2 * self.starts)
        return seconds - self.starts / 2


@dataclass(frozen=True, eq=False)
class Going:
    """Things (n layers (H, W, 4) float32, colours in [0, 255] times their matte, and that) that go their `courses` over a
    `plate` (H, W, 3) float32, hidden where something nearer `covers` (H, W) in [0, 1]; `picture` is what it all was."""

    picture: np.ndarray
    plate: np.ndarray
    things: tuple[np.ndarray, ...]
    courses: tuple[Course, ...]
    covers: np.ndarray | None = None
    order: int = 20
    on: Place = "picture"
    share: float = field(default=1.0)

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) in which the things are where they are now."""
        if seconds <= 0:
            return frame
        gone = frame
        for thing in self.things:
            matte = cv2.dilate(thing[..., 3:], np.ones((2 * EDGE + 1, 2 * EDGE + 1), np.uint8))[..., None]
            matte = (matte * 1.6).clip(0, 1)
            change = frame - self.picture  # of what is behind, where elements move
            gone = gone + matte * (self.plate + (1 - matte) * change - gone)
        for thing, course in zip(self.things, self.courses, strict=True):
            moved = self.moved(thing, course, seconds)
            if self.covers is not None:
                moved = moved * (1 - self.covers[..., None])
            gone = gone * (1 - moved[..., 3:]) + moved[..., :3]
        return gone

    def moved(self, thing: np.ndarray, course: Course, seconds: float) -> np.ndarray:
        """A layer (H, W, 4) where it is after so many seconds."""
        return cv2.warpAffine(thing, self.matrix(course, seconds), thing.shape[1::-1], flags=cv2.INTER_CUBIC).clip(
            0, (255, 255, 255, 1)
        )

    def matrix(self, course: Course, seconds: float) -> np.ndarray:
        """From places of the picture to those of the frame, (2, 3), in pixels."""
        wide = self.picture.shape[1]
        right, down, size, turn = course.at(seconds)
        right, down, turn = (each * self.share for each in (right, down, turn))
        size = size**self.share
        x, y = (each * wide - 0.5 for each in course.pivot)
        cos, sin = size * np.cos(turn), size * np.sin(turn)
        matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
        matrix[:, 2] = np.array([x + right * wide, y + down * wide]) - matrix[:, :2] @ [x, y]
        return matrix

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place of the things comes, (2, h, w) in widths."""
        high, wide = self.picture.shape[:2]
        rows, columns = np.indices((high // 4, wide // 4), np.float32) * 4 + 2
        found = np.zeros((2, *rows.shape), np.float32)
        for thing, course in zip(self.things, self.courses, strict=True):
            back = cv2.invertAffineTransform(self.matrix(course, seconds))
            x = back[0, 0] * columns + back[0, 1] * rows + back[0, 2]
            y = back[1, 0] * columns + back[1, 1] * rows + back[1, 2]
            there = cv2.resize(self.moved(thing, course, seconds)[..., 3], rows.shape[::-1]) > 0.5
            found = np.where(there, np.stack((x - columns, y - rows)) / wide, found)
        return found

    def softened(self, share: float) -> "Going":
        """The same, less far."""
        return replace(self, share=self.share * share)
