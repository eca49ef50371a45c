"""What lies behind a subject in one picture: mirrored from both sides, or led in along edges, whichever guesses better."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.media import pullpush
from motionalchemy.scene.plate import AROUND

BETTER = 0.35  # of the error of mirroring, that leading edges may make to be preferred: it has no texture
ENDS = 0.12  # of the width: how near to the picture's end what is mirrored fades out
LITTLE = 0.02  # the weight of what is mirrored below which it fades out
SOFT = 0.008  # of the width: how softly a guess begins
STEEP = 4  # how fast a filled place of one picture goes over from what lies to its left to what lies to its right


def inpainted(picture: Tensor, hidden: Tensor) -> Tensor:
    """A picture (1, 3, H, W) whose `hidden` places (1, 1, H, W) are guessed from what lies to both sides of them, or by
    leading edges into them: by the method that guesses better what lies around them, too."""
    if not bool(hidden.any()):
        return picture
    reach = max(1, round(AROUND / 2 * picture.shape[3]))
    more = F.max_pool2d(hidden.float(), 2 * reach + 1, 1, reach) > 0
    tried = (more & ~hidden).expand_as(picture)
    wrong = [float((method(picture, more) - picture)[tried].square().mean()) for method in (_mirrored, _led)]
    return (_led if wrong[1] < BETTER * wrong[0] else _mirrored)(picture, hidden)


def _led(picture: Tensor, hidden: Tensor) -> Tensor:
    """Edges led into what is hidden (Telea 2004)."""
    import cv2

    seen = (picture[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    found = cv2.inpaint(seen, hidden[0, 0].numpy().astype(np.uint8), 5, cv2.INPAINT_TELEA)
    return torch.where(hidden, torch.from_numpy(found).permute(2, 0, 1)[None].float() / 255, picture)


def _mirrored(picture: Tensor, hidden: Tensor) -> Tensor:
    """What lies to both sides of what is hidden, mirrored there and evened out, so that a horizon goes on and so does a
    texture; a little softly, so that no edge of it shows."""
    columns = hidden[0, 0].any(0).nonzero().flatten()
    known, width = (~hidden).float(), picture.shape[3]
    smooth, seen = _smooth(picture, known), picture
    picture = picture - smooth
    low, high = int(columns[0]), int(columns[-1]) + 1
    x = torch.arange(width)
    left, right = 2 * low - 1 - x, 2 * high - 1 - x
    share = ((x - low + 0.5) / (high - low)).clamp(0, 1)
    there = [((inside + 1) / (ENDS * width)).clamp(0, 1) for inside in (left, width - 1 - right)]
    weights = (1 - share) ** STEEP * there[0], share**STEEP * there[1]
    total = weights[0] + weights[1]
    sides = [picture[..., at.clamp(0, width - 1)] * weight for at, weight in zip((left, right), weights, strict=True)]
    across = _across(picture, known)
    mirrored = torch.lerp(across, (sides[0] + sides[1]) / total.clamp(min=1e-6), (total / LITTLE).clamp(0, 1))
    mirrored = torch.where((x >= low) & (x < high), mirrored, picture)
    evened = mirrored + _across(picture - mirrored, known)
    evened = evened + pullpush.pull_push((picture - evened) * known, known)
    size = 2 * round(SOFT * width) + 1
    wide = F.max_pool2d(hidden.float(), size, 1, size // 2)
    soft = torch.maximum(F.avg_pool2d(wide, size, 1, size // 2, count_include_pad=False), hidden.float())
    return torch.lerp(seen, (evened + smooth).clamp(0, 1), soft)


def _smooth(picture: Tensor, known: Tensor) -> Tensor:
    """The quadratic colours (1, 3, H, W) nearest to what is known of a picture, as those of a plain plate."""
    height, width = picture.shape[2:]
    down, across = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    basis = torch.stack((torch.ones_like(down), across, down, across * across, across * down, down * down)).flatten(1)
    weighed = basis * known.flatten()
    gram = weighed @ basis.T + 1e-3 * torch.eye(len(basis))
    return (torch.linalg.solve(gram, weighed @ picture[0].flatten(1).T).T @ basis).view_as(picture)


def _across(picture: Tensor, known: Tensor) -> Tensor:
    """A picture (1, n, H, W) whose unknown places come from their own row, or where nothing of it is known from around."""
    rows = pullpush.pull_push(picture.permute(2, 1, 0, 3), known.permute(2, 1, 0, 3)).permute(2, 1, 0, 3)
    return torch.where(known.amax(3, keepdim=True) > 0, rows, pullpush.pull_push(picture, known))
