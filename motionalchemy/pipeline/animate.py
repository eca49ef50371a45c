"""A clip that is its picture in motion: parse, read, move, render.

No window is made from the one before it: each is drawn from the picture anew, so nothing wears out.
"""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch

from motionalchemy.language.camera import CameraMove
from motionalchemy.language.script import Beat, Script
from motionalchemy.motion import camera, timeline
from motionalchemy.motion.camera_path import WAYS
from motionalchemy.motion.movers import ENOUGH, BeatMotion
from motionalchemy.motion.travel import Stage
from motionalchemy.pipeline.harmless import edges, harmless
from motionalchemy.pipeline.means import RunMeans, deep
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.run import Run
from motionalchemy.pipeline.windows import Span
from motionalchemy.render.draft import Depths, Draft, render
from motionalchemy.render.motion import Motion
from motionalchemy.render.parallax import margins
from motionalchemy.scene import depth_cut, layered
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
        if len(run.job.spans) == 1 and motion.sure < ENOUGH and scene.rendered:
            return None  # not in a longer clip: a window painted from the end of another wears the picture out
        draft = render(scene, motion, held, depths(run, scene, motion))
        if not scene.rendered:
            run.said.extend(harm for harm in edges(scene.picture, draft.frames) if harm not in run.said)
        return draft


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
    if len(job.spans) > 1 and any(beat.camera.orbit and not deep() for beat in beats):
        return False
    filmed = len(beats) == 1 and camera.drawn(beats[0])
    if not asked.loop:
        return True
    led = any(beat.heading for beat in beats) and parsed(run, given).rendered  # such an actor does not come back
    return not (led or any(beat.camera.moves and not filmed for beat in beats))


def beat_motions(
    run: Run, scene: Scene, script: Script, span: Span, number: int, shares: list[float]
) -> Generator[Progress, None, list[BeatMotion]]:
    """What happens in a scene until the end of a window, beat by beat."""
    job = run.job
    for beat in script.beats:
        if beat.begin <= span.fresh and beat.begin not in run.beats:
            work = sum(shares) * LOOKING if len(job.spans) == 1 else (1 - run.meter.done) * LONG
            means = RunMeans(run, scene.picture[None], number, work)
            made = yield from timeline.beat_motion(scene, beat, means)
            with run.watch.phase("parse"):
                run.beats[beat.begin] = harmless(scene, beat, made, means.fps, means.note)
    return known(run, span) or ([] if scene.rendered else list(run.beats.values()))


def known(run: Run, span: Span) -> list[BeatMotion]:
    """What is known to happen until the end of a window; nothing in a clip of one window that is left to the flow."""
    found = [motion for begin, motion in run.beats.items() if begin <= span.fresh]
    return found if len(run.job.spans) > 1 or (found and found[-1].found) else []


def motion_of(run: Run, scene: Scene, beats: list[BeatMotion], span: Span, given: Conditioning) -> tuple[Motion, int]:
    """How a scene moves in a window, and how many frames at its head exist already; of these the last is drawn again."""
    held = max(span.known - 1, 0 if span.begin else 1)
    at = torch.arange(span.begin + held, span.begin + given.frames).float()
    stage = None if scene.subject is None else Stage.of(scene.subject)
    fps, total = run.job.request.fps, run.job.frames if run.job.request.loop else 0
    motion = timeline.motion_at(beats, at, fps, stage)
    path = timeline.path_at(beats, at.numpy(), fps, total)
    if total:
        motion = timeline.looped(motion, total - at)
    if path is not None:
        motion = timeline.filmed(motion, path, subject_near(scene, beats), scene.picture.shape[:2])
    return motion, held


def subject_near(scene: Scene, beats: list[BeatMotion]) -> float:
    """How near the subject of a scene is, 1 nearest, as the shot of the last of its beats that has one counts it."""
    depth = next(beat.shot.depth for beat in reversed(beats) if beat.shot is not None)
    if scene.subject is None:
        return depth.focus
    return float(np.median(depth.nearness[scene.subject.opacity.numpy() > 0.5]))


def depths(run: Run, scene: Scene, motion: Motion) -> Depths | None:
    """The layers of a scene by its depth, laid out once for a run, with all that the camera will look at; None where no
    camera is drawn."""
    filmed = [motion for motion in run.beats.values() if motion.shot is not None]
    if motion.camera is None or not filmed:
        return None
    wanted = motion.bends is not None and scene.subject is not None
    known = run.depths.get("depths")
    if known is None or (wanted and known.plate is None):
        shot = filmed[0].shot
        assert shot is not None
        planned = [
            BeatMotion(beat, shot=replace(shot, moves=_moves(beat))) for beat in run.script.beats if camera.drawn(beat)
        ]
        total = run.job.frames if run.job.request.loop else 0
        path = timeline.path_at(planned, np.arange(run.job.frames), run.job.request.fps, total)
        assert path is not None
        high, wide = scene.picture.shape[:2]
        around = margins(path, (high, wide), shot.depth.ends)
        subject = None if scene.subject is None else scene.subject.opacity.numpy() > 0.02
        whole = layered.build(shot.depth, around, subject=subject) if known is None else known.whole
        plate = None
        if wanted and subject is not None:
            empty = (scene.plate[0].permute(1, 2, 0) * 255).round().byte().numpy()
            plate = layered.build(depth_cut.without(shot.depth, empty, subject), around)
        known = run.depths["depths"] = Depths(whole, plate)
    return known


def _moves(beat: Beat) -> tuple[CameraMove, ...]:
    return tuple(move for move in beat.camera.asked if move.kind in WAYS)


def rendered(run: Run, scene: Scene, beats: list[BeatMotion], span: Span, given: Conditioning) -> Draft:
    """A window of a scene and its beats, however sure they are."""
    motion, held = motion_of(run, scene, beats, span, given)
    return render(scene, motion, held, depths(run, scene, motion))
