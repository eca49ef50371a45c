"""An actor with everything it wears and holds, ready to be posed."""

import random
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image

from motionalchemy.data.build.art import Array, Art, Mesh, blended, matrices

UNSHOWN = ("blood", "particle", "dust", "corpse", "decal", "selection", "smoke", "fire")  # props left out
WOUNDED = ("wound", "dead", "corpse", "blood", "carcass")  # skins left out
OPAQUE, TEAM, CUT, SHADOW, UNLIT = range(
    5
)  # how a skin is drawn: alpha ignored, as team colour, as a cut-out; or not at all
DEPTH = 3  # props of props of props


@dataclass(frozen=True, eq=False)
class Part:
    """One mesh as it stands: corners, normals, texture coordinates, triangles, and what covers it."""

    position: Array
    normal: Array
    uv: Array
    triangles: np.ndarray
    skin: Image.Image | None
    mode: int


@dataclass(frozen=True)
class Beat:
    """One moment of one action: the animation file, how many passes of it and how many seconds have gone by."""

    action: str
    file: str | None
    turns: float
    seconds: float
    loop: bool = True
    share: float = 1.0  # of this beat over those before it
    pose: Array | None = field(default=None, compare=False)  # in place of a file's


@dataclass
class Look:
    """What an actor file comes down to once its variants are chosen."""

    mesh: str | None = None
    textures: dict[str, str] = field(default_factory=dict)
    animations: list[tuple[str, str]] = field(default_factory=list)  # (action, file)
    props: dict[str, str] = field(default_factory=dict)  # attach point -> actor
    material: str = ""


class Model:
    """An actor of the archive, its variants drawn with `rng`, those named in `wanted` preferred; props hang below it."""

    def __init__(self, art: Art, actor: str, wanted: tuple[str, ...], rng: random.Random, depth: int = 0):
        self.art, self.actor = art, actor
        self.look = look_of(art, actor, wanted, rng)
        self.mesh: Mesh | None = art.mesh(self.look.mesh) if self.look.mesh else None
        base = self.look.textures.get("baseTex", "")
        self.wounded = any(word in base for word in WOUNDED)
        try:
            self.skin = art.skin(base) if base else None
        except KeyError:
            self.skin = None
        material = self.look.material
        cut = "trans" in material and "no_trans" not in material
        self.mode = TEAM if "player" in material else CUT if cut else OPAQUE
        self.props: list[tuple[str, Model]] = []
        for point, prop in self.look.props.items():
            if depth < DEPTH and not any(word in prop for word in UNSHOWN):
                try:
                    hung = Model(art, prop, wanted, rng, depth + 1)
                except (KeyError, ET.ParseError):
                    continue
                if hung.mesh or hung.props:
                    self.props.append((point.replace("prop-", "").replace("prop_", ""), hung))

    @property
    def bones(self) -> int:
        """How many bones its skeleton has, 0 for none."""
        return len(self.mesh.rest) if self.mesh else 0

    @property
    def coloured(self) -> bool:
        """Whether any of it shows the team's colour."""
        return self.mode == TEAM or any(prop.coloured for _, prop in self.props)

    def worn(self) -> list[str]:
        """The actor files of everything that hangs on it."""
        return [name for _, prop in self.props for name in (prop.actor, *prop.worn())]

    def drop(self, words: tuple[str, ...], point: str) -> None:
        """Take off the props whose names hold one of the words, and those that hang on one point."""
        self.props = [(p, prop) for p, prop in self.props if p != point and not any(w in prop.actor for w in words)]

    def files(self, action: str) -> list[str]:
        """The animation files of an action that fit its skeleton."""
        named = dict.fromkeys(f for a, f in self.look.animations if a == action and self.art.has_animation(f))
        return [f for f in named if self.bones and self.art.animation(f).poses.shape[1] == self.bones]

    def actions(self) -> list[str]:
        """The game's names of everything it can do."""
        return sorted({action for action, _ in self.look.animations})

    def parts(self, beats: list[Beat], at: Array | None = None) -> list[Part]:
        """Every mesh of it after `beats`, each laid over those before; `at` (4, 4) places the whole."""
        at = np.eye(4) if at is None else at
        mesh, bones, found = self.mesh, None, []
        if mesh is None:
            return [part for _, prop in self.props for part in prop.parts(prop.own(beats), at)]
        if self.bones:
            bones = matrices(self._pose(beats))
            skinning = np.concatenate([bones @ np.linalg.inv(matrices(mesh.rest)), np.eye(4)[None]])
            skinned = ((at @ skinning)[mesh.bone] * mesh.weight[..., None, None]).sum(1)  # (V, 4, 4)
        else:
            skinned = np.broadcast_to(at, (len(mesh.position), 4, 4))
        position = np.einsum("vij,vj->vi", skinned[:, :3, :3], mesh.position) + skinned[:, :3, 3]
        normal = np.einsum("vij,vj->vi", skinned[:, :3, :3], mesh.normal)
        found.append(Part(position, normal, mesh.uv, mesh.triangles, self.skin, self.mode))
        for point, prop in self.props:
            if point in mesh.points:
                pose, bone = mesh.points[point]
                held = bones[bone] if bones is not None and bone < self.bones else np.eye(4)
                found += prop.parts(prop.own(beats), at @ held @ matrices(pose))
            elif point == "root":
                found += prop.parts(prop.own(beats), at)
        return found

    def own(self, beats: list[Beat]) -> list[Beat]:
        """The same beats in this prop's own files (a rider's on its horse), in step where their lengths allow."""
        made = []
        for beat in beats:
            file = next(iter(self.files(beat.action) or self.files("idle")), None)
            turns = beat.turns
            if file:
                length = self.art.animation(file).seconds
                whole = beat.seconds / turns if turns > 0 else length
                passes = max(1, round(whole / length))
                in_step = not beat.loop or 0.6 < passes * length / whole < 1.6
                turns = turns * passes if in_step else beat.seconds / length
            made.append(replace(beat, file=file, turns=turns, pose=None))
        return made

    def _pose(self, beats: list[Beat]) -> Array:
        assert self.mesh
        pose = None
        for beat in beats:
            now = beat.pose
            if now is None and beat.file:
                now = self.art.animation(beat.file).at(beat.turns, beat.loop)
            if now is not None:
                pose = now if pose is None else blended(pose, now, beat.share)
        return self.mesh.rest if pose is None else pose


LEVELS = {"low": 100.0, "medium": 150.0, "high": 200.0}


def look_of(art: Art, actor: str, wanted: tuple[str, ...], rng: random.Random) -> Look:
    """One concrete look of an actor file: in every group a wanted variant, or one drawn by its frequency."""
    root, level = _finest(art, art.tree(f"actors/{actor}"))
    look = Look(material=root.findtext("material") or "")
    for group in _at(level, root.findall("group")):
        variants = _at(level, group.findall("variant"))
        if variants:
            _apply(art, look, _chosen(art, variants, wanted, rng), level)
    return look


def _finest(art: Art, root: ET.Element) -> tuple[ET.Element, float]:
    """The actor of the finest quality level of a file, and that level: its own content, another file's, or what the file
    keeps once for all levels in `inline`."""
    if root.tag != "qualitylevels":
        return root, LEVELS["high"]
    best = max(root.findall("actor"), key=lambda each: _level(each.get("quality"), LEVELS["high"]))
    level, inline = _level(best.get("quality"), LEVELS["high"]), best.find("inline")
    if best.get("file"):
        return _finest(art, art.tree(f"actors/{best.get('file')}"))[0], level
    if inline is None and not best.findall("group"):
        inline = root.find("inline")
    return best if inline is None else inline, level


def _level(said: str | None, unsaid: float) -> float:
    """A quality level by its name or number."""
    said = (said or "").lower()
    return LEVELS.get(said, float(said) if said.isdigit() else unsaid)


def _at(level: float, found: Iterable[ET.Element]) -> list[ET.Element]:
    """Those of some elements that are there at a quality level."""
    most = LEVELS["high"] + 1
    return [e for e in found if _level(e.get("minquality"), 0) <= level <= _level(e.get("maxquality"), most)]


def _chosen(art: Art, variants: list[ET.Element], wanted: tuple[str, ...], rng: random.Random) -> ET.Element:
    for name in wanted:
        for variant in variants:
            if _name(art, variant) == name:
                return variant
    weights = [float(variant.get("frequency") or 0) for variant in variants]
    return rng.choices(variants, weights)[0] if sum(weights) > 0 else variants[0]


def _name(art: Art, variant: ET.Element) -> str:
    name, file = variant.get("name"), variant.get("file")
    if not name and file:
        try:
            name = art.tree(f"variants/{file}").get("name")
        except KeyError:
            name = None
    return (name or "").lower()


def _apply(art: Art, look: Look, variant: ET.Element, level: float) -> None:
    file, mesh = variant.get("file"), variant.findtext("mesh")
    if file:
        with suppress(KeyError):
            _apply(art, look, art.tree(f"variants/{file}"), level)
    look.mesh = mesh.strip() if mesh else look.mesh
    look.textures |= {t.get("name", ""): t.get("file", "") for t in _at(level, variant.findall("textures/texture"))}
    for animation in _at(level, variant.findall("animations/animation")):
        if animation.get("file") and animation.get("name"):
            look.animations.append((animation.get("name", "").lower(), animation.get("file", "")))
    for prop in _at(level, variant.findall("props/prop")):
        look.props.pop(prop.get("attachpoint", ""), None)
        if prop.get("actor"):
            look.props[prop.get("attachpoint", "")] = prop.get("actor", "")
