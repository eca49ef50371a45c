"""Animals move by their parts: what is asked moves, the rest stays, and all is back at the end."""

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.language import script
from motionalchemy.language.beast_words import read
from motionalchemy.motion.beast_moves import DEEDS
from motionalchemy.motion.beasts import done_by
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.timeline import acting_at
from motionalchemy.render.beast_act import BeastAct, Lid, lidded
from motionalchemy.scene.beasts import Beast, beasts
from tests.scene.test_beasts import HIGH, WIDE, quadruped

LASTS = 2.0


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Beast, ...]]:
    picture, matte = quadruped()
    return picture, matte, np.full((HIGH, WIDE, 3), 235, np.float32), beasts(picture, matte)


def act(scene: tuple[np.ndarray, np.ndarray, np.ndarray, tuple[Beast, ...]], words: str) -> BeastAct:
    picture, matte, plate, found = scene
    made, done, _ = done_by(picture, matte, plate, found, read(words), LASTS)
    assert made is not None and done
    return made


def changed(made: BeastAct, picture: np.ndarray, second: float) -> np.ndarray:
    frame = picture.astype(np.float32)
    return np.abs(made.draw(frame, second) - frame).max(-1) > 8


def test_every_deed_has_a_movement_that_begins_and_ends_at_the_picture(scene) -> None:
    picture = scene[0]
    sentences = ("the dog blinks", "the dog turns its head", "the dog wags its tail", "the dog nods", "the dog barks",
                 "the dog pants", "the dog twitches its ears", "the dog jumps", "the dog walks", "the dog runs",
                 "the dog shakes its head", "the dog tilts its head", "the dog raises its head", "the dog sways",
                 )  # fmt: skip
    for words in sentences:
        made = act(scene, words)
        frame = picture.astype(np.float32)
        assert made.draw(frame, 0.0) is frame
        assert any(changed(made, picture, second).any() for second in (0.45, 0.7, 1.0)), words
        assert changed(made, picture, LASTS).sum() < 12, words


def test_a_tail_that_wags_leaves_the_head_alone(scene) -> None:
    moved = changed(act(scene, "the dog wags its tail"), scene[0], 0.4)
    assert moved[50:80, 200:].any()
    assert not moved[:, :160].any()


def test_a_head_that_turns_leaves_the_feet_alone(scene) -> None:
    moved = changed(act(scene, "the dog turns its head"), scene[0], 1.0)
    assert moved[30:70, 20:90].any()
    assert not moved[130:, :].any()


def test_one_that_walks_to_a_side_goes_there_and_stays_in_the_picture(scene) -> None:
    made = act(scene, "the dog walks to the left")
    frame = scene[0].astype(np.float32)
    columns = np.nonzero((np.abs(made.draw(frame, 1.9) - 235).max(-1) > 60).any(0))[0]
    before = np.nonzero((np.abs(frame - 235).max(-1) > 60).any(0))[0]
    assert before[0] - columns[0] > 8
    assert columns[0] >= 0


def test_in_a_loop_it_walks_in_place(scene) -> None:
    picture, matte, plate, found = scene
    made, _, _ = done_by(picture, matte, plate, found, read("the dog walks to the left"), LASTS, loop=True)
    assert made is not None
    assert changed(made, picture, 0.9).any()
    assert changed(made, picture, LASTS).sum() < 12


def test_what_has_no_wings_flaps_none_and_it_is_said(scene) -> None:
    picture, matte, plate, found = scene
    made, done, failed = done_by(picture, matte, plate, found, read("the dog flaps its wings"), LASTS)
    assert made is None and not done
    assert "wings" in next(iter(failed.values()))


def test_a_lid_covers_the_eye_with_what_is_above_it() -> None:
    rgba = np.dstack((np.full((60, 60, 3), 180.0), np.ones((60, 60)))).astype(np.float32)
    cv2.circle(rgba, (30, 30), 8, (10.0, 10.0, 10.0, 1.0), -1)
    before = rgba.copy()
    lidded(rgba, Lid((30.0, 30.0), 8.0, np.ones(3)), 1.0)
    assert rgba[26:32, 28:33, 0].min() > 100
    assert np.array_equal(rgba[:, :18], before[:, :18])
    assert np.array_equal(rgba[45:], before[45:])


def test_softened_it_goes_less_far(scene) -> None:
    made = act(scene, "the dog wags its tail")
    fields = [each.field(0.4) for each in (made, made.softened(0.5))]
    whole, half = (float(np.abs(each).max()) for each in fields if each is not None)
    assert 0.3 * whole < half < 0.7 * whole


def test_every_deed_is_known() -> None:
    assert set(DEEDS) >= {each.deed for each in read("the dog wags its tail and the cat blinks")}


def test_one_that_does_two_things_one_after_the_other_is_drawn_once(scene) -> None:
    picture = scene[0]
    beats = [
        BeatMotion(script.beat(begin, end, words, None), acts=(act(scene, words),))
        for begin, end, words in ((0, 48, "the dog walks to the left"), (48, 96, "the dog wags its tail"))
    ]
    (frame,) = acting_at(beats, torch.tensor([80.0]), 24.0).pictures(picture)
    seen = np.abs(frame - 235).max(-1) > 60
    once = np.abs(picture.astype(np.float32) - 235).max(-1) > 60
    assert abs(int(seen.sum()) - int(once.sum())) < 0.05 * once.sum()
