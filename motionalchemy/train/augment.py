"""Cached clips seen otherwise: in a mirror, from nearer, through a lens that makes legs longer and bodies wider, in other
colours. How they move is carried over in closed form, so a clip costs a tenth of what composing one does, and no subject is
known by its looks or by its build."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.vision import Vision

FEW = 4  # pictures that a network is shown at once
NEAREST = 1.4  # times that a picture is enlarged at most
KNOTS, BENDS = 33, 5  # places of a lens, and of those the ones that are bent independently
GREY = 0.1  # the share of clips without colour


@dataclass(frozen=True)
class Glance:
    """How N clips are seen: `mirror` (N,) is -1 or 1; `lens` (N, 2, KNOTS) says of places evenly spaced over the width and
    the height what is seen there, both in halves of the picture, rising; `colour` (N, 3, 4) maps (r, g, b, 1) in [-1, 1] to
    colours."""

    mirror: Tensor
    lens: Tensor
    colour: Tensor

    def pixels(self, x: Tensor) -> Tensor:
        """Where things lie: x (N, n, T, H, W) resampled, its values as they are."""
        n, _, frames, high, wide = x.shape
        across, down = (self._seen_at(axis, _middles(size, x)) for axis, size in ((0, wide), (1, high)))
        grid = torch.stack((across[:, None].expand(-1, high, -1), down[:, :, None].expand(-1, -1, wide)), -1)
        grid = grid[:, None].expand(-1, frames, -1, -1, -1).flatten(0, 1)
        seen = F.grid_sample(x.transpose(1, 2).flatten(0, 1), grid, padding_mode="border", align_corners=False)
        return seen.unflatten(0, (n, frames)).transpose(1, 2)

    def movement(self, field: Tensor, cell: int) -> Tensor:
        """A field of movement (N, 2, T, H, W) in pixels, one vector for each `cell` of them: from where each place comes is
        looked up as it is seen through the lens."""
        found, (high, wide) = self.pixels(field), field.shape[3:]
        displacements = []
        for axis, size in ((0, wide), (1, high)):
            here, half = _middles(size, field), size * cell / 2
            shape = (1, 1, 1, -1) if axis == 0 else (1, 1, -1, 1)
            old = self._seen_at(axis, here).reshape(len(found), *shape[1:]) + found[:, axis] / half
            displacements.append((self._stands_at(axis, old) - here.view(shape)) * half)
        return torch.stack(displacements, 1)

    def _seen_at(self, axis: int, place: Tensor) -> Tensor:
        """What is seen at places (n,) of an axis: (N, n)."""
        place = place.expand(len(self.mirror), -1)
        place = place * self.mirror[:, None] if axis == 0 else place
        at = (place + 1) / 2 * (KNOTS - 1)
        low = at.floor().long().clamp(0, KNOTS - 2)
        lens = self.lens[:, axis]
        return torch.lerp(lens.gather(1, low), lens.gather(1, low + 1), at - low)

    def _stands_at(self, axis: int, seen: Tensor) -> Tensor:
        """The inverse of `_seen_at`, of any shape (N, ...)."""
        lens, flat = self.lens[:, axis].contiguous(), seen.flatten(1).contiguous()
        low = (torch.searchsorted(lens, flat) - 1).clamp(0, KNOTS - 2)
        one, other = lens.gather(1, low), lens.gather(1, low + 1)
        place = (low + (flat - one) / (other - one)) / (KNOTS - 1) * 2 - 1
        return (place * self.mirror[:, None] if axis == 0 else place).view_as(seen)

    def coloured(self, picture: Tensor) -> Tensor:
        """A picture (N, 3, T, H, W) in [-1, 1] in its new colours."""
        return (self.tinted(picture) + self.colour[:, :, 3, None, None, None]).clamp(-1, 1)

    def tinted(self, difference: Tensor) -> Tensor:
        """A difference of colours (N, 3, T, H, W) after the same change."""
        return torch.einsum("nij,njthw->nithw", self.colour[:, :, :3], difference)


def glances(count: int, rng: random.Random, colours: bool = True, bend: float = 0.0) -> Glance:
    """`count` of them, drawn at random; the colours stay as they are unless `colours`, and the lens is flat unless `bend`,
    the deviation of the logarithm of how large things are seen from place to place."""
    mirror = torch.tensor([rng.choice((-1.0, 1.0)) for _ in range(count)])
    lens = torch.stack([_lens(rng, bend) for _ in range(count)])
    colour = torch.stack([_colours(rng) if colours else torch.eye(3, 4) for _ in range(count)])
    return Glance(mirror, lens, colour)


def _lens(rng: random.Random, bend: float) -> Tensor:
    """A part of the picture, up to NEAREST times enlarged, its rows and columns more and less so: (2, KNOTS)."""
    zoom, axes = math.exp(rng.uniform(0, math.log(NEAREST))), []
    for _ in range(2):
        bent = torch.tensor([[[rng.gauss(0, bend) for _ in range(BENDS)]]])
        steps = F.interpolate(bent, KNOTS - 1, mode="linear", align_corners=True)[0, 0].exp()
        places = F.pad(steps.cumsum(0) / steps.sum(), (1, 0)) * 2 - 1
        axes.append((places + rng.uniform(-1, 1) * (zoom - 1)) / zoom)
    return torch.stack(axes)


def _middles(size: int, like: Tensor) -> Tensor:
    """The middles of `size` cells from -1 to 1."""
    return (torch.arange(size, device=like.device) + 0.5) * (2 / size) - 1


def _colours(rng: random.Random) -> Tensor:
    """Hue turned, saturation, contrast and lightness changed: (3, 4)."""
    grey = torch.full((3, 3), 1 / 3)
    hue, much = rng.gauss(0, 0.6), 0.0 if rng.random() < GREY else rng.uniform(0.4, 1.5)
    axis = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turned = grey + math.cos(hue) * (torch.eye(3) - grey) + math.sin(hue) * axis  # about the axis of greys
    mixed = (grey + much * (turned - grey)) * rng.uniform(0.7, 1.3)
    return torch.cat((mixed, torch.full((3, 1), rng.uniform(-0.2, 0.2))), 1)


@torch.no_grad()
def seen(latents: Tensor, glance: Glance, codec: MotionAutoencoder, vision: Vision) -> tuple[Tensor, Tensor]:
    """Latents (N, C, T, h, w) of clips seen so, and what the vision network says of their first pictures (N, V, h, w); both
    float16."""
    first, later = latents[:, :, :1].float(), latents[:, :, 1:].float()
    picture = glance.coloured(glance.pixels(_few(codec.picture.decode, first)))
    found = _few(codec.picture.encode, picture)
    look = _few(lambda part: vision(codec.picture.decode(part)[:, :, 0]), found)
    if later.shape[2]:
        field, rest = codec.parted(later)
        moves = glance.movement(field, codec.config.cell)
        still = not later[:, codec.config.moves :].any()
        carried = codec.moving(moves) if still else codec.joined(moves, glance.tinted(glance.pixels(rest)))
        found = torch.cat((found, carried), 2)
    return found.half(), look.half()


def _few(network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A network's answer for a batch, a few at a time, which on a processor takes half the time."""
    return torch.cat([network(part) for part in x.split(FEW)])
