"""Every task from Python, on the exact model: clips that drift, whose every frame is known, through the public names."""

import inspect
import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import motionalchemy as ma
from motionalchemy.errors import InputError, PlanRefused
from motionalchemy.media import reader, resize, writer
from motionalchemy.models import base
from motionalchemy.models.base import Card
from motionalchemy.models.ideal import DRIFTS, Ideal, _drifts
from motionalchemy.models.registry import MODELS
from motionalchemy.pipeline import conditioning, job, settle
from motionalchemy.pipeline.make import collect
from motionalchemy.pipeline.options import MEANING
from motionalchemy.pipeline.request import SHARED, TASKS, Request, parse

SIDE, FPS = 64, 8  # a quarter of a side in a second: two pixels a frame, one at half the size
QUICK = {"model": "ideal", "steps": 6}


@pytest.fixture(scope="module")
def picture():
    few = np.random.default_rng(0).integers(0, 255, (5, 5, 3), np.uint8)
    return np.array(Image.fromarray(few).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def source(picture):
    """20 frames that drift to the left."""
    return ma.Clip(drifting(picture, 20), FPS)


def drifting(picture, count, way=-1):
    return np.stack([np.roll(picture, 2 * way * n, 1) for n in range(count)])


def result(**asked):
    return collect(ma.steps(**QUICK, **asked))


def moves(clip):
    """For each two frames: -1 left, 1 right by two pixels, 0 anything else."""
    ways = {-1: -2, 1: 2}
    return [next((w for w, by in ways.items() if (np.roll(a, by, 1) == b).all()), 0) for a, b in pairwise(clip.frames)]


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.square(a.astype(float) - b).mean(), 1e-9))


# Long clips


def test_a_long_clip_drifts_on_through_all_its_windows(picture):
    clip = ma.animate(picture, "it drifts left", seconds=12, fps=FPS, **QUICK)
    assert (clip.frames == drifting(picture, 97)).all()


def test_words_change_where_they_are_due(picture):
    clip = ma.animate(picture, "0-2: it drifts left | 2-4: 向右漂移", seconds=4, fps=FPS, **QUICK)
    assert moves(clip) == [-1] * 15 + [0] + [1] * 16  # at second 2 it jumps: the exact model knows no clip that turns
    with pytest.raises(InputError, match="goes on at second 9, after the end"):
        ma.animate(picture, "0-9: left | 9-10: right", seconds=4, fps=FPS, **QUICK)


def test_windows_draw_their_own_noise_and_repeat(picture):
    asked = {"image": picture, "prompt": "a picture", "seconds": 6, "fps": FPS}
    one, same = result(**asked, seed=4).clip, result(**asked, seed=4).clip
    assert np.array_equal(one.frames, same.frames)
    clips = {result(**asked, seed=n).clip.frames.tobytes() for n in range(5)}
    assert len(clips) > 1


@pytest.mark.parametrize("have", [20, 5, 1])
def test_extend_goes_on_from_what_is_there(picture, have):
    clip = ma.extend(ma.Clip(drifting(picture, have), FPS), "left", seconds=3, **QUICK)
    assert len(clip) == have + 24 and clip.fps == FPS
    assert (clip.frames == drifting(picture, have + 24)).all()


def test_what_a_model_cannot_show_of_a_clip_does_not_jump_where_it_goes_on(source):
    """A model whose every frame comes out too bright: the clip turns brighter over some frames, not at once."""

    model = ma.load("ideal", "cpu")
    exact = model.decode
    model.decode = lambda latents, picture=None: exact(latents, picture) + 0.3
    longer = ma.extend(source, "still", seconds=2, backbone=model, steps=6)
    light = longer.frames[len(source) - 1 :].mean((1, 2, 3))
    steps = np.diff(light)
    assert light[-1] - light[0] > 20
    assert steps.max() < 0.4 * (light[-1] - light[0])


def test_extend_keeps_the_size_and_rate_of_its_clip():
    clip = ma.Clip(np.full((10, 90, 150, 3), 90, np.uint8), 29.97)
    longer = ma.extend(clip, "still", seconds=1, **QUICK)
    assert longer.frames.shape[1:] == (90, 150, 3) and longer.fps == 29.97 and len(longer) == 10 + 28
    assert (longer.frames[:10] == clip.frames).all() and np.abs(longer.frames.astype(int) - 90).max() <= 1


# Loops, last pictures, text alone


def test_a_loop_comes_back_without_showing_its_first_frame_twice(picture):
    made = result(image=picture, prompt="it stands still", loop=True, seconds=2, fps=FPS)
    assert len(made.clip) == 16 and made.found["landing"] == [{"picture": "image", "frame": 16, "psnr": 100.0}]
    drifts = result(image=picture, prompt="left", loop=True, seconds=4, fps=FPS)  # a whole turn is 4 seconds
    assert len(drifts.clip) == 32 and moves(drifts.clip) == [-1] * 31
    assert (np.roll(drifts.clip.frames[-1], -2, 1) == drifts.clip.frames[0]).all()


def test_a_model_without_views_closes_a_loop_by_its_clocks(picture):
    model = ma.load("ideal")
    model.honours = frozenset({"clocks"})
    clip = ma.animate(picture, "left", loop=True, seconds=2, fps=FPS, backbone=model, steps=6)
    assert len(clip) == 16 and psnr(clip.frames[-1], picture) > psnr(clip.frames[8], picture)
    with pytest.raises(PlanRefused, match=r"cannot honour reference:view; use .*ideal"):
        ma.animate(picture, "left", last=picture, seconds=2, fps=FPS, backbone=model)


def test_a_last_picture_decides_and_is_met(picture):
    made = result(image=picture, prompt="it drifts", last=np.roll(picture, 32, 1), seconds=2, fps=FPS)
    assert moves(made.clip) == [1] * 16
    assert made.found["landing"][0] | {"psnr": 0} == {"picture": "last", "frame": 16, "psnr": 0}


def test_imagine_gives_a_clip_or_a_still(tmp_path):
    clip = ma.imagine("anything", seconds=1, fps=FPS, **QUICK)
    assert clip.frames.shape == (9, SIDE, SIDE, 3)
    still = result(task="imagine", prompt="anything", seconds=0, output=tmp_path / "a.png")
    assert len(still.clip) == 1 and reader.read_image(tmp_path / "a.png").shape == (SIDE, SIDE, 3)
    longer = ma.imagine("anything", seconds=6, fps=FPS, **QUICK)
    assert len(longer) == 49


# Views


def test_an_orbit_passes_its_views_in_the_order_that_is_shortest(picture):
    views = [np.roll(picture, -2 * at, 1) for at in (0, 12, 4, 8)]
    made, notes = None, []
    for at in ma.steps(task="orbit", views=views, prompt="it drifts", seconds=1.5, fps=FPS, **QUICK):
        made, notes = at.result, notes + [at.note] * bool(at.note)
    assert notes == ["the views are passed in the order 1, 3, 4, 2; --angles fixes another"]
    assert [(row["picture"], row["frame"]) for row in made.found["landing"]] == [
        ("views 3", 4),
        ("views 4", 8),
        ("views 2", 12),
    ]
    assert min(row["psnr"] for row in made.found["landing"]) > 40
    assert (made.clip.frames == drifting(picture, 13)).all()


def test_many_views_share_windows_and_are_all_met(picture):
    turns = [np.roll(picture, -2 * at, 1) for at in range(0, 72, 8)]
    made = result(task="orbit", views=turns, angles=[float(45 * n) for n in range(9)], fps=FPS)
    assert len(made.clip) == 65 and [row["frame"] for row in made.found["landing"]] == list(range(8, 65, 8))
    assert min(row["psnr"] for row in made.found["landing"]) > 40
    assert made.request.prompt == settle.SWEEP


def test_closing_comes_back_to_the_first_view(picture):
    views = [picture, np.roll(picture, -32, 1)]
    made = result(task="orbit", views=views, angles=[0.0, 180.0], close=True, seconds=4, fps=FPS, prompt="left")
    assert [row["picture"] for row in made.found["landing"]] == ["views 2", "views 1"]
    assert (made.clip.frames[-1] == picture).all()
    asked = parse({"task": "orbit", "views": ["a", "b"], "angles": [0, 180], "close": True, "seconds": 4, "fps": FPS})
    ready = job.prepare(asked.model_copy(update={"model": "ideal", "views": None}), memory=settle.Memory(views=views))
    assert [(due.frame, due.angle) for due in ready.due] == [(16, 180), (32, 360)]


# Retake and edit


def test_a_retake_makes_its_span_again_and_leaves_the_rest(picture, source):
    broken = source.frames.copy()
    broken[6:12] = 0
    clip = ma.retake(ma.Clip(broken, FPS), "left", begin=0.75, end=1.5, **QUICK)
    assert (clip.frames == source.frames).all()


def test_a_long_retake_goes_through_windows_and_ends_where_the_clip_goes_on(picture):
    whole = drifting(picture, 120)
    broken = whole.copy()
    broken[24:104] = 0
    clip = ma.retake(ma.Clip(broken, FPS), "left", begin=3, end=13, **QUICK)
    assert (clip.frames == whole).all()


@pytest.mark.parametrize("method", ["contrast", "redraw"])
def test_an_edit_without_training_changes_what_the_words_say(picture, source, method):
    clip = ma.edit(source, "it drifts right", method=method, source_prompt="it drifts left", **QUICK)
    assert psnr(clip.frames, drifting(picture, 20, 1)) > 40


def test_an_edit_of_any_length_is_one_movement(picture):
    clip = ma.Clip(drifting(picture, 75), FPS)
    edited = ma.edit(clip, "it drifts right", method="contrast", source_prompt="it drifts left", **QUICK)
    assert psnr(edited.frames, drifting(picture, 75, 1)) > 40


def test_a_gentle_redraw_keeps_the_clip(source):
    kept = ma.edit(source, "a picture", method="redraw", strength=0.05, **QUICK)
    assert psnr(kept.frames, source.frames) > 35


@pytest.mark.parametrize("honours", [base.ABILITIES, frozenset({"clocks", "pictures", "reference:source"})])
def test_outside_its_region_an_edit_is_exactly_the_source(tmp_path, honours):
    """A source of a size that is on no grid; with and without a model that can tell positions apart."""
    rng = np.random.default_rng(1)
    few = rng.integers(0, 255, (6, 9, 3), np.uint8)
    big = np.array(Image.fromarray(few).resize((150, 101), Image.Resampling.BICUBIC))
    source = ma.Clip(np.stack([np.roll(big, n, 1) for n in range(12)]), 12.0)
    mask = np.zeros((101, 150), np.uint8)
    mask[30:70, 40:110] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    model = ma.load("ideal")
    model.honours = honours
    for method in ("reference", "contrast", "redraw"):
        clip = ma.edit(
            source, "left", region=str(tmp_path / "mask.png"), method=method, backbone=model, model="ideal", steps=4
        )
        changed = (clip.frames != source.frames).any(-1)
        assert clip.frames.shape == source.frames.shape and clip.fps == 12
        assert not changed[:, mask == 0].any() and changed[4:, mask > 0].mean() > 0.5


def test_the_default_method_is_what_the_model_can():
    row = MODELS["ideal"]
    asked = parse({"task": "edit", "prompt": "a", "video": "a.mp4", "model": "ideal"})
    assert settle.settle(asked, row).method == "reference" and settle.settle(asked, row).stages == 2
    plain = replace(row, honours=row.honours - {"reference:source"})
    settled = settle.settle(asked, plain)
    assert (settled.method, settled.stages, settled.strength, settled.guidance) == ("contrast", 1, 0.9, 2.0)
    with pytest.raises(InputError, match="stages 2 is not for method contrast"):
        settle.settle(asked.model_copy(update={"stages": 2}), plain)


# A model that decodes large pictures


class Sharp(Ideal):
    """An ideal model that gives frames of its picture's size, as large as the picture is."""

    shown: tuple = ()

    def decode(self, latents, picture=None):
        frames = super().decode(latents)
        if picture is None or picture.shape[3:] == frames.shape[3:]:
            return frames
        self.shown = (*self.shown, tuple(picture.shape))
        return picture.expand(-1, -1, frames.shape[2], -1, -1)


def test_a_large_size_is_decoded_beside_the_picture(monkeypatch, picture):
    row = replace(MODELS["ideal"], sizes=(16, 2048), native=64)
    monkeypatch.setitem(MODELS, "ideal", row)
    model = Sharp(_drifts, [*DRIFTS], row.grid)
    large = np.array(Image.fromarray(picture).resize((500, 300)))
    clip = ma.animate(large, "still", size=512, seconds=1, fps=FPS, backbone=model, model="ideal", steps=2)
    assert clip.height * clip.width == pytest.approx(512**2, rel=0.05)
    assert max(max(shape[3:]) for shape in model.shown) == clip.width
    assert (clip.frames == resize.fit(large, clip.height, clip.width)).all()


def test_later_windows_are_held_to_a_picture_that_was_given(monkeypatch, picture, source):
    """Where latents say how a clip differs from its frame 0, that is the given picture, or where a clip was taken up."""
    monkeypatch.setitem(MODELS, "ideal", replace(MODELS["ideal"], anchored=True))
    heads, real = [], conditioning._moving

    def seen(*arguments):
        found = real(*arguments)
        heads.append(found.head)
        return found

    monkeypatch.setitem(conditioning.CONDITIONING, "animate", seen)
    monkeypatch.setitem(conditioning.CONDITIONING, "extend", seen)
    clip = ma.animate(picture, "still", seconds=6, fps=FPS, **QUICK)
    later = [head for head in heads if len(head) > 1 and head.shape[1:] == picture.shape]
    assert len(clip) == 49 and len(later) == 3 and all((head[0] == picture).all() for head in later)
    heads.clear()
    ma.extend(source, "left", seconds=5, **QUICK)
    later = [head for head in heads if head.shape[1:] == picture.shape]
    assert len(later) == 4 and all((head[0] == source.frames[15]).all() for head in later)


# Refusals, needs, and what is told


@pytest.mark.parametrize("task", TASKS)
def test_a_task_that_a_model_cannot_do_is_refused_before_it_loads(monkeypatch, picture, source, task):
    def reached(*_):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Card, "load", reached)
    monkeypatch.setitem(MODELS, "ideal", replace(MODELS["ideal"], honours=frozenset(), loader="nowhere:nothing"))
    asked = {
        "animate": {"image": picture, "prompt": "a"},
        "imagine": {"prompt": "a", "seconds": 20},
        "extend": {"video": source, "prompt": "a"},
        "edit": {"video": source, "prompt": "a", "method": "reference"},
        "orbit": {"views": [picture, picture]},
        "retake": {"video": source, "prompt": "a", "begin": 1.0, "end": 2.0},
    }[task]
    with pytest.raises(PlanRefused, match=r"ideal cannot honour (clocks|reference:\w+)"):
        result(task=task, **asked)


def test_needs_name_what_later_windows_ask_for(picture):
    def needs(**fields):
        memory = {"image": picture, "views": None} | {k: v for k, v in fields.items() if not isinstance(v, int | float)}
        asked = parse({"prompt": "a", "model": "ideal", **{k: v for k, v in fields.items() if k not in memory}})
        return conditioning.needs(job.prepare(asked, memory=settle.Memory(**memory)))

    assert needs() == {"clocks"}
    assert needs(seconds=20) == {"clocks", "reference:anchor"}
    assert needs(last=picture) == {"clocks", "reference:view"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"task": "extend", "prompt": "a"}, "extend needs a clip: give the path"),
        ({"task": "orbit"}, "orbit needs two or more views"),
        ({"prompt": "a"}, "animate needs an image"),
        ({"task": "orbit", "views": [np.zeros((64, 64, 3), np.uint8)]}, "takes 2 to 64 views, not 1"),
        ({"task": "retake", "prompt": "a", "begin": 9.0, "end": 10.0}, "begin 9 is after the clip, which ends at 2.5"),
        ({"task": "retake", "prompt": "a", "begin": 1.0, "end": 1.01}, "hold no frame at 8 fps"),
        ({"task": "edit", "prompt": "a", "region": "mask.png"}, "'mask.png' does not exist"),
    ],
)
def test_what_is_missing_or_beyond_the_clip_is_one_sentence(source, asked, words):
    if asked["task" if "task" in asked else "prompt"] in ("retake", "edit"):
        asked = {**asked, "video": source}
    with pytest.raises(InputError, match=words) as refusal:
        result(**asked)
    assert "\n" not in str(refusal.value)


def test_progress_counts_windows_and_all_the_work(picture):
    seen = list(ma.steps(picture, "left", seconds=12, fps=FPS, **QUICK))
    fractions = [at.fraction for at in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1 and math.isclose(fractions[-2], 1)
    assert [at.window for at in seen] == sorted(at.window for at in seen) and seen[-1].windows > 3
    assert seen[7].preview().frames.shape[0] == seen[0].preview().frames.shape[0]


def test_the_sidecar_holds_what_the_task_takes_and_what_was_found(tmp_path, picture, source):
    output = tmp_path / "a.mp4"
    result(task="retake", video=writer.write(source, tmp_path / "s.mp4"), prompt="a", begin=1.0, end=2.0, output=output)
    facts = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert facts["request"]["begin"] == 1 and "fps" not in facts["request"] and "image" not in facts["request"]
    assert facts["inputs"].keys() == {"video"} and facts["found"] == {}


# The functions as they describe themselves


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_function_names_every_option_of_its_task_with_its_default(task):
    function = getattr(ma, task)
    given = inspect.signature(function).parameters
    wanted = {*TASKS[task].needs, *TASKS[task].takes, *SHARED} - {"task"}
    assert given.keys() == wanted | {"output", "backbone", "cancel"}
    for name, parameter in given.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            assert parameter.default == (Request.model_fields[name].default if name in Request.model_fields else None)
            assert f"    {name}: {MEANING[name]}" in function.__doc__
        assert parameter.annotation is not parameter.empty
    assert inspect.signature(function).return_annotation is ma.Clip
