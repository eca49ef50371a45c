"""Captions: grammar, both languages, and sides that follow the picture when it is mirrored."""

import random

import pytest

from motionalchemy.errors import UnknownName
from motionalchemy.worlds import words
from motionalchemy.worlds.captions import caption
from motionalchemy.worlds.chinese import measured
from motionalchemy.worlds.english import finite, participle
from motionalchemy.worlds.shown import STYLES, article


def facts(action: str | None = "gallop", view: str = "facing left", **more) -> dict:
    return {
        "subject": {"en": "horse", "zh": "马"},
        "appearance": {"en": ["white"], "zh": ["白色"]},
        "action": {"key": action},
        "start": "in motion",
        "light": {"en": "light from the left", "zh": "光线来自左侧"},
        "camera": {"view": {"en": view}, "move": "static"},
    } | more


def scene(path: str, move: str) -> dict:
    camera = {"view": {"en": f"facing {path}"}, "move": move}
    return facts(path={"key": path}, camera=camera, ground={"key": "snow"}, sky={"en": "overcast sky", "zh": "阴天"})


def many(given: dict, language: str, n: int = 200, **more) -> list[str]:
    return [caption(given, random.Random(i), language, **more) for i in range(n)]


@pytest.mark.parametrize("mirrored, said, unsaid", [(False, "left", "right"), (True, "right", "left")])
@pytest.mark.parametrize("given", [facts(), facts("rear"), scene("left", "pan_left")])
def test_a_mirrored_clip_swaps_every_side(given, mirrored, said, unsaid):
    english = " ".join(many(given, "en", mirrored=mirrored))
    chinese = " ".join(many(given, "zh", mirrored=mirrored)).replace("从右向左", "左").replace("从左向右", "右")
    english = english.replace("from right to left", "left").replace("from left to right", "right")
    assert said in english and unsaid not in english
    sides = {"left": "左", "right": "右"}
    assert sides[said] in chinese and sides[unsaid] not in chinese


def test_mirroring_swaps_orbits_and_names():
    turn = facts(None, camera={"move": "orbit_left", "sweep": 90}, light=None)
    assert all("right" in text and "left" not in text for text in many(turn, "en", mirrored=True))
    fist = facts(None, group="people & body", subject={"en": "left-facing fist", "zh": "朝左的拳头"}, light=None)
    assert all("right-facing" in text for text in many(fist, "en", mirrored=True))
    assert all("朝右" in text for text in many(fist, "zh", mirrored=True))


def test_what_was_composed_is_said_and_nothing_else():
    plain = many(facts(), "en", style="detailed", background={"en": "a blue background", "zh": "蓝色背景"})
    assert all("in front of a blue background" in text for text in plain)
    assert not any("camera pans" in text or "rain" in text or "paint" in text for text in plain)
    dressed = many(facts(), "zh", style="detailed", camera="zoom_in", weather="rain", look="oil")
    assert all("油画" in text and "雨" in text and ("近" in text or "推" in text) for text in dressed)


def test_no_colour_is_named_in_a_picture_without():
    assert not any(
        "white horse" in text for text in many(facts(), "en", look="mono", style="detailed") if "black" in text
    )
    assert any("white horse" in text for text in many(facts(), "en", style="detailed"))


def test_every_action_speaks_both_languages():
    for action in words.DEEDS:
        for style in STYLES:
            english, chinese = (caption(facts(action), random.Random(7), lang, style) for lang in ("en", "zh"))
            assert "{" not in english + chinese and "*" not in english + chinese and "  " not in english
            assert any("a" <= c <= "z" for c in english) and "马" in chinese


def test_the_same_seed_says_the_same_and_others_vary():
    assert many(facts(), "en") == many(facts(), "en")
    assert len(set(many(facts(), "en", n=300))) > 60 and len(set(many(facts(), "zh", n=300))) > 60


@pytest.mark.parametrize(
    "phrase, third, part",
    [
        ("*run", "runs", "running"),
        ("*fly", "flies", "flying"),
        ("*do a flip", "does a flip", "doing a flip"),
        ("*dance", "dances", "dancing"),
        ("*hoe", "hoes", "hoeing"),
        ("*fan out its tail", "fans out its tail", "fanning out its tail"),
        ("*ready a crossbow and *stay", "readies a crossbow and stays", "readying a crossbow and staying"),
        ("*punch and *kick", "punches and kicks", "punching and kicking"),
    ],
)
def test_english_verbs(phrase, third, part):
    assert (finite(phrase), participle(phrase)) == (third, part)


def test_articles_and_measure_words():
    assert [article(n) for n in ("horse", "owl", "unicorn", "umbrella", "hour")] == [
        "a horse", "an owl", "a unicorn", "an umbrella", "an hour",
    ]  # fmt: skip
    nouns = {
        "马": "匹",
        "河马": "头",
        "鳄鱼": "条",
        "剑士": "名",
        "神庙": "座",
        "棕榈树": "棵",
        "狼": "只",
        "花瓶": "个",
    }
    assert {noun: measured(noun)[1] for noun in nouns} == nouns
    assert measured("一段城墙") == "一段城墙"


def test_an_unknown_camera_lists_the_known():
    with pytest.raises(UnknownName, match="zoom_in"):
        caption(facts(), random.Random(0), "en", camera="teleport")
