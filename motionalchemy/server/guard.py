"""What every request passes before a route sees it, and every answer on its way out, as one ASGI middleware."""

import base64
import binascii
import logging
import secrets
import time
from collections.abc import Collection
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
    "x-accel-buffering": "no",  # nginx holds event streams back otherwise
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
            scope = self._rooted(scope)
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
        host, shown = headers.get("host", ""), self.settings.forwarded_hosts
        own = _host(host) in (self.settings.bound, *map(_host, shown)) or is_loopback(_host(host))
        if not self.settings.public and not own:
            message = (
                "this server answers to its own address only: use http://127.0.0.1, or start it with --forwarded-host"
            )
            raise Refused(403, "wrong_host", message)
        unsafe = scope["type"] == "websocket" or scope["method"] not in SAFE
        if unsafe and not _same_origin(headers, shown):
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

    def _rooted(self, scope: Scope) -> Scope:
        """The request without the path under which a proxy shows the server, which the proxy may have left in."""
        root, path = self.settings.root_path, scope["path"]
        if not root or not (path == root or path.startswith(f"{root}/")):
            return scope
        if path == root:
            raise Refused(308, "moved", f"the page is at {root}/", location=f"{root}/")
        raw = scope.get("raw_path")
        return {**scope, "path": path.removeprefix(root), "raw_path": raw and raw.removeprefix(root.encode())}

    def _policy(self, scope: Scope) -> dict[str, str]:
        if scope["path"].startswith(OURS):
            return {"content-security-policy": NOTHING, "cache-control": "private, no-store"}
        return {"content-security-policy": "frame-ancestors 'none'"}


def _same_origin(headers: Headers, shown: Collection[str]) -> bool:
    """Whether a request comes from this server's own page, or from no page at all.

    A proxy may have put another name in the place of the one that the browser knows; then the browser's own word counts,
    which no page can change, or the name that the proxy says it had.
    """
    origin = headers.get("origin")
    if origin is None or headers.get("sec-fetch-site") == "same-origin":
        return True
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return False
    forwarded = headers.get("x-forwarded-host", "").partition(",")[0].strip()
    here = urlsplit(origin).netloc  # empty where a page is of nowhere, such as a frame in a sandbox
    return here != "" and here in (headers.get("host"), forwarded, *shown)


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
