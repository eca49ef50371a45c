"""Kinds of pictures: examples that are drawn here, what each statistic means, shapes that are refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import motionalchemy
from motionalchemy.errors import InputError
from motionalchemy.media import reader
from motionalchemy.scene import kind

EXAMPLES = Path(motionalchemy.__file__).parent / "server" / "page_examples"


def sign():
    """A red disc and a word on white."""
    shown = Image.new("RGB", (300, 300), "white")
    draw = ImageDraw.Draw(shown)
    draw.ellipse((90, 40, 210, 160), fill=(200, 30, 40))
    draw.text((150, 220), "maple", fill=(20, 20, 60), font=ImageFont.load_default(48), anchor="mm")
    return np.asarray(shown)


def window():
    """A bar, a side panel and lines of small writing."""
    shown = Image.new("RGB", (1024, 768), (250, 250, 252))
    draw = ImageDraw.Draw(shown)
    draw.rectangle((0, 0, 1024, 48), fill=(40, 90, 200))
    draw.rectangle((0, 48, 200, 768), fill=(232, 234, 238))
    for number in range(28):
        draw.text(
            (224, 70 + 24 * number),
            "some words of a page that is read " * 3,
            fill=(30, 30, 40),
            font=ImageFont.load_default(15),
        )
        draw.text((20, 70 + 24 * number), "a folder", fill=(50, 50, 60), font=ImageFont.load_default(15))
    return np.asarray(shown)


def test_what_is_drawn_here_is_known():
    assert kind.kind(sign()) == "logo"
    assert kind.kind(window()) == "screenshot"


@pytest.mark.parametrize("name", ["horse", "swordsman", "zebra"])
def test_the_examples_are_rendered(name):
    assert kind.kind(reader.read_image(EXAMPLES / f"{name}.png")) == "rendered"


def test_kinds_add_up_to_one_whatever_the_size():
    for size in ((2, 2), (9, 400), (40, 30)):
        sure = kind.kinds(np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8))
        assert tuple(sure) == kind.KINDS and sum(sure.values()) == pytest.approx(1, abs=1e-4)


def test_statistics_mean_what_they_say():
    white = kind.statistics(np.full((50, 80, 3), 255, np.uint8))
    noise = kind.statistics(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    assert white[0] == 1 and white[3] == 1 and white[9] == 1 and white[10] == 1  # flat, one colour, even rim, white
    assert noise[0] < 0.01 and noise[3] < 0.01 and noise[13] > 3  # nothing flat or common, much noise
    level = np.full((100, 100, 3), 20, np.uint8)
    cv2.rectangle(level, (30, 30), (70, 70), (220, 220, 220), -1)
    slanted = np.full((100, 100, 3), 20, np.uint8)
    cv2.fillPoly(slanted, [np.array([(50, 20), (80, 50), (50, 80), (20, 50)])], (220, 220, 220))
    assert kind.statistics(level)[8] > 0.9 > 0.1 > kind.statistics(slanted)[8]


def test_other_shapes_are_refused():
    with pytest.raises(InputError):
        kind.kind(np.zeros((20, 20), np.uint8))
