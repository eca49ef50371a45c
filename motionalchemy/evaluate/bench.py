"""The bench: clips timed one after another, each in a process of its own, and the report of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from motionalchemy.evaluate.speed import Measured, Spec, in_a_process, machine, table
from motionalchemy.media import files
from motionalchemy.models import registry
from motionalchemy.nets import pack

SECONDS = (2.0, 4.0, 8.0, 16.0, 32.0)
SIZES = (128, 192, 256, 384, 512)


def bench(
    model: str = "nano",
    device: str = "auto",
    seconds: Sequence[float] = SECONDS,
    sizes: Sequence[int] = SIZES,
    out: Path | None = None,
    trace: Path | None = None,
    peer: bool = False,
) -> Iterator[Measured]:
    """Measure clips of several lengths at the model's size and of several sizes at the first length, each in a process.

    Yields each as it is done, with `peer` diffusers' LTX-Video 2B for the first clip at the end; with `out` keeps
    bench.json and bench.md there, with `trace` a Chrome trace of the first clip. A clip beyond the model's limits is
    reported as refused. Raises UnknownName for a model that is not there.
    """
    card = registry.card(model)
    lengths = list(seconds) or [card.defaults.seconds]
    specs = [Spec(model, device, length) for length in lengths]
    specs += [Spec(model, device, lengths[0], size) for size in sizes if size != card.defaults.size]
    if trace is not None:
        specs[0] = replace(specs[0], trace=str(trace))
    done = []
    for spec in specs:
        done.append(in_a_process(spec))
        keep(done, out)
        yield done[-1]
    if peer and not done[0].refused:
        from motionalchemy.evaluate import peer as other

        done.append(other.beside(replace(specs[0], size=card.defaults.size), done[0].frames))
        keep(done, out)
        yield done[-1]


def keep(done: Sequence[Measured], out: Path | None) -> None:
    """Write what was measured so far into a folder, each file whole or not at all."""
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    clips = [asdict(m) | {"share": m.share} for m in done]
    pack.write_json(out / "bench.json", {"machine": machine(), "clips": clips})
    files.write_text(report(done), out / "bench.md")


def report(done: Sequence[Measured]) -> str:
    """All figures as Markdown: the clips, and the first of them beside a peer if one was measured."""
    model = done[0].spec.model
    peers = [m for m in done if m.spec.model != model]
    text = table([m for m in done if m.spec.model == model])
    if peers:
        from motionalchemy.evaluate import peer

        text += "\n" + "\n".join(peer.table(done[0], other) for other in peers)
    return text
