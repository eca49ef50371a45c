"""What people say when they ask for an action, in words that no caption has: `sayings.toml` and the sentences made of
it."""

import random
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from motionalchemy.data.english import finite, participle
from motionalchemy.data.facts import Language

WHO: Mapping[Language, str] = {  # does it
    "en": """he, she, it, the man, a man, the woman, a woman, the boy, the girl, an old man, the person, somebody, the hero
        the character, my friend, the child, a soldier, the warrior, the knight, the archer, the farmer, the king, a monk
        the priest, the dancer, the horse, a horse, the white horse, the zebra, the dog, a wolf, the cat, the lion, the bear
        a cheetah, the elephant, a camel, the cow, the bird, an eagle, the animal, the creature, the robot, the figure
        the rider, the toy, the monster, the deer""",
    "zh": """他, 她, 它, 男人, 一个男人, 女人, 一个女人, 男孩, 女孩, 小女孩, 老人, 这个人, 有人, 主角, 角色, 英雄, 朋友
        孩子, 一名士兵, 士兵, 战士, 骑士, 弓箭手, 农民, 国王, 和尚, 祭司, 舞者, 马, 一匹马, 白马, 斑马, 狗, 小狗, 猫
        一只狼, 狮子, 猎豹, 大象, 骆驼, 牛, 鸟, 老鹰, 动物, 怪兽, 机器人, 人物, 骑手, 玩具, 小鹿, 熊""",
}
SCENE = "scene"
ASKED, DOING, SHOWN = 0.12, 0.4, 0.52  # up to which of 1 it is an order, then that it is being done, then a title


@cache
def _table() -> dict[str, Mapping[Language, list[str]]]:
    return tomllib.loads((Path(__file__).parent / "sayings.toml").read_text("utf-8"))


def sayings() -> dict[tuple[str, ...], Mapping[Language, list[str]]]:
    """The phrases of both languages by the actions that they may ask for, none of them at last."""
    kept = {key: phrases for key, phrases in _table().items() if key != SCENE}
    return {() if key == "none" else tuple(key.split(", ")): phrases for key, phrases in kept.items()}


def scenes() -> Mapping[Language, list[str]]:
    """Sentences in which nobody does anything."""
    return _table()[SCENE]


def sentence(phrase: str, language: Language, rng: random.Random, place: str | None = None) -> str:
    """A sentence in which somebody does what a phrase says, or is to do it, before a place if one is named."""
    who, how = rng.choice(re.split(r", |\n\s*", WHO[language])), rng.random()
    if language == "zh":
        said = f"让{who}{phrase}" if how < ASKED else f"{who}{'正在' if how < DOING else ''}{phrase}"
        return said if place is None else f"{place}，{said}"
    phrase = re.sub(r"\bits\b", rng.choice(("its", "his", "her", "the")), phrase)
    if how < ASKED:
        whom = {"he": "him", "she": "her"}.get(who, who)
        said = f"make {whom} {phrase.replace('*', '')}"
    elif how < DOING:
        said = f"{who} is {participle(phrase)}"
    else:
        said = f"{who} {participle(phrase) if how < SHOWN else finite(phrase)}"
    return said if place is None else f"{said} {place}"
