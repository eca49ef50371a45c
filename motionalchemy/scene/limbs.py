"""A person cut into limbs and trunk: each limb with its own matte, the trunk whole behind the arms."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionalchemy.media import pullpush
from motionalchemy.scene.skeleton import Limb, Skeleton

CORE = 0.55  # of a bone's half width: what surely is of its limb
TIP, FOOT = 0.45, 0.25  # of a bone's length, that hands and feet reach beyond it
WIDEST = {"arm": 0.19, "leg": 0.26}  # of the trunk: the half width of a bone at most
HELD = 0.012  # of the trunk's square: the smallest thing that counts as held


@dataclass(frozen=True, eq=False)
class Cut:
    """A person in pieces: the mattes (H, W) of its `limbs`, how wide (2,) the bones of each are on either side, the
    matte of the `trunk` with the head and all that stays, and the colours (H, W, 3) float32 behind the arms, `under`."""

    skeleton: Skeleton
    limbs: dict[Limb, np.ndarray]
    widths: dict[Limb, np.ndarray]
    trunk: np.ndarray
    under: np.ndarray
    held: tuple[str, ...] = ()


def away(at: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How far places (..., 2) are from a bone."""
    bone = end - begin
    share = (((at - begin) @ bone) / max(float(bone @ bone), 1e-6)).clip(0, 1)
    return np.linalg.norm(at - begin - share[..., None] * bone, axis=-1)


def unit(vector: np.ndarray) -> np.ndarray:
    """The direction of a vector."""
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-6)


def cut(picture: np.ndarray, found: Skeleton) -> Cut:
    """A person in a picture (H, W, 3) uint8 in pieces."""
    inside = (found.matte > 0.3).astype(np.uint8)
    deep = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
    widths: dict[Limb, np.ndarray] = {limb: _widths(found, limb, deep) for limb in found.movable}
    places = np.moveaxis(np.indices(inside.shape)[::-1], 0, -1).astype(np.float32)
    kept, held = _held(found, widths, places, inside)
    widths = {limb: width for limb, width in widths.items() if limb in kept.movable}
    return _pieces(picture, kept, widths, places, inside > 0, held)


def _widths(found: Skeleton, limb: Limb, deep: np.ndarray) -> np.ndarray:
    """How wide the two bones of a limb are on either side of it."""
    root, middle, end = found.chains[limb]
    high, wide = deep.shape
    at = [((a + b) / 2).astype(int).clip(0, (wide - 1, high - 1)) for a, b in ((root, middle), (middle, end))]
    most = WIDEST["arm" if "arm" in limb else "leg"] * found.trunk
    return np.array([deep[row, column] for column, row in at]).clip(0.05 * found.trunk, most)


def _held(
    found: Skeleton, widths: dict[Limb, np.ndarray], places: np.ndarray, inside: np.ndarray
) -> tuple[Skeleton, tuple[str, ...]]:
    """The person whose arm stays where what it holds also touches another part, and what was found in its hands."""
    near = np.full(inside.shape, np.inf, np.float32)
    for limb, (root, middle, end) in found.chains.items():
        if found.stays[limb] == "it is not surely seen":
            continue
        wide = widths.get(limb, np.full(2, 0.1 * found.trunk))
        tip = end + TIP * (end - middle)
        near = np.minimum(near, away(places, root, middle) / wide[0])
        near = np.minimum(near, away(places, middle, tip) / max(wide[1], 0.08 * found.trunk))
    body = _torso(found, inside.shape, 1.25) | (np.linalg.norm(places - found.head, axis=-1) < 0.55 * found.trunk)
    rest = ((near > 2.0) & ~body & (inside > 0)).astype(np.uint8)
    count, parts, facts, _ = cv2.connectedComponentsWithStats(rest)
    notes, stays = list[str](), dict(found.stays)
    hands: list[Limb] = [limb for limb in widths if "arm" in limb]
    reach = 0.3 * found.trunk
    for number in range(1, count):
        if facts[number, cv2.CC_STAT_AREA] < HELD * found.trunk**2 or found.drawn:
            continue
        piece = places[np.asarray(parts) == number]
        hand: list[Limb] = [
            limb for limb in hands if np.linalg.norm(piece - found.chains[limb][2], axis=-1).min() < reach
        ]
        other = [np.linalg.norm(piece - place, axis=-1).min() < reach for place in (found.hips, found.shoulders)]
        if len(hand) == 1 and not any(other):
            notes.append(hand[0])
        elif hand:
            for limb in hand:
                stays[limb] = "it holds something that touches more than that hand"
    return replace(found, stays=stays), tuple(notes)


def _torso(found: Skeleton, shape: tuple[int, ...], wide: float) -> np.ndarray:
    """Where the trunk surely is (H, W)."""
    order: tuple[Limb, ...] = ("left arm", "right arm", "right leg", "left leg")
    corners = np.array([found.chains[limb][0] for limb in order])
    corners = corners.mean(0) + (corners - corners.mean(0)) * (wide, 1)
    drawn = np.zeros(shape, np.uint8)
    cv2.fillPoly(drawn, [corners.round().astype(np.int32)], (1,))
    return drawn > 0


def _cores(found: Skeleton, limb: Limb, wide: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a limb surely is (H, W), and where it may be."""
    root, middle, end = found.chains[limb]
    arm = "arm" in limb
    tip = end + (TIP if arm else FOOT) * (end - middle)
    apart = np.minimum(away(places, root, middle) / wide[0], away(places, middle, end) / wide[1])
    apart = np.minimum(apart, away(places, end, tip) / max(float(wide[1]), 0.1 * found.trunk))
    core, zone = apart < CORE, apart < (1.8 if arm else 2.4)
    bone = middle - root
    if arm and not found.drawn:
        cross = bone[0] * (places - root)[..., 1] - bone[1] * (places - root)[..., 0]
        inner = bone[0] * (found.hips - root)[1] - bone[1] * (found.hips - root)[0]
        along = (places - root) @ bone / max(float(bone @ bone), 1e-6)
        sleeve = (np.sign(cross) != np.sign(inner)) & (along > 0.1) & (along < 1)
        sleeve &= away(places, root, middle) < 3 * wide[0]
        return core | sleeve, zone | sleeve
    if arm:
        return core, apart < 1.4
    foot = (np.linalg.norm(places - end, axis=-1) < 0.5 * found.trunk) & ((places - end)[..., 1] > -0.1 * found.trunk)
    return core & ((places - root) @ unit(bone) > 0.3 * wide[0]), zone | foot


def _labels(
    picture: np.ndarray, found: Skeleton, widths: dict[Limb, np.ndarray], places: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """What each place (H, W) is of: 1 the ground, 2 the trunk, then the limbs, parted along the picture's edges."""
    marks = np.where(inside, 0, 1).astype(np.int32)
    cores = {limb: _cores(found, limb, wide, places) for limb, wide in widths.items()}
    for number, (core, _) in enumerate(cores.values()):
        marks[core & inside] = number + 3
    zones = np.any([zone for _, zone in cores.values()], axis=0) if cores else ~inside
    across = np.linalg.norm(found.chains["left arm"][0] - found.chains["right arm"][0])
    head = np.linalg.norm(places - found.head, axis=-1) < 0.3 * across
    sure = _torso(found, inside.shape, 0.8) | head
    marks[inside & ~zones & (marks == 0)] = 2
    marks[sure & inside & (marks == 0)] = 2
    parted = cv2.watershed(cv2.bilateralFilter(picture, 5, 25, 3), marks.copy())
    edge = parted < 0
    grown = cv2.dilate(np.where(edge, 0, parted).astype(np.uint8), np.ones((3, 3), np.uint8))
    parted = np.where(edge, grown, parted).astype(np.int32)
    _, pieces = cv2.connectedComponents((inside & (parted == 2)).astype(np.uint8))
    pieces = np.asarray(pieces)
    home = np.unique(pieces[sure & (parted == 2)])
    crumbs = inside & (parted == 2) & ~np.isin(pieces, home)
    if cores and crumbs.any():
        apart = [cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, 5) for core, _ in cores.values()]
        parted[crumbs] = (np.argmin(apart, axis=0) + 3)[crumbs]
    return parted


def _soft(mask: np.ndarray, wide: float) -> np.ndarray:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), wide)


def _pieces(
    picture: np.ndarray,
    found: Skeleton,
    widths: dict[Limb, np.ndarray],
    places: np.ndarray,
    inside: np.ndarray,
    held: tuple[str, ...],
) -> Cut:
    """The mattes of limbs and trunk. Under an arm the trunk goes on a little."""
    labels = _labels(picture, found, widths, places, inside)
    matte, square = found.matte, np.ones((3, 3), np.uint8)
    torso = _torso(found, inside.shape, 0.8)
    reach = max(1, round(0.07 * found.trunk))
    trunk = cv2.dilate(((labels == 2) & inside).astype(np.uint8), square, iterations=reach) > 0
    body, under = matte.copy(), np.zeros_like(matte)
    limbs = dict[Limb, np.ndarray]()
    for number, limb in enumerate(widths):
        root, middle, _ = found.chains[limb]
        along = (places - root) @ unit(middle - root)
        own = (labels == number + 3) & inside
        if "leg" in limb or found.drawn:
            own &= along > (widths[limb][0] if found.drawn and "arm" in limb else 0)
        if found.drawn and "arm" in limb:
            own &= _cores(found, limb, widths[limb], places)[1]
        own = inside & (_soft(cv2.morphologyEx(own.astype(np.uint8), cv2.MORPH_OPEN, square), 1.5) > 0.5)
        wider = cv2.dilate(own.astype(np.uint8), np.ones((5, 5), np.uint8))
        close = cv2.dilate(own.astype(np.uint8), square)
        limbs[limb] = matte * _soft(np.where(matte > 0.98, close, wider), 0.8)
        joint = (np.linalg.norm(places - root, axis=-1) < 1.1 * widths[limb][0]) & inside
        keep = joint | ((torso | trunk) & inside) if "arm" in limb else (along < 0.12 * found.trunk) & inside
        gone = _soft(wider, 1.2)
        body = np.minimum(body, np.where(keep, matte, matte * (1 - gone)))
        if "arm" in limb:
            clear = np.linalg.norm(places - root, axis=-1) > 0.8 * widths[limb][0]
            under = np.maximum(under, gone * keep * clear)
    colours = picture.astype(np.float32)
    share = under[..., None]
    known = ((under < 0.02) & (body > 0.9)).astype(np.float32)
    behind = pullpush.filled(colours, known) if under.any() and known.any() else colours
    trunk_matte = _soft(body, 0.6) * (body > 0.02)
    return Cut(found, limbs, widths, trunk_matte, colours * (1 - share) + behind * share, held)
