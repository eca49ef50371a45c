"""Training what the judge hears: sentences in both languages, and which actions they ask for.

Captions alone would teach it their few wordings. So it also hears what people say when they ask for an action
(`sayings`), and things that none of the corpus does.
"""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.data import draw
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.facts import Language, facts_of
from motionalchemy.data.sayings import sayings, scenes, sentence
from motionalchemy.data.shards import Layer
from motionalchemy.data.verbs import VERBS
from motionalchemy.data.world import Actor, World, describe
from motionalchemy.nets.judge import Judge
from motionalchemy.nets.text import TokenEncoder, Tokens
from motionalchemy.train.sentences import Sentences

PLACES = 60  # backgrounds that sentences speak of
THINGS = {"emoji": 250, "turntables": 60}  # samples whose sentences ask for no action
EMPTY = 1500  # sentences of places alone
DESCRIBED = 6  # times that each sample is described, in both languages
AGAIN = 25  # times that each saying is heard, of one or another
PLACED = 0.3  # of these, that say where
LANGUAGES: tuple[Language, ...] = ("en", "zh")
BLANK = np.zeros((2, 8, 8, 3), np.uint8)


def actions_asked(key: str, actions: list[str]) -> list[str]:
    """Which of the `actions` known is asked for by who asks for one: itself, or those that look like it where it is too
    rare to be known."""
    kin = [each for alike in VERBS.values() if key in alike for each in alike]
    return [key] if key in actions else [each for each in kin if each in actions]


def sentences(corpus: Corpus, actions: list[str], rng: random.Random) -> list[tuple[str, int]]:
    """Sentences in both languages and the numbers of the actions they ask for, len(actions) where it is none of them."""
    backdrops = [draw.backdrop(corpus, rng, (64, 64)) for _ in range(PLACES)]
    return _captions(corpus, actions, backdrops, rng) + _sayings(actions, [each.words for each in backdrops], rng)


def _captions(corpus: Corpus, actions: list[str], backdrops: list[Any], rng: random.Random) -> list[tuple[str, int]]:
    found = list[tuple[str, int]]()

    def say(actors: tuple[Actor, ...], action: int) -> None:
        camera = rng.choice(draw.CAMERAS) if not actors or rng.random() < 0.3 else None
        world = World(rng.choice(backdrops), actors, camera=camera)
        found.extend((describe(world, rng, language), action) for language in LANGUAGES)

    for entry in corpus.entries["actors"]:
        facts = corpus.facts(entry)
        asked = actions_asked(facts["action"]["key"], actions)
        for _ in range(DESCRIBED):
            mirrored = rng.random() < 0.5
            shown = facts_of(facts, mirrored)
            goes = bool(shown.action and shown.action.travels and rng.random() < 0.5)
            path = (shown.side or shown.depth) if goes else None
            actor = Actor(Layer(BLANK, BLANK[..., 0], facts), path, mirrored=mirrored, here=True)
            say((actor,), actions.index(rng.choice(asked)) if asked else len(actions))
    for kind, most in THINGS.items():
        for entry in rng.sample(corpus.entries[kind], min(most, len(corpus.entries[kind]))):
            layer = Layer(BLANK, BLANK[..., 0], corpus.facts(entry))
            if kind == "emoji":
                say((Actor(layer, rng.choice(("left", "right", None)), here=True),), len(actions))
            else:
                turning = World(scene=Layer(layer.colour, None, layer.facts))
                found.extend((describe(turning, rng, language), len(actions)) for language in LANGUAGES)
    for _ in range(EMPTY):
        say((), len(actions))
    return found


def _sayings(actions: list[str], places: list[dict[str, str]], rng: random.Random) -> list[tuple[str, int]]:
    """What people say, some of it before a place of which the words are given."""
    found = list[tuple[str, int]]()
    for keys, phrases in sayings().items():
        asked = [each for key in keys for each in actions_asked(key, actions)]
        for language in LANGUAGES:
            for phrase in [phrase for phrase in phrases[language] for _ in range(AGAIN)]:
                place = rng.choice(places)[language] if rng.random() < PLACED else None
                number = actions.index(rng.choice(asked)) if asked else len(actions)
                found.append((sentence(phrase, language, rng, place), number))
    found.extend((said, len(actions)) for language in LANGUAGES for said in scenes()[language] for _ in range(AGAIN))
    return found


@dataclass(frozen=True, eq=False)
class Heard:
    """Sentences, and the numbers of the actions they ask for (B,)."""

    tokens: Tokens
    asked: Tensor


class Sayings:
    """Draws batches of `count` sentences; batch i is a function of (seed, i) alone."""

    def __init__(self, corpus: Corpus, actions: list[str], count: int, seed: int):
        self.count, self.seed, self.tokens = count, seed, Sentences(TokenEncoder())
        self.said = sentences(corpus, actions, random.Random(f"{seed}/sentences"))

    def batch(self, i: int) -> Heard:
        """Batch i, on the CPU."""
        said = random.Random(f"{self.seed}/{i}").sample(self.said, min(self.count, len(self.said)))
        return Heard(self.tokens([words for words, _ in said]), torch.tensor([action for _, action in said]))


def loss(model: Judge, batch: Heard, step: int) -> dict[str, Tensor]:
    """Cross-entropy of the actions that are asked for."""
    asked = F.cross_entropy(model.asked(batch.tokens), batch.asked, label_smoothing=0.02)
    return {"loss": asked, "asked": asked.detach()}
