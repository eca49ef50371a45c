"""Holes that go on evenly: along rows and columns where a picture hardly changes along them, else from all around.

A slope that the whole picture has goes on as it is. Three guesses are joined by how wrong each is likely to be: from the
nearest known places of a row or a column, whose steps add up on the way, and from around, by how the values vary there.
"""

import numpy as np
import torch
from torch import Tensor

from motionalchemy.media.pullpush import pull_push

ALWAYS = 0.25  # of a grey level squared, that any guess may be wrong by
FAR = 3.0  # how much steeper than by its length the error of a guess along a line grows
MANY = 4_000  # known places that a slope is taken from at most


def straight_on(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values (H, W, n) float32, and where they are not known (H, W) bool what goes on evenly there; and how far that is
    likely to be wrong, squared, (H, W, 1)."""
    slope = _slope(values, known)
    rest = torch.from_numpy(np.where(known[..., None], values - slope, 0).astype(np.float32)).permute(2, 0, 1)[None]
    sure = torch.from_numpy(known.astype(np.float32))[None, None]
    around, square = pull_push(torch.cat((rest, rest.square()), 1), sure).chunk(2, 1)
    weights = [1 / ((square - around.square()).clamp(min=0).mean(1, keepdim=True) + ALWAYS)]
    guesses = [around]
    for turned in (False, True):
        line, wrong = _along(*((x.transpose(2, 3) for x in (rest, sure)) if turned else (rest, sure)))
        guesses.append(line.transpose(2, 3) if turned else line)
        weights.append(1 / ((wrong.transpose(2, 3) if turned else wrong) + ALWAYS))
    sums = torch.stack(weights).sum(0)
    total = torch.stack([guess * weight for guess, weight in zip(guesses, weights, strict=True)]).sum(0) / sums
    found, wrong = (x[0].permute(1, 2, 0).numpy() for x in (total, 1 / sums))
    return np.where(known[..., None], values, (slope + found).clip(0, 255)).astype(np.float32), wrong


def _slope(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The plane (H, W, n) nearest to what is known of values."""
    y, x = (
        axis / max(size, 1)
        for axis, size in zip(np.mgrid[: known.shape[0], : known.shape[1]], known.shape, strict=True)
    )
    basis = np.stack((np.ones(known.shape), x, y), -1)
    step = -(-int(known.sum()) // MANY)
    there = basis[known][::step]
    heights = np.linalg.lstsq(there, values[known][::step].astype(np.float64), rcond=None)[0]
    return (basis @ heights).astype(np.float32)


def _along(values: Tensor, sure: Tensor) -> tuple[Tensor, Tensor]:
    """Values (1, n, H, W) from the nearest sure ones (1, 1, H, W) of their row, and how wrong they are likely to be,
    (1, 1, H, W)."""
    wide = values.shape[3]
    at = torch.arange(wide).expand(sure.shape)
    left = torch.where(sure > 0, at, -1).cummax(3).values
    right = wide - 1 - torch.where(sure > 0, wide - 1 - at, -1).flip(3).cummax(3).values.flip(3)
    has_left, has_right = left >= 0, right < wide
    near, far = (at - left).float(), (right - at).float()
    share = torch.where(has_left & has_right, near / (near + far).clamp(min=1), (~has_left).float())
    ends = [values.gather(3, side.clamp(0, wide - 1).expand(values.shape)) for side in (left, right)]
    pair = (sure[..., 1:] * sure[..., :-1]).expand(1, 1, -1, -1)
    steps = (values.diff(dim=3).square().mean(1, keepdim=True) * pair) if wide > 1 else values[:, :1] * 0
    pad = torch.nn.functional.pad
    spread = pull_push(pad(steps, (0, 1)), pad(pair, (0, 1))) if wide > 1 else steps
    away = torch.where(has_left & has_right, near * far / (near + far).clamp(min=1), torch.where(has_left, near, far))
    wrong = FAR * spread * away
    return torch.lerp(ends[0], ends[1], share), torch.where(has_left | has_right, wrong, wrong.new_tensor(1e9))
