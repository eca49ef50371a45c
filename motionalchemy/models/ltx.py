"""LTX-Video 0.9.x: 2B, 13B and distilled, from a checkpoint in the diffusers layout (2501.00103).

One token is one latent position and has its own time, so every plan fits. Its position is (seconds, row, column) in
pixels; a view is more tokens, put in front, that stand at their own second. The network's output is dx/dt as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import Plan
from motionalchemy.flow.sampler import Sampling
from motionalchemy.flow.solvers import Velocity
from motionalchemy.flow.stages import Stage
from motionalchemy.models import formats, schedules, time_embedding
from motionalchemy.models import prompts as models_prompts
from motionalchemy.models.base import Backbone, Card, Defaults, Effort
from motionalchemy.models.formats import Checkpoint
from motionalchemy.models.public import Kinds, Parts, read

KINDS = Kinds("LTXVideoTransformer3DModel", "AutoencoderKLLTXVideo", "T5EncoderModel")
GRID = Grid(space=32, time=8, channels=128)
STAGES = (Stage(0.5, 40), Stage(1.0, 40, 0.7))
DISTILLED_STAGES = (Stage(0.5, 7), Stage(1.0, 3, 0.9094))  # the authors' two passes
DECODE_TIME, DECODE_NOISE = 0.05, 0.025  # of an autoencoder that takes a time: 0.9.1 and later
JITTER = 0.15  # how far what is known is shown noised, times t squared: the condition models' own habit
PLACED = frozenset({"clocks", "pictures", "regions", "reference:view"})  # condition models, 0.9.5 and later
PLAIN = frozenset({"clocks", "pictures", "regions"})


class Ltx:
    """A loaded LTX-Video: see `models.base.Backbone` for the contract."""

    def __init__(self, parts: Parts, row: Card):
        self.parts, self.device, self.sha256 = parts, parts.device, parts.sha256
        self.name, self.grid, self.honours = row.name, row.grid, row.honours
        self.stages, self.defaults = row.stages, row.defaults
        self.condition = "reference:view" in row.honours  # trained to see keyframes, with causal positions
        self.length = 256 if self.condition else 128  # tokens of a prompt
        self.jitter = JITTER if self.condition else 0.0
        self.decode_noise = DECODE_NOISE
        if parts.effort.fast >= 1:
            time_embedding.embed_ltx(parts.transformer.time_embed)
            self.keep_text()

    def keep_text(self) -> None:
        """Project the text once a request."""
        self.parts.keep_text(lambda network: network, "caption_projection")

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """(B, 3, T, H, W) in [-1, 1] -> (B, C, t, h, w): the mode of the posterior, normalised by channel."""
        with self.parts.coding() as vae:
            latents = vae.encode(frames.to(self.device, vae.dtype)).latent_dist.mode().float()
            return (latents - _channels(vae.latents_mean)) * vae.config.scaling_factor / _channels(vae.latents_std)

    @torch.no_grad()
    def decode(self, latents: Tensor, picture: Tensor | None = None) -> Tensor:
        """Latents (B, C, t, h, w) as frames (B, 3, T, H, W); an autoencoder that takes a time is given latents with a
        little noise, always the same."""
        vae = self.parts.vae
        if vae.config.timestep_conditioning:
            drawn = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0)).to(latents)
        else:
            drawn = None

        def decoded(z: Tensor) -> Tensor:
            z = z * _channels(vae.latents_std) / vae.config.scaling_factor + _channels(vae.latents_mean)
            if drawn is None:
                return vae.decode(z.to(vae.dtype), None, return_dict=False)[0].float()
            z = (1 - self.decode_noise) * z + self.decode_noise * drawn.to(z)
            time = torch.full((len(z),), DECODE_TIME, device=z.device, dtype=vae.dtype)
            return vae.decode(z.to(vae.dtype), time, return_dict=False)[0].float()

        return self.parts.decoded(decoded, latents).to(self.device)

    def words(self, prompts: list[str]) -> models_prompts.Words:
        """Prompts through T5, at most `length` tokens; nothing is cleaned."""
        read = models_prompts.read_masked if self.condition else models_prompts.read_whole
        return self.parts.words(read, prompts, self.length)

    def velocity(self, words: models_prompts.Words, plan: Plan, fps: float) -> Velocity:
        """The velocity of all tokens at once; views are bound in front and cut off again."""
        b, _, t, h, w = plan.value.shape
        views = [(r.value, round((r.time or 0.0) * fps)) for r in plan.references]
        where = [self._positions(v.shape[2], h, w, fps, at) for v, at in views] + [self._positions(t, h, w, fps, 0)]
        coords = torch.cat(where, 1).to(self.device)[None].expand(b, -1, -1)  # (B, 3, S)
        beside = [packed(v.to(self.device).float()).expand(b, -1, -1) for v, _ in views]
        extra = sum(v.shape[1] for v in beside)
        held = packed((plan.strength == 0).to(self.device).expand(b, 1, t, h, w))  # (B, S, 1) bool
        shake = torch.Generator().manual_seed(0)
        shaken = self.jitter > 0 and (extra > 0 or bool(held.any()))
        self.parts.forget()

        @torch.no_grad()
        def towards(x: Tensor, now: Tensor) -> Tensor:
            tokens = torch.cat([*beside, packed(x.float())], 1)  # (B, S, C)
            time = packed(now.expand(b, 1, t, h, w)).float()  # (B, S, 1)
            time = torch.cat([time.new_zeros(b, extra, 1), time], 1)
            if shaken:
                known = torch.cat([held.new_ones(b, extra, 1), held], 1)
                drawn = torch.randn(tokens.shape, generator=shake).to(tokens)
                tokens = torch.where(known, tokens + self.jitter * drawn * time.max() ** 2, tokens)
            with self.parts.reading(words) as transformer:
                out = transformer(
                    tokens.to(self.parts.dtype),
                    encoder_hidden_states=words.states,
                    timestep=time[..., 0] * 1000,
                    encoder_attention_mask=words.mask,
                    video_coords=coords,
                    return_dict=False,
                )[0]
            return unpacked(out[:, extra:].float(), t, h, w).to(x.dtype)

        return towards

    def _positions(self, frames: int, height: int, width: int, fps: float, begin: int) -> Tensor:
        """Where latents stand, (3, S): seconds, and the row and column of their first pixel.

        Condition models count the first latent as one pixel frame, the older ones as many as the others.
        """
        time = torch.arange(frames) * self.grid.time
        if self.condition:
            time = (time + 1 - self.grid.time).clamp(min=0)
        seconds = (time + begin).float() / fps
        rows, columns = (torch.arange(n).float() * self.grid.space for n in (height, width))
        return torch.stack(torch.meshgrid(seconds, rows, columns, indexing="ij")).flatten(1)


def packed(latents: Tensor) -> Tensor:
    """(B, C, T, H, W) -> tokens (B, T H W, C)."""
    return latents.flatten(2).transpose(1, 2)


def unpacked(tokens: Tensor, frames: int, height: int, width: int) -> Tensor:
    """Tokens (B, T H W, C) -> (B, C, T, H, W)."""
    return tokens.transpose(1, 2).unflatten(2, (frames, height, width))


def _channels(values: Tensor) -> Tensor:
    return values.float().view(1, -1, 1, 1, 1)


def noise(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """First noise (B, C, T, H, W), drawn in one go on the CPU."""
    return torch.randn(tuple(shape), generator=generator)


def times(kind: str, config: dict[str, Any], steps: int, shape: Sequence[int], top: float) -> list[float]:
    """The times of a `plain`, `condition` or `distilled` model."""
    if kind == "plain":
        falling = schedules.flow_match(steps, shape[2] * shape[3] * shape[4], config)
    else:
        falling = schedules.distilled(steps, top) if kind == "distilled" else schedules.linear_quadratic(steps)
    return schedules.entered(falling, top)


def row(name: str, repo: str, kind: str, summary: str, summary_zh: str, size: int = 640, **config: Any) -> Card:
    """The card of a `plain`, `condition` or `distilled` model; `config` is that of its scheduler."""
    quick = kind == "distilled"
    return Card(
        name=name,
        loader="motionalchemy.models.ltx:load",
        honours=PLAIN if kind == "plain" else PLACED,
        grid=GRID,
        stages=DISTILLED_STAGES if quick else STAGES,
        defaults=Defaults(size=size, fps=24.0, seconds=5.0, guidance=1.0 if quick else 3.0, stages=1),
        summary=summary,
        summary_zh=summary_zh,
        sizes=(64, 1280),
        seconds=10.7,
        tokens=32_768,
        sampling=Sampling("euler", partial(times, kind, config), noise),
        quick=None if kind == "plain" else Sampling("euler", partial(times, "distilled", config), noise),
        repo=repo,
    )


def card(place: Checkpoint, name: str) -> Card:
    """The card of a checkpoint in a folder, from its configs; raises InputError for one of another shape."""
    transformer, vae = place.config("transformer"), place.config("vae")
    if transformer.get("patch_size", 1) != 1 or transformer.get("patch_size_t", 1) != 1:
        raise InputError(f"{name}: an LTX-Video transformer takes patches of 1, not {transformer.get('patch_size')}")
    channels = (int(transformer.get("in_channels", 128)), int(vae.get("latent_channels", 128)))
    if channels[0] != channels[1]:
        raise InputError(f"{name}: its transformer has {channels[0]} channels and its autoencoder {channels[1]}")
    kind, scheduler = kind_of(place)
    base = row(name, name, kind, f"LTX-Video from {place.name}", f"来自 {place.name} 的 LTX-Video", **scheduler)
    return _regridded(base, vae, channels[0])


def kind_of(place: Checkpoint) -> tuple[str, dict[str, Any]]:
    """`plain` or `condition`, and the config of its scheduler where that decides the times.

    0.9.0 and 0.9.1 shift their times by the size of the clip; 0.9.5 does not, though it names the first pipeline too.
    Nothing in the files of a distilled one says so: it is asked for by few steps without guidance (`QUICK`).
    """
    scheduler = dict(place.config("scheduler"))
    if scheduler.get("_class_name", "FlowMatchEulerDiscreteScheduler") != "FlowMatchEulerDiscreteScheduler":
        raise InputError(
            f"{place.name} is scheduled by {scheduler['_class_name']}: use FlowMatchEulerDiscreteScheduler's"
        )
    conditioned = place.config(formats.INDEX).get("_class_name") == "LTXConditionPipeline"
    if scheduler.get("use_dynamic_shifting") and not conditioned:
        return "plain", scheduler
    return "condition", {}


def _regridded(base: Card, vae: Mapping[str, Any], channels: int) -> Card:
    scaling = sum(bool(s) for s in vae.get("spatio_temporal_scaling", (True, True, True, False)))
    space = vae.get("spatial_compression_ratio") or int(vae.get("patch_size", 4)) * 2**scaling
    time = vae.get("temporal_compression_ratio") or int(vae.get("patch_size_t", 1)) * 2**scaling
    return replace(base, grid=Grid(space=int(space), time=int(time), channels=channels))


def load(device: torch.device, folder: Checkpoint | Path | None, row: Card, effort: Effort) -> Backbone:
    """Read a checkpoint; raises MissingPart or InputError."""
    assert folder is not None
    return Ltx(read(folder, KINDS, device, effort), row)
