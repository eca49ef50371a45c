"""Clips of known movement are judged as they are; a run is resumed, and a person's verdicts are kept and compared."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from motionalchemy.cli import app
from motionalchemy.errors import InputError
from motionalchemy.evaluate import happened, harm, people, people_page
from motionalchemy.evaluate.seen import Seen, Understood
from motionalchemy.evaluate.tracking import settled, tracks
from motionalchemy.evaluate.wanted import Wanted, wanted
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.scene.parse import Layer, Scene

HIGH, WIDE, FRAMES = 128, 160, 13


def texture(seed: int = 0, high: int = HIGH, wide: int = WIDE, blur: float = 2.0) -> np.ndarray:
    """A picture (H, W, 3) uint8 that can be followed everywhere."""
    noise = np.random.default_rng(seed).normal(size=(high, wide, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), blur)
    return cv2.normalize(soft, np.empty(0), 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


def square_goes(right: float, fill: int = 0) -> np.ndarray:
    """A bright square, 40 pixels wide, that goes so many pixels to the right in all."""
    ground, thing = texture(1), texture(2, 40, 40, 1.2) // 2 + 120
    frames = []
    for number in range(FRAMES):
        frame = ground.copy()
        left = 50 + round(right * number / (FRAMES - 1))
        frame[44:84, left : left + 40] = thing
        frames.append(frame)
    return np.stack(frames)


def understood(picture: np.ndarray, mask: np.ndarray | None) -> Understood:
    """A picture of whose subject the mask is known."""
    from torch import from_numpy, zeros

    pixels = from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
    layers = ()
    if mask is not None:
        opacity = from_numpy(mask.astype(np.float32))[None, None]
        layers = (Layer(cv2_cat(pixels * opacity, opacity)),)
    return Understood(Scene(picture, pixels, layers, pixels, pixels, zeros(1, 1, *picture.shape[:2])))


def cv2_cat(first, second):
    from torch import cat

    return cat((first, second), 1)


def square() -> np.ndarray:
    mask = np.zeros((HIGH, WIDE), bool)
    mask[44:84, 50:90] = True
    return mask


def seen(frames: np.ndarray, asked: tuple[Wanted, ...], mask: np.ndarray | None = None) -> Seen:
    return Seen(Clip(frames, 24.0), understood(frames[0], mask), asked)


def test_places_are_followed_to_where_they_go():
    found = tracks(square_goes(18))
    moved = found.points[-1][64, 70] - found.points[0][64, 70]
    assert moved == pytest.approx((18, 0), abs=0.7)
    assert np.abs(found.points[-1][10:30, 10:150] - found.points[0][10:30, 10:150]).max() < 0.3


@pytest.mark.parametrize(
    ("right", "way", "mark"), [(18, "right", 1), (18, "left", 0), (0, "right", 0), (4, "right", 0.5)]
)
def test_what_goes_the_asked_way_is_done(right: float, way: str, mark: float):
    clip = seen(square_goes(right), (Wanted("travel", "goes", way),), square())
    assert happened.done(clip)[0] == mark


def test_a_still_clip_is_still_and_keeps_its_picture():
    still = np.repeat(texture()[None], FRAMES, 0)
    for asked in (Wanted("camera", "pan", "left"), Wanted("weather", "snow"), Wanted("elements", "lights")):
        clip = seen(still, (asked,))
        assert happened.done(clip)[0] == 0
        assert harm.harm(clip).why == ()
    assert happened.done(seen(still, (Wanted("camera", "static"),)))[0] == 1


def moved(sizes: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A wide picture seen closer and closer, and farther and farther to the right."""
    large, frames = texture(3, 3 * HIGH, 3 * WIDE), []
    for size, aside in zip(sizes, right, strict=True):
        matrix = cv2.getRotationMatrix2D((1.5 * WIDE, 1.5 * HIGH), 0, float(size))
        matrix[0, 2] -= aside * WIDE + WIDE
        matrix[1, 2] -= HIGH
        frames.append(cv2.warpAffine(large, matrix, (WIDE, HIGH), flags=cv2.INTER_LINEAR))
    return np.stack(frames)


def test_cameras_are_told_by_their_way():
    share = np.linspace(0, 1, FRAMES)
    closer, aside = moved(1 + 0.2 * share, 0 * share), moved(1 + 0 * share, 0.1 * share)
    asks = [Wanted("camera", "zoom", "in"), Wanted("camera", "zoom", "out"), Wanted("camera", "pan", "right")]
    asks.append(Wanted("camera", "pan", "left"))
    assert [happened.done(seen(closer, (each,)))[0] for each in asks] == [1, 0, 0, 0]
    assert [happened.done(seen(aside, (each,)))[0] for each in asks] == [0, 0, 1, 0]
    assert harm.harm(seen(closer, (asks[0],))).why == () == harm.harm(seen(aside, (asks[2],))).why


def test_a_mirrored_edge_is_caught():
    whole = texture(4, blur=4.0)
    frames = [whole]
    for number in range(1, FRAMES):
        step = 4 * number
        frames.append(np.concatenate((whole[:, step:], whole[:, ::-1][:, :step]), 1))
    found = harm.harm(seen(np.stack(frames), (Wanted("camera", "pan", "right"),)))
    assert found.mirror > 0.2 and any("mirror" in why for why in found.why)


def test_a_bent_line_and_a_melted_thing_are_caught():
    picture = np.full((HIGH, WIDE, 3), 90, np.uint8) + texture(5) // 8
    for row in range(12, HIGH, 14):
        cv2.line(picture, (8, row), (WIDE - 8, row), (235, 235, 235), 2)
    y, x = np.mgrid[:HIGH, :WIDE].astype(np.float32)
    bent = [cv2.remap(picture, x, y + 3 * n / FRAMES * np.sin(x / 14), cv2.INTER_LINEAR) for n in range(FRAMES)]
    assert any("straight" in why for why in harm.harm(seen(np.stack(bent), (Wanted("face", "smile"),))).why)
    melts = np.repeat(texture(6)[None], FRAMES, 0)
    melts[FRAMES // 2 :, 30:90, 30:110] = 128
    assert any("melted" in why for why in harm.harm(seen(melts, (Wanted("face", "smile"),))).why)


def test_snow_is_told_from_a_picture_that_wobbles():
    ground, rng = texture(7), np.random.default_rng(0)
    snows, wobbles = [ground], [ground]
    y, x = np.mgrid[:HIGH, :WIDE].astype(np.float32)
    for number in range(1, 25):
        frame = ground.copy()
        for column, row in zip(rng.integers(4, WIDE - 4, 60), rng.integers(4, HIGH - 4, 60), strict=True):
            cv2.circle(frame, (int(column), int(row)), 2, (255, 255, 255), -1)
        snows.append(frame)
        wobbles.append(cv2.remap(ground, x + 1.2 * np.sin(y / 20 + number / 4).astype(np.float32), y, cv2.INTER_LINEAR))
    asked = (Wanted("weather", "snow"),)
    assert happened.done(seen(np.stack(snows), asked))[0] == 1
    assert happened.done(seen(np.stack(wobbles), asked))[0] == 0
    assert np.abs(settled(np.stack(snows), 7)[12].astype(int) - ground).mean() < 3


def test_what_is_asked_is_heard_in_both_languages():
    assert wanted("the camera pans left") == wanted("镜头向左摇") == (Wanted("camera", "pan", "left"),)
    assert (
        Wanted("elements", "sea") in wanted("the waves crash") and wanted("nothing known", "travel")[0].part == "travel"
    )
    both = wanted("she smiles while snow falls")
    assert {each.part for each in both} == {"face", "weather"}


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path]:
    """Two cases with a picture, the clips of one of which some other build has made already."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(texture(8)).save(pictures / "wall.png")
    cases = tmp_path / "cases.json"
    rows = [
        {"id": "one", "picture": "wall", "en": "the camera zooms in", "zh": "镜头推近", "kind": "camera"},
        {"id": "two", "picture": "wall", "en": "it rains", "zh": "下雨了", "kind": "weather"},
    ]
    cases.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    clips = tmp_path / "run" / "clips"
    clips.mkdir(parents=True)
    share = np.linspace(0, 1, FRAMES)
    writer.write(Clip(moved(1 + 0.2 * share, 0 * share), 24.0), clips / "one-en.mp4")
    writer.write(Clip(np.repeat(texture(8)[None], FRAMES, 0), 24.0), clips / "one-zh.mp4")
    return cases, pictures


def test_a_run_is_judged_resumed_and_looked_at(given: tuple[Path, Path], capsys):
    cases, pictures = given
    out = cases.parent / "run"
    words = ["evaluate", "--task", "people", "--cases", str(cases), "--pictures", str(pictures), "-o", str(out)]
    app.app([*words, "--only", "camera"], standalone_mode=False)
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert [(clip["key"], clip["done"]) for clip in report["clips"]] == [("one-en", 1), ("one-zh", 0)]
    assert report["counts"]["camera"] == {"clips": 2, "done": 1, "half": 0, "kept": 2, "refused": 0}
    page = (out / "report.html").read_text("utf-8")
    assert 'src="clips/one-en.mp4"' in page and "镜头推近" in page and (out / "sheets" / "one-zh.png").is_file()
    table = out / "verdicts.csv"
    filled = table.read_text("utf-8").splitlines()
    filled = [filled[0], *(row + mark for row, mark in zip([r[:-1] for r in filled[1:]], ("1,1", "1,0"), strict=True))]
    table.write_text("\n".join(filled) + "\n", "utf-8")
    before = (out / "verdicts" / "one-en.json").stat().st_mtime_ns
    app.app([*words, "--only", "camera"], standalone_mode=False)
    assert (out / "verdicts" / "one-en.json").stat().st_mtime_ns == before
    capsys.readouterr()
    app.app(["evaluate", "--eyes", str(table)], standalone_mode=False)
    said = capsys.readouterr().out
    assert "one-zh: done 0, eye 1; kept 1, eye 0" in said and "one-en" not in said
    assert "| camera | 2 | 2 | 0 | 1 | 1 | 2 |" in said


def test_another_run_stands_beside(given: tuple[Path, Path]):
    cases, pictures = given
    settings = people.Settings(cases, pictures, only=("camera",))
    out, other = cases.parent / "run", cases.parent / "before" / "run"
    (other / "clips").mkdir(parents=True)
    for name in ("one-en.mp4", "one-zh.mp4"):
        (other / "clips" / name).write_bytes((out / "clips" / "one-zh.mp4").read_bytes())
    with pytest.raises(InputError, match="no finished run"):
        list(people.evaluate(settings, out, beside=other))
    list(people.evaluate(settings, other))
    list(people.evaluate(settings, out, beside=other))
    page = (out / "report.html").read_text("utf-8")
    assert page.count('src="../before/run/clips/one-en.mp4"') == page.count('src="clips/one-en.mp4"') == 1
    assert page.count("<i>../before/run</i></td><td>2</td><td>0</td><td>0</td><td>2</td>") == 2


def test_what_cannot_be_judged_is_refused_in_a_sentence(given: tuple[Path, Path]):
    cases, pictures = given
    for settings in (
        people.Settings(cases, pictures, only=("ghosts",)),
        people.Settings(cases, cases.parent),
        people.Settings(pictures / "wall.png", pictures),
    ):
        with pytest.raises(InputError):
            people.chosen(settings)
    with pytest.raises(InputError, match=r"verdicts\.csv"):
        people_page.eyes(cases)
    with pytest.raises(InputError, match="no case of kind face"):
        people.chosen(people.Settings(cases, pictures, only=("face",)))
    with pytest.raises(InputError, match="no picture 'wall'"):
        people.chosen(people.Settings(cases, cases.parent))
    assert len(people.chosen(people.Settings(cases, pictures, limit=1))) == 1


ROW = {"id": "one", "picture": "wall", "en": "it rains", "zh": "下雨了", "kind": "weather"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[{", "holds no cases"),
        ("{}", "holds no cases"),
        ("[]", "holds no cases"),
        ('[{"id": "one"}]', "holds no cases"),
        (json.dumps([ROW, ROW]), "two of one id"),
        (json.dumps([ROW | {"id": 3}]), "case 1 .* has no text as id"),
        (json.dumps([ROW | {"zh": " "}]), "case 1 .* has no text as zh"),
        (json.dumps([ROW | {"id": "../one"}]), "name a file"),
        (json.dumps([ROW | {"kind": "ghost"}]), "kind 'ghost': kinds are camera, face"),
    ],
)
def test_malformed_cases_are_refused_with_the_one_that_is_wrong(tmp_path: Path, written: str, said: str):
    path = tmp_path / "cases.json"
    path.write_text(written, "utf-8")
    with pytest.raises(InputError, match=said):
        people.read_cases(path)


def test_the_command_refuses_before_anything_is_made(tmp_path: Path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "motionalchemy", "evaluate", "--task", "people", "-o", str(out)]
    done = subprocess.run(
        [*command, "--cases", "none.json", "--pictures", "."], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and not out.exists()
    assert "'none.json' cannot be read" in done.stderr and "Traceback" not in done.stderr
