"""Animals that do what a sentence says with the parts that are found of them; else they breathe, and that is said."""

import re
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.beast_words import AskedBeast, Deed, read
from motionalchemy.language.script import Beat
from motionalchemy.motion.alive import alive
from motionalchemy.motion.beast_moves import DEEDS, OF_HEAD, moves_of, staged
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.render.beast_act import BeastAct, Lid, Moves, beast_act
from motionalchemy.scene import beast_matte
from motionalchemy.scene.beasts import Beast, beasts
from motionalchemy.scene.parse import Scene

COMBED = re.compile(r"\bhens?\b|chicken|rooster|\bcocks?\b|(?<!火)鸡", re.IGNORECASE)
Piece = tuple[np.ndarray, tuple[Moves, ...]]
MOST = 6  # animals that are moved at once
SMALL = 0.2  # of the largest: animals that are smaller do not join in what one does
MISSING: dict[Deed, str] = {
    "blink": "no eye was found", "tail": "no tail stands out", "flap": "no two wings are spread",
}  # fmt: skip
FACES: frozenset[Deed] = frozenset(("blink", "look", "shake", "tilt", "nod"))
STIFF, MUCH = ("building", "vehicle"), 0.5  # what is no animal whatever a sentence says, and how much of it


class Beasts:
    """Moves heads, lids, tails, legs and wings of animals that a sentence names."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever a sentence asks something of an animal, and no rendered actor does it."""
        return 0.95 * bool(read(beat.words) and not scene.rendered)

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """All that is asked, by the animals that stand out; what cannot be done is said."""
        yield from ()
        asked = read(beat.words)
        lasts = beat.lasts(means.fps)
        with means.phase("parse"):
            if scene.faces and all(each.deed in FACES for each in asked):
                return None  # what has a face with landmarks is served better by these
            if stiff(scene):
                return None
            matte, plate, complete = beast_matte.whole(scene)
            found = animals(scene, matte, asked, beat.words)
            found = tuple(replace(one, grounded=one.grounded and complete) for one in found)
            if not found:
                return None
            act = acted(scene.picture, matte, plate, found, asked, lasts, means)
        left = means.left(beat, spans.without(beat.words, [each.span for each in asked]))
        if act is None:
            still = alive(scene, lasts, means.loop)
            if still is None:
                return None
            means.note("the animal breathes and sways a little instead")
            return made.with_acts([still], left, served=True)
        return made.with_acts([act], left, served=True)


def stiff(scene: Scene) -> bool:
    """Whether what stands out is a building or a vehicle."""
    if scene.subject is None:
        return True
    there = scene.subject.cells(*scene.regions.probabilities.shape[1:]).numpy() > 0.5
    return bool(there.any()) and float(scene.regions.of(*STIFF)[there].mean()) > MUCH


def animals(scene: Scene, matte: np.ndarray, asked: tuple[AskedBeast, ...], words: str) -> tuple[Beast, ...]:
    """The animals of a matte (H, W) that are large enough to do what is asked."""
    found = beasts(scene.picture, matte, any(each.several for each in asked), COMBED.search(words) is not None)
    return tuple(one for one in found if one.cells.sum() > SMALL * found[0].cells.sum())[:MOST]


def acted(
    picture: np.ndarray,
    matte: np.ndarray,
    plate: np.ndarray,
    found: tuple[Beast, ...],
    asked: tuple[AskedBeast, ...],
    lasts: float,
    means: Means,
) -> BeastAct | None:
    """Animals that do what is asked, and what is said of it; None where they can do nothing of it."""
    act, done, failed = done_by(picture, matte, plate, found, asked, lasts, means.loop)
    for words, why in failed.items():
        if words not in done:
            means.note(f"{words!r} is not done: {why}")
    if act is not None:
        means.note(_note(found, asked, done, len(found)))
    return act


def done_by(
    picture: np.ndarray,
    matte: np.ndarray,
    plate: np.ndarray,
    found: tuple[Beast, ...],
    asked: tuple[AskedBeast, ...],
    lasts: float,
    loop: bool = False,
) -> tuple[BeastAct | None, dict[str, int], dict[str, str]]:
    """Animals of a picture (H, W, 3) uint8, with their matte (H, W) before a plate (H, W, 3), that do what is asked; the
    words that are done, and by how many, and the words that some could not do, and why."""
    size = picture.shape[:2]
    done, failed = dict[str, int](), dict[str, str]()
    behind, moves, lids = list[Piece](), list[Moves](), list[Lid]()
    trunk = np.ones(found[0].cells.shape, np.float32)
    for one, own in zip(found, owned(found), strict=True):
        stage = staged(one, lasts, size, loop)
        for each in {each.deed: each for each in asked}.values():
            why = missing(one, each.deed) or ("" if DEEDS[each.deed](stage, each) else MISSING.get(each.deed, ""))
            if why:
                failed[each.words] = why
            else:
                done[each.words] = done.get(each.words, 0) + 1
        pieces, shut = moves_of(stage, size)
        pieces = [(of * own, tuple(replace(each, share=each.share * own) for each in of_it)) for of, of_it in pieces]
        behind += pieces[:-1]
        trunk = np.minimum(trunk, 1 - own + pieces[-1][0])
        moves += pieces[-1][1]
        lids += shut
    if not done:
        return None, done, failed
    matte = matte * near(found, size)
    sized = [
        (cv2.resize(of, size[::-1], interpolation=cv2.INTER_LINEAR), of_it)
        for of, of_it in (*behind, (trunk, tuple(moves)))
    ]
    return beast_act(picture, plate, matte, sized, tuple(lids)), done, failed


def near(found: tuple[Beast, ...], size: tuple[int, int]) -> np.ndarray:
    """Where some animals are, and a little around them, (H, W) in [0, 1]: others of a matte do not go along."""
    there = np.any([one.cells for one in found], axis=0).astype(np.uint8)
    wider = np.asarray(cv2.dilate(there, np.ones((5, 5), np.uint8)), np.float32)
    return cv2.resize(wider, size[::-1], interpolation=cv2.INTER_LINEAR)


def owned(found: tuple[Beast, ...]) -> list[np.ndarray]:
    """How much of each cell (h, w) goes along with each of several animals: the nearest, with soft seams."""
    if len(found) == 1:
        return [np.ones(found[0].cells.shape, np.float32)]
    far = [cv2.distanceTransform((~one.cells).astype(np.uint8), cv2.DIST_L2, 5) for one in found]
    nearest = np.argmin(far, axis=0)
    return [cv2.GaussianBlur((nearest == number).astype(np.float32), (0, 0), 1.2) for number in range(len(found))]


def missing(one: Beast, deed: Deed) -> str:
    """Why an animal cannot do something, empty where it can."""
    return "no head was surely found" if deed in OF_HEAD and one.head is None else ""


def _note(found: tuple[Beast, ...], asked: tuple[AskedBeast, ...], done: dict[str, int], count: int) -> str:
    """What is done, and how far it is not what was asked."""
    text = f"animal: {', '.join(repr(words) for words in done)}"
    if count > 1:
        text += f" by {max(done.values())} of {count} animals"
    goes = [each for each in asked if each.deed in ("walk", "run", "swim")]
    if goes and goes[0].deed != "swim" and not found[0].legs:
        text += "; no legs were found, so it rocks as it goes"
    if goes and not found[0].grounded:
        text += (
            "; one does not see where it stands or how far it goes on, so it stays there and only its upper part moves"
        )
    if goes and {"left": -1.0, "right": 1.0}.get(goes[0].way, 0.0) * found[0].ahead < 0:
        text += "; it looks the other way, and goes backwards"
    if any(each.deed == "speak" for each in asked):
        text += "; the mouth opens only a little, what is inside is not in the picture"
    return text
