"""`motionalchemy models`: list them, show one, pull a public one."""

import sys
from typing import Annotated

import typer
from typer import Argument, Option

app = typer.Typer(help="List the models, show one, pull a public one.", rich_markup_mode=None)
ModelName = Annotated[str, Argument(help="A name from the list, the folder of a model, or owner/model on the hub.")]


@app.callback(invoke_without_command=True)
def listing(context: typer.Context) -> None:
    """List the models and what each can do; `show` tells more of one, `pull` fetches a public one."""
    if context.invoked_subcommand is None:
        list_all()


@app.command("list")
def list_all() -> None:
    """List the models and what each can do."""
    from motionalchemy.models.registry import MODELS

    for name in MODELS:
        show(name)


@app.command("show")
def show(name: ModelName) -> None:
    """Show what a model can do, and where it comes from."""
    from motionalchemy.models import scores
    from motionalchemy.models.registry import card, where

    row = card(name)
    default = row.defaults
    print(f"{name}\n  {row.summary}\n  {row.summary_zh}")
    print(f"  size {default.size} ({row.sizes[0]}-{row.sizes[1]}), ", end="")
    print(f"{default.seconds:g} s (at most {row.seconds:g}) at {default.fps:g} fps, ", end="")
    print(f"steps {'+'.join(str(stage.steps) for stage in row.stages[-(default.stages or len(row.stages)) :])}")
    print(f"  honours {', '.join(sorted(row.honours))}")
    if (found := scores.scores(name)) is not None:
        print(f"  {scores.summary(found)}")
    if row.repo is not None:
        print(f"  {where(name) or f'not here yet: motionalchemy models pull {name}'}")


@app.command("pull")
def pull(
    name: ModelName,
    revision: Annotated[str | None, Option(help="A commit, tag or branch; the one pulled before, else main.")] = None,
) -> None:
    """Fetch a public model, its licence and size shown first; a pull that was stopped goes on with what is missing."""
    from motionalchemy.models import hub
    from motionalchemy.models.registry import repo_of

    offered = hub.offer(repo_of(name), revision)
    print(f"{offered.repo} at {offered.commit}\nlicence: {offered.licence}, {offered.licence_link}", file=sys.stderr)
    print(f"{offered.bytes / 1e9:.2f} GB, of which {offered.missing / 1e9:.2f} GB are not here yet", file=sys.stderr)
    for at in hub.fetch(offered):
        print(f"{at.number}/{at.count} {at.file} {at.bytes / 1e6:.1f} MB", file=sys.stderr)
    print(name)
