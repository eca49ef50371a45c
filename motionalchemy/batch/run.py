"""The loop of a batch: tasks are read as workers become free, and each is ticked off by the files that it leaves."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from motionalchemy.batch.crew import Crew, Ended
from motionalchemy.batch.places import FAILED, Place, failed
from motionalchemy.batch.tasks import Task, Unread
from motionalchemy.errors import InputError

TRIES = 3  # of a task whose worker died under it
LOOK = 0.5  # seconds between two looks where nothing ends
DIED = f"its worker died {TRIES} times: there may be too little memory, so use fewer workers or a smaller size"


@dataclass
class Tally:
    """What became of the lines so far: clips that were `made`, that were `there` before, lines `twice`, and the numbers and
    reasons of those that `failed`, the first hundred of them."""

    total: int
    made: int = 0
    there: int = 0
    twice: int = 0
    failures: int = 0
    lost: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Lines that need nothing more."""
        return self.made + self.there + self.twice + self.failures

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before the first clip is made."""
        return (time.monotonic() - self.began) / self.made * (self.total - self.done) if self.made else None

    def fail(self, line: int, reason: str) -> None:
        """Note a line that failed."""
        self.failures += 1
        if len(self.first) < 100:
            self.first.append((line, reason))


def run(
    tasks: Iterator[Task | Unread],
    hire: Callable[[], Crew],
    place: Place,
    tally: Tally,
    retry: bool = False,
    told: Callable[[Tally, int, str | None], None] = lambda tally, line, reason: None,
) -> Tally:
    """Make what is not there yet, with a crew that is hired if anything is to be made.

    `told` hears of every line that ends, with the reason where it failed.

    Tasks that failed in an earlier run are tried again only with `retry`. Raises InputError where nothing can go on; what
    is done by then stays, and the same call goes on from there.
    """
    again, tries, running = deque[Task](), dict[str, int](), set[str]()
    waiting = _wanted(tasks, place, tally, retry, told, running)
    again.extend(islice(waiting, 1))
    if not again:
        return tally
    crew, more = hire(), True
    try:
        while more or again or crew.busy():
            while crew.free() and (task := again.popleft() if again else next(waiting, None)) is not None:
                running.add(task.name)
                place.forget(task.name + FAILED)
                crew.start(task)
            more = not crew.free()  # a worker that is free found nothing to do
            for each in crew.ended(LOOK) if more or crew.busy() else ():
                running.discard(each.task.name)
                _settle(each, place, tally, again, tries, told)
    finally:
        crew.close()
    return tally


def _wanted(
    tasks: Iterator[Task | Unread], place: Place, tally: Tally, retry: bool,
    told: Callable[[Tally, int, str | None], None], running: set[str],
) -> Iterator[Task]:  # fmt: skip
    """Those tasks that have to be made."""
    for task in tasks:
        if isinstance(task, Unread):
            tally.fail(task.line, task.reason)
            told(tally, task.line, task.reason)
        elif task.name in running:
            tally.twice += 1
            told(tally, task.line, None)
        elif place.done(task):
            tally.there += 1
            told(tally, task.line, None)
        elif not retry and (reason := place.failure(task)) is not None:
            tally.fail(task.line, f"{reason} (failed before; --retry tries it again)")
            told(tally, task.line, tally.first[-1][1])
        else:
            yield task


def _settle(
    ended: Ended, place: Place, tally: Tally, again: deque[Task], tries: dict[str, int],
    told: Callable[[Tally, int, str | None], None],
) -> None:  # fmt: skip
    """Count a task that ended; one whose worker died comes again, a few times."""
    task, reason = ended.task, ended.reason
    if ended.lost:
        tally.lost += 1
        tries[task.name] = tries.get(task.name, 0) + 1
        if tries[task.name] < TRIES:
            again.append(task)
            return
        reason = DIED
    tries.pop(task.name, None)
    if reason is None and not place.done(task):
        reason = "its file did not arrive"
    if reason is None:
        tally.made += 1
    else:
        tally.fail(task.line, reason)
        with contextlib.suppress(InputError):  # a full disk: the reason is told all the same
            place.keep(task.name + FAILED, failed(task, reason))
    told(tally, task.line, reason)
