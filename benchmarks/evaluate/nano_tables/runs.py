"""Asking every question once: clips and scores on disk, so that a run that was stopped goes on where it was."""

import multiprocessing
import queue
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from motionalchemy.errors import InputError, MotionAlchemyError, PlanRefused
from motionalchemy.evaluate import alignment, baselines, drift, scores
from motionalchemy.evaluate.frames import at_most, grey
from motionalchemy.evaluate.identity import identity
from motionalchemy.evaluate.movement import SIDE, flow, flows, inside, speed, warped
from motionalchemy.evaluate.report import slug
from motionalchemy.evaluate.rows import ENGLISH, MANDARIN, STILL, TRUTH
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone, Card
from motionalchemy.nets import pack
from motionalchemy.pipeline import inputs
from motionalchemy.pipeline.make import collect
from nano_tables import questions
from nano_tables.questions import Listed, Question

STEPS = (2, 4, 6, 8, 16, 50)
ONE, TWO = "one stage", "two stages"
WHOLE = "flow at full size"  # what one stage is for a model that has no other
APART = 40  # grey levels by which a pixel differs from where it came from: more is no longer the same thing
LEGS = 4  # steps from one of the later frames back to the one before
GROUPS = {"verbs": ("identity", "perceptual", "movement"), "paces": ("movement",)}  # part -> groups of scores
PARTS = ("words", "calls", "stages", "photos")
VERBS = "verbs"  # the part of words that a release needs


@dataclass(frozen=True)
class Settings:
    """What decides a run's numbers: the model, the parts (of PARTS, or VERBS), the number of verb cases, and the rest."""

    corpus: Path
    model: str = "nano"
    parts: tuple[str, ...] = PARTS
    n: int = 48
    seed: int = 0
    size: int | None = None
    pictures: Path | None = None
    steps: tuple[int, ...] = STEPS
    guidance: float | None = None  # of the rows of calls; the model's own unless given
    candidates: int | None = None  # of every row, of which one is kept; with 1 nothing is retrieved


@dataclass(frozen=True)
class Task:
    """One clip to make and measure: what is asked, in which language (None for none), with which fields."""

    listed: Listed
    row: str
    language: str | None = None
    fields: dict[str, Any] | None = None

    def at(self, out: Path) -> Path:
        """Where its scores lie; its clip lies beside them, as MP4."""
        return out / self.listed.part / slug(self.row) / f"{self.listed.key}.json"


def plan(settings: Settings, card: Card) -> list[Task]:
    """Every clip of the parts asked for, question by question; those of two parts once."""
    size, seed, n, parts = settings.size or card.defaults.size, settings.seed, settings.n, settings.parts
    where, asked_in = settings.corpus, {ENGLISH: "en", MANDARIN: "zh"}
    tasks = []
    if {VERBS, "words", "calls", "stages"} & set(parts):
        rows: dict[str, tuple[str | None, dict[str, Any]]] = {ENGLISH: ("en", {})}
        rows |= {MANDARIN: ("zh", {})} if {VERBS, "words"} & set(parts) else {}
        rows |= {STILL: (None, {}), TRUTH: (None, {})}
        rows |= {name: ("en", fields) for name, fields in calls(settings, card).items()} if "calls" in parts else {}
        rows |= {name: ("en", fields) for name, fields in staged(card).items()} if "stages" in parts else {}
        for one in questions.verbs(where, size, seed, n):
            tasks += [Task(one, row, language, fields) for row, (language, fields) in rows.items()]
    asked: list[Listed] = []
    if "words" in parts:
        asked += questions.sides(where, size, seed, n)
        asked += questions.cameras(where, size, seed, n, settings.pictures) + questions.paces(where, size, seed, n)
    elif "photos" in parts:
        asked += questions.cameras(where, size, seed, n, settings.pictures, questions.SHOWN)
    for one in asked:
        tasks += [Task(one, row, language, {}) for row, language in asked_in.items()]
        tasks += [] if one.part == "paces" else [Task(one, TRUTH)]
    return tasks


def usual(card: Card) -> int:
    """The steps that a model makes when the request is silent."""
    return sum(stage.steps for stage in card.stages[-(card.defaults.stages or len(card.stages)) :])


def calls(settings: Settings, card: Card) -> dict[str, dict[str, Any]]:
    """The rows of the table of calls, but for the default, which is the English row."""
    guidance = {} if settings.guidance is None else {"guidance": settings.guidance}
    same = settings.guidance in (None, card.defaults.guidance)
    least = card.defaults.stages or len(card.stages)
    counts = [k for k in settings.steps if k >= least and not (same and k == usual(card))]
    about = "" if same else f", guidance {settings.guidance:g}"
    return {f"{k} steps{about}": {"steps": k, **guidance} for k in counts}


def staged(card: Card) -> dict[str, dict[str, Any]]:
    """The rows of the table of stages: both numbers of stages, or for a model of one its flow at the result's size."""
    if len(card.stages) > 1:
        return {ONE: {"stages": 1}, TWO: {"stages": 2}}
    return {WHOLE: {}} if card.native else {}


@contextmanager
def native(model: Backbone, whole: bool) -> Iterator[None]:
    """Within it the flow works at the result's own size, if `whole`."""
    known = registry.MODELS.get(model.name)
    if not whole or known is None:
        yield
        return
    registry.MODELS[model.name] = replace(known, native=None)
    try:
        yield
    finally:
        registry.MODELS[model.name] = known


def answer(task: Task, question: Question, model: Backbone, settings: Settings) -> tuple[Clip, float | None]:
    """The clip that a row answers with, and the processor seconds it took if the model did; raises what `make` raises."""
    truth = question.case.clip
    if task.language is None:
        return (truth if task.row == TRUTH else baselines.still(question.picture, len(truth), truth.fps)), None
    said, drawn = question.case.prompts[task.language], zlib.crc32(task.listed.group.encode())
    drawn += settings.seed * 1_000_003
    asked = {"size": truth.height, "seconds": (len(truth) - 1) / truth.fps, "fps": truth.fps, "seed": drawn}
    asked |= {} if settings.candidates is None else {"candidates": settings.candidates}
    with native(model, task.row == WHOLE):
        begun = time.process_time()  # on a busy machine the wall clock says nothing
        clip = collect(inputs.steps(question.picture, said, backbone=model, **{**asked, **(task.fields or {})})).clip
    return clip, time.process_time() - begun


def measured(question: Question, clip: Clip, part: str) -> dict[str, Any]:
    """What the classifier sees, whether it is right (None when it does not know the word), and the scores of the part."""
    found: dict[str, Any] = {"said": None, "right": None}
    if question.kind in alignment.KINDS:
        seen = alignment.guess(clip, question.kind)
        found["said"] = next(iter(seen))
        if question.word in seen:
            found["right"] = float(found["said"] == question.word)
    case = replace(question.case, clip=Clip(question.case.clip.frames[: len(clip)], clip.fps))
    kept, absent = scores.score(clip, case, GROUPS.get(part, ()))
    if absent:
        raise InputError("; ".join(absent.values()))
    return found | {"scores": kept | (_watched(clip, question.picture) if part == "cameras" else {})}


def _watched(clip: Clip, picture: np.ndarray) -> dict[str, float]:
    """What a camera move should leave alone; the identity is that of the whole picture, not masked."""
    found = {"sharpness": sharpness(clip), "besides": besides(clip), "melted": melted(clip), "speed": speed(clip)}
    return found | {"identity": identity(clip, picture, every=16, masked=False).mean}


def sharpness(clip: Clip) -> float:
    """Edges of the last frame over those of the first (deviation of the Laplacian); 1 = all kept."""
    curve = drift.sharpness_curve(Clip(clip.frames[[0, -1]], clip.fps))
    return float(curve[1] / curve[0]) if curve[0] else 1.0


def besides(clip: Clip) -> float:
    """Movement that no camera explains, in per cent of the diagonal per second: what an affine map of each flow leaves."""
    field = flows(clip)  # (T-1, h, w, 2)
    _, high, wide, _ = field.shape
    y, x = np.mgrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]
    basis = np.stack((np.ones_like(x), x, y), -1).reshape(-1, 3)
    flat = field.reshape(len(field), -1, 2).transpose(1, 0, 2).reshape(high * wide, -1)
    left = flat - basis @ np.linalg.lstsq(basis, flat, rcond=None)[0]
    return 100 * clip.fps * float(np.linalg.norm(left.reshape(high * wide, -1, 2), axis=-1).mean())


def melted(clip: Clip) -> float:
    """Share of the pixels of four later frames that the first frame, moved, does not explain; 0..1, lower is better.

    Pixels are followed back in small steps; what came from outside the first frame does not count. Measured on a shorter
    side of at most 128 pixels.
    """
    frames = at_most(clip.frames[np.linspace(0, len(clip) - 1, 1 + 4 * LEGS).round().astype(int)], SIDE)
    pictures, shares = grey(frames), []
    back = np.zeros((*pictures.shape[1:], 2), np.float32)  # where in the first frame each pixel stood
    for number in range(1, len(frames)):
        step = flow(pictures[number], pictures[number - 1])
        back = step + warped(back, step)
        if number % LEGS == 0:
            seen = inside(back)
            apart = np.abs(warped(frames[0], back) - frames[number]).max(-1) > APART
            shares.append(float((apart & seen).sum() / max(1, seen.sum())))
    return float(np.mean(shares))


def done(task: Task, question: Question, model: Backbone, settings: Settings, out: Path) -> None:
    """Make and measure one clip and write it, or why it was refused."""
    path, case = task.at(out), question.case
    path.parent.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {"part": task.listed.part, "row": task.row, "key": task.listed.key}
    record |= {"group": task.listed.group, "word": question.word, "prompts": case.prompts, "refused": None}
    try:
        clip, seconds = answer(task, question, model, settings)
    except PlanRefused as error:
        return pack.write_json(path, record | {"refused": str(error)})
    writer.write(clip, path.with_suffix(".mp4"))
    return pack.write_json(path, record | {"seconds": seconds} | measured(question, clip, task.listed.part))


def share(settings: Settings, out: Path, worker: int, workers: int) -> Iterator[str]:
    """Do one worker's share, yielding after each clip what it was; questions of a group stay together."""
    model = registry.load(settings.model)
    todo = [task for task in plan(settings, registry.card_of(model)) if not task.at(out).is_file()]
    mine = set(sorted({task.listed.group for task in todo})[worker::workers])
    last: tuple[Listed, Question] | None = None
    for task in (task for task in todo if task.listed.group in mine):
        if last is None or last[0] is not task.listed:
            last = task.listed, task.listed.make()
        done(task, last[1], model, settings, out)
        yield f"{task.listed.part}: {task.row}, {task.listed.key}"


def _process(settings: Settings, out: Path, worker: int, workers: int, said: "multiprocessing.Queue[Any]") -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        for text in share(settings, out, worker, workers):
            said.put(("done", text))
        said.put(("end", ""))
    except MotionAlchemyError as error:
        said.put(("error", str(error)))


def run(settings: Settings, out: Path, workers: int) -> Iterator[str]:
    """Do all that is missing, in processes of one thread each if `workers` are several, yielding what each clip was.

    Raises InputError with what a worker says when one fails; what was measured stays.
    """
    if workers == 1:
        yield from share(settings, out, 0, 1)
        return
    spawn = multiprocessing.get_context("spawn")
    said: multiprocessing.Queue[Any] = spawn.Queue()
    asked = [(settings, out, k, workers, said) for k in range(workers)]
    processes = [spawn.Process(target=_process, args=one, daemon=True) for one in asked]
    for process in processes:
        process.start()
    try:
        ended = 0
        while ended < workers:
            kind, text = _heard(said, processes)
            if kind == "error":
                raise InputError(text)
            if kind == "end":
                ended += 1
            else:
                yield text
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _heard(said: "multiprocessing.Queue[Any]", processes: list[Any]) -> tuple[str, str]:
    while True:
        try:
            return said.get(timeout=5)
        except queue.Empty:
            broken = [process for process in processes if process.exitcode not in (None, 0)]
            if broken:
                return "error", f"a worker ended with exit code {broken[0].exitcode}: run the command again to go on"
