"""The tables of nano: what is measured on stills, a run that goes on, the verdicts, and a card that says the scores."""

import json
from pathlib import Path

import cv2
import nano
import numpy as np
import pytest
import tiny_corpus
from nano_tables import figures, markdown, questions, release, runs, sheets
from PIL import Image

from motionalchemy.cli import app
from motionalchemy.errors import InputError
from motionalchemy.evaluate import cases
from motionalchemy.evaluate.rows import ENGLISH, MANDARIN, STILL, TRUTH
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import nano as shipped
from motionalchemy.models import registry, scores
from motionalchemy.nets import pack

FRAMES = 13


def texture(side=128, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), side / 24), np.empty(0), 0, 255, cv2.NORM_MINMAX)


def panned(pixels, count=FRAMES):
    wide = texture(160)
    return np.stack([wide[:96, n * pixels : n * pixels + 96] for n in range(count)])


def test_a_camera_explains_a_pan_and_not_what_moves_by_itself():
    pan, still = panned(2), panned(0)
    alone = still.copy()
    alone[:, 24:72, 24:72] = panned(2)[:, 24:72, 24:72]
    assert runs.speed(Clip(pan)) > 20 and runs.besides(Clip(pan)) < 0.15 * runs.speed(Clip(pan))
    assert runs.besides(Clip(alone)) > 0.5 * runs.speed(Clip(alone)) > 1
    assert runs.besides(Clip(still)) == 0


def test_what_melts_is_what_the_first_frame_does_not_explain():
    pan = panned(2)
    melts = pan.copy()
    melts[1:, :48, :48] = texture(64, seed=1)[:48, :48]
    assert runs.melted(Clip(panned(0))) == 0
    assert runs.melted(Clip(pan)) < 0.01
    assert runs.melted(Clip(melts)) == pytest.approx(0.2, abs=0.05)  # nearly all of a quarter of the picture


def test_edges_that_are_blurred_are_lost():
    pan = panned(2)
    blurred = pan.copy()
    blurred[-1] = cv2.GaussianBlur(pan[-1], (0, 0), 6)
    assert runs.sharpness(Clip(pan)) == pytest.approx(1, abs=0.2)
    assert runs.sharpness(Clip(blurred)) < 0.6


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The tiny corpus: no still of its test split, so pictures have to be given."""
    return tiny_corpus.make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    writer.write(Clip(texture(80)[None, :, :64]), folder / "cloth.png")
    (folder / "notes.png").write_text("no picture", "utf-8")
    return folder


def test_a_camera_word_has_a_picture_without_it_and_a_truth_that_moves(corpus, pictures):
    asked = questions.cameras(corpus, 64, 0, 1, pictures, ("pan_left", "pan_right", "static"))
    assert [one.key for one in asked] == [f"still-cloth-{word}" for word in ("pan_left", "pan_right", "static")]
    left, right, static = (one.make() for one in asked)
    assert (left.picture == right.picture).all() and left.picture.shape == (64, 64, 3)
    flow = [runs.flows(one.case.clip)[..., 0].mean() for one in (left, right)]
    assert flow[0] > 0 > flow[1]  # a camera that pans to the left sees the picture go right
    assert (static.case.clip.frames == static.case.clip.frames[:1]).all()
    assert left.case.prompts == {"en": "the camera pans left", "zh": "镜头向左摇"}
    assert (left.kind, left.word) == ("camera", "pan_left")


def asking(argument="", *more):
    return ["--model", "ideal", "--size", "64", "--workers", "1", "--n", "1", *argument.split(), *map(str, more)]


def test_the_whole_command_on_a_picture_of_ones_own(corpus, pictures, tmp_path, capsys, monkeypatch):
    words = ("pan_left", "static")
    for room in (questions, figures, sheets):
        monkeypatch.setattr(room, "SHOWN", words)
    out = tmp_path / "out"
    asked = asking("--part photos --corpus", corpus, "--out", out, "--pictures", pictures)
    assert nano.main(asked) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(out / "tables.md") and "6/6 cameras" in said.err and "s left" in said.err
    found = json.loads((out / "results.json").read_text("utf-8"))
    assert found["run"]["clips"] == 6 and found["refused"] == [] and found["photos"]["pictures"] == "files"
    lines = {line["word"]: line for line in found["photos"]["lines"]}
    assert tuple(lines) == words
    assert lines["static"]["moves"]["true"]["mean"] == 0 and lines["pan_left"]["moves"]["made"]["n"] == 2
    assert lines["static"]["right"][TRUTH]["mean"] == 1  # what stands still is seen to
    table = (out / "tables.md").read_text("utf-8")
    assert "| pan left · 左摇 |" in table and "Camera words on stills · 静止图片上的镜头词" in table
    with Image.open(out / "photos.png") as sheet:
        assert sheet.size == (5 * 130 + 2, 132)  # the still, two words in two languages
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("cameras/*/*.json")}
    assert len(stamps) == 6 and nano.main(asked) == 0
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps and "s left" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--part", "dance"], "unknown part 'dance': choose one of all, calls, photos, stages, verbs, words"),
        (["--n", "0"], "1 or more"),
        (["--steps", "2,x"], "whole numbers"),
        (["--corpus", "nowhere"], "no corpus at nowhere"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(words, told, tmp_path, capsys):
    assert nano.main([*asking("--out", tmp_path / "out"), *words]) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1 and "Traceback" not in said


def drifting(number, size):
    """A verb case of the exact model, read by its direction."""
    build = cases.exact("verbs", 5, size, 0, FRAMES, 24.0)[number]

    def make():
        case = build()
        word = build.key.rsplit("-", 1)[1]
        return questions.Question(case, "direction", word, case.clip.frames[0])

    return questions.Listed("verbs", build.key, str(number), make)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Two verb cases of the exact model with every row of calls and stages: settings, folder, tasks."""
    out = tmp_path_factory.mktemp("run")
    patch = pytest.MonkeyPatch()
    patch.setattr(questions, "verbs", lambda corpus, size, seed, n: [drifting(i, size) for i in range(n)])
    patch.setattr(questions, "sides", lambda *_: [])
    patch.setattr(questions, "cameras", lambda *_: [])
    patch.setattr(questions, "paces", lambda *_: [])
    patch.setattr(runs, "GROUPS", {"verbs": ("perceptual", "movement")})
    settings = runs.Settings(Path("nowhere"), "ideal", ("words", "calls", "stages"), 2, size=64, steps=(2, 12))
    heard, again = ([*runs.share(settings, out, 0, 1)] for _ in range(2))
    yield settings, out, runs.plan(settings, registry.card("ideal")), heard, again
    patch.undo()


def test_every_row_is_asked_once(measured):
    _, out, tasks, heard, again = measured
    assert {task.row for task in tasks} == {ENGLISH, MANDARIN, STILL, TRUTH, "2 steps", "one stage", "two stages"}
    assert len(heard) == len(tasks) == 14 and again == []
    assert all(task.at(out).is_file() for task in tasks)


def test_the_exact_model_is_at_the_truth_in_every_table(measured):
    settings, out, tasks, *_ = measured
    found = figures.gathered(settings, registry.card("ideal"), figures.read(tasks, out))
    lines = found["calls"]["lines"]
    assert [(line["steps"], line["default"], line["calls"]) for line in lines] == [(2, False, 2), (12, True, 12)]
    still, true = found["calls"]["base"]
    assert true["perceptual"]["mean"] == 0 and true["seconds"] is None and lines[1]["seconds"] > 0
    assert lines[1]["perceptual"]["mean"] < 0.2 * still["perceptual"]["mean"]
    assert [line["row"] for line in found["stages"]["lines"]] == [ENGLISH, "one stage", "two stages", "2 steps"]
    words = {line["name"]: line["rows"] for line in found["words"]["lines"]}
    assert not words  # its words are no verbs: what no case asks for has no line
    text = markdown.page(found | {"run": {"command": "c", "model": "ideal", "sha256": "0" * 64, "seed": 0, "size": 64}})
    assert "| **12 (default · 默认)** | 12 | 1 |" in text and "Two stages against one · 双阶段与单阶段" in text


def record(row, group, right, apart=0.1, word="run", part="verbs", **more):
    found = {"part": part, "row": row, "key": f"{group}-{word}", "group": group, "word": word, "right": right}
    found |= {"prompts": {"en": "it runs", "zh": "跑"}, "refused": None, "seconds": 0.5, "said": "run"}
    return found | {"scores": {"identity": 0.9, "lpips_like": apart, "movement": 1.0}} | more


def test_words_are_counted_by_language_and_by_word():
    made = [
        record(ENGLISH, "a", 1.0),
        record(ENGLISH, "b", 0.0),
        record(MANDARIN, "a", 1.0),
        record(MANDARIN, "b", 1.0),
    ]
    paces = [("fast", 3.0), ("slow", 1.5)]
    made += [record(ENGLISH, "p", None, 0, w, "paces", scores={"movement": m}) for w, m in paces]
    found = figures.words(runs.Settings(Path()), registry.card("nano"), made)
    rows = {line["name"]: line["rows"] for line in found["lines"]}
    assert list(rows) == ["run", "all verbs · 全部动词"]
    assert rows["run"][ENGLISH]["mean"] == 0.5 and rows["run"][MANDARIN]["mean"] == 1 and rows["run"][TRUTH] is None
    assert found["gap"]["mean"] == 0.5 and found["gap"]["n"] == 2
    assert found["paces"][ENGLISH]["ratio"]["mean"] == pytest.approx(2) and found["paces"][MANDARIN] is None


@pytest.mark.parametrize(("verb", "within"), [(0.5, True), (0.4, False)])
def test_the_default_is_within_three_per_cent_or_not(verb, within):
    one = {"identity": {"mean": 0.9}, "default": True, "steps": 2, "verb": {"mean": verb}}
    most = one | {"default": False, "steps": 50, "verb": {"mean": 0.51}}
    near = figures._near([one, most])
    assert near["within"] is within and near["verb"] == pytest.approx(verb / 0.51) and near["steps"] == 50


def test_the_worst_are_chosen_by_rule():
    made = [record(ENGLISH, "a", 0.0, 0.3), record(ENGLISH, "a", 0.0, 0.5, "walk"), record(ENGLISH, "b", 1.0, 0.9)]
    made += [record(MANDARIN, "c", 0.0, 0.8), record(ENGLISH, "d", 0.0, 0.4), record(ENGLISH, "e", None, 0.7)]
    assert [(r["group"], r["scores"]["lpips_like"]) for r in sheets.worst(made)] == [("a", 0.5), ("d", 0.4)]


def test_scores_name_the_weights_that_they_are_of(tmp_path):
    made = [record(row, group, 1.0) for row in (ENGLISH, MANDARIN, STILL, TRUTH) for group in "ab"]
    run = {"sha256": shipped.sum_of(scores.folder("nano")), "command": "c", "seed": 0, "size": 256}
    found = release.scores(made, run)
    assert found["cases"] == 2 and found["rows"]["zh"]["verb"]["mean"] == 1 and found["seconds"] == 0.5
    for part in ("codec", "flow"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "config.json").write_bytes((scores.folder("nano") / part / "config.json").read_bytes())
    (tmp_path / "config.json").write_text("{}", "utf-8")
    pack.write_json(tmp_path / scores.NAME, found)
    assert scores.scores(str(tmp_path)) == json.loads(json.dumps(found))
    pack.write_json(tmp_path / scores.NAME, found | {"model": "of others"})
    assert scores.scores(str(tmp_path)) is None and scores.scores("ideal") is None
    with pytest.raises(InputError, match="both languages"):
        release.scores([r for r in made if r["row"] != MANDARIN], run)


def test_the_card_says_what_was_measured_of_the_weights_that_ship(capsys):
    found = scores.scores("nano")
    assert found is not None, "the weights are others than those measured: python benchmarks/evaluate/nano.py --release"
    for language, path in release.PAGES.items():
        block = release.BLOCK.search(path.read_text("utf-8"))
        assert block and block[0].split("-->\n", 1)[1].removesuffix(block[2]) == release.block(found, language)
    app.app(["models", "show", "nano"], standalone_mode=False)
    said = capsys.readouterr().out
    assert f"verb accuracy {found['rows']['en']['verb']['mean']:.2f} in English" in said and "动作准确率：英文" in said


def test_both_pages_of_the_card_state_the_sizes_of_the_parts():
    for part in ("codec", "flow", "vision"):
        count = f"{pack.read_card(scores.folder('nano') / part)['parameters'] / 1e6:.1f} M"
        for path in release.PAGES.values():
            line = next(line for line in path.read_text("utf-8").splitlines() if f"`{part}`" in line)
            assert count in line, f"{path.name}: {part} has {count}"
