"""The page: Gradio on the same server as the API, once in English and once in Chinese; it asks the same service."""

import json
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, RedirectResponse

from motionalchemy.parts import packages
from motionalchemy.server.answers import Refused
from motionalchemy.server.page_gate import Gate, Lobby, language
from motionalchemy.server.page_notes import NOTES_ZH
from motionalchemy.server.page_words import LANGUAGES, LOCALES, failures, words
from motionalchemy.server.service import Service

try:
    import gradio as gr

    from motionalchemy.server import page_tabs
except ImportError as error:
    raise packages.lacking("server", error) from error

HERE = Path(__file__).parent
ASSETS = {"page.js": "text/javascript", "page.css": "text/css"}
ICON = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><path fill='#4f46e5' d='M0 0h8v8H0z'/><path fill='#fff' d='M3 2v4l3-2z'/></svg>"  # noqa: E501

# Gradio wants to be told its address by the server, which cannot know it behind a proxy; the browser does.
ROOTED = (
    " { let told; Object.defineProperty(window, 'gradio_config', { configurable: true, get: () => told, "
    "set: (given) => { given.root = new URL('.', location.href).href.replace(/\\/$/, ''); told = given; } }); }"
)


def mount(app: FastAPI) -> FastAPI:
    """Add the page to an application whose `state.service` runs: /en/ and /zh/, and / leads to the browser's own."""
    service: Service = app.state.service
    _own_folder(service.settings.data / page_tabs.PAGE_FILES)
    for spoken in LANGUAGES:
        blocks = page_tabs.build(service, spoken)
        gr.mount_gradio_app(
            app, blocks, path=f"/{spoken}", footer_links=[], run_history=False, show_error=False, ssr_mode=False,
            theme=page_tabs.theme(), max_file_size=service.settings.upload_bytes, pwa=False, mcp_server=False,
            enable_monitoring=False, root_path=f"/{spoken}",
        )  # fmt: skip
        route: Any = app.routes[-1]
        route.app = Gate(route.app, spoken, _head(spoken), service.settings.upload_bytes, service.check_room)
    app.add_api_route("/", _lead, include_in_schema=False)
    app.add_api_route("/page/{name}", _asset, include_in_schema=False)
    app.add_middleware(Lobby)
    return app


def _own_folder(folder: Path) -> None:
    """Uploads wait for their request beside the jobs, for this user's eyes only, and never longer than a server runs.

    Gradio knows of no other way to learn of it than its environment variable.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)


def _head(spoken: str) -> str:
    """What stands before Gradio's own scripts: our words, and the language in which Gradio speaks itself."""
    texts = {
        "words": words(spoken),
        "failures": failures(spoken),
        "notes": NOTES_ZH if spoken == "zh" else (),
        "language": LOCALES[spoken],
    }
    data = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
    speak = "for (const name of ['language', 'languages']) Object.defineProperty(navigator, name, " + (
        "{ get: () => (name === 'language' ? page.language : [page.language]), configurable: true });"
    )
    return (
        f'<link rel="icon" href="data:image/svg+xml,{quote(ICON)}"><link rel="stylesheet" href="../page/page.css">'
        f"<script>window.page = {data}; {speak}{ROOTED}</script>"
        '<script src="../page/page.js" defer></script>'
    )


def _lead(request: Request) -> RedirectResponse:
    """To the page in the browser's language."""
    return RedirectResponse(f"{language(request.headers)}/", headers={"cache-control": "no-store", "vary": "*"})


def _asset(name: str) -> FileResponse:
    """The page's own script and style."""
    if name not in ASSETS:
        raise Refused(404, "not_found", "there is nothing at this address: the page is at /")
    return FileResponse(HERE / name, media_type=ASSETS[name], headers={"cache-control": "no-cache"})
