"""The sound of a given clip, through the public functions: every task that changes a clip, every file that holds sound."""

import json
import re

import numpy as np
import pytest
from commands import call
from media_made import Film, heard, written
from PIL import Image

import motionalchemy as ma
from motionalchemy.media import footage, reader

QUICK = {"model": "ideal", "steps": 2}
LATE = 0.02  # seconds


def picture(number: int) -> np.ndarray:
    few = np.random.default_rng(0).integers(0, 255, (5, 5, 3), np.uint8)
    return np.roll(np.array(Image.fromarray(few).resize((64, 64), Image.Resampling.BICUBIC)), number, 1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Two seconds at 12 a second whose sound begins a tenth of a second after the first picture."""
    film = Film(stamps=tuple(range(0, 48, 2)), size=(64, 64), picture=picture, sound="aac", offset=0.1)
    return written(tmp_path_factory.mktemp("given") / "given.mp4", film)


TASKS = {
    "edit": lambda clip, output: ma.edit(clip, "darker", strength=0.4, output=output, **QUICK),
    "extend": lambda clip, output: ma.extend(clip, "left", seconds=1, output=output, **QUICK),
    "retake": lambda clip, output: ma.retake(clip, "left", begin=1, end=1.5, output=output, **QUICK),
    "interpolate": lambda clip, output: ma.edit(clip, "darker", strength=0.4, interpolate=2, output=output, **QUICK),
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm"])
@pytest.mark.parametrize("task", TASKS)
def test_sound_stays_where_it_was(tmp_path, clip, task, suffix):
    output = tmp_path / f"a{suffix}"
    TASKS[task](clip, output)
    given, made = footage.read(clip), footage.read(output)
    (before, end), (after, last) = heard(clip), heard(output)
    length = min(len(given) / given.fps, len(made) / made.fps)
    before, after = (times[(times >= 0) & (times < length - 0.05)] for times in (before, after))
    assert len(before) >= 6 and np.abs(after - before).max() <= LATE
    assert abs(min(last, length) - min(end, length)) <= LATE
    notes = json.loads(output.with_suffix(".json").read_text("utf-8"))["found"].get("notes", [])
    assert ("sound: aac is written as Opus" in notes) == (suffix == ".webm")


def test_what_is_lost_is_said_once_and_stands_in_the_sidecar(tmp_path, clip, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    quick = ("--model", "ideal", "--steps", "2", "--strength", "0.4")
    assert call("edit", clip, "darker", *quick, "-o", "a.gif") == 0
    said = "sound: left out, for a .gif file holds none; .mp4, .mov and .webm do"
    assert capsys.readouterr().err.count(said) == 1
    found = json.loads((tmp_path / "a.json").read_text("utf-8"))["found"]
    assert found["sound"] == said.removeprefix("sound: ") and found["notes"].count(said) == 1


def test_no_time_is_told_before_something_has_cost_time(tmp_path, clip):
    """The first windows of a clip that is extended are copies."""
    left = [at.seconds_left for at in ma.steps(task="extend", video=clip, prompt="left", seconds=2, **QUICK) if at.step]
    assert left[0] is None or left[0] < 600
    assert all(each is None or each < 600 for each in left) and left[-1] is not None


@pytest.mark.parametrize("fps", [24, 30])
def test_frames_in_between_keep_the_seconds(tmp_path, fps):
    made = ma.animate(picture(0), "left", seconds=1, fps=fps, interpolate=2, output=tmp_path / "a.mp4", **QUICK)
    clip = reader.read_clip(tmp_path / "a.mp4")
    assert clip.fps == 2 * fps and len(clip) % 2 == 0
    plain = ma.animate(picture(0), "left", seconds=1, fps=fps, output=tmp_path / "b.mp4", **QUICK)
    assert (
        abs(clip.seconds - reader.read_clip(tmp_path / "b.mp4").seconds) < 1e-6
        and made is not None
        and plain is not None
    )


@pytest.mark.parametrize("name", ["画" * 81, "e" * 240], ids=["81 Chinese characters", "240 letters"])
def test_a_long_name_is_shortened_where_none_was_chosen(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture(0)).save(f"{name}.png")
    for _ in range(2):
        assert call("animate", f"{name}.png", "left", "--model", "ideal", "--steps", "2", "--seconds", "0.5") == 0
    made = sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".mp4")
    assert len(made) == 2 and all(name[:70] in each for each in made)
    assert capsys.readouterr().out.count(".mp4") == 2


@pytest.mark.parametrize("output", ["/proc/a.mp4", "/sys/a.webm", "é" * 130 + ".mp4", "x" * 300 + ".gif"])
def test_where_nothing_can_be_written_one_sentence_says_so(tmp_path, monkeypatch, capsys, output):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(picture(0)).save("a.png")
    assert call("animate", "a.png", "left", "--model", "ideal", "-o", output) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0 and re.search("takes no file|too long a name|not writable", said), said
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
