"""What lies beyond an edge or behind a thing: filled with what goes on, never with a mirror image or a twin."""

from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from motionalchemy.errors import MissingPart, UnknownName
from motionalchemy.render.check import mirrored
from motionalchemy.scene import beyond
from motionalchemy.scene.beyond import STRENGTHS, filled

H, W, PAD = 120, 160, 32


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


def test_what_is_known_stays_and_a_horizon_goes_on_at_its_height():
    wide, hole = widened(landscape())
    assert np.array_equal(filled(wide, hole, strength="smooth")[:, :W], wide[:, :W])
    made = filled(wide, hole)
    assert np.array_equal(made[:, :W], wide[:, :W])
    blue = made[..., 2].astype(int) - made[..., 1]
    assert (blue[:62, W:] > 20).mean() > 0.97 and (blue[78:, W:] < -20).mean() > 0.97


def test_pieces_have_the_texture_that_an_even_fill_lacks():
    wide, hole = widened(landscape())
    both = (filled(wide, hole, strength=name) for name in ("smooth", "exemplar"))
    true, even, pieces = (
        float(np.diff(made[80:, W + 6 :].astype(float), axis=1).std()) for made in (landscape(W + PAD), *both)
    )
    assert pieces > 0.6 * true and even < 0.2 * true


def test_nothing_is_mirrored():
    for picture in (landscape(), np.random.default_rng(1).integers(0, 256, (H, W, 3), dtype=np.uint8)):
        wide, hole = widened(cv2.GaussianBlur(picture, (0, 0), 1.2))
        image = cv2.copyMakeBorder(wide[:, :W], 0, 0, 0, PAD, cv2.BORDER_REFLECT)
        assert mirrored(image) == pytest.approx(PAD / (W + PAD), abs=0.01)
        for strength in ("smooth", "exemplar"):
            assert mirrored(filled(wide, hole, strength=strength)) == 0


def test_what_stands_alone_is_not_seen_twice():
    picture = landscape()
    picture[45:85, 110:130] = (230, 30, 30)
    wide, hole = widened(picture)
    made = filled(wide, hole)[:, W:]
    assert ((made[..., 0] > 180) & (made[..., 2] < 90)).mean() < 0.01


def test_only_what_is_known_is_copied_and_only_what_is_wanted_is_filled():
    wide, hole = widened(landscape())
    wide[:, :40] = (250, 0, 250)
    known = ~hole
    known[:, :48] = False
    wanted = hole & (np.arange(W + PAD) < W + 16)
    made = filled(wide, hole, known, wanted=wanted)
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
        value: filled(wide, hole, guide=np.where(hole, np.float32(value), guide))[:, W:].astype(float)
        for value in (0, 1)
    }
    assert np.abs(by[0] - by[1]).mean() > 5


@pytest.mark.parametrize("shape", [(40, 40), (24, 200), (200, 24), (9, 9)])
def test_all_white_small_and_long_pictures_are_filled(shape):
    white = np.full((*shape, 3), 255, np.uint8)
    hole = np.zeros(shape, bool)
    hole[:, -max(2, shape[1] // 5) :] = True
    assert (filled(white, hole) == 255).all()
    assert filled(white, np.ones(shape, bool)) is white and filled(white, np.zeros(shape, bool)) is white


def test_strengths_are_named_and_what_is_missing_is_said():
    wide, hole = widened(landscape())
    with pytest.raises(UnknownName, match="strength 'best': choose one of exemplar"):
        filled(wide, hole, strength="best")  # type: ignore[arg-type]
    with pytest.raises(MissingPart, match="no network"):
        filled(wide, hole, strength="learned")
    made = filled(wide, hole, strength="learned", learned=lambda picture, hole: np.zeros_like(picture))
    assert not made[:, W:].any() and np.array_equal(made[:, :W], wide[:, :W])
    assert beyond.best_strength() in STRENGTHS


def test_patch_matching_is_optional(monkeypatch):
    wide, hole = widened(landscape())
    if find_spec("patchmatch") is None:
        with pytest.raises(MissingPart, match=r"pip install pypatchmatch==2\.2\.0"):
            filled(wide, hole, strength="patchmatch")
    else:
        made = filled(wide, hole, strength="patchmatch")
        assert np.array_equal(made[:, :W], wide[:, :W]) and (made[80:, W:, 2] < 130).mean() > 0.9
