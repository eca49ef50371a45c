"""The suite end to end with the exact model, which must reach the ceiling; the report; and what really changed."""

import json
from pathlib import Path

import numpy as np
import pytest

from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.measure import heldout, report, scores, suite
from motionalchemy.measure.intervals import bootstrap, paired

LIGHT = ("fidelity", "movement", "temporal", "drift")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("suite") / "ideal"
    settings = suite.Settings(model="ideal", n=8, size=64, seconds=0.5, groups=LIGHT)
    steps = list(suite.evaluate(settings, out, corpus=Path("nowhere")))
    assert [s.done for s in steps] == list(range(1, 41))  # 8 cases, 5 rows
    assert steps[-1].total == 40 and steps[-1].seconds_left == 0
    return out


def test_the_exact_model_reaches_the_ceiling_in_both_languages(run: Path):
    rows = report.read(run / "report.json")["rows"]
    assert list(rows) == ["model, English", "model, Chinese", "still image", "cross-fade", "true clip"]
    for language in ("English", "Chinese"):
        ours, truth = rows[f"model, {language}"]["metrics"], rows["true clip"]["metrics"]
        assert ours["psnr"]["low"] > 45
        assert ours["ssim"]["low"] > 0.99
        assert ours["movement"]["mean"] == pytest.approx(truth["movement"]["mean"], rel=0.05)
        assert ours["flow_correlation"]["mean"] == pytest.approx(truth["flow_correlation"]["mean"], abs=0.02)
    assert rows["true clip"]["metrics"]["psnr"]["mean"] == 100
    assert rows["still image"]["metrics"]["frozen"]["mean"] == 1
    assert rows["still image"]["metrics"]["psnr"]["mean"] < 45
    assert rows["still image"]["metrics"]["first_psnr"]["mean"] == 100


def test_a_run_goes_on_where_it_was(run: Path):
    settings = suite.Settings(model="ideal", n=8, size=64, seconds=0.5, groups=LIGHT)
    before = (run / "report.json").read_bytes()
    gone = next((run / "scores" / "still-image").iterdir())
    stamps = {p: p.stat().st_mtime_ns for p in run.glob("scores/*/*.json")}
    gone.unlink()
    list(suite.evaluate(settings, run, corpus=Path("nowhere")))
    assert [p for p, stamp in stamps.items() if p.stat().st_mtime_ns != stamp] == [gone]
    assert (run / "report.json").read_bytes() == before
    with pytest.raises(InputError, match="another seed"):
        list(suite.evaluate(suite.Settings(model="ideal", n=8, size=64, seconds=0.5, seed=1, groups=LIGHT), run, run))


def test_the_page_shows_every_clip_and_the_table_both_languages(run: Path):
    page, text = ((run / name).read_text("utf-8") for name in ("report.html", "report.md"))
    assert page.count("<video") == 40
    for film in json.loads((run / "report.json").read_text("utf-8"))["clips"].values():
        assert all((run / shown["film"]).is_file() and shown["film"] in page for shown in film["rows"].values())
    assert "首帧 PSNR" in text and "first frame PSNR" in text and "画面移动" in page


def test_compare_says_what_really_changed(run: Path, tmp_path: Path):
    content = report.read(run / "report.json")
    scores = content["rows"]["model, English"]["scores"]
    scores["psnr"] = {key: value - 3 for key, value in scores["psnr"].items()}
    scores["flicker"] = {key: value + (-1) ** i for i, (key, value) in enumerate(scores["flicker"].items())}
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(content), "utf-8")
    verdicts = {name: (change.mean, verdict) for name, change, verdict in report.compare(run / "report.json", worse)}
    assert verdicts["psnr"] == (pytest.approx(-3), "worse")
    assert verdicts["flicker"][1] == "unclear"
    assert verdicts["ssim"] == (0, "no change")
    assert {name: v for name, _, v in report.compare(worse, run / "report.json")}["psnr"] == "better"
    text = report.comparison(report.compare(run / "report.json", worse))
    assert "| -3.0 | [-3.0, -3.0] | 8 | worse |" in text
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


def test_drifting_cases_have_the_truth_that_their_words_say():
    cases = [build() for build in heldout.drifting(5, 48)]
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
    with pytest.raises(InputError, match="length"):
        scores.register("again", lambda *_: {}, {"length": scores.Metric("frames", "帧数", 0)})
