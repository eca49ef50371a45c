"""Pictures of the album found by words, and what is seen in first pictures that are imagined with them.

    python benchmarks/scene/album.py --corpus corpus

Every name in a sentence with a place, in both languages; every first name by meaning alone in the other language; names of
places; and subjects of the corpus in places, recognised by the classifier of subjects that `bench` uses.
"""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from motionalchemy.data import draw, instructions
from motionalchemy.data.corpus import Corpus
from motionalchemy.errors import PlanRefused
from motionalchemy.evaluate import alignment
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.scene import album, imagined
from motionalchemy.scene.imagined import FirstPicture

SENTENCES = {"en": "a {} walks to the left on a grassy field under a blue sky", "zh": "沙滩上有一个{}"}
PLACES = (
    ("on a grassy field under a blue sky with white clouds", "草地上"),
    ("on sandy ground under a clear sky", "沙地上"),
)
SMALL, SEEN = 32, 256  # pixels where only what is found counts, and where it is looked at
NANO = registry.MODELS["nano"]


def made(said: str, size: int, seed: int = 0) -> FirstPicture | None:
    """What a sentence is imagined as, None where it is refused."""
    try:
        return imagined.first(NANO, said, seed, size, size)
    except PlanRefused:
        return None


def named(held: album.Album) -> None:
    """Names in sentences."""
    for language, sentence in SENTENCES.items():
        names = sorted({name for entry in held.entries for name in getattr(entry, language)})
        found = [made(sentence.format(name), SMALL) for name in names]
        own = [
            one is not None and one.taken is not None and name in getattr(one.taken.entry, language)
            for name, one in zip(names, found, strict=True)
        ]
        print(f"| names in a sentence with a place, {language} | {np.mean(own):.3f} of {len(names)} |", flush=True)


def by_meaning(held: album.Album) -> None:
    """First names by the vectors of those in the other language alone."""
    pairs = sorted({(entry.en[0], entry.zh[0]) for entry in held.entries if entry.zh})
    en, zh = (album.meanings([pair[side] for pair in pairs], album.encoder()) for side in (0, 1))
    for pair, one, other, side in (("en, zh", en, zh, 1), ("zh, en", zh, en, 0)):
        nearest = (one @ other.T).argmax(1)
        right = [pairs[near][side] == pair[side] for near, pair in zip(nearest, pairs, strict=True)]
        print(f"| nearest in meaning in the other language, {pair} | {np.mean(right):.3f} of {len(pairs)} |")


def places(corpus: Path) -> None:
    """Names of places that are taken for those of subjects."""
    held, dice, said = Corpus(corpus), random.Random(0), set[str]()
    for _ in range(120):
        words = draw.backdrop(held, dice, (64, 64)).words
        said |= {text for one in words.values() for text in (one, instructions.bare(one))}
    found = [made(text, SMALL) for text in sorted(said)]
    empty = [one is not None and one.taken is None for one in found]
    print(f"| places that stay empty | {np.mean(empty):.3f} of {len(said)} |", flush=True)


def seen(corpus: Path, split: str) -> None:
    """Subjects of the corpus in places, recognised by the classifier."""
    held = Corpus(corpus, split)  # type: ignore[arg-type]
    names = sorted({tuple(held.facts(e)["subject"][name] for name in ("en", "zh")) for e in held.entries["actors"]})
    for language in ("en", "zh"):
        right, refused = list[float](), 0
        for number, (en, zh) in enumerate(names):
            facts = {"subject": {"en": en, "zh": zh}}
            if alignment.label_of("subject", facts) is None:
                continue
            for place, spot in PLACES:
                one = made(f"a {en} {place}" if language == "en" else f"{spot}有一个{zh}", SEEN, number)
                refused += one is None
                right.append((one and alignment.correct(Clip(one.picture[None]), "subject", facts)) or 0.0)
        print(
            f"| subjects of {split} recognised, {language} | {np.mean(right):.3f} of {len(right)}, {refused} refused |",
            flush=True,
        )


def main() -> int:
    """Measure everything and print a table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="the folder that holds index.jsonl")
    asked = parser.parse_args()
    assert NANO.album is not None
    held = album.of(NANO.album)
    print(f"| {len(held)} pictures | |\n|---|---|")
    named(held)
    by_meaning(held)
    places(asked.corpus)
    for split in ("train", "test"):
        seen(asked.corpus, split)
    about = alignment.probe("subject")[1]
    print(f"| the classifier on true test clips | {about['ceiling']['accuracy']:.3f}, chance {about['chance']:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
