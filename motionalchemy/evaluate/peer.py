"""What a user would otherwise run on this machine: diffusers' LTX-Video 2B for the same clip, beside ours in one run.

Its weights are random, drawn and not read, its text encoder is left out and its numbers are bfloat16; its eight times are
those of the distilled LTX-Video. Then our backbones against diffusers' pipelines on identical small weights.
"""

import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.evaluate import stock
from motionalchemy.evaluate.speed import Measured, Spec, in_a_process, spent
from motionalchemy.flow import tasks
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import formats, ltx, registry, schedules, wan
from motionalchemy.models.base import Effort
from motionalchemy.models.public import Parts
from motionalchemy.nets import throughput
from motionalchemy.nets.throughput import ceiling

NAME = "diffusers, LTX-Video 2B"
ROOM = 12e9  # bytes that must be free: the weights in bfloat16, and what a step and the decode need
WORDS = 128  # tokens of the prompt
STEPS, REPEATS = 4, 2  # of each side on small weights


@dataclass(frozen=True)
class Same:
    """Seconds a guided step of diffusers' pipeline and of ours (`--fast` 0 and 1) on the same weights, noise and picture.

    `difference` is the largest between the last latents, as a share of the largest latent.
    """

    family: str
    stock: float
    ours: float
    fast: float
    difference: float
    fast_difference: float


def beside(spec: Spec, frames: int) -> Measured:
    """Measure the peer on the size of `spec` and about so many frames, in a process of its own."""
    size = max(1, round((spec.size or 256) / ltx.GRID.space)) * ltx.GRID.space
    seconds = ltx.GRID.frames_for(frames / 24, 24) / 24
    return in_a_process(Spec(NAME, spec.device, seconds, size), __name__)


def child() -> None:
    """The measuring process: reads a Spec and its time of birth from the command line, prints a Measured as JSON."""
    spec, born = Spec(**json.loads(sys.argv[1])), float(sys.argv[2])
    try:
        measured = measure(spec, born)
    except (InputError, MissingPart) as error:
        measured = Measured(spec, refused=str(error))
    try:
        rows = [asdict(same(family, registry.device_for(spec.device))) for family in stock.SMALL]
    except (InputError, MissingPart):
        rows = []
    print(json.dumps(asdict(replace(measured, same=rows))))


def measure(spec: Spec, born: float | None = None, job: stock.Job | None = None) -> Measured:
    """Make one clip with the peer in this process; raises InputError for a lack of memory, MissingPart of diffusers."""
    entered, device = time.time(), registry.device_for(spec.device)
    begun = time.perf_counter()
    diffusers, _ = formats.libraries()
    if job is None:
        check_room(free(device))
        size, frames = spec.size or 256, round(spec.seconds * 24)
        job = replace(stock.JOBS["ltx-2b"], height=size, width=size, frames=frames, words=WORDS)
    pipeline = stock.pipeline(
        "LTXImageToVideoPipeline", distilled(diffusers), stock.parts_of(job, device, torch.bfloat16)
    )
    loaded = time.perf_counter()
    seen: list[float] = []  # when the transformer was entered and left
    pipeline.transformer.register_forward_pre_hook(lambda *_: seen.append(_now(device)))
    pipeline.transformer.register_forward_hook(lambda *_: seen.append(_now(device)))
    steps = spec.steps or len(schedules.DISTILLED)
    words = stock.words_of(job, device, 0, torch.bfloat16)
    more = {"decode_timestep": ltx.DECODE_TIME, "decode_noise_scale": ltx.DECODE_NOISE, "output_type": "pt"}
    asked = stock.call(job, words, None) | more | {"num_inference_steps": steps, "image": stock.picture(job)}
    marks, video = stock.theirs(pipeline, device, **asked)
    video = video[0].float().cpu()  # (T, 3, H, W) in [0, 1]
    made = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        writer.write(Clip.of(video.movedim(0, 1) * 2 - 1, job.fps), Path(folder) / "clip.mp4")
    phases = {} if born is None else {"start": entered - born}
    phases |= {"load": loaded - begun, "text": 0.0, "encode": seen[0] - loaded, "stage 1": marks[-1] - seen[0]}
    phases |= {"decode": made - marks[-1], "write": time.perf_counter() - made}
    return Measured(
        spec,
        phases=phases,
        total=sum(phases.values()),
        frames=len(video),
        calls=len(seen) // 2,
        tokens=len(seen) // 2 * math.prod(stock.latent_shape(job)),
        call_seconds=sum(seen[1::2]) - sum(seen[::2]),
        flops=float(len(seen) // 2 * stock.flops(job)),
        **spent(device),
        ceiling=ceiling(device, kind=torch.bfloat16),
    )


def _now(device: torch.device) -> float:
    throughput.wait(device)
    return time.perf_counter()


def distilled(diffusers: Any) -> Any:
    """The pipeline's scheduler with the times of the distilled models, which the pipeline itself has no argument for."""

    class Distilled(diffusers.FlowMatchEulerDiscreteScheduler):
        def set_timesteps(self, *given: Any, sigmas: Any, device: Any = None, mu: float | None = None) -> None:
            """As many as were asked for."""
            super().set_timesteps(sigmas=schedules.distilled(len(sigmas))[:-1], device=device)

    return Distilled(**stock.LTX_SCHEDULER)


def free(device: torch.device) -> float | None:
    """Bytes that can still be had on a device; None where the system does not say."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text("utf-8").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return None


def check_room(there: float | None, needed: float = ROOM) -> None:
    """Raise InputError unless so many bytes are free, or nobody knows."""
    if there is not None and there < needed:
        raise InputError(
            f"LTX-Video 2B needs {needed / 1e9:.0f} GB of memory and {there / 1e9:.1f} GB are free: leave --peer out"
        )


def same(
    family: str, device: torch.device, job: stock.Job | None = None, steps: int = STEPS, repeats: int = REPEATS
) -> Same:
    """Our backbone and diffusers' image-to-video pipeline on identical random weights, in turn; raises MissingPart."""
    diffusers, _ = formats.libraries()
    job = job or stock.SMALL[family]
    parts, words = stock.parts_of(job, device), [stock.words_of(job, device, seed) for seed in (0, 1)]
    if family == "ltx":
        row, kind = ltx.row("small", "", "plain", "", "", **stock.LTX_SHIFTING), ltx.Ltx
        scheduler = diffusers.FlowMatchEulerDiscreteScheduler(**stock.LTX_SHIFTING)
        made = stock.pipeline("LTXImageToVideoPipeline", scheduler, parts)
    else:
        row, kind = wan.row("small", "", "", "", **stock.WAN_SCHEDULER), wan.Wan
        scheduler = diffusers.UniPCMultistepScheduler(**stock.WAN_SCHEDULER)
        made = stock.pipeline("WanImageToVideoPipeline", scheduler, parts, expand_timesteps=True)
    models = [
        kind(Parts(*parts, None, device, Effort()), row),
        kind(Parts(*stock.parts_of(job, device), None, device, Effort(fast=1)), row),
    ]
    picture = stock.picture(job)
    plan = tasks.animate(models[0].encode(picture[:, :, None] * 2 - 1), stock.latent_shape(job)[0])
    noise = row.sampling.noise(plan.value.shape, torch.Generator().manual_seed(0)).to(device)
    start = plan.start(noise)
    given = {"latents": ltx.packed(start)} if family == "ltx" else {"image": picture, "latents": wan.unfolded(noise)}
    given |= stock.call(job, *words) | {"num_inference_steps": steps, "output_type": "latent"}
    paces: list[list[float]] = [[], [], []]
    ends: list[Tensor] = []
    for _ in range(repeats):
        marks, end = stock.theirs(made, device, **given)
        runs = [(marks, end), *(stock.ours(model, row, plan, noise, steps, words) for model in models)]
        for pace, (marks, _) in zip(paces, runs, strict=True):
            pace += stock.paces(marks)
        ends = [runs[0][1], *(ltx.packed(e) if family == "ltx" else wan.unfolded(e) for _, e in runs[1:])]
    truth = ends[0].float()
    gaps = [float((end.float() - truth).abs().max() / truth.abs().max()) for end in ends[1:]]
    return Same(family, *(median(pace) for pace in paces), *gaps)


def table(ours: Measured, theirs: Measured) -> str:
    """Ours and the peer side by side, as Markdown."""
    if theirs.refused:
        return f"Peer: refused: {theirs.refused}\n" + same_table(theirs.same)
    lines = [f"| | {ours.spec.model} | {theirs.spec.model} | times |", "|---|---|---|---|"]
    for name, a, b in zip(*columns(ours, theirs), strict=True):
        times = f"{b / a:.1f}" if a > 0 and b > 0 else ""
        lines.append(f"| {name} | {a:.4g} | {b:.4g} | {times} |")
    note = "The peer's weights are random and drawn, not read; its text encoder is left out; it computes in bfloat16.\n"
    return "\n".join(lines) + "\n\n" + note + same_table(theirs.same)


def columns(ours: Measured, theirs: Measured) -> tuple[list[str], list[float], list[float]]:
    """The names of the rows, and both sides' figures."""
    phases = [name for name in dict.fromkeys((*ours.phases, *theirs.phases))]
    names = [f"{name}, s" for name in phases]
    names += ["total, s", "without start and load, s", "CPU s", "seconds of video", "frames", "calls", "tokens/s"]
    names += ["TFLOP of all calls", "GFLOP/s", "of ceiling, %", "memory, MB", "GPU memory, MB"]

    def column(m: Measured) -> list[float]:
        rate, making = max(m.call_seconds, 1e-9), m.total - m.phases.get("start", 0) - m.phases.get("load", 0)
        found = [m.phases.get(name, 0.0) for name in phases]
        found += [m.total, making, m.cpu, m.spec.seconds, m.frames, m.calls, m.tokens / rate]
        return [*found, m.flops / 1e12, m.flops / rate / 1e9, 100 * m.share, m.memory / 1e6, m.gpu_memory / 1e6]

    return names, column(ours), column(theirs)


def same_table(rows: Sequence[dict[str, Any]]) -> str:
    """Our backbones against diffusers' pipelines on identical small weights, as Markdown."""
    if not rows:
        return ""
    lines = ["", "| same small weights | diffusers, s a step | ours | times | ours, `--fast 1` | times | differences |"]
    lines.append("|---" * 7 + "|")
    for row in (Same(**each) for each in rows):
        cells = [row.family, f"{row.stock:.4f}", f"{row.ours:.4f}", f"{row.stock / row.ours:.2f}", f"{row.fast:.4f}"]
        cells += [f"{row.stock / row.fast:.2f}", f"{row.difference:.1e}, {row.fast_difference:.1e}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
