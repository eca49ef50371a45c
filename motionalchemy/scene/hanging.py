"""What things hang from: the thread, chain or rod that goes straight up from them."""

import cv2
import numpy as np

from motionalchemy.scene.parse import Scene
from motionalchemy.scene.things import Thing, layer

STEEP = 0.15  # pixels aside per pixel up, that a thread goes at most
NEAR = 0.25  # of the height of a thing: how far its thread may begin from its top
THICK = 0.03  # of the width, that a thread is at most
SPARE = 1.5  # pixels by which it is cut out wider than its edges


def hung(scene: Scene, thing: Thing) -> tuple[Thing, tuple[float, float]] | None:
    """A thing together with what it hangs from, and the place that this hangs at, right and down in pixels; None where no
    thread, chain or rod is seen above it."""
    found = thread(scene.lines, thing, scene.picture.shape[1])
    if found is None:
        return None
    upper, lower, thick = found
    matte = (thing.matte * 255).round().astype(np.uint8)
    ends = [(round(16 * x), round(16 * y)) for x, y in (upper, lower)]
    drawn = np.zeros_like(matte)
    cv2.line(drawn, ends[0], ends[1], 255, max(1, round(thick + 2 * SPARE)), cv2.LINE_AA, 4)
    both = np.maximum(matte, drawn).astype(np.float32) / 255
    left, _, right, low = thing.box
    box = left, min(int(upper[1]), thing.box[1]), right, low
    return Thing(layer(scene.picture, both), box, thing.reflection, thing.shadow, thing.paper), upper


def thread(edges: np.ndarray, thing: Thing, wide: int) -> tuple[tuple[float, float], tuple[float, float], float] | None:
    """The upper and the lower end (x, y) of what a thing hangs from, by straight edges (n, 4) of a picture so wide, and how
    thick it is, in pixels; None where nothing straight goes up from its upper middle."""
    left, top, right, low = thing.box
    tall = low - top
    edges = np.where((edges[:, 1] < edges[:, 3])[:, None], edges, edges[:, [2, 3, 0, 1]])  # the upper end first
    x0, y0, x1, y1 = edges.T
    steep = np.abs(x1 - x0) < STEEP * (y1 - y0)
    quarter = (right - left) / 4
    begins = (np.abs(y1 - _tops(thing, x1)) < NEAR * tall) & (x1 > left + quarter) & (x1 < right - quarter)
    known = edges[steep & begins & (y0 < top)]
    if not len(known):
        return None
    longest = known[np.argmin(known[:, 1])]
    beside = known[np.abs(known[:, 2] - longest[2]) < THICK * wide]
    middle = (beside[:, [0, 2]].min(0) + beside[:, [0, 2]].max(0)) / 2
    upper = float(middle[0]), float(longest[1])
    lower = float(middle[1]), float(max(longest[3], _tops(thing, middle[1:])[0] + 1))
    return upper, lower, float(np.ptp(beside[:, 2]))


def _tops(thing: Thing, columns: np.ndarray) -> np.ndarray:
    """The first row (n,) in which a thing is in some columns (n,); its own top where it is not."""
    there = thing.matte[:, columns.round().astype(int).clip(0, thing.matte.shape[1] - 1)] > 0.5
    return np.where(there.any(0), there.argmax(0), thing.box[1]).astype(float)
