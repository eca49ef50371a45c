"""How fast and how large: every phase of the real door, per call, per token and against this machine's own ceiling.

Each measurement is a fresh process, so that peak memory is that of one clip and the time runs from process start to file.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from motionalchemy.errors import InputError
from motionalchemy.flow.plan import Plan
from motionalchemy.flow.solvers import Velocity
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone
from motionalchemy.nets.throughput import ceiling, wait
from motionalchemy.pipeline.make import collect, make
from motionalchemy.pipeline.progress import Result
from motionalchemy.pipeline.request import parse

PROMPT = "the picture drifts: right"


@dataclass(frozen=True)
class Spec:
    """One measurement: which model, where, and the clip to make; `steps` None is the model's own."""

    model: str = "nano"
    device: str = "auto"
    seconds: float = 2.0
    size: int | None = None
    steps: int | None = None
    trace: str | None = None  # where to write a Chrome trace of the run, if at all


@dataclass(frozen=True)
class Measured:
    """What one clip cost; `refused` says why there are no figures. Memory in bytes, times in seconds.

    `phases` are start (process and imports), load, text, encode, each stage, decode and write; `flops` are those of all
    velocity calls, counted on matrix products, convolutions and attention. `cpu` are seconds of all cores together, which
    a busy machine does not stretch. `same` are the rows of a peer on identical small weights (`peer.Same`).
    """

    spec: Spec
    phases: dict[str, float] = field(default_factory=dict)
    total: float = 0.0
    frames: int = 0
    calls: int = 0
    tokens: int = 0
    call_seconds: float = 0.0
    flops: float = 0.0
    ceiling: float = 0.0  # FLOP/s of a large matrix product on this device
    memory: int = 0
    gpu_memory: int = 0
    cpu: float = 0.0
    refused: str | None = None
    same: list[dict[str, Any]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """FLOP/s of the velocity calls as a share of the measured ceiling."""
        return self.flops / self.call_seconds / self.ceiling if self.call_seconds and self.ceiling else 0.0


class Counted:
    """A backbone that watches its velocity calls; what one call of each plan costs in FLOP is counted afterwards."""

    def __init__(self, backbone: Backbone):
        self._backbone = backbone
        self.calls, self.tokens, self.seconds = 0, 0, 0.0
        self._asked: list[list[tuple[Tensor, Tensor]]] = []  # the states and times of every plan's calls
        self._inner: list[Velocity] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backbone, name)

    def velocity(self, words: Any, plan: Plan, fps: float) -> Velocity:
        """The backbone's own velocity, its calls, tokens and seconds added up."""
        inner, asked = self._backbone.velocity(words, plan, fps), []
        self._inner.append(inner)
        self._asked.append(asked)
        values = (plan.value, *(reference.value for reference in plan.references))
        tokens = sum(value.numel() // value.shape[1] for value in values)

        def counted(x: Tensor, t: Tensor) -> Tensor:
            wait(x.device)
            begun = time.perf_counter()
            out = inner(x, t)
            wait(x.device)
            self.seconds += time.perf_counter() - begun
            self.calls, self.tokens = self.calls + 1, self.tokens + tokens
            asked.append((x, t))
            return out

        return counted

    @torch.no_grad()
    def flops(self) -> float:
        """FLOP of all calls so far: one call of each plan is made again and counted."""
        total = 0.0
        for inner, asked in zip(self._inner, self._asked, strict=True):
            with FlopCounterMode(display=False) as counter:
                inner(*asked[0])
            total += len(asked) * float(counter.get_total_flops())
        return total


def measure(spec: Spec, backbone: Backbone | None = None, born: float | None = None) -> Measured:
    """Make one clip in this process and say what it cost; `born` is the time.time() at which the process was started.

    A trace is taken of a second clip, so that it does not slow the first. Raises what `make` raises.
    """
    entered, device = time.time(), registry.device_for(spec.device)
    begun = time.perf_counter()
    model = Counted(backbone or registry.load(spec.model, spec.device))
    load = time.perf_counter() - begun
    result = _clip(spec, model)
    figures: dict[str, Any] = {"calls": model.calls, "tokens": model.tokens, "call_seconds": model.seconds}
    figures |= spent(device)
    phases = ({} if born is None else {"start": entered - born}) | result.timings | {"load": load}
    measured = Measured(
        spec,
        phases=phases,
        total=sum(phases.values()),
        frames=result.frames,
        flops=model.flops(),
        ceiling=ceiling(device),
        **figures,
    )
    if spec.trace:
        with torch.profiler.profile() as profile:
            _clip(spec, model)
        profile.export_chrome_trace(spec.trace)
    return measured


def spent(device: torch.device) -> dict[str, Any]:
    """What this process took so far: peak bytes of memory and of the GPU's, seconds of all cores."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {"memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024), "cpu": used.ru_utime + used.ru_stime}
    return found | ({"gpu_memory": torch.cuda.max_memory_allocated(device)} if device.type == "cuda" else {})


def _clip(spec: Spec, model: Counted) -> Result:
    """One clip through `make`, written to a file that is thrown away."""
    fields: dict[str, Any] = {"model": spec.model, "device": spec.device, "prompt": PROMPT, "seconds": spec.seconds}
    fields |= {name: value for name in ("size", "steps") if (value := getattr(spec, name)) is not None}
    side = spec.size or model.defaults.size
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        return collect(make(parse(fields), Path(folder) / "clip.mp4", image=image, backbone=cast(Backbone, model)))


def in_a_process(spec: Spec, room: str = __name__) -> Measured:
    """Measure in a fresh Python process, by the `child` of a module; what is refused comes back as such.

    Raises RuntimeError for any other failure.
    """
    command = [
        sys.executable,
        "-c",
        f"from {room} import child; child()",
        json.dumps(asdict(spec)),
        repr(time.time()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"the measuring process failed ({done.returncode}): {done.stderr.strip()[-500:]}")
    return Measured(spec, **{k: v for k, v in json.loads(done.stdout.splitlines()[-1]).items() if k != "spec"})


def child() -> None:
    """The measuring process: reads a Spec and its time of birth from the command line, prints a Measured as JSON."""
    spec, born = Spec(**json.loads(sys.argv[1])), float(sys.argv[2])
    try:
        measured = measure(spec, born=born)
    except InputError as error:
        measured = Measured(spec, refused=str(error))
    print(json.dumps(asdict(measured)))


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    facts = {"cores": os.cpu_count(), "threads": torch.get_num_threads(), "torch": torch.__version__, "gpu": gpu}
    return facts | {"load": load}


def table(done: Sequence[Measured]) -> str:
    """The figures as a Markdown table, one line per clip."""
    phases = list(dict.fromkeys(name for measured in done for name in measured.phases))
    names = ["seconds", "size", "frames", "calls", *phases, "total s", "s per s", "tokens/s", "GFLOP/s", "of ceiling"]
    names += ["CPU s", "memory MB", "GPU MB"]
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for m in done:
        asked = [f"{m.spec.seconds:g}", str(m.spec.size or "own")]
        if m.refused:
            lines.append(f"| {asked[0]} | {asked[1]} | refused: {m.refused} " + "| " * (len(names) - 3) + "|")
            continue
        cells = [*asked, str(m.frames), str(m.calls), *(f"{m.phases.get(name, 0):.2f}" for name in phases)]
        cells += [f"{m.total:.2f}", f"{m.total / m.spec.seconds:.2f}", f"{m.tokens / max(m.call_seconds, 1e-9):.0f}"]
        cells += [f"{m.flops / max(m.call_seconds, 1e-9) / 1e9:.1f}", f"{m.share:.0%}"]
        cells += [f"{m.cpu:.1f}", f"{m.memory / 1e6:.0f}", f"{m.gpu_memory / 1e6:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
