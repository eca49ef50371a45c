"""What a person would write to have a clip changed, in both languages: one sentence for one change."""

import random
import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.data.chinese import measured
from motionalchemy.data.facts import Language, Pair, article
from motionalchemy.data.words import LOOKS, TINTS
from motionalchemy.errors import UnknownName

Change = Literal["look", "background", "weather", "tint", "subject"]


@dataclass(frozen=True)
class Edit:
    """One change: to a look, weather or tint by its key, to a background by its words, to a subject by its names.

    `subject` names what is changed (tint, subject) in both languages; `to` is a key, or words in both languages.
    """

    change: Change
    to: str | Pair
    subject: Pair | None = None


ENGLISH: dict[str, tuple[str, ...]] = {
    "look": ("turn it into {to}", "make it look like {to}", "as {to}", "change the style to {to}"),
    "background": ("put it {to}", "change the background to {bare}", "replace the background with {bare}"),
    "rain": ("make it rain", "add rain", "let rain fall"),
    "snow": ("make it snow", "add falling snow", "let snow fall"),
    "dusk": ("make it dusk", "change the light to dusk", "let it be evening"),
    "tint": ("make the {subject} {to}", "turn the {subject} {to}", "paint the {subject} {to}"),
    "subject": ("turn the {subject} into {to}", "replace the {subject} with {to}", "swap the {subject} for {to}"),
}
CHINESE: dict[str, tuple[str, ...]] = {
    "look": ("把它变成{to}", "改成{to}", "换成{to}风格", "让画面变成{to}"),
    "background": ("把背景换成{bare}", "背景改成{bare}", "将背景替换为{bare}"),
    "rain": ("让天下雨", "加上雨", "下起雨来"),
    "snow": ("让天下雪", "加上飘雪", "下起雪来"),
    "dusk": ("变成黄昏", "把光线改成黄昏", "换成傍晚"),
    "tint": ("把{subject}变成{to}", "让{subject}变成{to}", "把{subject}改成{to}的"),
    "subject": ("把{subject}换成{to}", "将{subject}替换为{to}", "把{subject}变成{to}"),
}
MOTION = {
    "en": ("make it move like in the clip", "do the same movement", "move the same way as in the reference"),
    "zh": ("照着参考视频动", "做同样的动作", "像参考视频里那样动"),
}


def instruction(edit: Edit, rng: random.Random, language: Language) -> str:
    """One way to ask for an edit; raises UnknownName for a look, weather or tint not known."""
    table = ENGLISH if language == "en" else CHINESE
    if edit.change == "weather":
        if edit.to not in ("rain", "snow", "dusk"):
            raise UnknownName("weather", str(edit.to), ("rain", "snow", "dusk"))
        return rng.choice(table[str(edit.to)])
    names = {"to": _target(edit, language), "bare": "", "subject": (edit.subject or {}).get(language, "")}
    if edit.change == "background":
        names["bare"] = bare(names["to"])
        if not names["to"].startswith(("on ", "in ")) and language == "en":
            names["to"] = f"in front of {names['to']}"
    phrase = rng.choice(table[edit.change]).format(**names)
    return re.sub("(风格)的画面?风格|画面(风格)", r"\1\2", phrase)  # 梵高风格的画 + 风格 -> 梵高风格


def _target(edit: Edit, language: Language) -> str:
    if isinstance(edit.to, dict):
        name = edit.to[language]
        if edit.change == "background":
            return name
        return article(name) if language == "en" else measured(name)
    known = LOOKS if edit.change == "look" else TINTS
    if edit.to not in known:
        raise UnknownName("style" if edit.change == "look" else "colour", edit.to, known)
    if edit.change == "look":
        return LOOKS[edit.to][1 if language == "en" else 2]
    return edit.to if language == "en" else TINTS[edit.to][0]


def bare(place: str) -> str:
    """A place without the preposition that it brings, and a colour without the word background."""
    place = re.sub("^an? (.*) background$", r"plain \1", place).removesuffix("背景")
    for start in ("on ", "in ", "在"):
        place = place.removeprefix(start)
    return place[:-1] if place.endswith(("上", "里")) else place
