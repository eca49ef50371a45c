"""What is reported of movements that fold, stretch, bend and mirror, and of those that do not."""

import cv2
import numpy as np
import pytest

from motionalchemy.render.check import Report, bend, check, mirrored

H, W = 48, 64
LINES = np.array([[8.0, 10.0, 56.0, 20.0], [30.0, 6.0, 30.0, 40.0]], np.float32)


def grid():
    y, x = np.mgrid[:H, :W].astype(np.float32)
    return (x + 0.5) / W, (y + 0.5) / W


def about(times):
    """All becomes so many times as large about the middle."""
    x, y = grid()
    return np.stack(((x - 0.5) * (1 / times - 1), (y - H / W / 2) * (1 / times - 1)))


@pytest.mark.parametrize("field", [np.zeros((2, H, W)), about(1.6), about(0.7), np.full((2, H, W), 0.07)])
def test_what_keeps_a_picture_is_no_harm(field):
    report = check(field, LINES, W)
    assert report.folds == report.stretch == 0 and report.bend < 0.05 and report.harm == ()


def test_what_comes_twice_is_a_fold():
    x, _ = grid()
    field = np.stack((0.12 * np.sin(12 * x), np.zeros_like(x)))  # its slope is -1.44 at the steepest
    share = ((1 + 1.44 * np.cos(12 * x)) <= 0).mean()
    report = check(field, LINES, W)
    assert report.folds == pytest.approx(share, abs=0.03) and "folded over" in report.harm[0]


@pytest.mark.parametrize(("times", "stretched"), [(1.9, 0.0), (2.2, 1.0), (0.53, 0.0), (0.45, 1.0)])
def test_more_than_twice_as_large_or_small_is_stretched(times, stretched):
    assert check(about(times), LINES, W).stretch == stretched


def test_a_turn_neither_stretches_nor_bends():
    x, y = grid()
    x, y, angle = x - 0.5, y - H / W / 2, 0.4
    field = np.stack((np.cos(angle) * x - np.sin(angle) * y - x, np.sin(angle) * x + np.cos(angle) * y - y))
    report = check(field, LINES, W)
    assert (report.folds, report.stretch) == (0, 0) and report.bend < 0.1


def test_a_bent_line_is_measured_in_pixels():
    """A parabola: along a level line it rises by a known height in the middle."""
    x, _ = grid()
    rise = 0.05
    field = np.stack((np.zeros_like(x), rise * (1 - (2 * x - 1) ** 2)))
    line = np.array([[3.0, 24.0, 61.0, 24.0]], np.float32)
    ends = 1 - (2 * (np.array([3.5, 61.5]) / W) - 1) ** 2
    most = rise * (1 - ends.mean()) * W  # above the chord; half of it off the line through all
    assert 0.45 * most < bend(field, line, W) < 0.75 * most
    assert bend(field, np.zeros((0, 4), np.float32), W) == 0


def texture(high=120, wide=200):
    noise = np.random.default_rng(2).normal(128, 60, (high, wide, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 1.5).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("sides", [(0, 0, 24, 0), (0, 0, 0, 24), (24, 0, 0, 0), (0, 24, 0, 0)])
def test_a_mirrored_edge_is_found_and_how_wide_it_is(sides):
    shown = cv2.copyMakeBorder(texture(), *sides, cv2.BORDER_REFLECT)
    assert mirrored(shown) == pytest.approx(24 / shown.shape[1], abs=0.01)
    assert "mirror image" in check(np.zeros((2, H, W)), LINES, W, shown).harm[-1]


def test_other_edges_are_not_taken_for_mirrored():
    assert mirrored(texture()) == 0 and mirrored(np.full((60, 80, 3), 255, np.uint8)) == 0
    assert mirrored(np.tile(np.arange(100, dtype=np.uint8)[None, :, None], (60, 1, 3))) == 0
    assert mirrored(cv2.copyMakeBorder(texture(), 0, 0, 20, 20, cv2.BORDER_REPLICATE)) == 0
    assert Report().harm == ()
