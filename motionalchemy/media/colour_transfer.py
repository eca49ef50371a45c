"""Detail for edits: a change decided on a small clip, carried to the large one that it was decided for.

Around every pixel the change is a linear map of colours, fitted on the small clip before and after it and then applied to
the large one (guided upsampling: 1505.00996). Where nothing changed the map is the identity, so what an edit leaves alone
is the user's own to the pixel. What no such map explains is left out: strokes, and the lattice of a small model's latents.
Beside the edge of a mask the small clip mixes what changes with what does not, so there the maps come from further inside.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.media.pullpush import pull_push

RADIUS = 6  # pixels of the small clip around one in which its map is fitted
CALM = 2e-4  # variance of colours in 0..1 below which a map stays near the identity
MIXED = 0.04  # of the shorter side: how far from the edge of a mask a small model's picture is of both sides
THIN = 0.1  # the share of a mask that has to lie further inside, else all of it is looked at


def carried(large: np.ndarray, before: np.ndarray, after: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """The frames `large` (T, H, W, 3) changed as `before` (T, h, w, 3) changed to `after`, all uint8; of the small ones
    only what masks `inside` (T, h', w') hold is looked at, and the rest changes as what lies nearest does."""
    masks = [None] * len(large) if inside is None else inside
    return np.stack([_frame(*four) for four in zip(large, before, after, masks, strict=True)])


def _frame(large: np.ndarray, before: np.ndarray, after: np.ndarray, inside: np.ndarray | None) -> np.ndarray:
    weight = None if inside is None else _well_inside(inside, before.shape[0], before.shape[1])
    matrix, offset = fitted(_tensor(before), _tensor(after), weight)
    height, width = large.shape[:2]
    out = np.empty_like(large)
    for rows in _bands(height):  # bounds the memory of a large frame
        a, b = (_stretched(field, height, width, rows) for field in (matrix, offset))
        mapped = _mapped(a, b, _tensor(large[rows]))[0]
        out[rows] = (mapped.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return out


def _mapped(matrix: Tensor, offset: Tensor, colours: Tensor) -> Tensor:
    """Every pixel's colour (1, 3, h, w) through its own map."""
    return (matrix.unflatten(1, (3, 3)) * colours[:, None]).sum(2) + offset


def fitted(before: Tensor, after: Tensor, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Maps of colours around every pixel, (1, 9, h, w) row by row and (1, 3, h, w), for pictures (1, 3, h, w) in 0..1.

    Least squares for after = matrix x before + offset within RADIUS, drawn towards the identity by CALM; pixels count by
    `weight` (1, 1, h, w), and where next to none counts the maps are those of the nearest that do.
    """
    counted = None if weight is None else _around(weight)
    around = _around if weight is None else lambda x: _around(x * weight) / counted.clamp(min=1e-6)  # type: ignore[union-attr]
    mean, target = around(before), around(after)
    spread = around(_products(before, before)) - _products(mean, mean)
    shared = around(_products(after, before)) - _products(target, mean)
    calm = CALM * torch.eye(3).view(1, 9, 1, 1)
    square = lambda field: field[0].permute(1, 2, 0).unflatten(-1, (3, 3))  # noqa: E731
    solved = torch.linalg.solve(square(spread + calm), square(shared + calm), left=False)
    matrix = solved.flatten(-2).permute(2, 0, 1)[None]
    offset = target - _mapped(matrix, torch.zeros_like(target), mean)
    if counted is not None:
        matrix, offset = pull_push(torch.cat((matrix, offset), 1), counted).split((9, 3), 1)
    return _around(matrix), _around(offset)


def _well_inside(mask: np.ndarray, height: int, width: int) -> Tensor:
    """A mask (h, w) at a size, (1, 1, height, width), without what lies near its edge."""
    inside = F.interpolate(torch.from_numpy(np.ascontiguousarray(mask))[None, None].float(), (height, width))
    reach = max(1, round(MIXED * min(height, width)))
    within = -F.max_pool2d(-inside, 2 * reach + 1, 1, reach)
    return within if within.sum() > THIN * inside.sum() else inside


def _products(x: Tensor, y: Tensor) -> Tensor:
    """Every colour of x times every one of y: (1, 9, h, w)."""
    return (x[:, :, None] * y[:, None]).flatten(1, 2)


def _around(x: Tensor) -> Tensor:
    """The mean over the pixels within RADIUS that there are: down, then across."""
    side = 2 * RADIUS + 1
    down = F.avg_pool2d(x, (side, 1), 1, (RADIUS, 0), count_include_pad=False)
    return F.avg_pool2d(down, (1, side), 1, (0, RADIUS), count_include_pad=False)


def _stretched(field: Tensor, height: int, width: int, rows: slice) -> Tensor:
    """Some rows of a field stretched to a size."""
    down = (torch.arange(rows.start, rows.stop) + 0.5) * (2 / height) - 1
    across = (torch.arange(width) + 0.5) * (2 / width) - 1
    grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), -1)[None]
    return F.grid_sample(field, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _bands(height: int, rows: int = 256) -> Iterator[slice]:
    for begin in range(0, height, rows):
        yield slice(begin, min(begin + rows, height))


def _tensor(frame: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].float() / 255
