"""What is hidden in a picture, behind its things or beyond its edge, filled by one function of three strengths.

`smooth` goes on evenly and along what is straight, `patches` with pieces of what is known, `learned` by a small network
that weighs such guesses and adds to them; `patchmatch` is `patches` by the optional package of that name. What is known
stays as it is to the bit, and nothing is mirrored.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch

from motionalchemy.errors import MissingPart, UnknownName
from motionalchemy.nets import pack
from motionalchemy.nets.filler import CELL, Filler, FillerConfig
from motionalchemy.scene import exemplar
from motionalchemy.scene.exemplar import QUICK, QUICKEST, Effort
from motionalchemy.scene.straight_fill import straight_on

Strength = Literal["best", "smooth", "patches", "patchmatch", "learned"]
STRENGTHS: tuple[Strength, ...] = ("best", "smooth", "patches", "patchmatch", "learned")
WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "filler"
RADIUS = 5  # pixels that an edge is led by (Telea, An Image Inpainting Technique, 2004)
SEEN = 208  # pixels: pictures are seen at about SEEN x SEEN at most
CONTEXT = 0.75  # of the box of what is hidden, that is looked at around it
LEAST = 96  # pixels, the smallest side of what is looked at
FEW = 0.1  # of what is looked at, that has to be known
WEAVE = (
    1.5  # pixels of what the network sees, over which what it adds is evened out: finer than that it weaves a pattern
)
PLAIN = 3.0  # grey levels squared: where what goes on evenly is likely to be less wrong, it is what is shown
ROWS = 0.12  # weight of the height by which patches are matched


def filled(
    picture: np.ndarray,
    hidden: np.ndarray,
    strength: Strength = "best",
    known: np.ndarray | None = None,
    guide: np.ndarray | None = None,
    wanted: np.ndarray | None = None,
    seen: int = SEEN,
) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose `hidden` places (H, W) bool are filled by what is `known` (H, W) bool alone, all else
    unless it is given; pieces rather from where a `guide` (H, W) in [0, 1] is alike; nothing but what is `wanted`
    (H, W) bool, if that is given. `best` is `learned`, which looks at about `seen` x `seen` pixels at most. Raises
    UnknownName, MissingPart."""
    if strength not in STRENGTHS:
        raise UnknownName("strength", strength, STRENGTHS)
    known = ~hidden if known is None else known & ~hidden
    needed = hidden if wanted is None else hidden & wanted
    if not needed.any() or not known.any():
        return picture
    if strength == "patchmatch":
        return np.where(needed[..., None], _patch_matched(picture, needed, known), picture)
    pixels = picture.astype(np.float32)
    if strength in ("best", "learned"):
        box = _around(needed, known)
        found = pixels.copy()
        found[box] = learned(picture[box], known[box], None if guide is None else guide[box], seen=seen)
    else:
        pieces = exemplar.exemplar(pixels, hidden, known, guide, wanted) if strength == "patches" else None
        found = straight_on(pixels, known)[0] if pieces is None else pieces
    return np.where(needed[..., None], found.round().clip(0, 255), picture).astype(np.uint8)


def best_strength() -> Strength:
    """The strength that `best` is here: the network's, which ships."""
    return "learned"


@cache
def network(folder: Path = WEIGHTS) -> Filler:
    """The network of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "filler", lambda config: Filler(FillerConfig.read(config)))
    assert isinstance(model, Filler)
    return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def led(picture: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose edges are led into what is hidden (H, W) bool."""
    return cv2.inpaint(picture, hidden.astype(np.uint8), RADIUS, cv2.INPAINT_TELEA)


def pieced(
    picture: np.ndarray, hidden: np.ndarray, known: np.ndarray, guide: np.ndarray | None = None,
    effort: Effort = QUICK,
) -> np.ndarray:  # fmt: skip
    """A picture (H, W, 3) uint8 whose hidden places (H, W) show pieces of what is known (H, W), both bool, quickly found,
    in float32; evenly filled where too little is known."""
    pixels = picture.astype(np.float32)
    found = exemplar.exemplar(pixels, hidden, known, guide, effort=effort)
    return exemplar.smooth(pixels, hidden, known) if found is None else found


def learned(
    picture: np.ndarray, known: np.ndarray, guide: np.ndarray | None = None, model: Filler | None = None,
    seen: int = SEEN,
) -> np.ndarray:  # fmt: skip
    """A picture (H, W, 3) uint8 filled by the network from what is known (H, W) bool, (H, W, 3) float32 in 0..255; where it
    saw less than all pixels, with the detail of the pieces that it found likely; and evenly where that is surely right."""
    model = network() if model is None else model
    height, width = known.shape
    pieces = pieced(picture, ~known, known, guide, QUICK if seen >= SEEN else QUICKEST)
    scale = min(1.0, seen / (height * width) ** 0.5)
    high, wide = (max(4 * CELL, round(n * scale / CELL) * CELL) for n in (height, width))
    values, empty = _shrunk(picture, known, high, wide)
    small = _sized(np.where(known[..., None], picture, pieces).astype(np.float32), high, wide)
    made, worth = _guessed(model, values, empty, small)
    whole = _sized(made, height, width)
    if scale < 1:
        detail = pieces - _sized(small, height, width)
        whole = whole + _sized(worth, height, width)[..., None] * detail
    even, wrong = straight_on(values, ~empty)
    trust = _sized(1 / (1 + np.square(wrong / PLAIN)), height, width).reshape(height, width, 1).clip(0, 1)
    return (whole.clip(0, 255) * (1 - trust) + _sized(even, height, width) * trust).clip(0, 255)


@torch.no_grad()
def _guessed(model: Filler, values: np.ndarray, empty: np.ndarray, pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network makes of a picture (h, w, 3) with empty places (h, w), filled by pieces (h, w, 3) too, in 0..255,
    and how much it found these to be worth, (h, w) in 0..1."""
    pixels = values.round().clip(0, 255).astype(np.uint8)
    guesses = np.where(empty[..., None], np.dstack((led(pixels, empty), pieces)), np.dstack((values, values)))
    given, both = (torch.from_numpy(each.astype(np.float32)).permute(2, 0, 1)[None] / 255 for each in (values, guesses))
    mask = torch.from_numpy(empty.astype(np.float32))[None, None]
    made, worth, added = (each[0].permute(1, 2, 0).contiguous().numpy() for each in model(given, mask, both))
    inside = empty.astype(np.float32)[..., None]
    share = cv2.GaussianBlur(inside, (0, 0), WEAVE, borderType=cv2.BORDER_REPLICATE)[..., None]
    calm = cv2.GaussianBlur(added * inside, (0, 0), WEAVE, borderType=cv2.BORDER_REPLICATE) / np.maximum(share, 0.05)
    return (made + inside * (calm - added)) * 255, worth[..., -1]


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


def _around(needed: np.ndarray, known: np.ndarray) -> tuple[slice, slice]:
    """The part of a picture that is looked at to fill what is needed (H, W) bool of it; it has something that is known."""
    spans = list[slice]()
    for axis in (1, 0):
        there = np.flatnonzero(needed.any(axis))
        low, high = int(there[0]), int(there[-1]) + 1
        more = max(round(CONTEXT * (high - low)), LEAST // 2)
        spans.append(slice(max(0, low - more), min(needed.shape[1 - axis], high + more)))
    box = spans[0], spans[1]
    return box if known[box].mean() > FEW else np.s_[:, :]


def _patch_matched(picture: np.ndarray, hole: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A hole filled by patch matching (Barnes et al. 2009), guided by rows; raises MissingPart."""
    if find_spec("patchmatch") is None:
        raise MissingPart("patch matching is not installed: pip install pypatchmatch==2.2.0")
    import patchmatch  # pyright: ignore[reportMissingImports]

    rows = np.nonzero(known.any(1))[0]
    heights = (np.clip(np.arange(len(hole)), rows[0], rows[-1]) - rows[0]) / max(rows[-1] - rows[0], 1)
    guide = np.zeros(picture.shape, np.float32)
    guide[..., 0] = heights[:, None]
    patchmatch.set_random_seed(1)
    return patchmatch.inpaint_regularity(
        np.ascontiguousarray(picture),
        hole.astype(np.uint8) * 255,
        guide,
        patch_size=3,
        global_mask=(~known & ~hole).astype(np.uint8) * 255,
        guide_weight=ROWS,
    )
