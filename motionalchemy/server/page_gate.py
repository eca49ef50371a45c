"""The door of the page: only what the page itself needs of Gradio is answered, and nothing foreign is loaded.

Gradio brings many addresses that this page never uses: proxies, fetches of other sites, code editing. All are closed.
"""

import html
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from motionalchemy.server.answers import Refused
from motionalchemy.server.guard import OURS
from motionalchemy.server.page_words import LANGUAGES, LOCALES, words

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)  # Gradio compiles its templates in the browser, hence 'unsafe-eval'; whatever they do, nothing leaves this server
UPLOAD, PRESSED = "/gradio_api/upload", ("/gradio_api/queue/join", "/gradio_api/run/predict")
_GET = re.compile(
    r"/|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt)|/(assets|static|svelte)/.+"
    r"|/gradio_api/(startup-events|upload_progress|queue/data|heartbeat/\w{1,64}|file=/.+)"
)
_POST = re.compile(rf"{UPLOAD}|{'|'.join(PRESSED)}|/gradio_api/(cancel|reset)")
_META = re.compile(r'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*/>')
NOWHERE = "page.invalid"  # what Gradio takes for its host; every answer names files relative to the page instead
LONGEST_BODY = 4 * 2**20  # bytes of the fields of one press of a button, a painted mask among them
SLACK = 2**20  # bytes of a form round its file


class Gate:
    """Gradio behind an allow-list, its page in one language with `head` put before everything else."""

    def __init__(self, app: ASGIApp, language: str, head: str, upload_bytes: int, check_room: Callable[[], None]):
        self.app, self.language, self.head = app, language, head
        self.upload_bytes, self.check_room = upload_bytes, check_room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if scope["type"] != "http" or not _allowed(scope["method"], path):
            raise Refused(404, "not_found", "there is nothing at this address: the page is at /")
        scope = _nowhere(scope)
        if scope["method"] == "POST":
            receive = await self._checked(scope, receive, path)
        if path == "/":
            return await self._page(scope, receive, send)
        await self.app(scope, receive, _closed(self._relative(send)))

    def _relative(self, send: Send) -> Send:
        """Answers in text that name this page's files relative to the page, wherever a proxy shows it."""
        text = False

        async def sending(message: Message) -> None:
            nonlocal text
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                text = headers.get("content-type", "").startswith(("application/json", "text/event-stream"))
                if text and "content-encoding" not in headers:
                    del headers["content-length"]  # it may become shorter
            elif text and message["type"] == "http.response.body":
                body = message.get("body", b"").replace(f"http://{NOWHERE}/{self.language}".encode(), b".")
                message = {**message, "body": body}
            await send(message)

        return sending

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page itself, read whole: plain, so that it can be changed."""
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def take(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            body += message.get("body", b"")

        await self.app({**scope, "headers": plain}, receive, _closed(take))
        headers = MutableHeaders(raw=start["headers"])
        if headers.get("content-type", "").startswith("text/html"):
            body = self._localised(body.decode()).encode()
            headers["set-cookie"] = f"language={self.language}; Path=/; Max-Age=31536000; SameSite=Lax"
            headers["cache-control"] = "private, no-store"
        headers["content-length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    def _localised(self, text: str) -> str:
        text = _META.sub("", text).replace('lang="en"', f'lang="{LOCALES[self.language]}"', 1)
        text = text.replace(f"http://{NOWHERE}/{self.language}", ".")
        return text.replace("<head>", f"<head>{self.head}", 1)

    async def _checked(self, scope: Scope, receive: Receive, path: str) -> Receive:
        """A body of a known and bounded length; what it says of files names none of another site."""
        length = Headers(scope=scope).get("content-length", "")
        most = self.upload_bytes + SLACK if path == UPLOAD else LONGEST_BODY
        if not length.isdigit():
            raise Refused(411, "length_required", "the length of the body is missing: send a content-length")
        if int(length) > most:
            message = f"the body has more than {most} bytes: send a smaller file"
            raise Refused(413, "too_large", message, connection="close")
        if path == UPLOAD:
            self.check_room()
            return receive
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if path in PRESSED and foreign(body):
            raise Refused(400, "invalid_value", "this server fetches no address: send the file itself")
        return _replay(body, receive)


class Lobby:
    """Tells a person who has no key what to do, in their language; everything else passes."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_page(scope):
            return await self.app(scope, receive, send)
        turned = False

        async def sending(message: Message) -> None:
            nonlocal turned
            if message["type"] == "http.response.start" and message["status"] == 401:
                turned = True
                await self._turn(scope, message, send)
            elif not turned:
                await send(message)

        await self.app(scope, receive, sending)

    async def _turn(self, scope: Scope, start: Message, send: Send) -> None:
        """A key that is given at / is sent everywhere below it, so a browser is asked for it there."""
        headers, body = MutableHeaders(raw=start["headers"]), b""
        if scope["path"] != "/":
            start = {**start, "status": 302}
            headers["location"] = "../" * (scope["path"].count("/") - 1) or "./"
            del headers["www-authenticate"]
        else:
            spoken = language(Headers(scope=scope))
            texts = {name: html.escape(words(spoken)[name]) for name in ("key_title", "key_needed")}
            body = (
                f'<!doctype html><html lang="{LOCALES[spoken]}"><meta charset="utf-8">'
                '<meta name="viewport" content="width=device-width"><style>body{font:18px/1.6 system-ui,sans-serif;'
                "max-width:32em;margin:20vh auto;padding:0 1em}</style>"
                f"<title>{texts['key_title']}</title><h1>{texts['key_title']}</h1><p>{texts['key_needed']}</p></html>"
            ).encode()
            headers["content-type"] = "text/html; charset=utf-8"
        headers["content-length"] = str(len(body))
        await send({**start, "headers": headers.raw})
        await send({"type": "http.response.body", "body": body})


def language(headers: Mapping[str, str]) -> str:
    """The language of a browser: the one it chose here before, else the first that it accepts and we speak."""
    chosen = re.search(r"(?:^|;\s*)language=(\w+)", headers.get("cookie", ""))
    if chosen and chosen[1] in LANGUAGES:
        return chosen[1]
    ranked = []
    for part in headers.get("accept-language", "").lower().split(",")[:20]:
        name, _, quality = part.strip().partition(";q=")
        if (spoken := name[:2]) in LANGUAGES:
            ranked.append((float(quality) if re.fullmatch(r"[01](\.\d{1,3})?", quality) else 1.0, spoken))
    return max(ranked, key=lambda one: one[0])[1] if ranked else LANGUAGES[0]


def foreign(body: bytes) -> bool:
    """Whether JSON tells of a file at another address, which Gradio would fetch; also of what is no JSON."""
    try:
        waiting: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and not path.startswith("/"):
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


def _nowhere(scope: Scope) -> Scope:
    """The request as if it came to a host that does not exist, whatever proxies say: Gradio builds addresses from it."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name != b"host" and name != b"forwarded" and not name.startswith(b"x-forwarded-")
    ]
    return {**scope, "scheme": "http", "headers": [*headers, (b"host", NOWHERE.encode())]}


def _allowed(method: str, path: str) -> bool:
    known = {"GET": _GET, "HEAD": _GET, "POST": _POST}.get(method)
    return known is not None and known.fullmatch(path) is not None


def _is_page(scope: Scope) -> bool:
    wanted = "text/html" in Headers(scope=scope).get("accept", "")
    return wanted and not scope["path"].startswith(OURS)


def _closed(send: Send) -> Send:
    """Answers with our policy, open to no other site."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]
            headers["content-security-policy"] = POLICY
        await send(message)

    return sending


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """A body that was read already, once; then what comes after it."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
