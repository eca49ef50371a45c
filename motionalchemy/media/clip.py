"""A clip: pictures in order, and how fast they follow each other."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from motionalchemy.errors import InputError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Clip:
    """`frames` (T, H, W, 3) uint8 RGB shown at `fps` frames per second; raises InputError on any other shape or type."""

    frames: np.ndarray
    fps: float = 24.0

    def __post_init__(self) -> None:
        shape, kind = self.frames.shape, self.frames.dtype
        if len(shape) != 4 or shape[-1] != 3 or 0 in shape or kind != np.uint8:
            raise InputError(f"a clip is (T, H, W, 3) uint8 with no empty side, not {shape} {kind}")
        if not 0 < self.fps <= 1000:
            raise InputError(f"a clip runs at more than 0 and at most 1000 frames per second, not {self.fps}")

    @classmethod
    def of(cls, video: "torch.Tensor", fps: float = 24.0) -> "Clip":
        """A clip from a tensor (3, T, H, W), its values in [-1, 1] and clamped to that."""
        frames = np.empty((*video.shape[1:], len(video)), np.uint8)
        for number, picture in enumerate(video.detach().unbind(1)):  # one at a time: copies of a clip cost most memory
            pixels = ((picture.cpu().float() + 1) * 127.5).round().clamp(0, 255).byte()
            frames[number] = pixels.permute(1, 2, 0).numpy()
        return cls(frames, fps)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.frames.shape[1]

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.frames.shape[2]

    @property
    def seconds(self) -> float:
        """How long the clip plays, each frame shown for 1 / fps."""
        return len(self) / self.fps

    def save(self, path: str | Path) -> Path:
        """Write the clip in the format that the extension names (.mp4 .webm .gif .webp .png); returns the path."""
        from motionalchemy.media import writer

        return writer.write(self, Path(path))
