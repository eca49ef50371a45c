"""Training the scenery: places made of the stills of the train split, what they look like, and the words for them."""

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from motionalchemy.data import backgrounds
from motionalchemy.data.backgrounds import Background
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.facts import Language, Pair
from motionalchemy.data.instructions import Edit, bare, instruction
from motionalchemy.data.places import BACKDROPS, BESIDES, NAMES, USUAL
from motionalchemy.data.words import CAMERAS, LOOKS, TINTS, WEATHERS
from motionalchemy.errors import InputError
from motionalchemy.nets import pack, scenery
from motionalchemy.nets.scenery import SIDE, TOP, UNIT, Scenery, SceneryConfig
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.train import distributed
from motionalchemy.train.loop import Report, Schedule, averaged, train
from motionalchemy.train.sentences import Sentences

PLACE = 256  # pixels of a place
MADE = {"land": 0.54, "room": 0.14, "picture": 0.06, "plain": 0.14, "gradient": 0.12}  # the shares of places
UNNAMED = 0.45  # of the grounds, whose sky is not named
OTHERWISE = 0.4  # of the grounds that are called by another name
SUBJECTS = ("actors", "scenes", "turntables", "emoji")
PEOPLED = 0.6  # of the sentences of someone, those that say where
PLAIN = 0.4  # of the sentences that only name the place
FILMED = 0.5  # of the sentences that only name the place, those that also say what the camera does
COUNT = {"layout": 20.0, "strength": 0.3, "ground": 0.2, "asked": 0.1, "alone": 0.1}  # what an error counts in the loss


@dataclass(frozen=True)
class SceneryRecipe:
    """Everything that decides a training of the scenery: `places` are made, `count` sentences are heard in a step."""

    config: SceneryConfig = field(default_factory=SceneryConfig)
    schedule: Schedule = field(default_factory=lambda: Schedule(1500, 2e-3, warmup=50, average=0.99))
    places: int = 3000
    count: int = 64
    device: str = "cpu"
    seed: int = 0


def scenery_cpu() -> SceneryRecipe:
    """3000 places and 1500 steps: about four minutes on one core."""
    return SceneryRecipe()


@dataclass(frozen=True, eq=False)
class SeenPlace:
    """A place as it is learnt: its words, its small picture (3, SIDE, SIDE), the strength of its texture above the horizon
    and on the ground (2, OCTAVES, DIRECTIONS, 3), and whether there is a horizon."""

    words: Pair
    layout: Tensor
    strength: Tensor
    ground: bool


def place(corpus: Corpus, rng: random.Random) -> SeenPlace:
    """One place out of the stills of a corpus, or of colours alone where it has none."""
    kind = rng.choices(list(MADE), list(MADE.values()))[0]
    if kind == "land" and backgrounds.grounds(corpus) and backgrounds.skies(corpus):
        return _land(corpus, rng)
    size = PLACE, PLACE
    made: Background | None = None
    if kind == "room":
        made = backgrounds.room(corpus, rng, size, towards=0.5)
    elif kind == "picture":
        made = backgrounds.picture(corpus, rng, size)
    elif kind == "gradient":
        made = backgrounds.gradient(rng, size, down=True)
    made = made or backgrounds.plain(rng, size)
    layout = _small(made.picture, SIDE)
    return SeenPlace(made.words, layout, torch.zeros(2, scenery.OCTAVES, scenery.DIRECTIONS, 3), False)


def _land(corpus: Corpus, rng: random.Random) -> SeenPlace:
    """A ground under a sky; a sky that the words do not name is a usual one."""
    floors = backgrounds.grounds(corpus)
    floors += [(s, words) for s in corpus.stills("ground") for way, words in BESIDES if re.search(way, s["en"])]
    kind = rng.choice(sorted({words[0] for _, words in floors}))
    still, (en, preposition, zh, inside) = rng.choice([each for each in floors if each[1][0] == kind])
    heavens, named = backgrounds.skies(corpus), rng.random() >= UNNAMED
    usual = [each for each in heavens if re.search("|".join(USUAL), each[0]["key"])]
    sky, (sky_en, sky_zh) = rng.choice(heavens if named or not usual else usual)
    top = round(PLACE * TOP / SIDE)
    above, tile = backgrounds.overhead(corpus.read_still(sky), (top, PLACE)), corpus.read_still(still)
    picture = backgrounds.laid(above, tile, PLACE, rng.uniform(0, 1))
    layout = torch.cat((_small(picture[:, :top], TOP), _small(picture[:, top:], SIDE - TOP)), 1)
    layout[:, TOP:] = layout[:, TOP:].mean(2, keepdim=True)  # where in its tile the ground begins is not said
    rest = above - scenery.grown(layout, (PLACE, PLACE), True)[:, :top]
    mirrored = torch.cat((rest, rest.flip(1)) * 2, 1)[:, :PLACE]
    strength = torch.stack((scenery.strengths(mirrored), scenery.strengths(tile - tile.mean((1, 2), keepdim=True))))
    if kind in NAMES and rng.random() < OTHERWISE:
        en, zh = (rng.choice(names) for names in NAMES[kind])
    words = {"en": f"{preposition} {en}", "zh": f"在{zh}{inside}"}
    if named:
        words = {"en": f"{words['en']} under {sky_en}", "zh": f"在{sky_zh}下的{zh}{inside}"}
    return SeenPlace(words, layout, strength, True)


def _small(picture: Tensor, rows: int) -> Tensor:
    return F.interpolate(picture[None], (rows, SIDE), mode="area")[0]


def _who(corpus: Corpus) -> list[Pair]:
    """Who does what and what there is in a corpus, in a few words."""
    found = {entry.subject + (entry.action or ""): entry for kind in SUBJECTS for entry in corpus.entries[kind]}
    facts = [corpus.facts(entry) for entry in found.values()]
    acting = [(f["subject"], {"en": "", "zh": ""} | (f["action"] or {})) for f in facts]
    who = [{"en": f"a {s['en']} {a['en']}".strip(), "zh": f"{s['zh']}{a['zh']}"} for s, a in acting]
    return who + [{"en": f"a {s['en']}", "zh": corpus.still_facts(s)["zh"]} for s in corpus.stills("sprite")]


def build(corpus: Path, path: Path, count: int, seed: int) -> Iterator[int]:
    """Make `count` places and keep them in one file, unless it is there, with the words for who may stand in them; yields
    how many are made, every hundredth."""
    if path.is_file():
        return
    source, made = Corpus(corpus, "train"), list[SeenPlace]()
    path.parent.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        made.append(place(source, random.Random(f"{seed}/scenery/{i}")))
        if i % 100 == 99:
            yield i + 1
    tensors = {name: torch.stack([getattr(each, name) for each in made]) for name in ("layout", "strength")}
    tensors["ground"] = torch.tensor([each.ground for each in made])
    half, words = path.with_suffix(".part"), [each.words for each in made]
    save_file(tensors, half, {"words": json.dumps(words), "who": json.dumps(_who(source))})
    os.replace(half, path)


@dataclass(frozen=True, eq=False)
class SceneryBatch:
    """What the asked places look like, as in `Place`, the sentences that ask for them, and as many that ask for none; which
    of the sentences are of a place alone (N,), and as many of someone in a place."""

    layout: Tensor
    strength: Tensor
    ground: Tensor
    tokens: Tokens
    others: Tokens
    alone: Tensor
    peopled: Tokens


@dataclass(frozen=True)
class SceneryData:
    """Draws batches of sentences about the places of a file; batch i is a function of (seed, i) alone."""

    path: Path
    text: TokenEncoder
    recipe: SceneryRecipe

    @cached_property
    def places(self) -> dict[str, Tensor]:
        """All places, one row each: `layout`, `strength` and `ground`, shaped as in `SeenPlace`."""
        return load_file(self.path)

    @cached_property
    def _words(self) -> dict[str, list[Pair]]:
        with safe_open(self.path, "pt") as file:
            return {name: json.loads(value) for name, value in file.metadata().items()}

    @cached_property
    def _tokens(self) -> Sentences:
        return Sentences(self.text)

    def batch(self, i: int) -> SceneryBatch:
        """Batch i, on the CPU."""
        rng, words, who = random.Random(f"{self.recipe.seed}/{i}"), self._words["words"], self._words["who"]
        rows = [rng.randrange(len(words)) for _ in range(self.recipe.count)]
        of = {name: values[torch.tensor(rows)] for name, values in self.places.items()}
        said = [asking(words[row], rng) for row in rows]
        peopled = [_peopled(words[row], rng.choice(who), rng) for row in rows]
        return SceneryBatch(
            of["layout"], of["strength"], of["ground"].float(), self._tokens([sentence for sentence, _ in said]),
            self._tokens([_other(rng) for _ in rows]), torch.tensor([alone for _, alone in said]), self._tokens(peopled),
        )  # fmt: skip


def asking(words: Pair, rng: random.Random) -> tuple[str, bool]:
    """One way to ask for a place, in either language, and whether it only names the place."""
    language: Language = rng.choice(("en", "zh"))
    if rng.random() < PLAIN:
        named = rng.choice((words[language], bare(words[language])))
        return (_filmed(named, language, rng) if rng.random() < FILMED else named), True
    return instruction(Edit("background", words), rng, language), False


def _filmed(sentence: str, language: Language, rng: random.Random) -> str:
    """A sentence that also says what the camera does."""
    moves = rng.choice(list(CAMERAS.values()))[0 if language == "en" else 1]
    return f"{sentence}, {rng.choice(moves)}" if language == "en" else f"{sentence}，{rng.choice(moves)}"


def _peopled(place: Pair, who: Pair, rng: random.Random) -> str:
    """A sentence of someone, or of something, mostly in a place."""
    language: Language = rng.choice(("en", "zh"))
    said = who[language]
    if rng.random() < PEOPLED:
        said = f"{said} {place['en']}" if language == "en" else f"{place['zh']}，{said}"
    return _filmed(said, language, rng) if rng.random() < FILMED else said


def _other(rng: random.Random) -> str:
    """A sentence that asks for a change of something else, of a part of the background too."""
    language, (en, zh) = rng.choice(("en", "zh")), rng.choice(BACKDROPS)
    edits = (
        Edit("tint", rng.choice(list(TINTS)), {"en": en, "zh": zh}),
        Edit("look", rng.choice(list(LOOKS))),
        Edit("weather", rng.choice(list(WEATHERS))),
    )
    return instruction(rng.choices(edits, (3, 1, 1))[0], rng, language)


def scenery_loss(model: Scenery, batch: SceneryBatch) -> dict[str, Tensor]:
    """Squared errors of small pictures and of texture, and how surely it is known whether there is a horizon, whether a
    place is asked for, and whether the sentence is of a place alone."""
    found, none, someone = model(batch.tokens), model(batch.others), model(batch.peopled)
    parts = {
        "layout": (found.layout - batch.layout).square().mean(),
        "strength": ((found.strength - batch.strength) / UNIT).square().mean(),
        "ground": F.binary_cross_entropy_with_logits(found.ground, batch.ground),
        "asked": F.softplus(-found.asked).mean() + F.softplus(none.asked).mean(),
        "alone": _mean(F.softplus(-found.alone), batch.alone) + F.softplus(someone.alone).mean(),
    }
    loss = sum((COUNT[name] * part for name, part in parts.items()), torch.zeros(()))
    return {"loss": loss, **{name: part.detach() for name, part in parts.items()}}


def _mean(values: Tensor, of: Tensor) -> Tensor:
    """The mean of some values, 0 of none."""
    return (values * of).sum() / of.sum().clamp(min=1)


def train_scenery(recipe: SceneryRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Train the scenery in `out`, resuming what lies there; leaves the pack `out`/scenery at the end.

    Raises InputError of one place alone.
    """
    us = distributed.join()
    torch.manual_seed(recipe.seed)
    path = out / "places.safetensors"
    for done in us.after(build(corpus, path, recipe.places, recipe.seed)):
        yield Report(done, recipe.places, {}, 0.0, 0.0, 0.0, "drawing")
    data, model = SceneryData(path, TokenEncoder(), recipe), Scenery(recipe.config)
    if len(data.places["layout"]) < 2:
        raise InputError(f"{path} holds one place: make two or more")
    model.fit(data.places["layout"])
    average = averaged(model)
    where = out / "training" / "scenery"
    yield from train(model, data.batch, lambda b, i: scenery_loss(model, b), recipe.schedule, where, average)
    if us.leads:
        model.load_state_dict(average)
        pack.save(out / "scenery", model, "scenery", "float16")
