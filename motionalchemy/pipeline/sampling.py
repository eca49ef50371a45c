"""What the flow makes of one window of a run: asked for stage by stage, each stage step by step, and decoded."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import MotionAlchemyError
from motionalchemy.flow.guidance import Scale, contrasted, guided, held
from motionalchemy.flow.plan import Plan
from motionalchemy.flow.sampler import Step, sample
from motionalchemy.flow.solvers import Velocity
from motionalchemy.flow.stages import Stage, enlarge, refine, resize
from motionalchemy.media import resize as media_resize
from motionalchemy.media.clip import Clip
from motionalchemy.models.base import Backbone
from motionalchemy.nets.judge import SEEN
from motionalchemy.pipeline import plans
from motionalchemy.pipeline.drafts import Drawn, painted
from motionalchemy.pipeline.job import Job, Size
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.pipeline.progress import Progress, timed
from motionalchemy.pipeline.run import Run, stop_if
from motionalchemy.pipeline.settle import effort_of
from motionalchemy.pipeline.windows import Span

DECODED = 2**27  # pixels of a window's frames that are decoded at the result's size; more are stretched
COMPARED = 256  # pixels across the smaller side of clips that are compared; in those of half of it much looks alike
BATCH = 8  # clips made at once, of which one is kept if the action is seen in it


def flowed(
    run: Run, span: Span, given: Conditioning, number: int, shares: list[float]
) -> Generator[Progress, None, tuple[Tensor, Plan]]:
    """Every step of every stage of one window; returns its latents and the last stage's plan."""
    job, model, watch, coarse = run.job, run.model, run.watch, None
    seed = job.request.seed + number * 0x9E3779B97F4A7C15
    noise = torch.Generator().manual_seed(seed % 2**63)
    plan = None
    for index, (stage, size) in enumerate(zip(job.stages, job.sizes, strict=True), start=1):
        with watch.phase("encode"):
            plan = planned(job, model, given, size, None if run.draft is None else (run.draft, span))
            plan = plan if coarse is None else refine(plan, larger(model, coarse, given, size), stage.strength)
        latents, before = plan.value, 0
        for step in timed(run_stage(run, span, given, plan, stage, size, noise), watch, f"stage {index}"):
            stop_if(run.cancel)
            latents = step.state
            if not bool(torch.isfinite(latents).all()):
                raise MotionAlchemyError(
                    f"{job.card.name} gave no numbers at step {step.index}: its weights or its settings do not fit it"
                )
            done, left = run.meter.advance(shares[index - 1] * (step.index - before) / step.total)
            before = step.index
            preview = partial(decoded, model, step.estimate, given, size, job.request.fps)
            yield Progress(
                index, len(job.stages), step.index, step.total, done, left, preview, None, number + 1, len(job.spans)
            )
        coarse = latents
    assert coarse is not None and plan is not None
    return coarse, plan


@torch.no_grad()
def planned(
    job: Job, model: Backbone, given: Conditioning, size: Size, draft: tuple[Drawn, Span] | None = None
) -> Plan:
    """What a window is given, as a plan at a size in pixels, its draft in it where there is one."""
    h, w = model.grid.latent_size(*size)
    like = torch.zeros(1, model.grid.channels, 1, h, w, device=model.device)
    encode = lambda frames: model.encode(pixels(frames, model, size))  # noqa: E731
    plan = plans.plan(job, given, encode, like)
    known = plans.pictures(job, given, plan)
    if draft is not None:
        plan = painted(job, draft[0], draft[1].begin, draft[1].end, plan, encode)
    sees = getattr(model, "sees", None)
    if sees is None:
        return plan
    return sees(plan, [(at, pixels(frames, model, size)) for at, frames in known])


def pixels(frames: np.ndarray, model: Backbone, size: Size) -> Tensor:
    """Frames (T, H, W, 3) uint8 stretched to a size in pixels: (1, 3, T, *size) in [-1, 1]."""
    if bool((frames == frames[:1]).all()):  # a picture that stands still is stretched once
        still = torch.from_numpy(media_resize.scaled(frames[0], *size).copy())[None].expand(len(frames), -1, -1, -1)
    else:
        still = torch.from_numpy(np.stack([media_resize.scaled(frame, *size) for frame in frames]))
    return (still.to(model.device).float() / 127.5 - 1).permute(3, 0, 1, 2)[None]


@torch.no_grad()
def larger(model: Backbone, coarse: Tensor, given: Conditioning, size: Size) -> Tensor:
    """The latents of a stage's result, made as large as the next stage."""
    picture = None if given.head is None else pixels(given.head[:1], model, size)
    frames = _frames(model, coarse, picture).float().clamp(-1, 1)
    if frames.shape[3:] != size:
        frames = resize(frames, *size) if picture is None else enlarge(frames, picture)
    return model.encode(frames)


@torch.no_grad()
def decoded(model: Backbone, latents: Tensor, given: Conditioning, size: Size, fps: float) -> Clip:
    """Latents (1, C, t, h, w) as a clip of a size in pixels, with the detail of its first frame where the model can."""
    share = min(1.0, (DECODED / (given.frames * size[0] * size[1])) ** 0.5)
    within = (size[0], size[1]) if share == 1 else (int(size[0] * share), int(size[1] * share))
    clip = Clip.of(
        _frames(model, latents, None if given.head is None else pixels(given.head[:1], model, within))[0], fps
    )
    if (clip.height, clip.width) == size:
        return clip
    return Clip(np.stack([media_resize.scaled(frame, *size) for frame in clip.frames]), fps)


def _frames(model: Backbone, latents: Tensor, picture: Tensor | None) -> Tensor:
    return model.decode(latents) if picture is None else model.decode(latents, picture)


def run_stage(
    run: Run, span: Span, given: Conditioning, plan: Plan, stage: Stage, size: Size, generator: torch.Generator
) -> Iterator[Step]:
    """One stage: the model's own noise and times, and the velocity that the request asks for; of a model that can tell
    what is done in a clip, several noises, of which the one that shows the action best is kept."""
    sampling = run.job.card.sampled(stage.steps, run.job.request.guidance)
    decided = given.whole is not None or any(beside.role == "motion" for beside in given.beside)
    action = None if decided else run.action(span.prompt or "")
    count = 1 if action is None else run.job.request.candidates
    velocity = held(_velocity(run, span, given, plan, size, generator), plan)
    schedule = sampling.times(stage.steps, plan.value.shape, plan.top)

    def made(many: int) -> Iterator[Step]:
        noise = torch.cat([sampling.noise(plan.value.shape, generator) for _ in range(many)]).to(plan.value)
        return sample(velocity, plan, noise, schedule, sampling.solver)

    if count == 1:
        return made(1)
    batches = [partial(made, min(BATCH, count - begun)) for begun in range(0, count, BATCH)]
    return best_of(batches, partial(_best, run, given, action))


def _best(run: Run, given: Conditioning, action: Any, latents: Tensor) -> tuple[int, float]:
    """Which of several clips (B, C, t, h, w), decoded, shows an action best, and how surely."""
    picture = None if given.head is None else pixels(given.head[:1], run.model, compared_size(run.job.full))

    def shown(one: Tensor) -> tuple[Tensor, float]:
        stop_if(run.cancel)
        return run.model.decode_sparse(one[None], picture, run.job.request.fps)  # type: ignore[attr-defined]

    return run.rank(map(shown, latents), action)


def compared_size(size: Size) -> Size:
    """The size in pixels at which clips of a size are compared."""
    share = min(1.0, COMPARED / min(size))
    return round(size[0] * share), round(size[1] * share)


def best_of(
    batches: Sequence[Callable[[], Iterator[Step]]], best: Callable[[Tensor], tuple[int, float]]
) -> Iterator[Step]:
    """The steps of clips that are made batch after batch, until the action is seen in one: of each step one clip, the
    first and then the best so far; the last step is the best of all."""
    shown, most = None, -1.0
    for number, batch in enumerate(batches):
        for step in batch():
            total, done = len(batches) * step.total, number * step.total + step.index
            if step.index == step.total:
                choice, share = best(step.state)
                shown, most = (_one(step, choice), share) if share > most else (shown, most)
                done = total if most >= SEEN else done
            elif most < 0:
                shown = _one(step, 0)
            assert shown is not None
            yield replace(shown, index=done, total=total)
        if most >= SEEN:
            return


def _one(step: Step, number: int) -> Step:
    """A step of several clips, of which one is left."""
    one = slice(number, number + 1)
    return replace(step, state=step.state[one], estimate=step.estimate[one])


def _velocity(
    run: Run, span: Span, given: Conditioning, plan: Plan, size: Size, generator: torch.Generator
) -> Velocity:
    asked, model, assertive = run.job.request, run.model, run.job.request.guidance

    def towards(prompt: str, shown: Plan, scale: float) -> Velocity:
        velocity, by_network = model.velocity(run.read(prompt), shown, asked.fps), getattr(model, "network_of", None)
        low = scale if asked.guidance_low is None or by_network is None else asked.guidance_low
        if scale == low == 1:
            return velocity
        away = model.velocity(run.read(asked.negative), shown, asked.fps)
        most: Scale = scale
        if low != scale and by_network is not None:
            most = lambda now: (scale, low)[by_network(now)]  # noqa: E731
        return guided(velocity, away, most, effort_of(asked).guided_above, getattr(model, "sure", None))

    if asked.method != "contrast":
        return towards(span.prompt or "", plan, assertive)
    there, here, clip = plans.contrast(plan, given, lambda frames: model.encode(pixels(frames, model, size)))
    draw = run.job.card.sampling.noise
    noises = iter(lambda: draw(clip.shape, generator).to(clip), None)
    gentle = max(1.0, assertive / 2)
    target, source = towards(span.prompt or "", there, assertive), towards(asked.source_prompt, here, gentle)
    return contrasted(target, source, clip, noises)
