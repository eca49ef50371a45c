"""The corpus as classifiers read it: every sample described once, kept in a folder, one file per sample.

A run that was stopped goes on where it was. The order is balanced, rare classes first, so that a run that is stopped for
good has seen some of everything.
"""

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.data import backgrounds, staging
from motionalchemy.data.compose import compose
from motionalchemy.data.corpus import Corpus, Split
from motionalchemy.data.looks import styled
from motionalchemy.data.shards import Entry
from motionalchemy.data.words import LOOKS
from motionalchemy.errors import InputError, UnknownName
from motionalchemy.evaluate.alignment import coarse_flow, label_of
from motionalchemy.evaluate.identity import embed
from motionalchemy.media.clip import Clip

FILMED = 0.5  # of the actors are shown once more, on a path and under a camera
LARGE = 256  # pixels at which pictures are described: styles are made for it
FRAMES = (0, 8, 16)  # one of which a picture is
BALANCED: dict[tuple[str, str], tuple[str, ...]] = {  # what is read, kind of sample -> classes that share its places
    ("motion", "actors"): ("verb",),
    ("motion", "scenes"): ("camera", "direction"),
    ("motion", "turntables"): ("camera",),
    ("appearance", "actors"): ("subject",),
    ("appearance", "scenes"): ("subject",),
}
Descriptions = list[tuple[np.ndarray, dict[str, Any]]]


@dataclass(frozen=True, eq=False)
class Described:
    """One split: motion maps (N, 3, T, 12, 12) or appearances (N, 1280) in half precision, and the facts of each."""

    split: str
    values: Tensor
    facts: list[dict[str, Any]]

    def __post_init__(self) -> None:
        strangers = {f["split"] for f in self.facts} - {self.split}
        if strangers:
            raise InputError(f"{sorted(strangers)} clips among those described as {self.split!r}: describe them anew")


def describe_corpus(
    corpus: Path, split: Split, reads: str, out: Path, seed: int = 0, limit: int | None = None
) -> Iterator[tuple[int, int]]:
    """Describe the samples of a split into `out`, skipping those that are there; yields (done, of).

    `limit` stops after so many. Raises UnknownName for what is read, MissingPart without a corpus or the extra.
    """
    if reads not in READS:
        raise UnknownName("description", reads, READS)
    opened = Corpus(corpus, split)
    folder = out / reads / split
    folder.mkdir(parents=True, exist_ok=True)
    entries = balanced(opened, reads, seed)[:limit]
    describe = READS[reads](opened, random.Random(f"{seed}/{split}"))
    for done, entry in enumerate(entries, start=1):
        path = folder / f"{entry.key}.npz"
        if not path.is_file():
            _write(path, describe(entry, random.Random(f"{seed}/{entry.key}")))
        yield done, len(entries)


def balanced(corpus: Corpus, reads: str, seed: int) -> list[Entry]:
    """The samples with a class of their own, so ordered that every beginning holds as many as the root of each class."""
    groups = defaultdict(list)
    for kind in (kind for read, kind in BALANCED if read == reads):
        for entry in corpus.entries[kind]:
            groups[kind, *(label_of(by, corpus.facts(entry)) for by in BALANCED[reads, kind])].append(entry)
    ranked = []
    for name, entries in groups.items():
        random.Random(f"{seed}/{name}").shuffle(entries)
        ranked += [(i / len(entries) ** 0.5, entry.key, entry) for i, entry in enumerate(entries)]
    return [entry for _, _, entry in sorted(ranked, key=lambda item: item[:2])]


def _motion(corpus: Corpus, rng: random.Random) -> Callable[[Entry, random.Random], Descriptions]:
    where = staging.places(corpus.path, corpus.split, rng)

    def describe(entry: Entry, rng: random.Random) -> Descriptions:
        one = staging.figure(corpus, entry)
        views = [staging.as_it_is(one, rng)]
        if entry.kind == "actors" and rng.random() < FILMED and where:
            views.append(staging.filmed(one, rng, where))
        return [(coarse_flow(pictures), facts) for pictures, facts in views]

    return describe


def _appearance(corpus: Corpus, rng: random.Random) -> Callable[[Entry, random.Random], Descriptions]:
    def describe(entry: Entry, rng: random.Random) -> Descriptions:
        layer = staging.picture(corpus, entry, rng.choice(FRAMES))
        back = None if layer.alpha is None else backgrounds.simple(rng, (LARGE, LARGE)).picture
        plain, look = compose(layer, back, (LARGE, LARGE), 0.9), rng.choice(list(LOOKS))
        painted = styled((plain + 1) / 2, look, rng.getrandbits(31)) * 2 - 1
        both = Clip.of(torch.cat((plain, painted)).transpose(0, 1))
        return [(v, layer.facts | {"look": name}) for v, name in zip(embed(both), ("plain", look), strict=True)]

    return describe


READS = {"motion": _motion, "appearance": _appearance}


def _write(path: Path, found: Descriptions) -> None:
    values = np.stack([value for value, _ in found]).astype(np.float16)
    facts = json.dumps([facts for _, facts in found]).encode()
    half = path.with_suffix(".part")
    with half.open("wb") as file:
        np.savez(file, values=values, facts=np.frombuffer(facts, np.uint8))
    half.replace(path)


def described(out: Path, split: str, reads: str) -> Described:
    """Every description of a split, in the order of the keys; raises InputError when there is none."""
    paths = sorted((out / reads / split).glob("*.npz"))
    if not paths:
        raise InputError(f"no descriptions in {out / reads / split}: run `describe_corpus` first")
    values, facts = [], []
    for path in paths:
        with np.load(path, allow_pickle=False) as stored:
            values.append(torch.from_numpy(stored["values"]))
            facts += json.loads(stored["facts"].tobytes())
    return Described(split, torch.cat(values), facts)
