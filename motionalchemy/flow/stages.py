"""Multi-stage conditioning: motion is decided at half size, detail at full size, and each stage is a plan."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.flow.plan import Plan

UNMOVED = 0.15  # a difference in [-1, 1] that the autoencoder alone can make


@dataclass(frozen=True)
class Stage:
    """One pass: its share of the final side, its steps, and the strength with which it redraws the pass before."""

    scale: float
    steps: int
    strength: float = 1.0


def resize(latents: Tensor, height: int, width: int) -> Tensor:
    """Bilinear resize of (B, C, T, H, W) latents or frames in space."""
    b, c, t, h, w = latents.shape
    if (h, w) == (height, width):
        return latents
    flat = latents.transpose(1, 2).reshape(b * t, c, h, w)
    flat = F.interpolate(flat, (height, width), mode="bilinear", align_corners=False, antialias=height < h)
    return flat.reshape(b, t, c, height, width).transpose(1, 2)


def enlarge(coarse: Tensor, picture: Tensor) -> Tensor:
    """A coarse clip (B, 3, T, h, w) at the size of the given picture (B, 3, 1, H, W), both in [-1, 1].

    Where a pixel still looks as in the coarse clip's first frame, the picture's own fine detail is laid over it again;
    where something moved it is not, so nothing ghosts. Done on pixels, since latents of another size are other latents.
    """
    h, w = coarse.shape[3:]
    height, width = picture.shape[3:]
    detail = picture - resize(resize(picture, h, w), height, width)
    change = (coarse - coarse[:, :, :1]).abs().amax(1, keepdim=True)  # (B, 1, T, h, w)
    keep = torch.exp(-((change / UNMOVED) ** 2))
    return resize(coarse, height, width) + resize(keep, height, width) * detail


def refine(plan: Plan, coarse: Tensor, strength: float) -> Plan:
    """The full-size plan, entered with the coarse result (B, C, T, h, w) noised to at most `strength`.

    What the plan knows stays known; the rest starts from the coarse clip instead of from nothing.
    """
    up = resize(coarse, *plan.value.shape[3:])
    known = plan.known.to(plan.value.dtype)
    value = known * plan.value + (1 - known) * up
    held = None if plan.held is None else torch.clamp(plan.held, max=strength)
    return replace(plan, value=value, strength=torch.clamp(plan.strength, max=strength), held=held)
