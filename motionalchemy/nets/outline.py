"""Outlines of subjects, one laid over another by a smooth warp, and movement carried along.

Places are counted in widths of their picture, right and down. The warp is followed down on blurred outlines, coarse before
fine, and a price on its bends keeps it smooth (registration by descent; compare 1809.05231).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 32  # cells of an outline's own frame
REACH = 2.2  # sides of that frame in sides of a square as large as the outline's box
THERE = 0.3  # of an opacity, from which a place is within the box
KNOTS = 8  # a side, between which a warp is cubic
STEPS, RATE = 60, 0.25  # of the descent, and cells a step
DECAYS = 0.8, 0.95  # of the means of slopes and of their squares, a step
BLURS = ((7, 3), (3, 1))  # cells over which outlines are blurred in the first half of the steps, and in the second
PRICE = 0.2  # of a squared cell of difference between two places of a warp beside each other
SMALLEST, LARGEST = 0.1, 10.0  # stretches are told apart between these


@dataclass(frozen=True, eq=False)
class Outline:
    """A subject's `shape` (SIDE, SIDE) in [0, 1] in its own frame, whose `middle` (2,) lies there and whose box is as large
    as a square with sides of `size`."""

    shape: Tensor
    middle: Tensor
    size: float


def outlined(opacity: Tensor) -> Outline | None:
    """The outline of a subject (H, W) in [0, 1]; None where none is there."""
    high, wide = opacity.shape
    spans = [(opacity > THERE).any(axis).nonzero().flatten() for axis in (0, 1)]
    if not len(spans[0]):
        return None
    left, top = (int(span[0]) / wide for span in spans)
    right, low = ((int(span[-1]) + 1) / wide for span in spans)
    middle, size = torch.tensor([(left + right) / 2, (top + low) / 2]), ((right - left) * (low - top)) ** 0.5
    steps = ((torch.arange(SIDE) + 0.5) / SIDE - 0.5) * REACH * size
    place = torch.stack(torch.meshgrid(steps, steps, indexing="xy")) + middle[:, None, None]
    share = torch.stack((place[0] * 2 - 1, place[1] * (2 * wide / high) - 1), -1)
    return Outline(F.grid_sample(opacity.float()[None, None], share[None], align_corners=False)[0, 0], middle, size)


def likeness(shapes: Tensor, shape: Tensor) -> Tensor:
    """What shapes (K, SIDE, SIDE) and one more share, of what either covers: (K,) in [0, 1]."""
    both = torch.minimum(shapes, shape).flatten(1).sum(1)
    return both / torch.maximum(shapes, shape).flatten(1).sum(1).clamp(min=1e-6)


def laid_over(shapes: Tensor, shape: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shapes (K, SIDE, SIDE) laid over another: from how many cells away each place comes (K, 2, SIDE, SIDE), how like they
    then are (K,), and how much that bends them within it (K,)."""
    steps = (torch.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    place = torch.stack(torch.meshgrid(steps, steps, indexing="xy"))
    with torch.inference_mode(False), torch.enable_grad():
        shapes, shape = shapes.clone()[:, None], shape.clone()
        knots = torch.zeros(len(shapes), 2, KNOTS, KNOTS, requires_grad=True)
        shift = torch.zeros(len(shapes), 2, 1, 1, requires_grad=True)
        moments = [(torch.zeros_like(each), torch.zeros_like(each)) for each in (knots, shift)]
        for step in range(STEPS):
            now = _warp(knots, shift)
            share = (place + now * (2 / SIDE)).permute(0, 2, 3, 1)
            missed = torch.zeros(())
            for cells in BLURS[2 * step // STEPS]:
                seen = F.grid_sample(_blurred(shapes, cells), share, align_corners=False)
                missed = missed + (seen - _blurred(shape[None, None], cells)).square().sum()
            bends = now.diff(dim=2).square().sum() + now.diff(dim=3).square().sum()
            slopes = torch.autograd.grad(missed + PRICE * bends, (knots, shift))
            for each, slope, moment in zip((knots, shift), slopes, moments, strict=True):
                _stepped(each.data, slope, *moment, step)
    shapes, found = shapes.detach(), _warp(knots, shift).detach()
    seen = F.grid_sample(shapes, (place + found * (2 / SIDE)).permute(0, 2, 3, 1), align_corners=False)[:, 0]
    bends = found.diff(dim=2).square().sum(1)[:, :, :-1] + found.diff(dim=3).square().sum(1)[:, :-1]
    counts = shape[:-1, :-1] + 0.1
    return found, likeness(seen, shape), (bends * counts).sum((1, 2)) / counts.sum()


def _warp(knots: Tensor, shift: Tensor) -> Tensor:
    return F.interpolate(knots, (SIDE, SIDE), mode="bicubic", align_corners=False) + shift


def _blurred(shapes: Tensor, cells: int) -> Tensor:
    for _ in range(2 if cells > 1 else 0):
        shapes = F.avg_pool2d(shapes, cells, 1, cells // 2, count_include_pad=False)
    return shapes


def _stepped(values: Tensor, slope: Tensor, mean: Tensor, square: Tensor, step: int) -> None:
    """One step down, in place (Adam, 1412.6980): PyTorch's own optimisers take longer to import than all steps here."""
    slow, slower = DECAYS
    mean.lerp_(slope, 1 - slow)
    square.lerp_(slope.square(), 1 - slower)
    size = (square / (1 - slower ** (step + 1))).sqrt() + 1e-8
    values.sub_(RATE * mean / (1 - slow ** (step + 1)) / size)


def strain(field: Tensor, opacity: Tensor) -> float:
    """How much a movement (2, T, h, w) in cells, from where each place comes, stretches and presses a subject (h, w): the
    mean square of the logarithms of both principal stretches of what it shows."""
    high, wide = field.shape[2:]
    right = field.diff(dim=3, append=field[..., -1:])
    down = field.diff(dim=2, append=field[:, :, -1:])
    a, b, c, d = 1 + right[0], down[0], right[1], 1 + down[1]
    total, area = a * a + b * b + c * c + d * d, 2 * (a * d - b * c)
    more, less = (total + area).clamp(min=0).sqrt(), (total - area).clamp(min=0).sqrt()
    stretches = ((more + less) / 2, (more - less).abs() / 2)
    missed = sum(each.clamp(SMALLEST, LARGEST).log().square() for each in stretches)
    y, x = ((torch.arange(n) + 0.5).view(-1, *[1] * axis) for axis, n in ((1, high), (0, wide)))
    share = torch.stack(((x + field[0]) * (2 / wide) - 1, (y + field[1]) * (2 / high) - 1), -1)
    seen = F.grid_sample(opacity.expand(len(share), 1, -1, -1), share, align_corners=False)[:, 0] > 0.5
    counts = seen.sum((1, 2)).clamp(min=1)
    return float(((missed * seen).sum((1, 2)) / counts).mean())
