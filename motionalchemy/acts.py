"""One window of a run: what its subject does is recalled or made by the flow, and shown with the subject whole."""

from collections.abc import Generator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from motionalchemy import cutout, moved, retouch
from motionalchemy.clip import Clip
from motionalchemy.run import LOT, Progress, Run, decoded, few, flowed, looked, pixels
from motionalchemy.staying import circled, filmed, goes, hurries, sent, staying
from motionalchemy.ways import SIDES
from motionalchemy.windows import Given, Span


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
    found = yield from moved.acts(run, span, seen, number, shares)
    if moved.sure(job, found):
        with watch.phase("decode"):
            clip = moved.shown(run, span, seen, found)
        done, left = run.meter.advance((1 - run.meter.done) / (len(job.spans) - number))
        last = len(job.stages), len(job.stages), 1, 1
        yield Progress(*last, done, left, lambda: clip, None, number + 1, len(job.spans))
        return clip
    shares = [share * (1 - moved.LOOKING) for share in shares] if found else shares
    run = run.few(LOT) if found else run
    run = run.few(1) if side else run  # who chose by the deed would choose who goes nowhere
    seen = replace(seen, head=subject.begun(seen.head, span.known))
    latents, _ = yield from flowed(run, span, seen, number, shares)
    with watch.phase("decode"):
        clip = decoded(model, latents, seen, job.full, job.request.fps)
        ways = None if seen.head is None else subject.ways(model, latents, clip)
        free, circles = ways is not None and _free(seen), circled(span.prompt or "")
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
        if found and not filmed(span.prompt or "") and not side:
            whole = shown_better(run, span, moved.shown(run, span, seen, found), whole)
        if number + 1 < len(job.spans):
            still = clip if rest is None or not leaves else decoded(model, rest, seen, job.full, job.request.fps)
            new = still.frames[: span.stop - span.begin]
            known = not leaves or (rest is not None and not filmed(span.prompt or ""))
            subject.rests(new if known else None, ways, span.known)
        return whole


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
