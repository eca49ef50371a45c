"""Seconds per step of public models, ours against diffusers' own pipeline, on random weights: nothing is downloaded.

    python benchmarks/gpu.py --out results          # LTX-2B, LTX-13B and Wan-5B at their native sizes, one GPU
    python benchmarks/gpu.py --tiny --device cpu    # the same code on tiny models, to see that it runs

Each row is one speed-up alone, then all exact ones, then all. Random weights say what a step costs and not what it makes:
how often a block cache is used, and how good a lossy row looks, must be measured on the real weights.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from motionalchemy import sample, tasks
from motionalchemy.backbones import Backbone, Card, Effort, distinct, layout, ltx, memory, wan
from motionalchemy.backbones.public import Parts, type_on
from motionalchemy.backbones.reader import Words
from motionalchemy.measure.speed import ceiling, wait
from motionalchemy.velocity import guided

LTX_SCHEDULER = {"shift": 1.0}
WAN_SCHEDULER = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 5.0}
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
TINY_LTX = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "cross_attention_dim": 32}
TINY_WAN = {"num_attention_heads": 2, "attention_head_dim": 16, "num_layers": 2, "ffn_dim": 64, "text_dim": 32}
WAN_5B = {"num_attention_heads": 24, "attention_head_dim": 128, "num_layers": 30, "ffn_dim": 14336, "text_dim": 4096}
LTX_13B = {"num_attention_heads": 32, "attention_head_dim": 128, "num_layers": 48, "cross_attention_dim": 4096}


@dataclass(frozen=True)
class Job:
    """A model's configuration and the clip it makes; `vae` None leaves decoding out."""

    family: str
    transformer: dict[str, Any]
    vae: dict[str, Any] | None
    height: int
    width: int
    frames: int
    text: int = 4096
    words: int = 256


JOBS = {
    "ltx-2b": Job("ltx", {}, LTX_VAE, 512, 768, 161),
    "ltx-13b": Job("ltx", LTX_13B, LTX_VAE, 704, 1216, 121),
    "wan-5b": Job("wan", WAN_5B | {"in_channels": 48, "out_channels": 48}, WAN_VAE, 704, 1280, 121, words=512),
}
TINY = {
    "ltx-2b": Job("ltx", TINY_LTX | {"caption_channels": 32}, None, 64, 64, 17, text=32, words=8),
    "wan-5b": Job("wan", TINY_WAN | {"in_channels": 48, "out_channels": 48}, None, 64, 64, 9, text=32, words=512),
}


@dataclass(frozen=True)
class Row:
    """What one variant cost: seconds a step and a decode, peak bytes, FLOP/s as a share of the ceiling, or why not."""

    model: str
    variant: str
    exact: bool
    step: float = 0.0
    decode: float = 0.0
    peak: int = 0
    share: float = 0.0
    refused: str = ""


@dataclass(frozen=True)
class Variant:
    """A speed-up: what it changes of a freshly made model, and the time below which guidance is left out."""

    exact: bool
    change: Callable[[Backbone, Parts], object] = lambda model, parts: None
    fast: int = 0
    above: float = 0.0


def embed_once(model: Backbone, parts: Parts) -> None:
    """Time embeddings for each different time."""
    embed = getattr(parts.transformer, "time_embed", None)
    if embed is not None:
        distinct.embed_ltx(embed)
    else:
        distinct.embed_wan(parts.transformer.condition_embedder)


VARIANTS: dict[str, Variant] = {
    "ours, plain": Variant(True),
    "distinct times": Variant(True, embed_once),
    "cuDNN attention": Variant(True, lambda model, parts: memory.fast_attention(parts.blocks, parts.device)),
    "compiled blocks": Variant(True, lambda model, parts: memory.compile_blocks(parts.transformer)),
    "all exact (--fast 1)": Variant(True, fast=1),
    "8-bit floats": Variant(False, lambda model, parts: memory.multiply_fp8(parts.blocks)),
    "block cache": Variant(False, lambda model, parts: memory.cache_first_block(parts.transformer)),
    "guidance above 0.3": Variant(False, above=Effort(fast=2).guided_above),
    "all (--fast 2)": Variant(False, fast=2, above=Effort(fast=2).guided_above),
}


def built(kind: Any, config: dict[str, Any], device: torch.device, dtype: torch.dtype) -> Any:
    """A network with random weights, made where it will compute; what its class keeps in float32 stays so."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            network = kind(**config)
    finally:
        torch.set_default_dtype(before)
    kept = getattr(kind, "_keep_in_fp32_modules", None) or []
    for name, value in network.named_parameters():
        if any(part in name for part in kept):
            value.data = value.data.float()
    return network.eval().requires_grad_(False)


def parts_of(job: Job, device: torch.device) -> tuple[Any, Any]:
    """The transformer and the autoencoder of a job, random, on the device."""
    diffusers, _ = layout.libraries()
    kinds, dtype = (ltx.KINDS, wan.KINDS)[job.family == "wan"], type_on(device)
    transformer = built(getattr(diffusers, kinds.transformer), job.transformer, device, dtype)
    vae_config = job.vae or {"ltx": {}, "wan": WAN_VAE | {"base_dim": 4, "decoder_base_dim": 4}}[job.family]
    if job.vae is None and job.family == "ltx":
        vae_config = {"block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4}
        vae_config |= {"layers_per_block": (1,) * 5, "decoder_layers_per_block": (1,) * 5}
    vae_type = kinds.vae_type if device.type == "cuda" else dtype
    return transformer, built(getattr(diffusers, kinds.vae), vae_config, device, vae_type)


def words_of(job: Job, device: torch.device, seed: int) -> Words:
    """Random words of the job's length."""
    states = torch.randn(1, job.words, job.text, generator=torch.Generator().manual_seed(seed))
    mask = torch.ones(1, job.words, dtype=torch.bool, device=device) if job.family == "ltx" else None
    return Words(states.to(device, type_on(device)), mask, f"seed {seed}")


def flops(job: Job) -> int:
    """Of one call of the transformer, counted on a network without memory."""
    diffusers, _ = layout.libraries()
    kinds, meta = (ltx.KINDS, wan.KINDS)[job.family == "wan"], torch.device("meta")
    with meta:
        network = getattr(diffusers, kinds.transformer)(**job.transformer)
    grid = (ltx.GRID, wan.GRID)[job.family == "wan"]
    t, (h, w) = grid.latent_frames(job.frames), grid.latent_size(job.height, job.width)
    states, time = torch.empty(1, job.words, job.text, device=meta), torch.empty(1, t * h * w, device=meta)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        if job.family == "ltx":
            tokens = torch.empty(1, t * h * w, network.config.in_channels, device=meta)
            coords, mask = torch.empty(1, 3, t * h * w, device=meta), torch.ones(1, job.words, device=meta)
            network(tokens, states, time, mask, video_coords=coords)
        else:
            latents = torch.empty(1, network.config.in_channels, t, 2 * h, 2 * w, device=meta)
            network(latents, time, states)
    return counter.get_total_flops()


def stock(name: str, job: Job, device: torch.device, steps: int) -> Row:
    """diffusers' own pipeline as its documentation runs it: image to video, nothing switched on."""
    from PIL import Image

    diffusers, _ = layout.libraries()
    transformer, vae = parts_of(job, device)
    loose = {"text_encoder": None, "tokenizer": None, "transformer": transformer, "vae": vae}
    if job.family == "ltx":
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler(**LTX_SCHEDULER)
        pipeline = diffusers.LTXConditionPipeline(scheduler=scheduler, **loose)
    else:
        scheduler = diffusers.UniPCMultistepScheduler(**WAN_SCHEDULER)
        pipeline = diffusers.WanImageToVideoPipeline(scheduler=scheduler, expand_timesteps=True, **loose)
    towards, away = words_of(job, device, 0), words_of(job, device, 1)
    call = {"prompt_embeds": towards.states, "negative_prompt_embeds": away.states}
    if job.family == "ltx":
        call |= {"prompt_attention_mask": towards.mask, "negative_prompt_attention_mask": away.mask, "frame_rate": 24}
    pipeline.set_progress_bar_config(disable=True)

    def run(count: int) -> Iterator[None]:
        marks: list[float] = []

        def mark(*given: Any) -> dict[str, Any]:
            wait(device)
            marks.append(time.perf_counter())
            return {}

        pipeline(
            image=Image.new("RGB", (job.width, job.height), "teal"), height=job.height, width=job.width,
            num_frames=job.frames, num_inference_steps=count, guidance_scale=3.0, output_type="latent",
            callback_on_step_end=mark, generator=torch.Generator().manual_seed(0), **call,
        )  # fmt: skip
        run.seconds = (marks[-1] - marks[0]) / (len(marks) - 1)  # type: ignore[attr-defined]
        return iter(())

    run(3)
    fresh(device)
    run(steps + 1)
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return Row(name, "diffusers, stock", True, run.seconds, 0.0, peak)  # type: ignore[attr-defined]


def ours(name: str, variant: str, job: Job, row: Card, device: torch.device, steps: int) -> Row:
    """One variant of ours on the same job: the time of all steps but the first, and of a decode."""
    chosen = VARIANTS[variant]
    transformer, vae = parts_of(job, device)
    parts = Parts(transformer, vae, None, device, Effort(fast=chosen.fast))
    model = (ltx.Ltx if job.family == "ltx" else wan.Wan)(parts, row)
    chosen.change(model, parts)
    t, (h, w) = row.grid.latent_frames(job.frames), row.grid.latent_size(job.height, job.width)
    first = torch.zeros(1, row.grid.channels, 1, h, w, device=device)
    plan = tasks.animate(first, t)
    noise = row.sampling.noise(plan.value.shape, torch.Generator().manual_seed(0)).to(device)

    def run(count: int) -> tuple[float, torch.Tensor]:
        towards, away = (model.velocity(words_of(job, device, seed), plan, 24.0) for seed in (0, 1))
        times = row.sampling.times(count, plan.value.shape, 1.0)
        marks, state = [], plan.value
        for step in sample.sample(guided(towards, away, 3.0, chosen.above), plan, noise, times, row.sampling.solver):
            wait(device)
            marks.append(time.perf_counter())
            state = step.state
        return (marks[-1] - marks[0]) / (len(marks) - 1), state

    run(3)
    fresh(device)
    seconds, state = run(steps + 1)
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    began = time.perf_counter()
    model.decode(state)
    wait(device)
    return Row(name, variant, chosen.exact, seconds, time.perf_counter() - began, peak)


def fresh(device: torch.device) -> None:
    """Forget what was held, and the peak of it."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def rows(jobs: dict[str, Job], device: torch.device, steps: int) -> Iterator[Row]:
    """Every model, stock first; a row that cannot be made says why."""
    from motionalchemy.backbones import MODELS

    best = ceiling(device)
    for name, job in jobs.items():
        work = 2 * flops(job)  # two calls a step, guidance being on
        for variant in ("diffusers, stock", *VARIANTS):
            torch._dynamo.reset()
            fresh(device)
            try:
                exact = variant == "diffusers, stock" or VARIANTS[variant].exact
                made = stock(name, job, device, steps) if variant == "diffusers, stock" else ours(
                    name, variant, job, MODELS[name], device, steps
                )  # fmt: skip
                yield Row(**asdict(made) | {"share": work / made.step / best})
            except Exception as error:  # a row of its own, so that one missing kernel does not lose the table
                yield Row(name, variant, exact, refused=f"{type(error).__name__}: {str(error).splitlines()[0][:120]}")


def table(found: list[Row]) -> str:
    """The rows as Markdown, each against the stock row of its model."""
    lines = ["| model | variant | equal? | s a step | x stock | decode s | peak GB | of ceiling |", "|---|---|---|---|---|---|---|---|"]  # fmt: skip  # noqa: E501
    for row in found:
        base = next((r.step for r in found if r.model == row.model and r.variant == "diffusers, stock"), 0.0)
        if row.refused:
            lines.append(f"| {row.model} | {row.variant} | | {row.refused} | | | | |")
            continue
        equal = "yes" if row.exact else "no"
        faster = f"{base / row.step:.2f}" if base else ""
        decode, peak = (f"{row.decode:.2f}" if row.decode else ""), f"{row.peak / 1e9:.1f}"
        cells = [row.model, row.variant, equal, f"{row.step:.4f}", faster, decode, peak, f"{row.share:.0%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, and keep it with what made it in --out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=[*JOBS], default=[*JOBS])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    jobs = {name: job for name, job in (TINY if given.tiny else JOBS).items() if name in given.models}
    device, found = torch.device(given.device), []
    for row in rows(jobs, device, given.steps):
        found.append(row)
        print(f"{row.model}: {row.variant}: {row.refused or f'{row.step:.4f} s'}", flush=True)
    print(table(found), end="")
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        made_by = {name: version(name) for name in ("motionalchemy", "torch", "diffusers", "torchao")} | {"device": gpu}
        facts = {"made_by": made_by, "steps": given.steps, "rows": [asdict(row) for row in found]}
        (given.out / "gpu.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
        (given.out / "gpu.md").write_text(table(found), "utf-8")


if __name__ == "__main__":
    main()
