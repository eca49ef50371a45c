"""The whole server: a data folder held, the API and the page on one port, until it is asked to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import uvicorn

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.models import base, lora, registry
from motionalchemy.server.api import create_app
from motionalchemy.server.keys import Keys
from motionalchemy.server.service import Service
from motionalchemy.server.settings import Settings
from motionalchemy.server.store import Store

PAGE = "motionalchemy.server.page"  # its `mount(app)` adds the page to the application
IDLE = 30  # seconds for which an unused connection stays open
MOST_CONNECTIONS = 2000


def serve(settings: Settings) -> None:
    """Serve until interrupted; raises InputError in one sentence when it cannot begin."""
    folder = None if settings.lora_folder is None else settings.lora_folder.resolve()
    if folder is not None and not folder.is_dir():
        raise InputError(f"--lora-folder {str(folder)!r} is no folder: make it first")
    laid = tuple(f"{path.resolve()}:{weight:g}" for path, weight in map(lora.named, settings.lora))
    settings = replace(
        settings, data=settings.data.resolve(), model=_absolute(settings.model), lora=laid, lora_folder=folder
    )
    registry.card(settings.model).check(base.Effort(settings.memory, settings.fast, tuple(map(lora.named, laid))))
    keys = Keys() if settings.key_file is None else Keys.read(settings.key_file)
    logging.basicConfig(level="INFO", format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    store = Store(settings.data)
    store.create()
    with store.alone("server", patience=5.0) as held:
        if not held:
            raise InputError(f"another server uses {str(settings.data)!r}: stop it, or choose another --data folder")
        asyncio.run(_serve(settings, keys))


async def _serve(settings: Settings, keys: Keys) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn raises what it caught again, once it has stopped
    async with Service(settings) as service:
        app = create_app(service, keys, page() if settings.page else None)
        config = uvicorn.Config(
            app, host=settings.bound, port=settings.port, log_config=None,
            access_log=False, server_header=False, proxy_headers=False, timeout_keep_alive=IDLE,
            limit_concurrency=MOST_CONNECTIONS, timeout_graceful_shutdown=5,
        )  # fmt: skip
        await _Server(config).serve()


class _Server(uvicorn.Server):
    """Says where it listens, on standard output, once it does."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for socket in server.sockets:
                host, port = socket.getsockname()[:2]
                print(f"http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


def page() -> Callable[[Any], Any] | None:
    """The function that mounts the page, None where its room or its packages are not installed."""
    if find_spec(PAGE) is None:
        return None
    try:
        return import_module(PAGE).mount
    except MissingPart as error:
        logging.getLogger("motionalchemy.server").warning("no page: %s", error)
        return None


def _absolute(model: str) -> str:
    """The folder of a model as an absolute path: workers stand in other folders."""
    return str(Path(model).resolve()) if Path(model).exists() else model
