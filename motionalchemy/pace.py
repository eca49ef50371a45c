"""How long the phases of a run take, and how much of its work is done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

Item = TypeVar("Item")


@dataclass
class Watch:
    """Seconds spent in named phases; a phase that is entered again goes on counting."""

    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - begun


@dataclass
class Meter:
    """The share of all the work that is done, and how long the rest will take at the pace so far."""

    done: float = 0.0
    before: float = 0.0  # what an earlier run did
    began: float = field(default_factory=time.perf_counter)

    def advance(self, share: float) -> tuple[float, float]:
        """Add a share; returns (done, seconds left)."""
        self.done = min(self.done + share, 1.0)
        pace = (time.perf_counter() - self.began) / max(self.done - self.before, 1e-9)
        return self.done, pace * (1 - self.done)


def timed(steps: Iterator[Item], watch: Watch, phase: str) -> Iterator[Item]:
    """The same steps; only the time spent inside them counts, not what the caller does between them."""
    while True:
        with watch.phase(phase):
            step = next(steps, None)
        if step is None:
            return
        yield step
