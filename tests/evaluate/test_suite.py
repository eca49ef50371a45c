"""The suite end to end with the exact model, which must reach the ceiling; the report; and what really changed."""

import json
from pathlib import Path

import numpy as np
import pytest

from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.evaluate import heldout, report, scores, suite
from motionalchemy.evaluate.intervals import bootstrap, paired

LIGHT = ("fidelity", "movement", "temporal", "drift")
ASKED = {"model": "ideal", "n": 8, "size": 64, "seconds": 0.5, "groups": LIGHT}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("suite") / "ideal"
    steps = list(suite.evaluate(suite.Settings(**ASKED), out, corpus=Path("nowhere")))
    assert [s.done for s in steps] == list(range(1, 57))  # 8 cases, 7 rows
    assert steps[-1].total == 56 and steps[-1].seconds_left == 0
    return out


def test_the_exact_model_reaches_the_ceiling_in_both_languages(run: Path):
    rows = report.read(run / "report.json")["tasks"]["animate"]["rows"]
    assert list(rows) == [
        *("model, English", "model, Chinese", "model, last frame given"),
        *("still image", "cross-fade", "frame interpolation", "true clip"),
    ]
    for row in ("model, English", "model, Chinese", "model, last frame given"):
        ours, truth = rows[row]["metrics"], rows["true clip"]["metrics"]
        assert ours["psnr"]["low"] > 45
        assert ours["ssim"]["low"] > 0.99
        assert ours["movement"]["mean"] == pytest.approx(truth["movement"]["mean"], rel=0.05)
        assert ours["flow_correlation"]["mean"] == pytest.approx(truth["flow_correlation"]["mean"], abs=0.02)
    assert rows["true clip"]["metrics"]["psnr"]["mean"] == 100
    assert rows["still image"]["metrics"]["frozen"]["mean"] == 1
    assert rows["still image"]["metrics"]["psnr"]["mean"] < 45
    assert rows["still image"]["metrics"]["first_psnr"]["mean"] == 100
    assert rows["still image"]["seconds"] is None and rows["model, English"]["seconds"] > 0


def test_a_run_goes_on_where_it_was(run: Path):
    before = (run / "report.json").read_bytes()
    gone = next((run / "animate" / "scores" / "still-image").iterdir())
    stamps = {p: p.stat().st_mtime_ns for p in run.glob("*/scores/*/*.json")}
    gone.unlink()
    list(suite.evaluate(suite.Settings(**ASKED), run, corpus=Path("nowhere")))
    assert len(stamps) == 56 and [p for p, stamp in stamps.items() if p.stat().st_mtime_ns != stamp] == [gone]
    assert (run / "report.json").read_bytes() == before
    with pytest.raises(InputError, match="another seed"):
        list(suite.evaluate(suite.Settings(**ASKED, seed=1), run, run))


def test_the_page_shows_every_clip_and_the_table_both_languages(run: Path):
    page, text = ((run / name).read_text("utf-8") for name in ("report.html", "report.md"))
    assert page.count("<video") == 56 and page.count("<img") == 8
    for clip in json.loads((run / "report.json").read_text("utf-8"))["tasks"]["animate"]["clips"].values():
        shown = [*clip["given"], *(row["film"] for row in clip["rows"].values())]
        assert len(shown) == 8 and all((run / path).is_file() and path in page for path in shown)
    assert "首帧 PSNR" in text and "first frame PSNR" in text and "画面移动" in page and "帧插值" in page


def test_compare_says_what_really_changed(run: Path, tmp_path: Path):
    content = report.read(run / "report.json")
    scores = content["tasks"]["animate"]["rows"]["model, English"]["scores"]
    scores["psnr"] = {key: value - 3 for key, value in scores["psnr"].items()}
    scores["flicker"] = {key: value + (-1) ** i for i, (key, value) in enumerate(scores["flicker"].items())}
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(content), "utf-8")
    found = {change.metric: change for change in report.compare(run / "report.json", worse)}
    assert (found["psnr"].task, found["psnr"].change.mean) == ("animate", pytest.approx(-3))
    assert found["psnr"].verdict == "worse" and found["flicker"].verdict == "unclear"
    assert found["ssim"].change.mean == 0 and found["ssim"].verdict == "no change"
    assert {c.metric: c.verdict for c in report.compare(worse, run / "report.json")}["psnr"] == "better"
    text = report.comparison(report.compare(run / "report.json", worse))
    assert "| animate | PSNR to the true clip, dB · 与真实片段 PSNR，dB | -3.0 | [-3.0, -3.0] | 8 | worse |" in text
    with pytest.raises(InputError, match="no row"):
        report.compare(run / "report.json", worse, row="nearest training clip")
    with pytest.raises(InputError, match="not a report"):
        report.read(run / "report.md")


def test_settings_refuse_what_is_not_there(tmp_path: Path):
    with pytest.raises(UnknownName, match="animate"):
        suite.Settings(task="dance")
    with pytest.raises(UnknownName, match="fidelity"):
        suite.Settings(groups=("beauty",))
    with pytest.raises(MissingPart, match=r"scores\.register"):
        suite.Settings(groups=("vbench",))
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(InputError, match="other files"):
        list(suite.evaluate(suite.Settings(model="ideal", n=1, size=64), tmp_path, tmp_path))


def test_intervals_hold_the_mean_and_pair_by_clip():
    values = [0.0, 1.0] * 50
    found = bootstrap(values)
    assert found.mean == 0.5 and found == bootstrap(values)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(100), rel=0.1)
    assert bootstrap([3.0]) == (3, 3, 3, 1)
    assert paired({"a": 1, "b": 9}, {"a": 3, "c": 0}) == (2, 2, 2, 1)
    assert paired({"a": 1}, {"b": 1}) is None


def test_clips_of_one_group_count_as_one():
    """A hundred copies of ten values say no more than the ten: the interval is that of the ten, not of the hundred."""
    ten = [float(value) for value in range(10)]
    copies, names = [v for v in ten for _ in range(10)], [str(v) for v in ten for _ in range(10)]
    alone, grouped, naive = bootstrap(ten), bootstrap(copies, groups=names), bootstrap(copies)
    assert grouped.mean == alone.mean and grouped.n == 100
    assert grouped.high - grouped.low == pytest.approx(alone.high - alone.low, rel=0.1)
    assert naive.high - naive.low < 0.5 * (grouped.high - grouped.low)
    uneven = bootstrap([0.0, 0.0, 0.0, 1.0], groups=["a", "a", "a", "b"])
    assert (uneven.mean, uneven.low, uneven.high) == (0.25, 0, 1)


def test_drifting_cases_have_the_truth_that_their_words_say():
    builds = heldout.drifting(5, 48)
    cases = [build() for build in builds]
    assert [case.key for case in cases] == [build.key for build in builds]
    assert [case.key.rsplit("-", 1)[1] for case in cases] == ["left", "right", "up", "down", "still"]
    frames = cases[1].clip.frames
    assert len(frames) == 49 and (frames[24] == np.roll(frames[0], 12, axis=1)).all()
    assert "右" in cases[1].prompts["zh"] and "right" in cases[1].prompts["en"]
    assert (cases[4].clip.frames == cases[4].clip.frames[0]).all()


def test_a_group_of_ones_own_joins_the_table(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scores, "GROUPS", dict(scores.GROUPS))
    monkeypatch.setattr(scores, "METRICS", dict(scores.METRICS))
    scores.register("vbench", lambda clip, *_: {"length": len(clip)}, {"length": scores.Metric("frames", "帧数", 0)})
    case = heldout.drifting(1, 32)[0]()
    assert scores.score(case.clip, case, ("vbench",)) == ({"length": 49}, {})
    assert scores.of_task("orbit", ("views", "edit", "vbench")) == ("views", "vbench")
    with pytest.raises(InputError, match="length"):
        scores.register("again", lambda *_: {}, {"length": scores.Metric("frames", "帧数", 0)})
