"""One that is sent somewhere steps on its way there: the shipped model, one clip and its next window."""

import copy

import numpy as np
import pytest

from motionalchemy.models import registry
from motionalchemy.motion import decomposition, orbit, subject
from motionalchemy.motion.travel import HURRY
from motionalchemy.pipeline import animate, make, means, window
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.request import Request
from motionalchemy.pipeline.window import in_place
from motionalchemy.render import solid
from motionalchemy.scene import segmentation

SENT = "a horse gallops to the right on a beach"


@pytest.fixture(scope="module")
def nano():
    return registry.load("nano")


def middle(frame: np.ndarray) -> tuple[float, int]:
    """In which column the middle of the subject is, and how many pixels show it."""
    there = segmentation.cut_out(frame)[..., 3] > 127
    return float(np.argwhere(there)[:, 1].mean()), int(there.sum())


@pytest.fixture(scope="module")
def flow():
    """One that recalls nothing."""
    model = copy.copy(registry.load("nano"))
    model.repertoire = None
    return model


def test_one_that_is_sent_steps_on_its_way(flow, monkeypatch):
    asked = []
    counted = lambda run, span, *more: asked.append(span.prompt) or in_place(run, span, *more)  # noqa: E731
    monkeypatch.setattr(window, "in_place", counted)
    frames = collect(make.make(Request(task="imagine", prompt=SENT, seed=3, size=128), backbone=flow)).clip.frames
    assert asked == [SENT]
    (begin, large), (end, whole) = middle(frames[0]), middle(frames[32])
    assert end - begin > 16 and 0.75 < whole / large < 1.3


@pytest.mark.parametrize("model", ["nano", "flow"])
def test_one_that_is_sent_goes_on_in_the_next_window(model, request):
    asked = Request(task="imagine", prompt=SENT, seed=3, size=128, seconds=2.5)
    frames = collect(make.make(asked, backbone=request.getfixturevalue(model))).clip.frames
    (begin, large), (end, whole) = middle(frames[0]), middle(frames[-1])
    assert end - begin > 16 and 0.7 < whole / large < 1.4
    steps = np.abs(np.diff(frames[40:58].astype(float), axis=0)).mean((1, 2, 3))
    assert steps[49 - 41] < 2.5 * np.median(steps)  # no seam where the second window begins


def test_one_that_stays_is_made_once(nano, monkeypatch):
    monkeypatch.setattr(window, "in_place", lambda run, span, *_: pytest.fail(f"asked again: {span.prompt}"))
    collect(make.make(Request(task="imagine", prompt="a horse eats on a beach", seed=3, size=128), backbone=nano))


def test_one_that_does_not_go_by_itself_is_brought_to_its_side(flow, monkeypatch):
    monkeypatch.setattr(decomposition.Decomposition, "travelled_to", lambda split, side: 0.0)
    request = Request(task="imagine", prompt="a horse gallops to the left on a beach", seed=3, size=128, seconds=1)
    frames = collect(make.make(request, backbone=flow)).clip.frames
    (begin, large), (end, whole) = middle(frames[0]), middle(frames[-1])
    assert begin - end == pytest.approx(HURRY * 128, abs=4) and 0.75 < whole / large < 1.3


@pytest.mark.parametrize(
    ("deed", "times"), [("a horse falls to the ground", 0), ("马倒在地上", 0), ("a horse gallops", 1)]
)
def test_only_one_that_goes_is_shown_as_a_thing_that_goes(nano, monkeypatch, deed, times):
    shown = []
    monkeypatch.setattr(subject, "LEAVES", -1.0)
    monkeypatch.setattr(subject.SubjectTrack, "whole", lambda found, model, clip, *more: shown.append(clip) or clip)
    shown_first = Request(task="imagine", prompt="a horse stands", size=128, seconds=0)
    still = collect(make.make(shown_first, backbone=nano))
    request = Request(task="animate", prompt=deed, size=128, seconds=0.5, candidates=1)
    collect(make.make(request, image=still.clip.frames[0], backbone=nano))
    assert len(shown) == times


@pytest.mark.parametrize("words", ["{}", "0-2: {} | 2-3: a horse stands"])
def test_a_camera_that_circles_turns_its_subject_where_no_depth_is_known(nano, monkeypatch, words):
    turned = []
    for module in (animate, means):
        monkeypatch.setattr(module, "deep", lambda: None)
    monkeypatch.setattr(solid, "rotated", lambda layer, angle: turned.append(angle) or layer[..., :4])
    prompt = words.format("a horse stands on a beach, the camera orbits to the left")
    frames = collect(
        make.make(Request(task="imagine", prompt=prompt, seed=3, size=128, seconds=3, candidates=1), backbone=nano)
    ).clip
    assert turned[0] > 0 and np.diff(turned).min() > -1  # a window makes a frame more than it shows
    share = 1.0 if words == "{}" else 2 / 3
    assert turned[-1] == pytest.approx(share * orbit.SWEEP, rel=0.05) and len(frames) > 70


@pytest.mark.parametrize(("seconds", "times"), [(1, 1), (4, 0)])
def test_what_a_subject_drags_along_is_put_back_in_a_clip_of_one_window(nano, monkeypatch, seconds, times):
    """A later window begins with the frames of the one before and cannot say what was put back there."""
    put_back, kept = [], subject.SubjectTrack.put_back
    monkeypatch.setattr(
        subject.SubjectTrack, "put_back", lambda self, clip, split: put_back.append(1) or kept(self, clip, split)
    )
    asked = Request(
        task="imagine", prompt="a wolf falls to the ground on a beach", size=128, seconds=seconds, candidates=1
    )
    assert len(collect(make.make(asked, backbone=nano)).clip) > 24 * seconds
    assert len(put_back) == times
