"""A sentence as a script: what is asked for beat by beat, English and Chinese.

"0-4: it walks | 4-8: it runs" has two beats, any other text one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from motionalchemy.errors import InputError
from motionalchemy.language import camera, headings
from motionalchemy.language.camera import CameraMove
from motionalchemy.language.camera_keys import CameraKey
from motionalchemy.language.headings import Heading

TIMED = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[-\u2013\uff0d~\uff5e]\s*(\d+(?:\.\d+)?)\s*[:\uff1a]\s*(.*\S)\s*")


@dataclass(frozen=True)
class CameraWork:
    """What a sentence says of its camera: whether it `moves`, which way it makes a subject turn that it circles, 1 if
    what is near goes to the right, -1 if to the left, 0 if it circles none (`orbit`), and all that was heard of it,
    `heard`; or the `keys` of a path that a person wrote, which count instead."""

    moves: bool
    orbit: int
    heard: tuple[CameraMove, ...] = ()
    keys: tuple[CameraKey, ...] = ()

    @property
    def asked(self) -> tuple[CameraMove, ...]:
        """What can be done of it."""
        return tuple(move for move in self.heard if move.done)


@dataclass(frozen=True, eq=False)
class Beat:
    """What a sentence asks for from frame `begin` of a clip until frame `end`.

    Where its subject is sent (`heading`), whether it `travels`, be it in its place, whether it `hurries`, and how many
    times as fast as usual it is (`pace`); what the `camera` does; how the model that is asked `reads` what is done, if it
    does.
    """

    begin: int
    end: int
    words: str
    heading: Heading
    travels: bool
    hurries: bool
    pace: float
    camera: CameraWork
    reads: Callable[[str], Any] | None = None

    @cached_property
    def action(self) -> Any:
        """What is done, whatever the pace, as the model reads it, None where it reads none; read when first asked for."""
        return None if self.reads is None else self.reads(self.unpaced)

    @cached_property
    def acts(self) -> bool:
        """Whether the model reads an action in the words as they are."""
        return self.reads is not None and self.reads(self.words) is not None

    def begins(self, fps: float) -> float:
        """The second of the clip, at so many frames a second, from which on it moves the picture."""
        return max(self.begin - 1, 0) / fps

    def lasts(self, fps: float) -> float:
        """How many seconds it has to move the picture, at so many frames a second."""
        return self.end / fps - self.begins(fps)

    @property
    def in_place(self) -> str:
        """The same, but of a subject that stays where it stands, before a camera that stands."""
        return headings.in_place(self.words)

    @property
    def unpaced(self) -> str:
        """The same without what is said of the pace."""
        return headings.without_pace(self.words)


@dataclass(frozen=True)
class Script:
    """The beats of a clip in order."""

    beats: tuple[Beat, ...]


def read(
    sentences: Iterable[tuple[int, int, str]],
    action: Callable[[str], Any] | None = None,
    keys: tuple[CameraKey, ...] = (),
) -> Script:
    """Sentences as a script, each with the frames (begin, end) that it holds for; neighbours that say the same are one
    beat. `action` is how a model reads what is done, if it does; `keys` are the camera's path in the place of their words.
    """
    said = list[tuple[int, int, str]]()
    for begin, end, words in sentences:
        if said and said[-1][2] == words:
            said[-1] = (said[-1][0], end, words)
        else:
            said.append((begin, end, words))
    beats = tuple(beat(*each, action) for each in said)
    if keys:
        work = CameraWork(True, 0, keys=keys)
        beats = tuple(replace(each, camera=work) for each in beats)
    return Script(beats)


def beat(begin: int, end: int, words: str, action: Callable[[str], Any] | None = None) -> Beat:
    """One sentence as a beat, see `read`."""
    work = CameraWork(camera.camera_moves(words), camera.orbits(words), camera.read(words))
    going = headings.heading(words), headings.travels(words), headings.hurries(words), headings.pace(words)
    found = Beat(begin, end, words, *going, work)
    if action is None or not headings.in_place(words).strip():  # nobody does anything but the camera
        return found
    return replace(found, reads=action)


def timed_prompts(text: str) -> list[tuple[float, str]]:
    """ "0-4: walks | 4-8: runs" -> [(0, "walks"), (4, "runs")], any other text [(0, text)]; raises InputError."""
    parts = re.split(r"[|\uff5c]", text)
    found = [TIMED.fullmatch(part) for part in parts]
    if not any(found):
        return [(0.0, text)]
    example = "write every part as in '0-4: it walks | 4-8: it runs'"
    timed = []
    for part, match in zip(parts, found, strict=True):
        if match is None:
            raise InputError(f"{part.strip()!r} in the prompt has no seconds: {example}")
        timed.append((float(match[1]), float(match[2]), match[3]))
    ends = [0.0, *(end for _, end, _ in timed)]
    for (begin, end, words), before in zip(timed, ends, strict=False):
        if begin != before or end <= begin:
            raise InputError(f"'{begin:g}-{end:g}: {words}' does not go on from second {before:g}: {example}")
    return [(begin, words) for begin, _, words in timed]
