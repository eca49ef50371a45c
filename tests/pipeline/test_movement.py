"""A clip that is one picture, moved: acts that follow each other, ways that end in the picture, cameras that last."""

import shutil

import numpy as np
import pytest
import torch
from test_repertoire import Retrieving, asked, middle, places, standing

from motionalchemy.language.script import beat
from motionalchemy.media import sinks
from motionalchemy.models import registry
from motionalchemy.motion import travel
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.timeline import motion_at
from motionalchemy.motion.travel import Stage
from motionalchemy.nets.repertoire import played
from motionalchemy.pipeline import make, means
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.request import Request
from motionalchemy.render.warp import SIDE

pytestmark = pytest.mark.usefixtures("actors")


STAGE = Stage((48.0, 32.0, 80.0, 96.0), 128.0)
FPS = 24.0


def act(begin: int, end: int, said: str, moves=None, ground=None) -> BeatMotion:
    """What is found for a sentence."""
    asked = beat(begin, end, said)
    return BeatMotion(asked, moves, travel.road(asked), ground)


@pytest.fixture(scope="module")
def nano():
    return registry.load("nano")


def going(right: float, down: float = 0.0, frames: int = 48) -> torch.Tensor:
    """All goes evenly so far, in widths, in so many frames: (2, frames, 8, 8)."""
    share = torch.linspace(0, 1, frames + 1)[1:].view(1, -1, 1, 1)
    return -torch.tensor([right, down]).view(2, 1, 1, 1) * share.expand(1, -1, 8, 8)


def at(*frames: int) -> torch.Tensor:
    return torch.tensor(frames).float()


@pytest.mark.parametrize(("said", "side"), [("he walks to the left", -1), ("他向右走", 1), ("he walks", 0)])
def test_who_is_sent_to_a_side_goes_there_evenly_in_a_short_act(said, side):
    gone = motion_at([act(0, 49, said, going(0))], at(0, 12, 24, 48), FPS, STAGE).trajectory.aside
    assert gone[:, 1].tolist() == [0.0] * 4
    assert gone[:, 0].tolist() == pytest.approx([side * 0.12 * SIDE * t for t in (0, 0.5, 1, 2)])


def test_who_goes_for_long_comes_to_rest_in_the_picture_and_who_hurries_sooner():
    frames = at(*range(241))
    gone = [
        motion_at([act(0, 241, said, going(0))], frames, FPS, STAGE).trajectory.aside[:, 0]
        for said in ("he walks to the right", "he runs to the right", "he slowly walks to the right")
    ]
    for way in gone:
        assert float(way.diff().min()) >= -1e-4 and float(way[-1]) == pytest.approx(0.97 * SIDE - 80, abs=0.01)
    assert gone[1][24] > gone[0][24] > gone[2][24] > 5


def test_who_comes_nearer_grows_and_stands_lower_and_who_goes_away_the_reverse():
    near = motion_at([act(0, 49, "he walks towards the camera", going(0))], at(0, 48), FPS, STAGE)
    far = motion_at([act(0, 49, "他向远处走去", going(0))], at(0, 48), FPS, STAGE)
    near, far = near.trajectory, far.trajectory
    assert near.size.tolist() == pytest.approx([1, 1.48]) and far.size.tolist() == pytest.approx([1, 1 / 1.48])
    assert float(near.aside[1, 1]) > 5 > -5 > float(far.aside[1, 1]) and float(near.aside[1, 0]) == 0


def test_who_comes_nearer_for_long_stays_in_the_picture():
    found = [act(0, 961, "he walks towards the camera", going(0))]
    boxes = (48.0, 46.0, 80.0, 110.0), STAGE.box, (48.0, 16.0, 80.0, 48.0)
    low, stands, flies = (motion_at(found, at(960), FPS, Stage(box, 128.0)) for box in boxes)
    assert (
        110 + float(low.trajectory.aside[0, 1]) == pytest.approx(0.95 * 128) and 1.3 < float(low.trajectory.size) < 1.9
    )
    assert float(stands.trajectory.size) == pytest.approx(0.95 * 128 / 64)
    assert float(flies.trajectory.size) == pytest.approx(0.95 * 128 / 32) and float(flies.trajectory.aside[0, 1]) == 0


def test_a_subject_grows_about_its_feet():
    way = motion_at([act(0, 49, "he walks towards the camera", going(0))], at(48), FPS, STAGE).subject
    assert way.shape == (1, 2, 8, 8)
    size, falls = 1.48, 0.48 * (96 - 0.45 * 128) / 2
    feet = torch.tensor([64.0, 96 + falls]).view(2, 1, 1)
    place = places(8, 8) * 16
    was = feet + (place - feet) / size - torch.tensor([0.0, falls]).view(2, 1, 1)
    torch.testing.assert_close(way[0], was - place, atol=1e-3, rtol=0)


def test_an_act_begins_where_the_one_before_ended():
    acts = [
        act(0, 49, "he walks to the right", going(0.1, 0.05), going(0.02)),
        act(49, 97, "he falls, the camera pans left", going(0, 0.2), going(-0.1)),
    ]
    before, after = motion_at(acts[:1], at(48), FPS, STAGE), motion_at(acts, at(48, 49, 96), FPS, STAGE)
    torch.testing.assert_close(after.subject[:1], before.subject)
    torch.testing.assert_close(after.ground[:1], before.ground)
    assert after.trajectory.aside[2].tolist() == before.trajectory.aside[0].tolist()
    step = (after.subject[1] - after.subject[0]).abs().max()
    assert 0 < float(step) < 2
    assert after.ground[2].mean((1, 2)).tolist() == pytest.approx([(-0.02 + 0.1) * SIDE, 0], abs=0.01)


def test_a_camera_takes_as_long_as_its_act_and_all_else_goes_on():
    long = [act(0, 193, said, ground=going(0.24)) for said in ("the camera pans left", "the sea is calm")]
    filmed, calm = (motion_at([one], at(0, 48, 96, 192), FPS, None).ground for one in long)
    assert (-filmed[:, 0, 4, 4] / SIDE).tolist() == pytest.approx([0, 0.06, 0.12, 0.24], abs=1e-3)
    assert float(-calm[1, 0, 4, 4]) == pytest.approx(0.24 * SIDE, abs=0.01)


@pytest.mark.parametrize("ends", [False, True])
def test_what_is_over_goes_on_without_a_jump(ends):
    """It rises, and rests: one that is done goes on resting, another rises again."""
    share = torch.cat((torch.linspace(0, 1, 31)[1:], torch.ones(18)))
    rising = (share.square() * (3 - 2 * share)).view(1, -1, 1, 1) * torch.tensor([0.0, -0.3]).view(2, 1, 1, 1)
    found = played(rising, torch.arange(192.0), ends)[1, :, 0, 0]
    steps = found.diff().abs()
    assert float(steps.max()) < 0.04
    later = steps[60:]
    assert float(later.max()) < 1e-6 if ends else float(later.max()) > 0.005


def frames(nano, prompt: str, **fields) -> np.ndarray:
    return collect(make.make(asked(prompt, **fields), image=standing(), backbone=nano)).clip.frames


def test_a_longer_clip_is_the_same_clip_for_longer(nano, monkeypatch):
    Retrieving(nano, monkeypatch, [0.9] * 9)
    short, long = (frames(nano, "the archer jumps", seconds=seconds) for seconds in (2, 5))
    assert len(long) > 100 and np.array_equal(short, long[: len(short)])
    assert middle(long[48]) - middle(long[0]) == pytest.approx(0.01, abs=0.005)


def test_what_is_little_seen_is_shown_all_the_same_where_a_flow_would_wear_out(nano, monkeypatch):
    stub = Retrieving(nano, monkeypatch, [0.05] * 20)
    steps = list(make.make(asked("the archer jumps", seconds=4, candidates=3), image=standing(), backbone=nano))
    assert len(stub.asked) == 1 and [step.step for step in steps[:3]] == [1, 2, 3]
    shares = [step.fraction for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1 and {step.window for step in steps} == {1, 2, 3}
    clip = steps[-1].result.clip.frames
    assert np.abs(clip.astype(int) - clip[:1])[:, :16].max() <= 1  # what stands beside it stays


def test_each_sentence_is_recalled_once(nano, monkeypatch):
    stub = Retrieving(nano, monkeypatch, [0.9] * 9)
    clip = frames(nano, "0-3: the archer walks to the right | 3-5: the archer falls down", seconds=5)
    assert [one.prompt for one in stub.asked] == ["the archer walks to the right", "the archer falls down"]
    assert middle(clip[70]) - middle(clip[0]) > 0.2
    assert middle(clip[-1]) - middle(clip[70]) == pytest.approx(0.01, abs=0.03)


@pytest.mark.parametrize("seconds", [1, 3])
def test_a_loop_comes_back_to_its_picture(nano, monkeypatch, seconds):
    Retrieving(nano, monkeypatch, [0.1, 0.1, 0.1, 0.1, 0.9])
    clip = frames(nano, "the archer jumps", seconds=seconds, loop=True)
    places = [middle(frame) for frame in [*clip, clip[0]]]
    assert max(places) - places[0] > 0.015 and np.abs(np.diff(places)).max() < 0.012
    assert len(clip) == 24 * seconds and np.array_equal(clip[0], standing())


@pytest.mark.parametrize("said", ["the camera zooms in", "镜头拉近"])
def test_a_long_zoom_goes_on_as_it_began(nano, said):
    clip = frames(nano, said, seconds=5, size=128)
    widths = [int((frame.mean(-1) < 140).any(0).sum()) for frame in clip]
    quarters = np.array(widths)[np.linspace(0, len(widths) - 1, 5).round().astype(int)]
    assert (np.diff(quarters) >= 1).all() and widths[-1] > 1.15 * widths[0]
    assert np.abs(np.diff(widths)).max() <= 2


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(nano, monkeypatch, tmp_path):
    output, kept, whole = tmp_path / "a.mp4", tmp_path / "kept", "the archer runs to the right"

    def steps():
        Retrieving(nano, monkeypatch, [0.9] * 9)
        return make.make(asked(whole, seconds=4), output, image=standing(), backbone=nano)

    collect(steps())
    unbroken = output.read_bytes()
    output.unlink()
    run = steps()
    assert next(step for step in run if step.window == 2).result is None
    shutil.copytree(sinks.folder_of(output), kept)  # as a kill would leave it
    run.close()
    shutil.move(kept, sinks.folder_of(output))
    again = list(steps())
    assert "there already" in again[0].note and again[-1].result is not None
    assert output.read_bytes() == unbroken


def test_a_subject_that_does_nothing_known_is_moved_by_one_window_of_the_flow(nano, monkeypatch):
    made, flowed = [], means.flowed
    monkeypatch.setattr(means, "flowed", lambda run, span, *more: made.append(span.prompt) or flowed(run, span, *more))
    monkeypatch.setattr(nano, "retrieve", lambda *given: iter(()), raising=False)
    clip = frames(nano, "the archer runs to the right, the camera zooms in", seconds=5, candidates=2)
    assert made == ["the archer runs in place"]  # the camera needs none
    assert middle(clip[-1]) > middle(clip[0]) + 0.1


def test_who_goes_to_a_side_goes_there_evenly_whatever_it_does_on_the_way(nano, monkeypatch):
    """What is recalled here drifts to the right, against the way that the words say."""
    Retrieving(nano, monkeypatch, [0.1] * 7 + [0.9])
    clip = frames(nano, "the archer runs to the left", seconds=1, size=128)
    gone = [middle(clip[0]) - middle(frame) for frame in clip]
    assert gone[12] == pytest.approx(0.1, abs=0.012) and gone[24] == pytest.approx(0.2, abs=0.012)


def test_a_shadow_goes_along_with_who_throws_it(nano, monkeypatch):
    Retrieving(nano, monkeypatch, [0.9] * 9)
    request = Request(task="imagine", prompt="a cat walks to the right on a snowy field", size=96, seconds=2, seed=1)
    begin, *_, end = collect(make.make(request, backbone=nano)).clip.frames.astype(int)
    rows = slice(80, 86)  # below its feet
    darkest = [int(frame[rows].sum((0, 2)).argmin()) for frame in (begin, end)]
    assert darkest[1] - darkest[0] == pytest.approx(0.24 * 96, abs=8)
    was = slice(darkest[0] - 6, darkest[0] + 2)
    assert end[rows, was].mean() > begin[rows, was].mean() + 15  # where it was, the ground is light again
