"""Actors that do something in place, and things that a camera circles, drawn from the game's art."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from motionalchemy.data.build import actions
from motionalchemy.data.build.actions import ONCE, STILL, TOOLS, Who
from motionalchemy.data.build.art import Array, Art
from motionalchemy.data.build.capture import ACTIONS, FLOOR, LOOPS, SKELETON, Capture, captures
from motionalchemy.data.build.model import Beat, Model, Part
from motionalchemy.data.build.pack import FPS, FRAMES, Item, stacked
from motionalchemy.data.build.packages import PACKAGES, game_archive
from motionalchemy.data.build.paint import Painter, aimed, direction
from motionalchemy.data.build.terms import TEAMS, VIEWS
from motionalchemy.data.words import CAMERAS

SHOTS = 1400  # views of actors, each with up to four clips
TURNS = 640  # clips of things that are circled
BLEND = 9  # frames from the standing pose into the action
QUICKEST = 12  # frames that the fastest gait may take
JOBS = ("build", "gather_tree", "gather_grain", "gather_fruit", "gather_rock", "gather_meat", "attack_slaughter")
LIGHTS = {
    "left": (-55, 32, "light from the left", "光线来自左侧"),
    "right": (55, 32, "light from the right", "光线来自右侧"),
    "front": (8, 32, "light from the front", "正面光"),
    "top": (20, 55, "light from above", "顶光"),
}
UNHANDY = ("spear", "pike", "sarissa", "javelin", "pilum", "lance", "halberd", "standard", "banner", "shield")
UNFIT = ("destruct", "fndn", "decal", "_top", "branches", "leaves", "needles", "found", "pivot", "ambient", "road")
UNFIT += ("ground", "broken", "skeleton", "blood", "_base", "sail", "_struct", "_decor", "campfire", "_cap", "operator")


@dataclass(frozen=True)
class Motion:
    """One action as it is played: its key, the game's name for it and file, and the standing pose that it may start
    from.

    A captured action has a `pose` per second in place of a file that the model would read.
    """

    key: str
    action: str
    file: str
    seconds: float
    stand: str | None = None
    pose: Callable[[float], Array] | None = None
    loops: bool = True

    @property
    def speed(self) -> float:
        """How much faster than life it plays: captures longer than a clip are hurried, a little."""
        if self.period:
            return self.seconds * FPS / self.period
        return min(max(self.seconds * FPS / (FRAMES - 1), 1.0), 1.6) if self.pose else 1.0

    @property
    def period(self) -> int | None:
        """Frames of one pass, whole so that loops are exact."""
        return max(QUICKEST, round(self.seconds * FPS)) if self.loops else None

    def beats(self, frame: int) -> list[Beat]:
        """What the model does at a frame."""
        seconds = frame / FPS * self.speed
        turns, pose = seconds / self.seconds, None
        if self.pose:
            pose, turns = self.pose(seconds % self.seconds if self.loops else min(seconds, self.seconds)), 0.0
        now = Beat(self.action, None if self.pose else self.file, turns, seconds, self.loops, pose=pose)
        if self.stand is None or frame >= BLEND:
            return [now]
        w = frame / BLEND
        return [Beat("idle", self.stand, 0.0, 0.0), replace(now, share=w * w * (3 - 2 * w))]

    def like(self, frame: int) -> int:
        """The first frame that looks the same."""
        return BLEND + (frame - BLEND) % self.period if self.period and frame >= BLEND else frame


@dataclass(eq=False)
class Shot:
    """One actor before one camera under one light, and the actions it does there."""

    actor: str
    subject: Who
    model: Model
    motions: list[Motion]
    team: tuple[str, str, Array]
    azimuth: float
    elevation: int
    light: str
    _frames: dict[tuple[int, int], list[Part]] = field(default_factory=dict)

    def clip(self, number: int, painter: Painter) -> np.ndarray | None:
        """Motion `number` as a stacked clip (T, 2H, W, 3) uint8, or None when the subject fills too little or too much
        of the picture."""
        motion, drawn = self.motions[number], {}
        eye, target = self.camera
        turn, height, *_ = LIGHTS[self.light]
        light = direction(self.azimuth + turn, height)
        for frame in range(FRAMES):
            like = motion.like(frame)
            if like not in drawn:
                drawn[like] = painter.draw(self._parts(number, like), eye, target, light, self.team[2])
        frames = np.stack([drawn[motion.like(frame)] for frame in range(FRAMES)])
        return stacked(frames) if 0.03 < (frames[..., 3] > 127).mean() < 0.8 else None

    @cached_property
    def camera(self) -> tuple[Array, Array]:
        """Where the camera stands and looks, (3,) each in metres, so that everything in all of its clips is seen."""
        shown = [
            part for n, m in enumerate(self.motions) for f in range(0, FRAMES, 4) for part in self._parts(n, m.like(f))
        ]
        return aimed(np.concatenate([part.position for part in shown]), self.azimuth, self.elevation, 0.9)

    def _parts(self, number: int, frame: int) -> list[Part]:
        if (number, frame) not in self._frames:
            self._frames[number, frame] = self.model.parts(self.motions[number].beats(frame))
        return self._frames[number, frame]

    def facts(self, motion: Motion) -> dict[str, Any] | None:
        """Everything known of one clip, or None when its look is in no split."""
        look, animal = self.model.look, bool(self.subject.habitat)
        split = actions.split_of(look.mesh or "", look.textures.get("baseTex", ""), animal, motion.key)
        if split is None:
            return None
        view, view_zh = view_of(self.azimuth)
        team = {"en": self.team[0], "zh": self.team[1]} if self.model.coloured and not animal else None
        return _credit(captured=motion.pose is not None) | {
            "actor": self.actor.removesuffix(".xml"),
            "look": f"{look.mesh}|{look.textures.get('baseTex', '')}",
            "subject": {"en": self.subject.en, "zh": self.subject.zh},
            "appearance": actions.appearance(self.actor, self.subject, self.model, self.team[:2]),
            "action": {"key": motion.key, **actions.action_words(motion.key)},
            "motion": motion.file,
            "start": "from a standing pose" if motion.stand else "in motion",
            "loop": motion.loops,
            "period": motion.period,
            "speed": round(motion.speed, 3),
            "team": team,
            "light": dict(zip(("en", "zh"), LIGHTS[self.light][2:], strict=True)),
            "camera": camera_facts(self.azimuth, self.elevation, "static") | {"view": {"en": view, "zh": view_zh}},
            "split": split,
        }


def view_of(azimuth: float) -> tuple[str, str]:
    """How a subject is seen from an azimuth, in both languages."""
    en, zh = VIEWS[int(azimuth % 360 / 45 + 0.5) % 8]
    return en, zh


def cast(art: Art) -> list[list[str]]:
    """The actor files to draw from, in turn: animals, people on foot (twice), riders."""
    known = {a: w for top in ("fauna", "units") for a in art.actors(top) if (w := actions.who(a))}
    animals = [a for a, w in known.items() if w.habitat]
    walkers = [a for a, w in known.items() if not w.habitat and not w.mount]
    return [animals, walkers, walkers, [a for a, w in known.items() if w.mount and a.endswith("_m.xml")]]


def actors(packages: Path) -> Iterator[Item]:
    """Animals, people and riders, each view with two to four actions that mostly share their first pose."""
    art, rng, used, painter = Art(game_archive(packages)), random.Random(1), Counter(), Lazy()
    pools = [pool for pool in cast(art) if pool]
    for number in range(SHOTS if pools else 0):
        drawn = random.Random(f"shot/{number}")
        shot = shot_of(art, rng.choice(pools[number % len(pools)]), drawn, used, captures(packages))
        for i, motion in enumerate(shot.motions if shot else ()):
            facts = shot.facts(motion) if shot else None
            if shot and facts:
                key = f"a{number:05d}{'abcd'[i]}_{actions.stem_of(shot.actor)}_{motion.key.replace('weapon:', '')}"
                yield Item("actors", key, facts, lambda shot=shot, i=i: shot.clip(i, painter.get()))


def shot_of(art: Art, actor: str, rng: random.Random, used: Counter[str], captured: dict[str, Capture]) -> Shot | None:
    """A view of one `actor` doing two to four things, the least `used` so far first, and counted there; None when the
    game lacks its mesh or nothing that it does may be shown."""
    subject = actions.who(actor)
    assert subject
    wanted = _task(subject, rng)
    try:
        model = Model(art, actor, (wanted,) if wanted else (), rng)
    except KeyError:
        return None  # a mesh that the archive lacks
    found = _actions(actor, subject, model, wanted)
    if model.mesh is None or model.wounded or not found:
        return None
    if model.bones == len(SKELETON) and not wanted and not subject.habitat and not subject.mount:
        model.drop(UNHANDY, "root")  # and capes, which have skeletons of their own
        found |= {ACTIONS[name]: ("idle", [f"mocap:{name}"]) for name in captured}
    chosen = sorted(found, key=lambda key: (found[key][0] != wanted, used[key] + rng.random()))[: rng.randint(2, 4)]
    used.update(chosen)
    idle = model.files("idle")
    stand = rng.choice(idle) if idle and rng.random() < 0.75 and subject.habitat in (None, "land") else None
    motions = []
    for key in chosen:
        action, files = found[key]
        file = stand if key in STILL and stand else rng.choice(files)
        motions.append(_motion(art, model, key, action, file, None if key in STILL else stand, captured))
    team, team_zh, colour = rng.choice(TEAMS)
    rgb = np.array([float(value) for value in colour.split()])
    azimuth, light = rng.randrange(16) * 22.5, rng.choice(list(LIGHTS))
    return Shot(actor, subject, model, motions, (team, team_zh, rgb), azimuth, rng.randint(5, 25), light)


def _motion(
    art: Art, model: Model, key: str, action: str, file: str, stand: str | None, captured: dict[str, Capture]
) -> Motion:
    name = file.removeprefix("mocap:")
    if name == file:
        return Motion(key, action, file, art.animation(file).seconds, stand, loops=key not in ONCE)
    capture, mesh = captured[name], model.mesh
    assert mesh
    begins = None if name in FLOOR else stand
    return Motion(key, action, file, capture.seconds, begins, lambda s: capture.pose(mesh, s), name in LOOPS)


def _task(subject: Who, rng: random.Random) -> str | None:
    """An action of the game to dress a person for, or None."""
    if subject.habitat or subject.mount or rng.random() < 0.35:
        return None
    strike = "attack_ranged" if subject.weapon in actions.FAR else "attack_melee"
    return rng.choice((strike, strike, *JOBS))


def _actions(actor: str, subject: Who, model: Model, wanted: str | None) -> dict[str, tuple[str, list[str]]]:
    """Action -> (the game's name for it, its files): what this model can do as it is dressed."""
    found: dict[str, tuple[str, list[str]]] = {}
    for action in model.actions():
        for file in model.files(action):
            key = actions.action(actor, subject, action, file)
            armed = key and (key in TOOLS or key.startswith("weapon:"))
            if key and (not armed or action == wanted or subject.mount):
                found.setdefault(key, (action, []))[1].append(file)
    return found


def turntables(packages: Path) -> Iterator[Item]:
    """Buildings, ships, plants and other things, circled by 90, 180 or 360 degrees at constant speed."""
    art, rng, painter = Art(game_archive(packages)), random.Random(2), Lazy()
    tops = ("structures", "flora", "geology", "props/flora", "props/special/eyecandy", "units")
    still = [a for top in tops for a in art.actors(top) if actions.thing(a) and not actions.who(a)]
    still = [a for a in still if not any(word in a for word in UNFIT)]
    rng.shuffle(still)
    for number, actor in enumerate(still[:TURNS]):
        way, sweep = rng.choice(("left", "right")), rng.choice((90, 180, 360))
        azimuth, elevation, seed = rng.randrange(16) * 22.5, rng.randint(8, 28), rng.getrandbits(30)
        try:
            model = Model(art, actor, (), random.Random(seed))
        except KeyError:
            continue
        split = actions.split_of(model.look.mesh or actor, "None", False)
        if split is None or model.wounded:
            continue
        culture = actions.people(actor)
        looks = {"en": [culture[0]] if culture else [], "zh": [culture[1]] if culture else []}
        facts = _credit() | {"actor": actor.removesuffix(".xml"), "subject": actions.thing(actor), "appearance": looks}
        facts |= {"action": {"key": None, "en": "stand still", "zh": "静止不动"}, "motion": None, "split": split}
        facts |= {"camera": camera_facts(azimuth, elevation, f"orbit_{way}") | {"sweep": sweep}, "loop": sweep == 360}
        key = f"t{number:05d}_{actions.stem_of(actor)}_{way[0]}{sweep}"
        signed = sweep if way == "right" else -sweep
        make = lambda m=model, a=azimuth, e=elevation, s=signed: _orbit(m, a, e, s, painter.get())  # noqa: E731
        yield Item("turntables", key, facts, make)


def _orbit(model: Model, azimuth: float, elevation: float, sweep: float, painter: Painter) -> np.ndarray | None:
    """A still model circled to the right by `sweep` degrees (negative: left), as a stacked clip."""
    parts = model.parts(model.own([Beat("idle", None, 0.0, 0.0)]))
    parts = [part for part in parts if np.ptp(part.position[:, 1]) > 1e-4]  # no flat pieces of ground
    if not parts:
        return None
    points = np.concatenate([part.position for part in parts])
    middle = (points.min(0) + points.max(0)) / 2
    reach = np.hypot(*(points - middle)[:, [0, 2]].T)
    ring = [
        np.stack([reach * np.cos(a), points[:, 1] - middle[1], reach * np.sin(a)], 1) for a in np.arange(0, 6.28, 0.5)
    ]
    eye, target = aimed(np.concatenate(ring) + middle, 0, elevation, 0.8)
    centre = np.array([middle[0], target[1], -middle[2]])
    away, light = float(np.linalg.norm(eye - target)), direction(azimuth - 55, 32)
    team = np.array([0.75, 0.12, 0.1])
    frames = []
    for turn in azimuth + sweep * np.arange(FRAMES) / FRAMES:
        frames.append(painter.draw(parts, centre + away * direction(float(turn), elevation), centre, light, team))
    clip = np.stack(frames)
    return stacked(clip) if 0.04 < (clip[..., 3] > 127).mean() < 0.8 else None


class Lazy:
    """A painter that is made when first needed, so that a plan can be read without a driver."""

    def __init__(self, side: int = 192) -> None:
        self.side, self.painter = side, None

    def get(self) -> Painter:
        """The painter, made by the first call."""
        self.painter = self.painter or Painter(self.side)
        return self.painter


def camera_facts(azimuth: float, elevation: int, move: str) -> dict[str, Any]:
    """The facts of a camera: degrees around and above the subject, its move, and the words for that."""
    en, zh = CAMERAS[move][0][0], CAMERAS[move][1][0]
    return {"azimuth": azimuth, "elevation": elevation, "move": move, "en": en, "zh": zh}


def _credit(captured: bool = False) -> dict[str, Any]:
    used = [PACKAGES[name] for name in ("game art", *(["motion capture"] if captured else []))]
    made = {"source": " + ".join(p.source for p in used), "licence": ", ".join(p.licence for p in used)}
    return made | {"fps": FPS, "frames": FRAMES}
