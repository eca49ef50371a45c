"""Beats one after another: each begins where the one before ended, and takes as long as its sentence.

What is retrieved, or made by a flow in one window, lasts two seconds. It goes on from where it was most like its end, and a
camera takes as long as its beat. So a longer clip is moved from its picture like a short one, and nothing wears out.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.language import beast_words
from motionalchemy.language.script import Beat
from motionalchemy.motion import camera_path, travel
from motionalchemy.motion.acting import Acting as Acts
from motionalchemy.motion.alive import alive
from motionalchemy.motion.beasts import Beasts, stiff
from motionalchemy.motion.body import Body
from motionalchemy.motion.camera import Camera
from motionalchemy.motion.elements import Elements
from motionalchemy.motion.face import Face
from motionalchemy.motion.going import Goes
from motionalchemy.motion.hand import Hand
from motionalchemy.motion.movers import BeatMotion, Means, Mover, Part
from motionalchemy.motion.retrieval import Retrieval
from motionalchemy.motion.travel import Stage, Travel
from motionalchemy.motion.weather import Weather
from motionalchemy.nets.repertoire import LED, played
from motionalchemy.render.act import Acting, Timed
from motionalchemy.render.beast_act import BeastAct
from motionalchemy.render.body_act import BodyAct
from motionalchemy.render.motion import Motion, Trajectory
from motionalchemy.render.parallax import CameraPath, displaced
from motionalchemy.render.warp import SIDE, displacement, under_camera
from motionalchemy.scene.parse import Scene

MOVERS: tuple[Mover, ...] = (
    Beasts(),
    Face(),
    Acts(),
    Goes(),
    Elements(),
    Weather(),
    Retrieval(),
    Body(),
    Travel(),
    Hand(),
    Camera(),
)
PARTS: tuple[Part, ...] = ("subject", "road", "ground")
LIVES = 0.35  # of a subject, that regions of animals and people cover, from which on it may breathe
SHORT = 2.1  # seconds of a beat in which one who is sent somewhere may leave the picture


def beat_motion(scene: Scene, beat: Beat, means: Means) -> Generator[Any, None, BeatMotion]:
    """What happens to a scene in a beat: all that can be drawn from it, then what is left to do of its subject, its road
    and its ground, each by the best-suited mover that finds something. Movers that ask the flow leave a clip of one window
    to it: then nothing moves."""
    made = BeatMotion(beat)
    for mover in suited("acts", scene, beat):
        made = (yield from mover.move(scene, made.beat, means, made)) or made
    beat = made.beat
    someone = not scene.rendered and beast_words.PEOPLE.search(beat.words) is not None and stiff(scene)
    for part in PARTS:
        if part != "ground" and (someone or made.served or (made.acts and beat.action is None)):
            continue
        for mover in suited(part, scene, beat):
            found = yield from mover.move(scene, beat, means, made)
            if found is not None:
                made = found
                break
    return made if made.found or scene.rendered else resting(scene, made, means)


def resting(scene: Scene, made: BeatMotion, means: Means) -> BeatMotion:
    """What happens where nothing that was asked can be done: what lives breathes, else the picture stands; that is said."""
    beat = made.beat
    if not beat.words.strip():
        return made
    lasts = beat.lasts(means.fps)
    act = alive(scene, lasts, means.loop) if _lives(scene) else None
    instead = "it breathes a little instead" if act is not None else "the picture stands still"
    means.note(f"{beat.words!r} is not done: nothing was found in the picture that is known to move so; {instead}")
    return made if act is None else made.with_acts((act,), beat, served=True)


def _lives(scene: Scene) -> bool:
    """Whether the subject of a scene is an animal or a person."""
    if scene.subject is None:
        return False
    regions = scene.regions.of("animal", "skin", "hair", "clothes")
    there = scene.subject.cells(*regions.shape).numpy() > 0.5
    return bool(there.any()) and float(regions[there].mean()) > LIVES


def suited(part: Part, scene: Scene, beat: Beat) -> list[Mover]:
    """The movers of a part that suit a beat of a scene, the best first."""
    rates = [(mover.suits(scene, beat), mover) for mover in MOVERS if mover.part == part]
    return [mover for rate, mover in sorted(rates, key=lambda pair: -pair[0]) if rate > 0]


def motion_at(beats: Sequence[BeatMotion], at: Tensor, fps: float, stage: Stage | None) -> Motion:
    """How the subject of a picture, which stands on its `stage`, and what is behind it move in frames `at` (T,) of the last
    of several beats."""
    *earlier, now = beats
    begin, count = max(now.beat.begin - 1, 0), len(at)
    late = at - begin
    start = Trajectory(late.new_zeros(1, 2), late.new_ones(1), late.new_zeros(2) if stage is None else stage.feet)
    before = motion_at(earlier, late.new_tensor([begin]), fps, stage) if earlier else Motion(start)
    bends, ground = before.bends, before.ground
    if now.moves is not None:
        own = displacement(played(now.moves, late * now.beat.pace, now.ends))
        led = (1 - late / LED).clamp(min=0).view(-1, 1, 1, 1)  # from where the beat before has brought it
        bends = own if bends is None else own + led * bends
    if now.ground is not None:
        lasts = max(now.beat.end - begin - 1, now.ground.shape[1])
        slower = now.ground.shape[1] / lasts if now.beat.camera.moves else 1.0
        own = displacement(played(now.ground, late * slower))
        ground = own if ground is None else under_camera(ground.expand_as(own), own)
    road = before.trajectory
    aside, size = road.aside.expand(count, -1), road.size.expand(count)
    if stage is not None:
        long = (now.beat.end - now.beat.begin) / fps > SHORT
        aside, size = travel.gone(now.road, late / fps, road, stage, long)
    bends, ground = (None if each is None else each.expand(count, -1, -1, -1) for each in (bends, ground))
    return Motion(Trajectory(aside, size, road.feet), bends, ground, now.sure, acting=acting_at(beats, at, fps))


def acting_at(beats: Sequence[BeatMotion], at: Tensor, fps: float) -> Acting:
    """What is drawn from the picture itself in frames `at` (T,), by the second in which each beat begins; people or animals
    that do something else in a later beat are not drawn twice."""
    acts = [Timed(act, each.beat.begins(fps)) for each in beats for act in each.acts]
    for number, one in enumerate(acts):
        later = [
            other.begins
            for other in acts[number + 1 :]
            if isinstance(one.act, BeastAct | BodyAct)
            and type(other.act) is type(one.act)
            and other.begins > one.begins
        ]
        acts[number] = replace(one, ends=min(later, default=one.ends))
    return Acting(tuple(acts), tuple((at / fps).tolist()))


def path_at(beats: Sequence[BeatMotion], at: np.ndarray, fps: float, loop: int = 0) -> CameraPath | None:
    """How a camera that is drawn stands in frames `at` (T,) of several beats, None where none of them has one; each goes on
    from where the one before ended. A clip that loops has so many frames, and one beat."""
    path: CameraPath | None = None
    for now in beats:
        if now.shot is None:
            continue
        if now.shot.keys:
            return camera_path.by_keys(now.shot.keys, now.shot.view, at / fps)
        begin = max(now.beat.begin - 1, 0)
        lasts = loop or max(now.beat.end - 1 - begin, 1)
        shares = np.clip((at - begin) / lasts, 0, 1)
        own = camera_path.asked(now.shot.moves, now.shot.view, shares, lasts / fps, bool(loop))
        path = own if path is None else path.then(own)
    return path


def filmed(motion: Motion, path: CameraPath, near: float, size: tuple[int, int]) -> Motion:
    """A motion of a picture of a size (H, W) seen along a path, its subject as near as that (1 is nearest)."""
    if motion.bends is None:
        return replace(motion, ground=None, camera=path)
    high, wide = motion.bends.shape[2:]
    field = [displaced(near, size, path, number, (high, wide)) for number in range(len(path))]
    ground = torch.from_numpy(np.stack(field)) * SIDE
    return replace(motion, ground=ground, camera=path)


def looped(motion: Motion, frames_left: Tensor) -> Motion:
    """The motion of a clip that comes back to its picture, of which so many frames (T,) are left."""
    return motion.back((frames_left / LED).clamp(0, 1))
