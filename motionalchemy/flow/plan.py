"""A plan is a start and a clock: what is given, and how far each part of it may still move.

Latents are (B, C, T, H, W); strengths and times are broadcastable to (B, 1, T, H, W), usually (B, 1, T, 1, 1).
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from motionalchemy.errors import InputError

Role = Literal["anchor", "view", "source", "motion", "identity"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, eq=False)
class Reference:
    """Clean latents (B, C, T, H, W) shown beside the clip: a role, a time in seconds and an angle in degrees.

    A reference whose time is None stands at no time (the identity of a subject, say).
    """

    role: Role
    value: Tensor
    time: float | None = None
    angle: float = 0.0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InputError(f"unknown role {self.role!r}: choose one of {', '.join(ROLES)}")
        if self.value.ndim != 5:
            raise InputError(f"a reference is (B, C, T, H, W), not {tuple(self.value.shape)}")


@dataclass(frozen=True, eq=False)
class Plan:
    """`value` (B, C, T, H, W) and `strength` in [0, 1]: 0 is known, 1 is free, between is noised and drawn again.

    The start follows the strength unless `noised` says otherwise (FlowEdit starts at the clean clip, with the full
    clock). A model that gives all frames one time has one strength for all; `held` is then the time above which a part
    stays on the line from its value to its noise (`flow.guidance.held`), and `shown` what it is shown beside its latents,
    in a form of its own. Raises InputError when shapes do not broadcast or a strength leaves [0, 1].
    """

    value: Tensor
    strength: Tensor
    references: tuple[Reference, ...] = ()
    noised: Tensor | None = None
    held: Tensor | None = None
    shown: object = None

    def __post_init__(self) -> None:
        if self.value.ndim != 5:
            raise InputError(f"a plan's value is (B, C, T, H, W), not {tuple(self.value.shape)}")
        for share in (self.strength, self.noised, self.held):
            if share is None:
                continue
            full = (self.value.shape[0], 1, *self.value.shape[2:])
            if share.ndim != 5 or any(n not in (1, m) for n, m in zip(share.shape, full, strict=True)):
                raise InputError(f"strength {tuple(share.shape)} does not broadcast to {full}")
            if float(share.min()) < 0 or float(share.max()) > 1:
                raise InputError(f"a strength lies in [0, 1], not {float(share.min()):g}..{float(share.max()):g}")

    def start(self, noise: Tensor) -> Tensor:
        """The state (B, C, T, H, W) at time 1: (1 - strength) * value + strength * noise."""
        share = self.strength if self.noised is None else self.noised
        return (1 - share) * self.value + share * noise

    def clock(self, t: float | Tensor) -> Tensor:
        """What each part's own time reads, of the strength's shape, when the global time is t: min(t, strength)."""
        return torch.minimum(torch.as_tensor(t, dtype=self.strength.dtype, device=self.strength.device), self.strength)

    def weight(self, t: float | Tensor) -> Tensor:
        """The clock's rate, of the strength's shape, 1 where it ticks at t and 0 where it stands; the weight of the
        training loss."""
        return (torch.as_tensor(t, device=self.strength.device) <= self.strength).to(self.strength.dtype)

    @property
    def known(self) -> Tensor:
        """Where nothing may move, bool, of the strength's shape."""
        return (self.strength if self.held is None else self.held) == 0

    def at_one_time(self, free: Tensor | None = None, shown: object = None) -> "Plan":
        """The same plan for a model with one time for all frames: what would start late is held until then, but for what is
        `free` of that, bool, because the model is `shown` it."""
        strength = torch.full_like(self.strength[:, :, :1, :1, :1], self.top)
        until = (
            self.strength
            if free is None
            else torch.where(free, torch.full_like(self.strength, self.top), self.strength)
        )
        return replace(self, strength=strength, held=until if bool((until < self.top).any()) else None, shown=shown)

    @property
    def top(self) -> float:
        """The time above which no clock ticks."""
        return float(self.strength.max())

    @property
    def needs(self) -> frozenset[str]:
        """What a backbone must honour: `clocks` (a time per frame), `regions` (per position), `reference:ROLE`, and
        `pictures`, a first frame that is neither given nor that of a source."""
        asked = {f"reference:{r.role}" for r in self.references}
        if bool((self.strength[:, :, :1] > 0).any()) and "reference:source" not in asked:
            asked.add("pictures")
        if self.strength.shape[2] > 1 and bool((self.strength.amax(2) != self.strength.amin(2)).any()):
            asked.add("clocks")
        if max(self.strength.shape[3:]) > 1:
            asked.add("regions")
        return frozenset(asked)
