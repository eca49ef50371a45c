"""What a person draws by hand: a path of the camera by keys, in the place of what the words say of it."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from motionalchemy.language.script import Beat
from motionalchemy.motion import camera
from motionalchemy.motion.movers import BeatMotion, Means, Part, Shot
from motionalchemy.scene import depth_cut
from motionalchemy.scene.parse import Scene


class Hand:
    """Moves a camera as a person wrote it."""

    part: Part = "ground"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever there are keys."""
        return float(bool(beat.camera.keys))

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """The shot of the keys, whatever is found for the subject."""
        yield from ()
        with means.phase("parse"):
            depth = depth_cut.cut(scene.picture, means.nearness())
        if made.moves is None and scene.subject is not None and (beat.heading or beat.action is not None):
            means.note("no movement was found for the subject: only the camera moves")
        shot = Shot((), camera.view(scene, depth), depth, beat.camera.keys)
        return replace(made, shot=shot, sure=1.0)
