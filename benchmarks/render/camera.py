"""A camera before three planes whose every frame is known: how near the frames come to the truth, and what they cost.

    python benchmarks/render/camera.py [--size 512] [--move "truck left"]

The planes stand at nearness 0.08, 0.5 and 1 (inverse depth); the nearness that the scene is given is exact. Of each move
the last of 49 frames is compared, in dB: as a whole, where the truth was seen in the first frame, and where it came into
view behind a plane or beyond the edge and had to be made up; beside that the first frame, and the picture standing still.
"""

import argparse
import math
import time

import cv2
import numpy as np
import torch

from motionalchemy.language.camera import read
from motionalchemy.motion.camera_path import View, asked
from motionalchemy.render import parallax
from motionalchemy.render.parallax import CameraPath
from motionalchemy.scene import depth_cut, layered

MOVES = (
    "pan left",
    "tilt up",
    "zoom in",
    "push in",
    "pull back",
    "truck left",
    "crane up",
    "fly forward",
    "dolly zoom",
)
PLANES = ((0.08, None), (0.5, (0.12, 0.15, 0.55, 0.7)), (1.0, (0.5, 0.4, 0.8, 0.95)))  # nearness; left, top, right, low


def texture(x: np.ndarray, y: np.ndarray, kind: int) -> np.ndarray:
    """A pattern of several scales with stripes, (H, W, 3) in [0, 255]; x and y in picture widths."""
    waves = sum(
        np.sin(a * x + kind) * np.cos(b * y - 2 * kind) / (1 + 0.02 * a)
        for a, b in ((9, 14), (35, 22), (80, 95), (150, 130))
    )
    stripes = (np.sin(40 * x + 23 * y + kind) > 0.7) * 0.6
    base = np.array(((120, 150, 190), (170, 130, 70), (150, 60, 70))[kind])
    return np.clip(base + 34 * np.stack((waves + stripes, waves - stripes, 0.6 * waves), -1), 0, 255)


def truth(path: CameraPath, number: int, high: int, wide: int, fine: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """A frame (H, W, 3), and which of its pixels show what the first frame shows, too (H, W)."""
    y, x = np.mgrid[: high * fine, : wide * fine].astype(np.float32)
    x, y = (x + 0.5) / fine - 0.5 - (wide - 1) / 2, (y + 0.5) / fine - 0.5 - (high - 1) / 2
    shown, known = np.zeros((*x.shape, 3)), np.zeros(x.shape)
    for kind, (near, box) in enumerate(PLANES):
        u, v = parallax.backwards(x, y, float(near), (high, wide), path, number)
        u, v = u / wide + 0.5, v / wide + high / wide / 2
        there = np.ones(x.shape, bool) if box is None else inside(u, v, box, high / wide)
        seen = (u >= 0) & (u < 1) & (v >= 0) & (v < high / wide)
        for later, (_, hides) in enumerate(PLANES):
            seen &= ~inside(u, v, hides, high / wide) if later > kind and hides else True
        shown, known = np.where(there[..., None], texture(u, v, kind), shown), np.where(there, seen, known)
    small = (high, fine, wide, fine)
    return shown.reshape(*small, 3).mean((1, 3)), known.reshape(small).mean((1, 3)) > 0.99


def inside(u: np.ndarray, v: np.ndarray, box: tuple[float, ...], tall: float) -> np.ndarray:
    """Whether places lie in a box, in shares of the picture's width and height."""
    return (u >= box[0]) & (u < box[2]) & (v >= box[1] * tall) & (v < box[3] * tall)


def decibel(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    """PSNR of the places (H, W); nan of none."""
    if not where.any():
        return math.nan
    return 10 * math.log10(255**2 / max(float(np.square(a.astype(float) - b)[where].mean()), 1e-9))


def main() -> None:
    """Print a row for each move."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="pixels across")
    parser.add_argument("--move", action="append", help="a move in words; several may be given")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    high, wide = given.size * 3 // 4, given.size
    start, _ = truth(CameraPath.still(1), 0, high, wide)
    picture = start.round().astype(np.uint8)
    near = np.zeros((high, wide), np.float32)
    for value, (left, top, right, low) in ((each, box) for each, box in PLANES if box is not None):
        near[round(top * high) : round(low * high), round(left * wide) : round(right * wide)] = (value - 0.08) / 0.92
    print(f"{wide} x {high}    whole  seen  made up | frame 0 | still | made up % | scene s, 49 frames s (CPU)")
    for words in given.move or MOVES:
        begun = time.process_time()
        cut = depth_cut.cut(picture, near)
        path = asked(read(words), View(high / wide, cut.focus, cut.step), np.linspace(0, 1, 49), 2.0)
        scene = layered.build(cut, parallax.margins(path, (high, wide), cut.ends))
        built = time.process_time()
        frames = list(parallax.frames(scene, path))
        done = time.process_time()
        true, known = truth(path, 48, high, wide)
        all_of, first = np.ones_like(known), parallax.seen(scene, CameraPath.still(1), 0)
        print(
            f"{words:14} {decibel(frames[-1], true, all_of):7.2f} {decibel(frames[-1], true, known):6.2f} "
            f"{decibel(frames[-1], true, ~known):7.2f} | {decibel(first, picture, all_of):7.2f} "
            f"| {decibel(picture, true, all_of):5.2f} | {100 * (~known).mean():8.1f} "
            f"| {built - begun:5.2f} {done - built:5.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
