"""Pixels to latents and back: every division and rounding by a compression ratio lives here."""

import math
from dataclasses import dataclass

from motionalchemy.errors import InputError


@dataclass(frozen=True)
class Grid:
    """How one autoencoder counts: `space` pixels a side and `time` frames make one latent of `channels` numbers.

    Latent frame 0 is pixel frame 0 alone; every later one is `time` pixel frames, so a clip has `time * k + 1` frames.
    """

    space: int = 16
    time: int = 8
    channels: int = 64

    def latent_frames(self, frames: int) -> int:
        """Pixel frames -> latent frames; raises InputError unless frames = time * k + 1."""
        if frames < 1 or (frames - 1) % self.time:
            below = self.frames_at_most(max(frames, 1))
            raise InputError(f"{frames} frames do not fit: use {self.time}k+1, such as {below} or {below + self.time}")
        return 1 + (frames - 1) // self.time

    def frames(self, latent_frames: int) -> int:
        """Latent frames -> pixel frames."""
        return 1 + (latent_frames - 1) * self.time

    def frames_at_most(self, frames: int) -> int:
        """The largest clip length of this grid that is not longer than `frames`."""
        return 1 + (frames - 1) // self.time * self.time

    def frames_for(self, seconds: float, fps: float) -> int:
        """The clip length of this grid nearest to `seconds` at `fps`, never shorter than one frame."""
        return 1 + max(0, round((seconds * fps - 1) / self.time)) * self.time

    def latent_size(self, height: int, width: int) -> tuple[int, int]:
        """Pixels -> latents, both as (height, width); raises InputError unless both are multiples of `space`."""
        if height % self.space or width % self.space or min(height, width) < self.space:
            raise InputError(f"{width}x{height} pixels do not fit: both sides must be multiples of {self.space}")
        return height // self.space, width // self.space

    def fit(self, height: int, width: int, budget: int) -> tuple[int, int]:
        """The size (height, width) nearest to the given aspect with at most about `budget`² pixels, on the grid.

        Of all sizes on the grid the one with the least error in aspect wins, a larger area breaking near ties.
        """
        aspect, step = math.log(width / height), self.space
        longest = max(step, min(4 * budget, budget * budget // step) // step * step)
        best, best_cost = (step, step), math.inf
        for h in range(step, longest + 1, step):
            w = max(step, min(longest, round(h * width / height / step) * step))
            if h * w > max(budget * budget, step * step) * 1.02:
                continue
            cost = abs(math.log(w / h) - aspect) + 0.5 * abs(math.log(h * w / budget**2))
            if cost < best_cost:
                best, best_cost = (h, w), cost
        return best

    def scaled(self, height: int, width: int, scale: float) -> tuple[int, int]:
        """A size (height, width) times `scale`, rounded to the grid and never below one latent."""
        high, wide = (max(1, round(side * scale / self.space)) * self.space for side in (height, width))
        return high, wide

    def half(self, height: int, width: int) -> tuple[int, int]:
        """Half of a size (height, width), rounded to the grid and never below one latent."""
        return self.scaled(height, width, 0.5)

    def starts(self, latent_frames: int, fps: float) -> list[float]:
        """The second at which each latent frame's first pixel frame is shown."""
        return [0.0] + [(1 + (k - 1) * self.time) / fps for k in range(1, latent_frames)]
