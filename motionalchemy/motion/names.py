"""How a request names motions: NAME, FILE or either with :WEIGHT."""

import re
from typing import Any

from motionalchemy.errors import InputError

MOTION = re.compile(r"[^\W_][\w-]{0,63}")  # the name of a learned motion; what has a dot or a slash is a path
HEAVIEST = 4.0  # weight of a motion


def parse_motion(text: str) -> tuple[str, float | None]:
    """NAME, FILE or either with :WEIGHT as what it names and the weight, None where there is none; raises InputError."""
    head, _, tail = text.rpartition(":")
    try:
        name, weight = (head, float(tail)) if head else (text, None)
    except ValueError:
        name, weight = text, None
    if weight is not None and not abs(weight) <= HEAVIEST:
        raise InputError(
            f"the weight {tail} of the motion {shown_value(name)} cannot be used: give -{HEAVIEST:g} to {HEAVIEST:g}"
        )
    if not MOTION.fullmatch(name) and not {".", "/", "\\"} & set(name):
        raise InputError(f"motion {shown_value(text)} cannot be used: give a name, NAME:0.8, or the path of a file")
    return name, weight


def is_clip(motion: str) -> bool:
    """Whether a motion is a clip that shows it, rather than what was learned from some."""
    return not MOTION.fullmatch(motion) and not motion.endswith(".safetensors")


def shown_value(value: Any) -> str:
    """A value as a short part of a sentence, with its length where it had to be cut."""
    words = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    length = len(value) if isinstance(value, str) else len(words)
    return words if len(words) <= 60 else f"{words[:40]}… ({length} characters)"
