"""What nobody can see in one picture: behind its things and beyond its edge, by one function of several strengths.

`smooth` goes on evenly, `exemplar` with pieces of what is there, `patchmatch` by the optional package of that name,
`learned` by a network where one is given. Nothing is ever mirrored.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Literal

import numpy as np

from motionalchemy.errors import MissingPart, UnknownName
from motionalchemy.scene.exemplar import exemplar, smooth

Strength = Literal["smooth", "exemplar", "patchmatch", "learned"]
STRENGTHS: tuple[Strength, ...] = ("smooth", "exemplar", "patchmatch", "learned")
Learned = Callable[
    [np.ndarray, np.ndarray], np.ndarray
]  # (picture (H, W, 3) uint8, hole (H, W) bool) -> a picture like it


def filled(
    picture: np.ndarray,
    hole: np.ndarray,
    known: np.ndarray | None = None,
    strength: Strength = "exemplar",
    learned: Learned | None = None,
    guide: np.ndarray | None = None,
    wanted: np.ndarray | None = None,
) -> np.ndarray:
    """A picture (H, W, 3) uint8 whose `hole` (H, W) bool is filled with what is likely there, by what is `known` (H, W)
    bool alone, all else unless it is given, and rather by what a `guide` (H, W) in [0, 1] has like it; nothing but what
    is `wanted` (H, W) bool, if that is given. Raises UnknownName, MissingPart."""
    if strength not in STRENGTHS:
        raise UnknownName("strength", strength, STRENGTHS)
    known = ~hole if known is None else known & ~hole
    needed = hole if wanted is None else hole & wanted
    if not needed.any() or not known.any():
        return picture
    if strength == "learned":
        if learned is None:
            raise MissingPart("no network that fills holes is installed: use the strength exemplar")
        return np.where(needed[..., None], learned(picture, hole), picture)
    if strength == "patchmatch":
        return np.where(needed[..., None], _patch_matched(picture, needed, known), picture)
    pixels = picture.astype(np.float32)
    found = exemplar(pixels, hole, known, guide, wanted) if strength == "exemplar" else None
    if found is None:
        found = smooth(pixels, hole, known)
    return np.where(needed[..., None], found.round().clip(0, 255), picture).astype(np.uint8)


def best_strength() -> Strength:
    """The strongest way to fill that is installed here without a network."""
    return "patchmatch" if find_spec("patchmatch") is not None else "exemplar"


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
    found = patchmatch.inpaint_regularity(
        np.ascontiguousarray(picture),
        hole.astype(np.uint8) * 255,
        guide,
        patch_size=3,
        global_mask=(~known & ~hole).astype(np.uint8) * 255,
        guide_weight=0.12,
    )
    return found
