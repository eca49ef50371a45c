"""What a model must offer, and what is known about it before its weights are touched."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.grid import Grid
from motionalchemy.plan import ROLES, Plan
from motionalchemy.sample import Velocity
from motionalchemy.stages import Stage

Words = Any  # a backbone's own form of its prompts, computed once per request; no other room looks inside
ABILITIES = frozenset({"clocks", "regions", *(f"reference:{role}" for role in ROLES)})  # the words of `Plan.needs`


@dataclass(frozen=True)
class Defaults:
    """What a model does when the request is silent: `size` is the side of a square of equal area, in pixels."""

    size: int = 256
    fps: float = 24.0
    seconds: float = 2.0
    guidance: float = 1.0


@dataclass(frozen=True)
class Card:
    """A model as a table row, known without loading it: what it can do, within which limits, and where its code is.

    `loader` is `module:function`, imported when the model is loaded; the function takes a torch.device and the folder
    of a pack (None for the weights that ship with the package) and returns a Backbone.
    """

    name: str
    loader: str
    honours: frozenset[str]
    grid: Grid
    stages: tuple[Stage, ...]
    defaults: Defaults
    summary: str
    summary_zh: str
    sizes: tuple[int, int] = (64, 1024)
    seconds: float = 4.0
    tokens: int = 16_384  # latent positions of a whole clip: what memory and patience allow

    def __post_init__(self) -> None:
        if strange := self.honours - ABILITIES:
            raise InputError(f"{self.name} honours {sorted(strange)}: a plan only ever needs {sorted(ABILITIES)}")

    def load(self, device: torch.device, folder: Path | None = None) -> "Backbone":
        """Import the model's code and read its weights; raises MissingPart when a package or a weight is absent."""
        module, function = self.loader.split(":")
        return getattr(import_module(module), function)(device, folder)


class Backbone(Protocol):
    """A loaded model: pixels to latents and back, words, and the velocity that they and a plan ask for."""

    name: str
    sha256: str  # of the weights, so that a result can name exactly what made it
    grid: Grid
    honours: frozenset[str]
    stages: tuple[Stage, ...]
    defaults: Defaults
    device: torch.device

    def encode(self, frames: Tensor) -> Tensor:
        """(B, 3, T, H, W) in [-1, 1] -> latents (B, C, t, h, w) of about unit variance, without randomness."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (B, C, t, h, w) -> frames (B, 3, T, H, W) in about [-1, 1]."""
        ...

    def words(self, prompts: list[str]) -> Words:
        """Prompts, one a clip in the batch, as the model reads them; an empty one means unconditional."""
        ...

    def velocity(self, words: Words, plan: Plan, fps: float) -> Velocity:
        """The velocity towards clips of those words, with the plan's references bound; latents in, latents out."""
        ...
