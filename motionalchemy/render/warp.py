"""Paths through a picture: places, and displacement fields moved, grown and seen by a camera.

Fields are backward, (T, 2, h, w): from how far away right and down each place of a frame comes, in pixels of a picture SIDE
wide.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.nets import motion

SIDE = 128  # pixels across a picture in which displacements are counted here
SIDES = {"left": -1, "right": 1}
BEYOND = 0.06  # of the width: what is made up at most of a subject that is cut by an edge


def places(high: int, wide: int) -> Tensor:
    """The middles of cells of a picture SIDE wide, right and down, (2, high, wide)."""
    down, across = ((torch.arange(n) + 0.5) * (SIDE / wide) for n in (high, wide))
    return torch.stack(torch.meshgrid(across, down, indexing="xy"))


def shifted(field: Tensor, aside: Tensor) -> Tensor:
    """A field (T, 2, h, w) that brings everything so far right and down (T, 2) besides."""
    aside = aside[:, :, None, None]
    return sampled(field, places(*field.shape[2:]) - aside, "border") - aside


def scaled_about(field: Tensor, sizes: Tensor, about: Tensor) -> Tensor:
    """A field (T, 2, h, w) that makes everything `sizes` (T,) times as large besides, about places (T, 2)."""
    place, about = places(*field.shape[2:]), about[:, :, None, None]
    was = about + (place - about) / sizes.view(-1, 1, 1, 1)
    return sampled(field, was, "border") + was - place


def under_camera(field: Tensor, ground: Tensor) -> Tensor:
    """A field (T, 2, h, w) before a camera that stands, before one that takes the ground along its own (T, 2, h, w)."""
    return ground + sampled(field, places(*field.shape[2:]) + ground, "border")


def sampled(values: Tensor, place: Tensor, edge: str = "zeros") -> Tensor:
    """Values over a picture (T, n, h, w) at places (T, 2, a, b) in pixels of one SIDE wide."""
    high, wide = values.shape[2:]
    grid = torch.stack((place[:, 0] * (2 / SIDE) - 1, place[:, 1] * (2 * wide / (SIDE * high)) - 1), -1)
    return F.grid_sample(values, grid, padding_mode=edge, align_corners=False)


def displacement(moves: Tensor) -> Tensor:
    """Movement (2, T, h, w) in shares of a picture's width as a field (T, 2, h, w)."""
    return moves.transpose(0, 1) * SIDE


def warped(picture: Tensor, field: Tensor, edge: str) -> Tensor:
    """A picture (1, n, H, W) seen through a field (2, h, w); outside it is as `nets.motion.warp` says, or mirrored as far
    as BEYOND and nothing there ("beyond")."""
    height, width = picture.shape[2:]
    if edge == "beyond":
        far = round(BEYOND * width)
        picture = F.pad(picture, (far,) * 4, mode="reflect")
        field = F.interpolate(field[None], (height, width), mode="bilinear", align_corners=False)
        field = F.pad(field, (far,) * 4, mode="replicate") * (width / SIDE)
        seen = motion.warp(picture, field[:, :, None], "zeros", "bicubic")[:, :, 0]
        return seen[:, :, far : far + height, far : far + width].clamp(min=0)
    large = motion.upsampled(field[None, :, None], height, width, width / SIDE)
    return motion.warp(picture, large, edge, "bicubic")[:, :, 0].clamp(min=0)
