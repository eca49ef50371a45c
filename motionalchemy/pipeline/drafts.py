"""The draft that a clip is painted from: made by nano for the same request, or given as a clip, with a mask or without."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import InputError, PlanRefused
from motionalchemy.flow import draft as flow_draft
from motionalchemy.flow.plan import Plan
from motionalchemy.media import footage, resize
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.pipeline.job import Job
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.request import TASKS, Request
from motionalchemy.render import trust

MAKER = "nano"
NOTE = "painted from a draft: {dial}, of which {sure:.0%} is sure, {made:.0%} made up and free"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A draft (T, H, W, 3) uint8 as long as the clip, how sure each place of it is and how surely made up, (T, H, W) in
    [0, 1], and what the two times are counted for."""

    frames: np.ndarray
    sure: np.ndarray
    made: np.ndarray
    dial: flow_draft.Dial

    @property
    def note(self) -> str:
        """What there is to say of it."""
        dial = "the camera moves" if self.dial == flow_draft.CAMERA else "something moves"
        return NOTE.format(dial=dial, sure=float(self.sure[1:].mean()), made=float(self.made[1:].mean()))


def check(job: Job) -> None:
    """Raise PlanRefused or InputError where a draft is asked for that the model or the task cannot use, and
    MissingPart where its file is not there."""
    asked = job.request
    if not wanted(job.request):
        if asked.follow is not None or asked.draft_mask is not None:
            raise InputError("follow and draft_mask are for a draft: give one, --draft nano or --draft clip.mp4")
        return
    if job.card.name == MAKER:
        raise PlanRefused(f"{MAKER} makes drafts and paints none: give a model that paints, such as wan-5b")
    if not job.card.one_time and not {"clocks", "regions"} <= job.card.honours:
        raise PlanRefused(f"{job.card.name} has no time for every place, so it paints no draft: use wan-5b or ltx-2b")
    if asked.draft_mask is not None and asked.draft == MAKER:
        raise InputError("draft_mask is for a draft that is a clip: nano says itself what it moved")


def wanted(request: Request) -> bool:
    """Whether a clip is painted from a draft."""
    return request.draft not in (None, "none")


def drawn(
    job: Job, make: Callable[..., Iterator[Progress]], held: Mapping[str, Any], cancel: Callable[[], bool] | None
) -> Drawn:
    """The draft of a job; `make` makes nano's, from the pictures that are `held` in memory."""
    asked = job.request
    if asked.draft == MAKER:
        frames = _by_nano(job, make, held, cancel)
    else:
        assert asked.draft is not None
        frames = _read(asked.draft, asked.fps)
    frames = _as_long(frames, _length(job))
    if frames.shape[1:3] != job.full:
        frames = np.stack([resize.scaled(frame, *job.full) for frame in frames])
    mask = None
    if asked.draft_mask is not None:
        mask = _as_long(_read(asked.draft_mask, asked.fps), len(frames)).astype(np.float32).mean(3) / 255
        mask = np.stack([_scaled(frame, job.full) for frame in mask])
    sure, made = trust.trust(frames, mask)
    dial = flow_draft.CAMERA if mask is None and trust.by_camera(sure) else flow_draft.CUT_AND_DRAG
    return Drawn(frames, sure, made, dial)


def painted(job: Job, draft: Drawn, begin: int, end: int, plan: Plan, encode: Callable[[np.ndarray], Tensor]) -> Plan:
    """A window's plan, frames `begin` to `end`, with the draft of them in it."""
    grid, (h, w) = job.card.grid, plan.value.shape[3:]
    frames, sure, made = (_as_long(each[begin:end], end - begin) for each in (draft.frames, draft.sure, draft.made))
    share, invented = (
        flow_draft.pooled(torch.from_numpy(each), grid.time, h, w).to(plan.value) for each in (sure, made)
    )
    sampling = job.card.sampled(job.stages[-1].steps, job.request.guidance)
    free, asked = flow_draft.times(
        draft.dial,
        lambda steps: sampling.times(steps, plan.value.shape, 1.0),
        0.5 if job.request.follow is None else job.request.follow,
    )
    return flow_draft.painted(plan, encode(frames), share, invented, free, asked)


def _length(job: Job) -> int:
    return max(job.frames, *(span.end for span in job.spans))


def _by_nano(
    job: Job, make: Callable[..., Iterator[Progress]], held: Mapping[str, Any], cancel: Callable[[], bool] | None
) -> np.ndarray:
    """The clip that nano makes of the same request."""
    asked = job.request
    task = TASKS[asked.task]
    fields = {"task", "seed", *task.needs, *task.takes} & asked.model_fields_set | {"task", "prompt"}
    fields -= {"candidates", "draft", "draft_mask", "follow", "method", "strength", "audio"}
    own = {name: getattr(asked, name) for name in fields if getattr(asked, name) is not None}
    own |= {"seconds": asked.seconds, "fps": asked.fps} if "fps" in task.takes else {}
    own["size"] = min(registry.MODELS[MAKER].sizes[1], max(64, round((job.full[0] * job.full[1]) ** 0.5)))
    request = Request.model_validate(own | {"model": MAKER, "device": "cpu"})
    for at in make(request, None, cancel=cancel, **held):
        if at.result is not None:
            return at.result.clip.frames
    raise InputError("the draft ended before it was made")


def _read(path: str, fps: float) -> np.ndarray:
    """A clip's frames at a rate; raises InputError or MediaError."""
    source = footage.read(Path(path))
    clip = Clip(np.stack(list(source.frames())), source.fps)
    at = np.minimum((np.arange(max(1, round(len(clip) * fps / source.fps))) * source.fps / fps).round(), len(clip) - 1)
    return clip.frames[at.astype(int)]


def _as_long(frames: np.ndarray, count: int) -> np.ndarray:
    """As many frames, the last one standing where there are too few."""
    return frames[np.minimum(np.arange(count), len(frames) - 1)]


def _scaled(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return resize.scaled(np.repeat((mask * 255).round().astype(np.uint8)[..., None], 3, 2), *size)[..., 0] / 255.0
