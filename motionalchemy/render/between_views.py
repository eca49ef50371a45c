"""What lies between two views: the places of both brought to where they are seen from there, the nearest in front.

Where both show the same place it is faded from the one to the other, so the first and the last frame are the views
themselves; what is hidden in one comes from the other, and nothing is seen through what stands before it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.scene.depth_cut import disc
from motionalchemy.scene.two_views import Turn, View, placed

FAR = 0.01  # of nearness: a ground that stands is further away than anything
BEFORE = 0.05  # of nearness, by which one place lies before another
TORN = 3.0, 0.03  # pixels and nearness, beyond which neighbours are no neighbours any more
CRACK = 0.01  # of the longer side: narrower gaps in a thing are closed
HIDDEN = 0.02  # of its weight keeps what is seen behind, and a rim


@dataclass(frozen=True, eq=False)
class Splat:
    """One view as it is seen from elsewhere: its `colours` (H, W, 3) float32, how `near` they are (H, W), 0 where nothing
    of it is seen, and how `clear` (H, W), which rims are not."""

    colours: np.ndarray
    near: np.ndarray
    clear: np.ndarray


def frame(first: View, last: View, turn: Turn, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The frame (H, W, 3) float32 at a share of the turn, and by how many grey levels both views differ there (H, W), 0
    where one of them shows nothing."""
    both = seen_from(first, turn.matrix(share), share < 0.5), seen_from(last, turn.matrix(share - 1), share > 0.5)
    weights = _weights(both, share)
    there = np.maximum(*weights) > 0
    thing = cv2.medianBlur(there.astype(np.uint8), 3)
    whole = cv2.morphologyEx(thing, cv2.MORPH_CLOSE, disc(max(1, round(CRACK * max(thing.shape))))) > 0
    colours = _mixed([each.colours for each in both], weights)
    known = there & (thing > 0)
    if (whole & ~known).any():
        colours = _filled(colours, ~known & (cv2.dilate(whole.astype(np.uint8), disc(3)) > 0))
    if not whole.all():
        colours = np.where(whole[..., None], colours, _ground((first, last), share, ~whole))
    shared = (both[0].near > FAR) & (both[1].near > FAR) & (np.abs(both[0].near - both[1].near) < BEFORE)
    apart = np.abs(both[0].colours - both[1].colours).mean(-1) * shared
    return colours.astype(np.float32), apart.astype(np.float32)


def seen_from(view: View, turned: np.ndarray, whole: bool = False) -> Splat:
    """A view after a rotation (3, 3): every place, and those between neighbours that are still neighbours, in the pixel
    on which it falls; the nearest is seen, and fetched from the picture where the middle of the pixel shows it. What is
    unsure is left out unless the `whole` view is wanted."""
    high, wide = view.nearness.shape
    down, right = np.mgrid[:high, :wide].astype(np.float32)
    x, y, near = placed(view.nearness, turned, (high, wide))
    x, y = np.where(view.ground, right, x), np.where(view.ground, down, y)
    near = np.where(view.ground, FAR / 2, near).astype(np.float32)
    points = np.stack((x, y, near, right, down))
    torn = np.array((TORN[0], TORN[0], TORN[1], 9, 9))[:, None, None]
    beside, below, aslant = points[:, :, 1:], points[:, 1:], points[:, 1:, 1:]
    pairs = ((points[:, :, :-1], beside), (points[:, :-1], below), (points[:, :-1, :-1], aslant))
    sure = ~view.unsure | whole
    found = [points[:, sure]]
    both_sure = (sure[:, :-1] & sure[:, 1:], sure[:-1] & sure[1:], sure[:-1, :-1] & sure[1:, 1:])
    found += [
        ((a + b) / 2)[:, (np.abs(a - b) < torn).all(0) & known] for (a, b), known in zip(pairs, both_sure, strict=True)
    ]
    x, y, near, right, down = np.concatenate(found, 1)
    column, row = np.rint(x).astype(np.intp), np.rint(y).astype(np.intp)
    inside = (column >= 0) & (column < wide) & (row >= 0) & (row < high)
    x, y, near, right, down, column, row = (each[inside] for each in (x, y, near, right, down, column, row))
    order = np.argsort(near - 0.004 * np.hypot(column - x, row - y), kind="stable")  # the last one written stays
    at = row[order], column[order]
    places, shown = np.zeros((2, high, wide), np.float32), np.zeros((high, wide), np.float32)
    places[0][at], places[1][at] = (right + column - x)[order], (down + row - y)[order]
    shown[at] = near[order]
    colours = cv2.remap(
        view.colours.astype(np.float32), places[0], places[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    rim = cv2.remap(
        view.rim.astype(np.float32), places[0], places[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return Splat(colours, shown, 1 - (1 - HIDDEN) * rim)


def _weights(both: tuple[Splat, Splat], share: float) -> list[np.ndarray]:
    """How much of each view is seen of what turns (H, W): by the time, but little of what lies behind the other."""
    there = [each.near > FAR for each in both]
    found = list[np.ndarray]()
    for number, part in enumerate((1 - share, share)):
        mine, other = both[number].near, both[1 - number].near
        behind = there[1 - number] & (other - mine > BEFORE)
        found.append(
            np.where(there[number], np.where(behind, HIDDEN, 1) * both[number].clear * part, 0).astype(np.float32)
        )
    return found


def _ground(views: tuple[View, View], share: float, seen: np.ndarray) -> np.ndarray:
    """What stands behind all that turns (H, W, 3) float32, where it is `seen`."""
    parts = [view.ground * np.float32(part) for view, part in zip(views, (1 - share, share), strict=True)]
    colours = _mixed([view.picture.astype(np.float32) for view in views], parts)
    hidden = np.maximum(*parts) == 0
    return _filled(colours, hidden) if (hidden & seen).any() else colours


def _mixed(colours: list[np.ndarray], weights: list[np.ndarray]) -> np.ndarray:
    total = np.maximum(weights[0] + weights[1], 1e-6)[..., None]
    return (weights[0][..., None] * colours[0] + weights[1][..., None] * colours[1]) / total


def _filled(colours: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) that go on evenly where they are hidden (Telea 2004)."""
    whole = np.rint(colours).clip(0, 255).astype(np.uint8)
    return cv2.inpaint(whole, hidden.astype(np.uint8), 3, cv2.INPAINT_TELEA).astype(np.float32)
