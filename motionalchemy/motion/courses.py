"""Which way a thing goes that is sent somewhere, along the ground as it is seen."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from motionalchemy.language.travel_words import Asked, Deed
from motionalchemy.render.travel_act import Course
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.things import Thing

SPEED: dict[Deed, float] = {  # widths a second
    "goes": 0.16, "floats": 0.11, "flies": 0.18, "rises": 0.05, "falls": 0.08, "rolls": 0.16, "bounces": 0.0
}  # fmt: skip
GAINS = 0.14  # widths a second, that rising and falling become faster each second
GROWS = 0.32  # times larger a second, that something becomes as it comes nearer
TURNS, SPINS, SWINGS = 2.2, 1.9, 0.12  # radians a second of what turns and of what spins; radians to each side
BOBS: dict[Deed, float] = {"floats": 0.004, "flies": 0.010}
ROCKS = 0.02  # radians to each side, that what floats rocks
SWAYS = 0.02  # radians to each side, that what rises slowly sways
CUT = 0.02  # of the width: what comes so near to an edge is cut by it
HORIZON, ABOVE = 0.42, -0.45  # of the height, where the horizon is taken to be, and in a view from above
UPPER, SKY = 0.2, 0.3  # of the height, in which so much is sky unless a picture is seen from above
LONG, STEEP = 1.25, 25.0  # times as long as broad is what has an axis; degrees that it rises where it shows the way
SLOWS = 0.33  # seconds at full speed that one goes farther until it rests, less those lost at the start
LARGEST = 0.9  # of the height, that one fills at most who comes nearer
UPPER_PART, LEANS = (
    0.35,
    0.08,
)  # of a thing, its upper part; of its width, how far that is off the middle to show a side
Side = Literal["left", "right", "near", "far", "up", "down", ""]


@dataclass(frozen=True)
class Stage:
    """Where a thing stands in a picture `high` high: `left`, `top`, `right` and `low`, all in widths, which edges cut it,
    the `axis` (right, down) along which it is long, upwards, if it has one that shows a way, the `horizon`, and how far
    to the right of its middle its upper part is, in its own widths, `leans`."""

    left: float
    top: float
    right: float
    low: float
    high: float
    cut: frozenset[str]
    axis: tuple[float, float] | None = None
    horizon: float = HORIZON
    leans: float = 0.0

    @classmethod
    def of(cls, scene: Scene, thing: Thing) -> "Stage":
        """That of a thing in a scene."""
        height, wide = thing.matte.shape
        left, top, right, low = (edge / wide for edge in thing.box)
        high = height / wide
        edges = {"left": left < CUT, "right": right > 1 - CUT, "top": top < CUT, "low": low > high - CUT}
        cut = frozenset(name for name, at in edges.items() if at)
        sky = scene.regions.of("sky")
        aerial = float(sky[: max(1, round(UPPER * len(sky)))].mean()) < SKY
        axis = _axis(thing.matte) if aerial else None
        horizon = (ABOVE if aerial and axis else HORIZON) * high
        return cls(left, top, right, low, high, cut, axis, horizon, leaning(thing.matte, thing.box))

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of it."""
        return (self.left + self.right) / 2, (self.top + self.low) / 2

    @property
    def foot(self) -> tuple[float, float]:
        """The place that it stands on."""
        return (self.left + self.right) / 2, self.low

    def facing(self, tall: int) -> Side:
        """Which way it goes that nobody has sent to a side: the way it faces by its shape, of which an end is highest, the
        head (1) or the tail (-1), else where there is room, as pictures leave it before what goes."""
        if ("left" in self.cut) != ("right" in self.cut):
            return "left" if "left" in self.cut else "right"
        if tall and abs(self.leans) > LEANS:
            return "right" if tall * self.leans > 0 else "left"
        return "left" if self.middle[0] > 0.5 else "right"


def leaning(matte: np.ndarray, box: tuple[int, int, int, int]) -> float:
    """How far to the right of the middle of a thing in a box its upper part is, by its matte (H, W), in its widths."""
    left, top, right, low = box
    part = matte[top : max(top + 1, round(top + UPPER_PART * (low - top))), left:right].sum(0)
    return float((part * (np.arange(right - left) + 0.5)).sum() / max(part.sum(), 1e-6) / (right - left) - 0.5)


def course(stage: Stage, asked: Asked, lasts: float, loop: float) -> tuple[Course, Side] | None:
    """The way of a thing and its side; None where the picture's edge cuts it so that its cut side would come into view."""
    pace, deed = asked.pace, asked.deed
    if deed == "spins":
        return _spinning(stage, asked, lasts, loop)
    if deed == "swings":
        return Course((stage.middle[0], stage.top), swings=SWINGS * max(pace, 0.7), rate=0.8, loops=loop), ""
    if deed == "bounces":
        tall = stage.low - stage.top
        return Course(
            stage.foot, hops=min(1.2 * tall, max(stage.top - CUT, 0.3 * tall)), rate=1.5 * pace**0.5, loops=loop
        ), "up"
    if deed in ("rises", "falls"):
        return _vertical(stage, asked, lasts, loop)
    side = asked.heading or (
        "far" if stage.axis is not None and deed == "goes" and asked.thing else stage.facing(asked.tall)
    )
    if side in ("near", "far"):
        return _in_depth(stage, asked, "near" if side == "near" else "far", loop)
    way = -1.0 if side == "left" else 1.0
    if ("right" if way < 0 else "left") in stage.cut or {"low", "top"} <= stage.cut:
        return None
    lift = (0.45 if asked.leaves else 0.12) * SPEED[deed] * pace if deed == "flies" else 0.0
    room = (1 - stage.left if way > 0 else stage.right) + 0.02
    made = Course(
        stage.foot if deed != "flies" else stage.middle, (way * SPEED[deed] * pace, 0.0), 0.0 if loop else lift,
        bobs=BOBS.get(deed, 0.0), rate=0.9, loops=loop, swings=ROCKS if deed == "floats" else 0.0,
        grows=-0.15 * pace if deed == "flies" and asked.leaves and not loop else 0.0,
        around=(1 + stage.right - stage.left + 0.04) if loop and not stage.cut else 0.0, room=room,
    )  # fmt: skip
    if deed == "rolls":
        made = Course(
            stage.middle, made.speed, rolls=(stage.low - stage.top) / 2, loops=loop, around=made.around, room=room
        )
    return made, "left" if way < 0 else "right"


def _spinning(stage: Stage, asked: Asked, lasts: float, loop: float) -> tuple[Course, Side] | None:
    """A thing that turns in the picture as a wheel does, or about its upright axis; whole turns in a loop."""
    if stage.cut:
        return None
    rate = (TURNS if asked.in_plane else SPINS) * asked.pace
    if loop:
        rate = 2 * np.pi * max(1, round(rate * lasts / (2 * np.pi))) / lasts
    if asked.heading == "left" or asked.backwards:
        rate = -rate
    return Course(
        stage.middle, turns=rate if asked.in_plane else 0.0, spins=0.0 if asked.in_plane else rate, loops=loop
    ), ""


def _vertical(stage: Stage, asked: Asked, lasts: float, loop: float) -> tuple[Course, Side] | None:
    """A thing that rises or falls; one that falls comes to rest before it leaves a picture that shows the ground."""
    way = 1.0 if asked.deed == "rises" else -1.0
    if ("low" if way > 0 else "top") in stage.cut:
        return None
    side = {"left": -0.5, "right": 0.5}.get(asked.heading, 0.0) * SPEED[asked.deed] * asked.pace
    made = Course(
        stage.middle, (side, 0.0), way * SPEED[asked.deed] * asked.pace, way * GAINS * asked.pace,
        swings=SWAYS if asked.pace < 1 else 0.0, rate=0.35, starts=0.6, loops=loop,
    )  # fmt: skip
    return made, "up" if way > 0 else "down"


def _in_depth(stage: Stage, asked: Asked, side: Literal["near", "far"], loop: float) -> tuple[Course, Side] | None:
    """A thing that comes nearer or goes away, towards where what goes there disappears."""
    if side == "far" and (stage.cut - {"low"} or ("low" in stage.cut and stage.axis is None)):
        return None
    x, y = stage.foot
    vanish = (x + 0.35 * (0.5 - x), min(stage.horizon, y - 0.05))
    if stage.axis is not None:
        across, down = stage.axis
        vanish = (x + across / -down * (y - stage.horizon), stage.horizon)
    grows = (GROWS if side == "near" else -GROWS) * asked.pace * (0.6 if stage.axis is not None else 1.0)
    rests = 0.0
    if side == "near":
        floor = (1.02 * stage.high - vanish[1]) / max(y - vanish[1], 1e-3)
        most = min(LARGEST * stage.high / max(stage.low - stage.top, 0.02), max(floor, 1.15))
        rests = max(float(np.log(most)) / grows - SLOWS, 0.2)
    bobs = BOBS.get(asked.deed, 0.0)
    return Course((x, y), grows=grows, vanish=vanish, bobs=bobs, rate=0.9, rests=rests, loops=loop), side


def _axis(matte: np.ndarray) -> tuple[float, float] | None:
    """The direction (right, down) upwards along which a matte (H, W) is long; None where it lies or has none."""
    rows, columns = np.nonzero(matte > 0.5)
    if len(rows) < 20:
        return None
    (_, _), (one, other), _ = cv2.minAreaRect(np.stack((columns, rows), 1).astype(np.float32))
    spread = np.linalg.eigh(np.cov(np.stack((columns, rows)).astype(float)))
    across, down = spread[1][:, 1]
    if max(one, other) < LONG * min(one, other) or abs(np.degrees(np.arctan2(down, across)) % 180 - 90) > 90 - STEEP:
        return None
    return (float(across), float(down)) if down < 0 else (-float(across), -float(down))
