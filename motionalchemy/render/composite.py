"""One frame over another inside a mask with a soft edge."""

import numpy as np
import torch
import torch.nn.functional as F

FEATHER = 0.008  # of the shorter side: how wide an edge is


def feathered(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask (h, w) at a size, (height, width, 1), its edge soft towards the inside: outside it is exactly 0."""
    tensor = torch.from_numpy(np.ascontiguousarray(mask))[None, None].float()
    if mask.shape != (height, width):
        tensor = F.interpolate(tensor, (height, width), mode="bilinear", align_corners=False)
    inside, reach = (tensor > 0.5).float(), max(1, round(FEATHER * min(height, width)))
    soft = F.avg_pool2d(F.pad(inside, (reach,) * 4, mode="replicate"), 2 * reach + 1, 1)
    return (inside * (2 * soft - 1).clamp(0, 1))[0, 0, :, :, None].numpy()


def composed(edited: np.ndarray, source: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Frames (H, W, 3) uint8: the edited one inside the feathered mask (h, w), the source untouched outside it."""
    share = feathered(mask, *source.shape[:2])
    return np.rint(share * edited + (1 - share) * source).clip(0, 255).astype(np.uint8)


def faded(frames: np.ndarray, drawn: np.ndarray | None, strength: float | None) -> np.ndarray:
    """Frames (T, H, W, 3) uint8 changed by a strength in (0, 1], wholly by None, to what was drawn in their place; none of
    them where nothing was."""
    if drawn is None:
        return frames[:0]
    return (frames + (strength or 1.0) * (drawn.astype(np.float32) - frames)).round().astype(np.uint8)
