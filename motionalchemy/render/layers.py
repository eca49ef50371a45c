"""Frames of a scene: its subject as a layer of its own over what the ground's movement leaves behind it.

Displacement fields are (T, 2, h, w) or (2, h, w), in pixels of a picture SIDE wide: from how far away in the picture each
place comes. Around a subject they change from its movement to the camera's within a few pixels; where these lie far apart
the subject tears, and leaves threads behind. So it is drawn apart.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.nets import camera, motion
from motionalchemy.render import solid
from motionalchemy.render.warp import warped
from motionalchemy.scene.parse import Layer, Scene

STIRS = 0.2, 0.8  # pixels from the displacement of the plate at which a part begins to be shown apart, and wholly is


def whole(pictures: Iterable[np.ndarray], field: Tensor) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 of pictures (H, W, 3), uint8 or in [0, 255], that go a field (T, 2, h, w) as a whole."""
    for own, picture in zip(field, pictures, strict=False):
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
        yield warped(pixels, own, "reflection")[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()


def acting(
    scene: Scene,
    field: Tensor,
    ground: Tensor | None = None,
    floor: Tensor | None = None,
    seen: Iterator[tuple[np.ndarray, np.ndarray]] | None = None,
) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 in which the subject goes its `field`, what is behind it that of the `ground`, and its shadow
    that of the `floor` it stands on, unless they stand; or where a camera has `seen` the picture and what is behind the
    subject so, (H, W, 3) uint8 each."""
    layer, (little, much) = _subject(scene), STIRS
    for number, own in enumerate(field):
        back = torch.zeros_like(own) if ground is None else ground[number]
        if seen is not None:
            still, behind = (torch.from_numpy(each).permute(2, 0, 1)[None].float() / 255 for each in next(seen))
        else:
            still, behind = (
                each if ground is None else warped(each, back, "reflection") for each in (scene.pixels, scene.lit)
            )
        behind = behind * (1 - (scene.shadow if floor is None else warped(scene.shadow, floor[number], "zeros")))
        acts = _over(behind, warped(layer.rgba, own, "beyond"))  # one cut by an edge goes on a little
        stirs = ((camera.length(own - back, 0) - little) / (much - little)).clamp(0, 1)
        share = motion.upsampled(stirs[None, None, None], *acts.shape[:2], 1.0)[0, 0, 0, :, :, None].numpy()
        yield _mixed(still[0].permute(1, 2, 0).numpy() * 255, acts, share)


def over_frames(
    scene: Scene, frames: np.ndarray, field: Tensor, ground: Tensor, shares: list[float], angles: list[float]
) -> Iterator[np.ndarray]:
    """Frames (T, H, W, 3) uint8 of the picture moved, with `shares` (T-1) of it shown as a whole that goes its `field`
    (T-1, 2, h, w) over what the ground's leaves behind it, turned by `angles` (T-1) in degrees."""
    layer = _subject(scene)
    yield frames[0]
    for frame, share, own, back, angle in zip(frames[1:], shares, field, ground, angles, strict=True):
        if share == 0:
            yield frame
            continue
        behind = warped(scene.plate, back, "reflection")
        subject = _turned(layer, own, angle) if angle else warped(layer.rgba, own, "zeros")
        yield _mixed(frame, _over(behind, subject), share)


def put_back(scene: Scene, frames: np.ndarray, field: Tensor, ground: Tensor, dragged: Tensor) -> Iterator[np.ndarray]:
    """Frames (T, H, W, 3) uint8 of the picture warped by a `field` (T-1, 2, h, w), but what is not of the subject and
    `dragged` (T-1, 1, h, w) in [0, 1] along where the `ground` has it."""
    layer, (height, width) = _subject(scene), frames.shape[1:3]
    yield frames[0]
    for frame, own, back, drags in zip(frames[1:], field, ground, dragged, strict=True):
        if not bool(drags.any()):
            yield frame
            continue
        free = 1 - warped(layer.fringe, own, "zeros").clamp(max=1)
        share = F.interpolate(drags[None], (height, width), mode="bilinear", align_corners=False) * free
        share, behind = (x[0].permute(1, 2, 0).numpy() for x in (share, warped(scene.plate, back, "reflection")))
        yield _mixed(frame, behind * 255, share)


def _subject(scene: Scene) -> Layer:
    assert scene.subject is not None, "only a scene whose subject stands out has one to draw"
    return scene.subject


def _turned(layer: Layer, field: Tensor, angle: float) -> Tensor:
    """A layer (1, 4, H, W) warped by its field (2, h, w) and then turned by an angle in degrees."""
    shown = warped(layer.solid, field, "zeros")[0].permute(1, 2, 0).numpy()
    return torch.from_numpy(solid.rotated(shown, angle)).permute(2, 0, 1)[None]


def _over(ground: Tensor, subject: Tensor) -> np.ndarray:
    """A subject (1, 4, H, W) over ground (1, 3, H, W), both in [0, 1]: (H, W, 3) in [0, 255]."""
    return (ground * (1 - subject[:, 3:].clamp(max=1)) + subject[:, :3])[0].permute(1, 2, 0).numpy() * 255


def _mixed(frame: np.ndarray, other: np.ndarray, share: Any) -> np.ndarray:
    """A frame (H, W, 3) uint8 with a share of another, one for all or (H, W, 1)."""
    return (frame + share * (other - frame)).round().clip(0, 255).astype(np.uint8)
