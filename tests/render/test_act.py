"""Acts: drawn in their order, from their second on, under a camera and without one."""

from dataclasses import dataclass

import numpy as np
import torch

from motionalchemy.render.act import Acting, Place, Timed
from motionalchemy.render.draft import Depths, render
from motionalchemy.render.motion import Motion, Trajectory
from motionalchemy.render.parallax import CameraPath
from motionalchemy.scene import depth_cut, layered
from motionalchemy.scene.parse import Scene


@dataclass(frozen=True)
class Brighter:
    """Adds `levels` a second; or doubles what is there, where it is told to."""

    levels: float
    order: int = 10
    on: Place = "picture"
    twice: bool = False

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """The frame, brighter."""
        return frame * 2 if self.twice else frame + self.levels * seconds

    def field(self, seconds: float) -> np.ndarray | None:
        """Nothing moves."""
        return None

    def softened(self, share: float) -> "Brighter":
        """Less of it."""
        return Brighter(self.levels * share, self.order, self.on)


def scene() -> Scene:
    """A plain picture in which nothing stands out."""
    picture = np.full((32, 48, 3), 20, np.uint8)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    return Scene(picture, pixels, (), pixels, pixels, torch.zeros(1, 1, 32, 48))


def motion(acts: tuple[Timed, ...], camera: CameraPath | None = None) -> Motion:
    """Some acts in frames at seconds 0, 1 and 2."""
    still = Trajectory(torch.zeros(3, 2), torch.ones(3), torch.zeros(2))
    return Motion(still, camera=camera, acting=Acting(acts, (0.0, 1.0, 2.0)))


def test_acts_begin_with_their_beat_in_their_order():
    acts = (Timed(Brighter(0, order=50, on="frame", twice=True), 1.0), Timed(Brighter(10), 0.0))
    levels = render(scene(), motion(acts)).frames.mean((1, 2, 3))
    assert levels.tolist() == [20, 30, 80]  # (20 + 10 * 2) * 2 at second 2


def test_a_camera_sees_what_acts_leave():
    there = scene()
    path = CameraPath.still(3)
    path = CameraPath(**{**path.__dict__, "zoom": np.array([1, 1.0, 1.5])})
    whole = layered.build(depth_cut.cut(there.picture, None))
    frames = render(there, motion((Timed(Brighter(10), 0.0),), path), 0, Depths(whole)).frames
    assert frames.mean((1, 2, 3)).tolist() == [20, 30, 40]


def test_layers_take_a_change_where_they_are_seen():
    there = scene().picture.copy()
    there[8:24, 16:32] = 200
    near = np.zeros((32, 48), np.float32)
    near[8:24, 16:32] = 0.9
    whole = layered.build(depth_cut.cut(there, near))
    changed = there.astype(np.float32)
    changed[8:24, 16:32] += 30
    path = CameraPath(**{**CameraPath.still(1).__dict__, "right": np.array([1e-6])})
    from motionalchemy.render import parallax

    seen = parallax.seen(whole.changed(changed), path, 0)
    assert np.abs(seen.astype(int) - changed.round()).max() <= 2
    behind = whole.changed(changed).layers[0].pixels[12:20, 20:28, :3]
    assert len(whole.layers) == 1 or behind.max() < 40  # what is hidden behind it did not change
