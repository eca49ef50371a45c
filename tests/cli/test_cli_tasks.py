"""Every task as a command: one process each on the exact model, and runs that are killed, stopped or refused."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from commands import call, names, spawn
from PIL import Image
from test_footage import tracks, with_sound

from motionalchemy.media import files, reader
from motionalchemy.media.clip import Clip
from motionalchemy.models.base import Card

QUICK = ["--model", "ideal", "--steps", "4"]


def drifting(picture, count):
    return np.stack([np.roll(picture, -2 * n, 1) for n in range(count)])


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A picture, a clip of it with sound that drifts to the left, and two more views of it."""
    few = np.random.default_rng(0).integers(0, 255, (5, 5, 3), np.uint8)
    picture = np.array(Image.fromarray(few).resize((64, 64), Image.Resampling.BICUBIC))
    for name, shift in (("a.png", 0), ("b.png", 8), ("c.png", 16)):
        Image.fromarray(np.roll(picture, -shift, 1)).save(tmp_path / name)
    with_sound(tmp_path / "clip.mp4", Clip(drifting(picture, 20), 8), 2.5)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    process = spawn(*map(str, arguments))
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out, err


COMMANDS = {
    "imagine": (["a horse runs", "--seconds", "1", "--fps", "8"], "imagined.mp4", 9, False),
    "extend": (["clip.mp4", "left", "right", "--seconds", "2"], "clip-longer.mp4", 36, True),
    "edit": (
        ["clip.mp4", "right", "--method", "contrast", "--source-prompt", "left", "--strength", "0.9"],
        "clip-edited.mp4",
        20,
        True,
    ),
    "orbit": (["a.png", "c.png", "b.png", "--seconds", "1", "--fps", "8", "--prompt", "left"], "a-orbit.mp4", 9, False),
    "retake": (["clip.mp4", "left", "--from", "0.5", "--to", "1.2"], "clip-retake.mp4", 20, True),
}


@pytest.mark.parametrize("task", COMMANDS)
def test_every_task_is_a_command_that_can_be_done_again(desk, task):
    arguments, output, frames, sound = COMMANDS[task]
    before = names(desk)
    out, err = run(task, *arguments, *QUICK)
    assert out == f"{output}\n" and "stage 1/" in err
    assert names(desk) == sorted([*before, output, output.replace(".mp4", ".json")])
    clip = reader.read_clip(Path(output))
    assert len(clip) == frames and clip.fps == 8 and clip.frames.shape[1:] == (64, 64, 3)
    assert ("audio" in tracks(output)) == sound
    assert ("are passed in the order 1, 3, 2" in err) == (task == "orbit")
    facts = json.loads(Path(output).with_suffix(".json").read_text("utf-8"))
    assert facts["request"]["task"] == task and ("landing" in facts["found"]) == (task == "orbit")

    made = Path(output).read_bytes()
    assert call("again", Path(output).with_suffix(".json"), "-o", "anew.mp4") == 0
    assert Path("anew.mp4").read_bytes() == made


def test_a_still_can_be_imagined(desk):
    assert call("imagine", "a horse", "--seconds", 0, *QUICK) == 0
    assert reader.read_image(Path("imagined.png")).shape == (64, 64, 3)


LONG = ["animate", "a.png", "left", "--model", "ideal", "--fps", "8", "--steps", "4", "--seconds", "12"]


def until(process, words):
    """Read a run's lines until one holds the words."""
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"{words!r} never came")


def test_a_run_that_is_killed_goes_on_to_the_same_bytes(desk):
    assert call(*LONG, "-o", "whole.mp4") == 0
    killed = spawn(*LONG, "-o", "parts.mp4")
    until(killed, "window 4/")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert Path("parts.mp4.making/clip.mp4").stat().st_size > 0 and not Path("parts.mp4").exists()
    assert len(reader.read_clip(Path("parts.mp4.making/clip.mp4"))) > 20  # what is there plays
    _, err = run(*LONG, "-o", "parts.mp4")
    assert "going on from them" in err and "window 1/" not in err
    assert Path("parts.mp4").read_bytes() == Path("whole.mp4").read_bytes()
    assert not Path("parts.mp4.making").exists() and len(reader.read_clip(Path("parts.mp4"))) == 97


def test_ctrl_c_in_a_long_run_leaves_nothing(desk):
    before = names(desk)
    stopped = spawn(*LONG, "-o", "out.mp4")
    until(stopped, "window 2/")
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate(timeout=60)
    assert stopped.returncode == 130 and "Traceback" not in err
    assert names(desk) == before


REFUSED = [
    (["edit", "missing.mp4", "left"], "does not exist"),
    (["edit", "a.png.txt", "left"], "does not exist"),
    (["edit", "text.mp4", "left"], "damaged or of an unknown kind"),
    (["edit", "clip.mp4", "left", "--region", "missing.png"], "does not exist"),
    (["edit", "clip.mp4", "left", "--method", "magic"], "reference, contrast or redraw"),
    (["edit", "clip.mp4", "left", "--strength", "2"], "more than 0 and at most 1"),
    (["edit", "clip.mp4", "left", "-o", "clip.mp4"], "is the given picture or clip itself"),
    (["orbit", "a.png"], "2 to 64 pictures"),
    (["orbit", "a.png", "b.png", "--angles", "0,x"], "write numbers such as 0,60,120"),
    (["orbit", "a.png", "b.png", "--angles", "0"], "1 angles for 2 views"),
    (["orbit", "a.png", "missing.png"], "does not exist"),
    (["orbit", *["a.png"] * 9, "--seconds", "1"], "too few for 9 views"),
    (["extend", "clip.mp4", "0-1: left | 3-4: right"], "does not go on from second 1"),
    (["extend", "clip.mp4", "left", "--seconds", "0"], "more than 0 and at most 600"),
    (["extend", "clip.mp4", "left", "--seconds", "60", "-o", "a.gif"], None),
    (["retake", "clip.mp4", "left", "--from", "2", "--to", "1"], "is not after begin"),
    (["retake", "clip.mp4", "left", "--from", "9", "--to", "10"], "which ends at 2.5 seconds"),
    (["imagine", ""], "1 to 2000 characters"),
    (["animate", "a.png", "left", "--motion", "moonwalk"], "cannot be used with ideal"),
    (["animate", "a.png", "left", "--seconds", "12", "-o", "taken.mp4"], "something else: rename"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda v: ascii(v)[:50])
def test_bad_input_of_every_task_is_one_sentence_and_leaves_nothing(desk, monkeypatch, capsys, arguments, words):
    def reached(*_):
        raise AssertionError("the model was loaded")

    Path("text.mp4").write_text("no video at all, really")
    Path("taken.mp4.making").mkdir()
    Path("taken.mp4.making/diary.txt").touch()
    if words is None:  # only an MP4 can grow
        monkeypatch.setattr(files, "MAX_CLIP_PIXELS", 100 * 64 * 64)
        words = "write an .mp4 file"
    monkeypatch.setattr(Card, "load", reached)
    before = names(desk)
    output = [] if "-o" in arguments else ["-o", "out.mp4"]
    assert call(*arguments, "--model", "ideal", *output) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("motionalchemy: ") and words in err
    assert names(desk) == before


def test_again_wants_the_same_clip_and_views(desk, capsys):
    assert call("retake", "clip.mp4", "left", "--from", 0.5, "--to", 1.2, *QUICK, "-o", "r.mp4") == 0
    assert call("orbit", "a.png", "b.png", "--seconds", 1, "--fps", 8, *QUICK, "-o", "o.mp4") == 0
    os.utime("clip.mp4", (time.time(), time.time()))
    with Path("clip.mp4").open("ab") as file:
        file.write(b"\0" * 8)
    Path("b.png").write_bytes(Path("c.png").read_bytes())
    for sidecar, words in (("r.json", "the video 'clip.mp4'"), ("o.json", "the views 2 'b.png'")):
        capsys.readouterr()
        assert call("again", sidecar) == 2
        err = capsys.readouterr().err
        assert words in err and "is not the file it was" in err
