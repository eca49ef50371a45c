"""Request -> steps -> clip: the only owner of the order in which things happen.

Everything that can be refused cheaply is refused first, by `job.prepare`; weights load only for a request that can be met.
A clip is made window by window (`window.window`): drawn from its picture, or by the flow, stage by stage and step by step.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from motionalchemy.errors import Cancelled, InputError
from motionalchemy.media import files, muxing, sinks, writer
from motionalchemy.media.clip import Clip
from motionalchemy.media.sinks import FrameSink
from motionalchemy.media.sound import Sound, beside
from motionalchemy.models import base, registry
from motionalchemy.models.base import Backbone
from motionalchemy.motion import interpolation, learned
from motionalchemy.motion.subject import SubjectTrack
from motionalchemy.pipeline import conditioning, drafts, heard, windows
from motionalchemy.pipeline.job import Job, costs, prepare
from motionalchemy.pipeline.progress import Meter, Progress, Result, Watch
from motionalchemy.pipeline.request import Request
from motionalchemy.pipeline.run import Run, in_batches, stop_if
from motionalchemy.pipeline.settle import Memory, effort_of
from motionalchemy.pipeline.sidecar import made_by, path_for, text
from motionalchemy.pipeline.window import window


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
    conditioning.check(job)
    with watch.phase("draft"):
        held = {name: value for name, value in (("image", image), ("last", last), ("video", video), ("views", views))}
        given = {name: value for name, value in held.items() if value is not None}
        draft = drafts.drawn(job, make, given, cancel) if drafts.wanted(job.request) else None
    with watch.phase("load"):
        model = backbone or loaded(job)
    if model.grid != (grid := job.card.grid):
        raise InputError(f"model {job.card.name!r} counts in {model.grid}, not {grid}: it needs its own table row")
    registry.check(conditioning.needs(job), model)
    run = Run(job, learned.with_motions(model, job.learned), watch, Meter(), cancel, subject=tracked(job), draft=draft)
    run.said.extend([] if draft is None else [draft.note])
    stages, steps, count = len(job.stages), job.stages[-1].steps, len(job.spans)
    with _sink(job, output, run.model) as sink:
        for note in (*job.notes, *sink.notes):
            first = 1, stages, 0, job.stages[0].steps
            yield Progress(*first, 0.0, None, lambda: _still(job), None, 1, count, note)
        yield from _told(run, _windows(run, sink))
        stop_if(cancel)
        result = closed(_result(run, sink), job, sink, output, watch)
    yield Progress(stages, stages, steps, steps, 1.0, 0.0, lambda: result.clip, result, count, count)


def tracked(job: Job) -> SubjectTrack:
    """The subject of a job: what `imagine` takes from the album is a rendered actor, and what a learned motion is for
    counts as one, for the flow is to move it."""
    return SubjectTrack(job.shadow, True if job.learned or job.request.task == "imagine" else None)


def _told(run: Run, steps: Iterator[Progress]) -> Iterator[Progress]:
    """The same steps, and before each what was found out since the one before and whoever asked should know."""
    told = 0
    for at in steps:
        for note in run.said[told:]:
            yield replace(at, step=0, note=note)
        told = len(run.said)
        yield at


def _windows(run: Run, sink: FrameSink) -> Iterator[Progress]:
    """Every step of every window that the sink does not hold yet."""
    job, watch, sources, shares = run.job, run.watch, conditioning.sources(run.job), costs(run.job)
    _goes_on(run, sink, shares)
    for number, span in list(enumerate(job.spans))[sink.done :]:
        stop_if(run.cancel)
        if span.prompt is None:
            frames = yield from in_batches(run, (span.fresh, span.stop), sources.full.read, number, shares[number])
            conditioning.landed(job, span, frames, sink)
        else:
            run.read(span.prompt)
            if span.known and span.begin and not any(s.prompt for s in job.spans[:number]):
                sink.hold(sink.last(span.known)[0])  # a given clip may have begun with something else
            with watch.phase("encode"):
                given = conditioning.CONDITIONING[job.request.task](job, span, sink, sources)
            clip = yield from window(run, span, given, number, shares[number])
            with watch.phase("decode"):
                frames = conditioning.finished(job, span, given, clip.frames, sink, sources)
        sink.beside = run.subject.state
        with watch.phase("write"):
            sink.add(frames, job.first if job.request.loop and number == len(job.spans) - 1 else None)


def _result(run: Run, sink: FrameSink) -> Result:
    """What the run ends with, before its clip is brought into a file."""
    job, model = run.job, run.model
    frames = interpolation.count(job.frames, job.request.interpolate, job.request.loop)
    facts = job.request, model.name, model.sha256, job.inputs, run.watch.timings
    seen = heard.seen(run.subject.parsed)
    if seen:
        sink.found["scene"] = seen
    if run.said:
        sink.found["notes"] = list(dict.fromkeys([*sink.found.get("notes", ()), *run.said]))
    return Result(None, *facts, None, sink.found, frames)


def _goes_on(run: Run, sink: FrameSink, shares: list[list[float]]) -> None:
    """Let a run go on from what the sink holds."""
    sink.found |= _decided(run.job)
    run.meter.done = run.meter.before = sum(map(sum, shares[: sink.done]))
    if sink.beside:
        run.subject.restore(sink.beside)


def _decided(job: Job) -> dict[str, Any]:
    """What was decided before anything was made."""
    decided = {
        "between": job.between,
        "notes": list(job.notes),
        "album": job.album_picture and job.album_picture.facts,
    }
    return {name: value for name, value in decided.items() if value}


def loaded(job: Job) -> Any:
    """The job's model, or what stands for it where none of its weights is used."""
    if job.joined:
        return base.Unloaded(job.card.name, job.card.grid, job.card.honours)
    return registry.load(job.request.model, job.request.device, effort_of(job.request))


def _still(job: Job) -> Clip:
    return Clip(np.full((1, *job.full, 3), 128, np.uint8) if job.first is None else job.first[None])


def _sink(job: Job, output: Path | None, model: Backbone) -> AbstractContextManager[Any]:
    """Memory for a clip of one window, and for what no file can grow with; else a file that grows."""
    sound = job.footage is not None and job.footage.sound
    times = job.request.interpolate
    fps, shown = job.request.fps * times, interpolation.Smooth(times)
    if output is None or output.suffix.lower() != ".mp4" or (len(job.spans) == 1 and not sound):
        return nullcontext(sinks.MemorySink(fps, shown))
    facts = {"request": job.request.asked, "inputs": job.inputs, "made_by": made_by(model.name, model.sha256)}
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for picture in (job.first, job.other, *(due.picture for due in job.due)):
        key.update(b"" if picture is None else picture.tobytes())
    if job.footage is not None and job.footage.held is not None:
        key.update(job.footage.held.frames.tobytes())
    key.update(b"" if job.motion_clip is None else job.motion_clip.frames.tobytes())
    key.update((job.between or "").encode())
    return sinks.file_sink(output, key.hexdigest(), fps, job.card.grid.frames(windows.KNOWN), shown)


def closed(result: Result, job: Job, sink: FrameSink, output: Path | None, watch: Watch) -> Result:
    """Bring the frames into their file, and write the sidecar beside it: both or neither."""
    held = sink.clip() if isinstance(sink, sinks.MemorySink) else None
    result = replace(result, held=held)
    if output is None:
        return result
    with watch.phase("write"):
        if held is not None:
            writer.write(held, output)
        elif isinstance(sink, sinks.FileSink):
            sound = job.footage.path if job.footage is not None and job.footage.sound else None
            if not muxing.mux_sound(sink.whole(), output, sound):
                result.found["sound"] = "left out: an MP4 cannot hold its kind"
        if job.audio is not None and not _voiced(job.audio, output):
            result.found["sound"] = f"left out: a {output.suffix.lower()} file holds none, an .mp4 does"
    try:
        facts = (result.request, result.model, result.sha256, result.inputs, result.timings)
        files.write_text(text(*facts, output, result.found), path_for(output))
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    return replace(result, path=output)


def _voiced(heard: Sound, output: Path) -> bool:
    """Puts a sound beside the pictures of an output, and says whether that could be done."""
    if output.suffix.lower() == ".mp4":
        beside(output, output, heard.path)
    return output.suffix.lower() == ".mp4"


def collect(run: Iterator[Progress]) -> Result:
    """The result of a run, its steps let pass."""
    for progress in run:
        if progress.result is not None:
            return progress.result
    raise Cancelled("the run ended before it had a result")
