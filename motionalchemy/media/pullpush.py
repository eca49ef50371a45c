"""Holes of pictures and fields filled from around them."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def pull_push(field: Tensor, weight: Tensor) -> Tensor:
    """A field (1, n, h, w) whose values of little weight (1, 1, h, w) come from around them: pushed down a pyramid and
    pulled up again (Gortler et al., The Lumigraph, 1996)."""
    if max(field.shape[2:]) == 1:
        return field
    pooled = F.avg_pool2d(weight, 2, ceil_mode=True, count_include_pad=False)
    below = F.avg_pool2d(field * weight, 2, ceil_mode=True, count_include_pad=False) / pooled.clamp(min=1e-6)
    wide = F.interpolate(pull_push(below, pooled), field.shape[2:], mode="bilinear", align_corners=False)
    return torch.lerp(wide, field, weight / (weight + 0.05))


def filled(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values (h, w, n) float32 that softly take what lies around them as far as they are not `known` (h, w) in [0, 1]."""
    field = torch.from_numpy(np.ascontiguousarray(values, np.float32)).permute(2, 0, 1)[None]
    led = pull_push(field, torch.from_numpy(np.ascontiguousarray(known, np.float32))[None, None])
    around = led[0].permute(1, 2, 0).numpy()
    return around + (values - around) * known[..., None]
