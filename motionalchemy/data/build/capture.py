"""Motion capture put on the game's human skeleton of 46 bones.

The clips are in DeepMimic's format (1804.02717): keys of a root position and the rotations of twelve joints, relative to
their parents, quaternions w, x, y, z; knees and elbows are hinges with one angle.
"""

import json
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from motionalchemy.data.build.art import Array, Mesh, matrices
from motionalchemy.data.build.packages import find

ACTIONS = {  # name of the clip -> key of the action it shows
    name: name
    for name in ("backflip", "cartwheel", "crawl", "dance_a", "dance_b", "getup_facedown", "getup_faceup", "jump")
} | {"kick": "kick", "punch": "punch", "roll": "roll", "spin": "spin", "spinkick": "spinkick"}
ACTIONS |= {"run": "mocap_run", "walk": "mocap_walk"}
LOOPS = ("crawl", "run", "walk")
FLOOR = ("getup_facedown", "getup_faceup", "crawl")  # clips that begin on the ground, not from a standing pose

# bone, the bone it hangs on, the captured joint that turns it ("-": it moves with what it hangs on); in the file's order
_SKELETON = """
hip - root|spine hip root|spine1 spine chest|chest spine1 chest|shoulder_L chest -|arm_L shoulder_L lsh|forearm_L arm_L lel
hand_L forearm_L -|finger_L hand_L -|fingertip_L finger_L -|shield hand_L -|weapon_bow hand_L -|ammo hand_L -
weapon_L hand_L -|shield_arm forearm_L -|neck chest neck|head neck neck|helmet head -|neck_guard head -|shoulder_R chest -
arm_R shoulder_R rsh|forearm_R arm_R rel|hand_R forearm_R -|finger_R hand_R -|fingertip_R finger_R -|weapon_R hand_R -
projectile hand_R -|cape1 chest -|cape2 cape1 -|cape3 cape2 -|thigh_L hip lhip|leg_L thigh_L lknee|foot_L leg_L lankle
thigh_R hip rhip|leg_R thigh_R rknee|foot_R leg_R rankle|sheath_01_R hip -|sheath_01_L hip -|sheath_02_R hip -
sheath_02_L hip -|quiver_R hip -|quiver_L hip -|knee_L leg_L -|knee_R leg_R -|elbow_L forearm_L -|elbow_R forearm_R -
"""
SKELETON = [tuple(bone.split()) for bone in _SKELETON.strip().replace("\n", "|").split("|")]
ORDER = {bone: i for i, (bone, _, _) in enumerate(SKELETON)}
LIMBS = [(f"{a}_{s}", f"{b}_{s}") for a, b in (("arm", "forearm"), ("forearm", "hand")) for s in "LR"]
LIMBS += [(f"{a}_{s}", f"{b}_{s}") for a, b in (("thigh", "leg"), ("leg", "foot")) for s in "LR"]
JOINTS = (
    ("chest", "root", 7),
    ("neck", "chest", 11),
    ("rhip", "root", 15),
    ("rknee", "rhip", 19),
    ("rankle", "rknee", 20),
)
JOINTS += (
    ("rsh", "chest", 24),
    ("rel", "rsh", 28),
    ("lhip", "root", 29),
    ("lknee", "lhip", 33),
    ("lankle", "lknee", 34),
)
JOINTS += (("lsh", "chest", 38), ("lel", "lsh", 42))
HINGES = ("rknee", "rel", "lknee", "lel")
TURNED = (3, *(at for joint, _, at in JOINTS if joint not in HINGES))  # where a key holds quaternions
AXES = np.array([[0.0, 0, -1], [0, 1, 0], [1, 0, 0]])  # the capture's axes -> y up, facing +z
MIRROR = np.diag([1.0, 1, -1])  # right-handed -> the game's left-handed space
HIP = 0.9  # metres: how high the captured person's hip is when standing


@dataclass(frozen=True, eq=False)
class Capture:
    """One clip: the `keys` (K, 43) and when each is reached, in seconds."""

    times: Array
    keys: Array

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return float(self.times[-1])

    def pose(self, mesh: Mesh, seconds: float) -> Array:
        """The pose (46, 7) of a human mesh at a time; the straight way from start to end is taken out."""
        root, turns = _joints(self._key(seconds))
        way = AXES @ (self.keys[-1] - self.keys[0])[:3] * min(seconds / self.seconds, 1)
        start = AXES @ self.keys[0][:3]
        root = root - [way[0] + start[0], 0, way[2] + start[2]]
        rest, straight = mesh.rest, _straightening(mesh.rest)
        place, turn = np.zeros((len(SKELETON), 3)), np.zeros((len(SKELETON), 3, 3))
        waist = MIRROR @ root * rest[0, 1] / HIP
        for bone in _parents_first():
            i, (_, parent, joint) = ORDER[bone], SKELETON[ORDER[bone]]
            above = ORDER.get(parent)
            free = joint != "-"
            turn[i] = MIRROR @ turns[joint] @ MIRROR @ straight.get(bone, np.eye(3)) if free else turn[above or 0]
            place[i] = waist if above is None else place[above] + turn[above] @ (rest[i, :3] - rest[above, :3])
        both = turn @ matrices(rest)[:, :3, :3]
        return np.concatenate([place, np.stack([_quaternion(m) for m in both])], 1)

    def _key(self, seconds: float) -> Array:
        """The key at a time, between its two neighbours, rotations the shorter way round."""
        at = min(max(int(np.searchsorted(self.times, seconds, "right")) - 1, 0), len(self.keys) - 2)
        share = (seconds - self.times[at]) / max(self.times[at + 1] - self.times[at], 1e-6)
        first, second = self.keys[at], self.keys[at + 1].copy()
        for q in TURNED:
            if first[q : q + 4] @ second[q : q + 4] < 0:
                second[q : q + 4] *= -1
        return first + (second - first) * min(max(share, 0), 1)


@cache
def captures(packages: Path) -> dict[str, Capture]:
    """Every clip of ACTIONS by its name; raises MissingPart without the package."""
    found = {}
    with zipfile.ZipFile(find(packages, "motion capture")) as wheel:
        for name in ACTIONS:
            data = json.loads(wheel.read(f"pybullet_data/data/motions/humanoid3d_{name}.txt"))
            rows = np.array(data["Frames"], np.float64)
            found[name] = Capture(np.concatenate([[0.0], np.cumsum(rows[:-1, 0])]), rows[:, 1:])
    return found


def _joints(key: Array) -> tuple[Array, dict[str, Array]]:
    """A key -> where the root is, and the turn of every joint in the world."""
    turns = {"root": _rotation(key[3:7])}
    for joint, parent, at in JOINTS:
        own = _hinge(key[at]) if joint in HINGES else _rotation(key[at : at + 4])
        turns[joint] = turns[parent] @ own
    return AXES @ key[:3], {joint: AXES @ turn @ AXES.T for joint, turn in turns.items()}


def _rotation(wxyz: Array) -> Array:
    return matrices(np.concatenate([np.zeros(3), np.roll(wxyz, -1)]))[:3, :3]


def _hinge(angle: float) -> Array:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def _straightening(rest: Array) -> dict[str, Array]:
    """For each limb bone the turn from its resting direction to straight down, which is how the capture rests."""
    made = {}
    for bone, end in LIMBS:
        a = rest[ORDER[end], :3] - rest[ORDER[bone], :3]
        a = a / np.linalg.norm(a)
        axis, cos = np.cross(a, [0.0, -1, 0]), -a[1]
        skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
        made[bone] = np.eye(3) + skew + skew @ skew / (1 + cos + 1e-9)  # Rodrigues
    return made


@cache
def _parents_first() -> tuple[str, ...]:
    done: list[str] = []
    while len(done) < len(SKELETON):
        done += [bone for bone, parent, _ in SKELETON if bone not in done and (parent == "-" or parent in done)]
    return tuple(done)


def _quaternion(m: Array) -> Array:
    """A rotation (3, 3) -> x, y, z, w: the eigenvector of Bar-Itzhack's matrix (2000) with the largest eigenvalue."""
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], m[1, 1] - m[0, 0] - m[2, 2], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m.trace()],
        ]
    )
    return np.linalg.eigh(k)[1][:, -1]
