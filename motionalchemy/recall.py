"""What a subject does, recalled: movements that were seen, carried over to it, and looked at until one shows the deed."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from motionalchemy import cutout, footage
from motionalchemy.clip import Clip
from motionalchemy.nets import judge
from motionalchemy.pace import timed
from motionalchemy.run import SEEN, Progress, Run, looked, pixels, planned, stop_if
from motionalchemy.staying import circled, filmed, sent, staying, unhurried
from motionalchemy.windows import Given

LOOKS = 8  # of movements that are recalled


@dataclass(frozen=True, eq=False)
class Recalled:
    """How a subject moves (2, T, h, w) at the clip's rate, from how far away in the picture each place comes, in shares of
    its width; how surely the deed is seen in that, in [0, 1]; and whether it ends then."""

    moves: Tensor
    share: float
    ends: bool = False


def recalled(run: Run, said: str, seen: Given, number: int, work: float) -> Generator[Progress, None, Recalled | None]:
    """Of what is recalled at a sentence, for the subject of the picture that a window begins with, the best, looked for
    one by one until the deed is seen; None where none is asked for, and where nothing that was seen stands alike.
    `seen` is given to a window that begins with nothing else; looking counts `work` of all that there is to do."""
    job, ask, wanted = run.job, getattr(run.model, "recalled", None), run.wanted(unhurried(said))
    if wanted is None or ask is None or seen.head is None or sent(said) == "elsewhere" or circled(said):
        return None
    with run.watch.phase("recall"):
        picture, fps, size = footage.scaled(seen.head[0], *job.full), job.request.fps, looked(job.full)
        cut, count, every = run.subject.of(picture), min(LOOKS, job.request.candidates), max(1, int(fps / judge.RATE))
        if cut is None:
            return None
        found = ask(unhurried(said), cut.opacity, guessed(run, said, seen), fps, job.request.seed)
        small, first = (cut, picture) if size == job.full else (cut.small(*size), footage.scaled(seen.head[0], *size))
    best: Recalled | None = None
    for at, (moves, ends) in enumerate(timed(islice(found, count), run.watch, "recall"), start=1):
        stop_if(run.cancel)
        with run.watch.phase("recall"):
            moves = cut.within(moves)
            glimpse = np.stack([first, *small.acted(cutout.way(moves)[every - 1 :: every])])
            share = run.best([(pixels(glimpse, run.model, size)[0], fps / every)], wanted)[1]
        best = Recalled(moves, share, ends) if best is None or share > best.share else best
        done, left = run.meter.advance(work / count)
        preview = partial(Clip, glimpse, fps / every)
        yield Progress(1, len(job.stages), at, count, done, left, preview, None, number + 1, len(job.spans))
        if share >= SEEN:
            break
    return best


@torch.no_grad()
def guessed(run: Run, said: str, seen: Given) -> Tensor:
    """How a clip before a camera that stands moves by the model's first guess, the mean of all that it may be, (2, T-1, h,
    w) in shares of its width."""
    plan, fps, prompt = planned(run.job, run.model, seen, run.job.sizes[0]), run.job.request.fps, unhurried(said)
    state, now = plan.start(torch.zeros_like(plan.value)), plan.clock(1.0)
    words = run.read(staying(prompt) if filmed(prompt) or sent(prompt) else prompt)
    clean = state - now * run.model.velocity(words, plan, fps)(state, now)
    return run.model.movement(clean)[0, :, : run.job.frames - 1]  # type: ignore[attr-defined]
