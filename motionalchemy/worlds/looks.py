"""Styles: a clip (T, 3, H, W) in [0, 1] painted another way, frame by frame, its motion untouched.

Every texture (paper, canvas, strokes' noise) is drawn once from the seed and stands still, so that nothing flickers
that did not move. Names and words of the styles are in `words.LOOKS`.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.errors import UnknownName
from motionalchemy.nets import painter

LUMA = (0.299, 0.587, 0.114)


def styled(clip: Tensor, look: str, seed: int = 0) -> Tensor:
    """(T, 3, H, W) in [0, 1] in one of the styles of LOOKS, same shape and range; raises UnknownName for another."""
    if look not in STYLES:
        raise UnknownName("style", look, STYLES)
    return STYLES[look](clip, seed).clamp(0, 1)


def grey(clip: Tensor) -> Tensor:
    """(T, 3, H, W) -> its brightness (T, 1, H, W)."""
    return (clip * clip.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def blurred(clip: Tensor, radius: int) -> Tensor:
    """Two box blurs of the given radius in pixels, edges reflected: close to a Gaussian, and fast on a CPU."""
    for _ in range(2):
        clip = _box(F.pad(clip, (radius,) * 4, "reflect"), 2 * radius + 1)
    return clip


def _box(clip: Tensor, side: int) -> Tensor:
    return F.avg_pool2d(F.avg_pool2d(clip, (side, 1), 1), (1, side), 1)


def painted(clip: Tensor, radius: int) -> Tensor:
    """Kuwahara's filter: each pixel takes the mean of the calmest of its four quadrants, so edges stay (1976)."""
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


def saturated(clip: Tensor, amount: float) -> Tensor:
    """Colours pushed away from (above 1) or towards (below 1) their grey."""
    light = grey(clip)
    return light + (clip - light) * amount


def noise(clip: Tensor, seed: int, grain: int = 1) -> Tensor:
    """A still texture (1, 1, H, W) of mean 0, `grain` pixels coarse, the same for every frame and device."""
    height, width = clip.shape[-2:]
    return painter.grain(height, width, seed, grain).to(clip.device, clip.dtype)


def _mono(clip: Tensor, seed: int) -> Tensor:
    light = grey(clip)
    return (light + 0.25 * (light - 0.5) * light * (1 - light) * 4).expand_as(clip)


def _pixel(clip: Tensor, seed: int) -> Tensor:
    block = max(2, min(clip.shape[-2:]) // 64)
    small = F.avg_pool2d(saturated(clip, 1.3), block, ceil_mode=True)
    light = grey(small)
    small = small + (light * 8).round() / 8 - light  # few levels of brightness; hues stay, so no colour is invented
    return F.interpolate(small, scale_factor=block, mode="nearest")[..., : clip.shape[-2], : clip.shape[-1]]


def _cartoon(clip: Tensor, seed: int) -> Tensor:
    flat = painted(painted(clip, 3), 3)
    light = grey(flat)
    steps = (light * 5).round() / 5
    line = ((blurred(edges(flat), 1) - 0.06) * 7).clamp(0, 1)
    return saturated(flat + (blurred(steps, 1) - light) * 0.7, 1.5) * (1 - 0.9 * line)


def _oil(clip: Tensor, seed: int) -> Tensor:
    paint = saturated(painted(painted(clip, 4), 3), 1.25)
    right, down = slopes(grey(paint) + 0.02 * noise(clip, seed, 3))
    return paint + 0.35 * (right + down)  # light from the upper left on the relief of the paint


def _watercolour(clip: Tensor, seed: int) -> Tensor:
    wash = painted(painted(clip, 4), 3)
    pigment = blurred(noise(clip, seed, 12), 3) * 0.05 + noise(clip, seed + 1) * 0.012
    rim = edges(wash) * 0.6
    light = 1 - (1 - saturated(wash, 1.1)) * 0.78
    return light * (1 + pigment) - rim


def _sketch(clip: Tensor, seed: int) -> Tensor:
    light = grey(clip)
    lines = (light + 0.1) / (blurred(light, 4) + 0.1)  # dodge: dark only where darker than its surroundings
    lines = lines.clamp(max=1).pow(2.2).clamp(min=0.2)
    hatch = 1 + 0.16 * blurred(noise(clip, seed, 2), 1) + 0.1 * noise(clip, seed + 1)
    shade = ((0.6 - light) * 0.8).clamp(0, 0.42) * hatch
    return ((0.97 - shade) * lines + 0.008 * noise(clip, seed + 2)).expand_as(clip)


def _ink(clip: Tensor, seed: int) -> Tensor:
    wash = painted(painted(clip, 4), 3)
    tone = ((grey(wash) - 0.08) / 0.66).clamp(0, 1).pow(0.7)
    bleed = 0.6 * tone + 0.4 * blurred(tone, 3)
    stroke = ((blurred(edges(wash), 1) - 0.05) * 4).clamp(0, 0.7)
    paper = _colour(clip, 0.96, 0.94, 0.88) * (1 + 0.015 * noise(clip, seed, 2))
    return paper * (0.08 + 0.92 * bleed) * (1 - stroke)


def _fairy(clip: Tensor, seed: int) -> Tensor:
    small = F.avg_pool2d((clip - 0.3).clamp(min=0) * 1.5, 4, ceil_mode=True)
    glow = F.interpolate(blurred(small, max(1, small.shape[-1] // 24)), clip.shape[-2:], mode="bilinear")
    soft = saturated(painted(clip, 2), 1.35)
    bright = 1 - (1 - soft) * (1 - 0.5 * glow)
    return bright * _colour(clip, 1.04, 0.95, 1.04) + _colour(clip, 0.05, 0.02, 0.07) + _sparkle(clip, seed)


def _sparkle(clip: Tensor, seed: int) -> Tensor:
    """Soft points of light that twinkle, each in its own rhythm (a cycle of one to two seconds at 24 fps)."""
    frames, _, height, width = clip.shape
    drawn = torch.rand(3, 1, height, width, generator=torch.Generator().manual_seed(seed)).to(clip)
    time = torch.arange(frames, device=clip.device, dtype=clip.dtype).view(-1, 1, 1, 1)
    twinkle = torch.sin(6.2831853 * (drawn[1] + time / (24 + 24 * drawn[2]))).clamp(min=0)
    points = (drawn[0] < 0.0006) * twinkle
    return (blurred(points, 1) * 6 + blurred(points, 3) * 14).clamp(max=0.8) * _colour(clip, 1.0, 0.95, 0.75)


def _colour(clip: Tensor, *rgb: float) -> Tensor:
    return clip.new_tensor(rgb).view(1, 3, 1, 1)


def _van_gogh(clip: Tensor, seed: int) -> Tensor:
    frames, _, height, width = clip.shape
    colour = saturated(painted(clip, 3), 1.5)
    light = grey(colour)
    colour = colour * (
        light * _colour(clip, 1.04, 1.0, 0.86) + (1 - light) * _colour(clip, 0.82, 0.94, 1.16)
    )  # warm lights, blue shadows
    right, down = slopes(blurred(light, 2))
    xx, yy, xy = (blurred(p, 4) for p in (right.square(), down.square(), right * down))
    swirl = 4.0 * blurred(noise(clip, seed, 32), 4)  # where nothing has a direction, strokes turn by themselves
    calm = 2e-4
    along = 0.5 * torch.atan2(2 * xy + calm * swirl.sin(), xx - yy + calm * swirl.cos()) + torch.pi / 2
    step = torch.cat([along.cos() * 2 / width, along.sin() * 2 / height], 1).permute(0, 2, 3, 1)  # one pixel onwards
    grid = F.affine_grid(torch.eye(2, 3, device=clip.device, dtype=clip.dtype).repeat(frames, 1, 1), list(clip.shape),
                         align_corners=False)  # fmt: skip
    bristles = noise(clip, seed + 1, 2).expand(frames, 1, height, width)
    source = torch.cat([colour + 0.16 * bristles, bristles], 1)
    drawn = torch.zeros_like(source)
    reach = (-6.0, -3.0, 0.0, 3.0, 6.0)
    for distance in reach:
        drawn += F.grid_sample(source, grid + distance * step, padding_mode="reflection", align_corners=False)
    drawn /= len(reach)
    ridge = slopes(drawn[:, 3:])
    return drawn[:, :3] + 0.09 * (ridge[0] + ridge[1])


STYLES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "watercolour": _watercolour,
    "oil": _oil,
    "van_gogh": _van_gogh,
    "sketch": _sketch,
    "cartoon": _cartoon,
    "pixel": _pixel,
    "ink": _ink,
    "fairy": _fairy,
    "mono": _mono,
}
