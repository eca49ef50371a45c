"""Places drawn from words beside real pictures: how often each looks most like the place it is to be; as Markdown.

    python benchmarks/editing/places.py --corpus corpus

A picture is recognised by the nearest mean of its place's real pictures, in what a frozen ImageNet network sees; other real
pictures of the same places are the ceiling. Stills have no test split, so this says whether words are heard and drawn as
what they name, not how places fare that were never seen.
"""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch

from motionalchemy.data import backgrounds
from motionalchemy.data.backgrounds import Background
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.facts import Language
from motionalchemy.data.instructions import Edit, instruction
from motionalchemy.evaluate.identity import embed
from motionalchemy.models import nano

SIZE = (224, 224)
WAYS = (backgrounds.land, backgrounds.room, lambda corpus, rng, size: backgrounds.plain(rng, size))


def real(corpus: Corpus, each: int, seed: int) -> dict[str, list[Background]]:
    """Twice `each` pictures of every place: ground by ground whatever its sky, rooms, and plain colours."""
    found, dice = dict[str, list[Background]](), random.Random(seed)
    for way in WAYS:
        for _ in range(2000 if way is backgrounds.land else 600):
            made = way(corpus, dice, SIZE)
            if made is None:
                break
            place = found.setdefault(made.words["en"].split(" under ")[0], [])
            if len(place) < 2 * each:
                place.append(made)
    return {name: place for name, place in found.items() if len(place) == 2 * each}


def nearest(pictures: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The number of the nearest mean for each picture (N, H, W, 3) uint8."""
    return (embed(pictures) @ means.T).argmax(1)


def frames(places: list[Background]) -> np.ndarray:
    """Pictures of places as frames (N, H, W, 3) uint8."""
    return np.stack([(p.picture * 255).round().byte().permute(1, 2, 0).numpy() for p in places])


def drawn(model: nano.Nano, places: list[Background], language: Language, seed: int) -> np.ndarray:
    """What the scenery draws of each place when it is asked for in a language; grey where it hears no place."""
    dice, made = random.Random(seed), []
    for number, place in enumerate(places):
        said = instruction(Edit("background", place.words), dice, language)
        picture = model.place(said, seed + number, *SIZE)
        made.append(np.full((*SIZE, 3), 128, np.uint8) if picture is None else picture)
    return np.stack(made)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--each", type=int, default=6, help="real pictures of a place that its mean is made of")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    places = real(Corpus(asked.corpus, "train"), asked.each, asked.seed)
    model = nano.load(torch.device("cpu"))
    assert isinstance(model, nano.Nano)
    known, others = ([p for place in places.values() for p in place[part::2]] for part in (0, 1))
    means = embed(frames(known)).reshape(len(places), asked.each, -1).mean(1)
    number = np.repeat(np.arange(len(places)), asked.each)
    rows = {"real pictures": nearest(frames(others), means) == number}
    languages: tuple[Language, ...] = "en", "zh"
    for language in languages:
        rows[f"drawn, asked for in {language}"] = nearest(drawn(model, others, language, 7), means) == number
    print(f"{len(places)} places, {asked.each} pictures of each; chance {1 / len(places):.2f}\n")
    print("| pictures | recognised as their place |\n|---|---|")
    for name, right in rows.items():
        print(f"| {name} | {right.mean():.2f} |")
    for name, right in rows.items():
        missed = {p: int((~right[number == i]).sum()) for i, p in enumerate(places) if not right[number == i].all()}
        print(f"\n{name}, missed of {asked.each}: " + (", ".join(f"{p} {n}" for p, n in missed.items()) or "none"))


if __name__ == "__main__":
    main()
