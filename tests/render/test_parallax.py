"""A camera before a scene of two planes whose every frame is known, before flat pictures, and before hard ones."""

import math

import cv2
import numpy as np
import pytest

from motionalchemy.language.camera import FOCAL, read
from motionalchemy.motion.camera_path import View, asked
from motionalchemy.render import parallax
from motionalchemy.render.parallax import CameraPath, frames, margins, seen, source
from motionalchemy.scene import depth_cut, layered
from motionalchemy.scene.layered import FARTHEST, GRID

H, W = 192, 256
NEAR = (slice(50, 150), slice(80, 180))  # where the near plane is seen, in front of the far one
TOP, LEFT, LOW, RIGHT = 50, 80, 150, 180


def psnr(a, b, where=None):
    error = np.square(a.astype(float) - b)
    return 10 * math.log10(255**2 / max(float(error[... if where is None else where].mean()), 1e-9))


def pattern(x, y, kind):
    """A smooth pattern, from which every place can be told."""
    waves = [np.sin(x * a + kind) * np.cos(y * b - kind) for a, b in ((0.11, 0.05), (0.031, 0.09), (0.05, 0.02))]
    base = (90, 150, 170) if kind == 1 else (200, 120, 60)
    return np.stack([base[n] + 45 * waves[n] for n in range(3)], -1)


def truth(x_of, edges=True):
    """A frame in which what is of nearness q comes from `x_of(x, y, q)`, places in pixels of the picture."""
    y, x = np.mgrid[:H, :W].astype(float)
    far = pattern(*x_of(x, y, FARTHEST), 1)
    u, v = x_of(x, y, 1.0)
    cover = np.clip(np.minimum.reduce([u - LEFT + 1, RIGHT - u, v - TOP + 1, LOW - v]), 0, 1)[..., None]
    return cover * pattern(u, v, 2) + (1 - cover) * far


def picture():
    return np.rint(truth(lambda x, y, q: (x, y))).astype(np.uint8)


def nearness():
    near = np.zeros((H, W), np.float32)
    near[NEAR] = 1
    return near


def still(**fields):
    path = CameraPath.still(1)
    return CameraPath(**{**vars(path), **{name: np.array([value]) for name, value in fields.items()}})


def scene(path):
    found = depth_cut.cut(picture(), nearness())
    assert len(found.levels) == 1 and found.step == pytest.approx(1 - FARTHEST, abs=0.02)
    return layered.build(found, margins(path, (H, W), found.ends))


CX, CY, F = (W - 1) / 2, (H - 1) / 2, FOCAL * W
MOVES = {
    "truck": (dict(x=0.04), lambda x, y, q: (x + F * 0.04 * q, y)),
    "crane": (dict(y=-0.04), lambda x, y, q: (x, y - F * 0.04 * q)),
    "push": (dict(z=0.15), lambda x, y, q: (CX + (x - CX) * (1 - 0.15 * q), CY + (y - CY) * (1 - 0.15 * q))),
    "pan": (dict(right=0.1), lambda x, y, q: (x + 0.1 * W, y)),
    "zoom": (dict(zoom=1.25), lambda x, y, q: (CX + (x - CX) / 1.25, CY + (y - CY) / 1.25)),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_scene_of_two_planes_is_seen_as_it_would_be(name):
    fields, where = MOVES[name]
    path = still(**fields)
    shown, true = seen(scene(path), path, 0), truth(where)
    y, x = np.mgrid[:H, :W].astype(float)
    u, v = where(x, y, FARTHEST)
    known = (u >= 0) & (u <= W - 1) & (v >= 0) & (v <= H - 1)
    near_u, near_v = where(x, y, 1.0)
    near = (near_u >= LEFT - 2) & (near_u <= RIGHT + 1) & (near_v >= TOP - 2) & (near_v <= LOW + 1)
    hidden = ~near & (u >= LEFT - 2) & (u <= RIGHT + 1) & (v >= TOP - 2) & (v <= LOW + 1)  # come into view
    clear = known & ~hidden
    assert psnr(shown, true, clear) > 43 and psnr(picture(), true, clear) < 25
    assert (psnr(shown, true, hidden) > 20) if hidden.any() else name in ("push", "pan", "zoom")


def test_the_first_frame_is_the_picture_by_construction():
    found = depth_cut.cut(picture(), nearness())
    made = layered.build(found, (9, 0, 4, 7))
    assert psnr(seen(made, CameraPath.still(1), 0), picture()) > 50
    assert np.array_equal(next(frames(made, CameraPath.still(1))), picture())


def test_a_pan_moves_the_picture_by_just_the_pixels_asked_for():
    path = still(right=16 / W)
    shown = seen(scene(path), path, 0)
    assert np.abs(shown[:, : W - 16].astype(int) - picture()[:, 16:]).max() <= 1


def test_a_zoom_keeps_its_target_in_its_place():
    target = (0.2, -0.1)
    view = View(H / W, find=lambda words: target)
    path = asked(read("zoom in on the door"), view, np.linspace(0, 1, 9), 2.0)
    made = scene(path)
    x, y = source(made.layers[0].nearness, (H, W), path, 8)
    at = round(CX + target[0] * W), round(CY + target[1] * W)
    assert path.zoom[8] > 1.3 and x[at[1], at[0]] == pytest.approx(at[0], abs=0.5)
    assert y[at[1], at[0]] == pytest.approx(at[1], abs=0.5)


@pytest.mark.parametrize("words", ["push in on the door", "dolly zoom", "drone shot flying forward"])
def test_a_camera_that_goes_forward_heads_for_its_target(words):
    target = (0.2, -0.1)
    view = View(H / W, focus=0.5, find=lambda words: target)
    path = asked(read(words), view, np.linspace(0, 1, 3), 2.0)
    assert path.z[2] > 0.05
    for near in (0.1, 0.5, 1.0):
        x, y = parallax.backwards(np.array([target[0] * W]), np.array([target[1] * W]), near, (H, W), path, 2)
        assert (x[0], y[0]) == (pytest.approx(target[0] * W, abs=0.3), pytest.approx(target[1] * W, abs=0.3))


def bend(x, y):
    """How far points are from the straight line through them at most, in pixels."""
    points = np.stack((x, y), 1) - (np.mean(x), np.mean(y))
    return float(np.abs(points @ np.linalg.svd(points, full_matrices=False)[2][1]).max())


@pytest.mark.parametrize(
    "words", ["truck left", "crane up", "push in", "the camera orbits", "the camera rolls", "dolly zoom"]
)
def test_straight_lines_of_a_plane_stay_straight(words):
    """A floor that comes nearer towards the bottom, and lines on it: where they are seen is solved for, not assumed."""
    down = np.linspace(0, 1, H, dtype=np.float32)[:, None].repeat(W, 1)
    found = depth_cut.cut(picture(), down)
    path = asked(read(words), View(H / W, found.focus, found.step), np.linspace(0, 1, 5), 2.0)
    (layer,) = layered.build(found).layers
    x, y = source(layer.nearness, (H, W), path, 4)
    k = np.linspace(0, 1, 40)
    for a, b in (((60, 40), (200, 160)), ((128, 30), (128, 170)), ((50, 100), (210, 110))):
        line = np.stack((a[0] + k * (b[0] - a[0]), a[1] + k * (b[1] - a[1])), 1)
        there = []
        for u, v in line:  # the pixel of the frame that comes from this place
            near = np.unravel_index(np.argmin((x - u) ** 2 + (y - v) ** 2), x.shape)
            if max(abs(u - x[near]), abs(v - y[near])) < 1:  # it is still in the frame
                there.append((near[1] + u - x[near], near[0] + v - y[near]))
        assert len(there) > 20 and bend(*np.array(there).T) < 0.6
    assert np.abs(x - np.arange(W)).max() + np.abs(y - np.arange(H)[:, None]).max() > 3


@pytest.mark.parametrize("words", ["pan left", "push in", "the camera orbits", "handheld", "zoom out", "crane up"])
def test_a_loop_ends_where_it_begins(words):
    path = asked(read(words), View(H / W, 0.4, 0.2), np.linspace(0, 1, 25), 2.0, loop=True)
    for name in ("right", "down", "roll", "x", "y", "z", "yaw"):
        values = getattr(path, name)
        assert values[0] == pytest.approx(values[-1], abs=1e-6) and values[0] == 0
    assert path.zoom[0] == path.zoom[-1] == 1 and path.rests(0)
    assert any(np.ptp(getattr(path, name)) > 1e-3 for name in ("right", "down", "zoom", "z", "yaw", "y"))


@pytest.mark.parametrize(
    "words", ["pan left", "push in", "the camera orbits to the right", "truck right", "roll clockwise"]
)
@pytest.mark.parametrize("shape", [(40, 40), (40, 320), (320, 40), (64, 64)])
def test_small_long_and_empty_pictures_work(words, shape):
    rng = np.random.default_rng(1)
    for made in (np.full((*shape, 3), 255, np.uint8), rng.integers(0, 256, (*shape, 3), dtype=np.uint8)):
        for near in (None, np.zeros(shape, np.float32), rng.random(shape, np.float32)):
            found = depth_cut.cut(made, near)
            view = View(shape[0] / shape[1], found.focus, found.step)
            path = asked(read(words), view, np.linspace(0, 1, 3), 1.0)
            clip = list(frames(layered.build(found, margins(path, shape, found.ends)), path))
            assert len(clip) == 3 and all(frame.shape == made.shape for frame in clip)
            assert np.array_equal(clip[0], made)
            assert made.min() < 255 or clip[-1].min() >= 254  # white stays white


def test_no_edge_opens_wider_than_a_few_per_cent_of_the_width():
    found = depth_cut.cut(picture(), nearness())
    for words in ("truck right", "crane up", "push in", "the camera orbits", "quickly dolly in", "dolly zoom"):
        path = asked(read(words), View(H / W, found.focus, found.step), np.linspace(0, 1, 3), 2.0)
        corners = np.array([-W / 2, W / 2, 0.0]), np.array([-H / 2, H / 2, 0.0])
        near, far = (parallax.backwards(*corners, q, (H, W), path, 2) for q in (1.0, FARTHEST))
        assert max(np.abs(near[0] - far[0]).max(), np.abs(near[1] - far[1]).max()) < 0.07 * W, words


def test_a_roll_turns_the_picture_the_other_way():
    path = still(roll=math.radians(10))
    x, y = source(np.full((H // GRID, W // GRID), 0.5, np.float32), (H, W), path, 0)
    assert y[H // 2, W - 1] > H / 2 + 15 and x[0, W // 2] > W / 2 + 10  # what is seen at the right comes from below


def test_a_focus_that_is_pulled_blurs_what_is_not_as_near():
    path = still(blur=0.02)
    path = CameraPath(**{**vars(path), "sharp": 1.0})
    noise = np.random.default_rng(0).integers(0, 256, (H, W, 3), dtype=np.uint8)
    found = depth_cut.cut(noise, nearness())
    shown = seen(layered.build(found), path, 0).astype(float)
    inner = (slice(70, 130), slice(100, 160))
    assert shown[inner].std() > 60 and shown[:40].std() < 30


def test_a_whip_pan_smears_only_in_the_middle():
    path = asked(read("whip pan to the left"), View(H / W), np.linspace(0, 1, 21), 1.0)
    assert path.smear[0] == path.smear[-1] == 0 and np.abs(path.smear).max() > 0.03
    assert path.right[-1] < -0.25


def test_margins_hold_all_that_a_path_looks_at():
    path = asked(read("pan left, zoom out"), View(H / W), np.linspace(0, 1, 9), 1.0)
    left, top, right, low = margins(path, (H, W), (0.1, 1.0))
    assert left > 0.2 * W and left > right and top > 0 and low > 0
    for number in range(9):
        x, y = source(np.full((H // GRID, W // GRID), 0.5, np.float32), (H, W), path, number)
        assert x.min() >= -left and x.max() <= W - 1 + right and y.min() >= -top and y.max() <= H - 1 + low


def test_frames_are_the_same_again():
    path = asked(read("the camera orbits, handheld"), View(H / W, 0.4, 0.5), np.linspace(0, 1, 3), 1.0)
    found = depth_cut.cut(picture(), nearness())
    first, again = (list(frames(layered.build(found, margins(path, (H, W), found.ends)), path)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert cv2.PSNR(first[0], picture()) > 50
