"""Training what the judge hears: sentences in both languages, and which deeds they ask for.

Captions alone would teach it their few wordings. So it is also told what people say when they mean a deed (`sayings`), and
things that none of the corpus does.
"""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.learn.told import Told
from motionalchemy.measure.alignment import VERBS
from motionalchemy.nets.judge import Judge
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.worlds import draw
from motionalchemy.worlds.corpus import Corpus
from motionalchemy.worlds.sayings import sayings, scenes, sentence
from motionalchemy.worlds.shards import Layer
from motionalchemy.worlds.shown import Language, shown_by
from motionalchemy.worlds.world import Actor, World, describe

PLACES = 60  # backgrounds that sentences speak of
THINGS = {"emoji": 250, "turntables": 60}  # samples whose sentences ask for no deed
EMPTY = 1500  # sentences of places alone
TOLD = 6  # times that each sample is described, in both languages
AGAIN = 25  # times that each saying is heard, of one or another
PLACED = 0.3  # of these, that say where
LANGUAGES: tuple[Language, ...] = ("en", "zh")
BLANK = np.zeros((2, 8, 8, 3), np.uint8)


def meant(key: str, deeds: list[str]) -> list[str]:
    """Which of the `deeds` is asked for by who asks for one: itself, or those that look like it where it is too rare to be
    known."""
    return [key] if key in deeds else [each for kin in VERBS.values() if key in kin for each in kin if each in deeds]


def sentences(corpus: Corpus, deeds: list[str], rng: random.Random) -> list[tuple[str, int]]:
    """Sentences in both languages and the numbers of the deeds they ask for, len(deeds) where it is none of them."""
    backdrops = [draw.backdrop(corpus, rng, (64, 64)) for _ in range(PLACES)]
    return _captions(corpus, deeds, backdrops, rng) + _sayings(deeds, [each.words for each in backdrops], rng)


def _captions(corpus: Corpus, deeds: list[str], backdrops: list[Any], rng: random.Random) -> list[tuple[str, int]]:
    found = list[tuple[str, int]]()

    def say(actors: tuple[Actor, ...], deed: int) -> None:
        camera = rng.choice(draw.CAMERAS) if not actors or rng.random() < 0.3 else None
        world = World(rng.choice(backdrops), actors, camera=camera)
        found.extend((describe(world, rng, language), deed) for language in LANGUAGES)

    for entry in corpus.entries["actors"]:
        facts = corpus.facts(entry)
        asked = meant(facts["action"]["key"], deeds)
        for _ in range(TOLD):
            mirrored = rng.random() < 0.5
            shown = shown_by(facts, mirrored)
            goes = bool(shown.deed and shown.deed.travels and rng.random() < 0.5)
            path = (shown.side or shown.depth) if goes else None
            actor = Actor(Layer(BLANK, BLANK[..., 0], facts), path, mirrored=mirrored, here=True)
            say((actor,), deeds.index(rng.choice(asked)) if asked else len(deeds))
    for kind, most in THINGS.items():
        for entry in rng.sample(corpus.entries[kind], min(most, len(corpus.entries[kind]))):
            layer = Layer(BLANK, BLANK[..., 0], corpus.facts(entry))
            if kind == "emoji":
                say((Actor(layer, rng.choice(("left", "right", None)), here=True),), len(deeds))
            else:
                turning = World(scene=Layer(layer.colour, None, layer.facts))
                found.extend((describe(turning, rng, language), len(deeds)) for language in LANGUAGES)
    for _ in range(EMPTY):
        say((), len(deeds))
    return found


def _sayings(deeds: list[str], places: list[dict[str, str]], rng: random.Random) -> list[tuple[str, int]]:
    """What people say, some of it before a place of which the words are given."""
    found = list[tuple[str, int]]()
    for keys, phrases in sayings().items():
        asked = [each for key in keys for each in meant(key, deeds)]
        for language in LANGUAGES:
            for phrase in [phrase for phrase in phrases[language] for _ in range(AGAIN)]:
                place = rng.choice(places)[language] if rng.random() < PLACED else None
                number = deeds.index(rng.choice(asked)) if asked else len(deeds)
                found.append((sentence(phrase, language, rng, place), number))
    found.extend((said, len(deeds)) for language in LANGUAGES for said in scenes()[language] for _ in range(AGAIN))
    return found


@dataclass(frozen=True, eq=False)
class Heard:
    """Sentences, and the numbers of the deeds they ask for (B,)."""

    tokens: Tokens
    asked: Tensor


class Sayings:
    """Draws batches of `count` sentences; batch i is a function of (seed, i) alone."""

    def __init__(self, corpus: Corpus, deeds: list[str], count: int, seed: int):
        self.count, self.seed, self.told = count, seed, Told(TokenEncoder())
        self.said = sentences(corpus, deeds, random.Random(f"{seed}/sentences"))

    def batch(self, i: int) -> Heard:
        """Batch i, on the CPU."""
        said = random.Random(f"{self.seed}/{i}").sample(self.said, min(self.count, len(self.said)))
        return Heard(self.told([words for words, _ in said]), torch.tensor([deed for _, deed in said]))


def loss(model: Judge, batch: Heard, step: int) -> dict[str, Tensor]:
    """Cross-entropy of the deeds that are asked for."""
    asked = F.cross_entropy(model.asked(batch.tokens), batch.asked, label_smoothing=0.02)
    return {"loss": asked, "asked": asked.detach()}
