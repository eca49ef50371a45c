"""Scenes: the same actors on ground, under a sky, among plants, the walkers really walking, and a camera that moves."""

import io
import random
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from motionalchemy.data.build.actors import LIGHTS, Lazy, Motion, Shot, camera_facts, cast, shot_of, view_of
from motionalchemy.data.build.art import Array, Art
from motionalchemy.data.build.capture import captures
from motionalchemy.data.build.model import OPAQUE, UNLIT, Beat, Model, Part
from motionalchemy.data.build.pack import FPS, FRAMES, Item
from motionalchemy.data.build.packages import game_archive
from motionalchemy.data.build.paint import Painter, Stage, aimed, direction
from motionalchemy.data.words import GROUNDS, PATHS

SCENES, SIDE = 1050, 256
MOVES = ("static", "pan_left", "pan_right", "orbit_left", "orbit_right", "zoom_in", "zoom_out", "follow")
GAITS = ("walk", "run", "trot", "jog", "gallop", "ride_walk", "ride_run", "fly", "rollwheels")
_PLACES = """
meadow: alpine_grass_a temp_grass_clovers temp_grass_b temp_grass_d: trees/oak trees/poplar trees/euro_birch_tree
dry_grass: savanna_grass_a savanna_grass_b grass_field_dry: trees/acacia trees/baobab trees/acacia_large
desert: desert_sand_dunes_100 desert_sand_smooth sand_sahara: trees/palm_date trees/palm_doum
snow: alpine_snow_a polar_snow_a snow_01 alpine_snow_b: trees/fir_tree_winter trees/snow_pine2 trees/pine_w
forest: temp_forestfloor_a forestfloor_pine medit_forestfloor_a: trees/pine trees/fir_tree trees/european_beech
autumn: temp_forestfloor_autumn temp_forestfloor_aut temp_grass_aut: trees/maple_autumn trees/oak_aut
dirt: dirta dirt_brown_b savanna_dirt_a desert_dirt_rough: trees/tree_dead
paved: medit_city_tile medit_city_pavement desert_city_tile: trees/cypress
jungle: tropic_grass_a tropic_plants_a tropic_forestfloor_a: trees/palm_tropical trees/banana trees/bamboo
beach: tropic_beach_dry beach_d medit_sand sand_d: trees/palm_tropical_tall trees/palm_cretan_date
"""
# kind of ground -> the textures that show it, and the plants that grow there
PLACES = {key: (a.split(), b.split()) for key, a, b in (line.split(":") for line in _PLACES.strip().splitlines())}
SKIES = {
    "cirrus": ("thin clouds", "薄云天空"),
    "cloudless": ("clear blue sky", "晴朗蓝天"),
    "cumulus": ("puffy white clouds", "白色积云"),
    "overcast": ("overcast sky", "阴天"),
    "stratus": ("layered clouds", "层云天空"),
    "sunny": ("sunny sky", "晴天"),
    "sunset": ("sunset sky", "日落天空"),
    "stormy": ("stormy sky", "暴风雨天空"),
    "twilight": ("twilight sky", "暮色天空"),
}


@dataclass(eq=False)
class Scene:
    """One motion of a shot put into a place, with a camera that may move."""

    art: Art
    shot: Shot
    motion: Motion
    place: str
    texture: str
    sky: str
    move: str
    sweep: int
    seed: int

    @cached_property
    def path(self) -> str:
        """Where the actor goes: it walks ahead, and the camera's azimuth tells how that is seen."""
        if self.motion.key not in GAITS:
            return "none"
        seen = view_of(self.shot.azimuth)[0]
        return next((way for way in ("left", "right") if way in seen), "away" if "behind" in seen else "towards")

    @cached_property
    def bodies(self) -> list[Array]:
        """Where every corner of the actor is, (V, 3) in metres, at every fourth frame."""
        beats = (self.motion.beats(frame) for frame in range(0, FRAMES, 4))
        return [np.concatenate([p.position for p in self.shot.model.parts(b)]) for b in beats]

    @cached_property
    def size(self) -> float:
        """Half of the actor's largest extent, in metres."""
        corners = np.concatenate(self.bodies)
        return max(float(np.linalg.norm(np.ptp(corners, axis=0))) / 2, 1e-3)

    @cached_property
    def speed(self) -> float:
        """Metres a second over the ground, as fast as the feet on it slide back under a body that stays."""
        if self.path == "none":
            return 0.0
        steps, slides = 24, []
        at = [self._body(i / steps) for i in range(steps + 1)]
        floor = at[0][:, 1].min() + 0.03 * np.ptp(at[0][:, 1])
        for a, b in pairwise(at):
            planted = (a[:, 1] < floor) & (b[:, 1] < floor)
            if planted.sum() > 2:
                slides.append(abs(float(np.median((b - a)[planted, 2]))) * steps / self.motion.seconds)
        found = float(np.median(slides)) * self.motion.speed if slides else 0.0
        return found if 0.15 * self.size < found < 8 * self.size else 1.2 * self.size

    def clip(self, painter: Painter) -> np.ndarray:
        """The scene as (T, H, W, 3) uint8."""
        lift = (
            1.6 * self.size
            if self.motion.key == "fly"
            else -float(np.percentile(np.concatenate(self.bodies)[:, 1], 0.5))
        )
        travel = self.speed * (FRAMES - 1) / FPS
        reach = 0.0 if self.tracked else min(travel, 3.2 * self.size)
        corners = np.concatenate(self.bodies)[::7]
        ends = [corners + np.array((0, lift, z)) for z in (reach / 2, -reach / 2)]
        eye, target = aimed(np.concatenate(ends), self.shot.azimuth, self.shot.elevation, 0.72)
        turn, height, *_ = LIGHTS[self.shot.light]
        light, stage, plants = direction(self.shot.azimuth + turn, height), self._stage(), self._plants()
        frames = []
        for frame in range(FRAMES):
            at = np.eye(4)
            at[:3, 3] = 0, lift, reach / 2 - self.speed * frame / FPS
            stand, aim = self._camera(frame / (FRAMES - 1), eye, target, at[2, 3])
            parts = plants + self.shot.model.parts(self.motion.beats(frame), at)
            frames.append(painter.draw(parts, stand, aim, light, self.shot.team[2], stage)[..., :3])
        return np.stack(frames)

    @property
    def tracked(self) -> bool:
        """Whether the camera goes along with the actor."""
        return self.path != "none" and (self.move == "follow" or self.move.startswith(("orbit", "zoom")))

    def facts(self, known: dict[str, Any]) -> dict[str, Any]:
        """The facts of the shot with those of the scene."""
        ground, _, ground_zh, _ = GROUNDS[self.place]
        words = PATHS[self.path] if self.path != "none" else ((" in place",), ("在原地",))
        camera = camera_facts(self.shot.azimuth, self.shot.elevation, self.move)
        camera |= {"follows_subject": self.tracked, "sweep": self.sweep if "orbit" in self.move else None}
        return known | {
            "camera": known["camera"] | camera,
            "path": {"key": self.path, "en": words[0][0].strip(), "zh": words[1][0]},
            "ground": {"key": self.place, "texture": self.texture, "en": ground, "zh": ground_zh},
            "sky": dict(zip(("en", "zh"), SKIES[self.sky], strict=True)),
            "metres_per_second": round(self.speed, 2),
        }

    def _body(self, turns: float) -> Array:
        seconds = turns * self.motion.seconds
        return self.shot.model.parts([Beat(self.motion.action, self.motion.file, turns, seconds)])[0].position

    def _camera(self, t: float, eye: Array, target: Array, along: float) -> tuple[Array, Array]:
        """Where the camera stands and looks when a share `t` of the clip is over; `along` is the actor's own z."""
        if self.tracked:
            shift = np.array([0, 0, -along])
            eye, target = eye + shift, target + shift
        sign = 1 if self.move.endswith("right") else -1
        if self.move.startswith("orbit"):
            return target + _turned(eye - target, sign * self.sweep * (t - 0.5)), target
        if self.move.startswith("pan"):
            return eye, eye + _turned(target - eye, -sign * 14 * (t - 0.5))
        if self.move.startswith("zoom"):
            return target + (eye - target) * 1.25 * (1 - 0.45 * (t if self.move == "zoom_in" else 1 - t)), target
        return eye, target

    def _stage(self) -> Stage:
        half, tile = 160 * self.size, 3.2 * self.size
        corners = np.array([(-half, 0, -half), (half, 0, -half), (half, 0, half), (-half, 0, half)])
        up = np.tile([0.0, 1, 0], (4, 1))
        skin = _texture(self.art, f"terrain/types/{self.texture}")
        ground = Part(corners, up, corners[:, [0, 2]] / tile, np.array([[0, 1, 2], [0, 2, 3]]), skin, OPAQUE)
        walls, horizon = [], []
        for i, side in enumerate(("left", "back", "right", "front")):
            image = _texture(self.art, f"skies/{self.sky}/{side}")
            a, b = -np.radians([90 * i + 45, 90 * i + 135])
            ring = [(a, 1), (b, 1), (b, -1), (a, -1)]
            wall = np.array([(2**0.5 * np.cos(turn), y, 2**0.5 * np.sin(turn)) for turn, y in ring])
            edge = 0.6 / image.width  # half a pixel in, or the seams between the walls show
            uv = np.array([(edge, edge), (1 - edge, edge), (1 - edge, 1 - edge), (edge, 1 - edge)])
            walls.append(Part(wall, up, uv, ground.triangles, image, UNLIT))
            rows = np.asarray(image)[int(image.height * 0.44) : int(image.height * 0.48) + 1, :, :3]
            horizon.append(rows.reshape(-1, 3).mean(0) / 255)
        haze = np.append(np.mean(horizon, 0), 0.02 / self.size)
        return Stage(ground, walls, haze, 420 * self.size)

    def _plants(self) -> list[Part]:
        """Up to five plants behind the actor, none taller than a few of it."""
        rng, found = random.Random(self.seed), []
        for _ in range(rng.randint(0, 5)):
            try:
                plant = Model(self.art, f"flora/{rng.choice(PLACES[self.place][1])}.xml", (), rng)
            except (KeyError, ET.ParseError):
                continue
            parts = plant.parts(plant.own([Beat("idle", None, 0.0, 0.0)]))
            tall = max((float(part.position[:, 1].max()) for part in parts), default=0.0)
            grow = min(1.0, 5 * self.size / max(tall, 1e-3))
            away = rng.uniform(2.5, 9) * self.size + 0.3 * tall * grow
            back = -direction(self.shot.azimuth + rng.uniform(-50, 50), 0) * away
            for part in parts:
                found.append(replace(part, position=part.position * grow + back * [1, 1, -1]))
        return found


def _turned(arrow: Array, degrees: float) -> Array:
    """An arrow turned about the vertical: seen from above counter-clockwise, which for a camera is to its right."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([arrow[0] * cos + arrow[2] * sin, arrow[1], arrow[2] * cos - arrow[0] * sin])


def _texture(art: Art, stem: str) -> Image.Image:
    for end in (".dds.cached.dds", ".png.cached.dds", ".tga.cached.dds"):
        if f"art/textures/{stem}{end}" in art.names:
            image = Image.open(io.BytesIO(art.zip.read(f"art/textures/{stem}{end}"))).convert("RGBA")
            return image.reduce(max(1, image.width // 512))
    raise KeyError(stem)


def scenes(packages: Path) -> Iterator[Item]:
    """Actors in places: half of them travelling, all kinds of ground, sky and camera in turn."""
    art, used, painter, played = Art(game_archive(packages)), Counter(), Lazy(SIDE), Counter()
    pools = [pool for pool in cast(art) if pool]
    for number in range(SCENES if pools else 0):
        rng = random.Random(f"scene/{number}")
        actor = rng.choice(pools[number % len(pools)])
        shot = shot_of(art, actor, rng, used, captures(packages))
        if shot is None or shot.subject.habitat == "water":
            continue
        motions = [m for m in shot.motions if not (m.pose and m.loops)]  # no running on the spot
        gaits = [m for m in motions if m.key in GAITS]
        pool = gaits if gaits and rng.random() < 0.7 else motions
        known = shot.facts(motion) if (motion := min(pool, key=lambda m: played[m.key], default=None)) else None
        if motion is None or known is None:
            continue
        played[motion.key] += 1
        moving = replace(motion, stand=None) if motion.key in GAITS else motion
        place = list(PLACES)[number % len(PLACES)]
        texture, sky, move = rng.choice(PLACES[place][0]), rng.choice(list(SKIES)), rng.choice(MOVES)
        made = Scene(art, shot, moving, place, texture, sky, move, rng.choice((40, 60, 80)), number)
        if made.path in ("left", "right") and move.startswith("pan"):
            made.move = f"pan_{made.path}"
        if made.path == "none" and move == "follow":
            made.move = "static"
        known |= {"start": "from a standing pose" if moving.stand else "in motion"}
        key = f"s{number:05d}_{actor.rsplit('/', 1)[-1][:-4]}_{motion.key.replace('weapon:', '')}_{made.move}"
        yield Item("scenes", key, made.facts(known), lambda made=made: made.clip(painter.get()))
