"""The clips by which the autoencoder is measured, and those to which candidates are fitted."""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from motionalchemy.data import backgrounds, kinds, shards
from motionalchemy.data.compose import compose, covering, placed, rgba
from motionalchemy.data.corpus import Corpus
from motionalchemy.media import reader
from motionalchemy.train.codec_data import drift

FRAMES = 49
SCALE = 0.9  # of a layer on the picture
CANVAS = (384, 384)  # on which a sprite is laid before it is filmed
SOURCES = ("actors", "scenes", "emoji", "stills", "photographs")


@dataclass(frozen=True, eq=False)
class Shown:
    """A true clip (3, T, H, W) in [-1, 1], and where it shows ground that frame 0 hides (T, H, W), if that is known."""

    source: str
    key: str
    clip: Tensor
    uncovered: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Build:
    """A clip that is drawn when it is called, and its name, which is known before."""

    source: str
    key: str
    make: Callable[[], Shown]

    def __call__(self) -> Shown:
        return self.make()


def shown(corpus: Path, photographs: Path | None, n: int, size: int, seed: int = 0) -> Iterator[Build]:
    """`n` test clips of each source, the sources in turn, drawn from (seed, key) alone; only their backgrounds are
    train stills."""
    test, backdrops = Corpus(corpus, "test"), Corpus(corpus, "train")
    columns: list[list[Build]] = []
    for kind in ("actors", "scenes", "emoji"):
        entries = sorted(test.entries[kind], key=lambda e: e.key)
        random.Random(seed).shuffle(entries)
        draw = partial(_layered, test, backdrops, kind, size=size, seed=seed)
        columns.append([Build(kind, e.key, partial(draw, e)) for e in entries[:n]])
    stills = sorted(test.stills("sprite"), key=lambda s: s["key"])
    random.Random(seed).shuffle(stills)
    columns.append([Build("stills", s["key"], partial(_sprite, test, backdrops, s, size, seed)) for s in stills[:n]])
    found = sorted(p for p in photographs.iterdir() if p.is_file())[:n] if photographs else []
    columns.append([Build("photographs", p.stem, partial(_photograph, p, size, seed)) for p in found])
    for row in zip_longest(*columns):
        yield from (build for build in row if build is not None)


def train(corpus: Path, count: int, folder: Path) -> list[Tensor]:
    """The first `count` of the train clips that the autoencoder's maps were fitted to, kept in `folder` once drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    source, found = Corpus(corpus, "train"), []
    for i in range(count):
        path = folder / f"{i:04d}.safetensors"
        if not path.is_file():
            clip = kinds.draw(source, "animate", 0, i, (128, 128)).clip.transpose(0, 1)
            levels = ((clip + 1) * 127.5).round().clamp(0, 255).byte().contiguous()
            save_file({"clip": levels}, path.with_suffix(".part"))
            os.replace(path.with_suffix(".part"), path)
        found.append(load_file(path)["clip"].float() / 127.5 - 1)
    return found


def _layered(test: Corpus, backdrops: Corpus, kind: str, entry: shards.Entry, size: int, seed: int) -> Shown:
    """A test sample, over a background that stands still if it is a layer."""
    layer, sides = test.read(entry), (size, size)
    if layer.alpha is None:
        return Shown(kind, entry.key, compose(layer, None, sides).transpose(0, 1))
    back = backgrounds.rich(backdrops, random.Random(f"{seed}/{entry.key}"), sides).picture
    clip = compose(layer, back, sides, SCALE).transpose(0, 1)
    alpha = placed(rgba(layer), sides, SCALE)[:, 3]  # (T, H, W)
    return Shown(kind, entry.key, clip, (alpha[:1] > 0.5) & (alpha < 0.02))


def _sprite(test: Corpus, backdrops: Corpus, still: dict, size: int, seed: int) -> Shown:
    """A test sprite over a background, filmed."""
    sprite = covering(test.read_still(still), CANVAS)  # (4, h, w), straight alpha
    back = backgrounds.rich(backdrops, random.Random(f"{seed}/{still['key']}"), CANVAS).picture
    return _filmed("stills", still["key"], torch.lerp(back, sprite[:3], sprite[3:]), size, seed)


def _photograph(path: Path, size: int, seed: int) -> Shown:
    picture = torch.from_numpy(reader.read_image(path).copy()).permute(2, 0, 1).float() / 255
    return _filmed("photographs", path.stem, picture, size, seed)


def _filmed(source: str, key: str, picture: Tensor, size: int, seed: int) -> Shown:
    """A camera that pans, zooms and rolls over a picture (3, H, W) in [0, 1]; the same move at every size."""
    return Shown(source, key, drift(picture * 2 - 1, FRAMES, size, random.Random(f"{seed}/{key}")))
