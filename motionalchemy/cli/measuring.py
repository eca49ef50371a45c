"""The commands that measure: a model on held-out clips, two reports, the time of every phase."""

import sys
from pathlib import Path
from typing import Annotated, NamedTuple

from typer import Argument, Option

from motionalchemy.cli.clips import Threads, progress_bar
from motionalchemy.cli.corpus import CORPUS
from motionalchemy.errors import InputError


def evaluate(
    corpus: CORPUS = Path("corpus"),
    model: Annotated[str, Option(help="A name from `motionalchemy models`, or the folder of a model.")] = "nano",
    task: Annotated[str, Option(help="animate, verbs, edit, act, orbit, extend, all; or people.")] = "animate",
    n: Annotated[int, Option("--n", min=1, help="How many held-out clips a task.")] = 64,
    seed: Annotated[int, Option(help="Another seed takes other clips and noise.")] = 0,
    size: Annotated[int | None, Option(help="Side in pixels; the model's own unless given.")] = None,
    group: Annotated[list[str] | None, Option(help="Only this group of metrics; may be given several times.")] = None,
    out: Annotated[
        Path, Option("--out", "--output", "-o", help="The folder of the run; one that is there is resumed.")
    ] = Path("evaluation"),
    cases: Annotated[Path | None, Option(help="people: a JSON list of objects with id, picture, en, zh, kind.")] = None,
    pictures: Annotated[Path | None, Option(help="people: the folder of the pictures of the cases.")] = None,
    only: Annotated[str | None, Option(help="people: only cases of these kinds, split by commas.")] = None,
    limit: Annotated[int | None, Option(min=1, help="people: so many cases at most.")] = None,
    eyes: Annotated[
        Path | None, Option(help="people: a verdicts.csv that was filled in; prints where it disagrees, and counts.")
    ] = None,
    beside: Annotated[Path | None, Option(help="people: another finished run, shown beside this one.")] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Threads = None,
) -> None:
    """Measure a model on held-out clips beside its baselines; writes report.json, report.md and report.html.

    A run that was stopped goes on where it was; another task, or more clips, can be asked for in the same folder. The task
    people asks for pictures that people bring, in both languages, and guesses what happened without a true clip.
    """
    if task == "people" or eyes is not None:
        return _people(Settled(cases, pictures, model, seed, size, only, limit, beside), out, eyes, device)
    from motionalchemy.evaluate import suite

    settings = suite.Settings(model, task, n, seed, size, groups=tuple(group) if group else None)
    with progress_bar("{task.fields[left]}") as bar:
        shown = bar.add_task("measuring", total=None, left="")
        for at in suite.evaluate(settings, out, corpus, device=device):
            left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
            bar.update(shown, total=at.total, completed=at.done, description=f"{at.task}: {at.row}", left=left)
            if bar.disable:
                print(f"{at.done}/{at.total} {at.task}: {at.row}, {at.key}, {left}", file=sys.stderr)
    print(out / "report.html")


class Settled(NamedTuple):
    """What is given for the task people."""

    cases: Path | None
    pictures: Path | None
    model: str
    seed: int
    size: int | None
    only: str | None
    limit: int | None
    beside: Path | None


def _people(given: Settled, out: Path, eyes: Path | None, device: str) -> None:
    """Judge pictures that people bring, or print where a person disagrees with an earlier judgement."""
    from motionalchemy.evaluate import people, people_page

    if eyes is not None:
        print(people_page.eyes(eyes), end="")
        return
    if given.cases is None or given.pictures is None:
        raise InputError("the task people needs cases and their pictures: give --cases FILE and --pictures FOLDER")
    only = tuple(name.strip() for name in (given.only or "").split(",") if name.strip())
    settings = people.Settings(given.cases, given.pictures, given.model, given.seed, given.size, only, given.limit)
    with progress_bar("{task.fields[left]}") as bar:
        shown = bar.add_task("people", total=None, left="")
        for at in people.evaluate(settings, out, device=device, beside=given.beside):
            left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
            bar.update(shown, total=at.total, completed=at.done, description=at.key, left=left)
            if bar.disable:
                print(f"{at.done}/{at.total} {at.key}, {left}", file=sys.stderr)
    print(out / "report.html")


def compare(
    before: Annotated[Path, Argument(help="The report.json of one run.")],
    after: Annotated[Path, Argument(help="The report.json of another.")],
    row: Annotated[str, Option(help="The row to compare.")] = "model, English",
) -> None:
    """Say what really changed between two evaluations, clip by clip."""
    from motionalchemy.evaluate import report

    print(report.comparison(report.compare(before, after, row)), end="")


def bench(
    model: Annotated[str, Option(help="A name from `motionalchemy models`, or the folder of a model.")] = "nano",
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    seconds: Annotated[list[float] | None, Option(help="A length to measure; may be given several times.")] = None,
    size: Annotated[list[int] | None, Option(help="A size to measure; may be given several times.")] = None,
    out: Annotated[Path | None, Option(help="A folder for bench.json and bench.md.")] = None,
    trace: Annotated[Path | None, Option(help="Where to write a Chrome trace of the first clip.")] = None,
    peer: Annotated[bool, Option("--peer", help="Then diffusers' LTX-Video 2B, random weights; 12 GB free.")] = False,
    threads: Threads = None,
) -> None:
    """Time every phase of a clip, in a process of its own, against this machine's matrix-product ceiling."""
    from motionalchemy.evaluate import bench as evaluate_bench

    done = []
    for measured in evaluate_bench.bench(
        model, device, seconds or evaluate_bench.SECONDS, size or evaluate_bench.SIZES, out, trace, peer
    ):
        done.append(measured)
        spec = measured.spec
        print(f"{spec.model}, {spec.seconds:g} s, size {spec.size or 'own'}: ", end="", file=sys.stderr)
        print(measured.refused or f"{measured.total:.1f} s", file=sys.stderr)
    print(evaluate_bench.report(done), end="")
