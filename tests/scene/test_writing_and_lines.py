"""Writing and vanishing points: lines are found where they were written or drawn, and none where there are none."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from motionalchemy.errors import InputError
from motionalchemy.scene.regions import Regions
from motionalchemy.scene.vanishing import horizon, vanishing
from motionalchemy.scene.writing import writing


def page(ink, paper, lines=("Good evening", "winter market", "open until nine"), size=30, top=60, grain=3.0):
    """Lines of writing on paper with some grain, (300, 420, 3) uint8, and their boxes."""
    shown = Image.new("RGB", (420, 300), paper)
    draw, font, boxes = ImageDraw.Draw(shown), ImageFont.load_default(size), []
    for number, line in enumerate(lines):
        place = (40, top + number * round(1.4 * size))
        draw.text(place, line, fill=ink, font=font)
        boxes.append(draw.textbbox(place, line, font=font))
    noisy = np.asarray(shown) + np.random.default_rng(0).normal(0, grain, (300, 420, 3))
    return noisy.clip(0, 255).astype(np.uint8), boxes


def around(boxes):
    return np.array([*np.min(boxes, 0)[:2], *np.max(boxes, 0)[2:]])


@pytest.mark.parametrize(("ink", "paper"), [((20, 20, 40), (240, 235, 220)), ((250, 230, 120), (30, 50, 90))])
def test_lines_of_writing_are_one_block_where_they_stand(ink, paper):
    picture, boxes = page(ink, paper)
    (block,) = writing(picture)
    assert len(block.lines) == 3 and block.score > 0.5
    assert np.abs(np.array(block.box) - around(boxes)).max() < 8


def test_two_blocks_far_apart_are_two():
    picture, _ = page((0, 0, 0), (255, 255, 255), ("upper line of words",), 26, 20)
    lower, _ = page((0, 0, 0), (255, 255, 255), ("lower line of words",), 26, 230)
    both = np.minimum(picture, lower)
    assert sorted(each.box[1] > 150 for each in writing(both)) == [False, True]


def test_nothing_is_written_in_noise_or_on_a_plain_wall():
    noise = np.random.default_rng(0).normal(128, 40, (200, 300, 3))
    soft = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 3).clip(0, 255).astype(np.uint8)
    assert writing(soft) == () and writing(np.full((120, 160, 3), 90, np.uint8)) == ()


def fan(point, count=12, length=120):
    """Lines that point at a place, and as many upright ones, (n, 4)."""
    rng = np.random.default_rng(0)
    starts = rng.uniform((0, 0), (640, 480), (count, 2))
    away = np.array(point) - starts
    ends = (
        starts
        + away
        / np.linalg.norm(away, axis=1, keepdims=True)
        * np.minimum(length, 0.6 * np.linalg.norm(away, axis=1))[:, None]
    )
    upright = np.stack((starts[:, 0], starts[:, 1], starts[:, 0], starts[:, 1] + 60), 1)
    return np.concatenate((np.concatenate((starts, ends), 1), upright))


def test_lines_meet_where_they_were_pointed_at():
    (found, *rest) = vanishing(fan((300.0, 190.0)), (480, 640))
    assert abs(found.x - 300) < 2 and abs(found.y - 190) < 2
    assert set(found.lines) <= set(range(12)) and len(found.lines) >= 10 and not rest


def test_parallel_and_single_lines_meet_nowhere():
    rows = np.array([(50, y, 500, y + 40) for y in range(50, 400, 30)], np.float64)
    assert vanishing(rows, (480, 640)) == ()
    assert vanishing(rows[:1], (480, 640)) == () and vanishing(np.zeros((0, 4)), (480, 640)) == ()


def test_the_horizon_of_a_street_is_where_its_edges_meet():
    street = np.full((360, 480, 3), 200, np.uint8)
    for x in range(-400, 900, 130):
        cv2.line(street, (x, 360), (260, 140), (40, 40, 40), 3, cv2.LINE_AA)
    cv2.rectangle(street, (200, 110), (320, 170), (200, 200, 200), -1)
    row = horizon(street)
    assert row is not None and abs(row - 140) < 4


def test_an_even_edge_of_the_sky_over_water_is_a_horizon_and_a_ragged_one_is_none():
    sky = np.zeros((90, 120), np.float32)
    sky[:50] = 1
    picture = np.full((180, 240, 3), 120, np.uint8)
    flat = Regions(
        ("sky", "water", "building", "indoor", "ground", "vehicle", "text", "other", "plants"), open_under(sky)
    )
    assert horizon(picture, flat) == pytest.approx(100, abs=2)
    ragged = sky.copy()
    for column in range(120):
        ragged[20 + column * 7 % 30 :, column] = 0
    assert horizon(picture, Regions(flat.names, open_under(ragged))) is None
    assert horizon(picture) is None


def open_under(sky):
    """Probabilities of sky, water below it, and seven that are nowhere."""
    return np.stack((sky, 1 - sky, *[np.zeros_like(sky)] * 7))


def test_other_shapes_are_refused():
    for look in (writing, horizon):
        with pytest.raises(InputError):
            look(np.zeros((20, 20), np.uint8))
