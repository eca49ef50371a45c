"""The process that makes clips, one for each device: claims a job, makes it, says how it ended, claims the next.

It holds its device's lock for as long as it lives, so whatever it finds in progress there when it starts was left by a
dead one. It ends when its standard input does, which is when the server ends, however the server ends.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from motionalchemy.errors import Cancelled, MissingPart, MotionAlchemyError
from motionalchemy.media import footage, writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone, Effort
from motionalchemy.nets import threads
from motionalchemy.pipeline.make import make
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.request import Request
from motionalchemy.pipeline.settle import effort_of
from motionalchemy.server import shapes, store
from motionalchemy.server.answers import UNAVAILABLE
from motionalchemy.server.jobs import CANCELLED, COMPLETED, FAILED, Job, Jobs

IDLE = 0.1  # seconds between two looks at an empty queue
SIGN = 0.5  # seconds between two signs of life
REPORT = 0.25  # seconds between two reports of progress
WATCHED = 10.0  # seconds for which one look at a job asks for previews
PREVIEW_FRAMES = 8
SHEET = 8  # frames on a contact sheet
PREVIEW_SHARE = 4  # of the time, at most one part in so many goes into previews
NICE = 5  # the server answers first

log = logging.getLogger("motionalchemy.worker")


class Worker:
    """One device's worker; `stop` is set when the server has gone or wants it to go."""

    def __init__(self, data: Path, device: str, model: str, stop: threading.Event):
        self.store, self.jobs = store.Store(data), Jobs(data / "jobs.sqlite3")
        self.device, self.model, self.stop = device, model, stop
        self._loaded: Backbone | None = None
        self._effort = Effort()
        self._next_sign = 0.0

    def run(self) -> None:
        """Settle what was left, then make one job after another until asked to stop."""
        for job in self.jobs.reclaim(self.device):
            log.warning("%s was left in progress", job.id)
        while not self.stop.is_set():
            self._live()
            job = self.jobs.claim(self.device)
            if job is None:
                self.stop.wait(IDLE)
            else:
                self._work(job)

    def _work(self, job: Job) -> None:
        """One job to its end, whatever happens; what is not expected goes to the log and not to the client."""
        folder, began = self.store.folder(job.id), time.monotonic()
        log.info("%s attempt %d", job.id, job.attempt)
        try:
            os.chdir(folder)  # a request names its files from here, and so its sidecar names no path of this machine
            store.clear(folder)
            self._make(job)
            extras()
            ended = self.jobs.end(job, COMPLETED, store.bytes_in(folder))
        except Cancelled:
            ended = self._cancelled(job, folder)
        except Exception as error:
            ended = self._failed(job, folder, error)
        os.chdir(self.store.data)
        if not ended and self.jobs.find(job.id) is None:
            self.store.remove(job.id)  # it was deleted meanwhile
        log.info("%s ended after %.1f s", job.id, time.monotonic() - began)

    def _make(self, job: Job) -> None:
        threads.use()
        request = Request.model_validate_json(job.request).model_copy(update={"device": self.device})
        effort = effort_of(request)
        if self._loaded is None or effort != self._effort:
            self._loaded = None  # what is loaded goes before what takes its place comes
            self._loaded, self._effort = registry.load(self.model, self.device, effort), effort
            self._live()
        request = request.model_copy(update={"memory": None, "fast": 0, "lora": None})  # that is what is loaded
        self._follow(job, make(request, Path(store.CLIP), backbone=self._loaded, cancel=lambda: self._stopped(job)))

    def _follow(self, job: Job, run: Iterator[Progress]) -> None:
        """Let a job run to its end, and report where it stands."""
        report = Report(self.jobs, job)
        for at in run:
            if at.result is None:
                report(at)
            else:
                self.jobs.remark(job, at.result.found.get("notes", ()))

    def _stopped(self, job: Job) -> bool:
        """Whether to stop this job; does not return at all when the server has gone.

        What is made of a long clip then stays on the disk, and the next attempt goes on from there. That this is asked
        is a sign of life: who hangs does not ask.
        """
        self._live()
        if self.stop.is_set():
            self.jobs.give_back(job)
            self.jobs.close()
            os._exit(0)
        return self.jobs.wanted(job) is None

    def _live(self) -> None:
        """Give the server a sign of life, not more than one in SIGN seconds."""
        if time.monotonic() >= self._next_sign:
            self.store.live(store.worker_lock(self.device))
            self._next_sign = time.monotonic() + SIGN

    def _cancelled(self, job: Job, folder: Path) -> bool:
        store.clear(folder)
        return self.jobs.end(job, CANCELLED, store.bytes_in(folder) if folder.is_dir() else 0)

    def _failed(self, job: Job, folder: Path, error: Exception) -> bool:
        code, message = reason(error)
        if self.jobs.wanted(job) is not None:  # else its folder was deleted under it, which is no failure
            log.error("%s failed: %s", job.id, code, exc_info=error if code == "internal_error" else None)
        if not folder.is_dir():
            return self.jobs.end(job, FAILED, 0, (code, message))
        store.clear(folder)
        return self.jobs.end(job, FAILED, store.bytes_in(folder), (code, message))


class AwayWorker(Worker):
    """One that has its clips made by an actor of a Ray cluster: its device is ADDRESS#cpuN or ADDRESS#gpuN.

    When the actor or its node is lost it ends as a killed worker does: its job is queued again, it is started again,
    and looks for another place.
    """

    def __init__(self, data: Path, device: str, model: str, stop: threading.Event):
        super().__init__(data, device, model, stop)
        from motionalchemy.batch.seat import Seat

        self.store.live(store.worker_lock(device))
        address, _, kind = device.rpartition("#")
        self._seat = Seat(
            address, threads.available() if "MOTIONALCHEMY_THREADS" in os.environ else 1, int(kind[:3] == "gpu")
        )

    def _make(self, job: Job) -> None:
        from ray.exceptions import RayError

        fields = Request.model_validate_json(job.request).model_dump(mode="json", exclude_defaults=True)
        folder = Path.cwd()
        given = tuple(each.name for each in folder.iterdir() if each.is_file() and each.name not in store.OUTPUTS)
        fields |= {"model": self.model, "device": "auto"}
        notes = list[str]()
        try:
            for at in self._seat.make(fields, folder, given, store.CLIP, lambda: self._stopped(job)):
                if at.note:
                    notes.append(at.note)
                elif not at.step:
                    continue
                else:
                    self.jobs.stand(
                        job, {name: getattr(at, name) for name in shapes.RUNNING} | {"fraction": at.fraction}
                    )
        except (RayError, ConnectionError) as error:
            log.error("%s: the place on the cluster is lost: %s", job.id, str(error)[:300])
            self.jobs.close()
            os._exit(1)
        if notes:
            self.jobs.remark(job, notes)


class Report:
    """Called with each step of a job: notes where it stands, with a preview while somebody looks; neither too often."""

    def __init__(self, jobs: Jobs, job: Job):
        self.jobs, self.job, self.previews = jobs, job, 0
        self._next_report = self._next_preview = 0.0

    def __call__(self, at: Progress) -> None:
        now = time.monotonic()
        if now < self._next_report:
            return
        self._next_report = now + REPORT
        if now >= self._next_preview and self._watched():
            writer.write(preview(at.preview()), Path(store.PREVIEW))
            self.previews += 1
            self._next_preview = time.monotonic() + (PREVIEW_SHARE - 1) * (time.monotonic() - now)
        standing = {name: getattr(at, name) for name in shapes.RUNNING}
        self.jobs.stand(self.job, standing | {"fraction": round(at.fraction, 4), "preview": self.previews})

    def _watched(self) -> bool:
        now = self.jobs.find(self.job.id)
        return now is not None and time.time() - now.watched_at < WATCHED


def extras() -> None:
    """The still and the contact sheet that the API serves beside a clip, read from the file that was made."""
    clip = footage.read(Path(store.CLIP))
    picks = {*np.linspace(0, len(clip) - 1, min(SHEET, len(clip))).round().astype(int).tolist()}
    shown = np.stack([frame for number, frame in enumerate(clip.frames()) if number in picks])
    writer.write(Clip(shown[:1], 1.0), Path(store.THUMBNAIL))
    writer.write(Clip(writer.contact_sheet([shown])[None], 1.0), Path(store.SPRITESHEET))
    Path(store.PREVIEW).unlink(missing_ok=True)


def preview(clip: Clip) -> Clip:
    """A few frames of a clip, in the same seconds."""
    picks = np.linspace(0, len(clip) - 1, min(PREVIEW_FRAMES, len(clip))).round().astype(int)
    return Clip(clip.frames[picks], len(picks) / clip.seconds)


def reason(error: Exception) -> tuple[str, str]:
    """What a client learns of a failure: a code and one sentence, without anything of this machine."""
    if isinstance(error, MissingPart):
        return UNAVAILABLE
    if isinstance(error, MotionAlchemyError):
        return "invalid_request", str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out_of_memory", "there was not enough memory: ask for a smaller size, fewer seconds or fewer frames"
    return "internal_error", "this could not be made because of a fault of the server: its operator finds it in the log"


@contextlib.contextmanager
def until_the_server_ends() -> Iterator[threading.Event]:
    """An event that is set when standard input ends."""
    stop = threading.Event()

    def watch() -> None:
        while os.read(0, 4096):
            pass
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    yield stop


def main(arguments: list[str]) -> None:
    """`worker DATA DEVICE MODEL`: work until the server ends."""
    data, device, model = Path(arguments[0]).resolve(), arguments[1], arguments[2]
    logging.basicConfig(level="INFO", format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with until_the_server_ends() as stop:
        while not stop.is_set():
            with store.Store(data).alone(store.worker_lock(device), patience=1.0) as held:
                if held:  # else the worker of a server that died has not noticed yet
                    kind = AwayWorker if "#" in device else Worker
                    kind(data, device, model, stop).run()


if __name__ == "__main__":
    main(sys.argv[1:])
