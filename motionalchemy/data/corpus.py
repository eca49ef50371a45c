"""One split of a corpus, and the guard that lets no sample of another split through."""

import json
from collections import Counter, defaultdict
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from motionalchemy.data import shards
from motionalchemy.data.shards import Entry, Layer
from motionalchemy.data.words import HELD
from motionalchemy.errors import InputError, UnknownName

Split = Literal["train", "test", "fewshot"]


def credit(facts: dict[str, Any]) -> str:
    """Who made a sample and under which licence, as one line."""
    authors = f", by {', '.join(facts['authors'])}" if facts.get("authors") else ""
    return f"{facts.get('source', 'unknown source')}{authors} ({facts.get('licence', 'unknown licence')})"


class Corpus:
    """The samples of one split of the corpus at `path`; raises MissingPart where there is none.

    Every read checks the split twice, in the index and in the sample's own facts, and raises InputError when either
    says another: what belongs to `test` or `fewshot` cannot enter training, whole or as a layer.
    """

    def __init__(self, path: str | Path, split: Split = "train"):
        if split not in get_args(Split):
            raise UnknownName("split", split, get_args(Split))
        self.path, self.split = Path(path), split
        self.entries: dict[str, list[Entry]] = {kind: [] for kind in shards.KINDS}
        for entry in shards.index(self.path, split):
            self.entries[entry.kind].append(entry)
        self._stills: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for still in shards.stills(self.path, split):
            self._stills[still["kind"]].append(still)

    def read(self, entry: Entry, frames: int | None = None) -> Layer:
        """Decode one sample, or its first `frames`, guarded."""
        self._allow(entry.key, entry.split)
        layer = shards.read(self.path, entry, frames)
        self._allow(entry.key, layer.facts["split"])
        return layer

    def facts(self, entry: Entry) -> dict[str, Any]:
        """The facts of one sample, guarded and without decoding its clip."""
        self._allow(entry.key, entry.split)
        facts = self._facts.get(entry.key) or shards.facts(self.path, entry)
        self._allow(entry.key, facts["split"])
        return self._facts.setdefault(entry.key, facts)

    def stills(self, kind: str) -> list[dict[str, Any]]:
        """The stills of one kind (sprite, ground, sky, panorama, picture) in this split; empty when there are none."""
        return self._stills[kind]

    def read_still(self, still: dict[str, Any]) -> Tensor:
        """Decode one still -> (3 or 4, H, W) in [0, 1], guarded."""
        self._allow(still["key"], still["split"])
        picture = torch.from_numpy(shards.read_still(self.path, still).copy())
        return picture.permute(2, 0, 1).float() / 255

    def still_facts(self, still: dict[str, Any]) -> dict[str, Any]:
        """Everything known of a still: names in both languages, source, licence, authors."""
        self._allow(still["key"], still["split"])
        return json.loads(shards.member(self.path / "stills" / still["shard"], f"{still['key']}.json"))

    @cached_property
    def shared_views(self) -> list[list[Entry]]:
        """Groups of two or more actor samples that show one subject from one view, doing different things."""
        return self._groups(lambda entry: entry.key[:6])

    @cached_property
    def shared_motions(self) -> list[list[Entry]]:
        """Groups of two or more actor samples that share animation, direction and start but not the subject."""

        def motion(entry: Entry) -> tuple | None:
            facts = self.facts(entry)
            return (facts["motion"], facts["camera"]["azimuth"], facts["start"], round(facts["speed"], 1))

        groups = self._groups(motion)
        return [group for group in groups if len({entry.subject for entry in group}) > 1]

    @cached_property
    def shared_subjects(self) -> list[list[Entry]]:
        """Groups of two or more actor samples of one actor in one look, seen from different sides."""

        def subject(entry: Entry) -> tuple:
            facts = self.facts(entry)  # an actor file draws its mesh, skin and hats at random
            worn = [word for word in facts["appearance"]["en"] if word not in HELD]
            return (facts["actor"], (facts["team"] or {}).get("en"), facts.get("look"), *worn)

        groups = self._groups(subject)
        return [group for group in groups if len({entry.key[:6] for entry in group}) > 1]

    @cached_property
    def _facts(self) -> dict[str, dict[str, Any]]:
        return {}

    def credited(self) -> Counter[str]:
        """Who made this split, under which licence, and how many samples."""
        made = Counter(credit(self.facts(entry)) for entries in self.entries.values() for entry in entries)
        made.update(credit(self.still_facts(still)) for stills in self._stills.values() for still in stills)
        return made

    def _groups(self, key) -> list[list[Entry]]:
        found = defaultdict(list)
        for entry in self.entries["actors"]:
            found[key(entry)].append(entry)
        return [group for group in found.values() if len(group) > 1]

    def _allow(self, key: str, split: str) -> None:
        if split != self.split:
            raise InputError(
                f"sample {key} belongs to the {split!r} split, but this corpus was opened for {self.split!r}: "
                f"open another with split={split!r}, and never train on it"
            )


def attribution(path: str | Path) -> str:
    """Every source that a corpus really holds, all splits together, with its licence and count, as Markdown."""
    made = sum((Corpus(path, split).credited() for split in get_args(Split)), Counter())
    lines = [f"| {line} | {count} |" for line, count in sorted(made.items())]
    return "\n".join(["# Attribution", "", "| source and licence | samples |", "|---|---|", *lines, ""])
