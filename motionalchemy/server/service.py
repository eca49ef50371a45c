"""What can be asked of a server, without HTTP: the API and the page are two doors to this one room."""

import asyncio
import logging
import math
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.media.files import replacing
from motionalchemy.pipeline.request import Request, parse
from motionalchemy.server import store, wire
from motionalchemy.server.answers import UNAVAILABLE, Refused, invalid
from motionalchemy.server.inspector import Facts, Inspector
from motionalchemy.server.jobs import COMPLETED, ENDED, QUEUED, Counts, Duplicate, Job, Jobs, New, QueueFull
from motionalchemy.server.settings import Settings
from motionalchemy.server.shapes import VideoReference
from motionalchemy.server.store import Store
from motionalchemy.server.supervisor import Supervisor
from motionalchemy.server.wire import Source, Wanted

VARIANTS = {  # of a video's content: file, its type
    "video": (store.CLIP, "video/mp4"),
    "thumbnail": (store.THUMBNAIL, "image/webp"),
    "spritesheet": (store.SPRITESHEET, "image/webp"),
    "preview": (store.PREVIEW, "image/webp"),
    "sidecar": (store.SIDECAR, "application/json"),
}
HOUSEKEEPING = 60.0  # seconds between two looks for what has expired
BITS_PER_PIXEL = 2.0  # more than a clip and its pictures come to occupy
CHUNK = 2**20

log = logging.getLogger("motionalchemy.server")


@dataclass(frozen=True)
class Who:
    """Who asks: `owner` decides what they see, `client` whose turn it is."""

    owner: str = "local"
    client: str = "local"


class Service:
    """A data folder with its queue, its workers and the processes that look at uploads; used within `async with`."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.store = Store(settings.data)
        self.inspector = Inspector(settings.model, settings.inspect_seconds, settings.inspectors)
        self.model: dict[str, Any] = {}
        self.started_at = int(time.time())

    async def __aenter__(self) -> "Service":
        """Start: what a dead server left is settled before anything is taken in; raises InputError."""
        self.model = await self.inspector.models()
        path = self.settings.data / "jobs.sqlite3"
        self._reads, self._writes = Jobs(path), Jobs(path)  # a read never waits for a write
        self.store.sweep(self._reads.names())
        here = self.model["devices"] if self.settings.devices == ("auto",) else self.settings.devices
        devices = (*here, *self.settings.away)
        for device in set(self._reads.busy()) - set(devices):
            with self.store.alone(store.worker_lock(device)) as held:
                if held:
                    self._writes.reclaim(device)
        self.supervisor = Supervisor(self.store, self.settings.model, devices, self.settings.hang_seconds)
        self.supervisor.start()
        self._housekeeping = asyncio.create_task(self._keep_house())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop: workers give their jobs back first."""
        self._housekeeping.cancel()
        await asyncio.to_thread(self.supervisor.stop, self._reads.busy())
        await self.inspector.close()
        self._reads.close()
        self._writes.close()

    def check_room(self) -> None:
        """Raise Refused if no job can be taken in, so that nobody uploads for nothing."""
        counts = self._reads.counts()
        if counts.states[QUEUED] >= self.settings.places:
            raise self._full(QueueFull(f"all {self.settings.places} places of the queue are taken: try again later"))
        if counts.bytes >= self.settings.disk_bytes or self.store.free_bytes() < self.settings.spare_bytes:
            message = "the server's disk quota is used up: delete videos that are no longer needed, or ask its operator"
            raise Refused(429, "insufficient_quota", message, retry_after="600", x_should_retry="false")

    def known(self, who: Who, idempotency: str | None) -> dict[str, Any] | None:
        """The video that this idempotency key has already made."""
        job = None if idempotency is None else self._reads.idempotent(who.owner, idempotency)
        return None if job is None else self.shown(job)

    async def create(self, who: Who, body: Any, idempotency: str | None = None) -> dict[str, Any]:
        """Queue a CreateBody; raises Refused."""
        self._check_model(body.model)
        return await self._submit(who, wire.wanted("create", body), idempotency)

    async def derive(self, who: Who, route: str, body: Any, idempotency: str | None = None) -> dict[str, Any]:
        """Queue an edit or an extension of an uploaded or completed video; raises Refused."""
        clip = self.file(who, body.video.id, "video")[0] if isinstance(body.video, VideoReference) else None
        return await self._submit(who, wire.wanted(route, body, clip), idempotency)

    async def remix(self, who: Who, id: str, body: Any, idempotency: str | None = None) -> dict[str, Any]:
        """Queue a video's request again with another prompt; raises Refused."""
        job = self._job(who, id)
        return await self._submit(who, wire.remixed(job, body, self.store.folder(job.id)), idempotency)

    def retrieve(self, who: Who, id: str) -> dict[str, Any]:
        """A video as it stands; raises Refused."""
        return self.shown(self._job(who, id))

    def page(self, who: Who, after: str | None, limit: int, ascending: bool) -> dict[str, Any]:
        """A page of an owner's videos after the one named `after`; raises Refused."""
        seq = None if after is None else self._job(who, after, "after").seq
        jobs, more = self._reads.page(who.owner, seq, limit, ascending)
        data = [self.shown(job) for job in jobs]
        ends = {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
        return {"object": "list", "data": data, **ends, "has_more": more}

    async def cancel(self, who: Who, id: str) -> dict[str, Any]:
        """Stop a video that is queued or in progress; raises Refused."""
        job = self._job(who, id)
        if job.state not in ENDED:
            job = await asyncio.to_thread(self._writes.cancel, job.id, who.owner) or job
        return self.shown(job)

    async def delete(self, who: Who, id: str) -> dict[str, Any]:
        """Forget a video and its files, stopping it if it is being made; raises Refused."""
        job = self._job(who, id)
        await asyncio.to_thread(self._writes.remove, job.id, who.owner)
        await asyncio.to_thread(self.store.remove, job.id)
        return {"id": job.id, "object": "video.deleted", "deleted": True}

    def file(self, who: Who, id: str, variant: str) -> tuple[Path, str]:
        """A variant of a video's content and its media type; raises Refused when it is not there (yet)."""
        job = self._job(who, id)
        name, kind = VARIANTS[variant]
        path = self.store.folder(job.id) / name
        if (job.state != COMPLETED and variant != "preview") or not path.is_file():
            raise Refused(404, "not_ready", f"{job.id} has no {variant}: it is {job.state}", "video_id")
        return path, kind

    async def watch(self, who: Who, id: str) -> dict[str, Any]:
        """A video as it stands, with previews from now on; raises Refused."""
        job = self._job(who, id)
        if job.state not in ENDED:
            await asyncio.to_thread(self._writes.watch, job.id)
        return self.shown(job)

    def previews(self, who: Who, id: str) -> int:
        """How many previews of a video have been made."""
        return int(self._job(who, id).standing.get("preview", 0))

    def counts(self) -> Counts:
        """How the queue stands."""
        return self._reads.counts()

    def shown(self, job: Job) -> dict[str, Any]:
        """A job as its owner sees it."""
        position = self._reads.place(job) if job.state == QUEUED else None
        return wire.video(job, position, self.settings.keep_days * 86400)

    async def _submit(self, who: Who, wanted: Wanted, idempotency: str | None) -> dict[str, Any]:
        self.check_room()
        request = self._request(wanted)
        with self.store.staged() as folder:
            for name, source in wanted.files.items():
                await asyncio.to_thread(_save, source, folder / name)
            try:
                facts = await self.inspector.look(folder, request.model_dump_json())
            except InputError as error:
                raise wire.refusal(error) from error
            except MissingPart as error:
                log.error("a request cannot be met here: %s", error)
                raise Refused(503, *UNAVAILABLE) from error
            self._check_facts(wanted, facts)
            new = self._new(who, folder, request, wanted, facts, idempotency)
            try:
                job = await asyncio.to_thread(self._keep, folder, new)
            except Duplicate as error:
                return self.retrieve(who, error.id)
            except QueueFull as error:
                raise self._full(error) from error
        log.info("%s queued for %s%s", job.id, who.owner, f": {request.prompt!r}" if self.settings.log_prompts else "")
        return self.shown(job)

    def _request(self, wanted: Wanted) -> Request:
        try:
            effort = self.settings.effort(wanted.fields)
            return parse(wanted.fields | effort | {"model": self.settings.model})
        except InputError as error:
            raise wire.refusal(error, wanted.size) from error

    def _keep(self, staged: Path, new: New) -> Job:
        """Files first and then the row: whatever stops in between is a folder without a row, which `sweep` removes."""
        folder = self.store.keep(staged)
        try:
            return self._writes.add(new, self.settings.places, self.settings.client_places)
        except BaseException:
            self.store.remove(folder.name)
            raise

    def _new(
        self, who: Who, folder: Path, request: Request, wanted: Wanted, facts: Facts, idempotency: str | None
    ) -> New:
        shown = asdict(facts) | {
            "model": self.settings.model_name, "files": sorted(wanted.files), "remixed_from": wanted.remixed_from,
        }  # fmt: skip
        pixels = facts.frames * facts.width * facts.height
        bytes = store.bytes_in(folder) + round(pixels * BITS_PER_PIXEL / 8)
        return New(folder.name, who.owner, who.client, request.model_dump_json(), shown, pixels, bytes, idempotency)

    def _check_model(self, name: str | None) -> None:
        if name is not None and name != self.settings.model_name:
            message = f"there is no model {name[:60]!a} here: use {self.settings.model_name!r} or leave it out"
            raise Refused(404, "model_not_found", message, "model")

    def _check_facts(self, wanted: Wanted, facts: Facts) -> None:
        if facts.seconds > self.settings.max_seconds:
            message = (
                f"{facts.seconds:.4g} seconds are too long: this server makes at most {self.settings.max_seconds:g}"
            )
            raise invalid(message, "seconds")
        if wanted.size not in (None, (facts.width, facts.height)):
            nearest, given = f"{facts.width}x{facts.height}", "x".join(map(str, wanted.size or ()))
            why = "a picture keeps its shape" if wanted.files else "the model counts in blocks of pixels"
            message = f"size {given} is not possible here, as {why}: use {nearest} or leave it out"
            raise invalid(message, "size")

    def _job(self, who: Who, id: str, param: str = "video_id") -> Job:
        job = self._reads.find(id, who.owner)
        if job is None:
            raise Refused(
                404, "video_not_found", f"there is no video {id[:60]!a}: list them with GET /v1/videos", param
            )
        return job

    def _full(self, error: QueueFull) -> Refused:
        seconds = max(1, min(60, math.ceil(self._reads.counts().seconds)))
        return Refused(429, "queue_full", str(error), retry_after=str(seconds))

    async def _keep_house(self) -> None:
        while True:
            for id in await asyncio.to_thread(self._writes.expire, time.time() - self.settings.keep_days * 86400):
                await asyncio.to_thread(self.store.remove, id)
                log.info("%s expired", id)
            await asyncio.sleep(HOUSEKEEPING)


def _save(source: Source, path: Path) -> None:
    """Write what a client sent, whole or not at all."""
    if isinstance(source, Path):
        return store.link(source, path)
    if isinstance(source, bytes):
        return store.write_bytes(source, path)
    source.file.seek(0)
    with replacing(path) as part, part.open("wb") as file:
        shutil.copyfileobj(source.file, file, CHUNK)
