"""The process that looks at a request and its uploads first, so that no hostile file is decoded where the server runs.

One line of JSON in, one line out. Whatever a decoder does, the server answers: it starts this process again and refuses
the request. Torch lives here and in the workers, which keeps the server small and quick to start.
"""

import asyncio
import contextlib
import json
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MissingPart, MotionAlchemyError
from motionalchemy.server.store import CLIP

LONGEST = 2**20  # bytes of one line
START = 300.0  # seconds that the process may take to be ready, on a slow disk
UNLOADABLE = "the process that looks at uploads does not start: the lines above say why"
UNREADABLE = "the files of this request cannot be read: save them again as PNG or MP4"


@dataclass(frozen=True)
class Facts:
    """What a request will make: `width` and `height` in pixels, `seconds` of the whole clip, `notes` for the person."""

    frames: int
    width: int
    height: int
    fps: float
    seconds: float
    task: str
    notes: list[str]


class Inspector:
    """The server's end: asks a few questions side by side, each of a process of its own.

    One process is enough for most servers and each holds Torch, so another is started only once somebody had to wait,
    up to `most`; it takes questions when it is ready. A file that is slow to decode then stops only one of them.
    """

    def __init__(self, model: str, seconds: float, most: int):
        self.model, self.seconds, self.most = model, seconds, most
        self._all = [Examiner(model)]
        self._free: asyncio.LifoQueue[Examiner] = asyncio.LifoQueue()  # the one that was used last is the warmest
        self._free.put_nowait(self._all[0])
        self._growing: asyncio.Task[None] | None = None

    async def look(self, folder: Path, request: str) -> Facts:
        """The facts of a request whose files lie in `folder`; raises InputError with what is wrong with it."""
        answer = await self._ask({"ask": "look", "folder": str(folder), "request": request}, self.seconds, UNREADABLE)
        return Facts(**answer)

    async def models(self) -> dict[str, Any]:
        """The model that is served and the devices that there are; raises InputError when one of them cannot be."""
        return await self._ask({"ask": "models"}, START, UNLOADABLE)

    async def close(self) -> None:
        """End all processes."""
        if self._growing is not None:
            self._growing.cancel()
            await asyncio.gather(self._growing, return_exceptions=True)
        for one in self._all:
            await one.close()

    async def _ask(self, question: dict[str, Any], seconds: float, refusal: str) -> dict[str, Any]:
        if self._free.empty() and len(self._all) < self.most and (self._growing is None or self._growing.done()):
            self._growing = asyncio.create_task(self._grow())
        one = await self._free.get()
        try:
            return await one.ask(question, seconds, refusal)
        finally:
            self._free.put_nowait(one)

    async def _grow(self) -> None:
        """One process more, once it is ready."""
        one = Examiner(self.model)
        try:
            await one.ask({"ask": "models"}, START, UNLOADABLE)
        except InputError:
            return
        self._all.append(one)
        self._free.put_nowait(one)


class Examiner:
    """One process, asked one question at a time and started again when it dies or takes too long."""

    def __init__(self, model: str):
        self.model = model
        self._process: asyncio.subprocess.Process | None = None

    async def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._process = None

    async def ask(self, question: dict[str, Any], seconds: float, refusal: str) -> dict[str, Any]:
        """The answer to a question; raises InputError with what it refuses, or with `refusal` if it does not answer,
        and MissingPart for what this machine lacks."""
        try:
            process = await self._running()
            answer = json.loads(await asyncio.wait_for(_exchange(process, question), seconds))
        except (TimeoutError, OSError, EOFError, ValueError):  # it hung, died, or said what it never says
            await self.close()
            raise InputError(refusal) from None
        except asyncio.CancelledError:  # an answer that nobody waits for must not meet the next question
            await self.close()
            raise
        if "missing" in answer:
            raise MissingPart(answer["missing"])
        if "error" in answer:
            raise InputError(answer["error"])
        return answer["answer"]

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, self.model, stdin=-1, stdout=-1, limit=LONGEST
            )
        return self._process


async def _exchange(process: asyncio.subprocess.Process, question: dict[str, Any]) -> bytes:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(question).encode() + b"\n")
    await process.stdin.drain()
    return await process.stdout.readuntil(b"\n")  # IncompleteReadError, an EOFError, when it died


def answer(model: str, question: dict[str, Any]) -> dict[str, Any]:
    """What the process answers, each kind of question by a function of its own; raises MotionAlchemyError."""
    return _models(model) if question["ask"] == "models" else _look(Path(question["folder"]), question["request"])


def _look(folder: Path, text: str) -> dict[str, Any]:
    from motionalchemy.pipeline import conditioning
    from motionalchemy.pipeline.job import prepare
    from motionalchemy.pipeline.request import Request

    os.chdir(folder)
    try:
        job = prepare(Request.model_validate_json(text), Path(CLIP))
        conditioning.check(job)
    finally:
        os.chdir("/")
    height, width = job.full
    times = job.request.interpolate
    fps, frames = float(job.request.fps * times), job.written
    return {
        "frames": frames, "width": width, "height": height, "fps": fps, "seconds": frames / fps,
        "task": job.request.task, "notes": list(job.notes),
    }  # fmt: skip


def _models(model: str) -> dict[str, Any]:
    import torch

    from motionalchemy.models import registry
    from motionalchemy.motion import learned

    card = registry.card(model)
    registry.check_packages(card)
    devices = [f"cuda:{n}" for n in range(torch.cuda.device_count())] or ["cpu"]
    return {
        "summary": card.summary, "summary_zh": card.summary_zh, "honours": sorted(card.honours),
        "sizes": list(card.sizes), "seconds": card.seconds, "size": card.defaults.size, "fps": card.defaults.fps,
        "devices": devices, "motions": [motion.name for motion in learned.listed()],
    }  # fmt: skip


def main(model: str) -> None:
    """Answer questions from standard input until it ends."""
    os.nice(1)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    for line in sys.stdin:
        try:
            said = {"answer": answer(model, json.loads(line))}
        except MissingPart as error:
            said = {"missing": str(error)}
        except MotionAlchemyError as error:
            said = {"error": str(error)}
        except Exception:
            traceback.print_exc()
            said = {"error": UNREADABLE}
        print(json.dumps(said), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
