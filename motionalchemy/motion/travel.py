"""Where a subject goes that is sent somewhere, as one stiff thing in perspective."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from motionalchemy.language.script import Beat
from motionalchemy.motion.constraints import centred
from motionalchemy.motion.movers import BeatMotion, Means, Part, Road
from motionalchemy.render.motion import Trajectory
from motionalchemy.render.warp import SIDE, SIDES
from motionalchemy.scene.parse import Layer, Scene

PACE = 0.12  # widths a second that one that is sent goes at least; train scenes: walks .07, runs .21 (medians)
HURRY = 0.2  # and one that is to hurry
LEAST = 0.1  # of the width, that one goes at least who is to stay in the picture; of its size, that it grows
NEARER = 2.0  # of its size, that one grows on a road as long as the picture is wide
LARGEST = 0.95  # of the picture, that one fills at most who comes nearer
FARTHEST = 2.0  # by one more than this the size of one who goes away is divided at most
HORIZON = 0.45  # of the height, where those that are far away stand
SINKS = 0.5  # of the distance to it, that a subject goes up or down as it changes its size
EDGE = 0.03  # of the width: how near to an edge a subject comes that is to stay in the picture
SLOWS = 0.6  # of a distance, from which one slows down


@dataclass(frozen=True)
class Stage:
    """Where a subject stands in its picture, `box` (left, top, right, low), and how `high` that is, in pixels of a picture
    SIDE wide."""

    box: tuple[float, float, float, float]
    high: float

    @classmethod
    def of(cls, layer: Layer) -> "Stage":
        """That of a layer."""
        left, top, right, low = (edge * SIDE for edge in layer.box)
        height, width = layer.opacity.shape
        return cls((left, top, right, low), SIDE * height / width)

    @property
    def feet(self) -> Tensor:
        """The place that it stands on, (2,)."""
        left, _, right, low = self.box
        return torch.tensor([(left + right) / 2, low])


class Travel:
    """Sends a subject to a side, nearer or farther."""

    part: Part = "road"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Where a sentence sends its subject somewhere that is known."""
        return float(scene.subject is not None and road(beat) is not None)

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """Its road; of one that goes to a side that alone says where it is."""
        yield from ()
        if scene.subject is not None and made.moves is not None and beat.heading in SIDES:
            made = replace(made, moves=centred(made.moves, scene.subject))
        return replace(made, road=road(beat))


def road(beat: Beat) -> Road | None:
    """The road that a beat sends its subject, None where it sends it nowhere that is known."""
    if beat.heading in ("", "elsewhere"):
        return None
    return Road(beat.heading, (HURRY if beat.hurries else PACE) * beat.pace)


def gone(road: Road | None, seconds: Tensor, before: Trajectory, stage: Stage, long: bool) -> tuple[Tensor, Tensor]:
    """How far right and down (T, 2) a subject has gone from its feet after so many `seconds` (T,) of a road that begins
    where it was `before`, and its size (T,); on one that is `long` it comes to rest before it leaves the picture or is
    too large for it."""
    (right, down), size = before.aside[0].tolist(), float(before.size[0])
    left, top, end, low = stage.box
    half, middle = (end - left) / 2 * size, (left + end) / 2 + right
    sinks = SINKS * max(low + down - HORIZON * stage.high, 0.0)  # who comes nearer stands lower in the picture
    aside, grows = torch.zeros_like(seconds), torch.ones_like(seconds)
    if road is None:
        pass
    elif road.heading in SIDES:
        room = SIDE * (1 - EDGE) - middle - half if road.heading == "right" else middle - half - SIDE * EDGE
        most = max(room, LEAST * SIDE) if long else None
        aside = SIDES[road.heading] * _eased(seconds * SIDE * road.speed, most)
    elif road.heading == "near":
        most = min(LARGEST * stage.high / (low - top), LARGEST * SIDE / (end - left)) / size
        floor = 1 + (LARGEST * stage.high - low - down) / sinks if sinks else most
        grows = 1 + _eased(seconds * road.speed * NEARER, max(min(most, floor) - 1, LEAST) if long else None)
    else:
        grows = 1 / (1 + _eased(seconds * road.speed * NEARER, FARTHEST if long else None))
    return torch.stack((right + aside, down + sinks * (grows - 1)), 1), size * grows


def _eased(distance: Tensor, end: float | None) -> Tensor:
    """A distance (T,) covered at an even pace that slows down and comes to rest at its `end`, if it has one."""
    if end is None:
        return distance
    slows = SLOWS * end
    late = (distance - slows).clamp(0, 2 * (end - slows))
    return distance.clamp(max=slows) + late - late.square() / (4 * (end - slows))
