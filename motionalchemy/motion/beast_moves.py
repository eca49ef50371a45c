"""What animals do, as turns and shifts of their parts over time: all by formula.

Angles are in radians, clockwise as we see them; lengths in pixels. All of it is back at the picture at the end of its beat.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from motionalchemy.language.beast_words import AskedBeast, Deed
from motionalchemy.render.beast_act import RATE, Lid, Moves
from motionalchemy.render.puppet import smooth
from motionalchemy.scene.beasts import Beast, Part

Curve = np.ndarray
YAW, ROLL = 0.62, 0.26  # radians that a head turns aside, and tilts
STEP, GAIT = 0.3, 1.1  # radians that a leg swings to each side, and cycles a second
ROUND = 1.35  # radii of a head: how wide it is round
BLINK = 0.11  # seconds in which a lid comes down
LEAST = 0.55  # of that: how far a snout, a beak or ears rise towards us, that reach beyond it
MOST = 0.09  # of the picture's width: how far a head that fills it rises towards us
GROWS = 0.28  # times larger, at most, that what comes nearer becomes


@dataclass
class Stage:
    """An animal that does something: `seconds` (n,) of its beat that `lasts` so long, and what has been put together of
    it: turns of the head, and what else moves."""

    beast: Beast
    seconds: Curve
    lasts: float
    room: tuple[float, float]
    loop: bool = False
    head: dict[str, Curve] = field(default_factory=dict)
    shut: Curve | None = None
    parts: list[tuple[Part, Curve, Curve | None]] = field(default_factory=list)
    legs: list[Curve] = field(default_factory=list)
    whole: dict[str, Curve] = field(default_factory=dict)
    jaw: Curve | None = None
    ears: Curve | None = None
    chest: Curve | None = None

    def during(self, rise: float = 0.5, fall: float = 0.5) -> Curve:
        """A share that rises at the beginning and is back at 0 at the end."""
        up = smooth(self.seconds / min(rise, 0.4 * self.lasts))
        return up * smooth((self.lasts - self.seconds) / min(fall, 0.4 * self.lasts))

    def wave(self, rate: float, late: float = 0.0) -> Curve:
        """A sine of so many cycles a second."""
        return np.sin(2 * np.pi * rate * self.seconds - late)

    def pulses(self, rate: float) -> Curve:
        """Humps of so many a second that begin at 0."""
        return 0.5 - 0.5 * np.cos(2 * np.pi * rate * self.seconds)

    def turn(self, **curves: Curve) -> None:
        """Add to what the head does: `yaw`, `pitch`, `angle`, and `right` and `down` in its radii."""
        for name, curve in curves.items():
            self.head[name] = self.head.get(name, np.zeros_like(self.seconds)) + curve

    def goes(self, **curves: Curve) -> None:
        """Add to what the whole does: `right` and `down` in pixels, `angle`, `size`."""
        for name, curve in curves.items():
            self.whole[name] = self.whole.get(name, np.zeros_like(self.seconds)) + curve

    def lowers(self, curve: Curve) -> None:
        """Let the head go down by so many radians, or as far where it looks at us."""
        ahead = self.beast.ahead
        if ahead:
            self.turn(angle=ahead * curve, down=0.35 * curve)
        else:
            self.turn(pitch=1.1 * curve, down=0.9 * curve)


def blink(s: Stage, asked: AskedBeast) -> bool:
    """The lids come down and go up, twice or more."""
    s.shut = np.zeros_like(s.seconds)
    for at in np.arange(0.45, s.lasts - 0.2, 1.15):
        late = s.seconds - at
        down = smooth((late + BLINK) / BLINK) * (1 - smooth((late - 0.06) / (1.7 * BLINK)))
        s.shut = np.maximum(s.shut, down)
    return bool(s.beast.eyes)


def look(s: Stage, asked: AskedBeast) -> bool:
    """The head turns to a side and stays there for a while, or to one side and the other."""
    w = s.during(0.7, 0.55) * asked.strength
    if asked.side == "around":
        aside = s.wave(1 / max(1.6, s.lasts / max(1, round(s.lasts / 2.2)))) * w
    else:
        sides = {"left": -1.0, "right": 1.0, "camera": -s.beast.ahead or 1.0}
        aside = sides.get(asked.side, -s.beast.ahead or 1.0) * w
    s.turn(yaw=YAW * aside, right=0.16 * aside, angle=0.07 * aside)
    return True


def shake(s: Stage, asked: AskedBeast) -> bool:
    """The head shakes quickly."""
    w = s.during(0.3, 0.4) * asked.strength
    s.turn(yaw=0.45 * w * s.wave(2.0), angle=0.13 * w * s.wave(2.0, 0.5), right=0.1 * w * s.wave(2.0))
    return True


def tilt(s: Stage, asked: AskedBeast) -> bool:
    """The head tilts to a side."""
    side = -1.0 if asked.side == "left" else 1.0
    w = s.during(0.45, 0.5) * asked.strength
    s.turn(angle=side * ROLL * w, right=0.12 * side * w)
    return True


def nod(s: Stage, asked: AskedBeast) -> bool:
    """The head goes down and up."""
    s.lowers(0.3 * s.during(0.2, 0.3) * s.pulses(1.2) * asked.strength)
    return True


def toss(s: Stage, asked: AskedBeast) -> bool:
    """The head is thrown up and comes down."""
    s.lowers(-0.32 * s.during(0.2, 0.3) * s.pulses(1.25) * asked.strength)
    return True


def lift(s: Stage, asked: AskedBeast) -> bool:
    """The head rises and stays up."""
    s.lowers(-0.3 * s.during(0.6, 0.5) * asked.strength)
    return True


def lower(s: Stage, asked: AskedBeast) -> bool:
    """The head goes down to the ground and moves there a little."""
    w = s.during(0.7, 0.5)
    s.lowers(0.42 * w * asked.strength + 0.05 * w * s.wave(1.6))
    return True


def peck(s: Stage, asked: AskedBeast) -> bool:
    """The head goes down quickly again and again, and the front of the body with it."""
    down = s.during(0.15, 0.25) * s.pulses(1.25) ** 1.4 * asked.strength
    s.lowers(0.42 * down)
    s.goes(angle=0.2 * (s.beast.ahead or 0.5) * down)
    return True


def tail(s: Stage, asked: AskedBeast) -> bool:
    """The tail swings to one side and the other."""
    if s.beast.tail is None:
        return False
    s.parts.append((s.beast.tail, 0.4 * asked.strength * s.during(0.25, 0.3) * s.wave(1.8 * asked.pace), None))
    return True


def pant(s: Stage, asked: AskedBeast) -> bool:
    """The jaw goes down and up, and the chest with it."""
    w = s.during(0.3, 0.3)
    s.jaw = w * s.pulses(2.6)
    s.chest = w * s.wave(2.6)
    s.turn(down=0.07 * w * s.pulses(2.6))
    return True


def speak(s: Stage, asked: AskedBeast) -> bool:
    """The head goes up a little and the jaw opens as far as it can."""
    w = s.during(0.25, 0.35)
    s.jaw = 1.7 * w * s.pulses(1.5)
    s.lowers(-0.14 * w * s.pulses(1.5))
    return True


def ears(s: Stage, asked: AskedBeast) -> bool:
    """What is at the top of the head twitches."""
    s.ears = s.during(0.15, 0.2) * s.wave(2.4) * np.clip(1.4 * s.wave(0.55), 0, 1)
    return True


def flap(s: Stage, asked: AskedBeast) -> bool:
    """Both wings go up and down, and the body against them."""
    beat = s.during(0.25, 0.3) * s.wave(2.0 * asked.pace) * asked.strength
    for wing in s.beast.wings:
        side = float(np.sign(wing.tip[0] - s.beast.middle[0]))
        s.parts.append((wing, 0.5 * side * beat, 1 - 0.14 * np.abs(beat)))
    s.goes(down=-0.12 * s.beast.radius * beat)
    return bool(s.beast.wings)


def _steps(s: Stage, asked: AskedBeast, rate: float, swing: float, speed: float) -> bool:
    """Legs that swing in turn under a body that goes along."""
    w = s.during(0.4, 0.4)
    for number in range(len(s.beast.legs)):
        late = np.pi * (number % 2) + 0.5 * (number // 2)
        s.legs.append((swing if s.beast.ahead else 0.4 * swing) * w * s.wave(rate, late))
    bob = 0.035 * s.beast.radius * (1 - np.cos(4 * np.pi * rate * s.seconds)) / 2
    s.goes(down=-bob * w, angle=0.012 * w * s.wave(rate))
    s.turn(down=0.06 * w * s.wave(2 * rate, 0.6))
    if not s.beast.legs:
        s.goes(angle=0.025 * w * s.wave(rate), right=0.05 * s.beast.radius * w * s.wave(rate))
    share = s.seconds / s.lasts - 0.3 * np.sin(2 * np.pi * s.seconds / s.lasts) / (2 * np.pi)
    far = speed * s.beast.radius * s.lasts * np.clip(share, 0, 1)
    if not s.beast.grounded:
        far = 0.15 * s.beast.radius * w
    if asked.way in ("left", "right"):
        room = s.room[asked.way == "right"]
        far = far * min(1.0, room / max(float(far[-1]), 1e-6))
        s.goes(right=far if asked.way == "right" else -far)
    elif asked.way in ("near", "far") and not s.loop:
        grows = min(GROWS, 0.2 * speed * s.lasts) * np.clip(share, 0, 1) * (1.0 if s.beast.grounded else 0.4)
        s.goes(size=grows if asked.way == "near" else -0.7 * grows)
    return True


def walk(s: Stage, asked: AskedBeast) -> bool:
    """It walks, in place or on its way."""
    return _steps(s, asked, GAIT * asked.pace, STEP, 0.55 * asked.pace)


def run(s: Stage, asked: AskedBeast) -> bool:
    """It runs, in place or on its way."""
    w = s.during(0.3, 0.3)
    s.goes(down=-0.1 * s.beast.radius * w * s.pulses(2 * GAIT))
    return _steps(s, asked, 1.8 * GAIT * asked.pace, 1.4 * STEP, 1.1 * asked.pace)


def swim(s: Stage, asked: AskedBeast) -> bool:
    """The tail fin beats, which we see as it becoming shorter and longer, and the body goes along."""
    w = s.during(0.3, 0.35)
    fin = s.beast.hind
    beat = s.wave(1.5 * asked.pace)
    if fin is not None:
        s.parts.append((fin, 0.16 * w * beat, 1 - 0.3 * w * s.pulses(1.5 * asked.pace)))
    s.turn(angle=-0.04 * w * beat)
    s.goes(down=0.05 * s.beast.radius * w * s.wave(0.75))
    ahead = {"left": -1.0, "right": 1.0}.get(asked.way, s.beast.ahead)
    room = s.room[ahead > 0]
    far = np.clip(s.seconds / s.lasts, 0, 1) * min(0.6 * s.beast.radius * s.lasts, room)
    s.goes(right=ahead * far)
    return True


def hop(s: Stage, asked: AskedBeast) -> bool:
    """The whole springs up and lands, again and again."""
    each = s.lasts / max(1, round(s.lasts / 0.9))
    share = np.where(s.seconds < s.lasts, s.seconds % each, 0.0) / each
    flight = np.clip((share - 0.22) / 0.6, 0, 1)
    s.goes(down=-1.6 * asked.strength * s.beast.radius * flight * (1 - flight))
    return True


def turn(s: Stage, asked: AskedBeast) -> bool:
    """The head turns, as far as one picture can show of one that turns round."""
    return look(s, asked)


def sway(s: Stage, asked: AskedBeast) -> bool:
    """The whole sways about its feet."""
    side = s.during(0.4, 0.4) * s.wave(0.8) * asked.strength
    s.goes(angle=0.09 * side)
    s.turn(angle=-0.12 * side)
    return True


DEEDS: dict[Deed, Callable[[Stage, AskedBeast], bool]] = {
    "blink": blink, "look": look, "shake": shake, "tilt": tilt, "nod": nod, "toss": toss, "lift": lift, "lower": lower,
    "peck": peck, "tail": tail, "pant": pant, "speak": speak, "ears": ears, "flap": flap, "walk": walk, "run": run,
    "swim": swim, "hop": hop, "turn": turn, "sway": sway,
}  # fmt: skip
OF_HEAD: frozenset[Deed] = frozenset(
    ("look", "shake", "tilt", "nod", "toss", "lift", "lower", "peck", "pant", "speak", "ears", "turn")
)
"""What cannot be shown without a head that is found."""


def staged(beast: Beast, lasts: float, size: tuple[int, int], loop: bool = False) -> Stage:
    """An animal in a picture of a size (H, W) that has so many seconds; in a `loop` it goes nowhere."""
    seconds = np.arange(round(lasts * RATE) + 1) / RATE
    columns = np.nonzero(beast.cells.any(0))[0] * size[1] / beast.cells.shape[1]
    room = max(0.0, float(columns[0])), max(0.0, size[1] - 1 - float(columns[-1]))
    return Stage(beast, seconds, lasts, (0.0, 0.0) if loop else room, loop)


def moves_of(s: Stage, size: tuple[int, int]) -> tuple[list[tuple[np.ndarray, tuple[Moves, ...]]], tuple[Lid, ...]]:
    """What all that makes of the cells of an animal in a picture of a size (H, W): its pieces, how much of each cell (h, w)
    is of one, with what moves it, and its lids."""
    beast, none = s.beast, np.zeros_like(s.seconds)
    still = np.stack((none, none), 1)
    whole = list[Moves]()
    wide = size[1] / beast.cells.shape[1]
    high = np.indices(beast.cells.shape)[0]
    lowest = np.nonzero(beast.cells)[0].max()

    def part(share: np.ndarray, pivot: np.ndarray, angle: Curve, longer: Curve | None = None, axis=None) -> Moves:
        return Moves(share.astype(np.float32), pivot, angle, still, none, none, axis=axis, longer=longer)

    for of, angle, longer in s.parts:
        along = of.tip - of.root
        axis = along / max(float(np.linalg.norm(along)), 1e-6)
        whole.append(part(of.share, of.root, angle, longer, axis))
    if beast.head is not None:
        whole += _head_moves(s, beast.head, wide)
    if s.chest is not None:
        away = np.hypot(*(np.indices(beast.cells.shape)[::-1] - (beast.middle / wide)[:, None, None]))
        chest = np.clip(1 - away / (1.3 * beast.radius / wide), 0, 1)
        whole.append(part(chest * chest * (3 - 2 * chest), beast.middle, none, 1 + 0.02 * s.chest))
    if s.whole:
        feet = np.array([beast.middle[0], (lowest + 1) * wide])
        up = np.clip((lowest - high) / beast.tall, 0, 1).astype(np.float32)
        ones = np.ones_like(up) if beast.grounded else up
        if "angle" in s.whole:
            whole.append(part(up, feet, s.whole["angle"]))
        goes = np.stack((s.whole.get("right", none), s.whole.get("down", none)), 1)
        whole.append(Moves(ones, feet, none, goes, none, none, longer=1 + s.whole.get("size", none)))
    pieces = list[tuple[np.ndarray, tuple[Moves, ...]]]()
    trunk = np.ones(beast.cells.shape, np.float32)
    shares = np.stack([leg.share for leg in beast.legs]) if s.legs else np.zeros((0, *trunk.shape))
    for leg, angle, share in zip(beast.legs if s.legs else (), s.legs, shares, strict=True):
        own = np.where(share >= shares.max(0), share, 0).astype(np.float32)
        swings = part(own, leg.root, angle)
        pieces.append((np.clip(own / 0.25, 0, 1), (swings, *whole[-2:])))
        trunk = np.minimum(trunk, np.clip(1 - (own - 0.5) / 0.3, 0, 1))
    pieces.append((trunk, tuple(whole)))
    lids = () if s.shut is None else tuple(Lid(eye.at, eye.radius, s.shut) for eye in beast.eyes)
    return pieces, lids


def _head_moves(s: Stage, head: Part, wide: float) -> list[Moves]:
    """What the head does: it turns as something round, and its jaw and ears by themselves."""
    none = np.zeros_like(s.seconds)
    x, y = (each + 0.5 - head.tip[k] / wide for k, each in enumerate(np.indices(head.share.shape)[::-1]))
    radius = head.radius / wide
    made = list[Moves]()
    still = np.stack((none, none), 1)
    if s.jaw is not None:
        below = smooth((y - 0.1 * radius) / (0.7 * radius)) * (1 - smooth((np.hypot(x, y) - 1.1 * radius) / radius))
        down = np.stack((none, 0.16 * head.radius * s.jaw), 1)
        made.append(Moves((head.share * below).astype(np.float32), head.tip, none, down, none, none))
    if s.ears is not None:
        above = smooth((-y - 0.45 * radius) / (0.8 * radius))
        aside = np.stack((0.2 * head.radius * s.ears, none), 1)
        made.append(Moves((head.share * above).astype(np.float32), head.tip, none, aside, none, none))
    if s.head:
        deep = head.radius * (0.7 if head.radius >= s.beast.radius else 1.0)
        deep = min(deep, MOST * wide * head.share.shape[1]) if s.beast.close else deep
        relief = deep * (LEAST + (1 - LEAST) * np.clip(1 - (x * x + y * y) / (ROUND * radius) ** 2, 0, 1))
        right, down = (s.head.get(name, none) * deep for name in ("right", "down"))
        turned = [s.head.get(name, none) for name in ("angle", "yaw", "pitch")]
        shift = np.stack((right, down), 1)
        made.append(Moves(head.share, head.root, turned[0], shift, turned[1], turned[2], relief.astype(np.float32)))
    return made or [Moves(head.share, head.root, none, still, none, none)]
