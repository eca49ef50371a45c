"""What moves by itself, measured: leaks against masks drawn by hand, sharpness kept, seams of loops, seconds; as Markdown.

    python benchmarks/motion/elements.py --pictures pictures [--clip brook.mp4]

Masks are rough polygons in shares of width and height, one file a case: what may move and what stands in it. A picture of
the same name (PNG) is looked for in the folder. With a clip of running water, its first frame is moved, and the field is
compared with the optical flow of the clip.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np

from motionalchemy.language.script import Beat, beat
from motionalchemy.media import resize
from motionalchemy.media.reader import read_clip, read_image
from motionalchemy.motion.elements import Elements
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.weather import Weather
from motionalchemy.render.act import Timed, drawn, rounded
from motionalchemy.render.elements import Flowing
from motionalchemy.scene.parse import Scene, parse

MASKS = Path(__file__).parent / "masks"
FRAMES, FPS = 48, 24.0
CHANGED = 4.0  # grey levels, on average over the clip, from which on a place counts as changed
ROUGH = 0.015  # of the width: how far masks drawn by hand are not to be trusted


@dataclass
class Plain:
    """What a mover may ask for, without a model; it keeps its `notes`."""

    loop: bool
    fps: float = FPS
    seed: int = 0
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Nothing is counted."""
        return nullcontext()

    def left(self, asked: Beat, words: str) -> Beat:
        """The same beat with other words."""
        return replace(asked, words=words)


def made(scene: Scene, words: str, loop: bool) -> tuple[BeatMotion, Plain]:
    """What elements and weather make of a sentence, and what they say."""
    means, motion = Plain(loop), BeatMotion(beat(0, FRAMES, words, lambda text: None))
    for mover in (Elements(), Weather()):
        if mover.suits(scene, motion.beat) > 0:
            steps = mover.move(scene, motion.beat, means, motion)  # type: ignore[arg-type]
            try:
                while True:
                    next(steps)
            except StopIteration as end:
                motion = end.value or motion
    return motion, means


def frames(scene: Scene, motion: BeatMotion) -> Iterator[np.ndarray]:
    """The clip's frames (H, W, 3) uint8, and one more, which is the first again where it loops."""
    acts = sorted((Timed(act, 0.0) for act in motion.acts), key=lambda each: (each.act.on == "frame", each.act.order))
    picture = scene.picture.astype(np.float32)
    for number in range(FRAMES + 1):
        yield rounded(drawn(acts, picture, number / FPS))


def sharpness(frame: np.ndarray) -> float:
    """The variance of its Laplacian."""
    return float(cv2.Laplacian(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def polygons(shares: list[list[list[float]]], size: tuple[int, int]) -> np.ndarray:
    """Polygons in shares, filled: (H, W) uint8."""
    mask = np.zeros(size, np.uint8)
    for shape in shares:
        cv2.fillPoly(mask, [np.round(np.array(shape) * size[::-1]).astype(np.int32)], 1)
    return mask


def scaled(picture: np.ndarray, side: int) -> np.ndarray:
    """A picture (H, W, 3) with a longer side of so many pixels."""
    share = side / max(picture.shape[:2])
    return resize.scaled(picture, round(picture.shape[0] * share), round(picture.shape[1] * share))


def case(name: str, picture: np.ndarray) -> str:
    """One row of the table."""
    facts = json.loads((MASKS / f"{name}.json").read_text())
    scene = parse(picture)
    assert scene.regions is not None and scene.nearness is not None  # neither is counted below
    began = time.process_time()
    motion, _ = made(scene, facts["words"], loop=True)
    shown = list(frames(scene, motion))
    spent = time.process_time() - began
    wide = picture.shape[1]
    reach = np.ones((2 * max(1, round(ROUGH * wide)) + 1,) * 2, np.uint8)
    moves, stands = (polygons(facts[key], picture.shape[:2]) for key in ("moves", "stands"))
    may = cv2.dilate(moves, reach) * (1 - cv2.erode(stands, reach))
    surely = cv2.erode(moves, reach) * (1 - cv2.dilate(stands, reach))
    still = shown[0].astype(np.float32)
    change = np.mean([np.abs(each - still).max(2) for each in shown[1:-1]], axis=0) > CHANGED
    leak = (change & (may == 0)).sum() / max(change.sum(), 1)
    step = [np.abs(b.astype(np.float32) - a).mean() for a, b in pairwise(shown)]
    seam = step[-1] / max(np.mean((step[-2], step[0])), 1e-6)
    kept = sharpness(shown[FRAMES // 2]) / sharpness(shown[0])
    done = (change & (surely > 0)).sum() / max(surely.sum(), 1)
    back = np.abs(shown[-1].astype(np.float32) - still).max()
    return f"| {name} | {100 * leak:.1f} % | {100 * done:.0f} % | {kept:.2f} | {seam:.2f} | {back:.0f} | {spent:.1f} |"


def brook(path: Path, side: int) -> str:
    """How the field found in the first frame of a clip of running water compares with the clip's optical flow."""
    clip = read_clip(path, longest=side)
    shown = [scaled(each, side) for each in clip.frames[:49]]
    scene = parse(shown[0])
    motion, means = made(scene, "water flows", loop=False)
    act = next((each for each in motion.acts if isinstance(each, Flowing)), None)
    if act is None:
        return f"\nBrook: nothing moves ({means.notes})."
    greys = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in shown]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    true = np.mean([flow.calc(a, b, None) for a, b in pairwise(greys)], axis=0)  # type: ignore[call-overload]
    high, wide = greys[0].shape
    own = np.stack([cv2.resize(each, (wide, high)) for each in act.velocity], 2) * wide / clip.fps
    true_speed, speed = np.linalg.norm(true, axis=2), np.linalg.norm(own, axis=2)
    running = true_speed > 0.2
    both = running & (act.matte > 0.5)
    cosine = ((true * own).sum(2) / np.maximum(true_speed * speed, 1e-6))[both]
    fit = np.corrcoef(true_speed[both], speed[both])[0, 1]
    overlap = both.sum() / max((running | (act.matte > 0.5)).sum(), 1)
    return (
        f"\nBrook: cosine {cosine.mean():.2f}, within 45 degrees {100 * (cosine > 0.707).mean():.0f} %, speeds correlate"
        f" {fit:.2f}, median speed {np.median(speed[both]):.2f} px a frame (true {np.median(true_speed[both]):.2f}),"
        f" regions overlap {overlap:.2f}, of what runs {100 * both.sum() / max(running.sum(), 1):.0f} % is found."
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of pictures named by case")
    parser.add_argument("--clip", type=Path, help="a clip of running water")
    parser.add_argument("--side", type=int, default=384, help="pixels of the longer side")
    given = parser.parse_args()
    print("| case | leak | moves | sharp | seam | back | CPU s |\n|---|---|---|---|---|---|---|")
    for name in sorted(path.stem for path in MASKS.glob("*.json")):
        found = given.pictures / f"{name}.png"
        if found.exists():
            print(case(name, scaled(read_image(found), given.side)), flush=True)
    if given.clip is not None:
        print(brook(given.clip, given.side))


if __name__ == "__main__":
    main()
