"""Pictures made larger or smaller by Lanczos."""

import numpy as np
from PIL import Image


def fit(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """`image` (H, W, 3) uint8 made to cover (height, width) by Lanczos without distortion, its middle kept."""
    scale = max(height / image.shape[0], width / image.shape[1])
    top, left = (image.shape[0] - height / scale) / 2, (image.shape[1] - width / scale) / 2
    box = (max(left, 0), max(top, 0), min(left + width / scale, image.shape[1]), min(top + height / scale, len(image)))
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS, box=box))


def scaled(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """A frame (H, W, 3) uint8 stretched to a size by Lanczos; the frame itself when it has that size."""
    if frame.shape[:2] == (height, width):
        return frame
    return np.array(Image.fromarray(np.ascontiguousarray(frame)).resize((width, height), Image.Resampling.LANCZOS))
