"""Steps along a velocity, each part at its own clock: Euler, midpoint and UniPC (2302.04867, as Wan is sampled).

UniPC predicts with the last two clean estimates and corrects each state once the next estimate is known. Where a part's
clock has stood still there is no history, and the step is of first order; where it stands still now, nothing moves.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from motionalchemy.flow.plan import Plan

SMALLEST = 1e-12  # a time below this is the picture itself


def log_ratio(t: Tensor) -> Tensor:
    """log((1 - t) / t) of times of any shape: half the log signal-to-noise ratio."""
    return torch.log1p(-t) - torch.log(t.clamp(min=SMALLEST))


class UniPC:
    """One run of UniPC-2 (B(h) = expm1(h), clean-picture form); call it once a step, in order, as a solver.

    Equal to diffusers' UniPCMultistepScheduler (order 2, bh2, flow prediction) where all clocks run in full; its last
    step is of first order as there.
    """

    def __init__(self) -> None:
        self.cleans: list[Tensor] = []  # the last two clean estimates, oldest first
        self.times: list[Tensor] = []  # the clocks at which they were made
        self.before: Tensor | None = None  # the state that the last prediction started from
        self.order: Tensor | None = None  # of that prediction, per part: 1 or 2

    def __call__(
        self, velocity: Callable[[Tensor, Tensor], Tensor], x: Tensor, plan: Plan, t: float, t_next: float
    ) -> tuple[Tensor, Tensor]:
        """One call of the velocity; returns the new state and the picture estimated from it."""
        now, then = plan.clock(t), plan.clock(t_next)
        clean = x - now * velocity(x, now)
        x = self._corrected(x, clean, now)
        self.cleans, self.times = [*self.cleans[-1:], clean], [*self.times[-1:], now]
        self.before = x
        return self._predicted(x, now, then, last=t_next <= 0), clean

    def _predicted(self, x: Tensor, now: Tensor, then: Tensor, last: bool) -> Tensor:
        clean, ticks = self.cleans[-1], then < now
        h = log_ratio(then) - log_ratio(now)
        growth = torch.expm1(-h)
        out = then / now.clamp(min=SMALLEST) * x - (1 - then) * growth * clean
        second = self._ticked() & (not last)
        self.order = 1 + second.to(x.dtype)
        if bool(second.any()):
            slope = self._slope(now, h, second)
            out = out - (1 - then) * growth * 0.5 * slope
        return torch.where(ticks, out, x)

    def _corrected(self, x: Tensor, clean: Tensor, now: Tensor) -> Tensor:
        """The state that the last prediction reached, drawn again with the estimate that was made there."""
        if self.before is None or self.order is None:
            return x
        past, old = self.times[-1], self.cleans[-1]
        h = log_ratio(now) - log_ratio(past)
        growth = torch.expm1(-h)
        safe = torch.where(h == 0, torch.ones_like(h), h)
        first = (torch.expm1(-safe) / -safe - 1) / torch.expm1(-safe)  # the two conditions of order, for B(h) = expm1
        again = ((torch.expm1(-safe) / -safe - 1) / -safe - 0.5) * 2 / torch.expm1(-safe)
        weight, change = torch.full_like(h, 0.5), torch.zeros_like(clean)
        second = self.order == 2
        if bool(second.any()) and len(self.times) > 1:
            ratio = (log_ratio(self.times[-2]) - log_ratio(past)) / safe
            share = (first - again) / (1 - ratio)
            slope = (self.cleans[-2] - old) / torch.where(ratio == 0, torch.ones_like(ratio), ratio)
            change = torch.where(second, share * slope, change)
            weight = torch.where(second, first - share, weight)
        drawn = now / past.clamp(min=SMALLEST) * self.before - (1 - now) * growth * old
        drawn = drawn - (1 - now) * growth * (change + weight * (clean - old))
        return torch.where(now < past, drawn, x)

    def _ticked(self) -> Tensor:
        """Where the last step moved something, so that there is a history to build on."""
        if len(self.times) < 2:
            return torch.zeros_like(self.times[-1], dtype=torch.bool)
        return self.times[-1] < self.times[-2]

    def _slope(self, now: Tensor, h: Tensor, where: Tensor) -> Tensor:
        ratio = (log_ratio(self.times[-2]) - log_ratio(now)) / torch.where(h == 0, torch.ones_like(h), h)
        slope = (self.cleans[-2] - self.cleans[-1]) / torch.where(where, ratio, torch.ones_like(ratio))
        return torch.where(where, slope, torch.zeros_like(slope))


Velocity = Callable[[Tensor, Tensor], Tensor]  # (state (B, C, T, H, W), time per part (B, 1, T, H, W)) -> like state


def euler(velocity: Velocity, x: Tensor, plan: Plan, t: float, t_next: float) -> tuple[Tensor, Tensor]:
    """One step of first order; returns the new state and the picture estimated from it, both like `x` (B, C, T, H, W)."""
    now, then = plan.clock(t), plan.clock(t_next)
    v = velocity(x, now)
    x = x + (then - now) * v
    return x, x - then * v


def midpoint(velocity: Velocity, x: Tensor, plan: Plan, t: float, t_next: float) -> tuple[Tensor, Tensor]:
    """One step of second order and two calls (explicit midpoint rule), returns as `euler`; never evaluates at time 0."""
    now, half, then = plan.clock(t), plan.clock((t + t_next) / 2), plan.clock(t_next)
    v = velocity(x + (half - now) * velocity(x, now), half)
    x = x + (then - now) * v
    return x, x - then * v


Solver = Callable[[Velocity, Tensor, Plan, float, float], tuple[Tensor, Tensor]]
SOLVERS: dict[str, Callable[[], Solver]] = {"euler": lambda: euler, "midpoint": lambda: midpoint, "unipc": UniPC}
