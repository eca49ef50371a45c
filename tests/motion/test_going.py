"""Stiff things on their way: which way they are sent, and what is said where they cannot go."""

from dataclasses import replace

import numpy as np
import pytest

from motionalchemy.language.travel_words import Asked, Deed, Heading
from motionalchemy.motion.courses import Side, Stage, course, leaning
from motionalchemy.render.travel_act import Course

STAGE = Stage(0.4, 0.2, 0.6, 0.4, 0.6, frozenset())


def asked(deed: Deed, heading: Heading = "", **more: bool) -> Asked:
    """That something is done at its usual pace."""
    return replace(Asked(deed, heading, 1.0, False, "it goes", ()), **more)


def sent(stage: Stage, request: Asked, lasts: float = 2.0, loop: float = 0.0) -> tuple[Course, Side]:
    """The way of a thing that can go."""
    found = course(stage, request, lasts, loop)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("deed", "heading", "sign"), [("goes", "left", (-1, 0)), ("floats", "right", (1, 0)), ("rises", "", (0, 1))]
)
def test_it_goes_where_it_is_sent(deed: Deed, heading: Heading, sign: tuple[int, int]):
    at = sent(STAGE, asked(deed, heading))[0].at(1.5)
    assert at.size == 1
    if sign[0]:
        assert at.right * sign[0] > 0.05 and abs(at.up) < 0.02
    else:
        assert at.up > 0.05 and at.right == 0


def test_one_that_comes_nearer_grows_along_the_ground_and_stays_in_the_picture():
    way, side = sent(STAGE, asked("goes", "near"), 10.0)
    sizes = [way.at(second).size for second in (0.5, 1.0, 2.0, 10.0)]
    assert side == "near" and sizes == sorted(sizes) and sizes[1] > 1.1
    assert sizes[-1] * 0.2 < STAGE.high
    assert way.at(2.0).down > 0


def test_one_that_goes_away_shrinks_towards_the_horizon_and_never_beyond():
    way, _ = sent(STAGE, asked("goes", "far"))
    lows = [STAGE.low + way.at(second).down for second in (0.0, 1.0, 5.0, 50.0)]
    assert lows == sorted(lows, reverse=True) and lows[-1] >= min(STAGE.horizon, STAGE.low - 0.05) - 1e-9


def test_a_cut_side_never_comes_into_view():
    cut = replace(STAGE, left=0.0, cut=frozenset({"left"}))
    assert course(cut, asked("goes", "right"), 2.0, 0.0) is None
    assert course(cut, asked("goes", "left"), 2.0, 0.0) is not None
    assert course(cut, asked("spins"), 2.0, 0.0) is None
    assert course(cut, asked("goes", "far"), 2.0, 0.0) is None


def test_where_no_side_is_said_it_goes_where_there_is_room():
    sides = [sent(replace(STAGE, left=left, right=left + 0.2), asked("goes"))[1] for left in (0.1, 0.7)]
    assert sides == ["right", "left"]


@pytest.mark.parametrize(
    ("head", "tall", "side"), [(2, 1, "left"), (14, 1, "right"), (2, -1, "right"), (14, -1, "left")]
)
def test_one_with_a_head_or_a_fin_goes_the_way_it_faces(head: int, tall: int, side: str):
    matte = np.zeros((30, 40))
    matte[15:25, 10:30] = 1
    matte[5:15, 10 + head : 14 + head] = 1
    leans = leaning(matte, (10, 5, 30, 25))
    assert sent(replace(STAGE, leans=leans), replace(asked("goes"), tall=tall))[1] == side
    assert sent(replace(STAGE, left=0.1, right=0.3, leans=leans), asked("goes"))[1] == "right"


def test_a_car_seen_from_above_goes_along_its_axis():
    above = replace(STAGE, axis=(0.6, -0.8), horizon=-0.3)
    way, side = sent(above, asked("goes", thing=True))
    at = way.at(1.5)
    assert side == "far" and at.size < 1 and np.isclose(at.right / at.down, 0.6 / -0.8)


def test_whole_turns_fit_a_loop():
    for request in (asked("spins"), asked("spins", in_plane=True)):
        way, _ = sent(STAGE, request, 3.0, 3.0)
        end = way.at(3.0)
        assert np.isclose((end.turn + end.spun) / (2 * np.pi) % 1, 0) or np.isclose(
            (end.turn + end.spun) / (2 * np.pi) % 1, 1
        )
        assert abs(end.turn + end.spun) > 6
