"""People who do with their bodies what a sentence says, limb by limb; what has no skeleton breathes instead."""

from collections.abc import Generator
from typing import Any

import cv2
import numpy as np

from motionalchemy.language import spans
from motionalchemy.language.beast_words import AskedBeast, Deed
from motionalchemy.language.body_words import Action, Asked, read
from motionalchemy.language.script import Beat
from motionalchemy.media import pullpush
from motionalchemy.motion import body_plan
from motionalchemy.motion.alive import alive
from motionalchemy.motion.beast_moves import OF_HEAD
from motionalchemy.motion.beasts import done_by
from motionalchemy.motion.body_moves import RATE
from motionalchemy.motion.movers import BeatMotion, Means, Part
from motionalchemy.render import body_act
from motionalchemy.render.act import Act
from motionalchemy.render.puppet import puppet
from motionalchemy.scene import beasts, filling, kind, limbs, skeleton
from motionalchemy.scene.parse import Scene
from motionalchemy.scene.shadows import cast
from motionalchemy.scene.skeleton import Skeleton

ARMS = frozenset({"wave", "clap", "raise", "cheer", "exercise"})
"""What cannot be shown without an arm that moves."""
LEGS = frozenset({"kick", "squat"})
ANYONE = frozenset({"walk", "run", "jump", "hop", "sway"})
"""What things and animals do, too: where no person is found, it is left to what moves those."""
NOBODY = "no person with a skeleton was found"
LIVES = 0.35  # of a subject, that regions of animals and people cover, from which on it lives
NEAREST: dict[Action, tuple[Deed, str]] = {
    "nod": ("nod", "the head nods by its outline"),
    "bow": ("lower", "only the head bows"),
    "look": ("look", "the head turns by its outline"),
    "turn": ("look", "only the head turns"),
    "wave": ("tilt", "no hand stands out, so the head tilts in greeting"),
    "raise": ("lift", "no arms stand out, so only the head rises"),
    "cheer": ("hop", "no arms stand out, so the whole hops"),
    "jump": ("hop", "the whole hops stiffly"),
    "hop": ("hop", "the whole hops stiffly"),
    "dance": ("sway", "the whole sways to the beat"),
    "sway": ("sway", "the whole sways"),
    "walk": ("walk", "it rocks from foot to foot as it goes"),
    "run": ("run", "it rocks from foot to foot as it goes"),
}
"""What is done instead by one who stands out without a skeleton, and how that is said."""
WHOLE: frozenset[Deed] = frozenset(("hop", "walk", "run"))
MOST = 3  # people who are moved at once


class Acting:
    """Moves people limb by limb, where a sentence asks for it and the picture shows them."""

    part: Part = "acts"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Wherever something is asked that people do with their bodies, and no rendered actor does it."""
        return 0.8 * bool(read(beat.words) and not scene.rendered)

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """All that is asked of those who are named; where nobody is found, what stands out breathes, and that is said."""
        yield from ()
        asked = read(beat.words)
        if not asked:  # others have done it
            return None
        lasts = beat.lasts(means.fps)
        with means.phase("parse"):
            people = skeleton.skeletons(scene)
            if not people:
                return _instead(scene, beat, means, made, asked, lasts)
            acts, done = list[Act](), list[spans.Span]()
            for one in asked[:1]:
                found = [act for person in named(people, one) if (act := acted(scene, person, one, lasts, means))]
                acts += found
                done += one.spans if found else ()
            for late in asked[1:]:
                means.note(
                    f"{late.words!r} is not done: one thing at a time is done in a beat; write it as a sentence of its own"
                )
        if not acts:
            return _instead(scene, beat, means, made, asked, lasts, "it has no limb that is surely seen for that")
        return made.with_acts(acts, means.left(beat, spans.without(beat.words, done)), served=True)


def named(people: tuple[Skeleton, ...], asked: Asked) -> list[Skeleton]:
    """Those of whom a sentence speaks, else the largest."""
    across = sorted(people, key=lambda person: float(person.hips[0]))
    if asked.who == "all":
        return list(people[:MOST])
    return [across[0]] if asked.who == "left" else [across[-1]] if asked.who == "right" else [people[0]]


def acted(scene: Scene, person: Skeleton, asked: Asked, lasts: float, means: Means) -> Act | None:
    """A person who does what is asked, and what is said of it; None where the limbs for it are not seen."""
    cut = limbs.cut(scene.picture, person)
    moving = set(cut.limbs)
    need = "arm" if asked.action in ARMS else "leg" if asked.action in LEGS else ""
    if (need and not any(need in limb for limb in moving)) or (
        asked.action == "clap" and len([x for x in moving if "arm" in x]) < 2
    ):
        why = sorted({f"{limb}: {text}" for limb, text in cut.skeleton.stays.items() if text and need in limb})
        means.note(f"{asked.words!r} is not done with the {need}s ({'; '.join(why)})")
        return None
    stands = puppet(cut)
    plan = body_plan.attitudes(stands, asked, lasts, means.loop)
    stays = [limb for limb in skeleton.LIMBS if limb not in moving]
    text = "a drawn figure" if person.drawn else "a person"
    means.note(
        f"body: {asked.words!r} is done by {text}" + (f"; with the trunk stay {', '.join(stays)}" if stays else "")
    )
    if cut.held:
        means.note(f"what the person holds goes along with the {' and the '.join(cut.held)}")
    plate = behind(scene, person)
    shadow = None if person.drawn else cast(scene.picture, person, plate)
    if shadow is not None:
        plate = plate / np.maximum(1 - shadow[..., None], 0.4)
    return body_act.act(stands, scene.picture, plate.clip(0, 255), plan, RATE, shadow)


def behind(scene: Scene, person: Skeleton) -> np.ndarray:
    """What stands behind a person (H, W, 3) float32: the plate of the scene, filled where only this one is."""
    reach = max(5, max(scene.picture.shape[:2]) // 40) | 1
    hole = cv2.dilate((person.matte > 0.02).astype(np.uint8), np.ones((reach, reach), np.uint8))
    if person.drawn:
        return pullpush.filled(scene.picture.astype(np.float32), 1.0 - hole)
    known = scene.subject is not None and float((scene.subject.opacity.numpy() > 0.3)[person.matte > 0.5].mean()) > 0.97
    if known:
        return scene.plate[0].permute(1, 2, 0).numpy() * 255
    found = filling.filled(scene.picture, hole > 0)
    return np.where(hole[..., None] > 0, found, scene.picture).astype(np.float32)


def _instead(
    scene: Scene,
    beat: Beat,
    means: Means,
    made: BeatMotion,
    asked: tuple[Asked, ...],
    lasts: float,
    why: str = NOBODY,
) -> BeatMotion | None:
    """The nearest thing that can be done without a skeleton: with the head or the whole, if one is found, else breath."""
    done = [span for one in asked for span in one.spans]
    left = means.left(beat, spans.without(beat.words, done))
    if why == NOBODY and lives(scene) and asked[0].action in NEAREST:
        deed, text = NEAREST[asked[0].action]
        act = nearest(scene, asked[0], deed, lasts, means.loop)
        if act is not None:
            means.note(f"{asked[0].words!r}: {why}; {text}")
            return made.with_acts([act], left, served=True)
    if all(one.action in ANYONE for one in asked):
        return None
    act = alive(scene, lasts, means.loop)
    if act is None:
        return None
    means.note(f"{asked[0].words!r} is not done: {why}; it breathes and sways a little instead")
    return made.with_acts([act], left, served=True)


def nearest(scene: Scene, asked: Asked, deed: Deed, lasts: float, loop: bool) -> Act | None:
    """The figure that stands out doing a deed with what is found of it without a skeleton."""
    assert scene.subject is not None
    opacity = scene.subject.opacity.numpy()
    found = beasts.beasts(scene.picture, opacity)[: MOST if asked.who == "all" else 1]
    found = tuple(
        beasts.upright(one, opacity.shape[1] / one.cells.shape[1]) for one in found if beasts.solid(one, opacity)
    )
    if not found or (deed in OF_HEAD and found[0].head is None) or (deed in WHOLE and not found[0].grounded):
        return None
    way = asked.way
    wanted = AskedBeast(deed, "", way, asked.pace, asked.strength, False, asked.words, asked.spans[0])
    plate = scene.plate[0].permute(1, 2, 0).numpy() * 255
    return done_by(scene.picture, opacity, plate, found, (wanted,), lasts, loop)[0]


def lives(scene: Scene) -> bool:
    """Whether what stands out is a person, an animal or a drawn figure."""
    if scene.subject is None:
        return False
    regions = scene.regions.of("animal", "skin", "hair", "clothes")
    there = scene.subject.cells(*regions.shape).numpy() > 0.5
    if not there.any():
        return False
    return float(regions[there].mean()) > LIVES or kind.kind(scene.picture) == "drawing"
