"""`motionalchemy serve`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from motionalchemy.errors import InputError
from motionalchemy.nets import threads as thread_count
from motionalchemy.parts import packages
from motionalchemy.pipeline.options import help_of

Threads = Annotated[
    int | None,
    Option(
        help="CPU threads of a worker, 1 to 1024; MOTIONALCHEMY_THREADS, else all cores, at most 8.",
        callback=thread_count.keep,
    ),
]


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
    root_path: Annotated[str, Option(help="The path under which a proxy shows the server, such as /motion.")] = "",
    forwarded_host: Annotated[
        list[str] | None, Option(help="A name under which a proxy shows the server, such as video.example.org.")
    ] = None,
    device: Annotated[list[str] | None, Option(help="cpu or cuda:N, a worker each; all GPUs, else cpu.")] = None,
    workers: Annotated[
        str | None, Option(help="A Ray cluster on which clips are made: ray, HOST:6379 or ray://HOST:10001.")
    ] = None,
    worker_count: Annotated[int, Option(min=1, max=1000, help="How many clips at a time there.")] = 1,
    worker_gpu: Annotated[bool, Option("--worker-gpu", help="Each of them has a GPU.")] = False,
    queue: Annotated[int, Option(help="How many jobs may wait.")] = 1000,
    max_seconds: Annotated[float, Option(help="The longest clip.")] = 120,
    keep_days: Annotated[float, Option(help="How long videos are kept.")] = 30,
    disk_mb: Annotated[int, Option(help="What all videos together may occupy.")] = 20_000,
    upload_mb: Annotated[int, Option(help="The largest request.")] = 64,
    hang_seconds: Annotated[float, Option(help="A worker that makes no step for so long is killed.")] = 600,
    log_prompts: Annotated[bool, Option("--log-prompts", help="Write prompts to the log.")] = False,
    threads: Threads = None,
    memory: Annotated[int | None, Option(help=f"{help_of('memory')[:-1]}; of requests that do not say.")] = None,
    fast: Annotated[int, Option(help=f"{help_of('fast')[:-1]}; of requests that do not say.")] = 0,
    lora: Annotated[
        list[str] | None, Option(help="A LoRA for everybody, FILE or FILE:WEIGHT; several may be given.")
    ] = None,
    lora_folder: Annotated[Path | None, Option(help="A folder of LoRA files, which requests name.")] = None,
    page: Annotated[bool, Option("--page/--no-page", help="The page for people, beside the API.")] = True,
) -> None:
    """Serve an HTTP API in the shape of OpenAI's Videos API, and a page, until stopped; see docs/serve.md."""
    packages.require("server", but=("gradio",))  # without which there is no page, and the log says so
    try:
        from motionalchemy.server import keys, run, settings
    except ImportError as error:
        raise packages.explained(error) or packages.lacking("server", error) from error
    if new_api_key is not None:
        if api_key_file is None:
            raise InputError("--new-api-key needs --api-key-file: the file that keeps its hash, such as keys.txt")
        print(keys.add(api_key_file, new_api_key))
        return
    away = _away(workers, worker_count, worker_gpu)
    here = device or ([] if away else ["auto"])
    chosen = {
        "data": data, "model": model, "devices": tuple(here), "away": away, "host": host, "port": port,
        "public": public, "key_file": api_key_file, "log_prompts": log_prompts, "places": queue,
        "max_seconds": max_seconds, "keep_days": keep_days, "disk_bytes": disk_mb << 20, "upload_bytes": upload_mb << 20,
        "page": page, "hang_seconds": hang_seconds, "memory": memory, "fast": fast, "lora": tuple(lora or ()),
        "lora_folder": lora_folder, "root_path": root_path, "forwarded_hosts": tuple(forwarded_host or ()),
    }  # fmt: skip
    run.serve(settings.Settings(**chosen))


def _away(address: str | None, count: int, gpu: bool) -> tuple[str, ...]:
    """The workers on a cluster that answers; raises InputError and MissingPart."""
    if address is None:
        return ()
    packages.require("scale", but=("accelerate",))
    from motionalchemy.batch.cluster import answers

    answers(address)
    return tuple(f"{address}#{'gpu' if gpu else 'cpu'}{number}" for number in range(count))
