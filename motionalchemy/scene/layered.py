"""A picture with its nearness as two to four layers, the farthest first, with what is hidden behind them and beyond its
edge.

Nearness is inverse depth, 1 of what is nearest, 0 infinitely far away. Every layer is smooth in it, so that it can be
seen from elsewhere without a tear; where one ends over another its edge is a soft matte, and what lies behind is filled
from its own far side. All layers laid over each other are the picture again.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from motionalchemy.scene import filling
from motionalchemy.scene.depth_cut import FARTHEST, DepthCut, disc, ramp
from motionalchemy.scene.exemplar import smooth
from motionalchemy.scene.filling import Strength
from motionalchemy.scene.straight import segments, straightened

TWIN = 0.05  # of the way around it: a thing that is less cut by the picture's edge is not copied beyond that
ALIKE = 0.015  # of the picture, that has to be known to be copied from alone
REACH = 0.05  # of the longer side: how far behind a layer something may come into view
GRID = 4  # pixels of the picture in a cell of a layer's nearness
BESIDE = 0.07  # of nearness beyond its levels, that counts for a layer's: two that meet without a step agree
PLANAR, SMOOTHED = 0.02, 0.04  # deviation of a plane; of the longer side, over which others are smoothed
SHOWN = 0.02  # of a matte, from which on what is behind is hidden
UNSURE = 40.0  # grey levels between a layer and what is behind it, at which colours say half of the matte


@dataclass(frozen=True, eq=False)
class DepthLayer:
    """What is seen of one layer: `pixels` (h, w, 4) float32, colours in [0, 255] times its matte in [0, 1], and that; its
    `nearness` (h / GRID, w / GRID) float32."""

    pixels: np.ndarray
    nearness: np.ndarray


@dataclass(frozen=True, eq=False)
class LayeredScene:
    """The `layers` of a picture (H, W, 3) uint8, the farthest first, each larger than it by so many pixels at its
    `left` and `top`, and by some at its other sides."""

    picture: np.ndarray
    layers: tuple[DepthLayer, ...]
    left: int
    top: int

    @cached_property
    def shown(self) -> tuple[np.ndarray, ...]:
        """How much of each layer a change of the picture is a change of, (H, W, 1) float32: its matte where it is seen."""
        high, wide = self.picture.shape[:2]
        inside = (slice(self.top, self.top + high), slice(self.left, self.left + wide), slice(3, 4))
        clear, found = np.ones((high, wide, 1), np.float32), list[np.ndarray]()
        for layer in reversed(self.layers):
            matte = layer.pixels[inside].clip(0, 1)
            found.append(matte * (clear > SHOWN))
            clear = clear * (1 - matte)
        return tuple(reversed(found))

    def changed(self, picture: np.ndarray) -> "LayeredScene":
        """The same where the picture has become another, (H, W, 3) float32: its layers are changed where they are seen."""
        change = picture - self.picture
        high, wide = self.picture.shape[:2]
        layers = list[DepthLayer]()
        for layer, share in zip(self.layers, self.shown, strict=True):
            pixels = layer.pixels.copy()
            pixels[self.top : self.top + high, self.left : self.left + wide, :3] += share * change
            layers.append(replace(layer, pixels=pixels))
        return replace(self, layers=tuple(layers))


def build(
    found: DepthCut,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    strength: Strength = "best",
    subject: np.ndarray | None = None,
) -> LayeredScene:
    """The layers of a picture, larger than it by `margins` (left, top, right, bottom) in pixels, filled as `filling`
    says, but not with copies of its `subject` (H, W) bool; raises as that does."""
    left, top, right, low = margins
    pad = (top, low, left, right)
    picture, side = found.picture, max(found.picture.shape[:2])
    wide = cv2.copyMakeBorder(picture, *pad, cv2.BORDER_REPLICATE)
    outside = cv2.copyMakeBorder(np.zeros(picture.shape[:2], np.uint8), *pad, cv2.BORDER_CONSTANT, value=1) > 0
    near = cv2.copyMakeBorder(found.nearness, *pad, cv2.BORDER_REPLICATE)
    if outside.any():
        clear = _clear(found.masks) if found.masks else np.zeros(picture.shape[:2], bool)
        clear = clear if subject is None else clear | subject
        known = ~outside & (cv2.copyMakeBorder(clear.astype(np.uint8), *pad, cv2.BORDER_CONSTANT, value=1) == 0)
        wide = filling.filled(wide, outside, strength, known if known.mean() > ALIKE else None, near)
    masks = [cv2.copyMakeBorder(mask.astype(np.uint8), *pad, cv2.BORDER_REPLICATE) > 0 for mask in found.masks]
    masks = [np.ones(near.shape, bool), *masks]
    reach, seen = ramp(picture), max(3, round(REACH * side))
    lines = (segments(picture) + np.array((left, top, left, top), np.float32) + 0.5) / GRID - 0.5
    none = np.zeros(near.shape, bool)
    nearer = [*masks[1:], none]
    mattes = [np.ones(near.shape, np.float32)]
    mattes += [_matte(wide, mask, after, reach) for mask, after in zip(masks[1:], nearer[1:], strict=True)]
    pixels, evens, shares = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    below = np.zeros((*near.shape, 3), np.float32)
    for number, (mask, after, matte) in enumerate(zip(masks, nearer, mattes, strict=True)):
        hidden = np.any([each > SHOWN for each in mattes[number + 1 :]], axis=0) if after.any() else none
        colours = _behind(wide, mask, after, hidden, (reach, seen), strength)
        shown = _explained(wide, colours, hidden, below, matte) if number else colours
        below = shown + (1 - matte[..., None]) * below
        edges = (0.0, *found.levels, 2.0)
        likely = (near > edges[number] - BESIDE) & (near <= edges[number + 1] + BESIDE)
        shares.append(_cells(near, mask & ~after, 1)[0])
        evens.append(_even(near, mask & ~after, likely, reach, side))
        pixels.append(np.dstack((shown, matte)).astype(np.float32))
    owns = [share >= np.max(shares, 0) for share in shares]
    layers = tuple(map(DepthLayer, pixels, straightened(evens, owns, lines)))
    return LayeredScene(picture, layers, left, top)


def _clear(masks: tuple[np.ndarray, ...]) -> np.ndarray:
    """What stands clear of the picture's edge in any of the masks (H, W), bool: it would be seen twice if it were
    copied."""
    found = np.zeros(masks[0].shape, bool)
    for mask in masks:
        count, label, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        rim = np.bincount(np.concatenate((label[0], label[-1], label[:, 0], label[:, -1])), minlength=count)
        around = 2 * (facts[:, cv2.CC_STAT_WIDTH] + facts[:, cv2.CC_STAT_HEIGHT])
        clear = rim < TWIN * around
        clear[0] = False
        found = found | clear[np.asarray(label, np.intp)]
    return cv2.dilate(found.astype(np.uint8), disc(4)) > 0


def _behind(
    picture: np.ndarray, mask: np.ndarray, nearer: np.ndarray, hidden: np.ndarray, reaches: tuple[int, int],
    strength: Strength,
) -> np.ndarray:  # fmt: skip
    """The colours (H, W, 3) float32 of a layer, going on where it is hidden by what is nearer, and a little around
    itself, from its own pixels that are no nearer than the first of `reaches` to either; no farther than the second
    with their texture."""
    reach, seen = reaches
    pixels = picture.astype(np.float32)
    own = mask & ~(cv2.dilate((nearer | hidden).astype(np.uint8), disc(reach)) > 0)
    own = own if own.sum() >= 64 else mask & ~nearer
    if not own.any():
        return pixels
    kept = (mask | ~(cv2.dilate(mask.astype(np.uint8), disc(2)) > 0)) & ~hidden
    hole = ~kept
    if not hole.any():
        return pixels
    even = np.where(hole[..., None], smooth(pixels, ~own, own), pixels)
    rim = hidden & (cv2.dilate((mask & ~hidden).astype(np.uint8), disc(seen)) > 0)
    if strength == "smooth" or not rim.any():
        return even
    found = filling.filled(even.round().clip(0, 255).astype(np.uint8), hidden, strength, own, wanted=rim)
    return np.where(rim[..., None], found, even).astype(np.float32)


def _matte(picture: np.ndarray, mask: np.ndarray, nearer: np.ndarray, reach: int) -> np.ndarray:
    """How much of a layer (H, W) is seen at each place: in a band around its outline by where the colour lies between that
    of the layer and that behind it, as far as the two differ."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    signed = inside - outside
    ramp = np.clip(0.5 + signed / 2, 0, 1)
    pixels = picture.astype(np.float32)
    firm = (inside >= 0.7 * reach) & ~(cv2.dilate(nearer.astype(np.uint8), disc(reach)) > 0)
    clear = outside >= 0.7 * reach
    if not firm.any() or not clear.any():
        return ramp
    behind = smooth(pixels, ~clear, clear)
    apart = smooth(pixels, ~firm, firm) - behind
    square = (apart * apart).sum(-1)
    share = np.clip(((pixels - behind) * apart).sum(-1) / (square + 1), 0, 1)
    trust = square / (square + 3 * UNSURE**2) * np.clip(1.6 - 1.6 * np.abs(signed) / reach, 0, 1)
    matte = np.where(np.abs(signed) < reach, trust * share + (1 - trust) * ramp, ramp).astype(np.float32)
    return np.clip((cv2.bilateralFilter(matte, 5, 0.3, 1.5) - 0.06) / 0.88, 0, 1)


def _explained(
    picture: np.ndarray, colours: np.ndarray, hidden: np.ndarray, below: np.ndarray, matte: np.ndarray
) -> np.ndarray:
    """The colours times the matte (H, W, 3) of a layer, which over what is `below` are the picture wherever it is seen;
    where the matte is too thin for that it is made thicker, in place."""
    pixels = picture.astype(np.float32)
    least = np.maximum(1 - pixels / np.maximum(below, 1), 1 - (255 - pixels) / np.maximum(255 - below, 1)).max(-1)
    least = np.where(np.abs(pixels - below).max(-1) > 1, least.clip(0, 1), 0)
    np.copyto(matte, np.where(hidden, matte, np.maximum(matte, least)))
    share = matte[..., None]
    rest = np.clip(pixels - (1 - share) * below, 0, 255 * share)
    return np.where(hidden[..., None], share * colours, rest)


def _even(near: np.ndarray, own: np.ndarray, likely: np.ndarray, reach: int, side: int) -> np.ndarray:
    """The nearness of a layer (h, w), one value for GRID x GRID pixels: a plane where its `own` pixels are nearly one, else
    evened out over all that are `likely` as near, and going on beyond where it is seen."""
    own_share, own_values = _cells(near, own, max(1, reach // 2))
    if own_share.max() <= 0:
        return np.full(own_share.shape, 0.5, np.float32)
    plane, misses = _plane(own_values, own_share)
    if misses < PLANAR:
        return np.clip(plane, FARTHEST / 2, 1.15).astype(np.float32)
    share, values = _cells(near, own | likely, max(1, reach // 2))
    whole = share > 0.99 if (share > 0.99).any() else share > 0
    rest = smooth((values - plane)[..., None].astype(np.float32), ~whole, whole)[..., 0]
    even = cv2.GaussianBlur(rest, (0, 0), max(1.0, SMOOTHED * side / GRID), borderType=cv2.BORDER_REPLICATE)
    low, most = values[whole].min(), values[whole].max()
    return np.clip(plane + even, low - 0.03, most + 0.03).clip(FARTHEST / 2, 1.15).astype(np.float32)


def _cells(near: np.ndarray, there: np.ndarray, rim: int) -> tuple[np.ndarray, np.ndarray]:
    """How much of each cell of GRID x GRID pixels is inside (h, w), a rim left out, and its mean nearness there (h, w)."""
    high, wide = -(-near.shape[0] // GRID), -(-near.shape[1] // GRID)
    pad = (0, high * GRID - near.shape[0], 0, wide * GRID - near.shape[1])
    inner = cv2.erode(there.astype(np.uint8), disc(rim), borderValue=1)
    inner = inner if inner.sum() > 64 else there.astype(np.uint8)
    weight = cv2.copyMakeBorder(inner.astype(np.float32), *pad, cv2.BORDER_REPLICATE)
    values = cv2.copyMakeBorder(near, *pad, cv2.BORDER_REPLICATE) * weight
    share = weight.reshape(high, GRID, wide, GRID).mean((1, 3))
    return share, values.reshape(high, GRID, wide, GRID).mean((1, 3)) / np.maximum(share, 1e-6)


def _plane(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """The plane nearest to values (h, w) that count so much (h, w), by reweighted least squares, and how far nine in ten of
    them are from it at most."""
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    basis = np.stack((np.ones(values.size), x.ravel() / values.shape[1], y.ravel() / values.shape[0]), 1)
    there = weights.ravel() > 0.5 if (weights > 0.5).any() else weights.ravel() > 0
    a, b, k = basis[there], values.ravel()[there].astype(np.float64), weights.ravel()[there].astype(np.float64)
    fits, found = np.ones_like(b), np.zeros(3)
    for _ in range(6):
        heavy = (k * fits)[:, None] * a
        found = np.linalg.solve(heavy.T @ a + 1e-6 * np.eye(3), heavy.T @ b)
        fits = 1 / (1 + np.square((a @ found - b) / 0.03))
    return (basis @ found).reshape(values.shape), float(np.percentile(np.abs(a @ found - b), 90))
