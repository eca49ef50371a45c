"""Which of the things of a picture a sentence speaks of."""

from collections.abc import Sequence

import cv2
import numpy as np

from motionalchemy.language.thing_words import MANY, THINGS, VEHICLES, Reference, references
from motionalchemy.scene.instances import Instance
from motionalchemy.scene.parse import Scene, focused

SURE, ALIKE = (
    0.1,
    0.3,
)  # of a name, from which on a thing may have it; of the surest one's, from which on others have it too
CHOOSY = 0.15  # the same where a side, a colour or a size says which
OWN = 0.5  # of a name, from which on a thing surely has it
BROAD = 0.3  # what the kind of a thing counts beside its name
HUES = {
    "red": (200, 40, 40), "orange": (230, 130, 40), "yellow": (230, 210, 60), "green": (60, 150, 60), "blue": (50, 90, 200),
    "purple": (130, 60, 170), "pink": (240, 150, 190), "brown": (120, 75, 40), "black": (20, 20, 20),
    "white": (240, 240, 240), "grey": (128, 128, 128), "golden": (215, 170, 90),
}  # fmt: skip


def spoken_of(scene: Scene, words: str) -> Scene:
    """A scene whose subject is what a sentence speaks of, where that is a part of what stands out or beside it; else the
    same. Rendered actors, who stand alone, are left as they are."""
    said = references(words)
    if not said or scene.rendered or len(scene.instances) < 2:
        return scene
    numbers = {number for each in said for number in chosen(scene, each)}
    opacity = 0.0 if scene.subject is None else scene.subject.opacity.numpy()
    standing = {n for n, each in enumerate(scene.instances) if (each.matte * opacity).sum() > 0.5 * each.matte.sum()}
    return scene if not numbers or numbers == standing else focused(scene, tuple(sorted(numbers)))


def chosen(scene: Scene, said: Reference) -> tuple[int, ...]:
    """The numbers of the instances of a scene that a reference means; none where nothing in it can be what is called so."""
    things = scene.instances
    scores = [likely(each, names, said) for each, names in zip(things, scene.names, strict=True)]
    best = max(scores, default=0.0)
    alike = [n for n, score in enumerate(scores) if score >= max(SURE, best * (CHOOSY if said.choosy else ALIKE))]
    if not alike:
        return ()
    if said.choosy:
        ranked = sorted(alike, key=lambda n: _rank(things[n], said, [things[k] for k in alike]))
        return tuple(sorted(ranked[: 1 if said.count == MANY else said.count]))
    ranked = sorted(alike, key=lambda n: -scores[n] * things[n].area ** 0.5)
    found = set(ranked[: said.count])
    for number in tuple(found) if said.count == 1 else ():
        parts = [n for n in range(len(things)) if n not in found and not _differ(scene, number, n)]
        found |= _touching(number, parts, things)
    return tuple(sorted(found))


def _differ(scene: Scene, one: int, other: int) -> bool:
    """Whether two things surely are of different kinds or have different names, so that none is a part of the other."""
    broad = [_broad(scene.instances[n], scene.names[n]) for n in (one, other)]
    best = [max(scene.names[n], key=lambda name, n=n: scene.names[n][name]) for n in (one, other)]
    sure = all(scene.names[n][name] > OWN for n, name in zip((one, other), best, strict=True))
    return ("" not in broad and broad[0] != broad[1]) or (sure and best[0] != best[1])


def _sums(names: dict[str, float]) -> tuple[float, float]:
    """How surely names are those of a vehicle, and of an animal."""
    vehicles = sum(sure for name, sure in names.items() if name in VEHICLES)
    return vehicles, sum(sure for name, sure in names.items() if name not in VEHICLES and name not in THINGS)


def _broad(thing: Instance, names: dict[str, float]) -> str:
    """Whether a thing surely is a person, an animal or a vehicle, else nothing."""
    vehicles, animals = _sums(names)
    if thing.someone and animals < ALIKE:
        return "person"
    return "animal" if animals > OWN else "vehicle" if vehicles > OWN else ""


def likely(thing: Instance, names: dict[str, float], said: Reference) -> float:
    """How likely a thing is what a reference calls by name, in [0, 1]."""
    vehicles, animals = _sums(names)
    if said.kind == "person":
        return min(1.0, thing.kinds["person"] + 0.5 * thing.someone) * max(0.0, 1 - 1.5 * animals - vehicles)
    if said.name == "animal":
        return min(1.0, animals + thing.kinds["animal"])
    if said.name == "vehicle":
        return min(1.0, vehicles + thing.kinds["vehicle"])
    if said.name == "tree":
        return thing.kinds["plants"]
    own = names.get(said.name, 0.0) + (0.5 * names.get("bird", 0.0) if said.name in _BIRDS else 0.0)
    if said.name == "bird":
        own += sum(names.get(each, 0.0) for each in _BIRDS)
    if said.kind == "animal":
        other = max((sure for name, sure in names.items() if name != said.name), default=0.0)
        return min(1.0, own + BROAD * thing.kinds["animal"] * (1 - min(1.0, 1.5 * other)))
    broad = {"vehicle": "vehicle", "thing": "building" if said.name in ("house", "bridge", "lighthouse") else ""}[
        said.kind
    ]
    return min(1.0, own + BROAD * thing.kinds.get(broad, 0.0))


_BIRDS = ("chicken", "ostrich", "eagle", "owl", "parrot", "duck", "goose", "swan", "peacock", "penguin", "flamingo")


def _rank(thing: Instance, said: Reference, others: Sequence[Instance]) -> tuple[float, float]:
    """What puts a thing before others alike, lowest first: how little it fits what is said of its colour and size, then
    where it is."""
    fits = 0.0
    if said.colour is not None:
        fits += round(_unlike(thing.colour, HUES[said.colour]) / 25)
    if said.size is not None:
        fits += -thing.area if said.size == "large" else thing.area
    x = thing.middle[0]
    middle = float(np.mean([each.middle[0] for each in others]))
    place = {"left": x, "right": -x, "middle": abs(x - middle), "front": -thing.near, "back": thing.near}
    return fits, place.get(said.side or "", -thing.area)


def _unlike(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """How unlike two colours (RGB in 0..255) are in Lab."""
    lab = cv2.cvtColor(np.array([[one, other]], np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    return float(np.linalg.norm(lab[0] - lab[1]))


def _touching(first: int, alike: Sequence[int], things: Sequence[Instance]) -> set[int]:
    """A thing and those alike that touch it, for they may be parts of it."""
    found, grown = {first}, cv2.dilate((things[first].matte > 0.4).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    for number in alike:
        if number not in found and (grown & (things[number].matte > 0.4)).sum() > 20:
            found.add(number)
    return found
