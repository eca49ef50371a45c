"""Seconds per step of public models, ours against diffusers' own pipeline, on random weights: nothing is downloaded.

    python benchmarks/models/gpu.py --out results          # LTX-2B, LTX-13B and Wan-5B at their native sizes, one GPU
    python benchmarks/models/gpu.py --tiny --device cpu    # the same code on tiny models, to see that it runs

Each row is one speed-up alone, then all exact ones, then all. Random weights say what a step costs and not what it makes:
how often a block cache is used, and how good a lossy row looks, must be measured on the real weights.
"""

import argparse
import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import torch

from motionalchemy.evaluate import stock
from motionalchemy.evaluate.stock import JOBS, TINY, Job
from motionalchemy.flow import tasks
from motionalchemy.media import files
from motionalchemy.models import formats, ltx, memory, time_embedding, wan
from motionalchemy.models.base import Backbone, Card, Effort
from motionalchemy.models.public import Parts
from motionalchemy.models.registry import MODELS
from motionalchemy.nets import pack
from motionalchemy.nets.throughput import ceiling, wait

STOCK = "diffusers, stock"


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
    clip: float = 0.0  # seconds: the model's own number of steps, and a decode
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
        time_embedding.embed_ltx(embed)
    else:
        time_embedding.embed_wan(parts.transformer.condition_embedder)


VARIANTS: dict[str, Variant] = {
    "ours, plain": Variant(True),
    "distinct times": Variant(True, embed_once),
    "text kept": Variant(True, lambda model, parts: model.keep_text()),  # type: ignore[attr-defined]
    "cuDNN attention": Variant(True, lambda model, parts: memory.fast_attention(parts.blocks, parts.device)),
    "compiled blocks": Variant(True, lambda model, parts: memory.compile_blocks(parts.transformer)),
    "all exact (--fast 1)": Variant(True, fast=1),
    "8-bit floats": Variant(False, lambda model, parts: memory.multiply_fp8(parts.blocks)),
    "block cache": Variant(False, lambda model, parts: memory.cache_first_block(parts.transformer)),
    "guidance above 0.3": Variant(False, above=Effort(fast=2).guided_above),
    "all (--fast 2)": Variant(False, fast=2, above=Effort(fast=2).guided_above),
}


def theirs(name: str, job: Job, device: torch.device, steps: int) -> Row:
    """diffusers' own pipeline as its documentation runs it: image to video, nothing switched on."""
    diffusers, _ = formats.libraries()
    parts = stock.parts_of(job, device)
    if job.family == "ltx":
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler(**stock.LTX_SCHEDULER)
        made = stock.pipeline("LTXConditionPipeline", scheduler, parts)
    else:
        scheduler = diffusers.UniPCMultistepScheduler(**stock.WAN_SCHEDULER)
        made = stock.pipeline("WanImageToVideoPipeline", scheduler, parts, expand_timesteps=True)
    asked = stock.call(job, *(stock.words_of(job, device, seed) for seed in (0, 1)))
    asked |= {"image": made.video_processor.numpy_to_pil(stock.picture(job).permute(0, 2, 3, 1).numpy())[0]}

    stock.theirs(made, device, **asked, num_inference_steps=3, output_type="latent")
    fresh(device)
    marks, _ = stock.theirs(made, device, **asked, num_inference_steps=steps + 1, output_type="latent")
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return Row(name, STOCK, True, median(stock.paces(marks)), decode_seconds(job, parts[1], device), peak)


@torch.no_grad()
def decode_seconds(job: Job, vae: Any, device: torch.device) -> float:
    """Seconds of the autoencoder's own decode of the whole clip; 0 where memory does not suffice."""
    t, h, w = stock.latent_shape(job)
    side = 2 if job.family == "wan" else 1
    latents = torch.zeros(1, vae.config.get("latent_channels") or vae.config.z_dim, t, h * side, w * side)
    when = torch.full((1,), ltx.DECODE_TIME, device=device, dtype=vae.dtype)
    began = time.perf_counter()
    try:
        vae.decode(latents.to(device, vae.dtype), *([when] if vae.config.get("timestep_conditioning") else []))
        wait(device)
    except torch.OutOfMemoryError:
        return 0.0
    return time.perf_counter() - began


def ours(name: str, variant: str, job: Job, row: Card, device: torch.device, steps: int) -> Row:
    """One variant of ours on the same job: the time of a step, all but the first, and of a decode."""
    chosen = VARIANTS[variant]
    parts = Parts(*stock.parts_of(job, device), None, device, Effort(fast=chosen.fast))
    model = (ltx.Ltx if job.family == "ltx" else wan.Wan)(parts, row)
    chosen.change(model, parts)
    t, h, w = stock.latent_shape(job)
    plan = tasks.animate(torch.zeros(1, row.grid.channels, 1, h, w, device=device), t)
    noise = row.sampling.noise(plan.value.shape, torch.Generator().manual_seed(0)).to(device)

    def run(count: int) -> tuple[list[float], torch.Tensor]:
        words = [stock.words_of(job, device, seed) for seed in (0, 1)]
        return stock.ours(model, row, plan, noise, count, words, chosen.above)

    run(3)
    fresh(device)
    marks, state = run(steps + 1)
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    pace = (marks[-1] - marks[0]) / steps if chosen.fast == 2 or chosen.above else median(stock.paces(marks))
    began = time.perf_counter()
    model.decode(state)
    wait(device)
    return Row(name, variant, chosen.exact, pace, time.perf_counter() - began, peak)


def fresh(device: torch.device) -> None:
    """Forget what was held, and the peak of it."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def rows(jobs: dict[str, Job], device: torch.device, steps: int) -> Iterator[Row]:
    """Every model, stock first; a row that cannot be made says why."""
    best = ceiling(device)
    for name, job in jobs.items():
        work, own = 2 * stock.flops(job), MODELS[name].stages[-1].steps  # two calls a step, guidance being on
        for variant in (STOCK, *VARIANTS):
            torch._dynamo.reset()
            fresh(device)
            exact = variant == STOCK or VARIANTS[variant].exact
            try:
                if variant == STOCK:
                    made = theirs(name, job, device, steps)
                else:
                    made = ours(name, variant, job, MODELS[name], device, steps)
                clip = own * made.step + made.decode if made.decode else 0.0
                yield replace(made, share=work / made.step / best, clip=clip)
            except Exception as error:  # a row of its own, so that one missing kernel does not lose the table
                reason = (str(error).splitlines() or [""])[0][:120]
                yield Row(name, variant, exact, refused=f"{type(error).__name__}: {reason}")


def table(found: list[Row]) -> str:
    """The rows as Markdown, each against the stock row of its model."""
    names = ["model", "variant", "equal?", "s a step", "x stock", "decode s", "clip s", "peak GB", "of ceiling"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in found:
        base = next((r.step for r in found if r.model == row.model and r.variant == STOCK), 0.0)
        if row.refused:
            lines.append(f"| {row.model} | {row.variant} | | {row.refused} " + "| " * (len(names) - 4) + "|")
            continue
        equal = "yes" if row.exact else "no"
        faster = f"{base / row.step:.2f}" if base else ""
        decode, clip = (f"{value:.2f}" if value else "" for value in (row.decode, row.clip))
        cells = [row.model, row.variant, equal, f"{row.step:.4f}", faster, decode, clip, f"{row.peak / 1e9:.1f}"]
        lines.append(f"| {' | '.join([*cells, f'{row.share:.0%}'])} |")
    return "\n".join(lines) + "\n"


def keep(found: list[Row], out: Path, device: torch.device, steps: int) -> None:
    """Write the rows so far and what made them, each file whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    made_by = {name: version(name) for name in ("motionalchemy", "torch", "diffusers", "torchao")} | {"device": gpu}
    facts = {"made_by": made_by, "steps": steps, "rows": [asdict(row) for row in found]}
    pack.write_json(out / "gpu.json", facts)
    files.write_text(table(found), out / "gpu.md")


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
        if given.out is not None:
            keep(found, given.out, device, given.steps)
    print(table(found), end="")


if __name__ == "__main__":
    main()
