"""Latents on disk: each composed clip encoded once, so that training the flow never waits for pictures.

A cache is a folder of `NNNN.safetensors` parts whose headers hold the words; a part that is there is not made again.
All clips of a part have one shape; each keeps all that may be said of it in both languages and the keys of what it was
made of. Beside each part lie `NNNNv.safetensors` and so on, the same clips seen otherwise (`seen_again`), each for a
tenth of the work.
"""

import json
import multiprocessing
import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from motionalchemy.data import kinds
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.facts import Language
from motionalchemy.data.world import describe
from motionalchemy.models import nano
from motionalchemy.nets import motion, text
from motionalchemy.nets.descent import mended
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.vision import Vision
from motionalchemy.train import augment, fields

PART = 32
LAYERS = "layers"  # the folder beside a cache that keeps how each layer moves
_RARE = ("scenes", "scenes", "turntables", "animate", "retouch")
PATTERN = tuple(kind for rare in _RARE for kind in ("siblings", rare)) + ("siblings",) * 2  # of parts, again and again
MEND = 20  # steps of descent that mend on the whole clip what is put together from its layers
DESCRIBED = 24  # times that a world is described in each language
AGAIN = "vwx"  # the letters of the times that a part is seen otherwise
CLIPS = ((128, 128),) * 7 + ((96, 160), (128, 128), (160, 96))  # shapes of clips in pixels, again and again
BENT = {"siblings": 0.25, "scenes": 0.08, "turntables": 0.08, "animate": 0.08}  # a camera's moves stay all but straight
EDITS = ("edit", "retouch")
PAIRED = (*EDITS, "animate")  # the kinds of parts that hold another picture beside each clip
PICTURES = ((256, 256), (160, 256), (256, 256), (256, 160))  # and of single pictures, whose strokes must be seen


@dataclass(frozen=True)
class Part:
    """Samples of one kind and shape, float16: latents (N, C, T, h, w), those of what stands `beside` (N, C, t, h, w:
    the source of an edit, else the last picture; none of it, t = 0, beside kinds that are not PAIRED), and what the
    vision network says of the first picture of each (N, V, h, w; nothing, V = 0, of what is not there)."""

    kind: str
    latents: Tensor
    look: Tensor
    beside: Tensor
    beside_look: Tensor
    words: list[dict[str, Any]]


def build(
    corpus: Path, models: Path, out: Path, count: int, seed: int = 0, workers: int = 2
) -> Iterator[tuple[int, int]]:
    """Draw and encode `count` clips with the codec and vision packs in `models`; yields (done, of).

    However few they are, there is a part of each kind of the pattern.
    """
    out.mkdir(parents=True, exist_ok=True)
    many = min(PART, -(-count // len(PATTERN)))
    parts = -(-count // many)
    work = partial(_part, corpus, models, out, seed, many=many)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in pool.map(work, range(parts)):
            yield done, parts * many


@cache
def _loaded(corpus: Path, models: Path) -> tuple[Corpus, Any, Any]:
    torch.set_num_threads(1)
    return Corpus(corpus, "train"), nano.read_codec(models / "codec")[0], nano.read_vision(models / "vision")


def _part(corpus: Path, models: Path, out: Path, seed: int, number: int, many: int = PART) -> int:
    path = out / f"{number:04d}.safetensors"
    source, codec, vision = _loaded(corpus, models)
    if not path.is_file():
        kind, begin = PATTERN[number % len(PATTERN)], number * many
        shapes = PICTURES if kind == "retouch" else CLIPS
        size = shapes[number // len(PATTERN) % len(shapes)]
        drawn: list[kinds.Sample] = []
        for i in range(begin, begin + many):
            if len(drawn) < many:
                alike = kind == "siblings"
                drawn += kinds.siblings(source, seed, i, size) if alike else [kinds.draw(source, kind, seed, i, size)]
        layers = out.parent / LAYERS
        records = [_record(sample, codec, vision, kind not in PAIRED, layers) for sample in drawn[:many]]
        stacked = {n: torch.stack([r["tensors"][n] for r in records]) for n in records[0]["tensors"]}
        _write(Part(kind, words=[r["words"] for r in records], **stacked), path)
    for letter in AGAIN:
        twin = out / f"{number:04d}{letter}.safetensors"
        if not twin.is_file():
            _write(seen_again(read(path), codec, vision, random.Random(f"{seed}/{number}{letter}")), twin)
    return (number + 1) * many


@torch.no_grad()
def _record(sample: kinds.Sample, codec: Any, vision: Any, alone: bool, layers: Path) -> dict[str, Any]:
    """A sample encoded; how the layers of its world move is kept in a folder."""
    video = sample.clip.transpose(0, 1)[None].float()  # (1, 3, T, H, W)
    given = sample.beside[0].transpose(0, 1)[None].float() if sample.beside else video[:, :, -1:]
    if _layered(sample):
        field = movement(sample, codec.config.cell, layers)
        latents = torch.cat((codec.encode(video[:, :, :1]), codec.moving(field[None])), 2)
    else:
        latents = codec.encode(video)
    beside = latents[:, :, :0] if alone else codec.encode(given)
    looks = vision(codec.decode(torch.cat((latents[:, :, :1], beside[:, :, :1])[: 1 if alone else 2]))[:, :, 0])
    beside_look = looks[0, :0] if alone else looks[1]
    tensors = {"latents": latents[0], "beside": beside[0], "look": looks[0], "beside_look": beside_look}
    return {
        "tensors": {k: v.half() for k, v in tensors.items()},
        "words": {**_described(sample), "sources": sample.sources},
    }


def _described(sample: kinds.Sample) -> dict[str, list[str]]:
    """What may be said of a sample, in both languages. One sentence alone would be learnt by heart as the clip's name:
    a sample whose world is known is described again and again."""
    languages: tuple[Language, ...] = ("en", "zh")
    if sample.world is None:
        return {language: [sample.words[language]] for language in languages}
    rng, world = random.Random(sample.words["en"]), sample.world
    return {
        language: sorted({sample.words[language], *(describe(world, rng, language) for _ in range(DESCRIBED))})
        for language in languages
    }


def movement(sample: kinds.Sample, cell: int, layers: Path) -> Tensor:
    """How a sample's clip moves (2, T-1, H / cell, W / cell): put together from its layers where they are known, and
    mended on what is seen of it, else followed."""
    clip = sample.clip.float()
    if sample.world is None or not _layered(sample):
        return motion.followed(clip.transpose(0, 1), cell)
    return mended((clip + 1) / 2, fields.field(sample.world, (clip.shape[2], clip.shape[3]), cell, layers), MEND)


def _layered(sample: kinds.Sample) -> bool:
    return sample.world is not None and fields.known(sample.world)


def seen_again(part: Part, codec: MotionAutoencoder, vision: Vision, rng: random.Random) -> Part:
    """The samples of a part seen otherwise, each in its own way; sides change places in the words of mirrored ones.

    Pairs of an edit keep their colours, which its words may name.
    """
    glance = augment.glances(len(part.words), rng, part.kind not in EDITS, BENT.get(part.kind, 0.0))
    latents, look = augment.seen(part.latents, glance, codec, vision)
    beside, beside_look = part.beside, part.beside_look
    if beside.shape[2]:
        beside, beside_look = augment.seen(beside, glance, codec, vision)
    words = []
    for said, mirror in zip(part.words, glance.mirror.tolist(), strict=True):
        turned = {language: [text.mirrored(one) for one in said[language]] for language in ("en", "zh")}
        words.append({**said, **turned} if mirror < 0 else said)
    return Part(part.kind, latents, look, beside, beside_look, words)


def _write(part: Part, path: Path) -> None:
    half, words = path.with_suffix(".part"), json.dumps(part.words, ensure_ascii=False)
    tensors = {name: getattr(part, name).contiguous() for name in ("latents", "look", "beside", "beside_look")}
    save_file(tensors, half, {"kind": part.kind, "words": words})
    os.replace(half, path)


def read(path: Path) -> Part:
    """One part of a cache."""
    with safe_open(path, "pt") as file:
        header = file.metadata()
    return Part(header["kind"], words=json.loads(header["words"]), **load_file(path))
