"""A pack: a network as a folder of `config.json` and `model.safetensors`, read strictly and checked by its sum.

Matrices can be stored in half precision, as 8-bit integers with one scale a row, or without their zeros; they are widened
when read.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from safetensors.torch import save as serialized
from torch import Tensor, nn

from motionalchemy.errors import InputError, MissingPart

SCALE = ".scale"
PLACES, SHAPE = ".places", ".shape"  # of a tensor without its zeros: one bit a value, whether it is stored


def save(
    folder: Path, model: nn.Module, kind: str, store: str = "float16", about: dict[str, Any] | None = None
) -> None:
    """Write `model` (which has a dataclass `config`) as a pack; `store` is float32, float16, int8 or sparse."""
    tensors: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        tensors |= _narrow(name, value.detach().cpu(), store)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".model.safetensors.part"
    save_file(tensors, part)
    card = {
        "kind": kind,
        "config": dataclasses.asdict(model.config),  # type: ignore[call-overload]
        "store": store,
        "parameters": sum(p.numel() for p in model.parameters()),
        "sha256": digest(part),
        **(about or {}),
    }
    os.replace(part, folder / "model.safetensors")
    write_json(folder / "config.json", card)


def save_tensors(tensors: dict[str, Tensor], path: Path, header: dict[str, str]) -> None:
    """Write tensors as safetensors with a `header` of text whose keys stand in order: the library's own order is chance."""
    data = serialized(tensors, metadata=header)
    size = int.from_bytes(data[:8], "little")
    card = json.loads(data[8 : 8 + size])
    card = {"__metadata__": dict(sorted(card.pop("__metadata__").items()))} | card
    text = json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of eight
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON a person can read, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    os.replace(part, path)


def read_card(folder: Path) -> dict[str, Any]:
    """The `config.json` of a pack; raises MissingPart when there is none and InputError when it is not JSON."""
    path = folder / "config.json"
    if not path.is_file():
        raise MissingPart(f"no model at {folder}: a folder with config.json and model.safetensors is needed")
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error}): fetch the model again") from error


def checked(folder: Path, kind: str) -> dict[str, Any]:
    """The card of a pack of one `kind` whose file has the sum that the card gives.

    Raises InputError when kind or sum disagree, MissingPart when a file is absent.
    """
    card = read_card(folder)
    if card.get("kind") != kind:
        raise InputError(f"{folder} holds a {card.get('kind')!r}, not a {kind!r}")
    path = folder / "model.safetensors"
    if not path.is_file():
        raise MissingPart(f"{path} is missing: fetch the model again")
    found = digest(path)
    if found != card["sha256"]:
        raise InputError(f"{path} has sha256 {found[:12]}, its card says {card['sha256'][:12]}: fetch the model again")
    return card


def load(folder: Path, kind: str, build: Callable[[dict[str, Any]], nn.Module]) -> tuple[nn.Module, dict[str, Any]]:
    """Read a pack of one `kind` into the network that `build(config)` makes; returns it in eval mode with its card.

    Raises InputError when kind, sum, names or shapes disagree, MissingPart when a file is absent.
    """
    card = checked(folder, kind)
    try:
        model = build(card["config"])
        model.load_state_dict(_widen(load_file(folder / "model.safetensors")), strict=True)
    except (TypeError, RuntimeError) as error:
        raise InputError(f"{folder} does not fit this version: {str(error).splitlines()[-1].strip()}") from error
    return model.eval().requires_grad_(False), card


def begin(model: nn.Module, folder: Path) -> list[str]:
    """Take from a pack every tensor whose name and shape `model` knows; returns the names left as they were."""
    stored, own = _widen(load_file(folder / "model.safetensors")), model.state_dict()
    agreeing = {name: value for name, value in stored.items() if name in own and own[name].shape == value.shape}
    model.load_state_dict(agreeing, strict=False)
    return sorted(own.keys() - agreeing.keys())


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _narrow(name: str, value: Tensor, store: str) -> dict[str, Tensor]:
    if store == "float32" or not value.is_floating_point():
        return {name: value.contiguous()}
    if store == "float16" or value.ndim < 2:
        return {name: value.half().contiguous()}
    if store == "sparse":
        flat = value.half().flatten()
        places = np.packbits((flat != 0).numpy())
        shape = torch.tensor(value.shape)
        return {name: flat[flat != 0], name + PLACES: torch.from_numpy(places), name + SHAPE: shape}
    if store != "int8":
        raise InputError(f"a pack is stored as float32, float16, int8 or sparse, not {store!r}")
    scale = value.flatten(1).abs().amax(1).clamp(min=1e-12) / 127
    rows = scale.view(-1, *[1] * (value.ndim - 1))
    return {name: (value / rows).round().to(torch.int8), name + SCALE: scale.float()}


def _widen(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    out = {}
    for name, value in tensors.items():
        if any(name.endswith(end) and name.removesuffix(end) in tensors for end in (SCALE, PLACES, SHAPE)):
            continue
        if name + PLACES in tensors:
            value = _spread(value, tensors[name + PLACES], tensors[name + SHAPE])
        scale = tensors.get(name + SCALE)
        if value.dtype == torch.int8 and scale is not None:
            value = value.float() * scale.view(-1, *[1] * (value.ndim - 1))
        out[name] = value.float() if value.is_floating_point() else value
    return out


def _spread(value: Tensor, places: Tensor, shape: Tensor) -> Tensor:
    """A tensor whose values without zeros, their places and shape are given."""
    whole = torch.zeros(*shape.tolist(), dtype=value.dtype)
    at = torch.from_numpy(np.unpackbits(places.numpy(), count=whole.numel())).bool()
    whole.view(-1)[at] = value
    return whole
