"""Wan from a checkpoint in the diffusers layout (2503.20314), here 2.2 TI2V-5B: one model for text and image to video.

A token is 2 x 2 latents of the autoencoder and has its own time, so a latent here is a whole token: four times the
channels at half the side. The network is asked at whole timesteps of 1000 and its output is dx/dt as it is. Its
positions are fixed, so a view cannot be a token beside the clip: it takes the place of the latent frame that shows its
second, which then moves in a straight line to it. Wans that give all frames one time are in `wan_one_time`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow import tasks
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

KINDS = Kinds("WanTransformer3DModel", "AutoencoderKLWan", "UMT5EncoderModel", torch.float32)
GRID = Grid(space=32, time=4, channels=192)
STAGES = (Stage(0.5, 50), Stage(1.0, 50, 0.7))
HONOURS = frozenset({"clocks", "pictures", "regions", "reference:view"})
FLOW = {"flow_shift": 5.0}
LENGTH = 512  # tokens of a prompt
STEPS = 1000  # whole timesteps between noise and picture
SIDE = 2  # latents of the autoencoder in a token, each way


class Wan:
    """A loaded Wan 2.2 TI2V: see `models.base.Backbone` for the contract."""

    def __init__(self, parts: Parts, row: Card):
        self.parts, self.device, self.sha256 = parts, parts.device, parts.sha256
        self.name, self.grid, self.honours = row.name, row.grid, row.honours
        self.stages, self.defaults = row.stages, row.defaults
        config = parts.vae.config
        self._mean, self._std = (
            torch.tensor(v).view(1, -1, 1, 1, 1) for v in (config.latents_mean, config.latents_std)
        )
        if parts.effort.fast >= 1:
            for network in parts.networks:
                time_embedding.embed_wan(network.condition_embedder)
            self.keep_text()

    def keep_text(self) -> None:
        """Project the text once a request."""
        self.parts.keep_text(lambda network: network.condition_embedder, "text_embedder")

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """(B, 3, T, H, W) in [-1, 1] -> (B, C, t, h, w): the mode of the posterior, normalised by channel, folded into
        tokens."""
        with self.parts.coding() as vae:
            latents = vae.encode(frames.to(self.device, vae.dtype)).latent_dist.mode().float()
        return folded((latents - self._mean.to(latents)) / self._std.to(latents))

    @torch.no_grad()
    def decode(self, latents: Tensor, picture: Tensor | None = None) -> Tensor:
        """Latents (B, C, t, h, w) as frames (B, 3, T, H, W)."""
        vae = self.parts.vae

        def decoded(z: Tensor) -> Tensor:
            z = unfolded(z.float()) * self._std.to(z) + self._mean.to(z)
            return vae.decode(z.to(vae.dtype), return_dict=False)[0].float()

        return self.parts.decoded(decoded, latents).to(self.device)

    def words(self, prompts: list[str]) -> models_prompts.Words:
        """Prompts through UMT5, cleaned, at most 512 tokens."""
        return self.parts.words(models_prompts.read_padded, prompts, LENGTH)

    def velocity(self, words: models_prompts.Words, plan: Plan, fps: float) -> Velocity:
        """The velocity of all tokens; a view's latent frame is shown clean, at time 0, and led to it."""
        b, _, t, h, w = plan.value.shape
        placed = [(self._frame(r.time or 0.0, fps, t), self._group(r.value)) for r in plan.references]
        self.parts.forget()

        @torch.no_grad()
        def towards(x: Tensor, now: Tensor) -> Tensor:
            seen, time = x.float(), now.expand(b, 1, t, h, w).float()
            if placed:
                seen, time = seen.clone(), time.clone()
            for at, view in placed:
                seen[:, :, at : at + 1], time[:, :, at] = view, 0
            tokens = (time * STEPS).floor().flatten(1)  # (B, S)
            with self.parts.reading(words) as transformer:
                out = transformer(
                    unfolded(seen).to(self.parts.dtype),
                    timestep=tokens,
                    encoder_hidden_states=words.states.to(self.parts.dtype),
                    return_dict=False,
                )[0]
            out = folded(out.float())
            for at, view in placed:
                clock = now.expand(b, 1, t, h, w)[:, :, at : at + 1].float()
                out[:, :, at : at + 1] = (x[:, :, at : at + 1].float() - view) / clock.clamp(min=1e-6)
            return out.to(x.dtype)

        return towards

    def _frame(self, second: float, fps: float, frames: int) -> int:
        """The latent frame that shows a second, never the first one."""
        return min(frames - 1, max(1, -(-round(second * fps) // self.grid.time)))

    def _group(self, view: Tensor) -> Tensor:
        """A view's latents as those of a later frame: encoded last in a clip that stands still.

        The autoencoder is causal: a picture encoded alone is a first frame and would be misread anywhere else.
        """
        if view.shape[2] > 1:
            return view[:, :, -1:].float()
        return self.encode(tasks.standing(self.decode(view)[:, :, :1], self.grid))[:, :, -1:]


def folded(latents: Tensor) -> Tensor:
    """Latents of the autoencoder (B, C, T, 2 H, 2 W) -> one a token (B, 4 C, T, H, W)."""
    b, c, t, h, w = latents.shape
    whole = latents.reshape(b, c, t, h // SIDE, SIDE, w // SIDE, SIDE)
    return whole.permute(0, 1, 4, 6, 2, 3, 5).reshape(b, c * SIDE * SIDE, t, h // SIDE, w // SIDE)


def unfolded(latents: Tensor) -> Tensor:
    """The inverse of `folded`: (B, 4 C, T, H, W) -> (B, C, T, 2 H, 2 W)."""
    b, c, t, h, w = latents.shape
    whole = latents.reshape(b, c // SIDE**2, SIDE, SIDE, t, h, w)
    return whole.permute(0, 1, 4, 5, 2, 6, 3).reshape(b, c // SIDE**2, t, h * SIDE, w * SIDE)


def noise(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """First noise (B, C, T, H, W), drawn in one go on the CPU in the autoencoder's own layout."""
    b, c, t, h, w = shape
    return folded(torch.randn(b, c // SIDE**2, t, h * SIDE, w * SIDE, generator=generator))


def times(config: dict[str, Any], steps: int, shape: Sequence[int], top: float) -> list[float]:
    """The times of UniPC with flow sigmas."""
    return schedules.entered(schedules.unipc_flow(steps, config), top)


def euler_times(config: dict[str, Any], steps: int, shape: Sequence[int], top: float) -> list[float]:
    """The times of a flow-match scheduler with one shift."""
    return schedules.entered(schedules.flow_match_wan(steps, config), top)


def row(name: str, repo: str, summary: str, summary_zh: str, **config: Any) -> Card:
    """The card of a Wan 2.2 TI2V; `config` is that of its scheduler."""
    return Card(
        name=name,
        loader="motionalchemy.models.wan:load",
        honours=HONOURS,
        grid=GRID,
        stages=STAGES,
        defaults=Defaults(size=944, fps=24.0, seconds=5.0, guidance=5.0, stages=1),
        summary=summary,
        summary_zh=summary_zh,
        sizes=(64, 1280),
        seconds=5.1,
        tokens=32_768,
        sampling=Sampling("unipc", partial(times, config or FLOW), noise),
        repo=repo,
    )


def card(place: Checkpoint, name: str) -> Card:
    """The card of a checkpoint, from its configs; raises InputError for one of another shape."""
    transformer, vae = place.config("transformer"), place.config("vae")
    patch = tuple(transformer.get("patch_size", (1, SIDE, SIDE)))
    if patch != (1, SIDE, SIDE):
        raise InputError(f"{name}: a Wan takes patches of (1, 2, 2), not {patch}")
    if not place.config(formats.INDEX).get("expand_timesteps"):
        return import_module("motionalchemy.models.wan_one_time").card(place, name)
    if transformer.get("image_dim"):
        raise InputError(
            f"{name}: a Wan 2.2 TI2V takes no picture features, its config says {transformer['image_dim']}"
        )
    base = row(name, name, f"Wan 2.2 from {place.name}", f"来自 {place.name} 的 Wan 2.2")
    return replace(base, grid=grid_of(vae), sampling=sampled(place))


def grid_of(vae: Mapping[str, Any]) -> Grid:
    """How an autoencoder counts, four of its latents to a token."""
    space, time = int(vae.get("scale_factor_spatial", 8)), int(vae.get("scale_factor_temporal", 4))
    return Grid(space=space * SIDE, time=time, channels=int(vae.get("z_dim", 16)) * SIDE**2)


FIXED = {  # settings of UniPC that are not those of its class, and what they have to be
    "solver_order": 2, "solver_type": "bh2", "predict_x0": True, "thresholding": False, "use_karras_sigmas": False,
    "use_exponential_sigmas": False, "use_beta_sigmas": False, "final_sigmas_type": "zero", "lower_order_final": True,
    "disable_corrector": [], "rescale_betas_zero_snr": False, "use_dynamic_shifting": False,
}  # fmt: skip


def sampled(place: Checkpoint) -> Sampling:
    """How a checkpoint is sampled, by its scheduler's config; raises InputError for a setting that is not honoured."""
    found = place.config("scheduler")
    kind = found.get("_class_name")
    if kind == "FlowMatchEulerDiscreteScheduler":
        odd = [n for n in ("use_dynamic_shifting", "stochastic_sampling", "invert_sigmas") if found.get(n)]
        odd += [n for n in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas") if found.get(n)]
        if odd:
            raise InputError(
                f"{place.name} is scheduled with {odd[0]}, which is not honoured: leave it out of its config"
            )
        return Sampling("euler", partial(euler_times, dict(found)), noise)
    if not (found.get("use_flow_sigmas") and found.get("prediction_type") == "flow_prediction"):
        raise InputError(f"{place.name} is scheduled by {kind} without flow sigmas: use UniPC's or FlowMatchEuler's")
    for name, value in FIXED.items():
        if found.get(name, value) != value:
            raise InputError(f"{place.name} is scheduled with {name} {found[name]!r}, and only {value!r} is honoured")
    return Sampling("unipc", partial(times, dict(found)), noise)


def load(device: torch.device, folder: Checkpoint | Path | None, row: Card, effort: Effort) -> Backbone:
    """Read a checkpoint; raises MissingPart or InputError."""
    assert folder is not None
    return Wan(read(folder, KINDS, device, effort), row)
