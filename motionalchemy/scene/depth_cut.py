"""Where a picture comes apart in layers by its nearness: steps of it found, and led along the outlines of what is seen.

Nearness is inverse depth, 1 of what is nearest, 0 infinitely far away.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from motionalchemy.scene.exemplar import nearest, smooth

FARTHEST = 0.08  # nearness of what is farthest: a picture does not say that it is infinitely far
FLAT = 0.04  # a nearness that differs by less over a picture is none
RAMP = 0.011  # of the longer side: how wide the steps of a network's nearness are smeared
STEP = 0.1  # of nearness, that is a step
LEVELS, GAIN = 3, 0.06  # layers that are cut out at most, and the gain of the first that one has to bring
APART = 0.09  # of nearness, that two levels lie apart at least
OUTLINE = 0.3  # of an outline, that has to be a step
CRUMB = 0.0006  # of the picture: a smaller piece is no layer of its own
EDGES = 2.0, 12.0  # ramps, around which an outline is led along the colours; grey levels that are an edge of them


@dataclass(frozen=True, eq=False)
class DepthCut:
    """A `picture` (H, W, 3) uint8, its nearness (H, W) with ramps made steps, and the `levels` of it at which layers
    are cut out, the farthest first, each with what lies nearer, `masks` (H, W) bool."""

    picture: np.ndarray
    nearness: np.ndarray
    levels: tuple[float, ...]
    masks: tuple[np.ndarray, ...]

    @property
    def focus(self) -> float:
        """The nearness of what is in the middle of the depth of the picture's middle."""
        high, wide = self.nearness.shape
        return float(np.median(self.nearness[high // 6 : high - high // 6, wide // 6 : wide - wide // 6]))

    @cached_property
    def step(self) -> float:
        """The largest step of nearness from a layer to what is behind it, along most of its edge; 0 without layers."""
        found = [0.0]
        around = disc(ramp(self.picture) + 1)
        low, high = cv2.erode(self.nearness, around), cv2.dilate(self.nearness, around)
        for mask in self.masks:
            edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, disc(1)) > 0
            found.append(float(np.percentile((high - low)[edge], 80)) if edge.any() else 0.0)
        return max(found)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest nearness."""
        return float(self.nearness.min()), float(self.nearness.max())


def cut(picture: np.ndarray, nearness: np.ndarray | None) -> DepthCut:
    """Where a picture (H, W, 3) uint8 with a nearness (h, w) of any scale, None where it is flat, comes apart in layers."""
    high, wide = picture.shape[:2]
    if nearness is None:
        return DepthCut(picture, np.full((high, wide), 0.5, np.float32), (), ())
    near = np.ascontiguousarray(nearness, np.float32)
    if near.shape != (high, wide):
        near = cv2.resize(near, (wide, high), interpolation=cv2.INTER_CUBIC)
    low, most = np.percentile(near, (0.5, 99.5))
    if not np.isfinite((low, most)).all() or most - low < FLAT:
        return DepthCut(picture, np.full((high, wide), 0.5, np.float32), (), ())
    near = FARTHEST + (1 - FARTHEST) * np.clip((near - low) / (most - low), 0, 1)
    reach = ramp(picture)
    near = _stepped(near.astype(np.float32), reach)
    levels = _levels(near, reach)
    masks = [_led(picture, mask, reach) for mask in _masks(near, levels, reach)]
    for number in range(len(masks) - 2, -1, -1):
        masks[number] = masks[number] | masks[number + 1]
    near = _parted(near, levels, masks)
    steep = cv2.dilate(near, disc(reach)) - cv2.erode(near, disc(reach)) > STEP
    kept = [pair for pair in zip(levels, masks, strict=True) if _parts(pair[1], steep)]
    return DepthCut(picture, near, tuple(level for level, _ in kept), tuple(mask for _, mask in kept))


def without(found: DepthCut, plate: np.ndarray, hidden: np.ndarray) -> DepthCut:
    """The same where something stood, `hidden` (H, W) bool, behind which lies a `plate` (H, W, 3) uint8 that goes on
    evenly in depth."""
    near = smooth(found.nearness[..., None], hidden, ~hidden)[..., 0] if not hidden.all() else found.nearness
    masks = tuple(np.where(hidden, near > level, mask) for level, mask in zip(found.levels, found.masks, strict=True))
    return DepthCut(plate, near.astype(np.float32), found.levels, masks)


def ramp(picture: np.ndarray) -> int:
    """How many pixels of a picture a step of a network's nearness is smeared over."""
    return max(2, round(RAMP * max(picture.shape[:2])))


def disc(radius: int) -> np.ndarray:
    """A disc of ones, (2 * radius + 1, 2 * radius + 1) uint8."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _stepped(near: np.ndarray, reach: int) -> np.ndarray:
    """A nearness whose steep ramps are steps: there each place is as near as the nearer in value of its two sides."""
    for radius in (reach, max(1, reach // 2)):
        low, high = cv2.erode(near, disc(radius)), cv2.dilate(near, disc(radius))
        near = np.where(high - low > STEP, np.where(2 * near > high + low, high, low), near)
    return cv2.medianBlur(near.astype(np.float32), 5)


def _levels(near: np.ndarray, reach: int) -> list[float]:
    """The levels that part the two sides of as many edges as can be, each as clearly as can be, in order."""
    low, high = cv2.erode(near, disc(reach)), cv2.dilate(near, disc(reach))
    edge = high - low > STEP
    if edge.mean() < 0.002:
        return []
    low, high = low[edge], high[edge]
    grid = np.arange(FARTHEST + 0.04, 0.97, 0.02)
    parts = np.minimum(high[:, None] - grid, grid - low[:, None]).clip(0, 0.2) * (high - low)[:, None]  # (n, levels)
    best, chosen, first = np.zeros(len(low)), list[float](), 0.0
    for _ in range(LEVELS):
        gains = np.maximum(parts - best[:, None], 0).sum(0)
        gains[[any(abs(level - other) < APART for other in chosen) for level in grid]] = 0
        at = int(gains.argmax())
        first = max(first, float(gains[at]))
        if gains[at] < GAIN * first or gains[at] <= 0:
            break
        chosen.append(float(grid[at]))
        best = np.maximum(best, parts[:, at])
    return sorted(chosen)


def _masks(near: np.ndarray, levels: list[float], reach: int) -> list[np.ndarray]:
    """What lies nearer than each level, without crumbs, and with the thin rims that a ramp leaves around what is nearer."""
    masks = [_clean(near > level) for level in levels]
    for number in range(len(masks) - 2, -1, -1):
        own = (masks[number] & ~masks[number + 1]).astype(np.uint8)
        thick = cv2.dilate(cv2.morphologyEx(own, cv2.MORPH_OPEN, disc(reach)), disc(max(1, reach // 2)))
        thin = (own > 0) & (thick == 0) & (cv2.dilate(masks[number + 1].astype(np.uint8), disc(reach)) > 0)
        masks[number + 1] = masks[number + 1] | thin
    return masks


def _parts(mask: np.ndarray, steep: np.ndarray) -> bool:
    """Whether a mask (H, W) is a part of a picture that is worth a layer: enough of its outline is a step of nearness."""
    outline = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, disc(1)) > 0
    return 0.004 < mask.mean() < 0.996 and bool(outline.any()) and steep[outline].mean() > OUTLINE


def _led(picture: np.ndarray, mask: np.ndarray, reach: int) -> np.ndarray:
    """A mask whose outline is led along the edges of the colours near it (He et al., Guided Image Filtering, 2010)."""
    size = (2 * round(EDGES[0] * reach) + 1,) * 2
    mean = lambda values: cv2.boxFilter(values, -1, size, borderType=cv2.BORDER_REFLECT)  # noqa: E731
    pixels = picture.astype(np.float32) / 255
    share = mask.astype(np.float32)
    colour, level = mean(pixels), mean(share)
    spread = np.empty((*mask.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            spread[..., i, j] = spread[..., j, i] = (
                mean(pixels[..., i] * pixels[..., j]) - colour[..., i] * colour[..., j]
            )
    spread += (EDGES[1] / 255) ** 2 * np.eye(3, dtype=np.float32)
    along = mean(pixels * share[..., None]) - colour * level[..., None]
    slope = np.linalg.solve(spread, along[..., None])[..., 0]
    rest = level - (slope * colour).sum(-1)
    led = (mean(slope.astype(np.float32)) * pixels).sum(-1) + mean(rest)
    near = cv2.dilate(mask.astype(np.uint8), disc(2 * reach)) - cv2.erode(mask.astype(np.uint8), disc(2 * reach)) > 0
    firm = np.where(near, led > 0.5, mask)
    joined = cv2.morphologyEx(firm.astype(np.uint8), cv2.MORPH_CLOSE, disc(reach)) > 0
    return _clean(firm | (joined & mask))  # what is thin and pale stays with what it joins


def _parted(near: np.ndarray, levels: list[float], masks: list[np.ndarray]) -> np.ndarray:
    """A nearness that lies on the side of each level on which the masks have it, taken from the nearest place there."""
    edges = [0.0, *levels, 2.0]
    kinds = np.zeros(near.shape, np.int32)
    for mask in masks:
        kinds += mask
    parted = near.copy()
    for kind in range(len(masks) + 1):
        own = kinds == kind
        true = own & (near > edges[kind]) & (near <= edges[kind + 1])
        wrong = own & ~true
        if not wrong.any() or not true.any():
            continue
        by = nearest(true)[wrong]
        parted[wrong] = near[by[:, 0], by[:, 1]]
    return parted


def _clean(mask: np.ndarray) -> np.ndarray:
    """A mask without pieces and holes that are too small to be things."""
    least = CRUMB * mask.size
    for value in (1, 0):
        _, label, facts, _ = cv2.connectedComponentsWithStats((mask == bool(value)).astype(np.uint8), connectivity=4)
        small = facts[:, cv2.CC_STAT_AREA] < least
        small[0] = False
        mask = np.where(small[np.asarray(label, np.intp)], not value, mask)
    even = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.2, borderType=cv2.BORDER_REPLICATE)
    return even > 0.5
