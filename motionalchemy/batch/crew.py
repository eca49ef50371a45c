"""Who makes the clips of a batch: processes of this machine. What a crew is, whatever it runs on, stands here too."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from motionalchemy.batch.places import Folder
from motionalchemy.batch.tasks import Task, located
from motionalchemy.errors import InputError
from motionalchemy.nets import threads

START = 300.0  # seconds that a process may take to start
DEATHS = 3  # of one worker in a row, before it has made a single clip: then nothing works here


@dataclass(frozen=True)
class Ended:
    """A task that came to an end: `reason` says why it failed, None where its clip is there; `lost` are those whose worker
    died, which are to be tried again."""

    task: Task
    reason: str | None = None
    lost: bool = False


class Crew(Protocol):
    """Workers that each make one clip at a time."""

    size: int

    def free(self) -> bool:
        """Whether one of them waits for a task."""
        ...

    def start(self, task: Task) -> None:
        """Give a task to one that waits."""
        ...

    def busy(self) -> bool:
        """Whether any works."""
        ...

    def ended(self, seconds: float) -> Sequence[Ended]:
        """What has ended, waiting for at most so many seconds for the first; raises InputError where nothing goes on."""
        ...

    def close(self) -> None:
        """Stop all of them at once."""
        ...


class _Worker:
    """One process."""

    def __init__(self, count: int):
        command = [sys.executable, "-m", "motionalchemy.batch.maker", str(count)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.task: Task | None = None
        self.ready, self.began = False, time.monotonic()
        self._text = b""

    def ask(self, task: Task, output: Path, folder: Path) -> None:
        """Send it a task."""
        self.task = task
        line = {"name": task.name, "fields": located(task.fields, folder), "output": str(output)}
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has died, which is seen when its answers are read
            self.process.stdin.write(json.dumps(line).encode() + b"\n")
            self.process.stdin.flush()

    def answers(self) -> list[dict] | None:
        """What it said since the last look; None when it has gone."""
        assert self.process.stdout is not None
        text = os.read(self.process.stdout.fileno(), 1 << 16)
        if not text:
            return None
        *lines, self._text = (self._text + text).split(b"\n")
        return [json.loads(line) for line in lines]

    def kill(self) -> None:
        """End it now."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


class Processes:
    """Worker processes of this machine that write into a folder; one that dies is started again."""

    def __init__(self, place: Folder, folder: Path, size: int | None = None, count: int | None = None):
        cores = threads.available()
        self.size = size if size is not None else max(1, cores // (count or 1))
        self.count = count if count is not None else max(1, cores // self.size)
        self.place, self.folder = place, folder
        self._watched = selectors.DefaultSelector()
        self._workers = list[_Worker]()
        self._deaths = 0
        for _ in range(self.size):
            self._hire()

    def free(self) -> bool:
        """Whether one of them waits for a task."""
        return any(each.ready and each.task is None for each in self._workers)

    def start(self, task: Task) -> None:
        """Give a task to one that waits."""
        worker = next(each for each in self._workers if each.ready and each.task is None)
        worker.ask(task, self.place.path / task.file, self.folder)

    def busy(self) -> bool:
        """Whether any works."""
        return any(each.task is not None for each in self._workers)

    def ended(self, seconds: float) -> list[Ended]:
        """What has ended, waiting for at most so many seconds; raises InputError where no worker starts."""
        found = list[Ended]()
        for key, _ in self._watched.select(seconds):
            worker: _Worker = key.data
            answers = worker.answers()
            if answers is None:
                found += self._died(worker)
                continue
            for answer in answers:
                if "ready" in answer:
                    worker.ready = True
                elif worker.task is not None:
                    self._deaths = 0
                    found.append(Ended(worker.task, answer["reason"]))
                    worker.task = None
        return found

    def close(self) -> None:
        """Stop all of them at once."""
        for worker in self._workers:
            worker.kill()
        self._watched.close()

    def _hire(self) -> None:
        worker = _Worker(self.count)
        self._workers.append(worker)
        assert worker.process.stdout is not None
        self._watched.register(worker.process.stdout, selectors.EVENT_READ, worker)

    def _died(self, worker: _Worker) -> list[Ended]:
        assert worker.process.stdout is not None
        self._watched.unregister(worker.process.stdout)
        self._workers.remove(worker)
        worker.kill()
        self._deaths += not worker.ready
        if self._deaths >= DEATHS:
            raise InputError("the workers die before they have begun: what they said stands above")
        self._hire()
        return [] if worker.task is None else [Ended(worker.task, lost=True)]
