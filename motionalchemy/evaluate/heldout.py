"""One thing to ask for: a case with a known truth, composed from the corpus or drawn for the exact model."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motionalchemy.data import backgrounds, shards
from motionalchemy.data.captions import caption
from motionalchemy.data.compose import compose
from motionalchemy.errors import InputError
from motionalchemy.evaluate.identity import embed
from motionalchemy.media.clip import Clip
from motionalchemy.models.ideal import DRIFTS

SCALE = 0.9  # a layer's height on the picture
CANDIDATES = 12  # train clips of the same action among which the nearest is sought
GROUP = 8  # frames to a latent frame, or a multiple of it, for every model here
DIRECTIONS = list(DRIFTS.items())


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to ask for: the true clip, the sentence in both languages, the facts, and what is given.

    That is the first frame; or the first `known` frames; or the clip `source` to change; or the frames `at`, standing
    at `angles` degrees. `motion` shows how to move. `others` are true clips that begin alike and do something else, and
    `latents(clip)` is what the model's own code says of a clip's movement, None where it says nothing. Cases of one
    `group` resemble each other. `nearest()` is the train clip that a lookup would answer with, None without a corpus.
    """

    key: str
    clip: Clip
    prompts: dict[str, str]  # "en", "zh"
    facts: dict[str, Any]
    nearest: Callable[[], Clip] | None = None
    known: int = 0
    source: Clip | None = None
    motion: Clip | None = None
    at: tuple[int, ...] = ()
    angles: tuple[float, ...] = ()
    others: tuple[Clip, ...] = ()
    latents: Callable[[Clip], np.ndarray] | None = None
    group: str = ""

    @property
    def given(self) -> dict[str, np.ndarray]:
        """What the model is given beside the sentence, as frames (T, H, W, 3), a picture being one frame."""
        frames = self.clip.frames
        if self.source is not None:
            return {"source": self.source.frames}
        if self.known:
            return {"beginning": frames[: self.known]}
        if self.at:
            return {f"view {number}": frames[at : at + 1] for number, at in enumerate(self.at, start=1)}
        shown = {} if self.motion is None else {"motion": self.motion.frames}
        return {"image": frames[:1], **shown}


@dataclass(frozen=True, eq=False)
class Build:
    """A case that is composed when it is called, and its key, which is known before."""

    key: str
    make: Callable[[], Case]

    def __call__(self) -> Case:
        return self.make()


def taken(builds: list[Build], n: int) -> list[Build]:
    """The first `n`; raises InputError when there are fewer."""
    if not 1 <= n <= len(builds):
        raise InputError(f"the test split has {len(builds)} clips: ask for 1 to that many, not {n}")
    return builds[:n]


def half(frames: int) -> int:
    """About half of a clip's frames, in whole latent frames of every model here."""
    return max(GROUP, (frames - 1) // 2 // GROUP * GROUP)


def held_out(corpus: Path, n: int, size: int, seed: int = 0) -> list[Build]:
    """`n` cases of the test split in a seeded order, actors and scenes in turn, each composed when it is called.

    Raises InputError when there are fewer than `n`, MissingPart without a corpus.
    """
    return taken(all_held_out(corpus, size, seed), n)


def all_held_out(corpus: Path, size: int, seed: int = 0) -> list[Build]:
    """Every case that `held_out` could take, in its order."""
    kinds = [shards.index(corpus, "test", (kind,)) for kind in ("actors", "scenes")]
    for entries in kinds:
        random.Random(seed).shuffle(entries)
    order = [entry for pair in zip(*kinds, strict=False) for entry in pair]
    rest = [entry for entries in kinds for entry in entries[len(order) // 2 :]]
    return [Build(e.key, lambda e=e: composed(corpus, e, size, seed)) for e in order + rest]


def composed(corpus: Path, entry: shards.Entry, size: int = 256, seed: int = 0) -> Case:
    """One sample at `size` x `size` pixels over a background drawn from (seed, key); always the same bytes."""
    rng = random.Random(f"{seed}/{entry.key}")
    layer = shards.read(corpus, entry)
    background = backgrounds.simple(rng, (size, size)) if layer.alpha is not None else None
    clip = _finished(layer, background, size)
    style = rng.choice(("short", "plain", "detailed"))
    words = None if background is None else background.words
    prompts = {lang: caption(layer.facts, rng, lang, style, background=words) for lang in ("en", "zh")}
    return Case(entry.key, clip, prompts, layer.facts, lambda: _nearest(corpus, entry, background, clip, seed))


def _finished(layer: shards.Layer, background: backgrounds.Background | None, size: int) -> Clip:
    video = compose(layer, None if background is None else background.picture, (size, size), SCALE)
    return Clip.of(video.transpose(0, 1), float(layer.facts["fps"]))


def _nearest(
    corpus: Path, entry: shards.Entry, background: backgrounds.Background | None, clip: Clip, seed: int
) -> Clip:
    """Of some train clips with the same action, the one whose first frame looks most alike, over the same
    background."""
    alike = [e for e in shards.index(corpus, "train", (entry.kind,)) if e.action == entry.action]
    pool = alike or shards.index(corpus, "train", (entry.kind,))
    picked = random.Random(f"{seed}/{entry.key}").sample(pool, min(CANDIDATES, len(pool)))
    clips = [_finished(shards.read(corpus, e), background, clip.height) for e in picked]
    cosines = embed(np.stack([c.frames[0] for c in clips])) @ embed(clip.frames[0])[0]
    return clips[int(cosines.argmax())]


def drifting(n: int, size: int, seed: int = 0, seconds: float = 2.0, fps: float = 24.0) -> list[Build]:
    """`n` cases whose truth the exact model knows: a texture that drifts in one of five directions, at any size, no
    corpus."""
    frames = round(seconds * fps) + 1
    keys = [f"drift-{number:03d}-{DIRECTIONS[number % len(DIRECTIONS)][0][0]}" for number in range(n)]
    return [Build(key, lambda i=i: drifts(i, size, seed, frames, fps)) for i, key in enumerate(keys)]


def drifts(number: int, size: int, seed: int, frames: int, fps: float, look: int | None = None) -> Case:
    """Case `number` of `drifting`; texture `look` drifts in its direction, number `number` unless given."""
    (en, zh), (down, right) = DIRECTIONS[number % len(DIRECTIONS)]
    rng = np.random.default_rng([seed, number if look is None else look])
    noise = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(np.tile(noise, (3, 3, 1)), (0, 0), size / 24)[size : 2 * size, size : 2 * size]
    picture = cv2.normalize(soft, np.empty(0), 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    moves = [(round(down * size * i / fps), round(right * size * i / fps)) for i in range(frames)]
    clip = Clip(np.stack([np.roll(picture, move, (0, 1)) for move in moves]), fps)
    facts = {"action": {"key": None}, "camera": {"move": None}, "subject": {"en": "texture"}}
    return Case(f"drift-{number:03d}-{en}", clip, {"en": f"the picture drifts: {en}", "zh": f"画面移动：{zh}"}, facts)
