"""How a camera moves before a picture, by its depth; or how all behind a subject moves by itself, as the flow sees it."""

import re
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np

from motionalchemy.language.script import Beat
from motionalchemy.motion.camera_path import WAYS, Point, View
from motionalchemy.motion.decomposition import Decomposition
from motionalchemy.motion.movers import ENOUGH, BeatMotion, Means, Part, Shot
from motionalchemy.render.warp import SIDE
from motionalchemy.scene import depth_cut
from motionalchemy.scene.parse import Layer, Scene

FACE = re.compile(r"\b(?:face|head|eyes?|hair|mouth|lips|smile|nose|ears?|hat)\b|脸|头|眼|嘴|面部|鼻|耳|发")
SPOTS: tuple[tuple[re.Pattern[str], Point], ...] = (  # right and down of the middle, in half widths and half heights
    (re.compile(r"\b(?:sky|clouds?|moon|sun|stars?|top|ceiling)\b|天|云|月亮|太阳|星|顶"), (0.0, -0.6)),
    (re.compile(r"\b(?:ground|floor|grass|path|road|bottom|feet)\b|地面|地板|草|路|底|脚"), (0.0, 0.5)),
    (re.compile(r"\b(?:horizon|distance|cent(?:er|re)|middle)\b|地平线|远处|中间|中心|中央"), (0.0, 0.0)),
)
FACE_AT = 0.17  # of its height, how far below the top of a subject its face is
RELIEF, FILLS = 0.3, 0.6  # of its own depth, that a subject keeps; of the picture, from which on it is no thing in it
CLEAR = 0.05  # of the width and of the height, how far from all edges a subject is before which a view can come nearer


class Camera:
    """Moves a camera, or the ground by one window of the flow."""

    part: Part = "ground"

    def suits(self, scene: Scene, beat: Beat) -> float:
        """Best where the camera moves; else it serves what no mover of a subject can."""
        return 1.0 if beat.camera.moves else 0.3

    def move(self, scene: Scene, beat: Beat, means: Means, made: BeatMotion) -> Generator[Any, None, BeatMotion | None]:
        """The shot, or the movement of the ground; None where nothing is left to move, and in a clip of one window, which
        the flow makes whole, unless a subject is moved in it that will be shown, or only a camera is asked for."""
        alone = made.moves is None and means.alone
        acts = scene.subject is not None and bool(beat.heading or beat.action is not None)
        hidden = made.moves is not None and means.alone and made.sure < ENOUGH
        if drawn(beat) and not (scene.rendered and ((alone and acts) or hidden)):
            found = shot(scene, beat, means)
            if found is not None:
                return replace(made, shot=found, sure=made.sure if acts else 1.0)
        if alone or not scene.rendered or (made.acts and not beat.camera.moves):
            return None
        if made.moves is not None and not (beat.camera.moves and (not means.alone or made.sure >= ENOUGH)):
            return None
        field = yield from means.flow(beat.words, choose=False)
        if scene.subject is not None and made.moves is not None:
            split = Decomposition(field * SIDE, scene.subject.rgba[:, 3:])
            field = split.ground.transpose(0, 1) / SIDE
        return replace(made, ground=field)


def drawn(beat: Beat) -> bool:
    """Whether a beat asks for camera moves that are drawn from the picture itself."""
    return bool(beat.camera.keys) or any(move.kind in WAYS for move in beat.camera.asked)


def shot(scene: Scene, beat: Beat, means: Means) -> Shot | None:
    """The camera moves of a beat and what they have to know; None where a subject is circled, or what is has no known
    depth."""
    moves = tuple(move for move in beat.camera.asked if move.kind in WAYS)
    with means.phase("parse"):
        nearness = means.nearness()
        circles = any(move.kind == "orbit" for move in moves)
        solid = scene.subject is not None and scene.rendered  # an actor turns as a solid
        if circles and (nearness is None or solid):
            return None
        if nearness is not None and scene.subject is not None:
            nearness = united(nearness, scene.subject.opacity.numpy())
        depth = depth_cut.cut(scene.picture, nearness)
    for move in moves:
        if move.target and place(scene, move.target) is None:
            means.note(f"{move.target!r} was not found in the picture: the camera heads for its middle")
    return Shot(moves, view(scene, depth), depth)


def united(nearness: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """A nearness (H, W) in which what stands out (its `opacity` (H, W)) is one thing: its own relief is less deep, so that
    no layer ends within it."""
    inside = opacity > 0.5
    if not inside.any() or inside.mean() > FILLS:
        return nearness
    middle = float(np.median(nearness[inside]))
    one = middle + RELIEF * (nearness - middle)
    return (nearness + opacity * (one - nearness)).astype(np.float32)


def view(scene: Scene, depth: depth_cut.DepthCut) -> View:
    """What a path has to know of a scene and its depth."""
    high, wide = scene.picture.shape[:2]

    def near(point: Point) -> float:
        row, column = (round((at * wide) + size / 2) for at, size in ((point[1], high), (point[0], wide)))
        return float(depth.nearness[np.clip(row, 0, high - 1), np.clip(column, 0, wide - 1)])

    room = scene.subject is None or _clear(scene.subject, high / wide)
    return View(high / wide, depth.focus, depth.step, room, lambda target: place(scene, target), near)


def place(scene: Scene, target: str) -> Point | None:
    """Where in a picture something is that a camera heads for, in widths from the middle; None where that is not known.

    What is not a part of a face or of the surroundings is taken for the subject."""
    high = scene.picture.shape[0] / scene.picture.shape[1]
    if not target:
        return None
    if scene.subject is not None:
        left, top, right, low = scene.subject.box
        if FACE.search(target):
            return (left + right) / 2 - 0.5, top + FACE_AT * (low - top) - high / 2
    for words, (across, down) in SPOTS:
        if words.search(target):
            return across / 2, down * high / 2
    if scene.subject is None:
        return None
    left, top, right, low = scene.subject.box
    return (left + right) / 2 - 0.5, (top + low) / 2 - high / 2


def _clear(layer: Layer, aspect: float) -> bool:
    left, top, right, low = layer.box
    return min(left, top / aspect, 1 - right, 1 - low / aspect) > CLEAR
