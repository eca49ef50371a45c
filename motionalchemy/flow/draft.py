"""A draft painted over: a plan whose value is the draft and whose strength says how freely each part may be drawn again.

Time-to-Move (2511.08633) starts all of a clip a few steps late, and lets go of what is asked some steps later. Here the
two are times of the model's own schedule, and a part that the draft is sure of less has a time between them; what the draft
made up is free from the start, what is given does not move.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow.plan import Plan

COUNTED = 50  # steps of which the two numbers of a `Dial` are counted
LATEST = 25.0  # of them: where what is asked is let go of at the most
MADE_UP = 0.25  # share of a latent's pixels that the draft made up from which on it is free


@dataclass(frozen=True)
class Dial:
    """After how many of 50 steps what is free begins, and what is asked."""

    free: float
    asked: float


CUT_AND_DRAG, CAMERA = Dial(3, 7), Dial(2, 5)  # Wan 2.2 I2V in Time-to-Move: something is moved; the camera moves


def times(dial: Dial, schedule: Callable[[int], list[float]], follow: float = 0.5) -> tuple[float, float]:
    """The times of a model at which what is free and what is asked begin, from `schedule(steps)`, its falling times.

    `follow` in [0, 1]: 0 lets go of what is asked with all else, 0.5 is the dial's own, 1 holds it half of the way.
    """
    if not 0 <= follow <= 1:
        raise InputError(f"follow lies in [0, 1], not {follow:g}")
    falling = schedule(COUNTED)
    asked = float(np.interp(follow, [0, 0.5, 1], [dial.free, dial.asked, LATEST]))
    at = np.arange(len(falling))
    free, late = (float(np.interp(step, at, falling)) for step in (dial.free, asked))
    return free, late


def painted(plan: Plan, draft: Tensor, sure: Tensor, made: Tensor, free: float, asked: float) -> Plan:
    """A plan (of what is given) with the draft in it, latents (B, C, T, H, W).

    `sure` and `made` (1, 1, T, H, W) in [0, 1]: how much of each latent is asked and trusted, and how much the draft made
    up. What the plan knows stays known.
    """
    if draft.shape != plan.value.shape:
        raise InputError(f"a draft of latents {tuple(draft.shape)} does not fit a plan of {tuple(plan.value.shape)}")
    strength = free + (asked - free) * sure.clamp(0, 1)
    strength = torch.where(made > MADE_UP, torch.ones_like(strength), strength)
    known = (plan.strength == 0).expand_as(strength)
    strength = torch.where(known, torch.zeros_like(strength), strength)
    return replace(plan, value=torch.where(known, plan.value, draft), strength=strength)


def pooled(share: Tensor, time: int, height: int, width: int) -> Tensor:
    """A share of pixels (T, h, w), T = time k + 1, as its mean over what each latent holds, (1, 1, t, height, width)."""
    small = torch.nn.functional.adaptive_avg_pool2d(share.float()[:, None], (height, width))[:, 0]  # (T, H, W)
    rest = small[1:].reshape(-1, time, height, width).mean(1)
    return torch.cat((small[:1], rest))[None, None]
