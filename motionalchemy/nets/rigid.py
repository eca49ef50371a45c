"""A subject's movement made as rigid as it can be, so that nothing tears or stretches (Sorkine and Alexa 2007).

A movement that was seen of another subject, and carried over, presses some parts and stretches others. Here each cell of
the subject keeps its distance to those beside it, turned as they all turn, against where the movement would take it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

LINKS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, -1), (-1, 0), (-1, -1), (-1, 1))  # rows and columns to the cells beside
STIFF = 0.4  # what a link counts, against the movement of a cell
LOOSE = 0.05  # what the movement of a cell counts that nothing is known of
ROUNDS = 40  # of turning and moving all cells
THERE = 0.3  # of an opacity, from which a cell is of the subject
FULL = 8.0, 4.0  # cells that go there and come from there, in parts of one, that a place needs to be known by itself


def stiffened(field: Tensor, opacity: Tensor) -> Tensor:
    """A movement (2, T, h, w), from how far away in cells each place comes, that keeps the shape of a subject (h, w) as far
    as what it does allows; beyond the subject it is that of its nearest parts."""
    field, size = field.transpose(0, 1), opacity.shape
    frames, cells = len(field), [torch.arange(n) + 0.5 for n in size[::-1]]
    place = torch.stack(torch.meshgrid(*cells, indexing="xy"))
    share = (place + field) * field.new_tensor([2 / size[1], 2 / size[0]]).view(2, 1, 1) - 1
    here = F.grid_sample(opacity.expand(frames, 1, -1, -1), share.permute(0, 2, 3, 1), align_corners=False)
    known, counts = _scattered(place + field, -field, here)
    own = F.max_pool2d((opacity > THERE).float()[None], 3, 1, 1)[0]
    goes = _settled(pulled(known, counts, FULL[0]), LOOSE + (4 * counts).clamp(max=1), own, place)
    back, counts = _scattered(place + goes, -goes, own.expand(frames, 1, -1, -1))
    return pulled(back, counts, FULL[1]).transpose(0, 1)


def _settled(goal: Tensor, trust: Tensor, own: Tensor, place: Tensor) -> Tensor:
    """Where cells go (T, 2, h, w) that should go to a `goal` as far as it is trusted (T, 1, h, w), and of which those of a
    subject (h, w) keep their distances: turned as the cells around them are, then moved, again and again (eqs. 5 to 9)."""
    around = F.pad(own, (1, 1, 1, 1))
    high, wide = own.shape
    links = [own * around[1 + y : 1 + y + high, 1 + x : 1 + x + wide] for y, x in LINKS]
    weight = trust + STIFF * torch.stack(links).sum(0)
    now = place + goal
    for _ in range(ROUNDS):
        apart = [now.roll((-y, -x), (2, 3)) - now for y, x in LINKS]
        both = list(zip(apart, links, LINKS, strict=True))
        cos = torch.stack([link * (to[:, 0] * x + to[:, 1] * y) for to, link, (y, x) in both]).sum(0)
        sin = torch.stack([link * (to[:, 1] * x - to[:, 0] * y) for to, link, (y, x) in both]).sum(0)
        turn = torch.stack((cos, sin), 1) / torch.hypot(cos, sin).clamp(min=1e-6)[:, None]
        total = trust * (place + goal)
        for to, link, (y, x) in both:
            cos, sin = ((turn + turn.roll((-y, -x), (2, 3))) / 2).unbind(1)
            kept = torch.stack((cos * x - sin * y, sin * x + cos * y), 1)
            total = total + STIFF * link * (now + to - kept)
        now = total / weight
    return now - place


def _scattered(place: Tensor, values: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Values (T, n, h, w) that count (T, 1, h, w), laid down at places (T, 2, h, w): sums of them by cell, and of what they
    count, each share of a place to one of the four cells around it."""
    frames, n, high, wide = values.shape
    laid = torch.cat((values * counts, counts), 1).flatten(2)
    found = values.new_zeros(frames, n + 1, high * wide)
    corner = (place - 0.5).floor()
    beyond = place - 0.5 - corner
    for right in (0, 1):
        for down in (0, 1):
            x, y = corner[:, 0].long() + right, corner[:, 1].long() + down
            share = (1 - right - beyond[:, 0]).abs() * (1 - down - beyond[:, 1]).abs()
            share = share * ((x >= 0) & (x < wide) & (y >= 0) & (y < high))
            at = (y.clamp(0, high - 1) * wide + x.clamp(0, wide - 1)).flatten(1)
            found.scatter_add_(2, at[:, None].expand(-1, n + 1, -1), laid * share.flatten(1)[:, None])
    known = found.view(frames, n + 1, high, wide)
    return known[:, :n], known[:, n:]


def pulled(known: Tensor, counts: Tensor, full: float) -> Tensor:
    """Means of sums (T, n, h, w) of what `counts` (T, 1, h, w), where that is 1 / `full` and more; elsewhere those of what
    is near (push and pull, Gortler et al. 1996)."""
    levels = [(known, counts)]
    while min(levels[-1][0].shape[2:]) > 1:
        levels.append((F.avg_pool2d(levels[-1][0], 2), F.avg_pool2d(levels[-1][1], 2)))
    known, counts = levels.pop()
    found = known.sum((2, 3), keepdim=True) / counts.sum((2, 3), keepdim=True).clamp(min=1e-6)
    for known, counts in levels[::-1]:
        own = (counts * full).clamp(max=1)
        guess = F.interpolate(found, known.shape[2:], mode="bilinear", align_corners=False)
        found = guess * (1 - own) + known / counts.clamp(min=1e-6) * own
    return found
