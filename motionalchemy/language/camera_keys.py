"""A camera's path as a person writes it: "0:0,0,1 2:0.2,0,1.3".

Each key is SECONDS:RIGHT,DOWN,ZOOM or SECONDS:RIGHT,DOWN,ZOOM,ROLL. RIGHT and DOWN say where the camera looks, in widths of
the picture from its middle; ZOOM how many times as large as the picture it shows things; ROLL how many degrees it is turned
clockwise.
"""

import math
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from motionalchemy.errors import InputError

EXAMPLE = "0:0,0,1 2:0.2,0,1.3"
FARTHEST = 0.5  # widths of the picture, that a key looks aside at most
ZOOMS, ROLLED = (0.5, 8.0), 180.0  # how large things are shown, least and most; degrees at most
LATEST = 600.0  # seconds
FIELDS = (
    ("right", -FARTHEST, FARTHEST, "widths"),
    ("down", -FARTHEST, FARTHEST, "widths"),
    ("zoom", *ZOOMS, "times"),
    ("roll", -ROLLED, ROLLED, "degrees"),
)


@dataclass(frozen=True)
class CameraKey:
    """Where a camera is after so many `seconds`: it looks `right` and `down` of the picture's middle, in its widths, shows
    it `zoom` times as large, turned by `roll` degrees clockwise."""

    seconds: float
    right: float
    down: float
    zoom: float
    roll: float = 0.0


def parse(text: str) -> tuple[CameraKey, ...]:
    """The keys of a path in order, at least two, the first at second 0; raises InputError that names the wrong key."""
    parts = re.split(r"[\s;|]+", text.strip()) if text.strip() else []
    keys = tuple(_key(number, part) for number, part in enumerate(parts, start=1))
    if len(keys) < 2:
        raise InputError(f"camera {text!r} has {len(keys)} keys: give two or more, such as {EXAMPLE!r}")
    if keys[0].seconds != 0:
        raise InputError(f"key 1 of the camera, {parts[0]!r}, begins at second {keys[0].seconds:g}: begin at 0")
    for number, (before, key) in enumerate(pairwise(keys), start=2):
        if key.seconds <= before.seconds:
            where = f"key {number} of the camera, {parts[number - 1]!r},"
            raise InputError(f"{where} is not after second {before.seconds:g}: give a later one")
    return keys


def _key(number: int, part: str) -> CameraKey:
    """One key; raises InputError."""
    where = f"key {number} of the camera, {part!r},"
    seconds, colon, rest = part.partition(":")
    values = rest.split(",")
    if not colon or len(values) not in (3, 4):
        raise InputError(f"{where} is not SECONDS:RIGHT,DOWN,ZOOM: write it as in {EXAMPLE!r}")
    named = (("seconds", 0.0, LATEST, "seconds"), *FIELDS)
    return CameraKey(*(_value(where, text, *field) for text, field in zip((seconds, *values), named, strict=False)))


def _value(where: str, text: str, name: str, least: float, most: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise InputError(f"{where} has {name} {text!r}: give {least:g} to {most:g} {unit}")
    return value


def at(keys: tuple[CameraKey, ...], seconds: np.ndarray) -> np.ndarray:
    """Right, down, the logarithm of the zoom and roll (T, 4) at times (T,): a curve through all keys that nowhere goes
    beyond two that follow each other (Fritsch and Carlson 1980), at rest at both ends."""
    times = np.array([key.seconds for key in keys])
    values = np.array([(key.right, key.down, math.log(key.zoom), key.roll) for key in keys])  # (K, 4)
    rises = np.diff(values, axis=0) / np.diff(times)[:, None]
    slopes = np.zeros_like(values)
    same = rises[:-1] * rises[1:] > 0
    slopes[1:-1] = np.where(same, 2 * rises[:-1] * rises[1:] / np.where(same, rises[:-1] + rises[1:], 1), 0)
    t = np.clip(seconds, times[0], times[-1])
    n = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
    wide = np.diff(times)[n][:, None]
    s = ((t - times[n])[:, None]) / wide
    first = values[n] * (1 + 2 * s) * (1 - s) ** 2 + values[n + 1] * s**2 * (3 - 2 * s)
    return first + wide * (slopes[n] * s * (1 - s) ** 2 - slopes[n + 1] * s**2 * (1 - s))
