"""Meshes of triangles laid over a layer, and where each pixel comes from when they are moved."""

from dataclasses import dataclass

import cv2
import numpy as np

NONE = -9.0  # what a pixel that no triangle covers comes from
SIZES = (7, 10, 15, 24, 48, 90)  # pixels of the boxes that triangles are drawn in, together those of about one size


@dataclass(frozen=True, eq=False)
class Mesh:
    """The vertices `rest` (n, 2) in pixels and the `triangles` (m, 3); later ones are drawn over earlier ones."""

    rest: np.ndarray
    triangles: np.ndarray

    def sources(self, moved: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, tuple[int, int]]:
        """From where each pixel of a box comes when the vertices have `moved` (n, 2), (h, w, 2) float32, and the (row,
        column) of the box in a picture of a size (H, W)."""
        high, wide = size
        left, top = np.floor(moved.min(0)).astype(int).clip(0, (wide - 1, high - 1))
        right, low = (np.ceil(moved.max(0)).astype(int) + 1).clip((left + 1, top + 1), (wide, high))
        found = np.full((low - top, right - left, 2), NONE, np.float32)
        a, b, c = (moved[self.triangles[:, k]] for k in range(3))
        across, down = b - a, c - a
        area = across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]
        begin = np.floor(np.minimum(np.minimum(a, b), c)).astype(int)
        sides = (np.ceil(np.maximum(np.maximum(a, b), c)).astype(int) - begin).max(1) + 1
        least = 0
        for most in SIZES:
            some = np.nonzero((sides > least) & (sides <= most) & (np.abs(area) > 1e-3))[0]
            least = most
            if len(some) == 0:
                continue
            cells = np.stack(np.meshgrid(np.arange(most), np.arange(most)), -1).reshape(1, -1, 2)
            at = begin[some, None] + cells
            d, e, f, whole = at - a[some, None], across[some, None], down[some, None], area[some, None]
            u = (d[..., 0] * f[..., 1] - d[..., 1] * f[..., 0]) / whole
            v = (e[..., 0] * d[..., 1] - e[..., 1] * d[..., 0]) / whole
            there = (u > -0.01) & (v > -0.01) & (u + v < 1.01)
            there &= (at >= (left, top)).all(-1) & (at < (right, low)).all(-1)
            first, second, third = (self.rest[self.triangles[some, k]][:, None] for k in range(3))
            source = first + u[..., None] * (second - first) + v[..., None] * (third - first)
            found[at[there][:, 1] - top, at[there][:, 0] - left] = source[there]
        return found, (int(top), int(left))


def over(matte: np.ndarray, step: int) -> Mesh:
    """A mesh of cells of `step` pixels over all that a matte (H, W) covers."""
    high, wide = matte.shape
    columns, rows = np.arange(0, wide + step, step), np.arange(0, high + step, step)
    there = cv2.dilate((matte > 0.004).astype(np.uint8), np.ones((3, 3), np.uint8))
    padded = np.zeros(((len(rows) - 1) * step, (len(columns) - 1) * step), np.uint8)
    padded[:high, :wide] = there[: padded.shape[0], : padded.shape[1]]
    cells = padded.reshape(len(rows) - 1, step, len(columns) - 1, step).any((1, 3))
    down, right = np.nonzero(cells)
    first, line = down * len(columns) + right, len(columns)
    triangles = np.concatenate(
        (np.stack((first, first + 1, first + line), 1), np.stack((first + 1, first + line + 1, first + line), 1))
    )
    used, triangles = np.unique(triangles, return_inverse=True)
    rest = np.stack((used % line, used // line), 1) * float(step)
    return Mesh(rest, triangles.reshape(-1, 3))
