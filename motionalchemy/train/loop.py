"""The training loop, once for every model: a generator that steps, averages, saves and reports."""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from motionalchemy.train import checkpoint, distributed
from motionalchemy.train.muon import Muon

CHECKPOINT = "checkpoint.safetensors"
Loss = Callable[[Any, int], dict[str, Tensor]]  # (batch, step) -> named losses; "loss" is the one that is minimised


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: the rate warms up, then falls to zero along a half cosine by `steps`."""

    steps: int
    rate: float
    warmup: int = 100
    decay: float = 0.01
    average: float = 0.999
    clip: float = 1.0
    muon: bool = False  # orthogonalised momentum for the matrices of the blocks (2502.16982)
    save_every: float = 180.0  # seconds

    def rate_at(self, step: int) -> float:
        """The learning rate of a step: up to `rate` in `warmup` steps, then down along half a cosine (1608.03983)."""
        rise = min(1.0, (step + 1) / self.warmup)
        return self.rate * rise * 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))


@dataclass(frozen=True)
class Report:
    """One step done: its losses, the seconds it took, the seconds of them spent waiting for data, and `mfu`, the share of
    what the device can multiply that the model's own products took (0 where it was not measured; 2204.02311)."""

    step: int
    steps: int
    losses: dict[str, float]
    seconds: float
    waited: float
    rate: float
    phase: str = "training"
    mfu: float = 0.0

    @property
    def spent(self) -> str:
        """Where the time went, in words."""
        idle = f", {self.waited / max(self.seconds, 1e-9):.0%} waiting for data" if self.phase == "training" else ""
        return f"{self.seconds:.2f} s{idle}" + (f", MFU {self.mfu:.0%}" if self.mfu else "")


def flops(step: Callable[[], dict[str, Tensor]]) -> float:
    """FLOP of the matrix products of one step, forwards and backwards; its gradients stay."""
    with FlopCounterMode(display=False) as counter:
        step()["loss"].backward()
    return float(counter.get_total_flops())


def prefetched(batch: Callable[[int], Any], begin: int, end: int, ahead: int = 3) -> Iterator[Any]:
    """batch(begin), batch(begin + 1), ... made in order by one thread that works `ahead` of the consumer."""
    with ThreadPoolExecutor(1) as pool:
        jobs = [pool.submit(batch, i) for i in range(begin, min(begin + ahead, end))]
        try:
            for i in range(begin, end):
                job = jobs.pop(0)
                if i + ahead < end:
                    jobs.append(pool.submit(batch, i + ahead))
                yield job.result()
        finally:
            for job in jobs:
                job.cancel()


def train(
    model: nn.Module,
    batch: Callable[[int], Any],
    loss: Loss,
    schedule: Schedule,
    folder: Path,
    average: dict[str, Tensor] | None = None,
    ideal: float = 0.0,
) -> Iterator[Report]:
    """Train `model` in place, resuming from `folder`'s checkpoint when there is one; yields every step.

    `average` (a state dict) follows the weights exponentially and is what a release is made from. Of several processes
    (`distributed`) each takes other batches and all end with the same weights; the leading one saves. `ideal` is how many
    seconds a step would take if the device did nothing but its matrix products.
    """
    us = distributed.join()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimisers = optimisers_for(model, schedule)
    average = average if average is not None else averaged(model)
    path, begin = folder / CHECKPOINT, 0
    if path.is_file():
        begin = checkpoint.load(path, model, average, optimisers)
    done, saved, now = begin, time.monotonic(), time.monotonic()
    try:
        for step, data in enumerate(prefetched(lambda i: batch(us.number(i)), begin, schedule.steps), begin):
            waited = time.monotonic() - now
            losses = loss(data, us.number(step))
            losses["loss"].backward()
            us.average(parameters)
            nn.utils.clip_grad_norm_(parameters, schedule.clip)
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = schedule.rate_at(step) * group["pace"]
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            follow(average, model, min(schedule.average, (step + 1) / (step + 10)))
            done = step + 1
            if us.leads and time.monotonic() - saved > schedule.save_every:
                checkpoint.save(path, model, average, optimisers, done)
                saved = time.monotonic()
            before, now = now, time.monotonic()
            values = {k: float(v.detach()) for k, v in losses.items()}
            used = ideal / (now - before)
            report = Report(done, schedule.steps, values, now - before, waited, schedule.rate_at(step), mfu=used)
            if us.leads:
                checkpoint.log(folder / "log.jsonl", asdict(report))
            yield report
    finally:  # the end, Ctrl-C, or a caller that has seen enough
        if us.leads and done > begin:
            checkpoint.save(path, model, average, optimisers, done)


def optimisers_for(model: nn.Module, schedule: Schedule) -> list[torch.optim.Optimizer]:
    """AdamW for all, or Muon for what stands under the model's `matrices` prefixes when the schedule asks for it.

    Matrices decay, vectors do not; names under the model's `slow` prefixes learn at a fiftieth of the rate.
    """
    slow, large = getattr(model, "slow", ()), getattr(model, "matrices", ())
    groups: dict[tuple[bool, bool], dict] = {}
    matrices = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if schedule.muon and name.startswith(large) and parameter.ndim > 1 and len(parameter) > 8:
            matrices.append(parameter)
            continue
        key = parameter.ndim > 1, name.startswith(slow)
        fresh = {"params": [], "weight_decay": schedule.decay * key[0], "pace": 0.02 if key[1] else 1.0}
        groups.setdefault(key, fresh)["params"].append(parameter)
    adam = torch.optim.AdamW(list(groups.values()), lr=schedule.rate, betas=(0.9, 0.97), fused=True)
    return [adam, Muon(matrices, schedule.rate, schedule.decay, pace=2.0)] if matrices else [adam]


def averaged(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the model's state to be led along by `follow`."""
    return {k: v.detach().clone() for k, v in model.state_dict().items()}


@torch.no_grad()
def follow(average: dict[str, Tensor], model: nn.Module, keep: float) -> None:
    """average = keep * average + (1 - keep) * model, in place; what is not a float is copied."""
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, 1 - keep)
        else:
            average[name].copy_(value)
