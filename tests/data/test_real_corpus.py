"""The real corpus, where there is one: every sample can be described, and the splits share no look."""

import os
import random
import re
import zlib
from pathlib import Path

import pytest

from motionalchemy.data.captions import caption
from motionalchemy.data.corpus import Corpus

FOLDER = Path(os.environ.get("MOTIONALCHEMY_CORPUS", Path(__file__).parents[2] / ".." / "shared" / "corpus"))
pytestmark = pytest.mark.skipif(not (FOLDER / "index.jsonl").is_file(), reason=f"there is no corpus at {FOLDER}")


@pytest.fixture(scope="module")
def splits() -> dict[str, Corpus]:
    return {split: Corpus(FOLDER, split) for split in ("train", "test", "fewshot")}  # pyright: ignore


def family(name: str) -> str:
    genders = ("man", "woman", "person", "men", "women", "people")
    return " ".join(word for word in name.replace(":", " ").split() if word not in genders)


@pytest.mark.parametrize("split", ["train", "test", "fewshot"])
def test_every_sample_is_described_in_both_languages(splits, split):
    corpus = splits[split]
    for entries in corpus.entries.values():
        for entry in entries:
            facts, rng = corpus.facts(entry), random.Random(zlib.crc32(entry.key.encode()))
            english = caption(facts, rng, "en", mirrored=rng.random() < 0.5)
            chinese = caption(facts, rng, "zh", mirrored=rng.random() < 0.5)
            assert english and chinese and not re.search(r"[{}*]|  |None| ,|,,", english + chinese), (english, chinese)
            assert not re.search("[一-鿿]", english) and re.search("[一-鿿]", chinese), (english, chinese)


def test_no_emoji_name_is_in_two_splits(splits):
    train, test = ({family(e.subject) for e in splits[s].entries["emoji"]} for s in ("train", "test"))
    assert len(train) > 300 and not train & test
    sprites = {family(still["en"]) for still in splits["train"].stills("sprite")}
    assert not sprites & test


def test_whole_motions_are_kept_for_few_shots(splits):
    def motions(split):
        corpus = splits[split]
        return {corpus.facts(e)["action"]["key"] for kind in ("actors", "scenes") for e in corpus.entries[kind]}

    assert motions("fewshot") and not motions("fewshot") & motions("train")


def test_no_key_is_in_two_splits(splits):
    keys = [e.key for corpus in splits.values() for entries in corpus.entries.values() for e in entries]
    assert len(keys) == len(set(keys)) > 0
