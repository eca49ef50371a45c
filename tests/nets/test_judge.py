"""Of several clips the one that shows what was asked is kept: what is seen, what is asked, and who chooses."""

import copy
import random
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_corpus
import torch
from commands import call

from motionalchemy.data.corpus import Corpus
from motionalchemy.errors import Cancelled, InputError
from motionalchemy.flow.sampler import Step
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.nets import judge, pack
from motionalchemy.nets.judge import GRID, Judge, JudgeConfig
from motionalchemy.pipeline import make, sampling, window
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.request import Request
from motionalchemy.train import judge_eyes
from motionalchemy.train.judge_eyes import JudgeRecipe
from motionalchemy.train.loop import Schedule

pytestmark = pytest.mark.usefixtures("actors")


ASKED = {"gallop": ("the horse gallops to the right", "马在飞奔"), "fall": ("the archer falls down", "射手倒在地上")}
NO_ACTION = ("the camera zooms in", "镜头拉近", "a flag flutters in the wind", "雨中的城市")


@pytest.fixture(scope="module")
def nano():
    """One that retrieves nothing: all it shows is made by its flow."""
    model = copy.copy(registry.load("nano"))
    model.repertoire = None
    return model


def drifting(right: float, down: float, frames: int, side: int = 96) -> torch.Tensor:
    """A smooth texture that goes so many pixels a frame: (3, frames, side, side) in [-1, 1]."""
    y, x = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    wave = [torch.sin((x - right * t) / 5) * torch.cos((y - down * t) / 7) for t in range(frames)]
    return torch.stack(wave)[None].expand(3, -1, -1, -1)


@pytest.mark.parametrize(("fps", "frames"), [(24.0, 25), (12.0, 13), (30.0, 31)])
def test_movement_is_in_pixels_of_the_small_picture_each_twelfth_of_a_second(fps, frames):
    seen = judge.movement(drifting(12 / fps, -18 / fps, frames), fps)
    assert seen.shape == (2, 12, GRID, GRID)
    inside = seen[:, :, 3:-3, 3:-3].mean((1, 2, 3))
    assert inside.tolist() == pytest.approx([1.0, -1.5], abs=0.15)


def test_a_clip_of_another_size_moves_as_far():
    seen = judge.movement(drifting(1.0, 0.0, 25, side=192), 24.0)
    assert float(seen[0, :, 3:-3, 3:-3].mean()) == pytest.approx(1.0, abs=0.15)


class Sided(Judge):
    """Sees where things go: the first action is to go left, the second right."""

    def seen(self, movement):
        side = movement[:, 0].mean((1, 2, 3))
        return torch.stack((-side, side), 1).log_softmax(1)


def test_what_is_seen_is_the_mean_of_what_the_eyes_see():
    config = JudgeConfig(["fall", "rear", "rest"], width=2)
    alone = [Judge(config).eval() for _ in range(2)]
    movement = torch.randn(4, 2, 9, GRID, GRID, generator=torch.Generator().manual_seed(0))
    one, other = (each.seen(movement).exp() for each in alone)
    both = judge_eyes.joined(alone, Judge(replace(config, eyes=0))).seen(movement).exp()
    assert torch.allclose(both, (one + other) / 2, atol=1e-6) and not torch.allclose(one, other, atol=1e-3)


def test_actions_that_look_alike_are_wanted_together(nano):
    shares = dict(zip(nano.judge.config.deeds, nano.action("an archer with a sword attacks").tolist(), strict=True))
    assert shares["attack"] == pytest.approx(shares["stab"]) == pytest.approx(shares["weapon:sword"])
    assert shares["attack"] > 0.5 > shares["walk"]


def test_the_best_is_the_one_in_which_the_wanted_is_seen():
    movements = torch.stack([torch.full((2, 5, GRID, GRID), side) for side in (0.5, -1.0, 2.0, -0.3)])
    both = Sided(JudgeConfig(["left", "right"]))
    found = [both.best(movements, torch.tensor(w)) for w in ([1.0, 0.0], [0.0, 1.0])]
    assert [number for number, _ in found] == [1, 2]
    assert [share for _, share in found] == pytest.approx([torch.tensor(2 * x).sigmoid().item() for x in (1.0, 2.0)])


def batch_of(made: list, shares: list[float]):
    """A batch of clips of two steps: the state of a clip in its last step is what share of the action is seen in it."""
    made.append(len(shares))
    return (
        Step(i, 2, 0.0, state, state + 5) for i, state in enumerate((torch.zeros(len(shares)), torch.tensor(shares)), 1)
    )


def seen_best(states: torch.Tensor) -> tuple[int, float]:
    return int(states.argmax()), float(states.max())


@pytest.mark.parametrize(
    ("shares", "steps"),
    [
        ([[0.1, 0.3, 0.2]], [(1, 0.0), (2, 0.3)]),
        ([[0.1, 0.85], [0.9, 0.2]], [(1, 0.0), (4, 0.85)]),  # it is seen: no other batch is asked for
        ([[0.1, 0.4], [0.5]], [(1, 0.0), (2, 0.4), (3, 0.4), (4, 0.5)]),
        ([[0.1, 0.5], [0.3, 0.2]], [(1, 0.0), (2, 0.5), (3, 0.5), (4, 0.5)]),  # the best was of the first batch
        ([[0.0, 0.0], [0.0, 0.0]], [(1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0)]),
    ],
)
def test_batches_are_made_until_the_action_is_seen_and_the_best_so_far_is_shown(shares, steps):
    made, total = list[int](), 2 * len(shares)
    found = list(sampling.best_of([partial(batch_of, made, batch) for batch in shares], seen_best))
    assert [(step.index, step.total) for step in found] == [(index, total) for index, _ in steps]
    assert [step.state.tolist() for step in found] == [[pytest.approx(state)] for _, state in steps]
    assert [step.estimate.tolist() for step in found] == [[pytest.approx(state + 5)] for _, state in steps]
    assert made == [len(batch) for batch in shares][: 1 if 0.85 in shares[0] else None]


@pytest.mark.parametrize(("action", "said"), [(action, one) for action, both in ASKED.items() for one in both])
def test_a_sentence_asks_for_its_action(nano, action, said):
    shares = nano.action(said)
    assert nano.judge.config.deeds[int(shares.argmax())] in (action, {"gallop": "ride_run"}.get(action))
    assert 0.5 < float(shares.max()) <= 1 and float(shares.min()) < 0.1


@pytest.mark.parametrize("said", ["an axeman on a horse attacks with an axe", "骑马的斧手正在挥斧攻击"])
def test_an_action_too_rare_to_be_known_is_heard_as_what_looks_like_it(nano, said):
    """Of axes the corpus has too few to know what is seen; a sentence about one still asks for a strike."""
    shares = dict(zip(nano.judge.config.deeds, nano.action(said).tolist(), strict=True))
    assert "weapon:axe" not in shares and shares["weapon:sword"] > 0.9 and shares["walk"] < 0.1


@pytest.mark.parametrize("said", NO_ACTION)
def test_a_sentence_without_an_action_wants_none(nano, said):
    assert nano.action(said) is None


def asked(prompt: str, **fields):
    picture = np.full((64, 64, 3), 200, np.uint8)
    picture[20:50, 24:40] = (120, 60, 30)
    return {"request": Request(task="animate", prompt=prompt, size=64, seconds=0.7, seed=5, **fields), "image": picture}


def made(nano, prompt: str, **fields) -> np.ndarray:
    return collect(make.make(backbone=nano, **asked(prompt, **fields))).clip.frames


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far two clips are from each other, in grey levels."""
    return float(np.abs(one.astype(np.float32) - other).mean())


def test_the_chosen_clip_is_the_one_made(nano, monkeypatch):
    seen, prompt = [], ASKED["fall"][0]
    whole = nano.rank
    monkeypatch.setattr(
        nano, "rank", lambda clips, *more: seen.append([clip for clip, _ in clips]) or (0, 1.0), raising=False
    )
    first = made(nano, prompt, candidates=3)
    alone = made(nano, prompt, candidates=1)
    assert apart(first, alone) < 0.05 and len(seen) == 1 and len(seen[0]) == 3  # batches round otherwise
    assert (seen[0][0] - seen[0][1]).abs().max() > 0.1 and torch.equal(seen[0][0][:, 0], seen[0][1][:, 0])
    monkeypatch.setattr(nano, "rank", lambda clips, *more: (2, 1.0), raising=False)
    assert apart(first, made(nano, prompt, candidates=3)) > 0.5
    monkeypatch.setattr(nano, "rank", whole, raising=False)
    kept = made(nano, prompt, candidates=3)
    assert np.array_equal(kept, made(nano, prompt, candidates=3))


def test_candidates_in_batches_are_the_same_candidates(nano, monkeypatch):
    seen = list[list[torch.Tensor]]()

    def best(clips, wanted):
        seen.append([clip for clip, _ in clips])
        return 0, 0.1

    monkeypatch.setattr(nano, "rank", best, raising=False)
    made(nano, ASKED["fall"][0], candidates=3)
    monkeypatch.setattr(sampling, "BATCH", 2)
    made(nano, ASKED["fall"][0], candidates=3)
    at_once, first, second = seen
    assert (len(first), len(second)) == (2, 1)
    for one, other in zip(at_once, first + second, strict=True):
        assert (one - other).abs().mean() < 1e-3 < (at_once[0] - at_once[2]).abs().mean()


def test_one_clip_is_made_where_no_action_is_asked_for_or_a_clip_shows_the_movement(nano, monkeypatch):
    monkeypatch.setattr(nano, "rank", lambda *given: pytest.fail("there was nothing to choose"), raising=False)
    made(nano, NO_ACTION[0])
    made(nano, ASKED["gallop"][0])  # who is sent to a side has to go there
    clip = Clip(np.stack([np.roll(asked("x")["image"], n, 1) for n in range(17)]), 24.0)
    collect(make.make(backbone=nano, motion=clip, **asked(ASKED["fall"][0])))


@pytest.mark.parametrize(
    ("wanted", "number", "shown"), [(None, 0, "whole"), ("action", 0, "whole"), ("action", 1, "clip")]
)
def test_a_subject_is_not_shown_whole_where_that_hides_its_action(wanted, number, shown):
    clips = {name: Clip(np.full((5, 32, 32, 3), grey, np.uint8), 24.0) for name, grey in (("clip", 9), ("whole", 99))}
    seen = []
    some = SimpleNamespace(
        action=lambda prompt: wanted,
        rank=lambda clips, action: seen.extend(video for video, _ in clips) or (number, 0.9),
        model=SimpleNamespace(device=torch.device("cpu")),
        job=SimpleNamespace(full=(16, 16)),
    )
    assert window.better(some, SimpleNamespace(prompt="it rears up"), **clips) is clips[shown]
    assert [video.shape for video in seen] == [(3, 5, 16, 16)] * (2 * bool(wanted))


@pytest.mark.parametrize(
    ("full", "size"), [((256, 256), (256, 256)), ((128, 160), (128, 160)), ((512, 768), (256, 384))]
)
def test_clips_are_compared_at_a_size_of_their_own_shape(full, size):
    assert sampling.compared_size(full) == size


def test_a_choice_can_be_cancelled(nano, monkeypatch):
    looking = []
    monkeypatch.setattr(
        nano, "rank", lambda clips, *more: looking.append(next(iter(clips))) or list(clips), raising=False
    )
    with pytest.raises(Cancelled):
        collect(make.make(backbone=nano, cancel=lambda: bool(looking), **asked(ASKED["fall"][0], candidates=3)))
    assert len(looking) == 1


def test_candidates_are_for_models_that_can_choose(tmp_path):
    with pytest.raises(InputError, match="candidates 4 is not for ideal"):
        collect(make.make(**asked("it drifts to the left", model="ideal", candidates=4)))
    with pytest.raises(InputError, match="candidates"):
        make.make(Request(task="edit", prompt="make it blue", video="a.mp4", candidates=2)).__next__()
    assert call("animate", "a.png", "it walks", "--candidates", 33) == 2


def test_a_judge_is_trained_from_train_samples_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(judge_eyes, "FEWEST", 1)
    (tmp_path / "corpus").mkdir()
    corpus, out = tiny_corpus.make(tmp_path / "corpus"), tmp_path / "out"
    recipe = JudgeRecipe(eyes=2, width=4, schedule=Schedule(2, 1e-3), heard=Schedule(2, 1e-3), decoded=1, count=4)
    actors = len(Corpus(corpus, "train").entries["actors"])
    assert list(judge_eyes.build(recipe, corpus, out, workers=1)) == [(actors, actors)]
    data = judge_eyes.JudgeData(recipe, out / "deeds")
    seen = data.batch(3)
    assert torch.equal(seen.movement, data.batch(3).movement) and seen.movement.shape[1:2] == (2,)
    reports = list(judge_eyes.train_judge(recipe, corpus, out))
    assert [report.step for report in reports[-6:]] == [1, 2] * 3
    assert reports[-3].losses["seen"] > 0 and reports[-1].losses["asked"] > 0
    model = pack.load(out / "judge", "judge", lambda config: Judge(JudgeConfig(**config)))[0]
    assert (model.config.deeds, model.config.eyes) == (data.actions, 2)
    first, other = (eye.head[1].weight for eye in model.eyes)
    assert not torch.equal(first, other)


def test_movements_seen_otherwise_keep_how_much_they_move():
    x = torch.randn(6, 2, 24, GRID, GRID, generator=torch.Generator().manual_seed(0))
    other = judge_eyes.seen_otherwise(x, torch.Generator().manual_seed(random.Random(1).getrandbits(60)))
    assert 20 < other.shape[2] <= 24 and 0.2 < float(other.std() / x.std()) < 1.4
