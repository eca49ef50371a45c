"""What each task is asked on: every case of the corpus's held-out splits, and the same of drifting textures.

The functions of a corpus take (corpus, size, seed) and list all cases in a seeded order, so that a longer run begins
with the shorter one's; those of the exact model take (n, size, seed, frames, fps). A case is composed when it is
called.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from motionalchemy.data import draw, kinds, shards
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.instructions import instruction
from motionalchemy.data.shards import Entry
from motionalchemy.data.world import render
from motionalchemy.evaluate.heldout import DIRECTIONS, Build, Case, all_held_out, composed, drifting, drifts, half
from motionalchemy.media.clip import Clip

EDITS = 500  # edits are drawn at random: as many as there may be
STANDING = "from a standing pose"  # clips of one view that start so start with one picture


def verbs(corpus: Path, size: int, seed: int) -> list[Build]:
    """Clips of one subject that begin with the same picture and do different things, group after group."""
    held = Corpus(corpus, "test")
    alike = ([e for e in group if held.facts(e)["start"] == STANDING] for group in held.shared_views)
    groups = [tuple({e.action: e for e in reversed(group)}.values())[::-1] for group in alike]
    groups = [group for group in groups if len(group) > 1]
    random.Random(seed).shuffle(groups)
    members = [(group, number) for group in groups for number in range(len(group))]
    return [Build(group[i].key, lambda g=group, i=i: _sibling(corpus, g, i, size, seed)) for group, i in members]


def _sibling(corpus: Path, group: tuple[Entry, ...], number: int, size: int, seed: int) -> Case:
    clips, words, facts = _siblings(corpus, group, size, seed)
    others = tuple(clip for i, clip in enumerate(clips) if i != number)
    key = group[number].key
    return Case(key, clips[number], words[number], facts[number], others=others, group=key[:6])


@lru_cache(maxsize=1)
def _siblings(corpus: Path, group: tuple[Entry, ...], size: int, seed: int):
    held = Corpus(corpus, "test")
    made = kinds.actions(held, group, seed, (size, size))
    clips = [Clip.of(sample.clip.transpose(0, 1), kinds.FPS) for sample in made]
    return clips, [sample.words for sample in made], [held.facts(entry) for entry in group]


def edits(corpus: Path, size: int, seed: int) -> list[Build]:
    """A clip, what to change in it, and the clip with that one thing changed."""
    return [Build(f"edit-{i:03d}", lambda i=i: _edit(corpus, size, seed, i)) for i in range(EDITS)]


def _edit(corpus: Path, size: int, seed: int, number: int) -> Case:
    held, rng, square = Corpus(corpus, "test"), random.Random(f"{seed}/edit/{number}"), (size, size)
    before = draw.world(held, rng, square, only="edit")
    after, change = draw.edited(before, held, rng, square)
    source, clip = (Clip.of(render(world, square).transpose(0, 1), kinds.FPS) for world in (before, after))
    prompts = {"en": instruction(change, rng, "en"), "zh": instruction(change, rng, "zh")}
    shown = (after.scene or after.actors[0].layer).facts
    facts = {"change": change.change, "subject": shown["subject"], "action": shown["action"], "camera": {"move": None}}
    facts |= {"look": after.look} if after.look else {}
    return Case(f"edit-{number:03d}", clip, prompts, facts, source=source)


def acts(corpus: Path, size: int, seed: int) -> list[Build]:
    """A subject, and a clip in which another one does what it is to do: motions never learnt, then looks never seen."""
    asked: list[list[Build]] = []
    for split in ("fewshot", "test"):
        held, rng = Corpus(corpus, split), random.Random(f"{seed}/act/{split}")
        asked.append([Build(e.key, lambda e=e, o=o: _act(corpus, e, o, size, seed)) for e, o in pairs(held, rng)])
    new, old = asked
    both = [build for pair in zip(new, old, strict=False) for build in pair]
    known = {build.key for build in both}
    return both + [build for build in new + old if build.key not in known]


def pairs(held: Corpus, rng: random.Random) -> list[tuple[Entry, Entry]]:
    """Every actor of a split that shares its motion with another subject, with one of these, in an order that `rng`
    draws."""
    groups = held.shared_motions
    found = [(e, rng.choice([o for o in group if o.subject != e.subject])) for group in groups for e in group]
    rng.shuffle(found)
    return found


def _act(corpus: Path, entry: Entry, other: Entry, size: int, seed: int) -> Case:
    return replace(composed(corpus, entry, size, seed), motion=composed(corpus, other, size, seed).clip)


def orbits(corpus: Path, size: int, seed: int) -> list[Build]:
    """Three views of a thing on a turntable, and the turn between them."""
    entries = shards.index(corpus, "test", ("turntables",))
    random.Random(seed).shuffle(entries)
    return [Build(e.key, lambda e=e: _turned(composed(corpus, e, size, seed))) for e in entries]


def _turned(case: Case) -> Case:
    """The case with its first, middle and last frame given as views, at the angles the camera has there."""
    last, shot = len(case.clip) - 1, case.facts["camera"]
    sweep = float(shot.get("sweep") or 0) * (-1 if "left" in (shot["move"] or "") else 1)
    at = (0, half(len(case.clip)), last)
    return replace(case, at=at, angles=tuple((sweep or last) * frame / last for frame in at))


def extensions(corpus: Path, size: int, seed: int) -> list[Build]:
    """The first half of a clip is given, the second is to be made."""
    return [Build(build.key, lambda b=build: _begun(b())) for build in all_held_out(corpus, size, seed)]


def _begun(case: Case) -> Case:
    return replace(case, known=len(case.clip) - half(len(case.clip)))


Drift = Callable[[int, int], Case]  # (number, texture) -> the case of that number, seen on that texture


def exact(task: str, n: int, size: int, seed: int, frames: int, fps: float) -> list[Build]:
    """`n` cases of a task that the exact model answers exactly: textures that drift."""

    def drift(number: int, texture: int) -> Case:
        return drifts(number, size, seed, frames, fps, texture)

    plain = drifting(n, size, seed, (frames - 1) / fps, fps)
    return [Build(build.key, lambda i=i: DRIFTED[task](i, drift)) for i, build in enumerate(plain)]


def _drifting_apart(number: int, drift: Drift) -> Case:
    """One of the five directions in which a texture may drift, beside the other four."""
    first = number // len(DIRECTIONS) * len(DIRECTIONS)
    others = tuple(drift(each, first).clip for each in range(first, first + len(DIRECTIONS)) if each != number)
    return replace(drift(number, first), others=others, group=f"{first:03d}")


DRIFTED: dict[str, Callable[[int, Drift], Case]] = {
    "animate": lambda i, drift: drift(i, i),
    "verbs": _drifting_apart,
    "edit": lambda i, drift: replace(drift(i, i), source=drift(i + 1, i).clip),
    "act": lambda i, drift: replace(drift(i, i), motion=drift(i, i + 1).clip),
    "orbit": lambda i, drift: _turned(drift(i, i)),
    "extend": lambda i, drift: _begun(drift(i, i)),
}
