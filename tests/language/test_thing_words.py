"""Which things a sentence speaks of, and which of several."""

import pytest

from motionalchemy.language.thing_words import MANY, references


def told(words: str) -> list[tuple]:
    """What was understood, without the words themselves."""
    return [(each.name, each.count, each.side, each.colour, each.size) for each in references(words)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("the dog on the left wags its tail", ("dog", 1, "left", None, None)),
        ("左边的狗摇尾巴", ("dog", 1, "left", None, None)),
        ("the rightmost horse rears", ("horse", 1, "right", None, None)),
        ("最右边的马抬起头", ("horse", 1, "right", None, None)),
        ("the dog in front jumps", ("dog", 1, "front", None, None)),
        ("前面的女人微笑", ("person", 1, "front", None, None)),
        ("the two horses gallop to the left", ("horse", 2, None, None, None)),
        ("两匹马向左奔跑", ("horse", 2, None, None, None)),
        ("the hens peck at the ground", ("chicken", MANY, None, None, None)),
        ("所有的鸟飞走了", ("bird", MANY, None, None, None)),
        ("the black dog runs", ("dog", 1, None, "black", None)),
        ("那只黑色的狗跑了", ("dog", 1, None, "black", None)),
        ("the small bird next to the tree flies to the right", ("bird", 1, None, None, "small")),
        ("the man waves", ("person", 1, None, None, None)),
        ("那个男人挥手", ("person", 1, None, None, None)),
        ("she smiles", ("person", 1, None, None, None)),
    ],
)
def test_what_is_named_where_how_many_and_of_which_colour(words, found):
    assert told(words) == [found]


@pytest.mark.parametrize("words", ["the man and the dog walk along the beach", "男人和狗在沙滩上散步"])
def test_things_joined_by_and_are_both_spoken_of(words):
    assert [each[0] for each in told(words)] == ["person", "dog"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("a woman in a red dress with a dog dances", "person"),
        ("the man's dog jumps", "dog"),
        ("男人的狗跳起来", "dog"),
        ("the horse's mane blows in the wind", "horse"),
        ("小狗的尾巴摇动", "dog"),
        ("on the table sits a cat", "cat"),
    ],
)
def test_what_stands_beside_or_has_it_is_not_meant(words, name):
    assert [each[0] for each in told(words)] == [name]


@pytest.mark.parametrize(
    "words", ["it starts to snow", "wind blows in the trees", "下雨了", "树叶飘落", "", "zoom in on the cat"]
)
def test_sentences_without_a_subject_that_has_a_name_speak_of_none(words):
    assert told(words) == []


def test_where_something_goes_is_not_where_it_is():
    assert told("the dog runs to the left") == [("dog", 1, None, None, None)]
    assert [each[2] for each in told("狗向左跑")] == [None]


@pytest.mark.parametrize("words", ["the dogs run, they bark", "两只狗跑，她们叫"])
def test_a_pronoun_speaks_of_what_was_named_before(words):
    assert [each[0] for each in told(words)] == ["dog"]
