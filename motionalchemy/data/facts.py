"""What one clip shows, read from its facts, with its sides as they are seen."""

import random
import re
from dataclasses import dataclass
from typing import Any, Literal

from motionalchemy.data import words
from motionalchemy.data.words import ACTIONS, CAMERAS, COLOURFUL, COLOURLESS, LOOKS, RIDDEN, WEATHERS, Action

Language = Literal["en", "zh"]
Style = Literal["short", "plain", "detailed"]
STYLES: tuple[Style, ...] = ("short", "plain", "detailed")
Pair = dict[str, str]  # {"en": ..., "zh": ...}
SIDES = {"left": "right", "right": "left", "左": "右", "右": "左"}


@dataclass(frozen=True)
class Facts:
    """What one clip shows, with its sides as they are seen."""

    kind: Literal["actor", "object", "emoji", "sprite", "place"]
    name: Pair
    looks: tuple[tuple[str, str], ...] = ()  # (English, Chinese) words of the appearance
    action: Action | None = None
    begins: bool = False  # starts from a standing pose
    side: str | None = None  # where the subject faces: left, right
    depth: str | None = None  # and whether towards or away from the camera
    path: str | None = None  # where it goes over the ground or the picture
    pace: str | None = None  # and how fast, one of PACES
    places: tuple[Pair, ...] = ()  # ready phrases: "on a green meadow" / "在绿色草地上"
    light: str | None = None
    camera: str = "static"
    sweep: int | None = None
    weather: str | None = None
    look: str | None = None


def facts_of(
    facts: dict[str, Any],
    mirrored: bool = False,
    background: Pair | None = None,
    path: str | None = None,
    camera: str | None = None,
    weather: str | None = None,
    look: str | None = None,
    pace: str | None = None,
) -> Facts:
    """Read the facts of a sample into what can be said of it; arguments as in `caption`."""

    def seen(word: str) -> str:
        return _mirror(word) if mirrored else word

    action, shot = facts["action"]["key"], facts["camera"]
    kind = "actor" if action else facts.get("kind") or ("emoji" if facts.get("group") else "object")
    view = (
        shot.get("view", {}).get("en", "").replace("seen from behind", "away").replace("facing the camera", "towards")
    )
    light = (facts.get("light") or {}).get("en", "")
    route = (facts.get("path") or {}).get("key", "none")
    places = [p for p in (_ground(facts), _sky(facts)) if p] + ([_before(background)] if background else [])
    colourless = look in COLOURLESS
    return Facts(
        kind=kind,
        name={n: re.sub("left|right|左|右", lambda m: seen(m[0]), text) for n, text in facts["subject"].items()},
        looks=_appearance(facts, colourless),
        action=_action(action, facts["subject"]) if action else None,
        begins=facts.get("start") == "from a standing pose",
        side=_side(view) and seen(_side(view) or ""),
        depth=next((d for d in ("towards", "away") if d in view), None),
        path=path or (None if route == "none" else seen(route)),
        pace=pace,
        places=tuple(place for place in places if not (colourless and COLOURFUL.search(place["en"]))),
        light=_side(light) and seen(_side(light) or ""),
        camera=camera or seen(shot["move"]),
        sweep=shot.get("sweep"),
        weather=weather,
        look=look,
    )


def _action(action: str, subject: Pair) -> Action:
    return RIDDEN.get(action, ACTIONS[action]) if subject["zh"].startswith("骑") else ACTIONS[action]


def _mirror(word: str) -> str:
    for side, other in SIDES.items():
        if word == side or word.endswith("_" + side):
            return word[: -len(side)] + other
    return word


def _side(text: str) -> str | None:
    return next((side for side in ("left", "right") if side in text), None)


def _appearance(facts: dict[str, Any], colourless: bool) -> tuple[tuple[str, str], ...]:
    """The words of the appearance; in a picture without colour only those that name none."""
    pairs = tuple(zip(facts["appearance"]["en"], facts["appearance"]["zh"], strict=True))
    plain = words.CULTURES | set(words.WORN) | set(words.HELD)
    return tuple(pair for pair in pairs if pair[0] in plain) if colourless else pairs


def _ground(facts: dict[str, Any]) -> Pair | None:
    if not facts.get("ground"):
        return None
    en, preposition, zh, inside = words.GROUNDS[facts["ground"]["key"]]
    return {"en": f"{preposition} {en}", "zh": f"在{zh}{inside}"}


def _sky(facts: dict[str, Any]) -> Pair | None:
    sky = facts.get("sky")
    if not sky:
        return None
    en = sky["en"] if sky["en"].endswith(words.CLOUDS) else article(sky["en"])
    return {"en": f"under {en}", "zh": f"在{sky['zh']}下"}


def _before(background: Pair) -> Pair:
    """A background's words, which bring their own preposition or stand behind the subject."""
    en, zh = background["en"], background["zh"]
    own = en.startswith(("on ", "in ", "under ", "at ", "before ", "against ", "in front "))
    return {"en": en if own else f"in front of {en}", "zh": zh if zh.startswith("在") else f"在{zh}前"}


def article(noun: str) -> str:
    """A noun with a or an."""
    word = re.split("[ -]", noun.lower())[0]
    vowel = (word[0] in "aeiou" and not re.match("uni|use|ufo|euro|one|ut", word)) or word in ("hour", "honest", "sos")
    return f"{'an' if vowel else 'a'} {noun}"


def sorted_looks(shown: Facts) -> tuple[list, list, list, list]:
    """The appearance as coats, cultures, clothes and things; what stands on a chariot or an elephant is left out."""
    carrier = shown.name["en"].startswith("war ")
    coats, cultures, clothes, items = [], [], [], []
    for pair in shown.looks:
        if pair[0] in words.CULTURES:
            cultures.append(pair)
        elif pair[0].endswith(" clothing"):
            clothes.append(pair)
        elif pair[0] in words.WORN or pair[0] in words.HELD:
            items.append(pair)
        else:
            coats.append(pair)
    return coats, cultures, [] if carrier else clothes, [] if carrier else items


def circumstances(shown: Facts, rng: random.Random, style: Style, language: Language) -> list[tuple[str, str]]:
    """The circumstances worth saying in this style, each with its kind; a short caption keeps few."""
    row, share = (0, 1)[language == "zh"], {"short": 0.15, "plain": 0.6, "detailed": 1.0}[style]
    found = []
    for i, place in enumerate(shown.places):
        if rng.random() < (share if i == 0 else share * share):
            found.append(("place", place[language]))
    if shown.weather and rng.random() < max(share, 0.6):
        found.append(("weather", rng.choice(WEATHERS[shown.weather][row])))
    if shown.look and rng.random() < max(share, 0.7):
        noun = LOOKS[shown.look][0 if language == "en" else 2]
        found.append(("look", f"as {noun}" if language == "en" else f"{noun}"))
    if shown.light and style == "detailed" and rng.random() < 0.4:
        side = {"left": "左", "right": "右"}[shown.light]
        found.append(("light", f"lit from the {shown.light}" if language == "en" else f"光线来自{side}侧"))
    moving = shown.camera != "static"
    if rng.random() < (max(share, 0.45) if moving else 0.25 * (style == "detailed")):
        found.append(("camera", rng.choice(CAMERAS[shown.camera][row])))
    return found
