"""English sentences about what is shown."""

import random
import re
from collections.abc import Callable
from dataclasses import replace

from motionalchemy.data import words
from motionalchemy.data.facts import Facts, Style, article, circumstances, sorted_looks
from motionalchemy.data.words import CAMERAS, DRIFTS, IN_PLACE, LOOKS, PACES, PATHS

DOUBLED = re.compile(
    "run|jog|hop|trot|stab|chop|cut|swim|spin|get|flap|flip|fan|drop|trip|sit|dig|hit|plod|skip|slip|step|nod|hug|scan|stop"
    "|jab|spur"
)


def english(shown: Facts, rng: random.Random, style: Style) -> str:
    """An English caption of what is shown, as long as the style says."""
    if shown.kind in ("object", "place"):
        return _object(shown, rng, style)
    extras = circumstances(shown, rng, style, "en")
    said_look = shown.look and any(kind == "look" for kind, _ in extras)
    if said_look:
        extras = [e for e in extras if e[0] != "look"]
    else:
        shown = replace(shown, look=None)
    if shown.kind in ("emoji", "sprite"):
        return _assemble(_emoji(shown, rng), extras, rng, verbal=False, fronted=shown.look is None)
    noun, (verb, part) = _actor(shown, rng, style), _action(shown, rng, style)
    core = f"{LOOKS[shown.look][0]} of {_indefinite(noun)} {part}" if shown.look else f"{noun} {verb}"
    return _assemble(core, extras, rng, verbal=shown.look is None, fronted=shown.look is None)


def _indefinite(noun: str) -> str:
    return article(noun.removeprefix("the ")) if noun.startswith("the ") else noun


def _assemble(core: str, extras: list[tuple[str, str]], rng: random.Random, verbal: bool, fronted: bool) -> str:
    """Join the parts; only a `verbal` core, one with a finite verb, may follow "as", and only `fronted` ones a place."""
    places = " ".join(text for kind, text in extras if kind in ("place", "weather"))
    rest = [text for kind, text in extras if kind not in ("place", "weather", "camera")]
    camera = next((text for kind, text in extras if kind == "camera"), None)
    if places and rng.random() < 0.25 and fronted:
        core = f"{places}, {core}"
    elif places:
        core = f"{core} {places}" if "," not in core else f"{core}, {places}"
    if camera and verbal and camera.startswith("the ") and rng.random() < 0.3:
        return ", ".join([f"{camera} {rng.choice(('as', 'while'))} {core}", *rest])
    return ", ".join([core, *rest, *([camera] if camera else [])])


def _actor(shown: Facts, rng: random.Random, style: Style) -> str:
    head, mount = shown.name["en"], ""
    for end in words.MOUNTS:
        if end in head:
            head, mount = head[: head.index(end)], head[head.index(end) :]
    before, after = [], []
    if style != "short" or rng.random() < 0.2:
        before, after = _looks(shown, rng, full=style == "detailed" and not mount)
    noun = " ".join([*before, head]) + "".join(after) + mount
    return f"the {noun}" if rng.random() < (0.6 if style == "short" else 0.1) else article(noun)


def _looks(shown: Facts, rng: random.Random, full: bool) -> tuple[list[str], list[str]]:
    coats, cultures, clothes, items = sorted_looks(shown)
    before, after = [], []
    for en, _ in coats:
        first, last = words.COATS.get(en, (en, ""))
        before.append(first)
        after += [f" {last}"] if last else []
    chosen = rng.random()
    if cultures and (full or chosen < 0.5):
        before.append(cultures[0][0])
    if clothes and (full or chosen >= 0.5 or not cultures):
        colour = clothes[0][0].removesuffix(" clothing")
        after.append(rng.choice((f" in {colour} clothing", f" in {colour}", f" dressed in {colour}")))
    if items and full:
        named = [article(en) for en, _ in rng.sample(items, min(2, len(items)))]
        after.append(" with " + " and ".join(named))
    return before, after


def _action(shown: Facts, rng: random.Random, style: Style) -> tuple[str, str]:
    """The finite verb phrase and the participle phrase of the same words."""
    assert shown.action
    phrase, direction, tail = rng.choice(shown.action.en), "", ""
    if shown.action.travels:
        direction = _road(shown, rng) if shown.path or rng.random() < 0.5 else ""
        direction = (rng.choice(PACES[shown.pace][1]) if shown.pace else "") + direction
    if not (shown.action.travels and shown.path) and (style == "detailed" or rng.random() < 0.35):
        tail = _facing(shown)
    phrase = phrase.format(d=direction)
    part = participle(phrase) + tail
    how = rng.random()
    if shown.begins and shown.action.travels and how < 0.2:
        verb = f"{rng.choice(('starts', 'begins'))} to " + phrase.replace("*", "")
    elif how < 0.5:
        verb = "is " + participle(phrase)
    else:
        verb = finite(phrase)
    return verb + tail, part


def _road(shown: Facts, rng: random.Random) -> str:
    return rng.choice(PATHS[shown.path][0] if shown.path else IN_PLACE[0])


def _facing(shown: Facts) -> str:
    if shown.side:
        return f", facing {shown.side}"
    return {"towards": ", facing the camera", "away": ", seen from behind"}.get(shown.depth or "", "")


def _emoji(shown: Facts, rng: random.Random) -> str:
    name = _emoji_name(shown.name["en"])
    phrase = rng.choice(DRIFTS[shown.path][0]) if shown.path else ""
    if shown.look:
        return f"{LOOKS[shown.look][0]} of the {name} emoji" + (f" {participle(phrase)}" if phrase else "")
    adjectives = ("", "3D ") if shown.kind == "sprite" else ("", "animated ", "3D ")
    noun = f"the {rng.choice(adjectives)}{name} emoji"
    if shown.kind == "sprite" and not phrase:
        return rng.choice((noun, f"a still {name} emoji"))
    phrase = phrase or "*move"
    return rng.choice((f"{noun} {finite(phrase)}", f"{noun} is {participle(phrase)}", f"{noun}, {participle(phrase)}"))


def _emoji_name(label: str) -> str:
    """flag: China -> China flag, man: white hair -> man with white hair, family: man, boy -> family (man, boy)."""
    head, _, rest = label.partition(": ")
    if not rest or head == "keycap":
        return f"{head} {rest}".strip()
    if head == "flag" or rest == "bald":
        return f"{rest} {head}"
    if rest == "beard" or rest.endswith(" hair"):
        return f"{head} with {'a ' if rest == 'beard' else ''}{rest}"
    return f"{head} ({rest})"


def _object(shown: Facts, rng: random.Random, style: Style) -> str:
    name = shown.name["en"]
    before, after = _looks(shown, rng, full=style == "detailed") if style != "short" else ([], [])
    thing = " ".join([*before, name]) + "".join(after)
    thing = thing if shown.kind == "place" or name in words.PLURALS or name in words.MASSES else article(thing)
    extras = [e for e in circumstances(shown, rng, style, "en") if e[0] not in ("camera", "light")]
    move = rng.choice(CAMERAS[shown.camera][0])
    if "orbit" in shown.camera:
        far = {360: ", all the way round", 180: ", half way round", 90: ", a quarter of the way round"}
        sweep = far.get(shown.sweep or 0, "") if style == "detailed" else ""
        core = rng.choice((f"{move} around {thing}{sweep}", f"{move} around {thing}{sweep}", f"{thing}, {move}{sweep}"))
        if rng.random() < 0.2:
            core = f"{article(shown.camera.removeprefix('orbit_'))}ward orbit around {thing}{sweep}"
    else:
        core = thing if shown.camera == "static" else f"{thing}, {move}"
    if shown.look:
        core = f"{LOOKS[shown.look][0]} of {thing}" + ("" if shown.camera == "static" else f", {move}")
        extras = [e for e in extras if e[0] != "look"]
    return ", ".join([core, *(text for _, text in extras)])


def _third(verb: str) -> str:
    if verb == "be":
        return "is"
    if re.search("[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "sh", "ch", "o")) else "s")


def _ing(verb: str) -> str:
    if DOUBLED.fullmatch(verb):
        return verb + verb[-1] + "ing"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    return (verb[:-1] if re.search("[^oe]e$", verb) and verb != "be" else verb) + "ing"


def finite(phrase: str) -> str:
    """A phrase with its `*verbs` in the third person singular."""
    return _inflect(phrase, _third)


def participle(phrase: str) -> str:
    """A phrase with its `*verbs` in the -ing form."""
    return _inflect(phrase, _ing)


def _inflect(phrase: str, how: Callable[[str], str]) -> str:
    return re.sub(r"\*(\w+)", lambda m: how(m[1]), phrase)
