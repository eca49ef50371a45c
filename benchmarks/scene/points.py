"""How near the networks of faces and bodies are to where they come from, and how long they take.

    python benchmarks/scene/points.py PICTURE ... [--models FOLDER] [--size 512] [--again]

With `pip install ai-edge-litert==2.3.0` and FOLDER, where the wheel mediapipe 0.10.21 is unpacked, the same search is
done with its .tflite files too: faces and bodies that only one of both finds, how far points are apart (in eye distances
and torso lengths), and the outputs of each network for every look that was taken. Times are CPU time on one thread.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
import torch

from motionalchemy.media import reader
from motionalchemy.scene import bodies, faces, looks
from motionalchemy.scene.points import Face, Pose

FILES = {
    "face-detection": ("face_detection_short_range", (0, 1)),
    "face-mesh": ("face_landmark", (0, 1)),
    "iris": ("iris_landmark", (0, 1)),
    "pose-detection": ("pose_detection", (0, 1)),
    "pose": ("pose_landmark_full", (0, 1, 2, 4)),
}
POINTS = {
    "face-mesh": (3, 192),
    "iris": (3, 64),
    "pose": (5, 256),
}  # values a point of the first output, pixels of the look
SCORES = {"face-detection": 1, "face-mesh": 1, "pose-detection": 1}  # the output that is a score before the sigmoid
Run = Callable[..., list[np.ndarray]]


def litert(folder: Path) -> Run:
    """`looks.run` by the .tflite files of a folder."""
    from ai_edge_litert.interpreter import Interpreter  # pyright: ignore[reportMissingImports]

    nets = dict[str, Any]()

    def run(name: str, look: np.ndarray, signed: bool = False) -> list[np.ndarray]:
        file, kept = FILES[name]
        if name not in nets:
            nets[name] = Interpreter(str(next(folder.rglob(f"{file}.tflite"))), num_threads=1)
            nets[name].allocate_tensors()
        net = nets[name]
        pixels = look.astype(np.float32) / (127.5 if signed else 255) - (1 if signed else 0)
        net.set_tensor(net.get_input_details()[0]["index"], pixels[None])
        net.invoke()
        outputs = [net.get_tensor(each["index"])[0] for each in net.get_output_details()]
        return [np.moveaxis(outputs[n], 2, 0) if outputs[n].ndim == 3 and n == 2 else outputs[n] for n in kept]

    return run


class Recorder:
    """Runs a network, keeps what it was shown and how long it took."""

    def __init__(self, run: Run):
        self.run = run
        self.shown: dict[str, list[tuple[np.ndarray, bool, list[np.ndarray]]]] = {}
        self.seconds: dict[str, list[float]] = {}

    def __call__(self, name: str, look: np.ndarray, signed: bool = False) -> list[np.ndarray]:
        began = time.process_time()
        outputs = self.run(name, look, signed)
        self.seconds.setdefault(name, []).append(time.process_time() - began)
        self.shown.setdefault(name, []).append((look.copy(), signed, outputs))
        return outputs


def found(picture: np.ndarray, run: Run) -> tuple[tuple[Face, ...], tuple[Pose, ...], float]:
    """Faces and bodies of a picture by the networks that `run` runs, and the seconds that it took."""
    faces.run = bodies.run = run  # type: ignore[assignment]
    began = time.process_time()
    seen = faces.faces(picture)
    poses = bodies.bodies(picture, None, seen)
    return seen, poses, time.process_time() - began


def matched(
    ours: tuple[Any, ...], theirs: tuple[Any, ...], scale: Callable[[Any], float]
) -> tuple[list[float], int, int]:
    """Mean distances of the points of what both found, in their scale, and how many each found alone."""
    far, left = list[float](), list(theirs)
    for one in ours:
        away = [
            float(np.linalg.norm(one.points[:, :2] - each.points[:, :2], axis=1).mean()) / scale(one) for each in left
        ]
        if away and min(away) < 0.5:
            far.append(min(away))
            left.pop(int(np.argmin(away)))
    return far, len(ours) - len(far), len(left)


def parity(ours: Recorder, theirs: Run) -> None:
    """Print, for each network, how far its outputs are from those of the original for the looks that were taken."""
    for name, shown in ours.shown.items():
        points, scores, surely = list[float](), list[float](), 0
        for look, signed, outputs in shown:
            other = theirs(name, look, signed)
            if name in SCORES:
                one, two = (looks.sigmoid(each[SCORES[name]].reshape(-1)) for each in (outputs, other))
                scores.append(float(np.abs(one - two).max()))
            valid = name == "iris" or (name == "pose" and outputs[1].item() > 0.5)
            valid |= name == "face-mesh" and looks.sigmoid(outputs[1].reshape(-1))[0] > 0.5
            if name in POINTS and valid:
                each, _ = POINTS[name]
                one, two = (every[0].reshape(-1, each)[:, :2] for every in (outputs, other))
                one, two = (every[:33] if name == "pose" else every for every in (one, two))
                points.append(float(np.linalg.norm(one - two, axis=1).max()))
                surely += 1
        told = f"{name}: {len(shown)} looks, {1000 * np.median(ours.seconds[name]):.1f} ms each"
        if scores:
            told += f", scores differ by {max(scores):.4f} at most"
        if points:
            told += f", points by {max(points):.4f} of {POINTS[name][1]} pixels at most"
            told += f", {np.median(points):.3f} in the median of {surely} looks"
        print(told)


def again(pictures: list[np.ndarray]) -> None:
    """Print how many faces are found again where pictures are turned about their middle, and where they are made small."""
    known = [(picture, face) for picture in pictures for face in faces.faces(picture)[:1]]
    for degrees in (30, 60, 90, 120, 180, -30, -60, -90):
        right = 0
        for picture, face in known:
            high, wide = picture.shape[:2]
            side = int(np.hypot(high, wide))
            matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
            matrix[:, 2] += (side - np.array([wide, high])) / 2
            shown = cv2.warpAffine(picture, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
            right += _there(faces.faces(shown), looks.back_to(face.points[:, :2], matrix), face.between)
        print(f"turned by {degrees}: {right} of {len(known)} faces found again")
    for pixels in (20, 24, 32, 48):
        right = 0
        for picture, face in known:
            share = pixels / (face.box[2] - face.box[0])
            small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)[:448, :512]
            shown = np.full((448, 512, 3), picture.mean((0, 1)), np.uint8)
            shown[: small.shape[0], : small.shape[1]] = small
            right += _there(faces.faces(shown), face.points[:, :2] * share, face.between * share)
        print(f"{pixels} pixels wide in 512 x 448: {right} of {len(known)} faces found again")


def _there(found: tuple[Face, ...], points: np.ndarray, between: float) -> bool:
    """Whether one of the faces has its points (468, 2) where they are meant to be, to a quarter of an eye distance."""
    away = [np.linalg.norm(each.points[:, :2] - points, axis=1).mean() for each in found]
    return bool(away) and min(away) < 0.25 * between


def main() -> None:
    """Measure."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("pictures", type=Path, nargs="+")
    given.add_argument("--models", type=Path)
    given.add_argument("--size", type=int, default=512)
    given.add_argument("--again", action="store_true", help="also turn the pictures, and make them small")
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    ours = Recorder(looks.run)
    theirs = Recorder(litert(args.models)) if args.models else None
    far: dict[str, list[float]] = {"faces": [], "bodies": []}
    alone = {"faces": np.zeros(2, int), "bodies": np.zeros(2, int)}
    seconds, pictures = list[float](), list[np.ndarray]()
    for path in args.pictures:
        picture = reader.read_image(path)
        share = args.size / max(picture.shape[:2])
        if share < 1:
            picture = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        pictures.append(picture)
        seen, poses, took = found(picture, ours)
        seconds.append(took)
        told = f"{path.name}: {len(seen)} faces, {len(poses)} bodies, {took:.2f} s"
        if theirs is not None:
            other, their_poses, _ = found(picture, theirs)
            pairs = ((seen, other, lambda face: face.between), (poses, their_poses, lambda pose: pose.torso))
            for kind, (mine, yours, scale) in zip(far, pairs, strict=True):
                away, here, there = matched(mine, yours, scale)
                far[kind] += away
                alone[kind] += (here, there)
                told += f"; {kind} alone {here} and {there}"
        print(told, flush=True)
    print(f"{len(seconds)} pictures: median {np.median(seconds):.2f} s, longest {max(seconds):.2f} s")
    if args.again:
        faces.run = looks.run
        again(pictures)
    if theirs is None:
        return
    for kind, away in far.items():
        unit = "eye distances" if kind == "faces" else "torso lengths"
        apart = f"{np.mean(away):.5f} {unit} apart on average, {max(away):.5f} at most" if away else "none"
        print(
            f"{kind}: {len(away)} found by both, {apart}; {alone[kind][0]} by ours alone, {alone[kind][1]} by litert alone"
        )
    parity(ours, theirs.run)
    print("litert: " + ", ".join(f"{name} {1000 * np.median(took):.1f} ms" for name, took in theirs.seconds.items()))


if __name__ == "__main__":
    main()
