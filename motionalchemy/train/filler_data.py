"""What the filler learns from: photographs, paintings and renders, of which strips at the edges and holes are hidden.

The folder is made by tools/scene/build.sh: pictures/, renders/, textures/ and cutouts/, whose outlines are holes. Pictures
are held back by their names (`held`), for benchmarks/scene/filling.py. Squares out of them, with what is hidden and how
that is filled without a network, are made once and kept on the disk.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import MissingPart
from motionalchemy.scene import filling
from motionalchemy.train import scene_pastes
from motionalchemy.train.scene_data import changed

SIDE = 160  # pixels of what is learnt from at once
LONGEST = 384  # pixels of the longer side at which pictures are kept
HELD = 9  # one picture in so many is held back
STRIP = 0.04, 0.27  # of a side, that a strip hides
MOST = 0.6  # of a picture, that is hidden at most
SHARES = {"pictures": 0.66, "renders": 0.26, "textures": 0.08}


def held(name: str) -> bool:
    """Whether a picture of this name is held back from training."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD == 0


@dataclass(frozen=True, eq=False)
class FillBatch:
    """Pictures (B, 3, s, s) in 0..1, what is hidden of them (B, 1, s, s) as 1, and how that is filled without a network
    (B, 6, s, s)."""

    pictures: Tensor
    hidden: Tensor
    guesses: Tensor


@dataclass(frozen=True)
class Squares:
    """Draws squares; square i is a function of (seed, i) alone."""

    folder: Path
    seed: int = 0

    @cached_property
    def pictures(self) -> dict[str, list[np.ndarray]]:
        """All pictures to learn from by folder, RGB (h, w, 3) uint8; raises MissingPart where there are none."""
        found: dict[str, list[np.ndarray]] = {}
        tested = _tested(self.folder)
        for name in SHARES:
            paths = sorted(p for p in (self.folder / name).glob("*") if p.suffix in (".png", ".webp", ".jpg"))
            paths = [p for p in paths if name != "pictures" or not (held(p.name) or p.name in tested)]
            opened = [cv2.imread(str(path)) for path in paths]
            found[name] = [_smaller(each[..., ::-1]) for each in opened if each is not None]
        if not found["pictures"]:
            raise MissingPart(f"{self.folder} has no pictures: make it with tools/scene/build.sh")
        return {name: some for name, some in found.items() if some}

    @cached_property
    def outlines(self) -> list[np.ndarray]:
        """The opacities (h, w) uint8 of things cut out."""
        cut = scene_pastes.cutouts(self.folder / "cutouts")
        return [each.picture[..., 3] for region in sorted(cut) for each in cut[region]]

    def one(self, i: int) -> np.ndarray:
        """One square out of one picture, sometimes changed in colour and sharpness, how it is filled along edges and by
        patches, and what is hidden of it, (s, s, 10) uint8."""
        rng = random.Random(f"{self.seed}/{i}")
        name = rng.choices(list(self.pictures), [SHARES[n] for n in self.pictures])[0]
        picture = cut(rng, rng.choice(self.pictures[name]))
        if rng.random() < 0.3:
            picture = changed(rng, picture)
        mask = hidden(rng, self.outlines)
        given = np.where(mask[..., None], 0, picture).astype(np.uint8)
        patches = filling.pieced(given, mask, ~mask).round().clip(0, 255).astype(np.uint8)
        return np.dstack((picture, filling.led(given, mask), patches, mask.astype(np.uint8)))


@dataclass(frozen=True)
class FillData:
    """Draws batches of `squares` (n, s, s, 10) uint8; batch i is a function of (seed, i) alone."""

    squares: np.ndarray
    count: int = 8
    seed: int = 0

    def batch(self, i: int) -> FillBatch:
        """Batch i, on the CPU; half of the squares are seen in a mirror."""
        rng = random.Random(f"{self.seed}/{i}")
        chosen = [self.squares[rng.randrange(len(self.squares))] for _ in range(self.count)]
        turned = [each[:, ::-1] if rng.random() < 0.5 else each for each in chosen]
        whole = torch.from_numpy(np.stack(turned)).permute(0, 3, 1, 2)
        return FillBatch(whole[:, :3].float() / 255, whole[:, 9:].float(), whole[:, 3:9].float() / 255)


def build(squares: Squares, path: Path, count: int) -> Iterator[tuple[int, int]]:
    """Put `count` squares into the file `path` unless it is there; yields (done, of)."""
    if path.is_file():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    kept = np.lib.format.open_memmap(part, "w+", np.uint8, (count, SIDE, SIDE, 10))
    for i in range(count):
        kept[i] = squares.one(i)
        yield i + 1, count
    kept.flush()
    part.rename(path)


def _tested(folder: Path) -> set[str]:
    """The names of the pictures that the index keeps for tests."""
    index = folder / "index.jsonl"
    entries = [json.loads(line) for line in index.open(encoding="utf-8")] if index.is_file() else []
    return {Path(entry["picture"]).name for entry in entries if entry["split"] == "test"}


def _smaller(picture: np.ndarray) -> np.ndarray:
    scale = LONGEST / max(picture.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(picture)
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def cut(rng: random.Random, picture: np.ndarray) -> np.ndarray:
    """A square of SIDE pixels out of any part of a picture, of at least half its shorter side, or all of it, squeezed."""
    height, width = picture.shape[:2]
    if rng.random() < 0.3 and max(height, width) < 1.6 * min(height, width):
        part = picture
    else:
        side = round(min(height, width) * rng.uniform(0.5, 1.0))
        top, left = rng.randint(0, height - side), rng.randint(0, width - side)
        part = picture[top : top + side, left : left + side]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    how = cv2.INTER_AREA if min(part.shape[:2]) >= SIDE else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(part), (SIDE, SIDE), interpolation=how)


def hidden(rng: random.Random, outlines: list[np.ndarray], side: int = SIDE) -> np.ndarray:
    """What is hidden of a square (side, side) bool: strips at its edges, outlines of things, rims of these, strokes."""
    while True:
        mask = np.zeros((side, side), np.uint8)
        kinds = rng.choices(("strips", "things", "rims", "strokes", "both"), (0.42, 0.26, 0.08, 0.08, 0.16))[0]
        if kinds in ("strips", "both"):
            _strips(rng, mask)
        if kinds in ("things", "both") and outlines:
            for _ in range(rng.choice((1, 1, 1, 2))):
                np.maximum(mask, cv2.dilate(outline(rng, outlines, side), _disc(rng.randint(1, 5))), out=mask)
        if kinds == "rims" and outlines:
            thing = outline(rng, outlines, side)
            np.maximum(mask, cv2.morphologyEx(thing, cv2.MORPH_GRADIENT, _disc(rng.randint(2, 8))), out=mask)
        if kinds == "strokes":
            _strokes(rng, mask)
        if 0.01 < mask.mean() < MOST:
            return mask > 0


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _strips(rng: random.Random, mask: np.ndarray) -> None:
    side = len(mask)
    for edge in rng.sample(range(4), rng.choice((1, 1, 2, 2, 3, 4))):
        wide = round(side * rng.uniform(*STRIP))
        ((mask[:wide], mask[-wide:], mask[:, :wide], mask[:, -wide:])[edge])[...] = 1


def outline(rng: random.Random, outlines: list[np.ndarray], side: int) -> np.ndarray:
    """The outline of a thing somewhere in a square (side, side) uint8."""
    thing = rng.choice(outlines)
    scale = rng.uniform(0.25, 0.85) * side / max(thing.shape)
    high, wide = (max(6, round(n * scale)) for n in thing.shape)
    small = (cv2.resize(thing, (wide, high), interpolation=cv2.INTER_AREA) > 90).astype(np.uint8)
    small = small[:, ::-1] if rng.random() < 0.5 else small
    top, left = rng.randint(-high // 4, side - 3 * high // 4), rng.randint(-wide // 4, side - 3 * wide // 4)
    mask = np.zeros((side, side), np.uint8)
    y, x = max(top, 0), max(left, 0)
    seen = small[y - top : side - top, x - left : side - left]
    mask[y : y + seen.shape[0], x : x + seen.shape[1]] = seen
    return mask


def _strokes(rng: random.Random, mask: np.ndarray) -> None:
    side = len(mask)
    for _ in range(rng.randint(1, 4)):
        points = np.array([(rng.randrange(side), rng.randrange(side)) for _ in range(rng.randint(2, 5))], np.int32)
        cv2.polylines(mask, [points], False, 1, rng.randint(4, 22), cv2.LINE_8)
