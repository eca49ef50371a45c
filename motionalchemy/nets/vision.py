"""What is in a picture: EfficientNet-lite0 (1905.11946, without squeeze-and-excitation), frozen, batch norms folded in.

The flow reads these maps beside the given picture's latents, so that a leg is known to be a leg before anything moves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROWS = (  # expansion, channels, kernel, stride, repeats
    (1, 16, 3, 1, 1),
    (6, 24, 3, 2, 2),
    (6, 40, 5, 2, 2),
    (6, 80, 3, 2, 3),
    (6, 112, 5, 1, 3),
    (6, 192, 5, 2, 4),
    (6, 320, 3, 1, 1),
)
MIDDLE = 4  # the row whose maps, at a sixteenth of the side, are kept besides the last


@dataclass(frozen=True)
class VisionConfig:
    """Of the network there is one size; `channels` is what it says for each latent position."""

    channels: int = 4 * 112 + 320


class Bottleneck(nn.Module):
    """Widen, look around, narrow; added to the input where the shapes agree."""

    def __init__(self, inside: int, outside: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        wide = inside * expansion
        self.widen = nn.Conv2d(inside, wide, 1) if expansion > 1 else None
        self.look = nn.Conv2d(wide, wide, kernel, stride, groups=wide)
        self.narrow = nn.Conv2d(wide, outside, 1)
        self.same = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        """x (B, inside, h, w) -> (B, outside, h / stride, w / stride)."""
        y = x if self.widen is None else F.relu6(self.widen(x))
        y = self.narrow(F.relu6(_conv(self.look, y)))
        return x + y if self.same else y


class Vision(nn.Module):
    """Pictures (B, 3, H, W) in [-1, 1], sides multiples of 16 -> features (B, C, H/16, W/16) of about unit
    deviation."""

    def __init__(self, config: VisionConfig):
        super().__init__()
        self.config = config
        self.stem = nn.Conv2d(3, 32, 3, 2)
        inside, rows = 32, []
        for expansion, channels, kernel, stride, repeats in ROWS:
            row = []
            for i in range(repeats):
                row.append(Bottleneck(inside, channels, expansion, kernel, stride if i == 0 else 1))
                inside = channels
            rows.append(nn.Sequential(*row))
        self.rows = nn.ModuleList(rows)
        self.unit: Tensor
        self.register_buffer("unit", torch.ones(config.channels))

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        """Features (B, C, H/16, W/16) of pictures (B, 3, H, W); a picture is looked at twice as large, so that a latent
        is a 32nd of the side of what the network sees."""
        large = F.interpolate(pictures, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = F.relu6(_conv(self.stem, large * (127.5 / 128) + 0.5 / 128))
        kept = []
        for i, row in enumerate(self.rows):
            x = row(x)
            if i == MIDDLE:
                kept.append(F.pixel_unshuffle(x, 2))
        return torch.cat((*kept, x), 1) / self.unit.view(-1, 1, 1)

    @torch.no_grad()
    def last(self, pictures: Tensor) -> Tensor:
        """The last maps (B, 320, H/32, W/32) of pictures (B, 3, H, W) in [0, 1], seen at their own size."""
        x = F.relu6(_conv(self.stem, (pictures * 255 - 127) / 128))
        for row in self.rows:
            x = row(x)
        return x

    @torch.no_grad()
    def textures(self, pictures: Tensor) -> Tensor:
        """Means and deviations of the maps before row MIDDLE, which see strokes and grain and no things: (B, 320) of
        pictures (B, 3, H, W) in [0, 1], seen at their own size."""
        x, kept = F.relu6(_conv(self.stem, (pictures * 255 - 127) / 128)), list[Tensor]()
        for row in list(self.rows)[:MIDDLE]:
            x = row(x)
            kept += [x.mean((2, 3)), x.std((2, 3))]
        return torch.cat(kept, 1)

    def convolutions(self) -> Iterator[nn.Conv2d]:
        """Every convolution in the order of use."""
        yield self.stem
        for row in self.rows:
            for block in row:  # type: ignore[attr-defined]
                yield from (c for c in (block.widen, block.look, block.narrow) if c is not None)


@dataclass(frozen=True)
class HeadConfig:
    """Of the last layer there is one size: channels in and out."""

    inside: int = 320
    outside: int = 1280


class Head(nn.Module):
    """EfficientNet-lite0's last layer: the last maps of `Vision` (B, 320, h, w) -> one vector a picture, (B, 1280)."""

    def __init__(self, config: HeadConfig):
        super().__init__()
        self.config = config
        self.look = nn.Conv2d(config.inside, config.outside, 1)

    @torch.no_grad()
    def forward(self, maps: Tensor) -> Tensor:
        """The mean over place of what it says of maps (B, 320, h, w)."""
        return F.relu6(self.look(maps)).mean((2, 3))


def _conv(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """TensorFlow's SAME padding, which is uneven when the stride is 2."""
    kernel, stride = layer.kernel_size[0], layer.stride[0]
    high, wide = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:])
    return layer(F.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2)))


@torch.no_grad()
def convert(weights: dict[str, Tensor], pictures: Tensor) -> Vision:
    """The network with the weights of a published checkpoint, scaled to unit deviation over `pictures` (B, 3, H, W)."""
    model, sources = Vision(VisionConfig()), [("_conv_stem", "_bn0")]
    for i in range(sum(row[-1] for row in ROWS)):
        parts = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
        sources += [(f"_blocks.{i}.{a}", f"_blocks.{i}.{b}") for a, b in parts if f"_blocks.{i}.{a}.weight" in weights]
    for layer, (conv, norm) in zip(model.convolutions(), sources, strict=True):
        fold(layer, weights, conv, norm)
    model.unit.copy_(model(pictures).std((0, 2, 3)).clamp(min=1e-3))
    return model.eval()


@torch.no_grad()
def fold(layer: nn.Conv2d, weights: dict[str, Tensor], conv: str, norm: str) -> None:
    """Give `layer` the convolution named `conv` of a published checkpoint, its batch norm `norm` folded in."""
    mean, var, scale, shift = (weights[f"{norm}.{k}"] for k in ("running_mean", "running_var", "weight", "bias"))
    gain = scale / (var + 1e-3).sqrt()
    layer.weight.copy_(weights[f"{conv}.weight"] * gain.view(-1, 1, 1, 1))
    layer.bias.copy_(shift - mean * gain)  # type: ignore[union-attr]
