"""Edits that keep the source's own pixels: painted, put elsewhere, or changed as a model's small clip of them changed."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy import behind, footage, transfer
from motionalchemy.behind import Camera
from motionalchemy.clip import Clip
from motionalchemy.job import Job
from motionalchemy.plan import Plan
from motionalchemy.windows import Given, Span

CHUNK = 32  # frames that are read at once


def painted(model: Any, job: Job, span: Span, seen: Given, camera: Camera, begin: int, end: int) -> np.ndarray:
    """Frames `begin` to `end` of a span's own (T, H, W, 3) uint8 in the style that its prompt asks for; none of them where
    it asks for none."""
    assert seen.whole is not None
    frames, asked = seen.whole[begin:end], job.request
    times = torch.arange(span.begin + begin, span.begin + end) / asked.fps
    return _mixed(frames, model.painted(frames, span.prompt or "", asked.seed, times), asked.strength)


def elsewhere(model: Any, job: Job, span: Span, seen: Given, camera: Camera, begin: int, end: int) -> np.ndarray:
    """The same frames replaced by the place that the prompt asks for, as the source's camera would see it; none of them
    where it asks for none, or for more than another background."""
    assert seen.whole is not None
    frames, asked = seen.whole[begin:end], job.request
    if asked.region != "background" or seen.mask is None:
        return frames[:0]
    if begin == 0:
        camera.place = model.place(span.prompt or "", asked.seed, *frames.shape[1:3])
        if camera.place is not None:
            _catch_up(camera, job, span.begin)
            camera.follow(span.begin, seen.whole, seen.mask)
    if camera.place is None:
        return frames[:0]
    seen_from = [camera.seen[span.begin + number] for number in range(begin, end)]
    return _mixed(frames, behind.replaced(camera.place, seen_from), asked.strength)


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
