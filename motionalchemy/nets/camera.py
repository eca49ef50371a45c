"""The movement of a whole picture, told apart from what moves in it: a camera pans, zooms or rolls, a leg does not.

Fields are (B, 2, T, h, w): from how far away in frame 0, right and down, each cell of each frame comes.
"""

import torch
from torch import Tensor

ROUNDS = 6  # of reweighting: the estimate stands still after four or five
LEAST = 0.25  # below which a distance from the whole's movement is no distance, in the field's units
RIDGE = 1e-4


def length(x: Tensor, axis: int) -> Tensor:
    """How long vectors of two numbers along an axis are, (..., 2, ...) without it; PyTorch's norm takes a hundred times
    as long beside other axes."""
    return torch.hypot(*x.unbind(axis))


def whole(field: Tensor, counts: Tensor | None = None) -> Tensor:
    """The affine movement that most of each frame shares, as a field like the one given; places count as `counts`
    (B, 1, T, h, w) say, else all alike.

    Iteratively reweighted least squares with Cauchy's weights (Holland and Welsch 1977), begun at the median.
    """
    b, _, frames, h, w = field.shape
    down, right = torch.meshgrid(*(torch.linspace(-1, 1, n, device=field.device) for n in (h, w)), indexing="ij")
    basis = torch.stack((torch.ones_like(right), right, down), -1).flatten(0, 1)  # (h * w, 3)
    points = field.permute(0, 2, 3, 4, 1).reshape(b * frames, h * w, 2)
    fitted = points.median(1, keepdim=True).values
    for _ in range(ROUNDS):
        apart = length(points - fitted, -1)
        usual = apart.median(1, keepdim=True).values.clamp(min=LEAST)
        weights = 1 / (1 + (apart / usual).square())
        weights = weights if counts is None else weights * counts.reshape(weights.shape)
        weighed = basis * weights[..., None]  # (B * T, h * w, 3)
        gram = weighed.transpose(1, 2) @ basis + RIDGE * torch.eye(3, device=field.device)
        fitted = basis @ torch.linalg.solve(gram, weighed.transpose(1, 2) @ points)
    return fitted.view(b, frames, h, w, 2).permute(0, 4, 1, 2, 3)


def steadied(field: Tensor, least: float, share: float) -> Tensor:
    """The field (B, 2, T, h, w) with what hardly leaves the whole's movement brought back to it, and what clearly does
    left alone.

    Hardly is less than `least` and `share` of how far the whole moves in that frame, root mean square.
    """
    common = whole(field)
    own = field - common
    far = common.square().sum(1, keepdim=True).mean((3, 4), keepdim=True).sqrt()
    kept = 1 - torch.exp(-own.square().sum(1, keepdim=True) / (least + share * far).square())
    return common + kept * own
