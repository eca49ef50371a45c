"""The command line. Heavy rooms are imported inside the commands, so that --help answers at once.

Exit codes: 0 done, 2 a value that cannot be used (one sentence on stderr), 130 stopped with Ctrl-C.
"""

import sys
from typing import Annotated

import typer
from typer import Option

from motionalchemy import __version__
from motionalchemy.cli import batching, clips, corpus, explaining, measuring, models, serving, training
from motionalchemy.errors import Cancelled, MotionAlchemyError
from motionalchemy.nets import threads
from motionalchemy.parts import packages

app = typer.Typer(
    help="One image and one sentence, English or Chinese, become a video.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing what draws boxes takes as long as all the rest of --help
)


HELP = {"--help", "--install-completion", "--show-completion"}  # what is answered at once, whatever is installed


def main(arguments: list[str] | None = None) -> None:
    """The console script: run a command and leave with its exit code; an error is one sentence on stderr."""
    try:
        app(arguments)
    except MotionAlchemyError as error:
        print(f"motionalchemy: {error}", file=sys.stderr)
        raise SystemExit(130 if isinstance(error, Cancelled) else 2) from None
    except ImportError as error:
        lack = packages.explained(error)
        if lack is None:
            raise
        print(f"motionalchemy: {lack}", file=sys.stderr)
        raise SystemExit(2) from None
    except PermissionError as error:
        name = repr(str(error.filename))
        print(f"motionalchemy: {name} may not be used: check its permissions, or choose another", file=sys.stderr)
        raise SystemExit(2) from None


def _version(wanted: bool) -> None:
    if wanted:
        print(f"motionalchemy {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    threads.wait_quietly()
    if not HELP & {*sys.argv[1:]}:
        packages.check()


for _command in (*clips.COMMANDS, batching.batch, training.train, training.learn):
    app.command()(_command)
app.command("motions")(training.motions_list)
app.command()(explaining.explain)
for _command in (measuring.evaluate, measuring.compare, measuring.bench, serving.serve):
    app.command()(_command)
app.add_typer(models.app, name="models")
app.add_typer(corpus.app, name="corpus")
