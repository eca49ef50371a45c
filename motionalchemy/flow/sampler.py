"""The convention and the one loop.

Time 1 is noise, time 0 is the picture: x_t = (1 - t) x_0 + t noise, and velocity = dx/dt = noise - x_0.
Everything that samples or trains uses these letters with this meaning.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from motionalchemy.errors import UnknownName
from motionalchemy.flow.plan import Plan
from motionalchemy.flow.solvers import SOLVERS, Velocity

SMALLEST_TIME = 0.05  # a clean estimate is not divided by less (JiT, 2511.13720)


def clean_to_velocity(clean: Tensor, state: Tensor, now: Tensor) -> Tensor:
    """The velocity (B, C, T, H, W) that leads away from a clean estimate: (state - clean) / time, time taken as at
    least 0.05."""
    return (state - clean) / now.clamp(min=SMALLEST_TIME)


@dataclass(frozen=True, eq=False)
class Step:
    """Where a run stands: step `index` of `total` done, global time `t`, the state, and the picture it points at."""

    index: int
    total: int
    t: float
    state: Tensor
    estimate: Tensor


def shift_for(tokens: int, channels: int) -> float:
    """Time shift for a clip of `tokens` latents: sqrt(dimensions / 4096), at least 1 (SD3, 2403.03206; SR-DiT)."""
    return max(1.0, (tokens * channels / 4096) ** 0.5)


def shifted(u: float | Tensor, shift: float) -> float | Tensor:
    """Move a uniform time towards noise: shift u / (1 + (shift - 1) u), a map of [0, 1] onto itself."""
    return shift * u / (1 + (shift - 1) * u)


def times(steps: int, shift: float = 1.0, top: float = 1.0) -> list[float]:
    """`steps` + 1 falling times from `top` to 0, evenly spaced before the shift."""
    entry = top / (shift - (shift - 1) * top)  # the u that the shift maps to `top`
    return [float(shifted(entry * (1 - i / steps), shift)) for i in range(steps + 1)]


def frame_by_frame(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Noise (B, C, T, H, W) on the CPU, drawn frame after frame, so that a longer clip begins like a shorter one."""
    b, c, t, h, w = shape
    return torch.stack([torch.randn(b, c, h, w, generator=generator) for _ in range(t)], 2)


def times_by_size(steps: int, shape: Sequence[int], top: float = 1.0) -> list[float]:
    """Times from `top` to 0 for latents (B, C, T, H, W), shifted by how many numbers they are."""
    _, c, t, h, w = shape
    return times(steps, shift_for(t * h * w, c), top)


@dataclass(frozen=True)
class Sampling:
    """How a model is sampled: its solver, its times for (steps, shape of the latents, top), and its first noise."""

    solver: str = "euler"
    times: Callable[[int, Sequence[int], float], list[float]] = times_by_size
    noise: Callable[[Sequence[int], torch.Generator], Tensor] = frame_by_frame


BY_SIZE = Sampling()


@torch.no_grad()
def sample(velocity: Velocity, plan: Plan, noise: Tensor, times: list[float], solver: str = "euler") -> Iterator[Step]:
    """Follow the velocity from the plan's start to the picture, yielding after every step that moves something.

    `times` fall from 1 (or the plan's top) to 0; stretches in which no clock ticks cost no call. `noise` is like the
    plan's value. Raises UnknownName for the solver.
    """
    if solver not in SOLVERS:
        raise UnknownName("solver", solver, SOLVERS)
    advance, x = SOLVERS[solver](), plan.start(noise)
    moving = [(t, t_next) for t, t_next in pairwise(times) if bool((plan.clock(t_next) < plan.clock(t)).any())]
    for i, (t, t_next) in enumerate(moving):
        x, estimate = advance(velocity, x, plan, t, t_next)
        yield Step(i + 1, len(moving), t_next, x, estimate)


def finish(steps: Iterator[Step], otherwise: Tensor) -> Tensor:
    """The last state (B, C, T, H, W) of a run, or `otherwise` when nothing had to move."""
    last = otherwise
    for step in steps:
        last = step.state
    return last
