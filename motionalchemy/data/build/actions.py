"""From the game's names to facts: what an animation shows, who does it, what it looks like, in which split it belongs."""

import hashlib
from dataclasses import dataclass

from motionalchemy.data.build.model import Model
from motionalchemy.data.build.terms import ANIMALS, OBJECTS, PEOPLES, ROLES, WEAR
from motionalchemy.data.facts import Pair
from motionalchemy.data.words import ACTIONS

TEST = ("zebra", "horse.dae", "lioness", "goat", "horse_marwari", "horse_tessalian", "donkey", "elephant_african_baby")
HIDDEN = ("tiger", "fox.dae", "wildebeest", "animal_tuna", "seagull", "horse_breed")  # in no shard at all
FEWSHOT = ("cartwheel", "spinkick", "roll", "mine", "heal")  # whole motions that training never sees
TOOLS = ("hammer", "chop", "hoe", "pick", "mine", "butcher", "stab")  # actions that need their own tool in hand
FAR = ("bow", "crossbow", "javelin", "sling")
STILL = ("stand", "rest")
ONCE = ("fall",)  # actions that happen once and stay so

LAND = {"idle": "rest", "walk": "walk", "run": "run", "flee": "run", "attack_melee": "attack", "death": "fall"}
GAITS = ("idle", "rabbit", "trot", "gallop", "walk", "run")  # words of a file's name that tell the gait
GAIT = {"idle": "rest", "rabbit": "hop"}
RIDING = {"walk": "ride_walk", "run": "ride_run", "idle": "rest", "promotion": "rear"}
DRAWN = {"walk": "rollwheels", "run": "rollwheels", "idle": "rest"}
CARRIED = {"walk": "walk", "run": "run", "idle": "rest"}
ON_FOOT = {
    "idle": "stand",
    "death": "fall",
    "build": "hammer",
    "gather_tree": "chop",
    "gather_grain": "hoe",
    "gather_fruit": "pick",
    "gather_rock": "mine",
    "gather_ore": "mine",
    "gather_meat": "butcher",
    "gather_fish": "fish",
    "gather_praise": "pray",
    "promotion": "cheer",
    "heal": "heal",
    "attack_slaughter": "stab",
    "attack_capture": "shout",
}


@dataclass(frozen=True)
class Who:
    """The subject of an actor file: its words, where it lives if an animal, its weapon and mount if a person."""

    en: str
    zh: str
    coat: tuple[str, str] | None = None
    habitat: str | None = None  # land, bird, water; None for people
    weapon: str = ""
    mount: str = ""


def stem_of(actor: str) -> str:
    """The name of an actor file without its folder and ending."""
    return actor.rsplit("/", 1)[-1].removesuffix(".xml")


def who(actor: str) -> Who | None:
    """Whom an actor file shows, or None when the tables do not know."""
    stem = stem_of(actor)
    if stem in ANIMALS:
        en, zh, coat, coat_zh, habitat = ANIMALS[stem]
        return Who(en, zh, (coat, coat_zh) if coat else None, habitat)
    for part, en, zh, weapon, mount in ROLES:
        if part in stem:
            return Who(en, zh, weapon=weapon, mount=mount)
    return None


def thing(actor: str) -> Pair | None:
    """What a lifeless object is called, or None when the tables do not know."""
    stem = f"_{stem_of(actor)}"
    return next(({"en": en, "zh": zh} for part, en, zh in OBJECTS if f"_{part}" in stem), None)


def people(actor: str) -> tuple[str, str] | None:
    """The culture that a unit or building belongs to."""
    folders = actor.split("/")
    known = PEOPLES.get(folders[1]) if folders[0] in ("units", "structures") else None
    return (known[0], known[1]) if known else None


def action(actor: str, subject: Who, action: str, file: str) -> str | None:
    """The key in ACTIONS of what a file shows when the game plays it for an action; None when it should not be shown."""
    name = file.rsplit("/", 1)[-1]
    if subject.habitat:
        return _animal_action(actor, subject.habitat, action, name)
    if subject.mount:
        table = {"horse": RIDING, "chariot": DRAWN}.get(subject.mount, CARRIED)
        if action.startswith("attack") and subject.mount != "chariot":
            return _strike(subject.weapon, action)
        return table.get(action)
    if action in ("attack_melee", "attack_ranged"):
        sword = "swordsman" in file and action == "attack_melee" and subject.weapon in FAR
        return _strike("sword" if sword else subject.weapon, action)
    if "healing" in name:
        return "heal"
    if action in ("walk", "run"):
        return next((gait for gait in ("jog", "run", "walk") if gait in name), None)
    return ON_FOOT.get(action)


def _animal_action(actor: str, habitat: str, action: str, name: str) -> str | None:
    if habitat != "land":
        return "swim" if habitat == "water" else "glide" if "glide" in name else "fly"
    if action == "feeding":
        if "feeding" not in name:
            return "rest"
        return "display" if "peacock" in actor else None if "chicken" in actor or "fox" in actor else "graze"
    key = LAND.get(action)
    if "piglet" in name and key in ("run", "attack"):
        return None  # the same poses as its walk
    if key in ("walk", "run", "attack"):  # some borrow a file: its name tells the truth
        gait = next((word for word in GAITS if word in name), key)
        return GAIT.get(gait, gait)
    return key


def _strike(weapon: str, action: str) -> str:
    fits = weapon and (weapon in FAR) == (action == "attack_ranged")
    return f"weapon:{weapon}" if fits and f"weapon:{weapon}" in ACTIONS else "weapon:other"


def action_words(key: str) -> Pair:
    """An action's plain words in both languages."""
    return {"en": ACTIONS[key].en[0].replace("*", "").format(d=""), "zh": ACTIONS[key].zh[0].format(d="")}


def appearance(actor: str, subject: Who, model: Model, team: tuple[str, str]) -> dict[str, list[str]]:
    """What can be seen of a subject, in both languages: coat, or culture, clothing and what it wears and holds."""
    if subject.habitat:
        pairs = [subject.coat] if subject.coat else []
    else:
        culture, worn = people(actor), " ".join(model.worn())
        pairs = [culture] if culture else []
        pairs += [(f"{team[0]} clothing", f"{team[1]}衣饰")] if model.coloured else []
        pairs += [(en, zh) for part, en, zh in WEAR if part in worn]
    unique = list(dict.fromkeys(pairs))
    return {"en": [en for en, _ in unique], "zh": [zh for _, zh in unique]}


def split_of(mesh: str, skin: str, animal: bool, key: str | None = None) -> str | None:
    """The split by looks, never by render: animals by mesh, people and things by mesh and skin; None is left out."""
    name = mesh.rsplit("/", 1)[-1]
    if animal:
        split = None if name.startswith(HIDDEN) else "test" if name.startswith(TEST) else "train"
    else:
        share = int(hashlib.md5(f"{mesh}|{skin}".encode()).hexdigest(), 16) % 100
        split = "test" if share < 10 else None if share < 13 else "train"
    return "fewshot" if split and key in FEWSHOT else split
