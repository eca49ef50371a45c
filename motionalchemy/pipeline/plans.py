"""The plan of a window, from what it is given."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from motionalchemy.flow import tasks
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import Plan, Reference, Role
from motionalchemy.pipeline.job import Job

Encode = Callable[[np.ndarray], Tensor]  # frames (T, H, W, 3) uint8 -> latents (1, C, t, h, w)


@dataclass(frozen=True, eq=False)
class ReferenceFrames:
    """Frames (T, H, W, 3) uint8 that ride along: their role, their second in the window, their angle in degrees."""

    role: Role
    frames: np.ndarray
    time: float | None = None
    angle: float = 0.0


@dataclass(frozen=True, eq=False)
class Conditioning:
    """What one window is made from, all frames (T, H, W, 3) uint8.

    `head` is known: one picture, or the last frames of what exists. `clip` is what an edit or a retake starts from, its
    known head included, `source` the same stretch untouched, `whole` that at the size of the result where the change is
    carried to it, `mask` (T, h, w) in 0..1 where it may change. With `closed` it also ends as it began. `free` are the
    first frame that may change and one past the last.
    """

    frames: int
    head: np.ndarray | None = None
    beside: tuple[ReferenceFrames, ...] = ()
    clip: np.ndarray | None = None
    source: np.ndarray | None = None
    whole: np.ndarray | None = None
    mask: np.ndarray | None = None
    free: tuple[int, int] = (0, 0)
    closed: bool = False


def moving(given: Conditioning, grid: Grid, encode: Encode, like: Tensor) -> Plan:
    """Known is the head, free is the rest: imagine without one, animate from a picture, extend from more."""
    frames = grid.latent_frames(given.frames)
    if given.head is None:
        plan = tasks.imagine(like, frames)
    elif len(given.head) == 1:
        still = np.broadcast_to(given.head, (grid.frames(min(3, frames)), *given.head.shape[1:]))
        latents = encode(still)
        plan = (
            tasks.loop(latents[:, :, :1], latents[:, :, -1:], frames)
            if given.closed
            else tasks.animate(latents, frames)
        )
    else:
        plan = tasks.extend(encode(given.head), frames)
    return _with(plan, given, encode)


def retaken(given: Conditioning, grid: Grid, encode: Encode, like: Tensor) -> Plan:
    """Known is the clip, free are the latent frames that hold the frames `given.free`."""
    assert given.clip is not None
    begin, end = given.free
    plan = tasks.retake(encode(given.clip), _group(grid, begin), _group(grid, end - 1) + 1)
    return _with(plan, given, encode)


def edited(given: Conditioning, grid: Grid, encode: Encode, method: str, strength: float, by_position: bool) -> Plan:
    """The clip redrawn to `strength`, inside the mask where the model can tell positions apart, its head known."""
    assert given.clip is not None and given.source is not None
    value = encode(given.clip)
    share = torch.full((1, 1, value.shape[2], 1, 1), strength)
    if given.mask is not None and by_position:
        share = strength * coarse_mask(given.mask, grid, *value.shape[3:])
    share[:, :, : _group(grid, given.free[0])] = 0
    plan = tasks.edit(value, share.to(value), contrast=method == "contrast")
    beside = (Reference("source", encode(given.source), 0.0),) if method == "reference" else ()
    return replace(_with(plan, given, encode), references=plan.references + beside)


def coarse_mask(mask: np.ndarray, grid: Grid, height: int, width: int) -> Tensor:
    """A mask (T, h, w) over frames as one over latents (1, 1, t, height, width): 1 wherever any of it is free."""
    pooled = torch.nn.functional.adaptive_max_pool2d(torch.from_numpy(mask).float()[:, None], (height, width))
    first, rest = pooled[:1], pooled[1:].reshape(-1, grid.time, height, width)
    groups = torch.cat((first[:, 0], rest.amax(1)))
    return (groups > 0.5).float()[None, None]


def _group(grid: Grid, frame: int) -> int:
    """The latent frame that holds a frame."""
    return math.ceil(frame / grid.time)


def _with(plan: Plan, given: Conditioning, encode: Encode) -> Plan:
    beside = tuple(Reference(b.role, encode(b.frames), b.time, b.angle) for b in given.beside)
    return replace(plan, references=plan.references + beside)


def plan(job: Job, given: Conditioning, encode: Encode, like: Tensor) -> Plan:
    """The plan of a window, its latents as `encode` gives them; `like` (1, C, 1, h, w) says what latents are."""
    asked, grid = job.request, job.card.grid
    if asked.task == "edit":
        by_position = "regions" in job.card.honours
        return edited(given, grid, encode, asked.method or "", asked.strength or 1.0, by_position)
    return (retaken if asked.task == "retake" else moving)(given, grid, encode, like)


def pictures(job: Job, given: Conditioning, plan: Plan) -> list[tuple[int, np.ndarray]]:
    """What of a window is given as pictures: frames (T, H, W, 3) uint8, each run of them at the number of its first."""
    if given.clip is not None:
        still = (plan.strength == 0).flatten(3).all(-1).flatten().tolist() if plan.strength.shape[2] > 1 else []
        ends = [(job.card.grid.frames(k) if k else 0, job.card.grid.frames(k + 1)) for k in range(len(still))]
        return [(a, given.clip[a:b]) for known, (a, b) in zip(still, ends, strict=True) if known]
    found = [] if given.head is None else [(0, given.head)]
    last = given.frames - 1
    views = [(min(last, round((b.time or 0.0) * job.request.fps)), b.frames) for b in given.beside if b.role == "view"]
    return found + sorted(views, key=lambda view: view[0])


def contrast(plan: Plan, given: Conditioning, encode: Encode) -> tuple[Plan, Plan, Tensor]:
    """The plan as a model is shown it towards the target and away from the source, and the untouched clip's latents.

    The clip itself is not shown as the guess, or both velocities would lead to it: a first frame stands still instead.
    """
    assert given.source is not None
    clip, known = encode(given.source), plan.known.to(plan.value)

    def shown(begin: np.ndarray, value: Tensor) -> Plan:
        still = encode(np.broadcast_to(begin, (given.frames, *begin.shape[1:])))
        return replace(plan, value=known * value + (1 - known) * still)

    target = given.source[:1] if given.head is None else given.head
    return shown(target, plan.value), shown(given.source[:1], clip), clip
