"""Movements that were seen are found again, carried over to who stands alike, kept rigid, and shown before what stays."""

import json
from itertools import chain, repeat
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_corpus
import torch
from test_real_corpus import FOLDER

from motionalchemy.data.corpus import Corpus
from motionalchemy.errors import Cancelled, InputError
from motionalchemy.models import nano as loader
from motionalchemy.models import registry
from motionalchemy.motion.constraints import within
from motionalchemy.nets import repertoire, rigid
from motionalchemy.nets.outline import laid_over, likeness, outlined, strain
from motionalchemy.nets.repertoire import Repertoire
from motionalchemy.pipeline import make
from motionalchemy.pipeline.request import Request
from motionalchemy.render import layers
from motionalchemy.render.warp import BEYOND, under_camera
from motionalchemy.scene import segmentation
from motionalchemy.scene.parse import Scene, parse
from motionalchemy.train import recipes
from motionalchemy.train import repertoire as learned
from motionalchemy.train.fields import Moves

pytestmark = pytest.mark.usefixtures("actors")


CELLS = 32


@pytest.fixture(scope="module")
def codec():
    return loader.read_codec(loader.WEIGHTS / "codec")[0]


@pytest.fixture(scope="module")
def nano():
    return registry.load("nano")


def blot(high: int, wide: int, top: int, left: int, low: int, right: int) -> torch.Tensor:
    """A shape that is neither its mirror image nor its own turn: a box with a notch at its upper right."""
    opacity = torch.zeros(high, wide)
    opacity[top:low, left:right] = 1
    opacity[top : (top + low) // 2, (left + right) // 2 : right] = 0
    return opacity


def places(high: int, wide: int) -> torch.Tensor:
    """The middles of cells, (2, high, wide), right and down."""
    return torch.stack(torch.meshgrid(torch.arange(wide) + 0.5, torch.arange(high) + 0.5, indexing="xy"))


def turning(angle: float) -> torch.Tensor:
    """Where places come from (2, 1, CELLS, CELLS) that turn about the middle, in cells."""
    place = places(CELLS, CELLS) - CELLS / 2
    radians = torch.tensor(angle).deg2rad()
    cos, sin = radians.cos(), radians.sin()
    back = torch.stack((cos * place[0] + sin * place[1], -sin * place[0] + cos * place[1]))
    return (back - place)[:, None]


def test_an_outline_lies_in_a_frame_of_its_own_in_widths_of_its_picture():
    found = outlined(blot(60, 120, 10, 30, 40, 90))
    assert found.middle.tolist() == pytest.approx([0.5, 25 / 120]) and found.size == pytest.approx((0.5 * 0.25) ** 0.5)
    larger = outlined(blot(180, 360, 30, 90, 120, 270))
    assert float(likeness(found.shape[None], larger.shape)) > 0.9
    assert outlined(torch.zeros(40, 40)) is None


def test_an_outline_is_laid_over_another_by_as_little_as_it_needs():
    own = outlined(blot(90, 90, 20, 20, 70, 60)).shape
    moved, mirrored = own.roll((1, 2), (0, 1)), own.flip(-1)
    warps, alike, bends = laid_over(torch.stack((own, moved, mirrored)), own)
    assert float(warps[0].abs().max()) < 0.1 and float(alike[0]) > 0.99 and float(bends[0]) < 1e-3
    inside = own > 0.9
    assert warps[1][:, inside].mean(1).tolist() == pytest.approx([2, 1], abs=0.15) and float(alike[1]) > 0.97
    assert float(bends[2]) > 3 * float(bends[1])


def test_to_go_and_to_turn_is_no_strain_and_to_stretch_is():
    opacity = blot(CELLS, CELLS, 8, 10, 24, 22)
    assert strain(torch.full((2, 3, CELLS, CELLS), 2.0), opacity) == pytest.approx(0, abs=1e-6)
    assert strain(turning(30), opacity) == pytest.approx(0, abs=1e-4)
    stretched = torch.stack((-(places(CELLS, CELLS) - 16)[0] / 2, torch.zeros(CELLS, CELLS)))[:, None]
    assert strain(stretched, opacity) == pytest.approx(np.log(2) ** 2, rel=0.05)


@pytest.mark.parametrize("angle", [0.0, 20.0, 60.0])
def test_what_moves_as_a_whole_is_left_as_it_is(angle):
    opacity, field = blot(CELLS, CELLS, 8, 10, 24, 22), turning(angle) + 1.5
    kept = rigid.stiffened(field, opacity)
    source = places(CELLS, CELLS)[:, None] + field
    x, y = source.long().clamp(0, CELLS - 1)
    inside = opacity[y[0], x[0]] > 0.5
    assert float((kept - field).norm(dim=0)[0][inside].median()) < 0.25


def test_what_would_stretch_is_stretched_less_and_still_goes_there():
    opacity = blot(CELLS, CELLS, 6, 10, 28, 22)
    right = torch.where(places(CELLS, CELLS)[1] < 16, 4.0, 0.0)
    torn = torch.stack((-right, torch.zeros(CELLS, CELLS)))[:, None]
    kept = rigid.stiffened(torn, opacity)
    assert strain(kept, opacity) < 0.5 * strain(torn, opacity)
    assert float(-kept[0, 0, 9, 15]) > 2.5 > 1.5 > float(-kept[0, 0, 24, 15])


def test_beyond_a_subject_all_goes_with_its_nearest_parts():
    opacity = blot(CELLS, CELLS, 10, 10, 20, 20)
    kept = rigid.stiffened(torch.full((2, 2, CELLS, CELLS), -3.0) * opacity, opacity)
    assert kept[:, :, 0, 0].flatten().tolist() == pytest.approx([-3.0] * 4, abs=0.5)


@pytest.mark.parametrize(("fps", "frames"), [(24.0, 49), (12.0, 25), (48.0, 97)])
def test_a_movement_takes_as_long_at_every_frame_rate(fps, frames):
    field = torch.arange(1.0, 49).view(1, 48, 1, 1).expand(2, -1, 3, 4)
    paced = repertoire.paced(field, fps, frames)
    assert paced.shape == (2, frames - 1, 3, 4)
    assert paced[0, :, 0, 0].tolist() == pytest.approx([24 / fps * n for n in range(1, frames)])


def test_a_movement_that_is_over_begins_again_where_it_was_alike():
    angle = torch.arange(1.0, 49) * (2 * torch.pi / 16)  # three times around
    field = torch.stack((angle.cos() - 1, angle.sin()))[..., None, None]
    paced = repertoire.paced(field, 24.0, 73)[..., 0, 0]
    later = torch.arange(1.0, 73) * (2 * torch.pi / 16)
    assert torch.allclose(paced, torch.stack((later.cos() - 1, later.sin())), atol=1e-3)


def moves(right: float, mirrored: bool = False, deep: int = 0) -> Moves:
    """Of a layer: a shape that goes to the right, in its heights a frame."""
    opacity = blot(64, 64, 12, 20 + deep, 52, 44)
    opacity = opacity.flip(-1) if mirrored else opacity
    shown = torch.stack([opacity.roll(round(right * t * 64 * 0.85), 1) for t in range(49)])
    field = torch.zeros(2, 49, 32, 32)
    field[0] = -right * torch.arange(49).view(-1, 1, 1)
    return Moves(field, shown)


@pytest.fixture(scope="module")
def small(codec) -> Repertoire:
    """Two clips: a shape that runs to the right, and one that falls to the left."""
    seen = [("run", moves(0.004)), ("fall", moves(-0.004))]
    return learned.gathered([learned.stored(one, codec, action, action) for action, one in seen])


def carried(
    small: Repertoire, codec, opacity: torch.Tensor, asked: dict[str, float], seed: int = 0
) -> list[torch.Tensor]:
    return [moves for moves, _ in small.likely(asked, opacity, torch.zeros(2, 48, CELLS, CELLS), 24.0, codec, seed)]


@pytest.mark.parametrize(("action", "goes"), [("run", 1), ("fall", -1)])
def test_who_stands_alike_does_the_same_as_far_as_it_is_large(small, codec, action, goes):
    for size in (1, 2):
        opacity = blot(128, 128, 20, 20, 20 + 40 * size, 20 + 24 * size)
        (field, *_) = carried(small, codec, opacity, {action: 0.9, "run": 0.1})
        x, y = (CELLS * (20 + 8 * size)) // 128, (CELLS * (20 + 30 * size)) // 128
        far = 0.004 * 48 * 0.85 * 40 * size / (40 / 64 * 128)  # of the width: it goes so many of its heights
        assert float(-field[0, -1, y, x]) == pytest.approx(goes * far, rel=0.25)
        assert float(field[1].abs().max()) < 0.01


def test_who_stands_the_other_way_does_the_same_the_other_way(small, codec):
    opacity = blot(128, 128, 20, 20, 100, 68).flip(-1)
    (field, *_) = carried(small, codec, opacity, {"run": 1.0})
    assert float(field[0, -1, 20, 24]) > 0.02


def test_those_come_first_that_agree_with_the_guess(small, codec):
    opacity = blot(128, 128, 20, 20, 100, 68)
    steps = torch.linspace(0, -0.1, 49)[1:].view(1, -1, 1, 1).expand(1, -1, CELLS, CELLS)
    for sign in (1, -1):
        guess = torch.cat((sign * steps, torch.zeros_like(steps)))
        first, ends = next(iter(small.likely({"run": 0.5, "fall": 0.5}, opacity, guess, 24.0, codec, 0)))
        assert float(first[0, -1, 15, 7]) * sign < -0.01 and ends == (sign < 0)


def test_only_what_is_asked_for_is_found_and_only_who_stands_alike(small, codec):
    own = outlined(blot(128, 128, 20, 20, 100, 68))
    assert {small.config.deeds[small.deed[match.number]] for match in small.found({"run": 0.8, "fall": 0.1}, own)} == {
        "run"
    }
    assert len({match.number for match in small.found({"run": 0.5, "fall": 0.4}, own)}) == 2
    assert small.found({"swim": 1.0}, own) == [] and small.found({}, own) == []
    spots = torch.zeros(128, 128)
    spots[10:20, 10:20] = spots[100:110, 100:110] = 1
    assert small.found({"run": 1.0}, outlined(spots)) == []
    assert carried(small, codec, torch.zeros(64, 64), {"run": 1.0}) == []


def test_what_stands_is_not_kept_twice_as_large_as_it_is(codec):
    kept = learned.stored(moves(0.0), codec, "run", "a")
    top, left, low, right = kept.span.tolist()
    assert (top, low, left, right) == (1, 7, 2, 6) and len(kept.latents) == 6 * 6 * 4
    short = moves(0.1)
    assert learned.stored(Moves(short.field[:, :20], short.alpha[:20]), codec, "run", "a") is None
    assert learned.stored(Moves(short.field, torch.zeros_like(short.alpha)), codec, "run", "a") is None


def test_the_repertoire_that_ships_holds_train_clips_alone():
    card = json.loads((loader.WEIGHTS / "repertoire" / "config.json").read_text("utf-8"))
    assert len(card["clips"]) == len(set(card["clips"])) == card["config"]["clips"] > 2000
    if not (FOLDER / "index.jsonl").is_file():
        pytest.skip("the corpus is not here")
    assert set(card["clips"]) <= {entry.key for entry in Corpus(FOLDER, "train").entries["actors"]}


def standing(size: int = 96) -> np.ndarray:
    """A picture of a dark figure before a light ground."""
    picture = np.full((size, size, 3), 205, np.uint8)
    picture[size // 4 : 3 * size // 4, 3 * size // 8 : 5 * size // 8] = (90, 50, 30)
    return picture


def asked(prompt: str, **fields):
    return Request(task="animate", prompt=prompt, **{"size": 96, "seconds": 0.7, "seed": 3} | fields)


class Retrieving:
    """A nano that retrieves a given movement, and sees given shares of the action."""

    def __init__(self, nano, monkeypatch, shares: list[float]):
        self.asked, self.seen = [], chain(shares, repeat(0.1))
        monkeypatch.setattr(nano, "retrieve", self.retrieve, raising=False)
        monkeypatch.setattr(
            nano, "rank", lambda clips, wanted: (0, next(self.seen)) if list(clips) else None, raising=False
        )

    def retrieve(self, prompt, opacity, guess, fps, seed):
        self.asked.append(SimpleNamespace(prompt=prompt, guess=guess, fps=fps, seed=seed))
        for right in range(1, 20):
            steps = torch.linspace(0, -0.01 * right, guess.shape[1] + 1)[1:].view(1, -1, 1, 1)
            yield torch.cat((steps, torch.zeros_like(steps))).expand(-1, -1, 24, 24), False


def middle(frame: np.ndarray) -> float:
    """How far right the dark figure stands, in widths."""
    dark = frame.mean(-1) < 140
    return float(np.nonzero(dark)[1].mean()) / frame.shape[1]


def run(nano, prompt: str, **fields):
    return list(make.make(asked(prompt, **fields), image=standing(), backbone=nano))


def test_the_first_in_which_the_action_is_seen_is_shown_and_nothing_else_moves(nano, monkeypatch):
    stub = Retrieving(nano, monkeypatch, [0.1, 0.2, 0.7])
    steps = run(nano, "the archer falls down")
    clip = steps[-1].result.clip.frames
    assert middle(clip[-1]) - middle(clip[0]) == pytest.approx(0.03, abs=0.01)
    assert len(stub.asked) == 1 and np.array_equal(clip[0], standing())
    assert np.abs(clip.astype(int) - clip[:1])[:, :16].max() <= 1
    shares = [step.fraction for step in steps]
    assert shares == sorted(shares) and shares[-1] == 1 and [step.step for step in steps[:3]] == [1, 2, 3]
    assert steps[0].preview().frames.shape[0] > 1


def test_of_those_that_are_seen_little_the_best_is_shown(nano, monkeypatch):
    Retrieving(nano, monkeypatch, [0.1, 0.4, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3])
    clip = run(nano, "the archer falls down")[-1].result.clip.frames
    assert middle(clip[-1]) - middle(clip[0]) == pytest.approx(0.02, abs=0.008)


def test_where_no_action_is_seen_the_flow_makes_a_clip_and_the_better_is_shown(nano, monkeypatch):
    Retrieving(nano, monkeypatch, [0.1, 0.1, 0.1])
    made = []
    best = nano.rank
    monkeypatch.setattr(
        nano, "rank", lambda clips, wanted: made.append(len(found := list(clips))) or best(found, wanted), raising=False
    )
    run(nano, "the archer falls down", candidates=3)[-1]
    assert made[:4] == [1, 1, 1, 3]


@pytest.mark.parametrize(
    ("prompt", "fields"),
    [
        ("the camera zooms in", {}),
        ("the archer falls down", {"candidates": 1}),
        ("the archer runs to the left", {"loop": True}),
        ("the archer stands, the camera orbits to the left", {}),
    ],
)
def test_nothing_is_retrieved_where_no_action_is_asked_or_a_clip_is_no_picture_that_is_moved(
    nano, monkeypatch, prompt, fields
):
    stub = Retrieving(nano, monkeypatch, [])
    with pytest.raises(Cancelled):
        for step in make.make(asked(prompt, **fields), image=standing(), backbone=nano, cancel=lambda: True):
            assert step
    assert not stub.asked


@pytest.mark.parametrize(("said", "rate"), [(" slowly", 0.6), (" fast", 1.5), ("", 1.0)])
def test_who_is_to_be_fast_does_the_same_in_less_time(nano, monkeypatch, said, rate):
    stub = Retrieving(nano, monkeypatch, [0.1, 0.1, 0.1, 0.9])
    clip = run(nano, f"the archer falls down{said}")[-1].result.clip.frames
    assert (stub.asked[0].prompt, stub.asked[0].fps) == ("the archer falls down", 24)
    half = (len(clip) - 1) // 2
    assert middle(clip[half]) - middle(clip[0]) == pytest.approx(0.02 * rate, abs=0.008)


def test_who_acts_before_a_camera_that_pans_and_zooms_is_filmed_like_the_ground():
    place = places(32, 32) * 4
    ground = torch.stack((0.25 * (place[0] - 64) + 6, 0.25 * (place[1] - 64)))  # it shrinks to .8, and goes to the left
    own = torch.tensor([-10.0, 4.0]).view(1, 2, 1, 1).expand(2, -1, 32, 32)
    filmed = under_camera(own, ground.expand(2, -1, -1, -1))
    assert torch.allclose(filmed, ground + own, atol=0.3)


@pytest.mark.parametrize("said", ["the camera pans right", "镜头向右摇"])
def test_before_a_camera_that_moves_the_retrieved_subject_is_kept(nano, monkeypatch, said):
    stub = Retrieving(nano, monkeypatch, [0.9])
    steps = run(nano, f"the archer falls down, {said}")
    clip = steps[-1].result.clip.frames
    widths = [np.ptp(np.nonzero(frame.mean(-1) < 140)[1]) for frame in clip]
    assert len(stub.asked) == 1 and max(widths) - min(widths) <= 5
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)


@pytest.fixture
def cut_off(monkeypatch) -> Scene:
    """A dark figure before a light ground, cut by the lower edge."""
    picture = np.full((64, 64, 3), 200, np.uint8)
    picture[20:, 24:40] = 50
    alpha = np.zeros((64, 64, 1), np.uint8)
    alpha[20:, 24:40] = 255
    monkeypatch.setattr(segmentation, "cut_out", lambda picture: np.concatenate((picture, alpha), 2))
    return parse(picture)


def test_a_subject_that_is_cut_by_an_edge_goes_on_beyond_it(cut_off):
    rises = torch.tensor([0.0, BEYOND * 128]).view(1, 2, 1, 1).expand(1, -1, 32, 32)
    (frame,) = layers.acting(cut_off, rises)
    assert frame[18:63, 28:36].max() < 60 and frame[2:14, 28:36].min() > 190 and frame[20:, :20].min() > 190


def test_one_that_is_cut_by_an_edge_rises_less_and_nothing_comes_from_far_outside(cut_off):
    rises = torch.tensor([0.0, 0.3]).view(2, 1, 1, 1).expand(2, 1, 32, 32)
    layer = cut_off.subject
    assert float(within(rises, layer)[1].max()) == pytest.approx(BEYOND * 0.3 / (0.3 - 0.5 / 32), rel=1e-3)
    assert torch.equal(within(-rises, layer), -rises) and torch.equal(within(rises[[1, 0]], layer), rises[[1, 0]])
    (frame,) = layers.acting(cut_off, torch.tensor([0.0, 80.0]).view(1, 2, 1, 1).expand(1, -1, 32, 32))
    assert frame[:20, 28:36].max() < 60 and frame[30:].min() > 190  # it is gone, but for what little is known below it


def test_looking_at_what_is_retrieved_can_be_cancelled(nano, monkeypatch):
    stub, looked = Retrieving(nano, monkeypatch, [0.0] * 20), []
    steps = make.make(asked("the archer falls down"), image=standing(), backbone=nano, cancel=lambda: len(looked) == 2)
    with pytest.raises(Cancelled):
        for step in steps:
            looked.append(step)
    assert len(looked) == 2 and len(stub.asked) == 1


def test_seeds_differ_and_a_seed_says_what_is_made(nano):
    clips = [
        run(nano, "the archer falls down", seed=seed, seconds=0.4, candidates=2)[-1].result.clip.frames
        for seed in (1, 1, 2, 5)
    ]
    assert np.array_equal(clips[0], clips[1])
    assert any(not np.array_equal(clips[0], other) for other in clips[2:])


def test_a_repertoire_is_filled_by_its_recipe_and_read_again(tmp_path):
    (tmp_path / "corpus").mkdir()
    corpus, out = tiny_corpus.make(tmp_path / "corpus"), tmp_path / "out"
    reports = list(recipes.run("repertoire-cpu", corpus, out, clips=2))
    assert (reports[-1].step, reports[-1].steps) == (2, 2)
    made = loader.read_repertoire(out / "repertoire")
    assert made.config.clips == 2 and set(made.config.deeds) <= {"gallop", "walk", "fall", "run"}
    with pytest.raises(InputError, match="trains nothing"):
        next(recipes.run("repertoire-cpu", corpus, out, steps=2))
