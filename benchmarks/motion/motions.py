"""Held-out motions: learned from a few clips, asked of other subjects, against animate without them; as Markdown.

    python benchmarks/motion/motions.py --corpus corpus --out benchmark-motions

A motion that was learned already is not learned again. What is measured of each clip made: its flow's correlation with
the true clip, how much moves beside the truth, the subject's identity, and whether, among all these motions, the movement
is nearest to its own.
"""

import argparse
import json
import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch

import motionalchemy as ma
from motionalchemy.data import shards
from motionalchemy.evaluate.heldout import Case, composed
from motionalchemy.evaluate.identity import identity
from motionalchemy.evaluate.movement import flow_correlation, flows, magnitude
from motionalchemy.motion import learned as motion_learned
from motionalchemy.train import motions as learning

NAMES = {"cartwheel": "cartwheel", "spinkick": "spinning kick", "roll": "roll over", "mine": "mine", "heal": "heal"}
CELLS = 8  # of a side, and of the time, when two movements are compared


def cases(corpus: Path, words: str, count: int, tests: int, seed: int) -> tuple[list[Case], list[Case]]:
    """Clips to learn from and, of other actors, clips to be tested on."""
    found = [e for e in shards.index(corpus, "fewshot", ("actors",)) if e.action is not None and words in e.action]
    random.Random(seed).shuffle(found)
    actor = {e.key: shards.facts(corpus, e)["actor"] for e in found}
    held = sorted({actor[e.key] for e in found})
    random.Random(seed).shuffle(held)
    kept = set(held[: max(1, len(held) // 3)])  # these actors are only tested on
    learned = [e for e in found if actor[e.key] not in kept][:count]
    asked = [e for e in found if actor[e.key] in kept][:tests]
    return [composed(corpus, e, 192, seed) for e in learned], [composed(corpus, e, 128, seed) for e in asked]


def shape(clip: ma.Clip) -> np.ndarray:
    """How a clip moves, coarsely and whatever its size: (CELLS, CELLS, CELLS, 2) of unit length, flattened."""
    field = torch.from_numpy(flows(clip)).permute(3, 0, 1, 2)[None]
    small = torch.nn.functional.adaptive_avg_pool3d(field, (CELLS, CELLS, CELLS))
    return (small / small.norm().clamp(min=1e-9)).flatten().numpy()


def nearest(clip: ma.Clip, known: dict[str, list[np.ndarray]]) -> str:
    """The motion whose examples, mirrored ones among them, a clip's movement is most like: the mean of the best three."""
    seen = shape(clip)
    best = {name: np.sort([float(seen @ one) for one in ones])[-3:].mean() for name, ones in known.items()}
    return max(best, key=lambda name: best[name])


def mirrored(clip: ma.Clip) -> ma.Clip:
    return ma.Clip(clip.frames[:, :, ::-1].copy(), clip.fps)


def measured(made: ma.Clip, case: Case, known: dict[str, list[np.ndarray]]) -> dict[str, float]:
    return {
        "flow": flow_correlation(made, case.clip),
        "amount": magnitude(made) / max(magnitude(case.clip), 1e-6),
        "identity": identity(made, case.clip).mean,
        "own": float(nearest(made, known) == case.facts["benchmark"]),
    }


def table(rows: dict[str, dict[str, list[dict[str, float]]]]) -> str:
    lines = ["| motion | made | clips | flow | amount | identity | own motion |", "|---|---|---|---|---|---|---|"]
    whole: dict[str, list[dict[str, float]]] = {}
    for methods in rows.values():
        for method, ones in methods.items():
            whole.setdefault(method, []).extend(ones)
    for name, methods in [*rows.items(), ("all", whole)]:
        for method, ones in methods.items():
            means = [f"{np.mean([one[k] for one in ones]):.3f}" for k in ("flow", "amount", "identity", "own")]
            lines.append(f"| {name} | {method} | {len(ones)} | {' | '.join(means)} |")
    return "\n".join(lines)


def main() -> None:
    """Learn, make, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--out", type=Path, default=Path("benchmark-motions"))
    parser.add_argument("--model", default="nano")
    parser.add_argument("--motions", default=",".join(NAMES))
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--tests", type=int, default=6)
    parser.add_argument("--steps", type=int, default=learning.Recipe.steps)
    parser.add_argument("--views", type=int, default=learning.Recipe.views)
    parser.add_argument("--weight", type=float, default=1.0)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chosen = {name: NAMES[name] for name in asked.motions.split(",")}
    both = {n: cases(asked.corpus, words, asked.clips, asked.tests, asked.seed) for n, words in chosen.items()}
    every = {n: cases(asked.corpus, words, asked.clips, 0, asked.seed)[0] for n, words in NAMES.items()}
    known = {n: [shape(c) for case in few for c in (case.clip, mirrored(case.clip))] for n, few in every.items()}
    rows: dict[str, dict[str, list[dict[str, float]]]] = {}
    for name, (few, tests) in both.items():
        path, began = asked.out / f"{name}.safetensors", time.monotonic()
        if not path.is_file():
            recipe = learning.Recipe(steps=asked.steps, views=asked.views, seed=asked.seed)
            options = {"out": asked.out, "model": asked.model, "recipe": recipe}
            learning.learn([case.clip for case in few], name, f"a person does a {chosen[name]}", **options)
            took, peak = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"{name}: learned from {len(few)} clips in {took:.0f} s, peak {peak:.2f} GB", flush=True)
        model = ma.load(asked.model)
        learned = motion_learned.with_motions(model, [(path, asked.weight)])
        rows[name] = {"truth": [], "plain": [], "learned": []}
        for number, case in enumerate(tests):
            case.facts["benchmark"] = name
            options = {"size": 128, "seed": number, "guidance": asked.guidance}
            for method, backbone in (("plain", model), ("learned", learned)):
                made = ma.animate(case.clip.frames[0], case.prompts["en"], backbone=backbone, **options)
                made.save(asked.out / f"{name}-{number}-{method}.mp4")
                rows[name][method].append(measured(made, case, known))
            case.clip.save(asked.out / f"{name}-{number}-truth.mp4")
            rows[name]["truth"].append(measured(case.clip, case, known))
    (asked.out / "motions.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
