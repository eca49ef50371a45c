"""What a face does in a clip, by the points of its mesh in some of the frames: nothing but the frames is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from motionalchemy.scene import faces
from motionalchemy.scene.face_mesh import LIPS
from motionalchemy.scene.points import CORNERS, LIDS, Face

FRAMES = 13  # of a clip in which a face is looked for
SMALLEST = 12.0  # pixels between the eyes, below which a mesh says nothing of an expression
TURNED = 0.6  # radians, from which on a head is turned too far for a mesh that is looked for anew
WIDER = 1.2  # than its box, a face is looked for where it was
STIFF = (33, 133, 263, 362, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 234, 454, 127, 356, 10, 109, 338)
"""Corners of the eyes, nose, temples and brow of the mesh: what no expression moves."""
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """A face in some frames, the first of them the picture, None where no mesh fits there any more."""

    looks: tuple[Face | None, ...]

    @property
    def first(self) -> Face:
        """As the picture shows it."""
        assert self.looks[0] is not None
        return self.looks[0]

    @property
    def lost(self) -> float:
        """The share of the frames in which it is not seen."""
        return sum(look is None for look in self.looks) / len(self.looks)

    @cached_property
    def aligned(self) -> np.ndarray:
        """The points (n, 468, 2) of each frame in which it is seen, its stiff ones laid over the first ones, in eye
        distances."""
        target = self.first.points[:, :2]
        return np.stack([_laid(look.points[:, :2], target) for look in self.looks if look is not None])

    def change(self, *places: int) -> float:
        """How far some points go from where the picture has them beside the stiff ones, at most, in eye distances."""
        apart = np.linalg.norm(self.aligned[:, list(places)] - self.aligned[0, list(places)], axis=-1)
        return float(apart.mean(1).max())

    def angles(self, name: str) -> np.ndarray:
        """Its `yaw` or `roll` in the frames beside that in the picture, in degrees (n,)."""
        seen = [getattr(look, name) for look in self.looks if look is not None]
        return np.degrees(np.unwrap(seen)) - np.degrees(seen[0])

    @property
    def lids(self) -> np.ndarray:
        """How far its eyes are open, (n, 2) in shares of how far they are in the picture."""
        opened = np.stack(
            [[_opening(look, side) for side in ("right", "left")] for look in self.looks if look is not None]
        )
        return opened / np.maximum(opened[0], 1e-3)

    @property
    def nods(self) -> float:
        """How far its nose goes up and down between brow and chin, in eye distances."""
        high = [(look.points[1, 1] - look.points[168, 1]) / look.between for look in self.looks if look is not None]
        return float(np.ptp(high))

    @property
    def goes(self) -> float:
        """How far its middle goes at most, in eye distances."""
        middle = np.stack([look.points[[33, 263, 1], :2].mean(0) for look in self.looks if look is not None])
        return float(np.linalg.norm(middle - middle[0], axis=1).max() / self.first.between)

    @property
    def stiffness(self) -> float:
        """By how much its stiff points lie off where a similarity takes them, beside a turn of the head, at most, in eye
        distances."""
        off = np.linalg.norm(self.aligned[:, STIFF] - self.aligned[0, STIFF], axis=-1).mean(1)
        turned = np.abs(self.angles("yaw")) / 90 + self.nods * 0.3
        return float(np.maximum(off - turned, 0).max())


def face_tracks(frames: np.ndarray, found: Sequence[Face]) -> tuple[FaceTrack, ...]:
    """What faces that are `found` in the first of frames (T, H, W, 3) uint8 do, the largest three; none that is tiny or
    turned far."""
    large = [face for face in found if face.between >= SMALLEST and abs(face.yaw) < TURNED][:3]
    at = np.linspace(0, len(frames) - 1, min(FRAMES, len(frames))).round().astype(int)
    return tuple(_followed(frames[at], face) for face in large)


def _followed(frames: np.ndarray, face: Face) -> FaceTrack:
    looks, last = list[Face | None]([face]), face
    for frame in frames[1:]:
        left, top, right, low = last.box
        size = max(right - left, low - top) * WIDER
        look = faces.mesh(frame, np.array([(left + right) / 2, (top + low) / 2]), size, last.roll)
        last = look or last
        looks.append(look)
    return FaceTrack(tuple(looks))


def _laid(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Points (468, 2) by that similarity which lays their stiff ones over those of `target`, in its eye distances (Umeyama
    1991)."""
    own, other = points[list(STIFF)], target[list(STIFF)]
    mean, goal = own.mean(0), other.mean(0)
    u, s, v = np.linalg.svd((own - mean).T @ (other - goal))
    turn = u @ np.diag([1, np.sign(np.linalg.det(u @ v))]) @ v
    scale = s.sum() / max(float(np.square(own - mean).sum()), 1e-9)
    eyes = np.linalg.norm(target[list(CORNERS["right"])].mean(0) - target[list(CORNERS["left"])].mean(0))
    return ((points - mean) @ turn * scale + goal) / max(float(eyes), 1e-6)


def _opening(look: Face, side: str) -> float:
    """How far an eye is open, in its widths."""
    lids = look.points[list(LIDS[side]), :2]  # type: ignore[index]
    wide = np.linalg.norm(lids[0] - lids[8])
    return float(np.linalg.norm(lids[9:16] - lids[1:8], axis=1).mean() / max(float(wide), 1e-6))


def deed(track: FaceTrack, name: str) -> float:
    """How much of what is asked of a face is seen, 1 as much as is plainly seen."""
    corners, gap = track.aligned[:, [61, 291]], track.aligned[:, [13, 14]]
    wide = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1)
    opened = np.linalg.norm(gap[:, 0] - gap[:, 1], axis=1)
    lids = track.lids
    seen = {
        "blink": 0.9 * (1 - lids.mean(1).min()) / 0.35,
        "close": 0.9 * (1 - lids.mean(1).min()) / 0.35,
        "wink": 0.9 * (1 - lids.min()) / 0.35,
        "wide": (lids.mean(1).max() - 1) / 0.15,
        "smile": max(np.ptp(wide) / 0.07, track.change(61, 291) / 0.06),
        "laugh": max(np.ptp(wide), np.ptp(opened)) / 0.09,
        "talk": np.ptp(opened) / 0.06,
        "gape": np.ptp(opened) / 0.12,
        "nod": max(track.nods / 0.08, track.goes / 0.12),
        "shake": np.ptp(track.angles("yaw")) / 8,
        "turn": np.abs(track.angles("yaw")).max() / 8,
        "tilt": np.abs(track.angles("roll")).max() / 5,
        "brows": track.change(*BROWS) / 0.05,
        "frown": track.change(*BROWS) / 0.035,
        "sad": track.change(*BROWS, *LIPS) / 0.035,
        "surprise": max(track.change(*BROWS) / 0.05, np.ptp(opened) / 0.12),
        "kiss": track.change(*LIPS) / 0.05,
    }
    seen["bow"] = seen["lift"] = seen["nod"]
    look = max(seen["turn"], seen["tilt"], float(np.ptp(track.angles("yaw")) / 8))
    return float(seen.get(name, look))
