"""A scene in motion, drawn."""

from dataclasses import dataclass

import numpy as np
import torch

from motionalchemy.render import layers
from motionalchemy.render.motion import Motion
from motionalchemy.scene.parse import Scene


@dataclass(frozen=True, eq=False)
class Draft:
    """The `frames` (T, H, W, 3) uint8 that a motion makes of a scene."""

    frames: np.ndarray


@torch.no_grad()
def render(scene: Scene, motion: Motion, held: int = 0) -> Draft:
    """A scene in motion, behind `held` frames of the picture as it is."""
    if scene.subject is not None and motion.bends is not None:
        drawn = layers.acting(scene, motion.subject, motion.ground, motion.floor)
    else:
        still = torch.zeros(len(motion.trajectory.size), 2, 1, 1)
        drawn = layers.whole(scene.picture, still if motion.ground is None else motion.ground)
    return Draft(np.stack([scene.picture] * held + list(drawn)))
