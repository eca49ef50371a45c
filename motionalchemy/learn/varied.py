"""Cached clips seen otherwise: in a mirror, from nearer, in other colours. How they move is carried over in closed form,
so a clip costs a tenth of what composing one does, and no subject is known by its looks."""

import math
import random
import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.vision import Vision

NEAREST = 1.4  # times that a picture is enlarged at most
GREY = 0.1  # the share of clips without colour
_SIDES = ("left", "right"), ("clockwise", "counter-clockwise"), ("左", "右"), ("顺时针", "逆时针")
TURNED = {a: b for pair in _SIDES for a, b in (pair, pair[::-1])}  # what a mirror does to words
SAID = re.compile(r"\b(?:left|right|counter-clockwise|clockwise)(?=wards?\b|\b)|[左右]|[顺逆]时针")


@dataclass(frozen=True)
class Glance:
    """How N clips are seen: `mirror` (N,) is -1 or 1, `zoom` (N,) times enlarged, `at` (N, 2) the middle of what is seen
    in halves of the picture, `colour` (N, 3, 4) maps (r, g, b, 1) in [-1, 1] to colours."""

    mirror: Tensor
    zoom: Tensor
    at: Tensor
    colour: Tensor

    def pixels(self, x: Tensor) -> Tensor:
        """Where things lie: x (N, n, T, H, W) resampled, its values as they are."""
        n, _, frames, high, wide = x.shape
        theta = x.new_zeros(n, 2, 3)
        theta[:, 0, 0], theta[:, 1, 1] = self.mirror / self.zoom, 1 / self.zoom
        theta[:, :, 2] = self.at
        grid = F.affine_grid(theta, [n, 1, high, wide], align_corners=False)
        grid = grid[:, None].expand(-1, frames, -1, -1, -1).flatten(0, 1)
        seen = F.grid_sample(x.transpose(1, 2).flatten(0, 1), grid, padding_mode="border", align_corners=False)
        return seen.unflatten(0, (n, frames)).transpose(1, 2)

    def movement(self, field: Tensor) -> Tensor:
        """A field of movement (N, 2, T, H, W): resampled, its vectors mirrored and as many times longer."""
        turned = torch.stack((self.mirror * self.zoom, self.zoom), 1)
        return self.pixels(field) * turned[:, :, None, None, None]

    def coloured(self, picture: Tensor) -> Tensor:
        """A picture (N, 3, T, H, W) in [-1, 1] in its new colours."""
        return (self.tinted(picture) + self.colour[:, :, 3, None, None, None]).clamp(-1, 1)

    def tinted(self, difference: Tensor) -> Tensor:
        """A difference of colours (N, 3, T, H, W) after the same change."""
        return torch.einsum("nij,njthw->nithw", self.colour[:, :, :3], difference)


def glances(count: int, rng: random.Random, colours: bool = True) -> Glance:
    """As many ways to look, one each; the colours stay as they are unless `colours`."""
    mirror = torch.tensor([rng.choice((-1.0, 1.0)) for _ in range(count)])
    zoom = torch.tensor([math.exp(rng.uniform(0, math.log(NEAREST))) for _ in range(count)])
    room = 1 - 1 / zoom
    at = torch.tensor([[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(count)]) * room[:, None]
    colour = torch.stack([_colours(rng) if colours else torch.eye(3, 4) for _ in range(count)])
    return Glance(mirror, zoom, at, colour)


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
    """Latents (N, C, T, h, w) of clips seen so, and what the vision network says of their first pictures."""
    picture = glance.coloured(glance.pixels(codec.picture.decode(latents[:, :, :1].float())))
    found = [codec.picture.encode(picture)]
    if latents.shape[2] > 1:
        field, rest = codec.parted(latents[:, :, 1:].float())
        found.append(codec.joined(glance.movement(field), glance.tinted(glance.pixels(rest))))
    return torch.cat(found, 2).half(), vision(codec.picture.decode(found[0])[:, :, 0]).half()


def mirrored_words(said: str) -> str:
    """A sentence, English or Chinese, about the same clip seen in a mirror."""
    return SAID.sub(lambda found: TURNED[found[0]], said)
