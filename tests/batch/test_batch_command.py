"""`motionalchemy batch` as a process, on processes of this machine and on a Ray cluster."""

import hashlib
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from commands import call, spawn
from PIL import Image

from motionalchemy.batch.places import FAILED


def tasks(folder, count, **fields):
    """A file of quick tasks about one picture."""
    few = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
    Image.fromarray(few).resize((96, 64), Image.Resampling.BICUBIC).save(folder / "a.png")
    quick = {
        "model": "ideal",
        "image": "a.png",
        "prompt": "it drifts left",
        "steps": 2,
        "fps": 8,
        "seconds": 0.5,
        "size": 64,
    }
    path = folder / "tasks.jsonl"
    path.write_text("".join(json.dumps(quick | fields | {"seed": n}) + "\n" for n in range(count)))
    return path


def ended(process):
    said, errors = process.communicate(timeout=240)
    return process.returncode, said, errors


def sums(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(folder).glob("*.mp4")}


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def test_one_line_fails_and_the_rest_is_made_as_one_process_makes_it(tmp_path):
    path = tasks(tmp_path, 3)
    with path.open("a") as file:
        file.write('{"image": "gone.png", "prompt": "it moves"}\nnonsense\n')
    code, said, errors = ended(spawn("batch", str(path), "-o", str(tmp_path / "out"), "--workers", "2"))
    assert code == 1 and "3 made, 0 there already, 0 twice, 2 failed" in said
    assert "line 4: 'gone.png' does not exist" in errors and "line 5: the line is not JSON" in errors
    assert len(list((tmp_path / "out").glob(f"*{FAILED}"))) == 1
    sidecar = next(p for p in (tmp_path / "out").glob("*.json") if not p.name.endswith(FAILED))
    clip = sidecar.with_suffix(".mp4")
    code, *_ = ended(spawn("again", str(sidecar), "-o", str(tmp_path / "one.mp4"), "--threads", "1", cwd=tmp_path))
    assert code == 0 and (tmp_path / "one.mp4").read_bytes() == clip.read_bytes()
    (tmp_path / "gone.png").write_bytes((tmp_path / "a.png").read_bytes())
    path.write_text(
        path.read_text().replace("nonsense\n", "").replace('"it moves"', '"it drifts", "model": "ideal", "steps": 2')
    )
    code, said, _ = ended(spawn("batch", str(path), "-o", str(tmp_path / "out"), "--retry"))
    assert code == 0 and "1 made, 3 there already" in said


def test_what_was_killed_goes_on_and_nothing_is_lost_or_half_written(tmp_path):
    path, out = tasks(tmp_path, 12), tmp_path / "out"
    process = spawn("batch", str(path), "-o", str(out), "--workers", "2")
    killed = set()
    deadline = time.monotonic() + 120
    while len(list(out.glob("*.mp4"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in children(process.pid)[:1]:
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
    while len(list(out.glob("*.mp4"))) < 6 and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = children(process.pid)
    process.kill()
    process.wait()
    while any(
        Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] for pid in workers
    ):
        assert time.monotonic() < deadline, "a worker outlives the batch"
        time.sleep(0.05)
    assert killed and len(list(out.glob("*.mp4"))) < 12
    code, _, errors = ended(spawn("batch", str(path), "-o", str(out), "--workers", "2"))
    assert code == 0, errors
    assert len(list(out.glob("*.mp4"))) == len(list(out.glob("*.json"))) == 12 and not list(out.glob("*.part"))
    code, *_ = ended(spawn("batch", str(path), "-o", str(tmp_path / "calm"), "--workers", "1"))
    assert code == 0 and sums(out) == sums(tmp_path / "calm")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{tasks}", "-o", "{out}", "--format", "avi"], "unknown format 'avi'"),
        (["{folder}/none.jsonl", "-o", "{out}"], "cannot be read"),
        (["{tasks}", "-o", "{tasks}"], "cannot be written"),
        (["{tasks}", "-o", "memory://clips"], "write into a folder"),
        (["{tasks}", "-o", "{out}", "--on", "somewhere"], "is no place to work on"),
        (["{tasks}", "-o", "{out}", "--on", "127.0.0.1:1"], "nobody answers at 127.0.0.1:1"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, capsys, arguments, says):
    if "--on" in arguments:
        pytest.importorskip("ray", reason="the extra scale is not installed")
    named = {"tasks": str(tasks(tmp_path, 1)), "folder": str(tmp_path), "out": str(tmp_path / "out")}
    assert call("batch", *(each.format(**named) for each in arguments)) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1 and says in errors[0]
