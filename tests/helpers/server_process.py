"""A real server in a process of its own, for the tests of the server, and a picture to send it."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import openai
from PIL import Image

ROOT = Path(__file__).parents[2]
QUICK = {"steps": 2, "fps": 12}
SLOW = {"steps": 200, "size": 128}  # many seconds of steps of some milliseconds
START = 300  # seconds: a busy machine imports slowly

warnings.filterwarnings("ignore", message="The Sora API")


class Server:
    """`motionalchemy serve --model ideal --no-page` on a free port, its log in DATA.log; `stop` or `kill` it. Folders
    `before` the program's own come first where modules are looked for."""

    def __init__(self, data, *options, before=()):
        self.data, self.log = Path(data), Path(f"{data}.log")
        path = os.pathsep.join(map(str, (*before, ROOT)))
        environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "motionalchemy.cli", "serve", "--model", "ideal", "--port", "0", "--no-page"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data", str(data), *options],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        waiting = threading.Timer(START, self.process.kill)
        waiting.start()
        self.url = self.process.stdout.readline().strip()
        waiting.cancel()
        assert self.url.startswith("http://"), self.log.read_text()[-2000:]
        self.client = openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0)

    def workers(self):
        """The process numbers of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = {pid for task in tasks for pid in task.read_text().split()} | set(children)
        return [int(pid) for pid in children if b"server.worker" in command_line(pid)]

    def kill_worker(self):
        for pid in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ask it to stop; returns its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=60)


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextlib.contextmanager
def serving(data, *options, before=()):
    server = Server(data, *options, before=before)
    try:
        yield server
    finally:
        server.process.poll() is None and server.stop()


def png(width=96, height=64, seed=0):
    """A smooth picture as PNG bytes."""
    few = np.random.default_rng(seed).integers(0, 255, (4, 6, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def create(client, prompt="it drifts left", seconds="0.5", own=QUICK, **more):
    """A video queued by the real client."""
    picture = ("horse.png", png(), "image/png")
    return client.videos.create(
        prompt=prompt, input_reference=picture, seconds=seconds, extra_body={"motionalchemy": own} | more
    )


def until(condition, seconds=60):
    """Wait for something to become true; returns it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found
