"""The pretrained networks, each read once.

Inputs are pictures in 0..1, (B, 3, H, W) RGB, unless said otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.nets import pack, saliency, vision
from motionalchemy.parts import weights as parts_weights


def batch(frames: np.ndarray) -> Tensor:
    """uint8 (T, H, W, 3) or (H, W, 3) -> float (T, 3, H, W) in 0..1."""
    array = frames if frames.ndim == 4 else frames[None]
    return torch.from_numpy(np.ascontiguousarray(array)).permute(0, 3, 1, 2).float() / 255


def shipped(folder: Path, kind: str, build: Callable[[dict[str, Any]], nn.Module]) -> nn.Module:
    """A network of this package, as `pack.load` reads it; raises MissingPart where its files are absent or damaged, which
    no request can help."""
    try:
        return pack.load(folder, kind, build)[0]
    except (InputError, KeyError, OSError) as error:
        raise MissingPart(f"the weights in {folder} are damaged: install motionalchemy again") from error


@dataclass(frozen=True, eq=False)
class SqueezeNet:
    """SqueezeNet 1.1 (1602.07360), Caffe's training: `conv` maps a layer's name to (weight, bias)."""

    conv: dict[str, tuple[Tensor, Tensor]]

    def _layer(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        weight, bias = self.conv[name]
        return F.relu(F.conv2d(x, weight, bias, stride, padding))

    def _fire(self, x: Tensor, name: str) -> Tensor:
        squeezed = self._layer(x, f"{name}/squeeze1x1")
        wide = self._layer(squeezed, f"{name}/expand3x3", padding=1)
        return torch.cat((self._layer(squeezed, f"{name}/expand1x1"), wide), dim=1)

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """The seven feature maps that LPIPS compares, (B, 64..512, h, w)."""
        mean = torch.tensor([103.939, 116.779, 123.68])[:, None, None]  # Caffe's: BGR, 0..255
        maps = [self._layer(pictures.flip(1) * 255 - mean, "conv1", stride=2)]
        for pooled, names in ((True, "23"), (True, "45"), (True, "6"), (False, "7"), (False, "8"), (False, "9")):
            x = F.max_pool2d(maps[-1], 3, 2, ceil_mode=True) if pooled else maps[-1]
            for number in names:
                x = self._fire(x, f"fire{number}")
            maps.append(x)
        return maps


@cache
def squeezenet() -> SqueezeNet:
    """SqueezeNet's convolutions."""
    stored = load_file(parts_weights.MEASURE / "squeezenet.safetensors")
    names = sorted({name.rpartition(".")[0] for name in stored})
    return SqueezeNet({name: (stored[f"{name}.weight"].float(), stored[f"{name}.bias"].float()) for name in names})


@cache
def lpips_heads() -> list[Tensor]:
    """The seven linear heads of LPIPS v0.1 on SqueezeNet, (channels,) each (BSD-2-Clause)."""
    stored = load_file(parts_weights.MEASURE / "lpips_squeeze.safetensors")
    return [stored[f"head{i}"] for i in range(7)]


@dataclass(frozen=True, eq=False)
class EfficientNetLite:
    """EfficientNet-lite0 (1905.11946 without squeeze-and-excitation) up to its last feature map."""

    trunk: vision.Vision
    head: vision.Head

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 3, 224, 224) in 0..1 -> (B, 1280), the mean of the last feature map over place."""
        return self.head(self.trunk.last(pictures))


@cache
def efficientnet() -> EfficientNetLite:
    """EfficientNet-lite0 with its ImageNet weights: the vision network of nano and the layer after it."""
    trunk = shipped(parts_weights.NANO / "vision", "vision", lambda c: vision.Vision(vision.VisionConfig(**c)))
    head = shipped(parts_weights.SCENE / "features", "features", lambda c: vision.Head(vision.HeadConfig(**c)))
    return EfficientNetLite(trunk.to(memory_format=torch.channels_last), head)  # type: ignore[arg-type,call-overload]


class TransNet:
    """TransNetV2 (2008.04838): dilated 3-D convolutions, frame similarities and colour histograms -> cuts."""

    height, width, window = 27, 48, 101

    def __init__(self, weights: dict[str, Tensor]):
        self.weights = weights

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _dilated(self, x: Tensor, name: str) -> Tensor:
        branches = []
        for rate in (1, 2, 4, 8):
            spatial, temporal = (self.weights[f"{name}.Conv3D_{rate}.layers.{i}.weight"] for i in (0, 1))
            y = F.conv3d(x, spatial, padding=(0, 1, 1))
            branches.append(F.conv3d(y, temporal, padding=(rate, 0, 0), dilation=(rate, 1, 1)))
        mean, var, scale, shift = (
            self.weights[f"{name}.bn.{key}"] for key in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(torch.cat(branches, dim=1), mean, var, scale, shift, eps=1e-3)

    def maps(self, frames: Tensor) -> list[Tensor]:
        """uint8 (B, T, 27, 48, 3) -> three maps (B, 64 | 128 | 256, T, h, w)."""
        x, maps = frames.permute(0, 4, 1, 2, 3).float() / 255, []
        for i in range(3):
            short = F.relu(self._dilated(x, f"SDDCNN.{i}.DDCNN.0"))
            x = F.avg_pool3d(F.relu(self._dilated(short, f"SDDCNN.{i}.DDCNN.1")) + short, (1, 2, 2))
            maps.append(x)
        return maps

    def _near(self, vectors: Tensor, name: str) -> Tensor:
        """Cosines of each frame (B, T, D) to the frames around it, through a linear layer -> (B, T, 128)."""
        half, count = self.window // 2, vectors.shape[1]
        unit = F.normalize(vectors, dim=2)
        around = F.pad(unit @ unit.transpose(1, 2), (half, half))
        at = torch.arange(count)[:, None] + torch.arange(self.window)
        return F.relu(self._linear(around.gather(2, at.expand(len(vectors), -1, -1)), name))

    def cuts(self, frames: Tensor) -> Tensor:
        """uint8 (B, T, 27, 48, 3) RGB -> (B, T), the probability that a shot ends at that frame."""
        maps = self.maps(frames)
        pooled = torch.cat([m.mean((3, 4)) for m in maps], dim=1).transpose(1, 2)  # (B, T, 448)
        similar = self._near(self._linear(pooled, "frame_sim_layer.projection"), "frame_sim_layer.fc")
        coloured = self._near(_histograms(frames), "color_hist_layer.fc")
        flat = maps[-1].permute(0, 2, 3, 4, 1).flatten(2)
        hidden = F.relu(self._linear(torch.cat((coloured, similar, flat), dim=2), "fc1"))
        return torch.sigmoid(self._linear(hidden, "cls_layer1"))[..., 0]


def _histograms(frames: Tensor) -> Tensor:
    """Counts of the 8x8x8 colour bins, uint8 (B, T, H, W, 3) -> (B, T, 512)."""
    top = (frames >> 5).long()
    bins = ((top[..., 0] << 6) + (top[..., 1] << 3) + top[..., 2]).flatten(2)
    return torch.zeros(*bins.shape[:2], 512).scatter_add_(2, bins, torch.ones(bins.shape))


@cache
def transnet() -> TransNet:
    """TransNetV2 with its own weights; raises MissingPart."""
    return TransNet(parts_weights.tensors("transnet"))


@cache
def saliency_network() -> saliency.Saliency:
    """The foreground network: U²-Net's small one."""
    build = lambda config: saliency.Saliency(saliency.SaliencyConfig(**config))  # noqa: E731
    net = shipped(parts_weights.SCENE / "saliency", "saliency", build)
    return net.to(memory_format=torch.channels_last)  # type: ignore[return-value,call-overload]


def foreground(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> float32 (H, W), 0 = background, 1 = subject; stretched, so every picture has a subject."""
    side = saliency.SIDE
    how = cv2.INTER_AREA if picture.shape[0] * picture.shape[1] > side * side else cv2.INTER_LINEAR
    small = cv2.resize(picture, (side, side), interpolation=how).astype(np.float32)
    scaled = (small / max(float(small.max()), 1.0) - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    seen = torch.from_numpy(scaled.astype(np.float32)[None]).permute(0, 3, 1, 2)  # channels last
    mask = saliency_network()(seen)[0].numpy()
    mask = (mask - mask.min()) / max(float(mask.max() - mask.min()), 1e-6)
    return cv2.resize(mask, picture.shape[1::-1])
