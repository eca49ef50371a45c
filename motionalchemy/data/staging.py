"""Grey little clips for classifiers of movement to learn from: a sample as the suite shows it, or on a path, filmed.

Rendering a world in full costs ten times what looking at its movement does; here a sample is decoded, shrunk and laid
over its background in grey. Paths and cameras are those of `data.moves`.
"""

import io
import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from motionalchemy.data import backgrounds, draw, moves, shards
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.facts import facts_of
from motionalchemy.data.shards import Entry, Layer
from motionalchemy.data.world import FLOATING

SIDE, EVERY = 96, 2  # pixels a side; every second frame of 24 a second
KEPT = 5  # every fifth background serves test clips alone
PLACES = 48  # backgrounds drawn once for all clips of a split
CAMERAS = (*draw.CAMERAS, "static", "static", "static", "follow", "follow")
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, eq=False)
class Figure:
    """A sample in grey: `light` (T, S, S) float32 0..255, multiplied by `alpha` (T, S, S) 0..1 where there is one."""

    light: np.ndarray
    alpha: np.ndarray | None
    facts: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Place:
    """A background in grey, as large as a world: `picture` (H, W) float32 0..255, where its ground ends, if it has one."""

    picture: np.ndarray
    horizon: float
    ground: bool


def _decoded(corpus: Corpus, entry: Entry) -> Iterator[av.VideoFrame]:
    with av.open(io.BytesIO(shards.member(corpus.path / entry.shard, f"{entry.key}.mp4")), mode="r") as file:
        yield from file.decode(video=0)


def figure(corpus: Corpus, entry: Entry) -> Figure:
    """Decode one sample of a split, guarded, in grey and small."""
    facts = corpus.facts(entry)
    frames = []
    for frame in islice(_decoded(corpus, entry), 0, None, EVERY):
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8)  # pyright: ignore[reportArgumentType]
        rows = rows.reshape(plane.height, plane.line_size)[:, : plane.width]
        size = (SIDE, SIDE * plane.height // plane.width)
        frames.append(cv2.resize(rows, size, interpolation=cv2.INTER_AREA))
    light = ((np.stack(frames).astype(np.float32) - 16) * (255 / 219)).clip(0, 255)  # video range
    if entry.kind not in shards.LAYERS:
        return Figure(light, None, facts)
    alpha = ((light[:, SIDE:] - 10) / 237).clip(0, 1)  # what lies outside is what the codec left behind
    return Figure((light[:, :SIDE] - 128 * (1 - light[:, SIDE:] / 255)).clip(0, 255), alpha, facts)


def picture(corpus: Corpus, entry: Entry, number: int) -> Layer:
    """One frame of a sample in colour and at full size, guarded."""
    facts = corpus.facts(entry)
    frame = next(islice(_decoded(corpus, entry), number, None)).to_ndarray(format="rgb24")[None]
    if entry.kind not in shards.LAYERS:
        return Layer(frame, None, facts)
    half = frame.shape[1] // 2
    return Layer(frame[:, :half], frame[:, half:, :, 0], facts)


def places(corpus: Path, split: str, rng: random.Random) -> list[Place]:
    """Backgrounds with something to see on them; none serves clips of both splits."""
    kept = Corpus(corpus, "train")  # the corpus has none of its own for test clips
    for kind, stills in kept._stills.items():
        kept._stills[kind] = [s for s in stills if (zlib.crc32(s["key"].encode()) % KEPT == 0) == (split == "test")]
    drawn = (draw.backdrop(kept, rng, (SIDE, SIDE)) for _ in range(20 * PLACES))
    seen = (b for b in drawn if b.kind not in ("flat", "gradient"))
    return [Place(_grey(b.picture), b.horizon, b.ground) for b, _ in zip(seen, range(PLACES), strict=False)]


def _grey(picture: Any) -> np.ndarray:
    return np.tensordot(np.array(LUMA, np.float32), 255 * picture.numpy(), 1)


def as_it_is(one: Figure, rng: random.Random) -> tuple[np.ndarray, dict[str, Any]]:
    """The sample as `heldout.composed` shows it, (T, S, S) uint8, and its facts."""
    if one.alpha is None:
        return np.rint(one.light).astype(np.uint8), one.facts
    back = _grey(backgrounds.simple(rng, (SIDE, SIDE)).picture)
    fixed = np.full(len(one.light), 0.9), *np.zeros((3, len(one.light)))
    return _over(one, fixed, np.repeat(back[None], len(one.light), axis=0), False), one.facts


def filmed(one: Figure, rng: random.Random, where: list[Place]) -> tuple[np.ndarray, dict[str, Any]]:
    """A layer on a path that agrees with where it faces, under any camera, (T, S, S) uint8, and what is seen of it."""
    place, mirrored, frames = rng.choice(where), rng.random() < 0.5, len(one.light)
    shown = facts_of(one.facts, mirrored)
    path = (shown.side or shown.depth) if shown.action and shown.action.travels and rng.random() < 0.7 else None
    camera = rng.choice(CAMERAS)
    camera = "static" if camera == "follow" and path not in ("left", "right") else camera
    way = moves.route(path, frames, rng, place.horizon, rng.uniform(0.7, 1.0), rng.uniform(-0.1, 0.1))
    view = moves.view(camera, frames, rng, follow=way.x)
    backdrop = [x.expand(frames).numpy() for x in view.sees(moves.WORLD[0], 0.0, 0.0)]
    back = [_placed(place.picture, at, cv2.BORDER_REFLECT) for at in zip(*backdrop, strict=True)]
    lift = way.scale * (_foot(one) - 0.5) + way.lift
    stands = place.ground and one.facts["action"]["key"] not in FLOATING
    at = view.sees(way.scale, way.x, way.y - lift if stands else -way.lift)
    seen = one.facts | {"camera": {"move": camera}, "path": {"key": path or "none"}, "moved": True}
    return _over(one, tuple(x.numpy() for x in at), np.stack(back), mirrored), seen


def _over(one: Figure, at: tuple[np.ndarray, ...], back: np.ndarray, mirrored: bool) -> np.ndarray:
    assert one.alpha is not None
    both = np.stack((one.light, one.alpha), axis=-1)
    both = both[:, :, ::-1] if mirrored else both
    laid = np.stack(
        [_placed(f, where, cv2.BORDER_CONSTANT) for f, where in zip(both, zip(*at, strict=True), strict=True)]
    )
    return np.rint(laid[..., 0] + (1 - laid[..., 1]) * back).clip(0, 255).astype(np.uint8)


def _placed(picture: np.ndarray, at: tuple[float, ...], edge: int) -> np.ndarray:
    """A picture on an S x S canvas; `at` is scale, x, y and angle, as in `compose.placed`."""
    scale, x, y, angle = at
    height, width = picture.shape[:2]
    turn, grow = np.deg2rad(angle), scale * SIDE / height
    linear = grow * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    shift = SIDE * (0.5 + np.array([x, y])) - linear @ (width / 2, height / 2)
    shift += linear @ (0.5, 0.5) - 0.5  # pixel centres
    return cv2.warpAffine(
        np.ascontiguousarray(picture), np.column_stack((linear, shift)), (SIDE, SIDE), borderMode=edge
    )


def _foot(one: Figure) -> float:
    assert one.alpha is not None
    covered = one.alpha.max(axis=-1) > 0.5  # (T, S)
    return float(np.quantile((np.arange(1, SIDE + 1) * covered).max(axis=1), 0.6)) / SIDE if covered.any() else 1.0
