"""Killed at any moment, worker, server or both: every job that was accepted ends once, whole, with its files."""

import json
import os
import random
import signal
import time

import httpx2
import pytest
from server_process import QUICK, SLOW, Server, command_line, create, png, serving, until

from motionalchemy.media import files, reader
from motionalchemy.server.jobs import MAX_ATTEMPTS, Jobs

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API")


def submit(server, key):
    """A job, sent again with the same key for as long as nobody answers; returns its id."""
    form = {"prompt": "it drifts left", "seconds": "0.5"} | {f"motionalchemy[{k}]": str(v) for k, v in QUICK.items()}
    headers = {"Idempotency-Key": key}
    answer = httpx2.post(
        f"{server.url}/v1/videos", data=form, files={"input_reference": png()}, headers=headers, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def rows(data):
    jobs = Jobs(data / "jobs.sqlite3")
    found = jobs.page("local", None, 1000, ascending=True)[0]
    jobs.close()
    return found


def gone(pids):
    return not any(b"server." in command_line(pid) for pid in pids)


def check_whole(data, id):
    """The files of a completed job: no half ones, the clip decodes and is the one that its sidecar names."""
    folder = data / "videos" / id
    names = {"input_reference", "spritesheet.webp", "thumbnail.webp", "video.json", "video.mp4"}
    assert {file.name for file in folder.iterdir()} == names
    assert len(reader.read_clip(folder / "video.mp4")) == 5
    output = json.loads((folder / "video.json").read_text("utf-8"))["output"]
    assert output["sha256"] == files.sha256(folder / "video.mp4")


@pytest.mark.parametrize(
    "victims", [("both", None), pytest.param(("worker", "server", "both", "worker", None), marks=pytest.mark.slow)]
)
def test_no_kill_loses_doubles_or_half_writes_a_job(tmp_path, victims):
    data, chance, ids = tmp_path / "data", random.Random(1), []
    server = Server(data)
    try:
        for number, victim in enumerate(victims):
            ids += [submit(server, f"{number}-{n}") for n in range(2)]
            time.sleep(chance.uniform(0, 0.6))
            old = server.workers()
            if victim in ("worker", "both"):
                server.kill_worker()
            if victim in ("server", "both"):
                server.kill()
                until(lambda old=old: gone(old))  # no worker outlives its server
                server = Server(data)
                assert submit(server, f"{number}-1") == ids[-1]  # who never heard the answer asks again
        for id in ids:
            assert server.client.videos.poll(id).status == "completed"
        assert len(set(ids)) == len(ids) and [job.id for job in rows(data)] == ids
        for id in ids:
            check_whole(data, id)
        assert {folder.name for folder in (data / "videos").iterdir()} == set(ids)
        last = create(server.client, seconds="4", own=SLOW).id
        until(lambda: server.client.videos.retrieve(last).progress > 0)
        pids = server.workers()
        assert server.stop() == 0 and gone(pids)
        assert [(job.id, job.state, job.attempt) for job in rows(data)][-1] == (last, "queued", 0)  # given back
    finally:
        server.process.poll() is None and server.stop()


@pytest.mark.slow
def test_a_stop_gives_the_job_back_and_a_start_goes_on(tmp_path):
    data = tmp_path / "data"
    with serving(data) as server:
        id = create(server.client, seconds="4", own=SLOW).id
        until(lambda: server.client.videos.retrieve(id).progress > 0)
        pids = server.workers()
        assert server.stop() == 0 and gone(pids)
        assert [(job.state, job.attempt) for job in rows(data)] == [("queued", 0)]
    (data / "videos" / "video_orphan").mkdir()  # files whose row was never written
    (data / "staging" / "video_half").mkdir()
    with serving(data) as server:
        assert {folder.name for folder in (data / "videos").iterdir()} == {id} and not [*(data / "staging").iterdir()]
        until(lambda: server.client.videos.retrieve(id).progress > 0)
        server.client.videos.delete(id)
        ended = server.client.videos.poll(create(server.client).id)
        assert ended.status == "completed"
    with serving(data, "--keep-days", "0.000001") as server:
        until(lambda: not rows(data))
        until(lambda: not [*(data / "videos").iterdir()])


@pytest.mark.slow
def test_a_job_that_kills_or_hangs_its_worker_does_not_do_so_for_ever(tmp_path):
    with serving(tmp_path / "data", "--hang-seconds", "5") as server:
        id = create(server.client, seconds="4", own=SLOW).id
        for attempt in range(1, MAX_ATTEMPTS + 1):
            until(lambda attempt=attempt: rows(server.data)[0].attempt == attempt and rows(server.data)[0].standing)
            if attempt == 2:
                os.kill(server.workers()[0], signal.SIGSTOP)  # it hangs: the server has to notice by itself
            else:
                server.kill_worker()
        failed = server.client.videos.poll(id)
        assert (failed.status, failed.error.code) == ("failed", "worker_died")
        assert "no sign of life" in server.log.read_text()
        assert server.client.videos.poll(create(server.client).id).status == "completed"
