"""Load and kills: a server of its own on the loopback address, bounded in requests and time, its figures as Markdown.

    python benchmarks/server/serve.py load --clients 200 --seconds 120
    python benchmarks/server/serve.py kills --jobs 500 --kills 50

Both leave with 1 when a job was lost, doubled or half-written, when an answer was 5xx, or when the bar is missed.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "helpers"))
sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx2
import numpy as np
from server_process import QUICK, Server, png

from motionalchemy.media import files as media_files
from motionalchemy.media import reader as media_reader
from motionalchemy.server.jobs import ENDED, Jobs

POLL = 0.5  # seconds between two looks of one client
BAR = 0.1  # seconds: the 99th percentile of a status call
DRAIN = 900  # seconds for the queue to empty once nobody submits any more
LONGER = {"motionalchemy[steps]": "200"}  # so that most kills find a clip half made
FORM = {"prompt": "it drifts left", "seconds": "0.5"} | {f"motionalchemy[{k}]": str(v) for k, v in QUICK.items()}


class Connection:
    """One client's connection from an address of its own: plain HTTP/1.1, so that measuring costs little."""

    def __init__(self, port: int, number: int):
        self.port, self.address = port, f"127.0.{1 + number // 250}.{1 + number % 250}"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, dict, float]:
        """Status, JSON and seconds of one request; raises OSError or EOFError when the connection breaks."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0))
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\ncontent-type: {kind}\r\n\r\n"
        began = time.perf_counter()
        try:
            writer.write(head.encode() + body)
            top = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next(int(line[15:]) for line in top.split("\r\n") if line.startswith("content-length:"))
            answer = json.loads(await reader.readexactly(length))
        except (OSError, EOFError):
            self.close()
            raise
        seconds = time.perf_counter() - began
        if "connection: close" in top:
            self.close()
        return int(top.split()[1]), answer, seconds

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Seen:
    """What all clients saw: seconds of each kind of call, how often each status, and the videos that were accepted."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"create": [], "status": []})
    statuses: Counter = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    broken: int = 0


def form() -> tuple[bytes, str]:
    """The body that every client sends, and its content type."""
    request = httpx2.Request("POST", "http://x", data=FORM, files={"input_reference": png(64, 64)})
    return request.read(), request.headers["content-type"]


async def client(port: int, number: int, end: float, seen: Seen, sent: tuple[bytes, str]) -> None:
    """Submit, poll until it has ended, again, until the time is over."""
    connection, id = Connection(port, number), None
    await asyncio.sleep(random.Random(number).uniform(0, 2))
    while time.monotonic() < end:
        kind = "create" if id is None else "status"
        question = ("POST", "/v1/videos", *sent) if id is None else ("GET", f"/v1/videos/{id}")
        try:
            status, answer, seconds = await connection.ask(*question)
        except (OSError, EOFError):
            seen.broken += 1
            continue
        seen.statuses[kind, status] += 1
        seen.seconds[kind].append(seconds)
        if id is None and status == 200:
            id = answer["id"]
            seen.accepted.append(id)
        elif id is not None and answer["status"] in ENDED:
            id = None
            continue
        await asyncio.sleep(POLL)
    connection.close()


async def crowd(port: int, clients: int, seconds: float) -> Seen:
    """So many clients for so many seconds."""
    seen, end, sent = Seen(), time.monotonic() + seconds, form()
    await asyncio.gather(*(client(port, number, end, seen, sent) for number in range(clients)))
    return seen


def drained(data: Path, seconds: float) -> Counter:
    """How the jobs ended, once none is left to be made or the time is over."""
    jobs, end = Jobs(data / "jobs.sqlite3"), time.monotonic() + seconds
    while (counts := jobs.counts().states)["queued"] + counts["in_progress"] and time.monotonic() < end:
        time.sleep(0.5)
    jobs.close()
    return Counter(counts)


def rows(data: Path) -> list:
    jobs = Jobs(data / "jobs.sqlite3")
    found = jobs.page("local", None, 1_000_000, ascending=True)[0]
    jobs.close()
    return found


def load(data: Path, clients: int, seconds: float) -> bool:
    """200 clients submit and poll while the worker is never idle; prints a table, true if the bars are met."""
    server = Server(data, "--queue", "100000")
    try:
        seen = asyncio.run(crowd(int(server.url.rpartition(":")[2]), clients, seconds))
        ended = drained(data, DRAIN)
    finally:
        server.stop()
    lost = set(seen.accepted) - {job.id for job in rows(data) if job.state in ENDED}
    faults = sum(count for (_, status), count in seen.statuses.items() if status >= 500)
    print(f"| {clients} clients, {seconds:g} s | calls | median, ms | p99, ms | longest, ms |\n|---|---|---|---|---|")
    for kind, taken in seen.seconds.items():
        milliseconds = np.percentile(taken or [0], (50, 99, 100)) * 1000
        print(f"| {kind} | {len(taken)} | " + " | ".join(f"{value:.1f}" for value in milliseconds) + " |")
    print(f"\naccepted {len(seen.accepted)}, lost {len(lost)}, 5xx {faults}, broken connections {seen.broken}")
    print(f"ended: {dict(ended)}; answers: { ({f'{k} {s}': n for (k, s), n in seen.statuses.items()}) }")
    slow = float(np.percentile(seen.seconds["status"] or [9], 99)) > BAR
    return not (lost or faults or slow) and ended["completed"] == len(seen.accepted) > 0


def submitting(address: list[str], due: list[int], jobs: int, accepted: dict[str, str], stop: threading.Event) -> None:
    """Submit job after job, as many as are due, each with a key of its own, again for as long as nobody answers."""
    files = {"input_reference": png(64, 64)}
    for number in range(jobs):
        while number >= due[0] and not stop.is_set():
            time.sleep(0.02)
        while not stop.is_set():
            with contextlib.suppress(httpx2.TransportError):
                headers = {"Idempotency-Key": f"job-{number}"}
                url = f"{address[0]}/v1/videos"
                answer = httpx2.post(url, data=FORM | LONGER, files=files, headers=headers, timeout=30)
                if answer.status_code == 200:
                    accepted[f"job-{number}"] = answer.json()["id"]
                    break
            time.sleep(0.2)


def kills(data: Path, jobs: int, deaths: int, seed: int) -> bool:
    """Kill worker, server or both at random moments while jobs come and are made; true if nothing was harmed."""
    chance, accepted, stop = random.Random(seed), dict[str, str](), threading.Event()
    server = Server(data, "--queue", "100000")
    address, due, struck, met, began = [server.url], [0], Counter(), 0, time.monotonic()
    sender = threading.Thread(target=submitting, args=(address, due, jobs, accepted, stop), daemon=True)
    sender.start()
    for death in range(deaths):
        due[0] = jobs * (death + 1) // deaths  # the jobs come as long as the kills do
        time.sleep(chance.uniform(0.1, 8))
        met += any(job.state == "in_progress" for job in rows(data))
        victim = chance.choice(("worker", "server", "both"))
        struck[victim] += 1
        if victim != "server":
            server.kill_worker()
        if victim != "worker":
            server.kill()
            server = Server(data, "--queue", "100000")
            address[0] = server.url
        print(f"{death + 1}/{deaths} {victim}, {len(accepted)} accepted", file=sys.stderr, flush=True)
    sender.join(DRAIN)
    stop.set()
    ended = drained(data, DRAIN)
    code = server.stop()
    found, broken = rows(data), []
    for job in found:
        if job.state == "completed" and not whole(data / "videos" / job.id):
            broken.append(job.id)
    lost = set(accepted.values()) - {job.id for job in found if job.state in ENDED}
    doubled = len(found) - len(accepted)
    unexplained = [job.id for job in found if job.state == "failed" and not job.error_message]
    again = sum(job.attempt > 1 for job in found)
    print(
        f"{jobs} jobs, {deaths} kills ({dict(struck)}) in {time.monotonic() - began:.0f} s: accepted {len(accepted)}, "
    )
    print(
        f"lost {len(lost)}, doubled {doubled}, half-written {len(broken)}, failed without a reason {len(unexplained)}; "
    )
    print(f"{met} kills met a running job; ended {dict(ended)}, begun more than once {again}, last stop with {code}")
    return not (lost or doubled or broken or unexplained) and len(accepted) == jobs and code == 0


def whole(folder: Path) -> bool:
    """Whether a completed job's clip decodes, is the one its sidecar names, and no half file lies beside it."""
    named = json.loads((folder / "video.json").read_text("utf-8"))["output"]["sha256"]
    clean = not [*folder.glob(".*")] and not [*folder.glob("*.making")]
    return (
        clean
        and len(media_reader.read_clip(folder / "video.mp4")) > 0
        and media_files.sha256(folder / "video.mp4") == named
    )


def main() -> None:
    """Parse the command line, run one benchmark in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_subparsers(dest="which", required=True)
    crowded = which.add_parser("load", help="many clients at once")
    crowded.add_argument("--clients", type=int, default=200)
    crowded.add_argument("--seconds", type=float, default=120)
    deadly = which.add_parser("kills", help="random kills of worker and server")
    deadly.add_argument("--jobs", type=int, default=500)
    deadly.add_argument("--kills", type=int, default=50)
    deadly.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if given.which == "load":
            good = load(data, min(given.clients, 1000), min(given.seconds, 600))
        else:
            good = kills(data, min(given.jobs, 5000), min(given.kills, 500), given.seed)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
