"""Faces and bodies of a picture: their points have a meaning, their networks load strictly, actors are told from others."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from motionalchemy.errors import InputError
from motionalchemy.scene import kind, looks
from motionalchemy.scene.points import CORNERS, Face, Pose


def face(turn: float = 0.0) -> Face:
    """A face whose eyes are 40 pixels apart, tilted by so many radians."""
    points = np.zeros((468, 3), np.float32)
    points[:, 1] = np.linspace(0, 60, 468)
    cos, sin = np.cos(turn), np.sin(turn)
    for side, way in (("right", -1), ("left", 1)):
        for corner, at in zip(CORNERS[side], (26, 14), strict=True):
            points[corner] = (50 + way * at * cos, 50 + way * at * sin, 0)
    return Face(points, np.zeros((2, 5, 2), np.float32), 1.0)


def test_a_face_knows_its_eyes_and_its_tilt():
    assert face().between == pytest.approx(40, abs=0.1)
    assert face().roll == pytest.approx(0, abs=1e-3)
    assert face(0.3).roll == pytest.approx(0.3, abs=1e-3)


def test_a_body_knows_its_trunk_and_its_box():
    points = np.zeros((33, 3), np.float32)
    points[[11, 12], :2], points[[23, 24], :2] = ((40, 20), (60, 20)), ((42, 70), (58, 70))
    sure = np.zeros(33, np.float32)
    sure[[11, 12, 23, 24]] = 1
    pose = Pose(points, sure, points, 1.0)
    assert pose.torso == pytest.approx(50)
    assert pose.box == (40, 20, 60, 70)


def test_packs_are_read_strictly(tmp_path: Path):
    folder = tmp_path / "face-mesh"
    shutil.copytree(looks.WEIGHTS / "face-mesh", folder)
    card = json.loads((folder / "config.json").read_text())
    name = next(iter(card["config"]["shapes"]))
    card["config"]["shapes"][name][0] += 1
    (folder / "config.json").write_text(json.dumps(card))
    with pytest.raises(InputError):
        looks.network("face-mesh", tmp_path)


def test_a_rendered_actor_is_judged_by_the_whole_and_the_subject():
    picture = np.full((64, 64, 3), 90, np.uint8)
    opacity = np.zeros((64, 64), np.float32)
    opacity[20:44, 20:44] = 1
    whole, alone = kind.features(picture, opacity).split(1280)
    assert whole.abs().sum() > 0 and alone.abs().sum() > 0
    assert kind.features(picture, None)[1280:].abs().sum() == 0
    assert np.isfinite(kind.rendered(picture, opacity))
