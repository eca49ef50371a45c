"""A movement made into attitudes of one person: its directions led into the picture, its feet on the ground."""

import numpy as np

from motionalchemy.language.body_words import Asked
from motionalchemy.motion.body_moves import Move, move
from motionalchemy.render.puppet import Attitude, Puppet, turned
from motionalchemy.scene.limbs import unit
from motionalchemy.scene.skeleton import LIMBS, Limb

LONGEST, SHORTEST = 1.1, 0.9  # a bone is drawn at most, and at least, so many times as long as it is in the picture
FULL = 0.75  # the least share of its length that we see of a bone
KNEE = 0.5  # radians, that a leg which would become shorter is bent outward instead, at most
FLAT = 0.45  # how much of a direction towards us an arm keeps: what comes at us would be drawn short
SPEED = {"walk": 0.75, "run": 1.5}  # lengths of the trunk a second, as one slides where no foot tells


def side_of(puppet: Puppet, asked: Asked) -> str:
    """The limb of which side does what only one does: that which is named, else the freest that may move."""
    kind = "leg" if asked.action == "kick" else "arm"
    may: list[Limb] = [limb for limb in puppet.cut.limbs if limb.endswith(kind)]
    if asked.side and f"{asked.side} {kind}" in may:
        return asked.side
    bones = puppet.skeleton
    apart = [(abs(float(bones.chains[limb][2][0] - bones.hips[0])), limb) for limb in may]
    return max(apart)[1].split(" ")[0] if apart else ""


def attitudes(puppet: Puppet, asked: Asked, lasts: float, loop: bool) -> tuple[Attitude, ...]:
    """The attitudes of a person that does what is asked for in so many seconds, `RATE` a second; the last one stays."""
    made = move(asked.action, lasts, asked.pace, asked.strength, side_of(puppet, asked))
    bones, body = puppet.skeleton, made.body
    left, forward = bones.left, np.array([bones.left[1], -bones.left[0]])
    front, aside, ahead = abs(left[0]), abs(forward[0]), np.sign(forward[0] or 1)
    mirror = np.sign(left[0]) or 1.0
    turns: dict[Limb, tuple[np.ndarray, np.ndarray, np.ndarray]] = {
        limb: _limb(puppet, limb, made, left, forward) for limb in puppet.cut.limbs
    }
    shift = np.stack((body["sway"] * bones.trunk * left[0], -_lift(puppet, body["lift"]) * bones.trunk), 1)
    stand, step = _standing(puppet, turns, made)
    shift[:, 1] -= stand
    if asked.action in ("walk", "run") and not any("leg" in limb for limb in turns):
        phase = 2 * np.pi * 1.9 * made.seconds
        shift[:, 1] += 0.025 * bones.trunk * (np.cos(phase) - 1) * made.during(0.3, 0.3)
    road, size = _road(puppet, asked, made, step, loop)
    shift[:, 0] += road[:, 0]
    shift[:, 1] += road[:, 1]
    values = {
        "lean": mirror * body["lean"] * front + ahead * body["pitch"] * aside,
        "pitch": 0.6 * body["pitch"] * front,
        "yaw": mirror * body["yaw"],
        "head_roll": mirror * body["head_roll"] * front + ahead * body["head_pitch"] * aside,
        "head_pitch": body["head_pitch"] * front,
        "head_yaw": mirror * body["head_yaw"],
    }
    shift -= shift[0]
    made_of = list[Attitude]()
    for n in range(len(made.seconds)):
        angles: dict[Limb, tuple[float, float]] = {
            limb: (float(a[n, 0]), float(a[n, 1])) for limb, (a, _, _) in turns.items()
        }
        longer: dict[Limb, tuple[float, float]] = {
            limb: (float(s[n, 0]), float(s[n, 1])) for limb, (_, s, _) in turns.items()
        }
        now = {name: float(value[n]) for name, value in values.items()}
        at = (float(shift[n, 0]), float(shift[n, 1]))
        made_of.append(Attitude(**now, shift=at, size=float(size[n]), angles=angles, stretches=longer))
    return tuple(made_of)


def _lift(puppet: Puppet, lift: np.ndarray) -> np.ndarray:
    """How high a person is lifted, in lengths of its trunk, with its head in the picture."""
    rows = np.nonzero((puppet.skeleton.matte > 0.5).any(1))[0]
    room = max(0.2, (rows[0] - 0.02 * puppet.skeleton.matte.shape[0]) / puppet.skeleton.trunk)
    return lift * min(1.0, room / max(float(lift.max()), 1e-6))


def _limb(
    puppet: Puppet, limb: Limb, made: Move, left: np.ndarray, forward: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The turns and stretches (n, 2) of a limb's two bones, and how far its end goes (n, 2) from where it is."""
    side = 1 if limb.startswith("left") else -1
    arm, end = "arm" in limb, np.zeros((len(made.seconds), 2))
    vectors = np.diff(puppet.skeleton.chains[limb], axis=0)
    flats = [_seen(puppet, limb, bone, made, left, forward) for bone in range(2)]
    longs = np.linalg.norm(vectors, axis=1)
    seen = np.stack([np.linalg.norm(flat, axis=1) for flat in flats], 1)
    lengths = seen.clip(SHORTEST * longs, LONGEST * longs)
    aside = 0.0 if arm else side * left[0] * np.arccos(np.clip(seen / lengths, np.cos(KNEE), 1)).mean(1)
    angles = list[np.ndarray]()
    for bone, vector in enumerate(vectors):
        flat = turned(aside if bone else -aside, flats[bone])
        begin = np.arctan2(vector[1], vector[0])
        angle = np.unwrap(np.concatenate(([begin], np.arctan2(flat[:, 1], flat[:, 0]))))[1:] - begin
        if bone and np.abs(angle - angles[0]).max() > np.pi:
            angle = angles[0] + (angle - angles[0] + np.pi) % (2 * np.pi) - np.pi
        angles.append(angle)
        end += unit(flat) * lengths[:, bone, None] - vector
    return np.stack(angles, 1), lengths / longs, end


def _seen(puppet: Puppet, limb: Limb, bone: int, made: Move, left: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """A bone as we see it, (n, 2), led from how it is in the picture in the directions of a movement."""
    number, side, arm = LIMBS.index(limb), 1 if limb.startswith("left") else -1, "arm" in limb
    vector = puppet.skeleton.chains[limb][bone + 1] - puppet.skeleton.chains[limb][bone]
    long, away = float(np.linalg.norm(vector)), float(puppet.skeleton.deep[limb][bone])
    whole = long / max(np.sqrt(1 - away * away), FULL)
    now = np.array([*(vector / whole), np.sign(away) * np.sqrt(max(0.0, 1 - (long / whole) ** 2))])
    out, up, ahead = made.directions[:, number, bone].T
    goal = np.stack((side * out * left[0] + ahead * forward[0], -up, side * out * left[1] + ahead * forward[1]), -1)
    if arm:
        goal[:, 2] *= FLAT
    goal, share = unit(goal), made.weight[:, number, None]
    around = 0.5 * share * (1 - share) * np.array([side * left[0], 0, side * left[1]]) * arm
    return (unit((1 - share) * now + share * goal + around) * whole)[:, :2]


def _standing(
    puppet: Puppet, turns: dict[Limb, tuple[np.ndarray, np.ndarray, np.ndarray]], made: Move
) -> tuple[np.ndarray, np.ndarray]:
    """How far the lower foot has gone down (n,), so that it can stay where it stands, and how far the foot that carries has
    gone to our right, added up (n,)."""
    ends = [end for limb, (_, _, end) in turns.items() if "leg" in limb]
    count = len(made.seconds)
    if not ends:
        return np.zeros(count), np.zeros(count)
    both = np.stack(ends if len(ends) == 2 else [*ends, np.zeros((count, 2))], 1)
    low = both[..., 1] - both[..., 1].max(1, keepdims=True)
    share = np.exp(low / (0.04 * puppet.skeleton.trunk))
    share /= share.sum(1, keepdims=True)
    steps = -(share[1:] * np.diff(both[..., 0], axis=0)).sum(1)
    return (share * both[..., 1]).sum(1), np.concatenate(([0.0], steps))


def _road(puppet: Puppet, asked: Asked, made: Move, steps: np.ndarray, loop: bool) -> tuple[np.ndarray, np.ndarray]:
    """How far one who walks goes (n, 2) in pixels, staying in the picture, and how much larger it becomes (n,)."""
    count, bones = len(made.seconds), puppet.skeleton
    road, size = np.zeros((count, 2)), np.ones(count)
    if asked.action not in SPEED or not asked.way or loop:
        return road, size
    share = made.seconds / made.lasts
    share = share - np.sin(2 * np.pi * share) / (2 * np.pi) * 0.3
    rows, columns = (np.nonzero((bones.matte > 0.5).any(axis))[0] for axis in (1, 0))
    high, wide = bones.matte.shape
    reach = SPEED[asked.action] * bones.trunk * made.lasts
    if asked.way in ("left", "right"):
        sign = 1.0 if asked.way == "right" else -1.0
        room = wide - 1 - columns[-1] if sign > 0 else columns[0]
        own = np.cumsum(np.maximum(sign * steps, 0))
        along = own if own[-1] > 0.5 * reach else reach * share
        road[:, 0] = sign * along * min(1.0, max(float(room), 0.0) / max(float(along[-1]), 1e-6))
        return road, size
    near = asked.way == "near"
    room = (high - 1 - rows[-1]) / high
    tall = max(float(np.ptp(rows)), 1.0)
    if near:
        most = min(1.35, 1 + reach / (4 * bones.trunk), (rows[-1] - 0.02 * high + room * high * 0.7) / tall)
        most = max(most, 1.0)
        road[:, 1] = share * min(room * high * 0.7, 0.35 * (most - 1) * tall)
    else:
        most = max(0.6, 1 - reach / (6 * bones.trunk))
        road[:, 1] = -share * 0.35 * (1 - most) * tall
    return road, most**share
