"""Two views of a wall that turns about the middle of the picture, whose every view is known."""

import cv2
import numpy as np
import pytest

from motionalchemy.motion import interpolation
from motionalchemy.render import between_views
from motionalchemy.scene import two_views
from motionalchemy.scene.two_views import LENS, Turn, View, placed

SIZE = 96, 128
TRUE = Turn(22.0, 11.0, False)


def wall() -> np.ndarray:
    rng = np.random.default_rng(5)
    noise = [cv2.resize(rng.random((n, n, 3)), SIZE[::-1], interpolation=cv2.INTER_CUBIC) for n in (6, 14, 30)]
    return np.rint(255 * np.clip(np.mean(noise, 0) * 1.6 - 0.3, 0, 1)).astype(np.uint8)


def nearness(share: float) -> np.ndarray:
    """The nearness of the wall at a share of the turn: of the plane through the axis that faced us at first."""
    high, wide = SIZE
    down, right = np.mgrid[:high, :wide].astype(np.float32)
    x, y = (right - (wide - 1) / 2) / wide, (down - (high - 1) / 2) / wide
    normal = TRUE.matrix(share)[:, 2]
    return (1 + (normal[0] * x + normal[1] * y) / (normal[2] * LENS)).astype(np.float32)


def seen(share: float) -> np.ndarray:
    x, y, near = placed(nearness(share), TRUE.matrix(-share), SIZE)
    assert np.allclose(near, 1, atol=1e-4)  # it comes back to where all of it is as near as the axis
    return cv2.remap(wall(), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def decibel(a: np.ndarray, b: np.ndarray) -> float:
    inner = (slice(8, -8), slice(16, -16))
    return float(10 * np.log10(255**2 / np.square(a[inner].astype(float) - b[inner]).mean()))


def test_a_turn_is_found_with_its_side_and_its_tilt():
    found = two_views.turn_between(seen(0), seen(1), 22.0)
    assert (found.degrees, found.tilt, found.stands) == (22.0, 11.0, False)
    assert two_views.turn_between(seen(1), seen(0), None).degrees == -22.0


@pytest.mark.parametrize("degrees", [90.0, -180.0, 0.0])
def test_views_too_far_apart_or_alike_have_none(degrees):
    assert two_views.turn_between(seen(0), seen(1), degrees) is None


def test_the_middle_is_nearer_to_the_truth_than_by_flow():
    first, last = seen(0), seen(1)
    turn = two_views.turn_between(first, last, 22.0)
    deep, apart = between_views.frame(*two_views.views(first, last, turn), turn, 0.5)
    flow = interpolation.frames(first, last, [0.5], "flow")[0]
    assert decibel(deep, seen(0.5)) > decibel(flow, seen(0.5)) + 6 and np.median(apart) < 4


def test_depth_is_seen_where_flow_shows_both_views_at_once():
    first, last = seen(0), np.roll(seen(1), 40, 1)  # what goes so far is not followed
    turn = Turn(22.0, 11.0, False)
    none = np.zeros(SIZE, bool)
    both = tuple(View(picture, picture, nearness(at), none, none, none) for at, picture in ((0, first), (1, last)))
    made, deep = interpolation.Turned(both, turn)(0.5), between_views.frame(*both, turn, 0.5)[0]
    flow = interpolation.frames(first, last, [0.5], "flow")[0]
    assert np.abs(made - deep).mean() < np.abs(flow.astype(float) - deep).mean()


def test_a_view_that_does_not_turn_is_itself():
    none = np.zeros(SIZE, bool)
    view = View(wall(), wall(), nearness(0), none, none, none)
    splat = between_views.seen_from(view, TRUE.matrix(0))
    assert np.abs(splat.colours - wall()).max() < 1 and np.allclose(splat.near, 1)


def test_what_is_nearer_is_seen_and_the_ground_stands():
    near, ground = np.full(SIZE, 1.0, np.float32), np.ones(SIZE, bool)
    ground[30:60, 40:60] = False
    near[30:60, 40:60] = 1.2
    picture = np.where(ground[..., None], np.uint8(20), np.uint8(220)) * np.ones(3, np.uint8)
    none = np.zeros(SIZE, bool)
    splat = between_views.seen_from(View(picture, picture, near, ground, none, none), TRUE.matrix(1))
    thing = splat.near > between_views.FAR
    assert 0.5 < thing.sum() / (~ground).sum() < 1.5 and splat.colours[thing].mean() > 200
    x, _, _ = placed(near, TRUE.matrix(1), SIZE)
    assert abs(np.argwhere(thing)[:, 1].mean() - x[~ground].mean()) < 1  # it goes where its places go
    assert np.abs(splat.colours[~thing & (splat.near > 0)] - 20).max() < 60


def test_a_sweep_meets_its_views_and_is_no_further_than_flow():
    first, last = seen(0), seen(1)
    sweep = interpolation.Sweep([(0, first), (8, last)], "depth", [0.0, 22.0])
    frames = np.concatenate([sweep.read(0, 5), sweep.read(5, 10)])
    assert len(frames) == 10 and (frames[0] == first).all() and (frames[8] == last).all() and (frames[9] == last).all()
    flow = interpolation.frames(first, last, [0.5], "flow")[0]
    assert decibel(frames[4], seen(0.5)) > decibel(flow, seen(0.5)) - 0.05
    assert interpolation.turned(first, first, 22.0) is None
