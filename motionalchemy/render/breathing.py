"""A subject that breathes and sways a little."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionalchemy.render.act import Place, carried


@dataclass(frozen=True, eq=False)
class Breathing:
    """A subject that breathes: `out` and `aside` (2, h, w) say how far each place goes at most, in widths; a breath takes a
    `period` of seconds, and at the end of a `loop` of seconds all is back at the picture."""

    out: np.ndarray
    aside: np.ndarray
    period: float
    loop: float = 0.0
    order: int = 20
    on: Place = "picture"

    def field(self, seconds: float) -> np.ndarray:
        """From how far away each place comes."""
        phase = 2 * np.pi * seconds / self.period
        ease = float(np.clip(seconds / 0.5, 0, 1))
        breath, lean = (1 - np.cos(phase)) / 2, np.sin(phase / (1 if self.loop else 1.6))
        return -(self.out * breath + self.aside * lean) * ease

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the subject breathing."""
        if seconds <= 0 or (self.loop and abs(seconds - self.loop) < 1e-6):
            return frame
        away = self.field(seconds)
        moved = carried(frame, away)
        still = cv2.resize(np.abs(away).sum(0).astype(np.float32), frame.shape[1::-1]) * frame.shape[1] < 1e-3
        return np.where(still[..., None], frame, moved.clip(0, 255))

    def softened(self, share: float) -> "Breathing":
        """The same, less."""
        return replace(self, out=self.out * share, aside=self.aside * share)
