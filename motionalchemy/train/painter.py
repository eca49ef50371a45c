"""Training the painter: pictures of the train split, each in a style or tone drawn for it, and a sentence that asks for it.

Sentences that ask for something else (a colour, a place, weather, another subject) are heard too, so that the network
knows when it is not asked.
"""

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from motionalchemy.data import draw
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.instructions import Edit, instruction
from motionalchemy.data.looks import styled
from motionalchemy.data.tones import TONES, toned
from motionalchemy.data.weather import under
from motionalchemy.data.words import LOOKS, TINTS, WEATHERS
from motionalchemy.data.world import at_a_moment, render
from motionalchemy.nets import pack, painter
from motionalchemy.nets.painter import Painter, PainterConfig
from motionalchemy.nets.precision import narrow
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.train import distributed
from motionalchemy.train.loop import Report, Schedule, averaged, train
from motionalchemy.train.sentences import Sentences

PART = 50  # pictures in a file
SIDE = 256  # pixels of a picture: strokes are as wide as on a clip of that size
SHARES = 0.7, 0.2, 0.1  # of styles, of tones and of what falls
FALLING = ("rain", "snow")
LATEST = 240  # the frame, at most, at which something falls
NAMED = 0.3  # the share of styles that are asked for by their name alone
STEEP = 1.0  # what an error in the differences between neighbours counts beside one in colour


@dataclass(frozen=True)
class PainterRecipe:
    """Everything that decides a training of the painter: `count` squares of `crop` pixels a step."""

    config: PainterConfig = field(default_factory=PainterConfig)
    schedule: Schedule = field(default_factory=lambda: Schedule(4700, 1.5e-3, warmup=60, average=0.99, muon=True))
    pictures: int = 1000
    count: int = 8
    crop: int = 128
    device: str = "cpu"
    compiled: bool = False
    seed: int = 0


def painter_cpu() -> PainterRecipe:
    """4700 steps of 8 squares of 128 pixels: about 28 minutes on one core, five of them drawing the pictures."""
    return PainterRecipe()


def painter_gpu() -> PainterRecipe:
    """The same network, 20,000 steps of 64 squares on one large GPU."""
    schedule = Schedule(20_000, 1e-3, warmup=200, average=0.999, muon=True)
    return PainterRecipe(schedule=schedule, pictures=8000, count=64, device="cuda", compiled=True)


@dataclass(frozen=True, eq=False)
class PainterBatch:
    """Pictures and the same painted, (B, 3, s, s) in [0, 1], their textures (B, 9, s, s), the sentences that ask for it,
    and as many others that do not."""

    before: Tensor
    after: Tensor
    texture: Tensor
    tokens: Tokens
    others: Tokens


def build(corpus: Path, folder: Path, count: int, seed: int) -> Iterator[int]:
    """Draw `count` pictures of the train split into files of PART, those that are there excepted; yields how many are."""
    source = Corpus(corpus, "train")
    folder.mkdir(parents=True, exist_ok=True)
    for begin in range(0, count, PART):
        path, end = folder / f"{begin:05d}.safetensors", min(begin + PART, count)
        if not path.is_file():
            drawn = [_drawn(source, random.Random(f"{seed}/painter/{i}")) for i in range(begin, end)]
            named = json.dumps([names for _, names in drawn])
            save_file(
                {"pictures": torch.stack([picture for picture, _ in drawn])},
                path.with_suffix(".part"),
                {"named": named},
            )
            os.replace(path.with_suffix(".part"), path)
        yield end


def _drawn(source: Corpus, rng: random.Random) -> tuple[Tensor, dict[str, Any]]:
    """One picture (3, SIDE, SIDE) uint8, plain, and the names of its subject and its place, where it has one."""
    size = SIDE, SIDE
    shown = replace(at_a_moment(draw.world(source, rng, size), rng.random()), look=None, weather=None)
    picture = ((render(shown, size)[0] + 1) * 127.5).round().byte()
    layers = [shown.scene] if shown.scene else [actor.layer for actor in shown.actors]
    subject = layers[0].facts["subject"] if layers else None
    return picture, {"subject": subject, "place": shown.background.words if shown.background else None}


@dataclass(frozen=True)
class PainterData:
    """Draws batches of pictures in styles; batch i is a function of (seed, i) alone."""

    folder: Path
    text: TokenEncoder
    recipe: PainterRecipe

    @cached_property
    def _pictures(self) -> Tensor:
        return torch.cat([load_file(path)["pictures"] for path in sorted(self.folder.glob("*.safetensors"))])

    @cached_property
    def _named(self) -> list[dict[str, Any]]:
        found = []
        for path in sorted(self.folder.glob("*.safetensors")):
            with safe_open(path, "pt") as file:
                found += json.loads(file.metadata()["named"])
        return found

    @cached_property
    def _tokens(self) -> Sentences:
        return Sentences(self.text)

    def batch(self, i: int) -> PainterBatch:
        """Batch i, on the CPU."""
        rng, rows, said, others = random.Random(f"{self.recipe.seed}/{i}"), [], [], []
        crop = self.recipe.crop
        for _ in range(self.recipe.count):
            known = rng.choices((LOOKS, TONES, FALLING), SHARES)[0]
            name, seed, at = rng.choice(list(known)), rng.getrandbits(31), rng.randrange(LATEST)
            picture = self._pictures[rng.randrange(len(self._pictures))][None].float() / 255
            picture = picture.flip(3) if rng.random() < 0.5 else picture
            whole = torch.cat(
                (picture, _changed(picture, name, seed, at), painter.textures(SIDE, SIDE, seed, torch.tensor([at]))), 1
            )
            top, left = (4 * rng.randrange((SIDE - crop) // 4 + 1) for _ in range(2))
            rows.append(whole[0, :, top : top + crop, left : left + crop])
            said.append(asking(name, rng))
            others.append(self._other(rng))
        before, after, texture = torch.stack(rows).tensor_split((3, 6), 1)
        return PainterBatch(before, after, texture, self._tokens(said), self._tokens(others))

    def _other(self, rng: random.Random) -> str:
        """A sentence that asks for another change than one of style."""
        language, one, two = rng.choice(("en", "zh")), rng.choice(self._named), rng.choice(self._named)
        edits = [Edit("weather", rng.choice([each for each in WEATHERS if each not in FALLING]))]
        if one["subject"]:
            edits.append(Edit("tint", rng.choice(list(TINTS)), one["subject"]))
            edits += [Edit("subject", two["subject"], one["subject"])] if two["subject"] else []
        edits += [Edit("background", one["place"])] if one["place"] else []
        return instruction(rng.choice(edits), rng, language)


def _changed(picture: Tensor, name: str, seed: int, at: int) -> Tensor:
    """A picture (1, 3, H, W) in a style, in a tone, or with what falls before it at frame `at`."""
    if name in FALLING:
        return under(picture, name, seed, at)
    return toned(picture, name) if name in TONES else styled(picture, name, seed)


def asking(name: str, rng: random.Random) -> str:
    """One way to ask for a style, a tone or what falls, in either language."""
    language = rng.choice(("en", "zh"))
    if name in TONES:
        return rng.choice(TONES[name].english if language == "en" else TONES[name].chinese)
    if name in FALLING:
        return instruction(Edit("weather", name), rng, language)
    if rng.random() < NAMED:
        return rng.choice((*LOOKS[name], LOOKS[name][0].split(" ", 1)[1]))
    return instruction(Edit("look", name), rng, language)


def painter_loss(model: Painter, batch: PainterBatch) -> dict[str, Tensor]:
    """Mean absolute errors of colours and of their differences between neighbours, and whether a style is asked for."""
    asked, wanted = model.asked(batch.tokens)
    _, unwanted = model.asked(batch.others)
    made = model(batch.before, batch.texture, asked).float()
    error = made - batch.after
    steep = error.diff(dim=3).abs().mean() + error.diff(dim=2).abs().mean()
    hearing = F.softplus(-wanted.float()).mean() + F.softplus(unwanted.float()).mean()
    colour = error.abs().mean()
    return {"loss": colour + STEEP * steep + 0.02 * hearing, "colour": colour.detach(), "hearing": hearing.detach()}


def train_painter(recipe: PainterRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Train the painter in `out`, resuming what lies there; leaves the pack `out`/painter at the end."""
    us = distributed.join()
    torch.manual_seed(recipe.seed)
    for done in us.after(build(corpus, out / "pictures", recipe.pictures, recipe.seed)):
        yield Report(done, recipe.pictures, {}, 0.0, 0.0, 0.0, "drawing")
    data, model = PainterData(out / "pictures", TokenEncoder(), recipe), Painter(recipe.config).to(recipe.device)
    average = averaged(model)
    step = torch.compile(painter_loss) if recipe.compiled else painter_loss

    def loss(batch: PainterBatch, i: int) -> dict[str, Tensor]:
        there = PainterBatch(*(getattr(batch, name).to(recipe.device) for name in batch.__dataclass_fields__))
        with torch.autocast(recipe.device, torch.bfloat16, enabled=narrow(recipe.device)):
            return step(model, there)

    yield from train(model, data.batch, loss, recipe.schedule, out / "training" / "painter", average)
    if not us.leads:
        return
    model.load_state_dict(average)
    pack.save(out / "painter", model.float().cpu(), "painter", "float16")
