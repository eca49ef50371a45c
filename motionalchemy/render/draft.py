"""A scene in motion, drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat, tee

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
    drawn = motion.acting.over(_seen(scene, motion, depths))
    return Draft(np.stack([scene.picture] * held + list(drawn)))


def _seen(scene: Scene, motion: Motion, depths: Depths | None) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 of a scene in motion, without what is drawn before them."""
    acts = bool(motion.acting.on("picture").acts)
    moves = scene.subject is not None and motion.bends is not None
    pictures, same = tee(motion.acting.pictures(scene.picture)) if acts else (None, None)
    plates = None if same is None else _plates(scene, same)
    if motion.camera is not None and depths is not None:
        drawn = parallax.frames(depths.whole, motion.camera, pictures)
        if moves and depths.plate is not None:
            seen = zip(drawn, parallax.frames(depths.plate, motion.camera, plates), strict=True)
            drawn = layers.acting(scene, motion.subject, motion.ground, motion.floor, seen)
        return drawn
    still = torch.zeros(len(motion.trajectory.size), 2, 1, 1)
    ground = still if motion.ground is None else motion.ground.expand(len(still), -1, -1, -1)
    if not moves:
        return layers.whole(pictures or repeat(scene.picture), ground)
    both = None if pictures is None or plates is None else (pictures, plates)
    seen = None if both is None else zip(*(layers.whole(each, ground) for each in both), strict=True)
    return layers.acting(scene, motion.subject, motion.ground, motion.floor, seen)


def _plates(scene: Scene, pictures: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """What is behind the subject in each frame, (H, W, 3) float32, changed as its picture (H, W, 3) float32 is."""
    plate = scene.lit[0].permute(1, 2, 0).numpy() * 255
    for picture in pictures:
        yield (plate + picture - scene.picture).clip(0, 255)
