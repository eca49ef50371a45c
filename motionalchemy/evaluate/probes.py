"""Training the classifiers of `alignment`: describe train clips once, learn from them, score on true test clips.

`python -m motionalchemy.evaluate.probes --corpus DIR --work DIR --out DIR` does all of it.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.errors import InputError, MotionAlchemyError
from motionalchemy.evaluate.alignment import KINDS, Probe, ProbeConfig, check_kind, label_of
from motionalchemy.evaluate.described import Described, describe_corpus, described
from motionalchemy.nets import pack
from motionalchemy.parts import weights as parts_weights

FEWEST = 5  # train clips that a class needs
SWAPS = {"pan_left": "pan_right", "orbit_left": "orbit_right", "roll_left": "roll_right", "left": "right"}
MIRRORED = SWAPS | {right: left for left, right in SWAPS.items()}
WIDTHS = {"verb": 20, "camera": 16, "direction": 12}
EPOCHS = {"verb": 16, "camera": 9, "direction": 12}
LINEAR = 40  # epochs of those that read appearance


def labels_for(kind: str, train: Described) -> list[str]:
    """The classes of a kind that have enough train clips, in the order of KINDS."""
    check_kind(kind)
    counts = Counter(label_of(kind, f) for f in train.facts)
    return [label for label in KINDS[kind][1] if counts[label] >= FEWEST]


def chosen(kind: str, labels: list[str], data: Described) -> tuple[Tensor, Tensor, list[dict[str, Any]]]:
    """The inputs (N, ...) as in `Described`, class numbers (N,) and facts of the clips whose class is among `labels`;
    InputError when there is none.

    Subjects are learnt and scored in their own colours, not painted.
    """
    plain = [(i, f) for i, f in enumerate(data.facts) if kind != "subject" or f.get("look", "plain") == "plain"]
    found = [(i, label_of(kind, f), f) for i, f in plain]
    kept = [(i, labels.index(label), f) for i, label, f in found if label in labels]
    if not kept:
        raise InputError(
            f"no {data.split} clip has a {kind} among {', '.join(labels) or 'none'}: describe more of them"
        )
    rows, classes, facts = zip(*kept, strict=True)
    return data.values[torch.tensor(rows)], torch.tensor(classes), list(facts)


def train(
    kind: str, data: Described, epochs: int | None = None, width: int | None = None, seed: int = 0
) -> Iterator[tuple[int, float, Probe]]:
    """Learn one classifier from train clips alone, yielding (epoch, loss, network); InputError for another split."""
    if data.split != "train":
        raise InputError(f"a classifier learns from the train split, not from {data.split!r}")
    labels, epochs = labels_for(kind, data), EPOCHS.get(kind, LINEAR) if epochs is None else epochs
    if epochs < 1:
        raise InputError(f"a classifier needs one epoch or more, not {epochs}")
    inputs, classes, _ = chosen(kind, labels, data)
    torch.manual_seed(seed)
    reads = KINDS[kind][0]
    net = Probe(ProbeConfig(reads, labels, width or WIDTHS.get(kind, 16)))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
    batches = -(-len(classes) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=epochs * batches)
    weights = torch.bincount(classes, minlength=len(labels)).clamp(min=1).float().rsqrt()
    for epoch in range(epochs):
        net.train()  # whoever had the network after the last epoch may have measured it
        total = 0.0
        for rows in torch.randperm(len(classes)).tensor_split(batches):
            x, y = inputs[rows].float(), classes[rows]
            if reads == "motion":
                x, y = augmented(x, y, labels)
            loss = F.cross_entropy(net(x), y, weights / weights.mean(), label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() / batches
        yield epoch + 1, total, net


def mirrored(x: Tensor, y: Tensor, labels: list[str]) -> tuple[Tensor, Tensor]:
    """Movement maps (B, 3, T, 12, 12) seen in a mirror, and the classes that this makes of theirs."""
    others = [MIRRORED.get(label, label) for label in labels]
    swapped = torch.tensor([labels.index(other) if other in labels else i for i, other in enumerate(others)])
    return x.flip(-1) * x.new_tensor([-1.0, 1, 1])[:, None, None, None], swapped[y]


def augmented(x: Tensor, y: Tensor, labels: list[str]) -> tuple[Tensor, Tensor]:
    """Mirror half of the maps (B, 3, T, 12, 12), shift, begin later, slow down or speed up the movement, and add the
    noise that flow has."""
    other, swapped = mirrored(x, y, labels)
    half = torch.rand(len(x)) < 0.5
    x, y = torch.where(half[:, None, None, None, None], other, x), torch.where(half, swapped, y)
    x = x.roll(tuple(torch.randint(-1, 2, (2,)).tolist()), dims=(-2, -1))
    x = x[:, :, int(torch.randint(0, 4, ())) :]
    return x * (0.75 + 0.5 * torch.rand(len(x), 1, 1, 1, 1)) + 0.05 * torch.randn_like(x), y


@torch.inference_mode()
def accuracy(net: Probe, kind: str, data: Described) -> dict[str, Any]:
    """How well a split's clips are classified.

    `accuracy`, the share that is right; `most_frequent`, what always naming the commonest class would give; `balanced`,
    the mean over classes; `as_shown`, the share among clips that no camera was laid over; `clips`; and for every class
    what its clips were taken for, `confusion`.
    """
    labels = net.config.labels
    inputs, classes, facts = chosen(kind, labels, data)
    found = torch.cat([net.eval()(part.float()).argmax(dim=1) for part in inputs.split(256)])
    right = (found == classes).float()
    table = torch.bincount(classes * len(labels) + found, minlength=len(labels) ** 2).view(len(labels), -1)
    there = table.sum(1) > 0
    shown = torch.tensor([not f.get("moved") for f in facts])
    return {
        "accuracy": float(right.mean()),
        "balanced": float((table.diag()[there] / table.sum(1)[there]).mean()),
        "as_shown": float(right[shown].mean()) if shown.any() else None,
        "most_frequent": float(table.sum(1).max()) / len(classes),
        "clips": len(classes),
        "confusion": {
            labels[i]: {labels[j]: int(n) for j, n in enumerate(row) if n} for i, row in enumerate(table) if row.any()
        },
    }


def save(
    net: Probe, kind: str, train_data: Described, test: Described, folder: Path = parts_weights.MEASURE
) -> dict[str, Any]:
    """Write a classifier with its ceiling on true test clips, its score on train clips, and chance; returns the card.

    Raises InputError for a ceiling of another split.
    """
    if test.split != "test":
        raise InputError(f"the ceiling is measured on the test split, not on {test.split!r}")
    learnt = accuracy(net, kind, train_data)
    learnt.pop("confusion")
    about = {
        "splits": {"train": learnt["clips"], "test": (ceiling := accuracy(net, kind, test))["clips"]},
        "ceiling": ceiling,
        "train": learnt,
        "chance": 1 / len(net.config.labels),
        "licence": "CC-BY-SA-4.0",
    }
    pack.save(folder / kind, net, f"probe:{kind}", store="float16", about=about)
    return about


def _describe(corpus: Path, work: Path, reading: set[str], limit: int | None) -> None:
    for split in ("test", "train"):
        for reads in sorted(reading):
            for done, of in describe_corpus(corpus, split, reads, work, limit=limit):
                if done % 100 == 0 or done == of:
                    print(f"{split} {reads}: {done} of {of}", file=sys.stderr)


def _learn(kind: str, work: Path, out: Path, epochs: int | None, seed: int) -> str:
    data, test = (described(work, split, KINDS[kind][0]) for split in ("train", "test"))
    begun = time.perf_counter()
    net = None
    for epoch, loss, net in train(kind, data, epochs, seed=seed):  # noqa: B007
        print(f"{kind}, epoch {epoch}: loss {loss:.3f}", file=sys.stderr)
    assert net is not None
    card = save(net, kind, data, test, out)
    scores = " ".join(f"{name} {card[name]['accuracy']:.3f} of {card[name]['clips']}" for name in ("train", "ceiling"))
    return f"{kind}: {scores}, chance {card['chance']:.3f}, {time.perf_counter() - begun:.0f} s"


def main(arguments: list[str] | None = None) -> int:
    """Describe a corpus, learn every classifier (or those named) from it, and write them; returns the exit code."""
    parser = argparse.ArgumentParser("python -m motionalchemy.evaluate.probes", description=main.__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder that holds index.jsonl")
    parser.add_argument("--work", type=Path, required=True, help="where descriptions are kept")
    parser.add_argument("--out", type=Path, required=True, help="where the classifiers go, a folder each")
    parser.add_argument("--limit", type=int, help="describe so many samples a split, not all")
    parser.add_argument("--kind", action="append", help=f"one of {', '.join(KINDS)}; may be given several times")
    parser.add_argument("--epochs", type=int, help="passes over the train clips, each kind its own number")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    kinds = asked.kind or list(KINDS)
    try:
        for kind in kinds:
            check_kind(kind)
        _describe(asked.corpus, asked.work, {KINDS[kind][0] for kind in kinds}, asked.limit)
        for kind in kinds:
            print(_learn(kind, asked.work, asked.out, asked.epochs, asked.seed))
    except MotionAlchemyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    cv2.setNumThreads(1)
    sys.exit(main())
