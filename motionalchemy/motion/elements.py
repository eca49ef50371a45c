"""What moves by itself: water, clouds, smoke, fire, plants, hair, cloth and lights, each in its own region."""

import re
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.element_words import Asked, read, windy
from motionalchemy.language.script import Beat
from motionalchemy.motion.element_tools import Timing, cells, flowing, small, waves
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.motion.water import calm, fall, glitter, river, sea
from motionalchemy.render.act import Act
from motionalchemy.render.elements import Flickering, Rising, Waving, grain
from motionalchemy.render.weather import Falling
from motionalchemy.scene import currents, elements
from motionalchemy.scene.elements import Region
from motionalchemy.scene.parse import Scene

DRIFT, VAPOUR = 0.045, 0.08  # widths a second: clouds, smoke
CLOUD = 5.0  # seconds, about, that a copy of clouds is seen: they hold together for longer than water
SWAY = {"plants": 0.016, "hair": 0.012, "cloth": 0.018}  # widths that the top of something sways
SEEDS = re.compile(r"seed|away|蒲公英|种子|吹散", re.IGNORECASE)
STARS = re.compile(r"star|星", re.IGNORECASE)
LAMPS = re.compile(r"lamp|lantern|candle|灯光摇|灯笼|油灯|台灯|路灯", re.IGNORECASE)
ON_WATER = re.compile(r"on the (?:water|sea|river|lake)|水面|湖面|江面|海面|河面", re.IGNORECASE)
BLOOM = re.compile(r"flower|petal|dandelion|rose|tulip|花|蒲公英", re.IGNORECASE)
Maker = Callable[[Scene, Asked, Timing], list[Act]]


class Elements:
    """Moves what moves by itself, where a sentence asks for it and the picture shows it."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever an element is named that is to move, or wind."""
        return 0.6 * bool(read(beat.words) or windy(beat.words))

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """All that is asked and found; None where nothing of it is found, and that is said."""
        yield from ()
        lasts = beat.lasts(means.fps)
        timing, acts, done = Timing(lasts, means.loop, means.seed), list[Act](), list[tuple[int, int]]()
        asked, moved = read(beat.words), set[str]()
        if not asked and windy(beat.words):
            asked = tuple(Asked(each, "", 0.8, "wind", ()) for each in ("plants", "hair", "clouds"))
        with means.phase("parse"):
            for one in asked:
                done += one.spans
                if NAMES[one.element] in moved:
                    continue
                found = MAKERS[one.element](scene, one, timing)
                if found:
                    acts += found
                    moved.add(NAMES[one.element])
                    means.note(f"{NAMES[one.element]}: {DOES[one.element]}{TOWARDS[one.way]}")
                elif one.words != "wind":
                    lacking = f"no {NAMES[one.element]} was surely found in the picture"
                    means.note(f"{one.said.strip()!r} is not done: {lacking}")
        if not acts and not done:
            return None
        left = means.left(beat, spans.without(beat.words, done))
        return made.with_acts(acts, left, served=not left.words) if acts else replace(made, beat=left)


def clouds(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Clouds that drift to a side, slower towards the horizon; the sun stays."""
    found = elements.region(scene, "sky")
    if found is None or elements.plain(scene.picture, found):
        return []
    size = cells(scene)
    matte = found.matte * (1 - elements.sun(scene.picture))
    rows = np.nonzero((found.matte > 0.5).any(1))[0]
    low = rows[-1] / scene.picture.shape[0] if len(rows) else 1.0
    height = (1 - np.linspace(0, 1, size[0], dtype=np.float32) / max(float(low), 1e-3)).clip(0, 1)
    speed = DRIFT * asked.strength * (1.5 if asked.strength > 1 else 1.0) * (0.35 + 0.65 * height)[:, None]
    side = -1.0 if asked.way == "left" else 1.0
    right = np.broadcast_to(side * speed, size)
    velocity = np.stack((right, np.zeros(size, np.float32)))
    act = flowing(scene, Region(matte, found.sure), velocity, timing, 1)
    turn = grain(scene.picture.shape[:2], timing.seed + 1, scale=0.3)
    return [replace(act, cycle=timing.rounds(CLOUD), turn=turn)]


def _sways(scene: Scene, asked: Asked, timing: Timing, matte: np.ndarray, height: np.ndarray, seed: int) -> list[Act]:
    """What sways sideways from its root, in gusts that travel."""
    size = cells(scene)
    still = elements.filled(scene.picture, matte)
    side = -1.0 if asked.way == "left" else 1.0
    reach = SWAY[asked.element] * asked.strength * small(height, size)
    course = waves(timing, 3, 3.0, 6.0, 3.4, seed)
    course[0] = side * np.abs(course[0]) * 2
    bias = 0.9 * side if asked.way in ("left", "right") else 0.35
    return [Waving(still, matte, np.stack((reach, 0.12 * reach)), course, bias, None, 0.0, timing.end)]


def plants(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Plants that sway, those that stand upright from their root; a flower that stands out sways as one."""
    layer, found = scene.subject, elements.region(scene, "plants")
    if layer is not None:
        opacity = layer.opacity.numpy()
        of_it = scene.regions.of("plants")
        share = cv2.resize(of_it, opacity.shape[::-1])[opacity > 0.5]
        low = layer.box[3] * opacity.shape[1] / opacity.shape[0]
        named = BLOOM.search(asked.said) and not scene.faces
        if share.size and (named or share.mean() > 0.35):
            matte = opacity if found is None else np.maximum(opacity, found.matte)
            top = layer.box[1] * opacity.shape[1] / opacity.shape[0]
            rows = np.linspace(0, 1, opacity.shape[0], dtype=np.float32)[:, None]
            stands = ((max(low, 0.9) - rows) / max(max(low, 0.9) - top, 0.1)).clip(0, 1) ** 1.3
            sways = _sways(scene, asked, timing, matte.astype(np.float32), np.broadcast_to(stands, opacity.shape), 5)
            return [*sways, _seeds(asked, timing)] if SEEDS.search(asked.said) else sways
    if found is None:
        return []
    return _sways(scene, asked, timing, found.matte, currents.rooted(found.matte), 5)


def _seeds(asked: Asked, timing: Timing) -> Act:
    """Seeds that the wind carries off."""
    rng = np.random.default_rng(timing.seed + 16)
    count = round(22 * asked.strength)
    at, phase = rng.random((2, count)), 2 * np.pi * rng.random(count)
    drops = np.stack((*at, rng.uniform(0.4, 1, count), rng.uniform(0.01, 0.03, count), phase), 1)
    way = (-0.34 if asked.way == "left" else 0.34), 0.03
    return Falling(drops, way, 0.016, (252, 250, 240), 0.85, 0.0, None, timing.end)


def hair(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Hair that the wind moves: the more the farther it hangs from the head."""
    found = elements.region(scene, "hair")
    if found is None:
        return []
    matte = found.matte
    rows = np.nonzero((matte > 0.5).any(1))[0]
    if not len(rows):
        return []
    along = (np.indices(matte.shape)[0] - rows[0]) / max(rows[-1] - rows[0], 1)
    hangs = (along.clip(0, 1) ** 1.2 * 0.9 + 0.1).astype(np.float32)
    return _sways(scene, asked, timing, matte, hangs * cv2.GaussianBlur(matte, (0, 0), 0.01 * matte.shape[1]), 6)


def cloth(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Cloth in which waves travel."""
    found = elements.cloth(scene)
    if found is None:
        return []
    size = cells(scene)
    still = elements.filled(scene.picture, found.matte)
    inner = cv2.distanceTransform((found.matte > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    amount = SWAY["cloth"] * asked.strength * small((inner / max(float(inner.max()), 1)).clip(0, 1) ** 0.5, size)
    course = waves(timing, 3, 16.0, 9.0, 5.0, 7)
    return [Waving(still, found.matte, np.stack((0.5 * amount, amount)), course, 0.0, None, 3.0, timing.end)]


def lights(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Lights that twinkle; those on water with the water that shows them, stars in the sky."""
    if ON_WATER.search(asked.said):
        water = elements.region(scene, "water")
        if water is not None:
            return [*calm(scene, replace(asked, said=""), timing), glitter(scene, water, asked, timing)]
    acts, size = list[Act](), scene.picture.shape[:2]
    stars, lamps = STARS.search(asked.said), LAMPS.search(asked.said)
    where = None
    if stars:
        sky = elements.region(scene, "sky")
        where = np.zeros(size, np.float32) if sky is None else sky.matte
        where[: size[0] // 2] = 1 if sky is None else where[: size[0] // 2]
    found = elements.lights(scene, where)
    if found is not None and (stars or not lamps):
        course = grain(size, timing.seed + 8, 0.0, 12.0, 0.02)
        acts.append(Flickering(found.matte, course, 0.7 * min(asked.strength, 1.4), timing.rate(1.1), timing.end))
    glow = elements.lamplight(scene.picture) if lamps else None
    if glow is not None:
        course = grain(size, timing.seed + 18, 0.0, 2.0, 0.4)
        acts.append(Flickering(glow, course, 0.2 * min(asked.strength, 1.5), timing.rate(1.7), timing.end))
    return acts


def fire(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Flames that rise and flicker, and their glow."""
    hsv = cv2.cvtColor(scene.picture, cv2.COLOR_RGB2HSV).astype(np.float32)
    warm = ((hsv[..., 0] < 28) | (hsv[..., 0] > 172)) & (hsv[..., 1] > 70) & (hsv[..., 2] > 175)
    pale = (hsv[..., 2] > 240) & (cv2.dilate(warm.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
    matte = cv2.GaussianBlur((warm | pale).astype(np.float32), (0, 0), max(1.0, 0.004 * hsv.shape[1]))
    known = elements.region(scene, "fire")
    if known is not None:
        matte = np.maximum(
            matte * cv2.dilate(known.matte, np.ones((15, 15), np.uint8)), known.matte * (hsv[..., 2] > 120)
        )
    if matte.mean() < 5e-4 or (known is None and matte.mean() > 0.2):
        return []
    size = cells(scene)
    velocity = np.stack((np.zeros(size), np.full(size, -0.10 * asked.strength)))
    act = flowing(scene, Region(matte.astype(np.float32), 1.0), velocity, timing, 9)
    quick = timing.cycle / max(1, round(timing.cycle / 0.5))
    glow = cv2.GaussianBlur(matte, (0, 0), 0.04 * hsv.shape[1]).clip(0, 1).astype(np.float32)
    course = grain(scene.picture.shape[:2], timing.seed + 10, 0.0, 3.0, 0.2)
    flames = replace(act, cycle=quick)
    return [flames, Flickering(np.maximum(glow, matte).astype(np.float32), course, 0.13, timing.rate(2.3), timing.end)]


def smoke(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Smoke that is there drifts up; else some rises from what stands out."""
    found = elements.region(scene, "fire")
    if found is not None:
        size = cells(scene)
        side = {"left": -1.0, "right": 1.0}.get(asked.way, 0.3)
        velocity = np.stack((np.full(size, 0.4 * side * VAPOUR), np.full(size, -VAPOUR))) * asked.strength
        return [flowing(scene, found, velocity, timing, 11)]
    return _vapour(scene, asked, timing, np.array([150, 150, 150], np.float32), 0.6)


def steam(scene: Scene, asked: Asked, timing: Timing) -> list[Act]:
    """Steam that rises from what stands out."""
    return _vapour(scene, asked, timing, np.array([240, 242, 244], np.float32), 0.85)


def _vapour(scene: Scene, asked: Asked, timing: Timing, level: np.ndarray, dense: float) -> list[Act]:
    if scene.subject is None:
        return []
    left, top, right, low = scene.subject.box
    noise = grain((256, 256), timing.seed + 12, 0.0, 1.0, 0.02)
    noise = np.concatenate((noise[:128], noise[:128][::-1]))  # it repeats without a seam
    wide = 0.45 * (right - left)
    base = top + 0.3 * (low - top)
    tall = max(min(base + 0.02, 0.55), 0.15)
    return [Rising(((left + right) / 2, base), wide, tall, level, dense * min(asked.strength, 1.2), noise, timing.end)]


MAKERS: dict[str, Maker] = {
    "river": river, "fall": fall, "sea": sea, "calm": calm, "clouds": clouds, "smoke": smoke, "steam": steam,
    "fire": fire, "plants": plants, "hair": hair, "cloth": cloth, "lights": lights,
}  # fmt: skip
NAMES = {
    "river": "water", "fall": "water", "sea": "water", "calm": "water", "clouds": "sky with clouds", "smoke": "smoke",
    "steam": "thing that steams", "fire": "fire", "plants": "plants", "hair": "hair", "cloth": "cloth", "lights": "lights",
}  # fmt: skip
DOES = {
    "river": "it flows along its bed", "fall": "it falls", "sea": "its waves roll towards us", "calm": "it ripples",
    "clouds": "what is in it drifts", "smoke": "it rises", "steam": "steam rises from it", "fire": "it flickers and glows",
    "plants": "they sway above their roots", "hair": "the wind moves it", "cloth": "waves run through it",
    "lights": "they twinkle",
}  # fmt: skip
TOWARDS = {"": "", "left": " to the left", "right": " to the right", "up": " upwards", "down": " downwards"}
