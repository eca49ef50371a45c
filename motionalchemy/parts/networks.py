"""The pretrained networks, as plain functions of their weight files; each is loaded once.

Inputs are pictures in 0..1, (B, 3, H, W) RGB, unless said otherwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from motionalchemy.parts import weights as parts_weights


def batch(frames: np.ndarray) -> Tensor:
    """uint8 (T, H, W, 3) or (H, W, 3) -> float (T, 3, H, W) in 0..1."""
    array = frames if frames.ndim == 4 else frames[None]
    return torch.from_numpy(np.ascontiguousarray(array)).permute(0, 3, 1, 2).float() / 255


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
    """SqueezeNet's convolutions; raises MissingPart."""
    stored = parts_weights.arrays(parts_weights.contents("squeezenet"))
    layers = {}
    for name, (weight, bias) in stored.items():
        kernel = torch.from_numpy(np.array(weight, np.float32)).permute(3, 2, 0, 1).contiguous()
        layers[name] = (kernel, torch.from_numpy(np.array(bias, np.float32)).flatten())
    return SqueezeNet(layers)


@cache
def lpips_heads() -> list[Tensor]:
    """The seven linear heads of LPIPS v0.1 on SqueezeNet, (channels,) each (BSD-2-Clause, shipped here)."""
    stored = load_file(parts_weights.OWN / "lpips_squeeze.safetensors")
    return [stored[f"head{i}"] for i in range(7)]


class EfficientNetLite:
    """EfficientNet-lite0 (1905.11946 without squeeze-and-excitation) up to its last feature map."""

    strides = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)  # of the blocks; all else stands in the weights

    def __init__(self, weights: dict[str, Tensor]):
        self.weights = weights

    def _conv(self, x: Tensor, name: str, norm: str, stride: int = 1, groups: int = 1) -> Tensor:
        weight = self.weights[f"{name}.weight"]
        x = F.conv2d(_padded(x, weight.shape[-1], stride), weight, stride=stride, groups=groups)
        return _normed(x, self.weights, norm, eps=1e-3)

    def _block(self, x: Tensor, prefix: str, stride: int) -> Tensor:
        y = x
        if f"{prefix}._expand_conv.weight" in self.weights:
            y = F.relu6(self._conv(y, f"{prefix}._expand_conv", f"{prefix}._bn0"))
        y = F.relu6(self._conv(y, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride, groups=y.shape[1]))
        y = self._conv(y, f"{prefix}._project_conv", f"{prefix}._bn2")
        return x + y if x.shape == y.shape else y

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 3, 224, 224) in 0..1 -> (B, 1280), the mean of the last feature map over place."""
        x = F.relu6(self._conv((pictures * 255 - 127) / 128, "_conv_stem", "_bn0", stride=2))
        for i, stride in enumerate(self.strides):
            x = self._block(x, f"_blocks.{i}", stride)
        return F.relu6(self._conv(x, "_conv_head", "_bn1")).mean((2, 3))


def _padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """TensorFlow's SAME padding, which is uneven when the stride is 2."""
    spare = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:]]
    height, width = spare
    return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))


def _normed(x: Tensor, weights: dict[str, Tensor], name: str, eps: float) -> Tensor:
    mean, var, scale, shift = (weights[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, mean, var, scale, shift, eps=eps)


@cache
def efficientnet() -> EfficientNetLite:
    """EfficientNet-lite0 with its ImageNet weights; raises MissingPart."""
    return EfficientNetLite(parts_weights.tensors("efficientnet"))


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
        return _normed(torch.cat(branches, dim=1), self.weights, f"{name}.bn", eps=1e-3)

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
def u2netp() -> Callable[[np.ndarray], np.ndarray]:
    """The foreground network (U²-Net small, 2005.09007): (1, 3, 320, 320) -> (320, 320); raises MissingPart."""
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise parts_weights.missing("u2netp", "needs onnxruntime, which is not installed") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    net = onnxruntime.InferenceSession(parts_weights.contents("u2netp"), options, providers=["CPUExecutionProvider"])
    name = net.get_inputs()[0].name
    return lambda picture: np.asarray(net.run(None, {name: picture})[0])[0, 0]


def foreground(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> float32 (H, W), 0 = background, 1 = subject; stretched, so every picture has a subject."""
    how = cv2.INTER_AREA if picture.shape[0] * picture.shape[1] > 320 * 320 else cv2.INTER_LINEAR
    small = cv2.resize(picture, (320, 320), interpolation=how).astype(np.float32)
    scaled = (small / max(float(small.max()), 1.0) - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    mask = u2netp()(scaled.transpose(2, 0, 1)[None].astype(np.float32))
    mask = (mask - mask.min()) / max(float(mask.max() - mask.min()), 1e-6)
    return cv2.resize(mask, picture.shape[1::-1])
