"""One clip at a time on a Ray cluster for whoever waits for it: where it stands, its notes, and a word to stop it.

What a call needs goes there and what it makes comes back as bytes, so no disk has to be shared. An actor's ordinary method
cannot be stopped by Ray: the clip is made by a thread of the actor, which asks at every step whether to go on.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from motionalchemy import errors
from motionalchemy.batch.cluster import MEMORY, connect
from motionalchemy.batch.maker import Maker
from motionalchemy.errors import Cancelled, MotionAlchemyError
from motionalchemy.parts import packages
from motionalchemy.pipeline.progress import Progress

LOOK = 0.25  # seconds between two looks at where a clip stands
START = 300.0  # seconds for a place on the cluster


class Work:
    """What an actor does: one clip in a thread, which can be looked at and stopped."""

    def __init__(self, count: int):
        self.maker = Maker(count)
        self._stop, self._thread = threading.Event(), None
        self._state: dict[str, Any] = {}

    def begin(self, fields: Mapping[str, Any], given: Mapping[str, bytes], output: str) -> None:
        """Begin a clip in a folder of its own that holds the given files."""
        self._stop = threading.Event()
        self._state = {"at": None, "notes": [], "ended": False, "error": None, "made": {}}
        self._thread = threading.Thread(
            target=self._work, args=(dict(fields), dict(given), output, self._stop), daemon=True
        )
        self._thread.start()

    def look(self) -> dict[str, Any]:
        """Where it stands; once it has ended, its files, or the kind of its error and what it says."""
        return dict(self._state)

    def stop(self) -> None:
        """Let it end at its next step."""
        self._stop.set()

    def _work(self, fields: dict[str, Any], given: dict[str, bytes], output: str, stop: threading.Event) -> None:
        state = self._state
        try:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                for name, data in given.items():
                    Path(name).write_bytes(data)
                for at in self.maker.steps(fields, Path(output), stop.is_set):
                    state["notes"] += [at.note] if at.note else []
                    state["at"] = {name: getattr(at, name) for name in SHOWN}
                    if at.result is not None:
                        state["notes"] = list(at.result.found.get("notes", ()))
                state["made"] = {p.name: p.read_bytes() for p in Path(folder).iterdir() if p.name not in given}
                os.chdir("/")
        except Exception as error:
            os.chdir("/")
            state["error"] = type(error).__name__, str(error)[:2000]
        state["ended"] = True


SHOWN = ("stage", "stages", "step", "steps", "fraction", "seconds_left", "window", "windows")


class Seat:
    """A place on a cluster for one model, held until `close`; raises InputError where there is none."""

    def __init__(self, address: str, count: int = 1, gpus: int = 0):
        packages.require("scale", but=("accelerate",))
        import ray

        connect(address)
        kind: Any = ray.remote(Work)
        asked = {"num_cpus": count, "max_restarts": 0, "scheduling_strategy": "SPREAD"}
        self._work = kind.options(**asked, **({"num_gpus": gpus} if gpus else {"memory": MEMORY})).remote(count)
        self._get: Callable[..., Any] = ray.get
        self._get(self._work.look.remote(), timeout=START)

    def make(
        self, fields: Mapping[str, Any], folder: Path, given: tuple[str, ...], output: str, cancel: Callable[[], bool]
    ) -> Iterator[Progress]:
        """Steps of a clip that is made there, from files of `folder` and into it; raises what `make` would, and what Ray
        does where the actor is lost."""
        files = {name: (folder / name).read_bytes() for name in given}
        self._get(self._work.begin.remote(dict(fields), files, output))
        told = 0
        while True:
            now = self._get(self._work.look.remote())
            for note in now["notes"][told:]:
                yield _progress(now["at"] or {}, note)
            told = len(now["notes"])
            if now["ended"]:
                break
            if now["at"]:
                yield _progress(now["at"])
            if cancel():
                self._get(self._work.stop.remote())
                raise Cancelled("stopped as asked; nothing was written")
            time.sleep(LOOK)
        if now["error"] is not None:
            raise _error(*now["error"])
        for name, data in sorted(now["made"].items(), key=lambda item: item[0].endswith(".json")):
            part = folder / f".{name}.part"
            part.write_bytes(data)
            part.replace(folder / name)


def _progress(at: Mapping[str, Any], note: str = "") -> Progress:
    known = {"stage": 1, "stages": 1, "step": 0, "steps": 1, "fraction": 0.0, "seconds_left": None} | dict(at)
    return Progress(**known, preview=_none, note=note)


def _none() -> Any:
    raise MotionAlchemyError("a clip that is made elsewhere has no preview")


def _error(kind: str, text: str) -> Exception:
    """An error of this package or for want of memory, as it was there; any other as a fault."""
    found = getattr(errors, kind, None)
    if isinstance(found, type) and issubclass(found, MotionAlchemyError):
        error = found.__new__(found)
        Exception.__init__(error, text)  # `UnknownName` takes other arguments
        return error
    return MemoryError(text) if kind in ("MemoryError", "OutOfMemoryError") else RuntimeError(f"{kind}: {text}")
