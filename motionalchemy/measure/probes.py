"""Training the classifiers of `alignment`: describe train clips once, learn from them, score on true test clips.

Descriptions are kept in a folder, one file per sample, so that a run that was stopped goes on where it was.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy import parts
from motionalchemy.errors import InputError
from motionalchemy.measure.alignment import CAMERAS, VERBS, Probe, ProbeConfig, appearance, label_of, motion_map
from motionalchemy.measure.heldout import composed
from motionalchemy.nets import pack
from motionalchemy.worlds import shards

SHOWN = ("actors", "scenes", "turntables")
FEWEST = 20  # train clips that a subject needs to become a class
SIZE = 128  # pixels at which clips are described
SWAPS = {"pan_left": "pan_right", "orbit_left": "orbit_right"}
MIRRORED = SWAPS | {right: left for left, right in SWAPS.items()}


@dataclass(frozen=True, eq=False)
class Described:
    """The clips of one split: motion maps (N, 3, T, 12, 12) and appearances (N, 1280) in float16, and their facts."""

    split: str
    motion: Tensor
    appearance: Tensor
    facts: list[dict[str, Any]]

    def __post_init__(self) -> None:
        strangers = {f["split"] for f in self.facts} - {self.split}
        if strangers:
            raise InputError(f"{sorted(strangers)} clips among those described as {self.split!r}: describe them anew")


def describe_corpus(corpus: Path, split: str, out: Path, share: tuple[int, int] = (0, 1)) -> Iterator[tuple[int, int]]:
    """Describe every clip of a split into `out`, skipping those that are there; yields (done, of).

    `share` = (k, n) does every n-th clip from the k-th on, so that n processes can work side by side.
    """
    folder = out / split
    folder.mkdir(parents=True, exist_ok=True)
    entries = shards.index(corpus, split, SHOWN)[share[0] :: share[1]]
    for done, entry in enumerate(entries, start=1):
        path = folder / f"{entry.key}.npz"
        if not path.is_file():
            shown = composed(corpus, entry, SIZE)
            half = path.with_suffix(".part")
            with half.open("wb") as file:
                np.savez(
                    file,
                    motion=motion_map(shown.clip).astype(np.float16),
                    appearance=appearance(shown.clip).astype(np.float16),
                    facts=np.frombuffer(json.dumps(shown.facts).encode(), np.uint8),
                )
            half.replace(path)
        yield done, len(entries)


def described(out: Path, split: str) -> Described:
    """Every description of a split, in the order of the keys; raises InputError when there is none."""
    paths = sorted((out / split).glob("*.npz"))
    if not paths:
        raise InputError(f"no descriptions in {out / split}: run `describe_corpus` first")
    motion, looks, facts = [], [], []
    for path in paths:
        with np.load(path, allow_pickle=False) as stored:
            motion.append(torch.from_numpy(stored["motion"]))
            looks.append(torch.from_numpy(stored["appearance"]))
            facts.append(json.loads(stored["facts"].tobytes()))
    return Described(split, torch.stack(motion), torch.stack(looks), facts)


def labels_for(kind: str, train: Described) -> list[str]:
    """The classes to learn: fixed for verb and camera, the subjects with enough train clips otherwise."""
    if kind != "subject":
        return list(VERBS if kind == "verb" else CAMERAS)
    counts = Counter(f["subject"]["en"] for f in train.facts if f["action"]["key"])
    return sorted(subject for subject, count in counts.items() if count >= FEWEST)


def chosen(kind: str, labels: list[str], data: Described) -> tuple[Tensor, Tensor]:
    """The inputs and class numbers of the clips whose class is among `labels`."""
    found = [(i, label_of(kind, f)) for i, f in enumerate(data.facts)]
    kept = [(i, labels.index(label)) for i, label in found if label in labels]
    rows, classes = (torch.tensor(column) for column in zip(*kept, strict=True))
    return (data.appearance if kind == "subject" else data.motion)[rows], classes


def train(
    kind: str, data: Described, epochs: int = 30, width: int = 16, seed: int = 0
) -> Iterator[tuple[int, float, Probe]]:
    """Learn one classifier from train clips alone, yielding (epoch, loss, network); InputError for another split."""
    if data.split != "train":
        raise InputError(f"a classifier learns from the train split, not from {data.split!r}")
    labels = labels_for(kind, data)
    inputs, classes = chosen(kind, labels, data)
    torch.manual_seed(seed)
    rng = random.Random(seed)
    net = Probe(ProbeConfig("appearance" if kind == "subject" else "motion", labels, width))
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
    batches = -(-len(classes) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=epochs * batches)
    weights = torch.bincount(classes, minlength=len(labels)).clamp(min=1).float().rsqrt()
    for epoch in range(epochs):
        net.train()  # whoever had the network after the last epoch may have measured it
        total = 0.0
        for rows in torch.tensor(rng.sample(range(len(classes)), len(classes))).split(64):
            x, y = inputs[rows].float(), classes[rows]
            if kind != "subject":
                x, y = augmented(x, y, labels, rng)
            loss = F.cross_entropy(net(x), y, weights / weights.mean(), label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() / batches
        yield epoch + 1, total, net


def augmented(x: Tensor, y: Tensor, labels: list[str], rng: random.Random) -> tuple[Tensor, Tensor]:
    """Mirror, move, begin later, slow down or speed up the movement, and add the noise that flow has on real frames."""
    if rng.random() < 0.5:
        x = x.flip(-1) * torch.tensor([-1.0, 1, 1])[None, :, None, None, None]
        swapped = [labels.index(MIRRORED.get(label, label)) for label in labels]
        y = torch.tensor(swapped)[y]
    x = x.roll((rng.randint(-1, 1), rng.randint(-1, 1)), dims=(-2, -1))
    x = x[:, :, rng.randint(0, 8) :] * rng.uniform(0.8, 1.25)
    return x + 0.03 * torch.randn_like(x), y


@torch.inference_mode()
def accuracy(net: Probe, kind: str, data: Described) -> dict[str, float]:
    """Share of a split's clips that are classified right, of the most frequent class, and how many clips there are."""
    inputs, classes = chosen(kind, net.config.labels, data)
    found = net.eval()(inputs.float()).argmax(dim=1)
    right = float((found == classes).float().mean())
    most = float(torch.bincount(classes).max()) / len(classes)
    return {"accuracy": right, "most_frequent": most, "clips": len(classes)}


def save(net: Probe, kind: str, train_data: Described, test: Described, folder: Path = parts.OWN) -> dict[str, Any]:
    """Write a classifier with its ceiling on true test clips, its score on train clips, and chance; returns the card."""
    if test.split != "test":
        raise InputError(f"the ceiling is measured on the test split, not on {test.split!r}")
    about = {
        "ceiling": accuracy(net, kind, test),
        "train": accuracy(net, kind, train_data),
        "chance": 1 / len(net.config.labels),
        "licence": "CC-BY-SA-4.0",
    }
    pack.save(folder / kind, net, f"probe:{kind}", store="float16", about=about)
    return about
