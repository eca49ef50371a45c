"""The layout of long clips: every frame made once, every window on the grid, prompts where they belong; and views."""

import itertools

import numpy as np
import pytest
import torch

from motionalchemy.errors import InputError
from motionalchemy.flow.grid import Grid
from motionalchemy.language import script
from motionalchemy.pipeline import plans, windows
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.render import handover
from motionalchemy.scene import views

GRID = Grid(16, 8, 64)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a horse", [(0, "a horse")]),
        ("0-4: walks | 4-8: runs", [(0, "walks"), (4, "runs")]),
        ("0-1.5：走 ｜ 1.5～3：跑", [(0, "走"), (1.5, "跑")]),
        ("at 12:30 it runs | or not", [(0, "at 12:30 it runs | or not")]),
    ],
)
def test_prompts_by_the_second(text, parts):
    assert script.timed_prompts(text) == parts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0-4: walks | 5-8: runs", "'5-8: runs' does not go on from second 4"),
        ("1-4: walks", "does not go on from second 0"),
        ("0-4: walks | runs", "'runs' in the prompt has no seconds"),
        ("0-4: a | 4-4: b", "does not go on"),
    ],
)
def test_prompts_with_gaps_are_refused(text, words):
    with pytest.raises(InputError, match=words):
        script.timed_prompts(text)


@pytest.mark.parametrize(
    ("fresh", "total", "longest"), [*itertools.product((0, 1, 5, 30), (49, 50, 97, 721), (25, 49))]
)
@pytest.mark.parametrize("cuts", [(), (20,), (20, 21, 300)])
def test_windows_make_every_frame_once_and_lie_on_the_grid(fresh, total, longest, cuts):
    words = [(0, "first"), *((cut, f"from {cut}") for cut in cuts)]
    spans = windows.spans(GRID, longest, fresh, total, words)
    assert [s.fresh for s in spans] == [fresh, *(s.stop for s in spans[:-1])] and spans[-1].stop == total
    for span in spans:
        assert GRID.latent_frames(span.end - span.begin) and span.end - span.begin <= longest
        assert span.known in (0, 1, 9) and (span.known > 0) == (span.fresh > 0)
        assert not [cut for cut in cuts if span.fresh < cut < span.stop]
        assert span.prompt == next(prompt for at, prompt in reversed(words) if at <= span.fresh)


def test_a_window_before_known_frames_sees_them():
    for total in range(60, 140, 8):
        *_, last = windows.spans(GRID, 49, 20, total, [(20, "again")], after=16)
        assert last.stop == total and last.end >= total + 16 and last.end - last.begin <= 49


def test_copies_cover_a_stretch():
    spans = windows.copies(3, 100, 49)
    assert [(s.fresh, s.stop, s.prompt) for s in spans] == [(3, 52, None), (52, 100, None)]
    assert windows.copies(5, 5, 49) == []


def encode(frames):
    return torch.zeros(1, 2, GRID.latent_frames(len(frames)), 3, 4)


def frames(count):
    return np.zeros((count, 6, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("head", "closed", "known"), [(0, False, []), (1, False, [0]), (9, False, [0, 1]), (1, True, [0, 6])]
)
def test_what_is_known_of_a_moving_window(head, closed, known):
    given = Conditioning(49, frames(head) if head else None, closed=closed)
    plan = plans.moving(given, GRID, encode, torch.zeros(1, 2, 1, 3, 4))
    assert plan.value.shape == (1, 2, 7, 3, 4)
    assert (plan.strength[0, 0, :, 0, 0] == 0).nonzero().flatten().tolist() == known


def test_a_retake_frees_the_groups_that_hold_its_frames():
    given = Conditioning(49, frames(1), clip=frames(49), free=(9, 26))
    plan = plans.retaken(given, GRID, encode, torch.zeros(1))
    assert plan.strength.flatten().tolist() == [0, 0, 1, 1, 1, 0, 0]


def test_an_edit_is_free_inside_its_mask_and_its_head_is_known():
    mask = np.zeros((49, 6, 8), np.float32)
    mask[20, 5, 7] = 1  # frame 20 is in the fourth latent frame
    given = Conditioning(49, frames(9), clip=frames(49), source=frames(49), mask=mask, free=(9, 49))
    plan = plans.edited(given, GRID, encode, "redraw", 0.5, by_position=True)
    assert (plan.strength > 0).nonzero().tolist() == [[0, 0, 3, 2, 3]] and plan.top == 0.5
    plan = plans.edited(given, GRID, encode, "contrast", 0.9, by_position=False)
    assert plan.strength.flatten().tolist() == pytest.approx([0, 0, 0.9, 0.9, 0.9, 0.9, 0.9])
    assert plan.noised is not None and not plan.noised.any() and not plan.references
    assert [r.role for r in plans.edited(given, GRID, encode, "reference", 1.0, False).references] == ["source"]


# Views


def on_a_line(*places):
    return np.abs(np.subtract.outer(places, places)).astype(float)


@pytest.mark.parametrize("exact", [12, 1], ids=["exact", "improved"])
def test_the_shortest_path_through_views_is_found(monkeypatch, exact):
    monkeypatch.setattr(views, "EXACT", exact)
    assert views.order(on_a_line(0, 3, 1, 4, 2)) == [0, 2, 4, 1, 3]
    rng = np.random.default_rng(1)
    for close in (False, True):
        points = rng.normal(size=(6, 2))
        apart = np.linalg.norm(points[:, None] - points, axis=-1)
        paths = [(0, *rest) for rest in itertools.permutations(range(1, 6))]
        lengths = [sum(apart[a, b] for a, b in itertools.pairwise([*p, 0] if close else p)) for p in paths]
        found = views.order(apart, close)
        length = sum(apart[a, b] for a, b in itertools.pairwise([*found, 0] if close else found))
        assert (
            found[0] == 0
            and sorted(found) == list(range(6))
            and length <= min(lengths) * (1.0001 if exact > 1 else 1.2)
        )


def test_views_that_look_alike_are_near():
    y, x = np.mgrid[:48, :64]
    turned = [
        np.repeat((128 + 100 * np.sin((x + s) / 9 + y / 30)).astype(np.uint8)[..., None], 3, 2) for s in (0, 6, 3)
    ]
    assert views.order(views.distances(turned)) == [0, 2, 1]


def test_views_stand_at_whole_latent_frames_and_never_together():
    assert views.due_frames(4, 49, GRID) == [0, 16, 32, 48]
    assert views.due_frames(4, 49, GRID, [0, 10, 90, 100]) == [0, 8, 40, 48]
    assert views.due_frames(3, 17, GRID, [0, 0, 360]) == [0, 8, 16]
    with pytest.raises(InputError, match=r"17 frames are too few for 4 views.*3 views at most"):
        views.due_frames(4, 17, GRID)


def test_frames_are_led_to_a_picture_and_the_miss_is_told_before():
    clip, picture = np.full((20, 4, 4, 3), 100, np.uint8), np.full((4, 4, 3), 140, np.uint8)
    led = handover.blended_to(clip, 19, picture)
    assert (led[19] == picture).all() and (led[:16] == clip[:16]).all()
    assert led[15:, 0, 0, 0].tolist() == [100, 110, 120, 130, 140]
    assert handover.blended_to(clip, 10, picture)[6:15, 0, 0, 0].tolist() == [
        100,
        110,
        120,
        130,
        140,
        130,
        120,
        110,
        100,
    ]
    assert handover.landing(clip[19], picture) == pytest.approx(20 * np.log10(255 / 40), abs=0.01)
    assert handover.landing(picture, picture) == 100
