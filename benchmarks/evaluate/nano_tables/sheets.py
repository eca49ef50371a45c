"""Pictures to look at: what camera words did to stills, and the cases that came out worst."""

from pathlib import Path

import numpy as np

from motionalchemy.evaluate.frames import resized
from motionalchemy.evaluate.rows import ENGLISH, MANDARIN, TRUTH
from motionalchemy.media import reader, writer
from motionalchemy.media.clip import Clip
from nano_tables.figures import Record
from nano_tables.questions import SHOWN
from nano_tables.runs import Task

SIDE, MOMENTS, WORST = 128, 6, 4


def photos(tasks: list[Task], out: Path) -> Path | None:
    """A row per still: the still, then for every camera word the last frame, English and Chinese; None without any."""
    films: dict[str, dict[tuple[str, str], Path]] = {}
    for task in tasks:
        film = task.at(out).with_suffix(".mp4")
        if task.listed.part == "cameras" and task.listed.group.startswith("still-") and film.is_file():
            word = task.listed.key.removeprefix(f"{task.listed.group}-")
            films.setdefault(task.listed.group, {})[word, task.row] = film
    rows = []
    for found in films.values():
        clips = [
            reader.read_clip(found[word, row]) for word in SHOWN for row in (ENGLISH, MANDARIN) if (word, row) in found
        ]
        if clips:
            rows.append(_small(np.stack([clips[0].frames[0], *(clip.frames[-1] for clip in clips)])))
    return _written(rows, 1 + 2 * len(SHOWN), out / "photos.png") if rows else None


def worst(records: list[Record]) -> list[Record]:
    """Of the verbs asked in English and not recognised those furthest from the true clip, one for each picture given."""
    missed = [r for r in records if (r["part"], r["row"], r["right"]) == ("verbs", ENGLISH, 0.0)]
    found: dict[str, Record] = {}
    for record in sorted(missed, key=lambda r: (-r["scores"]["lpips_like"], r["key"])):
        found.setdefault(record["group"], record)
    return list(found.values())[:WORST]


def failures(tasks: list[Task], records: list[Record], out: Path) -> Path | None:
    """Two rows for each of the worst: what was made, and what is true; None when nothing was missed."""
    at = {
        (task.listed.key, task.row): task.at(out).with_suffix(".mp4") for task in tasks if task.listed.part == "verbs"
    }
    rows = [_small(reader.read_clip(at[r["key"], row]).frames) for r in worst(records) for row in (ENGLISH, TRUTH)]
    return _written(rows, MOMENTS, out / "failures.png") if rows else None


def _small(frames: np.ndarray) -> np.ndarray:
    return resized(frames, SIDE, SIDE)


def _written(rows: list[np.ndarray], columns: int, path: Path) -> Path:
    return writer.write(Clip(writer.contact_sheet(rows, columns)[None]), path)
