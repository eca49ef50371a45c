"""What a process or an actor of a batch does: it holds a model and makes one clip after another."""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from motionalchemy.errors import MotionAlchemyError
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone
from motionalchemy.nets import threads
from motionalchemy.parts import packages
from motionalchemy.pipeline.make import collect, make
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.request import Request, parse
from motionalchemy.pipeline.settle import effort_of

log = logging.getLogger("motionalchemy.batch")


class Maker:
    """Makes clips with `count` threads; the model is read once, and again only when another one is asked for."""

    def __init__(self, count: int, folder: str | None = None):
        threads.use(count)
        packages.check()
        if folder is not None and Path(folder).is_dir():
            os.chdir(folder)  # relative files are looked for where whoever asks stands
        self._key, self._model = "", None

    def make(self, fields: Mapping[str, Any], output: Path, cancel: Callable[[], bool] | None = None) -> str | None:
        """Make a clip and its sidecar at `output`; returns None, or in one sentence why it could not be made."""
        try:
            collect(self.steps(fields, output, cancel))
        except MotionAlchemyError as error:
            return str(error)
        except MemoryError:
            return "there was not enough memory: ask for a smaller size or fewer seconds, or use fewer workers"
        except Exception as error:
            log.exception("%s", dict(fields))
            return (
                f"this could not be made because of a fault of the program ({type(error).__name__}: {str(error)[:200]})"
            )
        return None

    def steps(
        self, fields: Mapping[str, Any], output: Path, cancel: Callable[[], bool] | None = None
    ) -> Iterator[Progress]:
        """The steps of a clip, as `make` yields them; raises what that does."""
        request = parse(fields)
        return make(request, output, backbone=self._loaded(request), cancel=cancel)

    def _loaded(self, request: Request) -> Backbone:
        key = repr((request.model, request.device, request.memory, request.fast, request.lora))
        if key != self._key:
            self._model = None  # before the next one is read: there may be room for one only
            self._model, self._key = registry.load(request.model, request.device, effort_of(request)), key
        assert self._model is not None
        return self._model


def main() -> None:
    """A worker process: reads tasks as JSON lines, answers each with a line; ends when its standard input does."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is no answer
    logging.basicConfig(level="WARNING", stream=sys.stderr)
    stop, asked = threading.Event(), sys.stdin

    def watch() -> None:
        stop.wait()
        os._exit(0)  # whoever asked has gone: what is half made is in a file of its own, which the next run removes

    maker = Maker(int(sys.argv[1]))
    lines = _Lines(asked, stop)
    threading.Thread(target=watch, daemon=True).start()
    print(json.dumps({"ready": os.getpid()}), file=answers, flush=True)
    for line in lines:
        task = json.loads(line)
        reason = maker.make(task["fields"], Path(task["output"]))
        print(json.dumps({"name": task["name"], "reason": reason}), file=answers, flush=True)


class _Lines:
    """The lines of a stream, read ahead by a thread, which sees at once that it has ended."""

    def __init__(self, stream: Any, stop: threading.Event):
        from queue import SimpleQueue

        self._read: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._follow, args=(stream, stop), daemon=True).start()

    def _follow(self, stream: Any, stop: threading.Event) -> None:
        for line in stream:
            self._read.put(line)
        stop.set()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        return self._read.get()


if __name__ == "__main__":
    main()
