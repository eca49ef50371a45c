"""What is understood, to look at: all of it in a folder, or one sentence and nothing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from motionalchemy.pipeline.explain import FILES
from motionalchemy.render.diagrams import drawn_motion


def explain(*words: str) -> subprocess.CompletedProcess:
    """The command as a process."""
    return subprocess.run(
        [sys.executable, "-m", "motionalchemy", "explain", *words], capture_output=True, text=True, timeout=120
    )


def picture(path: Path) -> Path:
    """Blue sky over dark ground, with a bright disc."""
    high, wide = 96, 128
    rows, columns = np.mgrid[:high, :wide]
    shown = np.where((rows < 50)[..., None], (90, 140, 220), (60, 80, 50)).astype(np.uint8)
    shown[(rows - 30) ** 2 + (columns - 90) ** 2 < 100] = (250, 240, 200)
    Image.fromarray(shown).save(path)
    return path


def test_all_that_is_understood_is_written(tmp_path: Path):
    folder = tmp_path / "seen"
    given = str(picture(tmp_path / "sky.png"))
    done = explain(given, "it snows, the camera zooms in on the moon", "-o", str(folder), "--size", "96")
    assert done.returncode == 0, done.stderr
    assert sorted(each.name for each in folder.iterdir()) == sorted(FILES)
    script = json.loads((folder / "script.json").read_text("utf-8"))
    (beat,) = script["beats"]
    assert script["schema"] == 1 and beat["acts"] == ["Graded", "Falling", "Falling"]
    assert [move["done"] for move in beat["camera"]] == [True]
    seen = script["scene"]
    assert abs(sum(seen["kind"].values()) - 1) < 0.01
    assert {"things", "spoken_of", "writing", "lines", "vanishing", "horizon"} <= seen.keys()
    sizes = {Image.open(folder / name).size for name in FILES if name.endswith(".png")}
    assert len(sizes) == 1


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path):
    (tmp_path / "kept.txt").write_text("mine")
    done = explain(str(picture(tmp_path / "sky.png")), "it snows", "-o", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0 and "choose another" in done.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"kept.txt", "sky.png"}


def test_motion_is_drawn_in_the_colour_of_its_direction():
    field = np.zeros((2, 24, 24), np.float32)
    field[0, :, :12] = -0.02  # goes to the right
    shown = drawn_motion(np.full((96, 96, 3), 128, np.uint8), field).astype(int)
    moved, still = shown[20:70, 4:40], shown[20:70, 60:90]
    assert (moved[..., 0] - moved[..., 1]).mean() > 60  # red
    assert np.abs(still[..., 0] - still[..., 1]).max() == 0
