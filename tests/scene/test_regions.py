"""Regions: a drawn sky is sky, a lawn is plants, writing is text; probabilities, names, shapes and bad files."""

import shutil

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from motionalchemy.errors import InputError, UnknownName
from motionalchemy.scene import regions
from motionalchemy.scene.regions import Regions

NAMES = (
    "other",
    "sky",
    "water",
    "plants",
    "mountain",
    "ground",
    "building",
    "indoor",
    "vehicle",
    "animal",
    "hair",
    "skin",
)


def noise(rng, size, sigma):
    return cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), sigma) * sigma


def meadow(size=256):
    """The upper half a blue gradient with clouds, the lower a green lawn of blades."""
    rng, half = np.random.default_rng(0), size // 2
    down = np.linspace(0, 1, half)[:, None, None]
    sky = (1 - down) * np.array((70, 130, 210)) + down * np.array((175, 205, 235))
    clouds = (noise(rng, (half, size), 14) + 0.5 * noise(rng, (half, size), 6)).clip(0, 1)[..., None]
    sky = sky * (1 - clouds) + 245 * clouds
    blades = cv2.blur(rng.normal(0, 60, (half, size)).astype(np.float32), (1, 5)) * np.linspace(0.4, 1.6, half)[:, None]
    lawn = np.array((80, 125, 45)) + blades[..., None] * np.array((0.8, 1, 0.5))
    return np.vstack((sky, lawn)).clip(0, 255).astype(np.uint8)


def test_a_blue_gradient_with_clouds_is_sky_above_and_not_below():
    sky = regions.regions(meadow()).of("sky")
    assert sky[:112].mean() > 0.8 and sky[144:].mean() < 0.1


def test_a_lawn_is_plants_or_ground():
    assert regions.regions(meadow()).of("plants", "ground")[160:].mean() > 0.7


def test_large_writing_is_text():
    shown = Image.new("RGB", (320, 200), (246, 244, 238))
    font = ImageFont.load_default(44)
    ImageDraw.Draw(shown).multiline_text((22, 30), "Good evening\nwinter sale\n25 % off", fill=(25, 30, 60), font=font)
    picture = np.asarray(shown)
    text = regions.regions(picture).of("text")
    written = picture.min(2) < 128
    assert text[written].mean() > 0.6


def test_probabilities_add_up_to_one_and_have_the_pictures_size():
    found = regions.regions(meadow(200))
    assert found.probabilities.shape == (len(found.names), 200, 200) and found.probabilities.dtype == np.float32
    assert np.abs(found.probabilities.sum(0) - 1).max() < 1e-4 and found.probabilities.min() >= 0
    assert set(NAMES) <= set(found.names)


def test_a_large_picture_has_maps_of_bounded_size():
    assert regions.regions(np.zeros((900, 1200, 3), np.uint8)).probabilities.shape[1:] == (384, 512)


@pytest.mark.parametrize("shape", [(40, 40), (64, 512), (3, 2), (127, 211)])
def test_every_shape_of_picture_is_served(shape):
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = regions.regions(picture).probabilities
    assert found.shape[1:] == shape and np.isfinite(found).all()


def test_named_regions_are_added_up_and_unknown_ones_list_the_known():
    held = np.stack([np.full((2, 3), share, np.float32) for share in (0.2, 0.3, 0.5)])
    found = Regions(("sky", "hair", "skin"), held)
    assert np.allclose(found.of("hair", "skin"), 0.8) and found.share("sky") == pytest.approx(0.2)
    assert (found.labels == 2).all()
    with pytest.raises(UnknownName, match=r"unknown region 'sea': choose one of hair, skin, sky"):
        found.of("sea")


def test_the_same_picture_gives_the_same_bytes():
    assert regions.regions(meadow()).probabilities.tobytes() == regions.regions(meadow()).probabilities.tobytes()


def test_what_is_no_picture_is_refused():
    with pytest.raises(InputError, match="a picture is"):
        regions.regions(np.zeros((8, 8), np.uint8))


def test_a_broken_file_is_refused_in_one_sentence(tmp_path):
    folder = shutil.copytree(regions.WEIGHTS, tmp_path / "regions")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-8] + b"garbled!")
    with pytest.raises(InputError, match="fetch the model again") as refused:
        regions.network(folder)
    assert len(str(refused.value).splitlines()) == 1


def test_a_network_of_nearness_is_not_taken_for_one_of_regions():
    with pytest.raises(InputError, match="holds a 'depth', not a 'regions'"):
        regions.network(regions.WEIGHTS.parent / "depth")


def test_the_weights_stay_below_three_megabytes():
    assert (regions.WEIGHTS / "model.safetensors").stat().st_size < 3_000_000
