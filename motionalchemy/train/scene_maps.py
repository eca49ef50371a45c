"""Training the two networks that understand a picture: how near each place is, and which region it belongs to.

Both begin from EfficientNet-Lite0's weights (nano's vision network), its first stages nearly fixed. Nearness learns
from a teacher's, known up to scale and shift (1907.01341, equations 5 to 11), and from exact renders; pairs of places
are put in order besides (1604.03901). Regions learn from teachers' probabilities where these are sure, and from exact
ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.nets import pack, scene_maps
from motionalchemy.nets.scene_maps import SceneMaps, SceneMapsConfig
from motionalchemy.parts import networks
from motionalchemy.train import distributed
from motionalchemy.train.loop import CHECKPOINT, Report, Schedule, averaged, train
from motionalchemy.train.scene_data import GROUPS, REGIONS, SceneBatch, SceneData

FLAT = 0.05  # the least spread that a map is divided by
SCALES = 4  # of the gradient term
PAIRS = 800  # places of a picture that are put in order
APART = 0.02  # nearness by which two places must differ to be put in order
COUNT = {"aligned": 1.0, "gradient": 0.5, "plain": 0.5, "order": 1.0}  # what an error counts in the loss
SOFTENED = 0.4  # a region counts as its share of the places to the power of minus this
DRAWN = 24  # batches from which the shares are taken
PEOPLE = [REGIONS.index(name) for name in ("hair", "skin", "clothes")]


@dataclass(frozen=True)
class SceneMapsRecipe:
    """Everything that decides a training of one of the two networks."""

    kind: str
    config: SceneMapsConfig
    schedule: Schedule
    count: int = 8
    photographs: float = 0.5
    device: str = "cpu"
    seed: int = 0


def depth_cpu() -> SceneMapsRecipe:
    """Nearness: 0.44 million weights, 2000 steps of 8 squares of 224 pixels, five of them rendered."""
    schedule = Schedule(2000, 7e-4, warmup=100, average=0.998)
    return SceneMapsRecipe("depth", SceneMapsConfig(), schedule, photographs=0.375)


def regions_cpu() -> SceneMapsRecipe:
    """Regions: 1.0 million weights, 1800 steps of 8 squares of 224 pixels with things pasted over them."""
    config = SceneMapsConfig(REGIONS, stages=5, deep=160, width=64)
    schedule = Schedule(1800, 7e-4, warmup=100, average=0.998)
    return SceneMapsRecipe("regions", config, schedule, photographs=0.625)


def aligned(near: Tensor) -> Tensor:
    """Maps (B, h, w) less their median, over their mean absolute deviation from it (1907.01341, equation 5)."""
    flat = near.flatten(1)
    middle = flat.median(1, keepdim=True).values
    spread = (flat - middle).abs().mean(1, keepdim=True).clamp(min=FLAT)
    return ((flat - middle) / spread).view_as(near)


def gradient_term(error: Tensor) -> Tensor:
    """The mean absolute slope of an error (B, h, w), over SCALES halvings (1907.01341, equation 11)."""
    total = error.new_zeros(())
    for _ in range(SCALES):
        total = total + (error[:, 1:] - error[:, :-1]).abs().mean() + (error[:, :, 1:] - error[:, :, :-1]).abs().mean()
        error = F.avg_pool2d(error[:, None], 2)[:, 0]
    return total / SCALES


def order_term(near: Tensor, truth: Tensor, step: int) -> Tensor:
    """How far pairs of places, drawn by the step's number, are from standing in the right order (1604.03901)."""
    draw = torch.Generator().manual_seed(step)
    flat, known = near.flatten(1), truth.flatten(1)
    one, other = (torch.randint(flat.shape[1], (PAIRS,), generator=draw) for _ in range(2))
    gap = known[:, one] - known[:, other]
    counted = (gap.abs() > APART).float()
    wrong = F.softplus(-gap.sign() * (flat[:, one] - flat[:, other]) / APART) * APART
    return (wrong * counted).sum() / counted.sum().clamp(min=1)


def depth_loss(model: SceneMaps, batch: SceneBatch, step: int) -> dict[str, Tensor]:
    """The named losses of nearness; "loss" is what is minimised."""
    pictures = batch.pictures.contiguous(memory_format=torch.channels_last)
    near = torch.sigmoid(model(pictures)[:, 0])
    error = aligned(near) - aligned(batch.near)
    parts = {
        "aligned": error.clamp(-4, 4).abs().mean(),
        "gradient": gradient_term(error),
        "plain": (near - batch.near).abs().mean(),
        "order": order_term(near, batch.near, step),
    }
    loss = sum((COUNT[name] * part for name, part in parts.items()), torch.zeros(()))
    return {"loss": loss, **{name: part.detach() for name, part in parts.items()}}


def region_weights(data: SceneData) -> Tensor:
    """What each of GROUPS counts: rare ones more than common ones, 1 in the mean over all places; (16,)."""
    share = torch.zeros(len(GROUPS))
    for i in range(DRAWN):
        batch = data.batch(-1 - i)
        share += (batch.regions * batch.weight[:, None]).sum((0, 2, 3))
    share = (share / share.sum()).clamp(min=1e-3)
    counts = share**-SOFTENED
    return counts / (counts * share).sum()


def region_loss(model: SceneMaps, batch: SceneBatch, counts: Tensor) -> dict[str, Tensor]:
    """Soft cross-entropy over the regions, a person's parts together where they are not told apart, and how often the
    surest region is the right one."""
    pictures = batch.pictures.contiguous(memory_format=torch.channels_last)
    logs = F.log_softmax(model(pictures), 1)
    logs = torch.cat((logs, torch.logsumexp(logs[:, PEOPLE], 1, keepdim=True)), 1)  # (B, 16, h, w)
    weight = batch.weight * (batch.regions * counts[:, None, None]).sum(1)
    entropy = -(batch.regions * logs).sum(1)
    loss = (entropy * weight).sum() / weight.sum().clamp(min=1)
    surest, truth = logs[:, : len(REGIONS)].detach().argmax(1), batch.regions.argmax(1)
    someone = (truth == GROUPS.index("person")) & torch.isin(surest, torch.tensor(PEOPLE))
    right = ((surest == truth) | someone).float()
    return {"loss": loss, "right": (right * batch.weight).sum() / batch.weight.sum().clamp(min=1)}


def train_scene_maps(recipe: SceneMapsRecipe, folder: Path, out: Path) -> Iterator[Report]:
    """Train one of the two networks in `out`, resuming what lies there; leaves the pack `out`/KIND at the end.

    `folder` is the one that tools/scene/build.sh makes. Raises MissingPart without the weights that it begins from.
    """
    us = distributed.join()
    torch.manual_seed(recipe.seed)
    regions = recipe.kind == "regions"
    data = SceneData(folder, recipe.count, recipe.photographs, paste=regions, seed=recipe.seed)
    model = SceneMaps(recipe.config)
    where = out / "training" / recipe.kind
    if not (where / CHECKPOINT).is_file():
        begun = scene_maps.borrowed(networks.efficientnet().trunk, recipe.config.stages)
        assert not model.load_state_dict(begun, strict=False).unexpected_keys
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = averaged(model)
    if regions:
        counts = region_weights(data)
        steps = train(model, data.batch, lambda b, i: region_loss(model, b, counts), recipe.schedule, where, average)
    else:
        steps = train(model, data.batch, lambda b, i: depth_loss(model, b, i), recipe.schedule, where, average)
    yield from steps
    if us.leads:
        model.load_state_dict(average)
        pack.save(out / recipe.kind, model, recipe.kind, "float16")
