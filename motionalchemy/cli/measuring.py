"""The commands that measure: a model on held-out clips, two reports, the time of every phase."""

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from motionalchemy.cli.clips import Threads, progress_bar
from motionalchemy.cli.corpus import CORPUS


def evaluate(
    corpus: CORPUS = Path("corpus"),
    model: Annotated[str, Option(help="A name from `motionalchemy models`, or the folder of a model.")] = "nano",
    task: Annotated[str, Option(help="animate, verbs, edit, act, orbit, extend or all.")] = "animate",
    n: Annotated[int, Option("--n", min=1, help="How many held-out clips a task.")] = 64,
    seed: Annotated[int, Option(help="Another seed takes other clips and noise.")] = 0,
    size: Annotated[int | None, Option(help="Side in pixels; the model's own unless given.")] = None,
    group: Annotated[list[str] | None, Option(help="Only this group of metrics; may be given several times.")] = None,
    out: Annotated[Path, Option(help="The folder of the run; one that is there is resumed.")] = Path("evaluation"),
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Threads = None,
) -> None:
    """Measure a model on held-out clips beside its baselines; writes report.json, report.md and report.html.

    A run that was stopped goes on where it was; another task, or more clips, can be asked for in the same folder.
    """
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
