"""Motion as a renderer needs it: how the subject of a scene and what is behind it move."""

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from motionalchemy.render.act import Acting
from motionalchemy.render.parallax import CameraPath
from motionalchemy.render.warp import scaled_about, shifted, under_camera


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Where a subject is as one stiff thing in some frames: how far right and down it has gone `aside` (T, 2) from its
    `feet` (2,), in pixels of a picture SIDE wide, and how many times as large it has become, `size` (T,)."""

    aside: Tensor
    size: Tensor
    feet: Tensor


@dataclass(frozen=True, eq=False)
class Motion:
    """How things move in some frames: the `trajectory` of the subject, what it does meanwhile, as a displacement field
    before a camera that stands (`bends`), and that of the `ground` behind it, both (T, 2, h, w) in pixels of a picture
    SIDE wide, None where they stand; how surely the asked action is seen in that, `sure` in [0, 1]; and the path of a
    `camera` that sees it all by depth, if there is one: then the ground is what that makes of the subject's own depth;
    and what happens besides, drawn from the picture itself (`acting`)."""

    trajectory: Trajectory
    bends: Tensor | None = None
    ground: Tensor | None = None
    sure: float = 0.0
    camera: CameraPath | None = None
    acting: Acting = field(default_factory=Acting)

    @property
    def subject(self) -> Tensor:
        """The displacement field (T, 2, h, w) of the subject as it is seen."""
        assert self.bends is not None
        return self._seen(self.bends)

    @property
    def floor(self) -> Tensor:
        """The displacement field (T, 2, h, w) of what goes along with the subject, but does not do what it does."""
        assert self.bends is not None
        return self._seen(torch.zeros_like(self.bends))

    def _seen(self, field: Tensor) -> Tensor:
        road = self.trajectory
        goes = scaled_about(shifted(field, road.aside), road.size, road.feet + road.aside)
        return goes if self.ground is None else under_camera(goes, self.ground)

    def back(self, shares: Tensor) -> "Motion":
        """The same going back to the picture, of which `shares` (T,) are left."""
        shares = shares.view(-1, 1, 1, 1)
        bends, ground = (None if each is None else each * shares for each in (self.bends, self.ground))
        return replace(self, bends=bends, ground=ground)
