"""A clip that is its picture in motion: parse, read, move, render.

No window is made from the one before it: each is drawn from the picture anew, so nothing wears out.
"""

from collections.abc import Generator

import torch

from motionalchemy.language.script import Script
from motionalchemy.motion import timeline
from motionalchemy.motion.movers import ENOUGH, BeatMotion
from motionalchemy.motion.travel import Stage
from motionalchemy.pipeline.means import RunMeans
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.run import Run
from motionalchemy.pipeline.windows import Span
from motionalchemy.render.draft import Draft, render
from motionalchemy.render.motion import Motion
from motionalchemy.scene.parse import Scene

LOOKING, LONG = 0.3, 0.8  # of the work of a window, and of what is left of a clip of several, that looking counts


def animated(
    run: Run, span: Span, given: Conditioning, number: int, shares: list[float]
) -> Generator[Progress, None, Draft | None]:
    """A window of a clip that is its picture in motion; None where it is none, or where the flow makes it better."""
    if not moves_one_picture(run, given):
        return None
    scene = parsed(run, given)
    script = run.script
    beats = yield from beat_motions(run, scene, script, span, number, shares)
    if not beats:
        return None
    with run.watch.phase("decode"):
        motion, held = motion_of(run, scene, beats, span, given)
        if len(run.job.spans) == 1 and motion.sure < ENOUGH:
            return None  # not in a longer clip: a window painted from the end of another wears the picture out
        return render(scene, motion, held)


def parsed(run: Run, given: Conditioning) -> Scene:
    """The scene of the picture that a window begins with, parsed once for a run."""
    assert given.head is not None
    with run.watch.phase("parse"):
        return run.subject.scene(given.head[0])


def moves_one_picture(run: Run, given: Conditioning) -> bool:
    """Whether a clip is given one picture and nothing else, by which it is made, or that is its end, too; and whether all
    that its beats ask for can be had by moving that."""
    job, asked = run.job, run.job.request
    free = all(each.role == "anchor" or (each.role == "view" and asked.loop) for each in given.beside)
    whole = job.first is not None and (asked.loop or not job.due) and asked.task in ("animate", "imagine")
    alone = given.head is not None and given.clip is None and job.frames > 1
    if not (free and whole and alone and hasattr(run.model, "movement")):
        return False
    beats = run.script.beats
    if len(job.spans) > 1 and any(beat.camera.orbit for beat in beats):
        return False
    return not (asked.loop and any(beat.camera.moves or beat.heading for beat in beats))


def beat_motions(
    run: Run, scene: Scene, script: Script, span: Span, number: int, shares: list[float]
) -> Generator[Progress, None, list[BeatMotion]]:
    """What happens in a scene until the end of a window, beat by beat."""
    job = run.job
    for beat in script.beats:
        if beat.begin <= span.fresh and beat.begin not in run.beats:
            work = sum(shares) * LOOKING if len(job.spans) == 1 else (1 - run.meter.done) * LONG
            means = RunMeans(run, scene.picture[None], number, work)
            run.beats[beat.begin] = yield from timeline.beat_motion(scene, beat, means)
    return known(run, span)


def known(run: Run, span: Span) -> list[BeatMotion]:
    """What is known to happen until the end of a window; nothing in a clip of one window that is left to the flow."""
    found = [motion for begin, motion in run.beats.items() if begin <= span.fresh]
    return found if len(run.job.spans) > 1 or (found and found[-1].found) else []


def motion_of(run: Run, scene: Scene, beats: list[BeatMotion], span: Span, given: Conditioning) -> tuple[Motion, int]:
    """How a scene moves in a window, and how many frames at its head exist already; of these the last is drawn again."""
    held = max(span.known - 1, 0 if span.begin else 1)
    at = torch.arange(span.begin + held, span.begin + given.frames).float()
    stage = None if scene.subject is None else Stage.of(scene.subject)
    motion = timeline.motion_at(beats, at, run.job.request.fps, stage)
    return timeline.looped(motion, run.job.frames - at) if run.job.request.loop else motion, held


def rendered(run: Run, scene: Scene, beats: list[BeatMotion], span: Span, given: Conditioning) -> Draft:
    """A window of a scene and its beats, however sure they are."""
    motion, held = motion_of(run, scene, beats, span, given)
    return render(scene, motion, held)
