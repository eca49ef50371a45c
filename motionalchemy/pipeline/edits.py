"""Edits that keep the source's own pixels, window by window: another subject or none, a style, a place."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.editing import place
from motionalchemy.editing.exchange import Exchange, Stretch
from motionalchemy.flow.plan import Plan
from motionalchemy.media import colour_transfer, footage, resize
from motionalchemy.media.clip import Clip
from motionalchemy.pipeline.job import Job
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.pipeline.windows import Span
from motionalchemy.render.composite import faded
from motionalchemy.scene import segmentation
from motionalchemy.scene.camera_track import CameraTrack

CHUNK = 32  # frames that are read at once


@dataclass
class EditState:
    """What the edits of a run know from window to window: where the camera stands, the `place` (H, W, 3) uint8 that it is
    to see, and who comes in the place of the subject."""

    camera: CameraTrack = field(default_factory=CameraTrack)
    place: np.ndarray | None = None
    exchange: Exchange | None = None


def exchanged(
    model: Any, job: Job, span: Span, given: Conditioning, state: EditState, begin: int, end: int
) -> np.ndarray:
    """Frames `begin` to `end` of a span's own (T, H, W, 3) uint8 with the subject of the request's picture in the place of
    theirs, or with none; none of them where the request is another."""
    assert given.whole is not None
    if not job.exchanges or given.mask is None or given.source is None:
        return given.whole[:0]
    if begin == 0:
        later = [other.begin - span.begin for other in job.spans if other.begin > span.begin]
        state.camera.follow(span.begin, given.whole, 1 - given.mask)
        state.exchange = state.exchange or Exchange(_alone(job.other))
        there = [state.camera.seen[span.begin + number] for number in range(len(given.whole))]
        state.exchange.enter(
            Stretch(given.whole, given.source, given.mask, there, span.known, min(later, default=None))
        )
    assert state.exchange is not None
    return faded(given.whole[begin:end], state.exchange.made(begin, end), job.request.strength)


def _alone(picture: np.ndarray | None) -> np.ndarray | None:
    """The subject of a picture, (H, W, 4): as it is where it is cut out already."""
    return picture if picture is None or picture.shape[2] == 4 else segmentation.cut_out(picture)


def painted(
    model: Any, job: Job, span: Span, given: Conditioning, state: EditState, begin: int, end: int
) -> np.ndarray:
    """The same frames in the style that the prompt asks for; none of them where it asks for none."""
    assert given.whole is not None
    frames, asked = given.whole[begin:end], job.request
    times = torch.arange(span.begin + begin, span.begin + end) / asked.fps
    return faded(frames, model.painted(frames, span.prompt or "", asked.seed, times), asked.strength)


def elsewhere(
    model: Any, job: Job, span: Span, given: Conditioning, state: EditState, begin: int, end: int
) -> np.ndarray:
    """The same frames replaced by the place that the prompt or a picture asks for, as the source's camera would see it;
    none of them where nothing asks for one, or the prompt for more than another background."""
    assert given.whole is not None
    frames, asked = given.whole[begin:end], job.request
    if asked.region != "background" or given.mask is None:
        return frames[:0]
    camera, size = state.camera, frames.shape[1:3]
    if begin == 0:
        shown = job.other
        state.place = model.place(span.prompt or "", asked.seed, *size) if shown is None else resize.fit(shown, *size)
        if state.place is not None:
            _catch_up(camera, job, span.begin)
            camera.follow(span.begin, given.whole, given.mask)
    if state.place is None:
        return frames[:0]
    seen_from = [camera.seen[span.begin + number] for number in range(begin, end)]
    return faded(frames, place.seen_from(state.place, seen_from), asked.strength)


def _catch_up(camera: CameraTrack, job: Job, begin: int) -> None:
    """Follow the camera to frame `begin` where a run that was killed has gone on behind it, its masks no longer known."""
    if begin in camera.seen or not begin or job.footage is None:
        return
    earlier = footage.Rolling(job.footage, *job.sizes[-1])
    for at in range(0, begin, CHUNK):
        frames = earlier.read(at, min(at + CHUNK, begin) + 1)
        camera.follow(at, frames, np.ones((len(frames), 1, 1), np.float32))


EDITS = exchanged, painted, elsewhere  # in the order in which a request is asked whether it wants them


@torch.no_grad()
def carried(model: Any, latents: Tensor, plan: Plan, given: Conditioning, job: Job) -> Clip:
    """An edit by a model that keeps the movement: what changed in its small clip, carried to the source's own frames."""
    source, asked = next(reference.value for reference in plan.references if reference.role == "source"), job.request
    before = torch.cat((source[:, :, :1], latents[:, :, 1:]), 2)
    small = [Clip.of(model.decode(z)[0], asked.fps).frames for z in (before, latents)]
    assert given.whole is not None
    inside = given.mask if asked.region == "background" else None  # that of a subject reaches a little beyond it
    return Clip(colour_transfer.carried(given.whole, small[0], small[1], inside), asked.fps)
