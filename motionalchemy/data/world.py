"""A world is what one clip shows, as a value: change one field and the rest, motion included, stays as it was."""

import random
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.data.backgrounds import Background
from motionalchemy.data.captions import caption
from motionalchemy.data.chinese import measured
from motionalchemy.data.compose import Size, covering, finished, over, placed, resized, rgba
from motionalchemy.data.facts import Language, Style
from motionalchemy.data.looks import styled
from motionalchemy.data.moves import WORLD, Route, View, route, view
from motionalchemy.data.shards import Layer
from motionalchemy.data.weather import under
from motionalchemy.data.words import TINTS
from motionalchemy.errors import InputError
from motionalchemy.nets.brush import blurred, grey

COVERED = 128  # of 255: what an alpha as the video holds it means by half
FLOATING = ("fly", "glide", "swim")  # actions that touch no ground


@dataclass(frozen=True, eq=False)
class Actor:
    """One layer of the corpus in a world: where it goes, how large it is, and which way it is turned."""

    layer: Layer
    path: str | None = None
    scale: float = 0.9  # its layer's height in shorter sides, where it stands near
    x: float = 0.0
    mirrored: bool = False
    tint: str | None = None  # one of TINTS: the whole subject in that colour
    here: bool = False  # its path begins where it would stand without one
    pace: str | None = None  # one of PACES, in which its layer was played

    @property
    def grounded(self) -> bool:
        """Whether it stands on the ground, if there is one."""
        facts = self.layer.facts
        return facts["action"]["key"] not in FLOATING and not facts.get("group") and facts.get("kind") != "sprite"


@dataclass(frozen=True, eq=False)
class World:
    """What one clip shows. Either `scene`, a whole clip of the corpus, or a `background` with one to three `actors`.

    Equal seeds move everything alike, so worlds that differ in one field make clips that differ in that alone.
    """

    background: Background | None = None
    actors: tuple[Actor, ...] = ()
    scene: Layer | None = None
    mirrored: bool = False  # of a scene
    camera: str | None = None
    weather: str | None = None
    look: str | None = None
    still: bool = False  # only one moment is shown, so nothing is said of motion that has no pose
    seed: int = 0
    sources: tuple[str, ...] = ()  # keys of all that is seen
    credits: tuple[str, ...] = ()  # and who made it, under which licence

    def __post_init__(self) -> None:
        if (self.scene is None) == (self.background is None):
            raise InputError("a world has either a scene or a background with actors")


def render(world: World, size: Size = (256, 256), device: torch.device | str = "cpu") -> Tensor:
    """A world as a clip (T, 3, H, W) in [-1, 1], 49 frames at 24 fps like the layers it is made of."""
    clip = _whole(world, size, device) if world.scene else _layered(world, size, device)
    if world.look:
        clip = styled(clip, world.look, world.seed)
    if world.weather:
        clip = under(clip, world.weather, world.seed)
    return finished(clip)


def at_a_moment(world: World, share: float) -> World:
    """The world with one frame of every layer, `share` of the way through it: a picture, at the price of one."""

    def one(layer: Layer) -> Layer:
        k = int(share * (len(layer.colour) - 1))
        return cut(layer, slice(k, k + 1))

    actors = tuple(replace(actor, layer=one(actor.layer)) for actor in world.actors)
    return replace(world, scene=one(world.scene) if world.scene else None, actors=actors)


def cut(layer: Layer, frames: slice) -> Layer:
    """Some frames of a layer."""
    alpha, shown = (None if each is None else each[frames] for each in (layer.alpha, layer.shown))
    return replace(layer, colour=layer.colour[frames], alpha=alpha, shown=shown)


def describe(world: World, rng: random.Random, language: Language, style: Style | None = None) -> str:
    """A caption of the world; of several actors the first is described in full, the others by their action."""
    shared: dict[str, Any] = {"weather": world.weather, "look": world.look}
    if world.scene:
        camera = "static" if world.still else None
        return caption(world.scene.facts, rng, language, style, world.mirrored, camera=camera, **shared)
    assert world.background
    if not world.actors:
        return _empty(world, rng, language)
    first, *others = world.actors
    full: dict[str, Any] = {"background": world.background.words, "camera": _camera_said(world), **shared}
    full |= {"path": _path(first, world), "pace": first.pace}
    said = [caption(_facts(first, world.still), rng, language, style, first.mirrored, **full)]
    named = {first.layer.facts["subject"]["en"]}
    for other in others:
        alone: dict[str, Any] = {"path": _path(other, world), "camera": "static"}
        text = caption(_facts(other, world.still), rng, language, "short", other.mirrored, **alone)
        name = other.layer.facts["subject"]
        said.append(_another(text, name["zh"], language) if name["en"] in named else text)
        named.add(name["en"])
    joints = {"en": (", while ", ", and "), "zh": ("，同时", "，还有")}[language]
    return said[0] + "".join(joint + text for joint, text in zip(joints, said[1:], strict=False))


def _another(text: str, zh: str, language: Language) -> str:
    """A short caption about a second subject of the same name."""
    if language == "en":
        return re.sub("^(the|an?) ", "another ", text)
    return f"另{text if text.startswith('一') else measured(zh, text)}"


def _path(actor: Actor, world: World) -> str | None:
    floats = actor.layer.facts["action"]["key"] is None
    return None if world.still and floats else actor.path


def _camera_said(world: World) -> str | None:
    if world.still:
        return "static"
    turns = any(actor.layer.facts["camera"]["move"].startswith("orbit") for actor in world.actors)
    return None if turns and world.camera in (None, "static") else world.camera


def _facts(actor: Actor, still: bool) -> dict[str, Any]:
    """The facts with the tint in place of every other colour; an emoji at one moment is a sprite."""
    facts = actor.layer.facts
    if still and facts.get("group"):
        facts = facts | {"kind": "sprite"}
    if actor.tint is None:
        return facts
    return facts | {"appearance": {"en": [actor.tint], "zh": [TINTS[actor.tint][0]]}}


def _empty(world: World, rng: random.Random, language: Language) -> str:
    """A picture without actors: only the place and the camera."""
    assert world.background
    en = re.sub("^(on|in) ", "", world.background.words["en"])
    zh = re.sub("^在|[上中里]$", "", world.background.words["zh"])
    facts = {
        "subject": {"en": en, "zh": zh},
        "appearance": {"en": [], "zh": []},
        "action": {"key": None},
        "kind": "place",
        "camera": {"move": "static"},
    }
    return caption(facts, rng, language, camera=_camera_said(world), weather=world.weather, look=world.look)


def _whole(world: World, size: Size, device: torch.device | str) -> Tensor:
    assert world.scene
    pictures = torch.from_numpy(world.scene.colour).to(device).permute(0, 3, 1, 2).float() / 255
    return covering(pictures.flip(-1) if world.mirrored else pictures, size)


def _routes(world: World) -> tuple[list[tuple[Actor, Route]], View]:
    """The actors with their routes, the nearest last, and the camera."""
    assert world.background
    rng, back = random.Random(world.seed), world.background
    frames = max((len(actor.layer.colour) for actor in world.actors), default=49)
    routes = [route(a.path, frames, rng, back.horizon, a.scale, a.x, a.here) for a in world.actors]
    camera = view(world.camera or "static", frames, rng, follow=routes[0].x if routes else None)
    order = sorted(range(len(routes)), key=lambda i: float(routes[i].y[0]))
    return [(world.actors[i], routes[i]) for i in order], camera


Spots = tuple[Tensor, Tensor, Tensor, Tensor]  # scale, x, y and angle of each frame, as `compose.placed` takes them


def staged(world: World) -> tuple[list[tuple[Actor, Spots]], View]:
    """The actors of a world of layers, the nearest last, where each stands in every frame's picture, and the camera."""
    routes, camera = _routes(world)
    return [(actor, _spots(world, actor, taken, camera)) for actor, taken in routes], camera


def _spots(world: World, actor: Actor, taken: Route, camera: View) -> Spots:
    assert world.background
    rise = taken.scale * (foot(actor.layer) - 0.5) + taken.lift
    middle = taken.y - rise if world.background.ground and actor.grounded else -taken.lift
    return camera.sees(taken.scale, taken.x, middle)


def _layered(world: World, size: Size, device: torch.device | str) -> Tensor:
    assert world.background
    back, (routes, camera) = world.background, _routes(world)
    clip = _backdrop(back.picture.to(device), camera, size)
    for actor, taken in routes:
        layer = _coloured(actor, device)
        if back.ground and actor.grounded:
            shadow = _shadow(layer)
            spot = camera.sees(taken.scale * shadow.shape[-2] / layer.shape[-2], taken.x, taken.y)
            clip = over(placed(shadow, size, *spot), clip)
        clip = over(placed(layer, size, *_spots(world, actor, taken, camera)), clip)
    frames = max((len(actor.layer.colour) for actor in world.actors), default=49)
    return clip.expand(frames, -1, -1, -1)


def _backdrop(picture: Tensor, camera: View, size: Size) -> Tensor:
    """What the camera sees of a picture as large as the world -> (T or 1, 3, H, W)."""
    if camera.still:
        camera = replace(camera, **{name: getattr(camera, name)[:1] for name in ("zoom", "x", "y", "angle")})
    scale = WORLD[0] * size[0] / min(size)
    scale, x, y, angle = camera.sees(scale, 0.0, 0.0)
    pictures = picture.expand(len(x), -1, -1, -1)
    return placed(pictures, size, scale, x, y, angle, edge="reflection")


def _coloured(actor: Actor, device: torch.device | str) -> Tensor:
    layer = rgba(actor.layer, device)
    layer = layer.flip(-1) if actor.mirrored else layer
    if actor.tint is None:
        return layer
    colour = layer.new_tensor(TINTS[actor.tint][1]).view(1, 3, 1, 1) / 255
    light, alpha = grey(layer[:, :3]), layer[:, 3:]
    mean = (light.sum() / alpha.sum().clamp(min=1)).clamp(min=0.05)
    return torch.cat([(light / mean * 0.8 * colour).minimum(alpha), alpha], 1)


def foot(layer: Layer) -> float:
    """The lowest row that the subject covers in most frames, as a share of the layer's height."""
    if layer.alpha is None:
        return 1.0
    covered = layer.alpha.max(-1) > COVERED  # (T, h)
    rows = np.arange(1, covered.shape[1] + 1) * covered
    return float(np.quantile(rows.max(1), 0.6)) / covered.shape[1] if covered.any() else 1.0


def _shadow(layer: Tensor) -> Tensor:
    """A soft shadow on the ground: the silhouette pressed flat, its middle where the foot is."""
    height, width = layer.shape[-2:]
    flat = resized(layer[:, 3:], (max(4, height // 8), width))
    soft = blurred(F.pad(flat, (0, 0, height // 16, height // 16)), max(1, width // 48))
    return torch.cat([torch.zeros_like(soft).expand(-1, 3, -1, -1), soft * 0.5], 1)
