"""A scene in motion, drawn."""

from dataclasses import dataclass

import numpy as np
import torch

from motionalchemy.render import layers, parallax
from motionalchemy.render.motion import Motion
from motionalchemy.scene.layered import LayeredScene
from motionalchemy.scene.parse import Scene


@dataclass(frozen=True, eq=False)
class Draft:
    """The `frames` (T, H, W, 3) uint8 that a motion makes of a scene."""

    frames: np.ndarray


@dataclass(frozen=True, eq=False)
class Depths:
    """A picture in layers by its depth, the `whole`, and the same without its subject (`plate`), None where that stands."""

    whole: LayeredScene
    plate: LayeredScene | None = None


@torch.no_grad()
def render(scene: Scene, motion: Motion, held: int = 0, depths: Depths | None = None) -> Draft:
    """A scene in motion, behind `held` frames of the picture as it is; by its `depths` where a camera sees it so."""
    if motion.camera is not None and depths is not None:
        drawn = parallax.frames(depths.whole, motion.camera)
        if scene.subject is not None and motion.bends is not None and depths.plate is not None:
            seen = zip(drawn, parallax.frames(depths.plate, motion.camera), strict=True)
            drawn = layers.acting(scene, motion.subject, motion.ground, motion.floor, seen)
    elif scene.subject is not None and motion.bends is not None:
        drawn = layers.acting(scene, motion.subject, motion.ground, motion.floor)
    else:
        still = torch.zeros(len(motion.trajectory.size), 2, 1, 1)
        drawn = layers.whole(scene.picture, still if motion.ground is None else motion.ground)
    return Draft(np.stack([scene.picture] * held + list(drawn)))
