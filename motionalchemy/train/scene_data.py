"""What the scene networks learn from: photographs that teachers labelled, renders with exact depth and regions, and
what is pasted over both.

The folder is made by tools/scene/build.sh. Its index.jsonl has a line a picture: `picture`, `labels` (paths), `kind`
(photograph or render), `split` (train or test); cutouts/REGION/*.webp are things cut out, fonts/ holds fonts.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.train import scene_pastes
from motionalchemy.train.scene_pastes import Layer

REGIONS = (
    *("other", "sky", "water", "plants", "mountain", "ground", "building", "indoor", "vehicle", "animal"),
    *("hair", "skin", "clothes", "fire", "text"),
)
GROUPS = (*REGIONS, "person")  # the last is hair, skin or clothes: which of them is not known
# The orders in which tools/scene writes them.
TAUGHT = ("other", "sky", "water", "plants", "mountain", "ground", "building", "indoor", "vehicle", "animal", "person")
RENDERED = (
    *("other", "sky", "water", "plants", "hair", "skin", "clothes", "animal", "vehicle", "building", "mountain"),
    *("ground", "indoor", "fire", "text"),
)
SURE = 0.5  # a teacher's probability below which a pixel is left out
SIDE = 224  # pixels of what is learnt from at once
STEP = 4  # pixels of the input for one of the output


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture (h, w, 3) uint8 and what is known of it: nearness (h', w') in 0..1, the probabilities of regions
    (h', w', 16) as 0..255, and how much each place counts (h', w')."""

    picture: np.ndarray
    near: np.ndarray
    regions: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """Pictures (B, 3, s, s) in 0..255; nearness (B, s / 4, s / 4); regions (B, 16, s /
    4, s / 4) and weights (B, s / 4, s / 4)."""

    pictures: Tensor
    near: Tensor
    regions: Tensor
    weight: Tensor


def read(folder: Path, entry: dict) -> Sample:
    """A picture of the index with its labels; raises InputError for one that is none, OSError for missing labels."""
    path = folder / entry["picture"]
    opened = cv2.imread(str(path))
    if opened is None:
        raise InputError(f"{path} is not a picture: build the folder again with tools/scene/build.sh")
    picture = opened[..., ::-1].copy()
    with np.load(folder / entry["labels"], allow_pickle=False) as stored:
        if entry["kind"] == "render":
            return _rendered(picture, stored["depth"].astype(np.float32), stored["region"])
        near, taught = stored["near"].astype(np.float32), stored["regions"].astype(np.float32) / 255
    regions = np.zeros((*near.shape, len(GROUPS)), np.float32)
    for name, seen in zip(TAUGHT, taught, strict=True):
        regions[..., GROUPS.index(name)] = seen
    sure = regions.max(-1)
    shares = regions / regions.sum(-1, keepdims=True)
    return Sample(picture, near, (shares * 255).round().astype(np.uint8), (sure >= SURE) * sure)


def _rendered(picture: np.ndarray, depth: np.ndarray, region: np.ndarray) -> Sample:
    with np.errstate(divide="ignore"):
        near = np.where(np.isfinite(depth), 1 / np.maximum(depth, 0.05), 0).astype(np.float32)
    low, high = np.percentile(near, (0.5, 99.5))
    near = ((near - low) / max(high - low, 1e-6)).clip(0, 1)
    known = region < len(RENDERED)
    order = np.array([GROUPS.index(name) for name in RENDERED])
    regions = 255 * np.eye(len(GROUPS), dtype=np.uint8)[order[np.where(known, region, 0)]]
    return Sample(picture, near, regions, known.astype(np.float32))


@dataclass(frozen=True)
class SceneData:
    """Draws batches; batch i is a function of (seed, i) alone. `shares` of photographs and of renders, `paste` whether
    cut-outs, writing, flames and smoke are laid over them."""

    folder: Path
    count: int = 8
    photographs: float = 0.5
    paste: bool = False
    seed: int = 0

    @cached_property
    def samples(self) -> dict[str, list[Sample]]:
        """All pictures of the train split by kind, read once."""
        entries = [json.loads(line) for line in (self.folder / "index.jsonl").open(encoding="utf-8")]
        found: dict[str, list[Sample]] = {"photograph": [], "render": []}
        for entry in entries:
            if entry["split"] == "train":
                found[entry["kind"]].append(read(self.folder, entry))
        return found

    @cached_property
    def pastes(self) -> list[Callable[[random.Random, np.ndarray], Layer | None]]:
        """What may be laid over a picture; things oftener than writing, and writing oftener than flames."""
        rows = [GROUPS.index(name) for name in scene_pastes.PARTS]
        cutouts = scene_pastes.cutouts(self.folder / "cutouts")
        cutouts["person"] = [*cutouts.get("person", []), *scene_pastes.people(self.samples["render"], rows)]
        fonts = sorted(p for p in (self.folder / "fonts").rglob("*") if p.suffix in (".ttf", ".otf", ".ttc"))
        things = [lambda rng, picture: scene_pastes.thing(rng, picture, cutouts)]
        return things * 5 + [lambda rng, picture: scene_pastes.writing(rng, picture, fonts)] * 3 + [
            scene_pastes.flames, scene_pastes.smoke]  # fmt: skip

    def batch(self, i: int) -> SceneBatch:
        """Batch i, on the CPU."""
        made = [self.one(random.Random(f"{self.seed}/{i}/{n}"), n) for n in range(self.count)]
        columns = [torch.from_numpy(np.stack(column)) for column in zip(*made, strict=True)]
        pictures, near, regions, weight = columns
        return SceneBatch(pictures.permute(0, 3, 1, 2).float(), near, regions.permute(0, 3, 1, 2), weight)

    def one(self, rng: random.Random, number: int) -> tuple[np.ndarray, ...]:
        """One square out of one picture, changed in colour and sharpness, with what is known of it."""
        kinds = self.samples
        photo = number < round(self.count * self.photographs) or not kinds["render"]
        sample = rng.choice(kinds["photograph" if photo and kinds["photograph"] else "render"])
        picture, maps = cut(rng, sample)
        if self.paste:
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
                laid = rng.choice(self.pastes)(rng, picture)
                if laid is not None:
                    picture = laid.over(picture)
                    maps = _covered(maps, laid)
        weight = maps[..., 1]
        return changed(rng, picture), maps[..., 0], maps[..., 2:] / np.maximum(weight, 1e-6)[..., None], weight


def cut(rng: random.Random, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """A square of SIDE pixels out of any part of a picture, and its maps (SIDE / 4, SIDE / 4, 2 + 16): nearness, weight,
    and the regions times the weight."""
    height, width = sample.picture.shape[:2]
    share = rng.uniform(0.45, 1.0) if rng.random() < 0.75 else 1.0
    squeeze = rng.uniform(0.8, 1.25)
    whole = rng.random() < 0.3  # the whole picture, squeezed
    high, wide = (height * share, width * share) if whole else (share * min(height, width),) * 2
    wide = min(wide * squeeze, width)
    top, left = rng.uniform(0, height - high), rng.uniform(0, width - wide)
    flip = rng.random() < 0.5

    def part(values: np.ndarray) -> np.ndarray:
        across, down = values.shape[1] / width, values.shape[0] / height
        x, y = max(0, round(left * across)), max(0, round(top * down))
        found = values[y : max(y + 4, round((top + high) * down)), x : max(x + 4, round((left + wide) * across))]
        return np.ascontiguousarray(found[:, ::-1] if flip else found)

    weight = part(sample.weight)[..., None]
    known = np.concatenate((part(sample.near)[..., None], weight, part(sample.regions) * (weight / 255)), 2)
    return _sized(part(sample.picture), SIDE), _sized(known.astype(np.float32), SIDE // STEP)


def _sized(values: np.ndarray, side: int) -> np.ndarray:
    """Values (h, w, c) as a square of `side` places; many channels, which INTER_AREA does not take, as means of four."""
    if values.ndim == 3 and values.shape[2] > 4:
        twice = cv2.resize(values, (2 * side, 2 * side), interpolation=cv2.INTER_LINEAR)
        return twice.reshape(side, 2, side, 2, -1).mean((1, 3))
    smaller = min(values.shape[:2]) >= side
    return cv2.resize(values, (side, side), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def _covered(maps: np.ndarray, laid: Layer) -> np.ndarray:
    """Maps under a layer: where it is known, it is of its regions, and surely so."""
    known = {name: _sized(where.astype(np.float32), len(maps)) for name, where in laid.known.items()}
    on = sum(known.values(), np.zeros(maps.shape[:2], np.float32))
    maps[..., 1:] *= 1 - on[..., None]
    maps[..., 1] += on
    for name, where in known.items():
        maps[..., 2 + GROUPS.index(name)] += where
    return maps


def changed(rng: random.Random, picture: np.ndarray) -> np.ndarray:
    """Other light, colours, sharpness and compression."""
    if rng.random() < 0.25:
        sigma = rng.uniform(0.4, 2.0)
        picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    values = picture.astype(np.float32) / 255
    values = values ** rng.uniform(0.6, 1.6) * rng.uniform(0.75, 1.25) + rng.uniform(-0.08, 0.08)
    values = values * np.array([rng.uniform(0.88, 1.12) for _ in range(3)], np.float32)
    grey = values.mean(2, keepdims=True)
    values = grey + (values - grey) * (0.0 if rng.random() < 0.1 else rng.uniform(0.5, 1.5))
    values = (values - 0.5) * rng.uniform(0.7, 1.3) + 0.5
    if rng.random() < 0.3:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0.01, 0.06), values.shape)
        values = values + noise.astype(np.float32)
    if rng.random() < 0.06:  # flat colours, as of a poster
        levels = rng.randint(3, 7)
        values = np.round(values * levels) / levels
    out = (values.clip(0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, coded = cv2.imencode(".jpg", out[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 85)])
        opened = cv2.imdecode(np.asarray(coded), cv2.IMREAD_COLOR)
        out = out if opened is None else np.ascontiguousarray(opened[..., ::-1])
    return out
