"""The models: a table that is read before any weight, and the two doors to it, `check` and `load`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import torch

from motionalchemy.backbones.base import ABILITIES, Backbone, Card, Defaults, Words
from motionalchemy.errors import InputError, PlanRefused, UnknownName
from motionalchemy.grid import Grid
from motionalchemy.stages import Stage

__all__ = [
    "ABILITIES",
    "MODELS",
    "Backbone",
    "Card",
    "Defaults",
    "Words",
    "card",
    "card_of",
    "check",
    "device_for",
    "load",
]

MODELS: dict[str, Card] = {
    "nano": Card(
        name="nano",
        loader="motionalchemy.backbones.nano:load",
        honours=frozenset({"clocks", "reference:view", "reference:anchor"}),  # what it was trained on
        grid=Grid(space=16, time=8, channels=64),
        stages=(Stage(0.5, 1), Stage(1.0, 1, 0.0)),  # so young a flow adds more noise with every step
        defaults=Defaults(guidance=2.0),
        summary="the model trained by this project: runs offline on two CPU cores, 256x256, two seconds",
        summary_zh="本项目自行训练的模型：两个 CPU 核即可离线运行，256x256，两秒",
    ),
    "ideal": Card(
        name="ideal",
        loader="motionalchemy.backbones.ideal:load",
        honours=ABILITIES,
        grid=Grid(space=1, time=4, channels=12),
        stages=(Stage(0.5, 6), Stage(1.0, 6, 0.65)),
        defaults=Defaults(size=64),
        summary="no weights: the exact velocity of the given image drifting five ways, for tests and understanding",
        summary_zh="没有权重：给定图像沿五种方式漂移的精确速度场，用于测试与理解",
        sizes=(16, 128),
        tokens=1_000_000,
    ),
}


class Able(Protocol):
    """Anything that says what it honours: a card, or a loaded backbone."""

    @property
    def name(self) -> str: ...
    @property
    def honours(self) -> frozenset[str]: ...


def check(needs: Iterable[str], model: Able, models: Mapping[str, Card] = MODELS) -> None:
    """Raise PlanRefused, naming what the model lacks and which model has it, unless it honours all of `needs`."""
    lacks = sorted(set(needs) - model.honours)
    if not lacks:
        return
    able = [card.name for card in models.values() if card.honours >= set(needs)]
    remedy = f"use {' or '.join(able)}" if able else "no model here can: ask for less"
    raise PlanRefused(f"{model.name} cannot honour {', '.join(lacks)}; {remedy}")


def card(name: str) -> Card:
    """The table row of a model name or of a folder that holds a pack; raises UnknownName, reads no weights."""
    if name in MODELS:
        return MODELS[name]
    if _folder(name) is None:
        raise UnknownName("model", name, [*MODELS, "the path of a folder that holds config.json and its weights"])
    return replace(MODELS["nano"], name=name)


def card_of(backbone: Backbone) -> Card:
    """A table row for a backbone that is already loaded, registered or not."""
    known = MODELS.get(backbone.name, MODELS["nano"])
    return replace(
        known,
        name=backbone.name,
        honours=backbone.honours,
        grid=backbone.grid,
        stages=backbone.stages,
        defaults=backbone.defaults,
    )


def load(name: str, device: str = "auto") -> Backbone:
    """A model ready to use, by name or by the folder of a pack; raises UnknownName, InputError or MissingPart."""
    return card(name).load(device_for(device), _folder(name))


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


def _folder(name: str) -> Path | None:
    if name in MODELS:
        return None
    folder = Path(name)
    return folder if name and (folder / "config.json").is_file() else None
