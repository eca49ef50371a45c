"""A clip that shows a motion: it stands beside the picture as the plan says, and decides what happens."""

import numpy as np
import torch
from test_learned_motions import sliding

import motionalchemy as ma
from motionalchemy.flow import tasks
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.motion import learned
from motionalchemy.pipeline import conditioning, job, plans, request, settle


def test_a_clip_stands_beside_as_the_plan_of_act_has_it():
    picture, clip = sliding(side=64).frames[0], sliding(by=2, side=64)
    asked = request.parse({"prompt": "left", "model": "ideal", "seconds": 0.7, "size": 64})
    made = job.prepare(asked, None, settle.Memory(image=picture, motion=clip))
    assert conditioning.needs(made) == {"clocks", "reference:motion"}
    backbone = registry.load("ideal", "cpu")
    encode = lambda frames: backbone.encode(torch.from_numpy(frames.copy()).permute(3, 0, 1, 2)[None].float())  # noqa: E731
    seen = conditioning.CONDITIONING["animate"](made, made.spans[0], None, None)
    plan = plans.plan(made, seen, encode, torch.zeros(1, 12, 1, 64, 64))
    still = encode(np.broadcast_to(picture, (9, *picture.shape)))
    expected = tasks.act(still, plan.value.shape[2], motion=encode(clip.frames))
    assert torch.equal(plan.value, expected.value) and torch.equal(plan.strength, expected.strength)
    (one,), (other,) = plan.references, expected.references
    assert (one.role, one.time) == (other.role, other.time) == ("motion", 0.0) and torch.equal(one.value, other.value)


def test_the_clip_decides_how_the_picture_moves():
    """Of the five ways in which the exact model can move a picture, the words name none: the clip that is shown does."""
    few = np.random.default_rng(3).integers(0, 255, (4, 4, 3), np.uint8)
    picture = np.kron(few, np.ones((16, 16, 1), np.uint8))
    for way in (-1, 1):
        shown = ma.Clip(np.stack([np.roll(picture, 2 * way * i, 1) for i in range(9)]), 8)
        clip = ma.animate(picture, "it moves", motion=shown, model="ideal", seconds=1, fps=8, steps=6)
        assert np.array_equal(clip.frames[8], np.roll(picture, 16 * way, 1))


def test_a_clip_is_read_at_the_rate_of_the_result_and_in_later_windows():
    clip = Clip(np.arange(8, dtype=np.uint8)[:, None, None, None] + np.zeros((8, 32, 32, 3), np.uint8), 4)
    shown = learned.at_rate(clip, 8, 32, 32)
    seen = shown.read(0, 18)[:, 0, 0, 0]
    assert len(shown) == 16 and np.abs(seen - np.minimum(np.arange(18) / 2, 7)).max() <= 0.5
    asked = request.parse({"prompt": "left", "model": "ideal", "seconds": 12, "fps": 8, "size": 64})
    made = job.prepare(asked, None, settle.Memory(image=sliding().frames[0], motion=clip))
    first, later = (
        conditioning.CONDITIONING["animate"](made, made.spans[i], conditioning._Blank(), None) for i in (0, -1)
    )
    assert [b.role for b in first.beside] == ["motion"] and "motion" not in [b.role for b in later.beside]
