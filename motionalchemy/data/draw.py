"""Drawing worlds at random: what fits together, so that every world is one that its caption can truly describe."""

import random
import re
from dataclasses import replace

import numpy as np

from motionalchemy.data import backgrounds
from motionalchemy.data.backgrounds import Background
from motionalchemy.data.compose import Size
from motionalchemy.data.corpus import Corpus, credit
from motionalchemy.data.facts import facts_of
from motionalchemy.data.instructions import Edit
from motionalchemy.data.moves import PATHS, WORLD
from motionalchemy.data.shards import Entry, Layer
from motionalchemy.data.words import COLOURFUL, COLOURLESS, LOOKS, PACES, TINTS, WEATHERS
from motionalchemy.data.world import FLOATING, Actor, World
from motionalchemy.errors import InputError

CAMERAS = ("pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out", "roll_left", "roll_right", "shake")
SKINS = ("white", "black")  # what would be read as a person's skin
PACED = ("mocap_run", "ride_run")  # actions whose words say how fast they are
BLEND = 9  # frames in which a loop is entered from a standing pose
WRITTEN = ("symbols", "flags")  # emoji that a mirror would make wrong


def world(corpus: Corpus, rng: random.Random, size: Size, only: str | None = None) -> World:
    """A random world; `only` is a kind of the corpus, `sprite`, `place` (no actors) or `edit` (a plain one to change).

    Raises InputError where the split holds no clips.
    """
    shares = {"actors": 52, "scenes": 18, "turntables": 8, "emoji": 10, "sprite": 6, "place": 6}
    if only == "edit":
        shares = {"actors": 75, "scenes": 15, "emoji": 10}
    here = {k: w for k, w in shares.items() if k in ("sprite", "place") or corpus.entries[k]}
    if not corpus.stills("sprite"):
        here.pop("sprite", None)
    if not here:
        raise InputError(f"the {corpus.split!r} split of {corpus.path} holds no clips to draw from")
    kind = only if only not in (None, "edit") else rng.choices(list(here), list(here.values()))[0]
    made = _MAKERS[kind](corpus, rng, size)
    if only != "edit" and kind not in ("turntables",):
        if rng.random() < 0.15:
            made = replace(made, look=rng.choice(looks(made)))
        fitting = weathers(made)
        if fitting and rng.random() < 0.25:
            made = replace(made, weather=rng.choice(fitting))
    return sized(made)


def outdoors(made: World) -> bool:
    """Whether there is a sky that it could rain from."""
    return made.scene is not None or (made.background is not None and made.background.kind == "land")


def looks(made: World) -> list[str]:
    """The styles in which a world can be shown: none without colour for a place that is named by its colours."""
    named = made.background.words["en"] if made.background and not made.actors else ""
    return [look for look in LOOKS if not (look in COLOURLESS and COLOURFUL.search(named))]


def weathers(made: World) -> list[str]:
    """The weathers that the sky of a world could bring: none from a clear one, only dusk at sunset."""
    sky = made.scene.facts["sky"]["en"] if made.scene else made.background.words["en"] if made.background else ""
    if not outdoors(made) or re.search("sunny|clear|blue sky|blue evening|puffy", sky):
        return []
    return ["dusk"] if re.search("sunset|sunrise|twilight", sky) else list(WEATHERS)


def sized(made: World) -> World:
    """The world with the keys and the makers of everything seen in it."""
    facts = [layer.facts for layer in ([made.scene] if made.scene else [a.layer for a in made.actors])]
    keys, makers = [f["key"] for f in facts], [credit(f) for f in facts]
    if made.background:
        keys, makers = [*keys, *made.background.source], [*makers, *made.background.credits]
    return replace(made, sources=tuple(keys), credits=tuple(dict.fromkeys(makers)))


def backdrop(corpus: Corpus, rng: random.Random, size: Size, rich: bool = True) -> Background:
    """A background large enough for every camera move over a picture of `size`."""
    large = round(size[0] * WORLD[0]), round(size[1] * WORLD[1])
    return backgrounds.rich(corpus, rng, large) if rich else backgrounds.simple(rng, large)


def entry_of(corpus: Corpus, rng: random.Random, kind: str) -> Entry:
    """A sample of one kind, half of the time by its action first, so that rare actions are seen."""
    entries = corpus.entries[kind]
    actions = sorted({e.action for e in entries if e.action})
    if actions and rng.random() < 0.5:
        action = rng.choice(actions)
        entries = [e for e in entries if e.action == action]
    return rng.choice(entries)


def actor(corpus: Corpus, rng: random.Random, entry: Entry) -> Actor:
    """An actor of the corpus with a path that agrees with where it faces and whether it travels."""
    layer, mirrored = corpus.read(entry), rng.random() < 0.5
    shown = facts_of(layer.facts, mirrored)
    path = None
    if shown.action and shown.action.travels and rng.random() < 0.7:
        path = shown.side or shown.depth
    return Actor(layer, path, rng.uniform(0.7, 1.0), rng.uniform(-0.1, 0.1), mirrored, here=rng.random() < 0.5)


def doers(corpus: Corpus, rng: random.Random, group: list[Entry]) -> list[Actor]:
    """Actors that begin alike and do what each entry of a group says; travellers go, stay in place, or do so at a pace."""
    found, mirrored, scale, x = [], rng.random() < 0.5, rng.uniform(0.6, 1.0), rng.uniform(-0.15, 0.15)
    for entry in group:
        one = Actor(corpus.read(entry), None, scale, x, mirrored, here=True)
        shown = facts_of(one.layer.facts, mirrored)
        directions = [each for each in (shown.side, shown.depth) if each]
        if not (shown.action and shown.action.travels and directions):
            found.append(one)
            continue
        gone = replace(one, path=rng.choice(directions))
        found += rng.choice(((gone,), (gone, one), (one,)))
        if one.layer.facts["action"]["key"] not in PACED and rng.random() < 0.5:
            found += paced(one, rng.choice(list(PACES)))
    return found


def paced(one: Actor, pace: str) -> list[Actor]:
    """The actor at a pace of PACES, none where its clip is too short for it."""
    layer, rate = one.layer, PACES[pace][0]
    frames, period = len(layer.colour), layer.facts.get("period") or 0
    at = np.arange(frames) * rate
    late = np.maximum(0, at - (frames - 1))
    if late.any():
        if not layer.facts.get("loop") or not 0 < period <= frames - 1 - BLEND:
            return []
        at = at - np.ceil(late / period) * period
    at = at.round().astype(int)
    alpha = None if layer.alpha is None else layer.alpha[at]
    return [replace(one, layer=replace(layer, colour=layer.colour[at], alpha=alpha, shown=at), pace=pace)]


def drifters(corpus: Corpus, rng: random.Random) -> list[Actor]:
    """An emoji or a sprite that stays, and the same on other paths, from the same place."""
    still = bool(corpus.stills("sprite")) and rng.random() < 0.5
    if still:
        layer = sprite(corpus, rng.choice(corpus.stills("sprite")))
    else:
        layer = corpus.read(rng.choice(corpus.entries["emoji"]))
    mirrored = rng.random() < 0.5 and layer.facts.get("group") not in WRITTEN and not still
    one = Actor(layer, None, rng.uniform(0.4, 0.75), rng.uniform(-0.15, 0.15), mirrored, here=True)
    return [one] + [replace(one, path=path) for path in rng.sample(list(PATHS), 3)]


def _actors(corpus: Corpus, rng: random.Random, size: Size) -> World:
    first = actor(corpus, rng, entry_of(corpus, rng, "actors"))
    swims = first.layer.facts["action"]["key"] == "swim"
    back = backdrop(corpus, rng, size, rich=not swims)
    if not swims and rng.random() < 0.15:
        return _together(corpus, rng, first, back)
    camera = rng.choice(CAMERAS) if rng.random() < 0.3 else "static"
    if first.path in ("left", "right") and rng.random() < 0.35:
        camera = "follow"
    return World(back, (first,), camera=camera, seed=rng.getrandbits(31))


def _together(corpus: Corpus, rng: random.Random, first: Actor, back: Background) -> World:
    """Two or three actors side by side, smaller, and each with its own action."""
    count = rng.choice((2, 2, 3))
    walkers = [entry for entry in corpus.entries["actors"] if not (entry.action or "").startswith(FLOATING)]
    others = [actor(corpus, rng, rng.choice(walkers)) for _ in range(count - 1)]
    spots = [(i - (count - 1) / 2) * {2: 0.46, 3: 0.34}[count] for i in range(count)]
    rng.shuffle(spots)
    scale = {2: 0.72, 3: 0.56}[count]
    placed = [replace(a, path=None, scale=scale, x=x) for a, x in zip([first, *others], spots, strict=True)]
    return World(back, tuple(placed), seed=rng.getrandbits(31))


def _scenes(corpus: Corpus, rng: random.Random, size: Size) -> World:
    layer = corpus.read(entry_of(corpus, rng, "scenes"))
    return World(scene=layer, mirrored=rng.random() < 0.5, seed=rng.getrandbits(31))


def _turntables(corpus: Corpus, rng: random.Random, size: Size) -> World:
    layer = corpus.read(rng.choice(corpus.entries["turntables"]))
    turned = Actor(layer, None, rng.uniform(0.8, 1.05), 0.0, rng.random() < 0.5)
    return World(backdrop(corpus, rng, size, rich=False), (turned,), seed=rng.getrandbits(31))


def _floating(layer: Layer, corpus: Corpus, rng: random.Random, size: Size, still: bool) -> World:
    """An emoji or a sprite before something; a sprite moves only along a path or under the camera."""
    path = rng.choice(("left", "right", "jump", "curve", "towards", "away")) if rng.random() < 0.5 else None
    camera = rng.choice(CAMERAS[:8]) if path is None and rng.random() < (1.0 if still else 0.3) else "static"
    mirrored = rng.random() < 0.5 and layer.facts.get("group") not in WRITTEN and not still
    floats = Actor(layer, path, rng.uniform(0.45, 0.75), 0.0, mirrored, here=rng.random() < 0.5)
    return World(backdrop(corpus, rng, size), (floats,), camera=camera, seed=rng.getrandbits(31))


def _emoji(corpus: Corpus, rng: random.Random, size: Size) -> World:
    return _floating(corpus.read(rng.choice(corpus.entries["emoji"])), corpus, rng, size, still=False)


def _sprite(corpus: Corpus, rng: random.Random, size: Size) -> World:
    still = rng.choice(corpus.stills("sprite"))
    return _floating(sprite(corpus, still), corpus, rng, size, still=True)


def sprite(corpus: Corpus, still: dict) -> Layer:
    """A named still with alpha as a layer of 49 equal frames."""
    picture = (corpus.read_still(still).permute(1, 2, 0) * 255).numpy()  # straight alpha
    alpha = picture[..., 3:] / 255
    over_grey = (picture[..., :3] * alpha + 128 * (1 - alpha)).round().astype(np.uint8)
    facts = corpus.still_facts(still)
    facts |= {
        "subject": {"en": facts["en"], "zh": facts["zh"] or facts["en"]},
        "appearance": {"en": [], "zh": []},
        "action": {"key": None},
        "camera": {"move": "static"},
    }
    stored = picture[..., 3].astype(np.uint8)
    return Layer(np.repeat(over_grey[None], 49, axis=0), np.repeat(stored[None], 49, axis=0), facts)


def _place(corpus: Corpus, rng: random.Random, size: Size) -> World:
    drawn = (backdrop(corpus, rng, size) for _ in range(20))
    back = next((b for b in drawn if b.kind not in ("flat", "gradient")), None)  # else nothing is seen to move
    back = back or backgrounds.gradient(rng, (round(size[0] * WORLD[0]), round(size[1] * WORLD[1])))
    return World(back, camera=rng.choice(CAMERAS), seed=rng.getrandbits(31))


_MAKERS = {
    "actors": _actors,
    "scenes": _scenes,
    "turntables": _turntables,
    "emoji": _emoji,
    "sprite": _sprite,
    "place": _place,
}


def edited(before: World, corpus: Corpus, rng: random.Random, size: Size) -> tuple[World, Edit]:
    """The world with one thing changed, and the words of that change; seed and so all motion stay the same."""
    changes = ["look", "look"] + ["weather"] * outdoors(before)
    if before.actors:
        changes += ["background", "background"]
        if len(before.actors) == 1 and before.actors[0].layer.facts["action"]["key"]:
            changes += ["tint", "subject", "subject"]
    change = rng.choice(changes)
    if change == "subject":
        swapped = _swapped(before, corpus, rng)
        if swapped:
            return swapped
        change = "look"
    if change == "look":
        look = rng.choice(list(LOOKS))
        return replace(before, look=look), Edit("look", look)
    if change == "weather":
        weather = rng.choice(list(WEATHERS))
        return replace(before, weather=weather), Edit("weather", weather)
    if change == "background":
        fresh = _exchanged(before.background, corpus, rng, size)
        return sized(replace(before, background=fresh)), Edit("background", fresh.words)
    one = before.actors[0]
    tint = rng.choice(tints(one))
    painted = replace(before, actors=(replace(one, tint=tint),))
    return painted, Edit("tint", tint, one.layer.facts["subject"])


def tints(one: Actor) -> list[str]:
    """The colours that a whole subject may be given."""
    person = one.layer.facts["actor"].startswith("units")
    return [tint for tint in TINTS if not (person and tint in SKINS)]


def _exchanged(old: Background | None, corpus: Corpus, rng: random.Random, size: Size) -> Background:
    """Another background on which the actors stand exactly where they stood."""
    assert old
    for _ in range(20):
        fresh = backdrop(corpus, rng, size)
        if fresh.ground == old.ground and fresh.words != old.words:
            return replace(fresh, horizon=old.horizon)
    return replace(backdrop(corpus, rng, size, rich=False), horizon=old.horizon, ground=old.ground)


def _swapped(before: World, corpus: Corpus, rng: random.Random) -> tuple[World, Edit] | None:
    """Another subject with the same animation from the same side, or None when there is none."""
    one = before.actors[0]
    key, name = one.layer.facts["key"], one.layer.facts["subject"]
    for group in corpus.shared_motions:
        if any(entry.key == key for entry in group):
            others = [entry for entry in group if corpus.facts(entry)["subject"]["en"] != name["en"]]
            other = corpus.read(rng.choice(others))
            swapped = replace(before, actors=(replace(one, layer=other),))
            return sized(swapped), Edit("subject", other.facts["subject"], name)
    return None
