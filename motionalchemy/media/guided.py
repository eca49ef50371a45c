"""A small map carried to the size of the picture that it belongs to, along that picture's edges."""

import cv2
import numpy as np

REACH = 4  # pixels of the small picture on each side that a place is compared with
LEAST = 4e-4  # the variance of colours in 0..1 below which a patch counts as flat


def guided(
    maps: np.ndarray, small: np.ndarray, picture: np.ndarray, reach: int = REACH, least: float = LEAST
) -> np.ndarray:
    """Maps (h, w, C) of a small picture (h, w, 3) in 0..1 at the size of the whole one (H, W, 3): (H, W, C) float32.

    In every window the maps are taken to be linear in colour; the coefficients are found small and applied large (the
    guided filter for colours and its fast form: He, Sun and Tang 2013; 1505.00996). Raises ValueError where sizes
    disagree.
    """
    if maps.shape[:2] != small.shape[:2]:
        raise ValueError(f"maps {maps.shape[:2]} and small picture {small.shape[:2]} differ in size")
    side = 2 * reach + 1

    def mean(values: np.ndarray) -> np.ndarray:
        found = cv2.blur(np.ascontiguousarray(values, np.float32), (side, side), borderType=cv2.BORDER_REFLECT)
        return found if found.ndim == 3 else found[..., None]

    colour, level = mean(small), mean(maps)
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    spread = mean(np.stack([small[..., i] * small[..., j] for i, j in pairs], 2))
    spread = spread - np.stack([colour[..., i] * colour[..., j] for i, j in pairs], 2)
    common = np.stack(
        [mean(maps * small[..., i : i + 1]) - level * colour[..., i : i + 1] for i in range(3)], 2
    )  # (h, w, 3, C)
    slope = np.einsum("hwij,hwjc->hwic", inverse(spread, least), common, optimize=True)
    start = level - np.einsum("hwi,hwic->hwc", colour, slope)
    height, width = picture.shape[:2]

    def large(values: np.ndarray) -> np.ndarray:
        found = cv2.resize(mean(values), (width, height), interpolation=cv2.INTER_LINEAR)
        return found if found.ndim == 3 else found[..., None]

    out = large(start)
    for i in range(3):
        out += large(slope[:, :, i]) * picture[..., i : i + 1]
    return out


def inverse(spread: np.ndarray, least: float) -> np.ndarray:
    """The inverses (h, w, 3, 3) of symmetric matrices given as (xx, xy, xz, yy, yz, zz), with `least` on their
    diagonals."""
    xx, xy, xz, yy, yz, zz = np.moveaxis(spread.astype(np.float64), 2, 0)
    xx, yy, zz = xx + least, yy + least, zz + least
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    whole = xx * a + xy * b + xz * c
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    rows = np.stack((a, b, c, b, d, e, c, e, f), -1) / whole[..., None]
    return rows.reshape(*rows.shape[:2], 3, 3).astype(np.float32)
