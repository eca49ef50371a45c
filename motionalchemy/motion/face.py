"""Faces that act: what a sentence asks of them is done by meshes over the faces that are found."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import face_words, spans
from motionalchemy.language.face_words import AskedFace
from motionalchemy.language.script import Beat
from motionalchemy.media.sound import RATE
from motionalchemy.motion.expressions import Sitter
from motionalchemy.motion.face_timing import Acted, Speaking, babble, planned
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.motion.speech import Voice
from motionalchemy.render.face_act import FaceAct, face_act
from motionalchemy.render.face_layers import polygon
from motionalchemy.scene.face_covers import covers
from motionalchemy.scene.face_mesh import OVAL, FaceFit, fitted
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.points import Face as FacePoints

SMALLEST = 9.0  # pixels between the eyes, below which a face is left as it is
MOST = 6  # faces that act at once
COVERED = 0.75  # of a face's oval, that a matte has to cover to be this person's
NECK = 0.5  # of what is below a chin, that a matte covers at least which shows a neck
JAW = frozenset((397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172))  # of the oval
NAMES = {"close": "close the eyes", "wide": "open the eyes wide", "gape": "open the mouth", "brows": "raise the brows",
         "bow": "lower the head", "lift": "raise the head", "surprise": "be surprised", "sad": "be sad",
         "shake": "shake the head", "turn": "turn", "tilt": "tilt"}  # fmt: skip


class Face:
    """Lets faces blink, smile, talk, nod, turn and look."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Where a sentence asks something of a face."""
        return 0.9 if face_words.read(beat.words) else 0.0

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """The acts of the faces that are meant."""
        yield from ()
        asked = face_words.read(beat.words)
        if not asked:
            return None
        with means.phase("parse"):
            meant = chosen(scene.faces, face_words.many(beat.words))
        if not meant:
            why = "no face was found" if not scene.faces else "the faces are too small"
            means.note(f"{said(beat.words, asked)} is not done: {why}")
            return None
        seconds = beat.lasts(means.fps)
        voice = _voice(means, beat.begins(means.fps)) if any(each.deed == "talk" for each in asked) else None
        with means.phase("parse"):
            acts = [
                acting(scene, face, asked, seconds, means.loop, means.seed + number, voice)
                for number, face in enumerate(meant)
            ]
        means.note(_note(meant, asked, len(scene.faces)))
        left = spans.without(beat.words, [each.span for each in asked])
        return made.with_acts(acts, means.left(beat, left), served=True)


def chosen(found: Sequence[FacePoints], several: bool) -> tuple[FacePoints, ...]:
    """The faces that are meant: the largest, or all of some size."""
    large = [face for face in found if face.between >= SMALLEST]
    if not several:
        return tuple(large[:1])
    return tuple(face for face in large if face.between > 0.3 * large[0].between)[:MOST]


def acting(
    scene: Scene,
    face: FacePoints,
    asked: tuple[AskedFace, ...],
    seconds: float,
    loop: bool = False,
    seed: int = 0,
    speech: Speaking | None = None,
) -> FaceAct:
    """One face of a scene that does what is asked, in so many seconds."""
    fit = fitted(face)
    sitter = Sitter(fit, covers(scene.picture, fit))
    performance = Acted(sitter, planned(asked, seconds, loop), seconds, speech or babble(seconds, seed), loop)
    return face_act(scene.picture, fit, performance, covered(scene, fit))


def covered(scene: Scene, fit: FaceFit) -> np.ndarray:
    """Where a person is, (H, W) in [0, 1]; where no matte covers the face, all goes with the head and fades out around."""
    oval = polygon(scene.picture.shape, fit.points[OVAL])
    for matte in _mattes(scene, oval.shape):
        if (matte * oval).sum() > COVERED * max(float(oval.sum()), 1.0):
            return with_neck(matte, fit)
    return np.ones_like(oval)


def _mattes(scene: Scene, size: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Where people may be, (H, W) in [0, 1]: what stands out, then what looks like one."""
    if scene.subject is not None:
        yield scene.subject.opacity.numpy()
    regions = cv2.resize(scene.regions.of("hair", "skin", "clothes"), size[1::-1], interpolation=cv2.INTER_LINEAR)
    yield np.clip((regions - 0.25) / 0.5, 0, 1).astype(np.float32)


def _voice(means: Means, begins: float) -> Voice | None:
    """The voice that is given, from a second of the clip on."""
    if means.audio is None:
        return None
    return Voice(replace(means.audio, samples=means.audio.samples[round(begins * RATE) :]))


def with_neck(matte: np.ndarray, fit: FaceFit) -> np.ndarray:
    """A matte (H, W) that goes on below the chin where it ends there, as that of a head cut off from its body does: what is
    below then bends softly and no edge of the head shows on it."""
    rings = fit.points[468:, :2].reshape(-1, len(OVAL), 2)
    low = [number for number, point in enumerate(OVAL) if point in JAW]
    below = np.concatenate((fit.points[OVAL[low], :2], rings[-1][low][::-1]))
    inside = polygon(matte.shape, below)
    if (matte * inside).sum() > NECK * inside.sum():
        return matte
    return np.maximum(matte, polygon(matte.shape, below, 0.06 * fit.size))


def said(words: str, asked: Sequence[AskedFace]) -> str:
    """What was asked, in the words of the sentence."""
    return ", ".join(repr(words[begin:end].strip()) for begin, end in (each.span for each in asked))


def _note(meant: Sequence[FacePoints], asked: Sequence[AskedFace], count: int) -> str:
    """What is done, in one sentence."""
    who = "" if count == 1 else f" by {len(meant)} of {count} faces" if len(meant) > 1 else " by the largest face"
    ways = dict.fromkeys(" ".join((NAMES.get(each.deed, each.deed), each.side)).strip() for each in asked)
    return f"face: {', '.join(ways)}{who}"
