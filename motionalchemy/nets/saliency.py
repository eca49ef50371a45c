"""What stands out in a picture: U²-Net, the small one (2005.09007), frozen, its batch norms folded in."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 320  # pixels a side of what the network sees
FLAT = (1, 2, 4, 8)  # dilations of a block without a pyramid
OUTER = ((7, 3), (6, 64), (5, 64), (4, 64), (0, 64), (0, 64))  # levels (0: flat) and channels in, from fine to coarse
INNER = ((0, 128), (4, 128), (5, 128), (6, 128), (7, 128))  # the same on the way back


@dataclass(frozen=True)
class SaliencyConfig:
    """Of the network there is one size: `width` channels inside a block, `channels` between blocks."""

    width: int = 16
    channels: int = 64


class Block(nn.Module):
    """A small U-Net inside the large one: `levels` of a pyramid, or none where that is 0 and convolutions are dilated."""

    def __init__(self, levels: int, inside: int, width: int, outside: int):
        super().__init__()
        self.flat = levels == 0
        levels = levels or len(FLAT)
        self.enter = nn.Conv2d(inside, outside, 3, padding=1)
        dilations = FLAT if self.flat else (*[1] * (levels - 1), 2)
        widths = [outside, *[width] * levels]
        self.down = nn.ModuleList(_conv(a, width, d) for a, d in zip(widths, dilations, strict=False))
        back = FLAT[-2::-1] if self.flat else [1] * (levels - 1)
        ends = [*[width] * (levels - 2), outside]
        self.up = nn.ModuleList(_conv(2 * width, b, d) for b, d in zip(ends, back, strict=True))

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inside, h, w) -> (B, outside, h, w)."""
        x = entered = F.relu(self.enter(x))
        kept = list[Tensor]()
        for number, layer in enumerate(self.down):
            if not self.flat and 0 < number < len(self.down) - 1:
                x = _pooled(x)
            x = F.relu(layer(x))
            kept.append(x)
        x = kept.pop()
        for layer in self.up:
            beside = kept.pop()
            x = F.relu(layer(torch.cat((_sized(x, beside), beside), 1)))
        return x + entered


class Saliency(nn.Module):
    """Pictures (B, 3, SIDE, SIDE), normalised as those of ImageNet, -> how much each place stands out, (B, SIDE, SIDE)."""

    def __init__(self, config: SaliencyConfig):
        super().__init__()
        self.config = config
        width, channels = config.width, config.channels
        self.outer = nn.ModuleList(Block(levels, inside, width, channels) for levels, inside in OUTER)
        self.inner = nn.ModuleList(Block(levels, inside, width, channels) for levels, inside in INNER)
        self.sides = nn.ModuleList(nn.Conv2d(channels, 1, 3, padding=1) for _ in OUTER)
        self.out = nn.Conv2d(len(OUTER), 1, 1)

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        """How much each place stands out, in [0, 1]: (B, H, W) of pictures (B, 3, H, W)."""
        x, kept = pictures, list[Tensor]()
        for number, block in enumerate(self.outer):
            x = block(x if number == 0 else _pooled(x))
            kept.append(x)
        seen = [kept.pop()]
        for block in self.inner:
            beside = kept.pop()
            seen.append(block(torch.cat((_sized(seen[-1], beside), beside), 1)))
        maps = [_sized(side(each), pictures) for side, each in zip(self.sides, reversed(seen), strict=True)]
        return self.out(torch.cat(maps, 1)).sigmoid()[:, 0]

    def convolutions(self) -> Iterator[nn.Conv2d]:
        """Every convolution in the order of use."""
        for block in (*self.outer, *self.inner):
            yield from (block.enter, *block.down, *block.up)  # type: ignore[misc,union-attr]
        yield from (*self.sides, self.out)  # type: ignore[misc]


def _conv(inside: int, outside: int, dilation: int) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, padding=dilation, dilation=dilation)


def _pooled(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, 2, ceil_mode=True)


def _sized(x: Tensor, like: Tensor) -> Tensor:
    """x (B, n, h, w) at the size of another."""
    if x.shape[2:] == like.shape[2:]:
        return x
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)
