"""The tasks of the mission as plans: which frames are given, which are free, what rides along.

All latents are (B, C, T, H, W). Where a plan is free its value is a guess that the start does not see: what was given,
standing still. A backbone may use it. A new task is a new function here and a test beside it.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import Plan, Reference


def standing(picture: Tensor, grid: Grid, latent_frames: int = 3) -> Tensor:
    """A picture (..., 3, 1, H, W) as a clip that does not move, to be encoded and given to `animate` and its kin.

    Three latent frames are enough: from the third on, a still picture encodes to the same latents again and again.
    """
    return picture.expand(*picture.shape[:-3], grid.frames(latent_frames), *picture.shape[-2:])


def imagine(like: Tensor, frames: int) -> Plan:
    """Text -> video or image: everything free; `like` (B, C, ., H, W) gives size, type and device."""
    b, c, _, h, w = like.shape
    return Plan(like.new_zeros(b, c, frames, h, w), like.new_ones(1, 1, frames, 1, 1))


def animate(first: Tensor, frames: int, last: Tensor | None = None, end: float | None = None) -> Plan:
    """Image + text -> video: latent frame 0 is that of `first` (B, C, t, H, W), the given picture standing still.

    A `last` image cannot be known in a causal grid, so it stands beside the clip as a view at `end` seconds. Raises
    InputError without them.
    """
    plan = _known(first, frames, at_start=1)
    if last is None:
        return plan
    if end is None:
        raise InputError("a last image needs the time in seconds at which it is to be reached")
    return Plan(plan.value, plan.strength, (Reference("view", last, end),))


def extend(tail: Tensor, frames: int, anchor: Tensor | None = None) -> Plan:
    """Clip + text -> what comes next: the last latent frames of what exists are known, the rest is free.

    `anchor`, the clip's very first frame, rides along against drift (at no time: its distance must not grow).
    """
    plan = _known(tail, frames, at_start=tail.shape[2])
    references = () if anchor is None else (Reference("anchor", anchor),)
    return Plan(plan.value, plan.strength, references)


def loop(first: Tensor, last: Tensor, frames: int) -> Plan:
    """Known at both ends: latent frame 0 is `first`, the last whole latent frames are `last`, the rest is free."""
    plan = _known(first, frames, at_start=first.shape[2])
    value, strength = plan.value.clone(), plan.strength.clone()
    value[:, :, -last.shape[2] :], strength[:, :, -last.shape[2] :] = last, 0
    return Plan(value, strength)


def retake(clip: Tensor, begin: int, end: int) -> Plan:
    """Clip + text -> the same clip with latent frames begin..end-1 drawn again; the guess there is the one before.

    Raises InputError for frames that it lacks.
    """
    frames = clip.shape[2]
    if not 0 <= begin < end <= frames:
        raise InputError(f"a retake lies within 0..{frames} latent frames, not {begin}..{end}")
    strength, value, near = clip.new_zeros(1, 1, frames, 1, 1), clip.clone(), max(begin - 1, 0)
    strength[:, :, begin:end] = 1
    value[:, :, max(begin, 1) : end] = clip[:, :, near : near + 1]
    return Plan(value, strength)


def orbit(views: Sequence[Tensor], times: Sequence[float], frames: int, angles: Sequence[float] | None = None) -> Plan:
    """Several views -> one camera move: the first view is known, each other stands at its second and angle.

    Raises InputError for fewer than two views, or other numbers of times or angles.
    """
    if len(views) < 2 or len(times) != len(views) or (angles is not None and len(angles) != len(views)):
        raise InputError(f"an orbit takes two or more views, each with its time and angle: got {len(views)} views")
    angles = angles or [0.0] * len(views)
    plan = _known(views[0], frames, at_start=1)
    beside = tuple(Reference("view", v, t, a) for v, t, a in list(zip(views, times, angles, strict=True))[1:])
    return Plan(plan.value, plan.strength, beside)


def edit(clip: Tensor, strength: float | Tensor = 1.0, source: bool = False, contrast: bool = False) -> Plan:
    """Clip + text -> edited clip: `strength` everywhere (SDEdit, 2108.01073) or per position (a region).

    With `source` the clip is also shown beside it, for models trained to edit; with `contrast` the start is the clean
    clip, as FlowEdit wants it.
    """
    share = torch.as_tensor(strength, dtype=clip.dtype, device=clip.device)
    share = share.expand(1, 1, clip.shape[2], 1, 1) if share.ndim == 0 else share
    references = (Reference("source", clip, 0.0),) if source else ()
    return Plan(clip, share.clone(), references, torch.zeros_like(share) if contrast else None)


def act(first: Tensor, frames: int, motion: Tensor | None = None, identity: Tensor | None = None) -> Plan:
    """Image + a motion -> the subject doing it: animate's plan with a motion clip and/or another look beside it."""
    plan = animate(first, frames)
    beside = []
    if motion is not None:
        beside.append(Reference("motion", motion, 0.0))
    if identity is not None:
        beside.append(Reference("identity", identity))
    return Plan(plan.value, plan.strength, tuple(beside))


def _known(given: Tensor, frames: int, at_start: int) -> Plan:
    if not 0 < at_start <= min(frames, given.shape[2]):
        raise InputError(f"{at_start} known latent frames do not fit in a clip of {frames}")
    value = torch.cat((given, given[:, :, -1:].expand(-1, -1, max(0, frames - given.shape[2]), -1, -1)), 2)[
        :, :, :frames
    ]
    strength = value.new_ones(1, 1, frames, 1, 1)
    strength[:, :, :at_start] = 0
    return Plan(value, strength)
