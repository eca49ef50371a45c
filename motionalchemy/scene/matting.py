"""Soft mattes where hair and fur end: opacity that is linear in colour in every small window."""

import cv2
import numpy as np

from motionalchemy.media import guided

SIDE = 224  # pixels of the longer side of the part of a picture in which a matte is solved
REACH = 2  # pixels on each side of a window
LEAST = 1e-4  # the variance of colours in 0..1 below which a window counts as flat
HOLDS = 100.0  # how strongly what is known is held
STEPS = 25  # of conjugate gradients


def refined(picture: np.ndarray, matte: np.ndarray, band: np.ndarray) -> np.ndarray:
    """A matte (H, W) of a picture (H, W, 3) uint8, solved anew where a `band` (H, W) bool says that hair or fur ends."""
    if not band.any() or band.all():
        return matte
    rows, columns = (np.nonzero(band.any(axis))[0] for axis in (1, 0))
    edge = 4 * REACH
    crop = (slice(max(rows[0] - edge, 0), rows[-1] + edge), slice(max(columns[0] - edge, 0), columns[-1] + edge))
    part, large = picture[crop].astype(np.float32) / 255, matte[crop]
    share = min(1.0, SIDE / max(part.shape[:2]))
    size = max(8, round(part.shape[1] * share)), max(8, round(part.shape[0] * share))
    small, rough = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (part, large))
    free = cv2.resize(band[crop].astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.3
    found = solved(small, rough, free)
    raised = guided.guided(found[..., None], small, part, REACH, LEAST)[..., 0] if share < 1 else found
    raised = ((raised - 0.02) / 0.96).clip(0, 1)
    result = matte.copy()
    result[crop] = np.where(band[crop], raised, large)
    return result.astype(np.float32)


def solved(picture: np.ndarray, matte: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The matte (h, w) of a picture (h, w, 3) in 0..1 in which the `free` places (h, w) follow from the others.

    The closed form of Levin, Lischinski and Weiss (2008), its Laplacian applied by mean filters (He, Sun and Tang, fast
    matting using large kernel matting Laplacian matrices, 2010), by conjugate gradients.
    """
    side, held = 2 * REACH + 1, np.where(free, 0.0, HOLDS).astype(np.float32)

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)

    colour = mean(picture)
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    spread = np.stack([mean(picture[..., i] * picture[..., j]) - colour[..., i] * colour[..., j] for i, j in pairs], 2)
    inverse = guided.inverse(spread, LEAST)

    def pulled(values: np.ndarray) -> np.ndarray:
        """What the windows ask for: how far each place is from being linear in colour, and what holds it."""
        level = mean(values)
        common = mean(picture * values[..., None]) - colour * level[..., None]
        slope = (inverse * common[..., None, :]).sum(-1)
        start = level - (slope * colour).sum(-1)
        linear = mean(np.dstack((slope, start)))
        return values - (linear[..., :3] * picture).sum(-1) - linear[..., 3] + held * values

    found = matte.astype(np.float32)
    scale = 1 / (1 + held)
    rest = held * matte - pulled(found)
    step = scale * rest
    way, power = step, float((rest * step).sum())
    for _ in range(STEPS):
        across = pulled(way)
        along = float((way * across).sum())
        if power < 1e-8 or along <= 0:
            break
        found = found + power / along * way
        rest = rest - power / along * across
        step = scale * rest
        before, power = power, float((rest * step).sum())
        way = step + power / before * way
    return found.clip(0, 1)
