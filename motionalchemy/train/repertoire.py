"""Filling the repertoire: how every actor of the train split moves, followed once, coded and kept with its outline."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.data.corpus import Corpus
from motionalchemy.data.shards import Entry
from motionalchemy.errors import InputError
from motionalchemy.models import nano
from motionalchemy.nets import pack
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.outline import THERE, outlined
from motionalchemy.nets.repertoire import Repertoire, RepertoireConfig
from motionalchemy.nets.rigid import pulled
from motionalchemy.train import distributed, fields, latents
from motionalchemy.train.loop import Report

RESTS = ("rest", "stand")  # actions of subjects that hardly move: the flow knows them
FULL = 8.0  # see `rigid.pulled`
MANY = 16  # clips between two reports


@dataclass(frozen=True)
class RepertoireRecipe:
    """Everything that decides a repertoire: at most so many `clips`, all if None."""

    clips: int | None = None
    device: str = "cpu"


def repertoire_cpu() -> RepertoireRecipe:
    """On two cores 75 minutes of following layers that no cache has, and one of coding them."""
    return RepertoireRecipe()


@dataclass(frozen=True, eq=False)
class Stored:
    """One clip as it is kept: the action, the key of its sample, and rows of the buffers of a `Repertoire`."""

    action: str
    key: str
    shape: Tensor
    frame: Tensor
    span: Tensor
    unit: Tensor
    latents: Tensor


def fill_repertoire(recipe: RepertoireRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Follow the actors that do something, layers kept in `out`/layers; leaves the pack `out`/repertoire at the end.

    Raises InputError where no actor does anything.
    """
    us = distributed.join()
    source = Corpus(corpus, "train")
    entries = sorted(source.entries["actors"], key=lambda entry: entry.key)
    entries = [entry for entry in entries if source.facts(entry)["action"]["key"] not in RESTS][: recipe.clips]
    if not us.leads:
        return
    kept = list[Stored]()
    work = partial(_stored, corpus, out / latents.LAYERS)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number, found in enumerate(pool.map(work, entries), start=1):
            kept += [found] if found else []
            if number % MANY == 0 or number == len(entries):
                yield Report(number, len(entries), {}, 0.0, 0.0, 0.0, "following")
    if not kept:
        raise InputError(f"{corpus} shows no actor that does anything: a repertoire needs some")
    about = {"licence": "CC-BY-SA-3.0", "recipe": "repertoire-cpu", "clips": [each.key for each in kept]}
    pack.save(out / "repertoire", gathered(kept), "repertoire", about=about)


@cache
def _ready(path: Path) -> tuple[Corpus, MotionAutoencoder]:
    torch.set_num_threads(1)
    return Corpus(path, "train"), nano.read_codec(nano.WEIGHTS / "codec")[0]


def _stored(path: Path, layers: Path, entry: Entry) -> Stored | None:
    corpus, codec = _ready(path)
    return stored(fields.moves(corpus.read(entry), layers), codec, corpus.facts(entry)["action"]["key"], entry.key)


@torch.no_grad()
def stored(moves: fields.Moves, codec: MotionAutoencoder, action: str, key: str) -> Stored | None:
    """What is kept of how a layer moves; None of one that is shorter than a clip, or not seen at first."""
    side, frames = fields.SIDE // codec.config.grid.space, RepertoireConfig([], 0, 0).groups * codec.config.grid.time
    own = outlined(moves.alpha[0])
    if own is None or moves.field.shape[1] <= frames:
        return None
    opacity = F.adaptive_avg_pool2d(moves.alpha[: frames + 1], moves.field.shape[2])
    counts = ((opacity[:, None] - THERE) / (1 - THERE)).clamp(min=0)
    field = pulled(moves.field[:, : frames + 1].transpose(0, 1) * counts, counts, FULL).transpose(0, 1)[:, 1:]
    coded = codec.moving(field[None] * (fields.SIDE * fields.SCALE))[
        0, : codec.config.moves
    ]  # (moves, groups, side, side)
    there = F.adaptive_max_pool2d(opacity.amax(0)[None], side)[0] > THERE
    spans = [there.any(axis).nonzero().flatten() for axis in (1, 0)]
    first, last = [int(span[0]) for span in spans], [int(span[-1]) + 1 for span in spans]
    rows = coded[:, :, first[0] : last[0], first[1] : last[1]].permute(1, 2, 3, 0).flatten(0, 2)
    unit = rows.abs().amax(0).clamp(min=1e-4) / 127
    return Stored(
        action,
        key,
        (own.shape * 255).round().byte(),
        torch.tensor([*own.middle.tolist(), own.size]),
        torch.tensor([*first, *last], dtype=torch.uint8),
        unit,
        (rows / unit).round().to(torch.int8),
    )


def gathered(kept: list[Stored]) -> Repertoire:
    """A repertoire of clips."""
    actions = sorted({each.action for each in kept})
    model = Repertoire(RepertoireConfig(actions, len(kept), sum(len(each.latents) for each in kept)))
    model.deed.copy_(torch.tensor([actions.index(each.action) for each in kept]))
    for name in ("shape", "frame", "span", "unit"):
        getattr(model, name).copy_(torch.stack([getattr(each, name) for each in kept]))
    model.latents.copy_(torch.cat([each.latents for each in kept]))
    return model
