"""Camera moves in closed form: a pan shifts, a zoom spreads from the middle, a roll turns, and all begin at the picture."""

import random

import pytest
import torch

from motionalchemy.data import moves, words
from motionalchemy.nets.autoencoder import AutoencoderConfig
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig
from motionalchemy.train import cameras

PLACE = torch.stack(torch.meshgrid(torch.linspace(-0.5, 0.5, 5), torch.linspace(-0.5, 0.5, 5), indexing="xy"))


def last(camera):
    """Where the last frame's pixels stood in frame 0."""
    seen = cameras.field(moves.view(camera, 49, random.Random(3)), PLACE)
    assert seen[:, 0].abs().max() < 1e-6
    return PLACE + seen[:, -1]


@pytest.mark.parametrize(("camera", "way"), [("pan_right", (1, 0)), ("pan_left", (-1, 0)), ("tilt_down", (0, 1))])
def test_a_camera_that_pans_brings_what_lies_that_way(camera, way):
    shift = last(camera) - PLACE
    assert shift.std((1, 2)).max() < 1e-6  # the same everywhere
    for axis in (0, 1):
        assert (shift[axis].mean() * way[axis] > 0.2) if way[axis] else shift[axis].abs().max() < 1e-6


@pytest.mark.parametrize(("camera", "closer"), [("zoom_in", True), ("zoom_out", False)])
def test_a_zoom_spreads_from_the_middle(camera, closer):
    share = (last(camera) / PLACE)[:, ::4, ::4]
    assert ((share < 0.75) if closer else (share > 1.3)).all()
    assert last(camera)[:, 2, 2].abs().max() < 1e-6


def test_a_roll_turns_and_keeps_distances():
    there = last("roll_left")
    torch.testing.assert_close(there.norm(dim=0), PLACE.norm(dim=0), atol=1e-5, rtol=0)
    cross = PLACE[0] * there[1] - PLACE[1] * there[0]
    assert (cross[PLACE.norm(dim=0) > 0.1] < 0).all()  # content turns clockwise, so it came from counter-clockwise


def test_a_swept_picture_moves_as_its_camera_does_and_says_so():
    torch.manual_seed(0)
    codec = MotionAutoencoder(MotionConfig(AutoencoderConfig(channels=264, widths=(8, 8, 8)), moves=256))
    codec.moves.copy_(torch.eye(256))
    codec.unit.uniform_(0.5, 2)
    picture = torch.randn(6, 264, 1, 4, 6)
    swept, said = cameras.swept(picture, codec, 17, random.Random(0))
    assert swept.shape == (6, 264, 3, 4, 6) and torch.equal(swept[:, :, :1], picture)
    assert swept[:, 256:, 1:].abs().max() == 0
    known = {text for kind in words.CAMERAS.values() for language in kind for text in language}
    assert all(each["en"] and each["zh"] and {*each["en"], *each["zh"]} <= known for each in said)
    for clip, texts in zip(swept, said, strict=True):
        still = any(word in texts["en"][0] for word in ("static", "fixed", "still"))
        assert (clip[:, 1:].abs().max() < 1e-3) == still
