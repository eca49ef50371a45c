"""What a sentence says of its camera, English and Chinese: which moves, which way, how far, how fast, and on what.

Nobody need say "the camera" where a phrase is unambiguous: "slow zoom in", "drone shot", "航拍", "环绕". What somebody
else does, "he pans for gold", "the ship rolls", is no move of the camera.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from motionalchemy.language import camera_words as said
from motionalchemy.language.lexicon import HAN, SIMPLER, normalised

ORBITS = re.compile(
    r"\b(?:orbit|circl|revolv)\w*|\b(?:mov|go|turn|travel|swing|fl)\w*(?: \w+)? around\b|环绕|绕行|绕着|围绕",
    re.IGNORECASE,
)
SIGNS = {"left": 1, "right": -1, "左": 1, "右": -1}  # of a camera; what is near goes the other way


def orbit_direction(clauses: list[str]) -> int:
    """Which way a camera makes a subject turn that circles it, by what is said of the camera: 1 if what is near goes to
    the right, -1 if to the left, 0 if none circles it."""
    for clause in clauses:
        if ORBITS.search(clause):
            found = re.findall("left|right|左|右", clause.lower())
            return SIGNS[found[-1]] if found else 1
    return 0


CLAUSES = re.compile(r"(?:\b(?:while|as)\b)?(?:(?!\b(?:while|as)\b)[^,.;:!?，。；：！？])+")
CAMERA = re.compile(
    r"\s*(?:while|as|and)?\s*(?:(?:the|a) )?(?:\w+ )?(?:camera|view|shot)\b|\s*(?:镜头|画面)", re.IGNORECASE
)
HELD = re.compile(
    r"\b(?:static|fixed|still|steady|stands?|stationary|unmoving)\b|\b(?:does not|doesn't) move\b|固定|不动|静止",
    re.IGNORECASE,
)  # what a camera does that does not move

Kind = Literal[
    "pan", "tilt", "zoom", "dolly", "truck", "pedestal", "orbit", "roll", "handheld", "fly", "dolly zoom", "rack focus",
    "whip pan", "follow", "static", "view", "cut", "unknown",
]  # fmt: skip
UNITS: dict[str, str] = {  # of `CameraMove.amount`
    "pan": "picture widths that the view goes", "whip pan": "picture widths that the view goes",
    "tilt": "picture widths that the view goes", "zoom": "times as large", "dolly": "shares of the way to what is nearest",
    "fly": "shares of the way to what is nearest", "dolly zoom": "shares of the way to what is nearest",
    "truck": "picture widths that what is in focus goes", "pedestal": "picture widths that what is in focus goes",
    "orbit": "degrees", "roll": "degrees", "handheld": "picture widths that the view sways",
    "rack focus": "picture widths of blur", "follow": "", "static": "", "view": "", "cut": "", "unknown": "",
}  # fmt: skip
USUAL = {
    "pan": 0.16, "whip pan": 0.3, "tilt": 0.13, "zoom": 1.35, "dolly": 0.28, "fly": 0.4, "dolly zoom": 0.26, "truck": 0.09,
    "pedestal": 0.08, "orbit": 14.0, "roll": 14.0, "handheld": 0.008, "rack focus": 0.012,
}  # fmt: skip
WIDER = 1.22  # times as much is seen at the end of a usual zoom out
MOST = {
    "pan": 0.35, "whip pan": 0.4, "tilt": 0.3, "zoom": 4.0, "dolly": 0.5, "fly": 0.6, "dolly zoom": 0.4, "truck": 0.2,
    "pedestal": 0.2, "orbit": 30.0, "roll": 45.0, "handheld": 0.03, "rack focus": 0.03,
}  # fmt: skip
DEFAULTS = {
    "pan": "right", "whip pan": "right", "tilt": "up", "truck": "right", "pedestal": "up", "orbit": "left", "zoom": "in",
    "dolly": "in", "fly": "forward", "dolly zoom": "in", "roll": "right", "rack focus": "far",
}  # fmt: skip
NOT_DONE = {
    "view": "a picture keeps the angle and the framing that it has",
    "cut": "one picture has no other shot to cut to",
    "unknown": "it is no move that is known",
}
FOCAL = 1.0  # of the longer side, that a lens is taken to be long: 53 degrees are seen


@dataclass(frozen=True)
class CameraMove:
    """One thing that a camera does.

    Its `kind`; the `direction` in which the camera goes or turns (left, right, up, down, in, out, forward, back, near, far;
    a camera that rolls to the right turns clockwise); the `amount` in UNITS; how many times as fast as usual it is said to
    be, `speed`, which the amount has in it, and its `manner`; the words of its `target`; from which share of its beat until
    which it lasts; the `words` themselves; and `why` it cannot be done, or not wholly, "" where it can."""

    kind: Kind
    direction: str = ""
    amount: float = 0.0
    speed: float = 1.0
    manner: Literal["", "smooth", "sudden"] = ""
    target: str = ""
    begin: float = 0.0
    end: float = 1.0
    words: str = ""
    why: str = ""

    @property
    def done(self) -> bool:
        """Whether it can be done."""
        return self.kind not in NOT_DONE


@dataclass(frozen=True)
class Clause:
    """A part of a sentence from character `begin` to `end`, and whether it is about the `camera`."""

    begin: int
    end: int
    text: str
    camera: bool


def clauses(words: str) -> list[Clause]:
    """The clauses of a sentence in order; one in whose middle a camera begins to do something is two."""
    found = list[Clause]()
    for clause in CLAUSES.finditer(words):
        begin, end = clause.span()
        cut = _camera_from(clause[0])
        if cut is None:
            found.append(Clause(begin, end, clause[0], False))
            continue
        if cut:
            found.append(Clause(begin, begin + cut, words[begin : begin + cut], False))
        found.append(Clause(begin + cut, end, words[begin + cut : end], True))
    return found


def _camera_from(clause: str) -> int | None:
    """The character of a clause from which on it is about the camera, None where it is not."""
    if CAMERA.match(clause):
        return 0
    text = clause.lower().replace("\u2019", "'").translate(SIMPLER)
    lead = len(text) - len(text.lstrip())
    bare = text.lstrip()
    if HAN.search(bare):
        if said.BARE_ZH.match(bare):
            return 0
        tail = said.TAIL_ZH.search(bare)
        return None if tail is None or not _moves(bare[tail.start() :]) else lead + tail.start() if tail.start() else 0
    if said.BARE.match(bare) and not said.ARTICLE.match(bare):
        return 0
    if said.SAYS_CAMERA.match(bare) and _moves(bare):
        return 0
    for pattern in (said.TAIL, said.INSIDE):
        tail = pattern.search(bare)
        if tail is not None and _moves(bare[tail.start() :]):
            return lead + tail.start() if tail.start() else 0
    return None


def _moves(text: str) -> bool:
    """Whether a camera is said to do something that is known."""
    return any(pattern.search(text) for _, pattern in said.SAID)


def camera_moves(words: str) -> bool:
    """Whether a sentence says that the camera moves."""
    said_so = any(CAMERA.match(clause.text) and not HELD.search(clause.text) for clause in clauses(words))
    return said_so or any(move.done and move.kind != "static" for move in read(words))


def orbits(words: str) -> int:
    """Which way a camera that circles the subject makes it turn, see `orbit_direction`."""
    return orbit_direction([clause.text for clause in clauses(words) if clause.camera])


def read(words: str) -> tuple[CameraMove, ...]:
    """All that a sentence asks of its camera, in order: what is said one after another shares the time evenly, all else is
    done at once. What is heard but cannot be done is among it and says why."""
    found, turn, group = list[tuple[int, CameraMove]](), -1, False
    for clause in clauses(words):
        if not clause.camera:
            continue
        text = normalised(clause.text)
        for phrase, later in _phrases(text):
            moves = list(_phrase(phrase, bool(said.SAYS_CAMERA.match(text))))
            if moves:
                turn += later or not group
                group = True
                found += [(turn, move) for move in moves]
    kinds = {move.kind for _, move in found if move.kind != "view"}
    found = [(at, move) for at, move in found if not (_weak(move) and kinds - {"fly", "static"})]
    turns = sorted({at for at, move in found if move.done})
    many = max(len(turns), 1)
    spans = {at: (number / many, (number + 1) / many) for number, at in enumerate(turns)}
    timed = (replace(move, begin=spans[at][0], end=spans[at][1]) if at in spans else move for at, move in found)
    return tuple(dict.fromkeys(timed))


def _weak(move: CameraMove) -> bool:
    """Whether words only say what kind of picture it is, and count for a move where there is no other."""
    return move.kind == "fly" and not re.search(r"\bfl(?:y|ies|ying)\b|\bsoar|\bswoop|飞|俯冲", move.words)


def _phrases(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a clause, each of which may be a move, and whether it comes after the one before."""
    begin, later = 0, bool(said.THEN.match(text.lstrip()))
    for joint in said.AND.finditer(text):
        if joint.start() > begin and _moves(text[joint.end() :]):
            yield text[begin : joint.start()], later
            begin, later = joint.end(), bool(said.THEN.search(joint[0]))
    yield text[begin:], later


def _phrase(text: str, camera: bool) -> Iterator[CameraMove]:
    """The move of a phrase; nothing where none is meant, and of one that a `camera` makes and nobody knows, that."""
    words = re.sub(r"^(?:\s|,|\b(?:and|then|with|while|as)\b)+", "", text)
    text = said.THE_CAMERA.sub("", text)
    named = next((name for name, pattern in said.SAID if pattern.search(text)), "unknown" if camera else "")
    if not named:
        return
    kind, direction = _kind(named, text)
    speed = 0.65 if said.SLOW.search(text) else 1.6 if said.QUICK.search(text) else 1.0
    manner = "sudden" if said.SUDDEN.search(text) else "smooth" if said.SMOOTH.search(text) else ""
    target, why = _target(text), NOT_DONE.get(kind, "")
    amount = _amount(kind, direction, text, speed)
    if kind in USUAL and _size(kind, amount) > MOST[kind] + 1e-9:
        asked, most = _size(kind, amount), MOST[kind]
        why = f"{asked:g} {UNITS[kind]} are more than one picture shows, which allows {most:g}"
        amount = 1 / most if kind == "zoom" and amount < 1 else most
    yield CameraMove(kind, direction, round(amount, 4), speed, manner, target, words=words.strip(), why=why)


def _size(kind: str, amount: float) -> float:
    return 1 / amount if kind == "zoom" and 0 < amount < 1 else amount


def _kind(named: str, text: str) -> tuple[Kind, str]:
    """A row of SAID and its phrase as a kind of move and its direction."""
    ways = {way for way, pattern in said.WAYS.items() if pattern.search(text)}
    sides = re.findall(r"\bleft|\bright|左|右", text)
    side = {"left": "left", "左": "left", "right": "right", "右": "right"}[sides[-1]] if sides else ""
    height = "up" if "升降" in text else "down" if "down" in ways else "up" if "up" in ways else ""
    if named in ("push", "pull", "back"):
        return "dolly", "in" if named == "push" and not re.search(r"[向往]后|后退|拉远", text) else "out"
    if named == "zoom":
        return "zoom", "out" if "out" in ways and not re.search(r"拉近|放大|推近|\bin\b", text) else "in"
    if named == "tilt" and side and not height:
        return "roll", side
    if named in ("pan", "tilt"):
        return (
            ("tilt", height)
            if height and not side
            else ("pan", side or DEFAULTS["pan"])
            if named == "pan"
            else ("tilt", "up")
        )
    if named in ("truck", "pedestal"):
        lift = height and not side
        return ("pedestal", height) if lift else (("truck", side) if side else (named, DEFAULTS[named]))  # type: ignore[return-value]
    if named == "roll":
        way = "left" if "counter" in ways else "right" if "clockwise" in ways else side
        return "roll", way or DEFAULTS["roll"]
    if named == "orbit":
        way = "left" if "clockwise" in ways and "counter" not in ways else "right" if "counter" in ways else side
        return "orbit", way or DEFAULTS["orbit"]
    if named == "fly":
        back = re.search(r"\bback(?:wards?)?\b|\baway\b|[向往]后|后退|远去", text)
        return "fly", "back" if back else "forward"
    if named == "rack focus":
        return "rack focus", "near" if "near" in ways and not re.search(r"from the fore|从前景", text) else "far"
    if named == "dolly zoom":
        return "dolly zoom", "out" if "out" in ways else "in"
    return named, side or DEFAULTS.get(named, "")  # type: ignore[return-value]


def _amount(kind: str, direction: str, text: str, speed: float) -> float:
    """How much of a move is asked for, in UNITS, not limited yet."""
    if kind not in USUAL:
        return 0.0
    usual = USUAL[kind]
    degrees, times, percent = (pattern.search(text) for pattern in (said.DEGREES, said.TIMES, said.PERCENT))
    if degrees and kind in ("orbit", "roll"):
        return _number(degrees)
    if degrees and kind in ("pan", "tilt", "whip pan"):
        from math import radians, tan

        return FOCAL * tan(radians(min(_number(degrees), 80.0)))
    if kind == "orbit" and re.search(r"\b360\b|\bfull circle\b|一圈|一周|\ball the way around\b", text):
        return 360.0
    if kind == "zoom":
        if times and _number(times) > 0:
            large = max(_number(times), 1.0)
        elif percent:
            large = 1 + float(percent[1]) / 100
        else:
            large = (WIDER if direction == "out" else usual) ** (speed * _degree(text))
        return 1 / large if direction == "out" else large
    if percent:
        return float(percent[1]) / 100
    return min(usual * speed * _degree(text), MOST[kind])


def _degree(text: str) -> float:
    return 0.6 if said.LITTLE.search(text) else 1.5 if said.MUCH.search(text) else 1.0


def _number(found: re.Match[str]) -> float:
    """The number of DEGREES or TIMES, in digits or in words."""
    word = next(text for text in found.groups() if text)
    if word in ("twice", "double", "doubling"):
        return 2.0
    if not HAN.search(word):
        return float(word)
    total, digit = 0, 0
    for letter in word:
        if letter in "十百":
            total += (digit or 1) * {"十": 10, "百": 100}[letter]
            digit = 0
        else:
            digit = {"半": 0, "两": 2}.get(letter, "零一二三四五六七八九".find(letter))
    return float(total + digit)


def _target(text: str) -> str:
    """The words of what a move is aimed at, "" where it is at nothing."""
    rule = said.TARGET_ZH if HAN.search(text) else said.TARGET
    for found in rule.finditer(text):
        name = re.sub(r"^(?:the|an?|this|that) ", "", said.CLUTTER.sub("", found[1].strip()))
        if name and not said.NOWHERE.match(name):
            return name
    return ""
