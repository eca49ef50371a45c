"""Training the network that fills what is hidden: colours and features near the truth, and as varied as it.

Beside the colours' error counts the perceptual distance (1801.03924) on SqueezeNet's features, where something is
hidden, and how far the features' deviation around each place is from the truth's, as texture is judged by (DISTS,
2004.07728).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.nets import pack
from motionalchemy.nets.filler import Filler, FillerConfig
from motionalchemy.nets.precision import narrow
from motionalchemy.parts import networks
from motionalchemy.train import distributed, filler_data
from motionalchemy.train.filler_data import FillBatch, FillData, Squares
from motionalchemy.train.loop import Report, Schedule, averaged, train

COUNT = {"colour": 2.0, "perceived": 2.0, "varied": 0.15}  # what an error counts in the loss
AROUND = 5  # places of a feature map, over which its deviation is taken
VARIED = 3  # feature maps of which the deviation counts, the finest first
SHIFTS = 8  # pixels by which features are taken from elsewhere, along each axis
SEEN = 4  # pixels around what is hidden where the perceptual distance counts, too


@dataclass(frozen=True)
class FillerRecipe:
    """Everything that decides a training of the filler."""

    schedule: Schedule
    config: FillerConfig = field(default_factory=FillerConfig)
    squares: int = 4800
    count: int = 8
    device: str = "cpu"
    seed: int = 0


def filler_cpu() -> FillerRecipe:
    """1.5 million weights, 3000 steps of 8 of 4800 squares of 160 pixels."""
    return FillerRecipe(Schedule(3000, 1e-3, warmup=100, average=0.998))


def distances(made: Tensor, truth: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
    """The perceptual distance of pictures (B, 3, H, W) in 0..1 where (B, 1, H, W) is hidden, and that of the
    deviations of their features."""
    net, heads = networks.squeezenet(), networks.lpips_heads()
    with torch.no_grad():
        true = net.maps(truth)
    near = F.max_pool2d(hidden, 2 * SEEN + 1, 1, SEEN)
    perceived, varied = truth.new_zeros(()), truth.new_zeros(())
    for number, (u, v, head) in enumerate(zip(net.maps(made), true, heads, strict=True)):
        counts = F.adaptive_avg_pool2d(near, (int(u.shape[2]), int(u.shape[3])))
        u, v = F.normalize(u.float(), dim=1), F.normalize(v.float(), dim=1)
        perceived = perceived + _mean(((u - v).square() * head.view(1, -1, 1, 1)).sum(1, keepdim=True), counts)
        if number < VARIED:
            apart = (_deviation(u) - _deviation(v)).abs().sum(1, keepdim=True)
            varied = varied + _mean(apart, counts) / VARIED
    return perceived, varied


def _mean(values: Tensor, counts: Tensor) -> Tensor:
    """The mean over pictures of the mean of values (B, 1, h, w) that count so much."""
    return ((values * counts).sum((1, 2, 3)) / counts.sum((1, 2, 3)).clamp(min=1)).mean()


def _deviation(x: Tensor) -> Tensor:
    """How far features (B, C, h, w) deviate around each place."""
    pool = (AROUND, 2, AROUND // 2)
    mean = F.avg_pool2d(x, *pool, count_include_pad=False)
    square = F.avg_pool2d(x * x, *pool, count_include_pad=False)
    small = (square - mean * mean).clamp(min=0).add(1e-5).sqrt()
    return F.interpolate(small, x.shape[2:], mode="nearest")


def filler_loss(model: Filler, batch: FillBatch, step: int = 0, device: str = "cpu") -> dict[str, Tensor]:
    """The named losses; "loss" is what is minimised. Features are taken from another corner on at each step: their grid
    would be seen in what is made."""
    given = batch.pictures, batch.hidden, batch.guesses
    pictures, hidden, guesses = (x.to(device).contiguous(memory_format=torch.channels_last) for x in given)
    with torch.autocast(device, torch.bfloat16, enabled=narrow(device)):
        made, _, _ = model(pictures, hidden, guesses)
        corner = (..., slice(step % SHIFTS, None), slice(step // SHIFTS % SHIFTS, None))
        perceived, varied = distances(made[corner], pictures[corner], hidden[corner])
    colour = _mean((made - pictures).abs().mean(1, keepdim=True), hidden)
    parts = {"colour": colour, "perceived": perceived, "varied": varied}
    loss = sum((COUNT[name] * part for name, part in parts.items()), torch.zeros((), device=device))
    return {"loss": loss, **{name: part.detach() for name, part in parts.items()}}


def train_filler(recipe: FillerRecipe, folder: Path, out: Path) -> Iterator[Report]:
    """Train the filler in `out`, resuming what lies there; leaves the pack `out`/filler at the end.

    A pack in `out`/start, if there is one, is where the weights begin as far as names and shapes agree. `folder` is the
    one that tools/scene/build.sh makes. Raises MissingPart without pictures.
    """
    us = distributed.join()
    torch.manual_seed(recipe.seed)
    kept = out / "training" / "squares.npy"
    for done, of in us.after(filler_data.build(Squares(folder, recipe.seed), kept, recipe.squares)):
        yield Report(done, of, {}, 0.0, 0.0, 0.0, "encoding")
    data = FillData(np.load(kept, mmap_mode="r"), recipe.count, recipe.seed)
    model = Filler(recipe.config).to(recipe.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if (out / "start" / "config.json").is_file():
        pack.begin(model, out / "start")
    average = averaged(model)
    where = out / "training" / "filler"
    yield from train(
        model, data.batch, lambda b, i: filler_loss(model, b, i, recipe.device), recipe.schedule, where, average
    )
    if us.leads:
        model.load_state_dict(average)
        pack.save(out / "filler", model, "filler", "float16")
