"""Every task of the suite with the exact model, which must reach the ceiling, and what sets the tasks apart."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_corpus

from motionalchemy.errors import InputError
from motionalchemy.evaluate import baselines, cases, heldout, intervals, report, scores, suite
from motionalchemy.evaluate.fidelity import psnr
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry

GROUPS = ("fidelity", "movement", "verbs", "edit", "views", "seam")
OURS = ("model, English", "model, Chinese")
FRAMES = 13


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every task but animate, asked in one folder one after another; each texture drifts 8 pixels."""
    out = tmp_path_factory.mktemp("tasks") / "ideal"
    for task in suite.TASKS[1:]:
        settings = suite.Settings("ideal", task, 8, size=64, seconds=(FRAMES - 1) / 24, groups=GROUPS)
        list(suite.evaluate(settings, out, corpus=Path("nowhere")))
    return out


def rows(run: Path, task: str) -> dict:
    found = report.read(run / "report.json")["tasks"][task]["rows"]
    assert all(row["refused"] is None for row in found.values())
    return {row: {name: interval["mean"] for name, interval in it["metrics"].items()} for row, it in found.items()}


@pytest.mark.parametrize("task", suite.TASKS[1:])
def test_the_exact_model_reaches_the_ceiling_of_every_task(run: Path, task: str):
    found = report.read(run / "report.json")["tasks"][task]["rows"]
    truth = found["true clip"]["metrics"]
    ceiling = 35 if task == "edit" else 45  # no frame of an edit is known, so its picture comes from the coarse stage
    for row in OURS:
        ours = found[row]["metrics"]
        assert ours.keys() == truth.keys()
        moving = [value for key, value in found[row]["scores"]["flow_correlation"].items() if not key.endswith("still")]
        assert len(moving) == 7 and min(moving) > 0.98  # stillness has no direction to correlate
        assert ours["movement"]["mean"] == pytest.approx(truth["movement"]["mean"], rel=0.05)
        if "psnr" in ours:
            assert ours["psnr"]["low"] > ceiling and ours["psnr"]["n"] == 8


def test_verbs_are_told_by_movement_and_a_still_picture_tells_none_but_stillness(run: Path):
    found = rows(run, "verbs")
    assert [found[row]["told"] for row in (*OURS, "true clip", "still image")] == [1, 1, 1, 1 / 8]
    assert found["true clip"]["chance"] == pytest.approx(1 / 5)
    assert [found[row]["nearer"] for row in (*OURS, "true clip")] == [1, 1, 1]
    assert found["still image"]["nearer"] == pytest.approx((7 * 1.5 / 4 + 1) / 8)  # one of each five stands still, too
    assert found["true clip"]["amplitude"] == 1 and found["still image"]["amplitude"] == 0


def test_a_ratio_is_shown_by_its_median_and_quartiles(run: Path):
    ratios = report.read(run / "report.json")["tasks"]["verbs"]["rows"]["model, English"]["metrics"]["amplitude"]
    assert ratios["low"] <= ratios["mean"] <= ratios["high"] and ratios["n"] == 7  # one of eight stands still
    assert intervals.quartiles([3.0, 1.0, 2.0, 5.0, 4.0]) == (3, 2, 4, 5)


def test_an_edit_beats_its_source_and_says_what_it_kept(run: Path):
    found = rows(run, "edit")
    assert found["source unchanged"]["psnr"] < 30 < found["model, English"]["psnr"]
    assert found["source unchanged"]["kept_flow"] == pytest.approx(1)
    assert found["true clip"]["kept_flow"] < 0.5  # the texture drifts another way than its source


def test_orbits_land_and_extensions_join(run: Path):
    orbit, extend = rows(run, "orbit"), rows(run, "extend")
    assert orbit["model, English"]["landing"] > 45 and orbit["true clip"]["landing"] == 100
    assert orbit["cross-fade"]["landing"] == 100 and orbit["cross-fade"]["midway_psnr"] < 40
    assert orbit["model, English"]["midway_psnr"] > 45
    assert extend["model, English"]["seam"] == pytest.approx(extend["true clip"]["seam"], abs=0.1)
    assert extend["last frame held"]["frozen"] == 1 and extend["last frame held"]["psnr"] < 40


def test_what_was_given_stands_on_the_page(run: Path):
    tasks, page = report.read(run / "report.json")["tasks"], (run / "report.html").read_text("utf-8")
    kinds = {
        task: [Path(path).suffix for path in next(iter(found["clips"].values()))["given"]]
        for task, found in tasks.items()
    }
    assert kinds == {
        "verbs": [".png"],
        "edit": [".mp4"],
        "act": [".png", ".mp4"],
        "orbit": [".png"] * 3,
        "extend": [".mp4"],
    }
    given = [path for found in tasks.values() for clip in found["clips"].values() for path in clip["given"]]
    assert all((run / path).is_file() and path in page for path in given) and len(set(given)) == 8 * 8


def test_a_refusal_is_a_row_and_is_asked_again(tmp_path: Path):
    model = registry.load("ideal")
    blind = registry.load("ideal")
    blind.honours = model.honours - {"reference:motion"}
    settings = suite.Settings("ideal", "act", 1, size=64, seconds=0.5, groups=("fidelity",))
    list(suite.evaluate(settings, tmp_path / "run", Path("nowhere"), blind))
    found = report.read(tmp_path / "run" / "report.json")["tasks"]["act"]["rows"]
    assert "motion" in found["model, English"]["refused"] and found["model, English"]["metrics"] == {}
    assert found["model, motion not shown"]["refused"] is None
    text = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert "Refused · 被拒绝: model, Chinese" in text
    list(suite.evaluate(settings, tmp_path / "run", Path("nowhere"), model))
    found = report.read(tmp_path / "run" / "report.json")["tasks"]["act"]["rows"]
    assert found["model, English"]["refused"] is None and found["model, English"]["metrics"]["psnr"]["mean"] > 45


def test_more_clips_and_other_tasks_join_a_run_but_other_settings_do_not(run: Path):
    assert set(report.read(run / "report.json")["tasks"]) == set(suite.TASKS[1:])
    with pytest.raises(InputError, match="another seconds, size"):
        suite.claim(run, suite.Settings("ideal", groups=GROUPS), registry.load("ideal"))


def test_interpolation_follows_what_moves_where_a_fade_shows_it_twice():
    rng = np.random.default_rng(0)
    world = cv2.resize(rng.integers(0, 255, (9, 9, 3), dtype=np.uint8), (96, 96), interpolation=cv2.INTER_CUBIC)
    frames = np.stack([world[16:80, 8 + i : 72 + i] for i in range(9)])  # the camera moves by a pixel a frame
    given = {0: frames[0], 8: frames[8]}
    joined, faded = (baselines.between(given, join, 24.0) for join in (baselines.interpolated, baselines.faded))
    assert (joined.frames[[0, 8]] == frames[[0, 8]]).all() and (faded.frames[[0, 8]] == frames[[0, 8]]).all()
    middle = np.s_[1:8, :, 8:-8]
    assert psnr(joined.frames[middle], frames[middle]) > psnr(faded.frames[middle], frames[middle]) + 5
    assert (baselines.held(frames[:4], 9, 24.0).frames[3:] == frames[3]).all()
    three = baselines.between({0: frames[0], 4: frames[4], 8: frames[8]}, baselines.interpolated, 24.0)
    assert len(three) == 9 and (three.frames[4] == frames[4]).all()


def test_what_an_edit_keeps_is_measured_where_the_true_edit_keeps_it():
    case = cases.exact("edit", 1, 48, 0, FRAMES, 24.0)[0]()
    source = np.full((5, 40, 40, 3), 90, np.uint8)
    truth, leaky = source.copy(), source.copy()
    truth[:, :10], leaky[:] = 200, 100
    regional = replace(case, source=Clip(source), clip=Clip(truth))
    assert scores.GROUPS["edit"](Clip(truth), regional)["kept_psnr"] == 100
    assert scores.GROUPS["edit"](Clip(leaky), regional)["kept_psnr"] == pytest.approx(28.1, abs=0.1)
    whole = replace(regional, clip=Clip(np.full_like(source, 200)))
    assert "kept_psnr" not in scores.GROUPS["edit"](Clip(leaky), whole)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small corpus as test clips that all begin standing, and three of them again as motions never learnt."""
    listed, more = tiny_corpus.samples(), {"fps": 24.0, "start": cases.STANDING}
    test = {kind: [known | more | {"split": "test"} for known in rows] for kind, rows in listed.items()}
    new = [known | more | {"key": f"b{known['key'][1:]}", "split": "fewshot"} for known in listed["actors"]]
    monkeypatch.setattr(tiny_corpus, "samples", lambda: test | {"actors": test["actors"] + new})
    return tiny_corpus.make(tmp_path)


def test_verbs_are_asked_of_clips_that_begin_alike(corpus: Path):
    builds = cases.verbs(corpus, 32, 0)
    assert [build.key for build in builds] == ["a00001a_horse", "a00001b_horse"]
    first, second = (build() for build in builds)
    assert first.group == second.group == "a00001" and first.facts["action"]["key"] == "gallop"
    assert (first.others[0].frames == second.clip.frames).all() and (second.others[0].frames == first.clip.frames).all()
    assert psnr(first.clip.frames[0], second.clip.frames[0]) > 30
    assert first.prompts != second.prompts


def test_acts_begin_with_motions_never_learnt_and_show_them_on_another_subject(corpus: Path):
    builds = cases.acts(corpus, 32, 0)
    keys = [build.key for build in builds]
    assert [key[0] for key in keys[:4]] == ["b", "a", "b", "a"] and len(set(keys)) == len(keys)
    case = builds[0]()
    assert case.motion is not None and list(case.given) == ["image", "motion"]
    assert case.facts["split"] == "fewshot" and not (case.motion.frames == case.clip.frames).all()


def test_orbits_and_extensions_say_which_frames_are_given(corpus: Path):
    turned = cases.orbits(corpus, 32, 0)[0]()
    assert turned.at == (0, 24, 48) and turned.angles == (0, -45, -90)  # the camera goes 90 degrees to the left
    begun = cases.extensions(corpus, 32, 0)[0]()
    assert begun.known == 25 and len(begun.given["beginning"]) == 25 and len(begun.clip) == 49


def test_edits_are_the_same_whenever_they_are_drawn_and_a_longer_run_begins_as_a_shorter_one(corpus: Path):
    builds = cases.edits(corpus, 32, 0)
    case, again = builds[1](), cases.edits(corpus, 32, 0)[1]()
    assert (case.clip.frames == again.clip.frames).all() and case.prompts == again.prompts
    assert case.source is not None and not (case.source.frames == case.clip.frames).all()
    assert list(case.given) == ["source"]
    assert case.facts["change"] in ("look", "background", "weather", "tint", "subject")
    assert [build.key for build in builds[:2]] == ["edit-000", "edit-001"]
    with pytest.raises(InputError, match="ask for 1 to"):
        heldout.taken(builds, len(builds) + 1)
    assert heldout.half(49) == 24 and heldout.half(13) == 8
