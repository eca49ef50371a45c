"""What every request passes before a route sees it, and every answer on its way out, as one ASGI middleware."""

import base64
import binascii
import logging
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from motionalchemy.server.answers import Answer, Refused
from motionalchemy.server.keys import Keys
from motionalchemy.server.metrics import Metrics
from motionalchemy.server.service import Who
from motionalchemy.server.settings import Settings, is_loopback

OPEN = ("/healthz",)  # answered without a key
OURS = ("/v1", "/healthz", "/metrics", "/openapi.json", "/docs")  # the rest belongs to the page
SAFE = ("GET", "HEAD", "OPTIONS")
GONE = 499  # in log and figures: the client left before it had sent everything
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
NOTHING = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

log = logging.getLogger("motionalchemy.http")


class Guard:
    """Refuses foreign hosts and origins and unknown keys, counts, logs, and lets no fault of ours out as it is."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys, metrics: Metrics):
        self.app, self.settings, self.keys, self.metrics = app, settings, keys, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        began, id, status = time.perf_counter(), secrets.token_hex(8), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in ({"x-request-id": id} | HEADERS | self._policy(scope)).items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            scope.setdefault("state", {})["who"] = self._who(scope)
            await self.app(scope, receive, sending)
        except Refused as refused:
            await Answer(refused.body(), refused.status, headers=refused.headers)(scope, receive, sending)
        except ClientDisconnect:  # nobody is there to be answered
            status = GONE
        except Exception:
            log.exception("request %s", id)
            if status:  # half an answer is out: only breaking off tells the client that it is not whole
                raise
            fault = Refused(500, "internal_error", f"a fault of the server: its operator finds request {id} in the log")
            await Answer(fault.body(), 500)(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            self.metrics.answered(scope, status, seconds)
            log.info("%s %s %d %.1f ms %s", scope.get("method"), _path(scope), status, 1000 * seconds, id)

    def _who(self, scope: Scope) -> Who:
        """Who asks; raises Refused for a stranger."""
        headers, address = Headers(scope=scope), (scope.get("client") or ("local",))[0]
        host = _host(headers.get("host", ""))
        if not self.settings.public and not (is_loopback(host) or host == self.settings.bound):
            raise Refused(403, "wrong_host", "this server answers to its own address only: use http://127.0.0.1")
        origin = headers.get("origin")
        unsafe = scope["type"] == "websocket" or scope["method"] not in SAFE
        if unsafe and origin is not None and urlsplit(origin).netloc != headers.get("host"):
            raise Refused(403, "wrong_origin", "other sites may not send requests here: use this server's own page")
        if not self.keys.hashes:
            return Who("local", address)
        owner = self.keys.owner(key) if (key := _key(headers)) else None
        if owner is not None:
            return Who(owner, owner)
        if scope["path"] in OPEN:
            return Who("nobody", address)
        scheme = "Bearer" if scope["path"].startswith("/v1") else "Basic"
        message = "the API key is missing or wrong: send it as Authorization: Bearer KEY"
        raise Refused(401, "invalid_api_key", message, www_authenticate=f'{scheme} realm="motionalchemy"')

    def _policy(self, scope: Scope) -> dict[str, str]:
        if scope["path"].startswith(OURS):
            return {"content-security-policy": NOTHING, "cache-control": "private, no-store"}
        return {"content-security-policy": "frame-ancestors 'none'"}


def _key(headers: Headers) -> str | None:
    """The key of a Bearer header, or the password of a Basic one, which is how a browser asks a person."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, ValueError):
            return None
    return None


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _path(scope: Scope) -> str:
    """The path in plain characters, without its query."""
    path: Any = scope.get("path", "")
    return ascii(path)[1:-1][:200]
