"""Training the flow: a plan, a time and the truth make the state, the target and the weight; nothing else does."""

from collections.abc import Callable

import torch
from torch import Tensor

from motionalchemy.flow.plan import Plan
from motionalchemy.flow.sampler import shifted
from motionalchemy.train.flow_data import FlowBatch

FLOOR = 0.25
BLIND = 0.6  # the share of clips at time 1 itself, where few-step sampling begins
CALM = 0.01  # weighed mean square of a clip's latents below which its errors count no more
CHANGED = 1.0  # the same of what an edit changes, strokes and snow being 0.2 to 1 and another place 1 to 10


def on_the_way(plan: Plan, truth: Tensor, noise: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """The state at global time t on the straight line from the plan's start to the truth, and each part's own time.

    All (B, C, T, h, w) but t (B, 1, 1, 1, 1). A free frame gives (1 - t) truth + t noise, a known one stands at the
    truth, a coarse clip entered at strength s gives the line from its noised self at s to the truth at 0.
    """
    now = plan.clock(t)
    share = torch.where(plan.strength > 0, now / plan.strength.clamp(min=1e-6), torch.zeros_like(now))
    return truth + share * (plan.start(noise) - truth), now


def flow_loss(
    clean: Tensor, truth: Tensor, plan: Plan, t: Tensor, now: Tensor, channels: Tensor | None = None
) -> Tensor:
    """Squared error of the velocity over the parts whose clock ticks, one number a clip (B,).

    Below FLOOR the weight of an error grows no further: what is left to remove there can hardly be seen. A clip that
    moves or changes much counts no more than one that does a little: standing still, or leaving the source as it is,
    costs at most 1 at time 1. `channels` (2, C) weighs those of frame 0 and of the later ones.
    """
    each = truth.new_ones(2, truth.shape[1]) if channels is None else channels
    each = torch.cat((each[:1], each[1:].expand(truth.shape[2] - 1, -1))).T  # (C, T)
    ticking = plan.weight(t).expand_as(clean[:, :1])
    source = next((r.value for r in plan.references if r.role == "source"), None)
    size, calm = (truth, CALM) if source is None else (truth - source, CHANGED)

    def mean(squares: Tensor, weight: Tensor) -> Tensor:
        heavy = (squares * each[..., None, None]).mean(1, keepdim=True) * weight
        return heavy.sum((1, 2, 3, 4)) / ticking.sum((1, 2, 3, 4)).clamp(min=1)

    error = mean((clean.float() - truth).square(), ticking / now.clamp(min=FLOOR).square())
    return error / (calm + mean(size.square(), ticking))


def batch_loss(
    network: Callable[..., Tensor], batch: FlowBatch, i: int, shift: float, channels: Tensor | None = None
) -> dict[str, Tensor]:
    """The loss of step i on one batch, all clips of which share a kind."""
    generator = torch.Generator().manual_seed(i)
    t = draw_times(len(batch.truth), shift, generator, batch.plan.top).to(batch.truth.device)
    state, now = on_the_way(batch.plan, batch.truth, batch.noise, t)
    clean = network(state, now, batch.tokens, batch.seconds, batch.plan.references, batch.looks)
    losses = flow_loss(clean, batch.truth, batch.plan, t, now, channels)
    return {"loss": losses.mean(), batch.kind: losses.detach().mean()}


def draw_times(count: int, shift: float, generator: torch.Generator, top: float = 1.0) -> Tensor:
    """Logit-normal times moved towards noise by `shift` and scaled to [0, top], some of them `top` itself:
    (count, 1, 1, 1, 1) (2403.03206)."""
    u = torch.sigmoid(torch.randn(count, generator=generator))
    blind = torch.rand(count, generator=generator) < BLIND
    return (top * torch.where(blind, torch.ones_like(u), shifted(u, shift))).view(-1, 1, 1, 1, 1)  # type: ignore[arg-type]
