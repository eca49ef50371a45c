"""The models: a table that is read before any weight, and the two doors to it, `check` and `load`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from motionalchemy.errors import InputError, MissingPart, PlanRefused, UnknownName
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.sampler import Sampling
from motionalchemy.flow.stages import Stage
from motionalchemy.models import comfy, formats, hub, ltx, places, schedules, wan, wan_one_time
from motionalchemy.models.base import ABILITIES, Backbone, Card, Defaults, Effort, Retouch
from motionalchemy.models.formats import Checkpoint

MODELS: dict[str, Card] = {
    "nano": Card(
        name="nano",
        loader="motionalchemy.models.nano:load",
        honours=frozenset({"clocks", "reference:view", "reference:anchor", "reference:source", "reference:motion"}),
        grid=Grid(space=16, time=8, channels=64),
        stages=(Stage(1.0, 2),),  # the first is blind to the noise, the second makes seeds differ; more add more error
        sampling=Sampling(times=lambda steps, shape, top: schedules.decided(steps, top)),
        defaults=Defaults(guidance=2.5, candidates=24),
        summary="the model trained by this project: runs offline on two CPU cores, 256x256, two seconds",
        summary_zh="本项目自行训练的模型：两个 CPU 核即可离线运行，256x256，两秒",
        sizes=(64, 2048),
        native=128,  # its latents say how a picture of any size moves
        retouch=Retouch(size=256, steps=1, guidance=1.3),  # more of either brings out the lattice of its latents
        seconds=2.0,  # longer clips are made window by window
        anchored=True,
        between=True,
        places="motionalchemy.models.nano:pictured",
        album=Path(__file__).parent.parent / "weights" / "nano" / "album",
    ),
    "ideal": Card(
        name="ideal",
        loader="motionalchemy.models.ideal:load",
        honours=ABILITIES,
        grid=Grid(space=1, time=4, channels=12),
        stages=(Stage(0.5, 6), Stage(1.0, 6, 0.65)),
        defaults=Defaults(size=64),
        summary="no weights: the exact velocity of the given image drifting five ways, for tests and understanding",
        summary_zh="没有权重：给定图像沿五种方式漂移的精确速度场，用于测试与理解",
        sizes=(16, 128),
        tokens=1_000_000,
    ),
    "ltx-2b": ltx.row(
        "ltx-2b",
        "Lightricks/LTX-Video-0.9.5",
        "condition",
        "LTX-Video 0.9.5, 2 billion weights: keyframes anywhere, for a GPU of 8 GB and more",
        "LTX-Video 0.9.5，20 亿参数：关键帧可放在任意时刻，需 8 GB 以上的 GPU",
    ),
    "ltx-13b": ltx.row(
        "ltx-13b",
        "Lightricks/LTX-Video-0.9.7-dev",
        "condition",
        "LTX-Video 0.9.7, 13 billion weights: keyframes anywhere, for a GPU of 24 GB and more",
        "LTX-Video 0.9.7，130 亿参数：关键帧可放在任意时刻，需 24 GB 以上的 GPU",
        size=896,
    ),
    "ltx-13b-distilled": ltx.row(
        "ltx-13b-distilled",
        "Lightricks/LTX-Video-0.9.8-13B-distilled",
        "distilled",
        "LTX-Video 0.9.8 distilled to 7 steps without guidance, 13 billion weights, for a GPU of 24 GB and more",
        "LTX-Video 0.9.8 蒸馏版，7 步且无需引导，130 亿参数，需 24 GB 以上的 GPU",
        size=896,
    ),
    "ltx-13b-0.9.7-distilled": ltx.row(
        "ltx-13b-0.9.7-distilled",
        "Lightricks/LTX-Video-0.9.7-distilled",
        "distilled",
        "LTX-Video 0.9.7 distilled to 7 steps without guidance, 13 billion weights, for a GPU of 24 GB and more",
        "LTX-Video 0.9.7 蒸馏版，7 步且无需引导，130 亿参数，需 24 GB 以上的 GPU",
        size=896,
    ),
    "wan-5b": wan.row(
        "wan-5b",
        "Wan-AI/Wan2.2-TI2V-5B-Diffusers",
        "Wan 2.2 TI2V, 5 billion weights: reads English and Chinese, 1280x704, for a GPU of 12 GB and more",
        "Wan 2.2 TI2V，50 亿参数：支持中英文，1280x704，需 12 GB 以上的 GPU",
    ),
    "wan-i2v-a14b": wan_one_time.row(
        "wan-i2v-a14b",
        "Wan-AI/Wan2.2-I2V-A14B-Diffusers",
        "Wan 2.2 I2V, two networks of 14 billion weights: a first and a last picture, for a GPU of 24 GB and more",
        "Wan 2.2 I2V，两个 140 亿参数的网络：首帧与尾帧，需 24 GB 以上的 GPU",
        wan_one_time.TO_PICTURE,
        shift=5.0,
        steps=40,
        guidance=3.5,
        low=3.5,
    ),
    "wan-t2v-a14b": wan_one_time.row(
        "wan-t2v-a14b",
        "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
        "Wan 2.2 T2V, two networks of 14 billion weights: clips and pictures from words, for a GPU of 24 GB and more",
        "Wan 2.2 T2V，两个 140 亿参数的网络：由文字生成片段与图像，需 24 GB 以上的 GPU",
        wan_one_time.FROM_WORDS,
        steps=40,
        guidance=4.0,
        low=3.0,
    ),
    "wan-t2v-1.3b": wan_one_time.row(
        "wan-t2v-1.3b",
        "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        "Wan 2.1 T2V, 1.3 billion weights: clips and pictures from words, for a GPU of 8 GB and more",
        "Wan 2.1 T2V，13 亿参数：由文字生成片段与图像，需 8 GB 以上的 GPU",
        wan_one_time.FROM_WORDS,
    ),
    "wan-t2v-14b": wan_one_time.row(
        "wan-t2v-14b",
        "Wan-AI/Wan2.1-T2V-14B-Diffusers",
        "Wan 2.1 T2V, 14 billion weights: clips and pictures from words, for a GPU of 24 GB and more",
        "Wan 2.1 T2V，140 亿参数：由文字生成片段与图像，需 24 GB 以上的 GPU",
        wan_one_time.FROM_WORDS,
        shift=5.0,
    ),
    "wan-i2v-14b": wan_one_time.row(
        "wan-i2v-14b",
        "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers",
        "Wan 2.1 I2V, 14 billion weights, sees its picture through CLIP too, for a GPU of 24 GB and more",
        "Wan 2.1 I2V，140 亿参数，还通过 CLIP 看首帧，需 24 GB 以上的 GPU",
        wan_one_time.FROM_PICTURE,
    ),
    "wan-flf2v-14b": wan_one_time.row(
        "wan-flf2v-14b",
        "Wan-AI/Wan2.1-FLF2V-14B-720P-diffusers",
        "Wan 2.1 FLF2V, 14 billion weights: from a first picture to a last one, for a GPU of 24 GB and more",
        "Wan 2.1 FLF2V，140 亿参数：从首帧到尾帧，需 24 GB 以上的 GPU",
        wan_one_time.TO_PICTURE,
        shift=16.0,
        size=960,
        guidance=5.5,
        wants=frozenset({"reference:view"}),
    ),
}


class Able(Protocol):
    """Anything that says what it honours: a card, or a loaded backbone."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def honours(self) -> frozenset[str]:
        """The needs of a plan that it honours, of ABILITIES."""
        ...


def wanted(needs: Iterable[str], row: Card, goes_on: bool) -> None:
    """Raise PlanRefused where a plan lacks what a model was never trained without, or `goes_on` from frames that are given
    to others that are wholly free with a model that was never shown any."""
    if goes_on and row.from_words:
        raise PlanRefused(f"{row.name} makes clips from words alone: use wan-i2v-a14b or wan-5b, or give it a draft")
    if row.wants - set(needs):
        raise PlanRefused(f"{row.name} goes from a first picture to a last one: give it one, --last end.png")


def check(needs: Iterable[str], model: Able, models: Mapping[str, Card] = MODELS) -> None:
    """Raise PlanRefused, naming what the model lacks and which model has it, unless it honours all of `needs`."""
    said = {"pictures": "pictures (a first frame made from words alone)"}
    lacks = [said.get(need, need) for need in sorted(set(needs) - model.honours)]
    if not lacks:
        return
    able = [card.name for card in models.values() if card.honours >= set(needs)]
    remedy = f"use {' or '.join(able)}" if able else "no model here can: ask for less"
    raise PlanRefused(f"{model.name} cannot honour {', '.join(lacks)}; {remedy}")


def pictured(model: Card, prompt: str, seed: int, height: int, width: int) -> np.ndarray | None:
    """A picture (height, width, 3) uint8 of the place that a prompt names, by a model that draws places; None where it is
    not of a place alone."""
    assert model.places is not None
    module, function = model.places.split(":")
    return getattr(import_module(module), function)(prompt, seed, height, width)


def card(name: str) -> Card:
    """The table row of a model's name, of a folder (a pack or the diffusers layout) or of owner/model on the hub.

    Reads JSON and no weights. Raises UnknownName, MissingPart for a model that was not pulled yet, and InputError for a
    checkpoint of a kind that fits no plan.
    """
    place = where(name)
    if isinstance(place, Checkpoint):
        known = MODELS.get(name) or next((row for row in MODELS.values() if row.repo == name), None)
        found = formats.card(place, name if known is None or known.repo is None else known.repo)
        if known is None:
            return found
        distilled = known.quick is not None and known.defaults.guidance == 1
        sampling = known.sampling if distilled else found.sampling
        return replace(known, name=name, grid=found.grid, sampling=sampling)
    if name in MODELS:
        return MODELS[name]
    if place is not None:
        return replace(MODELS["nano"], name=name)
    if hub.is_name(name) and not Path(name).parent.exists():
        raise MissingPart(f"{name} is not here: run `motionalchemy models pull {name}`, or give the path of a folder")
    if name and Path(name).is_dir():
        places.refused(Path(name))
    raise UnknownName(
        "model", name, [*MODELS, "the path of a folder in the diffusers layout, or of a .safetensors or .gguf"]
    )


def card_of(backbone: Backbone) -> Card:
    """A table row for a backbone that is already loaded, registered or not."""
    known = card(backbone.name) if backbone.name in MODELS or where(backbone.name) else MODELS["nano"]
    return replace(
        known,
        name=backbone.name,
        honours=backbone.honours,
        grid=backbone.grid,
        stages=backbone.stages,
        defaults=backbone.defaults,
        between=known.between and known.name == backbone.name,
        places=known.places if known.name == backbone.name else None,
        album=known.album if known.name == backbone.name else None,
    )


def check_packages(row: Card) -> None:
    """Raise MissingPart where a model of this row needs packages that are absent or too old."""
    if row.repo is not None:
        formats.check_libraries()


def load(name: str, device: str = "auto", effort: Effort | None = None) -> Backbone:
    """A model ready to use, by what `card` takes; raises UnknownName, InputError or MissingPart."""
    row, place = card(name), where(name)
    row.check(effort or Effort())
    if row.repo is not None and place is None:
        raise MissingPart(
            f"{name} is not here: run `motionalchemy models pull {name}` (it shows licence and size first)"
        )
    return row.load(device_for(device), place, effort)


def device_for(name: str) -> torch.device:
    """`auto` (a GPU if there is one), `cpu`, `cuda` or `cuda:1`; raises InputError for one that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    present = {"cpu": 1, "cuda": torch.cuda.device_count()}.get(device.type, 0)
    if (device.index or 0) >= present:
        there = ["auto", "cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        raise InputError(f"there is no device {name!r} here: choose one of {', '.join(there)}")
    return device


def where(name: str) -> Checkpoint | Path | None:
    """Where a model lies that does not ship with the package: a checkpoint, or the folder of a pack; None when it is not
    here. Raises InputError or MissingPart for files that make no model."""
    if places.is_file(name):
        return places.of_files(name, _folder, comfy.beside)
    folder = _folder(name)
    if folder is None or not formats.is_checkpoint(folder):
        return folder if folder is None or name in MODELS else places.checked_pack(folder)
    return Checkpoint(folder)


def repo_of(name: str) -> str:
    """The owner/model on the hub that a name stands for; raises InputError for a model that is on no hub."""
    if name not in MODELS:
        return name
    repo = MODELS[name].repo
    if repo is None:
        raise InputError(f"{name} ships with this package: there is nothing to pull")
    return repo


def _folder(name: str) -> Path | None:
    """Where a model lies that does not ship with the package, if it is here."""
    if name in MODELS:
        repo = MODELS[name].repo
        return None if repo is None else hub.find(repo)
    folder = Path(name)
    if name and ((folder / "config.json").is_file() or formats.is_checkpoint(folder)):
        return folder
    return hub.find(name)
