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
from motionalchemy.run import LOT, Progress, Run, flowed
from motionalchemy.staying import circled, filmed, hurries, pace, sent, staying
from motionalchemy.ways import SIDE, SIDES, beside, filmed_by, grown
from motionalchemy.windows import Given, Span

LOOKING, LONG = 0.3, 0.8  # of the work of a window, and of what is left of a clip of several, that looking counts
ENOUGH = 0.3  # the share from which what is recalled is better than what the flow makes of a window
SHORT = 2.1  # seconds of an act in which one who is sent somewhere may leave the picture
LEAST = 0.1  # of the width, that one goes at least who is to stay in the picture; of its size, that it grows
NEARER = 2.0  # of its size, that one grows on a way as long as the picture is wide
LARGEST = 0.95  # of the picture, that one fills at most who comes nearer
FARTHEST = 2.0  # by one more than this the size of one who goes away is divided at most
HORIZON, SINKS = 0.45, 0.5  # of the height, where those that are far away stand; of the way there, that is gone
EDGE = 0.03  # of the width: how near to an edge a subject comes that is to stay in the picture
SLOWS = 0.6  # of a way, from which one slows down


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
    words = [span.prompt or "" for span in job.spans]
    if not _one_picture(run, seen) or (len(words) > 1 and any(map(circled, words))):
        return []
    if job.request.loop and any(filmed(each) or sent(each) for each in words):
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
    """Whether a clip is given one picture and nothing else, by which it is made; of a loop that is its end, too."""
    job, asked = run.job, run.job.request
    free = all(each.role == "anchor" or (each.role == "view" and asked.loop) for each in seen.beside)
    whole = job.first is not None and (asked.loop or not job.due) and asked.task in ("animate", "imagine")
    given = seen.head is not None and seen.clip is None and job.frames > 1
    return free and whole and given and hasattr(run.model, "movement")


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
    work = sum(shares) * LOOKING if len(run.job.spans) == 1 else (1 - run.meter.done) * LONG
    found = yield from recall.recalled(run, said, first, number, work)
    if found is not None:
        act = replace(act, moves=found.moves, share=found.share, ends=found.ends)
    if found is None and len(run.job.spans) == 1:
        return act
    cut, wanted = run.subject.of(footage.scaled(seen.head[0], *run.job.full)), getattr(run.model, "wanted", None)
    deed = sent(said) or (wanted is not None and wanted(said) is not None)
    if found is None and cut is not None and deed:
        field = yield from _made(run.few(LOT), staying(said), first, number)
        act = replace(act, moves=cut.within(cut.rigid(field)))
    if cut is not None and act.moves is not None and sent(said) in SIDES:
        act = replace(act, moves=cut.centred(act.moves))  # its road alone says where it is
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


@torch.no_grad()
def shown(run: Run, span: Span, seen: Given, found: list[Act]) -> Clip:
    """A window of acts; of the frames that exist only the last is drawn again."""
    assert seen.head is not None
    picture = footage.scaled(seen.head[0], *run.job.full)
    first = max(span.known - 1, 0 if span.begin else 1)
    at = torch.arange(span.begin + first, span.begin + seen.frames).float()
    cut, high = run.subject.of(picture), SIDE * picture.shape[0] / picture.shape[1]
    where = placed(found, at, run.job.request.fps, None if cut is None else Stage(cut.box, high))
    if run.job.request.loop:
        where = where.back(((run.job.frames - at) / LED).clamp(0, 1))
    if cut is not None and where.way is not None:
        frames = cut.acted(where.subject, where.ground, where.floor)
    else:
        frames = cutout.moved(picture, at.new_zeros(len(at), 2, 1, 1) if where.ground is None else where.ground)
    return Clip(np.stack([picture] * first + list(frames)), run.job.request.fps)


@dataclass(frozen=True)
class Stage:
    """Where a subject stands in its picture, `box` (left, top, right, low), and how `high` that is, in pixels of a picture
    SIDE wide."""

    box: tuple[float, float, float, float]
    high: float

    @property
    def feet(self) -> Tensor:
        """The place that it stands on, (2,)."""
        left, _, right, low = self.box
        return torch.tensor([(left + right) / 2, low])


@dataclass(frozen=True, eq=False)
class Place:
    """Where things are in some frames: how far right and down a subject has gone `aside` (T, 2) from its `feet` (2,), how
    many times as large it has become, `size` (T,), its `way` in its place before a camera that stands and that of the
    `ground`, (T, 2, h, w), None where it stands."""

    aside: Tensor
    size: Tensor
    feet: Tensor
    way: Tensor | None = None
    ground: Tensor | None = None

    @property
    def subject(self) -> Tensor:
        """The way (T, 2, h, w) of the subject that is seen."""
        assert self.way is not None
        return self._seen(self.way)

    @property
    def floor(self) -> Tensor:
        """The way (T, 2, h, w) of what goes along with it, but does not do what it does."""
        assert self.way is not None
        return self._seen(torch.zeros_like(self.way))

    def _seen(self, way: Tensor) -> Tensor:
        goes = grown(beside(way, self.aside), self.size, self.feet + self.aside)
        return goes if self.ground is None else filmed_by(goes, self.ground)

    def back(self, shares: Tensor) -> "Place":
        """The same on the way back to the picture, of which `shares` (T,) are left."""
        shares = shares.view(-1, 1, 1, 1)
        way, ground = (None if each is None else each * shares for each in (self.way, self.ground))
        return replace(self, way=way, ground=ground)


def placed(found: list[Act], at: Tensor, fps: float, stage: Stage | None) -> Place:
    """Where the subject of a picture, which stands on its `stage`, is in frames `at` (T,) of the last of several acts, and
    what is behind it."""
    *earlier, act = found
    begin, count = max(act.begin - 1, 0), len(at)
    late = at - begin
    nowhere = Place(late.new_zeros(1, 2), late.new_ones(1), late.new_zeros(2) if stage is None else stage.feet)
    before = placed(earlier, late.new_tensor([begin]), fps, stage) if earlier else nowhere
    way, ground = before.way, before.ground
    if act.moves is not None:
        own = cutout.way(played(act.moves, late * pace(act.said), act.ends))
        led = (1 - late / LED).clamp(min=0).view(-1, 1, 1, 1)  # from where the act before has brought it
        way = own if way is None else own + led * way
    if act.ground is not None:
        lasts = max(act.end - begin - 1, act.ground.shape[1])
        slower = act.ground.shape[1] / lasts if filmed(act.said) else 1.0
        own = cutout.way(played(act.ground, late * slower))
        ground = own if ground is None else filmed_by(ground.expand_as(own), own)
    aside, size = before.aside.expand(count, -1), before.size.expand(count)
    if stage is not None:
        long = (act.end - act.begin) / fps > SHORT
        aside, size = _gone(act.said, late / fps, before, stage, long)
    held = [None if each is None else each.expand(count, -1, -1, -1) for each in (way, ground)]
    return Place(aside, size, before.feet, *held)


def _gone(said: str, seconds: Tensor, before: Place, stage: Stage, long: bool) -> tuple[Tensor, Tensor]:
    """How far right and down (T, 2) a subject has gone after so many `seconds` (T,) of an act that may send it somewhere,
    and its size (T,): in one that is `long` it comes to rest before it leaves the picture or is too large for it."""
    to, hurry = sent(said), hurries(said)
    speed = (cutout.HURRY if hurry else cutout.PACE) * pace(said)
    (right, down), size = before.aside[0].tolist(), float(before.size[0])
    left, top, end, low = stage.box
    half, middle = (end - left) / 2 * size, (left + end) / 2 + right
    sinks = SINKS * max(low + down - HORIZON * stage.high, 0.0)  # who comes nearer stands lower in the picture
    gone, grows = torch.zeros_like(seconds), torch.ones_like(seconds)
    if to in SIDES:
        room = SIDE * (1 - EDGE) - middle - half if to == "right" else middle - half - SIDE * EDGE
        gone = SIDES[to] * _eased(seconds * SIDE * speed, max(room, LEAST * SIDE) if long else None)
    elif to == "near":
        most = min(LARGEST * stage.high / (low - top), LARGEST * SIDE / (end - left)) / size
        floor = 1 + (LARGEST * stage.high - low - down) / sinks if sinks else most
        grows = 1 + _eased(seconds * speed * NEARER, max(min(most, floor) - 1, LEAST) if long else None)
    elif to == "far":
        grows = 1 / (1 + _eased(seconds * speed * NEARER, FARTHEST if long else None))
    return torch.stack((right + gone, down + sinks * (grows - 1)), 1), size * grows


def _eased(way: Tensor, end: float | None) -> Tensor:
    """A way (T,) at an even pace that slows down and comes to rest at its `end`, if it has one."""
    if end is None:
        return way
    slows = SLOWS * end
    late = (way - slows).clamp(0, 2 * (end - slows))
    return way.clamp(max=slows) + late - late.square() / (4 * (end - slows))
