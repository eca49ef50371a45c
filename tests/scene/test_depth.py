"""Nearness: a rendered floor with two boxes, what shapes and bad files do, and the guided filter's exact case."""

import shutil

import cv2
import numpy as np
import pytest

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.media.guided import guided
from motionalchemy.nets import pack
from motionalchemy.scene import depth

HIGH, WIDE, HORIZON, FOCAL, EYE = 240, 320, 96.0, 260.0, 1.5  # pixels, and metres above the floor
BOXES = ((-0.75, 3.0, 0.9, 1.1), (0.9, 6.0, 1.0, 1.6))  # x, distance, width and height in metres
FLOOR, SKY = np.array((142, 128, 105)), np.array((205, 222, 240))
SIDES = np.array((150, 62, 48)), np.array((70, 84, 120))


def checked_floor():
    """A chequered floor under a plain sky with two boxes on it: the picture, and the true inverse depth (0 for the sky)."""
    y, x = np.mgrid[:HIGH, :WIDE].astype(np.float64) + 0.5
    near = np.maximum(y - HORIZON, 0) / (FOCAL * EYE)
    across = np.where(near > 0, (x - WIDE / 2) / FOCAL / np.maximum(near, 1e-6), 0)
    far = np.where(near > 0, 1 / np.maximum(near, 1e-6), 0)
    chequer = ((np.floor(across) + np.floor(far)) % 2)[..., None]
    haze = np.clip(far / 40, 0, 1)[..., None]
    picture = np.where(
        near[..., None] > 0,
        (FLOOR * (0.8 + 0.35 * chequer)) * (1 - haze) + SKY * haze,
        SKY * (0.8 + 0.2 * y[..., None] / HORIZON),
    )
    for (side, away, wide, high), colour in sorted(zip(BOXES, SIDES, strict=True), key=lambda box: -box[0][1]):
        left, right = (WIDE / 2 + FOCAL * (side + s * wide / 2) / away for s in (-1, 1))
        foot, top = (HORIZON + FOCAL * (EYE - h) / away for h in (0, high))
        inside = (x > left) & (x < right) & (y > top) & (y < foot)
        picture = np.where(inside[..., None], colour * (1.1 - 0.35 * (y - top) / (foot - top))[..., None], picture)
        near = np.where(inside, 1 / away, near)
    grain = np.random.default_rng(0).normal(0, 3, picture.shape)
    return cv2.GaussianBlur((picture + grain).clip(0, 255).astype(np.uint8), (3, 3), 0), near


def rank_correlation(one, other):
    def ranks(values):
        _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
        return (counts.cumsum() - (counts - 1) / 2)[which]

    return np.corrcoef(ranks(one.ravel()), ranks(other.ravel()))[0, 1]


def test_a_floor_and_the_boxes_on_it_are_as_near_as_they_are():
    picture, truth = checked_floor()
    found = depth.nearness(picture)
    assert found.shape == truth.shape and found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    assert rank_correlation(found, truth) > 0.9
    behind = found[int(HORIZON) + 10, int(WIDE * 0.04)]  # the floor beside the nearer box, farther away than its front
    front = found[120:170, 75:105].mean()
    assert front > behind + 0.1


def test_a_mirrored_picture_has_a_mirrored_map():
    picture, _ = checked_floor()
    there, back = depth.nearness(picture), depth.nearness(np.ascontiguousarray(picture[:, ::-1]))[:, ::-1]
    assert np.abs(there - back).max() < 0.02


@pytest.mark.parametrize("shape", [(40, 40), (64, 512), (512, 64), (3, 2), (241, 317)])
def test_every_shape_of_picture_is_served_at_its_own_size(shape):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = depth.nearness(picture)
    assert found.shape == shape and np.isfinite(found).all()


def test_the_same_picture_gives_the_same_bytes():
    picture, _ = checked_floor()
    assert depth.nearness(picture).tobytes() == depth.nearness(picture).tobytes()


@pytest.mark.parametrize(
    "wrong", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3), np.float32)]
)
def test_what_is_no_picture_is_refused_in_one_sentence(wrong):
    with pytest.raises(InputError, match=r"a picture is \(H, W, 3\) uint8") as refused:
        depth.nearness(wrong)
    assert len(str(refused.value).splitlines()) == 1


def test_a_broken_file_is_refused_in_one_sentence(tmp_path):
    folder = shutil.copytree(depth.WEIGHTS, tmp_path / "depth")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8] + b"garbled!")
    with pytest.raises(InputError, match="fetch the model again") as refused:
        depth.network(folder)
    assert len(str(refused.value).splitlines()) == 1


def test_weights_of_another_shape_are_refused(tmp_path):
    folder = shutil.copytree(depth.WEIGHTS, tmp_path / "depth")
    card = pack.read_card(folder)
    card["config"]["width"] += 8
    pack.write_json(folder / "config.json", card)
    with pytest.raises(InputError, match="does not fit this version"):
        depth.network(folder)


def test_a_folder_without_weights_is_a_missing_part(tmp_path):
    with pytest.raises(MissingPart, match="no model at"):
        depth.network(tmp_path / "nowhere")


def test_the_weights_stay_below_a_megabyte():
    assert (depth.WEIGHTS / "model.safetensors").stat().st_size < 1_000_000


def test_a_map_that_is_linear_in_colour_is_carried_exactly():
    picture = cv2.GaussianBlur(np.random.default_rng(2).random((120, 90, 3)).astype(np.float32), (0, 0), 4)
    small = cv2.resize(picture, (45, 60), interpolation=cv2.INTER_AREA)
    linear = np.array([[0.2, 1], [0.5, 0], [-0.3, 2]], np.float32)
    whole = guided(small @ linear + 0.1, small, picture, least=1e-9)
    assert np.abs(whole - (picture @ linear + 0.1)).max() < 1e-3


def test_an_edge_of_the_picture_sharpens_the_map():
    picture = np.zeros((96, 96, 3), np.float32)
    picture[:, 50:] = 0.9
    small = cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA)
    soft = cv2.blur(small[..., :1], (7, 7))[..., None]
    sharp = guided(soft, small, picture)[48, :, 0]
    plain = cv2.resize(soft[..., 0], (96, 96))[48]
    assert np.abs(np.diff(sharp)).max() > 3 * np.abs(np.diff(plain)).max()


def test_maps_of_another_size_than_the_small_picture_are_refused():
    with pytest.raises(ValueError, match="differ in size"):
        guided(np.zeros((4, 5, 1), np.float32), np.zeros((5, 4, 3), np.float32), np.zeros((8, 8, 3), np.float32))
