"""Progress as it happens: a stream of server-sent events, with preview frames."""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi.sse import ServerSentEvent

from motionalchemy.server.answers import Refused
from motionalchemy.server.jobs import ENDED
from motionalchemy.server.service import Service, Who

LOOK = 0.2  # seconds between two looks at a job
LOOKING = 5.0  # seconds between two notes that somebody looks


async def progress(service: Service, who: Who, id: str) -> AsyncIterator[dict[str, Any]]:
    """A video each time it has changed, until it has ended or is deleted.

    `preview`, where there is a new one, is a data: URI of a short animated WebP.
    """
    before: dict[str, Any] = {}
    seen, noted = 0, 0.0
    with contextlib.suppress(Refused):  # deleted meanwhile: the stream ends
        while True:
            if time.monotonic() - noted >= LOOKING:
                await service.watch(who, id)
                noted = time.monotonic()
            now, made = service.retrieve(who, id), service.previews(who, id)
            preview = None
            if made > seen and now["status"] not in ENDED:
                preview, seen = await asyncio.to_thread(_preview, service, who, id), made
            if now != before or preview:
                yield now | {"preview": preview}
                before = now
            if now["status"] in ENDED:
                return
            await asyncio.sleep(LOOK)


async def stream(service: Service, who: Who, id: str) -> AsyncIterator[ServerSentEvent]:
    """`progress` as events `progress`, and at last one named by how it ended."""
    async for update in progress(service, who, id):
        yield ServerSentEvent(data=update, event=update["status"] if update["status"] in ENDED else "progress")


def _preview(service: Service, who: Who, id: str) -> str | None:
    try:
        data = service.file(who, id, "preview")[0].read_bytes()
    except (Refused, OSError):
        return None
    return "data:image/webp;base64," + base64.b64encode(data).decode()
