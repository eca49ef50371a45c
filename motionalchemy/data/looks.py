"""Styles: a clip (T, 3, H, W) in [0, 1] painted another way, frame by frame, its motion untouched.

Every texture (paper, canvas, strokes' noise) is drawn once from the seed and stands still, so that nothing flickers
that did not move. Names and words of the styles are in `words.LOOKS`.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.errors import UnknownName
from motionalchemy.nets.brush import blurred, edges, flattened, grain, grey, slopes, swept


def styled(clip: Tensor, look: str, seed: int = 0) -> Tensor:
    """(T, 3, H, W) in [0, 1] in one of the styles of LOOKS, same shape and range; raises UnknownName for another."""
    if look not in STYLES:
        raise UnknownName("style", look, STYLES)
    return STYLES[look](clip, seed).clamp(0, 1)


def saturated(clip: Tensor, amount: float) -> Tensor:
    """Pictures (T, 3, H, W) with colours pushed away from (`amount` above 1) or towards (below 1) their grey."""
    light = grey(clip)
    return light + (clip - light) * amount


def noise(clip: Tensor, seed: int, coarse: int = 1) -> Tensor:
    """A still texture (1, 1, H, W) of mean 0, `coarse` pixels wide, the same for every frame and device."""
    height, width = clip.shape[-2:]
    return grain(height, width, seed, coarse).to(clip.device, clip.dtype)


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
    flat = flattened(flattened(clip, 3), 3)
    light = grey(flat)
    steps = (light * 5).round() / 5
    line = ((blurred(edges(flat), 1) - 0.06) * 7).clamp(0, 1)
    return saturated(flat + (blurred(steps, 1) - light) * 0.7, 1.5) * (1 - 0.9 * line)


def _oil(clip: Tensor, seed: int) -> Tensor:
    paint = saturated(flattened(flattened(clip, 4), 3), 1.25)
    right, down = slopes(grey(paint) + 0.02 * noise(clip, seed, 3))
    return paint + 0.35 * (right + down)  # light from the upper left on the relief of the paint


def _watercolour(clip: Tensor, seed: int) -> Tensor:
    wash = flattened(flattened(clip, 4), 3)
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
    wash = flattened(flattened(clip, 4), 3)
    tone = ((grey(wash) - 0.08) / 0.66).clamp(0, 1).pow(0.7)
    bleed = 0.6 * tone + 0.4 * blurred(tone, 3)
    stroke = ((blurred(edges(wash), 1) - 0.05) * 4).clamp(0, 0.7)
    paper = _colour(clip, 0.96, 0.94, 0.88) * (1 + 0.015 * noise(clip, seed, 2))
    return paper * (0.08 + 0.92 * bleed) * (1 - stroke)


def _fairy(clip: Tensor, seed: int) -> Tensor:
    small = F.avg_pool2d((clip - 0.3).clamp(min=0) * 1.5, 4, ceil_mode=True)
    glow = F.interpolate(blurred(small, max(1, small.shape[-1] // 24)), clip.shape[-2:], mode="bilinear")
    soft = saturated(flattened(clip, 2), 1.35)
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
    colour = saturated(flattened(clip, 3), 1.5)
    light = grey(colour)
    colour = colour * (
        light * _colour(clip, 1.04, 1.0, 0.86) + (1 - light) * _colour(clip, 0.82, 0.94, 1.16)
    )  # warm lights, blue shadows
    bristles = noise(clip, seed + 1, 2).expand(frames, 1, height, width)
    swirl = 4.0 * blurred(noise(clip, seed, 32), 4)
    drawn = swept(torch.cat([colour + 0.16 * bristles, bristles], 1), light, swirl)
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
