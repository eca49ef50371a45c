"""The metrics where the right answer is known: identity, shifted, blurred, shuffled, frozen input."""

import math

import cv2
import numpy as np
import pytest

from motionalchemy.errors import InputError
from motionalchemy.evaluate import drift, fidelity, frechet, movement, regions, temporal
from motionalchemy.media.clip import Clip


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth random colour picture."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), np.zeros(0), 0, 255, cv2.NORM_MINMAX)


def sliding(step: tuple[int, int], frames: int = 9, size: int = 96) -> np.ndarray:
    """A window over a large texture: its content moves by `step` (right, down) pixels a frame."""
    big = texture(size + 2 * frames * 4, size + 2 * frames * 4)
    begin = frames * 4
    at = [(begin - i * step[1], begin - i * step[0]) for i in range(frames)]
    return np.stack([big[y : y + size, x : x + size] for y, x in at])


PICTURE = texture(96, 96)
RIGHT = sliding((2, 0))
STILL = np.repeat(PICTURE[None], 9, axis=0)
HALF = np.zeros((96, 96), bool)
HALF[:, :48] = True


def test_psnr_of_a_known_error():
    assert fidelity.psnr(PICTURE, PICTURE) == 100
    black, grey = np.zeros((2, 8, 8, 3), np.uint8), np.full((2, 8, 8, 3), 51, np.uint8)
    assert fidelity.psnr(black, grey) == pytest.approx(20 * math.log10(5))  # an error of one fifth of the range
    grey[:, :, 4:] = 0
    left = np.arange(8)[None] < np.full((8, 1), 4)
    assert fidelity.psnr(black, grey, ~left) == 100
    assert fidelity.psnr(black, grey, left) == pytest.approx(20 * math.log10(5))


def test_ssim_of_flat_pictures_follows_the_formula():
    a, b = np.full((16, 16, 3), 60, np.uint8), np.full((16, 16, 3), 120, np.uint8)
    x, y = 60 / 255, 120 / 255
    assert fidelity.ssim(a, b) == pytest.approx((2 * x * y + 1e-4) / (x * x + y * y + 1e-4), abs=1e-4)
    assert fidelity.ssim(PICTURE, PICTURE) == pytest.approx(1, abs=1e-6)
    assert fidelity.ssim(PICTURE, 255 - PICTURE) < 0


def test_fidelity_falls_with_blur():
    blurred = [cv2.GaussianBlur(PICTURE, (0, 0), sigma) for sigma in (1, 2, 4)]
    for metric in (fidelity.psnr, fidelity.ssim):
        scores = [metric(PICTURE, b) for b in blurred]
        assert scores == sorted(scores, reverse=True)


def test_shapes_that_differ_are_printed():
    with pytest.raises(InputError, match=r"\(1, 96, 96, 3\).*\(1, 48, 96, 3\)"):
        fidelity.psnr(PICTURE, PICTURE[:48])
    with pytest.raises(InputError, match="empty"):
        fidelity.psnr(PICTURE, PICTURE, np.zeros((96, 96), bool))


def test_movement_of_a_known_slide():
    expected = 100 * 2 / math.hypot(96, 96)
    assert movement.magnitude(RIGHT) == pytest.approx(expected, rel=0.05)
    assert movement.speed(Clip(RIGHT, fps=12)) == pytest.approx(12 * expected, rel=0.05)
    for step, angle in (((2, 0), 0), ((0, -2), 90), ((0, 2), -90), ((2, -2), 45)):
        found, agreement = movement.direction(sliding(step))
        assert found == pytest.approx(angle, abs=3)
        assert agreement > 0.95
    assert movement.magnitude(STILL) == 0
    assert movement.direction(STILL)[1] == 0


def test_frozen_and_duplicate_frames():
    assert movement.frozen(STILL) == 1
    assert movement.frozen(RIGHT) == 0
    assert movement.duplicates(STILL) == 0
    assert movement.duplicates(np.repeat(RIGHT, 2, axis=0)) == pytest.approx(9 / 17)


def test_a_profile_tells_one_movement_from_another_a_still_picture_tells_none_and_the_truth_all():
    down, both = sliding((0, 2)), np.concatenate((RIGHT[:5], RIGHT[3::-1]))  # which goes there and back
    own, *others = (movement.profile(movement.flows(clip)) for clip in (RIGHT, down, both, RIGHT[::-1]))
    still = movement.profile(movement.flows(STILL))
    assert movement.nearer(own, own, others) == 1
    assert movement.nearer(still, own, others) == 0.5
    assert movement.nearer(others[2], own, others) == 0  # to the left is the opposite
    assert movement.nearer(still, still, others) == 1
    assert movement.nearer(movement.profile(movement.flows(sliding((1, 0)))), own, others) == 1  # less far, as like


def test_amplitude_is_a_share_of_the_true_movement():
    fields = {step: movement.flows(sliding((step, 0))) for step in (1, 2)}
    assert movement.amplitude(fields[2], fields[2]) == 1
    assert movement.amplitude(fields[1], fields[2]) == pytest.approx(0.5, rel=0.05)
    assert movement.amplitude(movement.flows(STILL), fields[2]) == 0
    assert movement.amplitude(fields[2], movement.flows(STILL)) is None


def test_flow_correlation_knows_the_same_movement_in_another_look():
    inverted = 255 - RIGHT
    down = sliding((0, 2))
    alternating = np.concatenate((RIGHT, RIGHT[::-1]))
    assert movement.flow_correlation(RIGHT, inverted) > 0.95
    assert movement.flow_correlation(RIGHT, RIGHT[::-1]) < -0.9
    assert abs(movement.flow_correlation(alternating, np.concatenate((down, down[::-1])))) < 0.6
    assert movement.flow_correlation(STILL, RIGHT) == 0
    assert movement.flow_correlation(STILL, STILL) == 1
    with pytest.raises(InputError, match="9 with 5"):
        movement.flow_correlation(RIGHT, RIGHT[:5])


def test_warping_error_forgives_movement_but_not_disorder():
    rng = np.random.default_rng(1)
    noisy = np.clip(RIGHT + rng.normal(0, 20, RIGHT.shape), 0, 255).astype(np.uint8)
    assert temporal.warping_error(STILL) == 0
    assert temporal.warping_error(RIGHT) < 3
    assert temporal.warping_error(noisy) > 3 * temporal.warping_error(RIGHT)


def test_flicker_is_twice_the_jump_of_the_light():
    jumping = np.full((8, 16, 16, 3), 100, np.uint8)
    jumping[1::2] += 6
    fading = np.broadcast_to((100 + 5 * np.arange(8, dtype=np.uint8))[:, None, None, None], (8, 16, 16, 3))
    assert temporal.flicker(jumping) == pytest.approx(12)
    assert temporal.flicker(np.ascontiguousarray(fading)) == pytest.approx(0)
    assert temporal.steadiness(jumping) == pytest.approx(1 - 6 / 255)


def test_drift_of_curves_that_are_known():
    fading = np.stack([(128 + (PICTURE.astype(float) - 128) * (1 - i / 16)).astype(np.uint8) for i in range(9)])
    blurring = np.stack([cv2.GaussianBlur(PICTURE, (0, 0), 0.5 + i / 2) for i in range(9)])
    assert drift.drift(drift.contrast_curve(STILL)) == 0
    assert drift.drift(drift.contrast_curve(fading)) == pytest.approx(-14 / 31, abs=0.02)
    assert drift.drift(drift.sharpness_curve(blurring)) < -0.5
    assert drift.histogram_curve(STILL).max() == 0
    swapped = np.stack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)])
    assert drift.histogram_curve(swapped).tolist() == [0, 1]
    assert drift.drift(np.array([2.0, 2, 1, 1])) == pytest.approx(-0.5)


def test_seam_jump_is_one_without_a_seam():
    broken = np.concatenate((RIGHT[:5], np.roll(RIGHT[5:], 30, axis=2)))
    assert drift.seam_jump(RIGHT, [5]) == pytest.approx(1, abs=0.1)
    assert drift.seam_jump(broken, [5]) > 3
    assert drift.seam_jump(STILL, [5]) == 1
    with pytest.raises(InputError, match=r"1\.\.8"):
        drift.seam_jump(RIGHT, [9])


def test_a_clip_has_large_changes_of_its_own():
    broken = np.concatenate((RIGHT[:5], np.roll(RIGHT[5:], 30, axis=2)))
    seam, own = drift.jumps(broken, [3])
    assert seam == pytest.approx(1, abs=0.1) and own > 3
    assert drift.jumps(broken, [5]) == (drift.seam_jump(broken, [5]), pytest.approx(1, abs=0.1))


def test_returning_to_the_start_is_seen():
    assert drift.returns_to_start(RIGHT[:4]) == 0
    assert drift.returns_to_start(np.concatenate((RIGHT, RIGHT[::-1]))) == 1
    assert drift.returns_to_start(STILL) == 0
    angle = np.arange(48) * 2 * np.pi / 12
    swinging = np.stack([np.full((8, 8, 3), round(100 + 60 * (1 - math.cos(a)) / 2), np.uint8) for a in angle])
    rising = np.stack([np.full((8, 8, 3), 100 + i, np.uint8) for i in range(48)])
    shuffled = swinging[np.random.default_rng(0).permutation(48)]
    assert drift.periodicity(swinging) > 0.9
    assert drift.periodicity(shuffled) < 0.6
    assert drift.periodicity(rising) == 0


def test_regions_and_landing():
    edited = STILL.copy()
    edited[:, :, :48] = 255 - edited[:, :, :48]
    assert regions.psnr_outside(edited, STILL, HALF) == 100
    assert regions.psnr_outside(edited, STILL, ~HALF) < 15
    assert regions.change_share(edited, STILL, HALF) == 1
    assert regions.change_share(edited, STILL, ~HALF) == 0
    assert regions.ssim_outside(edited, STILL, np.arange(96)[None] < np.full((96, 1), 60)) == pytest.approx(1, abs=1e-5)
    landed = regions.landing(RIGHT, {0: RIGHT[0], -1: RIGHT[8], 4: RIGHT[0]})
    assert landed[0] == landed[-1] == 100 > landed[4]
    with pytest.raises(InputError, match="9"):
        regions.landing(RIGHT, {9: PICTURE})


def test_frechet_of_gaussians_with_a_known_distance():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(500, 3))
    assert frechet.frechet(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet.frechet(a, a + np.array([3, 0, 4])) == pytest.approx(25)
    twice = (a - a.mean(0)) * 2 + a.mean(0)  # tr(C + 4 C - 2 * 2 C) = tr(C)
    assert frechet.frechet(a, twice) == pytest.approx(np.trace(np.cov(a, rowvar=False)))
    with pytest.raises(InputError, match="one width"):
        frechet.frechet(a, a[:, :2])
