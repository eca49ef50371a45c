"""Fixed requests of every task, and the SHA-256 of the frames that each gives: a change of structure must not change them.

    python benchmarks/pipeline/same_frames.py --write benchmarks/pipeline/same_frames.json    before
    python benchmarks/pipeline/same_frames.py                                        after: exit 1 and the names that differ

The list in the repository is of one machine and one thread; processors with other instructions round otherwise, so write
one of your own from the state before the change. Every request runs in the same process, one after the other.
"""

import argparse
import hashlib
import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

import motionalchemy as ma

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_suffix(".json")


def example(name: str) -> str:
    """The path of a picture of the examples."""
    return str(ROOT / "examples" / f"{name}.png")


@cache
def clip(name: str, prompt: str, model: str = "nano", size: int = 192) -> ma.Clip:
    """A clip that other requests are given: a picture of the examples, animated."""
    return ma.animate(example(name), prompt, seed=3, model=model, size=size)


def gallop() -> ma.Clip:
    """The horse that gallops."""
    return clip("horse", "the horse gallops to the right")


def zebra() -> ma.Clip:
    """The zebra that walks."""
    return clip("zebra", "the zebra walks")


def drift() -> ma.Clip:
    """A clip of the model with an exact velocity."""
    return clip("horse", "drifts right", "ideal", 64)


def still(name: str, side: int) -> np.ndarray:
    """A picture of the examples in memory, (side, side, 3) uint8."""
    from PIL import Image

    return np.array(Image.open(example(name)).convert("RGB").resize((side, side)))


def requests() -> dict[str, Any]:
    """Names -> functions that give a clip."""
    horse, zebra_png, swordsman = map(example, ("horse", "zebra", "swordsman"))
    return {
        "animate goes": lambda: ma.animate(horse, "the horse gallops to the right", seed=1),
        "animate goes, zh": lambda: ma.animate(horse, "马向右飞奔", seed=7),
        "animate falls": lambda: ma.animate(horse, "the horse falls to the ground", seed=1),
        "animate stands, zh": lambda: ma.animate(horse, "马站着不动"),
        "animate loop": lambda: ma.animate(zebra_png, "the zebra walks", loop=True, size=192),
        "animate cheers, zh": lambda: ma.animate(swordsman, "剑士举起双臂欢呼", seed=1),
        "animate nearer, 5 s": lambda: ma.animate(swordsman, "the swordsman walks towards the camera", seconds=5),
        "animate under a camera, 5 s": lambda: ma.animate(
            zebra_png, "the zebra gallops, the camera zooms in", seconds=5
        ),
        "animate away under a camera, zh": lambda: ma.animate(zebra_png, "斑马朝远处走去，镜头向左平移"),
        "animate circled": lambda: ma.animate(horse, "the horse stands still, the camera orbits to the left"),
        "animate circled, 5 s": lambda: ma.animate(
            swordsman, "the swordsman walks to the left while the camera circles around him", seconds=5, size=128
        ),
        "animate two beats, 5 s": lambda: ma.animate(
            horse, "0-2.5: the horse walks to the left slowly | 2.5-5: the horse falls to the ground", seconds=5
        ),
        "animate one candidate": lambda: ma.animate(zebra_png, "the zebra trots to the left", candidates=1, seed=2),
        "animate a camera alone": lambda: ma.animate(swordsman, "the camera pans to the right", seed=4),
        "animate to a last picture": lambda: ma.animate(horse, "the horse turns around", last=zebra_png, size=128),
        "animate like a clip": lambda: ma.animate(zebra_png, "the zebra gallops", motion=gallop(), size=192),
        "animate interpolated": lambda: ma.animate(horse, "the horse rears up", interpolate=2, fps=12, size=128),
        "animate ideal": lambda: ma.animate(horse, "drifts up", model="ideal"),
        "imagine a place": lambda: ma.imagine("a beach under a sunset sky, the camera pans left"),
        "imagine a subject, zh": lambda: ma.imagine("一匹马在沙滩上奔跑", seed=2),
        "extend": lambda: ma.extend(gallop(), "the horse rears up"),
        "extend, 5 s, zh": lambda: ma.extend(zebra(), "斑马向右跑", seconds=5),
        "extend ideal": lambda: ma.extend(drift(), "drifts down", model="ideal"),
        "edit style": lambda: ma.edit(gallop(), "make it look like a pencil sketch"),
        "edit light, zh": lambda: ma.edit(gallop(), "变成黄昏"),
        "edit subject": lambda: ma.edit(gallop(), "make the horse blue"),
        "edit place": lambda: ma.edit(gallop(), "put it on a beach under a blue sky with white clouds"),
        "edit snow": lambda: ma.edit(zebra(), "make it snow", strength=0.7),
        "edit exchange, zh": lambda: ma.edit(zebra(), "把斑马换成剑士"),
        "edit exchange by a picture": lambda: ma.edit(zebra(), "replace the zebra with the horse", image=horse),
        "edit removal": lambda: ma.edit(zebra(), "remove the zebra"),
        "edit ideal contrast": lambda: ma.edit(drift(), "drifts down", model="ideal", method="contrast"),
        "orbit": lambda: ma.orbit([still(name, 192) for name in ("horse", "zebra", "swordsman")]),
        "retake": lambda: ma.retake(gallop(), "the horse rears up", 0.5, 1.2),
    }


def main() -> None:
    """Make the clips, and write the list or compare with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="write the list here instead of comparing with it")
    parser.add_argument("--only", default="", help="requests whose names hold this text")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    known = {} if asked.write else json.loads(LIST.read_text())
    found, other = {}, []
    for name, make in requests().items():
        if asked.only not in name:
            continue
        begun = time.perf_counter()
        made = make()
        found[name] = hashlib.sha256(made.frames.tobytes() + repr(made.fps).encode()).hexdigest()
        same = not known or known.get(name) == found[name]
        other += [] if same else [name]
        seconds, said = time.perf_counter() - begun, "" if same else "OTHER"
        print(f"{name:36} {made.frames.shape!s:22} {seconds:6.1f} s  {found[name][:12]} {said}", flush=True)
    if asked.write:
        asked.write.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    print(f"{len(found)} requests", f", {len(other)} with other frames: {', '.join(other)}" * bool(other), sep="")
    raise SystemExit(bool(other))


if __name__ == "__main__":
    main()
