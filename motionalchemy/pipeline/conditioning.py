"""What each window of a task is given, and what is done to its frames afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from motionalchemy.media import footage, resize
from motionalchemy.media.sinks import FrameSink
from motionalchemy.models import registry
from motionalchemy.motion import interpolation
from motionalchemy.motion.learned import MotionClip
from motionalchemy.pipeline import drafts
from motionalchemy.pipeline.job import Job
from motionalchemy.pipeline.plans import Conditioning, ReferenceFrames, plan
from motionalchemy.pipeline.windows import Span
from motionalchemy.render import composite, handover
from motionalchemy.scene import masks as scene_masks


class Frames(Protocol):
    """Anything that frames can be read from by number, forwards."""

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames `begin` to `end` (without it), (T, H, W, 3) uint8."""
        ...


@dataclass(frozen=True, eq=False)
class Sources:
    """The given clip at the size of the result and at that of the largest latents, and where it may change."""

    full: Frames
    work: Frames
    masks: scene_masks.Masks | None = None


def sources(job: Job) -> Sources:
    """The streams that a job reads from; nothing is read before it is asked for."""
    if job.joined and job.first is not None:
        due = [(0, job.first), *((due.frame, due.picture) for due in job.due)]
        angles = [0.0, *(due.angle for due in job.due)] if job.request.angles else None
        sweep = interpolation.Sweep(due, job.between or "flow", angles)
        return Sources(sweep, sweep)
    if job.footage is None:
        return Sources(_Blank(), _Blank())
    full, work = (footage.Rolling(job.footage, *size) for size in (job.full, job.sizes[-1]))
    return Sources(full, work, scene_masks.of(job.request.region))


class _Blank:
    """Frames of four pixels, and a sink that holds them: enough to see what a plan needs."""

    done, found, beside, notes = 0, dict[str, Any](), dict[str, np.ndarray](), ()
    anchor = np.zeros((2, 2, 3), np.uint8)

    def read(self, begin: int, end: int) -> np.ndarray:
        return np.zeros((end - begin, 2, 2, 3), np.uint8)

    def last(self, count: int) -> np.ndarray:
        return self.read(0, count)

    def hold(self, picture: np.ndarray) -> None:
        """Nothing is made here, so nothing is kept."""

    def add(self, frames: np.ndarray, after: np.ndarray | None = None) -> None:
        """The same."""


def needs(job: Job) -> frozenset[str]:
    """What the job's plans ask of a backbone, found on latents of four pixels."""
    halves = np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    masks = None if job.request.region == "all" else lambda begin, end, _: np.stack([halves] * (end - begin))
    blank, grid, found = _Blank(), job.card.grid, frozenset[str]()
    for span in job.spans:
        if span.prompt is not None:
            given = CONDITIONING[job.request.task](job, span, blank, Sources(blank, blank, masks))
            encode = lambda frames: torch.zeros(1, 1, grid.latent_frames(len(frames)), 2, 2)  # noqa: E731
            found |= plan(job, given, encode, torch.zeros(1, 1, 1, 2, 2)).needs
    return found


def check(job: Job) -> None:
    """Raise PlanRefused where the model cannot do what the job's plans ask."""
    drafts.check(job)
    needed = needs(job)
    registry.check(needed, job.card)
    registry.wanted(needed, job.card, goes_on(job) and not drafts.wanted(job.request))


def goes_on(job: Job) -> bool:
    """Whether a clip goes on from frames that are given to others that are wholly free."""
    longer = sum(span.prompt is not None for span in job.spans) > 1
    return (job.request.task not in ("edit", "imagine") or longer) and not job.joined


def _moving(job: Job, span: Span, sink: FrameSink, sources: Sources) -> Conditioning:
    """Animate, imagine, extend and orbit: a head that is known, and pictures that are due."""
    head = sink.last(span.known) if span.known else None if job.first is None else job.first[None]
    if span.known > 1 and job.card.anchored and job.request.task != "orbit":  # an orbit leaves its first view behind
        head = np.concatenate((sink.anchor[None], sink.last(span.known - 1)))
    closed = job.request.loop and "reference:view" not in job.card.honours
    fps, angle = job.request.fps, _angle(job, span.begin)
    due = () if closed else [due for due in job.due if span.fresh <= due.frame < span.stop]
    beside = [ReferenceFrames("view", d.picture[None], (d.frame - span.begin) / fps, d.angle - angle) for d in due]
    if span.known and span.begin and "reference:anchor" in job.card.honours:
        beside.append(ReferenceFrames("anchor", sink.anchor[None]))
    if job.motion_clip is not None and span.begin < len(job.motion_clip):
        beside.append(ReferenceFrames("motion", _motion_frames(job, span, job.motion_clip), 0.0))
    frames = span.end - span.begin
    return Conditioning(frames, head, tuple(beside), closed=closed and span is job.spans[-1])


def _motion_frames(job: Job, span: Span, shown: MotionClip) -> np.ndarray:
    """What of a clip that shows a motion stands beside a window, from its own first frame on where the window is so."""
    if span.known > 1 and job.card.anchored:
        return np.concatenate((shown.read(0, 1), shown.read(span.begin + 1, span.end)))
    return shown.read(span.begin, span.end)


def _angle(job: Job, frame: int) -> float:
    """The angle at a frame, between those of the views around it."""
    return float(np.interp(frame, [0, *(d.frame for d in job.due)], [0.0, *(d.angle for d in job.due)]))


def _retaken(job: Job, span: Span, sink: FrameSink, sources: Sources) -> Conditioning:
    clip = _joined(sink, span, sources.work.read(span.fresh, span.end))
    made = [other for other in job.spans if other.prompt is not None]
    stop = span.stop if span == made[-1] and span.stop < job.frames else span.end  # what follows the last is known
    head = sink.last(span.known)[:1] if span.known else None
    return Conditioning(span.end - span.begin, head, clip=clip, free=(span.known, stop - span.begin))


def _edited(job: Job, span: Span, sink: FrameSink, sources: Sources) -> Conditioning:
    source = sources.work.read(span.begin, span.end)
    masks = sources.masks and sources.masks(span.begin, span.end, source)
    clip = _joined(sink, span, source[span.known :])
    head = sink.last(span.known)[:1] if span.known else None
    whole = sources.full.read(span.begin, span.end) if job.card.retouch else None
    free = (span.known, len(source))
    return Conditioning(len(source), head, clip=clip, source=source, whole=whole, mask=masks, free=free)


def _joined(sink: FrameSink, span: Span, later: np.ndarray) -> np.ndarray:
    """The end of what exists, at the size of what follows, and what follows."""
    known = sink.last(span.known) if span.known else later[:0]
    return np.stack([*(resize.scaled(frame, *later.shape[1:3]) for frame in known), *later])


CONDITIONING: dict[str, Callable[[Job, Span, FrameSink, Sources], Conditioning]] = {
    "animate": _moving,
    "imagine": _moving,
    "extend": _moving,
    "orbit": _moving,
    "retake": _retaken,
    "edit": _edited,
}


def finished(
    job: Job, span: Span, given: Conditioning, frames: np.ndarray, sink: FrameSink, sources: Sources
) -> np.ndarray:
    """A window's new frames: led on from the last that exists and to the pictures that are due, outside a region the source
    untouched, but where another subject takes more room than its own."""
    if span.known:
        frames = handover.blended_to(frames, span.known - 1, sink.last(1)[0])
    new = frames[span.known : span.stop - span.begin]
    landed(job, span, new, sink)
    for due in (due for due in job.due if span.fresh <= due.frame < span.stop):
        new = handover.blended_to(new, due.frame - span.fresh, due.picture)
    if given.mask is not None and not job.exchanges:
        source = sources.full.read(span.fresh, span.stop)
        masks = given.mask[span.known :]
        new = np.stack([composite.composed(*three) for three in zip(new, source, masks, strict=False)])
    return new[: job.frames - span.fresh]


def landed(job: Job, span: Span, new: np.ndarray, sink: FrameSink) -> None:
    """Tell how exactly a window's new frames meet the pictures that are due in it."""
    for due in (due for due in job.due if span.fresh <= due.frame < span.stop):
        near = handover.landing(new[due.frame - span.fresh], due.picture)
        landing = {"picture": due.name, "frame": due.frame, "psnr": near}
        sink.found["landing"] = [*sink.found.get("landing", []), landing]
