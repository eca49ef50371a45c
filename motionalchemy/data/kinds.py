"""The kinds of training sample, each as the same plan that inference makes for that task.

Sample i of a seed is a function of (corpus, kind, seed, i) alone.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from motionalchemy.data.backgrounds import Background
from motionalchemy.data.compose import Size
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.draw import actor, backdrop, doers, drifters, edited, sized, world
from motionalchemy.data.facts import Language, Pair
from motionalchemy.data.instructions import MOTION, instruction
from motionalchemy.data.shards import Entry
from motionalchemy.data.world import Actor, World, at_a_moment, describe, render
from motionalchemy.errors import InputError, UnknownName
from motionalchemy.flow import tasks
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import Plan

FPS = 24.0
GRID = Grid()
FROM_A_PICTURE = ("animate", "ends", "views", "motion", "identity")  # begin with a picture, shown standing still
THINGS = 0.2  # the share of siblings that have no gait of their own
TRIES = 4  # to draw another change to retouch than one of style, which is the painter's
SILENT = 0.1  # the share of samples without words, for guidance
Encode = Callable[[Tensor], Tensor]  # (B, 3, T, H, W) in [-1, 1] -> latents (B, C, t, h, w)


@dataclass(frozen=True, eq=False)
class Sample:
    """One thing to learn: the `clip` (T, 3, H, W) in [-1, 1] to be made, and what is given for it.

    `kind` is one of KINDS, `words` the sentence or instruction in both languages and `language` the one to be given
    (None for neither), `beside` the pictures or clips given besides, `at` their frames and `angles` their degrees for
    views, `sources` the keys of all that is seen and `credits` who made it, under which licence; `world` is what the clip
    shows, where that is one world.
    """

    kind: str
    clip: Tensor
    words: Pair
    language: Language | None = None
    beside: tuple[Tensor, ...] = ()
    at: tuple[int, ...] = ()
    angles: tuple[float, ...] | None = None
    sources: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    world: World | None = None

    @property
    def caption(self) -> str:
        """The words as given, empty when there are none."""
        return self.words[self.language] if self.language else ""

    def plan(self, encode: Encode) -> tuple[Plan, Tensor]:
        """The plan of the task that this sample is one of, and the latents (1, C, t, h, w) it should end in."""
        truth = encode(_batch(self.clip))
        still = encode(tasks.standing(_batch(self.clip[:1]), GRID)) if self.kind in FROM_A_PICTURE else truth
        return PLANS[self.kind](self, truth, still, [encode(_batch(given)) for given in self.beside]), truth


def _batch(pictures: Tensor) -> Tensor:
    return pictures.transpose(0, 1).unsqueeze(0)


def _plan_ends(sample: Sample, truth: Tensor, still: Tensor, given: list[Tensor]) -> Plan:
    return tasks.animate(still, truth.shape[2], given[0], (len(sample.clip) - 1) / FPS)


def _plan_extend(sample: Sample, truth: Tensor, still: Tensor, given: list[Tensor]) -> Plan:
    known = max(1, min(sample.at[0], truth.shape[2] - 1))
    return tasks.extend(truth[:, :, :known], truth.shape[2], anchor=truth[:, :, :1])


def _plan_views(sample: Sample, truth: Tensor, still: Tensor, given: list[Tensor]) -> Plan:
    seconds = [0.0] + [frame / FPS for frame in sample.at]
    return tasks.orbit([still, *given], seconds, truth.shape[2], [0.0, *(sample.angles or [])])


PLANS: dict[str, Callable[[Sample, Tensor, Tensor, list[Tensor]], Plan]] = {
    "imagine": lambda s, truth, still, given: tasks.imagine(truth, truth.shape[2]),
    "picture": lambda s, truth, still, given: tasks.imagine(truth, truth.shape[2]),
    "animate": lambda s, truth, still, given: tasks.animate(still, truth.shape[2]),
    "ends": _plan_ends,
    "extend": _plan_extend,
    "views": _plan_views,
    "edit": lambda s, truth, still, given: tasks.edit(given[0], source=True),
    "retouch": lambda s, truth, still, given: tasks.edit(given[0], source=True),
    "motion": lambda s, truth, still, given: tasks.act(still, truth.shape[2], motion=given[0]),
    "identity": lambda s, truth, still, given: tasks.act(still, truth.shape[2], identity=given[0]),
}
KINDS = tuple(PLANS)
ONLY = ("scenes", "turntables")  # kinds of the corpus that are also drawn by themselves, to be animated


def draw(
    corpus: Corpus, kind: str, seed: int, index: int, size: Size = (256, 256), device: torch.device | str = "cpu"
) -> Sample:
    """Sample `index` of one kind, of its worlds only those of ONLY for a kind named there; raises UnknownName for a kind
    that is in neither KINDS nor ONLY, InputError across splits."""
    if kind not in KINDS and kind not in ONLY:
        raise UnknownName("kind of sample", kind, (*KINDS, *ONLY))
    rng = random.Random(f"{seed}/{kind}/{index}")
    language: Language | None = rng.choice(("en", "zh"))
    if kind not in ("edit", "retouch") and rng.random() < SILENT:
        language = None
    return replace(_MAKERS.get(kind, _described)(corpus, kind, rng, size, device), language=language)


def possible(corpus: Corpus) -> tuple[str, ...]:
    """The kinds that a corpus holds enough for: some need two subjects of one motion, or two views of one subject."""
    lacking = {"motion": not corpus.shared_motions, "identity": not corpus.shared_subjects}
    return tuple(kind for kind in KINDS if not lacking.get(kind))


def _group(groups: list[list[Entry]], rng: random.Random, lacking: str) -> list[Entry]:
    if not groups:
        raise InputError(f"this corpus holds no {lacking}: draw another kind, or build a larger corpus")
    return rng.choice(groups)


def siblings(
    corpus: Corpus,
    seed: int,
    index: int,
    size: Size = (256, 256),
    device: torch.device | str = "cpu",
) -> list[Sample]:
    """Two or more `animate` samples that share subject, view, place and mostly the first pose: only what it does, where
    it goes and how fast differ."""
    rng = random.Random(f"{seed}/siblings/{index}")
    back, motion = backdrop(corpus, rng, size), rng.getrandbits(31)
    if rng.random() < THINGS and corpus.entries["emoji"]:
        found = drifters(corpus, rng)
    else:
        found = doers(corpus, rng, _group(corpus.shared_views, rng, "two actions of one subject from one view"))
    return _each(found, back, motion, rng, size, device)


def actions(corpus: Corpus, group: Sequence[Entry], seed: int, size: Size = (256, 256)) -> list[Sample]:
    """An `animate` sample for each entry of a group that shares subject and view, all of them in place."""
    rng = random.Random(f"{seed}/deeds/{group[0].key}")
    back, motion = backdrop(corpus, rng, size), rng.getrandbits(31)
    scale, mirrored = rng.uniform(0.7, 1.0), rng.random() < 0.5
    found = [Actor(corpus.read(entry), None, scale, 0.0, mirrored) for entry in group]
    return _each(found, back, motion, rng, size)


def _each(
    found: list[Actor],
    back: Background,
    motion: int,
    rng: random.Random,
    size: Size,
    device: Any = "cpu",
) -> list[Sample]:
    """A sample of each actor, alone in one place."""
    made = []
    for one in found:
        shown = sized(World(back, (one,), seed=motion))
        clip, words = render(shown, size, device), _said(shown, rng)
        made.append(Sample("animate", clip, words, rng.choice(("en", "zh")), **_origin(shown), world=shown))
    return made


def _origin(*worlds: World) -> dict[str, Any]:
    """The keys and the makers of everything seen in any of the worlds."""
    return {
        "sources": tuple(dict.fromkeys(key for world in worlds for key in world.sources)),
        "credits": tuple(dict.fromkeys(maker for world in worlds for maker in world.credits)),
    }


def _said(shown: World, rng: random.Random) -> Pair:
    return {"en": describe(shown, rng, "en"), "zh": describe(shown, rng, "zh")}


def _described(corpus: Corpus, kind: str, rng: random.Random, size: Size, device: Any) -> Sample:
    """The kinds that are a world and its caption: imagine, picture, animate, ends, extend."""
    shown = world(corpus, rng, size, only=kind if kind in ONLY else None)
    clip = render(shown, size, device)
    if kind == "picture":
        middle = len(clip) // 2  # by then every action that starts from a standing pose can be seen
        clip, shown = clip[middle : middle + 1], replace(shown, still=True)
    named = "animate" if kind in ONLY else kind
    sample = Sample(named, clip, _said(shown, rng), **_origin(shown), world=None if kind == "picture" else shown)
    if kind == "ends":
        return replace(sample, beside=(clip[-1:],), at=(len(clip) - 1,))
    return replace(sample, at=(rng.choice((2, 3, 4)),)) if kind == "extend" else sample


def _views(corpus: Corpus, kind: str, rng: random.Random, size: Size, device: Any) -> Sample:
    """Two to six frames of a turntable or of a moving camera, the sweep between them to be made."""
    turn = corpus.entries["turntables"] and rng.random() < 0.8
    shown = replace(world(corpus, rng, size, only="turntables" if turn else "place"), weather=None)
    clip = render(shown, size, device)
    count, last = rng.randint(1, 5), len(clip) - 1
    at = tuple(round(last * (i + 1) / count) for i in range(count))
    shot = shown.actors[0].layer.facts["camera"] if shown.actors else {}
    sweep = (shot.get("sweep") or 0) * (-1 if "left" in shot.get("move", "") else 1)
    sweep *= -1 if shown.actors and shown.actors[0].mirrored else 1
    angles = tuple(sweep * frame / last for frame in at)
    views = tuple(clip[frame : frame + 1] for frame in at)
    return Sample(kind, clip, _said(shown, rng), beside=views, at=at, angles=angles, **_origin(shown))


def _edit(corpus: Corpus, kind: str, rng: random.Random, size: Size, device: Any) -> Sample:
    """A clip (to `retouch`, one picture of it), an instruction, and what it asks for: all but one thing is the same."""
    before = world(corpus, rng, size, only="edit")
    after, change = edited(before, corpus, rng, size)
    for _ in range(TRIES if kind == "retouch" else 0):
        if change.change == "look":
            after, change = edited(before, corpus, rng, size)
    if kind == "retouch":
        share = rng.random()
        before, after = at_a_moment(before, share), at_a_moment(after, share)
    clips = render(before, size, device), render(after, size, device)
    words = {"en": instruction(change, rng, "en"), "zh": instruction(change, rng, "zh")}
    return Sample(kind, clips[1], words, beside=(clips[0],), **_origin(before, after))


def _pair(corpus: Corpus, rng: random.Random, size: Size, entries: list[Entry]) -> tuple[World, World]:
    """Two worlds of different places, one actor each, both standing alike and turned alike."""
    first, mirrored, made = actor(corpus, rng, entries[0]), rng.random() < 0.5, []
    for entry in entries:
        one = Actor(corpus.read(entry), None, first.scale, 0.0, mirrored)
        made.append(sized(World(backdrop(corpus, rng, size), (one,), seed=rng.getrandbits(31))))
    return made[0], made[1]


def _motion(corpus: Corpus, kind: str, rng: random.Random, size: Size, device: Any) -> Sample:
    """Another subject doing the movement shown, from the same side."""
    group = _group(corpus.shared_motions, rng, "two subjects that share a motion")
    one = rng.choice(group)
    other = rng.choice([entry for entry in group if entry.subject != one.subject])
    shown, made = _pair(corpus, rng, size, [one, other])
    asked = {language: rng.choice(phrases) for language, phrases in MOTION.items()}
    words = asked if rng.random() < 0.4 else _said(made, rng)
    given = render(shown, size, device)
    return Sample(kind, render(made, size, device), words, beside=(given,), **_origin(shown, made))


def _identity(corpus: Corpus, kind: str, rng: random.Random, size: Size, device: Any) -> Sample:
    """The subject of a picture, seen from another side and doing something."""
    group = _group(corpus.shared_subjects, rng, "two views of one subject")
    one = rng.choice(group)
    other = rng.choice([entry for entry in group if entry.key[:6] != one.key[:6]])
    shown, made = _pair(corpus, rng, size, [one, other])
    given = render(shown, size, device)[:1]
    clip = render(made, size, device)
    return Sample(kind, clip, _said(made, rng), beside=(given,), **_origin(shown, made))


_MAKERS = {"views": _views, "edit": _edit, "retouch": _edit, "motion": _motion, "identity": _identity}
