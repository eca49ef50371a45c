"""Scenery: words in, a picture of the place that they name out, without a subject.

A network that hears the words says what such places look like: a small picture of where which colour lies, and how much
each colour varies with brightness in every octave of detail and along two directions, above the horizon and on the
ground. From that a picture of any size is drawn: the small picture grown, and texture of random phase that varies as it
says (Galerne et al., Random Phase Textures, 2011), on the ground in perspective. Another seed is another texture of the
same kind.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets.text import Tokens

SIDE, TOP = 32, 14  # the small picture's side, and how many of its rows lie above the horizon
OCTAVES, DIRECTIONS = 7, 2  # of detail: from 1 to 128 waves a side; across and down
TILE, LARGEST = (
    256,
    512,
)  # pixels of a tile of ground, and of the shorter side of what is drawn; larger is grown from that
FAINT = 0.02  # a deviation of colours in [0, 1] that is taken for none
UNIT = 0.02  # a usual strength of texture, of colours in [0, 1]
CLOUDS = (
    4  # octaves of detail that clouds have; of finer ones each is half as strong again, for their edges are no texture
)
HAZE, SHIFT = 0.5, 0.3  # how much of the far ground the haze hides, and where in its tile the ground begins
GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class SceneryConfig:
    """`width` channels for each word, `wide` for the sentence; a small picture is a mean and `parts` principal
    components; `text` is the width of the word vectors."""

    width: int = 128
    wide: int = 256
    parts: int = 96
    text: int = 512


class Place(NamedTuple):
    """What places look like: small pictures (B, 3, SIDE, SIDE) in [0, 1]; the strength of texture above the horizon and
    on the ground, (B, 2, OCTAVES, DIRECTIONS, 3); logits (B,) that there is a horizon, that another place is asked for,
    and that the sentence is of a place alone, without anyone or anything in it."""

    layout: Tensor
    strength: Tensor
    ground: Tensor
    asked: Tensor
    alone: Tensor


class Scenery(nn.Module):
    """Words -> what the places that they name look like."""

    mean: Tensor
    basis: Tensor

    def __init__(self, config: SceneryConfig):
        super().__init__()
        self.config, textures = config, 2 * OCTAVES * DIRECTIONS * 3
        self.each, self.hear = nn.Linear(config.text, config.width), nn.Linear(config.width, config.wide)
        self.leave = nn.Linear(config.wide, config.parts + textures + 3)
        self.register_buffer("mean", torch.full((3 * SIDE**2,), 0.5))
        self.register_buffer("basis", torch.zeros(config.parts, 3 * SIDE**2))

    def forward(self, tokens: Tokens) -> Place:
        """The places that sentences name, as `Place` says."""
        mask = tokens.mask[..., None]
        heard = (F.gelu(self.each(tokens.vectors)) * mask).sum(1) / mask.sum(1).clamp(min=1)
        heard = F.gelu(self.hear(F.layer_norm(heard, heard.shape[-1:])))
        parts, textures, said = self.leave(heard).split((self.config.parts, 2 * OCTAVES * DIRECTIONS * 3, 3), 1)
        layout = (self.mean + parts @ self.basis).unflatten(1, (3, SIDE, SIDE))
        return Place(layout, UNIT * textures.unflatten(1, (2, OCTAVES, DIRECTIONS, 3)), *said.unbind(1))

    @torch.no_grad()
    def fit(self, layouts: Tensor) -> None:
        """Take mean and principal components, each of unit deviation, from small pictures (N, 3, SIDE, SIDE)."""
        flat = layouts.flatten(1)
        _, spread, axes = torch.linalg.svd(flat - flat.mean(0), full_matrices=False)
        count = min(self.config.parts, len(spread))
        self.mean.copy_(flat.mean(0))
        self.basis.zero_()
        self.basis[:count] = axes[:count] * spread[:count, None] / len(flat) ** 0.5


@torch.no_grad()
def drawn(place: Place, height: int, width: int, seed: int) -> Tensor:
    """A picture (3, height, width) in [0, 1] of the first of `place`; where there is no horizon, out of focus."""
    share = min(1.0, LARGEST / min(height, width))
    size = round(height * share), round(width * share)
    layout, strength, top = _calmed(place.layout[0]), place.strength[0], round(size[0] * TOP / SIDE)
    made = grown(layout, size, bool(place.ground[0] > 0))
    if place.ground[0] > 0:
        dice = torch.Generator().manual_seed(seed)
        fading = 0.5 ** (torch.arange(OCTAVES) - CLOUDS + 1).clamp(min=0)
        above = texture(strength[0] * fading[:, None, None], max(size), dice)[:, :top, : size[1]]
        below = floor(texture(strength[1], TILE, dice), (size[0] - top, size[1]), SHIFT) * (1 - haze(size[0] - top))
        made = made + torch.cat((above, below), 1)
    if share < 1:
        made = F.interpolate(made[None], (height, width), mode="bicubic", align_corners=False)[0]
    return made.clamp(0, 1)


def _calmed(layout: Tensor) -> Tensor:
    """A small picture (3, SIDE, SIDE) of one colour, or of one a row, where it all but is."""
    for flat in (layout.mean((1, 2), keepdim=True), layout.mean(2, keepdim=True)):
        if (layout - flat).square().mean().sqrt() < FAINT:
            return flat.expand_as(layout)
    return layout


def grown(layout: Tensor, size: tuple[int, int], ground: bool) -> Tensor:
    """A small picture (3, SIDE, SIDE) at a size, what is above a horizon apart from the ground."""
    if not ground:
        return F.interpolate(layout[None], size, mode="bicubic", align_corners=False)[0]
    top = round(size[0] * TOP / SIDE)
    above, below = (
        grown(layout[:, :TOP], (top, size[1]), False),
        grown(layout[:, TOP:], (size[0] - top, size[1]), False),
    )
    return torch.cat((above, below), 1)


@cache
def _octaves(side: int) -> Tensor:
    """Which waves of a square belong to an octave and a direction, (OCTAVES, DIRECTIONS, side, side); each to one
    octave or none."""
    waves = torch.fft.fftfreq(side) * side
    down, across = waves[:, None].abs(), waves[None].abs()
    octave = torch.log2((down**2 + across**2).sqrt().clamp(min=0.5)).floor()
    leans = (across > down).float() + 0.5 * (across == down).float()
    inside = (octave == torch.arange(OCTAVES)[:, None, None]).float()
    return torch.stack((inside * leans, inside * (1 - leans)), 1)


def strengths(picture: Tensor) -> Tensor:
    """How much each colour of a square (3, s, s) varies with its brightness, in every octave and direction: (OCTAVES,
    DIRECTIONS, 3).

    It is the first principal axis of the colours there, pointing to what is brighter, as long as their deviation along
    it.
    """
    side = picture.shape[-1]
    waves = (torch.fft.fft2(picture) * _octaves(side).sqrt()[:, :, None]).flatten(3) / side**2
    spread, axes = torch.linalg.eigh((waves @ waves.mH).real + 1e-12 * torch.eye(3))
    axis = axes[..., -1] * torch.sign(axes[..., -1] @ torch.tensor(GREY))[..., None]
    return axis * spread[..., -1:].clamp(min=0).sqrt()


def texture(strength: Tensor, side: int, dice: torch.Generator) -> Tensor:
    """A seamless square (3, side, side) about 0 that varies as `strength` (OCTAVES, DIRECTIONS, 3) says: the inverse of
    `strengths` but for the phases, which are random."""
    inside = _octaves(side)
    waves = torch.fft.fft2(torch.randn(side, side, generator=dice)) * inside.sqrt()
    shares = torch.fft.ifft2(waves).real * side / inside.sum((2, 3)).clamp(min=1).sqrt()[..., None, None]
    return torch.einsum("owc,owij->cij", strength, shares)


def haze(rows: int) -> Tensor:
    """How much haze lies before the rows of a ground, from the horizon to the viewer: (1, rows, 1)."""
    return torch.exp(-torch.linspace(0, 9, rows)).view(1, -1, 1) * HAZE


def floor(tile: Tensor, size: tuple[int, int], shift: float) -> Tensor:
    """A seamless (3, h, w) tile as a floor that runs from the top edge (the horizon) of (3, *size) to the viewer."""
    height, width = size
    down = (torch.arange(height) + 0.5) / height
    depth = 1 / (down + 0.02)
    u = (torch.linspace(-0.5, 0.5, width) * depth[:, None] * 1.3 + shift) % 1
    v = (depth * 0.9 + shift)[:, None].expand_as(u) % 1
    fine = (tile.shape[-2], tile.shape[-1])
    coarse = [_resized(_resized(tile, (side, side)), fine) for side in (256, 128, 64, 32, 16, 8)]
    levels = torch.stack(coarse, 1)  # (3, L, h, w): the tile ever smoother, so that far rows do not flicker
    level = torch.log2((depth**1.5 * 1.1 * tile.shape[-1] / width).clamp(1, 2 ** (len(coarse) - 1)))
    level = (level / (len(coarse) - 1)).expand(width, -1).T
    padded = F.pad(levels.unsqueeze(0), (1, 1, 1, 1, 0, 0), "circular")
    inner = tile.shape[-1] / padded.shape[-1]
    grid = torch.stack([(u * 2 - 1) * inner, (v * 2 - 1) * inner, level * 2 - 1], -1)[None, None]
    return F.grid_sample(padded, grid, padding_mode="border", align_corners=True)[0, :, 0]


def _resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    if picture.shape[-2:] == size:
        return picture
    return F.interpolate(picture[None], size, mode="bilinear", align_corners=False, antialias=True)[0]
