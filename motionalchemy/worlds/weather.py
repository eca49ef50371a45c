"""Light and weather over a finished picture (T, 3, H, W) in [0, 1]: rain, snow and dusk."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.errors import UnknownName


def under(clip: Tensor, weather: str, seed: int = 0) -> Tensor:
    """The clip in a weather of WEATHERS, same shape and range; raises UnknownName for another."""
    if weather not in WEATHERS:
        raise UnknownName("weather", weather, WEATHERS)
    return WEATHERS[weather](clip, seed).clamp(0, 1)


def _rain(clip: Tensor, seed: int) -> Tensor:
    wet = clip * clip.new_tensor((0.72, 0.77, 0.84)).view(1, 3, 1, 1)
    for layer, (speed, length, share) in enumerate(((0.09, 0.07, 0.0022), (0.06, 0.045, 0.0035))):
        drops = _specks(clip, seed + layer, share)
        size = max(3, round(length * clip.shape[-2]) | 1)
        streaks = F.avg_pool2d(F.pad(drops, (0, 0, size // 2, size // 2), "circular"), (size, 1), 1) * size
        wet = wet + (0.30 - 0.1 * layer) * _falling(streaks.clamp(max=1), clip, speed, drift=-0.012)
    return wet


def _snow(clip: Tensor, seed: int) -> Tensor:
    cold = torch.lerp(clip, clip.new_tensor((0.86, 0.89, 0.95)).view(1, 3, 1, 1), 0.16)
    for layer, (speed, radius, share) in enumerate(((0.011, 2, 0.0009), (0.008, 1, 0.002), (0.005, 1, 0.002))):
        radius = max(1, round(radius * clip.shape[-2] / 256))
        flakes = _specks(clip, seed + layer, share)
        for _ in range(2):  # twice a box: a round flake
            flakes = F.avg_pool2d(F.pad(flakes, (radius,) * 4, "circular"), 2 * radius + 1, 1) * (2 * radius + 1)
        fall = _falling(flakes.clamp(max=1), clip, speed, drift=0.002 * (layer - 1), sway=0.012)
        cold = cold + (1 - cold) * fall * (0.95 - 0.2 * layer)
    return cold


def _dusk(clip: Tensor, seed: int) -> Tensor:
    height = clip.shape[-2]
    down = torch.linspace(0, 1, height, device=clip.device, dtype=clip.dtype).view(1, 1, height, 1)
    sky, ground = (clip.new_tensor(rgb).view(1, 3, 1, 1) for rgb in ((0.80, 0.56, 0.56), (0.48, 0.44, 0.60)))
    return clip * torch.lerp(sky, ground, down) + 0.02


def _specks(clip: Tensor, seed: int, share: float) -> Tensor:
    """Sparse ones on a tile (1, 1, 2H, W)."""
    drawn = torch.rand(1, 1, 2 * clip.shape[-2], clip.shape[-1], generator=torch.Generator().manual_seed(seed))
    return (drawn < share).to(clip.device, clip.dtype)


def _falling(tile: Tensor, clip: Tensor, speed: float, drift: float, sway: float = 0.0) -> Tensor:
    """Windows (T, 1, H, W) of a tile that falls by `speed` heights a frame, drifts right and sways."""
    frames, _, height, width = clip.shape
    t = torch.arange(frames, device=clip.device)
    rows = torch.arange(height, device=clip.device) - (t * speed * height).round().long()[:, None]
    shift = t * drift * width + sway * width * torch.sin(t * 0.2)
    columns = torch.arange(width, device=clip.device) - shift.round().long()[:, None]
    return tile[0, 0][rows[:, :, None] % tile.shape[-2], columns[:, None, :] % width].unsqueeze(1)


WEATHERS: dict[str, Callable[[Tensor, int], Tensor]] = {"rain": _rain, "snow": _snow, "dusk": _dusk}
