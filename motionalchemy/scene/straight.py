"""Straight lines of a picture, and a nearness that keeps them straight from wherever they are seen.

A line of a picture is that of a line in space just if the nearness along it is linear.
"""

import cv2
import numpy as np

from motionalchemy.scene.exemplar import smooth

LONG, MOST = 0.07, 60  # of the longer side, from which on a segment counts; how many do at most
PASSES = 3  # of correction: lines that cross ask for different things
JUMP = 0.06  # of nearness from cell to cell, at which a line is parted
FADES = 12.0  # cells beside a line, over which what it asks for fades away


def segments(picture: np.ndarray) -> np.ndarray:
    """The longest straight segments of a picture (H, W, 3) uint8, (n, 4): both ends, right and down, in pixels (von Gioi et
    al., LSD, 2010)."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    found = cv2.createLineSegmentDetector().detect(grey)[0]
    if found is None:
        return np.zeros((0, 4), np.float32)
    ends = np.asarray(found, np.float32).reshape(-1, 4)
    length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    ends = ends[np.argsort(-length)][:MOST]
    return ends[: int((length >= LONG * max(picture.shape[:2])).sum())]


def straightened(layers: list[np.ndarray], owns: list[np.ndarray], lines: np.ndarray) -> list[np.ndarray]:
    """The nearness (h, w) of each layer, nearly linear along `lines` (n, 4) in its cells, where these run through what
    it shows, `owns` (h, w) bool, and changed little elsewhere. A line that runs on into another layer without a step is
    one there."""
    shows = np.argmax(np.stack(owns), 0)
    seen = np.any(owns, 0)
    pieces = [piece for line in lines for piece in _pieces(line, layers, shows, seen)]
    if not pieces:
        return layers
    for _ in range(PASSES):
        total = np.zeros((len(layers), *seen.shape), np.float32)
        count = np.zeros_like(total)
        for x, y, share in (piece.T for piece in pieces):
            column, row = np.rint(x).astype(int), np.rint(y).astype(int)
            kind = shows[row, column]
            along = _along(layers, kind, x, y)
            slope, start = np.polyfit(share, along, 1)
            np.add.at(total, (kind, row, column), (start + slope * share - along).astype(np.float32))
            np.add.at(count, (kind, row, column), 1.0)
        layers = [_corrected(layer, total[n], count[n]) for n, layer in enumerate(layers)]
    return layers


def _corrected(nearness: np.ndarray, total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """A nearness (h, w) with the mean of what lines ask of its cells added, fading out beside them."""
    asked = count > 0
    if not asked.any():
        return nearness
    wanted = (total / np.maximum(count, 1)).astype(np.float32)
    spread = smooth(wanted[..., None], ~asked, asked)[..., 0]
    away = cv2.distanceTransform((~asked).astype(np.uint8), cv2.DIST_L2, 5)
    return (nearness + np.where(asked, wanted, spread * np.exp(-away / FADES))).astype(np.float32)


def _pieces(line: np.ndarray, layers: list[np.ndarray], shows: np.ndarray, seen: np.ndarray) -> list[np.ndarray]:
    """Places along a line, a cell apart, each (n, 3): right, down, and which share of it lies before; parted where what
    it runs through is much nearer or farther than before."""
    x0, y0, x1, y1 = line
    share = np.linspace(0, 1, max(3, int(np.hypot(x1 - x0, y1 - y0)) + 1))
    x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
    high, wide = seen.shape
    inside = (x > -0.5) & (x < wide - 0.5) & (y > -0.5) & (y < high - 0.5)
    x, y, share = x[inside], y[inside], share[inside]
    column, row = np.rint(x).astype(int), np.rint(y).astype(int)
    there = seen[row, column]
    places = np.stack((x, y, share), 1)[there]
    if len(places) < 3:
        return []
    along = _along(layers, shows[row, column][there], places[:, 0], places[:, 1])
    cuts = np.nonzero(np.abs(np.diff(along)) > JUMP)[0] + 1
    return [piece for piece in np.split(places, cuts) if len(piece) >= 3]


def _along(layers: list[np.ndarray], kind: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The nearness (n,) of layers of so many kinds (n,) at places (n,) in cells."""
    at = (x.astype(np.float32)[None], y.astype(np.float32)[None])
    every = [cv2.remap(layer, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0] for layer in layers]
    return np.choose(kind, every)
