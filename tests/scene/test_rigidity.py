"""Which places of a picture may not bend."""

from dataclasses import replace

import cv2
import numpy as np
import torch

from motionalchemy.scene import kind, rigidity
from motionalchemy.scene.parse import Layer, Scene
from motionalchemy.scene.points import Face
from motionalchemy.scene.regions import Regions
from motionalchemy.scene.writing import Writing

HIGH, WIDE = 120, 160


def scene() -> Scene:
    """A picture with a straight line, a vehicle and a face."""
    picture = np.full((HIGH, WIDE, 3), 200, np.uint8)
    cv2.line(picture, (10, 100), (150, 108), (20, 20, 20), 2, cv2.LINE_AA)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    found = Scene(picture, pixels, (), pixels, pixels, pixels[:, :1] * 0)
    shares = np.zeros((5, HIGH, WIDE), np.float32)
    shares[1, 10:40, 10:60] = 1
    shares[0] = 1 - shares[1]
    angle = np.linspace(0, 2 * np.pi, 468)
    points = np.stack((120 + 15 * np.cos(angle), 40 + 18 * np.sin(angle), 0 * angle), 1).astype(np.float32)
    vars(found)["regions"] = Regions(("other", "vehicle", "text", "plants", "animal"), shares)
    vars(found)["kinds"] = dict.fromkeys(kind.KINDS, 0.0) | {"photograph": 1.0}
    vars(found)["writing"] = ()
    vars(found)["faces"] = (Face(points, np.zeros((2, 5, 2), np.float32), 1.0),)
    return found


def test_vehicles_faces_and_lines_are_stiff_and_the_rest_is_not():
    stiff = rigidity.rigidity(scene())
    assert stiff.shape == (HIGH, WIDE) and stiff.min() >= 0 and stiff.max() <= 1
    assert stiff[25, 30] == 1 and stiff[40, 120] == 1 and stiff[104, 80] > 0.5
    assert stiff[70, 80] == 0 and stiff[25, 80] == 0


def test_writing_is_stiff_and_so_is_all_of_a_logo():
    found = scene()
    vars(found)["writing"] = (Writing((20, 60, 90, 80), ((20, 60, 90, 68), (20, 72, 90, 80)), 0.9),)
    stiff = rigidity.rigidity(found)
    assert stiff[64, 50] > 0.8 and stiff[70, 50] == 0
    vars(found)["kinds"] = dict.fromkeys(kind.KINDS, 0.0) | {"logo": 0.9}
    assert rigidity.rigidity(found).min() > 0.8


def test_a_drawn_thing_is_stiff_unless_it_lives():
    found = scene()
    matte = torch.zeros(1, 1, HIGH, WIDE)
    matte[..., 60:100, 20:60] = 1
    found = replace(found, layers=(Layer(torch.cat((found.pixels * matte, matte), 1)),))
    vars(found).update(vars(scene()) | {"layers": found.layers})
    assert rigidity.drawn(found).max() == 0
    vars(found)["kinds"] = dict.fromkeys(kind.KINDS, 0.0) | {"drawing": 1.0}
    assert rigidity.drawn(found)[80, 40] == 1 and rigidity.drawn(found)[20, 40] == 0
    shares = np.zeros((5, HIGH, WIDE), np.float32)
    shares[4] = 1
    vars(found)["regions"] = Regions(("other", "vehicle", "text", "plants", "animal"), shares)
    assert rigidity.drawn(found).max() == 0


def test_lines_of_what_grows_may_bend():
    found = scene()
    assert len(rigidity.lines(found)) > 0
    shares = np.zeros((5, HIGH, WIDE), np.float32)
    shares[3] = 1
    vars(found)["regions"] = Regions(found.regions.names, shares)
    assert len(rigidity.lines(found)) == 0
