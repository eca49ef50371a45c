"""Orbits through given views whose frames in between are known: how near they are made, and by what.

    python benchmarks/render/views.py --corpus DIR [--n 12] [--kind 45] [--sheet FILE.png]

Turntables of the corpus' test split a quarter or half of the way round, given every 22.5 and every 45 degrees, and three
planes before a camera that orbits (benchmarks/render/camera.py), given every 10 degrees, where all that is seen turns;
each time the frame in the middle of two views is compared. By depth is how `orbit` makes it, by flow how it did before,
interpolation the baseline of `evaluate`; the angles are known, and not. Means; distances are perceptual.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

import cv2
import numpy as np
import torch
from camera import truth
from PIL import Image

from motionalchemy.evaluate import baselines, cases, fidelity
from motionalchemy.language.camera import read
from motionalchemy.motion import interpolation
from motionalchemy.motion.camera_path import View, asked

Triple = tuple[np.ndarray, np.ndarray, np.ndarray, float]  # first, what lies in the middle, last, degrees between
NAMES = "by depth", "angles not known", "by flow", "interpolation", "cross-fade"


def turntables(corpus: Path, n: int, step: float) -> Iterator[Triple]:
    """Triples from clips of the corpus, `step` degrees from view to view."""
    found = 0
    for build in cases.orbits(corpus, 256, 0):
        if "360" in build.key or found == n:
            continue
        case = build()
        frames, a_frame = case.clip.frames, (case.angles[-1] - case.angles[0]) / (len(case.clip) - 1)
        last = 2 * round(abs(step / a_frame) / 2)
        found += 1
        yield frames[0], frames[last // 2], frames[last], a_frame * last


def planes() -> Iterator[Triple]:
    """Triples of the planes, the camera orbiting to either side."""
    high, wide = 192, 256
    for words in ("orbit left 20 degrees", "orbit right 20 degrees"):
        path = asked(read(words), View(high / wide, 0.5, 0.4), np.linspace(0, 1, 49), 2.0)
        path = replace(path, relief=np.ones_like(path.relief))
        shown = [truth(path, at, high, wide)[0].round().astype(np.uint8) for at in (0, 12, 24, 36, 48)]
        for at in (0, 2):
            yield shown[at], shown[at + 1], shown[at + 2], 10.0


def made(triple: Triple) -> list[np.ndarray]:
    """The frame in the middle as each of NAMES makes it."""
    first, _, last, degrees = triple
    found = list[np.ndarray]()
    for angles in ([0.0, degrees], None):
        found.append(interpolation.Sweep([(0, first), (2, last)], "depth", angles).read(1, 2)[0])
    found.append(interpolation.frames(first, last, [0.5], "flow")[0])
    for join in (baselines.interpolated, baselines.faded):
        found.append(join(first, last, np.array([0.5]))[0])
    return found


def main() -> None:
    """Print a table and, where asked, write a sheet: first, truth, last, by depth, by flow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--n", type=int, default=12)
    parser.add_argument("--kind", choices=("22.5", "45", "planes"), nargs="+", default=["22.5", "45", "planes"])
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows = list[np.ndarray]()
    for kind in given.kind:
        triples = list(planes() if kind == "planes" else turntables(given.corpus, given.n, float(kind)))
        results, used, begun = list[list[np.ndarray]](), 0, time.process_time()
        for triple in triples:
            results.append(made(triple))
            used += not (results[-1][0] == results[-1][2]).all()
            if triple[0].shape[0] == 256:  # those of one size make a sheet
                rows.append(np.concatenate([triple[0], triple[1], triple[2], results[-1][0], results[-1][2]], 1))
        print(f"\n{kind} (n = {len(triples)}, by depth {used}, {time.process_time() - begun:.0f} s)")
        for at, name in enumerate(NAMES):
            pairs = [(each[at][None], triple[1][None]) for each, triple in zip(results, triples, strict=True)]
            near = np.mean([fidelity.psnr(*pair) for pair in pairs])
            print(
                f"| {name} | {near:.2f} | {np.mean([fidelity.lpips_like(*pair) for pair in pairs]):.3f} |", flush=True
            )
    if given.sheet and rows:
        Image.fromarray(np.concatenate(rows)).save(given.sheet)


if __name__ == "__main__":
    main()
