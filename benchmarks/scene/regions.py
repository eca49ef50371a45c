"""How well regions are guessed: intersection over union against the teachers on kept-back photographs and against
exact regions on renders, and the time it takes.

    python benchmarks/scene/regions.py --data FOLDER [--taught LABELS]

FOLDER is what tools/scene/build.sh makes. Photographs are its kept-back ones (split test), where the teachers are
surer than half; renders are renders-test. LABELS holds the teachers' own labels of those renders
(tools/scene/label.py); both are scored on those that have some.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
import torch

from motionalchemy.scene import regions
from motionalchemy.train.scene_data import GROUPS, TAUGHT, read

PERSON = ("hair", "skin", "clothes")
ALIKE = {name: "person" for name in PERSON}  # for what teachers do not tell apart


def numbered(labels: np.ndarray, names: tuple[str, ...], merged: bool) -> np.ndarray:
    """Labels by `names` as numbers of GROUPS; a person's parts as one where `merged`."""
    to = [GROUPS.index(ALIKE.get(name, name) if merged else name) for name in names]
    return np.array(to)[labels]


class Scores:
    """Intersections and unions by region, summed over pictures."""

    def __init__(self) -> None:
        self.both, self.either = np.zeros(len(GROUPS)), np.zeros(len(GROUPS))
        self.truth, self.right, self.counted = np.zeros(len(GROUPS)), 0.0, 0.0

    def add(self, seen: np.ndarray, truth: np.ndarray, known: np.ndarray) -> None:
        """One picture: two maps of numbers and where the truth is known."""
        for n in range(len(GROUPS)):
            one, other = (seen == n) & known, (truth == n) & known
            self.both[n] += (one & other).sum()
            self.either[n] += (one | other).sum()
            self.truth[n] += other.sum()
        self.right += ((seen == truth) & known).sum()
        self.counted += known.sum()

    def row(self, name: str) -> str:
        """A line of a table; regions that cover less than 0.1 % of the truth are left out."""
        kept = self.truth > 0.001 * self.counted
        ious = self.both / np.maximum(self.either, 1)
        cells = ", ".join(f"{GROUPS[n]} {ious[n]:.2f}" for n in np.flatnonzero(kept))
        return f"{name}: pixels right {self.right / self.counted:.3f}, mean IoU {ious[kept].mean():.3f} ({cells})"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--data", type=Path, required=True)
    given.add_argument("--taught", type=Path)
    given.add_argument("--weights", type=Path, default=regions.WEIGHTS)
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if args.weights != regions.WEIGHTS:
        trained = regions.network(args.weights)
        regions.network = lambda: trained  # type: ignore[assignment]
    entries = [json.loads(line) for line in (args.data / "index.jsonl").open(encoding="utf-8")]
    scores = {
        name: Scores()
        for name in (
            "photographs",
            "renders",
            "renders, person as one",
            "taught renders, ours",
            "taught renders, teachers",
        )
    }
    count = {"photograph": 0, "render": 0}
    for entry in (e for e in entries if e["split"] == "test"):
        sample = read(args.data, entry)
        count[entry["kind"]] += 1
        size = sample.weight.shape[::-1]
        found = regions.regions(sample.picture)
        seen = cv2.resize(found.labels.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        truth, known = sample.regions.argmax(-1), sample.weight > 0
        as_one = numbered(seen, found.names, True)
        if entry["kind"] == "photograph":
            scores["photographs"].add(as_one, numbered(truth, GROUPS, True), known)
            continue
        scores["renders"].add(numbered(seen, found.names, False), truth, known)
        scores["renders, person as one"].add(as_one, numbered(truth, GROUPS, True), known)
        path = args.taught / f"{Path(entry['labels']).stem}.npz" if args.taught else None
        if path and path.is_file():
            with np.load(path) as stored:
                said = cv2.resize(stored["regions"].argmax(0).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            scores["taught renders, ours"].add(as_one, numbered(truth, GROUPS, True), known)
            scores["taught renders, teachers"].add(numbered(said, TAUGHT, True), numbered(truth, GROUPS, True), known)
    print(count)
    for name, score in scores.items():
        if score.counted:
            print(score.row(name))
    picture = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    regions.regions(picture)
    begun = time.process_time()
    for _ in range(5):
        regions.regions(picture)
    print(f"512 x 512, one thread: {(time.process_time() - begun) / 5:.3f} CPU s")


if __name__ == "__main__":
    main()
