"""Layers to clips, in torch: everything is a batch of frames, on the device of what comes in.

Inside, pictures are (T, 3, H, W) in [0, 1] and layers (T, 4, H, W) with colour already multiplied by alpha, so that
resizing never bleeds a hidden colour into an edge. `finished` clips are (T, 3, H, W) in [-1, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.data.shards import Layer
from motionalchemy.errors import InputError

Size = tuple[int, int]  # height, width
GREY = 128 / 255
FAINT, SOLID = 10 / 255, 247 / 255  # alpha outside this range is what the video codec left behind


def rgba(layer: Layer, device: torch.device | str = "cpu") -> Tensor:
    """A layer of the corpus -> (T, 4, H, W) in [0, 1], colour multiplied by alpha; raises InputError without alpha."""
    if layer.alpha is None:
        raise InputError("this sample has no alpha: it is a whole picture, not a layer")
    colour = torch.from_numpy(layer.colour).to(device).permute(0, 3, 1, 2).float().div_(255)
    stored = torch.from_numpy(layer.alpha).to(device).unsqueeze(1).float().div_(255)
    alpha = ((stored - FAINT) / (SOLID - FAINT)).clamp_(0, 1)
    colour = colour.sub_(GREY * (1 - stored)).clamp_(0, 1).minimum(alpha)
    return torch.cat([colour, alpha], 1)


def resized(pictures: Tensor, size: Size) -> Tensor:
    """Antialiased bilinear resize of (..., C, H, W) to (..., C, *size)."""
    if tuple(pictures.shape[-2:]) == tuple(size):
        return pictures
    flat = pictures.flatten(0, -4) if pictures.ndim > 4 else pictures.reshape(-1, *pictures.shape[-3:])
    flat = F.interpolate(flat, size, mode="bilinear", align_corners=False, antialias=True)
    return flat.reshape(*pictures.shape[:-2], *size)


def covering(picture: Tensor, size: Size) -> Tensor:
    """Resize (..., C, H, W) until it covers `size`, keeping its aspect, and cut out the middle."""
    height, width = picture.shape[-2:]
    factor = max(size[0] / height, size[1] / width)
    big = (max(size[0], round(height * factor)), max(size[1], round(width * factor)))
    top, left = (big[0] - size[0]) // 2, (big[1] - size[1]) // 2
    return resized(picture, big)[..., top : top + size[0], left : left + size[1]]


def placed(
    layer: Tensor,
    size: Size,
    scale: Tensor | float = 1.0,
    x: Tensor | float = 0.0,
    y: Tensor | float = 0.0,
    angle: Tensor | float = 0.0,
    edge: str = "zeros",
) -> Tensor:
    """Put layers (T, C, h, w) on an empty canvas (T, C, *size), one placement per frame or one for all.

    At `scale` 1 the layer's height is the canvas's shorter side; `x` and `y` move its centre from the middle of the
    canvas, in shorter sides, right and down; `angle` turns it counter-clockwise, in degrees. Beyond a layer lies what
    `edge` says (zeros, border or reflection).
    """
    frames, short = len(layer), min(size)
    values = [torch.as_tensor(v, dtype=layer.dtype, device=layer.device).expand(frames) for v in (scale, x, y, angle)]
    grow, right, down, turn = values
    biggest = max(1, round(short * float(grow.max())))
    if biggest < layer.shape[-2]:
        layer = resized(layer, (biggest, max(1, round(biggest * layer.shape[-1] / layer.shape[-2]))))
    aspect = layer.shape[-1] / layer.shape[-2]
    cos, sin = torch.cos(torch.deg2rad(turn)) / grow, torch.sin(torch.deg2rad(turn)) / grow
    wide, high = size[1] / short, size[0] / short  # canvas coordinates in shorter sides
    to_layer = torch.stack(
        [
            torch.stack([cos * wide / aspect, -sin * high / aspect, (-cos * right + sin * down) * 2 / aspect], -1),
            torch.stack([sin * wide, cos * high, (-sin * right - cos * down) * 2], -1),
        ],
        1,
    )  # (T, 2, 3): normalised canvas coordinates -> normalised layer coordinates
    grid = F.affine_grid(to_layer, [frames, layer.shape[1], *size], align_corners=False)
    return F.grid_sample(layer, grid, mode="bilinear", padding_mode=edge, align_corners=False)


def over(top: Tensor, bottom: Tensor) -> Tensor:
    """Lay premultiplied layers (T, 4, H, W) over pictures (T or 1, 3, H, W) -> (T, 3, H, W) (Porter and Duff, 1984)."""
    return ((1 - top[:, 3:]) * bottom).add_(top[:, :3])


def finished(pictures: Tensor) -> Tensor:
    """Pictures (T, 3, H, W) in [0, 1] -> a clip of the same shape in [-1, 1]."""
    return pictures.clamp(0, 1).mul_(2).sub_(1)


def compose(
    layer: Layer,
    background: Tensor | None,
    size: Size = (256, 256),
    scale: float = 0.9,
    offset: tuple[float, float] = (0.0, 0.0),
    mirrored: bool = False,
) -> Tensor:
    """One sample of the corpus over one background -> (T, 3, H, W) in [-1, 1].

    `background` is (3, H, W) or (T, 3, H, W) in [0, 1] and decides the device; a scene brings its own and takes None.
    `scale` and `offset` (right, down) are those of `placed`. `mirrored` flips the layer, not the background. Raises
    InputError for a layer without one.
    """
    if layer.alpha is None:
        frames = torch.from_numpy(layer.colour).permute(0, 3, 1, 2).float() / 255
        frames = covering(frames, size)
        return finished(frames.flip(-1) if mirrored else frames)
    if background is None:
        raise InputError("a layer needs a background: give (3, H, W) or (T, 3, H, W) in [0, 1]")
    subject = rgba(layer, background.device)
    subject = placed(subject.flip(-1) if mirrored else subject, size, scale, *offset)
    backdrop = covering(background if background.ndim == 4 else background.unsqueeze(0), size)
    return finished(over(subject, backdrop))
