"""When a face does what: each thing that it can do as curves over the seconds."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from motionalchemy.language.face_words import AskedFace, Deed, Side
from motionalchemy.motion.expressions import Sitter, pose
from motionalchemy.render.face_pose import FacePose
from motionalchemy.scene.face_mesh import smooth

Values = dict[str, float]
FADES = 0.5  # seconds in which what a face did goes
UNEVEN = 0.93  # of its left half, that a face does with its right: nobody is quite even
TURNS, NODS, SHAKES, TILTS = 18.0, 11.0, 14.0, 8.5  # degrees
MOST = 20.0  # degrees that a head is turned at most
GROUPS: dict[Deed, str] = {
    "smile": "mouth", "laugh": "mouth", "frown": "mouth", "surprise": "mouth", "sad": "mouth", "talk": "mouth",
    "kiss": "mouth", "gape": "mouth", "nod": "head", "shake": "head", "tilt": "head", "turn": "head", "bow": "head",
    "lift": "head", "look": "eyes", "blink": "lids", "wink": "lids", "close": "lids", "wide": "lids", "brows": "brows",
}  # fmt: skip
ATTACKS: dict[Deed, float] = {"surprise": 0.3, "look": 0.35, "close": 0.4, "wide": 0.35, "brows": 0.35, "turn": 0.9}
MOUTH_SHAPES: tuple[Values, ...] = (
    {"JawDrop": 0.4},
    {"JawDrop": 0.2, "LipsKiss": 0.75},
    {"JawDrop": 0.16, "MouthLeftPullSide": 0.45, "MouthRightPullSide": 0.45},
    {"JawDrop": 0.1, "lowerLipDown": 0.35},
    {"lowerLipUp": 0.25},
    {"JawDrop": 0.28, "UpperLipUp": 0.2},
)


def both(unit: str, amount: float, part: str = "") -> Values:
    """A unit on both sides."""
    return {f"{part}Left{unit}": amount, f"{part}Right{unit}": amount * UNEVEN}


def lids(amount: float) -> Values:
    """Both lids."""
    return {"shut right": amount, "shut left": amount}


SMILE: Values = {
    **both("PullUp", 0.58, "Mouth"), **both("PullSide", 0.88, "Mouth"), **both("CheekUp", 0.45), **both("LowerLidUp", 0.4),
    "NasolabialDeepener": 0.3, **lids(0.1),
}  # fmt: skip
LAUGH: Values = {
    **both("PullUp", 0.66, "Mouth"), **both("PullSide", 0.96, "Mouth"), **both("CheekUp", 0.54), **both("LowerLidUp", 0.42),
    "NasolabialDeepener": 0.26, "UpperLipUp": 0.1, **lids(0.26),
}  # fmt: skip
HELD: dict[Deed, Values] = {
    "smile": SMILE,
    "laugh": LAUGH,
    "frown": {**both("BrowDown", 0.75), **both("PullDown", 0.7, "Mouth"), "lowerLipUp": 0.2, "NoseWrinkler": 0.15,
              **lids(0.1), "down": 3},
    "sad": {**both("InnerBrowUp", 0.8), **both("PullDown", 1.2, "Mouth"), "lowerLipUp": 0.3, **lids(0.2), "down": 4},
    "surprise": {**both("OuterBrowUp", 0.4), **both("InnerBrowUp", 0.37), "JawDrop": 0.31, **lids(-0.16), "down": -2.5},
    "kiss": {"LipsKiss": 1.2, "UpperLipForward": 0.15},
    "gape": {"JawDrop": 0.75},
    "close": lids(1.0),
    "wide": {**lids(-0.35), **both("OuterBrowUp", 0.3), **both("InnerBrowUp", 0.25)},
    "brows": {**both("OuterBrowUp", 0.8), **both("InnerBrowUp", 0.7)},
    "bow": {"down": 13, **lids(0.3)},
    "lift": {"down": -10},
}  # fmt: skip


def hump(seconds: float, at: float, wide: float) -> float:
    """1 at a second, and little farther than `wide` from it."""
    return float(np.exp(-(((seconds - at) / wide) ** 2)))


def blinking(seconds: float, at: float) -> float:
    """How far lids are shut in a blink that is at its middle at a second: faster down than up."""
    late = seconds - at
    return float(1 - smooth(abs(late), 0.03, 0.13 if late < 0 else 0.22))


@dataclass(frozen=True)
class Step:
    """Something asked of a face between two seconds of a beat."""

    asked: AskedFace
    begin: float
    end: float
    until: float  # when something else takes its place


class Speaking(Protocol):
    """What makes a mouth go."""

    def values(self, seconds: float) -> Values:
        """What the mouth does at a second, see `expressions.pose`."""
        ...


@dataclass(frozen=True)
class Speech:
    """Mouth shapes: for each the second at which it is there, its number in MOUTH_SHAPES, and how large it is."""

    shapes: tuple[tuple[float, int, float], ...]
    wide: float = 0.075

    def values(self, seconds: float) -> Values:
        """What the mouth does at a second."""
        total = Values()
        for at, number, size in self.shapes:
            if abs(seconds - at) < 4 * self.wide:
                add(total, MOUTH_SHAPES[number], size * hump(seconds, at, self.wide))
        return total


def babble(seconds: float, seed: int) -> Speech:
    """Speech of so many seconds that says nothing: four to six mouth shapes a second, with breath between phrases."""
    chance, at, last, shapes = random.Random(seed), 0.22, -1, list[tuple[float, int, float]]()
    breath = at + chance.uniform(0.9, 1.6)
    while at < seconds - 0.15:
        last = chance.choice([number for number in range(len(MOUTH_SHAPES)) if number != last])
        shapes.append((at, last, chance.uniform(0.75, 1.1)))
        at += chance.uniform(0.15, 0.23)
        if at > breath:
            at += chance.uniform(0.2, 0.35)
            breath = at + chance.uniform(0.9, 1.6)
    return Speech(tuple(shapes))


def add(total: Values, values: Values, amount: float) -> None:
    """Adds so much of some values."""
    for name, value in values.items():
        total[name] = total.get(name, 0.0) + value * amount


@dataclass(frozen=True, eq=False)
class Acted:
    """What a `sitter` does in the `steps` of a beat so many `seconds` long, how its mouth goes when it talks, `speech`,
    whether it is back at rest at the end (`loop`)."""

    sitter: Sitter
    steps: tuple[Step, ...]
    seconds: float
    speech: Speaking
    loop: bool = False
    amount: float = 1.0

    def at(self, seconds: float) -> FacePose | None:
        """How the face is held at a second."""
        values = self.values(seconds)
        if not any(abs(value) > 1e-4 for value in values.values()):
            return None
        return pose(self.sitter, values)

    def softened(self, share: float) -> "Acted":
        """The same, less of it."""
        return replace(self, amount=self.amount * share)

    def values(self, seconds: float) -> Values:
        """What the face does at a second, see `expressions.pose`."""
        rests = self.seconds - FADES if self.loop else self.seconds
        still = float(1 - smooth(seconds, rests, rests + FADES)) * self.amount
        total = Values()
        if still <= 0 or seconds <= 0:
            return total
        for step in self.steps:
            stays = still * float(1 - smooth(seconds, step.until, step.until + FADES))
            if seconds > step.begin and stays > 0:
                add(total, self._doing(step, seconds - step.begin), stays)
        breath = float(smooth(seconds, 0, 0.8)) * still
        add(total, {"right": 0.35, "down": 0.25}, breath * float(np.sin(2.1 * seconds)))
        if not any(GROUPS[step.asked.deed] == "lids" for step in self.steps):
            shut = max(blinking(seconds, at) for at in np.arange(0.62, 0.62 + self.seconds, 2.9)) * still
            for name in lids(1):
                total[name] = max(total.get(name, 0.0), shut)
        for name in lids(1):
            if name in total:
                total[name] = min(total[name], 1.0)
        if "right" in total:
            total["right"] = float(np.clip(total["right"], -MOST, MOST))
        return total

    def _doing(self, step: Step, late: float) -> Values:
        """What one step makes the face do, so many seconds after its beginning."""
        asked, lasts = step.asked, step.end - step.begin
        attack = min(ATTACKS.get(asked.deed, 0.55) / asked.pace, 0.8 * lasts)
        rise = float(smooth(late, 0.05, 0.05 + attack))
        special = SPECIAL.get(asked.deed)
        if special is not None:
            return special(self, asked, late, lasts, rise)
        total = Values()
        add(total, HELD[asked.deed], rise * (asked.strength if asked.deed != "close" else 1.0))
        return total

    def _sign(self, side: Side, own: bool) -> float:
        """1 to our right, -1 to our left; where no side is said, towards where the head already is turned a little, or
        towards the middle of a head that is turned far."""
        if side in ("left", "right"):
            return (1.0 if side == "right" else -1.0) * (-1.0 if own else 1.0)
        yaw = self.sitter.fit.yaw
        return (1.0 if yaw >= 0 else -1.0) * (-1.0 if 12 < abs(yaw) < 35 else 1.0)

    def _turn(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        if asked.side == "camera":
            right = float(np.clip(-self.sitter.fit.yaw, -TURNS, TURNS))
            return {"right": right * rise, "gaze right": -self._away()[0] * rise}
        if asked.side in ("up", "down"):
            return {"down": (10 if asked.side == "down" else -9) * rise}
        if asked.side == "around":
            return self._around(late, lasts, TURNS * 0.85)
        sign = self._sign(asked.side, asked.own)
        lead = float(smooth(late, 0.02, 0.3) - smooth(late, 0.5, 1.1 / min(asked.pace, 1.0)))
        return {"right": sign * TURNS * min(asked.strength, 1.1) * rise, "gaze right": 0.35 * sign * lead}

    def _look(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        if asked.side == "camera":
            right, down = self._away()
            yaw = float(np.clip(-self.sitter.fit.yaw, -8, 8))
            return {"gaze right": -right * rise, "gaze down": -down * rise, "right": yaw * rise}
        if asked.side == "up":
            return {
                "gaze down": -0.5 * rise,
                "down": -5 * rise,
                **lids(-0.12 * rise),
                **both("InnerBrowUp", 0.25 * rise),
            }
        if asked.side == "down":
            return {"gaze down": 0.5 * rise, "down": 5 * rise, **lids(0.32 * rise)}
        if asked.side == "around":
            return self._around(late, lasts, 9.0)
        sign = self._sign(asked.side, asked.own)
        return {"gaze right": 0.7 * sign * rise, "right": 6 * sign * float(smooth(late, 0.15, 0.9))}

    def _around(self, late: float, lasts: float, degrees: float) -> Values:
        turn = float(np.sin(2 * np.pi * late / max(lasts, 1.6)) * smooth(late, 0, 0.4))
        lead = float(np.sin(2 * np.pi * (late + 0.12) / max(lasts, 1.6)) * smooth(late, 0, 0.4))
        return {"right": -degrees * turn, "gaze right": -0.5 * lead}

    def _away(self) -> tuple[float, float]:
        """How far right the eyes look of where we are, in radii of the iris; how far down is not told from a picture."""
        fit, ways = self.sitter.fit, list[float]()
        for number, (outer, inner) in enumerate(((33, 133), (263, 362))):
            iris = fit.face.irises[number]
            radius = max(float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean()), 1.0)
            ways.append(float((iris[0, 0] - fit.points[[outer, inner], 0].mean()) / radius))
        return float(np.clip(np.mean(ways), -0.7, 0.7)), 0.0

    def _tilt(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        leans = -self.sitter.fit.face.roll if not asked.side else 0.0
        sign = self._sign(asked.side, asked.own) if asked.side else (1.0 if leans >= 0 else -1.0)
        return {"clockwise": sign * TILTS * asked.strength * rise}

    def _nod(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        times = max(1, round(lasts * asked.pace / 1.05))
        share = np.clip(late / lasts, 0, 1)
        return {"down": NODS * asked.strength * float(1 - np.cos(2 * np.pi * times * share)) / 2}

    def _shake(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        times = max(1, round(lasts * asked.pace / 1.0))
        share = float(np.clip(late / lasts, 0, 1))
        swing = np.sin(2 * np.pi * times * share) * np.sin(np.pi * share) ** 0.4
        return {"right": SHAKES * asked.strength * float(swing)}

    def _blink(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        return lids(max(blinking(late, at) for at in (*np.arange(0.4, max(lasts - 0.25, 0.41), 1.15),)))

    def _wink(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        right = self._sign(asked.side or "right", asked.own) < 0  # the person's own right eye is the one to our left
        one, other = ("Right", "Left") if right else ("Left", "Right")
        middle = min(0.75, lasts / 2)
        shut = float(1 - smooth(abs(late - middle), 0.12, 0.34))
        total = {f"shut {one.lower()}": shut, f"shut {other.lower()}": 0.1 * shut}
        add(total, {f"{one}CheekUp": 0.6, f"Mouth{one}PullUp": 0.5, f"{one}BrowDown": 0.35}, shut)
        return total

    def _laugh(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        beat = 0.8 + 0.2 * float(np.sin(2 * np.pi * 2.6 * late))
        total = Values()
        add(total, LAUGH, rise * min(asked.strength, 1.0))
        add(total, {"JawDrop": 0.5, "down": -4}, rise * beat * asked.strength)
        return total

    def _talk(self, asked: AskedFace, late: float, lasts: float, rise: float) -> Values:
        total = Values()
        add(total, self.speech.values(late), 1.0)
        lively = float(smooth(late, 0, 0.5) * smooth(lasts - late, -0.2, 0.3))
        add(total, {"down": 1.6, "right": 1.4}, lively * float(np.sin(2.7 * late) * np.sin(4.1 * late)))
        add(total, both("InnerBrowUp", 0.5), hump(late, 0.35 * lasts, 0.25))
        return total


SPECIAL: dict[Deed, Callable[[Acted, AskedFace, float, float, float], Values]] = {
    "turn": Acted._turn, "look": Acted._look, "tilt": Acted._tilt, "nod": Acted._nod, "shake": Acted._shake,
    "blink": Acted._blink, "wink": Acted._wink, "laugh": Acted._laugh, "talk": Acted._talk,
}  # fmt: skip


def planned(asked: tuple[AskedFace, ...], seconds: float, loop: bool = False) -> tuple[Step, ...]:
    """When each of several things happens in a beat so many seconds long: steps share it evenly; what is held stays until
    something else is done with the same part of the face."""
    lasts = max(seconds - (FADES if loop else 0.0), 0.4)
    count = max(each.step for each in asked) + 1
    steps = list[Step]()
    for each in asked:
        begin, end = lasts * each.step / count, lasts * (each.step + 1) / count
        later = [
            lasts * other.step / count
            for other in asked
            if other.step > each.step and GROUPS[other.deed] == GROUPS[each.deed]
        ]
        until = min(later, default=seconds + FADES)
        steps.append(Step(each, begin, end, until if each.deed not in ("talk", "laugh") else min(until, end)))
    return tuple(steps)
