"""LoRA files that people already have, laid over a public model's transformer, or refused with the keys that fit nothing.

Read are the layouts of diffusers and peft (`transformer.…lora_A.weight`), of ComfyUI and the models' own trainers
(`diffusion_model.…lora_down.weight` with `.alpha`, `.diff` and `.diff_b`), and of kohya, musubi, LyCORIS (`lora_unet_…`).
Kinds are LoRA, LoHa, LoKr, whole differences, and DoRA over any of them. All are brought to {module: change} by renaming
alone, checked whole against the model, then added to its weights.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from motionalchemy.errors import InputError
from motionalchemy.models.lora_names import Change, grouped, matched, product

LARGEST = 8 << 30  # bytes of a LoRA file
HEAVIEST = 10.0
SHOWN = 5  # keys named in a refusal
CONTROL = re.compile(r"ic[-_ ]?lora|control[-_ ]?lora", re.IGNORECASE)  # those that are shown a clip beside the result
HALVES = (re.compile(r"(?<![a-z])high(?![a-z])"), re.compile(r"(?<![a-z])low(?![a-z])"))  # of a model of two networks
Adapters = Sequence[tuple[Path, float]]


@dataclass(frozen=True, eq=False)
class Delta:
    """What a file adds to one module: a matrix (out, in) to its weight at `scale`, made when it is added; whole differences
    to its weight and bias; a `magnitude` that the rows or columns of the sum are brought to (DoRA, 2402.09353)."""

    change: Mapping[str, Tensor]
    scale: float = 1.0

    def added_to(self, old: Tensor, weight: float) -> Tensor:
        """The weight (out, ...) with the change in it, at a share of it, in float32."""
        old = old.detach().float()
        made = product(dict(self.change))
        new = old if made is None else old + weight * self.scale * made[0].view_as(old)
        if "diff" in self.change:
            new = new + weight * self.change["diff"].float().view_as(old)
        if "magnitude" in self.change:
            whole = old if made is None else old + self.scale * made[0].view_as(old)
            new = old + weight * (_to_magnitude(whole, self.change["magnitude"].float()) - old)
        return new


def _to_magnitude(whole: Tensor, magnitude: Tensor) -> Tensor:
    """A weight with its rows as long as `magnitude` says, or its columns where that is one number a column."""
    flat = whole.flatten(1)
    by_row = magnitude.numel() == len(flat) and (magnitude.ndim == 1 or magnitude.shape[0] == len(flat))
    lengths = flat.norm(dim=1 if by_row else 0, keepdim=True)
    target = magnitude.reshape(-1, 1) if by_row else magnitude.reshape(1, -1)
    return (flat * (target / lengths.clamp(min=1e-12))).view_as(whole)


def named(text: str) -> tuple[Path, float]:
    """FILE or FILE:WEIGHT as a path and a weight, 1 unless given; raises InputError."""
    path, _, tail = text.rpartition(":")
    try:
        weight = float(tail) if path else 1.0
    except ValueError:
        path, weight = text, 1.0
    file = Path(path or text)
    if not math.isfinite(weight) or abs(weight) > HEAVIEST:
        raise InputError(
            f"the weight {tail} of the LoRA {str(file)!r} cannot be used: give -{HEAVIEST:g} to {HEAVIEST:g}"
        )
    check_file(file)
    return file, weight


@dataclass(frozen=True, eq=False)
class Laid:
    """A LoRA file compared with a network: what it adds to which module, at a weight."""

    deltas: Mapping[str, Delta] = field(default_factory=dict)
    weight: float = 1.0


def of_network(files: Adapters, number: int, networks: int) -> Adapters:
    """Of LoRA files those that are for one of a model's networks: a name with `high` or `low` in it says for which, any
    other is for all."""
    if networks == 1:
        return files
    own, other = HALVES[number], HALVES[1 - number]
    return [each for each in files if own.search(each[0].stem.lower()) or not other.search(each[0].stem.lower())]


def laid(model: nn.Module, files: Adapters) -> list[Laid]:
    """LoRA files compared with a network, which needs no weights for it; raises InputError when a file is no LoRA or any of
    its keys fits nothing in the network."""
    return [Laid(deltas(model, path), weight) for path, weight in files]


@torch.no_grad()
def add(model: nn.Module, files: Iterable[Laid]) -> None:
    """Add what was laid to a network's weights, in place."""
    for each in files:
        for name, delta in each.deltas.items():
            module = model.get_submodule(name) if name else model
            table = module._parameters.get("scale_shift_table")
            if "diff_m" in delta.change and table is not None:
                table += (each.weight * delta.change["diff_m"].float()).view_as(table).to(table)
            if (matrix := module._parameters.get("weight")) is not None:
                matrix.copy_(delta.added_to(matrix, each.weight))
            bias = module._parameters.get("bias")
            for what, scale in (("diff_b", 1.0), ("up_bias", delta.scale)):
                if what in delta.change and bias is not None:
                    bias += (each.weight * scale * delta.change[what].float()).to(bias)


def apply(model: nn.Module, files: Adapters, sha256: str) -> str:
    """Add LoRA files, each at its weight, to a model's matrices; returns a sum of the weights that knows of them.

    Raises InputError, with nothing changed, when a file is no LoRA or any of its keys fits nothing in the model.
    """
    add(model, laid(model, files))
    return named_sum(sha256, files)


def named_sum(sha256: str, files: Adapters) -> str:
    """A sum of weights that knows of the files that are laid over them."""
    for path, weight in files:
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").hexdigest()
        sha256 = hashlib.sha256(f"{sha256} {own} {weight!r}".encode()).hexdigest()
    return sha256


def deltas(model: nn.Module, path: Path) -> dict[str, Delta]:
    """What a LoRA file adds to which module of a model; raises InputError, naming the keys that fit nothing."""
    tensors, facts = read(path)
    groups, strange = grouped(tensors, model)
    found: dict[str, Delta] = {}
    for name, change in groups.items():
        module = model.get_submodule(name) if name else model
        if reason := _misfit(module, change):
            strange.append(f"{name or 'the whole model'} {reason}")
            continue
        found[name] = Delta(change.tensors, _scale(name, change, facts))
    if strange or not found:
        named = ", ".join(sorted(strange)[:SHOWN]) or "no LoRA key at all"
        more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        kind = type(model).__name__
        raise InputError(f"{path} does not fit {kind}: {named}{more}; use a LoRA that was trained on this model")
    return found


def _scale(name: str, change: Change, facts: Mapping[str, Any]) -> float:
    """What a module's factors are multiplied by: its own alpha, that of a table or of the whole file, by its rank."""
    made = product(change.tensors)
    rank = made[1] if made is not None else 0
    if not rank:
        return 1.0
    alpha = (
        float(change.tensors["alpha"]) if "alpha" in change.tensors else matched(_table(facts, "alpha_pattern"), name)
    )
    if alpha is None:
        whole = facts.get("lora_alpha", facts.get("alpha"))
        alpha = float(whole) if isinstance(whole, int | float) and whole else float(rank)
    return alpha / (math.sqrt(rank) if facts.get("use_rslora") else rank)


def _table(facts: Mapping[str, Any], name: str) -> dict[str, float]:
    found = facts.get(name)
    return {str(k): float(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _misfit(module: nn.Module, change: Change) -> str | None:
    """Why a change does not fit a module, where it does not."""
    have, weight, bias = change.tensors, module._parameters.get("weight"), module._parameters.get("bias")
    factors = [name for name in have if name in ("down", "up") or name.startswith(("hada_", "lokr_"))]
    if factors:
        try:
            made = product(have)
        except RuntimeError:
            made = None
        if made is None:
            missing = {"down", "up"} - have.keys() if {"down", "up"} & have.keys() else {"half"}
            sizes = " x ".join(str(tuple(have[n].shape)) for n in sorted(factors, reverse=True))
            return "(without its other half)" if missing else f"({sizes} that do not multiply)"
        fits = weight is not None and made[0].shape == (weight.shape[0], weight[0].numel())
        if not fits:
            sizes = " x ".join(str(tuple(have[n].shape)) for n in sorted(factors, reverse=True))
            return f"({sizes} for {None if weight is None else tuple(weight.shape)})"
    elif not {"diff", "diff_b", "diff_m"} & have.keys():
        return f"({', '.join(change.keys.values())} alone)"
    if "magnitude" in have and (weight is None or have["magnitude"].numel() not in (len(weight), weight[0].numel())):
        return f"(a magnitude of {have['magnitude'].numel()} numbers)"
    table = module._parameters.get("scale_shift_table")
    for what, target in (("diff", weight), ("diff_b", bias), ("up_bias", bias), ("diff_m", table)):
        if what in have and (target is None or have[what].numel() != target.numel()):
            return (
                f"({change.keys[what]} {tuple(have[what].shape)} for {None if target is None else tuple(target.shape)})"
            )
    return None


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a LoRA file, and what its metadata or peft's config beside it says of alpha, rank and kind.

    Raises InputError when it is no LoRA file, or one that needs a clip beside the result.
    """
    check_file(path)
    try:
        with safe_open(path, "pt") as file:
            said = file.metadata() or {}
        written = json.loads(said.get("lora_adapter_metadata", "{}"))
        beside, own = path.with_name("adapter_config.json"), path.name == "adapter_model.safetensors"
        if own and beside.is_file():
            written |= json.loads(beside.read_bytes())
        facts = {name.removeprefix("transformer."): value for name, value in written.items()}
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, AttributeError) as error:
        raise InputError(f"the LoRA {str(path)!r} cannot be read ({error}): fetch it again") from error
    if CONTROL.search(path.stem) or any("reference" in name or CONTROL.search(name) for name in said):
        raise InputError(
            f"the LoRA {str(path)!r} needs a control clip beside the result, which no model here takes: leave it out"
        )
    peft = any(name.startswith("base_model.model.") for name in tensors) and not written
    if peft and not own and beside.is_file():
        raise InputError(
            f"{path} was renamed, and adapter_config.json beside it says its alpha: call it adapter_model.safetensors again"
        )
    return tensors, facts


def check_file(path: Path) -> None:
    """Raise InputError unless there is a safetensors file of bounded size."""
    if not path.is_file():
        raise InputError(f"the LoRA {str(path)!r} is not there: give the path of a .safetensors file")
    if path.suffix != ".safetensors":
        raise InputError(f"the LoRA {str(path)!r} is not a .safetensors file: convert it, pickles are not read")
    if path.stat().st_size > LARGEST:
        raise InputError(f"the LoRA {str(path)!r} has more than {LARGEST >> 30} GiB: it is a whole model")
