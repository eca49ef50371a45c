"""`motionalchemy batch`."""

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from motionalchemy.cli.clips import progress_bar
from motionalchemy.errors import InputError


def batch(
    tasks: Annotated[
        Path,
        Argument(help="A .jsonl file, one request a line as in a sidecar, or a .csv with a header.", readable=False),
    ],
    output: Annotated[
        str, Option("--output", "-o", help="A folder, or the address of one, such as s3://bucket/clips.")
    ],
    on: Annotated[
        str, Option(help="local, or a Ray cluster: ray for this machine's own, HOST:6379 or ray://HOST:10001.")
    ] = "local",
    workers: Annotated[
        int | None,
        Option(min=1, max=10_000, help="How many clips at a time; one a GPU, else one a core, as memory lasts."),
    ] = None,
    threads: Annotated[int, Option(min=1, max=1024, help="CPU threads of a worker. Bytes depend on it.")] = 1,
    form: Annotated[str, Option("--format", help="mp4, webm, gif, webp or png (contact sheets).")] = "mp4",
    retry: Annotated[bool, Option("--retry", help="Try again what failed in an earlier run.")] = False,
) -> None:
    """Make a clip of every line of a file; what is there already is not made again, so a run that was stopped goes on.

    A clip is named by the hash of its request. Leaves with 1 where a line failed; the others are made all the same.
    """
    from motionalchemy.batch import run
    from motionalchemy.batch import tasks as reading
    from motionalchemy.batch.places import Folder, place

    total, to = reading.check(tasks, f".{form}"), place(output)
    tally = run.Tally(total)
    with ExitStack() as held:
        held.enter_context(to.alone())
        if on == "local" and not isinstance(to, Folder):
            raise InputError(f"workers of this machine write into a folder, not to {to}: give a folder, or --on ray")
        bar = held.enter_context(progress_bar("{task.fields[left]}"))
        shown = bar.add_task("starting", total=total, left="")

        def told(now: run.Tally, line: int, reason: str | None) -> None:
            if reason is not None:
                print(f"line {line}: {reason}", file=sys.stderr)
            left = "" if now.seconds_left is None else f"about {_span(now.seconds_left)} left"
            bar.update(shown, completed=now.done, description=f"{now.made} made, {now.failures} failed", left=left)
            if bar.disable and now.done % max(1, total // 100) == 0:
                print(f"{now.done} of {total}{left and ', '}{left}", file=sys.stderr)

        hire = partial(_crew, on, to, tasks.resolve().parent, workers, threads)
        run.run(reading.read(tasks, f".{form}"), hire, to, tally, retry, told)
    print(f"{to}: {tally.made} made, {tally.there} there already, {tally.twice} twice, {tally.failures} failed")
    if tally.failures:
        raise typer.Exit(1)


def _crew(on: str, to: Any, folder: Path, workers: int | None, threads: int) -> Any:
    """Who works; raises InputError and MissingPart."""
    if on == "local":
        from motionalchemy.batch.crew import Processes

        return Processes(to, folder, workers, threads)
    from motionalchemy.batch.cluster import Cluster

    return Cluster(on, to, folder, workers, threads)


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 90 else f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
