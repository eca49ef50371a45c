"""Carrying a change from a small clip to a large one: what is untouched stays, colours follow, detail survives."""

import numpy as np
import pytest
from PIL import Image

from motionalchemy.media.colour_transfer import carried


@pytest.fixture(scope="module")
def clip() -> tuple[np.ndarray, np.ndarray]:
    """Two large frames (96 x 120) with fine detail, and the same at a third of the size."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(40, 200, (8, 10, 3), np.uint8)).resize((120, 96), Image.Resampling.BICUBIC)
    fine = rng.integers(-25, 26, (96, 120, 1))
    large = (np.asarray(coarse).astype(int) + fine).clip(0, 255).astype(np.uint8)
    large = np.stack([large, large[:, ::-1]])
    small = np.stack([np.asarray(Image.fromarray(f).resize((40, 32), Image.Resampling.LANCZOS)) for f in large])
    return large, small


def test_what_did_not_change_stays_to_the_pixel(clip):
    large, small = clip
    assert np.array_equal(carried(large, small, small), large)
    changed = small.copy()
    changed[:, :, 30:] = 0  # only on the right
    there = carried(large, small, changed)
    assert np.array_equal(there[:, :, : 3 * 16], large[:, :, : 3 * 16])
    assert there[:, :, 3 * 36 :].mean() < 20


def test_a_change_of_colours_keeps_the_detail_that_the_small_clip_lacks(clip):
    large, small = clip

    def grey(frames):
        return np.repeat(np.rint(frames.astype(float) @ [0.299, 0.587, 0.114])[..., None], 3, -1).astype(np.uint8)

    there, wanted = carried(large, small, grey(small)), grey(large)
    blurred = np.stack(
        [np.asarray(Image.fromarray(f).resize((120, 96), Image.Resampling.BICUBIC)) for f in grey(small)]
    )
    error = lambda x: np.square(x.astype(float) - wanted).mean()  # noqa: E731
    assert error(there) < 0.2 * error(blurred)


def test_beside_a_mask_s_edge_the_change_comes_from_further_inside():
    """A subject before a plain wall; the small clip repaints the wall, but is of both near the subject."""
    size, subject = 96, (slice(None), slice(32, 64), slice(40, 60))
    large = np.full((1, size, size, 3), (200, 180, 90), np.uint8)
    large[subject] = (60, 30, 20)
    outside = np.ones((1, size, size), np.float32)
    outside[subject] = 0
    after = np.full_like(large, (20, 60, 160))
    near = np.zeros((size, size), bool)
    near[29:67, 37:63] = True  # three pixels of halo around the subject
    after[0, near] = (150, 140, 120)
    error = lambda made: np.abs(made.astype(int) - (20, 60, 160)).max(-1)[outside > 0]  # noqa: E731
    assert error(carried(large, large, after)).max() > 60
    assert error(carried(large, large, after, outside)).max() < 8


def test_a_thin_mask_is_looked_at_as_it_is():
    large = np.full((1, 64, 64, 3), 90, np.uint8)
    after, mask = large.copy(), np.zeros((1, 64, 64), np.float32)
    after[:, 30:33] = 180
    mask[:, 30:33] = 1
    assert np.abs(carried(large, large, after, mask)[:, 31].astype(int) - 180).max() < 25
    assert np.array_equal(carried(large, large, large, mask), large)
