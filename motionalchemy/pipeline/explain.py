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
from motionalchemy.models import registry
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.subject import SubjectTrack
from motionalchemy.pipeline import animate, conditioning
from motionalchemy.pipeline.heard import described, seen
from motionalchemy.pipeline.job import prepare
from motionalchemy.pipeline.make import loaded
from motionalchemy.pipeline.progress import Meter, Watch
from motionalchemy.pipeline.request import Request
from motionalchemy.pipeline.run import Run
from motionalchemy.render.parallax import displaced
from motionalchemy.scene import depth
from motionalchemy.scene.parse import Scene

SCHEMA = 1  # of script.json
FILES = ("scene.png", "depth.png", "regions.png", "motion.png", "script.json", "notes.txt")
CELLS = 96  # of the longer side, on which motion is shown
PALE = 0.55  # of a picture's contrast, that is left under what is drawn over it


@dataclass(frozen=True, eq=False)
class Understood:
    """A `scene`, what happens in its beats (`motions`), its field in the middle of the clip, (2, h, w) in widths of the
    picture, as JSON (`script`), and what there is to say (`notes`)."""

    scene: Scene
    motions: tuple[BeatMotion, ...]
    field: np.ndarray
    script: dict[str, Any]
    notes: tuple[str, ...]


def understood(request: Request) -> Understood:
    """What a request to animate one picture understands; raises InputError for one that no picture begins."""
    job = prepare(request, None)
    if job.first is None or request.task != "animate":
        raise InputError("explain looks at one picture and one sentence: give both")
    registry.check(conditioning.needs(job), job.card)
    run = Run(job, loaded(job), Watch(), Meter(), None, subject=SubjectTrack(job.shadow))
    given = conditioning.Conditioning(job.spans[0].end, job.first[None])
    scene = animate.parsed(run, given)
    motions = list[BeatMotion]()
    for number, span in enumerate(job.spans):
        shares = [0.0] * len(job.stages)
        _ended(animate.beat_motions(run, scene, run.script, span, number, shares))
        motions = list(run.beats.values())
    notes = (*job.notes, *run.said)
    found = {"schema": SCHEMA, "prompt": request.prompt, "scene": _seen(scene), "beats": _beats(run, motions)}
    return Understood(scene, tuple(motions), _field(run, scene, motions), found, tuple(dict.fromkeys(notes)))


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
        for left in part.glob("*.json"):
            left.unlink()
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


def _seen(scene: Scene) -> dict[str, Any]:
    """All that is known of a scene, as JSON."""
    _ = scene.faces, scene.bodies, scene.regions
    return seen(scene)


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
        total += _sized(motion.ground.expand(at + 1, -1, -1, -1)[at].numpy() / 128, size)
    if motion.bends is not None and scene.subject is not None:
        opacity = scene.subject.cells(*size).numpy()
        own = _sized(motion.subject.expand(at + 1, -1, -1, -1)[at].numpy() / 128, size)
        total = total + opacity * (own - total)
    for timed in motion.acting.acts:
        own = timed.act.field(max(motion.acting.seconds[at] - timed.begins, 0.0))
        if own is not None:
            total = total + _sized(own, size)
    return total


def _sized(field: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.stack([cv2.resize(each.astype(np.float32), size[::-1]) for each in field])


def drawn_scene(scene: Scene) -> np.ndarray:
    """A picture (H, W, 3) uint8 with its layers, boxes, faces and bodies drawn over it."""
    shown = _pale(scene.picture)
    thick = max(1, round(max(shown.shape) / 400))
    for number, layer in enumerate(scene.layers):
        colour = _colour(number, 3)
        matte = layer.opacity.numpy()[..., None]
        shown = shown + 0.35 * matte * (scene.picture + 0.4 * (np.array(colour, np.float32) - scene.picture) - shown)
        left, top, right, low = (round(edge * shown.shape[1]) for edge in layer.box)
        cv2.rectangle(shown, (left, top), (right, low), colour, thick)
    for face in scene.faces:
        for x, y in face.points[:, :2]:
            cv2.circle(shown, (round(float(x)), round(float(y))), thick, (80, 255, 120), -1)
    for body in scene.bodies:
        for (x, y), sure in zip(body.points[:, :2], body.seen, strict=True):
            if sure > 0.5:
                cv2.circle(shown, (round(float(x)), round(float(y))), 2 * thick, (255, 235, 60), -1)
    return shown.round().clip(0, 255).astype(np.uint8)


def drawn_regions(scene: Scene) -> np.ndarray:
    """A picture (H, W, 3) uint8 with its regions in colours, and their names."""
    found, (high, wide) = scene.regions, scene.picture.shape[:2]
    labels = cv2.resize(found.labels.astype(np.uint8), (wide, high), interpolation=cv2.INTER_NEAREST)
    colours = np.array([_colour(number, len(found.names)) for number in range(len(found.names))], np.float32)
    shown = 0.5 * _pale(scene.picture) + 0.5 * colours[np.asarray(labels, np.intp)]
    shown = np.ascontiguousarray(shown.round().clip(0, 255).astype(np.uint8))
    size = max(0.35, wide / 900)
    for number, name in enumerate(found.names):
        there = np.argwhere(labels == number)
        if len(there) > 0.01 * labels.size:
            row, column = (int(each) for each in np.median(there, 0))
            for dark, extra in ((0, 2), (255, 0)):
                cv2.putText(
                    shown, name, (column, row), cv2.FONT_HERSHEY_SIMPLEX, size, (dark,) * 3, 1 + extra, cv2.LINE_AA
                )
    return shown


def drawn_motion(picture: np.ndarray, field: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 with a field (2, h, w) over it: its colour is the direction that a place goes, as the wheel
    in the corner says, its strength how far; arrows where it is more than a thousandth of the width."""
    high, wide = picture.shape[:2]
    goes = -field  # a field says where a place comes from
    far = float(np.percentile(np.hypot(goes[0], goes[1]), 99)) or 1e-6
    tint = _wheel(cv2.resize(goes[0], (wide, high)), cv2.resize(goes[1], (wide, high)), max(far, 0.002))
    strength = (np.hypot(*(cv2.resize(each, (wide, high)) for each in goes)) / max(far, 0.002)).clip(0, 1)[..., None]
    shown = _pale(picture) * (1 - 0.75 * strength) + tint * 0.75 * strength
    step = max(8, max(high, wide) // 24)
    for row in range(step // 2, high, step):
        for column in range(step // 2, wide, step):
            x, y = (float(each[row * field.shape[1] // high, column * field.shape[2] // wide]) for each in goes)
            if np.hypot(x, y) > 0.001:
                end = round(column + 2 * x * wide), round(row + 2 * y * wide)
                cv2.arrowedLine(shown, (column, row), end, (20, 20, 20), 1, cv2.LINE_AA, tipLength=0.35)
    side = max(16, min(high, wide) // 6)
    down, right = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    round_ = (np.hypot(right, down) < 1)[..., None]
    corner = shown[-side:, -side:]
    shown[-side:, -side:] = np.where(round_, _wheel(right, down, 1.0), corner)
    return shown.round().clip(0, 255).astype(np.uint8)


def _wheel(right: np.ndarray, down: np.ndarray, far: float) -> np.ndarray:
    """Colours (H, W, 3) of directions: red to the right, then through yellow downwards; paler the less far."""
    hue = (np.degrees(np.arctan2(down, right)) % 360) / 2
    strong = (np.hypot(right, down) / far).clip(0, 1) * 255
    hsv = np.stack((hue, strong, np.full_like(hue, 255)), 2).round().clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)


def _pale(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture * PALE + 255 * (1 - PALE) * 0.6, np.float32)


def _colour(number: int, count: int) -> tuple[int, int, int]:
    """One of several colours that differ well."""
    hsv = np.array([[[number * 180 // max(count, 1), 190, 235]]], np.uint8)
    red, green, blue = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]
    return int(red), int(green), int(blue)
