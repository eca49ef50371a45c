"""A published network as a list of steps: what a converter wrote down of it, run in plain PyTorch.

Each step has an `op`, the numbers of the values that it takes (`takes`; 0 is the picture, and step n makes value n), and
what else it needs; its weights, if it has any, are `weights.<n>` and `biases.<n>`.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.errors import InputError

WEIGHTED = ("conv", "prelu")
MOST = 400  # steps of a graph


@dataclass(frozen=True)
class GraphConfig:
    """The `steps` of a network, the numbers of the values that it returns, `outputs`, and the `shapes` of its weights by
    step; its picture is `side` pixels wide and high."""

    side: int
    steps: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    shapes: dict[str, list[int]] = field(default_factory=dict)


class Graph(nn.Module):
    """Pictures (B, 3, side, side) -> the values of its outputs, in their order."""

    def __init__(self, config: GraphConfig):
        super().__init__()
        if len(config.steps) > MOST:
            raise InputError(f"a network of {len(config.steps)} steps is none of ours: {MOST} at most")
        self.config = config
        self.weights, self.biases = nn.ParameterDict(), nn.ParameterDict()
        for number, step in enumerate(config.steps, start=1):
            if step["op"] in WEIGHTED:
                shape = config.shapes[str(number)]
                self.weights[str(number)] = nn.Parameter(torch.zeros(shape))
                if step["op"] == "conv":
                    self.biases[str(number)] = nn.Parameter(torch.zeros(shape[0]))
        self._last = _last_uses(config)

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The outputs for pictures (B, 3, side, side)."""
        values: dict[int, Tensor] = {0: pictures}
        for number, step in enumerate(self.config.steps, start=1):
            taken = [values[each] for each in step["takes"]]
            values[number] = self._step(str(number), step, taken)
            for each in step["takes"]:
                if self._last[each] == number:
                    values.pop(each, None)
        return [values[each] for each in self.config.outputs]

    def _step(self, name: str, step: dict[str, Any], taken: list[Tensor]) -> Tensor:
        kind, x = step["op"], taken[0]
        if kind == "conv":
            x = self._conv(name, step, x)
        elif kind == "prelu":
            x = F.prelu(x, self.weights[name])
        elif kind == "add":
            x = x + taken[1]
        elif kind == "pad":
            x = F.pad(x, step["pad"])
        elif kind == "pool":
            around = step["pad"]
            x = F.pad(x, around, value=float("-inf")) if any(around) else x
            x = F.max_pool2d(x, step["size"], step["stride"])
        elif kind == "resize":
            x = F.interpolate(x, step["size"], mode="bilinear", align_corners=step["corners"])
        elif kind == "reshape":
            x = (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).reshape(x.shape[0], *step["shape"])
        elif kind == "concat":
            x = torch.cat(taken, step["axis"])
        elif kind == "spread":
            x = _spread(x, step["block"])
        elif kind not in ("relu", "relu6", "sigmoid"):
            raise InputError(f"a network has a step {kind!r} that is not known here")
        last = step.get("then", kind)
        if last == "relu":
            return x.clamp(min=0)
        if last == "relu6":
            return x.clamp(0, 6)
        return x.sigmoid() if last == "sigmoid" else x

    def _conv(self, name: str, step: dict[str, Any], x: Tensor) -> Tensor:
        left, right, top, low = step.get("pad", (0, 0, 0, 0))
        even = left == right and top == low
        around = (top, left) if even else 0
        x = x if even else F.pad(x, (left, right, top, low))
        slides = (step.get("stride", 1), around, step.get("dilation", 1), step.get("groups", 1))
        return F.conv2d(x, self.weights[name], self.biases[name], *slides)


def _spread(x: Tensor, block: int) -> Tensor:
    """Channels (B, block * block * C, h, w) spread over places, (B, C, block * h, block * w), the place counting first."""
    count, channels, high, wide = x.shape
    parts = x.view(count, block, block, channels // block**2, high, wide).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(count, channels // block**2, high * block, wide * block)


def _last_uses(config: GraphConfig) -> dict[int, int]:
    """The last step that takes each value; those that are returned are never let go."""
    last = {each: number for number, step in enumerate(config.steps, start=1) for each in step["takes"]}
    return last | dict.fromkeys(config.outputs, 0)
