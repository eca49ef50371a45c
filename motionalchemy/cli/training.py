"""The commands that learn: a model by a recipe, a motion from a few clips; and the list of learned motions."""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from motionalchemy.cli.clips import Threads, progress_bar
from motionalchemy.errors import InputError


def train(
    recipe: Annotated[str, Argument(help="The name of a recipe; an unknown one lists them all.")],
    corpus: Annotated[Path, Option(help="The folder of the corpus, with its index.jsonl.")] = Path("corpus"),
    out: Annotated[Path, Option(help="The folder of the run; one that is there already is resumed.")] = Path("runs"),
    steps: Annotated[int | None, Option(min=1, help="Stop at this step instead of the recipe's last.")] = None,
    minutes: Annotated[float | None, Option(min=0, help="Stop after so many minutes.")] = None,
    clips: Annotated[int | None, Option(min=1, help="So many clips, for a small run of the flow.")] = None,
    threads: Threads = None,
) -> None:
    """Train a model by a recipe, starting or resuming in --out; killed at any time, it goes on from its checkpoint.

    On several GPUs: torchrun --nproc-per-node N -m motionalchemy.cli train ...
    """
    from motionalchemy.train import distributed, recipes

    end, us = time.monotonic() + (minutes * 60 if minutes else float("inf")), distributed.join()
    with progress_bar("[dim]{task.fields[note]}") as bar:
        task = bar.add_task(recipe, total=None, note="", visible=us.leads)
        for report in recipes.run(recipe, corpus, out, steps, clips):
            if report.phase == "training" and us.broadcast(time.monotonic() > end):
                break
            if not us.leads:
                continue
            note = "  ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
            note, where = f"{note}  {report.spent}", f"{recipe}, {report.phase}"
            bar.update(task, description=where, total=report.steps, completed=report.step, note=note)
            if bar.disable and (report.step % 10 == 0 or not report.losses):
                print(f"{report.phase} {report.step}/{report.steps}  {note}", flush=True)


def learn(
    clips: Annotated[list[str], Argument(metavar="CLIPS...", help="1 to 16 clips of one motion: MP4, WebM, GIF ...")],
    name: Annotated[str, Option(help="What the motion is to be called: letters, digits, - and _.")],
    prompt: Annotated[str | None, Option(help="What the clips show; 'a person NAME' unless given.")] = None,
    steps: Annotated[int | None, Option(help="How long to learn; 240 unless given.")] = None,
    out: Annotated[Path | None, Option(help="Another folder than your own for NAME.safetensors.")] = None,
    model: Annotated[str, Option(help="nano, or the folder of one.")] = "nano",
    seed: Annotated[int, Option(help="The same seed learns the same.")] = 0,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Threads = None,
) -> None:
    """Learn a motion from a few clips, for `animate --motion NAME`; stopped with Ctrl-C, it leaves nothing."""
    from motionalchemy.motion import learned
    from motionalchemy.train import motions as learning

    run: Any = learning.steps(clips, name, prompt, steps=steps, out=out, model=model, seed=seed, device=device)
    with closing(run), progress_bar("[dim]{task.fields[note]}") as bar:
        task = bar.add_task("looking", total=None, note="")
        for at in run:
            loss = "" if at.loss is None else f"loss {at.loss:.3f}  "
            left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
            bar.update(task, description=at.phase, total=at.total, completed=at.done, note=loss + left)
            if bar.disable and at.motion is None and (at.done % 10 == 0 or at.done == at.total):
                print(f"{at.phase} {at.done}/{at.total}  {loss}{left}", file=sys.stderr)
    print(learned.folder() / f"{name}{learned.ENDING}" if out is None else out / f"{name}{learned.ENDING}")


def motions_list(
    where: Annotated[Path | None, Option("--from", help="Another folder than your own.")] = None,
) -> None:
    """List the motions that have been learned."""
    from motionalchemy.motion import learned

    if where is not None and not where.is_dir():
        raise InputError(f"the folder {str(where)!r} is not there: give one that holds motions")
    found = list(learned.listed(where))
    if not found:
        print(f"no motion in {where or learned.folder()}: motionalchemy learn CLIPS... --name NAME", file=sys.stderr)
    for motion in found:
        count = len(motion.clips)
        print(f"{motion.name}\n  {motion.prompt}\n  on {motion.model} ({motion.base[:12]}), ", end="")
        print(f"{motion.steps} steps, {count} clip{'s' if count != 1 else ''}, {motion.date}, ", end="")
        print(f"{motion.bytes / 1e6:.1f} MB\n  {motion.path}")
