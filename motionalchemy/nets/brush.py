"""What a hand makes of a picture before any style: flat areas, lines, strokes along the forms, the grain of paper, and
rain and snow that fall in front of it.

Pictures are (T, 3, H, W) in [0, 1]; every function is the same for each frame, on every device.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
STROKE = (-6.0, -3.0, 0.0, 3.0, 6.0)  # pixels along a form that a bristle gathers colour from
CALM = 2e-4  # squared slope below which strokes follow the swirl instead of the forms


def grain(height: int, width: int, seed: int, coarse: int = 1) -> Tensor:
    """A texture (1, 1, height, width) of mean 0, `coarse` pixels wide, the same on every device."""
    size, generator = (1, 1, -(-height // coarse), -(-width // coarse)), torch.Generator().manual_seed(seed)
    drawn = torch.randn(size, generator=generator)
    return F.interpolate(drawn, (height, width), mode="bicubic", align_corners=False) if coarse > 1 else drawn


def grey(clip: Tensor) -> Tensor:
    """(T, 3, H, W) -> its brightness (T, 1, H, W)."""
    return (clip * clip.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def blurred(clip: Tensor, radius: int) -> Tensor:
    """(T, n, H, W) under two box blurs of the given radius in pixels, edges reflected: close to a Gaussian, and fast on
    a CPU."""
    for _ in range(2):
        clip = _box(F.pad(clip, (radius,) * 4, "reflect"), 2 * radius + 1)
    return clip


def _box(clip: Tensor, side: int) -> Tensor:
    return F.avg_pool2d(F.avg_pool2d(clip, (side, 1), 1), (1, side), 1)


def flattened(clip: Tensor, radius: int) -> Tensor:
    """(T, 3, H, W) through Kuwahara's filter: each pixel takes the mean of the calmest of its four quadrants, so edges
    stay (1976)."""
    padded = F.pad(clip, (radius,) * 4, "reflect")
    mean = _box(padded, radius + 1)
    light = grey(padded)
    spread = _box(light.square(), radius + 1) - _box(light, radius + 1).square()
    height, width = clip.shape[-2:]
    best = best_spread = None
    for top in (0, radius):
        for left in (0, radius):
            here = spread[..., top : top + height, left : left + width]
            value = mean[..., top : top + height, left : left + width]
            if best is None or best_spread is None:
                best, best_spread = value, here
            else:
                calmer = here < best_spread
                best, best_spread = torch.where(calmer, value, best), torch.where(calmer, here, best_spread)
    assert best is not None
    return best


def slopes(light: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences (T, 1, H, W) of a brightness, to the right and downwards."""
    padded = F.pad(light, (1, 1, 1, 1), "replicate")
    return padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2], padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]


def edges(clip: Tensor) -> Tensor:
    """How steep the brightness is, (T, 1, H, W)."""
    right, down = slopes(grey(clip))
    return (right.square() + down.square()).sqrt()


def swept(source: Tensor, light: Tensor, swirl: Tensor) -> Tensor:
    """Pictures (T, n, H, W) smeared along the forms of a brightness (T, 1, H, W), as bristles would: line integral
    convolution (Cabral and Leedom, 1993) over the smoothed structure tensor. `swirl` (T or 1, 1, H, W) turns the
    strokes, in radians, where nothing has a direction."""
    height, width = source.shape[-2:]
    right, down = slopes(blurred(light, 2))
    xx, yy, xy = (blurred(p, 4) for p in (right.square(), down.square(), right * down))
    along = 0.5 * torch.atan2(2 * xy + CALM * swirl.sin(), xx - yy + CALM * swirl.cos()) + torch.pi / 2
    step = torch.cat([along.cos() * 2 / width, along.sin() * 2 / height], 1).permute(0, 2, 3, 1)  # one pixel onwards
    one = torch.eye(2, 3, device=source.device, dtype=source.dtype).repeat(len(source), 1, 1)
    grid, drawn = F.affine_grid(one, list(source.shape), align_corners=False), torch.zeros_like(source)
    for distance in STROKE:
        drawn += F.grid_sample(source, grid + distance * step, padding_mode="reflection", align_corners=False)
    return drawn / len(STROKE)


def rain(height: int, width: int, seed: int, times: Tensor) -> Tensor:
    """Streaks of rain at `times` (T,) in frames of 24 a second, two layers deep: (T, 1, height, width), 0 where none
    is."""
    layers = []
    for layer, (speed, length, share) in enumerate(((0.09, 0.07, 0.0022), (0.06, 0.045, 0.0035))):
        size = max(3, round(length * height) | 1)
        drops = F.pad(_specks(height, width, seed + layer, share), (0, 0, size // 2, size // 2), "circular")
        streaks = (F.avg_pool2d(drops, (size, 1), 1) * size).clamp(max=1)
        layers.append(_falling(streaks, height, times, speed, drift=-0.012))
    return layers[0] + 2 / 3 * layers[1]


def snow(height: int, width: int, seed: int, times: Tensor) -> Tensor:
    """How much flakes of snow hide at `times` (T,) in frames of 24 a second, three layers deep: (T, 1, height,
    width)."""
    clear = torch.ones(())
    for layer, (speed, radius, share) in enumerate(((0.011, 2, 0.0009), (0.008, 1, 0.002), (0.005, 1, 0.002))):
        radius = max(1, round(radius * height / 256))
        flakes = _specks(height, width, seed + layer, share)
        for _ in range(2):  # twice a box: a round flake
            flakes = F.avg_pool2d(F.pad(flakes, (radius,) * 4, "circular"), 2 * radius + 1, 1) * (2 * radius + 1)
        fall = _falling(flakes.clamp(max=1), height, times, speed, drift=0.002 * (layer - 1), sway=0.012)
        clear = clear * (1 - fall * (0.95 - 0.2 * layer))
    return 1 - clear


def _specks(height: int, width: int, seed: int, share: float) -> Tensor:
    """Sparse ones on a tile (1, 1, 2 height, width)."""
    drawn = torch.rand(1, 1, 2 * height, width, generator=torch.Generator().manual_seed(seed))
    return (drawn < share).float()


def _falling(tile: Tensor, height: int, times: Tensor, speed: float, drift: float, sway: float = 0.0) -> Tensor:
    """Windows (T, 1, height, width) of a tile that falls by `speed` heights a frame, drifts right and sways."""
    width = tile.shape[-1]
    rows = torch.arange(height) - (times * speed * height).round().long()[:, None]
    shift = times * drift * width + sway * width * torch.sin(times * 0.2)
    columns = torch.arange(width) - shift.round().long()[:, None]
    return tile[0, 0][rows[:, :, None] % tile.shape[-2], columns[:, None, :] % width].unsqueeze(1)
