"""A sentence as a script: its beats, where they send a subject, what they ask of the camera."""

import pytest

from motionalchemy.errors import InputError
from motionalchemy.language.script import beat, read, timed_prompts


@pytest.mark.parametrize(
    ("words", "heading", "travels", "hurries", "pace", "moves", "orbit"),
    [
        ("the horse gallops to the right", "right", True, True, 1.0, False, 0),
        ("马慢慢地向左走", "left", True, False, 0.6, False, 0),
        ("the man walks towards the camera, the camera pans left", "near", True, False, 1.0, True, 0),
        ("她朝远处快速跑去，镜头环绕", "far", True, True, 1.5, True, 1),
        ("a man stands, the camera orbits to the right", "", False, False, 1.0, True, -1),
        ("a man stands, a static camera", "", False, False, 1.0, False, 0),
    ],
)
def test_a_sentence_says_the_same_in_both_languages(words, heading, travels, hurries, pace, moves, orbit):
    found = beat(0, 49, words)
    assert (found.heading, found.travels, found.hurries, found.pace) == (heading, travels, hurries, pace)
    assert (found.camera.moves, found.camera.orbit) == (moves, orbit)
    assert found.action is None and not found.acts


def test_neighbours_that_say_the_same_are_one_beat():
    script = read([(0, 33, "it walks"), (33, 49, "it walks"), (49, 97, "it runs"), (97, 121, "it walks")])
    assert [(each.begin, each.end, each.words) for each in script.beats] == [
        (0, 49, "it walks"), (49, 97, "it runs"), (97, 121, "it walks"),
    ]  # fmt: skip


def test_an_action_is_read_without_the_pace_and_once_more_as_it_is_said_but_only_when_asked_for():
    heard = []
    (found,) = read([(0, 9, "the man walks slowly")], lambda words: heard.append(words) or len(heard)).beats
    assert heard == []
    assert found.action == found.action == 1 and found.acts
    assert heard == ["the man walks", "the man walks slowly"]
    assert found.unpaced == "the man walks" and found.in_place == "the man walks slowly in place"
    assert not beat(0, 9, "the sea", lambda words: None).acts


def test_a_script_of_seconds_is_strict():
    assert timed_prompts("0-2: walks | 2-4.5: runs") == [(0, "walks"), (2, "runs")]
    assert timed_prompts("0－2：走｜2～4：跑") == [(0, "走"), (2, "跑")] and timed_prompts("walks") == [(0, "walks")]
    for text, match in (("0-2: a | b", "has no seconds"), ("0-2: a | 3-4: b", "does not go on from second 2")):
        with pytest.raises(InputError, match=match):
            timed_prompts(text)
