"""A disk that fills while a film grows: a small one of its own, mounted in a user namespace."""

import os
import subprocess
import sys

import numpy as np
import pytest
from commands import ROOT
from PIL import Image

SMALL = 'mount -t tmpfs -o "size=$0k" tmpfs "$1" || exit 9; cd "$1"; shift; "$@"; code=$?; ls -A; exit $code'
ALONE = ("unshare", "--user", "--map-root-user", "--mount")


def allowed() -> bool:
    try:
        return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not allowed(), reason="no file system can be mounted here: user namespaces are not allowed")
@pytest.mark.parametrize("kilobytes", [8, 150, 400])
def test_a_film_that_fills_the_disk_is_one_sentence_and_leaves_nothing(tmp_path, kilobytes):
    """Full at the first part; at what the next window needs beside it; at a later part."""
    (tmp_path / "small").mkdir()
    grain = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    Image.fromarray(grain).save(tmp_path / "a.png")
    asked = (
        "animate",
        str(tmp_path / "a.png"),
        "left",
        "--model",
        "ideal",
        "--seconds",
        "6",
        "--fps",
        "12",
        "--steps",
        "2",
    )
    command = [sys.executable, "-m", "motionalchemy.cli", *asked, "-o", "a.mp4"]
    run = subprocess.run(
        [*ALONE, "sh", "-c", SMALL, str(kilobytes), str(tmp_path / "small"), *command],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 2 and run.stdout == "", (run.stdout, run.stderr)
    assert "the disk is full, so free some space or choose another folder" in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr
