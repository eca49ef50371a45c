"""Fréchet distance between two sets of clips on features of a video network."""

from collections.abc import Iterable

import numpy as np
import torch

from motionalchemy.errors import InputError
from motionalchemy.evaluate.frames import Frames, frames_of, resized
from motionalchemy.parts import networks


def video_features(clip: Frames) -> np.ndarray:
    """One vector per clip, (448,): TransNetV2's three feature maps, mean over time and place; raises MissingPart."""
    net = networks.transnet()
    small = torch.from_numpy(resized(frames_of(clip), net.height, net.width))
    with torch.inference_mode():
        return torch.cat([m.mean((2, 3, 4)) for m in net.maps(small[None])], dim=1)[0].numpy()


def frechet(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Fréchet distance of features (N, D) as Gaussians: |m - n|² + tr(C + K - 2 (C K)^½) (1706.08500, eq. 6).

    0 and up, lower is nearer, 0 = the same set. With fewer clips than features it is biased upwards, so compare only
    sets of the same sizes. Raises InputError for fewer than two clips or unequal widths.
    """
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise InputError(f"two sets of two or more vectors of one width are needed, not {a.shape} and {b.shape}")
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eigh(np.atleast_2d(first))
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ np.atleast_2d(second) @ root), 0, None)).sum()
    return float(max(0.0, np.square(a.mean(0) - b.mean(0)).sum() + np.trace(np.atleast_2d(first + second)) - 2 * cross))


def frechet_video(ours: Iterable[Frames], theirs: Iterable[Frames]) -> float:
    """Fréchet distance of two sets of clips on TransNetV2 features; an internal yardstick, not FVD."""
    return frechet(*(np.stack([video_features(clip) for clip in clips]) for clips in (ours, theirs)))
