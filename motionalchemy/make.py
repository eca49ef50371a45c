"""Request -> steps -> clip: the only owner of the order in which things happen.

Everything that can be refused cheaply is refused first, by `job.prepare`; weights load only for a request that can be met.
A clip is made window by window, each window stage by stage, each stage step by step.
"""

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy import backbones, between, cutout, film, footage, given, media, motions, retouch, windows
from motionalchemy.backbones import Backbone
from motionalchemy.clip import Clip
from motionalchemy.errors import Cancelled, InputError
from motionalchemy.film import Film
from motionalchemy.job import Job, Memory, Size, costs, effort_of, prepare
from motionalchemy.pace import Meter, Watch, timed
from motionalchemy.plan import Plan
from motionalchemy.request import Request, Settled, beside, made_by, sidecar
from motionalchemy.sample import Step, Velocity, sample
from motionalchemy.stages import Stage, enlarge, refine, resize
from motionalchemy.staying import sent, staying
from motionalchemy.velocity import contrasted, guided
from motionalchemy.windows import Given, Span

DECODED = 2**27  # pixels of a window's frames that are decoded at the result's size; more are stretched
FEW = 8  # frames that are copied or painted before a run says where it stands


@dataclass(frozen=True, eq=False)
class Result:
    """A clip and everything needed to make it again; `timings` are seconds per phase, `path` where it was written.

    `sha256` is that of the model's weights, `inputs` those of the given files, `found` what was seen on the way. A long
    clip that was written as it was made is read back when `clip` is asked for.
    """

    held: Clip | None
    request: Settled
    model: str
    sha256: str
    inputs: dict[str, str]
    timings: dict[str, float]
    path: Path | None = None
    found: dict[str, Any] = field(default_factory=dict)
    frames: int = 0

    @property
    def clip(self) -> Clip:
        """The clip; raises MediaError if it has to be read from a file that is too large for memory."""
        if self.held is not None:
            return self.held
        assert self.path is not None
        return media.read_clip(self.path)


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
    result: Result | None = None
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

    @torch.no_grad()
    def read(self, prompt: str) -> Any:
        """A prompt as the model reads it, once."""
        if prompt not in self.words:
            with self.watch.phase("text"):
                self.words[prompt] = self.model.words([prompt])
        return self.words[prompt]


def make(
    request: Request,
    output: Path | None = None,
    image: np.ndarray | None = None,
    last: np.ndarray | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
    video: Clip | None = None,
    views: Sequence[np.ndarray] | None = None,
    motion: Clip | None = None,
) -> Iterator[Progress]:
    """Yield every step of making the clip and at last the result, written to `output` with its sidecar if one is given.

    `image`, `last` and `views` (H, W, 3) uint8 and the clips `video` and `motion` stand in for the request's paths;
    `backbone` is used instead of loading one. Raises InputError and its kinds before anything is loaded where that is
    possible, Cancelled once `cancel()` is true.
    """
    job, watch = prepare(request, output, Memory(image, last, video, views, motion), backbone), Watch()
    backbones.check(given.needs(job), job.card)
    with watch.phase("load"):
        model = backbone or loaded(job)
    if model.grid != job.card.grid:
        raise InputError(
            f"model {job.card.name!r} counts in {model.grid}, not {job.card.grid}: it needs its own table row"
        )
    backbones.check(given.needs(job), model)
    model = motions.taught(model, job.learned)
    run, shares, count = Run(job, model, watch, Meter(), cancel), costs(job), len(job.spans)
    with _film(job, output, model) as reel:
        for note in (*job.notes, *reel.notes):
            yield Progress(
                1, len(job.stages), 0, job.stages[0].steps, 0.0, None, lambda: _still(job), None, 1, count, note
            )
        sources = given.sources(job)
        reel.found |= _told(job)
        run.meter.done = run.meter.before = sum(map(sum, shares[: reel.done]))
        for number, span in list(enumerate(job.spans))[reel.done :]:
            _stop_if(cancel)
            if span.prompt is None:
                frames = yield from few(run, (span.fresh, span.stop), sources.full.read, number, shares[number])
                given.landed(job, span, frames, reel)
            else:
                run.read(span.prompt)
                if span.known and span.begin and not any(s.prompt for s in job.spans[:number]):
                    reel.hold(reel.last(span.known)[0])  # a given clip may have begun with something else
                with watch.phase("encode"):
                    seen = given.GIVEN[job.request.task](job, span, reel, sources)
                clip = yield from window(run, span, seen, number, shares[number])
                with watch.phase("decode"):
                    frames = given.finished(job, span, seen, clip.frames, reel, sources)
            with watch.phase("write"):
                reel.add(frames, job.first if job.request.loop and number == count - 1 else None)
        _stop_if(cancel)
        result = Result(
            None, job.request, model.name, model.sha256, job.inputs, watch.timings, None, reel.found,
            between.count(job.frames, job.request.interpolate, job.request.loop),
        )  # fmt: skip
        result = closed(result, job, reel, output, watch)
    stages, steps = len(job.stages), job.stages[-1].steps
    yield Progress(stages, stages, steps, steps, 1.0, 0.0, lambda: result.clip, result, count, count)


def _told(job: Job) -> dict[str, Any]:
    """What was decided before anything was made."""
    told = {"between": job.way, "notes": list(job.notes), "album": job.taken and job.taken.facts}
    return {name: value for name, value in told.items() if value}


def loaded(job: Job) -> Any:
    """The job's model, or what stands for it where none of its weights is used."""
    if job.joined:
        return backbones.Unloaded(job.card.name, job.card.grid, job.card.honours)
    return backbones.load(job.request.model, job.request.device, effort_of(job.request))


def _still(job: Job) -> Clip:
    return Clip(np.full((1, *job.full, 3), 128, np.uint8) if job.first is None else job.first[None])


def few(
    run: Run, span: tuple[int, int], take: Callable[[int, int], np.ndarray], number: int, shares: list[float]
) -> Generator[Progress, None, np.ndarray]:
    """The frames of a span that the flow does not make, a few at a time; it ends as soon as `take` gives none."""
    made, job, total = list[np.ndarray](), run.job, -(-(span[1] - span[0]) // FEW)
    for at, begin in enumerate(range(*span, FEW), start=1):
        _stop_if(run.cancel)
        with run.watch.phase("frames"):
            made.append(take(begin, min(begin + FEW, span[1])))
        if not len(made[-1]):
            break
        done, left = run.meter.advance(sum(shares) / total)
        preview = partial(Clip, made[-1], job.request.fps)
        yield Progress(1, len(job.stages), at, total, done, left, preview, None, number + 1, len(job.spans))
    return np.concatenate(made)


def window(run: Run, span: Span, seen: Given, number: int, shares: list[float]) -> Generator[Progress, None, Clip]:
    """Every step of one window; returns it, decoded at the size of the result."""
    job, model, watch = run.job, run.model, run.watch
    if seen.whole is not None:
        for way in (retouch.exchanged, retouch.painted, retouch.elsewhere):
            take = partial(way, model, job, span, seen, run.kept)
            frames = yield from few(run, (0, len(seen.whole)), take, number, shares)
            if len(frames):
                return Clip(frames, job.request.fps)
    seen, subject, rest = replace(seen, head=run.subject.begun(seen.head, span.known)), run.subject, None
    latents, plan = yield from flowed(run, span, seen, number, shares)
    with watch.phase("decode"):
        if seen.whole is not None:
            return retouch.carried(model, latents, plan, seen, job)
        clip = decoded(model, latents, seen, job.full, job.request.fps)
        ways = None if seen.head is None else subject.leaving(model, latents, clip, sent(span.prompt or ""))
    if ways is not None:
        rest = yield from in_place(run, span, seen, number)
    with watch.phase("decode"):
        whole = clip if ways is None else subject.whole(model, clip, ways, rest, span.known)
        if number + 1 < len(job.spans):
            still = clip if rest is None else decoded(model, rest, seen, job.full, job.request.fps)
            new = still.frames[: span.stop - span.begin]
            subject.rests(None if rest is None and ways is not None else new, ways, span.known)
        return whole


def in_place(run: Run, span: Span, seen: Given, number: int) -> Generator[Progress, None, Tensor | None]:
    """Every step of a window whose subject does the same in its place; returns its latents, None where more is given than
    how it begins."""
    if any(b.role != "anchor" for b in seen.beside) or seen.clip is not None or seen.closed or seen.head is None:
        return None
    if (stands := run.subject.stands(seen.head, span.known)) is None:
        return None
    stays = replace(span, prompt=staying(span.prompt or ""))
    latents, _ = yield from flowed(run, stays, replace(seen, head=stands), number, [0.0] * len(run.job.stages))
    return latents


def flowed(
    run: Run, span: Span, seen: Given, number: int, shares: list[float]
) -> Generator[Progress, None, tuple[Tensor, Plan]]:
    """Every step of every stage of one window; returns its latents and the last stage's plan."""
    job, model, watch, coarse = run.job, run.model, run.watch, None
    noise = torch.Generator().manual_seed((job.request.seed + number * 0x9E3779B97F4A7C15) % 2**63)
    plan = None
    for index, (stage, size) in enumerate(zip(job.stages, job.sizes, strict=True), start=1):
        with watch.phase("encode"):
            plan = planned(job, model, seen, size)
            plan = plan if coarse is None else refine(plan, larger(model, coarse, seen, size), stage.strength)
        latents = plan.value
        for step in timed(run_stage(run, span, seen, plan, stage, size, noise), watch, f"stage {index}"):
            _stop_if(run.cancel)
            latents = step.state
            done, left = run.meter.advance(shares[index - 1] / step.total)
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
    """One stage: the model's own noise and times, and the velocity that the request asks for."""
    sampling = run.job.card.sampling
    noise = sampling.noise(plan.value.shape, generator).to(plan.value)
    schedule = sampling.times(stage.steps, plan.value.shape, plan.top)
    return sample(_velocity(run, span, seen, plan, size, generator), plan, noise, schedule, sampling.solver)


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


def _film(job: Job, output: Path | None, model: Backbone) -> AbstractContextManager[Any]:
    """Memory for a clip of one window, and for what no file can grow with; else a file that grows."""
    sound = job.footage is not None and job.footage.sound
    times = job.request.interpolate
    fps, shown = job.request.fps * times, between.Smooth(times)
    if output is None or output.suffix.lower() != ".mp4" or (len(job.spans) == 1 and not sound):
        return nullcontext(film.Held(fps, shown))
    facts = {"request": job.request.asked, "inputs": job.inputs, "made_by": made_by(model.name, model.sha256)}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for picture in (job.first, job.other, *(due.picture for due in job.due)):
        key.update(b"" if picture is None else picture.tobytes())
    if job.footage is not None and job.footage.held is not None:
        key.update(job.footage.held.frames.tobytes())
    key.update(b"" if job.shown is None else job.shown.frames.tobytes())
    key.update((job.way or "").encode())
    return film.kept(output, key.hexdigest(), fps, job.card.grid.frames(windows.KNOWN), shown)


def closed(result: Result, job: Job, reel: Film, output: Path | None, watch: Watch) -> Result:
    """Bring the film into its file, and write the sidecar beside it: both or neither."""
    held = reel.clip() if isinstance(reel, film.Held) else None
    result = replace(result, held=held)
    if output is None:
        return result
    with watch.phase("write"):
        if held is not None:
            media.write(held, output)
        elif isinstance(reel, film.Kept):
            sound = job.footage.path if job.footage is not None and job.footage.sound else None
            if not footage.join(reel.parts, output, sound):
                result.found["sound"] = "left out: an MP4 cannot hold its kind"
    try:
        facts = (result.request, result.model, result.sha256, result.inputs, result.timings)
        media.write_text(sidecar(*facts, output, result.found), beside(output))
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    return replace(result, path=output)


def collect(run: Iterator[Progress]) -> Result:
    """The result of a run, its steps let pass."""
    for progress in run:
        if progress.result is not None:
            return progress.result
    raise Cancelled("the run ended before it had a result")


def _stop_if(cancel: Callable[[], bool] | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("stopped as asked; nothing was written")
