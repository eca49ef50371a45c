"""Composition against closed forms: where things land, what covers what, where cameras look, what styles keep."""

import random

import numpy as np
import pytest
import torch

from motionalchemy.data import backgrounds, looks, moves, weather
from motionalchemy.data.compose import compose, covering, over, placed, resized, rgba
from motionalchemy.data.shards import Layer
from motionalchemy.data.words import CAMERAS, DRIFTS, LOOKS, WEATHERS
from motionalchemy.errors import InputError, UnknownName
from motionalchemy.nets import brush


def square(side: int = 40, frames: int = 3) -> Layer:
    """A red square of half the side in the middle of an empty layer."""
    alpha = np.zeros((frames, side, side), np.uint8)
    alpha[:, side // 4 : -side // 4, side // 4 : -side // 4] = 255
    colour = np.where(alpha[..., None] > 0, np.array([255, 0, 0]), 128).astype(np.uint8)
    return Layer(colour, alpha, {})


def centre(alpha: torch.Tensor) -> tuple[float, float]:
    """The centre of mass of (H, W) in pixels, (right, down) from the middle."""
    h, w = alpha.shape
    y, x = torch.meshgrid(torch.arange(h) - (h - 1) / 2, torch.arange(w) - (w - 1) / 2, indexing="ij")
    return float((alpha * x).sum() / alpha.sum()), float((alpha * y).sum() / alpha.sum())


def test_a_layer_over_its_own_grey_is_what_was_stored():
    layer = square()
    grey = torch.full((3, 40, 40), 128 / 255)
    clip = compose(layer, grey, (40, 40), scale=1.0)
    assert clip.shape == (3, 3, 40, 40)
    assert torch.allclose((clip.permute(0, 2, 3, 1) + 1) * 127.5, torch.from_numpy(layer.colour).float(), atol=0.6)


def test_the_background_shows_exactly_where_the_layer_is_not():
    clip = compose(square(), torch.tensor([0.0, 0.0, 1.0]).view(3, 1, 1).expand(3, 40, 40), (40, 40), scale=1.0)
    assert torch.allclose(clip[0, :, 2, 2], torch.tensor([-1.0, -1.0, 1.0]))
    assert torch.allclose(clip[0, :, 20, 20], torch.tensor([1.0, -1.0, -1.0]))


@pytest.mark.parametrize("x, y", [(0.0, 0.0), (0.2, 0.0), (-0.1, 0.15)])
@pytest.mark.parametrize("size", [(80, 80), (60, 120), (120, 60)])
def test_a_layer_lands_where_it_is_put(x, y, size):
    alpha = placed(rgba(square()), size, 0.5, x, y)[0, 3]
    short = min(size)
    assert centre(alpha) == pytest.approx((x * short, y * short), abs=0.05)
    assert float(alpha.sum()) == pytest.approx((0.5 * short / 2) ** 2, rel=0.03)


def test_turning_is_counter_clockwise_and_mirroring_flips():
    layer = torch.zeros(1, 4, 41, 41)
    layer[:, 3, 20, 36] = 1  # to the right of the middle
    right, down = centre(placed(layer, (41, 41), 1.0, angle=90.0)[0, 3])
    assert (right, down) == pytest.approx((0, -16), abs=0.1)
    bar = Layer(square().colour, square().alpha.copy(), {})
    bar.alpha[:, :, :20] = 0
    assert centre(compose(bar, torch.zeros(3, 40, 40), (40, 40), 1.0, mirrored=True)[0, 0] + 1)[0] < 0


def test_each_frame_has_its_own_placement():
    alpha = placed(rgba(square()), (80, 80), torch.tensor([0.4, 0.6, 0.8]), torch.tensor([-0.2, 0.0, 0.2]))[:, 3]
    assert [round(centre(a)[0]) for a in alpha] == [-16, 0, 16]
    areas = alpha.sum((1, 2))
    assert float(areas[2] / areas[0]) == pytest.approx(4, rel=0.05)


def test_over_is_porter_and_duff():
    top = torch.tensor([0.25, 0.0, 0.0, 0.5]).view(1, 4, 1, 1)
    assert over(top, torch.ones(1, 3, 1, 1)).flatten().tolist() == [0.75, 0.5, 0.5]


def test_resizing_keeps_means_and_shapes():
    picture = torch.rand(2, 5, 3, 32, 48)
    small = resized(picture, (16, 24))
    assert small.shape == (2, 5, 3, 16, 24) and torch.allclose(small.mean((-1, -2)), picture.mean((-1, -2)), atol=0.02)
    assert covering(picture, (20, 20)).shape[-2:] == (20, 20)


def test_a_layer_needs_a_background_and_a_scene_brings_its_own():
    with pytest.raises(InputError, match="background"):
        compose(square(), None)
    scene = Layer(square().colour, None, {})
    assert compose(scene, None, (20, 20)).shape == (3, 3, 20, 20)
    with pytest.raises(InputError, match="alpha"):
        rgba(scene)


@pytest.mark.parametrize("make", [backgrounds.plain, backgrounds.gradient, backgrounds.simple])
def test_backgrounds_are_pictures_with_words(make):
    for seed in range(5):
        back, again = (make(random.Random(seed), (24, 40)) for _ in range(2))
        assert back.picture.shape == (3, 24, 40) and torch.equal(back.picture, again.picture)
        assert float(back.picture.min()) >= 0 and float(back.picture.max()) <= 1
        assert back.words["en"].startswith("a") and "背景" in back.words["zh"]


@pytest.mark.parametrize("look", LOOKS)
def test_a_style_keeps_size_range_and_motion(look):
    y, x = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64), indexing="ij")
    disc = [((x - c).square() + (y - 0.5).square() < 0.04).float() for c in (0.3, 0.5, 0.7)]
    clip = torch.stack([torch.stack([0.9 - 0.7 * d, 0.8 - 0.5 * d, 0.7 - 0.1 * d]) for d in disc])
    made, again = looks.styled(clip, look, 1), looks.styled(clip, look, 1)
    assert made.shape == clip.shape and torch.equal(made, again) and 0 <= float(made.min()) <= float(made.max()) <= 1
    assert not torch.allclose(made, clip, atol=0.02)
    dark = (brush.grey(made) < brush.grey(made).mean()).float()[:, 0]
    places = [centre(d * (disc[0] + disc[1] + disc[2] > 0))[0] for d in dark]
    assert places[0] < places[1] < places[2]


def test_a_style_without_colour_has_none():
    clip = torch.rand(1, 3, 32, 32)
    for look in ("mono", "sketch"):
        made = looks.styled(clip, look)
        assert torch.equal(made[:, 0], made[:, 2])


@pytest.mark.parametrize("name", WEATHERS)
def test_weather_changes_the_picture_and_rain_and_snow_fall(name):
    clip = torch.full((4, 3, 64, 64), 0.5)
    made = weather.under(clip, name, 3)
    assert made.shape == clip.shape and not torch.allclose(made, clip, atol=0.02)
    moving = not torch.equal(made[0], made[1])
    assert moving == (name != "dusk")


def test_rain_falls_down():
    first, second = brush.grey(weather.under(torch.full((2, 3, 64, 64), 0.2), "rain", 3))[:, 0]
    moves_by = [(down, right) for down in range(-8, 9) for right in (-2, -1, 0, 1, 2)]
    overlap = {by: float((first.roll(by, (0, 1)) * second).mean()) for by in moves_by}
    assert max(overlap, key=lambda by: overlap[by])[0] > 2


def still_view(camera: str) -> moves.View:
    return moves.view(camera, 49, random.Random(0))


@pytest.mark.parametrize(
    "camera, where, sign",
    [("pan_left", "x", 1), ("pan_right", "x", -1), ("tilt_up", "y", 1), ("tilt_down", "y", -1)],
)
def test_what_a_camera_turns_away_from_moves_the_other_way(camera, where, sign):
    _, x, y, _ = still_view(camera).sees(1.0, 0.0, 0.0)
    path = {"x": x, "y": y}[where]
    assert sign * float(path[-1] - path[0]) > 0.15


def test_zooms_and_rolls():
    assert float(still_view("zoom_in").zoom[-1] / still_view("zoom_in").zoom[0]) > 1.3
    assert float(still_view("zoom_out").zoom[-1] / still_view("zoom_out").zoom[0]) < 0.75
    assert float(still_view("roll_left").angle[-1]) < -10  # the picture turns clockwise
    assert still_view("static").still and not still_view("shake").still


def test_no_camera_looks_past_the_world():
    for camera in moves.CAMERAS:
        for seed in range(20):
            view = moves.view(camera, 49, random.Random(seed), follow=torch.linspace(-0.6, 0.6, 49))
            assert float((view.x.abs() + 0.5 / view.zoom).max()) <= moves.WORLD[1] / 2 + 1e-5
            assert float((view.y.abs() + 0.5 / view.zoom).max()) <= moves.WORLD[0] / 2 + 1e-5


def test_paths_go_where_they_say():
    def walk(path):
        return moves.route(path, 49, random.Random(1), horizon=-0.1, scale=1.0)

    assert float(walk("left").x[-1] - walk("left").x[0]) < -0.3 < 0.3 < float(walk("right").x[-1] - walk("right").x[0])
    for path, sign in (("towards", 1), ("away", -1)):
        way = walk(path)
        assert sign * float(way.scale[-1] - way.scale[0]) > 0.3 and sign * float(way.y[-1] - way.y[0]) > 0.1
        assert torch.allclose(way.scale / (way.y + 0.1), (way.scale / (way.y + 0.1))[0].expand(49), atol=1e-5)
    jump = walk("jump")
    assert float(jump.lift.max()) > 0.1 and abs(float(jump.lift[0])) < 1e-5 and bool((jump.x == jump.x[0]).all())


@pytest.mark.parametrize("path", moves.PATHS)
def test_a_path_may_begin_where_the_subject_stands(path):
    def walk(path, here=True):
        rng = random.Random(1)
        return moves.route(path, 49, rng, -0.1, 0.8, x=0.1, here=here), rng.random()

    (way, after), (standing, same) = walk(path), walk(None)
    assert after == same  # so the camera that is drawn next does not know the path
    for name in ("x", "y", "lift", "scale"):
        torch.testing.assert_close(getattr(way, name)[0], getattr(standing, name)[0])
    (usual, _), gone = walk(path, here=False), way.x[-1] - way.x[0]
    if path in ("left", "right"):
        assert gone * (usual.x[-1] - usual.x[0]) > 0.05
    elif path in ("towards", "away"):
        assert (way.scale[-1] - way.scale[0]) * (usual.scale[-1] - usual.scale[0]) > 0.02
    else:
        assert float(way.lift.max() - way.lift.min()) > 0.05


def test_every_name_has_words_and_every_word_a_maker():
    assert (
        set(looks.STYLES) == set(LOOKS) and set(weather.WEATHERS) == set(WEATHERS) and set(moves.PATHS) == set(DRIFTS)
    )
    assert set(moves.CAMERAS) | {"orbit_left", "orbit_right"} == set(CAMERAS)


@pytest.mark.parametrize(
    "call",
    [
        lambda: looks.styled(torch.zeros(1, 3, 16, 16), "cubism"),
        lambda: weather.under(torch.zeros(1, 3, 16, 16), "hail"),
        lambda: moves.view("teleport", 9, random.Random(0)),
        lambda: moves.route("zigzag", 9, random.Random(0), 0.0, 1.0),
    ],
)
def test_unknown_names_list_the_known(call):
    with pytest.raises(UnknownName, match="choose one of"):
        call()
