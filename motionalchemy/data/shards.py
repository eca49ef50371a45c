"""Reading the corpus shards: RGBA layers and scenes with the facts that describe them.

A shard is a tar of `KEY.mp4` + `KEY.json` pairs; `index.jsonl` lists every sample. A layer's video is twice as tall as
its picture: colour (over mid grey) on top, alpha below.
"""

import io
import json
import tarfile
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from motionalchemy.errors import MissingPart

LAYERS = ("actors", "turntables", "emoji")  # kinds that carry alpha


@dataclass(frozen=True)
class Entry:
    """One line of the index: where a sample lies, and what it shows."""

    key: str
    shard: str
    kind: str
    subject: str
    action: str | None
    split: str


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
    """The samples of one split, in the order of the index; raises MissingPart when there is no corpus."""
    path = corpus / "index.jsonl"
    if not path.is_file():
        raise MissingPart(
            f"no corpus at {corpus}: there is no index.jsonl; give the folder that holds one with --corpus"
        )
    entries = [Entry(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    return [e for e in entries if e.split == split and (kinds is None or e.kind in kinds)]


@lru_cache(maxsize=64)
def _members(shard: Path) -> dict[str, tuple[int, int]]:
    with tarfile.open(shard) as tar:
        return {m.name: (m.offset_data, m.size) for m in tar if m.isfile()}


def member(shard: Path, name: str) -> bytes:
    """One file of a shard, read at its offset."""
    offset, size = _members(shard)[name]
    with shard.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def facts(corpus: Path, entry: Entry) -> dict[str, Any]:
    """The structured facts of one sample."""
    return json.loads(member(corpus / entry.shard, f"{entry.key}.json"))


def read(corpus: Path, entry: Entry, frames: int | None = None) -> Layer:
    """Decode one sample: its first `frames` or all (T, H, W, 3), alpha (T, H, W) for the kinds in LAYERS, and its facts."""
    with av.open(io.BytesIO(member(corpus / entry.shard, f"{entry.key}.mp4")), mode="r") as file:
        shown = islice(file.decode(video=0), frames)
        video = np.stack([frame.to_ndarray(format="rgb24") for frame in shown])  # (T, 2H, W, 3)
    colour, alpha = video, None
    if entry.kind in LAYERS:
        half = video.shape[1] // 2
        colour, alpha = video[:, :half], video[:, half:, :, 0]
    return Layer(colour, alpha, facts(corpus, entry))


def stills(corpus: Path, split: str = "train", kinds: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    """The still images of one split: key, shard, kind, en and split of each; empty when the corpus has none."""
    path = corpus / "stills" / "stills.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines]
    return [s for s in found if s["split"] == split and (kinds is None or s["kind"] in kinds)]


def read_still(corpus: Path, still: dict[str, Any]) -> np.ndarray:
    """Decode one still: (H, W, 3 or 4) uint8, the fourth channel being straight alpha."""
    with Image.open(io.BytesIO(member(corpus / "stills" / still["shard"], f"{still['key']}.webp"))) as image:
        return np.asarray(image if image.mode in ("RGB", "RGBA") else image.convert("RGB"))
