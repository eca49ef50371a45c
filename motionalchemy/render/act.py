"""Acts: what happens in a picture while the camera stands, drawn frame by frame from the picture itself.

Water that flows, a boat that sails, a face that smiles, snow before it all: each is one act, which knows what it needs and
draws any frame by its second alone, so that windows of a long clip need nothing of each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np

Place = Literal["picture", "frame"]  # what an act draws on: the picture that a camera sees, or what it has made of it


class Act(Protocol):
    """One thing that happens; of several, those with the lower `order` are drawn first: 10 elements, 20 what goes and
    bodies, 30 faces, 40 light, 50 weather."""

    @property
    def order(self) -> int:
        """When it is drawn."""
        ...

    @property
    def on(self) -> Place:
        """What it draws on."""
        ...

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) float32 in [0, 255] with the act in it, so many seconds after its beat began.

        At second 0 it is the frame itself, to the bit. `frame` is not written to. After the beat it goes on being asked,
        and rests or goes on as is natural; in a clip that loops it is back at the picture at the end of its beat.
        """
        ...

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away right and down each place comes, (2, h, w) in widths of the picture, at any size; None where
        the act moves nothing."""
        ...

    def softened(self, share: float) -> "Act":
        """The same, but only so much of it, in (0, 1]."""
        ...


class Unmoving:
    """An act that moves nothing that is there."""

    def field(self, seconds: float) -> np.ndarray | None:
        """Nothing moves."""
        return None


@dataclass(frozen=True, eq=False)
class Timed:
    """An act, the second of the clip in which it begins, and that from which on another has taken its place."""

    act: Act
    begins: float
    ends: float = float("inf")

    def draw(self, frame: np.ndarray, second: float) -> np.ndarray:
        """A frame (H, W, 3) float32 at a second of the clip."""
        late = second - self.begins
        return frame if late <= 0 or second > self.ends else self.act.draw(frame, late)


@dataclass(frozen=True, eq=False)
class Acting:
    """Some acts in order, and the `seconds` (T,) of the frames that are drawn."""

    acts: tuple[Timed, ...] = ()
    seconds: tuple[float, ...] = ()

    def on(self, place: Place) -> "Acting":
        """Those that draw on a place."""
        found = sorted((each for each in self.acts if each.act.on == place), key=lambda each: each.act.order)
        return Acting(tuple(found), self.seconds)

    def pictures(self, picture: np.ndarray) -> Iterator[np.ndarray]:
        """A picture (H, W, 3) uint8 in each frame, (H, W, 3) float32, as the acts on it leave it."""
        for second in self.seconds:
            yield drawn(self.on("picture").acts, picture.astype(np.float32), second)

    def over(self, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Frames (H, W, 3) uint8 with what is drawn before them, if anything is."""
        before = self.on("frame").acts
        for frame, second in zip(frames, self.seconds, strict=True) if before else ((each, 0.0) for each in frames):
            yield rounded(drawn(before, frame.astype(np.float32), second)) if before else frame


def drawn(acts: Sequence[Timed], frame: np.ndarray, second: float) -> np.ndarray:
    """A frame (H, W, 3) float32 with all acts in it at a second of the clip."""
    for each in acts:
        frame = each.draw(frame, second)
    return frame


def rounded(frame: np.ndarray) -> np.ndarray:
    """A frame (H, W, 3) float32 in [0, 255] as uint8."""
    return (frame + 0.5).clip(0, 255).astype(np.uint8)


def carried(picture: np.ndarray, away: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) float32 that goes a coarse field (2, h, w): from how far away each place comes, in widths."""
    high, wide = picture.shape[:2]
    x, y = (cv2.resize(each.astype(np.float32), (wide, high), interpolation=cv2.INTER_LINEAR) * wide for each in away)
    rows, columns = np.indices((high, wide), np.float32)
    return cv2.remap(picture, columns + x, rows + y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
