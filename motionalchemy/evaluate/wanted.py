"""What a sentence asks of a picture, thing by thing, so that each can be looked for in the frames."""

from dataclasses import dataclass
from typing import Literal

from motionalchemy.language import (
    body_words,
    camera,
    element_words,
    face_words,
    headings,
    travel_words,
    weather_words,
)

Part = Literal["camera", "face", "body", "travel", "elements", "weather"]
INSTEAD = {"body": {"face", "travel"}, "elements": {"weather"}, "weather": {"elements"}}  # kinds that shade into others
PARTS: tuple[Part, ...] = ("camera", "face", "body", "travel", "elements", "weather")


@dataclass(frozen=True)
class Wanted:
    """One thing that is asked for: of which `part`, the `deed` ("smile", "river", "dolly"; "" where it is not known which)
    and its `way` ("left", "in" ...), "" where none is named."""

    part: Part
    deed: str = ""
    way: str = ""

    @property
    def named(self) -> str:
        """In words."""
        return " ".join(filter(None, (self.deed or self.part, self.way)))


def wanted(words: str, kind: str = "") -> tuple[Wanted, ...]:
    """All that a sentence asks for. Where nothing of what a case is mainly about, its `kind`, is understood, that is
    among it without a name: it still has to happen."""
    faces = [Wanted("face", each.deed, each.side) for each in face_words.read(words)]
    bodies = [Wanted("body", each.action, each.way) for each in body_words.read(words)]
    if faces:  # who nods or looks around is heard of both
        bodies = [each for each in bodies if each.deed not in ("look", "nod", "bow", "turn")]
    things = [Wanted("travel", each.deed, each.heading) for each in travel_words.read(words)]
    if any(each.deed == "swings" for each in things):
        bodies = [each for each in bodies if each.deed != "sway"]
    elements = [Wanted("elements", each.element, each.way) for each in element_words.read(words)]
    weather = [Wanted("weather", each.weather) for each in weather_words.read(words)]
    moves = [Wanted("camera", each.kind, each.direction) for each in camera.read(words) if each.done]
    found = (*faces, *bodies, *things, *elements, *weather, *moves)
    parts = {each.part for each in found}
    if kind in PARTS and kind not in parts and not (INSTEAD.get(kind, set()) & parts):
        way = headings.heading(words)
        found = (Wanted(kind, "", way if way != "elsewhere" else ""), *found)
    return tuple(dict.fromkeys(found))
