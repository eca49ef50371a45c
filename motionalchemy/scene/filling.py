"""What is hidden in a picture, behind its things or beyond its edge, filled by one function of three strengths.

`smooth` goes on evenly, `patches` with pieces of what is known, `learned` by a small network that sees the whole picture
and, where the picture is larger than what the network sees, with the detail of the pieces. What is known stays as it is
to the bit, and nothing is mirrored.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch

from motionalchemy.nets import pack
from motionalchemy.nets.filler import CELL, Filler, FillerConfig
from motionalchemy.scene.exemplar import QUICK, exemplar, smooth

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "filler"
RADIUS = 5  # pixels that an edge is led by (Telea, An Image Inpainting Technique, 2004)
SEEN = 256  # pixels: pictures are seen at about SEEN x SEEN


@cache
def network(folder: Path = WEIGHTS) -> Filler:
    """The network of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "filler", lambda config: Filler(FillerConfig.read(config)))
    assert isinstance(model, Filler)
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def learned(picture: np.ndarray, hidden: np.ndarray, known: np.ndarray, model: Filler | None = None) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose hidden places (H, W) are filled by the network from what is known (H, W), both
    bool; where it saw less than all pixels, with the detail of the pieces that it found likely."""
    model = network() if model is None else model
    height, width = hidden.shape
    pieces = pieced(picture, hidden, known)
    scale = min(1.0, SEEN / (height * width) ** 0.5)
    high, wide = (max(4 * CELL, round(n * scale / CELL) * CELL) for n in (height, width))
    values, empty = _shrunk(picture, known, high, wide)
    small = _sized(np.where(known[..., None], picture, pieces).astype(np.float32), high, wide)
    made, worth = _guessed(model, values, empty, small)
    whole = _sized(made, height, width)
    if high < height:
        detail = pieces - _sized(small, height, width)
        whole = whole + _sized(worth, height, width)[..., None] * detail
    return np.where(hidden[..., None], whole.round().clip(0, 255), picture).astype(np.uint8)


@torch.no_grad()
def _guessed(
    model: Filler, values: np.ndarray, empty: np.ndarray, pieces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the network makes of a picture (h, w, 3) with empty places (h, w), filled by pieces (h, w, 3) too, in 0..255,
    and how much it found these to be worth, (h, w) in 0..1."""
    pixels = values.round().clip(0, 255).astype(np.uint8)
    guesses = np.where(empty[..., None], np.dstack((led(pixels, empty), pieces)), np.dstack((values, values)))
    given, both = (torch.from_numpy(each.astype(np.float32)).permute(2, 0, 1)[None] / 255 for each in (values, guesses))
    mask = torch.from_numpy(empty.astype(np.float32))[None, None]
    made, worth = model(given, mask, both)
    return made[0].permute(1, 2, 0).numpy() * 255, worth[0, -1].numpy()


def _shrunk(picture: np.ndarray, known: np.ndarray, high: int, wide: int) -> tuple[np.ndarray, np.ndarray]:
    """What is known of a picture at another size, (high, wide, 3) float32, and which of its places are hidden (high,
    wide) bool: those of which any part is."""
    share = _sized(known.astype(np.float32), high, wide)[..., None]
    sums = _sized((picture * known[..., None]).astype(np.float32), high, wide)
    return (sums / np.maximum(share, 1e-3)).clip(0, 255), share[..., 0] < 0.99


def _sized(values: np.ndarray, high: int, wide: int) -> np.ndarray:
    """Values (H, W, n) float32 at another size."""
    if values.shape[:2] == (high, wide):
        return values
    how = cv2.INTER_AREA if high * wide < values.shape[0] * values.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(values), (wide, high), interpolation=how)


def led(picture: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose edges are led into what is hidden (H, W) bool."""
    return cv2.inpaint(picture, hidden.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA)


def pieced(picture: np.ndarray, hidden: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose hidden places (H, W) show pieces of what is known (H, W), both bool, quickly found,
    in float32; evenly filled where too little is known."""
    pixels = picture.astype(np.float32)
    found = exemplar(pixels, hidden, known, effort=QUICK)
    return smooth(pixels, hidden, known) if found is None else found
