"""A clip that goes on for half a minute beside one that goes on for a few seconds: speed, memory, identity, seams.

    python benchmarks/pipeline/long.py --corpus corpus --n 4
    python benchmarks/pipeline/long.py --corpus corpus --n 4 --task animate

The first halves of held-out clips are extended by the command, or their first frames animated, each run a process of its
own. Identity is that of the frames made with the last one given, its drop that from the first fifth of them to the last. A
seam is where a window begins: the largest change of a frame there, and the largest elsewhere, over the median change.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PIL import Image

import motionalchemy as ma
from motionalchemy.evaluate import cases, drift, heldout
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.pipeline import job
from motionalchemy.pipeline.request import Request

SHORT = {"extend": 5.0, "animate": 2.0}  # seconds, beside which the long clip is seen
LAUNCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""  # a process begins with the peak of the one that starts it, so a small one does
EVERY = 8  # of the frames whose identity is looked at


def run(task: str, given: Path, prompt: str, seconds: float, out: Path, model: str) -> tuple[Clip, float, float]:
    """What the command makes, the seconds it took, and the most memory it held in GB."""
    words = [task, str(given), prompt, "--seconds", f"{seconds:g}", "--model", model, "-o", str(out)]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, sys.executable, "-m", "motionalchemy.cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"motionalchemy {' '.join(words)} ended with {done.returncode}")
    return ma.read_clip(out), time.monotonic() - began, int(done.stdout.split()[-1]) / 2**20


def seams(task: str, given: Path, prompt: str, seconds: float, model: str) -> list[int]:
    """The first new frame of every window that the command makes, but for that of the first frame."""
    begins = {"video" if task == "extend" else "image": str(given)}
    spans = job.prepare(Request(task=task, prompt=prompt, seconds=seconds, model=model, **begins)).spans
    return [span.fresh for span in spans if span.prompt is not None and span.fresh]


def measured(task: str, case: heldout.Case, seconds: float, model: str, folder: Path) -> dict[str, float]:
    """One clip, made for a little and for `seconds`."""
    known, fps = case.clip.frames[: case.known if task == "extend" else 1], case.clip.fps
    given = folder / f"{case.key}{'.mp4' if task == 'extend' else '.png'}"
    if task == "extend":
        Clip(known, fps).save(given)
    else:
        Image.fromarray(known[0]).save(given)
    prompt, outs = case.prompts["en"], [folder / f"{case.key}-{name}.mp4" for name in ("short", "long")]
    short, took, held = run(task, given, prompt, SHORT[task], outs[0], model)
    whole, took_long, held_long = run(task, given, prompt, seconds, outs[1], model)
    made, added = whole.frames[len(known) - 1 :], (len(short) - len(known), len(whole) - len(known))
    curve = drift.identity_curve(made[::EVERY])[1:]
    found = {
        "seconds, short": took,
        "seconds, long": took_long,
        "seconds a second, short": took / (added[0] / fps),
        "seconds a second, long": took_long / (added[1] / fps),
        "GB, short": held,
        "GB, long": held_long,
        "identity": float(curve.mean()),
        "identity drop": -drift.drift(curve),
        "contrast drift": drift.drift(drift.contrast_curve(made)),
        "sharpness drift": drift.drift(drift.sharpness_curve(made)),
    }
    jumps = drift.jumps(whole, seams(task, given, prompt, seconds, model))
    return found | ({"seam": jumps[0], "elsewhere": jumps[1]} if np.isfinite(jumps).all() else {})


def main() -> None:
    """Make, measure, print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--out", type=Path, help="keep the clips in this folder")
    parser.add_argument("--task", choices=SHORT, default="extend")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--n", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    size = registry.card(asked.model).defaults.size
    rows = []
    with tempfile.TemporaryDirectory() as kept:
        folder = asked.out or Path(kept)
        folder.mkdir(parents=True, exist_ok=True)
        builds = (cases.extensions if asked.task == "extend" else cases.verbs)(asked.corpus, size, asked.seed)
        for build in builds[: asked.n]:
            rows.append(measured(asked.task, build(), asked.seconds, asked.model, folder))
            print(build.key, {name: round(value, 3) for name, value in rows[-1].items()}, file=sys.stderr, flush=True)
    print(f"| {asked.task}: {asked.seconds:g} s, {len(rows)} clips | median | least | most |\n|---|---|---|---|")
    for name in rows[0]:
        values = [row[name] for row in rows if name in row]
        print(f"| {name} | {np.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |")


if __name__ == "__main__":
    main()
