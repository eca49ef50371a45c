"""Sends stiff things on their way: what drives, sails, flies, rises, falls, spins and swings, drawn from the picture."""

from collections.abc import Generator
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.script import Beat
from motionalchemy.language.travel_words import Asked, Deed, read
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.render.travel_act import Course, Going
from motionalchemy.scene.parse import Scene

SPEED: dict[Deed, float] = {  # widths a second
    "goes": 0.16, "floats": 0.11, "flies": 0.20, "rises": 0.10, "falls": 0.12, "spins": 0.0, "swings": 0.0
}  # fmt: skip
ODD: tuple[Deed, ...] = ("rises", "spins", "swings")  # what no rendered actor does
GROWS = 0.32  # times larger a second, that something becomes as it comes nearer
TURNS, SWINGS = 2.2, 0.10  # radians a second of what spins; radians to each side of what swings
BOBS: dict[Deed, float] = {"floats": 0.004, "flies": 0.010}
LEAST = 0.02  # of what stands out, that one of several things covers
CUT = 0.02  # of the width: what comes so near to an edge is cut by it
NEARER = 0.12  # of nearness, by which something is before what goes
LARGEST = 0.55  # of the picture: what covers more is no thing in it


class Goes:
    """Sends things somewhere as they are."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever a thing is to go that is not an actor with movements of its own."""
        asked = read(beat.words)
        return 0.7 * bool(asked and (asked[0].deed in ODD or not scene.rendered))

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """What goes where; None where nothing stands out, and that is said."""
        yield from ()
        lasts = beat.lasts(means.fps)
        asked = read(beat.words)[0]
        with means.phase("parse"):
            things = _things(scene, asked.many)
        if not things:
            means.note(f"{asked.words!r} is not done: nothing stands out in the picture that could go")
            return None
        courses = [course(scene, asked, thing, lasts, lasts if means.loop else 0.0) for thing in things]
        going = [each for each in zip(things, courses, strict=True) if each[1] is not None]
        left = means.left(beat, spans.without(beat.words, asked.spans))
        if not going:
            means.note(f"{asked.words!r} is not done: the edge of the picture cuts what should go")
            return None
        layers, ways = zip(*going, strict=True)
        act = Going(
            scene.picture.astype(np.float32), _plate(scene), tuple(layers), tuple(ways), _covers(scene, layers[0])
        )
        return made.with_acts((act,), left, served=True)


def _things(scene: Scene, many: bool) -> list[np.ndarray]:
    """The layers (H, W, 4) float32 of what stands out: the largest part of it, or several."""
    if scene.subject is None:
        return []
    rgba = scene.subject.rgba[0].permute(1, 2, 0).numpy().astype(np.float32)
    rgba = rgba * np.array([255, 255, 255, 1], np.float32)
    count, label, facts, _ = cv2.connectedComponentsWithStats((rgba[..., 3] > 0.3).astype(np.uint8))
    areas = facts[1:, cv2.CC_STAT_AREA]
    if not len(areas) or areas.max() > LARGEST * label.size:
        return []
    label = np.asarray(label)
    large = [number + 1 for number in np.argsort(-areas) if areas[number] > LEAST * areas.sum()]
    large = large if many else large[:1]
    found = list[np.ndarray]()
    for number in large:
        near = cv2.dilate((label == number).astype(np.uint8), np.ones((5, 5), np.uint8))
        others = np.isin(label, [each for each in range(1, count) if each != number])
        found.append(rgba * (near * ~others)[..., None].astype(np.float32))
    return found


def _plate(scene: Scene) -> np.ndarray:
    """What is behind the subject, (H, W, 3) float32."""
    return scene.plate[0].permute(1, 2, 0).numpy() * 255


def _covers(scene: Scene, thing: np.ndarray) -> np.ndarray | None:
    """How much of each place is nearer than a thing, and no part of what stands out, (H, W) in [0, 1]."""
    there = thing[..., 3] > 0.5
    if not there.any():
        return None
    near = scene.nearness
    depth = float(np.percentile(near[there], 70))
    covers = ((near - depth - NEARER) / 0.05).clip(0, 1) * (thing[..., 3] < 0.05)
    rows = np.nonzero(there.any(1))[0]
    covers[rows[-1] :] = 0  # the ground before its feet is nearer, but does not hide it
    return covers.astype(np.float32) if covers.mean() > 0.002 else None


def course(scene: Scene, asked: Asked, thing: np.ndarray, lasts: float, loop: float) -> Course | None:
    """The way of a thing; None where the picture's edge cuts it so that its cut side would come into view."""
    high, wide = thing.shape[:2]
    rows, columns = (np.nonzero((thing[..., 3] > 0.3).any(axis))[0] for axis in (1, 0))
    left, right, top, low = columns[0] / wide, (columns[-1] + 1) / wide, rows[0] / wide, (rows[-1] + 1) / wide
    cut = {
        "left": left < CUT, "right": right > 1 - CUT, "top": top < CUT, "low": low > high / wide - CUT
    }  # fmt: skip
    middle, pace, deed = ((left + right) / 2, (top + low) / 2), asked.pace, asked.deed
    if deed == "spins":
        turns = TURNS * pace
        turns = 2 * np.pi * max(1, round(turns * lasts / (2 * np.pi))) / lasts if loop else turns
        return None if any(cut.values()) else Course(middle, turns=-turns if asked.heading == "left" else turns)
    if deed == "swings":
        return Course((middle[0], top), swings=SWINGS * max(pace, 0.7), rate=0.8, loops=loop)
    if deed in ("rises", "falls"):
        way = -1.0 if deed == "rises" else 1.0
        if cut["low" if deed == "rises" else "top"]:
            return None
        side = {"left": -0.5, "right": 0.5}.get(asked.heading, 0.0)
        gains = (0.0, way * 0.14 * pace)
        return Course(
            middle, (side * SPEED[deed] * pace, way * SPEED[deed] * pace * 0.5), gains, starts=0.6, loops=loop
        )
    heading = asked.heading or _facing(scene, middle[0], cut)
    if heading in ("near", "far"):
        grows = (GROWS if heading == "near" else -GROWS) * pace
        if heading == "far" and any(cut.values()):
            return None
        horizon = 0.42 * high / wide
        toward = (horizon - low) * grows * (-0.6 if heading == "near" else 0.6) * (-1 if heading == "far" else 1)
        return Course(
            (middle[0], low), (0.0, toward), grows=grows, rests=_until(grows, low - top, high / wide), loops=loop
        )
    way = -1.0 if heading == "left" else 1.0
    if cut["right" if way < 0 else "left"] or (cut["low"] and cut["top"]):
        return None
    lifts = -0.45 * SPEED[deed] * pace if deed == "flies" else 0.0
    return Course(middle, (way * SPEED[deed] * pace, lifts), bobs=BOBS.get(deed, 0.0), rate=0.9, loops=loop)


def _until(grows: float, tall: float, room: float) -> float:
    """Seconds after which something that comes nearer is as tall as the picture allows, 0 where nothing ends it."""
    return float(np.log(max(0.9 * room / tall, 1.02)) / grows) + 0.2 if grows > 0 else 0.0


def _facing(scene: Scene, x: float, cut: dict[str, bool]) -> str:
    """Which way a thing goes that nobody has sent to a side: where there is room, as pictures leave it before what goes."""
    if cut["left"] != cut["right"]:
        return "left" if cut["left"] else "right"
    return "left" if x > 0.5 else "right"
