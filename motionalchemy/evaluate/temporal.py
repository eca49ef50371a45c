"""Temporal quality: does each frame follow from the one before, does the light flicker, is there a cut."""

import numpy as np
import torch

from motionalchemy.evaluate.frames import Frames, at_most, changes, frames_of, grey, resized
from motionalchemy.evaluate.movement import SIDE, flow, inside, warped
from motionalchemy.parts import networks

BLOCKS = 8  # light is watched on this many by this many blocks
EDGE = 3  # frames at either end where the cut detector sees the clip's own border


def warping_error(clip: Frames) -> float:
    """Root mean square difference of each frame to the next one warped back onto it, in grey levels.

    0..255, lower is better, 0 = every change is movement. Pixels that appear, vanish or leave the frame do not count,
    found by following the flow there and back (Lai et al. 2018, 1808.00449). Measured on frames whose shorter side is
    at most 128 pixels. Raises InputError for fewer than two frames.
    """
    frames = at_most(frames_of(clip, at_least=2), SIDE)
    pictures = grey(frames)
    total, count = 0.0, 0
    for i in range(len(frames) - 1):
        there, back = flow(pictures[i], pictures[i + 1]), flow(pictures[i + 1], pictures[i])
        seen = _visible(there, back)
        error = np.square(warped(frames[i + 1], there) - frames[i]).mean(axis=-1)
        total, count = total + float(error[seen].sum()), count + int(seen.sum())
    return float(np.sqrt(total / count)) if count else 255.0


def _visible(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Where the flow there and back ends at its start, |f + b|² < 0.01 (|f|² + |b|²) + 0.5, inside the frame."""
    returned = warped(back, there)
    square = lambda field: np.square(field).sum(axis=-1)  # noqa: E731
    return inside(there) & (square(there + returned) < 0.01 * (square(there) + square(returned)) + 0.5)


def flicker(clip: Frames) -> float:
    """Mean absolute second difference in time of the light on an 8x8 grid of blocks, in grey levels.

    0 and up, lower is better: 0 for a still clip and for a steady fade, 2d when the light jumps by d every frame.
    Raises InputError for fewer than three frames.
    """
    light = resized(frames_of(clip, at_least=3).astype(np.float32), BLOCKS, BLOCKS).mean(axis=-1)
    return float(np.abs(np.diff(light, n=2, axis=0)).mean())


def steadiness(clip: Frames) -> float:
    """VBench's temporal_flickering (2311.17982): 1 - mean absolute difference of neighbouring frames / 255.

    0..1; made for scenes that should not move, where 1 is best. Movement lowers it, so read it beside `magnitude`.
    """
    return 1 - float(changes(frames_of(clip, at_least=2)).mean()) / 255


def cut(clip: Frames) -> float:
    """Highest probability of a cut inside the clip by TransNetV2 (2008.04838); 0..1, lower is better, from .5 a cut.

    The three frames at either end do not count. Raises InputError for fewer than eight frames, MissingPart without the
    extra.
    """
    return float(cut_probabilities(frames_of(clip, at_least=2 * EDGE + 2))[EDGE:-EDGE].max())


def cut_probabilities(clip: Frames, padding: int = 25, window: int = 400) -> np.ndarray:
    """Probability that a shot ends at each frame, (T,); the ends are padded as the network was used (TransNetV2)."""
    net = networks.transnet()
    small = resized(frames_of(clip), net.height, net.width)
    padded = np.concatenate((small[:1].repeat(padding, 0), small, small[-1:].repeat(padding, 0)))
    found = []
    with torch.inference_mode():
        for begin in range(0, len(small), window):
            piece = torch.from_numpy(padded[begin : begin + window + 2 * padding])
            found.append(net.cuts(piece[None])[0, padding:-padding].numpy())
    return np.concatenate(found)
