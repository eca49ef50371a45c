"""Whether the subject stays itself: cosines of EfficientNet-lite0 features, the background masked away."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from motionalchemy.evaluate.frames import Frames, frames_of, resized
from motionalchemy.parts import networks

BATCH = 16
GREY = 128  # the background of a masked subject


class Identity(NamedTuple):
    """Cosines to the picture that shows the subject: the mean over frames and the worst frame."""

    mean: float
    worst: float


def embed(clip: Frames, masked: bool = False) -> np.ndarray:
    """One vector of unit length per frame, (T, 1280); `masked` puts the subject found by U²-Net on grey."""
    frames = frames_of(clip)
    if masked:
        frames = np.stack([on_grey(frame) for frame in frames])
    small = resized(frames, 224, 224)
    net = networks.efficientnet()
    with torch.inference_mode():
        found = [net.features(networks.batch(small[i : i + BATCH])) for i in range(0, len(small), BATCH)]
    return F.normalize(torch.cat(found), dim=1).numpy()


def on_grey(picture: np.ndarray) -> np.ndarray:
    """The subject of a picture (H, W, 3) uint8 over mid grey."""
    mask = networks.foreground(picture)[..., None]
    return np.rint(picture * mask + GREY * (1 - mask)).astype(np.uint8)


def identity(clip: Frames, subject: Frames, every: int = 8, masked: bool = True) -> Identity:
    """Cosine of every `every`-th frame (and the last) to the first frame of `subject`, mean and worst.

    -1..1, higher is better: the same picture 1, mirrored about .99, another subject about .1 to .4. Source: the subject
    consistency of VBench-I2V (2311.17982) with EfficientNet-lite0 instead of DINO, so never print it beside published
    figures.
    """
    return identity_of(embed(sampled(clip, every), masked), embed(frames_of(subject)[:1], masked)[0])


def identity_of(features: np.ndarray, subject: np.ndarray) -> Identity:
    """`identity` on vectors of unit length, (T, D) and (D,)."""
    cosines = features @ subject
    return Identity(float(cosines.mean()), float(cosines.min()))


def sampled(clip: Frames, every: int) -> np.ndarray:
    """Every `every`-th frame and the last one, (N, H, W, 3)."""
    frames = frames_of(clip)
    return frames[sorted({*range(0, len(frames), every), len(frames) - 1})]
