"""What nano is asked, case by case and in both languages: verbs, left and right, camera words, fast and slow.

Everything comes from the test split. Each list is in a seeded order, and a question is composed when it is called.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motionalchemy.data import backgrounds, draw, kinds
from motionalchemy.data.captions import caption
from motionalchemy.data.compose import covering
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.english import finite
from motionalchemy.data.moves import WORLD
from motionalchemy.data.shards import Entry
from motionalchemy.data.words import ACTIONS, CAMERAS, PACES
from motionalchemy.data.world import Actor, World, at_a_moment, describe, render
from motionalchemy.errors import InputError, MediaError
from motionalchemy.evaluate import cases, heldout
from motionalchemy.evaluate.alignment import label_of
from motionalchemy.evaluate.heldout import Build, Case
from motionalchemy.media import reader, resize
from motionalchemy.media.clip import Clip

LANGUAGES = ("en", "zh")
VIEWS = ("static", "tilt_up", "tilt_down", "zoom_in", "zoom_out", "pan_left", "pan_right")
ORBITS = ("orbit_left", "orbit_right")
SHOWN = ("pan_left", "tilt_up", "zoom_in", "static")  # the camera words of the table of photographs
GAITS = ("walk", "run", "gallop", "trot")
STILLS = (".png", ".jpg", ".jpeg", ".webp")
MOST = {"scenes": 48, "things": 12, "pictures": 6, "orbits": 16, "paces": 12}


@dataclass(frozen=True, eq=False)
class Question:
    """A case, what its truth is said to be (`word`, which the classifier `kind` can read), and the picture given."""

    case: Case
    kind: str
    word: str | None
    picture: np.ndarray


@dataclass(frozen=True, eq=False)
class Listed:
    """A question before it is composed; those of one `group` resemble each other and are composed side by side."""

    part: str
    key: str
    group: str
    make: Callable[[], Question]


def verbs(corpus: Path, size: int, seed: int, n: int) -> list[Listed]:
    """Clips that begin with one picture and do different things."""
    builds = cases.verbs(corpus, size, seed)
    return [Listed("verbs", b.key, b.key[:6], lambda b=b: _verb(b)) for b in builds[:n]]


def _verb(build: Build) -> Question:
    case = build()
    return Question(case, "verb", label_of("verb", case.facts), case.clip.frames[0])


def sides(corpus: Path, size: int, seed: int, n: int) -> list[Listed]:
    """Scenes whose subject goes left or right, as many of each; and things that could go either way."""
    held, rng = Corpus(corpus, "test"), random.Random(f"{seed}/sides")
    going: dict[str, list[Entry]] = {side: [] for side in ("left", "right")}
    for entry in held.entries["scenes"]:
        side = label_of("direction", held.facts(entry))
        if side in going:
            going[side].append(entry)
    for entries in going.values():
        rng.shuffle(entries)
    both = [e for pair in zip(*going.values(), strict=False) for e in pair][: min(n, MOST["scenes"])]
    found = [Listed("sides", e.key, e.key, lambda e=e: _scene(held, e, size, seed)) for e in both]
    things = [e for e in held.entries["emoji"] if held.facts(e).get("group") not in draw.WRITTEN]
    rng.shuffle(things)
    for entry in things[: min((n + 1) // 2, MOST["things"])]:
        for side in going:
            make = lambda e=entry, s=side: _thing(held, e, s, size, seed)  # noqa: E731
            found.append(Listed("things", f"{entry.key}-{side}", entry.key, make))
    return found


def _scene(held: Corpus, entry: Entry, size: int, seed: int) -> Question:
    """A scene whose sentence always says where its subject goes."""
    case = heldout.composed(held.path, entry, size, seed)
    rng = random.Random(f"{seed}/{entry.key}")
    said = {language: caption(case.facts, rng, language, "plain") for language in LANGUAGES}
    case = Case(case.key, case.clip, said, case.facts, group=case.key)
    return Question(case, "direction", label_of("direction", case.facts), case.clip.frames[0])


def _thing(held: Corpus, entry: Entry, side: str, size: int, seed: int) -> Question:
    """A thing in the middle of a picture that does not say where it will go."""
    rng, layer = random.Random(f"{seed}/{entry.key}"), held.read(entry)
    back = draw.backdrop(held, rng, (size, size), rich=False)
    shown = World(back, (Actor(layer, side, 0.6, here=True),), seed=seed)
    standing = World(back, (Actor(layer, None, 0.6),), seed=seed)
    said = {language: describe(shown, rng, language, "plain") for language in LANGUAGES}
    facts = layer.facts | {"path": {"key": side}}
    case = Case(f"{entry.key}-{side}", _clip(shown, size), said, facts, group=entry.key)
    return Question(case, "direction", side, _clip(at_a_moment(standing, 0), size).frames[0])


def cameras(
    corpus: Path, size: int, seed: int, n: int, pictures: Path | None = None, only: tuple[str, ...] = ()
) -> list[Listed]:
    """Every camera word on the same pictures: frames of scenes and stills, and things on turntables for orbits.

    The stills are sprites of the test split, or what the folder `pictures` holds. With `only` words, no scenes.
    """
    held = Corpus(corpus, "test")
    scenes = [] if only else _standing(held, seed, min(n, MOST["pictures"]))
    stills = _stills(held, seed, min(n, MOST["pictures"])) if pictures is None else _files(pictures)
    found = []
    for number, (key, draw_it) in enumerate([*scenes, *stills]):
        for word in only or VIEWS:
            make = lambda k=key, d=draw_it, w=word, i=number: _view(k, d, w, i, size, seed)  # noqa: E731
            found.append(Listed("cameras", f"{key}-{word}", key, make))
    return found if only else found + _orbits(held, size, seed, n)


Drawn = tuple[str, Callable[[int], np.ndarray]]  # a key, and what draws its square picture of a size in pixels


def _standing(held: Corpus, seed: int, count: int) -> list[Drawn]:
    found = [e for e in held.entries["scenes"] if held.facts(e)["camera"]["move"] == "static"]
    random.Random(f"{seed}/standing").shuffle(found)
    first = lambda e: lambda size: _square(held.read(e).colour[0], size)  # noqa: E731
    return [(f"scene-{e.key}", first(e)) for e in found[:count]]


def _stills(held: Corpus, seed: int, count: int) -> list[Drawn]:
    found = sorted(held.stills("sprite"), key=lambda still: still["key"])
    random.Random(f"{seed}/stills").shuffle(found)
    return [(f"still-{s['key']}", lambda size, s=s: _posed(held, s, size, seed)) for s in found[:count]]


def _posed(held: Corpus, still: dict[str, Any], size: int, seed: int) -> np.ndarray:
    """A sprite on a background of two colours."""
    rng = random.Random(f"{seed}/{still['key']}")
    back = backgrounds.gradient(rng, (size, size))
    return _clip(at_a_moment(World(back, (Actor(draw.sprite(held, still), None, 0.75),)), 0), size).frames[0]


def _files(folder: Path) -> list[Drawn]:
    """The pictures of a folder, at most six; raises InputError when it holds none that can be read."""
    found = []
    for path in sorted(p for p in folder.glob("*") if p.suffix.lower() in STILLS):
        try:
            reader.read_image(path)
        except MediaError:
            continue
        found.append((f"still-{path.stem}", lambda size, p=path: _square(reader.read_image(p), size)))
    if not found:
        raise InputError(f"{folder} holds no picture that can be read: give a folder with {', '.join(STILLS)} files")
    return found[: MOST["pictures"]]


def _square(picture: np.ndarray, size: int) -> np.ndarray:
    """The middle of a picture (H, W, 3), `size` x `size`."""
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return resize.scaled(np.ascontiguousarray(picture[top : top + side, left : left + side]), size, size)


def _view(key: str, draw_it: Callable[[int], np.ndarray], word: str, number: int, size: int, seed: int) -> Question:
    """A picture under a camera: the true clip moves over the picture itself."""
    picture = draw_it(size)
    large = covering(torch.from_numpy(picture).permute(2, 0, 1).float() / 255, _world(size))
    shown = World(backgrounds.Background(large, {"en": key, "zh": key}), camera=word, seed=seed + number)
    case = Case(f"{key}-{word}", _clip(shown, size), _words(word, number), _facts(word), group=key)
    return Question(case, "camera", word, picture)


def _orbits(held: Corpus, size: int, seed: int, n: int) -> list[Listed]:
    turning: dict[str, list[Entry]] = {word: [] for word in ORBITS}
    for entry in held.entries["turntables"]:
        turning[held.facts(entry)["camera"]["move"]].append(entry)
    for word, entries in turning.items():
        random.Random(f"{seed}/{word}").shuffle(entries)
    both = [e for pair in zip(*turning.values(), strict=False) for e in pair][: min(n, MOST["orbits"])]
    return [Listed("cameras", e.key, e.key, lambda e=e, i=i: _turn(held, e, i, size, seed)) for i, e in enumerate(both)]


def _turn(held: Corpus, entry: Entry, number: int, size: int, seed: int) -> Question:
    case = heldout.composed(held.path, entry, size, seed)
    word = case.facts["camera"]["move"]
    case = Case(entry.key, case.clip, _words(word, number // 2), case.facts, group=entry.key)
    return Question(case, "camera", word, case.clip.frames[0])


def _words(word: str, number: int) -> dict[str, str]:
    """A camera word as the corpus's captions may say it, another phrase for each picture, and nothing else."""
    return {lang: CAMERAS[word][row][number % len(CAMERAS[word][row])] for row, lang in enumerate(LANGUAGES)}


def _facts(word: str) -> dict[str, Any]:
    return {"camera": {"move": word}, "action": {"key": None}, "subject": {"en": "picture"}}


def paces(corpus: Path, size: int, seed: int, n: int) -> list[Listed]:
    """Actors that walk or run, asked to do so fast and slowly."""
    held = Corpus(corpus, "test")
    found = [e for e in held.entries["actors"] if label_of("verb", held.facts(e)) in GAITS]
    random.Random(f"{seed}/paces").shuffle(found)
    asked = [(entry, pace) for entry in found[: min(n, MOST["paces"])] for pace in PACES]
    return [
        Listed("paces", f"{e.key}-{pace}", e.key, lambda e=e, p=pace: _paced(held, e, p, size, seed))
        for e, pace in asked
    ]


def _paced(held: Corpus, entry: Entry, pace: str, size: int, seed: int) -> Question:
    case = heldout.composed(held.path, entry, size, seed)
    name, action, (fast, kuai) = case.facts["subject"], ACTIONS[case.facts["action"]["key"]], PACES[pace][1:]
    said = {"en": f"the {name['en']} {finite(action.en[0].format(d=''))}{fast[0]}"}
    said["zh"] = f"{name['zh']}{kuai[0]}{action.zh[0].format(d='')}"
    case = Case(f"{entry.key}-{pace}", case.clip, said, case.facts, group=entry.key)
    return Question(case, "pace", pace, case.clip.frames[0])


def _world(size: int) -> tuple[int, int]:
    return round(WORLD[0] * size), round(WORLD[1] * size)


def _clip(shown: World, size: int) -> Clip:
    return Clip.of(render(shown, (size, size)).transpose(0, 1), kinds.FPS)
