"""Where a run stands, how long its phases take, how much of its work is done, and what it ends with."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from motionalchemy.media import reader
from motionalchemy.media.clip import Clip
from motionalchemy.pipeline.request import Settled

Item = TypeVar("Item")
COSTS = 1e-6  # the least share of all the work that a step may be to say how fast it goes


@dataclass
class Watch:
    """Seconds spent in named phases; a phase that is entered again goes on counting."""

    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the seconds spent inside as those of a phase."""
        begun = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - begun


@dataclass
class Meter:
    """The share of all the work that is done, and how long the rest will take at the pace so far."""

    done: float = 0.0
    before: float = 0.0  # what an earlier run did
    began: float = field(default_factory=time.perf_counter)

    def advance(self, share: float) -> tuple[float, float | None]:
        """Add a share; returns (done, seconds left), the latter None until a step has cost something.

        What costs next to nothing, as copies do, says nothing of the pace: it is counted from the end of such steps on.
        """
        self.done = min(self.done + share, 1.0)
        if self.done - self.before < COSTS:
            self.began, self.before = time.perf_counter(), self.done
            return self.done, None
        pace = (time.perf_counter() - self.began) / (self.done - self.before)
        return self.done, pace * (1 - self.done)


def timed(steps: Iterator[Item], watch: Watch, phase: str) -> Iterator[Item]:
    """The same steps; only the time spent inside them counts, not what the caller does between them."""
    while True:
        with watch.phase(phase):
            step = next(steps, None)
        if step is None:
            return
        yield step


@dataclass(frozen=True, eq=False)
class Result:
    """A clip and everything needed to make it again; `timings` are seconds per phase, `path` where it was written.

    `sha256` is that of the model's weights, `inputs` those of the given files, `found` what was seen meanwhile. A long
    clip that was written as it was made is read back when `clip` is asked for.
    """

    held: Clip | None
    request: Settled
    model: str
    sha256: str
    inputs: dict[str, str]
    timings: dict[str, float]
    path: Path | None = None
    found: dict[str, Any] = field(default_factory=dict)
    frames: int = 0

    @property
    def clip(self) -> Clip:
        """The clip; raises MediaError if it has to be read from a file that is too large for memory."""
        if self.held is not None:
            return self.held
        assert self.path is not None
        return reader.read_clip(self.path)


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a run stands: step `step` of `steps` in stage `stage` of `stages` of window `window` of `windows`.

    `fraction` is the share of all the work that is done. `preview()` decodes the current estimate of the window, at the
    stage's own size. `note` is something to tell the person. Only the last item of a run has a `result`.
    """

    stage: int
    stages: int
    step: int
    steps: int
    fraction: float
    seconds_left: float | None
    preview: Callable[[], Clip]
    result: Result | None = None
    window: int = 1
    windows: int = 1
    note: str = ""
