"""How well nearness is guessed: rank correlation with exact depth, beside the teacher's, and the time it takes.

    python benchmarks/scene/depth.py --data FOLDER --teacher TEACHER.onnx --motorcycle scikit_image.whl

FOLDER is what tools/scene/build.sh makes (its renders-test: other seeds than the training's, same makers of scenes). The
motorcycle is the left picture and the disparity of Middlebury's 2014 stereo set in scikit-image's wheel:
`pip download --no-deps scikit-image==0.26.0`; nothing here trains on it. Spearman's rank correlation, ties sharing
their rank; what is infinitely far counts as farthest.
"""

import argparse
import io
import sys
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
import torch

from motionalchemy.scene import depth


def ranks(values: np.ndarray) -> np.ndarray:
    """The ranks of values, ties sharing theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[which]


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of two lists."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


class Teacher:
    """The depth teacher as it is meant to be used: 192 x 320 pixels, 0..255."""

    def __init__(self, path: Path):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.net = onnxruntime.InferenceSession(str(path), options)
        self.given = self.net.get_inputs()[0].name

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        small = (
            cv2.resize(picture, (320, 192), interpolation=cv2.INTER_AREA).astype(np.float32).transpose(2, 0, 1)[None]
        )
        near = self.net.run(None, {self.given: small})[0].squeeze()
        return cv2.resize(near, picture.shape[1::-1])


def motorcycle(wheel: Path) -> tuple[np.ndarray, np.ndarray]:
    """The left picture and its disparity (inf where unknown) out of a wheel."""
    with zipfile.ZipFile(wheel) as held:
        picture = cv2.imdecode(np.frombuffer(held.read("skimage/data/motorcycle_left.png"), np.uint8), cv2.IMREAD_COLOR)
        with np.load(io.BytesIO(held.read("skimage/data/motorcycle_disp.npz"))) as stored:
            return picture[..., ::-1].copy(), stored["arr_0"]


def lower(shape: tuple[int, int]) -> np.ndarray:
    """The guess that lower is nearer."""
    return np.repeat(np.arange(shape[0], dtype=np.float32)[:, None], shape[1], 1)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--data", type=Path)
    given.add_argument("--teacher", type=Path)
    given.add_argument("--motorcycle", type=Path)
    given.add_argument("--weights", type=Path, default=depth.WEIGHTS)
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if args.weights != depth.WEIGHTS:
        trained = depth.network(args.weights)
        depth.network = lambda: trained  # type: ignore[assignment]
    guesses = {"ours": depth.nearness, "lower is nearer": lambda picture: lower(picture.shape[:2])}
    if args.teacher:
        guesses["teacher"] = Teacher(args.teacher)
    if args.data:
        found: dict[tuple[str, str], list[float]] = {}
        for labels in sorted((args.data / "renders-test").glob("*.npz")):
            picture = cv2.imread(str(labels.with_suffix(".png")))[..., ::-1].copy()
            with np.load(labels) as stored:
                truth = -stored["depth"].astype(np.float64)
            near = np.isfinite(truth)
            kind = "people" if int(labels.stem.split("-")[1]) >= 95000 else "scenes"
            for name, guess in guesses.items():
                seen = guess(picture)
                found.setdefault((name, kind), []).append(spearman(seen.ravel(), truth.ravel()))
                found.setdefault((name, kind + ", finite depth alone"), []).append(spearman(seen[near], truth[near]))
        print("| rendered test pictures | who | n | mean | median | worst |\n|---|---|---|---|---|---|")
        for (name, kind), values in sorted(found.items(), key=lambda item: item[0][1]):
            cells = " | ".join(f"{value:.3f}" for value in (np.mean(values), np.median(values), min(values)))
            print(f"| {kind} | {name} | {len(values)} | {cells} |")
    if args.motorcycle:
        picture, disparity = motorcycle(args.motorcycle)
        known = np.isfinite(disparity)
        for name, guess in guesses.items():
            print(f"| motorcycle | {name} | {spearman(guess(picture)[known], disparity[known]):.3f} |")
    picture = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    depth.nearness(picture)
    begun = time.process_time()
    for _ in range(10):
        depth.nearness(picture)
    print(f"| 512 x 512, one thread | {(time.process_time() - begun) / 10:.3f} CPU s |")


if __name__ == "__main__":
    main()
