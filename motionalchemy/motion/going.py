"""Sends stiff things on their way: what drives, sails, flies, rises, falls, spins and swings, drawn from the picture."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.script import Beat
from motionalchemy.language.travel_words import PEOPLE, Asked, Deed, read
from motionalchemy.motion.courses import Stage, course
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.render.travel_act import Going, Rider
from motionalchemy.scene import behind, hanging, things, wheels
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.things import Stands, Thing

ODD: tuple[Deed, ...] = ("rises", "spins", "swings", "rolls", "bounces")  # what no rendered actor does
STANDS: dict[Deed, Stands] = {"goes": "ground", "rolls": "ground", "bounces": "ground", "floats": "water"}
GO: tuple[Deed, ...] = ("goes", "floats", "flies")  # what no building does
NEARER = 0.12  # of nearness, by which something is before what goes
PHOTOGRAPH = 0.6  # how surely a picture is one
LEAST = 0.002  # of the picture, that has to hide a thing to count
SAID: dict[str, str] = {
    "goes": "goes", "floats": "floats", "flies": "flies", "rises": "rises", "falls": "falls", "spins": "turns",
    "swings": "swings", "rolls": "rolls", "bounces": "bounces",
}  # fmt: skip
LAND = "what stands out in the picture is a building or land"
CUT = "the edge of the picture cuts what should go"
WAYS = {"left": " to the left", "right": " to the right", "near": " nearer", "far": " away"}


class Goes:
    """Sends things somewhere as they are."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever a thing is to go that is not an actor with movements of its own; before what bodies do, if it is
        named as a thing."""
        asked = read(beat.words)
        if not asked or (asked[0].deed not in ODD and scene.rendered and not photographed(scene)):
            return 0.0
        return 0.85 if asked[0].thing else 0.7

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """What goes where; None where nothing stands out, and that is said."""
        yield from ()
        heard = read(beat.words)
        if not heard or made.served:
            return None
        asked = heard[0]
        lasts = beat.lasts(means.fps) - means.loop / means.fps  # the last frame of a loop is its first
        left = means.left(beat, spans.without(beat.words, asked.spans))
        alone = asked.thing and not PEOPLE.search(asked.words)
        undone = replace(made, beat=left) if alone else None  # nobody else moves what is a thing
        with means.phase("parse"):
            vehicle = asked.thing and asked.deed in GO
            found = things.things(scene, asked.many, STANDS.get(asked.deed, "air"), vehicle, asked.deed == "spins")
            land = asked.deed in GO and any(things.built(scene, thing) for thing in found)
            riders, ways = ([], []) if land else riding(scene, asked, found, lasts, means.loop)
        if land or not found or not riders:
            why = "nothing stands out in the picture that could go" if not found else LAND if land else CUT
            means.note(f"{asked.words!r} is not done: {why}")
            return undone
        with means.phase("parse"):
            plate, gone = behind.plate(scene, tuple(thing for thing, _ in riders))
        act = Going(scene.picture.astype(np.float32), plate, gone, tuple(rider for _, rider in riders))
        means.note(f"travel: {_what(riders)} {SAID[asked.deed]}{WAYS.get(ways[0], '')} as it is")
        return made.with_acts((act,), left, served=True)


def photographed(scene: Scene) -> bool:
    """Whether a picture that may show a rendered actor is a photograph after all."""
    return scene.kinds["photograph"] > PHOTOGRAPH


def riding(
    scene: Scene, asked: Asked, found: tuple[Thing, ...], lasts: float, loop: bool
) -> tuple[list[tuple[Thing, Rider]], list[str]]:
    """The things that can go, each as it does, and which way."""
    made, ways = list[tuple[Thing, Rider]](), list[str]()
    heading = ""
    for number, thing in enumerate(found):
        held = hanging.hung(scene, thing) if asked.deed == "swings" else None
        thing = thing if held is None else held[0]
        stage = Stage.of(scene, thing)
        way = course(stage, asked if not heading else replace(asked, heading=heading), lasts, lasts if loop else 0.0)
        if way is None:
            continue
        road, side = way
        if held is not None:
            road = replace(road, pivot=(held[1][0] / thing.matte.shape[1], held[1][1] / thing.matte.shape[1]))
        heading = heading or (side if side in ("left", "right") else "")  # all go one way
        if number and not loop:
            road = replace(
                road, rate=road.rate * (1 + 0.13 * (number % 3)), starts=road.starts * (1 + 0.25 * (number % 4))
            )
        turning = wheels.wheels(scene.picture, thing) if asked.deed == "goes" and side in ("left", "right") else ()
        covers = None if thing.paper or asked.deed in ("spins", "swings") else covering(scene, thing)
        made.append((thing, Rider(thing.rgba, road, thing.reflection, thing.shadow, covers, turning)))
        ways.append(side)
    return made, ways


def covering(scene: Scene, thing: Thing) -> np.ndarray | None:
    """How much of each place is nearer than a thing, and no part of what stands out, (H, W) in [0, 1]."""
    there = thing.matte > 0.5
    if not there.any():
        return None
    near = scene.nearness
    depth = float(np.percentile(near[there], 80))
    covers = ((near - depth - NEARER) / 0.05).clip(0, 1) * (thing.matte < 0.02)
    covers[thing.box[3] - 1 :] = 0  # the ground before its feet is nearer, but does not hide it
    return covers.astype(np.float32) if covers.mean() > LEAST else None


def _what(riders: list[tuple[Thing, Rider]]) -> str:
    return "what stands out" if len(riders) == 1 else f"each of {len(riders)} things that stand out"
