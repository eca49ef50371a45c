"""What people do, as directions of their limbs and turns of their trunk over time: all by formula and hand.

A direction is outward, up and forward of the person's own body, alike for left and right, so one movement serves any view.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from motionalchemy.language.body_words import Action
from motionalchemy.render.puppet import smooth
from motionalchemy.scene.skeleton import LIMBS, Limb

RATE = 30.0  # attitudes a second
GAIT, RUN = 0.95, 1.55  # cycles of two steps a second
Values = np.ndarray | float
NAMES = ("lean", "pitch", "yaw", "head_roll", "head_pitch", "head_yaw", "lift", "sway")
BEND: Limb = "left arm"


@dataclass
class Move:
    """A movement at `seconds` (n,): `directions` (n, 4, 2, 3) of the two bones of each limb, in the order of `LIMBS`, how
    far each limb leaves the picture's attitude, `weight` (n, 4) in [0, 1], and `body`: turns of trunk and head in radians,
    how high it is lifted and how far it sways, in lengths of the trunk."""

    seconds: np.ndarray
    lasts: float
    directions: np.ndarray = field(init=False)
    weight: np.ndarray = field(init=False)
    body: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.seconds)
        self.directions = np.zeros((count, 4, 2, 3))
        self.directions[..., 1] = -1
        self.weight = np.zeros((count, 4))
        self.body = {name: np.zeros(count) for name in NAMES}

    def limb(self, limb: Limb, first: tuple[Values, ...], second: tuple[Values, ...], weight: Values) -> None:
        """Lead a limb's bones in directions (outward, up, forward), by a weight."""
        number = LIMBS.index(limb)
        for bone, direction in enumerate((first, second)):
            parts = np.stack([np.broadcast_to(each, self.seconds.shape) for each in direction], -1)
            self.directions[:, number, bone] = parts / np.linalg.norm(parts, axis=-1, keepdims=True)
        self.weight[:, number] = weight

    def both(self, kind: str, first: tuple[Values, ...], second: tuple[Values, ...], weight: Values) -> None:
        """Lead both arms or legs alike."""
        for limb in LIMBS:
            if limb.endswith(kind):
                self.limb(limb, first, second, weight)

    def turn(self, **values: Values) -> None:
        """Set turns of the body."""
        for name, value in values.items():
            self.body[name] = np.broadcast_to(value, self.seconds.shape).astype(float)

    def during(self, rise: float = 0.45, fall: float = 0.45) -> np.ndarray:
        """A share that rises at the beginning and is back at 0 at the end."""
        up = smooth(self.seconds / min(rise, 0.4 * self.lasts))
        return up * smooth((self.lasts - self.seconds) / min(fall, 0.4 * self.lasts))

    def again(self, usual: float) -> tuple[np.ndarray, float]:
        """Seconds within one of the whole times that a movement of about so many seconds is done, and how long each is."""
        each = self.lasts / max(1, round(self.lasts / usual))
        return np.where(self.seconds < self.lasts, self.seconds % each, each), each


def wave(m: Move) -> None:
    """One arm goes up and its forearm swings."""
    w = m.during(0.5, 0.4)
    swing = 0.15 + 0.48 * np.sin(2 * np.pi * 1.6 * (m.seconds - 0.35))
    m.limb(BEND, (0.92, 0.05, 0.15), (0.25 + swing, 0.95, 0.1), w)
    m.turn(lean=-0.035 * w, head_roll=-0.06 * w)


def clap(m: Move) -> None:
    """Both forearms meet before the chest."""
    w = m.during(0.4, 0.35)
    open_ = (1 + np.cos(2 * np.pi * 2.2 * m.seconds)) / 2
    m.both("arm", (0.28 + 0.12 * open_, -0.9, 0.25), (-0.82 + 0.6 * open_, 0.5, 0.3), w)
    m.turn(head_pitch=0.04 * w * open_)


def raise_arms(m: Move) -> None:
    """Both arms go up and stay there for a while."""
    w = m.during(0.7, 0.45)
    m.both("arm", (0.55, 0.85, 0.03), (0.22, 0.97, 0.02), w)
    m.turn(head_pitch=-0.1 * w)


def cheer(m: Move) -> None:
    """Both arms go up and pump, with small hops."""
    w = m.during(0.35, 0.35)
    beat = 2 * np.pi * 1.7 * m.seconds
    m.both("arm", (0.6 + 0.12 * np.sin(beat), 0.75 + 0.25 * np.sin(beat), 0), (0.2, 0.98, 0), w)
    m.turn(lift=0.1 * w * np.abs(np.sin(beat / 2)), lean=0.03 * w * np.sin(beat / 2), head_pitch=-0.08 * w)


def stretch(m: Move) -> None:
    """Both arms go up slowly and the trunk leans to one side and the other."""
    w = m.during(0.8, 0.5)
    m.both("arm", (0.3, 0.95, 0), (0.05, 1.0, 0), w)
    m.turn(lean=0.12 * w * np.sin(2 * np.pi * m.seconds / m.again(2.6)[1]), head_pitch=-0.16 * w, lift=0.03 * w)


def nod(m: Move) -> None:
    """The head goes down and up."""
    w = m.during(0.2, 0.3)
    down = (1 - np.cos(2 * np.pi * 1.5 * m.seconds)) / 2
    m.turn(head_pitch=0.34 * w * down, pitch=0.08 * w * down)


def bow(m: Move) -> None:
    """The trunk pitches forward and comes up."""
    t, each = m.again(2.2)
    w = smooth((t - 0.05) / (0.36 * each)) * (1 - smooth((t - 0.58 * each) / (0.4 * each)))
    m.turn(pitch=0.95 * w, head_pitch=0.3 * w)


def turn(m: Move) -> None:
    """The trunk turns a little to one side and the other, the head before it."""
    each = m.again(2.6)[1]
    w = m.during(0.3, 0.3)
    m.turn(
        yaw=0.32 * w * np.sin(2 * np.pi * m.seconds / each),
        head_yaw=0.24 * w * np.sin(2 * np.pi * m.seconds / each + 0.35),
    )


def look(m: Move) -> None:
    """The head turns to one side and the other."""
    m.turn(head_yaw=0.34 * m.during(0.3, 0.3) * np.sin(2 * np.pi * m.seconds / m.again(2.4)[1]))


def sway(m: Move) -> None:
    """The whole sways from side to side."""
    w = m.during(0.5, 0.4)
    side = np.sin(2 * np.pi * m.seconds / m.again(1.9)[1])
    m.turn(lean=0.115 * w * side, head_roll=-0.08 * w * side, sway=0.05 * w * side)


def jump(m: Move) -> None:
    """It crouches, flies with the arms up, lands and rises."""
    t, each = m.again(1.7)
    u = t / each
    crouch = smooth(u / 0.22) * (1 - smooth((u - 0.25) / 0.09)) + 0.75 * smooth((u - 0.6) / 0.08) * (
        1 - smooth((u - 0.7) / 0.25)
    )
    flight = np.clip((u - 0.3) / 0.33, 0, 1)
    air = smooth((u - 0.27) / 0.1) * (1 - smooth((u - 0.55) / 0.12))
    w = m.during(0.15, 0.2)
    m.both("arm", (0.5 + 0.3 * air, -0.85 + 1.6 * air, 0), (0.4, -0.75 + 1.6 * air, 0), w)
    thigh, shank = 0.85 * crouch + 0.2 * air, 0.7 * crouch + 0.4 * air
    out = 0.1 + 0.28 * crouch
    m.both("leg", (out, -np.cos(thigh), np.sin(thigh)), (0.5 * out - 0.15 * crouch, -np.cos(shank), -np.sin(shank)), w)
    m.turn(lift=0.8 * 4 * flight * (1 - flight), pitch=0.2 * crouch)


def hop(m: Move) -> None:
    """Small jumps one after another."""
    w = m.during(0.2, 0.25)
    up = np.abs(np.sin(np.pi * 1.8 * m.seconds))
    bend = 0.4 * (1 - up) * w
    m.both("leg", (0.12, -np.cos(bend), np.sin(bend)), (0.04, -np.cos(bend), -np.sin(bend)), w)
    m.both("arm", (0.5 + 0.25 * up, -0.75 + 0.4 * up, 0), (0.5, -0.5 + 0.5 * up, 0), w)
    m.turn(lift=0.25 * w * up)


def squat(m: Move) -> None:
    """It goes down on bent knees, with the arms forward, and up."""
    t, each = m.again(2.4)
    w = smooth(t / (0.4 * each)) * (1 - smooth((t - 0.58 * each) / (0.4 * each)))
    m.both("leg", (0.45, -0.72, 0.75), (-0.1, -0.9, -0.55), w)
    m.both("arm", (0.5, -0.35, 0.75), (0.35, -0.1, 0.9), 0.7 * w)
    m.turn(pitch=0.25 * w)


def kick(m: Move) -> None:
    """One leg swings up, the arms keep the balance."""
    t, each = m.again(1.9)
    k = smooth((t - 0.1 * each) / (0.26 * each)) * (1 - smooth((t - 0.5 * each) / (0.4 * each)))
    w = m.during(0.2, 0.3)
    m.limb("right leg", (0.8 * k, -1.05 + 0.4 * k, 0.7 * k), (0.8 * k, -1.05 + 0.4 * k, 0.55 * k), w)
    m.both("arm", (0.65, -0.75, 0), (0.55, -0.6, 0.2), 0.8 * w)
    m.turn(lean=0.12 * k * w)


def _gait(m: Move, rate: float, thigh: float, knee: float, arm: float, elbow: float) -> np.ndarray:
    """Legs and arms that swing in turn, so many cycles a second; how far they do, (n,)."""
    w = m.during(0.35, 0.35)
    for side, late in (("left", 0.0), ("right", np.pi)):
        phase = 2 * np.pi * rate * m.seconds + late
        hip = thigh * (0.25 + np.sin(phase)) * w
        bent = knee * (0.12 + np.clip(np.sin(phase + 1.25), 0, 1) ** 1.5) * w
        leg: Limb = "left leg" if side == "left" else "right leg"
        hand: Limb = "left arm" if side == "left" else "right arm"
        m.limb(leg, (0.05, -np.cos(hip), np.sin(hip)), (0.03, -np.cos(hip - bent), np.sin(hip - bent)), w)
        swing = -arm * np.sin(phase) * w
        fore = swing + elbow * w
        m.limb(hand, (0.16, -np.cos(swing), np.sin(swing)), (0.06, -np.cos(fore), np.sin(fore)), w)
    step = 2 * np.pi * rate * m.seconds
    m.turn(yaw=0.05 * w * np.sin(step), lean=0.02 * w * np.sin(step), sway=0.02 * w * np.sin(step))
    return w


def walk(m: Move) -> None:
    """The gait of one who walks: the knee bends as the leg swings forward."""
    _gait(m, GAIT, 0.5, 1.15, 0.42, 0.3)


def run(m: Move) -> None:
    """The gait of one who runs, with bent elbows, off the ground between steps."""
    w = _gait(m, RUN, 0.68, 1.5, 0.6, 1.35)
    m.turn(pitch=0.14 * w, lift=0.06 * w * np.abs(np.sin(2 * np.pi * RUN * m.seconds)))


def dance(m: Move) -> None:
    """Steps from side to side with knees that give, arms that swing up in turn, and a trunk that follows."""
    w = m.during(0.35, 0.4)
    beat = 2 * np.pi * 1.0 * m.seconds
    side, late = np.sin(beat), np.sin(beat - 0.6)
    hands: tuple[tuple[Limb, float], ...] = (("left arm", 1.0), ("right arm", -1.0))
    for limb, sign in hands:
        up = 0.5 + 0.5 * sign * late
        m.limb(limb, (0.85, -0.5 + 0.85 * up, 0.05), (0.45 - 0.5 * up, 0.55 + 0.4 * up, 0.1), w)
    give = 0.34 * (0.5 - 0.5 * np.cos(2 * beat))
    feet: tuple[tuple[Limb, float], ...] = (("left leg", 1.0), ("right leg", -1.0))
    for limb, sign in feet:
        bend = give + 0.3 * np.clip(-sign * side, 0, 1)
        m.limb(limb, (0.22 + 0.1 * sign * side, -np.cos(bend), np.sin(bend)), (0.02, -np.cos(bend), -np.sin(bend)), w)
    m.turn(lean=0.1 * w * side, sway=0.12 * w * side, head_roll=-0.12 * w * late, yaw=0.14 * w * late)


def exercise(m: Move) -> None:
    """Jumping jacks: arms and legs open and close."""
    w = m.during(0.25, 0.3)
    open_ = 0.5 - 0.5 * np.cos(2 * np.pi * 1.2 * m.seconds)
    m.both("arm", (0.25 + 0.6 * np.sin(np.pi * open_), -0.95 + 1.85 * open_, 0), (0.2, -0.95 + 1.9 * open_, 0), w)
    m.both("leg", (0.05 + 0.38 * open_, -1, 0), (0.05 + 0.38 * open_, -1, 0), w)
    m.turn(lift=0.12 * w * np.sin(np.pi * open_))


MOVES: dict[Action, Callable[[Move], None]] = {
    "wave": wave,
    "clap": clap,
    "raise": raise_arms,
    "cheer": cheer,
    "stretch": stretch,
    "nod": nod,
    "bow": bow,
    "turn": turn,
    "look": look,
    "sway": sway,
    "jump": jump,
    "hop": hop,
    "squat": squat,
    "kick": kick,
    "walk": walk,
    "run": run,
    "dance": dance,
    "exercise": exercise,
}


def move(action: Action, lasts: float, pace: float, strength: float, side: str = "") -> Move:
    """What is done in so many seconds at a pace, 1 as usual, so strongly; with the limb of one `side`, if it is one."""
    seconds = np.arange(round(lasts * RATE) + 1) / RATE
    made = Move(seconds * pace, lasts * pace)
    MOVES[action](made)
    made.body = {name: value * min(strength, 1.4) for name, value in made.body.items()}
    if (side == "right" and action == "wave") or (side == "left" and action == "kick"):
        swap = [1, 0, 3, 2]
        made.directions, made.weight = made.directions[:, swap], made.weight[:, swap]
        for name in ("lean", "yaw", "head_roll", "sway"):
            made.body[name] = -made.body[name]
    return made
