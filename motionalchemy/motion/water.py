"""Water that moves by itself: rivers along their beds, falls, seas whose waves come in, calm water, and rings on it."""

import re
from dataclasses import replace

import cv2
import numpy as np

from motionalchemy.language.element_words import Asked
from motionalchemy.motion.element_tools import Timing, cells, flowing, waves
from motionalchemy.render.act import Act
from motionalchemy.render.elements import Flickering, Waving, grain
from motionalchemy.scene import currents, elements, straight
from motionalchemy.scene.elements import Region
from motionalchemy.scene.parse import Scene

STREAM, FALLS, ROLL = 0.08, 0.22, 0.05  # widths a second: rivers, waterfalls, foam near us
SWELL, RIPPLE, RING = 0.0085, 0.0045, 0.006  # widths that sea, calm water and rings on it are displaced, near us
FINE = 0.005  # of the width: what is finer than that is carried, what is coarser goes up and down
WHOLE, COARSE, BED = 0.5, 0.015, 0.6  # of less water than that of the picture, so much of what is so coarse is its bed
LEVEL = 0.3, 0.05  # of the width, that a horizon is long at least; of its length, that it rises at most
GLITTER = re.compile(r"glitter|sparkl|glisten|shimmer|twinkl|闪|粼", re.IGNORECASE)
RINGS = re.compile(r"\bripples? (?:spread|expand|run|form|on)|泛起|扩散|荡开|一圈", re.IGNORECASE)


def river(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Water that follows its bed downhill; a sheet of it goes up and down and drifts to a side."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    if _still(found):
        side = -1.0 if asked.way == "left" else 1.0
        return _surface(scene, found, asked, timing, (RIPPLE, 30.0, 4.6, 4.0), (0.4 * ROLL * side, 0.0))
    return [_bed(scene, found, asked, timing)]


def _bed(scene: Scene, found: Region, asked: Asked, timing: Timing) -> Act:
    """Water that is carried along its bed."""
    size = cells(scene)
    field = currents.river(found.matte, scene.nearness)
    if asked.way in ("left", "right"):
        side = -1.0 if asked.way == "left" else 1.0
        field = field * (side if float(field[0].sum()) * side < 0 else 1.0)
    if asked.way == "up":
        field = -field
    velocity = np.stack([cv2.resize(each, size[::-1]) for each in field]) * STREAM * min(asked.strength, 1.6)
    still = elements.filled(scene.picture, found.matte)
    if found.share < WHOLE:
        stays = elements.standing(scene.picture, found)
        found = Region(found.matte * (1 - stays), found.sure)
        still = still - BED * cv2.GaussianBlur(still, (0, 0), COARSE * still.shape[1])
    act = flowing(scene, found, velocity, timing, 2, still)
    return replace(act, cycle=timing.cycle / 2)


def fall(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Water that falls."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    size = cells(scene)
    velocity = np.stack((np.zeros(size), np.full(size, FALLS * min(asked.strength, 1.5))))
    return [replace(flowing(scene, found, velocity, timing, 3), cycle=timing.cycle / 3)]


def sea(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """A sea whose waves come in and carry their foam; water that fills the picture runs down as a wave does."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    rows, level = np.nonzero((found.matte > 0.5).any(1))[0], _horizon(scene)
    if level is not None:
        below = np.arange(len(found.matte))[:, None] > level
        found = Region(found.matte * below.astype(np.float32), found.sure)
    elif found.share > 0.6 and len(rows) and rows[0] < 0.05 * len(found.matte):
        return [_bed(scene, found, asked, timing)]
    side = {"left": -0.5, "right": 0.5}.get(asked.way, 0.0)
    return _surface(scene, found, asked, timing, (SWELL, 16.0, 4.2, 6.0), (side * ROLL, ROLL))


def _horizon(scene: Scene) -> int | None:
    """The row of a long level line in the upper half of a picture, over which there is no water; None without one."""
    high, wide = scene.picture.shape[:2]
    found = straight.segments(scene.picture)
    right, down = np.abs(found[:, 2] - found[:, 0]), np.abs(found[:, 3] - found[:, 1])
    rows = found[:, [1, 3]].mean(1)
    level = rows[(right > LEVEL[0] * wide) & (down < LEVEL[1] * right) & (rows < 0.6 * high)]
    return int(level.max()) if len(level) else None


def calm(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Calm water that ripples, and with it what it reflects; rings that spread from what stands in it."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    if RINGS.search(asked.said) and scene.subject is not None:
        return [_rings(scene, found, asked, timing)]
    return _surface(scene, found, asked, timing, (RIPPLE, 30.0, 4.6, 4.0), None)


def _still(found: Region) -> bool:
    """Whether water is a sheet that lies wide and flat, rather than a bed that leads down."""
    rows, columns = np.nonzero(found.matte > 0.5)
    if not len(rows):
        return True
    wide, high = np.ptp(columns) + 1, np.ptp(rows) + 1
    return bool(wide > 0.7 * found.matte.shape[1] and wide > 2 * high and len(rows) > 0.5 * wide * high)


def _near(found: Region, size: tuple[int, int]) -> np.ndarray:
    """How near water is by its rows, (h, 1), 1 at the picture's lower edge."""
    rows = np.nonzero((found.matte > 0.5).any(1))[0]
    top = rows[0] / found.matte.shape[0] if len(rows) else 0.0
    depth = ((np.linspace(0, 1, size[0], dtype=np.float32) - top) / max(1 - top, 0.05)).clip(0, 1)
    return (0.15 + 0.85 * depth)[:, None]


def _surface(
    scene: Scene,
    found: Region,
    asked: Asked,
    timing: Timing,
    kind: tuple[float, float, float, float],
    carried: tuple[float, float] | None,
) -> list[Act]:
    """Water whose surface goes up and down, of a `kind`: how far, how many radians of waves, how fast, how bright their
    crests; waves come towards us and are longer the nearer they are. Its fine texture is `carried` (right, down) in
    widths a second near us, where it is."""
    reach, lengths, rate, shine = kind
    size, near = cells(scene), _near(found, cells(scene))
    high, wide = scene.picture.shape[:2]
    rows = np.broadcast_to((np.log(near / 0.15) * 1.1 * high / wide).astype(np.float32), size)
    columns = np.broadcast_to((np.arange(size[1], dtype=np.float32) + 0.5) / size[1], size)
    amount = reach * asked.strength * np.broadcast_to(near, size).astype(np.float32)
    side = 0.35 if asked.way not in ("left", "right") else 1.0
    field = np.stack((side * amount, amount))
    course = waves(timing, 6, 9.0, lengths, rate, 4)
    still, acts = elements.filled(scene.picture, found.matte), list[Act]()
    if carried is not None:
        coarse = cv2.GaussianBlur(still, (0, 0), FINE * wide)
        speed = np.broadcast_to(asked.strength * near, size)
        velocity = np.stack((carried[0] * speed, carried[1] * speed))
        acts.append(flowing(scene, found, velocity, timing, 13, still - coarse))
        still = coarse
    bright = shine * min(asked.strength, 1.3)
    acts.append(Waving(still, found.matte, field, course, 0.0, np.stack((columns, rows)), bright, timing.end))
    return [*acts, glitter(scene, found, asked, timing)] if GLITTER.search(asked.said) else acts


def glitter(scene: Scene, found: Region, asked: Asked, timing: Timing) -> Act:
    """Spots of water, the brightest most, that flash up and go out."""
    grey = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    bright = ((grey - cv2.GaussianBlur(grey, (0, 0), 0.03 * grey.shape[1])) / 40).clip(0.12, 1)
    course = grain(grey.shape, timing.seed + 14, 0.0, 25.0, 0.008)
    return Flickering(found.matte * bright, course, 0.35 * min(asked.strength, 1.4), timing.rate(1.3), timing.end)


def _rings(scene: Scene, found: Region, asked: Asked, timing: Timing) -> Act:
    """Rings that spread over water from what stands in it, lower the farther they are."""
    assert scene.subject is not None
    left, top, right, low = scene.subject.box
    middle, base = (left + right) / 2, top + 0.75 * (low - top)
    size = cells(scene)
    rows, columns = np.indices(size, np.float32)
    x, y = (columns + 0.5) / size[1] - middle, ((rows + 0.5) / size[1] - base) * 2
    away = np.hypot(x, y).astype(np.float32)
    amount = RING * asked.strength * np.exp(-away / 0.45) * (away / 0.05).clip(0, 1)
    field = np.stack((x, 0.5 * y)) / np.maximum(away, 1e-3) * amount
    course = waves(timing, 2, 0.0, 1.0, 6.0, 15)
    course[0], course[1] = (46.0, 71.0), 0.0
    still = elements.filled(scene.picture, found.matte)
    places = np.stack((away, np.zeros_like(away)))
    return Waving(still, found.matte, field.astype(np.float32), course, 0.0, places, 4.0, timing.end)
