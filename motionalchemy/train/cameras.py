"""Camera moves over any cached picture: where everything goes is known in closed form, so nothing has to be composed."""

import random

import torch
from torch import Tensor

from motionalchemy.data import moves, words
from motionalchemy.nets.motion import MotionAutoencoder

MOVES = tuple(camera for camera in moves.CAMERAS if camera != "follow")


def swept(picture: Tensor, codec: MotionAutoencoder, frames: int, rng: random.Random) -> tuple[Tensor, list[dict]]:
    """Each picture (B, C, 1, h, w) under a camera move of its own: latents (B, C, t, h, w) of `frames`, and all that may be
    said of each."""
    grid, cell, (h, w) = codec.config.grid, codec.config.cell, picture.shape[3:]
    high, wide = h * grid.space // cell, w * grid.space // cell
    side = min(high, wide)
    across, down = ((torch.arange(n) + 0.5 - n / 2) / side for n in (wide, high))
    place = torch.stack(torch.meshgrid(across, down, indexing="xy"))  # (2, high, wide), in shorter sides
    cameras = [rng.choice(MOVES) for _ in picture]
    fields = torch.stack([field(moves.view(camera, frames, rng), place) for camera in cameras])
    later = codec.moving(fields[:, :, 1:] * side * cell)
    return torch.cat((picture, later), 2), [{"en": words.CAMERAS[c][0], "zh": words.CAMERAS[c][1]} for c in cameras]


def field(view: moves.View, place: Tensor) -> Tensor:
    """From how far away in frame 0 a camera brings what stands at `place` (2, H, W) in each frame: (2, T, H, W).

    The inverse of `View.sees` at frame t, then `View.sees` at frame 0.
    """
    turn = torch.deg2rad(view.angle)
    cos, sin, zoom = (each[:, None, None] for each in (turn.cos(), turn.sin(), view.zoom))
    x = view.x[:, None, None] + (cos * place[0] - sin * place[1]) / zoom
    y = view.y[:, None, None] + (sin * place[0] + cos * place[1]) / zoom
    right, below = x - view.x[0], y - view.y[0]
    return torch.stack(
        (
            zoom[0] * (cos[0] * right + sin[0] * below) - place[0],
            zoom[0] * (-sin[0] * right + cos[0] * below) - place[1],
        )
    )
