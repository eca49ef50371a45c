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
from motionalchemy.media.tracks import Track
from motionalchemy.models import base, registry
from motionalchemy.models.base import Backbone
from motionalchemy.motion import interpolation, learned
from motionalchemy.motion.subject import SubjectTrack
from motionalchemy.pipeline import conditioning, drafts, heard, windows
from motionalchemy.pipeline.job import GROW, Job, costs, prepare
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
    held = {name: value for name, value in (("image", image), ("last", last), ("video", video), ("views", views))}
    draft = None
    if drafts.wanted(job.request):
        with watch.phase("draft"):
            given = {name: value for name, value in held.items() if value is not None}
            draft = drafts.drawn(job, make, given, cancel)
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
        ended = _result(run, sink)
        told = len(ended.found.get("notes", ()))
        result = closed(ended, job, sink, output, watch)
    at_end = Progress(stages, stages, steps, steps, 1.0, 0.0, lambda: result.clip, None, count, count)
    for note in result.found.get("notes", ())[told:]:
        yield replace(at_end, step=0, note=note)
    yield replace(at_end, result=result)


def tracked(job: Job) -> SubjectTrack:
    """The subject of a job: what `imagine` takes from the album is a rendered actor, and what a learned motion is for
    counts as one, for the flow is to move it."""
    words = (job.request.prompt or "") if job.request.task == "animate" else ""
    return SubjectTrack(job.shadow, True if job.learned or job.request.task == "imagine" else None, words)


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
            sink.add(frames, _after(job, frames) if number == len(job.spans) - 1 else None)


def _after(job: Job, frames: np.ndarray) -> np.ndarray | None:
    """The picture (H, W, 3) that follows the last one where frames are made between them: the first again, or itself, so
    that as many frames as between others make up its time."""
    return job.first if job.request.loop else frames[-1] if job.frames > 1 else None


def _result(run: Run, sink: FrameSink) -> Result:
    """What the run ends with, before its clip is brought into a file."""
    job, model = run.job, run.model
    frames = job.written
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
    sound = job.footage is not None and job.footage.sound is not None
    times = job.request.interpolate
    fps, shown = job.request.fps * times, interpolation.Smooth(times)
    if output is None or output.suffix.lower() not in GROW or (len(job.spans) == 1 and not sound):
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
        track, begin = _heard(job)
        if isinstance(sink, sinks.FileSink):
            kept = muxing.mux_sound(sink.whole(), output, track, begin)
        else:
            assert held is not None
            kept = _written(held, output, track, begin)
        if track is not None and not kept:
            result.found["sound"] = lost = _lost(track, output.suffix.lower())
            if (note := f"sound: {lost}") not in result.found.get("notes", ()):
                result.found["notes"] = [*result.found.get("notes", ()), note]
    try:
        facts = (result.request, result.model, result.sha256, result.inputs, result.timings)
        files.write_text(text(*facts, output, result.found), path_for(output))
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    return replace(result, path=output)


def _heard(job: Job) -> tuple[Track | None, float]:
    """The sound that belongs to the pictures of a job, and the second of it at which they begin."""
    if job.audio is not None and job.audio.track is not None:
        return job.audio.track, job.audio.track.begin
    return (None, 0.0) if job.footage is None else (job.footage.sound, job.footage.begin)


def _written(held: Clip, output: Path, track: Track | None, begin: float) -> bool:
    """Write a clip with its sound, and say whether that could be kept."""
    suffix = output.suffix.lower()
    if track is None or not track.kept(suffix):
        writer.write(held, output)
        return track is None
    with files.scratch(output, suffix) as silent:
        return muxing.mux_sound(writer.write(held, silent), output, track, begin)


def _lost(track: Track, suffix: str) -> str:
    said = "" if track.kept(suffix) else track.note(suffix)
    return said.removeprefix("sound: ") or f"left out, for its kind ({track.codec}) could not be written"


def collect(run: Iterator[Progress]) -> Result:
    """The result of a run, its steps let pass."""
    for progress in run:
        if progress.result is not None:
            return progress.result
    raise Cancelled("the run ended before it had a result")
