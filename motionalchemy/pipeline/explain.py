"""What a request understands of its picture and its words, and what it will do, to look at before anything is made."""

import json
import os
import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.language.camera import CameraMove
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.pipeline import animate, conditioning
from motionalchemy.pipeline.heard import described
from motionalchemy.pipeline.heard import understood as understood_scene
from motionalchemy.pipeline.job import prepare
from motionalchemy.pipeline.make import loaded, tracked
from motionalchemy.pipeline.progress import Meter, Watch
from motionalchemy.pipeline.request import Request
from motionalchemy.pipeline.run import Run
from motionalchemy.render.diagrams import drawn_motion, drawn_regions, drawn_scene
from motionalchemy.render.parallax import displaced
from motionalchemy.render.warp import SIDE
from motionalchemy.scene import depth
from motionalchemy.scene.parse import Scene

SCHEMA = 1  # of script.json
FILES = ("scene.png", "depth.png", "regions.png", "motion.png", "script.json", "notes.txt")
CELLS = 96  # of the longer side, on which motion is shown


@dataclass(frozen=True, eq=False)
class Understood:
    """A `scene`, its `field` in the middle of the clip, (2, h, w) in widths of the picture, what is said and what comes of
    it as JSON (`script`), and what there is to say (`notes`)."""

    scene: Scene
    field: np.ndarray
    script: dict[str, Any]
    notes: tuple[str, ...]


def understood(request: Request) -> Understood:
    """What a request to animate one picture understands; raises InputError for one that no picture begins."""
    job = prepare(request, None)
    if job.first is None or request.task != "animate":
        raise InputError("explain looks at one picture and one sentence: give both")
    conditioning.check(job)
    run = Run(job, loaded(job), Watch(), Meter(), None, subject=tracked(job))
    given = conditioning.Conditioning(job.spans[0].end, job.first[None])
    scene = animate.parsed(run, given)
    for number, span in enumerate(job.spans):
        _ended(animate.beat_motions(run, scene, run.script, span, number, [0.0] * len(job.stages)))
    motions = list(run.beats.values())
    notes = (*job.notes, *run.said)
    found = {
        "schema": SCHEMA,
        "prompt": request.prompt,
        "scene": understood_scene(scene, request.prompt or ""),
        "beats": _beats(run, motions),
    }
    return Understood(scene, _field(run, scene, motions), found, tuple(dict.fromkeys(notes)))


def explain(request: Request, folder: Path) -> Path:
    """Write what a request understands to a new or empty `folder`, all of FILES or nothing; raises InputError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{str(folder)!r} is not an empty folder: choose another")
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise InputError(f"{str(parent)!r} is no folder: make it first")
    found = understood(request)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
    try:
        pictures = (drawn_scene(found.scene), depth.coloured(found.scene.nearness), drawn_regions(found.scene))
        for name, picture in zip(FILES, (*pictures, drawn_motion(found.scene.picture, found.field)), strict=False):
            writer.write(Clip(np.ascontiguousarray(picture)[None], 1.0), part / name)
        (part / "script.json").write_text(json.dumps(found.script, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (part / "notes.txt").write_text("".join(f"{note}\n" for note in found.notes), "utf-8")
        part.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        os.replace(part, folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return folder


def _ended(steps: Generator[Any, None, Any]) -> Any:
    """What a generator returns at its end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _beats(run: Run, motions: list[BeatMotion]) -> list[dict[str, Any]]:
    """The beats of a clip as JSON: what was said, and what was made of it."""
    fps = run.job.request.fps
    return [
        {
            "from": round(beat.begin / fps, 3),
            "to": round(beat.end / fps, 3),
            "words": beat.words,
            "heading": beat.heading,
            "pace": beat.pace,
            "camera": [_move(move) for move in beat.camera.heard],
            "acts": [type(act).__name__ for act in made.acts],
            "retrieved": made.moves is not None,
            "sure": round(made.sure, 3),
            "left": made.beat.words if made.acts else "" if made.found else beat.words,
        }
        for beat, made in zip(run.script.beats, motions, strict=False)
    ]


def _move(move: CameraMove) -> dict[str, Any]:
    return {"move": described(move), "words": move.words, "done": move.done, "why": move.why}


def _field(run: Run, scene: Scene, motions: list[BeatMotion]) -> np.ndarray:
    """From how far away each place comes in the middle of the clip, (2, h, w) in widths of the picture."""
    high, wide = scene.picture.shape[:2]
    share = CELLS / max(high, wide)
    size = max(8, round(high * share)), max(8, round(wide * share))
    total, middle = np.zeros((2, *size), np.float32), run.job.frames // 2
    if not motions:
        return total
    span, given = run.job.spans[0], conditioning.Conditioning(run.job.frames, scene.picture[None])
    motion, held = animate.motion_of(run, scene, motions, span, given)
    at = min(max(middle - held, 0), len(motion.trajectory.size) - 1)
    if motion.camera is not None:
        total += displaced(0.5, (high, wide), motion.camera, at, size)
    elif motion.ground is not None:
        total += _sized(motion.ground.expand(at + 1, -1, -1, -1)[at].numpy() / SIDE, size)
    if motion.bends is not None and scene.subject is not None:
        opacity = scene.subject.cells(*size).numpy()
        own = _sized(motion.subject.expand(at + 1, -1, -1, -1)[at].numpy() / SIDE, size)
        total = total + opacity * (own - total)
    for timed in motion.acting.acts:
        own = timed.act.field(max(motion.acting.seconds[at] - timed.begins, 0.0))
        if own is not None:
            total = total + _sized(own, size)
    return total


def _sized(field: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.stack([cv2.resize(each.astype(np.float32), size[::-1]) for each in field])
