"""Public models with random weights of their real sizes, under our loop and under diffusers' own pipelines.

Nothing is downloaded. Random weights say what a step costs and not what it makes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from motionalchemy.flow import sampler
from motionalchemy.flow.guidance import guided
from motionalchemy.flow.plan import Plan
from motionalchemy.models import formats, ltx, wan
from motionalchemy.models.base import Backbone, Card
from motionalchemy.models.prompts import Words
from motionalchemy.models.public import type_on
from motionalchemy.nets.throughput import wait

GUIDANCE = 3.0
BLOCK = 1 << 20  # random numbers that are drawn; every weight is laid out from them
LTX_SCHEDULER: dict[str, Any] = {"shift": 1.0}  # 0.9.5 and later
LTX_SHIFTING: dict[str, Any] = LTX_SCHEDULER | {
    "use_dynamic_shifting": True, "base_shift": 0.95, "max_shift": 2.05, "base_image_seq_len": 1024,
    "max_image_seq_len": 4096, "shift_terminal": 0.1,
}  # fmt: skip
WAN_SCHEDULER: dict[str, Any] = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 5.0}
LTX_VAE = {
    "latent_channels": 128, "block_out_channels": (128, 256, 512, 1024, 2048), "layers_per_block": (4, 6, 6, 2, 2),
    "down_block_types": ("LTXVideo095DownBlock3D",) * 4, "spatio_temporal_scaling": (True,) * 4,
    "downsample_type": ("spatial", "temporal", "spatiotemporal", "spatiotemporal"), "decoder_causal": False,
    "decoder_block_out_channels": (256, 512, 1024), "decoder_layers_per_block": (5, 5, 5, 5),
    "decoder_spatio_temporal_scaling": (True,) * 3, "decoder_inject_noise": (False,) * 4, "upsample_residual": (True,) * 3,
    "upsample_factor": (2,) * 3, "timestep_conditioning": True, "spatial_compression_ratio": 32,
    "temporal_compression_ratio": 8,
}  # fmt: skip
WAN_VAE = {
    "base_dim": 160, "decoder_base_dim": 256, "z_dim": 48, "is_residual": True, "in_channels": 12, "out_channels": 12,
    "patch_size": 2, "scale_factor_spatial": 16, "latents_mean": [0.0] * 48, "latents_std": [1.0] * 48,
}  # fmt: skip
LITTLE = {  # autoencoders of the real compression and hardly any weights, where decoding is not what is measured
    "ltx": {"block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4, "layers_per_block": (1,) * 5,
            "decoder_layers_per_block": (1,) * 5},
    "wan": WAN_VAE | {"base_dim": 4, "decoder_base_dim": 4},
}  # fmt: skip
LTX_13B = {"num_attention_heads": 32, "attention_head_dim": 128, "num_layers": 48, "cross_attention_dim": 4096}
WAN_5B = {"num_attention_heads": 24, "attention_head_dim": 128, "num_layers": 30, "ffn_dim": 14336, "text_dim": 4096}
SMALL_LTX = {"num_attention_heads": 8, "attention_head_dim": 64, "num_layers": 4, "cross_attention_dim": 512}
SMALL_WAN = {"num_attention_heads": 4, "attention_head_dim": 128, "num_layers": 4, "ffn_dim": 2048, "text_dim": 512}
TINY_LTX = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "cross_attention_dim": 32}
TINY_WAN = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "ffn_dim": 64, "text_dim": 32}
LATENT = {"in_channels": 48, "out_channels": 48}


@dataclass(frozen=True)
class Job:
    """A model's configuration and the clip it makes; `vae` None is a little one, so that decoding costs nothing."""

    family: str
    transformer: dict[str, Any]
    vae: dict[str, Any] | None
    height: int
    width: int
    frames: int
    text: int = 4096
    words: int = 256
    fps: float = 24.0


JOBS = {
    "ltx-2b": Job("ltx", {}, LTX_VAE, 512, 768, 161),
    "ltx-13b": Job("ltx", LTX_13B, LTX_VAE, 704, 1216, 121),
    "wan-5b": Job("wan", WAN_5B | LATENT, WAN_VAE, 704, 1280, 121, words=512),
}
SMALL = {
    "ltx": Job("ltx", SMALL_LTX | {"caption_channels": 512}, None, 256, 256, 49, text=512, words=128),
    "wan": Job("wan", SMALL_WAN | LATENT, None, 256, 256, 49, text=512, words=512),
}
TINY = {
    "ltx-2b": Job("ltx", TINY_LTX | {"caption_channels": 32}, None, 64, 64, 17, text=32, words=8),
    "wan-5b": Job("wan", TINY_WAN | LATENT, None, 64, 64, 9, text=32, words=512),
}


def built(kind: Any, config: dict[str, Any], device: torch.device, dtype: torch.dtype) -> Any:
    """A network with random weights, always the same, laid out where it will compute and nowhere before.

    What its class keeps in float32 stays so. A weight is uniform with the variance 1 / (3 inputs), a norm's is 1.
    """
    from accelerate import init_empty_weights

    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with init_empty_weights(include_buffers=False):
            network = kind(**config)
    finally:
        torch.set_default_dtype(before)
    drawn = torch.rand(BLOCK, generator=torch.Generator().manual_seed(0)).mul_(2).sub_(1)
    kept, at = getattr(kind, "_keep_in_fp32_modules", None) or [], 0
    for name, module in network.named_modules():
        for own, empty in list(module.named_parameters(recurse=False)):
            wide = any(part in f"{name}.{own}" for part in kept)
            weight = torch.empty(empty.shape, device=device, dtype=torch.float32 if wide else dtype)
            at = (at + 7919) % BLOCK
            _lay(weight, drawn.roll(at).to(device, weight.dtype), own)
            module.register_parameter(own, nn.Parameter(weight, requires_grad=False))
    return network.to(device).eval()


def _lay(weight: Tensor, drawn: Tensor, name: str) -> None:
    if weight.ndim == 1 and name.endswith("weight"):
        weight.fill_(1)
        return
    flat, scale = weight.view(-1), 0.1 if weight.ndim <= 1 else (weight.shape[0] / weight.numel()) ** 0.5
    for begin in range(0, len(flat), BLOCK):
        part = flat[begin : begin + BLOCK]
        torch.mul(drawn[: len(part)], scale, out=part)


def parts_of(job: Job, device: torch.device, dtype: torch.dtype | None = None) -> tuple[Any, Any]:
    """The transformer and the autoencoder of a job, random, on the device; `dtype` None is what we compute in there."""
    diffusers, _ = formats.libraries()
    kinds = (ltx.KINDS, wan.KINDS)[job.family == "wan"]
    transformer = built(getattr(diffusers, kinds.transformer), job.transformer, device, dtype or type_on(device))
    vae_type = kinds.vae_type if device.type == "cuda" and dtype is None else dtype or type_on(device)
    return transformer, built(getattr(diffusers, kinds.vae), job.vae or LITTLE[job.family], device, vae_type)


def words_of(job: Job, device: torch.device, seed: int, dtype: torch.dtype | None = None) -> Words:
    """Random words of the job's length."""
    states = torch.randn(1, job.words, job.text, generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(1, job.words, dtype=torch.bool, device=device) if job.family == "ltx" else None
    return Words(states.to(device, dtype or type_on(device)), mask, f"seed {seed}")


def picture(job: Job) -> Tensor:
    """A smooth picture (1, 3, H, W) of the job's size, in [0, 1]."""
    few = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return nn.functional.interpolate(few, (job.height, job.width), mode="bilinear")


def latent_shape(job: Job) -> tuple[int, int, int]:
    """The job's tokens along time, height and width."""
    grid = (ltx.GRID, wan.GRID)[job.family == "wan"]
    return (grid.latent_frames(job.frames), *grid.latent_size(job.height, job.width))


def flops(job: Job) -> int:
    """Of one call of the transformer, counted on a network without memory."""
    diffusers, _ = formats.libraries()
    kinds, meta = (ltx.KINDS, wan.KINDS)[job.family == "wan"], torch.device("meta")
    with meta:
        network = getattr(diffusers, kinds.transformer)(**job.transformer)
    t, h, w = latent_shape(job)
    states, when = torch.empty(1, job.words, job.text, device=meta), torch.empty(1, t * h * w, device=meta)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        if job.family == "ltx":
            tokens = torch.empty(1, t * h * w, network.config.in_channels, device=meta)
            coords, mask = torch.empty(1, 3, t * h * w, device=meta), torch.ones(1, job.words, device=meta)
            network(tokens, states, when, mask, video_coords=coords)
        else:
            latents = torch.empty(1, network.config.in_channels, t, 2 * h, 2 * w, device=meta)
            network(latents, when, states)
    return counter.get_total_flops()


def pipeline(kind: str, scheduler: Any, parts: tuple[Any, Any], **more: Any) -> Any:
    """A pipeline of diffusers without its text encoder."""
    diffusers, _ = formats.libraries()
    loose = {"text_encoder": None, "tokenizer": None, "transformer": parts[0], "vae": parts[1]}
    made = getattr(diffusers, kind)(scheduler=scheduler, **loose, **more)
    made.set_progress_bar_config(disable=True)
    return made


def call(job: Job, towards: Words, away: Words | None) -> dict[str, Any]:
    """What a pipeline is called with to make the job's clip; without `away` it is not guided."""
    given: dict[str, Any] = {"height": job.height, "width": job.width, "num_frames": job.frames}
    given |= {"prompt_embeds": towards.states, "guidance_scale": 1.0 if away is None else GUIDANCE}
    if away is not None:
        given["negative_prompt_embeds"] = away.states
    if job.family == "ltx":
        given |= {"prompt_attention_mask": towards.mask, "frame_rate": job.fps}
    if job.family == "ltx" and away is not None:
        given["negative_prompt_attention_mask"] = away.mask
    return given


def theirs(made: Any, device: torch.device, **given: Any) -> tuple[list[float], Any]:
    """Run a pipeline: the second at which each step ended, and what came out."""
    marks: list[float] = []

    def mark(*_: Any) -> dict[str, Any]:
        wait(device)
        marks.append(time.perf_counter())
        return {}

    out = made(callback_on_step_end=mark, generator=torch.Generator().manual_seed(0), **given)
    return marks, out.frames


def ours(
    model: Backbone, row: Card, plan: Plan, noise: Tensor, steps: int, words: Sequence[Words], above: float = 0.0
) -> tuple[list[float], Tensor]:
    """Run our loop, guided: the second at which each step ended, and the last latents (B, C, T, h, w)."""
    towards, away = (model.velocity(each, plan, 24.0) for each in words)
    schedule = row.sampling.times(steps, plan.value.shape, 1.0)
    marks, state = [], plan.value
    for step in sampler.sample(guided(towards, away, GUIDANCE, above), plan, noise, schedule, row.sampling.solver):
        wait(noise.device)
        marks.append(time.perf_counter())
        state = step.state
    return marks, state


def paces(marks: Sequence[float]) -> list[float]:
    """Seconds of every step but the first."""
    return [late - early for early, late in pairwise(marks)]
