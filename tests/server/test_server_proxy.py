"""Behind a proxy: nginx with its defaults, under a path of its own, under another name; and what clients ask first."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import httpx2
import pytest
from server_process import create, png, serving

NGINX = shutil.which("nginx")
proxied = pytest.mark.skipif(NGINX is None, reason="no nginx is installed here")
CONFIG = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{ }}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; {locations} }} }}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def nginx(folder, locations):
    """A real nginx whose only settings are where to listen and these locations; gives its address."""
    folder.mkdir()
    port = free_port()
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, locations=locations))
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy") / "data"
    options = ("--page", "--root-path", "/motion", "--forwarded-host", "video.example.org")
    with serving(folder, *options) as server:
        yield server


@pytest.fixture(scope="module")
def made(server):
    return server.client.videos.poll(create(server.client).id)


def test_head_tells_the_size_of_a_file(server, made):
    url = f"{server.url}/v1/videos/{made.id}/content"
    head, whole = httpx2.head(url), httpx2.get(url)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["content-length"] == str(len(whole.content)) and head.headers["content-type"] == "video/mp4"
    assert httpx2.head(url.replace(made.id, "video_none")).status_code == 404


@pytest.mark.parametrize(("size", "wide"), [("96x64", True), ("64x96", False), ("192x48", True)])
def test_words_alone_become_a_clip_of_the_size_that_is_asked_for(server, size, wide):
    answer = httpx2.post(f"{server.url}/v1/videos", json={"prompt": "it drifts right", "size": size})
    assert answer.status_code == 200 and answer.json()["size"] == size, answer.text
    width, height = map(int, answer.json()["size"].split("x"))
    assert (width > height) == wide


def test_openais_loop_is_not_told_to_wait_long_because_others_wait(server):
    """It keeps to the first pause, also once its video is being made."""
    for _ in range(12):
        last = create(server.client).id
    url = f"{server.url}/v1/videos/{last}"
    helper = httpx2.get(url, headers={"x-stainless-poll-helper": "true"}).headers["openai-poll-after-ms"]
    assert helper == "500"


def test_a_path_that_the_proxy_left_in_is_taken_off(server, made):
    assert httpx2.get(f"{server.url}/motion/v1/videos/{made.id}").json()["id"] == made.id
    moved = httpx2.get(f"{server.url}/motion")
    assert moved.status_code == 308 and moved.headers["location"] == "/motion/"
    assert httpx2.get(f"{server.url}/motionless").status_code == 404
    assert httpx2.get(f"{server.url}/healthz").headers["x-accel-buffering"] == "no"  # nginx holds events back otherwise
    assert httpx2.get(f"{server.url}/openapi.json").json()["servers"] == [{"url": "/motion"}]


def test_only_names_that_are_known_and_pages_of_our_own_may_send(server):
    def status(**headers):
        return httpx2.post(
            f"{server.url}/v1/videos", content=json.dumps({"prompt": "?"}),
            headers={"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()},
        ).status_code  # fmt: skip

    known, evil = "https://video.example.org", "https://evil.example"
    assert status(host="video.example.org", origin=known) == 400  # let in, and the sentence refused
    assert status(origin=known) == 400  # nginx puts its own name for the server in the place of the browser's
    assert status(origin=evil) == 403 and status(host="evil.example", origin=evil) == 403
    assert status(origin=evil, sec_fetch_site="same-origin") == 400
    assert status(origin=known, sec_fetch_site="cross-site") == 403
    assert status(origin="https://other.example", x_forwarded_host="other.example") == 400


@proxied
@pytest.mark.parametrize("slash", ["/", ""])
def test_the_api_works_behind_nginx_as_it_comes(server, made, tmp_path, slash):
    """Under / and under a path, which nginx takes off where the address of the server ends in / and else leaves in."""
    locations = f"location / {{ proxy_pass {server.url}; }} location /motion/ {{ proxy_pass {server.url}{slash}; }}"
    with nginx(tmp_path / "nginx", locations) as url:
        for base in (url, f"{url}/motion"):
            answer = httpx2.post(
                f"{base}/v1/videos", data={"prompt": "it drifts right"}, files={"input_reference": png()}
            )
            assert answer.status_code == 200, answer.text
            id = answer.json()["id"]
            with httpx2.stream("GET", f"{base}/v1/videos/{id}/events", timeout=60) as events:
                assert "event: completed" in "".join(events.iter_text())
            assert httpx2.get(f"{base}/v1/videos/{id}/content").content[4:8] == b"ftyp"
            assert httpx2.head(f"{base}/v1/videos/{id}/content").status_code == 200
            page = httpx2.get(f"{base}/", headers={"accept": "text/html"}, follow_redirects=True)
            assert (
                page.status_code == 200 and str(page.url).startswith(f"{base}/en/") and "page.invalid" not in page.text
            )
