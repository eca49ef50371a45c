"""One window of a run: an edit, its picture in motion, or what the flow makes of it, shown with its subject whole."""

from collections.abc import Generator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from motionalchemy.language.script import Beat, beat
from motionalchemy.media.clip import Clip
from motionalchemy.motion.decomposition import Decomposition
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.travel import HURRY, PACE
from motionalchemy.pipeline import edits
from motionalchemy.pipeline.animate import LOOKING, animated, known, parsed, rendered
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.run import Run, in_batches
from motionalchemy.pipeline.sampling import BATCH, compared_size, decoded, flowed, pixels
from motionalchemy.pipeline.windows import Span
from motionalchemy.render.warp import SIDES


def window(
    run: Run, span: Span, given: Conditioning, number: int, shares: list[float]
) -> Generator[Progress, None, Clip]:
    """Every step of one window; returns it, decoded at the size of the result."""
    if given.whole is not None:
        return (yield from edited(run, span, given, number, shares))
    draft = yield from animated(run, span, given, number, shares)
    if draft is None:
        return (yield from flow_made(run, span, given, number, shares))
    clip, job = Clip(draft.frames, run.job.request.fps), run.job
    done, left = run.meter.advance((1 - run.meter.done) / (len(job.spans) - number))
    last = len(job.stages), len(job.stages), 1, 1
    yield Progress(*last, done, left, lambda: clip, None, number + 1, len(job.spans))
    return clip


def edited(
    run: Run, span: Span, given: Conditioning, number: int, shares: list[float]
) -> Generator[Progress, None, Clip]:
    """A window of an edit that keeps the source's own pixels: by the first edit that its words ask for, or as the flow
    changes a small clip."""
    assert given.whole is not None
    for edit in edits.EDITS:
        take = partial(edit, run.model, run.job, span, given, run.edits)
        frames = yield from in_batches(run, (0, len(given.whole)), take, number, shares)
        if len(frames):
            return Clip(frames, run.job.request.fps)
    latents, plan = yield from flowed(run, span, given, number, shares)
    with run.watch.phase("decode"):
        return edits.carried(run.model, latents, plan, given, run.job)


def flow_made(
    run: Run, span: Span, given: Conditioning, number: int, shares: list[float]
) -> Generator[Progress, None, Clip]:
    """A window that the flow makes: its clip, decoded, with its subject whole if that leaves its place."""
    job, said, beats = run.job, beat(span.fresh, span.stop, span.prompt or ""), known(run, span)
    shares = [share * (1 - LOOKING) for share in shares] if beats else shares
    run = run.few(BATCH) if beats else run
    run = run.few(1) if said.heading else run  # who chose by the action would choose who goes nowhere
    given = replace(given, head=run.subject.head(given.head, span.known))
    latents, _ = yield from flowed(run, span, given, number, shares)
    with run.watch.phase("decode"):
        clip = decoded(run.model, latents, given, job.full, job.request.fps)
        split = None if given.head is None else run.subject.decompose(run.model, latents, clip)
        if split is not None and _free(given) and not said.camera.orbit and len(job.spans) == 1:
            clip = run.subject.put_back(clip, split)  # a later window would tear at what is put back
    return (yield from kept_whole(run, span, given, said, clip, split, beats, number))


def kept_whole(
    run: Run, span: Span, given: Conditioning, said: Beat, clip: Clip, split: Decomposition | None,
    beats: list[BeatMotion], number: int,
) -> Generator[Progress, None, Clip]:  # fmt: skip
    """A clip that the flow made, its subject shown as a whole where that leaves its place or is turned, or as it is
    retrieved in `beats` where the action is seen better so."""
    job, model, subject, rest = run.job, run.model, run.subject, None
    free, orbit = split is not None and _free(given), said.camera.orbit
    turns = subject.angles(orbit, job.request.fps, job.frames, span.known, len(clip) - 1) if free else []
    if split is not None and free and orbit and not said.heading:
        split = split.at_rest()
    elif split is not None and free and said.heading in SIDES:
        split = split.sent_to(said.heading, (HURRY if said.hurries else PACE) / job.request.fps)
    alone = len(job.spans) == 1 and not said.heading and not any(turns)
    leaves = split is not None and subject.leaves(split, bool(said.heading)) and (said.travels or not alone)
    split = split if leaves or any(turns) else None
    if leaves or (split is not None and orbit and not span.known and said.in_place):
        rest = yield from in_place(run, span, given, said, number)
    with run.watch.phase("decode"):
        whole = clip if split is None else subject.whole(model, clip, split, rest, span.known, turns)
        if leaves and alone:
            whole = better(run, span, clip, whole)
        if beats and not said.camera.moves and not said.heading:
            draft = rendered(run, parsed(run, given), beats, span, given)
            whole = better(run, span, Clip(draft.frames, job.request.fps), whole)
        if number + 1 < len(job.spans):
            still = clip if rest is None or not leaves else decoded(model, rest, given, job.full, job.request.fps)
            new = still.frames[: span.stop - span.begin]
            stays = not leaves or (rest is not None and not said.camera.moves)
            subject.remember(new if stays else None, split, span.known)
        return whole


@torch.no_grad()
def better(run: Run, span: Span, clip: Clip, whole: Clip) -> Clip:
    """Of a clip as it was made, or as it is retrieved, and one with its subject whole, which may be stiff, that which
    shows the action better."""
    action = run.action(span.prompt or "")
    both = ((pixels(each.frames, run.model, compared_size(run.job.full))[0], each.fps) for each in (whole, clip))
    return whole if action is None else (whole, clip)[run.rank(both, action)[0]]


def in_place(
    run: Run, span: Span, given: Conditioning, said: Beat, number: int
) -> Generator[Progress, None, Tensor | None]:
    """Every step of a window whose subject does the same in its place; returns its latents, None where more is given than
    how it begins, and where it does not stay."""
    stands = None if given.head is None else run.subject.head_in_place(given.head, span.known)
    if stands is None or not _free(given):
        return None
    stays, none = replace(span, prompt=said.in_place), [0.0] * len(run.job.stages)
    latents, _ = yield from flowed(run, stays, replace(given, head=stands), number, none)
    return latents if run.subject.stays_in_place(run.model, latents) else None


def _free(given: Conditioning) -> bool:
    """Whether a window is given nothing but how it begins."""
    return all(each.role == "anchor" for each in given.beside) and given.clip is None and not given.closed
