"""Latents on disk: each composed clip encoded once, so that training the flow never waits for pictures.

A cache is a folder of `NNNN.safetensors` parts whose headers hold the words; a part that is there is not made again. Each
record keeps the corpus key, whether the clip was mirrored, and the words of its background: captions are written anew
every time one is drawn.
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from motionalchemy import tasks
from motionalchemy.nets.autoencoder import Autoencoder
from motionalchemy.worlds import shards

PART = 32
Compose = Callable[[shards.Layer, random.Random, int], tuple[Tensor, dict[str, Any]]]


@dataclass(frozen=True)
class Cached:
    """Every cached clip in float16: `half` (N, C, T, 8, 8), its first picture standing `still` (N, C, t, 8, 8), and its
    `last` picture alone (N, C, 1, 8, 8).

    `full` (M, C, T, 16, 16) holds the same clips at twice the size for the first M records of `records`.
    """

    half: Tensor
    still: Tensor
    last: Tensor
    full: Tensor
    records: list[dict[str, Any]]


def build(
    corpus: Path,
    entries: list[shards.Entry],
    codec: Autoencoder,
    compose: Compose,
    out: Path,
    size: int = 128,
    full: int = 0,
    seed: int = 0,
    workers: int = 2,
) -> Iterator[tuple[int, int]]:
    """Compose and encode `entries` in order, the first `full` of them at twice the size too; yields (done, of)."""
    out.mkdir(parents=True, exist_ok=True)

    def part(begin: int) -> int:
        path = out / f"{begin // PART:04d}.safetensors"
        end = min(begin + PART, len(entries))
        if not path.is_file():
            draws = [random.Random(f"{seed}/{i}") for i in range(begin, end)]
            chosen = zip(entries[begin:end], draws, [i < full for i in range(begin, end)], strict=True)
            _write([_record(corpus, entry, codec, compose, rng, size, large) for entry, rng, large in chosen], path)
        return end

    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for done in pool.map(part, range(0, len(entries), PART)):
            yield done, len(entries)


def _record(corpus, entry, codec, compose, rng: random.Random, size: int, full: bool) -> dict[str, Any]:
    made, words = compose(shards.read(corpus, entry), rng, 2 * size if full else size)  # (3, T, side, side)
    small = halved(made) if full else made
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        clips = {"half": small, "still": tasks.standing(small[:, :1], codec.config.grid), "last": small[:, -1:]}
        tensors = {name: codec.encode(clip[None])[0].half() for name, clip in clips.items()}
        if full:
            tensors["full"] = codec.encode(made[None])[0].half()
    return {"tensors": tensors, "words": {"key": entry.key, **words}}


def halved(video: Tensor) -> Tensor:
    """(3, T, H, W) at half the size, antialiased."""
    frames = video.transpose(0, 1)
    return F.interpolate(frames, scale_factor=0.5, mode="bilinear", antialias=True).transpose(0, 1)


def _write(part: list[dict[str, Any]], path: Path) -> None:
    names = {name for record in part for name in record["tensors"]}
    stacked = {n: torch.stack([r["tensors"][n] for r in part if n in r["tensors"]]) for n in names}
    half = path.with_suffix(".part")
    words = json.dumps([r["words"] for r in part], ensure_ascii=False)
    save_file(stacked, half, {"words": words})
    os.replace(half, path)


def read(folder: Path) -> Cached:
    """Every part of a cache, in order, in memory."""
    tensors: dict[str, list[Tensor]] = {"half": [], "still": [], "last": [], "full": []}
    records: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.safetensors")):
        for name, value in load_file(path).items():
            tensors[name].append(value)
        with safe_open(path, "pt") as file:
            records += json.loads(file.metadata()["words"])
    joined = {name: torch.cat(parts) if parts else torch.empty(0) for name, parts in tensors.items()}
    return Cached(joined["half"], joined["still"], joined["last"], joined["full"], records)
