"""What a model must offer, and what is known about it before its weights are touched."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import ROLES, Plan
from motionalchemy.flow.sampler import BY_SIZE, Sampling
from motionalchemy.flow.solvers import Velocity
from motionalchemy.flow.stages import Stage

QUICK = 10  # steps at most in which a model without guidance is taken for a distilled one
Words = Any  # a backbone's own form of its prompts, computed once per request; no other room looks inside
ABILITIES = frozenset(
    {"clocks", "pictures", "regions", *(f"reference:{role}" for role in ROLES)}
)  # the words of `Plan.needs`


@dataclass(frozen=True)
class Defaults:
    """What a model does when the request is silent: `size` is the side of a square of equal area, in pixels."""

    size: int = 256
    fps: float = 24.0
    seconds: float = 2.0
    guidance: float = 1.0
    stages: int | None = None  # how many of the card's last stages; None for all of them
    candidates: int = 1  # clips made at most, of which the one that shows best what was asked is kept
    guidance_low: float | None = None  # of the second network of a model that has two; None for the same


@dataclass(frozen=True)
class Effort:
    """What a large model may cost and what is laid over it.

    `memory`: gigabytes of the device (None: all). `fast`: 0 exact, 1 equal but for rounding, 2 lossy. `adapters`: LoRA
    files, each with its weight.
    """

    memory: int | None = None
    fast: int = 0
    adapters: tuple[tuple[Path, float], ...] = ()

    @property
    def guided_above(self) -> float:
        """The time below which guidance is left out, its effect being small there: half a call saved. Lossy."""
        return 0.3 if self.fast >= 2 else 0.0


@dataclass(frozen=True)
class Retouch:
    """How a model changes what a clip shows, its movement kept: in latents of so many pixels, in so many steps, at which
    guidance."""

    size: int
    steps: int
    guidance: float


@dataclass(frozen=True)
class Card:
    """A model as a table row, known without loading it: what it can do, within which limits, and where its code is.

    `loader` is `module:function`, imported when the model is loaded; the function takes a torch.device and the folder
    of a pack (None for the weights that ship with the package) and returns a Backbone. A card with a `repo` is that of
    a public model, whose function takes an Effort too; its weights are found where `hub.pull` put them. `native` is the
    largest size of its latents, where a larger result is decoded from them and its first frame. An `anchored` model says
    how a clip differs from that frame, so later windows begin with the clip's own again. One with a `retouch` edits a
    clip's picture, keeps its movement, and has the change carried to the clip's own pixels. One that goes `between` views
    by the flow between them, not by its own velocity, sees no other side of a thing than its first picture shows.
    `places` is the `module:function` of one that makes no pictures, but draws places: of a prompt, a seed, a height and
    a width it makes the first picture of a clip, (H, W, 3) uint8, or None where the prompt is not of a place alone. `album`
    is the folder of pictures of subjects that ship with it. `quick` is how a model that was distilled is sampled: in few
    steps without guidance (`sampled`). `wants` is what its plans have to have, for it was never trained without. A model in
    which all frames have `one_time` holds what starts late; one that is `from_words` was never shown a picture.
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
    native: int | None = None
    anchored: bool = False
    retouch: Retouch | None = None
    between: bool = False
    places: str | None = None
    album: Path | None = None
    seconds: float = 4.0
    tokens: int = 16_384  # latent positions of a whole clip: what memory and patience allow
    sampling: Sampling = BY_SIZE
    repo: str | None = None
    quick: Sampling | None = None
    wants: frozenset[str] = frozenset()
    one_time: bool = False
    from_words: bool = False

    def __post_init__(self) -> None:
        if strange := (self.honours | self.wants) - ABILITIES:
            raise InputError(f"{self.name} honours {sorted(strange)}: a plan only ever needs {sorted(ABILITIES)}")

    def sampled(self, steps: int, guidance: float) -> Sampling:
        """How it is sampled in so many steps at a guidance: as a distilled model where few steps are led by nothing."""
        quick = self.quick is not None and guidance == 1 and steps <= QUICK
        return self.quick if quick and self.quick is not None else self.sampling

    def load(self, device: torch.device, folder: Any = None, effort: Effort | None = None) -> "Backbone":
        """Import the model's code and read its weights; raises MissingPart when a package or a weight is absent."""
        module, function = self.loader.split(":")
        make = getattr(import_module(module), function)
        return make(device, folder) if self.repo is None else make(device, folder, self, effort or Effort())

    def check(self, effort: Effort) -> None:
        """Raise InputError if this model cannot heed an effort that was asked for."""
        for name, value in (("memory", effort.memory), ("fast", effort.fast), ("lora", effort.adapters)):
            if value and self.repo is None:
                raise InputError(f"{name} is for large public models and not for {self.name}: leave it out")


@dataclass(frozen=True)
class Unloaded:
    """Stands for a model where none of its weights is used."""

    name: str
    grid: Grid
    honours: frozenset[str]
    sha256: str = ""


class Backbone(Protocol):
    """A loaded model: pixels to latents and back, words, and the velocity that they and a plan ask for.

    One may also say what guidance must not enlarge, as `sure` in `flow.guidance.guided`; how a clip moves, `movement`;
    which action a prompt asks for and which of several clips shows it, `action`, `decode_sparse` and `rank`; how others
    were seen to do it, `retrieve`; and what it is with motions laid over it, `with_motions`. A model whose card has a
    `retouch` says in which style and which place a prompt asks for an edit, `painted` and `place`.
    """

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

    def decode(self, latents: Tensor, picture: Tensor | None = None) -> Tensor:
        """Latents (B, C, t, h, w) -> frames (B, 3, T, H, W) in about [-1, 1].

        `picture` (B, 3, 1, H, W) is the clip's own first frame; a model that can gives frames of its size and detail.
        """
        ...

    def words(self, prompts: list[str]) -> Words:
        """Prompts, one a clip in the batch, as the model reads them; an empty one means unconditional."""
        ...

    def velocity(self, words: Words, plan: Plan, fps: float) -> Velocity:
        """The velocity towards clips of those words, with the plan's references bound; latents in, latents out."""
        ...
