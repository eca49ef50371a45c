"""The suite: ask a model through the real door for what has a known answer, beside baselines, and write one table.

A run is a folder: `run.json` (what was asked), `clips/ROW/KEY.mp4`, `scores/ROW/KEY.json`, and the report. What is there
is not made again, so a run that was stopped goes on where it was.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motionalchemy import backbones, media
from motionalchemy.backbones import Backbone
from motionalchemy.clip import Clip
from motionalchemy.errors import InputError, UnknownName
from motionalchemy.make import collect, make
from motionalchemy.measure import heldout, report, scores
from motionalchemy.measure.heldout import Case
from motionalchemy.nets import pack
from motionalchemy.request import parse

TASKS = ("animate",)
OURS = {"en": "model, English", "zh": "model, Chinese"}  # prompt language -> row
STILL, FADE, TRUTH, NEAREST = "still image", "cross-fade", "true clip", "nearest training clip"


@dataclass(frozen=True)
class Settings:
    """What decides a run's numbers; `size` None is the model's own, `groups` are those of `scores.GROUPS`."""

    model: str = "nano"
    task: str = "animate"
    n: int = 64
    seed: int = 0
    size: int | None = None
    seconds: float = 2.0
    groups: tuple[str, ...] = scores.DEFAULT

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise UnknownName("task", self.task, TASKS)
        for group in self.groups:
            scores.check_group(group)
        if self.n < 1:
            raise InputError(f"a run needs one case or more, not {self.n}")


@dataclass(frozen=True)
class Progress:
    """Where a run stands: `done` of `total` clips measured, the clip in hand, and the seconds left (None at first)."""

    done: int
    total: int
    row: str
    key: str
    seconds_left: float | None


def evaluate(
    settings: Settings, out: Path, corpus: Path, backbone: Backbone | None = None, device: str = "auto"
) -> Iterator[Progress]:
    """Make and measure every clip of a run, yielding after each; then write report.json, report.md and report.html.

    The exact model `ideal` is asked for drifting textures and needs no corpus. Raises InputError when `out` holds another
    run, MissingPart without a corpus or the model's weights, and what `make` raises.
    """
    model = backbone or backbones.load(settings.model, device)
    size = settings.size or model.defaults.size
    if model.name == "ideal":
        cases = heldout.drifting(settings.n, size, settings.seed, settings.seconds)
    else:
        cases = heldout.held_out(corpus, settings.n, size, settings.seed)
    _claim(out, settings, model)
    total, done, fresh, began = 0, 0, 0, time.perf_counter()
    for number, build in enumerate(cases):
        case = build()
        rows = _rows(case, settings, model, number)
        total = total or len(rows) * len(cases)
        for row, produce in rows.items():
            fresh += _measured(out, row, case, produce, settings)
            done += 1
            left = (time.perf_counter() - began) / fresh * (total - done) if fresh else None
            yield Progress(done, total, row, case.key, left)
    report.write(out)


def _rows(case: Case, settings: Settings, model: Backbone, number: int) -> dict[str, Callable[[], tuple[Clip, float]]]:
    """How each row of the table answers the case: a clip, and the seconds it took to make."""
    frames, fps = case.clip.frames, case.clip.fps
    share = np.linspace(0, 1, len(frames), dtype=np.float32)[:, None, None, None]
    rows: dict[str, Callable[[], tuple[Clip, float]]] = {
        row: lambda lang=lang: _made(case, lang, settings, model, number) for lang, row in OURS.items()
    }
    rows[STILL] = lambda: (Clip(np.repeat(frames[:1], len(frames), axis=0), fps), 0.0)
    rows[FADE] = lambda: (Clip(np.rint(frames[0] * (1 - share) + frames[-1] * share).astype(np.uint8), fps), 0.0)
    if case.nearest is not None:
        rows[NEAREST] = lambda: (case.nearest(), 0.0)  # type: ignore[misc]
    rows[TRUTH] = lambda: (case.clip, 0.0)
    return rows


def _made(case: Case, language: str, settings: Settings, model: Backbone, number: int) -> tuple[Clip, float]:
    """Ask the model through `make`; both languages of a case share the seed, so that only the words differ."""
    fields: dict[str, Any] = {"prompt": case.prompts[language], "seconds": settings.seconds, "fps": case.clip.fps}
    fields |= {"size": case.clip.height, "seed": settings.seed * 1_000_003 + number}
    begun = time.perf_counter()
    result = collect(make(parse(fields), image=case.clip.frames[0], backbone=model))
    return result.clip, time.perf_counter() - begun


def _measured(out: Path, row: str, case: Case, produce: Callable[[], tuple[Clip, float]], settings: Settings) -> bool:
    """Make and measure one clip unless its scores are there already; says whether it had to."""
    path = out / "scores" / report.slug(row) / f"{case.key}.json"
    if path.is_file():
        return False
    clip, seconds = produce()
    film = out / "clips" / report.slug(row) / f"{case.key}.mp4"
    for folder in (path.parent, film.parent):
        folder.mkdir(parents=True, exist_ok=True)
    media.write(clip, film)
    found, absent = scores.score(clip, case, settings.groups)
    features = scores.features(clip) if "cut" in settings.groups else None
    pack.write_json(
        path,
        {
            "row": row,
            "key": case.key,
            "prompts": case.prompts,
            "seconds": seconds,
            "sha256": hashlib.sha256(clip.frames.tobytes()).hexdigest(),
            "scores": found,
            "absent": absent,
            "features": features,
        },
    )
    return True


def _claim(out: Path, settings: Settings, model: Backbone) -> None:
    """Write what this run is, or check that the folder holds the same run."""
    asked = {**asdict(settings), "groups": list(settings.groups), "model": model.name, "sha256": model.sha256}
    path = out / "run.json"
    if path.is_file():
        found = json.loads(path.read_text("utf-8"))
        other = sorted(name for name in asked if found.get(name) != asked[name])
        if other:
            raise InputError(f"{out} holds a run with another {', '.join(other)}: choose another folder with --out")
        return
    if out.is_dir() and os.listdir(out):
        raise InputError(f"{out} holds other files: choose a new or empty folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    pack.write_json(path, asked)
