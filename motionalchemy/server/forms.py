"""Reading a body: JSON or a form, its bytes, parts, depth and time bounded before anything is made of it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from starlette.datastructures import FormData

from motionalchemy.server.answers import Refused, invalid
from motionalchemy.server.settings import Settings
from motionalchemy.server.shapes import NAMESPACE, SOLE

MOST_FILES, MOST_FIELDS = 80, 200
DEEPEST = 3  # a[b][c]
OBJECTS = (NAMESPACE, *SOLE)  # parts that may be JSON, as OpenAPI has it, beside bracketed names, as OpenAI has it
_NAME = re.compile(r"([A-Za-z_]{1,40})((?:\[[A-Za-z0-9_]{0,40}\])*)")


class Uploads:
    """The places for bodies that are read at the same time; whoever finds none waits a little, then is refused."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self._places = asyncio.Semaphore(settings.uploads)

    @asynccontextmanager
    async def reading(self, request: Request) -> AsyncIterator[dict[str, Any]]:
        """The fields of a body, nested as their names say, files open until the block ends; raises Refused."""
        if request.headers.get("content-length", "0").isdigit():
            self._check(int(request.headers.get("content-length", "0")))
        try:
            await asyncio.wait_for(self._places.acquire(), self.settings.upload_seconds)
        except TimeoutError:
            message = f"{self.settings.uploads} uploads are being read: try again later"
            raise Refused(429, "too_many_uploads", message, retry_after="5") from None
        try:
            body, form = await asyncio.wait_for(self._read(request), self.settings.upload_seconds)
        except TimeoutError:
            message = f"the body did not arrive within {self.settings.upload_seconds:g} s: send it faster or smaller"
            raise Refused(408, "too_slow", message, connection="close") from None
        finally:
            self._places.release()
        try:
            yield body
        finally:
            if form is not None:
                await form.close()

    async def _read(self, request: Request) -> tuple[dict[str, Any], FormData | None]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            return _json(await self._bytes(request)), None
        if kind != "multipart/form-data":
            message = f"content-type {kind[:60]!a} cannot be read: send application/json or multipart/form-data"
            raise Refused(415, "unsupported_media_type", message)
        bounded = Request(request.scope, self._bounded(request))
        form = await bounded.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=self.settings.upload_bytes
        )
        return nested(form), form

    async def _bytes(self, request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            self._check(size)
            parts.append(part)
        return b"".join(parts)

    def _bounded(self, request: Request) -> Any:
        """`receive`, counting."""
        size = 0

        async def receive() -> Any:
            nonlocal size
            message = await request.receive()
            size += len(message.get("body", b""))
            self._check(size)
            return message

        return receive

    def _check(self, size: int) -> None:
        if size > self.settings.upload_bytes:
            message = f"the body has more than {self.settings.upload_bytes} bytes: send a smaller file"
            raise Refused(413, "too_large", message, connection="close")


def _json(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise invalid('the body is not JSON: send an object, such as {"prompt": "the horse runs"}') from None
    if not isinstance(body, dict):
        raise invalid('the body must be a JSON object, such as {"prompt": "the horse runs"}')
    return body


def _no_number(name: str) -> Any:
    raise ValueError(name)


def nested(form: FormData) -> dict[str, Any]:
    """`a[b]=1` as {"a": {"b": "1"}} and `a[]=1` as {"a": ["1"]}; raises Refused for a name given twice or otherwise."""
    body: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name in OBJECTS and isinstance(value, str) and value.startswith("{"):
            value = _json(value.encode("utf-8", "replace"))
        match = _NAME.fullmatch(name)
        if match is None:
            raise invalid(f"the field name {name[:60]!a} cannot be read: use names like prompt or motionalchemy[seed]")
        keys = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])]
        if len(keys) > DEEPEST:
            raise invalid(f"the field name {name[:60]!a} goes too deep: at most {DEEPEST} names, as in a[b][c]")
        _place(body, keys, value, name)
    return body


def _place(body: dict[str, Any], keys: list[str], value: Any, name: str) -> None:
    *path, last = keys
    many = last == "" or last.isdigit()
    if many:
        *path, last = path or [""]
    for key in path:
        body = body.setdefault(key, {})
        if not isinstance(body, dict) or not key:
            raise invalid(f"the field {name[:60]!a} is told as two different things: give it once", name[:60])
    if many and isinstance(body.setdefault(last, []), list):
        body[last].append(value)
    elif many or last in body:
        raise invalid(f"the field {name[:60]!a} is told twice: give it once", name[:60])
    else:
        body[last] = value
