"""Training the judge: what train samples do, seen as they are and as the decoder shows them, and sentences that say so."""

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

from motionalchemy.backbones import nano
from motionalchemy.errors import InputError
from motionalchemy.learn import crew, fields, latents
from motionalchemy.learn.loop import Report, Schedule, averaged, train
from motionalchemy.learn.told import Told
from motionalchemy.measure import staging
from motionalchemy.measure.alignment import VERBS
from motionalchemy.nets import judge, pack
from motionalchemy.nets.judge import Judge, JudgeConfig
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.worlds import draw
from motionalchemy.worlds.backgrounds import Background
from motionalchemy.worlds.corpus import Corpus
from motionalchemy.worlds.shards import Entry, Layer
from motionalchemy.worlds.shown import shown_by
from motionalchemy.worlds.world import Actor, World, describe, render

PART = 64  # samples of a part of what is seen
SIZE = (128, 128)  # of the clips that the decoder shows, in pixels
FEWEST = 4  # samples that a deed needs
STAGED = 3  # times that each sample is seen as it is
LITTLE = (0.4, 0.9)  # of a movement: the flow's own are smaller than true ones
PLACES = 60  # backgrounds that sentences speak of
THINGS = {"emoji": 250, "turntables": 60}  # samples whose sentences ask for no deed
EMPTY = 1500  # sentences of places alone
ALIKE = [list(deeds) for deeds in VERBS.values()]  # those that movement alone can hardly tell apart
TOLD = 6  # times that each sample is described, in both languages


@dataclass(frozen=True)
class JudgeRecipe:
    """Everything that decides a training of the judge: `decoded` samples are also seen as the decoder shows them, and a
    step sees `count` clips and hears as many sentences."""

    eyes: int = 3
    width: int = 16
    schedule: Schedule = field(default_factory=lambda: Schedule(1900, 3e-3, warmup=150, decay=0.05, average=0.99))
    decoded: int = 1280
    count: int = 64
    device: str = "cpu"
    seed: int = 0


def judge_cpu() -> JudgeRecipe:
    """On two cores 40 minutes of following layers that no cache has, 15 of looking and 36 of training, 12 for each eye."""
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
    backdrops = [draw.backdrop(corpus, rng, SIZE) for _ in range(PLACES // 2)]
    return corpus, staging.places(path, "train", rng), backdrops, nano.read_codec(nano.WEIGHTS / "codec")[0]


def _part(recipe: JudgeRecipe, path: Path, out: Path, number: int) -> int:
    file = out / "deeds" / f"{number:04d}.safetensors"
    if not file.is_file():
        corpus, places, backdrops, codec = _stage(path, recipe.seed)
        entries = sorted(corpus.entries["actors"], key=lambda entry: entry.key)
        order = list(entries)
        random.Random(recipe.seed).shuffle(order)
        shown = order[: recipe.decoded]
        found, deeds = list[Tensor](), list[str]()
        for entry in entries[number * PART : (number + 1) * PART]:
            rng = random.Random(f"{recipe.seed}/judge/{entry.key}")
            seen = _as_it_is(corpus, entry, rng, places)
            seen += _decoded(corpus, entry, rng, backdrops, codec, out / latents.LAYERS) if entry in shown else []
            found += seen
            deeds += [corpus.facts(entry)["action"]["key"]] * len(seen)
        half = file.with_suffix(".part")
        save_file({"movement": torch.stack(found).half()}, half, {"deeds": " ".join(deeds)})
        os.replace(half, file)
    return (number + 1) * PART


def _as_it_is(corpus: Corpus, entry: Entry, rng: random.Random, places: list[Any]) -> list[Tensor]:
    """The movement of a sample, as it is and filmed."""
    one = staging.figure(corpus, entry)
    clips = [staging.as_shown(one, rng)[0], *(staging.filmed(one, rng, places)[0] for _ in range(STAGED - 1))]
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


def sentences(corpus: Corpus, deeds: list[str], rng: random.Random) -> list[tuple[str, int]]:
    """Sentences in both languages and the numbers of the deeds they ask for, len(deeds) where it is none of them.

    A deed that is too rare to be known is one of those that look like it.
    """
    backdrops = [draw.backdrop(corpus, rng, (64, 64)) for _ in range(PLACES)]
    blank = np.zeros((2, 8, 8, 3), np.uint8)
    found = list[tuple[str, int]]()

    def say(actors: tuple[Actor, ...], deed: int) -> None:
        camera = rng.choice(draw.CAMERAS) if not actors or rng.random() < 0.3 else None
        world = World(rng.choice(backdrops), actors, camera=camera)
        found.extend((describe(world, rng, language), deed) for language in ("en", "zh"))

    for entry in corpus.entries["actors"]:
        facts = corpus.facts(entry)
        key = facts["action"]["key"]
        meant = [key] if key in deeds else [each for kin in ALIKE if key in kin for each in kin if each in deeds]
        for _ in range(TOLD):
            mirrored = rng.random() < 0.5
            shown = shown_by(facts, mirrored)
            goes = bool(shown.deed and shown.deed.travels and rng.random() < 0.5)
            path = (shown.side or shown.depth) if goes else None
            actor = Actor(Layer(blank, blank[..., 0], facts), path, mirrored=mirrored, here=True)
            say((actor,), deeds.index(rng.choice(meant)) if meant else len(deeds))
    for kind, most in THINGS.items():
        for entry in rng.sample(corpus.entries[kind], min(most, len(corpus.entries[kind]))):
            layer = Layer(blank, blank[..., 0], corpus.facts(entry))
            if kind == "emoji":
                say((Actor(layer, rng.choice(("left", "right", None)), here=True),), len(deeds))
            else:
                turning = World(scene=replace(layer, alpha=None))
                found.extend((describe(turning, rng, language), len(deeds)) for language in ("en", "zh"))
    for _ in range(EMPTY):
        say((), len(deeds))
    return found


@dataclass(frozen=True, eq=False)
class JudgeBatch:
    """Movements (B, 2, T, 16, 16) and sentences, with the numbers of their deeds (B,)."""

    movement: Tensor
    shown: Tensor
    tokens: Tokens
    asked: Tensor


class JudgeData:
    """Draws batches from what `build` saw and from sentences; batch i is a function of (seed, i) alone."""

    def __init__(self, recipe: JudgeRecipe, corpus: Path, folder: Path, text: TokenEncoder):
        self.recipe, self.told = recipe, Told(text)
        parts, names = list[Tensor](), list[str]()
        for path in sorted(folder.glob("*.safetensors")):
            with safe_open(path, "pt") as file:
                names += file.metadata()["deeds"].split(" ")
            parts.append(load_file(path)["movement"])
        counts = Counter(names)
        self.deeds = sorted(deed for deed in counts if counts[deed] >= FEWEST * STAGED)
        if len(self.deeds) < 2:
            raise InputError(f"{folder} shows fewer than two deeds: a judge needs some to tell apart")
        kept = [i for i, deed in enumerate(names) if deed in self.deeds]
        self.movement = torch.cat(parts)[kept]
        self.shown = torch.tensor([self.deeds.index(names[i]) for i in kept])
        self.said = sentences(Corpus(corpus, "train"), self.deeds, random.Random(f"{recipe.seed}/sentences"))

    def batch(self, i: int) -> JudgeBatch:
        """Batch i, on the CPU."""
        rng = random.Random(f"{self.recipe.seed}/{i}")
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        rows = torch.tensor([rng.randrange(len(self.shown)) for _ in range(self.recipe.count)])
        said = rng.sample(self.said, min(self.recipe.count, len(self.said)))
        told, asked = self.told([words for words, _ in said]), torch.tensor([deed for _, deed in said])
        return JudgeBatch(seen_otherwise(self.movement[rows].float(), generator), self.shown[rows], told, asked)


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
    """Cross-entropies of the deeds seen, rare ones counting more, and of those asked for."""
    seen = F.cross_entropy(model.seen(batch.movement), batch.shown, weights, label_smoothing=0.05)
    asked = F.cross_entropy(model.asked(batch.tokens), batch.asked)
    return {"loss": seen + asked, "seen": seen.detach(), "asked": asked.detach()}


def train_judge(recipe: JudgeRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Train the judge's eyes in `out`, one after the other, resuming what lies there; leaves the pack `out`/judge at the
    end, with the words of the first."""
    us = crew.join()
    for done, of in us.after(build(recipe, corpus, out)):
        yield Report(done, of, {}, 0.0, 0.0, 0.0, "looking")
    trained = list[Judge]()
    for number in range(recipe.eyes):
        own = replace(recipe, seed=recipe.seed + number)
        torch.manual_seed(own.seed)
        data = JudgeData(own, corpus, out / "deeds", TokenEncoder())
        model = Judge(JudgeConfig(data.deeds, ALIKE, 1, recipe.width)).train()
        weights = torch.bincount(data.shown, minlength=len(data.deeds)).float().rsqrt()
        weights, average = weights / weights.mean(), averaged(model)
        where = out / "training" / "judge" / str(number)
        step = partial(judge_loss, model, weights=weights)
        yield from train(model, data.batch, lambda b, i, step=step: step(b), recipe.schedule, where, average)
        model.load_state_dict(average)
        trained.append(model)
    if us.leads:
        pack.save(out / "judge", joined(trained), "judge", about={"licence": "CC-BY-SA-4.0", "recipe": "judge-cpu"})


def joined(judges: list[Judge]) -> Judge:
    """A judge that sees with the eyes of several, and hears as the first does."""
    first = judges[0]
    whole = Judge(replace(first.config, eyes=len(judges)))
    whole.load_state_dict(first.state_dict(), strict=False)
    whole.eyes = nn.ModuleList(each.eyes[0] for each in judges)
    return whole
