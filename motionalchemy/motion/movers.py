"""Movers: what turns a scene and a beat into motion; how they are asked, and in which order.

A mover knows a scene and a beat and says first how well it suits them. What it may ask of the model and of the run stands
in `Means`, which the pipeline gives it. A new mover is one file and one row of `timeline.MOVERS`.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from torch import Tensor

from motionalchemy.language.camera import CameraMove
from motionalchemy.language.camera_keys import CameraKey
from motionalchemy.language.headings import Heading
from motionalchemy.language.script import Beat
from motionalchemy.media.clip import Clip
from motionalchemy.media.sound import Sound
from motionalchemy.motion.camera_path import View
from motionalchemy.render.act import Act
from motionalchemy.scene.depth_cut import DepthCut
from motionalchemy.scene.parse import Scene

Item = TypeVar("Item")
ENOUGH = 0.3  # how sure a motion has to be to be shown instead of what the flow makes of a clip of one window
Part = Literal["acts", "subject", "road", "ground"]
"""What a mover moves: things that it draws from the picture itself, as many movers as suit; or, the best-suited one of
each, a subject in its place, where it goes, and all behind it."""


@dataclass(frozen=True)
class Road:
    """Where a subject goes as one stiff thing: its `heading`, at a `speed` in widths of the picture a second."""

    heading: Heading
    speed: float


@dataclass(frozen=True, eq=False)
class Shot:
    """Camera `moves` that are drawn from the picture itself, what they have to know of it (`view`), and how it comes
    apart in layers by its `depth`."""

    moves: tuple[CameraMove, ...]
    view: View
    depth: DepthCut
    keys: tuple[CameraKey, ...] = ()


@dataclass(frozen=True, eq=False)
class BeatMotion:
    """What happens in a beat: how its subject `moves` by itself, if it does, the `road` it goes, and how the `ground` does,
    if it does; both movements (2, T, h, w), from how far away in the picture each place comes, in shares of its width; in
    which `shot` the camera sees all that, if it moves and is drawn. `acts` are drawn from the picture itself, and have
    `served` its subject if they do what it is asked; then `beat` says what is left to do.
    How surely it shows what was asked, `sure` in [0, 1], and whether the action `ends` with the movement."""

    beat: Beat
    moves: Tensor | None = None
    road: Road | None = None
    ground: Tensor | None = None
    sure: float = 0.0
    ends: bool = False
    shot: Shot | None = None
    acts: tuple[Act, ...] = ()
    served: bool = False

    def with_acts(self, acts: Sequence[Act], left: Beat, served: bool = False) -> "BeatMotion":
        """The same with some acts more, after which a beat is `left` to do, and whether they serve the subject."""
        return replace(self, beat=left, acts=(*self.acts, *acts), served=self.served or served, sure=1.0)

    @property
    def found(self) -> bool:
        """Whether anything moves."""
        return self.moves is not None or self.ground is not None or self.shot is not None or bool(self.acts)


class Means(Protocol):
    """What a mover may ask for, and what it has to know besides a scene and a beat.

    `fps` is the clip's rate. A clip that is `alone` is one window, which the flow can also make without a mover. `tries`
    movements are looked at at most, 1 where none is to be chosen, at a size `look` (height, width) in pixels.
    """

    @property
    def fps(self) -> float:
        """Frames a second of the clip that is made."""
        ...

    @property
    def alone(self) -> bool:
        """Whether the clip is one window."""
        ...

    @property
    def loop(self) -> bool:
        """Whether the clip comes back to its picture at its end."""
        ...

    @property
    def audio(self) -> Sound | None:
        """What whoever talks is heard to say, if it is given."""
        ...

    @property
    def seed(self) -> int:
        """What chance is drawn from."""
        ...

    def left(self, beat: Beat, words: str) -> Beat:
        """A beat of which only some `words` are left to do, its camera as it is."""
        ...

    @property
    def tries(self) -> int:
        """How many movements are looked at, at most."""
        ...

    @property
    def look(self) -> tuple[int, int]:
        """The (height, width) in pixels at which movements are compared."""
        ...

    def flow(self, words: str, choose: bool) -> Generator[Any, None, Tensor]:
        """How the flow moves the picture at these words, (2, T, h, w): one clip, or the best of several."""
        ...

    def retrieved(self, beat: Beat, opacity: Tensor) -> Iterator[tuple[Tensor, bool]] | None:
        """Movements (2, T, h, w) that were seen at such a beat, the likeliest for the subject that an opacity (H, W) shows
        first, and whether they end; None where the model remembers none."""
        ...

    def nearness(self) -> np.ndarray | None:
        """How near what the picture shows is, (H, W) of any scale, the nearest largest; None where no network of depth is
        installed."""
        ...

    def note(self, text: str) -> None:
        """Say something of what is done to whoever asked for it."""
        ...

    def seen(self, frames: np.ndarray, fps: float, action: Any) -> float:
        """How surely an action is seen in frames (T, H, W, 3) uint8, in [0, 1]."""
        ...

    def looked(self, number: int, count: int, preview: Callable[[], Clip]) -> Any:
        """What to yield when `number` of at most `count` movements have been looked at."""
        ...

    def check(self) -> None:
        """Raise Cancelled if the run is to stop."""
        ...

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Count the time of a block under a name."""
        ...

    def timed(self, items: Iterator[Item], name: str) -> Iterator[Item]:
        """The same items; the time spent on making them counts under a name."""
        ...


class Mover(Protocol):
    """One way to move a `part` of a scene."""

    part: Part

    def suits(self, scene: Scene, beat: Beat) -> float:
        """How well it serves a beat of a scene: 0 not at all, 1 best of all."""
        ...

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """What is `made` of the beat so far with its own part added, None where it finds nothing."""
        ...
