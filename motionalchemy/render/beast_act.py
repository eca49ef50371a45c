"""Animals that move by their parts: each part turns about its root, and what lies between goes along softly.

What does not move stays the picture itself, to the bit. Lids come down by stretching what is above an eye over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from motionalchemy.media.pullpush import filled
from motionalchemy.render.act import Place
from motionalchemy.render.mesh import Mesh, over

RATE = 30.0  # values a second of what a part does
FADE = 0.25  # seconds in which what layers do not explain of the picture goes
FIELD = 64  # cells of the longer side of its field
SOLID = 0.75  # of a matte, from which on it is of the animal; what is fainter and far from that stays where it is
LASH = 0.55  # of its brightness, that a lid keeps at its rim
LONG = 1.25  # times as wide as high, that an eye is
REACH = 1.9  # radii of an eye above its middle, from where a lid is stretched


@dataclass(frozen=True, eq=False)
class Moves:
    """What a part does at so many values a second: how much each cell (h, w) goes along, its `share`; its `pivot` (2,) in
    pixels; how far it is turned clockwise, `angle` (n,) in radians; displaced by `shift` (n, 2) in pixels; turned to our
    right and down by `yaw` and `pitch` (n,) in radians, as much as each cell rises towards us, `relief` (h, w) in pixels;
    and how many times as long it is along `axis`, `longer` (n,)."""

    share: np.ndarray
    pivot: np.ndarray
    angle: np.ndarray
    shift: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    relief: np.ndarray | None = None
    axis: np.ndarray | None = None
    longer: np.ndarray | None = None

    def at(self, places: np.ndarray, rest: np.ndarray, now: float, size: tuple[int, int]) -> np.ndarray:
        """Where places (n, 2) of a picture of a size (H, W) go, which lie `rest` (n, 2) in the picture."""
        share = sampled(self.share, rest, size)[:, None]
        angle, yaw, pitch = (_value(each, now) * share[:, 0] for each in (self.angle, self.yaw, self.pitch))
        away = places - self.pivot
        if self.longer is not None:
            along = away if self.axis is None else (away @ self.axis)[:, None] * self.axis
            away = away + (_value(self.longer, now) - 1) * share * along
        cosine, sine = np.cos(angle), np.sin(angle)
        x, y = away[:, 0], away[:, 1]
        turned = np.stack((cosine * x - sine * y, sine * x + cosine * y), 1)
        out = self.pivot + turned + share * np.array([_value(self.shift[:, k], now) for k in (0, 1)])
        if self.relief is not None:
            rises = sampled(self.relief, rest, size)
            out = out + np.stack((rises * np.sin(yaw), rises * np.sin(pitch)), 1)
        return out


@dataclass(frozen=True, eq=False)
class Lid:
    """A lid over an eye about `at` (x, y) of a `radius` in pixels, and how far it is shut (n,) in [0, 1]."""

    at: tuple[float, float]
    radius: float
    shut: np.ndarray


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of an animal: its colours (H, W, 4) times its matte, the mesh over it, and what moves it."""

    rgba: np.ndarray = field(repr=False)
    mesh: Mesh
    moves: tuple[Moves, ...]


@dataclass(frozen=True, eq=False)
class BeastAct:
    """An animal in pieces, drawn in their order over the plate (H, W, 3) where it was, as far as it leaves its place,
    `hole` (H, W) in [0, 1]; what the picture shows and the pieces do not, `rest` (H, W, 3); and its `lids`."""

    pieces: tuple[Piece, ...]
    plate: np.ndarray = field(repr=False)
    hole: np.ndarray = field(repr=False)
    rest: np.ndarray = field(repr=False)
    lids: tuple[Lid, ...]
    share: float = 1.0
    order: int = 20
    on: Place = "picture"

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the animal as it is now."""
        now = seconds * RATE
        if seconds <= 0 or not self._moving(now):
            return frame
        out = frame + (self.plate - frame) * self.hole[..., None]
        for piece in self.pieces:
            source, (top, left) = self._sources(piece, now)
            rgba = self._lidded(piece.rgba, now)
            made = cv2.remap(rgba, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            part = out[top : top + made.shape[0], left : left + made.shape[1]]
            part *= 1 - made[..., 3:]
            part += made[..., :3]
        fade = max(0.0, 1 - seconds / FADE)
        return out + fade * self.rest if fade else out

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place comes."""
        high, wide = self.hole.shape
        away_from = np.zeros((high, wide, 2), np.float32)
        for piece in self.pieces:
            source, (top, left) = self._sources(piece, seconds * RATE)
            rows, columns = np.indices(source.shape[:2], np.float32)
            opaque = cv2.remap(piece.rgba[..., 3], source[..., 0], source[..., 1], cv2.INTER_LINEAR) > 0.5
            part = away_from[top : top + source.shape[0], left : left + source.shape[1]]
            part[opaque] = (source - np.stack((columns + left, rows + top), -1))[opaque]
        share = FIELD / max(high, wide)
        small = cv2.resize(away_from, None, fx=share, fy=share, interpolation=cv2.INTER_NEAREST)
        return np.ascontiguousarray(small.transpose(2, 0, 1)) / wide

    def softened(self, share: float) -> "BeastAct":
        """The same, but only so far."""
        return replace(self, share=self.share * share)

    def _moving(self, now: float) -> bool:
        """Whether anything is not where it is in the picture."""
        moves = [each for piece in self.pieces for each in piece.moves]
        values = [v for m in moves for v in (m.angle, m.yaw, m.pitch, m.shift[:, 0], m.shift[:, 1])]
        values += [m.longer - 1 for m in moves if m.longer is not None]
        values += [lid.shut for lid in self.lids]
        return any(abs(_value(each, now)) > 1e-6 for each in values)

    def _sources(self, piece: Piece, now: float) -> tuple[np.ndarray, tuple[int, int]]:
        """From where each pixel of a moved piece comes, (h, w, 2), and where it begins."""
        rest, moved = piece.mesh.rest, piece.mesh.rest
        for each in piece.moves:
            moved = each.at(moved, rest, now, self.hole.shape[:2])
        return piece.mesh.sources(rest + self.share * (moved - rest), self.hole.shape)

    def _lidded(self, rgba: np.ndarray, now: float) -> np.ndarray:
        """Colours with the lids over the eyes as far as they are shut now."""
        out = rgba
        for lid in self.lids:
            shut = _value(lid.shut, now) * self.share
            if shut > 0.02:
                out = rgba.copy() if out is rgba else out
                lidded(out, lid, shut)
        return out


def lidded(rgba: np.ndarray, lid: Lid, shut: float) -> None:
    """Draw a lid over an eye, so far shut, into colours (H, W, 4): what is above it is stretched down over it."""
    (x, y), radius = lid.at, lid.radius
    high, wide = rgba.shape[:2]
    reach = int(np.ceil(REACH * radius)) + 1
    top, left = max(round(y) - reach, 0), max(round(x) - reach, 0)
    low, right = min(round(y) + reach + 1, high), min(round(x) + reach + 1, wide)
    if low - top < 3 or right - left < 3:
        return
    rows, columns = np.mgrid[top:low, left:right].astype(np.float32)
    aside = np.clip(np.abs(columns - x) / (LONG * radius), 0, 1)
    half = radius * np.sqrt(1 - aside * aside)
    above, edge = y - half, y - half + 1.9 * half * shut
    begin = np.minimum(y - REACH * radius, above - 0.5)
    along = np.clip((rows - begin) / np.maximum(edge - begin, 1e-3), 0, 1)
    source = np.where(rows < edge, begin + along * (above - begin), rows).astype(np.float32)
    covered = np.clip(edge - rows + 0.5, 0, 1) * (aside < 1)
    new = cv2.remap(rgba, columns, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lash = np.exp(-(((rows - edge) / max(0.09 * radius, 0.6)) ** 2)) * min(1.0, 2 * shut) * (half > 0.3 * radius)
    new[..., :3] *= (1 - (1 - LASH) * lash)[..., None]
    part = rgba[top:low, left:right]
    share = np.maximum(covered, 0.8 * lash)[..., None]
    part[...] = part + (new - part) * share


def sampled(values: np.ndarray, places: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """What a coarse field (h, w) over a picture of a size (H, W) is at places (n, 2) of it, (n,)."""
    at = (places + 0.5) * (values.shape[1] / size[1], values.shape[0] / size[0]) - 0.5
    x, y = np.ascontiguousarray(at.T, np.float32)
    return cv2.remap(values, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]


def _value(values: np.ndarray, now: float) -> float:
    """What one of values (n,) is at a place between them; the last stays."""
    at = min(max(now, 0.0), len(values) - 1)
    before = int(at)
    return float(values[before] + (values[min(before + 1, len(values) - 1)] - values[before]) * (at - before))


def beast_act(
    picture: np.ndarray,
    plate: np.ndarray,
    matte: np.ndarray,
    parts: Sequence[tuple[np.ndarray, tuple[Moves, ...]]],
    lids: tuple[Lid, ...] = (),
) -> BeastAct:
    """Animals of a picture (H, W, 3) uint8 before a plate (H, W, 3) float32, with their matte (H, W), in parts: how much of
    each place is of one, (H, W) in [0, 1], and what moves it, those behind first."""
    colours = picture.astype(np.float32)
    around = cv2.dilate((matte > SOLID).astype(np.float32), np.ones((7, 7), np.uint8))
    matte = matte * cv2.GaussianBlur(around, (0, 0), 1.0)
    sure = (matte > 0.95).astype(np.float32)
    own = filled(colours, sure) if sure.any() else colours
    high, wide = matte.shape
    step = max(3, max(high, wide) // 96)
    active = np.zeros((high, wide), np.float32)
    for of, moves in parts:
        shares = [cv2.resize(each.share, (wide, high), interpolation=cv2.INTER_LINEAR) for each in moves]
        active = np.maximum(active, np.max(shares, axis=0) * (of > 0.02) if shares else 0)
    moving = cv2.dilate(active.astype(np.float32), np.ones((9, 9), np.uint8))
    hole = cv2.GaussianBlur(around * np.clip(moving * 12, 0, 1), (0, 0), 1.5)
    own = colours + (own - colours) * hole[..., None]  # what rests is the picture itself
    pieces = list[Piece]()
    for of, moves in parts:
        alpha = matte * of
        pieces.append(Piece(np.dstack((own * alpha[..., None], alpha)).astype(np.float32), over(alpha, step), moves))
    still = colours * (1 - hole[..., None]) + plate * hole[..., None]
    for piece in pieces:
        still = still * (1 - piece.rgba[..., 3:]) + piece.rgba[..., :3]
    return BeastAct(tuple(pieces), plate, hole, colours - still, lids)
