"""Starts one worker for each device, and starts it again when it ends."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 20.0  # seconds for a worker to give its job back
LONGEST_PAUSE = 5.0  # seconds before a worker that keeps dying is started again
STEADY = 20.0  # seconds after which a worker that dies is started again at once

log = logging.getLogger("motionalchemy.server")


class Supervisor:
    """The workers of a data folder; each one ends when its standard input does, so none outlives the server."""

    def __init__(self, data: Path, model: str, devices: Sequence[str]):
        self.data, self.model, self.devices = data, model, tuple(devices)
        self.restarts = dict.fromkeys(self.devices, 0)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._keep, args=(d,), daemon=True) for d in self.devices]

    def start(self) -> None:
        """Start the workers and return at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, busy: Sequence[str] = ()) -> None:
        """Let the workers of the `busy` devices give their jobs back, for at most PATIENCE seconds."""
        self._stopping.set()
        for device, process in [*self._processes.items()]:
            if process.stdin is not None:
                process.stdin.close()
            if device not in busy:
                process.kill()
        for thread in self._threads:
            thread.join(PATIENCE)
        for process in [*self._processes.values()]:
            process.kill()  # harmless once it has ended
            process.wait()

    def alive(self) -> dict[str, int | None]:
        """The process number of each device's worker, None where there is none now."""
        running = {d: p.pid for d, p in [*self._processes.items()] if p.poll() is None}
        return {device: running.get(device) for device in self.devices}

    def _keep(self, device: str) -> None:
        pause = 0.0
        command = [sys.executable, "-m", "motionalchemy.server.worker", str(self.data), device, self.model]
        while not self._stopping.wait(pause):
            began = time.monotonic()
            process = self._processes[device] = subprocess.Popen(command, stdin=subprocess.PIPE)
            if self._stopping.is_set() and process.stdin is not None:  # `stop` may have looked too early to see it
                process.stdin.close()
            code = process.wait()
            if self._stopping.is_set():
                return
            self.restarts[device] += 1
            pause = 0.0 if time.monotonic() - began > STEADY else min(LONGEST_PAUSE, max(0.5, 2 * pause))
            log.error("the worker of %s ended with %d and is started again in %.1f s", device, code, pause)
