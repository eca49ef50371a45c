"""The command line through its own door: files that come out, refusals that leave nothing behind, Ctrl-C.

Few tests start a process; the many refusals call `main` in this one.
"""

import ctypes
import errno
import json
import os
import re
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, call, names, spawn
from PIL import Image

from motionalchemy.media import files, reader, resize, writer
from motionalchemy.models.base import Card
from motionalchemy.models.registry import MODELS
from motionalchemy.pipeline.inputs import steps

QUICK = ["--model", "ideal", "--seconds", "0.5", "--fps", "12", "--steps", "4"]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A working folder with one picture, smooth as photographs are: colour is stored at half size in a video."""
    few = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
    Image.fromarray(few).resize((96, 64), Image.Resampling.BICUBIC).save(tmp_path / "horse.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_main_job_writes_a_clip_and_what_it_takes_to_make_it_again(desk):
    done = spawn("animate", "horse.png", "马儿向左 drifts", *QUICK, "-o", "out.mp4")
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert out == "out.mp4\n" and "stage 2/2, step 2/2" in err
    assert names(desk) == ["horse.png", "out.json", "out.mp4"]
    clip, given = reader.read_clip(Path("out.mp4")), reader.read_image(Path("horse.png"))
    assert len(clip) == 5 and clip.fps == 12
    first = resize.fit(given, clip.height, clip.width).astype(float)
    psnr = 10 * np.log10(255**2 / np.mean((clip.frames[0] - first) ** 2))
    assert psnr > 32
    facts = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert facts["request"]["prompt"] == "马儿向左 drifts" and facts["request"]["guidance"] == 1.0
    assert facts["output"] == {"file": "out.mp4", "sha256": files.sha256(Path("out.mp4"))}
    assert facts["made_by"]["model"] == "ideal" and len(facts["made_by"]["sha256"]) == 64
    assert {"load", "text", "encode", "stage 1", "stage 2", "decode", "write"} == facts["timings"].keys()
    assert str(desk) not in Path("out.json").read_text(encoding="utf-8")

    anew = spawn("again", "out.json", "-o", "anew.mp4")
    _, err = anew.communicate(timeout=120)
    assert anew.returncode == 0 and "not the same" not in err, err
    assert Path("anew.mp4").read_bytes() == Path("out.mp4").read_bytes()


def test_the_named_direction_is_the_one_that_happens(desk):
    for word, way in (("left", -1), ("右", 1)):
        *_, end = steps("horse.png", f"it drifts {word}", model="ideal", seconds=0.5, fps=12, steps=4)
        frames = end.result.clip.frames
        shift = way * round(0.25 * frames.shape[2] * 4 / 12)
        assert np.array_equal(frames[4], np.roll(frames[0], shift, 1))


@pytest.mark.parametrize("extension", ["webm", "gif", "webp", "png"])
def test_the_extension_decides_the_format(desk, extension):
    assert call("animate", "horse.png", "left", *QUICK, "-o", f"a.{extension}", "--stages", 1) == 0
    assert names(desk) == sorted(["a.json", f"a.{extension}", "horse.png"])
    kind = Path(f"a.{extension}").read_bytes()[:4]
    assert kind == {"webm": b"\x1aE\xdf\xa3", "gif": b"GIF8", "webp": b"RIFF", "png": b"\x89PNG"}[extension]


def test_without_an_output_a_free_name_is_found(desk, capsys):
    for expected in ("horse.mp4", "horse-2.mp4", "horse-3.mp4"):
        assert call("animate", "horse.png", "left", *QUICK) == 0
        assert capsys.readouterr().out == f"{expected}\n"


def test_options_reach_the_clip(desk, capsys):
    def made(*more):
        assert call("animate", "horse.png", "a picture", *QUICK, "-o", "a.png", *more) == 0
        return Path("a.png").read_bytes()

    plain = made()
    assert made() == plain and made("--seed", 0) == plain
    assert len({made("--steps", 12, "--seed", n) for n in range(8)}) > 1  # no direction is named: the seed decides
    assert made("--negative", "left", "--guidance", 1) == plain
    assert made("--size", 80) != plain
    assert made("--loop") != plain and made("--loop") != made("--last", "horse.png")
    capsys.readouterr()


def test_the_preview_is_there_meanwhile_and_gone_afterwards(desk, monkeypatch, capsys):
    seen = []
    real = writer.write
    monkeypatch.setattr(writer, "write", lambda clip, path, *rest: seen.append(path.name) or real(clip, path, *rest))
    assert call("animate", "horse.png", "left", *QUICK, "-o", "a.mp4", "--preview") == 0
    assert "a.preview.gif" in seen and seen[-1] == "a.mp4"
    assert names(desk) == ["a.json", "a.mp4", "horse.png"]


def bad_files(folder):
    """Everything that is not a picture, by name."""
    whole = (folder / "horse.png").read_bytes()
    (folder / "empty.png").touch()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.png").write_text("no picture")
    (folder / "folder").mkdir()
    (folder / "link.png").symlink_to(folder / "folder")
    (folder / "dangling.png").symlink_to(folder / "nothing")
    Image.new("1", (1, 4000)).save(folder / "thin.png")
    for name, side in (("huge", 30_000), ("zero", 0)):
        header = b"IHDR" + side.to_bytes(4) + side.to_bytes(4) + whole[24:29]
        (folder / f"{name}.png").write_bytes(whole[:12] + header + zlib.crc32(header).to_bytes(4) + whole[33:])
    os.mkfifo(folder / "pipe.png")


PICTURES = ["missing.png", "empty.png", "cut.png", "text.png", "folder", "link.png", "dangling.png", "thin.png"]
PICTURES += ["huge.png", "zero.png", "pipe.png", "", "horse.png/x.png", "x" * 300 + ".png"]
VALUES = [
    ("--seconds", ["0", "-1", "1e9", "nan", "inf", "0.001", "601"]),
    ("--size", ["1", "7", "100000", "129", "-5"]),
    ("--fps", ["0", "61", "nan"]),
    ("--steps", ["0", "1", "201"]),
    ("--stages", ["0", "3", "99"]),
    ("--guidance", ["-1", "21", "nan"]),
    ("--seed", ["-1", str(2**63)]),
    ("--model", ["", "gpt", "/nowhere", "."]),
    ("--device", ["", "tpu", "cuda:99", "cpu:1"]),
    ("--last", ["missing.png"]),
    ("--negative", ["a\x07b"]),
    ("-o", ["no/where.mp4", "out", "out.exe", ".", "horse.png", "horse.png/a.mp4", "x" * 300 + ".mp4"]),
]
PROMPTS = ["", "   ", "x" * 10_000, "🐎🐎🐎", "a\x00b", "a\x1b[2Jb", "\u202e"]
MATRIX = [("horse.png", "left", [option, value]) for option, values in VALUES for value in values]
MATRIX += [("horse.png", prompt, []) for prompt in PROMPTS] + [(picture, "left", []) for picture in PICTURES]


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strange")
    Image.new("RGB", (64, 48), "teal").save(folder / "horse.png")
    bad_files(folder)
    return folder


@pytest.mark.parametrize(("picture", "prompt", "more"), MATRIX, ids=lambda v: ascii(v)[:40])
def test_bad_input_is_one_sentence_and_leaves_nothing(strange, monkeypatch, capsys, picture, prompt, more):
    def reached(*_):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Card, "load", reached)
    monkeypatch.chdir(strange)
    before = names(strange)
    model = [] if "--model" in more else ["--model", "ideal"]
    output = [] if "-o" in more else ["-o", "out.mp4"]
    assert call("animate", picture, prompt, *model, *output, *more) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("motionalchemy: ") and err[:-1].isprintable()
    assert "Traceback" not in err and 30 < len(err) < 700
    assert names(strange) == before


SEVERAL = """
import contextlib, io, json, sys
from motionalchemy.cli import app
for arguments in json.loads(sys.argv[1]):
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app.main(arguments)
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""
CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2  # linux/prctl.h, linux/capability.h


def like_anyone():
    """Give up what lets root read and write everywhere: what is run next is asked for permissions as its owner is."""
    if os.geteuid() == 0:
        system = ctypes.CDLL(None, use_errno=True)
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            if system.prctl(CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "the capability cannot be given up")


def test_what_may_not_be_read_or_written_is_refused(desk):
    (desk / "shut").mkdir(mode=0o500)
    (desk / "closed").mkdir(mode=0)
    for name in ("secret.png", "secret.json", "secret.mp4"):
        (desk / name).write_bytes((desk / "horse.png").read_bytes())
        (desk / name).chmod(0)
    given = ["left", *QUICK, "-o"]
    cases = {
        "not writable": ["animate", "horse.png", *given, "shut/a.mp4"],
        "secret.png.*permission": ["animate", "secret.png", *given, "a.mp4"],
        "closed/a.png.*permission": ["animate", "closed/a.png", *given, "a.mp4"],
        "secret.json.*": ["again", "secret.json"],
        "secret.mp4.*permission": ["extend", "secret.mp4", "left", "--model", "ideal", "-o", "a.mp4"],
        "data folder.*choose another": ["serve", "--model", "ideal", "--data", "shut/data"],
    }
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SEVERAL, json.dumps([*cases.values()])]
    before = names(desk)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, preexec_fn=like_anyone)
    assert run.returncode == 0, run.stderr
    for why, line in zip(cases, run.stdout.splitlines(), strict=True):
        code, out, err = json.loads(line)
        assert code == 2 and out == "" and re.search(why, err.lower()), (why, code, err)
        assert err.count("\n") == 1 and err.startswith("motionalchemy: ") and "Traceback" not in err
    assert names(desk) == before


@pytest.mark.parametrize("which", [1, 2], ids=["clip", "sidecar"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(desk, monkeypatch, capsys, which):
    written, real = [], os.fsync

    def full(file):
        written.append(file)
        if len(written) == which:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", full)
    assert call("animate", "horse.png", "left", *QUICK, "-o", "a.mp4") == 2
    assert "disk is full" in capsys.readouterr().err.splitlines()[-1]
    assert names(desk) == ["horse.png"]


def test_a_sidecar_never_takes_the_place_of_another_file(desk, capsys):
    (desk / "a.json").write_text('{"mine": 1}')
    assert call("animate", "horse.png", "left", *QUICK, "-o", "a.mp4") == 2
    assert "rename the output" in capsys.readouterr().err
    assert (desk / "a.json").read_text() == '{"mine": 1}' and names(desk) == ["a.json", "horse.png"]


def test_again_wants_the_same_pictures(desk, capsys):
    assert call("animate", "horse.png", "left", *QUICK, "-o", "a.mp4") == 0
    Image.new("RGB", (64, 48)).save("horse.png")
    assert call("again", "a.json") == 2
    assert "not the file it was" in capsys.readouterr().err
    Path("horse.png").unlink()
    assert call("again", "a.json") == 2
    assert "not there" in capsys.readouterr().err
    assert call("again", "a.mp4") == 2
    assert "not the sidecar" in capsys.readouterr().err


def test_again_says_so_when_the_bytes_differ(desk, capsys):
    assert call("animate", "horse.png", "left", *QUICK, "-o", "a.mp4") == 0
    old = Path("a.json").read_text().replace('"torch": "', '"torch": "1.')
    digest = files.sha256(Path("a.mp4"))
    Path("a.json").write_text(old.replace(digest, "0" * 64))
    assert call("again", "a.json", "-o", "b.mp4") == 0
    assert "not the same bytes as before: torch changed" in capsys.readouterr().err
    assert Path("b.mp4").read_bytes() == Path("a.mp4").read_bytes()


@pytest.mark.parametrize("preview", [[], ["--preview"]], ids=["plain", "preview"])
def test_ctrl_c_leaves_nothing(desk, preview):
    run = spawn("animate", "horse.png", "left", "--model", "ideal", "--size", "128", "--steps", "200", *preview)
    for line in run.stderr:
        if "stage 1/2, step 5/" in line:
            run.send_signal(signal.SIGINT)
            break
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert out == "" and "Traceback" not in err
    assert names(desk) == ["horse.png"]


def test_models_lists_them_all_in_both_languages(capsys):
    assert call("models") == 0
    out = capsys.readouterr().out
    assert all(card.name in out and card.summary in out and card.summary_zh in out for card in MODELS.values())


@pytest.mark.parametrize("arguments", [["--help"], ["animate", "--help"], ["again", "--help"], ["train", "--help"]])
def test_help_needs_no_heavy_room(arguments):
    code = f"import sys; from motionalchemy.cli import app\ntry: app.main({arguments})\nexcept SystemExit: pass\n"
    code += "print([m for m in ('torch', 'av', 'PIL', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True)
    assert done.stdout.decode().splitlines()[-1] == "[]", done.stderr


def test_what_typer_refuses_is_no_traceback_either(capsys):
    for wrong in (
        ["animate", "a.png", "b", "--size", "x"],
        ["animate", "a.png"],
        ["fly"],
        ["animate", "a", "b", "--sed", "1"],
    ):
        assert call(*wrong) == 2
        assert "Traceback" not in capsys.readouterr().err
