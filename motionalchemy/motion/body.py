"""What a subject does as the flow sees it, kept as rigid as it can be."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from motionalchemy.language.script import Beat
from motionalchemy.motion.constraints import stiffened, within
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.scene.parse import Scene


class Body:
    """Moves a subject by one window of the flow."""

    part: Part = "subject"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever a rendered actor does something or is sent somewhere; what was seen is better."""
        return 0.5 * float(scene.subject is not None and bool(beat.heading or beat.acts) and scene.rendered)

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """What the flow makes of the beat in its place; None for a clip of one window, which the flow makes whole."""
        if means.alone or scene.subject is None:
            return None
        field = yield from means.flow(beat.in_place, choose=True)
        return replace(made, moves=within(stiffened(field, scene.subject), scene.subject))
