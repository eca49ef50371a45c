"""The first picture of a clip of which only words are given: a place that is drawn, and who stands in it, from an album.

A subject is not drawn: it is a picture of the model's album, set on the ground of the place with a soft shadow, or in the
air.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from motionalchemy.errors import PlanRefused
from motionalchemy.language import lexicon, subjects
from motionalchemy.language.edits import Replacement
from motionalchemy.models import registry
from motionalchemy.models.base import Card
from motionalchemy.scene import album
from motionalchemy.scene.album import AlbumPicture

TALL, WIDE = 0.55, 0.62  # of the shorter side, and of the width: how large a subject is at most
HEAD = 0.75  # how large a head alone is beside a whole subject
FOOT, AIR, WATER = 0.86, 0.45, 0.66  # of the height: where it stands, and where the middle is of what flies, or swims
ASIDE = {"left": 0.6, "right": 0.4}  # of the width: where one begins that goes to a side
SHADOW = 0.5  # how dark the middle of a shadow is
PLAIN = ((214, 222, 230), (238, 238, 234), (206, 204, 198))  # the colours of no place: above, at the horizon, in front
HORIZON = 14 / 32  # as in a place that is drawn
WHERE = re.compile(
    r"\b(?:in front of|on|in|at|under|across|along|through|over|before|against|by|beside|near|inside|into|onto|around)\b "
)
GONE = re.compile(
    r"\b(?:from (?:the )?(?:left|right) )?(?:to|towards?) (?:the )?(?:left|right)\b|\binto the distance\b"
    r"|\b(?:towards|away from) the (?:camera|viewer)\b|\b(?:in place|on the spot|slowly|quickly|fast|happily)\b"
    r"|从[左右][向往到][左右]|[向往朝][左右]边?|[朝向]镜头|[向朝]远[处方]"
)
SWIMS = re.compile(r"\b(?:swim\w*|div(?:es?|ing)|sea|ocean|lake|river|water|underwater)\b|[游潜海湖河水]")
FLIES = re.compile(r"\b(?:fl(?:y|ies|ying)|soar\w*|hover\w*|glid\w*|float\w*)\b|飞|翱翔|飘|悬浮|滑翔")


@dataclass(frozen=True, eq=False)
class FirstPicture:
    """A first picture (H, W, 3) uint8, the picture of the album in it, if there is one, what to say of it, and how dark the
    shadow of that one is, (H, W) in [0, 1], if it throws any."""

    picture: np.ndarray
    album_picture: AlbumPicture | None = None
    notes: tuple[str, ...] = ()
    shadow: np.ndarray | None = None


def first(card: Card, words: str, seed: int, height: int, width: int) -> FirstPicture:
    """The first picture of a clip of which a sentence is given, by a model that draws places; raises PlanRefused where it
    names no place and nothing that the album holds."""
    whole = registry.pictured(card, words, seed, height, width)
    if whole is not None and not _names(card, words):
        return FirstPicture(whole)
    named, behind = None, None
    for text, tried in places(words):
        behind = registry.pictured(card, tried, seed, height, width)
        if behind is not None:
            named = text
            break
    rest = lexicon.normalised(words).replace(named, " ") if named else words
    if whole is not None and not (named and _names(card, rest)):
        return FirstPicture(whole)
    taken = subject(card, rest, seed)
    if taken is None:
        raise PlanRefused(refused(card, words))
    where = (
        f"the place is drawn: {named.strip()!r}"
        if named
        else "no place that is known is named, so there is none behind it"
    )
    behind = _plain(height, width) if behind is None else behind
    picture, shadow = stood(behind, taken, words)
    return FirstPicture(picture, taken, (taken.note, where), shadow)


def subject(card: Card, words: str, seed: int) -> AlbumPicture | None:
    """The picture of a model's album that a sentence asks for, None where there is none."""
    if card.album is None or not card.album.is_dir():
        return None
    held = album.of(card.album)
    found = held.find(words) or held.find(words, album.encoder())
    return None if found is None else held.take(found, words, seed)


def _names(card: Card, words: str) -> bool:
    """Whether a sentence says the very name of something that a model's album holds."""
    return card.album is not None and card.album.is_dir() and album.of(card.album).find(words) is not None


def exchanged(card: Card, asked: Replacement, seed: int) -> AlbumPicture | None:
    """The picture of who is to come in the place of another, None where there is none; where the words may ask for other
    colours alone, neither one of who goes, nor one that they do not name."""
    if asked.sure or card.album is None or not card.album.is_dir():
        return subject(card, asked.new, seed)
    held = album.of(card.album)
    old, new = held.find(asked.old), held.find(asked.new)
    same = (
        new is None
        or (old is not None and {*old.entries} & {*new.entries})
        or lexicon.normalised(new.name) in asked.old
    )
    return None if new is None or same else held.take(new, asked.new, seed)


def refused(card: Card, words: str) -> str:
    """Why a sentence cannot be imagined, and what can be done instead."""
    able = " or ".join(each.name for each in registry.MODELS.values() if "pictures" in each.honours)
    has = f" and has {len(album.of(card.album))} pictures of subjects" if card.album else " alone"
    return (
        f"{card.name} draws places, such as 'a beach under a sunset sky',{has}, and {words!r} names none of these: name a "
        f"place alone or another subject, animate a picture of your own, or use {able}"
    )


def places(words: str) -> Iterator[tuple[str, str]]:
    """Parts of a sentence that may name a place, the longest first, each also as a network should hear it."""
    found = list[tuple[str, str]]()
    for clause in subjects.clauses(GONE.sub(" ", lexicon.normalised(words))):
        if lexicon.HAN.search(clause):
            found += _chinese(clause)
            continue
        for hit in WHERE.finditer(clause):
            text, noun = clause[hit.start() :].strip(), clause[hit.end() :].strip()
            found += [(text, text), (text, noun)] if hit[0].strip() in ("on", "in", "under") else [(text, noun)]
    yield from sorted((pair for pair in found if pair[1]), key=lambda pair: -len(pair[0]))


def _chinese(clause: str) -> list[tuple[str, str]]:
    begins = [0, *(hit.start() for hit in re.finditer("在", clause))]
    ends = [hit.end() for hit in re.finditer("[上中里下内前旁边]", clause)]
    spans = [(clause[begin:end], clause[begin:end].lstrip("在")) for begin in begins for end in ends if end > begin + 1]
    over = [(hit[0], hit[1]) for hit in re.finditer("(?:穿过|走过|跑过|飞过|越过|沿着)(.+)", clause)]
    return [(text, tried) for text, noun in (*spans, *over) for tried in (f"在{noun}", noun)]


def stood(behind: np.ndarray, taken: AlbumPicture, words: str) -> tuple[np.ndarray, np.ndarray | None]:
    """A picture (H, W, 3) uint8 of a place with that of a subject in it, where and how the words say, and how dark the
    shadow of that is, (H, W) in [0, 1], if it stands."""
    import cv2

    height, width = behind.shape[:2]
    tall, wide = taken.picture.shape[:2]
    share = min(TALL * min(height, width) / tall, WIDE * width / wide) * (1 if taken.entry.whole else HEAD)
    size = max(1, round(wide * share)), max(1, round(tall * share))
    alpha = taken.picture[..., 3:].astype(np.float32) / 255
    layer = np.dstack((taken.picture[..., :3] * (alpha / 255), alpha))
    layer = cv2.resize(layer, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC).clip(0, 1)
    said, flies = lexicon.normalised(words), bool(FLIES.search(lexicon.normalised(words)))
    middle = AIR if flies or not SWIMS.search(said) else WATER
    flies = flies or not taken.entry.stands
    left = round(width * ASIDE.get(subjects.facing(words) or "", 0.5) - size[0] / 2)
    top = round(height * middle - size[1] / 2) if flies else round(height * FOOT) - size[1]
    picture, dark = behind.astype(np.float32) / 255, None
    if not flies:
        shadow, aside = _shadow(layer)
        corner = left - aside, top + size[1] - len(shadow) // 2
        picture, dark = _laid(picture, shadow, *corner), 1 - _laid(np.ones_like(picture), shadow, *corner)[..., 0]
    return (_laid(picture, layer, left, top) * 255).round().clip(0, 255).astype(np.uint8), dark


def _shadow(layer: np.ndarray) -> tuple[np.ndarray, int]:
    """What a layer throws on the ground, its outline pressed flat and soft, and how far it reaches beyond it."""
    import cv2

    tall, wide = layer.shape[:2]
    flat = cv2.resize(layer[..., 3], (wide, max(4, tall // 8)), interpolation=cv2.INTER_AREA)
    aside = max(2, tall // 16)
    soft = cv2.GaussianBlur(np.pad(flat, aside), (0, 0), max(1.0, wide / 48)) * SHADOW
    return np.dstack((*[np.zeros_like(soft)] * 3, soft)), aside


def _laid(picture: np.ndarray, layer: np.ndarray, left: int, top: int) -> np.ndarray:
    """A picture with a layer over it, the corner of that at (left, top)."""
    height, width = picture.shape[:2]
    rows, columns = (
        slice(max(0, top), min(height, top + layer.shape[0])),
        slice(max(0, left), min(width, left + layer.shape[1])),
    )
    inside = layer[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    out = picture.copy()
    out[rows, columns] = out[rows, columns] * (1 - inside[..., 3:]) + inside[..., :3]
    return out


def _plain(height: int, width: int) -> np.ndarray:
    """A picture (height, width, 3) uint8 of no place: a pale wall, and a floor."""
    rows = (np.arange(height) + 0.5) / height
    colours = np.stack([np.interp(rows, (0, HORIZON, 1), channel) for channel in zip(*PLAIN, strict=True)], 1)
    return np.repeat(colours[:, None].round().astype(np.uint8), width, 1)
