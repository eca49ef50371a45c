"""Checkpoints without pickle: every tensor of a training in one safetensors file, written whole or not at all."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

Optimisers = Sequence[torch.optim.Optimizer]


def save(path: Path, model: nn.Module, average: dict[str, Tensor], optimisers: Optimisers, step: int) -> None:
    """Write model, running average, optimiser states and step to `path`, replacing what stood there atomically."""
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.items()}
    for number, optimiser in enumerate(optimisers):
        for i, slots in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser{number}.{i}.{name}": torch.as_tensor(value) for name, value in slots.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    save_file({k: v.detach().contiguous().cpu().clone() for k, v in tensors.items()}, half, {"step": str(step)})
    os.replace(half, path)


def load(path: Path, model: nn.Module, average: dict[str, Tensor], optimisers: Optimisers) -> int:
    """Restore what `save` wrote, in place, and return the step; raises RuntimeError for a missing or unknown tensor."""
    with safe_open(path, "pt") as file:
        tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 - not a mapping
        step = int(file.metadata()["step"])
    model.load_state_dict(_under(tensors, "model"))
    for name, value in _under(tensors, "average").items():
        average[name].copy_(value)
    for number, optimiser in enumerate(optimisers):
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _under(tensors, f"optimiser{number}").items():
            i, slot = name.split(".", 1)
            slots.setdefault(int(i), {})[slot] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
    return step


def _under(tensors: dict[str, Tensor], head: str) -> dict[str, Tensor]:
    return {k.removeprefix(f"{head}."): v for k, v in tensors.items() if k.startswith(f"{head}.")}


def log(path: Path, line: dict[str, Any]) -> None:
    """Append one JSON line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
