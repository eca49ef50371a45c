"""The command that shows what is understood of a picture and a sentence, before anything is made of them."""

from pathlib import Path
from typing import Annotated

from typer import Option

from motionalchemy.cli.clips import Model, Picture, Prompt, Seconds, Seed, Size, Threads


def explain(
    image: Picture,
    prompt: Prompt,
    output: Annotated[Path, Option("--output", "-o", help="A new or empty folder.")] = Path("explained"),
    model: Model = "nano",
    seconds: Seconds = None,
    size: Size = None,
    seed: Seed = 0,
    camera: Annotated[str | None, Option(help="A camera path by keys, as `animate` takes it.")] = None,
    threads: Threads = None,
) -> None:
    """Show what is understood of a picture and a sentence: pictures of the scene, its depth, regions and motion, and the
    script as JSON, in a folder."""
    from motionalchemy.pipeline import explain as explaining
    from motionalchemy.pipeline.request import parse

    fields = {"seconds": seconds, "size": size, "camera": camera}
    asked = {name: value for name, value in fields.items() if value is not None}
    request = parse({"task": "animate", "image": image, "prompt": prompt, "model": model, "seed": seed} | asked)
    print(explaining.explain(request, output))
