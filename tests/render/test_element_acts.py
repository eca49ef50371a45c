"""Elements in motion: carried at their speed, back where they were, and nothing beyond their matte."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from motionalchemy.render.act import Act
from motionalchemy.render.elements import Flickering, Flowing, Rising, Waving, grain
from motionalchemy.render.weather import Falling, Flashing, Foggy, Graded
from motionalchemy.scene import currents
from motionalchemy.scene.elements import filled

HIGH, WIDE = 64, 96
LOOP = 2.0


def picture() -> np.ndarray:
    """Smooth chance, so that where it is can be told."""
    rng = np.random.default_rng(3)
    return cv2.GaussianBlur((rng.random((HIGH, WIDE, 3)) * 255).astype(np.float32), (0, 0), 1.5) * 1.6 - 70


def matte() -> np.ndarray:
    """The middle of the picture."""
    found = np.zeros((HIGH, WIDE), np.float32)
    found[16:48, 24:72] = 1
    return found


def flowing(speed: float = 0.1) -> Flowing:
    """Something that is carried to the right."""
    velocity = np.zeros((2, 24, 36), np.float32)
    velocity[0] = speed
    return Flowing(picture(), matte(), velocity, LOOP, np.full((HIGH, WIDE), 0.5, np.float32))


def acts() -> list[Act]:
    """One of each, looped."""
    rng = np.random.default_rng(0)
    reach = np.full((2, 24, 36), 0.02, np.float32)
    turn = 2 * np.pi / LOOP
    waves = np.stack((rng.random(3) * 9, rng.random(3) * 9, turn * np.array([1, 2, 3]), rng.random(3)))
    drops = np.stack(
        (rng.random(30), rng.random(30), rng.uniform(0.3, 1, 30), 0.01 * rng.random(30), rng.random(30)), 1
    )
    noise = grain((48, 48), 1, 0.0, 1.0, 0.1)
    far = np.tile(np.linspace(1, 0, HIGH, dtype=np.float32)[:, None], (1, WIDE))
    return [
        flowing(),
        Waving(picture(), matte(), reach, waves, 0.3, None, 5.0, LOOP),
        Flickering(matte(), grain((HIGH, WIDE), 4, 0, 6), 0.3, 1.0, LOOP),
        Rising((0.5, 0.5), 0.3, 0.4, np.float32([240, 240, 240]), 0.5, noise, LOOP),
        Falling(drops, (0.1, 0.5), 0.03, (250, 250, 255), 0.9, 0.0, None, LOOP),
        Falling(drops, (0.1, 1.5), 0.01, (250, 250, 255), 0.9, 0.04, far, LOOP),
        Graded(np.full((HIGH, 1, 3), 0.5, np.float32), LOOP, None, LOOP),
        Foggy(far, noise, 0.7, 0.05, (210, 210, 210), LOOP),
    ]


@pytest.mark.parametrize("act", acts(), ids=lambda act: type(act).__name__)
def test_an_act_begins_and_loops_at_the_picture_and_leaves_what_it_is_given(act: Act):
    frame = picture()
    kept = frame.copy()
    assert np.array_equal(act.draw(frame, 0.0), frame)
    assert np.abs(act.draw(frame, 0.7) - frame).max() > 3
    assert np.abs(act.draw(frame, LOOP) - frame).max() < 1e-3
    assert np.array_equal(frame, kept)


@pytest.mark.parametrize("act", acts()[:3], ids=lambda act: type(act).__name__)
def test_nothing_moves_beyond_the_matte(act: Act):
    frame = picture()
    change = np.abs(act.draw(frame, 0.9) - frame).max(2)
    assert change[matte() == 0].max() == 0
    assert change[matte() == 1].mean() > 0.5


def test_what_flows_goes_as_far_as_its_speed_says():
    act, frame = flowing(0.1), picture()
    soon = act.draw(frame, 0.25)  # 0.025 of 96 pixels: 2.4
    here = frame[24:40, 36:60]
    errors = [np.abs(soon[24:40, 36 + by : 60 + by] - here).mean() for by in range(-5, 6)]
    assert int(np.argmin(errors)) - 5 == 2
    assert np.allclose(act.field_for(0.25)[0], -0.025, atol=1e-4)


def test_half_as_much_is_half_as_far():
    whole = flowing(0.1)
    assert np.allclose(whole.softened(0.5).field_for(0.2), 0.5 * whole.field_for(0.2), atol=1e-4)


def test_what_flows_keeps_its_sharpness():
    act, frame = replace(flowing(), turn=grain((HIGH, WIDE), 2)), picture()
    sharp = [cv2.Laplacian(act.draw(frame, s)[20:44, 28:68], cv2.CV_32F).var() for s in (0.0, 0.5, 1.0, 1.5)]
    assert min(sharp) > 0.55 * sharp[0]


def test_lightning_is_dark_between_its_flashes():
    sky = np.ones((HIGH, WIDE), np.float32)
    act, frame = Flashing((0.5,), sky), picture()
    assert np.array_equal(act.draw(frame, 0.4), frame)
    assert (act.draw(frame, 0.5) - frame).mean() > 20
    assert np.array_equal(act.draw(frame, 1.2), frame)


def test_a_river_runs_along_its_bed():
    bed = np.zeros((80, 80), np.float32)
    bed[:, 30:50] = 1
    field = currents.river(bed, np.ones((80, 80), np.float32))
    inside = np.zeros(field.shape[1:], bool)
    inside[12:-12, 30:42] = True
    assert (field[1][inside] > 0.3).all()  # down
    assert np.abs(field[0][inside]).max() < 0.05  # not into the banks


def test_a_river_follows_a_bend():
    bed = np.zeros((80, 80), np.float32)
    bed[:44, 10:26] = 1
    bed[28:44, 10:70] = 1
    bed[28:, 54:70] = 1
    field = currents.river(bed, np.ones((80, 80), np.float32))
    scale = field.shape[1] / 80
    across = field[:, round(36 * scale), round(40 * scale)]
    assert across[0] > 0.3 > abs(across[1]) * 2


def test_plants_stand_on_their_roots():
    found = np.zeros((60, 60), np.float32)
    found[20:50] = 1
    height = currents.rooted(found)
    assert height[49].max() < 0.1
    assert height[21].min() > 0.8
    assert np.all(np.diff(height[20:50, 30]) <= 1e-6)


def test_what_is_filled_in_has_the_colours_of_its_region():
    whole = np.zeros((HIGH, WIDE, 3), np.uint8)
    whole[:, :48], whole[:, 48:] = (200, 10, 10), (10, 10, 200)
    left = np.zeros((HIGH, WIDE), np.float32)
    left[:, :48] = 1
    found = filled(whole, left)
    assert np.array_equal(found[:, :48], whole[:, :48])
    assert (found[:, 52:, 0] > 150).all()
    assert (found[:, 52:, 2] < 60).all()
