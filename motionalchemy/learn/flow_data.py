"""Batches for the flow: cached latents and fresh captions, as the plans that the tasks make.

Batch i is a function of (seed, i) alone. All clips of a batch share one kind, so its tokens line up.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from motionalchemy import stages, tasks
from motionalchemy.grid import Grid
from motionalchemy.learn.latents import Cached
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.plan import Plan
from motionalchemy.worlds import captions, shards

WHOLE = (0.0, 0.0, 1.0, 1.0)
MIX = {"animate": 0.6, "between": 0.07, "extend": 0.06, "imagine": 0.05, "detail": 0.22}


@dataclass(frozen=True, eq=False)
class FlowBatch:
    """Truth (B, C, T, h, w), the plan it is hidden behind, noise, captions, the shown window, the seconds of frames."""

    kind: str
    truth: Tensor
    plan: Plan
    noise: Tensor
    tokens: Tokens
    seconds: Tensor
    window: tuple[float, float, float, float] = WHOLE

    def to(self, device: str) -> "FlowBatch":
        """The same batch on another device."""
        plan, move = self.plan, lambda x: x.to(device, non_blocking=True)
        references = tuple(replace(r, value=move(r.value)) for r in plan.references)
        plan = Plan(move(plan.value), move(plan.strength), references)
        tokens = self.tokens.to(device)
        return FlowBatch(self.kind, move(self.truth), plan, move(self.noise), tokens, move(self.seconds), self.window)


@dataclass(frozen=True)
class FlowData:
    """Draws batches of `count` clips; `mix` weighs the kinds, `silent` is the share of empty captions."""

    corpus: Path
    cached: Cached
    text: TokenEncoder
    count: int = 16
    silent: float = 0.1
    seed: int = 0
    fps: float = 24.0
    actions: tuple[str, ...] | None = None  # draw only clips of these; None for all
    grid: Grid = field(default_factory=Grid)
    mix: Mapping[str, float] = field(default_factory=lambda: MIX)

    def __post_init__(self) -> None:
        entries = {e.key: e for e in shards.index(self.corpus, "train")}
        lines = [
            shards.facts(self.corpus, entries[r["key"]]) for r in self.cached.records
        ]  # KeyError: not a train clip
        keep = [i for i, f in enumerate(lines) if self.actions is None or f["action"]["key"] in self.actions]
        object.__setattr__(self, "_facts", lines)
        object.__setattr__(self, "_rows", keep)

    def batch(self, i: int) -> FlowBatch:
        """Batch i, on the CPU."""
        rng = random.Random(f"{self.seed}/{i}")
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        kinds = {k: w for k, w in self.mix.items() if k != "detail" or len(self.cached.full)}
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        full = len(self.cached.full)
        rows = rng.choices([r for r in self._rows if kind != "detail" or r < full], k=self.count)  # type: ignore[attr-defined]
        tokens = self.text.encode([self._caption(row, rng) for row in rows], limit=48)
        truth, plan, window = self._detail(rows, rng, generator) if kind == "detail" else self._coarse(kind, rows, rng)
        seconds = torch.tensor(self.grid.starts(truth.shape[2], self.fps))
        noise = torch.randn(truth.shape, generator=generator)
        return FlowBatch(kind, truth, plan, noise, tokens, seconds, window)

    def _caption(self, row: int, rng: random.Random) -> str:
        if rng.random() < self.silent:
            return ""
        record = self.cached.records[row]
        return captions.caption(
            self._facts[row],  # type: ignore[attr-defined]
            rng,
            rng.choice(("en", "zh")),
            mirrored=record["mirrored"],
            background=record["background"],
        )

    def _coarse(self, kind: str, rows: list[int], rng: random.Random) -> tuple[Tensor, Plan, tuple]:
        truth = self.cached.half[rows].float()
        frames, still = truth.shape[2], self.cached.still[rows].float()
        if kind == "between":
            end = (self.grid.frames(frames) - 1) / self.fps
            return truth, tasks.animate(still, frames, self.cached.last[rows].float(), end), WHOLE
        if kind == "extend":
            return truth, tasks.extend(truth[:, :, : rng.choice((2, 3))], frames, anchor=truth[:, :, :1]), WHOLE
        if kind == "imagine":
            return truth, tasks.imagine(truth, frames), WHOLE
        return truth, tasks.animate(still, frames), WHOLE

    def _detail(self, rows: list[int], rng: random.Random, generator: torch.Generator) -> tuple[Tensor, Plan, tuple]:
        """A window of the full-size clip, entered from its half-size twin with the errors of a first stage."""
        full, half = self.cached.full[rows].float(), self.cached.half[rows].float()
        half = half + 0.25 * rng.random() * torch.randn(half.shape, generator=generator)
        h, w = half.shape[3:]
        top, left = rng.randint(0, full.shape[3] - h), rng.randint(0, full.shape[4] - w)
        cut = (..., slice(top, top + h), slice(left, left + w))
        truth, coarse = full[cut], stages.resize(half, *full.shape[3:])[cut]
        plan = stages.refine(tasks.animate(truth[:, :, :1], truth.shape[2]), coarse, rng.uniform(0.5, 0.8))
        sides = full.shape[3], full.shape[4]
        return truth, plan, (top / sides[0], left / sides[1], (top + h) / sides[0], (left + w) / sides[1])
