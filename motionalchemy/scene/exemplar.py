"""Holes filled with what a picture shows elsewhere, coarse to fine.

At the coarsest size every patch that reaches into a hole is replaced by the nearest of all known patches, again and
again, and its pixels by the mean of what the patches over them say (Kwatra et al., Texture Optimization, 2005). From
there on each place keeps where it was taken from, or takes over from where its neighbours were taken (Ashikhmin,
Synthesizing Natural Textures, 2001), whichever fits better. Pieces are shifted, never mirrored.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from motionalchemy.media import pullpush


@dataclass(frozen=True)
class Effort:
    """How long is looked: pixels of the longer side at which patches are compared last, rounds of replacing patches at the
    coarsest size, and of taking over from neighbours at all, offsets that many places have and that are offered to all
    at the coarsest size, and known patches that are compared at most."""

    finest: int = 300
    rounds: int = 5
    later: int = 6
    popular: int = 24
    most: int = 4000


THOROUGH, QUICK = Effort(), Effort(finest=1, rounds=3, later=3, popular=8, most=2000)
QUICKEST = Effort(finest=1, rounds=2, later=2, popular=4, most=900)
COARSEST = 72  # pixels of the longer side at which patches are compared first
PATCH, SMALLER = 7, 5  # pixels across a patch, at the coarsest size and later
REACH = (4, 2, 1)  # pixels to the neighbours from whom a place takes over, in turn
STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))
ALONE = 1.5  # how many times as much a patch costs beside that no neighbour comes from the same piece
ROW, COLUMN, GUIDE = (
    1.4,
    0.3,
    1.0,
)  # what a patch costs that comes from elsewhere, in shares of the contrast for half the
# height, half the width, and half the range of a guide
UNIQUE = 3.0  # times what sets a patch apart from all others, that it costs besides
WORN = 0.02  # of the contrast of a patch squared, that it costs besides each time that it is shown too often
SEAM = 0.1  # of the longer side: how far into a hole a difference at its edge is evened out
LEAST = 40  # known patches below which there is nothing to copy


def exemplar(
    picture: np.ndarray, hole: np.ndarray, known: np.ndarray, guide: np.ndarray | None = None,
    wanted: np.ndarray | None = None, effort: Effort = THOROUGH,
) -> np.ndarray | None:  # fmt: skip
    """A picture (H, W, 3) float32 in [0, 255] whose `hole` (H, W) is filled by pieces of what is `known` (H, W), both bool,
    rather from where a `guide` (H, W) in [0, 1] is alike; the part of it that is not `wanted` (H, W) bool is left as it is.
    None where too little is known to be copied."""
    sizes = _levels(hole, effort.finest)
    if sizes is None:
        return picture
    needed = hole if wanted is None else hole & wanted
    offsets: np.ndarray | None = None
    filled = picture
    for number, scale in enumerate(sizes):
        small, empty, sure = _shrunk(picture, needed if number else hole, known & ~hole, scale)
        patch = PATCH if number == 0 else SMALLER
        places = _valid(sure, patch)
        if int(places.sum()) < LEAST:
            return None
        costs = _spot(sure)
        if guide is not None:
            alike = cv2.resize(guide, empty.shape[::-1], interpolation=cv2.INTER_AREA)
            costs = np.dstack((costs, 2 * GUIDE * alike))
        if offsets is None:
            filled = smooth(small, empty, ~empty)
            offsets, filled = _replaced(filled, empty, places, costs, patch, effort)
            offsets = _landed(offsets, empty, places)
        else:
            offsets = _enlarged(offsets, empty.shape)
            offsets = _landed(offsets, empty, places)
            filled = _voted(small, empty, sure, offsets)
        offsets, filled = _taken_over(
            small, filled, empty, sure, places, offsets, costs, patch, 0 if number else effort.popular, effort.later
        )
    assert offsets is not None
    offsets = _enlarged(offsets, hole.shape, sizes[-1])
    return _evened(picture, needed, hole, known & ~hole, offsets)


def _levels(hole: np.ndarray, finest: int) -> list[int] | None:
    """By how much a picture is shrunk from the coarsest size to the finest; None where it has no hole."""
    if not hole.any():
        return None
    side = max(hole.shape)
    scale = 1
    while side / scale > COARSEST * 1.4:
        scale *= 2
    scales = [scale]
    while scales[-1] > 1 and 2 * side / scales[-1] <= finest:
        scales.append(scales[-1] // 2)
    return scales


def _shrunk(
    picture: np.ndarray, hole: np.ndarray, known: np.ndarray, scale: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The picture, its hole and what is known of it, at a size smaller by a whole number."""
    if scale == 1:
        return picture, hole, known
    high, wide = -(-hole.shape[0] // scale), -(-hole.shape[1] // scale)
    edge = (0, high * scale - hole.shape[0], 0, wide * scale - hole.shape[1])

    def shares(mask: np.ndarray) -> np.ndarray:
        grown = cv2.copyMakeBorder(mask.astype(np.float32), *edge, cv2.BORDER_REPLICATE)
        return grown.reshape(high, scale, wide, scale).mean((1, 3))

    seen = cv2.copyMakeBorder(picture * ~hole[..., None], *edge, cv2.BORDER_REPLICATE)
    share = shares(~hole)[..., None]
    small = seen.reshape(high, scale, wide, scale, 3).mean((1, 3)) / np.maximum(share, 1e-6)
    empty = share[..., 0] < 0.98
    return small.astype(np.float32), empty, (shares(known) > 0.98) & ~empty


def _valid(sure: np.ndarray, patch: int) -> np.ndarray:
    """Where a whole patch around a place is known, (H, W)."""
    inner = cv2.erode(sure.astype(np.uint8), np.ones((patch, patch), np.uint8), borderValue=0)
    return inner > 0


def _spot(sure: np.ndarray) -> np.ndarray:
    """Where each place lies in the box of what is known, (H, W, 2) in [0, 1], times what it costs to be far from there; one
    outside counts as the nearest in it."""
    spots = []
    for axis, cost in ((1, ROW), (0, COLUMN)):
        known = np.nonzero(sure.any(axis))[0]
        low, high = int(known[0]), int(known[-1])
        spots.append(2 * cost * (np.clip(np.arange(sure.shape[1 - axis]), low, high) - low) / max(high - low, 1))
    return np.stack(np.meshgrid(*spots, indexing="ij"), -1)


def smooth(values: np.ndarray, hole: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values (H, W, n) float32 whose hole (H, W) goes on evenly from what is known (H, W), both bool."""
    field = torch.from_numpy(np.ascontiguousarray(values)).permute(2, 0, 1)[None]
    weight = torch.from_numpy(known.astype(np.float32))[None, None]
    even = pullpush.pull_push(field, weight)[0].permute(1, 2, 0).numpy()
    return np.where(hole[..., None], even, values)


def nearest(there: np.ndarray) -> np.ndarray:
    """The nearest place, row and column, of a mask (H, W) bool to every place, (H, W, 2); the mask is not empty."""
    away = (~there).astype(np.uint8)
    label = np.asarray(
        cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1], np.intp
    )
    spots = np.argwhere(there)
    index = np.zeros((int(label.max()) + 1, 2), np.int32)
    index[label[spots[:, 0], spots[:, 1]]] = spots
    return index[label]


def _patches(picture: np.ndarray, patch: int) -> np.ndarray:
    """A view of the patch around each place of a picture that is grown by its edge, (H, W, 3, patch, patch)."""
    half = patch // 2
    grown = cv2.copyMakeBorder(picture, half, half, half, half, cv2.BORDER_REPLICATE)
    return np.lib.stride_tricks.sliding_window_view(grown, (patch, patch), axis=(0, 1))


def _replaced(
    filled: np.ndarray, hole: np.ndarray, places: np.ndarray, costs: np.ndarray, patch: int, effort: Effort
) -> tuple[np.ndarray, np.ndarray]:
    """From where each place near the hole is taken (H, W, 2), and the picture so filled: all known patches are compared."""
    near = cv2.dilate(hole.astype(np.uint8), np.ones((patch, patch), np.uint8)) > 0
    source = np.argwhere(places)
    source = source[:: -(-len(source) // effort.most)]
    target = np.argwhere(near)
    scale = max(float(filled[places].std()), 4.0) * np.sqrt(3.0) * patch
    seen = _patches(filled, patch)[source[:, 0], source[:, 1]].reshape(len(source), -1)
    seen = np.column_stack((seen, scale * costs[source[:, 0], source[:, 1]])).astype(np.float32)
    norm = np.square(seen).sum(1) + UNIQUE * _unique(seen, source, patch)
    offsets, worn = np.zeros((*hole.shape, 2), np.int32), np.zeros(len(seen), np.float32)
    fair = max(1.0, 2 * len(target) / len(seen))  # times that a patch is shown
    for _ in range(effort.rounds):
        asked = _patches(filled, patch)[target[:, 0], target[:, 1]].reshape(len(target), -1)
        asked = np.column_stack((asked, scale * costs[target[:, 0], target[:, 1]])).astype(np.float32)
        best = np.concatenate(
            [(norm + worn - 2 * part @ seen.T).argmin(1) for part in np.array_split(asked, -(-len(asked) // 1024))]
        )
        shown = np.bincount(best, minlength=len(seen)) / fair
        worn = (0.5 * worn + WORN * scale**2 * (shown - 1).clip(0, 6)).astype(np.float32)
        offsets[target[:, 0], target[:, 1]] = source[best] - target
        filled = _averaged(filled, hole, target, source[best], patch)
    return offsets, filled


def _unique(seen: np.ndarray, source: np.ndarray, patch: int) -> np.ndarray:
    """How little each of n patches (n, d) at places (n, 2) is like any that does not overlap it: what there is once in a
    picture would be seen twice if it were copied."""
    norm, found = np.square(seen).sum(1), np.empty(len(seen), np.float32)
    for part in np.array_split(np.arange(len(seen)), -(-len(seen) // 1024)):
        apart = norm - 2 * seen[part] @ seen.T + norm[part, None]
        beside = np.abs(source[part, None] - source).max(-1) < patch
        found[part] = np.where(beside, np.inf, apart).min(1)
    return np.where(np.isfinite(found), found, found[np.isfinite(found)].max(initial=0.0)).clip(0)


def _averaged(filled: np.ndarray, hole: np.ndarray, target: np.ndarray, source: np.ndarray, patch: int) -> np.ndarray:
    """The picture whose hole is the mean of what all patches over a place, laid from their source, show there."""
    half, (high, wide) = patch // 2, hole.shape
    across = wide + 2 * half
    total = np.zeros(((high + 2 * half) * across, 3), np.float32)  # with a rim, for what reaches out of the picture
    count = np.zeros((len(total), 1), np.float32)
    colours = filled.reshape(-1, 3)
    to, of = (target + half) @ (across, 1), source @ (wide, 1)  # a source's patch lies in the picture
    for down in range(-half, half + 1):
        for right in range(-half, half + 1):
            share = np.float32(np.exp(-(down * down + right * right) / (0.5 * half * half)))
            there = to + (down * across + right)
            total[there] += share * colours[of + (down * wide + right)]  # each place once, as offsets are one to one
            count[there] += share
    inner = np.s_[half : half + high, half : half + wide]
    total, count = (each.reshape(high + 2 * half, across, -1)[inner] for each in (total, count))
    return np.where(hole[..., None] & (count > 0), total / np.maximum(count, 1e-6), filled)


def _enlarged(offsets: np.ndarray, shape: tuple[int, int], times: int = 2) -> np.ndarray:
    """Offsets of a picture that is so many times as large, (H, W, 2)."""
    if times == 1:
        return offsets
    large = np.repeat(np.repeat(offsets, times, 0), times, 1) * times
    down, right = shape[0] - large.shape[0], shape[1] - large.shape[1]
    if down > 0 or right > 0:
        large = np.pad(large, ((0, max(down, 0)), (0, max(right, 0)), (0, 0)), "edge")
    return np.ascontiguousarray(large[: shape[0], : shape[1]])


def _landed(offsets: np.ndarray, hole: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Offsets of the hole brought to the nearest known patch where they miss all."""
    at = np.argwhere(hole)
    land = at + offsets[at[:, 0], at[:, 1]]
    land = np.clip(land, 0, np.array(hole.shape) - 1)
    found = nearest(places)[land[:, 0], land[:, 1]]
    moved = offsets.copy()
    moved[at[:, 0], at[:, 1]] = found - at
    return moved


def _voted(picture: np.ndarray, hole: np.ndarray, known: np.ndarray, offsets: np.ndarray, reach: int = 1) -> np.ndarray:
    """The picture (H, W, 3) whose hole shows what its offsets, and those of its neighbours, point to."""
    at = np.argwhere(hole)
    high, wide = hole.shape
    total, count = np.zeros((len(at), 3), np.float32), np.zeros((len(at), 1), np.float32)
    for down in (-reach, 0, reach):
        for right in (-reach, 0, reach):
            by = np.clip(at + np.array((down, right)), 0, (high - 1, wide - 1))
            by = np.where(hole[by[:, 0], by[:, 1]][:, None], by, at)
            land = at + offsets[by[:, 0], by[:, 1]]
            inside = ((land >= 0) & (land < (high, wide))).all(1)
            land = np.clip(land, 0, (high - 1, wide - 1))
            share = (inside & known[land[:, 0], land[:, 1]])[:, None] * (4.0 if down == right == 0 else 1.0)
            total += share * picture[land[:, 0], land[:, 1]]
            count += share
    filled = picture.copy()
    filled[at[:, 0], at[:, 1]] = total / np.maximum(count, 1e-6)
    return filled


def _taken_over(
    picture: np.ndarray, filled: np.ndarray, hole: np.ndarray, known: np.ndarray, places: np.ndarray,
    offsets: np.ndarray, costs: np.ndarray, patch: int, popular: int, later: int,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Offsets of which each is that of a neighbour, or one of the most `popular`, where that fits better, and the
    picture so filled."""
    at = np.argwhere(hole)
    high, wide = hole.shape
    scale = max(float(picture[known].std()), 4.0) * np.sqrt(3.0) * patch
    patches = _patches(picture, patch)
    for turn in range(later):
        asked = _patches(filled, patch)[at[:, 0], at[:, 1]]
        best = np.full(len(at), np.inf, np.float32)
        chosen = offsets[at[:, 0], at[:, 1]].copy()
        beside = [_beside(at, step, hole) for step in STEPS]
        theirs = np.stack([offsets[by[:, 0], by[:, 1]] for by in beside])  # (4, n, 2)
        reach = REACH[turn % len(REACH)]
        steps = [(step[0] * reach, step[1] * reach) for step in ((0, 0), *STEPS)]
        offered = [offsets[by[:, 0], by[:, 1]] for by in (_beside(at, step, hole) for step in steps)]
        offered += [np.broadcast_to(offset, chosen.shape) for offset in _popular(chosen, popular)]
        for offset in offered:
            land = at + offset
            fits = ((land >= 0) & (land < (high, wide))).all(1)
            land = np.clip(land, 0, (high - 1, wide - 1))
            fits &= places[land[:, 0], land[:, 1]]
            apart = patches[land[:, 0], land[:, 1]] - asked
            moved = scale * (costs[land[:, 0], land[:, 1]] - costs[at[:, 0], at[:, 1]])
            cost = np.einsum("nchw,nchw->n", apart, apart) + np.square(moved).sum(1)
            cost *= 1 + ALONE * (theirs != offset).any(2).mean(0)
            cost = np.where(fits, cost, np.inf)
            better = cost < best
            best[better], chosen[better] = cost[better], offset[better]
        offsets = offsets.copy()
        offsets[at[:, 0], at[:, 1]] = chosen
        filled = _voted(picture, hole, known, offsets)
    return offsets, filled


def _popular(offsets: np.ndarray, count: int) -> np.ndarray:
    """The offsets (n, 2) that most of these (m, 2) are, (count, 2)."""
    if not count:
        return offsets[:0]
    kinds, many = np.unique(offsets, axis=0, return_counts=True)
    return kinds[np.argsort(-many, kind="stable")[:count]]


def _beside(at: np.ndarray, step: tuple[int, int], hole: np.ndarray) -> np.ndarray:
    """The places a step from others (n, 2), those themselves where that leads out of the hole."""
    by = np.clip(at + np.array(step), 0, np.array(hole.shape) - 1)
    return np.where(hole[by[:, 0], by[:, 1]][:, None], by, at)


def _evened(
    picture: np.ndarray, hole: np.ndarray, unseen: np.ndarray, known: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """The picture whose hole is copied by its offsets, and what differs there at the edge of what is `unseen` evened
    out."""
    filled = _voted(picture, hole, known, offsets, reach=2)
    side = max(hole.shape)
    ring = (cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~unseen
    if not ring.any():
        return filled
    at = np.argwhere(ring)
    by = nearest(hole)[at[:, 0], at[:, 1]]
    land = at + offsets[by[:, 0], by[:, 1]]
    high, wide = hole.shape
    good = ((land >= 0) & (land < (high, wide))).all(1)
    at, land = at[good], np.clip(land[good], 0, (high - 1, wide - 1))
    good = known[land[:, 0], land[:, 1]]
    at, land = at[good], land[good]
    apart, weight = np.zeros_like(picture), np.zeros(hole.shape, bool)
    apart[at[:, 0], at[:, 1]] = picture[at[:, 0], at[:, 1]] - picture[land[:, 0], land[:, 1]]
    weight[at[:, 0], at[:, 1]] = True
    if not weight.any():
        return filled
    even = smooth(apart, ~weight, weight)
    away = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    fades = (np.exp(-away / (SEAM * side)) * hole)[..., None]
    return np.clip(filled + fades * np.clip(even, -48, 48), 0, 255).astype(np.float32)
