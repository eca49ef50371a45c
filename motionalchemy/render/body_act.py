"""A person that takes attitudes over time, drawn from its layers over the plate behind it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from motionalchemy.media.pullpush import filled
from motionalchemy.render.act import Place
from motionalchemy.render.mesh import Mesh, over
from motionalchemy.render.puppet import Attitude, Puppet
from motionalchemy.scene.limbs import away
from motionalchemy.scene.skeleton import Limb

FADE = 0.18  # seconds, in which what the layers leave out of the picture fades
FIELD = 64  # cells of the longer side of its displacement field


@dataclass(frozen=True, eq=False)
class Piece:
    """A layer (H, W, 4) float32, colours times opacity, with its mesh; the trunk where it is of no `limb`."""

    limb: Limb | None
    rgba: np.ndarray
    mesh: Mesh


@dataclass(frozen=True, eq=False)
class BodyAct:
    """A person in `pieces`, the farthest first, before `plate` (H, W, 3), which is seen where `hole` (H, W) is; its
    attitudes at `rate` a second; what the `picture` shows and the pieces put together do not, `rest` (H, W, 3); and its
    `shadow` on the ground (H, W), how dark it is in [0, 1]."""

    puppet: Puppet
    pieces: tuple[Piece, ...]
    plate: np.ndarray
    hole: np.ndarray
    attitudes: tuple[Attitude, ...]
    rate: float
    rest: np.ndarray
    shadow: np.ndarray | None = None
    order: int = 20
    on: Place = "picture"

    def now(self, seconds: float) -> Attitude:
        """Its attitude at a second."""
        at = min(max(seconds, 0.0) * self.rate, len(self.attitudes) - 1)
        before = int(at)
        return between(self.attitudes[before], self.attitudes[min(before + 1, len(self.attitudes) - 1)], at - before)

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) with the person in its attitude."""
        now = self.now(seconds)
        if seconds <= 0 or now == self.attitudes[0]:
            return frame
        out = frame * (1 - self.hole[..., None]) + self.plate * self.hole[..., None]
        if self.shadow is not None:
            out = self._shaded(out, now)
        for rgba, (top, left) in self.layers(now):
            part = out[top : top + rgba.shape[0], left : left + rgba.shape[1]]
            part *= 1 - rgba[..., 3:]
            part += rgba[..., :3]
        share = max(0.0, 1 - seconds / FADE)
        return out + share * self.rest if share else out

    def layers(self, now: Attitude) -> list[tuple[np.ndarray, tuple[int, int]]]:
        """The pieces moved: colours (h, w, 4), and where they begin."""
        made = list[tuple[np.ndarray, tuple[int, int]]]()
        for piece in self.pieces:
            source, at = self.sources(piece, now)
            x, y = source[..., 0], source[..., 1]
            made.append((cv2.remap(piece.rgba, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), at))
        return made

    def sources(self, piece: Piece, now: Attitude) -> tuple[np.ndarray, tuple[int, int]]:
        """From where each pixel of a moved piece comes, (h, w, 2), and where it begins."""
        puppet, rest = self.puppet, piece.mesh.rest
        moved = puppet.trunk_at(rest, now) if piece.limb is None else puppet.limb_at(piece.limb, rest, now)
        moved = rest + (puppet.placed(moved, now) - rest) * puppet.at(puppet.free, rest)
        return piece.mesh.sources(moved, self.hole.shape)

    def _shaded(self, out: np.ndarray, now: Attitude) -> np.ndarray:
        """A picture with the shadow on the ground, which goes along but does not rise."""
        assert self.shadow is not None
        feet, size = self.puppet.feet, now.size
        low = max(0.0, now.shift[1]) if size == 1 else now.shift[1]
        matrix = np.array([[size, 0, feet[0] * (1 - size) + now.shift[0]], [0, size, feet[1] * (1 - size) + low]])
        dark = cv2.warpAffine(self.shadow, matrix, self.shadow.shape[::-1])
        return out * (1 - dark[..., None])

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place comes."""
        now = self.now(seconds)
        high, wide = self.hole.shape
        away_from = np.zeros((high, wide, 2), np.float32)
        for piece in self.pieces:
            source, (top, left) = self.sources(piece, now)
            rows, columns = np.indices(source.shape[:2], np.float32)
            opaque = cv2.remap(piece.rgba[..., 3], source[..., 0], source[..., 1], cv2.INTER_LINEAR) > 0.5
            part = away_from[top : top + source.shape[0], left : left + source.shape[1]]
            part[opaque] = (source - np.stack((columns + left, rows + top), -1))[opaque]
        share = FIELD / max(high, wide)
        small = cv2.resize(away_from, None, fx=share, fy=share, interpolation=cv2.INTER_NEAREST)
        return np.ascontiguousarray(small.transpose(2, 0, 1)) / wide

    def softened(self, share: float) -> "BodyAct":
        """The same, but only so far."""
        first = self.attitudes[0]
        return replace(self, attitudes=tuple(between(first, each, share) for each in self.attitudes))


def between(one: Attitude, other: Attitude, share: float) -> Attitude:
    """An attitude a share of the way from one to another."""
    if share == 0:
        return one

    def mixed(a: float, b: float) -> float:
        return a + (b - a) * share

    def pair(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
        return mixed(a[0], b[0]), mixed(a[1], b[1])

    names = ("lean", "pitch", "yaw", "head_roll", "head_pitch", "head_yaw", "size")
    return Attitude(
        **{name: mixed(getattr(one, name), getattr(other, name)) for name in names},
        shift=pair(one.shift, other.shift),
        angles={limb: pair(one.angles[limb], other.angles[limb]) for limb in one.angles},
        stretches={limb: pair(one.stretches[limb], other.stretches[limb]) for limb in one.stretches},
    )


def act(
    puppet: Puppet,
    picture: np.ndarray,
    plate: np.ndarray,
    attitudes: tuple[Attitude, ...],
    rate: float,
    shadow: np.ndarray | None = None,
) -> BodyAct:
    """A person of a picture (H, W, 3) uint8 before a plate (H, W, 3) float32 that takes attitudes at a rate."""
    cut, colours = puppet.cut, picture.astype(np.float32)
    step = max(3, max(picture.shape[:2]) // 100)
    pieces: dict[Limb, Piece] = {limb: _piece(limb, colours, matte, step, puppet) for limb, matte in cut.limbs.items()}
    trunk = _piece(None, cut.under, cut.trunk, 2 * step, puppet)
    far: list[Limb] = list(pieces)
    far.sort(key=lambda limb: -_far(puppet, limb))
    legs: list[Limb] = [limb for limb in far if "leg" in limb]
    arms: list[Limb] = [limb for limb in far if "arm" in limb]
    behind: list[Limb] = arms[:1] if abs(puppet.skeleton.left[1]) > 0.55 and len(arms) == 2 else []
    ordered = (*(pieces[x] for x in (*behind, *legs)), trunk, *(pieces[x] for x in arms if x not in behind))
    wide = cv2.dilate((puppet.skeleton.matte > 0.02).astype(np.float32), np.ones((7, 7), np.uint8))
    hole = cv2.GaussianBlur(wide, (0, 0), 1.5)
    if shadow is not None:
        hole = np.maximum(hole, cv2.GaussianBlur((shadow > 0.02).astype(np.float32), (0, 0), 2.0))
    made = BodyAct(puppet, ordered, plate, hole, attitudes, rate, np.zeros_like(colours), shadow)
    still = colours * (1 - hole[..., None]) + plate * hole[..., None]
    still = still if shadow is None else made._shaded(still, attitudes[0])
    for piece in ordered:
        still = still * (1 - piece.rgba[..., 3:]) + piece.rgba[..., :3]
    return replace(made, rest=colours - still)


def _far(puppet: Puppet, limb: Limb) -> float:
    """How far away from us a limb is, about."""
    side = 1 if limb.startswith("left") else -1
    return side * float(puppet.skeleton.left[1]) + float(puppet.skeleton.deep[limb].mean())


def _piece(limb: Limb | None, colours: np.ndarray, matte: np.ndarray, step: int, puppet: Puppet) -> Piece:
    """A layer with colours of the person only, no rim of what is behind it."""
    sure = (matte > 0.95).astype(np.float32)
    own = filled(colours, sure) if sure.any() and not puppet.skeleton.drawn else colours
    mesh = over(matte, step)
    if limb is not None:
        root, middle, end = puppet.skeleton.chains[limb]
        at = mesh.rest[mesh.triangles].mean(1)
        mesh = Mesh(mesh.rest, mesh.triangles[np.argsort(away(at, root, middle) - away(at, middle, end))])
    return Piece(limb, np.dstack((own * matte[..., None], matte)).astype(np.float32), mesh)
