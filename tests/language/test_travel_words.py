"""Stiff things that are sent on their way, in both languages; and sentences that send none."""

import pytest

from motionalchemy.language.travel_words import read

ASKED = (
    ("a red bus drives to the right", "goes", "right"),
    ("the train passes from right to left", "goes", "left"),
    ("一辆卡车向左行驶", "goes", "left"),
    ("the swans swim across the lake", "floats", ""),
    ("帆船缓缓航行", "floats", ""),
    ("the ship sails towards the camera", "floats", "near"),
    ("an eagle soars into the distance", "flies", "far"),
    ("一只海鸥向右飞去", "flies", "right"),
    ("hot air balloons rise over the valley", "rises", ""),
    ("孔明灯慢慢升起", "rises", ""),
    ("the emblem rotates", "spins", ""),
    ("齿轮缓缓转动", "spins", ""),
    ("the lantern swings", "swings", ""),
    ("the coin rolls to the left", "rolls", "left"),
    ("轮胎向右滚去", "rolls", "right"),
    ("the basketball bounces", "bounces", ""),
    ("篮球弹起来", "bounces", ""),
    ("the chandelier sways", "swings", ""),
    ("a hot air balloon drifts to the left", "flies", "left"),
    ("热气球向右飘", "flies", "right"),
    ("the bus drives off", "goes", ""),
    ("the vase falls from the shelf", "falls", ""),
)


@pytest.mark.parametrize(("words", "deed", "heading"), ASKED)
def test_a_thing_is_sent_on_its_way(words: str, deed: str, heading: str):
    (found,) = read(words)
    assert (found.deed, found.heading) == (deed, heading)


def test_several_things_and_their_pace_are_heard():
    (found,) = read("three boats drift slowly to the left")
    assert found.many and found.pace < 1
    (found,) = read("the boat races to the left, crossing the bay")[:1]
    assert not found.many


@pytest.mark.parametrize(
    "words",
    ["the horse gallops to the left", "she walks away", "he turns around", "the sun sinks", "树叶落下",
     "she spins", "he swings his arms", "the dog swings its tail", "the land is green", "a drop of ink",
     "clouds pass over the boat", "她旋转起来", "drone shot flying forward", "风车转动",
     "the windmill turns", "a cat spins", "时钟的指针转动",
     "无人机向前飞过小路", "the camera rises", "rain falls", "she smiles"],
)  # fmt: skip
def test_other_sentences_send_nothing(words: str):
    assert not read(words)


def test_things_that_are_no_people_are_told_and_what_turns_as_a_wheel_does():
    ((bird,), (bus,)) = read("a bird flies away"), read("the bus drives away")
    assert not bird.thing and bus.thing and bus.leaves
    ((gear,), (logo,)) = read("the gear turns anticlockwise"), read("the emblem spins")
    assert gear.in_plane and gear.backwards and not logo.in_plane


def test_the_end_at_which_things_are_highest_and_what_comes_nearer_are_told():
    ((duck,), (plane,), (planet,)) = (
        read(words) for words in ("一只鸭子游过", "the jet flies by", "the planet approaches")
    )
    assert (duck.tall, plane.tall, planet.tall) == (1, -1, 0) and planet.heading == "near"
