"""Parts of animals found in drawn outlines, whose places are known."""

import cv2
import numpy as np
import pytest

from motionalchemy.scene.beast_cells import parted
from motionalchemy.scene.beasts import Beast, beasts, upright

HIGH, WIDE = 192, 256


def quadruped() -> tuple[np.ndarray, np.ndarray]:
    """A picture and the matte of a beast that looks to our left: four legs, a tail that hangs out behind, one eye."""
    matte = np.zeros((HIGH, WIDE), np.uint8)
    cv2.ellipse(matte, (140, 90), (62, 30), 0, 0, 360, 1, -1)
    cv2.line(matte, (90, 80), (62, 52), 1, 22)
    cv2.ellipse(matte, (50, 48), (24, 15), 15, 0, 360, 1, -1)
    for x in (100, 116, 166, 182):
        cv2.line(matte, (x, 100), (x, 165), 1, 9)
    cv2.line(matte, (196, 80), (232, 64), 1, 8)
    picture = np.full((HIGH, WIDE, 3), 235, np.uint8)
    picture[matte > 0] = (170, 130, 90)
    cv2.circle(picture, (46, 44), 3, (15, 10, 10), -1)
    return picture, matte.astype(np.float32)


@pytest.fixture(scope="module")
def found() -> Beast:
    (one,) = beasts(*quadruped())
    return one


def test_the_head_is_where_it_is_drawn(found: Beast) -> None:
    assert found.head is not None
    assert np.hypot(*(found.head.tip - (54, 50))) < 16
    assert found.ahead == -1
    assert not found.close


def test_the_eye_is_in_the_head(found: Beast) -> None:
    (eye,) = found.eyes
    assert np.hypot(eye.at[0] - 46, eye.at[1] - 44) < 4


def test_the_tail_is_behind_and_goes_alone(found: Beast) -> None:
    assert found.tail is not None
    assert np.hypot(*(found.tail.tip - (232, 64))) < 10
    share = cv2.resize(found.tail.share, (WIDE, HIGH))
    assert share[66, 226] > 0.8
    assert share[90, 140] < 0.01


def test_feet_that_stand_together_are_one_leg(found: Beast) -> None:
    assert len(found.legs) == 2
    assert [round(leg.tip[0], -1) for leg in found.legs] == [100, 170]


def test_a_head_does_not_take_the_body_along(found: Beast) -> None:
    assert found.head is not None
    share = cv2.resize(found.head.share, (WIDE, HIGH))
    assert share[48, 50] > 0.95
    assert share[160, 182] < 0.01


def test_it_is_found_mirrored_at_the_mirrored_place() -> None:
    picture, matte = quadruped()
    (one,) = beasts(np.ascontiguousarray(picture[:, ::-1]), np.ascontiguousarray(matte[:, ::-1]))
    assert one.head is not None
    assert one.ahead == 1
    assert np.hypot(*(one.head.tip - (WIDE - 1 - 54, 50))) < 16


def test_two_that_touch_are_parted_where_it_is_thin() -> None:
    cells = np.zeros((60, 120), np.uint8)
    cv2.circle(cells, (35, 30), 20, 1, -1)
    cv2.circle(cells, (80, 30), 20, 1, -1)
    cells[27:33, 35:80] = 1
    one, other = sorted(parted(cells > 0), key=lambda each: np.nonzero(each)[1].min())
    assert not (one & other).any()
    assert ((one | other) == (cells > 0)).all()
    assert abs(int(one.sum()) - int(other.sum())) < 0.1 * cells.sum()


def test_nothing_is_found_in_nothing() -> None:
    assert beasts(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.float32)) == ()


def test_the_head_of_an_upright_figure_is_its_top_down_to_the_neck() -> None:
    matte = np.zeros((256, 128), np.float32)
    cv2.ellipse(matte, (64, 50), (34, 40), 0, 0, 360, 1.0, -1)
    cv2.rectangle(matte, (52, 80), (76, 112), 1.0, -1)
    cv2.rectangle(matte, (14, 110), (114, 255), 1.0, -1)
    (one,) = beasts(np.full((256, 128, 3), 200, np.uint8), matte)
    bust = upright(one, 256 / one.cells.shape[0])
    assert bust.head is not None
    assert np.hypot(*(bust.head.tip - (64, 52))) < 12
    assert 84 < bust.head.root[1] < 112
    share = cv2.resize(bust.head.share, (128, 256))
    assert share[40, 64] > 0.9
    assert share[150, 64] < 0.01
