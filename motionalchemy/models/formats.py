"""A public checkpoint as a folder in the diffusers layout: model_index.json, and one folder with config and weights a part.

Only JSON is read before weights; weights are safetensors or they are refused. Nothing here reaches the network.
"""

import hashlib
import json
import logging
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.parts import packages

INDEX = "model_index.json"
LONGEST_JSON = 16 << 20  # bytes
FAMILIES = {  # the pipeline that a checkpoint names -> module:function that makes its card
    "LTXPipeline": "motionalchemy.models.ltx:card",
    "LTXImageToVideoPipeline": "motionalchemy.models.ltx:card",
    "LTXConditionPipeline": "motionalchemy.models.ltx:card",
    "WanPipeline": "motionalchemy.models.wan:card",
    "WanImageToVideoPipeline": "motionalchemy.models.wan:card",
}
PARTS = ("transformer", "vae", "text_encoder", "tokenizer", "scheduler")
WEIGHED = PARTS[:3]
NOISY = ("torchao", "torch.utils._pytree", "diffusers", "transformers")
WHOLE = 1 << 30  # bytes of weights that are hashed to the last one
SAMPLE, EVERY = 1 << 20, 64 << 20  # beyond that, one mebibyte in sixty-four


def check_libraries() -> None:
    """Raise MissingPart where a package that public models need is absent or too old, without importing any."""
    packages.check("gpu")
    for name in ("diffusers", "transformers"):
        if find_spec(name) is None:
            raise packages.lacking("gpu", ModuleNotFoundError(name=name))


def libraries() -> tuple[ModuleType, ModuleType]:
    """The packages diffusers and transformers, without their chatter; raises MissingPart."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    packages.check("gpu")
    try:
        found = import_module("diffusers"), import_module("transformers")
    except ImportError as error:
        raise packages.lacking("gpu", error) from error
    for package in found:
        package.utils.logging.set_verbosity_error()
        package.utils.logging.disable_progress_bar()
    return found


def read(path: Path) -> dict[str, Any]:
    """A JSON object of bounded size; raises MissingPart when it is absent, InputError when it is something else."""
    if not path.is_file():
        raise MissingPart(f"{path} is missing: fetch the model again")
    if path.stat().st_size > LONGEST_JSON:
        raise InputError(f"{path} has {path.stat().st_size} bytes, more than {LONGEST_JSON}: fetch the model again")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}): fetch the model again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is not a JSON object: fetch the model again")
    return found


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder says what it is in the diffusers layout."""
    return (folder / INDEX).is_file()


def card(folder: Path, name: str) -> Any:
    """The card of a checkpoint, from its JSON alone; raises InputError, UnknownName or MissingPart."""
    family = str(read(folder / INDEX).get("_class_name"))
    if family not in FAMILIES:
        raise UnknownName("kind of checkpoint", family, FAMILIES)
    module, function = FAMILIES[family].split(":")
    return getattr(import_module(module), function)(folder, name)


def config(folder: Path, part: str) -> dict[str, Any]:
    """The config of a part."""
    return read(folder / part / ("scheduler_config.json" if part == "scheduler" else "config.json"))


def weights(folder: Path, part: str) -> list[Path]:
    """The safetensors of a part, as its index lists them or its only file; raises MissingPart or InputError."""
    here = folder / part
    indices = sorted(here.glob("*.safetensors.index.json"))
    if indices:
        listed = read(indices[0]).get("weight_map")
        names = {str(n) for n in listed.values()} if isinstance(listed, dict) else set()
        if any(Path(n).name != n for n in names):
            raise InputError(f"{indices[0]} names files outside its folder: fetch the model again")
        found = [here / n for n in sorted(names)]
    else:
        found = [here / n for n in ("diffusion_pytorch_model.safetensors", "model.safetensors") if (here / n).is_file()]
    if absent := [path for path in found if not path.is_file()]:
        raise MissingPart(f"{absent[0]} is missing: fetch the model again")
    if found:
        return found
    if pickled := [p.name for p in here.glob("*") if p.suffix in (".bin", ".pt", ".pth", ".ckpt")]:
        raise InputError(f"{here} holds {pickled[0]}, a pickle: only safetensors are read, so convert the model first")
    raise MissingPart(f"{here} holds no safetensors: fetch the model again")


def digest(folder: Path) -> str:
    """The sha256 of all weights: of every byte up to 1 GiB in all, beyond that of sizes and 1 MiB in 64."""
    files = [path for part in WEIGHED for path in weights(folder, part)]
    whole, total = hashlib.sha256(), sum(path.stat().st_size for path in files)
    for path in files:
        size = path.stat().st_size
        whole.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            for at in range(0, size, SAMPLE if total <= WHOLE else EVERY):
                file.seek(at)
                whole.update(file.read(SAMPLE))
    return whole.hexdigest()


def part(folder: Path, name: str, kind: Any, dtype: torch.dtype) -> Any:
    """Read one part with its library's own class, in eval mode; raises InputError when it does not fit the class."""
    weights(folder, name)
    word = "dtype" if kind.__module__.startswith("transformers") else "torch_dtype"
    try:
        made = kind.from_pretrained(folder / name, use_safetensors=True, local_files_only=True, **{word: dtype})
    except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{folder / name} cannot be read as {kind.__name__} ({reason}): fetch it again") from error
    return made.eval().requires_grad_(False)
