"""Pulling public models through the hub's real client, from a server on this machine that speaks its protocol."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub", reason="public models need the extra gpu")
pytest.importorskip("diffusers", reason="public models need the extra gpu")

import tiny_models

from motionalchemy.cli import app
from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.models import hub, registry

REPO, COMMIT = "someone/Tiny-LTX", "c" * 40
ROOT = Path(__file__).parents[2]


class Hub:
    """One repository, and what was asked of it; `cut` makes the next large answer end early, `lie` spoils its bytes."""

    def __init__(self, files):
        self.files, self.asked, self.cut, self.lie = files, [], 0, False
        self.licence = {"license": "other", "license_name": "tiny-open", "license_link": "https://example.org/licence"}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                outer.answer(self, body=False)

            def do_GET(self):
                outer.answer(self, body=True)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request, body):
        self.asked.append((request.command, request.path, request.headers.get("Range")))
        if found := re.fullmatch(rf"/api/models/{REPO}(/revision/([\w.-]+))?", request.path.split("?")[0]):
            if found[2] not in (None, "main", COMMIT):
                return self.send(request, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return self.send(request, 200, json.dumps(self.info()).encode(), {"Content-Type": "application/json"})
        found = re.fullmatch(rf"/{REPO}/resolve/{COMMIT}/(.+)", request.path)
        if found is None or found[1] not in self.files:
            code = "EntryNotFound" if found else "RepoNotFound"
            return self.send(request, 404, b"", {"X-Error-Code": code})
        data = self.files[found[1]]
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if not body:
            return self.send(request, 200, data, headers, body=False)
        if self.lie and found[1].endswith(".safetensors"):
            data = bytes(len(data))
        begin = int((request.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        return self.send(request, 206 if begin else 200, data[begin:], headers)

    def send(self, request, status, data, headers, body=True):
        request.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(data))}).items():
            request.send_header(name, value)
        request.end_headers()
        if body and self.cut and len(data) > self.cut:
            data, self.cut = data[: self.cut], 0
            request.close_connection = True
        if body:
            request.wfile.write(data)

    def info(self):
        siblings = []
        for name, data in self.files.items():
            facts = {"rfilename": name, "size": len(data), "blobId": "0" * 40}
            if name.endswith(".safetensors"):
                facts["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
            siblings.append(facts)
        return {"_id": "1", "id": REPO, "modelId": REPO, "sha": COMMIT, "siblings": siblings, "cardData": self.licence}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tiny_models.ltx(tmp_path_factory.mktemp("there") / "ltx")
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    whole = b"\x00" * 1000
    strange = {"ltx-2b.safetensors": whole, "transformer/pytorch_model.bin": whole, "README.md": b"tiny", ".git": b""}
    return files | strange | {"transformer/diffusion_pytorch_model.fp16.safetensors": whole, "media/demo.mp4": whole}


@pytest.fixture
def there(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    served = Hub(dict(checkpoint))
    yield served
    served.server.shutdown()
    served.server.server_close()


def pull(there, revision=None):
    offered = hub.offer(REPO, revision, there.address)
    return offered, list(hub.fetch(offered, there.address))


def test_a_model_is_pulled_pinned_and_then_loads_without_network(there, tmp_path):
    with pytest.raises(MissingPart, match=f"models pull {REPO}"):
        registry.card(REPO)
    offered, fetched = pull(there)
    assert offered.commit == COMMIT and offered.licence == "tiny-open" and offered.missing == offered.bytes
    assert {f.file for f in fetched} == set(offered.files) and [f.number for f in fetched] == list(
        range(1, len(fetched) + 1)
    )
    assert hub.pins() == {REPO: COMMIT}
    there.server.shutdown()
    row, model = registry.card(REPO), registry.load(REPO, "cpu")
    assert row.repo == REPO and model.name == REPO and "reference:view" in row.honours
    assert len(model.sha256) == 64
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.suffix in (".bin", ".mp4") or "fp16" in p.name]
    assert not [p for p in (tmp_path / "cache").rglob("*.part")]


def test_a_second_pull_fetches_nothing_and_asks_for_the_same_commit(there):
    pull(there)
    there.asked.clear()
    offered, fetched = pull(there)
    assert offered.missing == 0 and len(fetched) == len(offered.files)
    assert not [path for method, path, _ in there.asked if method == "GET" and "/resolve/" in path]
    assert any(path.startswith(f"/api/models/{REPO}/revision/{COMMIT}") for _, path, _ in there.asked)


def test_a_line_that_breaks_goes_on_where_it_stopped(there, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    there.cut = 5000
    pull(there)
    ranges = [asked for _, path, asked in there.asked if asked and path.endswith(".safetensors")]
    assert ranges == ["bytes=5000-"]
    registry.load(REPO, "cpu")


def test_a_pull_that_was_stopped_goes_on_with_what_is_missing(there):
    offered = hub.offer(REPO, None, there.address)
    steps = hub.fetch(offered, there.address)
    first = next(steps)
    steps.close()
    assert hub.pins() == {} and hub.find(REPO) is None
    there.asked.clear()
    again, fetched = pull(there)
    assert again.missing == offered.bytes - first.bytes and len(fetched) == len(offered.files)
    assert not [p for m, p, _ in there.asked if m == "GET" and p.endswith("/" + first.file)]


def test_bytes_that_are_not_what_the_hub_says_are_refused_and_gone(there, tmp_path):
    there.lie = True
    with pytest.raises(InputError, match=r"has sha256 .*pull again"):
        pull(there)
    assert hub.pins() == {}
    assert not [p for p in (tmp_path / "cache").rglob("*.safetensors")]
    there.lie = False
    pull(there)
    assert hub.pins() == {REPO: COMMIT}


def test_a_full_disk_is_refused_before_anything_is_fetched(there, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    with pytest.raises(InputError, match=r"needs 0\.0 GB of room and 0\.0 GB are free: make room"):
        pull(there)
    assert not [path for _, path, _ in there.asked if "/resolve/" in path and not path.endswith("model_index.json")]


def test_what_cannot_be_used_is_refused_before_it_is_fetched(there):
    there.files = {k: v for k, v in there.files.items() if not k.startswith("vae/diff")}
    with pytest.raises(InputError, match=r"no safetensors for its vae"):
        pull(there)
    del there.files["model_index.json"]
    with pytest.raises(InputError, match=r"no model_index\.json"):
        pull(there)
    with pytest.raises(InputError, match=r"the hub has no someone/Tiny-LTX at v9 \(RevisionNotFoundError\)"):
        pull(there, "v9")
    with pytest.raises(InputError, match="the hub has no someone/Other"):
        hub.offer("someone/Other", None, there.address)


@pytest.mark.parametrize("name", ["../x", "a/../b", "a", "https://example.org/a", "a/b/c", "", "a/" + "b" * 200])
def test_strange_names_reach_no_network(name):
    with pytest.raises(InputError, match="owner/model"):
        hub.offer(name, None, "http://127.0.0.1:9")
    with pytest.raises((UnknownName, MissingPart)):
        registry.card(name)


def test_no_connection_is_one_sentence(there):
    there.server.shutdown()
    there.server.server_close()
    with pytest.raises(InputError, match="could not be fetched") as refusal:
        hub.offer(REPO, None, there.address)
    assert "\n" not in str(refusal.value)


def test_the_models_commands(there, tmp_path, monkeypatch, capsys):
    """pull as a person meets it, in a process of its own; the others in this one."""

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            app.main(["models", *arguments])
        out, err = capsys.readouterr()
        return end.value.code or 0, out, err

    code, out, err = call("show", REPO)
    assert code == 2 and err.count("\n") == 1 and f"models pull {REPO}" in err
    environment = os.environ | {
        "HF_ENDPOINT": there.address,
        "PYTHONPATH": str(ROOT),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    command = [sys.executable, "-m", "motionalchemy.cli", "models", "pull", REPO]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout == f"{REPO}\n", done.stderr
    lines = done.stderr.splitlines()
    assert lines[1] == "licence: tiny-open, https://example.org/licence" and "GB are not here yet" in lines[2]
    assert sum(bool(re.match(r"\d+/\d+ ", line)) for line in lines) == len(hub.offer(REPO, None, there.address).files)
    code, out, _ = call("show", REPO)
    assert code == 0 and COMMIT in out
    code, out, _ = call("list")
    assert code == 0 and "models pull wan-5b" in out and call()[1] == out
    code, _, err = call("pull", "nano")
    assert code == 2 and "nothing to pull" in err


def test_a_family_that_is_not_known_is_refused_before_its_weights_are_asked_for(there):
    there.files["model_index.json"] = json.dumps({"_class_name": "WanVACEPipeline"}).encode()
    with pytest.raises(InputError, match=r"someone/Tiny-LTX: WanVACEPipeline is not read here: use Wan 2\.2"):
        hub.offer(REPO, None, there.address)
    there.files["model_index.json"] = json.dumps({"_class_name": "MochiPipeline"}).encode()
    with pytest.raises(UnknownName, match="unknown kind of checkpoint 'MochiPipeline'"):
        hub.offer(REPO, None, there.address)
    assert {path.rsplit("/", 1)[-1] for _, path, _ in there.asked if "/resolve/" in path} == {"model_index.json"}


def test_a_part_that_has_only_a_variant_is_pulled_in_it(there):
    weights = there.files.pop("transformer/diffusion_pytorch_model.safetensors")
    there.files |= {f"transformer/diffusion_pytorch_model.{kind}.safetensors": weights for kind in ("bf16", "fp16")}
    offered, _ = pull(there)
    own = [name for name in offered.files if name.startswith("transformer/") and name.endswith(".safetensors")]
    assert own == ["transformer/diffusion_pytorch_model.bf16.safetensors"]
    registry.load(REPO, "cpu")


@pytest.mark.parametrize("place", ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"])
def test_the_cache_is_found_where_the_hubs_library_looks(checkpoint, tmp_path, monkeypatch, place):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(place, str(tmp_path))
    root = {"HF_HOME": tmp_path / "hub", "XDG_CACHE_HOME": tmp_path / "huggingface" / "hub"}.get(place, tmp_path)
    snapshot = root / f"models--{REPO.replace('/', '--')}" / "snapshots" / COMMIT
    for name, data in checkpoint.items():
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).write_bytes(data)
    assert hub.find(REPO) == snapshot  # the only one, though no refs/main says so
    (snapshot / "vae/diffusion_pytorch_model.safetensors").unlink()
    assert hub.find(REPO) is None  # half of one is none
