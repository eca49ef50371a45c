"""A draft painted over: its plan, that an exact model follows what is asked and is free elsewhere, and the doors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from motionalchemy.errors import InputError, PlanRefused
from motionalchemy.flow import draft, guidance, sampler, tasks
from motionalchemy.flow.grid import Grid
from motionalchemy.media import reader
from motionalchemy.models.ideal import Ideal
from motionalchemy.pipeline import conditioning, job, request
from motionalchemy.render import trust

SIDE, EACH, FRAMES, SQUARE = 24, 4, 9, 6
WAYS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0), "still": (0, 0)}
GRID = Grid(space=1, time=EACH, channels=3 * EACH)


def clip(subject, ground):
    """A square that goes one way over a ground that drifts another, (3, T, H, W) in [-1, 1]."""
    ground_picture = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) - 0.9
    frames, begin = [], (SIDE - SQUARE) // 2
    for t in range(FRAMES):
        frame = ground_picture.roll(tuple(t * d for d in WAYS[ground]), (1, 2)).clone()
        y, x = (begin + t * d for d in WAYS[subject])
        frame[:, y : y + SQUARE, x : x + SQUARE] = torch.tensor([0.9, 0.5, -0.5]).view(3, 1, 1)
        frames.append(frame)
    return torch.stack(frames, 1)


@pytest.fixture(scope="module")
def world():
    """An exact model of every pair of drifts, and its clips as latents by pair."""
    pairs = [(a, b) for a in WAYS for b in WAYS]
    bare = Ideal(torch.empty(0), [["x"]], GRID)
    latents = {pair: bare.encode(clip(*pair)[None])[0] for pair in pairs}
    return Ideal(torch.stack([latents[p] for p in pairs]), [[f"{a}-{b}"] for a, b in pairs], GRID), latents


def centre(latents, model):
    """Where the square is in the last frame, (row, column)."""
    frame = model.decode(latents[None])[0, :, -1]
    there = (frame[0] > 0.5).float()
    rows, columns = torch.arange(SIDE).float(), torch.arange(SIDE).float()
    return float((there.sum(1) * rows).sum() / there.sum()), float((there.sum(0) * columns).sum() / there.sum())


def masks():
    """Where the square of the draft is, and where it was and is no more, (T, H, W)."""
    own = torch.stack([(clip("right", "still")[0, t] > 0.5).float() for t in range(FRAMES)])
    return own, (own[:1] - own).clamp(min=0)


def painted(model, latents, seed, one_time=False, asked=0.45):
    """The latents of an exact model that paints over a square that goes right on a ground that stands."""
    given = latents["right", "still"][None]
    plan = tasks.animate(given[:, :, :1], given.shape[2])
    sure, made = (draft.pooled(m, EACH, SIDE, SIDE) for m in masks())
    plan = draft.painted(plan, given, sure, made, free=1.0, asked=asked)
    plan = plan.at_one_time() if one_time else plan
    noise = sampler.frame_by_frame(given.shape, torch.Generator().manual_seed(seed))
    velocity = guidance.held(model.velocity(model.words([""]), plan, 8.0), plan)
    times = sampler.times(24, 1.0, plan.top)
    return sampler.finish(sampler.sample(velocity, plan, noise, times), given)[0], plan


@pytest.mark.parametrize("one_time", [False, True])
def test_an_exact_model_follows_what_is_asked_and_is_free_elsewhere(world, one_time):
    model, latents = world
    goal, found = centre(latents["right", "still"], model), set()
    for seed in range(8):
        made, _ = painted(model, latents, seed, one_time)
        at = centre(made, model)
        assert max(abs(a - b) for a, b in zip(at, goal, strict=True)) <= 2, seed
        nearest = min(latents, key=lambda pair: float((latents[pair] - made).square().sum()))
        assert nearest[0] == "right"
        found.add(nearest[1])
    assert len(found) > 1  # the ground goes another way for another seed


def test_without_a_draft_the_subject_goes_anywhere(world):
    model, latents = world
    given, ways = latents["right", "still"][None], set()
    for seed in range(8):
        plan = tasks.animate(given[:, :, :1], given.shape[2])
        noise = sampler.frame_by_frame(given.shape, torch.Generator().manual_seed(seed))
        made = sampler.finish(
            sampler.sample(model.velocity(model.words([""]), plan, 8.0), plan, noise, sampler.times(24)), given
        )[0]
        ways.add(min(latents, key=lambda pair: float((latents[pair] - made).square().sum()))[0])
    assert len(ways) > 1


def test_the_map_is_what_was_meant_after_rounding_to_latents():
    sure, made = torch.zeros(FRAMES, 8, 8), torch.zeros(FRAMES, 8, 8)
    sure[1:, :4, :4], made[5:, 4:, 4:] = 1.0, 1.0
    shares = [draft.pooled(m, EACH, 2, 2) for m in (sure, made)]
    plan = tasks.animate(torch.zeros(1, 12, 1, 2, 2), 3)
    found = draft.painted(plan, torch.ones(1, 12, 3, 2, 2), *shares, free=0.9, asked=0.6).strength[0, 0]
    expected = torch.full((3, 2, 2), 0.9)
    expected[1:, 0, 0], expected[2, 1, 1], expected[0] = 0.6, 1.0, 0.0
    assert torch.allclose(found, expected)


def test_the_dial_turns_from_letting_go_at_once_to_holding_on():
    def schedule(steps):
        return [1 - i / steps for i in range(steps + 1)]

    free, asked = draft.times(draft.CUT_AND_DRAG, schedule)
    assert (free, asked) == pytest.approx((1 - 3 / 50, 1 - 7 / 50))
    assert draft.times(draft.CUT_AND_DRAG, schedule, 0.0) == pytest.approx((free, free))
    assert draft.times(draft.CAMERA, schedule, 1.0) == pytest.approx((1 - 2 / 50, 0.5))
    with pytest.raises(InputError, match="follow lies in"):
        draft.times(draft.CAMERA, schedule, 1.5)


def test_what_moves_is_trusted_and_what_was_made_up_is_not():
    """A textured square goes over a smooth ground and leaves a hole filled with something else."""
    texture = np.random.default_rng(0).integers(60, 255, (48, 48, 3), np.uint8)
    frames = np.full((5, 192, 192, 3), 40, np.uint8)
    for t, frame in enumerate(frames):
        frame[72:120, 40:88] = 90 if t else 0
        frame[72:120, 40 + 14 * t : 88 + 14 * t] = texture
    sure, made = trust.trust(frames)
    assert sure.shape == made.shape == frames.shape[:3] and not sure[0].any() and not made[0].any()
    assert sure[4, 80:112, 104:136].mean() > 0.8 and made[4, 80:112, 104:136].mean() < 0.1
    assert made[4, 80:112, 48:76].mean() > 0.6
    assert sure[4, :48].mean() < 0.05 and not trust.by_camera(sure)


def test_what_a_draft_is_not_for_is_refused(tmp_path):
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(tmp_path / "a.png")
    whole = {"prompt": "it goes to the right", "image": str(tmp_path / "a.png")}

    def checked(**fields):
        conditioning.check(job.prepare(request.parse(whole | fields)))

    with pytest.raises(PlanRefused, match="nano makes drafts and paints none"):
        checked(draft="nano")
    with pytest.raises(InputError, match="are for a draft"):
        checked(follow=0.3, model="ideal")
    with pytest.raises(InputError, match="not there"):
        checked(draft=str(tmp_path / "none.mp4"), model="ideal")


@pytest.mark.parametrize("kind", ["wan", "wan one time"])
def test_a_tiny_model_paints_a_draft_from_the_command_line(kind, tmp_path):
    """A person with a folder and a sentence: with a draft another clip than without, and the sidecar says so."""
    pytest.importorskip("diffusers", reason="public models need the extra gpu")
    import tiny_models

    folder = tmp_path / "m"
    _ = tiny_models.wan(folder) if kind == "wan" else tiny_models.wan_one_time(folder, picture=True, two=True)
    picture = np.full((96, 96, 3), 200, np.uint8)
    picture[30:66, 20:56] = np.random.default_rng(0).integers(0, 255, (36, 36, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "photo.png")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    common = [
        "--model",
        str(folder),
        "--size",
        "64",
        "--seconds",
        "0.8",
        "--fps",
        "12",
        "--steps",
        "3",
        "--guidance",
        "1",
    ]
    clips = {}
    for name, more in (("none", ["--draft", "none"]), ("nano", ["--draft", "nano"]), ("hand", ["--draft", "nano.mp4"])):
        command = [sys.executable, "-m", "motionalchemy.cli", "animate", "photo.png", "the camera pans right"]
        done = subprocess.run(
            [*command, *common, *more, "-o", f"{name}.mp4"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert ("painted from a draft" in done.stderr) is (name != "none")
        clips[name] = reader.read_clip(tmp_path / f"{name}.mp4").frames
    assert clips["none"].shape == clips["nano"].shape
    assert np.abs(clips["none"].astype(int) - clips["nano"]).mean() > 1
    assert json.loads((tmp_path / "nano.json").read_text())["request"]["draft"] == "nano"
