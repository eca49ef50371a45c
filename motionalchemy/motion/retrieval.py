"""What a subject does, retrieved: movements that were seen, carried over to it, and looked at until one shows it."""

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from torch import Tensor

from motionalchemy.language.script import Beat
from motionalchemy.media.clip import Clip
from motionalchemy.motion.constraints import within
from motionalchemy.motion.movers import ENOUGH, BeatMotion, Means, Part
from motionalchemy.nets import judge
from motionalchemy.render import layers
from motionalchemy.render.check import strained
from motionalchemy.render.warp import SIDE, displacement
from motionalchemy.scene.parse import Scene

LOOKS = 8  # of movements that are retrieved
FOLDS, STRETCH = 0.01, 0.10  # of a subject that is no actor, that a movement may fold over, and stretch, at most
EVERY = 6  # frames between two that are checked for that


class Retrieval:
    """Moves a subject as others were seen to move."""

    part: Part = "subject"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever an action is asked for, unless the subject goes nobody knows where or a camera circles it."""
        asked = beat.action is not None and beat.heading != "elsewhere" and not beat.camera.orbit
        return float(scene.subject is not None and asked)

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """The best of what was seen, looked for one by one until the action is seen; None where nobody stood alike."""
        if means.tries == 1 or scene.subject is None:
            return None
        count, every = min(LOOKS, means.tries), max(1, int(means.fps / judge.RATE))
        with means.phase("retrieve"):
            found = means.retrieved(beat, scene.subject.opacity)
            small = scene.resized(*means.look)
        best: BeatMotion | None = None
        for at, (moves, ends) in enumerate(means.timed(islice(found or iter(()), count), "retrieve"), start=1):
            means.check()
            with means.phase("retrieve"):
                moves = within(moves, scene.subject)
                if not scene.rendered and harms(displacement(moves), scene):
                    continue
                acts = layers.acting(small, displacement(moves)[every - 1 :: every])
                frames = np.stack([small.picture, *acts])
                sure = means.seen(frames, means.fps / every, beat.action)
            best = replace(made, moves=moves, sure=sure, ends=ends) if best is None or sure > best.sure else best
            yield means.looked(at, count, partial(Clip, frames, means.fps / every))
            if sure >= judge.SEEN:
                break
        if best is not None and not scene.rendered and best.sure < ENOUGH:
            return None
        return best


def harms(field: Tensor, scene: Scene) -> bool:
    """Whether a displacement field (T, 2, h, w) folds or stretches the subject of a scene more than a picture bears."""
    assert scene.subject is not None
    there = scene.subject.cells(*field.shape[2:]).numpy() > 0.5
    found = [strained(each / SIDE, there) for each in field[::EVERY].numpy()]
    return max(folds for folds, _ in found) > FOLDS or max(stretch for _, stretch in found) > STRETCH
