"""Reading the corpus shards: RGBA layers and scenes with the facts that describe them.

A shard is a tar of `KEY.mp4` + `KEY.json` pairs; `index.jsonl` lists every sample. A layer's video is twice as tall as
its picture: colour (over mid grey) on top, alpha below.
"""

import io
import json
import tarfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image
from pydantic import Field, TypeAdapter, ValidationError

from motionalchemy.errors import InputError, MissingPart

KINDS = ("actors", "scenes", "turntables", "emoji")
LAYERS = ("actors", "turntables", "emoji")  # kinds that carry alpha
Split = Literal["train", "test", "fewshot"]
LARGEST = 256 << 20  # bytes of an index
Name = Annotated[str, Field(pattern=r"^\w[\w.+ -]*$", max_length=200)]  # of a file beside the index, or inside a shard


@dataclass(frozen=True)
class Entry:
    """One line of the index: where a sample lies, and what it shows."""

    key: Name
    shard: Name
    kind: Literal["actors", "scenes", "turntables", "emoji"]
    subject: str
    action: str | None
    split: Split


@dataclass(frozen=True)
class Still:
    """One line of the index of stills."""

    key: Name
    shard: Name
    kind: str
    en: str
    split: Split


class Facts(dict[str, Any]):
    """The facts of a sample; raises InputError for one that is not among them."""

    def __init__(self, name: str, facts: dict[str, Any]):
        super().__init__(facts)
        self.name = name

    def __missing__(self, key: str) -> Any:
        raise InputError(f"{self.name} lacks {key!r}: build the corpus again")


@dataclass(frozen=True)
class Layer:
    """`colour` (T, H, W, 3) uint8 already multiplied into mid grey, `alpha` (T, H, W) uint8 or None, and the facts.

    `shown` (T,) says which frames of its sample they are, where they are not all of them in order.
    """

    colour: np.ndarray
    alpha: np.ndarray | None
    facts: dict[str, Any]
    shown: np.ndarray | None = None


def index(corpus: Path, split: str = "train", kinds: tuple[str, ...] | None = None) -> list[Entry]:
    """The samples of one split, in the order of the index; raises MissingPart when there is no corpus, InputError where a
    line of its index is none."""
    path = corpus / "index.jsonl"
    if not path.is_file():
        raise MissingPart(
            f"no corpus at {corpus}: there is no index.jsonl; give the folder that holds one with --corpus"
        )
    entries = _lines(path, TypeAdapter(Entry))
    return [e for e in entries if e.split == split and (kinds is None or e.kind in kinds)]


def check(corpus: Path, split: str = "train") -> None:
    """Raise MissingPart without a corpus, InputError where it has no sample of a split, or a shard is not there."""
    listed = [(corpus, entry.shard) for entry in index(corpus, split)]
    if not listed:
        raise InputError(
            f"the corpus at {corpus} has no samples of the split {split!r}: give a whole one with --corpus"
        )
    listed += [(corpus / "stills", still["shard"]) for still in stills(corpus, split)]
    for path in dict.fromkeys(folder / name for folder, name in listed):
        if not path.is_file():
            raise InputError(f"{path} is missing: the index names it, so fetch the corpus again or build it again")


def _lines(path: Path, shape: TypeAdapter) -> list[Any]:
    """Every line of an index, checked; raises InputError naming the line and what is wrong with it."""
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path} has more than {LARGEST >> 20} MB: it is no index of a corpus")
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(shape.validate_json(line, strict=True))
        except ValidationError as error:
            first = error.errors()[0]
            said = "no plain name of a file" if "pattern" in first["type"] else first["msg"].partition(" at line ")[0]
            why = f"{'.'.join(map(str, first['loc'])) or 'the line'}: {said[:1].lower()}{said[1:]}"
            raise InputError(f"{path}, line {number} is not a sample ({why}): build the corpus again") from error
    return found


@lru_cache(maxsize=64)
def _members(shard: Path) -> dict[str, tuple[int, int]]:
    with tarfile.open(shard) as tar:
        return {m.name: (m.offset_data, m.size) for m in tar if m.isfile()}


def member(shard: Path, name: str) -> bytes:
    """One file of a shard, read at its offset; raises InputError where the shard is not there, is no tar, or lacks it."""
    try:
        offset, size = _members(shard)[name]
    except (OSError, tarfile.TarError, KeyError) as error:
        why = f"holds no {name}" if isinstance(error, KeyError) else "is missing or damaged"
        raise InputError(f"{shard} {why}: fetch the corpus again or build it again") from error
    with shard.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def facts(corpus: Path, entry: Entry) -> dict[str, Any]:
    """The structured facts of one sample; raises InputError where they are damaged, or lack what is asked of them."""
    name = f"{entry.key}.json in {corpus / entry.shard}"
    try:
        return Facts(name, json.loads(member(corpus / entry.shard, f"{entry.key}.json")))
    except (ValueError, TypeError) as error:
        raise InputError(f"{name} is damaged: fetch the corpus again or build it again") from error


def read(corpus: Path, entry: Entry, frames: int | None = None) -> Layer:
    """Decode one sample: its first `frames` or all (T, H, W, 3), alpha (T, H, W) for the kinds in LAYERS, and its facts."""
    clip = member(corpus / entry.shard, f"{entry.key}.mp4")
    try:
        with av.open(io.BytesIO(clip), mode="r") as file:
            shown = islice(file.decode(video=0), frames)
            video = np.stack([frame.to_ndarray(format="rgb24") for frame in shown])  # (T, 2H, W, 3)
    except (FFmpegError, ValueError, IndexError) as error:
        name = f"{entry.key}.mp4 in {corpus / entry.shard}"
        raise InputError(f"{name} is damaged: fetch the corpus again or build it again") from error
    colour, alpha = video, None
    if entry.kind in LAYERS:
        half = video.shape[1] // 2
        colour, alpha = video[:, :half], video[:, half:, :, 0]
    return Layer(colour, alpha, facts(corpus, entry))


def stills(corpus: Path, split: str = "train", kinds: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    """The still images of one split: key, shard, kind, en and split of each; empty when the corpus has none."""
    path = corpus / "stills" / "stills.jsonl"
    found = [asdict(still) for still in _lines(path, TypeAdapter(Still))] if path.is_file() else []
    return [s for s in found if s["split"] == split and (kinds is None or s["kind"] in kinds)]


def read_still(corpus: Path, still: dict[str, Any]) -> np.ndarray:
    """Decode one still: (H, W, 3 or 4) uint8, the fourth channel being straight alpha."""
    with Image.open(io.BytesIO(member(corpus / "stills" / still["shard"], f"{still['key']}.webp"))) as image:
        return np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))
