"""What a sentence says of its camera, English and Chinese: whether it moves, and whether it circles the subject."""

import re

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


def camera_moves(words: str) -> bool:
    """Whether a sentence says that the camera moves."""
    return any(CAMERA.match(text) and not HELD.search(text) for text in CLAUSES.findall(words))


def orbits(words: str) -> int:
    """Which way a camera that circles the subject makes it turn, see `orbit_direction`."""
    return orbit_direction([text for text in CLAUSES.findall(words) if CAMERA.match(text)])
