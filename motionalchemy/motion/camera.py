"""How all behind a subject moves, or the whole picture: before a camera, or by itself, as the flow sees it."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from motionalchemy.language.script import Beat
from motionalchemy.motion.decomposition import Decomposition
from motionalchemy.motion.movers import ENOUGH, BeatMotion, Means, Part
from motionalchemy.render.warp import SIDE
from motionalchemy.scene.parse import Scene


class Camera:
    """Moves the ground by one window of the flow."""

    part: Part = "ground"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Best where the camera moves; else it serves what no mover of a subject can."""
        return 1.0 if beat.camera.moves else 0.3

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """The movement of the ground; None where nothing is left to move, and in a clip of one window, which the flow makes
        whole, unless a subject is moved in it that will be shown."""
        if made.moves is None and means.alone:
            return None
        if made.moves is not None and not (beat.camera.moves and (not means.alone or made.sure >= ENOUGH)):
            return None
        field = yield from means.flow(beat.words, choose=False)
        if scene.subject is not None and made.moves is not None:
            split = Decomposition(field * SIDE, scene.subject.rgba[:, 3:])
            field = split.ground.transpose(0, 1) / SIDE
        return replace(made, ground=field)
