"""A clip that is one picture, moved: what its subject does in it and where it goes, and how the ground goes behind it.

What is recalled, or made by a flow in one window, lasts two seconds. It goes on from where it was most like its end, and a
camera takes as long as the clip does. So a longer clip is moved from its picture like a short one: no window is made from
the one before it, and nothing wears out.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from motionalchemy import cutout, footage, recall
from motionalchemy.clip import Clip
from motionalchemy.job import Job
from motionalchemy.nets.repertoire import LED, played
from motionalchemy.nets.rigid import stiffened
from motionalchemy.run import LOT, Progress, Run, flowed
from motionalchemy.staying import circled, filmed, hurries, pace, sent, staying
from motionalchemy.ways import SIDE, SIDES, beside, filmed_by
from motionalchemy.windows import Given, Span

ENOUGH = 0.3  # the share from which what is recalled is better than what the flow makes of a window
SHORT = 2.1  # seconds of an act in which one who is sent somewhere may leave the picture
LEAST = 0.1  # of the width, that one goes at least who is to stay in the picture
EDGE = 0.03  # of the width: how near to an edge a subject comes that is to stay in the picture
SLOWS = 0.6  # of its road, from which one slows down


@dataclass(frozen=True, eq=False)
class Act:
    """What happens from frame `begin` of a clip until frame `end`, as `said`: how its subject moves, if by itself, and how
    the picture does, if it does, (2, T, h, w) as `recall.Recalled` has it; how surely the deed is seen, and whether it
    `ends`."""

    begin: int
    end: int
    said: str
    moves: Tensor | None = None
    ground: Tensor | None = None
    share: float = 0.0
    ends: bool = False


def acts(run: Run, span: Span, seen: Given, number: int, shares: list[float]) -> Generator[Progress, None, list[Act]]:
    """What happens until the end of a window, one act for each of the sentences so far; none where one of them cannot be
    a picture that is moved. Of a clip of one window only what is recalled is one."""
    job, found = run.job, list[Act]()
    if not _one_picture(run, seen) or (len(job.spans) > 1 and any(circled(each.prompt or "") for each in job.spans)):
        return []
    for act in _said(job):
        if act.begin > span.fresh:
            break
        if act.begin not in run.acts:
            run.acts[act.begin] = yield from _filled(run, act, seen, number, shares)
        found.append(run.acts[act.begin])
    return found if len(job.spans) > 1 or found[-1].moves is not None else []


def sure(job: Job, found: list[Act]) -> bool:
    """Whether these are better than what the flow would make: windows that go on from each other wear a picture out."""
    return bool(found) and (len(job.spans) > 1 or found[-1].share >= ENOUGH)


def _one_picture(run: Run, seen: Given) -> bool:
    """Whether a clip is given one picture and nothing else, by which it is made."""
    job, asked = run.job, run.job.request
    free = seen.head is not None and seen.clip is None and all(each.role == "anchor" for each in seen.beside)
    whole = job.first is not None and not job.due and not asked.loop and asked.task in ("animate", "imagine")
    return free and whole and job.frames > 1 and hasattr(run.model, "movement")


def _said(job: Job) -> list[Act]:
    """The sentences of a clip, as acts of which nothing else is known."""
    found = list[Act]()
    for span in job.spans:
        if found and found[-1].said == (span.prompt or ""):
            found[-1] = replace(found[-1], end=span.stop)
        else:
            found.append(Act(span.fresh, span.stop, span.prompt or ""))
    return found


def _filled(run: Run, act: Act, seen: Given, number: int, shares: list[float]) -> Generator[Progress, None, Act]:
    """An act with what is recalled for it; of a clip of several windows also with what the flow makes in the first of what
    is not recalled, and with the way of the camera."""
    assert seen.head is not None
    first, said = Given(run.job.spans[0].end, seen.head[:1]), act.said
    found = yield from recall.recalled(run, said, first, number, shares)
    if found is not None:
        act = replace(act, moves=found.moves, share=found.share, ends=found.ends)
    if found is None and len(run.job.spans) == 1:
        return act
    cut, deed = run.subject.of(footage.scaled(seen.head[0], *run.job.full)), run.wanted(said) is not None
    if found is None and cut is not None and (deed or sent(said) in SIDES):
        field = yield from _made(run.few(LOT), staying(said), first, number)
        act = replace(act, moves=cut.within(_rigid(field, cut.opacity)))
    if act.moves is None or (filmed(said) and (len(run.job.spans) > 1 or act.share >= ENOUGH)):
        field = yield from _made(run.few(1), said, first, number)
        if cut is not None and act.moves is not None:
            field = cut.ways(field).ground.transpose(0, 1) / SIDE
        act = replace(act, ground=field)
    return act


def _made(run: Run, said: str, first: Given, number: int) -> Generator[Progress, None, Tensor]:
    """How the flow moves a picture, (2, T, h, w), in a window that begins with it."""
    span = replace(run.job.spans[0], prompt=said)
    latents, _ = yield from flowed(run, span, first, number, [0.0] * len(run.job.stages))
    return run.model.movement(latents)[0].cpu()  # type: ignore[attr-defined]


def _rigid(field: Tensor, opacity: Tensor) -> Tensor:
    """A movement (2, T, h, w) in shares of a picture's width that keeps the shape of its subject (H, W)."""
    wide = field.shape[3]
    small = torch.nn.functional.interpolate(opacity[None, None], field.shape[2:], mode="area")[0, 0]
    return stiffened(field * wide, small) / wide


@torch.no_grad()
def shown(run: Run, span: Span, seen: Given, found: list[Act]) -> Clip:
    """A window of acts; of the frames that exist only the last is drawn again."""
    assert seen.head is not None
    picture = footage.scaled(seen.head[0], *run.job.full)
    first = max(span.known - 1, 0 if span.begin else 1)
    at = torch.arange(span.begin + first, span.begin + seen.frames).float()
    cut = run.subject.of(picture)
    where = placed(found, at, run.job.request.fps, None if cut is None else cut.span)
    if cut is not None and where.way is not None:
        frames = cut.acted(where.subject, where.ground)
    else:
        frames = cutout.moved(picture, at.new_zeros(len(at), 2, 1, 1) if where.ground is None else where.ground)
    return Clip(np.stack([picture] * first + list(frames)), run.job.request.fps)


@dataclass(frozen=True, eq=False)
class Place:
    """Where things are in some frames, in pixels of a picture SIDE wide: how far right and down a subject has gone `aside`
    (T, 2), its `way` in its place before a camera that stands and that of the `ground`, (T, 2, h, w), None where it
    stands."""

    aside: Tensor
    way: Tensor | None = None
    ground: Tensor | None = None

    @property
    def subject(self) -> Tensor:
        """The way (T, 2, h, w) of the subject that is seen."""
        assert self.way is not None
        goes = beside(self.way, self.aside)
        return goes if self.ground is None else filmed_by(goes, self.ground)


def placed(found: list[Act], at: Tensor, fps: float, within: tuple[float, float] | None) -> Place:
    """Where a subject that lies `within` two places across the picture, and what is behind it, is in frames `at` (T,) of
    the last of several acts."""
    *earlier, act = found
    begin = max(act.begin - 1, 0)
    late = at - begin
    before = placed(earlier, late.new_tensor([begin]), fps, within) if earlier else Place(late.new_zeros(1, 2))
    way, ground, aside = before.way, before.ground, before.aside.expand(len(at), -1)
    if act.moves is not None:
        own = cutout.way(played(act.moves, late * pace(act.said), act.ends))
        led = (1 - late / LED).clamp(min=0).view(-1, 1, 1, 1)  # from where the act before has brought it
        way = own if way is None else own + led * way
    if act.ground is not None:
        lasts = max(act.end - begin - 1, act.ground.shape[1])
        slower = act.ground.shape[1] / lasts if filmed(act.said) else 1.0
        own = cutout.way(played(act.ground, late * slower))
        ground = own if ground is None else filmed_by(ground.expand_as(own), own)
    if within is not None:
        gone = float(aside[0, 0])
        aside = aside + _road(act, late / fps, (within[0] + gone, within[1] + gone), fps)
    held = [None if each is None else each.expand(len(at), -1, -1, -1) for each in (way, ground)]
    return Place(aside, *held)


def _road(act: Act, seconds: Tensor, within: tuple[float, float], fps: float) -> Tensor:
    """How far right and down (T, 2) a subject that lies `within` two places across the picture has gone in so many
    `seconds` (T,) of an act, if it is sent to a side: in one that is long it comes to rest before it leaves the picture."""
    side = SIDES.get(sent(act.said), 0)
    speed = SIDE * (cutout.HURRY if hurries(act.said) else cutout.PACE) * pace(act.said)
    room = (1 - EDGE) * SIDE - within[1] if side > 0 else within[0] - EDGE * SIDE
    long = (act.end - act.begin) / fps > SHORT
    road = max(room, LEAST * SIDE) if long else speed * SHORT / SLOWS
    late = (seconds * speed - SLOWS * road).clamp(0, 2 * (1 - SLOWS) * road)
    gone = (seconds * speed).clamp(max=SLOWS * road) + late - late.square() / (4 * (1 - SLOWS) * road)
    return torch.stack((side * gone, torch.zeros_like(gone)), 1)
