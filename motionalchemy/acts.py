"""One window of a run: what its subject does is recalled or made by the flow, and shown with the subject whole."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from motionalchemy import cutout, footage, retouch
from motionalchemy.clip import Clip
from motionalchemy.nets import judge
from motionalchemy.nets.repertoire import RATE, paced
from motionalchemy.pace import timed
from motionalchemy.run import LOT, SEEN, Progress, Run, decoded, few, flowed, looked, pixels, planned, stop_if
from motionalchemy.staying import circled, filmed, goes, hurries, pace, sent, staying, unhurried
from motionalchemy.ways import SIDES
from motionalchemy.windows import Given, Span

RECALLING = 0.3  # of the work of a window, that looking at what is recalled counts
LOOKS = 8  # of movements that are recalled
ENOUGH = 0.3  # the share from which one is better than what the flow makes


@dataclass(frozen=True, eq=False)
class Recalled:
    """A subject's `way` (T-1, 2, h, w) that was recalled, in the `clip` of a camera that stands, and how surely the deed is
    seen in that."""

    way: Tensor
    clip: Clip
    share: float


def window(run: Run, span: Span, seen: Given, number: int, shares: list[float]) -> Generator[Progress, None, Clip]:
    """Every step of one window; returns it, decoded at the size of the result."""
    job, model, watch = run.job, run.model, run.watch
    if seen.whole is not None:
        for way in (retouch.exchanged, retouch.painted, retouch.elsewhere):
            take = partial(way, model, job, span, seen, run.kept)
            frames = yield from few(run, (0, len(seen.whole)), take, number, shares)
            if len(frames):
                return Clip(frames, job.request.fps)
        latents, plan = yield from flowed(run, span, seen, number, shares)
        with watch.phase("decode"):
            return retouch.carried(model, latents, plan, seen, job)
    subject, side, rest = run.subject, sent(span.prompt or ""), None
    found = yield from recalled(run, span, seen, number, shares)
    sure = found is not None and found.share >= ENOUGH
    if found is not None and sure and not filmed(span.prompt or ""):
        return found.clip
    shares = shares if found is None else [share * (1 - RECALLING) for share in shares]
    run = run if found is None else run.few(LOT)
    run = run.few(1) if side or sure else run  # who chose by the deed would choose who goes nowhere
    seen = replace(seen, head=subject.begun(seen.head, span.known))
    latents, _ = yield from flowed(run, span, seen, number, shares)
    with watch.phase("decode"):
        clip = decoded(model, latents, seen, job.full, job.request.fps)
        ways = None if seen.head is None else subject.ways(model, latents, clip)
        free, circles = ways is not None and _free(seen), circled(span.prompt or "")
        if found is not None and ways is not None and sure:
            return subject.acted(clip, found.way, ways)
        alone = len(job.spans) == 1  # a later window tears at what is put back
        if ways is not None and free and not circles and alone:
            clip = subject.put_back(clip, ways)
    turns = subject.turns(circles, job.request.fps, job.frames, span.known, len(clip) - 1) if free else []
    if ways is not None and free and circles and not side:
        ways = ways.held()
    elif ways is not None and free and side in SIDES:
        ways = ways.brought(side, (cutout.HURRY if hurries(span.prompt or "") else cutout.PACE) / job.request.fps)
    alone = alone and not side and not any(turns)
    leaves = ways is not None and subject.leaves(ways, bool(side)) and (goes(span.prompt or "") or not alone)
    ways = ways if leaves or any(turns) else None
    if leaves or (ways is not None and circles and not span.known and staying(span.prompt or "")):
        rest = yield from in_place(run, span, seen, number)
    with watch.phase("decode"):
        whole = clip if ways is None else subject.whole(model, clip, ways, rest, span.known, turns)
        if leaves and alone:
            whole = shown_better(run, span, clip, whole)
        if found is not None and not filmed(span.prompt or ""):
            whole = shown_better(run, span, found.clip, whole)
        if number + 1 < len(job.spans):
            still = clip if rest is None or not leaves else decoded(model, rest, seen, job.full, job.request.fps)
            new = still.frames[: span.stop - span.begin]
            known = not leaves or (rest is not None and not filmed(span.prompt or ""))
            subject.rests(new if known else None, ways, span.known)
        return whole


def recalled(
    run: Run, span: Span, seen: Given, number: int, shares: list[float]
) -> Generator[Progress, None, Recalled | None]:
    """The subject of the picture in a movement that the model recalls, one after the other until the deed is seen; None
    where nothing can be asked so, and where nothing that was seen stands alike."""
    job, prompt, head = run.job, span.prompt or "", seen.head
    wanted, ask = run.wanted(unhurried(prompt)), getattr(run.model, "recalled", None)
    apart = span.known or len(job.spans) > 1 or seen.beside or not _free(seen) or sent(prompt) or circled(prompt)
    if wanted is None or ask is None or head is None or apart or job.frames < 2:
        return None
    with run.watch.phase("recall"):
        picture, fps, size = footage.scaled(head[0], *job.full), job.request.fps, looked(job.full)
        cut, count, every = run.subject.of(picture), min(LOOKS, job.request.candidates), max(1, int(fps / judge.RATE))
        if cut is None:
            return None
        found = ask(unhurried(prompt), cut.opacity, guessed(run, span, seen), fps, job.request.seed)
        small, first = (cut, picture) if size == job.full else (cut.small(*size), footage.scaled(head[0], *size))
    best: tuple[Tensor, float] | None = None
    for at, moves in enumerate(timed(islice(found, count), run.watch, "recall"), start=1):
        stop_if(run.cancel)
        with run.watch.phase("recall"):
            way = cutout.way(moves)
            glimpse = np.stack([first, *small.acted(way[every - 1 :: every])])
            share = run.best([(pixels(glimpse, run.model, size)[0], fps / every)], wanted)[1]
        best = (moves, share) if best is None or share > best[1] else best
        done, left = run.meter.advance(sum(shares) * RECALLING / count)
        preview = partial(Clip, glimpse, fps / every)
        yield Progress(1, len(job.stages), at, count, done, left, preview, None, number + 1, len(job.spans))
        if share >= SEEN:
            break
    if best is None:
        return None
    with run.watch.phase("decode"):
        way = cutout.way(paced(best[0], RATE / pace(prompt), job.frames))
        return Recalled(way, Clip(np.stack([picture, *cut.acted(way)]), fps), best[1])


@torch.no_grad()
def guessed(run: Run, span: Span, seen: Given) -> Tensor:
    """How a clip before a camera that stands moves by the model's first guess, the mean of all that it may be, (2, T-1, h,
    w) in shares of its width."""
    plan, fps = planned(run.job, run.model, seen, run.job.sizes[0]), run.job.request.fps
    prompt = unhurried(span.prompt or "")
    state, now = plan.start(torch.zeros_like(plan.value)), plan.clock(1.0)
    words = run.read(staying(prompt) if filmed(prompt) else prompt)
    clean = state - now * run.model.velocity(words, plan, fps)(state, now)
    return run.model.movement(clean)[0, :, : run.job.frames - 1]  # type: ignore[attr-defined]


@torch.no_grad()
def shown_better(run: Run, span: Span, clip: Clip, whole: Clip) -> Clip:
    """Of a clip as it was made, or as it is recalled, and one with its subject whole, which may be stiff, that which
    shows the deed better."""
    wanted = run.wanted(span.prompt or "")
    both = ((pixels(each.frames, run.model, looked(run.job.full))[0], each.fps) for each in (whole, clip))
    return whole if wanted is None else (whole, clip)[run.best(both, wanted)[0]]


def in_place(run: Run, span: Span, seen: Given, number: int) -> Generator[Progress, None, Tensor | None]:
    """Every step of a window whose subject does the same in its place; returns its latents, None where more is given than
    how it begins, and where it does not stay."""
    stands = None if seen.head is None else run.subject.stands(seen.head, span.known)
    if stands is None or not _free(seen):
        return None
    stays = replace(span, prompt=staying(span.prompt or ""))
    latents, _ = yield from flowed(run, stays, replace(seen, head=stands), number, [0.0] * len(run.job.stages))
    return latents if run.subject.stays(run.model, latents) else None


def _free(seen: Given) -> bool:
    """Whether a window is given nothing but how it begins."""
    return all(b.role == "anchor" for b in seen.beside) and seen.clip is None and not seen.closed
