"""A picture understood: what stands out in it, cut out as a layer, and the plate behind it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.media import resize
from motionalchemy.scene import (
    bodies,
    depth,
    faces,
    filling,
    instances,
    kind,
    naming,
    regions,
    relief,
    segmentation,
    straight,
    vanishing,
    writing,
)
from motionalchemy.scene.instances import Instance
from motionalchemy.scene.points import Face, Pose
from motionalchemy.scene.regions import Regions
from motionalchemy.scene.vanishing import Vanishing
from motionalchemy.scene.writing import Writing

EDGE = 0.025  # of the width: how far around a layer what stands behind it is not to be trusted
SEEN = 128  # pixels: what is hidden is filled from about SEEN x SEEN around it, as soon as it can be
THERE = 0.3  # of an opacity, from which a place is of the subject
ACTOR = 0.0  # log odds from which on an actor is seen: found are 66 of 70, none of 60 others, 2 of 47 photographs
PHOTOGRAPH = 0.9  # probability from which on a picture is a photograph, whatever its subject looks like
FRINGE = 0.004  # of the width: how far around a subject what it brings along may be of it


@dataclass(frozen=True, eq=False)
class Layer:
    """One thing cut out of a picture: `rgba` (1, 4, H, W), its colours times its opacity, and that, in [0, 1]."""

    rgba: Tensor

    @property
    def opacity(self) -> Tensor:
        """How much of the picture it covers, (H, W) in [0, 1]."""
        return self.rgba[0, 3]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Where it begins, right and down, and where it ends, in shares of the picture's width."""
        there = self.opacity > THERE
        cell = 1 / there.shape[1]
        across, down = (there.any(axis).nonzero().flatten() * cell for axis in (0, 1))
        return float(across[0]), float(down[0]), float(across[-1]) + cell, float(down[-1]) + cell

    @cached_property
    def fringe(self) -> Tensor:
        """Where what moves may be of it, (1, 1, H, W) in [0, 1]: itself, and a little around it."""
        return _widened(self.rgba[:, 3:], FRINGE)

    @cached_property
    def solid(self) -> Tensor:
        """The same with how far each place rises towards the camera, in pixels, (1, 5, H, W)."""
        rises = torch.from_numpy(relief.depth(self.opacity.numpy()))[None, None]
        return torch.cat((self.rgba, rises), 1)

    def cells(self, height: int, width: int) -> Tensor:
        """How much of the cells of a coarser grid it covers, (height, width) in [0, 1]."""
        return F.interpolate(self.rgba[:, 3:], (height, width), mode="area")[0, 0]


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture (H, W, 3) uint8 understood: its `pixels` (1, 3, H, W) in [0, 1], its `layers`, the farthest first, the
    `plate` behind them, that without their `shadow`, `lit`, both like the pixels, and how dark the shadow is,
    (1, 1, H, W) in [0, 1]; whether it counts as a rendered `actor`, None where that is to be seen in it."""

    picture: np.ndarray
    pixels: Tensor
    layers: tuple[Layer, ...]
    plate: Tensor
    lit: Tensor
    shadow: Tensor
    actor: bool | None = None

    @cached_property
    def rendered(self) -> bool:
        """Whether it counts as a rendered actor like those whose movements are known; else nothing bends it but what
        understands it."""
        if self.actor is not None:
            return self.actor
        if self.kinds["photograph"] >= PHOTOGRAPH:
            return False
        opacity = None if self.subject is None else self.subject.opacity.numpy()
        odds = kind.rendered(self.picture, opacity) + float(
            np.log(self.kinds["rendered"] / (1 - self.kinds["rendered"]))
        )
        return odds > ACTOR and not self.faces

    @property
    def subject(self) -> Layer | None:
        """The layer that a sentence speaks of, the nearest; None where nothing stands out."""
        return self.layers[-1] if self.layers else None

    @cached_property
    def nearness(self) -> np.ndarray:
        """How near each place of the picture is, (H, W) float32, 1 nearest, guessed when it is first asked for."""
        return depth.nearness(self.picture)

    @cached_property
    def regions(self) -> Regions:
        """What each place of the picture belongs to, guessed when it is first asked for."""
        return regions.regions(self.picture)

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The faces in it, the largest first, looked for when they are first asked for."""
        return faces.faces(self.picture)

    @cached_property
    def bodies(self) -> tuple[Pose, ...]:
        """The bodies in it, the largest first, looked for when they are first asked for."""
        edges = (self.subject.box,) if self.subject is not None else ()
        boxes = [(l * wide, t * wide, r * wide, b * wide) for wide in (self.picture.shape[1],) for l, t, r, b in edges]
        return bodies.bodies(self.picture, boxes, self.faces)

    @cached_property
    def kinds(self) -> dict[str, float]:
        """How surely it is a photograph, a painting, a drawing ..., seen when it is first asked for."""
        return kind.kinds(self.picture)

    @property
    def kind(self) -> str:
        """Which of `kind.KINDS` it is most likely."""
        return max(self.kinds, key=lambda name: self.kinds[name])

    @cached_property
    def writing(self) -> tuple[Writing, ...]:
        """The blocks of writing in it, the largest first, looked for when they are first asked for."""
        return writing.writing(self.picture, self.regions if "text" in self.regions.names else None)

    @cached_property
    def lines(self) -> np.ndarray:
        """Its longest straight lines, (n, 4): both ends, right and down, in pixels."""
        return straight.segments(self.picture)

    @cached_property
    def vanishing(self) -> tuple[Vanishing, ...]:
        """Where those of its lines meet that run over what has level ones, the surest point first."""
        size = self.picture.shape[:2]
        return vanishing.vanishing(vanishing.level(self.lines, self.regions, size[0]), size)

    @cached_property
    def horizon(self) -> float | None:
        """The row, from the top in pixels, of its horizon, also above or below it; None where nothing tells."""
        return vanishing.horizon(self.picture, self.regions)

    @cached_property
    def instances(self) -> tuple[Instance, ...]:
        """The single things that stand out in it, the largest first, parted when they are first asked for."""
        opacity = None if self.subject is None else self.subject.opacity.numpy().astype(np.float32)
        return instances.instances(self.picture, opacity, self.nearness, self.regions, self.faces, self.bodies)

    @cached_property
    def names(self) -> tuple[dict[str, float], ...]:
        """How surely each of its `instances` has each of some names."""
        return tuple(naming.named(self.picture, [each.matte for each in self.instances]))

    def resized(self, height: int, width: int) -> "Scene":
        """The same at another size in pixels; itself at its own."""
        if self.picture.shape[:2] == (height, width):
            return self

        def smaller(tensors: tuple[Tensor, ...]) -> Iterator[Tensor]:
            return (F.interpolate(each, (height, width), mode="area") for each in tensors)

        pixels, plate, lit, shadow = smaller((self.pixels, self.plate, self.lit, self.shadow))
        layers = tuple(map(Layer, smaller(tuple(layer.rgba for layer in self.layers))))
        return Scene(resize.scaled(self.picture, height, width), pixels, layers, plate, lit, shadow, self.actor)


def parse(picture: np.ndarray, shadow: np.ndarray | None = None, actor: bool | None = None) -> Scene:
    """A picture (H, W, 3) uint8 understood; `shadow` (H, W) says how dark the one is that its subject throws, in [0, 1],
    and `actor` whether it counts as a rendered actor, if they are known."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
    dark = torch.zeros(1, 1, *picture.shape[:2]) if shadow is None else torch.from_numpy(shadow)[None, None]
    try:
        cut = segmentation.cut_out(picture)
    except InputError:
        return Scene(picture, pixels, (), pixels, pixels, dark, actor)
    return _layered(Scene(picture, pixels, (), pixels, pixels, dark, actor), cut, shadow is not None)


def focused(scene: Scene, numbers: tuple[int, ...]) -> Scene:
    """The same scene, its subject those of its `instances` that have such numbers; what was looked for in it is kept."""
    matte = np.clip(np.sum([scene.instances[number].matte for number in numbers], 0), 0, 1)
    bare = replace(scene, layers=(), plate=scene.pixels, lit=scene.pixels)
    cut = segmentation.by_opacity(scene.picture, matte[..., None].astype(np.float32))
    found = _layered(bare, cut, bool((scene.shadow > 0).any()))
    kept = (
        "nearness",
        "regions",
        "faces",
        "bodies",
        "kinds",
        "writing",
        "lines",
        "vanishing",
        "horizon",
        "instances",
        "names",
    )
    found.__dict__.update({name: scene.__dict__[name] for name in kept if name in scene.__dict__})
    found.__dict__["rendered"] = scene.rendered
    return found


def _layered(scene: Scene, cut: np.ndarray, shaded: bool) -> Scene:
    """A scene without layers, and what is cut out of it, (H, W, 4) uint8, as its layer before a plate."""
    layer = torch.from_numpy(np.ascontiguousarray(cut)).permute(2, 0, 1)[None].float() / 255
    opacity = layer[:, 3:]
    hidden = (_widened(opacity, EDGE) > 0.02)[0, 0].numpy()
    plate = lit = _behind(scene.pixels, hidden)
    if shaded:
        lit = _behind((scene.pixels / (1 - scene.shadow)).clamp(max=1), hidden)
    layers = (Layer(torch.cat((layer[:, :3] * opacity, opacity), 1)),)
    return replace(scene, layers=layers, plate=plate, lit=lit)


def _behind(pixels: Tensor, hidden: np.ndarray) -> Tensor:
    """Pixels (1, 3, H, W) in [0, 1] whose hidden places (H, W) bool are filled."""
    seen = (pixels[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    found = torch.from_numpy(filling.filled(seen, hidden, seen=SEEN)).permute(2, 0, 1)[None].float() / 255
    return torch.where(torch.from_numpy(hidden), found, pixels)


def _widened(opacity: Tensor, share: float) -> Tensor:
    """An opacity (1, 1, H, W) widened by a share of the width, at least by a pixel."""
    reach = max(1, round(share * opacity.shape[3]))
    return F.max_pool2d(opacity, 2 * reach + 1, 1, reach)
