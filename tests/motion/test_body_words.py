"""What people are asked to do is heard, and what waves and sways of itself is not theirs."""

import pytest

from motionalchemy.language import spans
from motionalchemy.language.body_words import read


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("the girl waves", "wave"),
        ("he is waving goodbye to us", "wave"),
        ("the boy claps his hands", "clap"),
        ("a woman raises both arms", "raise"),
        ("hands up", "raise"),
        ("the old man nods slowly", "nod"),
        ("he takes a bow", "bow"),
        ("the girl is dancing", "dance"),
        ("she leaps into the air", "jump"),
        ("the child hops up and down", "hop"),
        ("he kicks the ball", "kick"),
        ("she turns around", "turn"),
        ("a man is walking away", "walk"),
        ("the runner sprints", "run"),
        ("he squats down", "squat"),
        ("she stretches", "stretch"),
        ("the fans cheer loudly", "cheer"),
        ("he does jumping jacks", "exercise"),
        ("女孩向我们挥手", "wave"),
        ("小孩在鼓掌", "clap"),
        ("他举起双手", "raise"),
        ("老人点点头", "nod"),
        ("他深深鞠了一躬", "bow"),
        ("小女孩跳舞", "dance"),
        ("男孩跳了起来", "jump"),
        ("他踢了一脚球", "kick"),
        ("她转过身来", "turn"),
        ("人们在散步", "walk"),
        ("男人在跑步", "run"),
        ("她蹲下", "squat"),
        ("他伸了个懒腰", "stretch"),
        ("大家欢呼", "cheer"),
    ],
)
def test_heard(words: str, action: str) -> None:
    assert [each.action for each in read(words)] == [action]


@pytest.mark.parametrize(
    "words",
    [
        "the waves roll in",
        "heat waves shimmer",
        "the flag waves in the wind",
        "the tall grass is waving",
        "the river runs through the valley",
        "the trees sway in the breeze",
        "water runs down the wall",
        "a walk in the park",
        "the camera turns to the left",
        "风吹草动",
        "旗帜挥舞",
        "海浪翻滚",
        "树枝摇摆",
    ],
)
def test_not_of_people(words: str) -> None:
    assert read(words) == ()


def test_ways_sides_and_paces() -> None:
    (one,) = read("the man quickly walks to the left")
    assert (one.way, one.pace > 1) == ("left", True)
    assert read("she walks towards the camera")[0].way == "near"
    assert read("他朝镜头走来")[0].way == "near"
    assert read("she waves her left hand")[0].side == "left"
    assert read("the man on the left claps")[0].who == "left"
    assert read("they dance")[0].who == "all"
    assert read("he bows deeply")[0].strength > 1 > read("he turns around slightly")[0].strength


def test_what_was_heard_is_taken_out() -> None:
    (one,) = read("she waves her hand and the snow falls")
    assert spans.without("she waves her hand and the snow falls", one.spans) == "the snow falls"
