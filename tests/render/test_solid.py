"""One picture before a camera that circles its subject: how deep that is, what turns where, and which way."""

import numpy as np
import pytest

from motionalchemy.language.camera import orbits
from motionalchemy.motion import orbit
from motionalchemy.render import solid
from motionalchemy.scene import relief

SIDE, RADIUS = 96, 30


def disc() -> np.ndarray:
    down, across = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    return (down**2 + across**2 < RADIUS**2).astype(np.float32)


def layer(opacity: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """A subject of one red channel, its opacity and its depth."""
    zero = np.zeros_like(opacity)
    return np.stack((colour * opacity, zero, zero, opacity, relief.depth(opacity)), -1)


@pytest.mark.parametrize(
    ("opacity", "deep"),
    [
        (disc(), RADIUS * (relief.BULGE / 4) ** 0.5),
        (np.pad(np.ones((SIDE, 2 * 10), np.float32), ((0, 0), (38, 38))), 10 * (relief.BULGE / 2) ** 0.5),
    ],
)
def test_a_subject_is_about_as_deep_as_it_is_wide(opacity, deep):
    found = relief.depth(opacity)
    assert found[SIDE // 2, SIDE // 2] == pytest.approx(deep, rel=0.08)
    assert found[opacity == 0].max() < 4 and found[SIDE // 2, 48] > found[SIDE // 2, 41]


def test_what_is_near_goes_to_one_side_and_the_outline_of_a_ball_stays():
    dot = np.zeros_like(disc())
    dot[:, 46:50] = 1
    ball = layer(disc(), dot)
    for degrees in (30, -30):
        shown = solid.rotated(ball, degrees)
        middle = float((shown[48, :, 0] * np.arange(SIDE)).sum() / shown[48, :, 0].sum())
        assert middle - 47.5 == pytest.approx(ball[48, 48, 4] * np.sin(np.radians(degrees)), abs=2)
        assert shown[48, :, 3].sum() == pytest.approx(2 * RADIUS, abs=6)


def test_one_that_is_not_turned_stays_as_it_is():
    ball = layer(disc() * 0.7 + 0.3 * (disc() > 0), disc())
    np.testing.assert_allclose(solid.rotated(ball, 0.0), ball[..., :4], atol=1e-5)
    assert not solid.rotated(np.zeros((8, 8, 5), np.float32), 20.0).any()
    with pytest.raises(ValueError, match="less than 90"):
        solid.rotated(ball, 90)


def test_a_clip_is_turned_evenly_and_a_window_goes_on_where_the_one_before_ended():
    short = orbit.angles(0.0, 1, 24, 49, 0, 48)
    assert short[0] > 0 and short[-1] == pytest.approx(orbit.SWEEP) and np.ptp(np.diff(short)) < 1e-9
    first = orbit.angles(0.0, -1, 24, 91, 0, 48)
    later = orbit.angles(first[-1], -1, 24, 91, 7, 48)
    assert later[:6] == [first[-1]] * 6 and later[-1] == pytest.approx(-orbit.SWEEP)
    assert orbit.angles(12.0, 0, 24, 49, 0, 3) == [12.0] * 3  # no more, and not back


@pytest.mark.parametrize(
    ("words", "way"),
    [
        ("the camera orbits to the left", 1),
        ("a fox sits, the camera circles to the right", -1),
        ("the camera moves around the statue", 1),
        ("镜头向右环绕", -1),
        ("一只狐狸坐着，镜头向左绕行", 1),
        ("the camera moves slowly around the statue", 1),
        ("the camera pans to the left", 0),
        ("the camera pans around", 0),
        ("镜头逆时针旋转", 0),
        ("a bird circles to the left", 0),
        ("一只鸟向左环绕飞行", 0),
    ],
)
def test_only_a_camera_that_circles_turns_what_it_shows(words, way):
    assert orbits(words) == way
