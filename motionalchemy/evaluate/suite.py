"""The suite: ask a model through the real door for what has a known answer, beside baselines, and write one table a task.

A run is a folder: `run.json` (what was asked), `TASK/clips/ROW/KEY.mp4`, `TASK/scores/ROW/KEY.json`, what was given in
`TASK/given`, and the report. What is there is not made again, so a run that was stopped goes on where it was, and one task
after another, or more clips, can be asked for in one folder.
"""

import hashlib
import json
import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from motionalchemy.data import shards
from motionalchemy.errors import InputError, PlanRefused, UnknownName
from motionalchemy.evaluate import cases, heldout, report, scores
from motionalchemy.evaluate.heldout import Build, Case
from motionalchemy.evaluate.rows import NEAREST, ROWS, Row, is_model
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone
from motionalchemy.nets import pack
from motionalchemy.pipeline.inputs import steps
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.sampling import pixels

TASKS = tuple(ROWS)
FPS = 24.0
EXACT = 96  # pixels a side at which the exact model's textures drift by whole pixels a frame
HELD_OUT: dict[str, Callable[[Path, int, int], list[Build]]] = {
    "animate": heldout.all_held_out,
    "verbs": cases.verbs,
    "edit": cases.edits,
    "act": cases.acts,
    "orbit": cases.orbits,
    "extend": cases.extensions,
}


@dataclass(frozen=True)
class Settings:
    """What decides a run's numbers; `task` may be `all`, `size` None is the model's own, `groups` are of `scores.GROUPS`.

    `seconds` is the length of the exact model's clips; those of a corpus are as long as they are.
    """

    model: str = "nano"
    task: str = "animate"
    n: int = 64
    seed: int = 0
    size: int | None = None
    seconds: float = 2.0
    groups: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.task not in (*TASKS, "all"):
            raise UnknownName("task", self.task, (*TASKS, "all"))
        for group in self.groups or ():
            scores.check_group(group)
        if self.n < 1:
            raise InputError(f"a run needs one case or more, not {self.n}")

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks to measure, in the order of the report."""
        return TASKS if self.task == "all" else (self.task,)


@dataclass(frozen=True)
class Progress:
    """Where a run stands: `done` of `total` clips measured, the clip in hand, and the seconds left (None at first)."""

    done: int
    total: int
    task: str
    row: str
    key: str
    seconds_left: float | None


def evaluate(
    settings: Settings, out: Path, corpus: Path, backbone: Backbone | None = None, device: str = "auto"
) -> Iterator[Progress]:
    """Make and measure every clip of a run, yielding after each; then write report.json, report.md and report.html.

    The exact model `ideal` is asked for drifting textures and needs no corpus. With task `all`, a task that has fewer
    than `n` cases is asked all of them. Raises InputError when `out` holds another run or the corpus is not whole,
    MissingPart without a corpus or the model's weights, and what `make` raises; what a model refuses by name stands in the
    report.
    """
    if settings.model != "ideal" and backbone is None:
        shards.check(corpus, "test")  # before weights load
    model = backbone or registry.load(settings.model, device)
    plan = [case for task in settings.tasks for case in _asked(task, settings, model, corpus)]
    claim(out, settings, model)
    total, done, fresh, began = sum(len(rows) for *_, rows in plan), 0, 0, time.perf_counter()
    for task, number, build, rows in plan:
        missing = [row for row in rows if not _measured(out / task, row, build.key)]
        case = replace(build(), latents=_latents(model)) if missing else None
        if case is not None:
            _show_given(out / task, case)
        for row, answer in rows.items():
            if case is not None and row in missing:
                _measure(out / task, row, answer, case, settings, _door(model, settings, case, number))
                fresh += 1
            done += 1
            left = (time.perf_counter() - began) / fresh * (total - done) if fresh else None
            yield Progress(done, total, task, row, build.key, left)
    report.write(out)


def _asked(
    task: str, settings: Settings, model: Backbone, corpus: Path
) -> list[tuple[str, int, Build, dict[str, Row]]]:
    """The cases of a task, (task, number, case, the rows that answer it)."""
    if model.name == "ideal":
        size, frames = settings.size or EXACT, round(settings.seconds * FPS) + 1
        rows = {row: answer for row, answer in ROWS[task].items() if row != NEAREST}
        builds = cases.exact(task, settings.n, size, settings.seed, frames, FPS)
    else:
        rows = ROWS[task]
        builds = HELD_OUT[task](corpus, settings.size or model.defaults.size, settings.seed)
        builds = heldout.taken(builds, min(settings.n, len(builds)) if settings.task == "all" else settings.n)
    return [(task, number, build, rows) for number, build in enumerate(builds)]


def _door(model: Backbone, settings: Settings, case: Case, number: int) -> Callable[..., Clip]:
    """The model's door for a case; all rows, and all cases of a group, share the seed: only what is given differs."""
    seed = settings.seed * 1_000_003 + (zlib.crc32(case.group.encode()) if case.group else number)

    def ask(**fields: object) -> Clip:
        asked = {"size": case.clip.height, "seed": seed, "backbone": model, **fields}
        return collect(steps(**asked)).clip  # type: ignore[arg-type]

    return ask


def _latents(model: Backbone) -> Callable[[Clip], np.ndarray] | None:
    """How the code of a model that says where pixels go reads a clip's movement, None for other models."""
    config = getattr(getattr(model, "codec", None), "config", None)
    if not hasattr(config, "moves"):
        return None

    @torch.no_grad()
    def read(clip: Clip) -> np.ndarray:
        size = registry.card_of(model).native or model.defaults.size
        square = model.grid.fit(clip.height, clip.width, size)
        return model.encode(pixels(clip.frames, model, square))[:, : config.moves, 1:].float().cpu().numpy()  # type: ignore[union-attr]

    return read


def _at(folder: Path, row: str, key: str) -> Path:
    return folder / "scores" / report.slug(row) / f"{key}.json"


def _measured(folder: Path, row: str, key: str) -> bool:
    """Whether a clip has its scores; what was refused is asked again."""
    path = _at(folder, row, key)
    return path.is_file() and json.loads(path.read_text("utf-8"))["refused"] is None


def _show_given(folder: Path, case: Case) -> None:
    """Write what the model is given, for the page."""
    (folder / "given").mkdir(parents=True, exist_ok=True)
    for name, frames in case.given.items():
        kind = ".png" if len(frames) == 1 else ".mp4"
        writer.write(Clip(frames, case.clip.fps), folder / "given" / f"{case.key}-{report.slug(name)}{kind}")


def _measure(folder: Path, row: str, answer: Row, case: Case, settings: Settings, ask: Callable[..., Clip]) -> None:
    """Make and measure one clip, and write it with its scores, or why the model refuses."""
    path, film = _at(folder, row, case.key), folder / "clips" / report.slug(row) / f"{case.key}.mp4"
    for place in (path.parent, film.parent):
        place.mkdir(parents=True, exist_ok=True)
    found = {"task": folder.name, "row": row, "key": case.key, "prompts": case.prompts, "group": case.group or case.key}
    begun = time.perf_counter()
    try:
        clip = answer(case, ask)
    except PlanRefused as error:
        return pack.write_json(path, {**found, "refused": str(error)})
    seconds = time.perf_counter() - begun if is_model(row) else None
    groups = scores.of_task(folder.name, settings.groups)
    writer.write(clip, film)
    measured, absent = scores.score(clip, case, groups)
    found |= {"refused": None, "seconds": seconds, "sha256": hashlib.sha256(clip.frames.tobytes()).hexdigest()}
    sampled = "cut" in groups and "cut" not in absent
    found |= {"scores": measured, "absent": absent, "features": scores.features(clip) if sampled else None}
    return pack.write_json(path, found)


def claim(out: Path, settings: Settings, model: Backbone) -> None:
    """Write what this run is, or check that the folder holds the same run, whatever its tasks and number of clips.

    Raises InputError when it holds another run or other files.
    """
    asked = {name: value for name, value in asdict(settings).items() if name not in ("task", "n")}
    asked |= {"groups": settings.groups and list(settings.groups), "model": model.name, "sha256": model.sha256}
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
