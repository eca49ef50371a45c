"""Clips for the autoencoder: crops of layers over textures, of scenes, and of a camera drifting over stills.

Batch i is a function of (seed, i) alone, so a resumed training sees what an unbroken one would have seen.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.data import shards

BACKGROUNDS = ("ground", "sky", "panorama", "picture")


@dataclass(frozen=True)
class CodecData:
    """`crops` crops from each of `clips` clips, and `stills` drifting stills, a batch; all (3, frames, size, size)."""

    corpus: Path
    size: int = 96
    frames: int = 17
    clips: int = 2
    crops: int = 3
    stills: int = 2
    seed: int = 0
    split: str = "train"

    def __post_init__(self) -> None:
        object.__setattr__(self, "_entries", shards.index(self.corpus, self.split))
        object.__setattr__(self, "_textures", shards.stills(self.corpus, self.split, BACKGROUNDS))

    def batch(self, i: int) -> Tensor:
        """Batch i: (B, 3, frames, size, size) float32 in [-1, 1]."""
        rng = random.Random(f"{self.seed}/{i}")
        out = [self._still(rng) for _ in range(self.stills)]
        for _ in range(self.clips):
            layer = shards.read(self.corpus, rng.choice(self._entries))  # type: ignore[attr-defined]
            out += [self._crop(layer, rng) for _ in range(self.crops)]
        return torch.stack(out)

    def _still(self, rng: random.Random) -> Tensor:
        return drift(self._texture(rng), self.frames, self.size, rng, still=rng.random() < 0.25)

    def _texture(self, rng: random.Random) -> Tensor:
        textures = self._textures  # type: ignore[attr-defined]
        if not textures or rng.random() < 0.25:
            return gradient(self.size, rng)
        picture = shards.read_still(self.corpus, rng.choice(textures))[..., :3]
        return torch.from_numpy(picture.copy()).permute(2, 0, 1) / 127.5 - 1

    def _crop(self, layer: shards.Layer, rng: random.Random) -> Tensor:
        begin = rng.randrange(max(1, len(layer.colour) - self.frames))
        side = min(rng.randint(self.size, self.size * 2), *layer.colour.shape[1:3])
        y, x = (rng.randint(0, n - side) for n in layer.colour.shape[1:3])
        window = np.s_[begin : begin + self.frames, y : y + side, x : x + side]
        clip = torch.from_numpy(layer.colour[window].copy()).permute(0, 3, 1, 2) / 127.5 - 1  # (T, 3, side, side)
        clip = F.interpolate(clip, (self.size, self.size), mode="bilinear", antialias=True, align_corners=False)
        clip = clip.transpose(0, 1)
        if layer.alpha is not None:
            alpha = torch.from_numpy(layer.alpha[window].copy())[None].float() / 255
            alpha = F.interpolate(alpha, (self.size, self.size), mode="bilinear", antialias=True, align_corners=False)
            back = drift(self._texture(rng), self.frames, self.size, rng, still=rng.random() < 0.5)
            clip = clip + (1 - alpha) * back  # colour is multiplied into mid grey, which is 0 here
        return clip.flip(-1) if rng.random() < 0.5 else clip


def gradient(size: int, rng: random.Random) -> Tensor:
    """A smooth blend of four corner colours, or one flat colour: (3, size, size) in [-1, 1]."""
    corners = torch.tensor([rng.uniform(-1, 1) for _ in range(12)]).view(1, 3, 2, 2)
    corners = corners.mean((2, 3), keepdim=True).expand(1, 3, 2, 2) if rng.random() < 0.4 else corners
    return F.interpolate(corners, (size, size), mode="bilinear", align_corners=True)[0]


def drift(picture: Tensor, frames: int, size: int, rng: random.Random, still: bool = False) -> Tensor:
    """A window that pans, zooms and rolls slowly over a picture (3, H, W): (3, frames, size, size)."""
    scale = rng.uniform(1.1, 2.0) * size / min(picture.shape[1:])
    if scale < 1:
        picture = F.interpolate(picture[None], scale_factor=scale, mode="bilinear", antialias=True)[0]
    height, width = picture.shape[1:]
    reach = min(1.0, size / height), min(1.0, size / width)  # half sides of the window, in units of the picture's
    t = torch.linspace(0, 1, frames)
    speed = 0.0 if still else rng.choice((0.1, 0.4, 1.0))
    zoom = 1 + speed * rng.uniform(-0.3, 0.3) * t
    roll = speed * rng.uniform(-0.3, 0.3) * t
    room = [max(0.0, 1 - r) for r in reach]
    (y0, y1), (x0, x1) = ((rng.uniform(-r, r), rng.uniform(-r, r)) for r in room)
    cos, sin, zero = zoom * torch.cos(roll), zoom * torch.sin(roll), torch.zeros(frames)
    theta = torch.stack(
        [
            torch.stack([cos * reach[1], -sin * reach[1], x0 + speed * (x1 - x0) * t + zero], -1),
            torch.stack([sin * reach[0], cos * reach[0], y0 + speed * (y1 - y0) * t + zero], -1),
        ],
        1,
    )  # (frames, 2, 3)
    where = F.affine_grid(theta, [frames, 3, size, size], align_corners=False)
    return F.grid_sample(
        picture[None].expand(frames, -1, -1, -1), where, padding_mode="reflection", align_corners=False
    ).transpose(0, 1)
