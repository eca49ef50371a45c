"""What sentences ask of animals, and what they ask of others."""

import pytest

from motionalchemy.language import spans
from motionalchemy.language.beast_words import read

ASKED = (
    ("a puppy wags its tail happily", ["tail"]),
    ("the owl blinks and turns its head to the left", ["blink", "look"]),
    ("two ponies toss their heads", ["toss"]),
    ("the swan flaps its wings", ["flap"]),
    ("the deer lowers its head and drinks", ["lower"]),
    ("the tiger walks to the right, it rains", ["walk"]),
    ("小狗摇着尾巴", ["tail"]),
    ("老虎向左走", ["walk"]),
    ("猫头鹰转头，眨眼", ["look", "blink"]),
    ("公鸡啄食", ["peck"]),
    ("鲨鱼向右游", ["swim"]),
    ("小鸟扇动翅膀", ["flap"]),
)
OTHERS = (
    "she turns her head", "the woman walks the dog", "a man next to a horse waves", "the waves roll in", "people walk past",
    "the camera turns around", "the duck swims to the left", "她摇头", "男人走过", "花在风中摇摆", "蛇年快乐",
    "the bird flies away",
)  # fmt: skip


@pytest.mark.parametrize(("words", "deeds"), ASKED)
def test_what_animals_do_is_read(words: str, deeds: list[str]) -> None:
    assert list(dict.fromkeys(each.deed for each in read(words))) == deeds


@pytest.mark.parametrize("words", OTHERS)
def test_what_others_do_is_left_to_them(words: str) -> None:
    assert read(words) == ()


def test_sides_ways_and_number() -> None:
    (asked,) = read("two bears walk slowly to the left")
    assert (asked.way, asked.side, asked.several, asked.pace) == ("left", "left", True, 0.75)
    (asked,) = read("the fox looks at the camera")
    assert (asked.side, asked.several) == ("camera", False)


@pytest.mark.parametrize(
    ("words", "left"),
    (
        ("the horse shakes its head while clouds drift by", "clouds drift by"),
        ("野马低头吃草，云在飘", "云在飘"),
        ("the wolf howls and wags its tail", ""),
    ),
)
def test_what_is_left_of_a_sentence(words: str, left: str) -> None:
    assert spans.without(words, [each.span for each in read(words)]) == left
