"""A camera before a picture: which beats it films, what it heads for, what it says, and the clips that come of it."""

import numpy as np
import pytest
import torch
from test_movers import SIZE, Recorded, empty, picture, run, said, scene  # noqa: F401

import motionalchemy as ma
from motionalchemy.errors import InputError
from motionalchemy.language.script import beat
from motionalchemy.models import registry
from motionalchemy.motion import camera, timeline
from motionalchemy.motion.movers import BeatMotion, Shot
from motionalchemy.pipeline import animate, make, means
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.request import Request
from motionalchemy.render.warp import SIDE
from motionalchemy.scene import depth_cut

pytestmark = pytest.mark.usefixtures("actors")


CLIP = 25


def depth(shown: np.ndarray) -> np.ndarray:
    """What is dark is near, all else far."""
    return (shown.mean(-1) < 120).astype(np.float32)


@pytest.fixture
def deep(monkeypatch):
    """A network of depth is installed."""
    for room in (means, animate):
        monkeypatch.setattr(room, "deep", lambda: depth)


def test_only_a_camera_is_filmed_without_the_flow_even_in_a_clip_of_one_window(scene):  # noqa: F811
    asked, recorded = beat(0, CLIP, "the camera pans left"), Recorded(alone=True, near=depth(picture()))
    yielded, found = run(scene, asked, recorded)
    assert yielded == recorded.asked == [] and found.shot is not None and found.found and found.sure == 1
    assert len(found.shot.depth.levels) == 1 and found.shot.view.step > 0.5


@pytest.mark.parametrize(("words", "filmed"), [("the camera orbits to the left", False), ("the camera zooms in", True)])
def test_without_a_network_of_depth_the_picture_is_flat_and_not_circled(scene, words, filmed):  # noqa: F811
    _, found = run(scene, beat(0, CLIP, words), Recorded(alone=True))
    assert (found.shot is not None) == filmed
    if found.shot is not None:
        assert found.shot.depth.levels == () and found.shot.view.step == 0


@pytest.mark.parametrize("words", ["the camera follows him", "static camera", "cut to a close-up", "the man waves"])
def test_what_is_not_drawn_is_left_to_the_flow(empty, words):  # noqa: F811
    assert not camera.drawn(beat(0, CLIP, words))
    recorded = Recorded(near=depth(picture()))
    _, found = run(empty, beat(0, CLIP, words), recorded)
    assert found.shot is None and recorded.asked == [f"one: {words}"]


def test_one_window_whose_action_was_not_seen_is_left_to_the_flow(scene):  # noqa: F811
    recorded = Recorded(alone=True, remembers=False, near=depth(picture()))
    _, found = run(scene, said("the man walks to the left, the camera zooms in"), recorded)
    assert not found.found


def test_nobody_acts_where_only_a_camera_is_spoken_of():
    assert beat(0, CLIP, "the camera pushes in on the man", lambda words: "push").action is None
    assert beat(0, CLIP, "he waves, the camera pushes in", lambda words: "wave").action == "wave"


def test_what_a_camera_heads_for(scene, empty):  # noqa: F811
    """The figure stands between 24 and 40 across and 16 and 48 down, of 64."""
    whole, face = camera.place(scene, "the man"), camera.place(scene, "his face")
    assert whole == pytest.approx((0, 0)) and face == pytest.approx((0, 0.25 + 0.17 * 0.5 - 0.5))
    assert camera.place(scene, "the sky") == pytest.approx((0, -0.3)) and camera.place(scene, "") is None
    assert camera.place(empty, "the man") is None and camera.place(empty, "天空") == pytest.approx((0, -0.3))
    recorded = Recorded(alone=True, near=depth(picture()))
    run(empty, beat(0, CLIP, "zoom in on the tower"), recorded)
    assert recorded.notes == ["'tower' was not found in the picture: the camera heads for its middle"]


def test_a_beat_goes_on_from_where_the_one_before_left_the_camera(scene):  # noqa: F811
    found = depth_cut.cut(picture(), None)
    made = [
        BeatMotion(asked, shot=Shot(asked.camera.asked, camera.view(scene, found), found))
        for asked in (beat(0, 25, "the camera pans left"), beat(25, 49, "the camera zooms in"))
    ]
    path = timeline.path_at(made, np.arange(49.0), 24.0)
    before = timeline.path_at(made[:1], np.arange(25.0), 24.0)
    assert path is not None and before is not None
    assert path.right[24] == before.right[24] < -0.15 and path.right[48] == pytest.approx(path.right[24])
    assert path.zoom[48] > 1.3 * path.zoom[24] and np.abs(np.diff(path.zoom)).max() < 0.05
    assert timeline.path_at([BeatMotion(beat(0, 9, "he walks"))], np.arange(9.0), 24.0) is None


def test_a_subject_is_carried_by_the_camera_at_its_own_depth(scene):  # noqa: F811
    found = depth_cut.cut(picture(), depth(picture()))
    asked = beat(0, CLIP, "the camera trucks right")
    made = [
        BeatMotion(asked, torch.zeros(2, 8, 16, 16), shot=Shot(asked.camera.asked, camera.view(scene, found), found))
    ]
    at = np.arange(1.0, CLIP)
    motion = timeline.motion_at(made, torch.from_numpy(at).float(), 24.0, None)
    path = timeline.path_at(made, at, 24.0)
    assert path is not None
    near, far = (timeline.filmed(motion, path, q, (SIZE, SIZE)).ground for q in (1.0, 0.1))
    assert near is not None and far is not None and near.shape == (CLIP - 1, 2, 16, 16)
    assert float(near[-1, 0].mean()) > float(far[-1, 0].mean()) + 0.02 * SIDE > 0.02 * SIDE


def filmed(words: str, **fields) -> np.ndarray:
    asked = {"size": 64, "seconds": 1.0} | fields
    return ma.animate(picture(), words, **asked).frames


def column(frame: np.ndarray) -> float:
    return float(np.nonzero(frame.mean(-1) < 120)[1].mean()) / frame.shape[1]


@pytest.mark.parametrize(
    ("words", "way"),
    [("the camera pans left", 1), ("镜头向右摇", -1), ("truck left", 1), ("镜头向右平移", -1), ("pan right", -1)],
)
def test_a_camera_that_is_asked_for_moves_that_way(deep, words, way):
    clip = filmed(words)
    assert np.array_equal(clip[0], picture())
    assert way * (column(clip[-1]) - column(clip[0])) > 0.05
    steps = np.diff([column(frame) for frame in clip])
    assert (way * steps > -0.004).all()


def test_a_long_clip_is_filmed_to_its_end_and_no_window_shows(deep):
    clip = filmed("the camera pans left", seconds=5.0)
    places = [column(frame) for frame in clip]
    assert len(clip) > 100 and np.abs(np.diff(places)).max() < 0.012 and places[-1] - places[0] > 0.1


def test_a_loop_of_a_camera_comes_back(deep):
    clip = filmed("slow push in", loop=True)
    widths = [int((frame.mean(-1) < 120).any(0).sum()) for frame in [*clip, clip[0]]]
    assert len(clip) == 24 and np.array_equal(clip[0], picture())
    assert max(widths) > widths[0] + 2 and np.abs(np.diff(widths)).max() <= 2


def test_an_orbit_by_depth_moves_what_is_near_against_what_is_far(deep):
    clip = filmed("the camera orbits to the left")
    assert np.array_equal(clip[0], picture()) and not np.array_equal(clip[-1], picture())


def test_what_was_heard_and_what_is_not_done_is_said(deep):
    nano = registry.load("nano")

    def notes(words):
        request = Request(task="animate", prompt=words, size=64, seconds=0.5)
        steps = list(make.make(request, image=picture(), backbone=nano))
        return [step.note for step in steps if step.note], steps[-1].result.found.get("notes")

    said_first, kept = notes("slow zoom in on the tower, then cut to a close-up")
    assert said_first[0] == "camera: zoom in on tower" and "is not done: one picture has no other shot" in said_first[1]
    assert kept[:2] == said_first[:2]
    assert notes("环绕360度")[0][1].endswith("360 degrees are more than one picture shows, which allows 30")
    assert not [note for note in notes("the man waves")[0] if "camera" in note]


def test_a_clip_of_a_camera_is_the_same_again(deep):
    first, again = (collect_frames("drone shot flying forward, handheld") for _ in range(2))
    assert np.array_equal(first, again)


def collect_frames(words: str) -> np.ndarray:
    request = Request(task="animate", prompt=words, size=64, seconds=0.5)
    return collect(make.make(request, image=picture(), backbone=registry.load("nano"))).clip.frames


def test_a_path_by_keys_counts_in_the_place_of_words(deep):
    clip = filmed("the man waves, the camera pans right", camera="0:0,0,1 0.5:-0.2,0,1 1:-0.2,0,1.5")
    assert np.array_equal(clip[0], picture())
    assert column(clip[12]) - column(clip[0]) == pytest.approx(0.2, abs=0.02)
    widths = [int((frame.mean(-1) < 120).any(0).sum()) for frame in (clip[12], clip[24])]
    assert widths[1] > 1.3 * widths[0]


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"camera": "0:0,0,1 1:0.9,0,1"}, "key 2 of the camera, '1:0.9,0,1', has right '0.9'"),
        ({"camera": "0:0,0,1 1:0.1,0,1", "last": "end.png"}, "arrives at no last image"),
        ({"camera": "0:0,0,1 1:0.1,0,1", "loop": True}, "the last key of the camera must be like its first"),
        ({"camera": "0:0,0,1 1:0.1,0,1", "model": "ideal"}, "ideal takes no camera path; use nano"),
    ],
)
def test_a_path_that_cannot_be_gone_is_refused_before_anything_is_made(fields, match):
    with pytest.raises(InputError, match=match):
        ma.animate(picture(), "it stands", size=64, seconds=0.5, **fields)
    with pytest.raises(InputError, match=r"camera .* is not for imagine"):
        next(ma.steps(None, "a beach", task="imagine", camera="0:0,0,1 1:0,0,2", size=64))
