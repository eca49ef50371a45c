"""Pictures that people bring: every case asked for in both languages through the real door, and judged without a true clip.

A run is a folder: `run.json` (what decides its numbers), `clips/KEY.mp4` with their sidecars, `verdicts/KEY.json` (what was
measured of each), `sheets/KEY.png`, and what is written at the end: `report.html`, `report.json` and `verdicts.csv`, in
which a person fills in `eye_done` and `eye_kept`. What is there is not made again, so a run that was stopped goes on; a
clip that another build put into `clips` is judged as it is.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motionalchemy.errors import InputError, MotionAlchemyError
from motionalchemy.evaluate import happened, harm, people_page
from motionalchemy.evaluate.seen import Seen, Understood
from motionalchemy.evaluate.wanted import PARTS, wanted
from motionalchemy.media import reader, writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone
from motionalchemy.nets import pack
from motionalchemy.pipeline.inputs import steps
from motionalchemy.pipeline.make import collect

LANGUAGES = ("en", "zh")
COLUMNS, WIDE = 6, 200  # frames of a sheet, and their width in pixels
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
VERDICTS = "verdicts.csv"


@dataclass(frozen=True)
class Case:
    """A picture and what is asked of it in both languages; `kind` is what it is mainly about, of wanted.PARTS."""

    id: str
    picture: str
    en: str
    zh: str
    kind: str


@dataclass(frozen=True)
class Settings:
    """What decides a run's numbers: the model, seed and size (None: the model's own); which cases are asked, of which
    kinds (`only`, all unless given) and how many (`limit`)."""

    cases: Path
    pictures: Path
    model: str = "nano"
    seed: int = 0
    size: int | None = None
    only: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class Progress:
    """Where a run stands: `done` of `total` clips judged, the clip in hand, and the seconds left (None at first)."""

    done: int
    total: int
    key: str
    seconds_left: float | None


def read_cases(path: Path) -> list[Case]:
    """The cases of a file: a JSON list of objects with id, picture, en, zh and kind; raises InputError."""
    remedy = "give a JSON list of objects with id, picture, en, zh and kind"
    try:
        rows = json.loads(path.read_text("utf-8"))
        cases = [Case(**{name: row[name] for name in Case.__dataclass_fields__}) for row in rows]
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read ({error.strerror}): {remedy}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{str(path)!r} holds no cases: {remedy}") from error
    for number, case in enumerate(cases, 1):
        _check(case, f"case {number} of {str(path)!r}")
    if not cases or len({case.id for case in cases}) < len(cases):
        raise InputError(f"{str(path)!r} holds no cases, or two of one id: {remedy}")
    return cases


def _check(case: Case, named: str) -> None:
    """Raise InputError for a case that says nothing, or whose id names no file."""
    empty = next((name for name, value in vars(case).items() if not isinstance(value, str) or not value.strip()), None)
    if empty is not None:
        raise InputError(f"{named} has no text as {empty}: give id, picture, en, zh and kind")
    if Path(case.id).name != case.id or case.id.startswith("."):
        raise InputError(f"{named} has the id {case.id!r}: give one that can name a file")
    if case.kind not in PARTS:
        raise InputError(f"{named} has kind {case.kind!r}: kinds are {', '.join(PARTS)}")


def chosen(settings: Settings) -> list[tuple[Case, Path]]:
    """The cases that are asked, each with its picture; raises InputError for a kind or a picture that is not there."""
    strange = [kind for kind in settings.only if kind not in PARTS]
    if strange:
        raise InputError(f"there are no cases of kind {strange[0]!r}: kinds are {', '.join(PARTS)}")
    cases = [case for case in read_cases(settings.cases) if not settings.only or case.kind in settings.only]
    if not cases:
        raise InputError(f"{str(settings.cases)!r} has no case of kind {', '.join(settings.only)}: leave out --only")
    return [(case, _picture(settings.pictures, case.picture)) for case in cases[: settings.limit]]


def _picture(folder: Path, name: str) -> Path:
    found = sorted(path for path in folder.glob(f"{Path(name).name}.*") if path.suffix.lower() in PICTURES)
    if not found:
        raise InputError(f"there is no picture {name!r} in {str(folder)!r}: put the pictures of the cases there")
    return found[0]


def evaluate(
    settings: Settings, out: Path, backbone: Backbone | None = None, device: str = "auto", beside: Path | None = None
) -> Iterator[Progress]:
    """Make and judge every clip of a run, yielding after each; then write its report, page and table.

    The model loads only if a clip is missing. What it refuses stands in the report. The page shows a finished run `beside`
    this one, of another build. Raises InputError when `out` holds another run, or for cases, pictures or a run beside it
    that are not there.
    """
    plan = chosen(settings)
    if beside is not None:
        people_page.read_report(beside)
    claim(out, settings)
    total, done, fresh, began = len(plan) * len(LANGUAGES), 0, 0, time.perf_counter()
    for case, picture in plan:
        understood: Understood | None = None
        for language in LANGUAGES:
            key = f"{case.id}-{language}"
            verdict = out / "verdicts" / f"{key}.json"
            if not _judged(verdict):
                film = out / "clips" / f"{key}.mp4"
                if not film.is_file() and backbone is None:
                    backbone = registry.load(settings.model, device)
                record = _record(case, language)
                refused = None if film.is_file() else _made(settings, case, language, picture, film, backbone)
                if refused is None:
                    clip = reader.read_clip(film)
                    understood = understood or Understood.of(clip.frames[0])
                    record |= judged(clip, understood, case, language) | _said(film)
                    _show(out, key, clip)
                pack.write_json(verdict, record | {"refused": refused})
                fresh += 1
            done += 1
            left = (time.perf_counter() - began) / fresh * (total - done) if fresh else None
            yield Progress(done, total, key, left)
    write(out, beside)


def _judged(path: Path) -> bool:
    """Whether a clip has its verdict; what was refused is asked again."""
    return path.is_file() and json.loads(path.read_text("utf-8"))["refused"] is None


def _record(case: Case, language: str) -> dict[str, Any]:
    key = f"{case.id}-{language}"
    words = case.en if language == "en" else case.zh
    return {"key": key, "kind": case.kind, "language": language, "words": words, "seconds": None, "notes": []}


def _made(
    settings: Settings, case: Case, language: str, picture: Path, film: Path, backbone: Backbone | None
) -> str | None:
    """Make one clip; returns why it was refused, None if it was not."""
    words = case.en if language == "en" else case.zh
    try:
        collect(steps(picture, words, size=settings.size, seed=settings.seed, output=film, backbone=backbone))
    except MotionAlchemyError as error:
        return str(error)
    return None


def judged(clip: Clip, understood: Understood, case: Case, language: str) -> dict[str, Any]:
    """What is measured of a clip: whether what was asked is seen (`done`: 1, 0.5, 0), whether its picture is kept (`kept`:
    1, 0), and why."""
    seen = Seen(clip, understood, wanted(case.en if language == "en" else case.zh, case.kind))
    done, said = happened.done(seen)
    measured = harm.harm(seen)
    kept = int(not measured.why)
    return {"done": done, "seen": said, "kept": kept, "why": list(measured.why), "harm": asdict(measured)}


def _said(film: Path) -> dict[str, Any]:
    """What the sidecar of a clip says: its notes, and how long it took."""
    try:
        facts = json.loads(film.with_suffix(".json").read_text("utf-8"))
        notes = [str(note) for note in facts.get("found", {}).get("notes", [])]
        return {"notes": notes, "seconds": round(sum(facts.get("timings", {}).values()), 2)}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _show(out: Path, key: str, clip: Clip) -> None:
    """Write the sheet of a clip."""
    at = np.linspace(0, len(clip) - 1, COLUMNS).round().astype(int)
    high = max(1, round(WIDE * clip.height / clip.width))
    small = np.stack([cv2.resize(frame, (WIDE, high), interpolation=cv2.INTER_AREA) for frame in clip.frames[at]])
    sheet = writer.contact_sheet([small], columns=COLUMNS)
    writer.write(Clip(sheet[None], 1.0), out / "sheets" / f"{key}.png")


def claim(out: Path, settings: Settings) -> None:
    """Write what this run is, or check that the folder holds the same run, whatever its kinds and number of cases.

    Raises InputError when it holds another run or other files.
    """
    asked: dict[str, Any] = {"task": "people", "model": settings.model, "seed": settings.seed, "size": settings.size}
    path = out / "run.json"
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        other = sorted(name for name in asked if found.get(name) != asked[name])
        if other:
            raise InputError(f"{out} holds a run with another {', '.join(other)}: choose another folder with --out")
    elif out.is_dir() and set(os.listdir(out)) - {"clips"}:
        raise InputError(f"{out} holds other files: choose a new or empty folder with --out")
    for folder in ("clips", "verdicts", "sheets"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    pack.write_json(path, asked)


def write(out: Path, beside: Path | None = None) -> dict[str, Any]:
    """Write the report, the page and the table of a run from its verdicts; what a person has filled in stays. The page
    shows another run `beside` it."""
    records = [json.loads(path.read_text("utf-8")) for path in sorted((out / "verdicts").glob("*.json"))]
    if not records:
        raise InputError(f"{out} holds no verdicts: run `evaluate --task people` with it first")
    report = {"run": json.loads((out / "run.json").read_text("utf-8")), "counts": counts(records), "clips": records}
    pack.write_json(out / "report.json", report)
    people_page.write(out, report, beside)
    people_page.write_table(out / VERDICTS, records)
    return report


def counts(records: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """By kind, and of all: clips, how many are done, half done and kept."""
    found: dict[str, dict[str, int]] = {}
    for kind in (*PARTS, "all"):
        of = [each for each in records if kind in ("all", each["kind"])]
        if of:
            made = [each for each in of if each["refused"] is None]
            done, half = (sum(each["done"] == mark for each in made) for mark in (1, 0.5))
            kept = sum(each["kept"] for each in made)
            found[kind] = {"clips": len(of), "done": done, "half": half, "kept": kept, "refused": len(of) - len(made)}
    return found
