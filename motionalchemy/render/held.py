"""What happens in a picture, but not to what is stiff in it."""

from dataclasses import dataclass, replace

import numpy as np

from motionalchemy.render.act import Act, Place


@dataclass(frozen=True, eq=False)
class Held:
    """An act that leaves places of the picture as they are, as far as `still` (H, W, 1) in [0, 1] says."""

    act: Act
    still: np.ndarray

    @property
    def order(self) -> int:
        """When it is drawn."""
        return self.act.order

    @property
    def on(self) -> Place:
        """What it draws on."""
        return self.act.on

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the act in it, but for what is held."""
        drawn = self.act.draw(frame, seconds)
        return drawn if drawn is frame else drawn + self.still * (frame - drawn)

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place comes."""
        return self.act.field(seconds)

    def softened(self, share: float) -> "Held":
        """The same, less of it."""
        return replace(self, act=self.act.softened(share))
