"""A movement mended by descent: what a search finds is changed until the first picture, moved so, is the clip.

A search compares patches, and so blurs thin limbs into what is beside them and guesses where nothing can be seen. Here the
error of the moved picture itself is followed down (analysis by synthesis), from the search's result, over waves of all
lengths at once, long ones first, and a field that changes from place to place has a price.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

STEPS, RATE = 40, 1.5  # of the descent, and pixels a step
EVERY = 2  # of the frames is mended; those between lie between
FINE = 2  # pixels a cell at which pictures are compared
LONG, SLOW = 32 / 3, 4.0  # cells and mended frames of a wave that is followed half as fast as the longest
PRICE = 0.01  # of a squared pixel of difference between two cells beside each other, against one unit of colour
SOFT = 1e-2  # of colour: smaller errors count by their squares


def mended(clip: Tensor, found: Tensor, steps: int = STEPS) -> Tensor:
    """The movement (2, T-1, h, w) of a clip (T, n, H, W) in [0, 1], in pixels from frame 0, `steps` from `found`."""
    frames, high = found.shape[1:3]
    step, cell = min(EVERY, frames), clip.shape[2] // high
    at = torch.arange(step, frames + 1, step)
    small = F.avg_pool2d(clip.float(), max(1, cell // FINE))
    begin = found[:, at - 1].transpose(0, 1)  # (t, 2, h, w)
    with torch.inference_mode(False), torch.enable_grad():
        mend = _descended(small[:1].clone(), small[at].clone(), begin.clone(), cell, steps)
    known = torch.cat((torch.zeros_like(mend[:1]), mend))
    place = torch.arange(1, frames + 1, device=found.device) / step
    low = place.long().clamp(max=len(mend) - 1)
    share = (place - low).clamp(max=1).view(-1, 1, 1, 1)
    return torch.lerp(known[low], known[low + 1], share).transpose(0, 1)


def _descended(first: Tensor, later: Tensor, begin: Tensor, cell: int, steps: int) -> Tensor:
    """The movements (t, 2, h, w) in pixels that make `later` pictures (t, n, H, W) of the first."""
    frames, _, high, wide = begin.shape
    times, rows, columns = (_waves(n).to(begin) for n in (frames, high, wide))
    pace = _pace(frames, high, wide).to(begin)
    first = first.expand(frames, -1, -1, -1)
    size = later.shape[2:]
    y, x = ((torch.arange(n, device=begin.device) + 0.5) * (2 / n) - 1 for n in size)
    to_share = begin.new_tensor([2 / (cell * wide), 2 / (cell * high)]).view(
        2, 1, 1
    )  # of pixels, as grid_sample counts
    waves = torch.zeros_like(begin).requires_grad_()
    optimiser = torch.optim.Adam([waves], RATE, (0.8, 0.95))

    def field() -> Tensor:
        flat = rows.T @ (waves * pace) @ columns
        return begin + (times.T @ flat.flatten(1)).view_as(flat)

    for _ in range(steps):
        now = field()
        share = F.interpolate(now, size, mode="bilinear", align_corners=False) * to_share
        grid = torch.stack((x + share[:, 0], y[:, None] + share[:, 1]), -1)
        error = F.grid_sample(first, grid, padding_mode="border", align_corners=False) - later
        seen = (error.square() + SOFT**2).sqrt().sum()
        bends = now.diff(dim=2).square().sum() + now.diff(dim=3).square().sum()
        optimiser.zero_grad()
        ((seen + PRICE * bends) / frames).backward()
        optimiser.step()
    return field().detach()


def _pace(frames: int, high: int, wide: int) -> Tensor:
    """How fast each wave is followed (frames, 1, high, wide), the longest at 1."""
    down, across = torch.arange(high)[:, None] / high, torch.arange(wide)[None] / wide
    length = torch.hypot(down, across) * LONG
    return (1 / (1 + length)) / (1 + torch.arange(frames) / SLOW).view(-1, 1, 1, 1)


@lru_cache
def _waves(count: int) -> Tensor:
    """The cosine transform of `count` places, (count, count), orthonormal rows."""
    row, place = torch.arange(count)[:, None], torch.arange(count) + 0.5
    waves = torch.cos(math.pi * row * place / count) * math.sqrt(2 / count)
    waves[0] /= math.sqrt(2)
    return waves
