"""What moves by itself: water, clouds, smoke, fire, plants, hair, cloth and lights, each in its own region."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.element_words import Asked, read, windy
from motionalchemy.language.script import Beat
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.render.act import Act
from motionalchemy.render.elements import Flickering, Flowing, Rising, Waving, grain
from motionalchemy.scene import currents, elements
from motionalchemy.scene.elements import Region
from motionalchemy.scene.parse import Scene

CELLS = 96  # of the longer side, on which fields are given
CYCLE = 2.2  # seconds, about, that a copy of what flows is seen
DRIFT, STREAM, FALLS, VAPOUR = 0.030, 0.10, 0.22, 0.08  # widths a second: clouds, rivers, waterfalls, smoke
SWAY = {"plants": 0.016, "hair": 0.012, "cloth": 0.018}  # widths that the top of something sways
SWELL, RIPPLE = 0.0085, 0.0045  # widths that sea and calm water are displaced, near us
Maker = Callable[[Scene, Asked, "Clip"], list[Act]]


class Clip:
    """How long a beat `lasts` in seconds, whether it comes back to its picture (`loop`), and its `seed`."""

    def __init__(self, lasts: float, loop: bool, seed: int):
        self.lasts, self.loop, self.seed = lasts, loop, seed

    @property
    def end(self) -> float:
        """The second at which all is back at the picture, 0 where it never is."""
        return self.lasts if self.loop else 0.0

    @property
    def cycle(self) -> float:
        """How long a copy of what flows is seen, in seconds; whole times in a clip that loops."""
        return self.lasts / max(1, round(self.lasts / CYCLE)) if self.loop else CYCLE


class Elements:
    """Moves what moves by itself, where a sentence asks for it and the picture shows it."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever an element is named that is to move, or wind."""
        return 0.6 * bool(read(beat.words) or windy(beat.words))

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """All that is asked and found; None where nothing of it is found, and that is said."""
        yield from ()
        lasts = (beat.end - max(beat.begin - 1, 0)) / means.fps
        clip, acts, done = Clip(lasts, means.loop, means.seed), list[Act](), list[tuple[int, int]]()
        asked = read(beat.words)
        if not asked and windy(beat.words):
            asked = tuple(Asked(each, "", 0.8, "wind", ()) for each in ("plants", "hair", "clouds"))
        with means.phase("parse"):
            for one in asked:
                found = MAKERS[one.element](scene, one, clip)
                if found:
                    acts += found
                elif one.words != "wind":
                    means.note(f"{one.words!r} is not done: no {NAMES[one.element]} was found in the picture")
                done += one.spans
        if not acts and not done:
            return None
        left = means.left(beat, spans.without(beat.words, done))
        return made.with_acts(acts, left, served=not left.words) if acts else _undone(made, left)


def _undone(made: BeatMotion, left: Beat) -> BeatMotion:
    """A beat whose elements are not there: what is left of it is still to do."""
    return BeatMotion(left, made.moves, made.road, made.ground, made.sure, made.ends, made.shot, made.acts, made.served)


def flowing(scene: Scene, found: Region, velocity: np.ndarray, clip: Clip, seed: int) -> Flowing:
    """A region that is carried along a velocity (2, h, w) in widths a second."""
    still = elements.filled(scene.picture, found.matte)
    turn = grain(scene.picture.shape[:2], clip.seed + seed)
    return Flowing(still, found.matte, velocity.astype(np.float32), clip.cycle, turn)


def cells(scene: Scene) -> tuple[int, int]:
    """The size (h, w) of coarse fields of a scene."""
    high, wide = scene.picture.shape[:2]
    share = CELLS / max(high, wide)
    return max(8, round(high * share)), max(8, round(wide * share))


def _small(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)


def clouds(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Clouds that drift to a side, slower towards the horizon; the sun stays."""
    found = elements.region(scene, "sky")
    if found is None:
        return []
    size = cells(scene)
    matte = found.matte * (1 - _sun(scene.picture))
    rows = np.nonzero((found.matte > 0.5).any(1))[0]
    low = rows[-1] / scene.picture.shape[0] if len(rows) else 1.0
    height = (1 - np.linspace(0, 1, size[0], dtype=np.float32) / max(float(low), 1e-3)).clip(0, 1)
    speed = DRIFT * asked.strength * (1.5 if asked.strength > 1 else 1.0) * (0.35 + 0.65 * height)[:, None]
    side = -1.0 if asked.way == "left" else 1.0
    right = np.broadcast_to(side * speed, size)
    velocity = np.stack((right, np.zeros(size, np.float32)))
    return [flowing(scene, Region(matte, found.sure), velocity, clip, 1)]


def _sun(picture: np.ndarray) -> np.ndarray:
    """How much each place (H, W) is of a light that stands in the sky."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    bright = (grey > 250).astype(np.uint8)
    count, label, facts, _ = cv2.connectedComponentsWithStats(bright)
    sun = np.zeros(grey.shape, np.float32)
    for number in range(1, count):
        area, wide, high = (
            facts[number, cv2.CC_STAT_AREA],
            facts[number, cv2.CC_STAT_WIDTH],
            facts[number, cv2.CC_STAT_HEIGHT],
        )
        if area > 0.0004 * grey.size and area > 0.55 * wide * high and wide < 0.25 * grey.shape[1]:
            sun[np.asarray(label) == number] = 1
    reach = max(3, round(0.05 * grey.shape[1])) | 1
    return cv2.GaussianBlur(cv2.dilate(sun, np.ones((reach, reach), np.uint8)), (0, 0), reach / 3)


def river(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Water that follows its bed downhill."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    if _still(found):
        return _water(scene, asked, clip, RIPPLE, 30.0, 4.6, 4.0)
    size = cells(scene)
    field = currents.river(found.matte, scene.nearness)
    if asked.way in ("left", "right"):
        side = -1.0 if asked.way == "left" else 1.0
        field = field * (side if float(field[0].sum()) * side < 0 else 1.0)
    velocity = np.stack([cv2.resize(each, size[::-1]) for each in field]) * STREAM * min(asked.strength, 1.6)
    act = flowing(scene, found, velocity, clip, 2)
    return [replace(act, cycle=clip.cycle / 2)]


def fall(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Water that falls."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    size = cells(scene)
    velocity = np.stack((np.zeros(size), np.full(size, FALLS * min(asked.strength, 1.5))))
    act = flowing(scene, found, velocity, clip, 3)
    return [replace(act, cycle=clip.cycle / 3)]


def _still(found: Region) -> bool:
    """Whether water is a sheet that lies wide and flat, rather than a bed that leads down."""
    rows, columns = np.nonzero(found.matte > 0.5)
    if not len(rows):
        return True
    wide, high = np.ptp(columns) + 1, np.ptp(rows) + 1
    return bool(wide > 0.7 * found.matte.shape[1] and wide > 2 * high and len(rows) > 0.5 * wide * high)


def _waves(clip: Clip, count: int, right: float, down: float, rate: float, seed: int) -> np.ndarray:
    """Waves (4, n) about a wave length and a rate; in a clip that loops each comes round whole times."""
    rng = np.random.default_rng(clip.seed + seed)
    across = right * rng.uniform(-1, 1, count)
    along = down * rng.uniform(0.7, 1.4, count)
    rates = rate * np.sqrt(along / down) * rng.uniform(0.9, 1.1, count)
    if clip.loop:
        turn = 2 * np.pi / clip.lasts
        rates = np.maximum(1, np.round(rates / turn)) * turn
    return np.stack((across, along, rates, rng.uniform(0, 2 * np.pi, count)))


def _water(
    scene: Scene, asked: Asked, clip: Clip, reach: float, lengths: float, rate: float, shine: float
) -> list[Act]:
    """Water whose surface goes up and down: waves come towards us, and are longer the nearer they are."""
    found = elements.region(scene, "water")
    if found is None:
        return []
    size = cells(scene)
    rows = np.nonzero((found.matte > 0.5).any(1))[0]
    high = scene.picture.shape[0]
    top = rows[0] / high if len(rows) else 0.0
    depth = ((np.linspace(0, 1, size[0], dtype=np.float32) - top) / max(1 - top, 0.05)).clip(0, 1)
    near = 0.15 + 0.85 * depth
    far = np.log(near / 0.15)[:, None] * 1.1 * (high / scene.picture.shape[1])  # rows of equal depth on the water
    perspective = np.broadcast_to(far.astype(np.float32), size)
    amount = reach * asked.strength * np.broadcast_to(near[:, None], size).astype(np.float32)
    side = 0.35 if asked.way not in ("left", "right") else 1.0
    field = np.stack((side * amount, amount))
    waves = _waves(clip, 6, 9.0, lengths, rate, 4)
    still = elements.filled(scene.picture, found.matte)
    return [Waving(still, found.matte, field, waves, 0.0, perspective, shine * min(asked.strength, 1.3), clip.end)]


def sea(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """A sea whose waves come in."""
    return _water(scene, asked, clip, SWELL, 16.0, 4.2, 6.0)


def calm(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Calm water that ripples, and with it what it reflects."""
    return _water(scene, asked, clip, RIPPLE, 30.0, 4.6, 4.0)


def _sways(scene: Scene, asked: Asked, clip: Clip, matte: np.ndarray, height: np.ndarray, seed: int) -> list[Act]:
    """What sways sideways from its root, in gusts that travel."""
    size = cells(scene)
    still = elements.filled(scene.picture, matte)
    side = -1.0 if asked.way == "left" else 1.0
    reach = SWAY[asked.element] * asked.strength * _small(height, size)
    waves = _waves(clip, 3, 3.0, 6.0, 3.4, seed)
    waves[0] = side * np.abs(waves[0]) * 2
    bias = 0.9 * side if asked.way in ("left", "right") else 0.35
    return [Waving(still, matte, np.stack((reach, 0.12 * reach)), waves, bias, None, 0.0, clip.end)]


def plants(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Plants that sway, those that stand upright from their root; a flower that stands out sways as one."""
    layer, found = scene.subject, elements.region(scene, "plants")
    if layer is not None:
        opacity = layer.opacity.numpy()
        of_it = scene.regions.of("plants")
        share = cv2.resize(of_it, opacity.shape[::-1])[opacity > 0.5]
        low = layer.box[3] * opacity.shape[1] / opacity.shape[0]
        if share.size and (share.mean() > 0.35 or found is None):
            matte = opacity if found is None else np.maximum(opacity, found.matte)
            top = layer.box[1] * opacity.shape[1] / opacity.shape[0]
            rows = np.linspace(0, 1, opacity.shape[0], dtype=np.float32)[:, None]
            stands = ((max(low, 0.9) - rows) / max(max(low, 0.9) - top, 0.1)).clip(0, 1) ** 1.3
            return _sways(scene, asked, clip, matte.astype(np.float32), np.broadcast_to(stands, opacity.shape), 5)
    if found is None:
        return []
    return _sways(scene, asked, clip, found.matte, currents.rooted(found.matte), 5)


def hair(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
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
    return _sways(scene, asked, clip, matte, hangs * cv2.GaussianBlur(matte, (0, 0), 0.01 * matte.shape[1]), 6)


def cloth(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Cloth in which waves travel."""
    found = elements.cloth(scene)
    if found is None:
        return []
    size = cells(scene)
    still = elements.filled(scene.picture, found.matte)
    inner = cv2.distanceTransform((found.matte > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    amount = SWAY["cloth"] * asked.strength * _small((inner / max(float(inner.max()), 1)).clip(0, 1) ** 0.5, size)
    waves = _waves(clip, 3, 16.0, 9.0, 5.0, 7)
    return [Waving(still, found.matte, np.stack((0.5 * amount, amount)), waves, 0.0, None, 3.0, clip.end)]


def lights(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Lights that twinkle."""
    found = elements.lights(scene)
    if found is None:
        return []
    course = grain(scene.picture.shape[:2], clip.seed + 8, 0.0, 12.0, 0.012)
    rate = 1.1 if not clip.loop else max(1, round(1.1 * clip.lasts)) / clip.lasts
    return [Flickering(found.matte, course, 0.30 * min(asked.strength, 1.5), rate, clip.end)]


def fire(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
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
    act = flowing(scene, Region(matte.astype(np.float32), 1.0), velocity, clip, 9)
    quick = clip.cycle / max(1, round(clip.cycle / 0.5))
    glow = cv2.GaussianBlur(matte, (0, 0), 0.04 * hsv.shape[1]).clip(0, 1).astype(np.float32)
    course = grain(scene.picture.shape[:2], clip.seed + 10, 0.0, 3.0, 0.2)
    rate = 2.3 if not clip.loop else max(1, round(2.3 * clip.lasts)) / clip.lasts
    flames = replace(act, cycle=quick)
    return [flames, Flickering(np.maximum(glow, matte).astype(np.float32), course, 0.13, rate, clip.end)]


def smoke(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Smoke that is there drifts up; else some rises from what stands out."""
    found = elements.region(scene, "fire")
    if found is not None:
        size = cells(scene)
        side = {"left": -1.0, "right": 1.0}.get(asked.way, 0.3)
        velocity = np.stack((np.full(size, 0.4 * side * VAPOUR), np.full(size, -VAPOUR))) * asked.strength
        return [flowing(scene, found, velocity, clip, 11)]
    return _vapour(scene, asked, clip, np.array([150, 150, 150], np.float32), 0.6)


def steam(scene: Scene, asked: Asked, clip: Clip) -> list[Act]:
    """Steam that rises from what stands out."""
    return _vapour(scene, asked, clip, np.array([235, 238, 240], np.float32), 0.5)


def _vapour(scene: Scene, asked: Asked, clip: Clip, level: np.ndarray, dense: float) -> list[Act]:
    if scene.subject is None:
        return []
    left, top, right, low = scene.subject.box
    noise = grain((256, 256), clip.seed + 12, 0.0, 1.0, 0.02)
    noise = np.concatenate((noise[:128], noise[:128][::-1]))  # it repeats without a seam
    wide = 0.45 * (right - left)
    base = top + 0.3 * (low - top)
    tall = max(min(base + 0.02, 0.55), 0.15)
    return [Rising(((left + right) / 2, base), wide, tall, level, dense * min(asked.strength, 1.2), noise, clip.end)]


MAKERS: dict[str, Maker] = {
    "river": river, "fall": fall, "sea": sea, "calm": calm, "clouds": clouds, "smoke": smoke, "steam": steam,
    "fire": fire, "plants": plants, "hair": hair, "cloth": cloth, "lights": lights,
}  # fmt: skip
NAMES = {
    "river": "water", "fall": "water", "sea": "water", "calm": "water", "clouds": "sky", "smoke": "smoke",
    "steam": "thing that steams", "fire": "fire", "plants": "plants", "hair": "hair", "cloth": "cloth", "lights": "lights",
}  # fmt: skip
