"""The commands that make clips, their shared options written once. Heavy rooms are imported inside the commands."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from motionalchemy.errors import InputError
from motionalchemy.nets import threads as thread_count
from motionalchemy.pipeline.options import OWN, help_of

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from motionalchemy.pipeline.progress import Progress, Result

PREVIEW_EVERY = 2  # steps

Picture = Annotated[str, Argument(help="A picture: PNG, JPEG, WebP, GIF, TIFF ...")]
Film = Annotated[str, Argument(help="A clip: MP4, WebM, MOV, MKV, GIF ...")]
Prompt = Annotated[
    str, Argument(help="What happens, in English or Chinese; for a long clip also '0-4: it walks | 4-8: it runs'.")
]
Output = Annotated[
    Path | None,
    Option(
        "--output",
        "-o",
        help="A .mp4, .mov, .webm, .gif, .webp, .apng or .png (contact sheet) file, replaced if it is there. "
        "Without it: a .mp4 named like what is given, in the working folder, numbered if that is taken.",
    ),
]
Model = Annotated[str, Option(help=help_of("model"))]
Seconds = Annotated[float | None, Option(help=help_of("seconds"))]
Fps = Annotated[float | None, Option(help=help_of("fps"))]
Size = Annotated[int | None, Option(help=help_of("size"))]
Steps = Annotated[int | None, Option(help=help_of("steps"))]
Stages = Annotated[int | None, Option(help=help_of("stages"))]
Guidance = Annotated[float | None, Option(help=help_of("guidance"))]
GuidanceLow = Annotated[float | None, Option(help=help_of("guidance_low"))]
Candidates = Annotated[int | None, Option(help=help_of("candidates"))]
Negative = Annotated[str, Option(help=help_of("negative"))]
Seed = Annotated[int, Option(help=help_of("seed"))]
Device = Annotated[str, Option(help=help_of("device"))]
Memory = Annotated[int | None, Option(help=help_of("memory"))]
Fast = Annotated[int, Option(help=help_of("fast"))]
Lora = Annotated[list[str] | None, Option(help=help_of("lora"))]
Interpolate = Annotated[int, Option(help=help_of("interpolate"))]
Preview = Annotated[bool, Option("--preview", help="Keep a small OUTPUT.preview.gif up to date meanwhile.")]
Threads = Annotated[
    int | None,
    Option(
        help="CPU threads, 1 to 1024; MOTIONALCHEMY_THREADS, else all cores, at most 8. Bytes depend on it.",
        callback=thread_count.use,
    ),
]
Draft = Annotated[str | None, Option(help=help_of("draft"))]
DraftMask = Annotated[str | None, Option(help=help_of("draft_mask"))]
Follow = Annotated[float | None, Option(help=help_of("follow"))]
Last = Annotated[str | None, Option(help=help_of("last"))]


def animate(
    image: Picture,
    prompt: Prompt,
    output: Output = None,
    model: Model = "nano",
    seconds: Seconds = None,
    fps: Fps = None,
    size: Size = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_low: GuidanceLow = None,
    candidates: Candidates = None,
    negative: Negative = "",
    seed: Seed = 0,
    last: Last = None,
    loop: Annotated[bool, Option("--loop", help=help_of("loop"))] = False,
    motion: Annotated[
        list[str] | None,
        Option(help=help_of("motion")),
    ] = None,
    camera: Annotated[
        str | None,
        Option(help=help_of("camera")),
    ] = None,
    audio: Annotated[str | None, Option(help=help_of("audio"))] = None,
    draft: Draft = None,
    draft_mask: DraftMask = None,
    follow: Follow = None,
    stages: Stages = None,
    device: Device = "auto",
    memory: Memory = None,
    fast: Fast = 0,
    lora: Lora = None,
    interpolate: Interpolate = 1,
    preview: Preview = False,
    threads: Threads = None,
) -> None:
    """Turn a picture and a sentence into a clip, with a JSON sidecar from which `again` makes the same clip."""
    _run("animate", locals(), image)


def imagine(
    prompt: Prompt,
    output: Output = None,
    model: Model = "nano",
    seconds: Annotated[float | None, Option(help=f"Length of the clip in seconds, 0 for a still; {OWN}.")] = None,
    fps: Fps = None,
    size: Size = None,
    aspect: Annotated[str | None, Option(help=help_of("aspect"))] = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_low: GuidanceLow = None,
    candidates: Candidates = None,
    negative: Negative = "",
    seed: Seed = 0,
    stages: Stages = None,
    device: Device = "auto",
    memory: Memory = None,
    fast: Fast = 0,
    lora: Lora = None,
    interpolate: Interpolate = 1,
    preview: Preview = False,
    threads: Threads = None,
) -> None:
    """Turn a sentence alone into a clip, or with --seconds 0 into a picture; who stands in a place that nano draws is
    one of the pictures that ship with it."""
    _run("imagine", locals(), "imagined", ".png" if seconds == 0 else ".mp4")


def extend(
    video: Film,
    prompts: Annotated[list[str], Argument(metavar="PROMPT...", help="What happens next; several share the time.")],
    output: Output = None,
    model: Model = "nano",
    seconds: Annotated[float | None, Option(help=f"Seconds that are added, up to 600; {OWN}.")] = None,
    last: Last = None,
    size: Size = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_low: GuidanceLow = None,
    candidates: Candidates = None,
    negative: Negative = "",
    seed: Seed = 0,
    draft: Draft = None,
    draft_mask: DraftMask = None,
    follow: Follow = None,
    stages: Stages = None,
    device: Device = "auto",
    memory: Memory = None,
    fast: Fast = 0,
    lora: Lora = None,
    interpolate: Interpolate = 1,
    preview: Preview = False,
    threads: Threads = None,
) -> None:
    """Let a clip go on; it is written as it is made, and a run that was killed goes on where it stood."""
    given = locals()
    if len(prompts) > 1:
        from motionalchemy.models.registry import card

        total = seconds if seconds is not None else len(prompts) * card(model).defaults.seconds
        ends = [f"{total * n / len(prompts):.6f}" for n in range(len(prompts) + 1)]
        parts = zip(ends, ends[1:], prompts, strict=False)
        given |= {"seconds": total, "prompt": " | ".join(f"{a}-{b}: {words}" for a, b, words in parts)}
    _run("extend", {"prompt": prompts[0]} | given, video, "-longer.mp4")


def edit(
    video: Film,
    prompt: Annotated[str, Argument(help="What the clip is to show, in English or Chinese.")],
    output: Output = None,
    image: Annotated[
        str | None,
        Option(help=help_of("image")),
    ] = None,
    region: Annotated[str, Option(help=help_of("region"))] = "auto",
    method: Annotated[str | None, Option(help=help_of("method"))] = None,
    strength: Annotated[float | None, Option(help=help_of("strength"))] = None,
    source_prompt: Annotated[str, Option(help=help_of("source_prompt"))] = "",
    model: Model = "nano",
    size: Size = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_low: GuidanceLow = None,
    negative: Negative = "",
    seed: Seed = 0,
    draft: Draft = None,
    follow: Follow = None,
    stages: Stages = None,
    device: Device = "auto",
    memory: Memory = None,
    fast: Fast = 0,
    lora: Lora = None,
    interpolate: Interpolate = 1,
    preview: Preview = False,
    threads: Threads = None,
) -> None:
    """Change a clip's style, subject, background or weather, or take its subject away; all else stays."""
    _run("edit", locals(), video, "-edited.mp4")


def orbit(
    views: Annotated[list[str], Argument(metavar="VIEW VIEW...", help="Pictures of one scene from several sides.")],
    output: Output = None,
    prompt: Annotated[str | None, Option(help="What happens meanwhile.")] = None,
    angles: Annotated[
        str | None, Option(help="Degrees of the views, such as 0,60,120; the order is then the given one.")
    ] = None,
    close: Annotated[bool, Option("--close", help=help_of("close"))] = False,
    model: Model = "nano",
    seconds: Seconds = None,
    fps: Fps = None,
    size: Size = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_low: GuidanceLow = None,
    negative: Negative = "",
    seed: Seed = 0,
    draft: Draft = None,
    draft_mask: DraftMask = None,
    follow: Follow = None,
    stages: Stages = None,
    device: Device = "auto",
    memory: Memory = None,
    fast: Fast = 0,
    lora: Lora = None,
    interpolate: Interpolate = 1,
    preview: Preview = False,
    threads: Threads = None,
) -> None:
    """Sweep smoothly through views of one scene; says in which order, and the sidecar how exactly each was met."""
    _run("orbit", locals() | {"angles": _numbers(angles)}, views[0], "-orbit.mp4")


def retake(
    video: Film,
    prompt: Prompt,
    begin: Annotated[float, Option("--from", help="The second at which to begin.")],
    end: Annotated[float, Option("--to", help="The second at which to end.")],
    output: Output = None,
    model: Model = "nano",
    size: Size = None,
    steps: Steps = None,
    guidance: Guidance = None,
    guidance_low: GuidanceLow = None,
    negative: Negative = "",
    seed: Seed = 0,
    stages: Stages = None,
    device: Device = "auto",
    memory: Memory = None,
    fast: Fast = 0,
    lora: Lora = None,
    interpolate: Interpolate = 1,
    preview: Preview = False,
    threads: Threads = None,
) -> None:
    """Make a span of a clip again, in whole groups of frames; the rest stays as it is."""
    _run("retake", locals(), video, "-retake.mp4")


def again(
    sidecar: Annotated[Path, Argument(help="The .json that stands beside a clip.", readable=False)],
    output: Annotated[Path | None, Option("--output", "-o", help="Where to; the clip beside it unless given.")] = None,
    threads: Threads = None,
) -> None:
    """Make the clip of a sidecar again; on the same machine with the same versions, the same bytes."""
    from motionalchemy.pipeline.sidecar import again as read
    from motionalchemy.pipeline.sidecar import path_for

    old = read(sidecar)
    if threads is None:
        thread_count.use(old.threads)
    result = show(old.request, output or old.output, preview=False)
    new = read(path_for(result.path)) if result.path else old
    if old.output.suffix == new.output.suffix and new.sha256 != old.sha256:
        changed = [name for name, value in new.made_by.items() if old.made_by.get(name) != value]
        because = f"{', '.join(changed)} changed" if changed else "the machine is another, or the sidecar was edited"
        print(f"motionalchemy: not the same bytes as before: {because}", file=sys.stderr)


COMMANDS = (animate, imagine, extend, edit, orbit, retake, again)


def _run(task: str, given: Mapping[str, Any], named: str, ending: str = ".mp4") -> None:
    """A task with a command's arguments, those that a request has; the output is named after what is given."""
    from motionalchemy.pipeline.request import Request, parse

    fields = {name: value for name, value in given.items() if name in Request.model_fields}
    request = parse({"task": task} | fields)
    show(request, given["output"] or free(_named_after(named, ending)), given["preview"])


def _numbers(text: str | None) -> list[float] | None:
    try:
        return None if text is None else [float(part) for part in text.replace("，", ",").split(",")]
    except ValueError as error:
        raise InputError(f"angles {text!r} cannot be used: write numbers such as 0,60,120") from error


def show(request: Any, output: Path, preview: bool) -> "Result":
    """Run a request to its file, showing where it stands; whatever happens, the preview is gone afterwards."""
    from motionalchemy.pipeline.make import collect, make

    run: Any = make(request, output)
    with closing(run), progress_bar("{task.fields[left]}") as shown, _preview(output, preview) as keep:
        task = shown.add_task("loading", total=1.0, left="")

        def watched() -> Iterator["Progress"]:
            for at in run:
                if at.note:
                    print(at.note, file=sys.stderr)
                window = f"window {at.window}/{at.windows}, " if at.windows > 1 else ""
                where = f"{window}stage {at.stage}/{at.stages}, step {at.step}/{at.steps}"
                left = "" if at.seconds_left is None else f"about {at.seconds_left:.0f} s left"
                shown.update(task, completed=at.fraction, description=where, left=left)
                if shown.disable and at.result is None and at.step:
                    print(", ".join(filter(None, (where, left))), file=sys.stderr)
                keep(at)
                yield at

        result = collect(watched())
    print(result.path)
    return result


@contextmanager
def _preview(output: Path, wanted: bool) -> Iterator[Any]:
    """A function that keeps OUTPUT.preview.gif up to date, at most one second in four, and removes it in the end."""
    written, wait = set[Path](), 0.0

    def keep(at: "Progress") -> None:
        nonlocal wait
        if wanted and at.result is None and at.step and at.step % PREVIEW_EVERY == 0 and time.monotonic() >= wait:
            begun = time.monotonic()
            path = output.with_suffix(".preview.gif")
            written.add(path)
            at.preview().save(path)
            wait = time.monotonic() + 3 * (time.monotonic() - begun)

    try:
        yield keep
    finally:
        for path in written:
            path.unlink(missing_ok=True)


@contextmanager
def progress_bar(*last: str) -> Iterator["Bar"]:
    """A progress bar on a terminal; elsewhere a disabled one, beside which the caller prints plain lines."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), *map(TextColumn, last))
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield shown


def _named_after(given: str, ending: str) -> Path:
    """A name like that of what is given, as much of it as file systems take beside the ending and a number."""
    from motionalchemy.media.files import LONGEST_NAME

    stem, most = Path(given).stem, LONGEST_NAME - len(ending) - len("-00000")
    if len(os.fsencode(stem)) > most:
        stem = os.fsencode(stem)[:most].decode("utf-8", "ignore")  # no half of a character
    return Path(stem + ending)


def free(path: Path) -> Path:
    """`path`, or the first of path-2, path-3 ... whose clip and sidecar are not there yet."""
    names = (path.with_stem(f"{path.stem}-{n}") if n > 1 else path for n in range(1, sys.maxsize))
    return next(p for p in names if not (p.exists() or p.with_suffix(".json").exists()))
