"""A small U-shaped network from a picture to maps: nearness, or the probabilities of regions.

The encoder is EfficientNet-Lite0's (1905.11946 without squeeze-and-excitation; inverted residuals, 1801.04381), cut
off before its widest stages, its normalisations folded into the convolutions. Two more inverted residuals see the
whole picture at 1/32. The decoder adds each level to the next finer one (1612.03144) up to 1/4 of the input.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets.vision import Vision

MEAN, SCALE = 127.0, 128.0  # of pixels in 0..255, as EfficientNet-Lite was trained
MULTIPLE = 32  # the sides of an input must be multiples of it
SIDES = 64, 768  # pixels, the least and the most of an input's side
# Stages of EfficientNet-Lite0 behind its stem: (expansion, channels, blocks, kernel, stride)
STAGES = ((1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2), (6, 112, 3, 5, 1))
STEM = 32


@dataclass(frozen=True)
class SceneMapsConfig:
    """The maps by name; `stages` of the encoder, `deep` channels at 1/32, `width` channels of the decoder."""

    names: tuple[str, ...] = ("nearness",)
    stages: int = 4
    deep: int = 128
    width: int = 48

    @classmethod
    def read(cls, config: dict[str, Any]) -> "SceneMapsConfig":
        """From JSON; raises TypeError for fields that it does not know."""
        return cls(**{**config, "names": tuple(config["names"])})


class Convolution(nn.Module):
    """A convolution with TensorFlow's SAME padding, which is uneven at stride 2, and ReLU6 unless it is linear."""

    def __init__(self, inner: int, outer: int, kernel: int, stride: int = 1, groups: int = 1, linear: bool = False):
        super().__init__()
        before = (kernel - stride) // 2
        self.pad = (before, kernel - stride - before) * 2 if stride > 1 else None
        self.linear = linear
        self.conv = nn.Conv2d(inner, outer, kernel, stride, kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        x = self.conv(x if self.pad is None else F.pad(x, self.pad))
        return x if self.linear else F.relu6(x)


class InvertedResidual(nn.Module):
    """Widen, convolve each channel alone, narrow; added to the input where shapes agree (1801.04381)."""

    def __init__(self, inner: int, outer: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        wide = inner * expansion
        self.expand = Convolution(inner, wide, 1) if expansion > 1 else nn.Identity()
        self.depthwise = Convolution(wide, wide, kernel, stride, groups=wide)
        self.project = Convolution(wide, outer, 1, linear=True)
        self.residual = inner == outer and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class Join(nn.Module):
    """A coarser level enlarged and added to a finer one, then one separable convolution."""

    def __init__(self, fine: int, width: int):
        super().__init__()
        self.lateral = nn.Conv2d(fine, width, 1)
        self.depthwise = Convolution(width, width, 3, groups=width)
        self.mix = Convolution(width, width, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(B, W, h, w), (B, C, H, W) -> (B, W, H, W)."""
        x = self.lateral(fine) + F.interpolate(coarse, fine.shape[2:], mode="bilinear", align_corners=False)
        return x + self.mix(self.depthwise(x))


class SceneMaps(nn.Module):
    """Pictures to maps at a quarter of their size."""

    slow = ("stem", "stages.0")  # they know edges and colours already

    def __init__(self, config: SceneMapsConfig):
        super().__init__()
        self.config = config
        self.stem = Convolution(3, STEM, 3, 2)
        self.stages, channels = nn.ModuleList(), STEM
        for expansion, outer, count, kernel, stride in STAGES[: config.stages]:
            blocks = [InvertedResidual(channels, outer, expansion, kernel, stride)]
            blocks += [InvertedResidual(outer, outer, expansion, kernel, 1) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(*blocks))
            channels = outer
        self.deep = nn.Sequential(
            InvertedResidual(channels, config.deep, 3, 5, 2), InvertedResidual(config.deep, config.deep, 3, 5, 1)
        )
        self.whole = nn.Linear(config.deep, config.width)  # what kind of picture it is, told everywhere
        self.top = nn.Conv2d(config.deep, config.width, 1)
        self.joins = nn.ModuleList(Join(c, config.width) for c in (channels, STAGES[2][1], STAGES[1][1]))
        self.head = nn.Conv2d(config.width, len(config.names), 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in 0..255, sides multiples of 32 -> logits (B, maps, H / 4, W / 4)."""
        x, levels = self.stem((pictures - MEAN) / SCALE), []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        deep = self.deep(x)
        y = self.top(deep) + self.whole(deep.mean((2, 3)))[..., None, None]
        for join, level in zip(self.joins, (levels[-1], levels[2], levels[1]), strict=True):
            y = join(y, level)
        return self.head(y)


@torch.no_grad()
def seen(model: SceneMaps, picture: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The logits of a picture (H, W, 3) uint8 at about `side` x `side` pixels, (h, w, maps), and the picture at their
    size, (h, w, 3) in 0..1: half of what the network saw. The picture and its mirror image are averaged."""
    height, width = picture.shape[:2]
    scale = side / (height * width) ** 0.5
    rows, columns = (int(np.clip(round(n * scale / MULTIPLE) * MULTIPLE, *SIDES)) for n in (height, width))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = cv2.resize(picture, (columns, rows), interpolation=how)
    both = torch.from_numpy(np.stack((shown, shown[:, ::-1]))).permute(0, 3, 1, 2).float()
    maps = model(both.contiguous(memory_format=torch.channels_last))
    mean = (maps[:1] + maps[1:].flip(3)) / 2
    mean = F.interpolate(mean, (rows // 2, columns // 2), mode="bilinear", align_corners=False)[0]
    small = cv2.resize(shown, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return mean.permute(1, 2, 0).contiguous().numpy(), small


def borrowed(trunk: Vision, stages: int) -> dict[str, Tensor]:
    """The encoder's weights out of the vision network's, which is the whole of EfficientNet-Lite0."""
    found = {f"stem.conv.{name}": value for name, value in trunk.stem.state_dict().items()}
    for stage, row in enumerate(list(trunk.rows)[:stages]):
        for number, block in enumerate(row):  # type: ignore[arg-type]
            layers = (("expand", block.widen), ("depthwise", block.look), ("project", block.narrow))
            for to, layer in layers:
                stored = {} if layer is None else layer.state_dict()
                found |= {f"stages.{stage}.{number}.{to}.conv.{name}": value for name, value in stored.items()}
    return found
