"""What the flow makes of one window of a run: asked for stage by stage, each stage step by step, and decoded."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy import cutout, footage, given, retouch
from motionalchemy.backbones import Backbone
from motionalchemy.clip import Clip
from motionalchemy.errors import Cancelled
from motionalchemy.job import Job, Size, effort_of
from motionalchemy.pace import Meter, Watch, timed
from motionalchemy.plan import Plan
from motionalchemy.sample import Step, Velocity, sample
from motionalchemy.stages import Stage, enlarge, refine, resize
from motionalchemy.velocity import contrasted, guided
from motionalchemy.windows import Given, Span

if TYPE_CHECKING:
    from motionalchemy.make import Result

DECODED = 2**27  # pixels of a window's frames that are decoded at the result's size; more are stretched
LOOKED = 256  # pixels across the smaller side of clips that are compared; in those of half of it much looks alike
LOT = 8  # clips made at once, of which one is kept if it is seen to do what is wanted
SEEN = 0.6  # the share of what is seen from which no further clip is asked for: of such ones nine in ten are right
FEW = 8  # frames that are copied or painted before a run says where it stands


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a run stands: step `step` of `steps` in stage `stage` of `stages` of window `window` of `windows`.

    `fraction` is the share of all the work that is done. `preview()` decodes the current estimate of the window, at the
    stage's own size. `note` is something to tell the person. Only the last item of a run has a `result`.
    """

    stage: int
    stages: int
    step: int
    steps: int
    fraction: float
    seconds_left: float | None
    preview: Callable[[], Clip]
    result: "Result | None" = None
    window: int = 1
    windows: int = 1
    note: str = ""


@dataclass(frozen=True, eq=False)
class Run:
    """A job, the loaded model that does it, and the words it was asked for in."""

    job: Job
    model: Backbone
    watch: Watch
    meter: Meter
    cancel: Callable[[], bool] | None
    words: dict[str, Any] = field(default_factory=dict)
    kept: retouch.Kept = field(default_factory=retouch.Kept)
    subject: cutout.Found = field(default_factory=cutout.Found)
    acts: dict[int, Any] = field(default_factory=dict)  # what happens, by the frame from which on it does

    @torch.no_grad()
    def read(self, prompt: str) -> Any:
        """A prompt as the model reads it, once."""
        if prompt not in self.words:
            with self.watch.phase("text"):
                self.words[prompt] = self.model.words([prompt])
        return self.words[prompt]

    def wanted(self, prompt: str) -> Any:
        """The deeds that a prompt asks for, where one of several clips is to be kept and the model can tell; else None."""
        read = getattr(self.model, "wanted", None)
        return None if read is None or self.job.request.candidates == 1 else read(prompt)

    def few(self, count: int) -> "Run":
        """The same run, of which at most `count` clips are made to keep one."""
        asked = self.job.request
        less = asked.model_copy(update={"candidates": min(count, asked.candidates)})
        return replace(self, job=replace(self.job, request=less))

    def best(self, clips: Iterable[tuple[Tensor, float]], wanted: Any) -> tuple[int, float]:
        """Which of several clips, (3, T, H, W) in [-1, 1] and their frames a second, shows best what is wanted, and how
        surely, in [0, 1]."""
        return self.model.best(clips, wanted)  # type: ignore[attr-defined]


def few(
    run: Run, span: tuple[int, int], take: Callable[[int, int], np.ndarray], number: int, shares: list[float]
) -> Generator[Progress, None, np.ndarray]:
    """The frames of a span that the flow does not make, a few at a time; it ends as soon as `take` gives none."""
    made, job, total = list[np.ndarray](), run.job, -(-(span[1] - span[0]) // FEW)
    for at, begin in enumerate(range(*span, FEW), start=1):
        stop_if(run.cancel)
        with run.watch.phase("frames"):
            made.append(take(begin, min(begin + FEW, span[1])))
        if not len(made[-1]):
            break
        done, left = run.meter.advance(sum(shares) / total)
        preview = partial(Clip, made[-1], job.request.fps)
        yield Progress(1, len(job.stages), at, total, done, left, preview, None, number + 1, len(job.spans))
    return np.concatenate(made)


def flowed(
    run: Run, span: Span, seen: Given, number: int, shares: list[float]
) -> Generator[Progress, None, tuple[Tensor, Plan]]:
    """Every step of every stage of one window; returns its latents and the last stage's plan."""
    job, model, watch, coarse = run.job, run.model, run.watch, None
    seed = job.request.seed + number * 0x9E3779B97F4A7C15
    noise = torch.Generator().manual_seed(seed % 2**63)
    plan = None
    for index, (stage, size) in enumerate(zip(job.stages, job.sizes, strict=True), start=1):
        with watch.phase("encode"):
            plan = planned(job, model, seen, size)
            plan = plan if coarse is None else refine(plan, larger(model, coarse, seen, size), stage.strength)
        latents, before = plan.value, 0
        for step in timed(run_stage(run, span, seen, plan, stage, size, noise), watch, f"stage {index}"):
            stop_if(run.cancel)
            latents = step.state
            done, left = run.meter.advance(shares[index - 1] * (step.index - before) / step.total)
            before = step.index
            preview = partial(decoded, model, step.estimate, seen, size, job.request.fps)
            yield Progress(
                index, len(job.stages), step.index, step.total, done, left, preview, None, number + 1, len(job.spans)
            )
        coarse = latents
    assert coarse is not None and plan is not None
    return coarse, plan


@torch.no_grad()
def planned(job: Job, model: Backbone, seen: Given, size: Size) -> Plan:
    """What a window is given, as a plan at a size in pixels."""
    h, w = model.grid.latent_size(*size)
    like = torch.zeros(1, model.grid.channels, 1, h, w, device=model.device)
    return given.plan(job, seen, lambda frames: model.encode(pixels(frames, model, size)), like)


def pixels(frames: np.ndarray, model: Backbone, size: Size) -> Tensor:
    """Frames (T, H, W, 3) uint8 stretched to a size in pixels: (1, 3, T, *size) in [-1, 1]."""
    if bool((frames == frames[:1]).all()):  # a picture that stands still is stretched once
        still = torch.from_numpy(footage.scaled(frames[0], *size).copy())[None].expand(len(frames), -1, -1, -1)
    else:
        still = torch.from_numpy(np.stack([footage.scaled(frame, *size) for frame in frames]))
    return (still.to(model.device).float() / 127.5 - 1).permute(3, 0, 1, 2)[None]


@torch.no_grad()
def larger(model: Backbone, coarse: Tensor, seen: Given, size: Size) -> Tensor:
    """The latents of a stage's result, made as large as the next stage."""
    picture = None if seen.head is None else pixels(seen.head[:1], model, size)
    frames = _frames(model, coarse, picture).float().clamp(-1, 1)
    if frames.shape[3:] != size:
        frames = resize(frames, *size) if picture is None else enlarge(frames, picture)
    return model.encode(frames)


@torch.no_grad()
def decoded(model: Backbone, latents: Tensor, seen: Given, size: Size, fps: float) -> Clip:
    """Latents (1, C, t, h, w) as a clip of a size in pixels, with the detail of its first frame where the model can."""
    share = min(1.0, (DECODED / (seen.frames * size[0] * size[1])) ** 0.5)
    within = (size[0], size[1]) if share == 1 else (int(size[0] * share), int(size[1] * share))
    clip = Clip.of(_frames(model, latents, None if seen.head is None else pixels(seen.head[:1], model, within))[0], fps)
    if (clip.height, clip.width) == size:
        return clip
    return Clip(np.stack([footage.scaled(frame, *size) for frame in clip.frames]), fps)


def _frames(model: Backbone, latents: Tensor, picture: Tensor | None) -> Tensor:
    return model.decode(latents) if picture is None else model.decode(latents, picture)


def run_stage(
    run: Run, span: Span, seen: Given, plan: Plan, stage: Stage, size: Size, generator: torch.Generator
) -> Iterator[Step]:
    """One stage: the model's own noise and times, and the velocity that the request asks for; of a model that can tell
    what is done in a clip, several noises, of which the one that shows the deed best is kept."""
    sampling = run.job.card.sampling
    decided = seen.whole is not None or any(beside.role == "motion" for beside in seen.beside)
    wanted = None if decided else run.wanted(span.prompt or "")
    count = 1 if wanted is None else run.job.request.candidates
    velocity = _velocity(run, span, seen, plan, size, generator)
    schedule = sampling.times(stage.steps, plan.value.shape, plan.top)

    def made(many: int) -> Iterator[Step]:
        noise = torch.cat([sampling.noise(plan.value.shape, generator) for _ in range(many)]).to(plan.value)
        return sample(velocity, plan, noise, schedule, sampling.solver)

    if count == 1:
        return made(1)
    lots = [partial(made, min(LOT, count - begun)) for begun in range(0, count, LOT)]
    return best_of(lots, partial(_shown_best, run, seen, wanted))


def _shown_best(run: Run, seen: Given, wanted: Any, latents: Tensor) -> tuple[int, float]:
    """Which of several clips (B, C, t, h, w), decoded, shows best what is wanted, and how surely."""
    picture = None if seen.head is None else pixels(seen.head[:1], run.model, looked(run.job.full))

    def shown(one: Tensor) -> tuple[Tensor, float]:
        stop_if(run.cancel)
        return run.model.glimpse(one[None], picture, run.job.request.fps)  # type: ignore[attr-defined]

    return run.best(map(shown, latents), wanted)


def looked(size: Size) -> Size:
    """The size in pixels at which clips of a size are compared."""
    share = min(1.0, LOOKED / min(size))
    return round(size[0] * share), round(size[1] * share)


def best_of(
    lots: Sequence[Callable[[], Iterator[Step]]], best: Callable[[Tensor], tuple[int, float]]
) -> Iterator[Step]:
    """The steps of clips that are made lot after lot, until one is seen to do what is wanted: of each step one clip, the
    first and then the best so far; the last step is the best of all."""
    shown, most = None, -1.0
    for number, lot in enumerate(lots):
        for step in lot():
            total, done = len(lots) * step.total, number * step.total + step.index
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


def _velocity(run: Run, span: Span, seen: Given, plan: Plan, size: Size, generator: torch.Generator) -> Velocity:
    asked, model, assertive = run.job.request, run.model, run.job.request.guidance

    def towards(prompt: str, shown: Plan, scale: float) -> Velocity:
        velocity = model.velocity(run.read(prompt), shown, asked.fps)
        if scale == 1:
            return velocity
        away = model.velocity(run.read(asked.negative), shown, asked.fps)
        return guided(velocity, away, scale, effort_of(asked).guided_above, getattr(model, "sure", None))

    if asked.method != "contrast":
        return towards(span.prompt or "", plan, assertive)
    there, here, clip = given.contrast(plan, seen, lambda frames: model.encode(pixels(frames, model, size)))
    draw = run.job.card.sampling.noise
    noises = iter(lambda: draw(clip.shape, generator).to(clip), None)
    gentle = max(1.0, assertive / 2)
    target, source = towards(span.prompt or "", there, assertive), towards(asked.source_prompt, here, gentle)
    return contrasted(target, source, clip, noises)


def stop_if(cancel: Callable[[], bool] | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("stopped as asked; nothing was written")
