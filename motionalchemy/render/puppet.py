"""How each place of a person moves when trunk and limbs take an attitude.

About each joint the angle and the stretch are blended, not matrices: a place turns and stretches about the joint by a share
that grows from one bone to the next. So nothing pinches, a chain stays whole, and nothing has to be solved.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from motionalchemy.scene.limbs import Cut, away, unit
from motionalchemy.scene.skeleton import Limb, Skeleton


def smooth(x: np.ndarray | float) -> np.ndarray:
    """A share in [0, 1] that begins and ends gently."""
    share = np.clip(x, 0, 1)
    return share * share * (3 - 2 * share)


def turned(angle: np.ndarray | float, vector: np.ndarray) -> np.ndarray:
    """Vectors (..., 2) turned clockwise as we see them, by radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = vector[..., 0], vector[..., 1]
    return np.stack((cosine * x - sine * y, sine * x + cosine * y), -1)


@dataclass(frozen=True)
class Attitude:
    """How a person stands: its trunk leans clockwise and pitches forward and turns, the head rolls, pitches and turns, all
    in radians; the whole is displaced by a `shift` in pixels and is `size` times as large about `feet`; each limb's two
    bones turn by radians and are so many times as long."""

    lean: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0
    head_roll: float = 0.0
    head_pitch: float = 0.0
    head_yaw: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    size: float = 1.0
    angles: dict[Limb, tuple[float, float]] = field(default_factory=dict)
    stretches: dict[Limb, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Puppet:
    """A person in pieces (`cut`) that can take attitudes; how far each place rises towards us in pixels, (H, W), in
    `relief`, and how `free` it is to move, (H, W) in [0, 1]: not where the picture's edge cuts the person."""

    cut: Cut
    relief: np.ndarray
    free: np.ndarray

    @property
    def skeleton(self) -> Skeleton:
        """Its skeleton."""
        return self.cut.skeleton

    @property
    def feet(self) -> np.ndarray:
        """Where it stands (2,), in pixels: the lowest of its matte, below its hips."""
        rows = np.nonzero((self.skeleton.matte > 0.5).any(1))[0]
        return np.array([self.skeleton.hips[0], float(rows[-1])])

    def at(self, values: np.ndarray, places: np.ndarray) -> np.ndarray:
        """What values (H, W) are at places (n, 2), (n, 1)."""
        high, wide = values.shape
        columns, rows = places.astype(int).clip(0, (wide - 1, high - 1)).T
        return values[rows, columns][:, None]

    def placed(self, places: np.ndarray, now: Attitude) -> np.ndarray:
        """Places (n, 2) displaced and sized with the whole person."""
        return self.feet + (places - self.feet) * now.size + np.array(now.shift)

    def trunk_at(self, places: np.ndarray, now: Attitude) -> np.ndarray:
        """Where places (n, 2) of trunk and head go, before the whole is displaced."""
        bones = self.skeleton
        hips, unit_up, long = bones.hips, unit(bones.shoulders - bones.hips), bones.trunk
        neck = bones.shoulders + 0.25 * (bones.head - bones.shoulders)
        rises, height = self.at(self.relief, places), ((places - hips) @ unit_up)[:, None] / long
        spine, out = smooth((height + 0.05) / 0.9), places.astype(float).copy()
        reach = max(float(np.linalg.norm(bones.head - neck)), 0.2 * long)
        head = smooth(((places - neck) @ unit_up)[:, None] / (0.9 * reach))
        for middle, angle, share, rise in (
            (hips, now.yaw, spine, rises),
            (neck, now.head_yaw, head, 0.8 * rises),
        ):
            out[:, :1] += share * (rise * np.sin(angle) + (places[:, :1] - middle[0]) * (np.cos(angle) - 1))
        lower = 0.7 * rises * np.sin(now.head_pitch) + (places[:, 1:] - neck[1]) * (np.cos(now.head_pitch) - 1)
        out[:, 1:] += head * lower
        out = neck + turned(head[:, 0] * now.head_roll, out - neck)
        near = 1 + 0.15 * np.sin(now.pitch) * height.clip(0, 1.6) * spine
        sinks = (1 - np.cos(now.pitch)) * long * height.clip(0, 1.1) * spine
        out = np.concatenate((hips[0] + (out[:, :1] - hips[0]) * near, out[:, 1:] + sinks), 1)
        return hips + turned(spine[:, 0] * now.lean, out - hips)

    def joints_at(self, limb: Limb, now: Attitude) -> np.ndarray:
        """Where the three joints (3, 2) of a limb go, before the whole is displaced."""
        root, middle, end = self.skeleton.chains[limb]
        angles, longer = now.angles[limb], now.stretches[limb]
        first = self.trunk_at(root[None], now)[0]
        second = first + longer[0] * turned(angles[0], middle - root)
        return np.stack((first, second, second + longer[1] * turned(angles[1], end - middle)))

    def limb_at(self, limb: Limb, places: np.ndarray, now: Attitude) -> np.ndarray:
        """Where places (n, 2) of a limb go, before the whole is displaced."""
        joints = self.skeleton.chains[limb]
        (root, middle, end), arm = joints, "arm" in limb
        first, second = middle - root, end - middle
        angles, longer = now.angles[limb], now.stretches[limb]
        new, wide = self.joints_at(limb, now), float(self.cut.widths[limb].mean())
        lengths = np.linalg.norm(first), np.linalg.norm(second)
        reach = min(1.5 * wide, 0.5 * lengths[0])
        along = (places - root) @ unit(first)
        gentle = arm and not self.skeleton.drawn
        begin = smooth((along + reach) / (2 * reach)) if gentle else smooth(along / (1.6 * reach))
        apart = away(places, root, middle) - away(places, middle, end)
        bend = smooth(0.5 + apart / (2 * min(1.1 * wide, 0.45 * min(lengths))))
        wrist = smooth(0.5 + ((places - end) @ unit(second)) / (1.2 * wide)) * (apart > -1)
        directions = unit(first), unit(second)

        def about(joint: int, turns: tuple[float, float], sizes: tuple[tuple[float, float], ...], share: np.ndarray):
            vector = places - joints[joint]
            for axis, (before, after) in zip(directions, sizes, strict=True):
                vector = vector + ((before + (after - before) * share - 1) * (vector @ axis))[:, None] * axis
            return new[joint] + turned(turns[0] + (turns[1] - turns[0]) * share, vector)

        lean, foot = (now.lean if arm else 0.0), angles[1] * (1.0 if arm else 0.25)
        one = about(0, (lean, angles[0]), ((1, longer[0]), (1, 1)), begin)
        two = about(1, angles, ((longer[0], 1), (1, longer[1])), bend)
        three = about(2, (angles[1], foot), ((1, 1), (longer[1], 1)), wrist)
        late = ((wrist > 0) & (bend >= 1))[:, None]
        return np.where(late, three, np.where((bend > 0)[:, None], two, one))


def puppet(cut: Cut) -> Puppet:
    """A person in pieces that can take attitudes."""
    bones, matte = cut.skeleton, cut.skeleton.matte
    there, long = matte > 0.5, cut.skeleton.trunk
    deep = cv2.distanceTransform(there.astype(np.uint8), cv2.DIST_L2, 5)
    relief = cv2.GaussianBlur(np.sqrt(deep * 0.5 * long), (0, 0), max(1.0, 0.06 * long))
    edges = np.zeros_like(there)
    standing = not bones.drawn and all(
        why != "it is not surely seen" for limb, why in bones.stays.items() if "leg" in limb
    )
    sides = [(0, slice(None)), (slice(None), 0), (slice(None), -1)]
    for side in sides if standing or bones.drawn else [*sides, (-1, slice(None))]:
        edges[side] = there[side] & (there[side].sum() > 0.1 * long)
    if not edges.any():
        return Puppet(cut, relief, np.ones_like(matte))
    far = cv2.distanceTransform((~edges).astype(np.uint8), cv2.DIST_L2, 5)
    return Puppet(cut, relief, smooth(far / (0.3 * max(matte.shape))).astype(np.float32))
