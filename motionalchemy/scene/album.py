"""An album: pictures of subjects that ship with a model, cut out, and how one is found by words.

Nothing is drawn here. A sentence finds the picture whose name it says; where it says none, the one whose name is nearest in
meaning by the frozen word vectors, if any is near enough. Two files, an index and the pictures with the vectors of their
names, are read strictly and checked by their sums.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ConfigDict, TypeAdapter
from safetensors.numpy import load as unpacked

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.language import lexicon, subjects
from motionalchemy.language.subjects import Names
from motionalchemy.media import reader
from motionalchemy.nets import pack, text
from motionalchemy.nets.text import TokenEncoder

KIND, INDEX, PICTURES = "album", "index.json", "album.safetensors"
LARGEST = 16 * 2**20  # bytes of a file of an album
NEAR, LEAST = 0.53, 0.4  # cosines from which a text means what names say: the mean of both languages, and the lower one
SIDES = {"left": "right", "right": "left"}
ORDERS: dict[str | None, tuple[str, ...]] = {  # where a sentence says that a subject goes -> views, the best first
    None: ("side", "towards", "front", "away"),
    "left": ("side", "towards", "away", "front"),
    "right": ("side", "towards", "away", "front"),
    "towards": ("front", "towards", "side", "away"),
    "away": ("behind", "away", "side", "towards"),
}


@dataclass(frozen=True)
class Entry:
    """A picture of an album: its names in both languages and others that are less its own, `words` of its look, from where
    it is seen (side, front, towards, away, behind) and where it faces, whether it stands on something, whether it is whole
    or a head alone, how good it is to move (0 is best), its source, and where its bytes lie."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    key: str
    en: tuple[str, ...]
    zh: tuple[str, ...]
    also: tuple[str, ...]
    words: tuple[str, ...]
    view: str
    side: str | None
    stands: bool
    whole: bool
    order: int
    source: str
    licence: str
    authors: tuple[str, ...]
    begin: int
    size: int


ENTRIES = TypeAdapter(tuple[Entry, ...])


@dataclass(frozen=True, eq=False)
class AlbumMatch:
    """Pictures that are all called `name`, and whether the words say that name or only mean it."""

    name: str
    said: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, eq=False)
class AlbumPicture:
    """One picture (h, w, 4) uint8 of an album, its `entry`, and whether it was `mirrored`; `note` is for people, `facts`
    for a sidecar."""

    picture: np.ndarray
    entry: Entry
    mirrored: bool
    count: int
    said: bool

    @property
    def note(self) -> str:
        """What it is and whose, as a note."""
        one, near = self.entry, "" if self.said else "the nearest in meaning, "
        what = f"{one.en[0]}{'' if one.whole else ' (head only)'}"
        kept = f"not drawn but {near}one of {self.count} that ship"
        return f"picture of the subject, {kept}: {what}, {one.source}, {one.licence}"

    @property
    def facts(self) -> dict[str, Any]:
        """Its key, names and licence."""
        one = self.entry
        held = {"key": one.key, "en": one.en[0], "zh": one.zh[0] if one.zh else None, "source": one.source}
        return held | {
            "authors": list(one.authors),
            "licence": one.licence,
            "mirrored": self.mirrored,
            "said": self.said,
        }


class Album:
    """The album in a folder; raises MissingPart or InputError where it is not there or not whole."""

    def __init__(self, folder: Path):
        card = pack.read_card(folder)
        if card.get("kind") != KIND:
            raise InputError(f"{folder} holds a {card.get('kind')!r}, not an {KIND!r}")
        index, pictures = (_checked(folder / name, card) for name in (INDEX, PICTURES))
        try:
            tensors = unpacked(pictures)
            self._bytes, vectors = tensors["pictures"], tensors["vectors"].astype(np.float32)
            self.entries = ENTRIES.validate_json(index, strict=True)
            self.names = names_of(self.entries)
            if len(vectors) != len(self.names) or not _within(self.entries, len(self._bytes)):
                raise ValueError("the index is of other pictures")
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder} does not fit this version ({error}): fetch it again") from error
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-6)

    def __len__(self) -> int:
        return len(self.entries)

    @cached_property
    def _called(self) -> tuple[Names, Names]:
        """The names that are the pictures' own, and those together with all others."""
        return Names(self.names), Names({*self.names, *(name for entry in self.entries for name in entry.also)})

    def find(self, words: str, encoder: TokenEncoder | None = None) -> AlbumMatch | None:
        """The pictures of the subject of a sentence: by name, or, with an `encoder`, by meaning; None if none is near."""
        for names in self._called:
            if (name := subjects.spoken(words, names)) is not None:
                return self._found(name, True)
        near = None if encoder is None else self.nearest(subjects.guesses(words), encoder)
        return self._found(near[0], False) if near is not None and near[1] > NEAR else None

    def nearest(self, texts: Sequence[str], encoder: TokenEncoder) -> tuple[str, float] | None:
        """The name of the picture nearest in meaning to any of the texts, and the mean of its cosines to the nearest of its
        names in each language: 0 where one of the two is far, for what is alike in one alone may only share its letters."""
        if not texts:
            return None
        alike = meanings(list(texts), encoder) @ self._vectors.T  # (texts, names)
        each = np.stack(
            [[alike[:, rows].max(1) for rows in both] for both in self._rows.values()]
        )  # (pictures, 2, texts)
        near = np.where(each.min(1) < LEAST, 0, each.mean(1))
        best = int(near.max(1).argmax())
        return list(self._rows)[best], float(near[best].max())

    @cached_property
    def _rows(self) -> dict[str, list[list[int]]]:
        """First names -> where the vectors of all own names are, English and Chinese."""
        at = {name: number for number, name in enumerate(self.names)}
        return {e.en[0]: [[at[name] for name in names or e.en] for names in (e.en, e.zh)] for e in self.entries}

    def _found(self, name: str, said: bool) -> AlbumMatch:
        own = [entry for entry in self.entries if name in (*entry.en, *entry.zh)]
        held = own or [entry for entry in self.entries if name in entry.also]
        best = min(entry.order for entry in held)
        return AlbumMatch(name, said, tuple(entry for entry in held if entry.order == best))

    def take(self, found: AlbumMatch, words: str, seed: int = 0) -> AlbumPicture:
        """One of the pictures found, of the look and from the side that the words ask for; a seed picks among equals."""
        said, facing = lexicon.normalised(words), subjects.facing(words)
        spoken = set(said.replace(",", " ").split())
        entries = _best(found.entries, lambda entry: -_asked(entry, spoken, said))
        order = (*ORDERS[facing], "front", "behind")
        shown = _best(entries, lambda entry: order.index(entry.view))
        one = random.Random(seed).choice(shown)
        mirrored = facing in SIDES and one.side == SIDES.get(facing or "")
        picture = reader.layer(self._bytes[one.begin : one.begin + one.size].tobytes())
        return AlbumPicture(picture[:, ::-1].copy() if mirrored else picture, one, mirrored, len(self), found.said)

    def licences(self) -> Counter[str]:
        """How many pictures are of which source, under which licence."""
        return Counter(f"{entry.source} ({entry.licence})" for entry in self.entries)


@cache
def of(folder: Path) -> Album:
    """The album in a folder, read once."""
    return Album(folder)


def names_of(entries: Sequence[Entry]) -> list[str]:
    """All names that are the pictures' own, in the order of their vectors."""
    return sorted({name for entry in entries for name in (*entry.en, *entry.zh)})


def meanings(texts: list[str], encoder: TokenEncoder) -> np.ndarray:
    """Texts -> unit vectors (N, 512) of what they mean: those of their tokens summed, without the marks around them."""
    tokens = encoder.encode(texts, limit=32)
    inner = tokens.mask & tokens.mask.roll(-1, 1)
    inner[:, 0] = inner[:, -1] = False
    return torch.nn.functional.normalize((tokens.vectors * inner[..., None]).sum(1), dim=1).cpu().numpy()


def _checked(path: Path, card: dict[str, Any]) -> bytes:
    """The bytes of a file of which the card knows the sum."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise MissingPart(f"{path} is missing or too large: fetch it again")
    data, sums = path.read_bytes(), card.get("sha256") or {}
    if hashlib.sha256(data).hexdigest() != sums.get(path.name):
        raise InputError(f"{path} is not the file that its card speaks of: fetch it again")
    return data


def _within(entries: Sequence[Entry], size: int) -> bool:
    """Whether there are entries, each with a name, whose bytes are among so many."""
    return bool(entries) and all(e.en and 0 <= e.begin < e.begin + e.size <= size for e in entries)


def _best(entries: Sequence[Entry], worth: Any) -> list[Entry]:
    """Those of lowest worth."""
    least = min(map(worth, entries))
    return [entry for entry in entries if worth(entry) == least]


def _asked(entry: Entry, spoken: set[str], said: str) -> int:
    """How many words of a look a sentence says: whole ones in English, with or without the ending 色 in Chinese."""
    english = {part for word in entry.words if word.isascii() for part in word.split()}
    chinese = [word.removesuffix("色") for word in entry.words if not word.isascii()]
    return len(english & spoken) + sum(word in said for word in chinese if word)


def encoder() -> TokenEncoder:
    """The frozen word vectors, read once."""
    return text.shared()
