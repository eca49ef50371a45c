"""A network filled from files, tensor by tensor, after every name, shape and type was compared with what it needs.

Nothing of the network has memory before the comparison passed, and nothing of it keeps a random number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch
from torch import nn

from motionalchemy.errors import InputError
from motionalchemy.models import names
from motionalchemy.models.gguf import TYPES as GGML
from motionalchemy.models.tensors import EIGHTS, WHOLE, Entry

SHOWN = 3  # names in a refusal


@dataclass(frozen=True, eq=False)
class Prepared:
    """A network without memory, compared with the tensors it will be filled from: `bytes` is its size once it is."""

    module: Any
    found: dict[str, Entry]
    dtype: torch.dtype

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return sum(value.numel() for value in _wanted(self.module).values()) * self.dtype.itemsize

    def fill(self) -> Any:
        """The network with its weights, in eval mode, read tensor by tensor; raises InputError."""
        keep = _kept_in_float32(type(self.module), self.dtype)
        made: dict[tuple[Entry, torch.dtype], nn.Parameter] = {}
        for name in _wanted(self.module):
            own = torch.float32 if keep & set(name.split(".")) else self.dtype
            owner, leaf = self.module.get_submodule(name.rpartition(".")[0]), name.rpartition(".")[2]
            entry = self.found[name]
            if leaf in owner._buffers:
                owner._buffers[leaf] = entry.read(own)
                continue
            if (entry, own) not in made:
                made[entry, own] = nn.Parameter(entry.read(own), requires_grad=False)
            owner._parameters[leaf] = made[entry, own]
        return self.module.eval().requires_grad_(False)


def prepared(kind: Any, config: Mapping[str, Any], found: dict[str, Entry], dtype: torch.dtype, where: str) -> Prepared:
    """A network of a class and a config, to be filled from `found`; raises InputError unless those are all of it."""
    module = empty(kind, config, where)
    wanted = _wanted(module)
    found = _tied(module, wanted, found)
    check(kind, wanted, found, where)
    return Prepared(module, found, dtype)


def _wanted(module: nn.Module) -> dict[str, torch.Tensor]:
    """All that a network takes from files."""
    return {**dict(module.named_parameters(remove_duplicate=False)), **_buffers(module)}


def empty(kind: Any, config: Mapping[str, Any], where: str) -> Any:
    """A network whose parameters have shapes and no memory; raises InputError for a config of another class, and for one
    that is quantised."""
    if isinstance(said := config.get("quantization_config"), Mapping):
        method = said.get("quant_method", "an unknown method")
        raise InputError(f"{where} is quantised by {method}, which is not read: {names.INSTEAD}")
    named = config.get("_class_name") or kind.__name__
    if named != kind.__name__:
        raise InputError(f"{where} is a {named}, not a {kind.__name__}: the folder is put together from two models")
    accelerate = import_module("accelerate")
    try:
        with accelerate.init_empty_weights(include_buffers=False):
            if hasattr(kind, "config_class"):
                return kind(kind.config_class.from_dict(dict(config)))
            return kind.from_config(dict(config))
    except (ValueError, TypeError, KeyError, RuntimeError, AttributeError, ZeroDivisionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{where} has a config that no {kind.__name__} has ({reason}): fetch it again") from error


def check(kind: Any, wanted: Mapping[str, Any], found: Mapping[str, Entry], where: str) -> None:
    """Raise InputError unless names, shapes and types are what a class needs."""
    ignored = [re.compile(p) for p in getattr(kind, "_keys_to_ignore_on_load_unexpected", None) or ()]
    missing = [name for name in wanted if name not in found]
    strange = [name for name in found if name not in wanted and not any(p.search(name) for p in ignored)]
    if missing or strange:
        lacks = f"lacks {_listed(missing)}" if missing else ""
        holds = f"holds {_listed(strange)}, which it has no place for" if strange else ""
        what = names.guess(found)
        looks = f" (the file looks like {what})" if what else ""
        raise InputError(
            f"{where} is no {kind.__name__}{looks}: it {' and '.join(filter(None, (lacks, holds)))}; "
            "give the file of that model, whole"
        )
    other = [f"{n} {found[n].shape} for {tuple(wanted[n].shape)}" for n in wanted if found[n].shape != wanted[n].shape]
    if other:
        raise InputError(f"{where} does not fit its config, {_listed(other)}: fetch both from the same model")
    for name in wanted:
        kind_ = found[name].kind
        if not (kind_ in WHOLE or kind_ in EIGHTS or kind_ in GGML or (kind_ == "I8" and found[name].scale)):
            raise InputError(f"{where} stores {name} as {kind_} without scales, which says nothing: {names.INSTEAD}")


def _listed(names_: list[str]) -> str:
    more = f" and {len(names_) - SHOWN} more" if len(names_) > SHOWN else ""
    return ", ".join(sorted(names_)[:SHOWN]) + more


def _buffers(module: nn.Module) -> dict[str, torch.Tensor]:
    """The buffers of a network that are kept in files."""
    known = module.state_dict(keep_vars=True).keys()
    return {name: value for name, value in module.named_buffers(remove_duplicate=False) if name in known}


def _tied(module: Any, wanted: Iterable[str], found: dict[str, Entry]) -> dict[str, Entry]:
    """The tensors, one that is written once for two places given to both."""
    ties = dict(getattr(module, "all_tied_weights_keys", None) or {})
    if {"shared.weight", "encoder.embed_tokens.weight"} <= set(wanted):
        ties["encoder.embed_tokens.weight"] = "shared.weight"
    both = dict(found)
    for one, other in ties.items():
        for here, there in ((one, other), (other, one)):
            if here not in both and there in both:
                both[here] = both[there]
    return both


def _kept_in_float32(kind: Any, dtype: torch.dtype) -> set[str]:
    """The words of names whose tensors a class keeps in float32 whatever the others have."""
    if dtype == torch.float32:
        return set()
    word = "_keep_in_fp32_modules_strict" if hasattr(kind, "config_class") else "_keep_in_fp32_modules"
    return set(getattr(kind, word, None) or ())
