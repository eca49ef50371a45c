"""How a composed world moves, from how its layers and its camera move: no search over the composed clip.

A search for movement over a clip mistakes the ground beside a limb for the limb, and does so otherwise before every
other ground: of two clips that differ in the ground alone, what it finds differs by more than it is large. So each
layer is searched once, before plain colours that are unlike it, what is found is mended by descent, and it counts where
the layer is or was.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from motionalchemy.data.compose import Size, placed, rgba
from motionalchemy.data.shards import Layer
from motionalchemy.data.world import Actor, World, foot, staged
from motionalchemy.nets import motion
from motionalchemy.nets.descent import mended
from motionalchemy.nets.trace import trace
from motionalchemy.train import cameras

SIDE, SCALE = 128, 0.85  # pixels of the canvas on which a layer is searched, and its height there
CELL, FINE = 4, 2  # pixels of that canvas to one vector of a field, and to one share of an alpha
GREY, DARK, LIGHT = 0.5, 0.05, 0.95  # the plain colours: grey, and what is further from the layer's own light
SHADOW = 8  # times that a silhouette is pressed flat on the ground
COVERED = 0.05  # of an alpha, where a layer counts as being there
NEAR = 3  # places of an alpha, a square around each, that move with it


@dataclass(frozen=True, eq=False)
class Moves:
    """How a layer moves: `field` (2, T, h, w), from how far away in its frame 0 each place comes, in its own heights,
    and `alpha` (T, m, m), both over a canvas on which its height is SCALE."""

    field: Tensor
    alpha: Tensor


def moves(layer: Layer, folder: Path) -> Moves:
    """The moves of a layer, searched once and kept in `folder`; those of a paced layer are picked from its own."""
    still = layer.facts.get("kind") == "sprite"
    found = _still(layer) if still else _kept(folder / f"{layer.facts['key']}.safetensors", layer)
    if layer.shown is None:
        return found
    at = torch.from_numpy(layer.shown)
    return Moves(found.field[:, at], found.alpha[at])


@lru_cache(maxsize=256)
def _read(path: Path) -> Moves:
    parts = load_file(path)
    return Moves(parts["field"].float(), parts["alpha"].float() / 255)


def _kept(path: Path, layer: Layer) -> Moves:
    if not path.is_file():
        found = searched(layer)
        half = path.with_suffix(f".{os.getpid()}")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"field": found.field.half().contiguous(), "alpha": (found.alpha * 255).round().byte()}, half)
        os.replace(half, path)
    return _read(path)


def searched(layer: Layer) -> Moves:
    """The moves of a layer that is shown whole, searched for."""
    canvas = placed(rgba(layer), (SIDE, SIDE), SCALE)
    colour, alpha = canvas[:, :3], canvas[:, 3:]
    light = float(colour.mean(1, keepdim=True).sum() / alpha.sum().clamp(min=1))
    grounds = GREY, (DARK if light > GREY else LIGHT)
    clips = (((colour + (1 - alpha) * ground) * 2 - 1).transpose(0, 1) for ground in grounds)
    field = torch.stack([motion.shrunk(trace(clip)[None], CELL)[0] for clip in clips]).mean(0)
    rows, columns = _within(alpha)
    pixels = [slice(cells.start * CELL, cells.stop * CELL) for cells in (rows, columns)]
    field[:, :, rows, columns] = mended(canvas[:, :, *pixels], field[:, :, rows, columns])
    return Moves(F.pad(field / (SIDE * SCALE), (0, 0, 0, 0, 1, 0)), F.avg_pool2d(alpha[:, 0], FINE))


def _within(alpha: Tensor) -> tuple[slice, slice]:
    """The rows and the columns of cells that a layer (T, 1, H, W) ever covers, and one on each side."""
    covered = F.max_pool2d(alpha.amax(0), CELL)[0] > COVERED
    spans = []
    for axis in (1, 0):
        there = covered.any(axis).nonzero().flatten().tolist() or range(len(covered))
        spans.append(slice(max(0, there[0] - 1), min(len(covered), there[-1] + 2)))
    return spans[0], spans[1]


def _still(layer: Layer) -> Moves:
    alpha = F.avg_pool2d(placed(rgba(layer)[:1, 3:], (SIDE, SIDE), SCALE)[:, 0], FINE)
    frames = len(layer.colour)
    return Moves(torch.zeros(2, frames, SIDE // CELL, SIDE // CELL), alpha.expand(frames, -1, -1))


def known(world: World) -> bool:
    """Whether `field` says how a world moves: it is made of layers, and its ground does not go far behind a subject
    that a camera follows, for latents cannot hold such an edge."""
    return world.scene is None and world.camera != "follow"


def field(world: World, size: Size, cell: int, folder: Path) -> Tensor:
    """From how far away in frame 0 each place of a world of layers comes: (2, T-1, H / cell, W / cell), in pixels of
    `size`. What a moving subject uncovers is led away from it as the subject goes."""
    stages, camera = staged(world)
    side, fine = min(size), cell // 2
    across, down = ((torch.arange(n // fine) + 0.5 - n / fine / 2) * fine / side for n in size[::-1])
    place = torch.stack(torch.meshgrid(across, down, indexing="xy"))  # (2, H, W), in shorter sides
    ground = cameras.field(camera, place)  # (2, T, H, W)
    frames = max(ground.shape[1], *(len(one.layer.colour) for one, _ in stages)) if stages else ground.shape[1]
    found = ground = ground.expand(-1, frames, -1, -1)
    for actor, spots in stages:
        way, share = _carried(actor, spots, place, ground, moves(actor.layer, folder), world)
        found = found * (1 - share) + way * share
    return F.avg_pool2d(found[:, 1:], cell // fine) * side


def _carried(
    actor: Actor, spots: tuple[Tensor, ...], place: Tensor, ground: Tensor, own: Moves, world: World
) -> tuple[Tensor, Tensor]:
    """How an actor carries places (2, H, W) with it over a `ground` that moves so, both (2, T, H, W), and the share of
    each that is or was its, (T, H, W)."""
    scale, right, low, turn = (each[:, None, None] for each in spots)
    cos, sin = torch.deg2rad(turn).cos(), torch.deg2rad(turn).sin()
    sign = -1.0 if actor.mirrored else 1.0
    solid = _solid(actor, own, world)

    def inside(at: Tensor, frame: slice) -> tuple[Tensor, Tensor]:
        x, y = at[0] - right[frame], at[1] - low[frame]
        return (cos[frame] * x - sin[frame] * y) / scale[frame] * sign, (sin[frame] * x + cos[frame] * y) / scale[frame]

    x, y = inside(place, slice(None))
    step = _at(own.field.transpose(0, 1), x, y, "border")
    x0, y0 = (x + step[:, 0]) * sign, y + step[:, 1]
    home_x = right[0] + scale[0] * (cos[0] * x0 + sin[0] * y0) - place[0]
    home_y = low[0] + scale[0] * (-sin[0] * x0 + cos[0] * y0) - place[1]
    here = _at(solid[:, None], x, y, "zeros")[:, 0]
    then_x, then_y = inside(place[:, None] + ground, slice(0, 1))  # in frame 0, of the ground at each place
    was = _at(solid[:1, None].expand(len(x), -1, -1, -1), then_x, then_y, "zeros")[:, 0]
    return torch.stack((home_x, home_y)), torch.maximum(here, was)


def _at(values: Tensor, x: Tensor, y: Tensor, edge: str) -> Tensor:
    """Values (T, n, m, m) over a layer's canvas at places (T, H, W) in its heights from its middle: (T, n, H, W)."""
    grid = torch.stack((x, y), -1) * (2 * SCALE)
    return F.grid_sample(values, grid, padding_mode=edge, align_corners=False)


def _solid(actor: Actor, own: Moves, world: World) -> Tensor:
    """What moves with an actor (T, m, m): where it is, close around it, and its shadow, if it casts one."""
    solid = own.alpha
    if world.background and world.background.ground and actor.grounded:
        frames, side = len(solid), solid.shape[-1]
        flat = F.interpolate(solid[:, None], (side // SHADOW, side), mode="area")[:, 0] * 2
        row = round((0.5 + SCALE * (foot(actor.layer) - 0.5)) * side) - flat.shape[1] // 2
        row = min(max(row, 0), side - flat.shape[1])
        pressed = F.pad(flat.clamp(max=1), (0, 0, row, side - row - flat.shape[1]))
        solid = torch.maximum(solid, pressed.view(frames, side, side))
    near = F.max_pool2d(solid[:, None], NEAR, 1, NEAR // 2)
    return F.avg_pool2d(near, 3, 1, 1, count_include_pad=False)[:, 0]
