"""What is laid over pictures for the network of regions: things cut out, writing, flames and smoke, each with its
place known."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WORDS = """SALE|Open|Hello|STOP|Paris|Coffee|the quick brown fox|EXIT|2026|No. 7|Good morning|Fresh Bread|LIVE|MUSIC|Menu
50 %|Happy Birthday|Bus|ACME|Once upon a time|Title|News""".replace("\n", "|").split("|")
SIGNS = "春夏秋冬山水火木金土日月人大小天地風花雪海上下左右東西南北中国文字新開門店茶生日快樂出口入口"
PARTS = ("hair", "skin", "clothes")


@dataclass(frozen=True, eq=False)
class Layer:
    """Colours (h, w, 3) in 0..255 with an opacity (h, w), and where it is known to be of which region, (h, w) each in
    0..1; `adds` says that it shines over what is behind instead of hiding it."""

    colour: np.ndarray
    opacity: np.ndarray
    known: dict[str, np.ndarray]
    adds: bool = False

    def over(self, picture: np.ndarray) -> np.ndarray:
        """A picture (h, w, 3) uint8 with the layer over it."""
        on = self.opacity[..., None]
        under = picture.astype(np.float32) * (1 if self.adds else 1 - on)
        return (under + self.colour * on).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Cutout:
    """A thing cut out, RGBA (h, w, 4) uint8, and where a part of it has a region of its own, (h, w) or None."""

    picture: np.ndarray
    parts: np.ndarray | None = None


def cutouts(folder: Path) -> dict[str, list[Cutout]]:
    """The cut-outs of a folder by region; empty where it is missing."""
    found: dict[str, list[Cutout]] = {}
    for path in sorted(folder.glob("*/*.webp")):
        with Image.open(path) as opened:
            found.setdefault(path.parent.name, []).append(Cutout(np.asarray(opened.convert("RGBA"))))
    return found


def people(samples: Sequence[Any], rows: Sequence[int]) -> list[Cutout]:
    """The people of rendered samples as cut-outs; `rows` of a sample's regions are those of PARTS."""
    found = []
    for sample in samples:
        parts = sample.regions[..., list(rows)]
        inside = (parts.sum(-1, dtype=int) > 127) & (sample.weight > 0)
        if inside.sum() < 1500:
            continue
        y, x = np.nonzero(inside)
        box = slice(y.min(), y.max() + 1), slice(x.min(), x.max() + 1)
        edge = cv2.GaussianBlur(cv2.erode(inside.astype(np.uint8) * 255, np.ones((2, 2), np.uint8)), (3, 3), 0)
        whole = np.ascontiguousarray(np.dstack((sample.picture, edge))[box])
        found.append(Cutout(whole, parts.argmax(-1)[box].astype(np.uint8)))
    return found


def thing(rng: random.Random, picture: np.ndarray, held: dict[str, list[Cutout]]) -> Layer | None:
    """A cut-out somewhere in a picture, with its parts where it knows them."""
    if not held:
        return None
    regions = sorted(held)
    region = rng.choices(regions, [3 if name in ("person", "animal") else 1 for name in regions])[0]
    cutout = rng.choice(held[region])
    side = picture.shape[0]
    high, wide = cutout.picture.shape[:2]
    scale = rng.uniform(0.2, 1.1) * side / max(high, wide)
    size = max(8, round(wide * scale)), max(8, round(high * scale))
    shown = cv2.resize(cutout.picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    parts = cutout.parts if cutout.parts is not None else np.zeros((high, wide), np.uint8)
    whole = np.dstack((shown, cv2.resize(parts, size, interpolation=cv2.INTER_NEAREST))).astype(np.float32)
    top, left = (rng.randint(-n // 3, max(side - n + n // 3, -n // 3 + 1)) for n in (size[1], size[0]))
    full = _placed(whole[:, ::-1] if rng.random() < 0.5 else whole, top, left, side)
    opacity, part = full[..., 3] / 255, full[..., 4]
    known = {region: opacity} if cutout.parts is None else {name: opacity * (part == n) for n, name in enumerate(PARTS)}
    return Layer(full[..., :3], opacity, known)


def _placed(values: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """Values (h, w, c) on an empty square, cut where they reach over its edge."""
    full = np.zeros((side, side, values.shape[2]), np.float32)
    y, x = slice(max(top, 0), min(top + values.shape[0], side)), slice(max(left, 0), min(left + values.shape[1], side))
    if y.stop > y.start and x.stop > x.start:
        full[y, x] = values[y.start - top : y.stop - top, x.start - left : x.stop - left]
    return full


@cache
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def writing(rng: random.Random, picture: np.ndarray, fonts: Sequence[Path]) -> Layer | None:
    """One to four lines of writing, some on a plate, some turned; all of the block is known as text."""
    if not fonts:
        return None
    side = picture.shape[0]
    path, size = rng.choice(fonts), round(rng.uniform(0.04, 0.3) * side)
    east = "wqy" in path.name
    lines = ["".join(rng.choices(SIGNS, k=rng.randint(1, 6))) if east and rng.random() < 0.8 else rng.choice(WORDS)
             for _ in range(rng.choice((1, 1, 1, 2, 3, 4)))]  # fmt: skip
    font, text = _font(path, size), "\n".join(lines)
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    box = probe.multiline_textbbox((0, 0), text, font=font)
    wide, high = round(box[2] - box[0]) + 8, round(box[3] - box[1]) + 8
    if wide < 6 or high < 6:
        return None
    ink = Image.new("L", (wide, high))
    edge = rng.randint(1, 3) if rng.random() < 0.25 else 0
    ImageDraw.Draw(ink).multiline_text((4 - box[0], 4 - box[1]), text, fill=255, font=font, stroke_width=edge)
    plate = Image.new("L", (wide, high), 255 if rng.random() < 0.35 else 0)
    turn = rng.gauss(0, 4) if rng.random() < 0.8 else rng.uniform(-90, 90)
    ink, plate = (
        np.asarray(i.rotate(turn, Image.Resampling.BILINEAR, expand=True), np.float32) / 255 for i in (ink, plate)
    )
    block = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((max(3, size // 3),) * 2, np.uint8)).clip(0, 1)
    top, left = rng.randint(-8, max(side - ink.shape[0], 1)), rng.randint(-8, max(side - ink.shape[1], 1))
    placed = _placed(np.dstack((ink, plate, block)), top, left, side)
    under = picture.mean()
    bright = rng.uniform(0, 90) if under > 128 else rng.uniform(165, 255)
    colour = np.array([bright + rng.uniform(-60, 60) for _ in range(3)], np.float32).clip(0, 255)
    back = np.array([255 - bright + rng.uniform(-60, 60) for _ in range(3)], np.float32).clip(0, 255)
    shown = colour * placed[..., :1] + back * (1 - placed[..., :1])
    opacity = np.maximum(placed[..., 0], placed[..., 1]) * rng.uniform(0.8, 1)
    return Layer(shown, opacity, {"text": placed[..., 2]})


def _fractal(rng: random.Random, side: int, stretch: float = 1.0, begin: int = 3) -> np.ndarray:
    """Noise of several octaves in 0..1, (side, side); `stretch` draws it out along y."""
    noise, total = np.zeros((side, side), np.float32), 0.0
    draw = np.random.default_rng(rng.getrandbits(32))
    for octave in range(5):
        cells = begin * 2**octave
        grid = draw.random((max(2, round(cells / stretch)), cells), np.float32)
        noise += cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC) * 0.55**octave
        total += 0.55**octave
    noise -= noise.min()
    return noise / max(float(noise.max()), 1e-6)


def flames(rng: random.Random, picture: np.ndarray) -> Layer:
    """A fire: tongues of noise drawn out upwards, from white over yellow to red, that shine over what is behind."""
    side = picture.shape[0]
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    base, middle = rng.uniform(0.4, 1.05), rng.uniform(0.1, 0.9)
    high, wide = rng.uniform(0.2, 0.8), rng.uniform(0.08, 0.45)
    rise = (base - y) / high  # 0 at the foot, 1 at the tip
    sway = (_fractal(rng, side, 1.5) - 0.5) * 0.5 * wide * 2
    across = np.abs(x - middle + sway * rise.clip(0, 1)) / (wide * (1.05 - rise.clip(0, 1)))
    shape = np.where((rise > -0.05) & (rise < 1), 1.15 - across, -1)
    heat = shape * 0.9 + (_fractal(rng, side, 2.6, 5) - 0.55) * 1.3 - rise.clip(0, 1) * 0.35
    heat = cv2.GaussianBlur((heat * 1.4).clip(0, 1.3), (0, 0), 0.8)
    colour = np.dstack((heat * 2.4, (heat * 1.5 - 0.25), heat * 1.3 - 0.95)).clip(0, 1) * 255
    opacity = (heat * 2).clip(0, 1)
    return Layer(colour.astype(np.float32), opacity, {"fire": ((heat - 0.12) * 6).clip(0, 1)}, adds=rng.random() < 0.6)


def smoke(rng: random.Random, picture: np.ndarray) -> Layer:
    """Smoke or steam: a plume of noise, grey or white, half transparent."""
    side = picture.shape[0]
    y, x = np.mgrid[:side, :side].astype(np.float32) / side
    base, middle, lean = rng.uniform(0.5, 1.1), rng.uniform(0.15, 0.85), rng.uniform(-0.5, 0.5)
    high, wide = rng.uniform(0.4, 1.0), rng.uniform(0.04, 0.2)
    rise = (base - y) / high
    spread = wide * (0.4 + 1.8 * rise.clip(0, 1))
    sway = (_fractal(rng, side) - 0.5) * 0.35
    across = np.abs(x - middle - lean * rise * high + sway * rise.clip(0, 1)) / spread
    shape = np.where((rise > -0.02) & (rise < 1.1), (1.2 - across).clip(0, 1), 0) * (1.1 - rise).clip(0, 1) ** 0.5
    puffs = _fractal(rng, side, 1.0, 6)
    opacity = cv2.GaussianBlur((shape * (0.35 + 1.3 * puffs)).clip(0, 1), (0, 0), 1.5) * rng.uniform(0.55, 1)
    grey = rng.uniform(30, 120) if rng.random() < 0.4 else rng.uniform(160, 245)
    shade = (grey * (0.75 + 0.5 * puffs))[..., None] * np.array(
        [1, rng.uniform(0.95, 1), rng.uniform(0.92, 1.03)], np.float32
    )
    return Layer(shade.clip(0, 255).astype(np.float32), opacity, {"fire": ((opacity - 0.25) * 5).clip(0, 1)})
