"""Light and weather over a finished picture (T, 3, H, W) in [0, 1]: rain, snow and dusk."""

from collections.abc import Callable

import torch
from torch import Tensor

from motionalchemy.errors import UnknownName
from motionalchemy.nets import brush


def under(clip: Tensor, weather: str, seed: int = 0, begin: int = 0) -> Tensor:
    """(T, 3, H, W) in [0, 1] in one of WEATHERS, from frame `begin` of it on, same shape and range; raises UnknownName for
    another."""
    if weather not in WEATHERS:
        raise UnknownName("weather", weather, WEATHERS)
    return WEATHERS[weather](clip, seed, torch.arange(begin, begin + len(clip))).clamp(0, 1)


def _rain(clip: Tensor, seed: int, times: Tensor) -> Tensor:
    wet = clip * clip.new_tensor((0.72, 0.77, 0.84)).view(1, 3, 1, 1)
    return wet + 0.3 * brush.rain(clip.shape[-2], clip.shape[-1], seed, times).to(clip)


def _snow(clip: Tensor, seed: int, times: Tensor) -> Tensor:
    cold = torch.lerp(clip, clip.new_tensor((0.86, 0.89, 0.95)).view(1, 3, 1, 1), 0.16)
    return cold + (1 - cold) * brush.snow(clip.shape[-2], clip.shape[-1], seed, times).to(clip)


def _dusk(clip: Tensor, seed: int, times: Tensor) -> Tensor:
    height = clip.shape[-2]
    down = torch.linspace(0, 1, height, device=clip.device, dtype=clip.dtype).view(1, 1, height, 1)
    sky, ground = (clip.new_tensor(rgb).view(1, 3, 1, 1) for rgb in ((0.80, 0.56, 0.56), (0.48, 0.44, 0.60)))
    return clip * torch.lerp(sky, ground, down) + 0.02


WEATHERS: dict[str, Callable[[Tensor, int, Tensor], Tensor]] = {"rain": _rain, "snow": _snow, "dusk": _dusk}
