"""Velocities made from velocities: where free parts want to go. Nothing here advances time or knows a model."""

from collections.abc import Callable

import torch
from torch import Tensor

from motionalchemy.flow.plan import Plan
from motionalchemy.flow.solvers import SMALLEST, Velocity

Scale = float | Callable[[Tensor], float]


def guided(
    towards: Velocity, away: Velocity, scale: Scale, above: float = 0.0, sure: Velocity | None = None
) -> Velocity:
    """away + scale * (towards - away): classifier-free guidance (2207.12598); scale 1 costs one call, not two. A scale may
    be a function of the time.

    Where every part's time is below `above` only `towards` is asked (limited intervals: 2404.07724). What `sure` says of
    the difference at a time is as large as it should be and is not scaled.
    """
    if scale == 1:
        return towards

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        most = scale(t) if callable(scale) else scale
        if most == 1 or (above and float(t.max()) < above):  # the only look that waits for a GPU
            return towards(x, t)
        base = away(x, t)
        apart = towards(x, t) - base
        led = base + most * apart
        return led if sure is None else led - (most - 1) * sure(apart, t)

    return velocity


def held(free: Velocity, plan: Plan) -> Velocity:
    """The velocity of a plan for a model with one time for all frames: a part whose time to move has not come stays on the
    straight line between its value and its noise, which every solver here follows exactly (Time-to-Move, 2511.08633)."""
    if plan.held is None:
        return free
    until, value = plan.held, plan.value

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        return torch.where(t > until, (x - value) / t.clamp(min=SMALLEST), free(x, t))

    return velocity


def contrasted(target: Velocity, source: Velocity, clip: Tensor, noises) -> Velocity:
    """The target's velocity minus the source's, both seen through the same noise: FlowEdit (2412.08629, algorithm 1).

    `clip` (B, C, T, H, W) is the source clip, `noises` an iterator of tensors like it. Run it on a plan whose start is
    the clip itself and whose clock runs in full.
    """

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        seen = (1 - t) * clip + t * next(noises)
        return target(x + seen - clip, t) - source(seen, t)

    return velocity
