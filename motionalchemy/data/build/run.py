"""The build itself: make every item, pack the shards, write the indices and the attribution."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from motionalchemy.data.build import actors, emoji, scenes, stills
from motionalchemy.data.build.pack import CLIPS, Item, keep, pack, write_lines
from motionalchemy.data.corpus import attribution
from motionalchemy.errors import InputError, UnknownName

MAKERS: dict[str, Callable[[Path], Iterator[Item]]] = {
    "actors": actors.actors,
    "scenes": scenes.scenes,
    "turntables": actors.turntables,
    "emoji": emoji.clips,
    "sprite": emoji.sprites,
    "ground": stills.grounds,
    "sky": stills.skies,
    "panorama": stills.panoramas,
    "picture": stills.pictures,
}
KINDS = tuple(MAKERS)
LOOSE = ".loose"  # where items wait until all are made; what is there is not made again


@dataclass(frozen=True)
class Progress:
    """`done` items of `kind` kept so far, the last being `key`; `packed` once the corpus is complete."""

    kind: str
    done: int
    key: str
    packed: bool = False


def build(out: str | Path, packages: str | Path, kinds: tuple[str, ...] = KINDS, limit: int = 0) -> Iterator[Progress]:
    """Build a corpus at `out` from the package files in `packages`, yielding after every item; resumes where it ended.

    `limit` bounds the items of each kind (0: all). Raises MissingPart when a package is absent, naming the command that
    brings it, UnknownName for a kind not in KINDS, and InputError when `out` already holds a corpus.
    """
    folder, source = Path(out), Path(packages)
    for kind in kinds:
        if kind not in MAKERS:
            raise UnknownName("kind", kind, MAKERS)
    if (folder / "index.jsonl").exists():
        raise InputError(f"{folder} already holds a corpus: delete it or choose another folder")
    for kind in kinds:
        done = 0
        for item in MAKERS[kind](source):
            if keep(item, folder / LOOSE / kind):
                done += 1
                yield Progress(kind, done, item.key)
            if done == limit > 0:
                break
    _pack(folder, kinds)
    yield Progress("all", sum(1 for _ in (folder / "index.jsonl").open()), "", packed=True)


def _pack(folder: Path, kinds: tuple[str, ...]) -> None:
    clips, pictures = [], []
    for kind in kinds:
        still = kind not in CLIPS
        for shard, facts in pack(folder / LOOSE / kind, folder / "stills" if still else folder, kind):
            row = {"key": facts["key"], "shard": shard, "kind": kind}
            if still:
                pictures.append(row | {"en": facts["en"], "split": facts["split"]})
            else:
                clips.append(
                    row | {"subject": facts["subject"]["en"], "action": facts["action"]["en"], "split": facts["split"]}
                )
    if pictures:
        write_lines(folder / "stills" / "stills.jsonl", pictures)
    write_lines(folder / "index.jsonl", clips)
    (folder / "ATTRIBUTION.md").write_text(attribution(folder), "utf-8")
    shutil.rmtree(folder / LOOSE, ignore_errors=True)
