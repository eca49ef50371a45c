"""Starts one worker for each device, and starts it again when it ends or hangs."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from motionalchemy.server.store import Store, worker_lock

PATIENCE = 20.0  # seconds for a worker to give its job back
LONGEST_PAUSE = 5.0  # seconds before a worker that keeps dying is started again
STEADY = 20.0  # seconds after which a worker that dies is started again at once
START = 300.0  # seconds that a worker may take to its first sign of life, on a slow disk
LOOK = 1.0  # seconds between two looks for a sign of life

log = logging.getLogger("motionalchemy.server")


class Supervisor:
    """The workers of a data folder; each one ends when its standard input does, so none outlives the server.

    A worker that gives no sign of life for `hang_seconds` is killed, which leaves its job as any other death does.
    """

    def __init__(self, store: Store, model: str, devices: Sequence[str], hang_seconds: float):
        self.store, self.model, self.devices, self.hang_seconds = store, model, tuple(devices), hang_seconds
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

    def command(self, device: str) -> list[str]:
        """What runs as the worker of a device."""
        return [sys.executable, "-m", "motionalchemy.server.worker", str(self.store.data), device, self.model]

    def _keep(self, device: str) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            began = time.monotonic()
            silence = Silence(self.store, worker_lock(device), self.hang_seconds)
            process = self._processes[device] = subprocess.Popen(self.command(device), stdin=subprocess.PIPE)
            if self._stopping.is_set() and process.stdin is not None:  # `stop` may have looked too early to see it
                process.stdin.close()
            code = self._ended(device, process, silence)
            if self._stopping.is_set():
                return
            self.restarts[device] += 1
            pause = 0.0 if time.monotonic() - began > STEADY else min(LONGEST_PAUSE, max(0.5, 2 * pause))
            log.error("the worker of %s ended with %d and is started again in %.1f s", device, code, pause)

    def _ended(self, device: str, process: subprocess.Popen[bytes], silence: "Silence") -> int:
        """How a worker ended, killed if it was silent for too long."""
        while True:
            try:
                return process.wait(LOOK)
            except subprocess.TimeoutExpired:
                if silence.too_long():
                    log.error("the worker of %s gave no sign of life for %.0f s: killed", device, silence.seconds)
                    process.kill()


class Silence:
    """How long the holder of a lock has given no sign of life; this process's own clock counts, so that setting the
    time kills nobody. Until the first sign START seconds are allowed at least."""

    def __init__(self, store: Store, name: str, seconds: float):
        self.store, self.name, self.patience = store, name, seconds
        self._last, self._heard, self._begun = store.sign(name), time.monotonic(), False

    @property
    def seconds(self) -> float:
        """Since the last sign."""
        return time.monotonic() - self._heard

    def too_long(self) -> bool:
        """Whether it is time to give up."""
        sign = self.store.sign(self.name)
        if sign != self._last:
            self._last, self._heard, self._begun = sign, time.monotonic(), True
        return self.seconds > (self.patience if self._begun else max(START, self.patience))
