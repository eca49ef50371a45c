"""Making an album of subjects from the train split of a corpus: sprites, and first frames of actors and of things.

`python -m motionalchemy.data.album --corpus DIR --out DIR` writes the same bytes each time.
"""

import argparse
import hashlib
import io
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.numpy import save

from motionalchemy.data import album_choice
from motionalchemy.data.compose import rgba
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.shards import Entry as Sample
from motionalchemy.errors import InputError, MotionAlchemyError
from motionalchemy.language.lexicon import normalised
from motionalchemy.media import pullpush
from motionalchemy.nets import pack, text
from motionalchemy.scene import album
from motionalchemy.scene.album import Entry

SIDE, QUALITY = 192, 80
FEWER = 3  # pictures that may share a tag, or it says too little
ALIKE = 0.5  # the cosine to a name from which a tag means the thing, and not what is done with it
LOOKS, THINGS = 6, 2  # looks of a person or rider, of a thing
ANIMAL = ("side", "towards", "front", "behind")
TOOLS = ("hoe", "pickaxe", "basket", "axe", "spear")
VIEWS = {
    "facing left": ("side", "left"),
    "facing right": ("side", "right"),
    "facing left and towards the camera": ("towards", "left"),
    "facing right and towards the camera": ("towards", "right"),
    "facing left and away from the camera": ("away", "left"),
    "facing right and away from the camera": ("away", "right"),
    "facing the camera": ("front", None),
    "seen from behind": ("behind", None),
}
LYING = frozenset(
    ("getup_facedown", "getup_faceup", "roll", "backflip", "spin", "cartwheel", "butcher", "hammer", "fall", "dance_b")
)
CALM = {"stand": 0, "rest": 0, "walk": 1, "stroll": 1, "graze": 2, "trot": 2}  # actions that begin as a subject stands


@dataclass(frozen=True, eq=False)
class Picture:
    """An entry whose bytes are not placed yet, and its picture (h, w, 4) uint8."""

    entry: Entry
    picture: np.ndarray


def build(corpus: Corpus, out: Path) -> Counter[str]:
    """Write an album of what a corpus holds; returns how many pictures are of which source.

    Raises InputError for another split than train.
    """
    if corpus.split != "train":
        raise InputError(f"an album ships, so it is made of the 'train' split and not of {corpus.split!r}: open that")
    entries, data = list[Entry](), bytearray()
    for each in (*_sprites(corpus), *_actors(corpus), *_things(corpus)):
        packed = _packed(each.picture)
        entries.append(replace(each.entry, begin=len(data), size=len(packed)))
        data += packed
    entries = _distinct(entries)
    vectors = album.meanings(album.names_of(entries), text.shared())
    rows = np.rint(vectors / np.abs(vectors).max(1, keepdims=True).clip(1e-6) * 127).astype(np.int8)
    return write(out, entries, {"pictures": np.frombuffer(bytes(data), np.uint8), "vectors": rows}, corpus.split)


def write(out: Path, entries: list[Entry], tensors: dict[str, np.ndarray], split: str) -> Counter[str]:
    """Write the three files of an album; returns how many pictures are of which source.

    `tensors` holds `pictures` (bytes,) uint8, where each entry's file lies, and `vectors` (names, width) int8.
    """
    index = json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, separators=(",", ":")).encode()
    files = {album.INDEX: index, album.PICTURES: save(tensors)}
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    credits = Counter(f"{entry.source} ({entry.licence})" for entry in entries)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    card = {"kind": album.KIND, "count": len(entries), "sha256": sums, "split": split, "credits": dict(credits)}
    pack.write_json(out / "config.json", card)
    return credits


def _packed(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()


def _cut(picture: np.ndarray) -> np.ndarray:
    """A picture (h, w, 4) float in [0, 1], colours straight, cropped to what shows and its colours led on beyond that."""
    alpha = picture[..., 3:]
    rows, columns = (np.flatnonzero((alpha[..., 0] > 0.03).any(axis)) for axis in (1, 0))
    inside = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    colours = torch.from_numpy(inside[..., :3].copy()).permute(2, 0, 1)[None].float()
    sure = torch.from_numpy((inside[..., 3] > 0.9).astype(np.float32))[None, None]
    led = pullpush.pull_push(colours, sure)[0].permute(1, 2, 0).numpy() if sure.any() else inside[..., :3]
    shown = np.where(inside[..., 3:] > 0.9, inside[..., :3], led)
    whole = (np.dstack((shown, inside[..., 3])) * 255).clip(0, 255).round().astype(np.uint8)
    share = min(1.0, SIDE / max(whole.shape[:2]))
    size = max(1, round(whole.shape[1] * share)), max(1, round(whole.shape[0] * share))
    return np.array(Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS)) if share < 1 else whole


def _named(en: str, zh: str) -> dict[str, tuple[str, ...]]:
    """The names of a subject: its own and those that people also use."""
    own, short = [re.sub("[:.]", "", normalised(name)) for name in (en, zh)], en.split(" on a ")[0].split(" with ")[0]
    more = album_choice.ALIASES.get(en, ("", ""))
    names = [
        tuple(dict.fromkeys(n for n in (mine, *map(normalised, extra.split("|"))) if n))
        for mine, extra in zip(own, more, strict=True)
    ]
    return {"en": names[0], "zh": names[1], "also": (normalised(short), normalised(short.split()[-1]))}


def _sprites(corpus: Corpus) -> Iterator[Picture]:
    rows = {row: (side, stands, whole) for row, side, stands, whole in album_choice.ROWS}
    group = {name: rows[row] for row, names in album_choice.SPRITES.items() for name in names.split("|")}
    seen = set[str]()
    for still in corpus.stills("sprite"):
        if still["en"] not in group or still["en"] in seen:
            continue
        seen.add(still["en"])
        facts, (side, stands, whole) = corpus.still_facts(still), group[still["en"]]
        side = "right" if still["en"] in album_choice.RIGHT else side
        names = _named(facts["en"], facts["zh"] or "")
        tags = (normalised(tag) for tag in facts.get("tags_zh", ()))
        names["also"] = tuple(dict.fromkeys(tag for tag in tags if tag not in (*names["en"], *names["zh"])))
        order = 1 if whole else 2
        picture = _cut(corpus.read_still(still).permute(1, 2, 0).numpy())
        yield Picture(_entry(facts, names, (), "side" if side else "front", side, stands, whole, order), picture)


def _entry(
    facts: dict[str, Any], names: dict[str, tuple[str, ...]], words: tuple[str, ...], view: str, side: str | None,
    stands: bool, whole: bool, order: int,
) -> Entry:  # fmt: skip
    whose = {name: facts.get(name, f"unknown {name}") for name in ("source", "licence")}
    shown = {"view": view, "side": side, "stands": stands, "whole": whole, "order": order}
    authors = tuple(facts.get("authors") or ())
    return Entry(facts["key"], **names, words=words, **shown, **whose, authors=authors, begin=0, size=0)  # type: ignore[arg-type]


def _actors(corpus: Corpus) -> Iterator[Picture]:
    """Each look of each subject from three or four sides."""
    looks: dict[str, dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for entry in corpus.entries["actors"]:
        facts = corpus.facts(entry)
        look = (facts["team"] or {}).get("en") or ", ".join(facts["appearance"]["en"])
        looks[facts["subject"]["en"]][look].append(entry)
    for subject in sorted(looks):
        clothed = any(corpus.facts(e)["team"] for held in looks[subject].values() for e in held)
        kept = sorted(looks[subject], key=lambda look: (-len(looks[subject][look]), look))[: LOOKS if clothed else None]
        seen = [(look, view) for look in kept for view in (("side", "towards") if clothed else ANIMAL)]
        shown = [looks[subject][look] for look in kept]
        found = [[e for e in looks[subject][look] if _view(corpus.facts(e))[0] == view] for look, view in seen]
        for held in [each for each in found if each] or shown[:1]:
            yield _actor(corpus, min(held, key=lambda e: _worth(corpus.facts(e))))


def _view(facts: dict[str, Any]) -> tuple[str, str | None]:
    return VIEWS[facts["camera"]["view"]["en"]]


def _worth(facts: dict[str, Any]) -> tuple:
    """How far a first frame is from that of a subject which merely stands there; small is near."""
    tools = sum(word in TOOLS for word in facts["appearance"]["en"])
    action, moving = facts["action"]["key"], facts["start"] != "from a standing pose"
    return (moving and action in LYING, moving, tools, CALM.get(action, 3), facts["key"])


def _actor(corpus: Corpus, entry: Sample) -> Picture:
    layer = corpus.read(entry, 1)
    facts, (view, side) = layer.facts, _view(layer.facts)
    stands = facts["action"]["key"] not in ("fly", "glide", "swim")
    names = _named(facts["subject"]["en"], facts["subject"]["zh"])
    return Picture(_entry(facts, names, _looks(facts), view, side, stands, True, 0), _first(layer))


def _looks(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple(word for language in ("en", "zh") for word in facts["appearance"][language])


def _first(layer: Any) -> np.ndarray:
    """The first frame of a layer, cut out."""
    found = rgba(layer)[0].permute(1, 2, 0).numpy()
    straight = found[..., :3] / found[..., 3:].clip(1 / 255)
    return _cut(np.dstack((straight.clip(0, 1), found[..., 3])))


def _things(corpus: Corpus) -> Iterator[Picture]:
    """Buildings, ships, plants and other things that no actor is."""
    acting = {entry.subject for entry in corpus.entries["actors"]}
    held: dict[str, dict[str, Sample]] = defaultdict(dict)
    for entry in corpus.entries["turntables"]:
        if entry.subject not in acting and entry.subject != "general":
            held[entry.subject].setdefault(", ".join(corpus.facts(entry)["appearance"]["en"]), entry)
    for subject in sorted(held):
        for look in list(held[subject])[:THINGS]:
            layer = corpus.read(held[subject][look], 1)
            names = _named(layer.facts["subject"]["en"], layer.facts["subject"]["zh"])
            yield Picture(_entry(layer.facts, names, _looks(layer.facts), "front", None, True, True, 0), _first(layer))


def _distinct(entries: list[Entry]) -> list[Entry]:
    """The entries without those other names that too many have, that are somebody's own, or that mean something else."""
    own = {name for entry in entries for name in (*entry.en, *entry.zh)}
    shared = Counter(name for entry in entries if entry.order for name in entry.also)

    def says(entry: Entry, name: str) -> bool:
        if name in own or len(name) < 2 or name.endswith("色") or not entry.order:
            return name not in own and len(name) > 1 and not name.endswith("色")
        names = [*entry.en, *entry.zh, name]
        found = album.meanings(names, text.shared()) if shared[name] <= FEWER else np.zeros((1, 1))
        return float((found[:-1] @ found[-1]).max(initial=0)) > ALIKE

    return [replace(e, also=tuple(dict.fromkeys(name for name in e.also if says(e, name)))) for e in entries]


def main(arguments: list[str] | None = None) -> int:
    """Build an album and say what it holds; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m motionalchemy.data.album", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder that holds index.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the album")
    asked = parser.parse_args(arguments)
    try:
        for credit, count in sorted(build(Corpus(asked.corpus, "train"), asked.out).items()):
            print(f"{count} pictures: {credit}")
    except MotionAlchemyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
