"""The painter: a picture and a sentence in, the picture in the style that the sentence asks for.

The words choose, for every pixel alike, how much of what a hand makes of the picture a style takes (flat areas, lines,
strokes along the forms: `brush`), and a convolutional network over cells of 4 x 4 pixels, modulated by the words (FiLM,
1709.07871), adds what that mixture lacks. What is random in a style, paper, canvas, bristles, is given as grain, so it can
be learnt where it lies and stands still from frame to frame.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets.brush import blurred, edges, flattened, grain, grey, rain, slopes, snow, swept
from motionalchemy.nets.text import Tokens

LARGEST = 512  # pixels of the shorter side: strokes have a width, so a larger picture is painted smaller
FAINT = 0.2  # of the grain's strength, for the network to see the picture through it
HAND, SEEN = 21, 13  # channels of what a hand makes, and those of them that the convolutions see
RATE = 24  # frames a second of what falls
BRISTLY, TURNING = 0.16, 4.0  # how much bristles show in a stroke, and how far it turns where nothing has a direction
FINEST, DARK = 0.055, 5.0  # how steep a brightness has to be for a line, and how fast the line becomes dark
GRAINS = ((0, 12), (0, 3), (0, 2), (0, 32), (1, 1), (1, 2), (2, 1))  # of a seed: added to it, and pixels coarse


@dataclass(frozen=True)
class PainterConfig:
    """`width` channels through `depth` blocks, over cells of `side` pixels; `text` is the width of the word vectors."""

    width: int = 96
    depth: int = 8
    side: int = 4
    text: int = 512


def textures(height: int, width: int, seed: int, times: Tensor) -> Tensor:
    """All that lies on a picture or falls before it at `times` (T,), in frames of RATE a second: grains, rain and snow,
    (T, len(GRAINS) + 2, height, width)."""
    still = torch.cat([grain(height, width, seed + more, coarse) for more, coarse in GRAINS], 1)
    falls = [fall(height, width, seed, times) for fall in (rain, snow)]
    return torch.cat((still.expand(len(times), -1, -1, -1), *falls), 1)


@torch.no_grad()
def hand(picture: Tensor, texture: Tensor) -> Tensor:
    """What a hand makes of pictures (B, 3, H, W) in [0, 1] with their textures (B, 9, H, W): (B, HAND, H, W), the picture
    itself, flat areas, strokes along the forms, lines, the flat areas where lines run, rain, snow, and what snow hides."""
    with torch.autocast(picture.device.type, enabled=False):
        picture, texture = picture.float(), texture.float()
        flat, calm, bristles = flattened(flattened(picture, 4), 3), flattened(picture, 3), texture[:, 5:6]
        stroke = torch.cat((calm + BRISTLY * bristles, bristles), 1)
        stroke = swept(stroke, grey(calm), TURNING * blurred(texture[:, 3:4], 4))
        ridge, steep = sum(slopes(stroke[:, 3:])), edges(flat)
        line = ((blurred(steep, 1) - FINEST) * DARK).clamp(0, 1)
        hidden = picture * texture[:, -1:]
        made = picture, flat, stroke, ridge, steep, line, flat * line, texture[:, -2:], hidden
        return torch.cat(made, 1)  # type: ignore[arg-type]


class Block(nn.Module):
    """A residual convolution, scaled and shifted by what is asked for."""

    def __init__(self, width: int):
        super().__init__()
        self.near = nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate")
        self.mix = nn.Conv2d(width, width, 1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """x (B, W, h, w); `scale` and `shift` (B, W, 1, 1) are what the words say."""
        return x + self.mix(F.gelu(self.near(x * (1 + scale) + shift)))


class Painter(nn.Module):
    """Pictures (B, 3, H, W) in [0, 1] and words -> the same pictures painted."""

    matrices = ("blocks.",)

    def __init__(self, config: PainterConfig):
        super().__init__()
        self.config, width, pixels = config, config.width, config.side**2
        self.each, self.ask = nn.Linear(config.text, width), nn.Linear(width, 2 * width * (config.depth + 1))
        self.hear = nn.Linear(width, width)
        self.wanted, self.mixed = nn.Linear(width, 1), nn.Linear(width, 3 * (HAND + 1))
        self.enter = nn.Conv2d((SEEN + len(GRAINS) + 2) * pixels, width, 1)
        self.blocks = nn.ModuleList(Block(width) for _ in range(config.depth))
        self.leave = nn.Conv2d(width, 3 * pixels, 3, padding=1, padding_mode="replicate")
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.mixed.weight)
        nn.init.zeros_(self.mixed.bias)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def asked(self, tokens: Tokens) -> tuple[Tensor, Tensor]:
        """What a sentence asks for (B, D), and how surely it asks for a style at all, a logit (B,)."""
        mask = tokens.mask[..., None]
        heard = (F.gelu(self.each(tokens.vectors)) * mask).sum(1) / mask.sum(1).clamp(min=1)
        heard = F.layer_norm(self.hear(heard), heard.shape[-1:])
        return heard, self.wanted(heard)[:, 0]

    def forward(self, picture: Tensor, texture: Tensor, asked: Tensor) -> Tensor:
        """Pictures (B, 3, H, W), textures (B, 9, H, W) and `asked` (B, D) -> painted pictures (B, 3, H, W)."""
        side, (height, width) = self.config.side, picture.shape[2:]
        made = hand(picture, texture)
        both = torch.cat((2 * made[:, :SEEN] - 1, FAINT * texture), 1)
        both = F.pad(both, (0, -width % side, 0, -height % side), "replicate")
        x = self.enter(F.pixel_unshuffle(both, side))
        turns = self.ask(asked).unflatten(1, (self.config.depth + 1, 2, -1))[..., None, None]
        *inner, (scale, shift) = (turn.unbind(1) for turn in turns.unbind(1))
        for block, (more, beside) in zip(self.blocks, inner, strict=True):
            x = block(x, more, beside)
        x = x * (1 + scale) + shift
        matrix = self.mixed(asked).float().unflatten(1, (3, HAND + 1))  # what is the same everywhere
        mixed = torch.einsum("bij,bjhw->bihw", matrix[:, :, :-1], made) + matrix[:, :, -1, None, None]
        return picture + mixed + F.pixel_shuffle(self.leave(x), side)[..., :height, :width]

    @torch.no_grad()
    def painted(self, frames: np.ndarray, asked: Tensor, seed: int, times: Tensor) -> np.ndarray:
        """Frames (T, H, W, 3) uint8 at `times` (T,) in seconds as `asked` (1, D) says, on one canvas that `seed` makes."""
        height, width = frames.shape[1:3]
        share = min(1.0, LARGEST / min(height, width))
        size = round(height * share), round(width * share)
        falling, made = textures(*size, seed, times * RATE), []
        for frame, texture in zip(frames, falling.to(asked.device), strict=True):
            picture = torch.from_numpy(np.ascontiguousarray(frame)).to(asked.device).permute(2, 0, 1)[None] / 255
            small = picture if share == 1 else F.interpolate(picture, size, mode="bilinear", antialias=True)
            picture = self(small, texture[None], asked).float()
            large = picture if share == 1 else F.interpolate(picture, (height, width), mode="bicubic")
            made.append((large[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy())
        return np.stack(made)
