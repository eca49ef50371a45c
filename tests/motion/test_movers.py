"""The movers: which serves which part of a beat, in which order they are asked, and what is left to the flow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

import motionalchemy as ma
from motionalchemy.language.script import Beat, beat
from motionalchemy.motion import timeline
from motionalchemy.motion.body import Body
from motionalchemy.motion.camera import Camera
from motionalchemy.motion.hand import Hand
from motionalchemy.motion.movers import BeatMotion, Mover
from motionalchemy.motion.retrieval import LOOKS, Retrieval
from motionalchemy.motion.timeline import MOVERS, beat_motion, motion_at, suited
from motionalchemy.motion.travel import HURRY, PACE, Stage, Travel
from motionalchemy.render.draft import render
from motionalchemy.render.warp import SIDE
from motionalchemy.scene import segmentation
from motionalchemy.scene.parse import Layer, Scene, parse

pytestmark = pytest.mark.usefixtures("actors")


SIZE, CELLS, FRAMES = 64, 16, 8


def picture() -> np.ndarray:
    """A dark figure before a light ground."""
    made = np.full((SIZE, SIZE, 3), 205, np.uint8)
    made[16:48, 24:40] = (90, 50, 30)
    return made


@pytest.fixture
def scene(monkeypatch) -> Scene:
    """The figure, cut out."""
    opacity = np.zeros((SIZE, SIZE, 1), np.uint8)
    opacity[16:48, 24:40] = 255
    monkeypatch.setattr(segmentation, "cut_out", lambda shown: np.concatenate((shown, opacity), 2))
    return parse(picture())


@pytest.fixture
def empty(scene) -> Scene:
    """The same picture in which nothing stands out."""
    return Scene(scene.picture, scene.pixels, (), scene.pixels, scene.pixels, scene.shadow)


def said(words: str, action: str | None = "walk") -> Beat:
    return beat(0, FRAMES + 1, words, lambda text: action)


def even(right: float, down: float = 0.0) -> torch.Tensor:
    """All goes evenly so far, in widths: (2, FRAMES, CELLS, CELLS)."""
    share = torch.linspace(1 / FRAMES, 1, FRAMES).view(1, -1, 1, 1)
    return -torch.tensor([right, down]).view(2, 1, 1, 1) * share.expand(1, -1, CELLS, CELLS)


class Recorded:
    """Means that write down what they are asked for: movements that go so far to the right, the shares seen in them."""

    def __init__(
        self, alone: bool = False, tries: int = 8, seen: tuple[float, ...] = (), remembers: bool = True, near=None
    ):
        self.fps, self.alone, self.tries, self.look = 24.0, alone, tries, (SIZE, SIZE)
        self.asked, self._seen, self._remembers = list[str](), iter(seen), remembers
        self.near, self.notes = near, list[str]()

    def flow(self, words: str, choose: bool):
        self.asked.append(f"{'best' if choose else 'one'}: {words}")
        yield "flow"
        return even(0.05)

    def retrieved(self, asked: Beat, opacity: torch.Tensor) -> Iterator[tuple[torch.Tensor, bool]] | None:
        self.asked.append(f"retrieved: {asked.unpaced}")
        return iter([(even(0.01 * number), number == 2) for number in range(1, 20)]) if self._remembers else None

    def seen(self, frames: np.ndarray, fps: float, action) -> float:
        assert frames.shape[1:] == (SIZE, SIZE, 3) and action == "walk"
        return next(self._seen)

    def nearness(self) -> np.ndarray | None:
        return self.near

    def note(self, text: str) -> None:
        self.notes.append(text)

    def looked(self, number: int, count: int, preview) -> str:
        assert preview().frames.shape[1:] == (SIZE, SIZE, 3)
        return f"looked at {number} of {count}"

    def check(self) -> None:
        """Nothing stops this run."""

    @contextmanager
    def phase(self, name: str):
        yield

    def timed(self, items, name: str):
        return items


def run(scene: Scene, asked: Beat, means: Recorded) -> tuple[list[str], BeatMotion]:
    """What is yielded, and what is found."""
    steps, yielded = beat_motion(scene, asked, means), []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value


def names(movers: list[Mover]) -> list[str]:
    return [type(mover).__name__ for mover in movers]


@pytest.mark.parametrize(
    ("words", "action", "subject", "road", "ground"),
    [
        ("the man walks", "walk", ["Retrieval", "Body"], [], 0.3),
        ("the man walks to the left", "walk", ["Retrieval", "Body"], ["Travel"], 0.3),
        ("男人向镜头走来，镜头拉近", "walk", ["Retrieval", "Body"], ["Travel"], 1.0),
        ("the man goes to the right", None, ["Body"], ["Travel"], 0.3),
        ("the man walks, the camera orbits to the left", "walk", ["Body"], [], 1.0),
        ("the camera pans left", None, [], [], 1.0),
        ("waves roll in", None, [], [], 0.3),
    ],
)
def test_each_part_of_a_beat_has_the_movers_that_suit_it_the_best_first(scene, words, action, subject, road, ground):
    asked = said(words, action)
    assert names(suited("subject", scene, asked)) == subject and names(suited("road", scene, asked)) == road
    assert names(suited("ground", scene, asked)) == ["Camera"] and Camera().suits(scene, asked) == ground
    assert all(0 <= mover.suits(scene, asked) <= 1 for mover in MOVERS)


def test_without_a_subject_only_the_ground_can_be_moved(empty):
    asked = said("the man walks to the left")
    assert not suited("subject", empty, asked) and not suited("road", empty, asked)
    assert names(suited("ground", empty, asked)) == ["Camera"]


def test_what_was_seen_comes_before_the_flow_and_the_first_in_which_the_action_is_seen_is_kept(scene):
    means = Recorded(seen=(0.1, 0.7))
    yielded, found = run(scene, said("the man walks slowly"), means)
    assert means.asked == ["retrieved: the man walks"] and yielded == ["looked at 1 of 8", "looked at 2 of 8"]
    torch.testing.assert_close(found.moves, even(0.02))
    assert found.sure == 0.7 and found.ends and found.ground is None and found.road is None


def test_of_movements_in_which_it_is_little_seen_the_best_is_kept(scene):
    _, found = run(scene, said("the man walks"), Recorded(seen=(0.1, 0.4, *[0.2] * 6)))
    torch.testing.assert_close(found.moves, even(0.02))
    assert found.sure == 0.4 and LOOKS == 8


def test_who_is_sent_nowhere_known_or_of_whom_nothing_was_seen_is_moved_by_the_flow(scene):
    means = Recorded(remembers=False)
    yielded, found = run(scene, said("the man walks to the left, the camera zooms in"), means)
    assert means.asked == [
        "retrieved: the man walks to the left, the camera zooms in",
        "best: the man walks in place",
    ]
    assert yielded == ["flow"] and found.moves is not None and found.ground is None
    assert found.shot is not None and [move.kind for move in found.shot.moves] == ["zoom"]
    assert found.moves[0].mean((1, 2)).abs().max() < 0.02  # its road alone says where it is
    assert found.road is not None and (found.road.heading, found.road.speed) == ("left", PACE)


def test_a_clip_of_one_window_of_which_nothing_was_seen_is_left_to_the_flow(scene):
    means = Recorded(alone=True, remembers=False)
    yielded, found = run(scene, said("the man walks to the left, the camera zooms in"), means)
    assert yielded == [] and len(means.asked) == 1
    assert not found.found


class Waves:
    """A mover of somebody else: water that drifts, surely."""

    part = "ground"

    def suits(self, scene: Scene, beat: Beat) -> float:
        return float("lava" in beat.words)

    def move(self, scene: Scene, beat: Beat, means: Recorded, made: BeatMotion):
        yield from ()
        return replace(made, ground=even(0.2), sure=1.0)


def test_a_new_mover_is_one_row_and_serves_a_clip_of_one_window_too(scene, monkeypatch):
    monkeypatch.setattr(timeline, "MOVERS", (*MOVERS, Waves()))
    means = Recorded(alone=True, remembers=False)
    _, found = run(scene, said("the lava flows", None), means)
    assert not means.asked and found.found and found.sure == 1
    torch.testing.assert_close(found.ground, even(0.2))
    assert not run(scene, said("the grass grows", None), means)[1].found


def test_what_a_new_mover_moves_is_shown_by_the_model_that_ships(monkeypatch):
    monkeypatch.setattr(timeline, "MOVERS", (*MOVERS, Waves()))
    clip = ma.animate(picture(), "the lava flows", size=64, seconds=0.4)
    assert np.array_equal(clip.frames[0], picture())
    dark = [np.nonzero(frame.mean(-1) < 120)[1].mean() / SIZE for frame in clip.frames]
    assert dark[-1] - dark[0] == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize(("share", "asked"), [(0.7, 1), (0.1, 1)])
def test_before_a_camera_one_window_is_filmed_only_if_what_was_seen_will_be_shown(scene, share, asked):
    means = Recorded(alone=True, tries=2, seen=(share, share))
    _, found = run(scene, said("the man walks, the camera pans left"), means)
    assert len(means.asked) == asked and (found.shot is not None) == (share > 0.3) and found.ground is None


def test_one_candidate_asks_for_no_choice(scene):
    means = Recorded(tries=1)
    _, found = run(scene, said("the man walks"), means)
    assert means.asked == ["best: the man walks in place"] and found.sure == 0


def test_what_nobody_does_moves_the_whole_picture(empty):
    means = Recorded()
    _, found = run(empty, said("everything rolls in", None), means)
    assert means.asked == ["one: everything rolls in"] and found.moves is None
    torch.testing.assert_close(found.ground, even(0.05))


def test_a_road_has_the_pace_of_the_words(scene):
    speeds = {
        "the man walks to the right": PACE,
        "the man runs to the right": HURRY,
        "the man slowly walks to the right": 0.6 * PACE,
    }
    for words, speed in speeds.items():
        found = next(iter_to_end(Travel().move(scene, said(words), Recorded(), BeatMotion(said(words)))))
        assert found.road is not None and found.road.speed == pytest.approx(speed)


def iter_to_end(steps):
    """The value that a generator returns."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        yield end.value


def test_parsed_read_moved_and_rendered_the_figure_goes_and_the_rest_stays(scene):
    asked = beat(0, 25, "the man walks to the right")
    _, found = run(scene, asked, Recorded())
    at = torch.arange(1, 25).float()
    draft = render(scene, motion_at([found], at, 24.0, Stage.of(scene.subject)), held=1)
    assert draft.frames.shape == (25, SIZE, SIZE, 3) and np.array_equal(draft.frames[0], picture())
    dark = [np.nonzero(frame.mean(-1) < 120)[1].mean() / SIZE for frame in draft.frames]
    assert dark[-1] - dark[0] == pytest.approx(PACE, abs=0.03)
    assert np.abs(draft.frames[:, :12].astype(int) - picture()[:12]).max() <= 1


def test_a_stage_is_where_the_layer_stands(scene):
    stage = Stage.of(scene.subject)
    assert stage.box == pytest.approx((24 / SIZE * SIDE, 16 / SIZE * SIDE, 40 / SIZE * SIDE, 48 / SIZE * SIDE))
    assert stage.high == SIDE and stage.feet.tolist() == pytest.approx([SIDE / 2, 48 / SIZE * SIDE])


def test_a_scene_of_another_size_is_the_same_scene(scene, empty):
    small = scene.resized(32, 32)
    assert small.picture.shape == (32, 32, 3) and small.pixels.shape == small.plate.shape == (1, 3, 32, 32)
    assert isinstance(small.subject, Layer) and float(small.subject.opacity.mean()) == pytest.approx(1 / 8)
    assert scene.resized(SIZE, SIZE) is scene and empty.resized(32, 32).subject is None


def test_movers_are_asked_by_what_they_move():
    known = [mover for mover in MOVERS if mover.part != "acts"]
    assert [type(mover) for mover in known] == [Retrieval, Body, Travel, Hand, Camera]
    assert [mover.part for mover in known] == ["subject", "subject", "road", "ground", "ground"]
