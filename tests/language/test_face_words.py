"""What is asked of faces is read, and nothing else is."""

import pytest

from motionalchemy.language import spans
from motionalchemy.language.face_words import many, read


@pytest.mark.parametrize(
    ("words", "deeds"),
    [
        ("she smiles and winks", [("smile", ""), ("wink", "")]),
        ("slowly turns her head to the left", [("turn", "left")]),
        ("the woman talks to the camera", [("talk", "")]),
        ("the old man nods", [("nod", "")]),
        ("he looks up", [("look", "up")]),
        ("a girl opens her eyes wide", [("wide", "")]),
        ("he shakes his head", [("shake", "")]),
        ("everybody laughs", [("laugh", "")]),
        ("she looks at the camera and blinks twice", [("look", "camera"), ("blink", "")]),
        ("he tilts his head to the right", [("tilt", "right")]),
        ("she is surprised", [("surprise", "")]),
        ("the child frowns", [("frown", "")]),
        ("she blows a kiss to the camera", [("kiss", "")]),
        ("the boy closes his eyes", [("close", "")]),
        ("the man looks around", [("look", "around")]),
        ("她微笑", [("smile", "")]),
        ("女孩眨眼", [("blink", "")]),
        ("他点头", [("nod", "")]),
        ("老人摇头", [("shake", "")]),
        ("她对着镜头说话", [("talk", "")]),
        ("他转头向左看", [("turn", "left")]),
        ("她皱眉", [("frown", "")]),
        ("他很惊讶", [("surprise", "")]),
        ("孩子大笑起来", [("laugh", "")]),
        ("他慢慢转头看镜头", [("turn", "camera")]),
        ("她看着镜头", [("look", "camera")]),
        ("她闭上眼睛", [("close", "")]),
        ("她向右看", [("look", "right")]),
    ],
)
def test_asked_of_a_face(words: str, deeds: list[tuple[str, str]]) -> None:
    assert [(each.deed, each.side) for each in read(words)] == deeds


@pytest.mark.parametrize(
    "words",
    [
        "the camera tilts up", "the camera turns to the left", "the lights blink", "the stars wink in the sky",
        "the car turns left", "the horse shakes its mane", "a boat sails away", "the leaves turn red",
        "he runs to the right",
        "the windmill turns", "the camera looks down", "a sign blinks", "the dog wags its tail", "snow falls", "she walks",
        "镜头向左转", "星星眨眼", "汽车向左转弯", "风车转动", "树叶摇动", "他向右跑", "灯光闪烁", "狗摇尾巴", "水流动",
    ],
)  # fmt: skip
def test_not_asked_of_a_face(words: str) -> None:
    assert read(words) == ()


def test_whose_left() -> None:
    assert [each.own for each in read("she turns her head to the left")] == [False]
    assert [each.own for each in read("she turns her head to her left")] == [True]


def test_how_much_and_how_fast() -> None:
    (slow,) = read("she slowly turns her head to the left")
    (broad,) = read("she smiles broadly")
    (slight,) = read("she smiles slightly")
    assert slow.pace < 1
    assert slight.strength < 1 < broad.strength


@pytest.mark.parametrize("words", ["smiles, then nods", "先微笑然后点头", "she smiles and then nods"])
def test_one_after_another(words: str) -> None:
    assert [each.step for each in read(words)] == [0, 1]


def test_at_once() -> None:
    assert [each.step for each in read("smiles while nodding")] == [0, 0]


def test_what_is_left() -> None:
    words = "she smiles and winks while the snow falls"
    assert spans.without(words, [each.span for each in read(words)]) == "she while the snow falls"
    words = "slowly nods, then snow falls"
    assert spans.without(words, [each.span for each in read(words)]) == "snow falls"


def test_several() -> None:
    assert many("the two women laugh")
    assert many("她们大笑")
    assert not many("she laughs")
