"""Counting what a corpus yields: how varied it is, how much moves, and whether anything comes twice."""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from motionalchemy.data.compose import Size, resized
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.kinds import draw
from motionalchemy.data.shards import LAYERS
from motionalchemy.data.words import CAMERAS, LOOKS, WEATHERS


@dataclass
class Survey:
    """Running counts over drawn samples; `rows` is the table."""

    samples: int = 0
    seconds: float = 0.0
    motion: float = 0.0  # summed mean absolute change from frame to frame, in levels of 255
    captions: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    prints: Counter[str] = field(default_factory=Counter)

    @property
    def duplicates(self) -> int:
        """How many clips had been seen before."""
        return self.samples - len(self.prints)

    def rows(self) -> dict[str, float]:
        """Name -> figure: clips, speed, distinct captions and sources, mean motion, duplicates."""
        return {
            "clips": self.samples,
            "clips per second": self.samples / max(self.seconds, 1e-9),
            "distinct captions": len(self.captions),
            "distinct sources": len(self.keys),
            "mean motion": self.motion / max(self.samples, 1),
            "duplicates": self.duplicates,
        }


def holdings(corpus: Corpus) -> dict[str, int]:
    """Name -> how many of it a split holds or can make: samples and stills by kind, subjects, actions, styles, moves."""
    everything = [entry for entries in corpus.entries.values() for entry in entries]
    counts = {kind: len(entries) for kind, entries in corpus.entries.items()}
    counts["subjects"] = len({entry.subject for entry in everything})
    counts["actor files"] = len({corpus.facts(entry)["actor"] for entry in everything})
    counts["actions"] = len({entry.action for entry in everything if entry.action})
    stills = {
        f"stills: {kind}": len(corpus.stills(kind)) for kind in ("sprite", "ground", "sky", "panorama", "picture")
    }
    return counts | stills | {"styles": len(LOOKS), "weathers": len(WEATHERS), "camera moves": len(CAMERAS)}


def coverage(corpus: Corpus, count: int = 40, seed: int = 0) -> float:
    """The mean share of its picture that a layer covers, over `count` layers drawn from all that have alpha."""
    entries = [entry for kind in LAYERS for entry in corpus.entries[kind]]
    drawn = random.Random(seed).sample(entries, min(count, len(entries)))
    shares = [float((alpha > 127).mean()) for entry in drawn if (alpha := corpus.read(entry).alpha) is not None]
    return sum(shares) / max(len(shares), 1)


def survey(
    corpus: Corpus,
    count: int,
    seed: int = 0,
    kind: str = "animate",
    size: Size = (256, 256),
    device: torch.device | str = "cpu",
) -> Iterator[Survey]:
    """Draw `count` samples of one kind and yield the counts after each."""
    found = Survey()
    for index in range(count):
        begin = time.perf_counter()
        sample = draw(corpus, kind, seed, index, size, device)
        found.seconds += time.perf_counter() - begin
        found.samples += 1
        found.motion += float((sample.clip[1:] - sample.clip[:-1]).abs().mean()) * 127.5 if len(sample.clip) > 1 else 0
        found.captions.update(sample.words.values())
        found.keys.update(sample.sources)
        found.prints[_print(sample.clip)] += 1
        yield found


def _print(clip: Tensor) -> str:
    """A hash of seven small frames, blind to differences that nobody would see."""
    few = resized(clip[:: max(1, len(clip) // 6)], (16, 16))
    return hashlib.sha256(((few + 1) * 16).round().byte().cpu().numpy().tobytes()).hexdigest()
