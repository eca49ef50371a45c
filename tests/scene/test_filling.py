"""What lies beyond an edge or behind a thing: filled with what goes on, never with a mirror image or a twin."""

import shutil
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.nets import pack
from motionalchemy.nets.filler import Filler, FillerConfig
from motionalchemy.render.check import mirrored
from motionalchemy.scene import filling
from motionalchemy.scene.filling import filled
from motionalchemy.scene.straight_fill import straight_on

H, W, PAD = 120, 160, 32
OURS = "smooth", "patches", "learned"


def widened(picture):
    """A picture with an empty strip at its right, and where that is."""
    wide = cv2.copyMakeBorder(picture, 0, 0, 0, PAD, cv2.BORDER_REPLICATE)
    hole = np.zeros(wide.shape[:2], bool)
    hole[:, W:] = True
    return wide, hole


def landscape(wide=W):
    """Sky over grass, both with a texture, as wide as asked for."""
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.normal(0, 60, (H, 400, 3)).astype(np.float32), (0, 0), 1.5)
    sky = np.array((120, 160, 220)) + 0.3 * noise
    grass = np.array((60, 130, 40)) + noise
    return np.where(np.arange(H)[:, None, None] < 70, sky, grass)[:, :wide].clip(0, 255).astype(np.uint8)


def holes():
    """A hole in the middle, and a strip at each edge."""
    found = {name: np.zeros((H, W), bool) for name in ("middle", "left", "top", "right", "bottom")}
    found["middle"][40:80, 50:110] = True
    found["left"][:, :20], found["top"][:20], found["right"][:, -20:], found["bottom"][-20:] = [True] * 4
    return found


@pytest.mark.parametrize("where", list(holes()))
def test_a_colour_and_a_slope_go_on_evenly_and_stripes_straight(where):
    hidden = holes()[where]
    y, x = np.mgrid[:H, :W]
    plain = np.full((H, W), 77)
    slope = 20 + 0.6 * x + 0.9 * y
    stripes = np.where(x % 16 < 8, 60, 200)
    for pattern in (plain, slope, stripes):
        if pattern is stripes and where in ("left", "right"):
            continue
        picture = np.repeat(pattern[..., None], 3, 2).round().astype(np.uint8)
        made = filled(np.where(hidden[..., None], 255, picture).astype(np.uint8), hidden, "smooth")
        assert np.abs(made.astype(int) - picture).max() <= 1, where


def test_rows_and_columns_count_as_surely_as_they_are_alike():
    """Stripes that end in noise at one side are led from where they are."""
    rng = np.random.default_rng(0)
    values = np.where(np.arange(64)[None, :, None] % 8 < 4, 50.0, 180.0) * np.ones((64, 1, 3))
    known = np.ones((64, 64), bool)
    known[20:40] = False
    noisy = values + rng.normal(0, 2, values.shape)
    made, _ = straight_on(noisy.astype(np.float32), known)
    assert np.abs(made - values)[~known].mean() < 6


@pytest.mark.parametrize("strength", OURS)
@pytest.mark.parametrize("where", ["middle", "right", "top"])
def test_what_is_known_stays_to_the_bit_and_all_is_the_same_again(strength, where):
    hidden = holes()[where]
    picture = landscape()
    given = np.where(hidden[..., None], 0, picture).astype(np.uint8)
    made = filled(given, hidden, strength)
    assert np.array_equal(made[~hidden], picture[~hidden]) and made.dtype == np.uint8
    assert np.array_equal(made, filled(given, hidden, strength))
    other = np.where(hidden[..., None], 255, picture).astype(np.uint8)
    assert np.array_equal(made, filled(other, hidden, strength))  # what is hidden is not looked at


@pytest.mark.parametrize("strength", ["patches", "learned"])
def test_a_horizon_goes_on_at_its_height(strength):
    wide, hole = widened(landscape())
    made = filled(wide, hole, strength)
    blue = made[..., 2].astype(int) - made[..., 1]
    assert (blue[:62, W:] > 20).mean() > 0.9 and (blue[78:, W:] < -20).mean() > 0.9


def test_pieces_have_the_texture_that_an_even_fill_lacks():
    wide, hole = widened(landscape())
    both = (filled(wide, hole, name) for name in ("smooth", "patches"))
    true, even, pieces = (
        float(np.diff(made[80:, W + 6 :].astype(float), axis=1).std()) for made in (landscape(W + PAD), *both)
    )
    assert pieces > 0.6 * true and even < 0.2 * true


@pytest.mark.parametrize("strength", OURS)
def test_nothing_is_mirrored(strength):
    for picture in (landscape(), np.random.default_rng(1).integers(0, 256, (H, W, 3), dtype=np.uint8)):
        wide, hole = widened(cv2.GaussianBlur(picture, (0, 0), 1.2))
        image = cv2.copyMakeBorder(wide[:, :W], 0, 0, 0, PAD, cv2.BORDER_REFLECT)
        assert mirrored(image) == pytest.approx(PAD / (W + PAD), abs=0.01)
        assert mirrored(filled(wide, hole, strength)) == 0


def test_what_stands_alone_is_not_seen_twice():
    picture = landscape()
    picture[45:85, 110:130] = (230, 30, 30)
    wide, hole = widened(picture)
    for strength in ("patches", "learned"):
        made = filled(wide, hole, strength)[:, W:]
        assert ((made[..., 0] > 180) & (made[..., 2] < 90)).mean() < 0.01


def test_only_what_is_known_is_copied_and_only_what_is_wanted_is_filled():
    wide, hole = widened(landscape())
    wide[:, :40] = (250, 0, 250)
    known = ~hole
    known[:, :48] = False
    wanted = hole & (np.arange(W + PAD) < W + 16)
    for strength in OURS:
        made = filled(wide, hole, strength, known, wanted=wanted)
        assert not ((made[:, W:].astype(int) - (250, 0, 250)).__abs__().max(-1) < 60).any()
        assert np.array_equal(made[:, W + 16 :], wide[:, W + 16 :]) and not np.array_equal(made[:, W:], wide[:, W:])


def test_a_guide_says_where_from():
    """Two grounds of one colour, told apart by a guide alone."""
    rng = np.random.default_rng(0)
    picture = np.full((H, W, 3), 128, np.uint8)
    picture[:, ::4] = 90
    coarse = rng.integers(100, 160, (H, W // 2, 1), dtype=np.uint8)
    picture[:, : W // 2] = np.repeat(coarse, 3, 2)
    wide, hole = widened(picture)
    guide = np.ones((H, W + PAD), np.float32)
    guide[:, W // 2 :] = 0
    by = {
        value: filled(wide, hole, "patches", guide=np.where(hole, np.float32(value), guide), wanted=hole)[:, W:]
        for value in (0, 1)
    }
    assert np.abs(by[0].astype(float) - by[1]).mean() > 5


@pytest.mark.parametrize("shape", [(40, 40), (24, 200), (200, 24), (9, 9)])
@pytest.mark.parametrize("strength", OURS)
def test_all_white_small_and_long_pictures_are_filled(shape, strength):
    white = np.full((*shape, 3), 255, np.uint8)
    hole = np.zeros(shape, bool)
    hole[:, -max(2, shape[1] // 5) :] = True
    assert filled(white, hole, strength).min() > (200 if strength == "learned" else 254)
    assert filled(white, np.ones(shape, bool)) is white and filled(white, np.zeros(shape, bool)) is white


def test_strengths_are_named():
    wide, hole = widened(landscape())
    with pytest.raises(UnknownName, match="strength 'strong': choose one of best"):
        filled(wide, hole, "strong")  # type: ignore[arg-type]
    assert np.array_equal(filled(wide, hole), filled(wide, hole, filling.best_strength()))


def test_patch_matching_is_optional():
    wide, hole = widened(landscape())
    if find_spec("patchmatch") is None:
        with pytest.raises(MissingPart, match=r"pip install pypatchmatch==2\.2\.0"):
            filled(wide, hole, "patchmatch")
    else:
        made = filled(wide, hole, "patchmatch")
        assert np.array_equal(made[:, :W], wide[:, :W]) and (made[80:, W:, 2] < 130).mean() > 0.9


def test_a_large_picture_has_the_detail_of_pieces():
    """What the network sees at half its size is as sharp as the rest where pieces are likely."""
    rng = np.random.default_rng(5)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (400, 520, 3), dtype=np.uint8), (0, 0), 0.8)
    hidden = np.zeros((400, 520), bool)
    hidden[:, -90:] = True
    small = filling.learned(picture, ~hidden, seen=128)
    known, made = picture[:, :-90].astype(np.float32), small[:, -90:]
    assert np.abs(small[:, :-90]).max() <= 255 and float(np.diff(made, axis=1).std()) > 0.15 * float(
        np.diff(known, axis=1).std()
    )


def test_a_damaged_network_is_refused(tmp_path):
    torch.manual_seed(0)
    config = FillerConfig(widths=(4, 8, 8), before=(1,), after=(1,), heads=2, compared=4)
    pack.save(tmp_path, Filler(config), "filler")
    assert filling.network(tmp_path).config == config
    other = tmp_path.parent / "other"
    shutil.copytree(tmp_path, other)
    (other / "model.safetensors").write_bytes(b"no")
    with pytest.raises(InputError, match="fetch the model again"):
        filling.network(other)
    with pytest.raises(MissingPart):
        filling.network(tmp_path / "none")


def test_an_untrained_network_gives_the_mean_of_its_guesses():
    """With nothing to add, what is made is the three guesses, each as much as it is worth."""
    model = Filler(FillerConfig(widths=(4, 8, 8), before=(1,), after=(1,), heads=2, compared=4))
    torch.nn.init.zeros_(model.colours.weight)
    torch.nn.init.zeros_(model.colours.bias)
    hidden = torch.zeros(1, 1, 32, 32)
    hidden[..., 8:24, 8:24] = 1
    picture = torch.full((1, 3, 32, 32), 0.5)
    guesses = torch.cat((torch.full((1, 3, 32, 32), 0.2), torch.full((1, 3, 32, 32), 0.9)), 1)
    with torch.no_grad():
        made, worth, _ = model(picture, hidden, guesses)
    share = torch.tensor((0.0, 0.7, 0.7)).softmax(0)
    inside = made[..., 8:24, 8:24]
    torch.testing.assert_close(inside, torch.full_like(inside, float(share @ torch.tensor((0.5, 0.2, 0.9)))))
    assert torch.equal(made * (1 - hidden), picture * (1 - hidden)) and worth.shape == (1, 3, 32, 32)
