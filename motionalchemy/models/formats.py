"""A public checkpoint: a folder in the diffusers layout, of which files of other layouts may take the place of parts.

model_index.json says what it is, and each part has a folder with its config and weights. Only JSON and the heads of files
are read before weights; weights are safetensors or GGUF, or they are refused. Nothing here reaches the network.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.models import names, strict, tensors
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
PARTS = (
    "transformer", "vae", "text_encoder", "tokenizer", "scheduler", "transformer_2", "image_encoder", "image_processor",
)  # fmt: skip
WEIGHED = ("transformer", "transformer_2", "vae", "text_encoder", "image_encoder")
NAMED = re.compile(
    r"(diffusion_pytorch_model|model)(\.(?P<variant>\w+))?\.safetensors(\.index(\.(?P<own>\w+))?\.json)?"
)
PREFERRED = ("", "fp32", "bf16", "fp16")  # variants, the exact one first
ALWAYS = ("transformer", "vae", "text_encoder")
CONFIGS = {"scheduler": "scheduler_config.json", "image_processor": "preprocessor_config.json"}
NOISY = ("torchao", "torch.utils._pytree", "diffusers", "transformers")
WHOLE = 1 << 30  # bytes of weights that are hashed to the last one
SAMPLE, EVERY = 1 << 20, 64 << 20  # beyond that, one mebibyte in sixty-four


UNFIT = {  # pipelines that people have and that no plan fits yet -> what to do instead
    "WanVACEPipeline": "use Wan 2.2 I2V-A14B or Wan 2.2 TI2V-5B, and edit for masks",
    "WanAnimatePipeline": "it needs a pose and a face clip; use act with Wan 2.2 TI2V-5B",
    "SkyReelsV2Pipeline": "use Wan 2.1 of the same size, from which it was trained",
    "SkyReelsV2ImageToVideoPipeline": "use Wan 2.1 I2V of the same size, from which it was trained",
    "SkyReelsV2DiffusionForcingPipeline": "use Wan 2.2 TI2V-5B, which has a time for every token",
    "SkyReelsV2DiffusionForcingImageToVideoPipeline": "use Wan 2.2 TI2V-5B, which has a time for every token",
    "LTX2Pipeline": "it makes sound too and reads with Gemma; use LTX-Video 0.9.7 or 0.9.8",
    "LTX2ImageToVideoPipeline": "it makes sound too and reads with Gemma; use LTX-Video 0.9.7 or 0.9.8",
    "LTX2ConditionPipeline": "it makes sound too and reads with Gemma; use LTX-Video 0.9.7 or 0.9.8",
    "HunyuanVideo15Pipeline": "it reads with Qwen 2.5 VL; use Wan 2.1 T2V",
    "HunyuanVideo15ImageToVideoPipeline": "it reads with Qwen 2.5 VL; use Wan 2.2 I2V-A14B",
    "HunyuanVideoPipeline": "it reads with Llama; use Wan 2.1 T2V",
    "HunyuanVideoImageToVideoPipeline": "it reads with Llama; use Wan 2.2 I2V-A14B",
    "HunyuanVideoFramepackPipeline": "it reads with Llama; use extend with Wan 2.2 TI2V-5B",
    "CogVideoXPipeline": "it was trained to another velocity; use Wan 2.1 T2V",
    "CogVideoXImageToVideoPipeline": "it was trained to another velocity; use Wan 2.2 TI2V-5B",
    "StableVideoDiffusionPipeline": "it reads no words; use Wan 2.2 TI2V-5B",
}


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


@dataclass(frozen=True)
class Checkpoint:
    """A folder with configs and weights, and the files and configs that take the place of those of some parts."""

    folder: Path
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called: its folder, and the files in it that replace a part."""
        return "+".join([self.folder.name, *(path.stem for paths in self.files.values() for path in paths)])

    def __str__(self) -> str:
        return "+".join([str(self.folder), *(str(path) for paths in self.files.values() for path in paths)])

    def config(self, part: str) -> Mapping[str, Any]:
        """The config of a part; `INDEX` is that of the whole."""
        if part in self.configs:
            return self.configs[part]
        return read(self.folder / INDEX if part == INDEX else self.folder / part / CONFIGS.get(part, "config.json"))

    def parts(self) -> tuple[str, ...]:
        """The parts with weights that it names."""
        index = self.config(INDEX)
        named = [p for p in WEIGHED if isinstance(index.get(p), list | tuple) and index[p][0] is not None]
        return tuple(named or WEIGHED[:1])

    def weights(self, part: str) -> tuple[Path, ...]:
        """The files with the weights of a part; raises MissingPart or InputError."""
        return self.files.get(part) or tuple(weights(self.folder, part))

    def where(self, part: str) -> str:
        """How a refusal names a part."""
        return str(self.files[part][0]) if part in self.files else str(self.folder / part)

    def entries(self, part: str) -> names.Named:
        """The tensors of a part by the names of its class; raises InputError or MissingPart."""
        found = tensors.together(self.weights(part))
        if part in self.files:
            whole = names.split(found)
            found = whole.get(part.removesuffix("_2") if part == "transformer_2" else part) or whole.get("") or found
        return names.brought(found, part, self.where(part))


def of(place: "Path | Checkpoint") -> Checkpoint:
    """A folder as a checkpoint."""
    return place if isinstance(place, Checkpoint) else Checkpoint(place)


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder says what it is in the diffusers layout."""
    return (folder / INDEX).is_file()


def family(index: Mapping[str, Any]) -> str:
    """The family that a model_index.json names, of FAMILIES; raises InputError or UnknownName."""
    named = str(index.get("_class_name"))
    if named not in FAMILIES:
        if named in UNFIT:
            raise InputError(f"{named} is not read here: {UNFIT[named]}")
        raise UnknownName("kind of checkpoint", named, FAMILIES)
    return FAMILIES[named]


def card(place: "Path | Checkpoint", name: str) -> Any:
    """The card of a checkpoint, from its JSON alone; raises InputError, UnknownName or MissingPart."""
    index = of(place).config(INDEX)
    module, function = family(index).split(":")
    for part in of(place).parts():
        listed, own = index.get(part), of(place).config(part).get("_class_name")
        said = listed[1] if isinstance(listed, list | tuple) and len(listed) > 1 else None
        if said and own and said != own:
            raise InputError(
                f"{of(place).where(part)} is a {own}, not a {said}: the folder is put together from two models"
            )
    return getattr(import_module(module), function)(of(place), name)


def config(place: "Path | Checkpoint", part: str) -> Mapping[str, Any]:
    """The config of a part."""
    return of(place).config(part)


def weights(folder: Path, part: str) -> list[Path]:
    """The safetensors of a part, as its index lists them or its only file, the exact one where it has variants; raises
    MissingPart or InputError."""
    here = folder / part
    by_variant: dict[str, list[Path]] = {}
    for path in sorted(here.glob("*")):
        if fits := NAMED.fullmatch(path.name):
            by_variant.setdefault(fits["variant"] or fits["own"] or "", []).append(path)
    order = sorted(by_variant, key=lambda v: (PREFERRED.index(v) if v in PREFERRED else len(PREFERRED), v))
    for variant in order:
        listed = [path for path in by_variant[variant] if path.suffix == ".json"]
        found = _listed(listed[0]) if listed else by_variant[variant][:1]
        if absent := [path for path in found if not path.is_file()]:
            raise MissingPart(f"{absent[0]} is missing: fetch the model again")
        return found
    others = [path for path in here.glob("*") if path.suffix in tensors.ENDINGS]
    if len(others) == 1:
        return others
    if pickled := [p.name for p in here.glob("*") if p.suffix in (".bin", ".pt", ".pth", ".ckpt")]:
        raise InputError(f"{here} holds {pickled[0]}, a pickle: only safetensors are read, so convert the model first")
    if others:
        found = ", ".join(sorted(path.name for path in others)[:3])
        raise InputError(f"{here} holds {found} and no index of them: fetch the model again, with its index")
    raise MissingPart(f"{here} holds no safetensors: fetch the model again")


def _listed(index: Path) -> list[Path]:
    listed = read(index).get("weight_map")
    named = {str(n) for n in listed.values()} if isinstance(listed, dict) else set()
    if not named or any(Path(n).name != n for n in named):
        raise InputError(f"{index} names no files or some outside its folder: fetch the model again")
    return [index.parent / n for n in sorted(named)]


def digest(place: "Path | Checkpoint") -> str:
    """The sha256 of all weights: of every byte up to 1 GiB in all, beyond that of sizes and 1 MiB in 64."""
    model = of(place)
    files = [path for part in model.parts() for path in model.weights(part)]
    whole, total = hashlib.sha256(), sum(path.stat().st_size for path in files)
    for path in files:
        size = path.stat().st_size
        inside = path.is_relative_to(model.folder)
        whole.update(f"{path.relative_to(model.folder).as_posix() if inside else path.name} {size}\n".encode())
        with path.open("rb") as file:
            for at in range(0, size, SAMPLE if total <= WHOLE else EVERY):
                file.seek(at)
                whole.update(file.read(SAMPLE))
    return whole.hexdigest()


def part(place: "Path | Checkpoint", name: str, kind: Any, dtype: torch.dtype) -> strict.Prepared:
    """One part as a network of its library's own class, compared and ready to be filled; raises InputError when it does
    not fit the class."""
    model = of(place)
    return strict.prepared(kind, model.config(name), model.entries(name), dtype, model.where(name))
