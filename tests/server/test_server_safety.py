"""Strangers: keys, foreign hosts and origins, uploads that are too large, too slow or not what they say, full queues."""

import asyncio
import base64
import contextlib
import http.client
import io
import os
import re
import subprocess
import sys
import zlib
from types import SimpleNamespace

import httpx2
import numpy as np
import openai
import pytest
from PIL import Image
from server_process import QUICK, ROOT, SLOW, create, png, serving, until
from starlette.requests import ClientDisconnect

from motionalchemy.cli import app as cli_app
from motionalchemy.errors import InputError
from motionalchemy.server import forms, guard, keys
from motionalchemy.server.answers import Refused
from motionalchemy.server.metrics import Metrics
from motionalchemy.server.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")
SECRET = "zebra crossing 7431"


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A public server with two keys and little room."""
    folder = tmp_path_factory.mktemp("public")
    held = {name: keys.add(folder / "keys.txt", name) for name in ("alice", "bob")}
    room = ("--queue", "2", "--upload-mb", "1", "--disk-mb", "2")
    door = ("--public", "--host", "127.0.0.1", "--api-key-file", str(folder / "keys.txt"))
    with serving(folder / "data", *door, *room) as server:
        yield SimpleNamespace(server=server, keys=held, file=folder / "keys.txt")


@pytest.fixture
def anyone(given):
    with httpx2.Client(base_url=given.server.url, timeout=60) as http:
        yield http


@pytest.fixture
def alice(given):
    with httpx2.Client(base_url=given.server.url, timeout=60, headers=bearer(given.keys["alice"])) as http:
        yield http


def bearer(key):
    return {"authorization": f"Bearer {key}"}


def client_of(given, name):
    return openai.OpenAI(base_url=f"{given.server.url}/v1", api_key=given.keys[name], max_retries=0)


def code_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_without_a_key_nothing_but_health_is_answered(given, anyone):
    assert anyone.get("/healthz").status_code == 200
    wrong = [{}, bearer("x"), bearer(given.keys["alice"][:-1]), {"authorization": "Basic !!"}, {"authorization": ""}]
    for headers in wrong:
        for method, path in (
            ("GET", "/v1/videos"),
            ("POST", "/v1/videos"),
            ("GET", "/metrics"),
            ("GET", "/openapi.json"),
        ):
            assert code_of(anyone.request(method, path, headers=headers)) == (401, "invalid_api_key")
    assert anyone.get("/v1/models").headers["www-authenticate"].startswith("Bearer")
    assert anyone.get("/").headers["www-authenticate"].startswith("Basic")  # a browser asks the person


def test_a_key_opens_as_bearer_and_as_the_password_of_a_browser(given, anyone):
    assert anyone.get("/v1/models", headers=bearer(given.keys["bob"])).status_code == 200
    assert anyone.get("/v1/models", auth=("anything", given.keys["bob"])).status_code == 200


def test_keys_are_kept_as_hashes_only(given):
    text = given.file.read_text()
    assert all(key not in text and keys.digest(key) in text for key in given.keys.values())
    assert given.file.stat().st_mode & 0o077 == 0
    found = keys.Keys.read(given.file)
    assert found.owner(given.keys["bob"]) == "bob" and found.owner("") is None


def test_a_key_in_the_clear_is_refused_and_not_printed(tmp_path):
    (tmp_path / "keys.txt").write_text("alice my-password\n")
    with pytest.raises(InputError, match="make keys with --new-api-key") as error:
        keys.Keys.read(tmp_path / "keys.txt")
    assert "my-password" not in str(error.value)


def test_owners_see_only_their_own(given):
    alice, bob = client_of(given, "alice"), client_of(given, "bob")
    id = create(alice).id
    assert alice.videos.poll(id).status == "completed"
    assert id in [video.id for video in alice.videos.list()] and id not in [video.id for video in bob.videos.list()]
    for call in (bob.videos.retrieve, bob.videos.delete, bob.videos.download_content):
        with pytest.raises(openai.NotFoundError):
            call(id)
    alice.videos.delete(id)


def test_a_full_queue_asks_to_come_back(given, alice):
    ids = [create(client_of(given, "alice"), seconds="4", own=SLOW).id]
    until(lambda: alice.get(f"/v1/videos/{ids[0]}").json()["status"] == "in_progress")
    ids.append(create(client_of(given, "alice")).id)
    with pytest.raises(openai.RateLimitError, match="as many as one client may") as greedy:
        create(client_of(given, "alice"))
    assert int(greedy.value.response.headers["retry-after"]) >= 1
    other = create(client_of(given, "bob")).id
    with pytest.raises(openai.RateLimitError, match="all 2 places"):
        create(client_of(given, "bob"))
    for id in ids:
        alice.delete(f"/v1/videos/{id}")
    assert client_of(given, "bob").videos.poll(other).status == "completed"


def test_a_full_disk_quota_is_a_clear_refusal(given):
    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (520, 520, 3), np.uint8)).save(noise, "PNG")
    bob, ids = client_of(given, "bob"), []
    with pytest.raises(openai.RateLimitError, match="disk quota") as full:
        for _ in range(5):
            picture = ("a.png", noise.getvalue(), "image/png")
            video = bob.videos.create(
                prompt="left", input_reference=picture, seconds="0.5", extra_body={"motionalchemy": QUICK}
            )
            ids.append(video.id)
            bob.videos.poll(video.id)
    assert full.value.body["code"] == "insufficient_quota" and full.value.response.headers["x-should-retry"] == "false"
    for id in ids:
        bob.videos.delete(id)
    assert len(ids) >= 2 and bob.videos.poll(create(bob).id).status == "completed"


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(alice):
    def chunks():
        yield b'{"prompt": "'
        for _ in range(40):
            yield b"x" * 65536

    kind = {"content-type": "application/json"}
    assert code_of(alice.post("/v1/videos", content=b"x" * 2**21, headers=kind)) == (413, "too_large")
    try:
        assert code_of(alice.post("/v1/videos", content=chunks(), headers=kind)) == (413, "too_large")
    except httpx2.TransportError:  # it was closed before all of it was sent
        assert alice.get("/v1/models").status_code == 200


def bomb():
    """A PNG of 30000 x 30000 pixels in few bytes."""
    small = io.BytesIO()
    Image.new("1", (16, 16)).save(small, "PNG")
    whole = small.getvalue()
    header = b"IHDR" + (30_000).to_bytes(4, "big") * 2 + whole[24:29]
    return whole[:12] + header + zlib.crc32(header).to_bytes(4, "big") + whole[33:]


HOSTILE = {
    "bomb": bomb(),
    "page": b"<html><script>alert(1)</script></html>",
    "vector": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n(%pipe%id) (r) file\n",
    "cut": png()[:200],
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_are_not_pictures_are_refused(alice, name):
    form = {"prompt": "left", "seconds": "0.5", "motionalchemy[steps]": "2"}
    answer = alice.post("/v1/videos", data=form, files={"input_reference": (f"{name}.png", HOSTILE[name])})
    assert answer.status_code == 400 and "input_reference" in answer.json()["error"]["message"], answer.text


PLAYLISTS = {
    "m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_videos_that_open_other_files_are_refused(alice, name):
    files = {"video": (f"clip.{name}", PLAYLISTS[name], "video/mp4")}
    answer = alice.post("/v1/videos/edits", data={"prompt": "red"}, files=files)
    assert answer.status_code == 400 and "root:" not in answer.text


def test_a_file_that_is_two_things_stays_inside_and_names_are_ours(given, alice):
    polyglot = png() + b"<script>alert(1)</script>PK\x05\x06" + bytes(18)
    name = '../../../../evil\r\nset-cookie: a=b"; filename="x.html'
    form = {"prompt": "it drifts left", "seconds": "0.5"} | {f"motionalchemy[{k}]": str(v) for k, v in QUICK.items()}
    files = {"input_reference": (name, polyglot, "text/html")}
    video = alice.post("/v1/videos", data=form, files=files).json()
    assert client_of(given, "alice").videos.poll(video["id"]).status == "completed"
    names = {file.name for file in (given.server.data / "videos" / video["id"]).iterdir()}
    assert names == {"input_reference", "video.mp4", "video.json", "thumbnail.webp", "spritesheet.webp"}
    assert not list(given.server.data.parent.rglob("*evil*"))
    for variant in ("video", "thumbnail", "spritesheet", "sidecar"):
        content = alice.get(f"/v1/videos/{video['id']}/content", params={"variant": variant})
        assert b"<script>" not in content.content and "html" not in content.headers["content-type"]
        assert content.headers["x-content-type-options"] == "nosniff"
    alice.delete(f"/v1/videos/{video['id']}")


@pytest.mark.parametrize(
    "path", ["/v1/videos/..%2f..%2fkeys.txt/content", "/v1/videos/%2e%2e/content", "/v1/../keys.txt"]
)
def test_paths_lead_nowhere(alice, given, path):
    connection = http.client.HTTPConnection(given.server.url.removeprefix("http://"))
    connection.request("GET", path, headers=bearer(given.keys["alice"]))
    answer = connection.getresponse()
    assert answer.status == 404 and b"alice" not in answer.read()


def test_nothing_is_written_into_headers(alice):
    answer = alice.get("/v1/videos/a%0d%0aset-cookie:%20a=b", headers={"Idempotency-Key": "a b"})
    assert answer.status_code == 404 and "set-cookie" not in answer.headers


def test_every_answer_has_its_safety_headers(alice, anyone):
    for answer in (alice.get("/v1/videos"), anyone.get("/v1/videos"), alice.get("/nowhere"), anyone.get("/healthz")):
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers and "server" not in answer.headers
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def test_other_sites_may_not_send_requests_here(given, alice):
    for origin in ("https://evil.example", "null"):
        answer = alice.post("/v1/videos", data={"prompt": "left"}, headers={"origin": origin})
        assert code_of(answer) == (403, "wrong_origin")
    assert alice.get("/v1/videos", headers={"origin": "https://evil.example"}).headers.get("vary") is None
    own = alice.post("/v1/videos", headers={"origin": given.server.url}, json={})
    assert code_of(own) == (400, "invalid_value")


def test_the_log_has_no_prompts(given, alice):
    alice.post("/v1/videos", json={"prompt": SECRET, "motionalchemy": QUICK})
    until(lambda: "queued for alice" in given.server.log.read_text())
    assert "zebra" not in given.server.log.read_text() and given.keys["alice"] not in given.server.log.read_text()


def through_the_guard(app, settings=None, held=None, **headers):
    """A request to an app behind the guard, in this process."""

    async def ask():
        guarded = guard.Guard(app, settings or Settings(), held or keys.Keys(), Metrics())
        transport = httpx2.ASGITransport(app=guarded, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return await http.post("/v1/videos", headers=headers)

    return asyncio.run(ask())


async def broken(scope, receive, send):
    raise RuntimeError(SECRET)


def test_a_fault_leaves_without_a_trace(caplog):
    answer = through_the_guard(broken)
    assert code_of(answer) == (500, "internal_error") and SECRET not in answer.text and "Traceback" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
    assert SECRET in caplog.text


def test_a_client_that_leaves_is_no_fault(caplog):
    async def leaving(scope, receive, send):
        raise ClientDisconnect

    caplog.set_level("INFO")
    with contextlib.suppress(AssertionError):  # there is no answer
        through_the_guard(leaving)
    assert " 499 " in caplog.text and "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1"]
)
def test_a_local_server_answers_to_its_own_name_only(host):
    assert code_of(through_the_guard(broken, host=host)) == (403, "wrong_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:9", "127.0.0.1:8000", "[::1]:8000"])
def test_its_own_names(host):
    assert through_the_guard(broken, host=host).status_code == 500


def upload(settings, *parts, pause=0.0):
    """A body through `Uploads` in this process, its parts apart by a pause in seconds."""

    async def run():
        waiting = [*parts]

        async def receive():
            await asyncio.sleep(pause)
            part = waiting.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(waiting)}

        scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
        async with forms.Uploads(settings).reading(forms.Request(scope, receive)) as body:
            return body

    return asyncio.run(run())


def test_a_body_that_comes_too_slowly_is_given_up():
    assert upload(Settings(), b'{"a"', b": 1}") == {"a": 1}
    with pytest.raises(Refused, match="did not arrive within") as refused:
        upload(Settings(upload_seconds=0.2), *[b" "] * 50, pause=0.05)
    assert refused.value.status == 408


def test_only_so_many_bodies_are_read_at_once():
    async def run():
        uploads = forms.Uploads(Settings(uploads=1, upload_seconds=0.1))
        await uploads._places.acquire()
        async with uploads.reading(forms.Request({"type": "http", "headers": []})):
            raise AssertionError("it was let in")

    with pytest.raises(Refused, match="1 uploads are being read") as refused:
        asyncio.run(run())
    assert refused.value.status == 429


def called(*arguments):
    with pytest.raises(SystemExit) as end:
        cli_app.main([str(argument) for argument in arguments])
    return end.value.code or 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--host", "0.0.0.0"], "add --public"),
        (["--host", "example.org"], "add --public"),
        (["--public"], "needs --api-key-file"),
        (["--public", "--api-key-file", "missing.txt"], "--new-api-key"),
        (["--api-key-file", "empty.txt"], "holds no key"),
        (["--new-api-key", "alice"], "needs --api-key-file"),
        (["--api-key-file", "empty.txt", "--new-api-key", "a b"], "cannot be used"),
        (["--port", "70000"], "0 (any free one) to 65535"),
        (["--queue", "0"], "more than 0"),
        (["--data", "empty.txt"], "choose another"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_server_that_cannot_begin_says_why(tmp_path, monkeypatch, capsys, options, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").touch()
    assert called("serve", "--model", "ideal", *options) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and why in err
    assert [file.name for file in tmp_path.iterdir()] == ["empty.txt"]


def test_a_new_key_is_printed_once(tmp_path, capsys):
    assert called("serve", "--api-key-file", tmp_path / "k.txt", "--new-api-key", "alice") == 0
    key = capsys.readouterr().out.strip()
    assert keys.Keys.read(tmp_path / "k.txt").owner(key) == "alice"
    assert called("serve", "--api-key-file", tmp_path / "k.txt", "--new-api-key", "alice") == 2


def test_two_servers_do_not_share_a_folder(given):
    command = [sys.executable, "-m", "motionalchemy.cli", "serve", "--model", "ideal"]
    command += ["--data", str(given.server.data), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    second = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert second.returncode == 2 and "another server uses" in second.stderr and second.stdout == ""


def test_an_unknown_model_is_refused_at_the_start(tmp_path):
    command = [sys.executable, "-m", "motionalchemy.cli", "serve", "--model", "gpt", "--data", str(tmp_path / "data")]
    run = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert run.returncode == 2 and run.stderr.splitlines()[-1].startswith("motionalchemy: unknown model 'gpt'")


def test_the_password_of_a_browser_is_the_key():
    held = keys.Keys({"alice": keys.digest("secret")})
    basic = base64.b64encode(b"x:secret").decode()
    assert through_the_guard(broken, held=held, authorization=f"Basic {basic}").status_code == 500
    assert through_the_guard(broken, held=held, authorization="Basic eDp3cm9uZw==").status_code == 401
