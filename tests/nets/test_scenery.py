"""Another background: what places look like, how they are drawn, and the camera that sees them."""

import json
import random
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import tiny_corpus
import torch
from commands import call

from motionalchemy.data import backgrounds
from motionalchemy.editing import place as edit_place
from motionalchemy.media import footage, reader
from motionalchemy.media.clip import Clip
from motionalchemy.models import nano
from motionalchemy.nets import scenery
from motionalchemy.nets.scenery import DIRECTIONS, OCTAVES, SIDE, TOP, Place, Scenery, SceneryConfig
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.pipeline import edits as pipeline_edits
from motionalchemy.scene import camera_track
from motionalchemy.train import scenery as train_scenery

SMALL = SceneryConfig(width=16, wide=32, parts=8)
COLOURS = {"blue": 2, "green": 1, "red": 0}
CHINESE = {"blue": "蓝色", "green": "绿色", "red": "红色"}
PART = ("make the sky red", "把地面变成蓝色", "turn it into an oil painting", "make it rain")


def a_place(ground: float, strength: torch.Tensor | None = None) -> Place:
    layout = torch.full((1, 3, SIDE, SIDE), 0.25)
    layout[:, :, TOP:] = 0.75
    strength = torch.zeros(2, OCTAVES, DIRECTIONS, 3) if strength is None else strength
    return Place(layout, strength[None], torch.tensor([ground]), torch.ones(1), torch.ones(1))


def test_a_texture_varies_as_its_strengths_say_and_its_strengths_are_found_again():
    strength = torch.rand(OCTAVES, DIRECTIONS, 3, generator=torch.Generator().manual_seed(1)) * 0.02
    made = scenery.texture(strength, 256, torch.Generator().manual_seed(2))
    torch.testing.assert_close(scenery.strengths(made)[2:], strength[2:], rtol=0.25, atol=1e-3)
    assert float(made.var()) == pytest.approx(float(strength.square().sum((0, 1)).mean()), rel=0.3)
    flat = torch.full((3, 64, 64), 0.4)
    assert scenery.strengths(flat).abs().max() < 1e-4


def test_a_stripe_is_found_in_its_octave_and_way():
    stripe = 0.1 * torch.sin(torch.arange(64) * 2 * torch.pi * 10 / 64).expand(64, 64)  # 10 waves across: octave 3
    found = scenery.strengths(stripe * torch.tensor([1.0, 0.5, 0.0])[:, None, None])
    assert found[3, 0].tolist() == pytest.approx([0.1 / 2**0.5, 0.05 / 2**0.5, 0.0], abs=2e-3)
    found[3, 0] = 0
    assert found.abs().max() < 1e-3


@pytest.mark.parametrize("size", [(64, 96), (513, 700), (37, 20)])
def test_a_place_is_drawn_at_any_size_with_a_sharp_horizon(size):
    made = scenery.drawn(a_place(1.0), *size, seed=0)
    rows = made.mean((0, 2))
    assert made.shape == (3, *size) and made.min() >= 0 and made.max() <= 1
    horizon = size[0] * TOP / SIDE
    assert (rows[: int(horizon) - 2] - 0.25).abs().max() < 0.02 and (rows[int(horizon) + 3 :] - 0.75).abs().max() < 0.02
    soft = scenery.drawn(a_place(-1.0), *size, seed=0).mean((0, 2)).diff().max()
    assert soft < rows.diff().max()


def test_what_is_all_but_one_colour_is_one_colour():
    noise = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    ramp = torch.linspace(0.2, 0.8, SIDE)[:, None]
    for clean, faint in ((torch.tensor(0.5), 0.01), (ramp, 0.01), (torch.tensor(0.5), 0.1)):
        place = a_place(-1.0)._replace(layout=clean + faint * noise)
        across = scenery.drawn(place, 64, 64, 0).std(2).max()
        assert (across < 1e-4) == (faint < 0.02)


def test_another_seed_is_another_texture_of_the_same_place():
    strength = torch.full((2, OCTAVES, DIRECTIONS, 3), 0.02)
    one, again, other = (scenery.drawn(a_place(1.0, strength), 64, 64, seed) for seed in (1, 1, 2))
    assert torch.equal(one, again) and (one - other).abs().mean() > 0.02
    assert abs(float(one.mean() - other.mean())) < 0.02


def test_places_are_made_of_stills_and_kept(tmp_path):
    (tmp_path / "corpus").mkdir()
    corpus, path = tiny_corpus.make(tmp_path / "corpus"), tmp_path / "places.safetensors"
    assert list(train_scenery.build(corpus, path, 100, 0)) == [100]
    assert list(train_scenery.build(corpus, path, 100, 0)) == []
    data = train_scenery.SceneryData(path, TokenEncoder(), train_scenery.SceneryRecipe(count=4))
    assert data.places["layout"].shape == (100, 3, SIDE, SIDE) and data.places["layout"].min() >= 0
    one, again = data.batch(3), data.batch(3)
    assert torch.equal(one.layout, again.layout) and torch.equal(one.tokens.ids, again.tokens.ids)
    assert not torch.equal(one.layout, data.batch(4).layout)


def test_it_learns_colours_in_both_languages_and_when_no_place_is_asked_for():
    torch.manual_seed(0)
    text, model, dice = TokenEncoder(), Scenery(SMALL), random.Random(0)
    layouts = torch.zeros(3, 3, SIDE, SIDE)
    for row, channel in enumerate(COLOURS.values()):
        layouts[row, channel] = 0.9
    model.fit(layouts)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    others, flat = text.encode(list(PART)), torch.zeros(4, 2, OCTAVES, DIRECTIONS, 3)
    for _ in range(150):
        rows = [dice.randrange(3) for _ in PART]
        names = [list(COLOURS)[row] for row in rows]
        pairs = [{"en": f"a {name} background", "zh": f"{CHINESE[name]}背景"} for name in names]
        said, alone = zip(*(train_scenery.asking(pair, dice) for pair in pairs), strict=True)
        someone = text.encode([f"a horse runs before {name}" for name in names])
        batch = train_scenery.SceneryBatch(
            layouts[rows], flat, torch.zeros(4), text.encode(list(said)), others, torch.tensor(alone), someone
        )
        train_scenery.scenery_loss(model, batch)["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
    for name, channel in COLOURS.items():
        for said in (f"change the background to {name}", f"把背景换成{CHINESE[name]}"):
            found = model(text.encode([said]))
            assert found.layout.mean((0, 2, 3)).argmax() == channel and found.asked > 0 > found.ground, said
    assert model(text.encode([PART[0]])).asked < 0
    alone = model(text.encode(["a blue background", "绿色背景", "a horse runs before red"])).alone
    assert (alone > 0).tolist() == [True, True, False]


def panned(pixels: int, frames: int = 9) -> np.ndarray:
    wide = np.random.default_rng(0).integers(0, 255, (24, 48, 3), np.uint8)
    wide = cv2.resize(wide, (384, 192), interpolation=cv2.INTER_CUBIC)
    return np.stack([wide[:, 100 + pixels * n : 228 + pixels * n] for n in range(frames)])


def test_the_camera_is_followed_past_a_subject_that_moves_otherwise():
    frames, masks = panned(2), np.ones((9, 192, 128), np.float32)
    for n, frame in enumerate(frames):
        frame[60:140, 20 + 5 * n : 70 + 5 * n] = np.random.default_rng(1).integers(0, 255, (80, 50, 3))
        masks[n, 60:140, 20 + 5 * n : 70 + 5 * n] = 0
    camera = camera_track.CameraTrack()
    camera.follow(0, frames[:5], masks[:5])
    camera.follow(4, frames[4:], masks[4:])
    shift = camera.seen[8][:, 2] * 128
    assert shift.tolist() == pytest.approx([-16, 0], abs=0.6)
    np.testing.assert_allclose(camera.seen[8][:, :2], np.eye(2), atol=0.01)


def test_a_run_that_goes_on_later_finds_the_camera_where_it_is():
    frames = panned(1, 50)
    clip = SimpleNamespace(footage=footage.of(Clip(frames)), sizes=((192, 128),))
    whole, late = camera_track.CameraTrack(), camera_track.CameraTrack()
    whole.follow(0, frames, np.ones((50, 1, 1), np.float32))
    pipeline_edits._catch_up(late, clip, 40)
    np.testing.assert_allclose(late.seen[40], whole.seen[40], atol=1e-6)
    assert late.seen[40][0, 2] * 128 == pytest.approx(-40, abs=1)


def test_a_background_without_points_stands_still():
    camera, plain = camera_track.CameraTrack(), np.full((4, 64, 64, 3), 90, np.uint8)
    camera.follow(0, plain, np.ones((4, 64, 64), np.float32))
    assert all(np.array_equal(matrix, np.eye(2, 3)) for matrix in camera.seen.values())


def test_a_picture_moves_as_the_camera_did():
    picture = panned(0, 1)[0]
    seen = edit_place.seen_from(picture, [np.eye(2, 3), np.array([[1.0, 0, -16 / 128], [0, 1, 0]])])
    np.testing.assert_array_equal(seen[0], picture)
    assert np.abs(seen[1][:, :100].astype(int) - picture[:, 16:116]).max() <= 1


def test_the_shipped_scenery_hears_places_and_leaves_other_edits():
    shipped = nano.load(torch.device("cpu"))
    draws = {
        said: shipped.place(said, 0, 64, 64) for said in ("把背景换成雪地", "change the background to a snowy field")
    }
    for said, made in draws.items():
        assert made is not None and made[32:].mean() > 170, said
    grass = shipped.place("put it on a grassy field under a clear blue sky", 0, 64, 64).astype(int)
    above, below = grass[:16].mean((0, 1)), grass[-16:].mean((0, 1))
    assert above[2] > above[0] + 20 and below[1] > below[2] + 20
    assert [said for said in PART if shipped.place(said, 0, 64, 64) is not None] == []


def test_a_background_is_replaced_by_command_and_moves_with_the_camera(tmp_path, monkeypatch):
    frames = panned(3)
    frames[:, 60:150, 44:84] = (200, 30, 30)
    inside = np.ones((192, 128), np.float32)
    inside[60:150, 44:84] = 0
    monkeypatch.setattr("motionalchemy.scene.segmentation.subject_masks", lambda f: np.stack([1 - inside] * len(f)))
    Clip(frames).save(tmp_path / "a.mp4")
    said = "change the background to a grassy field under a clear blue sky"
    assert call("edit", str(tmp_path / "a.mp4"), said, "-o", str(tmp_path / "b.mp4")) == 0
    made = reader.read_clip(tmp_path / "b.mp4").frames.astype(int)
    source = reader.read_clip(tmp_path / "a.mp4").frames.astype(int)
    assert np.abs(made - source)[:, 75:135, 52:76].mean() < 3  # the subject stays
    below = made[:, 160:].mean((0, 1, 2))
    assert below[1] > below[2] + 20
    ground = made[:, 155:, 10:118]
    still, moved = (np.abs(ground[4, :, 3 * k :] - ground[5, :, : 108 - 3 * k]).mean() for k in (0, 1))
    assert moved < 0.8 * still
    assert json.loads((tmp_path / "b.json").read_text())["request"]["region"] == "background"


def test_a_gradient_from_the_top_down_names_the_upper_colour_first():
    made = backgrounds.gradient(random.Random(3), (8, 8), down=True)
    first, second = (name for name in made.words["en"].removesuffix(" gradient").split(" ", 1)[1].split(" and "))
    near = lambda row, name: np.abs(made.picture[:, row, 0].numpy() * 255 - backgrounds.COLOURS[name][1]).max()  # noqa: E731
    assert near(0, first) < 14 and near(-1, second) < 14


@pytest.mark.parametrize(
    "said",
    ["a grassy field under a blue sky with white clouds, the camera pans left", "在多云的天空下的雪地，镜头推近"],
)
def test_a_place_is_imagined_by_command_and_the_camera_moves_in_it(tmp_path, said):
    out = tmp_path / "a.mp4"
    assert call("imagine", said, "--seconds", 0.7, "--size", 128, "-o", out) == 0
    frames = reader.read_clip(out).frames.astype(int)
    sky = frames[0, :20].mean((0, 1))
    assert sky[2] > sky[0] + 5  # red, green, blue
    assert np.abs(frames[-1] - frames[0]).mean() > 2


def test_a_place_is_imagined_as_a_still_and_another_seed_is_another(tmp_path):
    for seed in (1, 2):
        assert call("imagine", "日落天空下的草地", "--seconds", 0, "--seed", seed, "-o", tmp_path / f"{seed}.png") == 0
    one, two = (reader.read_image(tmp_path / f"{seed}.png").astype(int) for seed in (1, 2))
    assert one.shape == (256, 256, 3) and np.abs(one - two).mean() > 1
    assert one[200:].mean((0, 1)).argmax() == 1


@pytest.mark.parametrize("said", ["justice prevails on a beach", "quarterly profits rise", "一位政治家在草地上演讲"])
def test_what_is_neither_a_place_nor_known_is_refused_before_any_weight_is_loaded(tmp_path, capsys, monkeypatch, said):
    monkeypatch.setattr("motionalchemy.models.registry.load", lambda *a: pytest.fail("weights were loaded"))
    assert call("imagine", said, "-o", tmp_path / "a.mp4") == 2
    err = capsys.readouterr().err
    assert "draws places" in err and "ltx-2b" in err and not list(tmp_path.iterdir())
