"""Square looks at parts of a picture, turned as a network expects them, and the way back from its pixels."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch

from motionalchemy.nets import pack
from motionalchemy.nets.graph import Graph, GraphConfig

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "points"
PLAIN = 4.0  # grey levels: what varies by less shows nobody


@cache
def network(name: str, folder: Path = WEIGHTS) -> Graph:
    """One of the networks of points, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder / name, name, lambda config: Graph(GraphConfig(**config)))
    assert isinstance(model, Graph)
    return model


def square(
    picture: np.ndarray, centre: np.ndarray, size: float, angle: float, side: int, edge: int = cv2.BORDER_REPLICATE
) -> tuple[np.ndarray, np.ndarray]:
    """What a square `size` pixels wide about a `centre` (2,), turned by an angle in radians, shows of a picture (H, W, 3)
    uint8, (side, side, 3) uint8, and the matrix (2, 3) from its pixels to the picture's."""
    cos, sin = np.cos(angle) * size / side, np.sin(angle) * size / side
    back = np.array([[cos, -sin, 0.0], [sin, cos, 0.0]])
    back[:, 2] = centre - back[:, :2] @ [side / 2, side / 2]
    flags = cv2.INTER_AREA if size > 2 * side else cv2.INTER_LINEAR
    if size > 2 * side:  # a warp alone would skip pixels
        share = 2 * side / size
        small = cv2.resize(picture, None, fx=share, fy=share, interpolation=flags)
        scale = np.array([small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0]])
        return _warped(small, back * scale[:, None], side, edge), back
    return _warped(picture, back, side, edge), back


def _warped(picture: np.ndarray, back: np.ndarray, side: int, edge: int) -> np.ndarray:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, back, (side, side), flags=flags, borderMode=edge)


def run(name: str, look: np.ndarray, signed: bool = False) -> list[np.ndarray]:
    """The outputs of a network for a look (side, side, 3) uint8, without the batch, channels first; it sees values from 0
    to 1, or from -1."""
    pixels = look.astype(np.float32) / (127.5 if signed else 255) - (1 if signed else 0)
    given = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
    outputs = network(name)(given.contiguous(memory_format=torch.channels_last))
    return [each[0].numpy() for each in outputs]


def windows(picture: np.ndarray, part: float) -> Iterator[tuple[np.ndarray, float]]:
    """The middles (2,) and sizes of squares, a `part` of the longer side wide, that cover a picture (H, W, 3) and overlap
    by a third or more; those that show one colour are left out."""
    high, wide = picture.shape[:2]
    size = max(high, wide) * part
    for y in _spread(high, size):
        for x in _spread(wide, size):
            top, left = max(int(y - size / 2), 0), max(int(x - size / 2), 0)
            shown = picture[top : int(y + size / 2) + 1 : 4, left : int(x + size / 2) + 1 : 4]
            if part == 1 or shown.std(axis=(0, 1)).max() > PLAIN:
                yield np.array([x, y]), size


def _spread(length: int, size: float) -> np.ndarray:
    """The middles of windows along one side."""
    if size >= length:
        return np.array([length / 2])
    return np.linspace(size / 2, length - size / 2, int(np.ceil(1.5 * (length - size) / size)) + 1)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Scores as shares in [0, 1]."""
    return 1 / (1 + np.exp(-np.clip(values, -50, 50)))


def back_to(picture: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (n, 2) of a look as those of its picture, by the matrix (2, 3) that came with it."""
    return picture @ matrix[:, :2].T + matrix[:, 2]


def cells(side: int, layout: tuple[tuple[int, int], ...]) -> np.ndarray:
    """The middles of the anchors (n, 2) of a detector that sees `side` pixels, for layers of so many cells a side with so
    many anchors each."""
    found = list[np.ndarray]()
    for count, each in layout:
        middles = (np.arange(count) + 0.5) / count * side
        found.append(np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2).repeat(each, 0))
    return np.concatenate(found)
