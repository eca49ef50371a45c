"""A picture that comes apart in layers by its nearness: where, how softly, what is behind, and lines that stay straight."""

import cv2
import numpy as np
import pytest

from motionalchemy.scene import depth_cut
from motionalchemy.scene.depth_cut import FARTHEST, cut
from motionalchemy.scene.layered import GRID, build
from motionalchemy.scene.straight import segments, straightened

H, W = 160, 200


def scene(soft=0.0):
    """Two discs, one behind the other, before a wall: the picture, and its nearness, its edges smeared so far."""
    y, x = np.mgrid[:H, :W].astype(np.float32)
    far = np.hypot(x - 70, y - 70) < 45
    close = np.hypot(x - 125, y - 95) < 40
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(0, 40, (H, W, 3)).astype(np.float32), (0, 0), 2)
    shown = np.full((H, W, 3), (90, 140, 200), np.float32)
    shown[far], shown[close] = (200, 180, 60), (150, 40, 50)
    near = np.where(close, 1.0, np.where(far, 0.5, 0.0)).astype(np.float32)
    if soft:
        near = cv2.GaussianBlur(near, (0, 0), soft)
    return (shown + noise).clip(0, 255).astype(np.uint8), near, far & ~close, close


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("soft", [0.0, 2.0])
def test_a_picture_comes_apart_where_its_nearness_has_steps(soft):
    picture, near, far, close = scene(soft)
    found = cut(picture, near)
    assert len(found.levels) == 2 and found.levels[0] < 0.5 < found.levels[1]
    assert overlap(found.masks[1], close) > 0.96 and overlap(found.masks[0], far | close) > 0.96
    assert found.step > 0.35 and found.ends == pytest.approx((FARTHEST, 1.0), abs=0.02)


def test_an_outline_that_is_off_is_led_to_the_edge_that_is_seen():
    picture, near, _, close = scene()
    off = np.roll(near, 3, axis=1)
    wrong = overlap(off > 0.75, close)
    assert overlap(cut(picture, off).masks[1], close) > wrong + 0.03


@pytest.mark.parametrize("near", [None, np.zeros((H, W), np.float32), np.full((4, 4), np.nan, np.float32)])
def test_a_picture_without_depth_is_one_flat_layer(near):
    found = cut(scene()[0], near)
    assert found.levels == found.masks == () and found.step == 0 and np.ptp(found.nearness) == 0
    (layer,) = build(found).layers
    assert np.ptp(layer.nearness) == 0


def test_a_slope_is_no_step():
    found = cut(scene()[0], np.linspace(0, 1, H, dtype=np.float32)[:, None].repeat(W, 1))
    assert found.levels == ()
    (layer,) = build(found).layers
    rows = layer.nearness[3:-3].mean(1)
    assert np.abs(np.diff(rows, 2)).max() < 1e-3 and rows[-1] > rows[0] + 0.7


def laid_over(made):
    below = np.zeros((*made.layers[0].pixels.shape[:2], 3), np.float32)
    for layer in made.layers:
        below = layer.pixels[..., :3] + (1 - layer.pixels[..., 3:]) * below
    return below


@pytest.mark.parametrize("soft", [0.0, 3.0])
@pytest.mark.parametrize("margins", [(0, 0, 0, 0), (11, 6, 0, 17)])
def test_all_layers_laid_over_each_other_are_the_picture(soft, margins):
    picture, near, _, _ = scene(soft)
    made = build(cut(picture, near), margins)
    left, top, right, low = margins
    whole = laid_over(made)
    assert whole.shape == (H + top + low, W + left + right, 3) and (made.left, made.top) == (left, top)
    assert np.abs(whole[top : top + H, left : left + W] - picture).max() < 0.51
    for layer in made.layers:
        assert layer.pixels[..., 3].min() >= 0 and layer.pixels[..., 3].max() <= 1
        assert layer.nearness.shape == (-(-whole.shape[0] // GRID), -(-whole.shape[1] // GRID))


def test_behind_a_layer_goes_on_what_is_beside_it():
    picture, near, far, close = scene()
    wall, disc, front = build(cut(picture, near)).layers
    rim = close & (cv2.distanceTransform(close.astype(np.uint8), cv2.DIST_L2, 5) < 7)
    beside_wall = rim & (np.hypot(*(np.mgrid[:H, :W] - np.array((70, 70)).reshape(2, 1, 1))) > 60)
    seen = wall.pixels[..., :3][beside_wall].mean(0)
    assert np.abs(seen - (90, 140, 200)).max() < 25  # no red of what stands before it
    assert disc.pixels[..., 3][far].mean() > 0.97 and front.pixels[..., 3][close].mean() > 0.97
    assert front.pixels[..., 3][~(close | (cv2.dilate(close.astype(np.uint8), np.ones((9, 9))) > 0))].max() == 0


def test_a_matte_is_soft_where_the_picture_is():
    picture, near, _, close = scene()
    soft = cv2.GaussianBlur(picture, (0, 0), 2)
    matte = build(cut(soft, near)).layers[-1].pixels[..., 3]
    edge = (cv2.dilate(close.astype(np.uint8), np.ones((3, 3))) > 0) & ~(
        cv2.erode(close.astype(np.uint8), np.ones((3, 3))) > 0
    )
    assert 0.2 < matte[edge].mean() < 0.8 and matte[edge].std() > 0.1


def test_what_stood_before_a_plate_is_gone_from_its_depth():
    picture, near, _, close = scene()
    found = cut(picture, near)
    hidden = cv2.dilate(close.astype(np.uint8), np.ones((9, 9))) > 0
    empty = depth_cut.without(found, picture, hidden)
    assert empty.nearness[close].max() < 0.8 < found.nearness[close].min()
    assert not empty.masks[1][close].any() and np.array_equal(empty.nearness[~hidden], found.nearness[~hidden])


def test_a_subject_is_not_copied_beyond_the_edge():
    picture = scene()[0]
    picture[60:120, 175:195] = (20, 240, 20)
    subject = np.zeros((H, W), bool)
    subject[56:124, 171:199] = True
    made = build(cut(picture, None), (0, 0, 40, 0), subject=subject).layers[0].pixels[:, W:, :3]
    assert not ((made[..., 1] > 200) & (made[..., 0] < 90)).any()


def test_long_straight_lines_are_found():
    picture = np.full((H, W, 3), 220, np.uint8)
    cv2.line(picture, (20, 30), (180, 60), (10, 10, 10), 3)
    found = segments(picture)
    assert len(found) and np.hypot(found[0, 2] - found[0, 0], found[0, 3] - found[0, 1]) > 120
    assert segments(np.full((H, W, 3), 255, np.uint8)).shape == (0, 4)


def test_nearness_becomes_linear_along_a_line_and_stays_elsewhere():
    y, x = np.mgrid[:40, :50].astype(np.float32)
    near = 0.5 + 0.1 * np.sin(x / 6) + 0.002 * y
    line = np.array([[5.0, 20.0, 45.0, 22.0]], np.float32)
    (made,) = straightened([near], [np.ones((40, 50), bool)], line)
    k = np.linspace(0, 1, 41)

    def bent(values):
        along = cv2.remap(
            values, (5 + 40 * k).astype(np.float32)[None], (20 + 2 * k).astype(np.float32)[None], cv2.INTER_LINEAR
        )[0]
        return np.abs(along - np.polyval(np.polyfit(k, along, 1), k)).max()

    assert bent(made) < 0.15 * bent(near)
    assert np.abs(made - near)[0].max() < 0.5 * np.abs(made - near).max()


def test_a_line_that_runs_on_in_another_layer_is_one_line_unless_there_is_a_step():
    own = np.zeros((30, 40), bool)
    own[:, :20] = True
    line = np.array([[2.0, 15.0, 37.0, 15.0]], np.float32)
    flat = np.full((30, 40), 0.5, np.float32)
    for rise, joined in ((0.04, True), (0.4, False)):
        left, right = straightened([flat, flat + np.float32(rise)], [own, ~own], line)
        moved = max(np.abs(left - flat).max(), np.abs(right - flat - rise).max())
        assert (moved > 0.005) == joined
