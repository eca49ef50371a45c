"""What the teachers say of pictures: nearness and regions, as soft labels for the scene networks.

    python tools/scene/label.py FOLDER TEACHERS [--no-sky]

For each FOLDER/pictures/*.webp writes FOLDER/labels/NAME.npz: `near` (h, w) float16 in 0..1, 1 = nearest, and `regions`
(groups, h, w) uint8, 255 = sure, in the order of GROUPS; 192 pixels at most. TEACHERS holds the networks that
`TEACHERS` names. Needs onnxruntime, ai-edge-litert, ncnn, opencv-python-headless, numpy; one thread. About 0.3 s a
picture for nearness, 2.5 s for regions.
"""

import argparse
import re
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter

GROUPS = ("other", "sky", "water", "plants", "mountain", "ground", "building", "indoor", "vehicle", "animal", "person")
INDEX = {name: number for number, name in enumerate(GROUPS)}
SIDE = 192
SOFT = 1.5  # the temperature of the teachers' probabilities
MOSAIC = (
    *("other", "indoor", "building", "sky", "indoor", "plants", "indoor", "ground", "indoor", "indoor", "plants"),
    *("indoor", "ground", "person", "ground", "indoor", "indoor", "mountain", "plants", "indoor", "indoor", "vehicle"),
    *("water", "indoor", "indoor", "indoor", "building", "water", "indoor", "indoor", "plants", "indoor"),
)
ADE = {
    "sky": "sky",
    "water": "water,sea,river,lake,waterfall",
    "plants": "tree,palm,grass,plant,flower,field",
    "mountain": "mountain,rock,hill",
    "building": "building,house,skyscraper,tower,hovel,bridge,fence,railing,pier",
    "ground": "road,sidewalk,earth,sand,path,runway,dirt track,land",
    "person": "person",
    "animal": "animal",
    "vehicle": "car,bus,truck,boat,ship,van,airplane,bicycle,minibike",
}
VOC = {"person": (15,), "animal": (3, 8, 10, 12, 13, 17), "vehicle": (1, 2, 4, 6, 7, 14, 19)}


class Net:
    """A TensorFlow Lite network of one picture."""

    def __init__(self, path: Path):
        self.net = Interpreter(str(path), num_threads=1)
        self.net.allocate_tensors()
        self.taken, self.given = self.net.get_input_details()[0], self.net.get_output_details()[0]

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        self.net.set_tensor(self.taken["index"], picture[None])
        self.net.invoke()
        scale, zero = self.given["quantization"]
        found = self.net.get_tensor(self.given["index"])[0].astype(np.float32)
        return (found - zero) * scale if scale else found


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp((logits - logits.max(-1, keepdims=True)) / SOFT)
    return raised / raised.sum(-1, keepdims=True)


def boxed(picture: np.ndarray, side: int) -> tuple[np.ndarray, tuple[float, float]]:
    """A picture in the middle of a grey square, and the shares of the square that it takes."""
    height, width = picture.shape[:2]
    high, wide = round(side * height / max(height, width)), round(side * width / max(height, width))
    square = np.full((side, side, 3), 127, np.uint8)
    top, left = (side - high) // 2, (side - wide) // 2
    square[top : top + high, left : left + wide] = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
    return square, (high / side, wide / side)


def unboxed(maps: np.ndarray, shares: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
    """The part of square maps that the picture took, at a size (width, height)."""
    rows, columns = maps.shape[:2]
    high, wide = max(1, round(rows * shares[0])), max(1, round(columns * shares[1]))
    top, left = (rows - high) // 2, (columns - wide) // 2
    return cv2.resize(
        np.ascontiguousarray(maps[top : top + high, left : left + wide]), size, interpolation=cv2.INTER_LINEAR
    )


def twice(see, picture: np.ndarray) -> np.ndarray:
    """The mean of what is seen in a picture and in its mirror image."""
    return (see(picture) + see(np.ascontiguousarray(picture[:, ::-1]))[:, ::-1]) / 2


class Regions:
    """Three families of teachers, averaged: each errs elsewhere."""

    def __init__(self, folder: Path, sky: bool):
        self.mosaic = [Net(folder / f"mosaic_{name}_logits.tflite") for name in ("r4", "r3")]
        self.ade, self.voc = Net(folder / "deeplab_mnv2_ade151.tflite"), Net(folder / "deeplab_voc_257.tflite")
        self.of_mosaic = np.eye(len(GROUPS), dtype=np.float32)[[INDEX[name] for name in MOSAIC]]
        names = [
            line.split(maxsplit=1)[1].split(",")[0].strip()
            for line in (folder / "ade150_labels.txt").read_text().splitlines()
        ]
        of = {word: group for group, words in ADE.items() for word in words.split(",")}
        self.of_ade = np.eye(len(GROUPS), dtype=np.float32)[[0] + [INDEX[of.get(name, "indoor")] for name in names]]
        self.sky = None
        if sky:
            import ncnn

            self.ncnn, self.sky = ncnn, ncnn.Net()
            self.sky.opt.num_threads = 1
            self.sky.load_param(str(folder / "skysegsmall_sim-opt-fp16.param"))
            self.sky.load_model(str(folder / "skysegsmall_sim-opt-fp16.bin"))

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, groups) of a picture, SIDE pixels at most."""
        scale = SIDE / max(picture.shape[:2])
        size = max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale))
        whole, shares = boxed(picture, 512)
        stretched = cv2.resize(picture, (512, 512), interpolation=cv2.INTER_AREA)
        votes = []
        for net in self.mosaic:
            seen = lambda shown, net=net: softmax(net(shown)) @ self.of_mosaic  # noqa: E731
            votes.append((1.0, unboxed(twice(seen, whole), shares, size)))
            votes.append((0.7, cv2.resize(twice(seen, stretched), size)))
        square, shares = boxed(picture, 513)
        seen = lambda shown: softmax(self.ade(shown.astype(np.float32) / 127.5 - 1)) @ self.of_ade  # noqa: E731
        votes.append((1.0, unboxed(twice(seen, square), shares, size)))
        mean = sum(weight * vote for weight, vote in votes) / sum(weight for weight, _ in votes)
        before = mean.copy()
        mean[..., INDEX["indoor"]] *= 0.6
        mean /= mean.sum(-1, keepdims=True)
        mean = self._things(picture, mean, size)
        if self.sky is not None and before[..., INDEX["sky"]].max() > 0.1:
            mean = self._edge_of_sky(picture, mean, before, size)
        return mean

    def _things(self, picture, mean, size):
        """Animals, people and vehicles that the Pascal network is sure of, where the others do not speak against it."""
        small = cv2.resize(picture, (257, 257), interpolation=cv2.INTER_AREA)
        sure = cv2.resize(
            twice(lambda shown: softmax(SOFT * self.voc(shown.astype(np.float32) / 127.5 - 1)), small), size
        )
        for group, rows in VOC.items():
            seen = np.clip((sure[..., rows].sum(-1) - 0.35) / 0.4, 0, 1) * 0.85
            loose = mean[..., [INDEX[name] for name in ("indoor", "person", "animal", "vehicle")]].sum(-1)
            seen = (seen * np.clip(0.35 + 3 * mean[..., INDEX[group]] + 1.2 * loose, 0, 1))[..., None]
            mean = mean * (1 - seen) + np.eye(len(GROUPS), dtype=np.float32)[INDEX[group]] * seen
        return mean

    def _edge_of_sky(self, picture, mean, before, size):
        """Where the others see sky at all, the sky network says where it ends."""
        small = cv2.resize(picture, (384, 384), interpolation=cv2.INTER_AREA) / np.float32(255)
        given = ((small - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).astype(np.float32).transpose(2, 0, 1).copy()
        with self.sky.create_extractor() as extractor:
            held = self.ncnn.Mat(given)
            extractor.input("input.1", held)
            _, found = extractor.extract("1959")
            seen = np.array(found).copy().squeeze()
        seen = cv2.resize(seen, size)
        count, pieces = cv2.connectedComponents((seen > 0.5).astype(np.uint8))
        trusted = np.zeros_like(seen)
        for piece in range(1, count):
            inside = pieces == piece
            sky, room = before[inside, INDEX["sky"]].mean(), before[inside, INDEX["indoor"]].mean()
            trusted[inside] = np.clip((sky - 0.1) / 0.15, 0, 1) * np.clip((sky / (room + 1e-6) - 0.8) / 0.4, 0, 1)
        on = (0.9 * seen * cv2.dilate(trusted, np.ones((5, 5))))[..., None]
        mean = mean * (1 - on) + np.eye(len(GROUPS), dtype=np.float32)[INDEX["sky"]] * on
        beyond = (1 - seen) * cv2.dilate(trusted, np.ones((5, 5))) * 0.8
        mean[..., INDEX["sky"]] *= 1 - beyond
        return mean / mean.sum(-1, keepdims=True)


class Nearness:
    """The depth teacher, seen at two sizes and mirrored, brought to one scale."""

    def __init__(self, path: Path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.net = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.given = self.net.get_inputs()[0].name

    def once(self, picture: np.ndarray) -> np.ndarray:
        shown = cv2.resize(picture, (320, 192), interpolation=cv2.INTER_AREA).astype(np.float32)
        return self.net.run(None, {self.given: shown.transpose(2, 0, 1)[None]})[0].squeeze()

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        scale = SIDE / max(picture.shape[:2])
        size = max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale))
        found = cv2.resize(twice(self.once, picture), size)
        low, high = np.percentile(found, (0.5, 99.5))
        return np.clip((found - low) / (high - low + 1e-6), 0, 1)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    given.add_argument("teachers", type=Path)
    given.add_argument(
        "--no-sky", action="store_true", help="leave out the slow network that finds the edge of the sky"
    )
    given.add_argument(
        "--skip", default="gcompris_lang|gcompris_solar|corpus_sky", help="pictures that no teacher understands"
    )
    args = given.parse_args()
    cv2.setNumThreads(1)
    near = Nearness(args.teachers / "tcmonodepth_tcsmallnet_192x320.onnx")
    regions = Regions(args.teachers, not args.no_sky)
    out = args.folder / "labels"
    out.mkdir(exist_ok=True)
    for path in sorted((args.folder / "pictures").glob("*.webp")):
        to = out / f"{path.stem}.npz"
        if to.is_file() or re.match(args.skip, path.stem):
            continue
        begun = time.process_time()
        picture = cv2.imread(str(path))[..., ::-1].copy()
        seen = regions(picture).transpose(2, 0, 1)
        np.savez_compressed(to, near=near(picture).astype(np.float16), regions=(seen * 255).round().astype(np.uint8))
        print(path.name, f"{time.process_time() - begun:.1f} CPU s", flush=True)


if __name__ == "__main__":
    main()
