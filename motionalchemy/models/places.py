"""Where a model lies, by what a person writes: a name of the table, owner/model, a folder, a file, or BASE+FILE.

A file holds a network and no configs: those, and the parts that are not in it, are a pulled model's (the BASE, or the one
that the file's shapes are those of), or lie beside it as ComfyUI keeps them.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.models import formats, names, tensors
from motionalchemy.models.formats import Checkpoint
from motionalchemy.models.lora import HALVES

NETWORKS = ("diffusion_models", "unet", "checkpoints")  # folders of ComfyUI that hold networks
SHAPES: dict[tuple[str, int, int, bool], str] = {  # kind, channels in, width, whether it sees through CLIP -> model
    ("wan", 48, 3072, False): "wan-5b",
    ("wan", 16, 1536, False): "wan-t2v-1.3b",
    ("wan", 16, 5120, False): "wan-t2v-14b",
    ("wan", 36, 5120, True): "wan-i2v-14b",
    ("wan", 36, 5120, False): "wan-i2v-a14b",
    ("ltx", 128, 2048, False): "ltx-2b",
    ("ltx", 128, 4096, False): "ltx-13b",
}
PAIRED = {
    "wan-t2v-14b": "wan-t2v-a14b",
    "wan-i2v-14b": "wan-i2v-a14b",
}  # of the same shape, where a file is half of a pair
Beside = Callable[[Mapping[str, tuple[Path, ...]], str], Checkpoint | None]  # files, and the model of their shapes
Find = Callable[[str], Path | None]  # a name of the table, owner/model or a folder -> where that lies


def is_file(name: str) -> bool:
    """Whether a person wrote a file, or a base and files."""
    return name.endswith(tensors.ENDINGS)


def of_files(name: str, find: Find, beside: Beside) -> Checkpoint:
    """The model that a file makes, with a pulled model's other parts, or those `beside` it; raises InputError or
    MissingPart."""
    base, paths = _written(name)
    if absent := [path for path in paths if not path.is_file()]:
        raise MissingPart(f"the file {str(absent[0])!r} is not there: give the path of a .safetensors or .gguf file")
    files = _parts(paths)
    if base is None:
        base = _base_of(files)
    folder = find(base)
    if folder is None or not formats.is_checkpoint(folder):
        if (found := beside(files, base)) is not None:
            return found
        raise MissingPart(
            f"{paths[0].name} holds the network alone; its configs and other parts are those of {base}, which is not here: "
            f"run `motionalchemy models pull {base}`, or write BASE+{paths[0].name} with a folder as BASE"
        )
    return Checkpoint(folder, files)


def _written(name: str) -> tuple[str | None, list[Path]]:
    """A base, if one is written, and files."""
    if Path(name).is_file() or "+" not in name:
        return None, [Path(name)]
    pieces = name.split("+")
    base = None if is_file(pieces[0]) else pieces.pop(0)
    for piece in pieces:
        if not is_file(piece):
            raise InputError(f"{piece!r} in {name!r} is no file of weights: write BASE+FILE or BASE+FILE+FILE")
    return base, [Path(piece) for piece in pieces]


def _parts(paths: list[Path]) -> dict[str, tuple[Path, ...]]:
    """Which parts files hold; the other half of a pair of networks is found beside the one that is named."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in paths:
        whole = names.split(tensors.entries(path))
        whole = whole if len(whole) > 1 else {"": next(iter(whole.values()), {})}
        for part, held in whole.items():
            own = part or _part_of(held, path)
            if own == "transformer" and half_of(path) == 1:
                own = "transformer_2"
            if own in found:
                raise InputError(f"{path} and {found[own][0]} both hold a {own}: name one of them")
            found[own] = (path,)
    halves = [own for own in ("transformer", "transformer_2") if own in found]
    if len(halves) == 1 and (other := other_half(found[halves[0]][0])) is not None:
        found[{"transformer": "transformer_2", "transformer_2": "transformer"}[halves[0]]] = (other,)
    if not halves:
        raise InputError(f"{paths[0]} holds {', '.join(found)} and no network that makes a clip: name that file too")
    return found


def _part_of(held: Mapping[str, Any], path: Path) -> str:
    what = names.guess(held)
    known = {
        "a Wan transformer": "transformer", "an LTX-Video transformer": "transformer", "a Wan autoencoder": "vae",
        "an LTX-Video autoencoder": "vae", "a T5 text encoder": "text_encoder",
        "Wan's own UMT5 text encoder": "text_encoder", "a CLIP picture encoder": "image_encoder",
    }  # fmt: skip
    if what not in known:
        raise InputError(f"{path} is {what or 'of a kind that is not known'}: give a network of Wan or LTX-Video")
    return known[what]


def half_of(path: Path) -> int | None:
    """Which half of a pair of networks a file is by its name: 0 for high noise, 1 for low, None for neither."""
    found = [number for number, sign in enumerate(HALVES) if sign.search(path.stem.lower())]
    return found[0] if len(found) == 1 else None


def other_half(path: Path) -> Path | None:
    """The other file of a pair of networks, named like this one; raises MissingPart where it is not there."""
    half = half_of(path)
    if half is None:
        return None
    words = ("high", "low") if half == 0 else ("low", "high")
    for swap in (str.lower, str.upper, str.title):
        old, new = (swap(word) for word in words)
        pattern = rf"(?<![A-Za-z]){old}(?![A-Za-z])"
        if re.search(pattern, path.name):
            other = path.with_name(re.sub(pattern, new, path.name))
            if other.is_file():
                return other
            raise MissingPart(f"{path.name} is one of two networks and {other.name} is not beside it: fetch that too")
    return None


def facts(files: Mapping[str, tuple[Path, ...]]) -> tuple[str, names.Named]:
    """Of what kind the network of some files is, `wan` or `ltx`, and its tensors by diffusers' names."""
    paths = files.get("transformer") or files["transformer_2"]
    whole = names.split(tensors.together(paths))
    held = names.transformer(names.scaled(whole.get("transformer") or whole.get("") or {}, str(paths[0])))
    return ("wan" if "patch_embedding.weight" in held else "ltx"), held


def _base_of(files: Mapping[str, tuple[Path, ...]]) -> str:
    """The name of the model that a network's shapes are those of; raises InputError."""
    kind, held = facts(files)
    first = held.get("patch_embedding.weight" if kind == "wan" else "proj_in.weight")
    path = next(iter(files.values()))[0]
    if first is None:
        raise InputError(f"{path} lacks its first layer: fetch it again")
    width, channels = first.shape[0], first.shape[1]
    clip = any(name.startswith("condition_embedder.image_embedder.") for name in held)
    known = SHAPES.get((kind, channels, width, clip))
    if known is None:
        raise InputError(
            f"{path} is a {kind} network of {channels} channels and width {width}, no size known here: "
            f"write BASE+{path.name}, with the folder of its configs as BASE"
        )
    return PAIRED.get(known, known) if "transformer_2" in files else known


def checked_pack(folder: Path) -> Path:
    """A folder with a config.json that may be a pack of nano; raises InputError for one of another kind."""
    said = formats.read(folder / "config.json")
    if "_class_name" in said or "model_type" in said or "architectures" in said:
        what = said.get("_class_name") or said.get("model_type") or said["architectures"]
        raise InputError(
            f"{folder} is a repository of {what} in its authors' own layout: pull the one that ends in -Diffusers, "
            "or write BASE+FILE with one of its .safetensors as FILE"
        )
    return folder


def refused(folder: Path) -> None:
    """Raise InputError, with what to write instead, for a folder that holds models and is none."""
    if any((folder / name).is_dir() for name in NETWORKS):
        raise InputError(f"{folder} is a folder of ComfyUI's: name the file, such as {folder}/diffusion_models/NAME")
    loose = sorted(path for path in folder.glob("*") if path.suffix in tensors.ENDINGS)
    if loose:
        raise InputError(f"{folder} has no {formats.INDEX}: give the file, --model {loose[0]}")
