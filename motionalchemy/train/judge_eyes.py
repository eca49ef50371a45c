"""Training the judge's eyes: what train samples do, seen as they are and as the decoder shows them."""

import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from motionalchemy.data import draw, staging
from motionalchemy.data.backgrounds import Background
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.shards import Entry
from motionalchemy.data.verbs import VERBS
from motionalchemy.data.world import World, render
from motionalchemy.errors import InputError
from motionalchemy.models import nano
from motionalchemy.nets import judge, pack
from motionalchemy.nets.judge import Judge, JudgeConfig
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.train import distributed, fields, judge_text, latents
from motionalchemy.train.loop import Report, Schedule, averaged, train

PART = 64  # samples of a part of what is seen
SIZE = (128, 128)  # of the clips that the decoder shows, in pixels
FEWEST = 4  # samples that an action needs
STAGED = 3  # times that each sample is seen as it is
LITTLE = (0.4, 0.9)  # of a movement: the flow's own are smaller than true ones
PLACES = 30  # backgrounds before which samples are decoded
ALIKE = [list(actions) for actions in VERBS.values()]  # those that movement alone can hardly tell apart


@dataclass(frozen=True)
class JudgeRecipe:
    """Everything that decides a training of the judge: `decoded` samples are also seen as the decoder shows them, and a
    step sees `count` clips, or hears four times as many sentences."""

    eyes: int = 3
    width: int = 16
    schedule: Schedule = field(default_factory=lambda: Schedule(1900, 3e-3, warmup=150, decay=0.05, average=0.99))
    heard: Schedule = field(default_factory=lambda: Schedule(1500, 3e-3, warmup=100, decay=0.05, average=0.99))
    decoded: int = 1280
    count: int = 64
    device: str = "cpu"
    seed: int = 0


def judge_cpu() -> JudgeRecipe:
    """On two cores 40 minutes of following layers that no cache has, 15 of looking and 36 of training, 12 for each eye;
    the sentences take four more."""
    return JudgeRecipe()


def build(recipe: JudgeRecipe, corpus: Path, out: Path, workers: int = 2) -> Iterator[tuple[int, int]]:
    """See all actors of the train split, part by part in `out`/deeds; a part that is there is not made again."""
    (out / "deeds").mkdir(parents=True, exist_ok=True)
    count = len(Corpus(corpus, "train").entries["actors"])
    work = partial(_part, recipe, corpus, out)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in pool.map(work, range(-(-count // PART))):
            yield min(done, count), count


@cache
def _stage(path: Path, seed: int) -> tuple[Corpus, list[Any], list[Background], MotionAutoencoder]:
    torch.set_num_threads(1)
    corpus, rng = Corpus(path, "train"), random.Random(f"{seed}/stage")
    backdrops = [draw.backdrop(corpus, rng, SIZE) for _ in range(PLACES)]
    return corpus, staging.places(path, "train", rng), backdrops, nano.read_codec(nano.WEIGHTS / "codec")[0]


def _part(recipe: JudgeRecipe, path: Path, out: Path, number: int) -> int:
    file = out / "deeds" / f"{number:04d}.safetensors"
    if not file.is_file():
        corpus, places, backdrops, codec = _stage(path, recipe.seed)
        entries = sorted(corpus.entries["actors"], key=lambda entry: entry.key)
        order = list(entries)
        random.Random(recipe.seed).shuffle(order)
        shown = order[: recipe.decoded]
        found, actions = list[Tensor](), list[str]()
        for entry in entries[number * PART : (number + 1) * PART]:
            rng = random.Random(f"{recipe.seed}/judge/{entry.key}")
            seen = _as_it_is(corpus, entry, rng, places)
            seen += _decoded(corpus, entry, rng, backdrops, codec, out / latents.LAYERS) if entry in shown else []
            found += seen
            actions += [corpus.facts(entry)["action"]["key"]] * len(seen)
        half = file.with_suffix(".part")
        save_file({"movement": torch.stack(found).half()}, half, {"deeds": " ".join(actions)})
        os.replace(half, file)
    return (number + 1) * PART


def _as_it_is(corpus: Corpus, entry: Entry, rng: random.Random, places: list[Any]) -> list[Tensor]:
    """The movement of a sample, as it is and filmed."""
    one = staging.figure(corpus, entry)
    clips = [staging.as_it_is(one, rng)[0], *(staging.filmed(one, rng, places)[0] for _ in range(STAGED - 1))]
    return [judge.between(np.ascontiguousarray(clip)) for clip in clips]


@torch.no_grad()
def _decoded(
    corpus: Corpus,
    entry: Entry,
    rng: random.Random,
    backdrops: list[Background],
    codec: MotionAutoencoder,
    layers: Path,
) -> list[Tensor]:
    """The movement of a sample that is seen when its latents are decoded, whole and a share of it."""
    actor = replace(draw.actor(corpus, rng, entry), path=None, here=True)
    world = World(rng.choice(backdrops), (actor,), seed=rng.getrandbits(31))
    way = fields.field(world, SIZE, codec.config.cell, layers)[None]
    picture = render(world, SIZE)[:1].transpose(0, 1)[None].float()
    later = [codec.moving(way * share) for share in (1.0, rng.uniform(*LITTLE))]
    whole = [torch.cat((torch.zeros_like(x[:, :, :1]), codec.steadied(x)), 2) for x in later]
    return [judge.movement(codec.decode(x, picture)[0], 24.0) for x in whole]


@dataclass(frozen=True, eq=False)
class JudgeBatch:
    """Movements (B, 2, T, 16, 16) and the numbers of their actions (B,)."""

    movement: Tensor
    shown: Tensor


class JudgeData:
    """Draws batches from what `build` saw; batch i is a function of (seed, i) alone. Raises InputError of one action
    alone."""

    def __init__(self, recipe: JudgeRecipe, folder: Path):
        self.recipe = recipe
        parts, names = list[Tensor](), list[str]()
        for path in sorted(folder.glob("*.safetensors")):
            with safe_open(path, "pt") as file:
                names += file.metadata()["deeds"].split(" ")
            parts.append(load_file(path)["movement"])
        counts = Counter(names)
        self.actions = sorted(action for action in counts if counts[action] >= FEWEST * STAGED)
        if len(self.actions) < 2:
            raise InputError(f"{folder} shows fewer than two actions: a judge needs some to tell apart")
        kept = [i for i, action in enumerate(names) if action in self.actions]
        self.movement = torch.cat(parts)[kept]
        self.shown = torch.tensor([self.actions.index(names[i]) for i in kept])

    def batch(self, i: int) -> JudgeBatch:
        """Batch i, on the CPU."""
        rng = random.Random(f"{self.recipe.seed}/{i}")
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        rows = torch.tensor([rng.randrange(len(self.shown)) for _ in range(self.recipe.count)])
        return JudgeBatch(seen_otherwise(self.movement[rows].float(), generator), self.shown[rows])


def seen_otherwise(x: Tensor, generator: torch.Generator) -> Tensor:
    """Movements (B, 2, T, 16, 16) half of them in a mirror, shifted, begun later, some blurred, larger or smaller."""

    def drawn(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    def each() -> Tensor:
        return drawn(len(x), 1, 1, 1, 1)

    x = torch.where(each() < 0.5, x.flip(-1) * x.new_tensor([-1.0, 1]).view(2, 1, 1, 1), x)
    shift = [int(n) for n in torch.randint(-2, 3, (2,), generator=generator)]
    x = x.roll(shift, (-2, -1))[:, :, int(4 * drawn(1)) :]
    soft = F.avg_pool2d(x.flatten(1, 2), 3, 1, 1, count_include_pad=False).view_as(x)
    x = torch.lerp(x, soft, (2 * each() - 1).clamp(min=0))
    return x * (0.7 + 0.6 * each()) + 0.05 * torch.randn(x.shape, generator=generator)


def judge_loss(model: Judge, batch: JudgeBatch, weights: Tensor) -> dict[str, Tensor]:
    """Cross-entropy of the actions seen, rare ones counting more."""
    seen = F.cross_entropy(model.seen(batch.movement), batch.shown, weights, label_smoothing=0.05)
    return {"loss": seen, "seen": seen.detach()}


def train_judge(recipe: JudgeRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Train the judge's eyes in `out`, one after the other, and then what it hears, resuming what lies there; leaves
    the pack `out`/judge at the end."""
    us = distributed.join()
    for done, of in us.after(build(recipe, corpus, out)):
        yield Report(done, of, {}, 0.0, 0.0, 0.0, "looking")
    trained, config = list[Judge](), JudgeConfig([])
    for number in range(recipe.eyes):
        own = replace(recipe, seed=recipe.seed + number)
        torch.manual_seed(own.seed)
        data = JudgeData(own, out / "deeds")
        config = JudgeConfig(data.actions, ALIKE, 1, recipe.width)
        model = Judge(config).train()
        for unheard in (model.word, model.said):
            unheard.requires_grad_(False)
        weights = torch.bincount(data.shown, minlength=len(data.actions)).float().rsqrt()
        weights, average = weights / weights.mean(), averaged(model)
        where = out / "training" / "judge" / str(number)
        step = partial(judge_loss, model, weights=weights)
        yield from train(model, data.batch, lambda b, i, step=step: step(b), recipe.schedule, where, average)
        model.load_state_dict(average)
        trained.append(model)
    ears = Judge(replace(config, eyes=0)).train()
    said = judge_text.Sayings(Corpus(corpus, "train"), config.deeds, 4 * recipe.count, recipe.seed)
    average = averaged(ears)
    yield from train(
        ears, said.batch, partial(judge_text.loss, ears), recipe.heard, out / "training" / "heard", average
    )
    ears.load_state_dict(average)
    if us.leads:
        pack.save(
            out / "judge", joined(trained, ears), "judge", about={"licence": "CC-BY-SA-4.0", "recipe": "judge-cpu"}
        )


def joined(judges: list[Judge], ears: Judge) -> Judge:
    """A judge that sees with the eyes of several, and hears as another does."""
    whole = Judge(replace(ears.config, eyes=len(judges)))
    whole.load_state_dict(ears.state_dict(), strict=False)
    whole.eyes = nn.ModuleList(each.eyes[0] for each in judges)
    return whole
