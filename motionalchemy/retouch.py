"""Edits that keep the source's own pixels: painted, with another subject or place, or changed as a small clip was."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy import behind, footage, media, regions, transfer
from motionalchemy.behind import Camera
from motionalchemy.clip import Clip
from motionalchemy.exchange import Exchange, Stretch
from motionalchemy.job import Job
from motionalchemy.plan import Plan
from motionalchemy.windows import Given, Span

CHUNK = 32  # frames that are read at once


@dataclass
class Kept:
    """What the edits of a run know from window to window: where the camera stands, the `place` (H, W, 3) uint8 that it is
    to see, and who comes in the place of the subject."""

    camera: Camera = field(default_factory=Camera)
    place: np.ndarray | None = None
    exchange: Exchange | None = None


def exchanged(model: Any, job: Job, span: Span, seen: Given, kept: Kept, begin: int, end: int) -> np.ndarray:
    """Frames `begin` to `end` of a span's own (T, H, W, 3) uint8 with the subject of the request's picture in the place of
    theirs, or with none; none of them where the request is another."""
    assert seen.whole is not None
    if not job.exchanges or seen.mask is None or seen.source is None:
        return seen.whole[:0]
    if begin == 0:
        later = [other.begin - span.begin for other in job.spans if other.begin > span.begin]
        kept.camera.follow(span.begin, seen.whole, 1 - seen.mask)
        kept.exchange = kept.exchange or Exchange(_alone(job.other))
        there = [kept.camera.seen[span.begin + number] for number in range(len(seen.whole))]
        kept.exchange.enter(Stretch(seen.whole, seen.source, seen.mask, there, span.known, min(later, default=None)))
    assert kept.exchange is not None
    return _mixed(seen.whole[begin:end], kept.exchange.made(begin, end), job.request.strength)


def _alone(picture: np.ndarray | None) -> np.ndarray | None:
    """The subject of a picture, (H, W, 4): as it is where it is cut out already."""
    return picture if picture is None or picture.shape[2] == 4 else regions.cut_out(picture)


def painted(model: Any, job: Job, span: Span, seen: Given, kept: Kept, begin: int, end: int) -> np.ndarray:
    """The same frames in the style that the prompt asks for; none of them where it asks for none."""
    assert seen.whole is not None
    frames, asked = seen.whole[begin:end], job.request
    times = torch.arange(span.begin + begin, span.begin + end) / asked.fps
    return _mixed(frames, model.painted(frames, span.prompt or "", asked.seed, times), asked.strength)


def elsewhere(model: Any, job: Job, span: Span, seen: Given, kept: Kept, begin: int, end: int) -> np.ndarray:
    """The same frames replaced by the place that the prompt or a picture asks for, as the source's camera would see it;
    none of them where nothing asks for one, or the prompt for more than another background."""
    assert seen.whole is not None
    frames, asked = seen.whole[begin:end], job.request
    if asked.region != "background" or seen.mask is None:
        return frames[:0]
    camera, size = kept.camera, frames.shape[1:3]
    if begin == 0:
        shown = job.other
        kept.place = model.place(span.prompt or "", asked.seed, *size) if shown is None else media.fit(shown, *size)
        if kept.place is not None:
            _catch_up(camera, job, span.begin)
            camera.follow(span.begin, seen.whole, seen.mask)
    if kept.place is None:
        return frames[:0]
    seen_from = [camera.seen[span.begin + number] for number in range(begin, end)]
    return _mixed(frames, behind.replaced(kept.place, seen_from), asked.strength)


def _catch_up(camera: Camera, job: Job, begin: int) -> None:
    """Follow the camera to frame `begin` where a run that was killed has gone on behind it, its masks no longer known."""
    if begin in camera.seen or not begin or job.footage is None:
        return
    earlier = footage.Rolling(job.footage, *job.sizes[-1])
    for at in range(0, begin, CHUNK):
        frames = earlier.read(at, min(at + CHUNK, begin) + 1)
        camera.follow(at, frames, np.ones((len(frames), 1, 1), np.float32))


def _mixed(frames: np.ndarray, drawn: np.ndarray | None, strength: float | None) -> np.ndarray:
    """Frames changed by a strength to what was drawn in their place; none of them where nothing was."""
    if drawn is None:
        return frames[:0]
    return (frames + (strength or 1.0) * (drawn.astype(np.float32) - frames)).round().astype(np.uint8)


@torch.no_grad()
def carried(model: Any, latents: Tensor, plan: Plan, seen: Given, job: Job) -> Clip:
    """An edit by a model that keeps the movement: what changed in its small clip, carried to the source's own frames."""
    source, asked = next(reference.value for reference in plan.references if reference.role == "source"), job.request
    before = torch.cat((source[:, :, :1], latents[:, :, 1:]), 2)
    small = [Clip.of(model.decode(z)[0], asked.fps).frames for z in (before, latents)]
    assert seen.whole is not None
    inside = seen.mask if asked.region == "background" else None  # that of a subject reaches a little beyond it
    return Clip(transfer.carried(seen.whole, small[0], small[1], inside), asked.fps)
