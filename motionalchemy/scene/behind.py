"""What is behind things that leave their places, filled by what guesses best what can be seen beside them."""

import cv2
import numpy as np

from motionalchemy.scene import filling
from motionalchemy.scene.filling import Strength
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.things import Thing

EDGE = 0.02  # of the width: how far around a thing what is behind it is not to be trusted
# Ways to fill what is behind, of which the best is taken.
TRIED: tuple[Strength, ...] = ("smooth", "patches", "learned")
AROUND = 0.06  # of the width: how far around it is looked whether what is behind has one colour
ALIKE, PLAIN = 6, 0.65  # grey levels from that colour, and the share of what is around that has it
FILLED = 128  # pixels: what is behind is filled from about so many squared around it


def plate(scene: Scene, found: tuple[Thing, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What is behind things, with their reflections and shadows, (H, W, 3) float32, and where that is to be seen when they
    have gone, (H, W) in [0, 1]."""
    hidden = np.zeros(scene.picture.shape[:2], np.float32)
    for thing in found:
        hidden = np.maximum(hidden, thing.matte)
        if thing.reflection is not None:
            hidden = np.maximum(hidden, thing.reflection[..., 3])
        if thing.shadow is not None:
            hidden = np.maximum(hidden, (thing.shadow > 0.03).astype(np.float32))
    reach = max(2, round(EDGE * scene.picture.shape[1]))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    wide = cv2.dilate((hidden > 0.02).astype(np.uint8), kernel).astype(bool)
    colour = plain(scene.picture, wide)
    if colour is None:
        behind = filling.filled(scene.picture, wide, best(scene.picture, wide), seen=FILLED).astype(np.float32)
    else:
        behind = np.where(wide[..., None], colour, scene.picture).astype(np.float32)
    inner = cv2.erode(wide.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    gone = cv2.GaussianBlur(inner, (0, 0), max(0.8, reach / 3))
    gone = np.maximum(gone * wide, cv2.dilate(hidden, np.ones((3, 3), np.uint8)))
    return behind, gone.clip(0, 1).astype(np.float32)


def plain(picture: np.ndarray, hidden: np.ndarray) -> np.ndarray | None:
    """The one colour (3,) that nearly all of a picture has around what is hidden (H, W) bool, as paper has; None where it
    has several."""
    reach = max(3, round(AROUND * picture.shape[1])) | 1
    around = cv2.dilate(hidden.astype(np.uint8), np.ones((reach, reach), np.uint8)).astype(bool) & ~hidden
    if around.sum() < 20:
        return None
    seen = picture[around].astype(np.float32)
    colour = np.median(seen, 0)
    return colour if float((np.abs(seen - colour).max(1) <= ALIKE).mean()) > PLAIN else None


def best(picture: np.ndarray, hidden: np.ndarray) -> Strength:
    """How what is hidden (H, W) bool of a picture is best filled: as that is which guesses best what can be seen right
    beside it, in as large a hole at the same height, its colours and how varied they are."""
    columns = np.nonzero(hidden.any(0))[0]
    step = int(columns[-1] - columns[0]) + 3
    tried = None
    for shift in (step, -step, 2 * step, -2 * step):
        beside = _shifted(hidden, shift)
        if beside.sum() > 0.9 * hidden.sum() and not (beside & hidden).any():
            tried = beside
            break
    if tried is None:
        return "patches"
    wrong = {
        strength: _unlike(filling.filled(picture, tried, strength, ~hidden, seen=FILLED), picture, tried)
        for strength in TRIED
    }
    return min(TRIED, key=lambda strength: wrong[strength])


def _shifted(mask: np.ndarray, right: int) -> np.ndarray:
    """A mask (H, W) bool so many pixels farther right."""
    wide, found = mask.shape[1], np.zeros_like(mask)
    if abs(right) < wide:
        found[:, max(right, 0) : wide + min(right, 0)] = mask[:, max(-right, 0) : wide - max(right, 0)]
    return found


def _unlike(one: np.ndarray, other: np.ndarray, there: np.ndarray) -> float:
    """How unlike two pictures (H, W, 3) uint8 are in places (H, W) bool, in grey levels of their colours and of how
    varied these are."""
    pictures = [each.astype(np.float32) for each in (one, other)]
    means = [cv2.GaussianBlur(each, (0, 0), 2.0) for each in pictures]
    varied = [cv2.GaussianBlur(np.abs(p - m), (0, 0), 2.0) for p, m in zip(pictures, means, strict=True)]
    return float((np.abs(means[0] - means[1]) + np.abs(varied[0] - varied[1])).mean(-1)[there].mean())
