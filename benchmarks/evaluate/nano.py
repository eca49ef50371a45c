"""The tables of nano: word by word, calls against quality, stages, camera words on stills; and its card on release.

    python benchmarks/evaluate/nano.py --corpus DIR --out DIR              # all of it, about 25 minutes on two quiet cores
    python benchmarks/evaluate/nano.py --corpus DIR --out DIR --part photos --pictures FOLDER
    python benchmarks/evaluate/nano.py --corpus DIR --out DIR --release        # then also scores.json and the card in docs/
    python benchmarks/evaluate/nano.py --corpus DIR --out DIR --part verbs --release     # only what the card needs

OUT keeps every clip with its scores, so a run that was stopped goes on where it was, and another part joins it. From
them come results.json, tables.md, photos.png and failures.png.
"""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from nano_tables import figures, markdown, release, runs, sheets
from nano_tables.runs import PARTS, STEPS, VERBS, Settings

from motionalchemy.errors import InputError, MotionAlchemyError, UnknownName
from motionalchemy.evaluate import suite
from motionalchemy.media import files
from motionalchemy.models import registry, scores
from motionalchemy.nets import pack


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--out", type=Path, default=Path("benchmark-nano"))
    parser.add_argument("--part", default="all", help=f"{', '.join(PARTS)}, {VERBS} or all; several with commas")
    parser.add_argument("--n", type=int, default=Settings.n, help="verb cases; the other lists are cut to as many")
    parser.add_argument("--model", default="nano", help="nano, or the folder of one")
    parser.add_argument("--size", type=int, help="pixels a side; the model's own unless given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", default=",".join(map(str, STEPS)), help="rows of the table of calls")
    parser.add_argument("--guidance", type=float, help="of those rows; the model's own unless given")
    parser.add_argument("--candidates", type=int, help="of every row; 1 shows the flow alone, in an OUT of its own")
    parser.add_argument(
        "--pictures", type=Path, help="stills of yours instead of the test split's sprites, at most six"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes, of one thread each if several")
    parser.add_argument("--release", action="store_true", help="write scores.json beside the weights, and the card")
    return parser.parse_args(arguments)


def settings_of(asked: argparse.Namespace) -> Settings:
    """The settings, checked; raises InputError or UnknownName."""
    parts = PARTS if asked.part == "all" else tuple(asked.part.split(","))
    for part in parts:
        if part not in (*PARTS, VERBS):
            raise UnknownName("part", part, (*PARTS, VERBS, "all"))
    if min(asked.n, asked.workers) < 1:
        raise InputError(f"--n and --workers are 1 or more, not {asked.n} and {asked.workers}")
    try:
        steps = tuple(sorted({int(count) for count in asked.steps.split(",")}))
    except ValueError:
        raise InputError(f"--steps are whole numbers with commas between, such as 2,4,8, not {asked.steps!r}") from None
    return Settings(
        asked.corpus, asked.model, parts, asked.n, asked.seed, asked.size, asked.pictures, steps, asked.guidance,
        asked.candidates,
    )  # fmt: skip


def measure(settings: Settings, out: Path, workers: int, command: str) -> dict:
    """Do what is missing, showing the time left, and write the tables; returns what results.json holds.

    Raises InputError when `out` holds another run or other files, MissingPart without a corpus.
    """
    model = registry.load(settings.model)
    card, sha256 = registry.card_of(model), model.sha256
    suite.claim(out, suite.Settings(settings.model, seed=settings.seed, size=settings.size), model)
    del model
    tasks = runs.plan(settings, card)
    todo = sum(not task.at(out).is_file() for task in tasks)
    begun = time.monotonic()
    for number, text in enumerate(runs.run(settings, out, workers) if todo else (), start=1):
        left = (time.monotonic() - begun) / number * (todo - number)
        print(f"{len(tasks) - todo + number}/{len(tasks)} {text}, about {left:.0f} s left", file=sys.stderr, flush=True)
    records = figures.read(tasks, out)
    about = {"command": command, "model": settings.model, "sha256": sha256, "n": settings.n, "seed": settings.seed}
    about |= {"size": settings.size or card.defaults.size, "clips": len(records), "cores": os.cpu_count()}
    found = {"run": about, **figures.gathered(settings, card, records)}
    pack.write_json(out / "results.json", found)
    files.write_text(markdown.page(found), out / "tables.md")
    sheets.photos(tasks, out)
    sheets.failures(tasks, records, out)
    return found


def publish(settings: Settings, out: Path, found: dict) -> Path:
    """Write what ships; see `release.write`."""
    card = registry.card(settings.model)
    tasks = runs.plan(settings, card)
    sheet = out / "failures.png"
    folder = scores.folder(settings.model)
    return release.write(figures.read(tasks, out), found["run"], sheet if sheet.is_file() else None, folder)


def main(arguments: list[str] | None = None) -> int:
    """Measure, and write what ships if asked to."""
    asked = parsed(arguments)
    try:
        settings = settings_of(asked)
        command = f"python benchmarks/evaluate/nano.py --part {asked.part} --n {settings.n}"
        found = measure(settings, asked.out, asked.workers, command)
        print(asked.out / "tables.md")
        if asked.release:
            print(publish(settings, asked.out, found))
    except MotionAlchemyError as error:
        print(f"nano.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
