"""Captions: grammar, both languages, and sides that follow the picture when it is mirrored."""

import random
import re

import pytest

from motionalchemy.data import words
from motionalchemy.data.captions import caption
from motionalchemy.data.chinese import measured
from motionalchemy.data.english import finite, participle
from motionalchemy.data.facts import STYLES, article
from motionalchemy.errors import UnknownName


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


def test_a_traveller_without_a_path_is_never_sent_anywhere():
    english, chinese = many(facts(), "en"), many(facts(), "zh")
    assert not any(re.search(r"to(wards)? the|from (left|right)", text) for text in english)
    assert not any(re.search("(?<!面)[向朝往从][左右镜远]", text) for text in chinese)
    assert sum("in place" in text or "on the spot" in text for text in english) > 50 < sum("原地" in t for t in chinese)
    assert all("left" in text for text in many(facts(), "en", path="left"))


@pytest.mark.parametrize(("pace", "en", "zh"), [("fast", "fast|quickly", "快速地|飞快地"), ("slow", "slow", "慢")])
def test_a_pace_is_always_said(pace, en, zh):
    assert all(re.search(en, text) for text in many(facts(), "en", pace=pace))
    assert all(re.search(zh, text) for text in many(facts(), "zh", pace=pace))


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


def test_no_colourful_place_is_named_in_a_picture_without_colour():
    back = {"en": "a red background", "zh": "红色背景"}
    for look in words.COLOURLESS:
        assert not any("red" in text for text in many(facts(), "en", background=back, look=look))
        assert not any("红" in text for text in many(facts(), "zh", background=back, look=look))
    assert any("red background" in text for text in many(facts(), "en", background=back, look="oil"))
    grey = {"en": "a light grey background", "zh": "浅灰色背景"}
    assert any("light grey" in text for text in many(facts(), "en", background=grey, look="mono"))


def test_a_rider_makes_the_horse_rear_and_a_horse_rears():
    rider = facts("rear", subject={"en": "lancer on a horse", "zh": "骑马的长矛手"}, appearance={"en": [], "zh": []})
    assert all("the horse rear" in text for text in many(rider, "en"))
    assert all(re.search("让马扬起前蹄|策马", text) for text in many(rider, "zh"))
    assert not any("make" in text or "making" in text for text in many(facts("rear"), "en"))


def test_what_is_painted_is_never_behind_its_place():
    back = {"en": "on a beach", "zh": "在沙滩上"}
    texts = many(facts(), "en", background=back, look="oil")
    assert not any(re.match("on a beach, an oil painting of", text) for text in texts)
    assert any(text.startswith("on a beach, ") for text in many(facts(), "en", background=back))


def test_chinese_places_are_parted_from_faces_and_marks_are_wide():
    back = {"en": "on a beach", "zh": "在沙滩上"}
    texts = many(facts("rest"), "zh", n=400, background=back, look="oil")
    assert not any("沙滩上面朝" in text for text in texts) and any("沙滩上，面朝" in text for text in texts)
    assert not any(set(",:") & set(text) for text in texts) and any("油画：" in text for text in texts)


@pytest.mark.parametrize(
    "en, zh, said, called",
    [
        ("flag: China", "旗: 中国", "the China flag emoji", "中国旗"),
        ("keycap: 7", "按键: 7", "the keycap 7 emoji", "按键7"),
        ("man: white hair", "男人: 白发", "the man with white hair emoji", "白发男人"),
        ("woman: bald", "女人: 秃顶", "the bald woman emoji", "秃顶女人"),
        ("man: beard", "有络腮胡子的男人", "the man with a beard emoji", "有络腮胡子的男人"),
        ("family: man, boy", "家庭: 男人男孩", "the family (man, boy) emoji", "家庭（男人男孩）"),
    ],
)
def test_labels_of_emoji_become_names(en, zh, said, called):
    shown = facts(None, group="flags", subject={"en": en, "zh": zh}, light=None)
    assert any(said in text for text in many(shown, "en")) and all(called in text for text in many(shown, "zh"))


def test_every_action_speaks_both_languages():
    for action in words.ACTIONS:
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
    assert measured("一段城墙") == "一段城墙" and measured("灌木丛") == "一片灌木丛"


def test_an_unknown_camera_lists_the_known():
    with pytest.raises(UnknownName, match="zoom_in"):
        caption(facts(), random.Random(0), "en", camera="teleport")
