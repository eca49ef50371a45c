"""Who makes the clips of a batch: actors on a Ray cluster, each with a model, on any node.

A folder of this machine is written from here, with what the actors send; a place with an address they write to themselves.
Ray's own retries are off: which task is made again, and when, is decided in one place, `batch.run`.
"""

import contextlib
import logging
import re
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from motionalchemy import __version__
from motionalchemy.batch import places
from motionalchemy.batch.crew import Ended
from motionalchemy.batch.maker import Maker
from motionalchemy.batch.places import Folder, Remote
from motionalchemy.batch.tasks import Task, located
from motionalchemy.errors import InputError, MissingPart
from motionalchemy.media.files import brief
from motionalchemy.parts import packages

MEMORY = 3 << 29  # bytes that Ray sets aside for an actor: nano at 256 pixels takes 1 GB
ADDRESS = re.compile(r"(ray://)?([\w.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})")
LOOK, GIVEN_UP = 5.0, 20.0  # seconds without an answer until its head is looked for, and until it is given up
GONE = "the cluster is gone ({}): run the same command again when it is back, and it goes on"
PATIENCE = 5.0  # seconds for a connection to a cluster's door


class Hand:
    """An actor: a maker whose clips go where the batch goes."""

    def __init__(self, count: int, folder: str):
        self.maker = Maker(count, folder)

    def hello(self) -> tuple[str, str]:
        """The version of this package, and the machine's name."""
        return __version__, socket.gethostname()

    def make(
        self, fields: Mapping[str, Any], task: str, ending: str, address: str | None
    ) -> tuple[str | None, dict[str, bytes]]:
        """Make a clip; returns why it failed, None where it did not, and the files that are to be written by whoever asked:
        none where they went to an address."""
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / (task + ending)
            reason = self.maker.make(fields, output)
            if reason is not None:
                return f"{reason} (on {socket.gethostname()})", {}
            made = {each.name: each.read_bytes() for each in (output, output.with_suffix(".json"))}
        if address is None:
            return None, made
        try:
            place = places.place(address)
            for name, data in made.items():
                place.keep(name, data)
        except (InputError, MissingPart) as error:
            return str(error), {}
        return None, {}


class Cluster:
    """Actors on a cluster: `address` is ray://HOST:PORT, HOST:PORT, or "ray" for the one that this machine is part of."""

    def __init__(
        self, address: str, place: Folder | Remote, folder: Path, size: int | None = None, count: int | None = None
    ):
        packages.require("scale", but=("accelerate",))
        import ray

        self.place, self.folder, self.count = place, folder, count or 1
        connect(address)
        have = ray.cluster_resources()
        self.gpus = int(have.get("GPU", 0)) > 0
        self.size = size or max(1, int(have.get("GPU", 0) or min(have["CPU"] // self.count, have["memory"] // MEMORY)))
        kind: Any = ray.remote(Hand)
        asked = {"num_cpus": self.count, "max_restarts": -1, "max_task_retries": 0, "scheduling_strategy": "SPREAD"}
        asked |= {"num_gpus": 1} if self.gpus else {"memory": MEMORY}
        self._actor = kind.options(**asked)
        self._hands = [self._hire() for _ in range(self.size)]
        self._asked = dict[Any, tuple[Any, Task | None]]()  # what is waited for, of whom, and for which task
        for hand in self._hands:
            self._asked[hand.hello.remote()] = (hand, None)
        self._free = list[Any]()
        self._head = _door(ray.get_runtime_context().gcs_address)
        self._answered, self._gone = time.monotonic(), False

    def free(self) -> bool:
        """Whether one of them waits for a task."""
        return bool(self._free)

    def start(self, task: Task) -> None:
        """Give a task to one that waits."""
        hand = self._free.pop()
        address = None if isinstance(self.place, Folder) else self.place.address
        fields = located(task.fields, self.folder)
        self._asked[hand.make.remote(fields, task.name, task.ending, address)] = (hand, task)

    def busy(self) -> bool:
        """Whether any works."""
        return any(task is not None for _, task in self._asked.values())

    def ended(self, seconds: float) -> Sequence[Ended]:
        """What has ended, waiting for at most so many seconds; raises InputError where the cluster is gone."""
        import ray
        from ray import exceptions

        found = list[Ended]()
        try:
            done, _ = ray.wait([*self._asked], num_returns=1, timeout=seconds)
            self._look()
            for ref in done:
                hand, task = self._asked.pop(ref)
                try:
                    answer = ray.get(ref)
                except (exceptions.RayActorError, exceptions.ObjectLostError, exceptions.WorkerCrashedError) as error:
                    self._ask_again(hand, error)
                    found += [] if task is None else [Ended(task, lost=True)]
                    continue
                self._free.append(hand)
                self._answered = time.monotonic()
                if task is None:
                    _same(*answer)
                else:
                    found.append(Ended(task, self._kept(*answer)))
        except (exceptions.RaySystemError, exceptions.RayTaskError, ConnectionError) as error:
            raise InputError(GONE.format(brief(error))) from error
        return found

    def _look(self) -> None:
        """Raise InputError where the cluster's head has not answered for a while: Ray itself would end this process."""
        now = time.monotonic()
        if now - self._answered < LOOK:
            return
        try:
            socket.create_connection(self._head, PATIENCE).close()
            self._answered = now
        except OSError as error:
            if now - self._answered > GIVEN_UP:
                self._gone = True
                raise InputError(GONE.format(brief(error))) from error

    def close(self) -> None:
        """Stop all of them at once."""
        import ray

        if self._gone:
            return  # a farewell would wait for it
        for hand in self._hands:
            with contextlib.suppress(Exception):
                ray.kill(hand)
        ray.shutdown()

    def _hire(self) -> Any:
        return self._actor.remote(self.count, str(Path.cwd()))

    def _ask_again(self, hand: Any, error: Exception) -> None:
        """Wait for a worker that died to be there again: Ray starts it on a node that has room; for one that does not come
        back another is asked for."""
        from ray.exceptions import ActorDiedError

        if isinstance(error, ActorDiedError):
            self._hands.remove(hand)
            hand = self._hire()
            self._hands.append(hand)
        self._asked[hand.hello.remote()] = (hand, None)

    def _kept(self, reason: str | None, made: dict[str, bytes]) -> str | None:
        """Write what a worker sent, the clip before its sidecar; returns why that failed."""
        try:
            for name in sorted(made, key=lambda name: name.endswith(".json")):
                self.place.keep(name, made[name])
        except InputError as error:
            return str(error)
        return reason


def _door(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def answers(address: str) -> None:
    """Raise InputError where an address is none, or nobody answers there."""
    found = ADDRESS.fullmatch(address)
    if address != "ray" and found is None:
        raise InputError(f"{address!r} is no place to work on: give local, ray, HOST:PORT or ray://HOST:10001")
    if found is not None:
        try:
            socket.create_connection((found[2].strip("[]"), int(found[3])), PATIENCE).close()
        except (OSError, OverflowError) as error:
            raise InputError(
                f"nobody answers at {address} ({brief(error)}): check it with `ray status` there"
            ) from error


def connect(address: str) -> None:
    """Join a cluster; raises InputError in one sentence where there is none."""
    import ray

    answers(address)
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False}
    try:
        ray.init("auto" if address == "ray" else address, namespace="motionalchemy", **quiet)
    except Exception as error:
        raise InputError(f"no Ray cluster at {address} ({brief(error)}): start one with `ray start --head`") from error


def _same(version: str, host: str) -> None:
    """Raise InputError where a node has another version of this package, which would make other clips."""
    if version != __version__:
        raise InputError(f"{host} has motionalchemy {version}, not {__version__}: install the same on every node")
    print(f"a worker on {host}", file=sys.stderr)
