"""Weather and the light of the hours over any picture, by its depth: near flakes are larger, fog is thicker far away."""

from collections.abc import Generator
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.script import Beat
from motionalchemy.language.weather_words import Asked, read
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.render.act import Act
from motionalchemy.render.elements import grain
from motionalchemy.render.weather import Falling, Flashing, Foggy, Graded, Sinking
from motionalchemy.scene import elements
from motionalchemy.scene.parse import Scene

FLAKES, DROPS, PETALS = 260, 420, 36  # of each, at strength 1
FAR = 0.45  # nearness, from which on what falls far away is hidden
LIGHTS = {  # what the picture's colours are multiplied by at its top, at the horizon and at its bottom
    "sunset": ((0.55, 0.50, 0.66), (1.04, 0.66, 0.46), (0.46, 0.38, 0.42)),
    "sunrise": ((1.10, 1.06, 1.02), (1.28, 1.12, 0.94), (1.18, 1.10, 1.0)),
    "night": ((0.28, 0.32, 0.48), (0.36, 0.39, 0.54), (0.30, 0.33, 0.46)),
}
OVERCAST = {"rain": (0.80, 0.84, 0.90), "snow": (0.93, 0.95, 1.0)}  # the light under clouds


class Weather:
    """Lets it rain, snow, storm, become foggy, dawn or dusk, where a sentence asks for it."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever weather is asked for."""
        return 0.5 * bool(read(beat.words))

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """All the weather that is asked for."""
        yield from ()
        lasts = beat.lasts(means.fps)
        acts, done = list[Act](), list[spans.Span]()
        with means.phase("parse"):
            for number, one in enumerate(read(beat.words)):
                rng = np.random.default_rng(means.seed + 100 * number + 17)
                acts += weather(scene, one, lasts, lasts if means.loop else 0.0, rng)
                means.note(DOES[one.weather])
                done += one.spans
        if not acts:
            return None
        left = means.left(beat, spans.without(beat.words, done))
        return made.with_acts(acts, left, served=not left.words)


def weather(scene: Scene, asked: Asked, lasts: float, loop: float, rng: np.random.Generator) -> list[Act]:
    """The acts of one kind of weather."""
    if asked.weather in LIGHTS:
        return _hour(scene, asked, lasts, loop)
    if asked.weather == "lightning":
        return [_lightning(scene, asked, lasts, loop, rng)]
    if asked.weather == "fog":
        far = (1.05 - scene.nearness).clip(0, 1) ** 1.3
        noise = grain((96, 192), int(rng.integers(1 << 30)), 0.0, 1.0, 0.08)
        noise = np.concatenate((noise, noise[:, ::-1]), 1)
        return [Foggy(far.astype(np.float32), noise, 0.75 * min(asked.strength, 1.2), 0.05, (214, 218, 222), loop)]
    return _falls(scene, asked, loop, rng)


def _hour(scene: Scene, asked: Asked, lasts: float, loop: float) -> list[Act]:
    """The light of an hour, and the sun that goes down or up where it is seen."""
    high = scene.picture.shape[0]
    sky = elements.region(scene, "sky")
    rows = np.nonzero((sky.matte > 0.5).mean(1) > 0.2)[0] if sky is not None else np.zeros(0, int)
    horizon = float(np.clip(rows[-1] / high, 0.2, 0.9)) if len(rows) else 0.6
    at = np.linspace(0, 1, high)
    ends = np.array(LIGHTS[asked.weather], np.float32)
    gain = np.stack([np.interp(at, (0, horizon, 1), ends[:, each]) for each in range(3)], 1)[:, None].astype(np.float32)
    acts: list[Act] = [Graded(gain, lasts, None, loop)]
    if sky is not None and asked.weather != "night":
        light = elements.sunlight(scene.picture, sky.matte)
        if light is not None:
            down = min(light[1] + 0.06, 0.4) if asked.weather == "sunset" else -0.1
            acts.insert(0, Sinking(light[0], sky.matte, down, lasts, loop))
    return acts


def _falls(scene: Scene, asked: Asked, loop: float, rng: np.random.Generator) -> list[Act]:
    """What falls, in two depths: what is far away is hidden by what is near."""
    kind, strong = asked.weather, asked.strength
    behind = ((FAR - scene.nearness) / 0.2 + 0.5).clip(0, 1).astype(np.float32)
    if kind == "petals":
        drops = _drops(rng, round(PETALS * strong), 0.55, 1.0, 0.05)
        return [Falling(drops, (0.16, 0.20), 0.022, (250, 222, 226), 0.9, 0.0, None, loop)]
    if kind == "snow":
        near = _drops(rng, round(0.35 * FLAKES * strong), 0.5, 1.0, 0.02)
        far = _drops(rng, round(0.65 * FLAKES * strong), 0.2, 0.5, 0.012)
        look = (0.04 * strong, 0.34 * max(strong, 0.8)), 0.020, (250, 251, 255)
        pair = Falling(far, *look, 0.85, 0.0, behind, loop, 48, "picture"), Falling(near, *look, 0.92, 0.0, None, loop)
    else:
        near = _drops(rng, round(0.4 * DROPS * strong), 0.6, 1.0, 0.0)
        far = _drops(rng, round(0.6 * DROPS * strong), 0.35, 0.6, 0.0)
        look = (0.12 * strong, 1.9), 0.004, (216, 224, 236)
        pair = (
            Falling(far, *look, 0.42, 0.035, behind, loop, 48, "picture"),
            Falling(near, *look, 0.5, 0.035, None, loop),
        )
    gain = np.ones((scene.picture.shape[0], 1, 3), np.float32) * np.array(OVERCAST[kind], np.float32)
    return [Graded(gain, 1.2, None, 0.0) if not loop else Graded(gain, loop, None, loop), *pair]


def _drops(rng: np.random.Generator, count: int, least: float, most: float, swing: float) -> np.ndarray:
    """Drops (n, 5) as `Falling` takes them."""
    near = rng.uniform(least, most, count)
    sways = swing * rng.uniform(0.3, 1, count)
    return np.stack((rng.random(count), rng.random(count), near, sways, rng.uniform(0, 6.28, count)), 1)


def _lightning(scene: Scene, asked: Asked, lasts: float, loop: float, rng: np.random.Generator) -> Flashing:
    """One to three flashes, the first soon."""
    count = int(np.clip(round(lasts / 1.4), 1, 8))
    room = lasts - 0.6
    times = [0.25 * room + (number + 0.4 * rng.random()) * 0.7 * room / count for number in range(count)]
    sky = scene.regions.of("sky")
    large = cv2.resize(sky, scene.picture.shape[1::-1])
    return Flashing(tuple(times), large.astype(np.float32), asked.strength)


DOES = {
    "rain": "rain falls, far drops behind what is near", "snow": "snow falls, far flakes behind what is near",
    "fog": "fog drifts before what is far away", "lightning": "lightning flashes", "sunset": "the light of sunset comes",
    "sunrise": "the light of sunrise comes", "night": "it becomes night", "petals": "petals drift through the air",
}  # fmt: skip
