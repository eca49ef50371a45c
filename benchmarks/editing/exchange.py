"""A subject exchanged for that of a picture, or taken away, beside the true clip; and outlines beside the true ones.

    python benchmarks/editing/exchange.py --corpus corpus --n 16

Held-out worlds: one subject does something in a place, before a camera that stands, pans or zooms. The true clip shows
another subject there doing the same from the same side; its first frame, on white, is the picture that is given. Without
its subject the world is what is true of taking it away. Before black and before white it shows its true outline.
"""

import argparse
import random
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch

import motionalchemy as ma
from motionalchemy.data import draw
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.shards import Entry
from motionalchemy.data.world import World, render
from motionalchemy.evaluate import cases as evaluate_cases
from motionalchemy.evaluate import fidelity, identity, movement
from motionalchemy.media.clip import Clip
from motionalchemy.models.base import Backbone
from motionalchemy.scene import plate, segmentation

SIZE, CAMERAS = (256, 256), ("static", "static", "pan_left", "pan_right", "zoom_in")


@dataclass(frozen=True, eq=False)
class Case:
    """Clips: the source, the true one after the exchange, the place alone; masks (T, H, W) of the subject, the picture."""

    source: Clip
    truth: Clip
    bare: Clip
    mask: np.ndarray
    picture: np.ndarray
    said: str


def shown(world: World, brightness: float | None = None) -> Clip:
    """A world as a clip, its background in one grey if a brightness in [0, 1] is given."""
    if brightness is not None:
        assert world.background
        plain = torch.full_like(world.background.picture, brightness)
        world = replace(world, background=replace(world.background, picture=plain))
    return Clip.of(render(world, SIZE).transpose(0, 1), 24)


def outline(world: World) -> np.ndarray:
    """Where a world's actors are, (T, H, W) of bool."""
    dark, light = (shown(world, brightness).frames.mean(-1) for brightness in (0.0, 1.0))
    return light - dark < 127


def cases(corpus: Path, n: int, seed: int) -> list[Case]:
    """`n` pairs of held-out subjects that do the same: motions never learnt and looks never seen, in turn."""
    dice, asked = random.Random(f"{seed}/exchange"), []
    for split in ("fewshot", "test"):
        held = Corpus(corpus, split)
        asked.append([(held, *pair) for pair in evaluate_cases.pairs(held, dice)])
    chosen = [three for both in zip(*asked, strict=False) for three in both][:n]
    if len(chosen) < n:
        raise SystemExit(f"there are only {len(chosen)} such pairs")
    return [case(*three, random.Random(f"{seed}/exchange/{number}")) for number, three in enumerate(chosen)]


def case(held: Corpus, one: Entry, other: Entry, dice: random.Random) -> Case:
    """One subject in some place under some camera, and another one there."""
    actor = replace(draw.actor(held, dice, one), path=None, x=0.0)
    place, camera = draw.backdrop(held, dice, SIZE), dice.choice(CAMERAS)
    before = draw.sized(World(place, (actor,), camera=camera, seed=dice.getrandbits(31)))
    after = draw.sized(replace(before, actors=(replace(actor, layer=held.read(other)),)))
    clips = shown(before), shown(after), shown(replace(before, actors=()))
    return Case(*clips, outline(before), shown(after, 1.0).frames[0], f"{one.key} -> {other.key}, {camera}")


def overlap(found: np.ndarray, true: np.ndarray) -> float:
    """Intersection over union of masks."""
    return float((found & true).sum() / max(1, (found | true).sum()))


def measured(case: Case, model: Backbone, seed: int) -> dict[str, dict[str, float]]:
    """Every row's figures for a case."""
    asked = {"backbone": model, "seed": seed, "region": "subject"}
    changed = ma.edit(case.source, "replace it with this", image=case.picture, **asked)
    gone = ma.edit(case.source, "remove it", **asked)
    alone = segmentation.salient_masks(case.source.frames)
    outlines = plate.outlined(case.source.frames, alone)
    rows = {"exchange: source": case.source, "exchange: made": changed, "exchange: truth": case.truth}
    found = {name: beside(clip, case) for name, clip in rows.items()}
    for name, clip in (("removal: source", case.source), ("removal: made", gone)):
        far = {"PSNR, dB": fidelity.psnr(clip, case.bare), "perceptual distance": fidelity.lpips_like(clip, case.bare)}
        found[name] = far | {"PSNR where the subject was, dB": fidelity.psnr(clip, case.bare, case.mask)}
    found["removal: made"]["PSNR elsewhere, dB"] = fidelity.psnr(gone, case.source, ~case.mask)
    found["outline: saliency, followed"] = {"overlap with the true outline": overlap(alone > 0.5, case.mask)}
    found["outline: by what differs from the plate"] = {
        "overlap with the true outline": overlap(outlines > 0.5, case.mask)
    }
    return found


def beside(clip: Clip, case: Case) -> dict[str, float]:
    """A clip beside the true one."""
    return {
        "PSNR, dB": fidelity.psnr(clip, case.truth),
        "perceptual distance": fidelity.lpips_like(clip, case.truth),
        "identity with the picture": identity.identity(clip, case.picture[None]).mean,
        "flow correlation with the truth": movement.flow_correlation(clip, case.truth),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--n", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    model, figures = ma.load("nano", "cpu"), defaultdict[str, dict[str, list[float]]](lambda: defaultdict(list))
    for case in cases(asked.corpus, asked.n, asked.seed):
        print(case.said, file=sys.stderr)
        for row, values in measured(case, model, asked.seed).items():
            for name, value in values.items():
                figures[row][name].append(value)
    print(f"n = {asked.n}; mean and standard error\n")
    for row, values in figures.items():
        columns = [f"{k} {np.mean(v):.3f} ({np.std(v) / len(v) ** 0.5:.3f})" for k, v in values.items()]
        print(f"- {row}: {', '.join(columns)}")


if __name__ == "__main__":
    main()
