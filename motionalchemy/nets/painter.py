"""The painter: a picture and a sentence in, the picture in the style that the sentence asks for.

A convolutional network over cells of 4 x 4 pixels, modulated by the words (FiLM, 1709.07871). What is random in a style,
paper, canvas, bristles, is given as grain, so it can be learnt where it lies and stands still from frame to frame.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets.text import Tokens

LARGEST = (
    512  # pixels of the shorter side that is painted: strokes have a width, so a larger picture is painted smaller
)
FAINT = 0.2  # of the grain's strength, for the network to see the picture through it
GRAINS = ((0, 12), (0, 3), (0, 2), (0, 32), (1, 1), (1, 2), (2, 1))  # of a seed: added to it, and pixels coarse


@dataclass(frozen=True)
class PainterConfig:
    """`width` channels through `depth` blocks, over cells of `side` pixels; `text` is the width of the word vectors."""

    width: int = 96
    depth: int = 8
    side: int = 4
    text: int = 512


def grain(height: int, width: int, seed: int, coarse: int = 1) -> Tensor:
    """A texture (1, 1, height, width) of mean 0, `coarse` pixels wide, the same on every device."""
    size, generator = (1, 1, -(-height // coarse), -(-width // coarse)), torch.Generator().manual_seed(seed)
    drawn = torch.randn(size, generator=generator)
    return F.interpolate(drawn, (height, width), mode="bicubic", align_corners=False) if coarse > 1 else drawn


def grains(height: int, width: int, seed: int) -> Tensor:
    """All textures that a style may use: (1, len(GRAINS), height, width)."""
    return torch.cat([grain(height, width, seed + more, coarse) for more, coarse in GRAINS], 1)


class Block(nn.Module):
    """A residual convolution, scaled and shifted by what is asked for."""

    def __init__(self, width: int):
        super().__init__()
        self.near = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        self.mix = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return x + self.mix(F.gelu(self.near(x * (1 + scale) + shift)))


class Painter(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] and words -> the same pictures painted."""

    matrices = ("blocks.",)

    def __init__(self, config: PainterConfig):
        super().__init__()
        self.config, width, pixels = config, config.width, config.side**2
        self.each, self.ask = nn.Linear(config.text, width), nn.Linear(width, 2 * width * (config.depth + 1))
        self.hear = nn.Linear(width, width)
        self.wanted, self.tone = nn.Linear(width, 1), nn.Linear(width, 12)
        self.enter = nn.Conv2d((3 + len(GRAINS)) * pixels, width, 3, padding=1, padding_mode="replicate")
        self.blocks = nn.ModuleList(Block(width) for _ in range(config.depth))
        self.leave = nn.Conv2d(width, 3 * pixels, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.tone.weight)
        nn.init.zeros_(self.tone.bias)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def asked(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """What a sentence asks for (B, D), and how surely it asks for a style at all, a logit (B,)."""
        mask = tokens.mask[..., None]
        heard = (F.gelu(self.each(tokens.vectors)) * mask).sum(1) / mask.sum(1).clamp(min=1)
        heard = F.layer_norm(self.hear(heard), heard.shape[-1:])
        return heard, self.wanted(heard)[:, 0]

    def forward(self, picture: Tensor, texture: Tensor, asked: Tensor) -> Tensor:
        """Pictures (B, 3, H, W), grains (B or 1, 7, H, W) and `asked` (B, D) -> painted pictures (B, 3, H, W)."""
        side, (height, width) = self.config.side, picture.shape[2:]
        both = torch.cat((2 * picture - 1, FAINT * texture.expand(len(picture), -1, -1, -1)), 1)
        both = F.pad(both, (0, -width % side, 0, -height % side), "replicate")
        x = self.enter(F.pixel_unshuffle(both, side))
        turns = self.ask(asked).unflatten(1, (self.config.depth + 1, 2, -1))[..., None, None]
        *inner, (scale, shift) = (turn.unbind(1) for turn in turns.unbind(1))
        for block, (more, beside) in zip(self.blocks, inner, strict=True):
            x = block(x, more, beside)
        x = x * (1 + scale) + shift
        matrix, offset = self.tone(asked).split(
            (9, 3), 1
        )  # what is the same everywhere: how the style's colours differ
        toned = torch.einsum("bij,bjhw->bihw", matrix.unflatten(1, (3, 3)), picture) + offset[..., None, None]
        return picture + toned + F.pixel_shuffle(self.leave(x), side)[..., :height, :width]

    @torch.no_grad()
    def painted(self, frames: np.ndarray, asked: Tensor, seed: int) -> np.ndarray:
        """Frames (T, H, W, 3) uint8 as `asked` (1, D) says, on one canvas that `seed` makes."""
        height, width = frames.shape[1:3]
        share = min(1.0, LARGEST / min(height, width))
        size = round(height * share), round(width * share)
        texture = grains(*size, seed).to(asked.device)
        made = []
        for frame in frames:
            picture = (
                torch.from_numpy(np.ascontiguousarray(frame)).to(asked.device).permute(2, 0, 1)[None].float() / 255
            )
            small = picture if share == 1 else F.interpolate(picture, size, mode="bilinear", antialias=True)
            picture = self(small, texture, asked).float()
            large = picture if share == 1 else F.interpolate(picture, (height, width), mode="bicubic")
            made.append((large[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy())
        return np.stack(made)
