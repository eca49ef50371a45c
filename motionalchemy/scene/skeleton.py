"""Skeletons of people in a picture: their joints, which limbs are surely seen, and their mattes.

Photographs and paintings get their joints from pose points, drawings on paper from their silhouette. What is no person gets
no skeleton.
"""

from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from motionalchemy.scene import silhouette
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.points import Pose

Limb = Literal["left arm", "right arm", "left leg", "right leg"]  # the person's own
LIMBS: tuple[Limb, ...] = ("left arm", "right arm", "left leg", "right leg")
CHAINS: dict[Limb, tuple[int, int, int]] = {
    "left arm": (11, 13, 15),
    "right arm": (12, 14, 16),
    "left leg": (23, 25, 27),
    "right leg": (24, 26, 28),
}
"""Of a pose: shoulder, elbow and wrist; hip, knee and ankle."""
SEEN, WITHIN = 0.5, 0.4  # how surely a joint is seen, and how much of the matte lies there, where a limb is to move
SHORT, APART = 0.2, 0.42  # of the trunk: a bone that points at us, hands that touch
LEAST = 0.06  # of the picture's height: the shortest trunk that is moved limb by limb
DRAWN = 0.9  # how surely points are those of a body, where they are believed in a drawing
BEAST = 0.12  # how much more animal than person a body may look
WORK = 384  # pixels of the longer side on which mattes are cut


@dataclass(frozen=True, eq=False)
class Skeleton:
    """A person: the three joints (3, 2) in pixels of each limb in `chains`, how far away from us each of a limb's two bones
    points (2,) in `deep`, why a limb has to stay in `stays` (empty where it may move), the middle of the `head` (2,), its
    `matte` (H, W) float32, where its left is, right and away from us (2,), in `left`, and whether it is `drawn`."""

    chains: dict[Limb, np.ndarray]
    deep: dict[Limb, np.ndarray]
    head: np.ndarray
    matte: np.ndarray = field(repr=False)
    left: np.ndarray
    drawn: bool
    stays: dict[Limb, str]

    @property
    def shoulders(self) -> np.ndarray:
        """The middle of its shoulders (2,)."""
        return (self.chains["left arm"][0] + self.chains["right arm"][0]) / 2

    @property
    def hips(self) -> np.ndarray:
        """The middle of its hips (2,)."""
        return (self.chains["left leg"][0] + self.chains["right leg"][0]) / 2

    @property
    def trunk(self) -> float:
        """How long its trunk is, in pixels, from the length or, where that is foreshortened, the breadth."""
        across = self.chains["left arm"][0] - self.chains["right arm"][0]
        return float(max(np.linalg.norm(self.shoulders - self.hips), 1.1 * np.linalg.norm(across)))

    @property
    def movable(self) -> tuple[Limb, ...]:
        """The limbs that may move."""
        return tuple(limb for limb in LIMBS if not self.stays[limb])


def skeletons(scene: Scene) -> tuple[Skeleton, ...]:
    """The people in a scene, the largest first; none where it shows none."""
    poses = scene.bodies
    matte, paper = silhouette.drawing(scene.picture)
    tall = np.ptp(np.nonzero(matte > 0.5)[0]) if paper else 0
    if paper and not any(pose.score > DRAWN and pose.box[3] - pose.box[1] > 0.6 * tall for pose in poses):
        joints = silhouette.joints(matte)
        return () if joints is None else (_drawn(matte, joints),)
    people = [pose for pose in poses if _person(scene, pose, paper)]
    alone = paper and len(people) == 1
    return tuple(_posed(scene, pose, matte if alone else None) for pose in people)


def _person(scene: Scene, pose: Pose, paper: bool = False) -> bool:
    """Whether a pose is of a person, large enough to be moved, and not of a beast or a thing; of what is drawn on `paper`
    regions know little."""
    high = scene.picture.shape[0]
    if pose.torso < LEAST * high or pose.matte is None or min(pose.seen[11:13]) < SEEN:
        return False
    if paper and pose.score > DRAWN:
        return True
    inside = cv2.resize(pose.matte, scene.regions.probabilities.shape[:0:-1], interpolation=cv2.INTER_AREA) > SEEN
    if not inside.any():
        return False
    person = float(scene.regions.of("skin", "clothes", "hair")[inside].mean())
    other = float(scene.regions.of("animal", "building", "vehicle")[inside].mean())
    return other < person + BEAST


def _posed(scene: Scene, pose: Pose, matte: np.ndarray | None = None) -> Skeleton:
    """A person by its pose points, with its matte, if that is known."""
    high, wide = scene.picture.shape[:2]
    matte = _matte(scene, pose) if matte is None else matte
    at = pose.points[:, :2].astype(float)
    inside = (at >= 0).all(1) & (at < (wide, high)).all(1)
    columns, rows = at.astype(int).clip(0, (wide - 1, high - 1)).T
    sure = (pose.seen > SEEN) & inside & (matte[rows, columns] > WITHIN)
    chains: dict[Limb, np.ndarray] = {limb: at[list(chain)] for limb, chain in CHAINS.items()}
    bones: dict[Limb, np.ndarray] = {limb: np.diff(pose.world[list(chain)], axis=0) for limb, chain in CHAINS.items()}
    deep: dict[Limb, np.ndarray] = {
        limb: bone[:, 2] / np.maximum(np.linalg.norm(bone, axis=1), 1e-6) for limb, bone in bones.items()
    }
    across = pose.world[11] - pose.world[12] + pose.world[23] - pose.world[24]
    left = across[[0, 2]] / max(float(np.hypot(across[0], across[2])), 1e-6)
    stays: dict[Limb, str] = {
        limb: "" if sure[list(chain)].all() else "it is not surely seen" for limb, chain in CHAINS.items()
    }
    found = Skeleton(chains, deep, at[0], matte, left, False, stays)
    return Skeleton(chains, deep, at[0], matte, left, False, {limb: _stays(found, limb) for limb in LIMBS})


def _stays(found: Skeleton, limb: Limb) -> str:
    """Why a limb has to stay, empty where it may move."""
    first, second = np.diff(found.chains[limb], axis=0)
    if found.stays[limb]:
        return found.stays[limb]
    if min(np.linalg.norm(first), np.linalg.norm(second)) < SHORT * found.trunk:
        return "it points at us"
    hands = found.chains["left arm"][2] - found.chains["right arm"][2]
    if "arm" in limb and np.linalg.norm(hands) < APART * found.trunk:
        return "the hands are together"
    if "leg" in limb and first[1] < 0.6 * np.linalg.norm(first):
        return "it is bent"
    return ""


def _matte(scene: Scene, pose: Pose) -> np.ndarray:
    """How much of each place (H, W) is of a person: the network's mask, what stands out near it, and colours."""
    assert pose.matte is not None
    high, wide = scene.picture.shape[:2]
    rough = pose.matte
    if scene.subject is not None:
        out = scene.subject.opacity.numpy()
        alone = out.sum() < 1.8 * rough.sum()  # what stands out is this person, with what it holds and wears
        reach = max(3, round(0.5 * pose.torso) if alone else max(high, wide) // 20)
        near = cv2.dilate((rough > 0.5).astype(np.uint8), np.ones((reach, reach), np.uint8))
        if np.minimum(out, rough).sum() > 0.5 * rough.sum():
            rough = np.maximum(rough * np.where(out < 0.1, 0.75, 1), near * out * 0.9)
    return refined(scene.picture, rough.astype(np.float32))


def refined(picture: np.ndarray, rough: np.ndarray) -> np.ndarray:
    """A rough matte (H, W) of a picture with soft and true edges: colours decide where it is unsure, its largest piece is
    kept, and it follows the edges of the picture."""
    high, wide = rough.shape
    reach = max(3, max(high, wide) // 90)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    sure = cv2.erode((rough > 0.6).astype(np.uint8), kernel)
    maybe = cv2.dilate((rough > 0.3).astype(np.uint8), kernel)
    marks = np.where(sure > 0, 1, np.where(maybe > 0, np.where(rough > 0.5, 3, 2), 0)).astype(np.uint8)
    share = min(1.0, WORK / max(high, wide))
    small = cv2.resize(marks, None, fx=share, fy=share, interpolation=cv2.INTER_NEAREST)
    if (small == 1).sum() > 20 and (small == 0).sum() > 20:
        cv2.setRNGSeed(0)
        look = cv2.resize(picture, small.shape[::-1], interpolation=cv2.INTER_AREA)
        small, *_ = cv2.grabCut(
            look, small, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK
        )
    cut = cv2.resize((small % 2).astype(np.float32), (wide, high), interpolation=cv2.INTER_LINEAR)
    mixed = 0.5 * cut + 0.5 * (rough * 1.6 - 0.3).clip(0, 1)
    _, parts, facts, _ = cv2.connectedComponentsWithStats((mixed > 0.5).astype(np.uint8))
    if len(facts) > 1:
        largest = (np.asarray(parts) == 1 + facts[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
        mixed = mixed * cv2.dilate(largest, np.ones((3, 3), np.uint8))
    return guided(picture, mixed.astype(np.float32), max(2, reach // 2))


def guided(picture: np.ndarray, matte: np.ndarray, reach: int) -> np.ndarray:
    """A matte led along the edges of its picture by a guided filter (He et al. 2010)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    size = (2 * reach + 1,) * 2
    mean, of = cv2.blur(grey, size), cv2.blur(matte, size)
    slope = (cv2.blur(grey * matte, size) - mean * of) / (cv2.blur(grey * grey, size) - mean**2 + 2e-3)
    led = cv2.blur(slope, size) * grey + cv2.blur(of - slope * mean, size)
    return ((led - 0.25) / 0.5).clip(0, 1).astype(np.float32)


def _drawn(matte: np.ndarray, joints: dict[Limb, np.ndarray | None]) -> Skeleton:
    """A drawn figure by its silhouette and the joints found in it."""
    rows, columns = np.nonzero(matte > 0.5)
    tall, middle = float(np.ptp(rows)), float(np.median(columns))
    top = float(rows.min())
    chains, stays = dict[Limb, np.ndarray](), dict[Limb, str]()
    for limb in LIMBS:
        side = 1 if limb.startswith("left") else -1
        found = joints[limb]
        rest = np.array([middle + side * 0.09 * tall, top + (0.36 if "arm" in limb else 0.6) * tall])
        chains[limb] = np.stack((rest, rest + np.array((0, 1)), rest + np.array((0, 2)))) if found is None else found
        stays[limb] = "it does not stand out from the trunk" if found is None else ""
    flat: dict[Limb, np.ndarray] = {limb: np.zeros(2) for limb in LIMBS}
    head = np.array([middle, top + 0.14 * tall])
    return Skeleton(chains, flat, head, matte, np.array([1.0, 0.0]), True, stays)
