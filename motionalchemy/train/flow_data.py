"""Batches for the flow: cached latents and their captions, as the plans that the tasks make.

Batch i is a function of (seed, i) alone. All clips of a batch share one kind, one shape and one length, so its tokens
line up.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow import tasks
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import Plan
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.train import cameras, latents
from motionalchemy.train.latents import Part
from motionalchemy.train.sentences import Sentences

MIX = {"animate": 0.65, "camera": 0.08, "ends": 0.03, "extend": 0.12, "edit": 0.12}
PARTS = {
    "edit": ("retouch",),
    "camera": ("retouch", "animate"),
    "ends": ("animate",),
}  # of a batch's parts, if not clips
CLIPS = {"siblings": 0.5, "scenes": 0.22, "turntables": 0.1, "animate": 0.18}  # of the parts of all other batches
SIDE = 8  # of the pictures of a batch's `count` clips, in places; larger pictures make smaller batches
FRAMES = 49  # of a camera move over a picture
HIDDEN = 0.3  # the share of what is seen in the pictures that a clip is not shown, so that none is known by its looks
CUT = 0.75  # the share of batches of edits that are cut to that side: strokes and colours need no whole picture


@dataclass(frozen=True, eq=False)
class FlowBatch:
    """Truth (B, C, T, h, w), the plan it is hidden behind, noise, captions, what is seen in the pictures of the clip
    and of each reference, the seconds of the frames."""

    kind: str
    truth: Tensor
    plan: Plan
    noise: Tensor
    tokens: Tokens
    looks: tuple[Tensor | None, ...]
    seconds: Tensor

    def to(self, device: str) -> "FlowBatch":
        """The same batch on another device."""
        plan, move = self.plan, lambda x: x.to(device, non_blocking=True)
        references = tuple(replace(r, value=move(r.value)) for r in plan.references)
        plan = Plan(move(plan.value), move(plan.strength), references)
        looks = tuple(None if look is None else move(look) for look in self.looks)
        tokens = self.tokens.to(device)
        return FlowBatch(self.kind, move(self.truth), plan, move(self.noise), tokens, looks, move(self.seconds))


@dataclass(frozen=True)
class FlowData:
    """Draws batches of `count` clips of 64 places from a cache made with `codec`.

    `mix` weighs the kinds, `silent` is the share of empty captions, and `short` that of batches cut after half of their
    latent frames.
    """

    folder: Path
    codec: MotionAutoencoder
    text: TokenEncoder
    count: int = 16
    silent: float = 0.1
    short: float = 0.15
    seed: int = 0
    fps: float = 24.0
    grid: Grid = field(default_factory=Grid)
    mix: Mapping[str, float] = field(default_factory=lambda: MIX)

    def __post_init__(self) -> None:
        parts = [latents.read(path) for path in sorted(self.folder.glob("*.safetensors"))]
        object.__setattr__(self, "_parts", parts)

    @cached_property
    def _tokens(self) -> Sentences:
        return Sentences(self.text)

    def batch(self, i: int) -> FlowBatch:
        """Batch i, on the CPU."""
        rng = random.Random(f"{self.seed}/{i}")
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        kind = rng.choices(list(self.mix), list(self.mix.values()))[0]
        cut = kind == "camera" or (kind == "edit" and rng.random() < CUT)
        rows = self._rows(kind, rng, whole=not cut)
        top, left = (rng.randrange(max(0, n - SIDE) + 1) if cut else 0 for n in rows[0][0].latents.shape[3:])
        here = (..., slice(top, top + SIDE), slice(left, left + SIDE)) if cut else (...,)
        take: Callable[[str], Tensor] = lambda name: torch.stack([getattr(p, name)[r][here] for p, r in rows]).float()  # noqa: E731
        truth, looks, said = take("latents"), (take("look"),), [p.words[r] for p, r in rows]
        if kind == "camera":
            truth, said = cameras.swept(truth[:, :, :1], self.codec, FRAMES, rng)
        if kind not in ("ends", "edit") and rng.random() < self.short:
            truth = truth[:, :, : 1 + (truth.shape[2] - 1) // 2]
        frames = truth.shape[2]
        if kind == "ends":
            end = (self.grid.frames(frames) - 1) / self.fps
            plan, looks = tasks.animate(truth, frames, take("beside"), end), (*looks, take("beside_look"))
        elif kind == "extend":
            truth = later_window(truth, rng)
            frames = truth.shape[2]
            plan = tasks.extend(truth[:, :, : rng.randint(2, max(2, frames - 2))], frames)
        elif kind == "edit":
            plan, looks = tasks.edit(take("beside"), source=True), (None, take("beside_look"))
        else:
            plan = tasks.animate(truth, frames)
        looks = tuple(None if look is None else _half_seen(look, generator) for look in looks)
        words = ["" if rng.random() < self.silent else rng.choice(each[rng.choice(("en", "zh"))]) for each in said]
        seconds = torch.tensor(self.grid.starts(frames, self.fps))
        noise = torch.randn(truth.shape, generator=generator)
        return FlowBatch(kind, truth, plan, noise, self._tokens(words), looks, seconds)

    def ahead(self, moves: int) -> Tensor:
        """The linear map (C, C) that guesses a later latent frame of a clip from the one before it, by least squares
        over the cache in the `moves` first channels."""
        parts: list[Part] = self._parts  # type: ignore[attr-defined]
        channels = parts[0].latents.shape[1]
        gram, cross = torch.zeros(2, channels, channels)
        for part in parts:
            later = part.latents[:, :, 1:].float().transpose(0, 1)  # (C, N, t, h, w)
            one, next_one = later[:, :, :-1].flatten(1), later[:, :, 1:].flatten(1)
            gram, cross = gram + one @ one.T, cross + one @ next_one.T
        gram, cross = gram[:moves, :moves], cross[:moves, :moves]
        found = torch.zeros(channels, channels)
        found[:moves, :moves] = torch.linalg.solve(gram + 1e-3 * gram.diagonal().mean() * torch.eye(moves), cross)
        return found

    def _rows(self, kind: str, rng: random.Random, whole: bool) -> list[tuple[Part, int]]:
        """Where the samples of a batch lie: parts of one kind and shape, and rows in them."""
        parts: list[Part] = self._parts  # type: ignore[attr-defined]
        held = {part.kind for part in parts}
        clips = {name: share for name, share in CLIPS.items() if name in held} or CLIPS
        wanted = PARTS.get(kind) or tuple(rng.choices(list(clips), list(clips.values())))
        fitting = [part for part in parts if part.kind in wanted]
        if not fitting:
            raise InputError(f"the cache {self.folder} holds no {wanted[0]} parts: encode more clips")
        shape = rng.choice(fitting).latents.shape[3:]
        alike = [part for part in fitting if part.latents.shape[3:] == shape]
        count = max(1, self.count * SIDE**2 // max(SIDE**2, shape.numel())) if whole else self.count
        return [(part, rng.randrange(len(part.words))) for part in rng.choices(alike, k=count)]


def _half_seen(look: Tensor, generator: torch.Generator) -> Tensor:
    """What the vision network says (B, V, h, w) without some of its channels, others in each clip (1411.4280)."""
    kept = torch.rand(*look.shape[:2], 1, 1, generator=generator) >= HIDDEN
    return look * kept / (1 - HIDDEN)


def later_window(truth: Tensor, rng: random.Random) -> Tensor:
    """Latents (B, C, t, h, w) as a later window of a long clip sees them: the clip's own first frame, and then from any
    frame on."""
    skipped = rng.randint(0, max(0, truth.shape[2] - 4))
    return torch.cat((truth[:, :, :1], truth[:, :, 1 + skipped :]), 2)
