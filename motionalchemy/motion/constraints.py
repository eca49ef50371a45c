"""What the shape of a subject asks of its movement: kept whole, in its place, and within what the picture shows.

Movement is (2, T, h, w) in shares of the picture's width: from how far away right and down each place comes.
"""

import torch
from torch import Tensor

from motionalchemy.nets import rigid
from motionalchemy.render.warp import BEYOND, SIDE, places
from motionalchemy.scene.parse import Layer


def within(moves: Tensor, layer: Layer) -> Tensor:
    """Less of a movement where it would show more than BEYOND of what lies outside the picture, of a layer that is cut by
    an edge."""
    small = layer.cells(*moves.shape[2:]) > 0.5
    place = places(*small.shape)[:, None] / SIDE + moves
    tall = small.shape[0] / small.shape[1]
    beyond = [
        (-place[1, :, 0])[:, small[0]], (place[1, :, -1] - tall)[:, small[-1]],
        (-place[0, :, :, 0])[:, small[:, 0]], (place[0, :, :, -1] - 1)[:, small[:, -1]],
    ]  # fmt: skip
    most = max((float(each.max()) for each in beyond if each.numel()), default=0.0)
    return moves * min(1.0, BEYOND / max(most, 1e-6))


def centred(moves: Tensor, layer: Layer) -> Tensor:
    """A movement without how far to a side it takes the middle of the layer."""
    counts = layer.cells(*moves.shape[2:])
    aside = (moves[:1] * counts).sum((2, 3), keepdim=True) / counts.sum().clamp(min=1e-6)
    return moves - torch.cat((aside, torch.zeros_like(aside)))


def stiffened(moves: Tensor, layer: Layer) -> Tensor:
    """A movement that keeps the shape of the layer, as rigid as it can be (`nets.rigid`)."""
    return rigid.stiffened(moves * moves.shape[3], layer.cells(*moves.shape[2:])) / moves.shape[3]
