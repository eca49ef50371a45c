"""The clips of the README as one sheet: each row a request, all with one seed, frames at even steps.

python benchmarks/pipeline/pictures.py docs/pictures/nano.png
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PIL import Image

import motionalchemy as ma
from motionalchemy.models import registry

EXAMPLES = Path(__file__).parents[2] / "examples"
ROWS = (  # example, words, seconds
    ("horse", "the horse gallops to the right", 2.0),
    ("horse", "马向右飞奔", 2.0),
    ("horse", "the horse falls to the ground", 2.0),
    ("horse", "马站着不动", 2.0),
    ("zebra", "the zebra walks", 2.0),
    ("swordsman", "剑士举起双臂欢呼", 2.0),
    ("zebra", "the zebra gallops, the camera zooms in", 5.0),
    ("swordsman", "the swordsman walks towards the camera", 5.0),
)
COLUMNS, SIDE = 8, 130  # frames of a row, and pixels across each


def row(clip: ma.Clip) -> np.ndarray:
    """Frames of a clip at even steps, side by side, (SIDE, COLUMNS * SIDE, 3)."""
    chosen = clip.frames[np.linspace(0, len(clip) - 1, COLUMNS).round().astype(int)]
    small = [Image.fromarray(frame).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for frame in chosen]
    return np.concatenate([np.asarray(each) for each in small], 1)


def main() -> None:
    """Make every clip and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked, model, rows = parser.parse_args(), registry.load("nano"), list[np.ndarray]()
    for name, words, seconds in ROWS:
        print(words, file=sys.stderr, flush=True)
        given = str(EXAMPLES / f"{name}.png")
        rows.append(row(ma.animate(given, words, seconds=seconds, seed=asked.seed, backbone=model)))
    Image.fromarray(np.concatenate(rows)).save(asked.out, optimize=True)


if __name__ == "__main__":
    main()
