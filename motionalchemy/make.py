"""Request -> steps -> clip: the only owner of the order in which things happen.

Everything that can be refused cheaply is refused first, by `prepare`; weights load only for a request that can be met.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy import backbones, media, tasks
from motionalchemy.backbones import Backbone, Card
from motionalchemy.clip import Clip
from motionalchemy.errors import Cancelled, InputError
from motionalchemy.plan import Plan
from motionalchemy.request import Request, Settled, beside, check_sidecar, parse, sidecar
from motionalchemy.sample import Step, Velocity, sample, shift_for, times
from motionalchemy.stages import Stage, enlarge, refine
from motionalchemy.velocity import guided

Size = tuple[int, int]  # (height, width) in pixels


@dataclass(frozen=True, eq=False)
class Job:
    """A request that can be met: no choice is left open, its pictures are read, each stage has a size in pixels."""

    request: Settled
    card: Card
    image: np.ndarray
    last: np.ndarray | None
    frames: int
    stages: tuple[Stage, ...]
    sizes: tuple[Size, ...]
    inputs: dict[str, str]  # picture -> SHA-256 of its file


@dataclass(frozen=True, eq=False)
class Result:
    """A clip and everything needed to make it again; `timings` are seconds per phase, `path` where it was written.

    `sha256` is that of the model's weights, `inputs` those of the picture files.
    """

    clip: Clip
    request: Settled
    model: str
    sha256: str
    inputs: dict[str, str]
    timings: dict[str, float]
    path: Path | None = None


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a run stands: stage `stage` of `stages`, step `step` of `steps` in it, and the share of all the work done.

    `preview()` decodes the current estimate, at the stage's own size. Only the last item of a run has a `result`.
    """

    stage: int
    stages: int
    step: int
    steps: int
    fraction: float
    seconds_left: float | None
    preview: Callable[[], Clip]
    result: Result | None = None


@dataclass
class Watch:
    """Seconds spent in named phases; a phase that is entered again goes on counting."""

    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - begun


def make(
    request: Request,
    output: Path | None = None,
    image: np.ndarray | None = None,
    last: np.ndarray | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[Progress]:
    """Yield every step of making the clip and at last the result, written to `output` with its sidecar if one is given.

    `image` and `last` (H, W, 3) uint8 stand in for the request's paths; `backbone` is used instead of loading one.
    Raises InputError and its kinds before anything is loaded where that is possible, Cancelled once `cancel()` is true.
    """
    job, watch, coarse = prepare(request, output, image, last, backbone), Watch(), None
    with watch.phase("load"):
        model = backbone or backbones.load(job.request.model, job.request.device)
    if model.grid != job.card.grid:
        raise InputError(
            f"model {job.card.name!r} counts in {model.grid}, not {job.card.grid}: it needs its own table row"
        )
    backbones.check(needs(job), model)
    with watch.phase("text"):
        towards, away = read_words(job, model)
    noise, work, done, began = torch.Generator().manual_seed(job.request.seed), costs(job), 0.0, time.perf_counter()
    latents, preview = torch.empty(0), lambda: Clip(job.image[None], 1.0)
    for number, (stage, size) in enumerate(zip(job.stages, job.sizes, strict=True), start=1):
        with watch.phase("encode"):
            plan = encoded(job, model, size)
            plan = plan if coarse is None else refine(plan, larger(job, model, coarse, size), stage.strength)
        latents = plan.value
        for step in timed(run_stage(job, model, plan, stage, towards, away, noise), watch, f"stage {number}"):
            _stop_if(cancel)
            latents, done = step.state, done + work[number - 1] / step.total
            preview = lambda x=step.estimate: decoded(model, x, job.request)  # noqa: E731
            left = (time.perf_counter() - began) * (1 - done) / done
            yield Progress(number, len(job.stages), step.index, step.total, min(done, 1.0), left, preview)
        coarse = latents
    with watch.phase("decode"):
        clip = decoded(model, latents, job.request)
    _stop_if(cancel)
    result = Result(clip, job.request, model.name, model.sha256, job.inputs, watch.timings)
    result = result if output is None else write(result, output, watch)
    yield Progress(
        len(job.stages), len(job.stages), job.stages[-1].steps, job.stages[-1].steps, 1.0, 0.0, preview, result
    )


Picture = Any  # a path, a Pillow image, or an (H, W, 3) uint8 array


def steps(
    image: Picture,
    prompt: str,
    *,
    last: Picture = None,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
    **options: Any,
) -> Iterator[Progress]:
    """`make` for one image and one sentence: yields every step, the last with the result.

    Pictures are paths, Pillow images or (H, W, 3) uint8 arrays; `options` are the other fields of a Request.
    """
    paths, arrays = {}, {}
    for name, picture in (("image", image), ("last", last)):
        if isinstance(picture, str | Path):
            paths[name] = str(picture)
        elif picture is not None:
            arrays[name] = media.as_image(picture)
    request = parse({"prompt": prompt, **paths, **options})
    return make(request, None if output is None else Path(output), **arrays, backbone=backbone, cancel=cancel)


def animate(image: Picture, prompt: str, **options: Any) -> Clip:
    """One image and one sentence become a clip; takes what `steps` takes and raises what `make` raises."""
    return collect(steps(image, prompt, **options)).clip


def collect(run: Iterator[Progress]) -> Result:
    """The result of a run, its steps let pass."""
    for progress in run:
        if progress.result is not None:
            return progress.result
    raise Cancelled("the run ended before it had a result")


def prepare(
    request: Request,
    output: Path | None = None,
    image: np.ndarray | None = None,
    last: np.ndarray | None = None,
    backbone: Backbone | None = None,
) -> Job:
    """Every check that needs no weights, the cheapest first; raises InputError and all its kinds."""
    card = backbones.card(request.model) if backbone is None else backbones.card_of(backbone)
    settled, stages = settle(request, card), planned_stages(request, card)
    backbones.device_for(request.device)
    if request.loop and (request.last is not None or last is not None):
        raise InputError("loop returns to the first image, so it takes no last image: leave out one of the two")
    frames = card.grid.frames_for(settled.seconds, settled.fps)
    if frames == 1:
        shortest = card.grid.frames(2) / settled.fps
        raise InputError(f"seconds {settled.seconds:g} is one frame at {settled.fps:g} fps: use {shortest:.3g} or more")
    if output is not None:
        _check_paths(output, [path for path in (request.image, request.last) if path is not None])
    inputs: dict[str, str] = {}
    image = _picture("image", request.image, inputs) if image is None else image
    last = _picture("last", request.last, inputs) if last is None else last
    if image is None:
        raise InputError("animate needs an image: give the path of a picture")
    full = card.grid.fit(image.shape[0], image.shape[1], settled.size)
    h, w = card.grid.latent_size(*full)
    if (tokens := card.grid.latent_frames(frames) * h * w) > card.tokens:
        raise InputError(
            f"{full[1]}x{full[0]} pixels for {settled.seconds:g} s at {settled.fps:g} fps are {tokens} latents, and "
            f"{card.name} makes at most {card.tokens}: lower the size, the seconds or the fps"
        )
    sizes = tuple(card.grid.scaled(full[0], full[1], stage.scale) for stage in stages)
    job = Job(settled, card, image, image if request.loop else last, frames, stages, sizes, inputs)
    backbones.check(needs(job), card)
    return job


def settle(request: Request, card: Card) -> Settled:
    """The request with the model's defaults where it was silent; raises InputError beyond the model's limits."""
    silent = asdict(card.defaults) | {"stages": len(card.stages)}
    chosen = {name: value for name, value in request.model_dump().items() if value is not None}
    settled = Settled.model_validate(silent | chosen | {"model": card.name})
    smallest, largest = card.sizes
    if not smallest <= settled.size <= largest:
        raise InputError(f"size {settled.size} is not for {card.name}: use {smallest} to {largest}")
    if settled.seconds > card.seconds:
        raise InputError(f"seconds {settled.seconds:g} is not for {card.name}: use at most {card.seconds:g}")
    return settled


def planned_stages(request: Request, card: Card) -> tuple[Stage, ...]:
    """The model's last `stages` stages, the first of them started from noise, sharing `steps` in their proportion."""
    count = request.stages or len(card.stages)
    if count > len(card.stages):
        raise InputError(f"stages {count} is not for {card.name}: use 1 to {len(card.stages)}")
    total = request.steps or sum(stage.steps for stage in card.stages)
    if total < count:
        raise InputError(f"steps {total} is too few for {count} stages: use {count} or more, or fewer stages")
    chosen = card.stages[-count:]
    parts, free = sum(stage.steps for stage in chosen), total - count  # each stage has one step before they share
    ends = [round(free * sum(s.steps for s in chosen[:i]) / parts) for i in range(count + 1)]
    shared = [replace(stage, steps=1 + ends[i + 1] - ends[i]) for i, stage in enumerate(chosen)]
    return (replace(shared[0], strength=1.0), *shared[1:])


def needs(job: Job) -> frozenset[str]:
    """What the job's plan asks of a backbone, found on latents of one pixel."""
    point = torch.zeros(1, 1, 1, 1, 1)
    return task_plan(job, point, None if job.last is None else point, 2).needs


def task_plan(job: Job, first: Tensor, last: Tensor | None, latent_frames: int) -> Plan:
    """The request's task over encoded pictures; the last image is due when the last frame is shown."""
    end = (job.frames - 1) / job.request.fps
    return tasks.animate(first, latent_frames, last, end if last is not None else None)


@torch.no_grad()
def encoded(job: Job, model: Backbone, size: Size) -> Plan:
    """The job's plan at a size in pixels."""

    def latents(picture: np.ndarray, count: int) -> Tensor:
        return model.encode(tasks.standing(framed(picture, model, size), model.grid, count))  # (1, C, count, h, w)

    frames = model.grid.latent_frames(job.frames)
    last = None if job.last is None else latents(job.last, 1)
    return task_plan(job, latents(job.image, min(3, frames)), last, frames)


@torch.no_grad()
def larger(job: Job, model: Backbone, coarse: Tensor, size: Size) -> Tensor:
    """The latents of a stage's result, made as large as the next stage."""
    frames = model.decode(coarse).float().clamp(-1, 1)
    return model.encode(enlarge(frames, framed(job.image, model, size)))


def framed(picture: np.ndarray, model: Backbone, size: Size) -> Tensor:
    """A picture (H, W, 3) uint8 fitted to a size in pixels: (1, 3, 1, *size) in [-1, 1]."""
    pixels = torch.from_numpy(media.fit(picture, size[0], size[1])).to(model.device).float()
    return (pixels.permute(2, 0, 1) / 127.5 - 1)[None, :, None]


@torch.no_grad()
def decoded(model: Backbone, latents: Tensor, request: Settled) -> Clip:
    """Latents (1, C, t, h, w) as a clip at the request's rate."""
    return Clip.of(model.decode(latents)[0], request.fps)


@torch.no_grad()
def read_words(job: Job, model: Backbone) -> tuple[Any, Any]:
    """The prompt and what to move away from, as the model reads them; the second is None when nothing asks for it."""
    towards = model.words([job.request.prompt])
    return towards, None if job.request.guidance == 1 else model.words([job.request.negative])


def run_stage(
    job: Job, model: Backbone, plan: Plan, stage: Stage, towards: Any, away: Any, generator: torch.Generator
) -> Iterator[Step]:
    """One stage: noise drawn frame by frame on the CPU, guided velocity, times shifted by the size of the clip."""
    b, c, t, h, w = plan.value.shape
    noise = torch.stack([torch.randn(b, c, h, w, generator=generator) for _ in range(t)], 2).to(plan.value)
    fps = job.request.fps
    velocity: Velocity = model.velocity(towards, plan, fps)
    if away is not None:
        velocity = guided(velocity, model.velocity(away, plan, fps), job.request.guidance)
    schedule = times(stage.steps, shift_for(t * h * w, c), plan.top)
    return sample(velocity, plan, noise, schedule)


def timed(steps: Iterator[Step], watch: Watch, phase: str) -> Iterator[Step]:
    """The same steps; only the time spent inside them counts, not what the caller does between them."""
    while True:
        with watch.phase(phase):
            step = next(steps, None)
        if step is None:
            return
        yield step


def costs(job: Job) -> list[float]:
    """Each stage's share of all the work: steps times area, a little more for attention over many tokens."""
    work = [stage.steps * (h * w) ** 1.2 for stage, (h, w) in zip(job.stages, job.sizes, strict=True)]
    return [part / sum(work) for part in work]


def write(result: Result, output: Path, watch: Watch) -> Result:
    """Write the clip and then its sidecar, both or neither."""
    with watch.phase("write"):
        media.write(result.clip, output)
    try:
        made_by = (result.request, result.model, result.sha256, result.inputs, result.timings)
        media.write_text(sidecar(*made_by, output), beside(output))
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    return replace(result, path=output)


def _check_paths(output: Path, pictures: list[str]) -> None:
    """Refuse an output that cannot be written, or that would take the place of a file which is no result."""
    media.check_output(output)
    if any(output.exists() and Path(path).exists() and output.samefile(path) for path in pictures):
        raise InputError(f"{str(output)!r} is the given picture itself: choose another output")
    check_sidecar(beside(output))


def _picture(name: str, path: str | None, inputs: dict[str, str]) -> np.ndarray | None:
    if path is None:
        return None
    picture = media.read_image(Path(path))
    inputs[name] = media.sha256(Path(path))
    return picture


def _stop_if(cancel: Callable[[], bool] | None) -> None:
    if cancel is not None and cancel():
        raise Cancelled("stopped as asked; nothing was written")
