"""Latents on disk: each composed clip encoded once, so that training the flow never waits for pictures.

A cache is a folder of `NNNN.safetensors` parts whose headers hold the words; a part that is there is not made again. All
clips of a part have one shape; each keeps its words in both languages and the keys of what it was made of.
"""

import json
import multiprocessing
import os
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

from motionalchemy.backbones import nano
from motionalchemy.worlds import kinds
from motionalchemy.worlds.corpus import Corpus

PART = 32
SHAPES = ((128, 128),) * 7 + ((96, 160), (128, 128), (160, 96))  # of part 0, 1, 2 ..., in pixels; again and again
SIBLINGS = 2  # every so many parts, one of clips that share their first frame and differ in the verb


@dataclass(frozen=True)
class Part:
    """Clips of one shape, float16: latents (N, C, T, h, w), their `last` picture alone (N, C, 1, h, w), and what the
    vision network says of the first and of the last picture (N, V, h, w)."""

    latents: Tensor
    last: Tensor
    look: Tensor
    last_look: Tensor
    words: list[dict[str, Any]]

    @property
    def siblings(self) -> bool:
        """Whether its clips come in groups that share their first frame (their keys begin alike)."""
        return 2 * len({entry["sources"][0][:6] for entry in self.words}) <= len(self.words)


def build(
    corpus: Path, models: Path, out: Path, count: int, seed: int = 0, workers: int = 2
) -> Iterator[tuple[int, int]]:
    """Draw and encode `count` clips with the codec and vision packs in `models`; yields (done, of)."""
    out.mkdir(parents=True, exist_ok=True)
    parts = -(-count // PART)
    work = partial(_part, corpus, models, out, seed)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in pool.map(work, range(parts)):
            yield done, parts * PART


@cache
def _loaded(corpus: Path, models: Path) -> tuple[Corpus, Any, Any]:
    torch.set_num_threads(1)
    return Corpus(corpus, "train"), nano.read_codec(models / "codec")[0], nano.read_vision(models / "vision")


def _part(corpus: Path, models: Path, out: Path, seed: int, number: int) -> int:
    path = out / f"{number:04d}.safetensors"
    if not path.is_file():
        source, codec, vision = _loaded(corpus, models)
        size, begin = SHAPES[number % len(SHAPES)], number * PART
        drawn: list[kinds.Sample] = []
        for i in range(begin, begin + PART):
            if len(drawn) < PART:
                alike = number % SIBLINGS == SIBLINGS - 1
                drawn += (
                    kinds.siblings(source, seed, i, size) if alike else [kinds.draw(source, "animate", seed, i, size)]
                )
        _write([_record(sample, codec, vision) for sample in drawn[:PART]], path)
    return (number + 1) * PART


@torch.no_grad()
def _record(sample: kinds.Sample, codec: Any, vision: Any) -> dict[str, Any]:
    video = sample.clip.transpose(0, 1)[None].float()  # (1, 3, T, H, W)
    latents, last = codec.encode(video), codec.encode(video[:, :, -1:])
    looks = vision(codec.decode(torch.cat((latents[:, :, :1], last)))[:, :, 0])
    tensors = {"latents": latents[0], "last": last[0], "look": looks[0], "last_look": looks[1]}
    return {"tensors": {k: v.half() for k, v in tensors.items()}, "words": {**sample.words, "sources": sample.sources}}


def _write(records: list[dict[str, Any]], path: Path) -> None:
    stacked = {n: torch.stack([r["tensors"][n] for r in records]) for n in records[0]["tensors"]}
    half = path.with_suffix(".part")
    save_file(stacked, half, {"words": json.dumps([r["words"] for r in records], ensure_ascii=False)})
    os.replace(half, path)


def read(path: Path) -> Part:
    """One part of a cache."""
    with safe_open(path, "pt") as file:
        words = json.loads(file.metadata()["words"])
    return Part(**load_file(path), words=words)
