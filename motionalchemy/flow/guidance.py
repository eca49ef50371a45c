"""Velocities made from velocities: where free parts want to go. Nothing here advances time or knows a model."""

from torch import Tensor

from motionalchemy.flow.solvers import Velocity


def guided(
    towards: Velocity, away: Velocity, scale: float, above: float = 0.0, sure: Velocity | None = None
) -> Velocity:
    """away + scale * (towards - away): classifier-free guidance (2207.12598); scale 1 costs one call, not two.

    Where every part's time is below `above` only `towards` is asked (limited intervals: 2404.07724). What `sure` says of
    the difference at a time is as large as it should be and is not scaled.
    """
    if scale == 1:
        return towards

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        if above and float(t.max()) < above:  # the only look that waits for a GPU
            return towards(x, t)
        base = away(x, t)
        apart = towards(x, t) - base
        led = base + scale * apart
        return led if sure is None else led - (scale - 1) * sure(apart, t)

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
