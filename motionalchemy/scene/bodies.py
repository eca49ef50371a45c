"""Bodies of a picture, with 33 points each: looked for in the whole picture, in parts of it and below its faces.

The networks are the pose detector and the pose landmarks of MediaPipe (BlazePose, 2006.10204).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from motionalchemy.scene.depth import check
from motionalchemy.scene.looks import back_to, cells, run, sigmoid, square, windows
from motionalchemy.scene.points import Face, Pose

SIDE, LOOK = 224, 256  # pixels that the detector sees, and the network of points
ANCHORS = cells(SIDE, ((28, 2), (14, 2), (7, 6)))
PART = 0.6  # of the longer side, that is looked at besides the whole
LIKELY, SURE = 0.55, 0.4  # scores of the detector with a face, and of the points, from which on a body is one
ALONE, APART = 0.6, 0.85  # of the detector without a face, in the whole picture or a box, and in a part of the picture
BELOW = 4.0, 8.0  # heights of a face that are looked at below its middle, and in all
WIDER = 2.5  # times from the hips to the end of the body, that is looked at
PASSES = 2  # of the points, each where the one before found them
AGREES = 0.75  # of the surely seen points, that lie in the network's own mask of the body
MOVES = 0.07  # of the square, that the points of a body move at most in another look, on average
KNOWN = 8  # points that are surely seen of a body, at least
NEAR = 0.2  # of the longer side: with a torso so long in it, parts of the picture are not looked at
MOST, TRIES = 8, 24  # bodies of a picture, and places that are tried
Box = tuple[float, float, float, float]
Look = tuple[np.ndarray, float, float]
Seen = tuple[float, np.ndarray, float, float]
Candidate = tuple[float, np.ndarray, float, float, float]


def bodies(
    picture: np.ndarray, boxes: Sequence[Box] | None = None, faces: Sequence[Face] | None = None
) -> tuple[Pose, ...]:
    """The bodies of a picture (H, W, 3) uint8, the largest first; raises InputError for another shape or type.

    They are looked for in the picture, in `boxes` (left, top, right, bottom) in pixels and below `faces`. A body is one
    if the detector says so (with less of it where a face is in its place), the network of points says so of two looks,
    the points stay where they are in another, and its own mask of the body covers them.
    """
    check(picture)
    found = list[Pose]()
    for looks in (_first(picture, boxes or (), faces or ()), [(*each, APART) for each in windows(picture, PART)]):
        if any(pose.torso > NEAR * max(picture.shape[:2]) for pose in found):
            break
        for score, centre, size, angle, enough in _candidates(picture, looks, bool(faces))[:TRIES]:
            if len(found) == MOST:
                break
            pose = points(picture, centre, size, angle, found)
            if pose is not None and (score >= enough or any(_of(pose, face) for face in faces or ())):
                found.append(pose)
    return tuple(sorted(found, key=lambda pose: -pose.torso))


def _first(picture: np.ndarray, boxes: Sequence[Box], faces: Sequence[Face]) -> list[Look]:
    """The squares that are looked at first: their middles, sizes, and scores of the detector that are enough there."""
    looks: list[Look] = [(*each, ALONE) for each in windows(picture, 1.0)]
    looks += [(np.array([(l + r) / 2, (t + b) / 2]), 1.3 * max(r - l, b - t), ALONE) for l, t, r, b in boxes]
    for left, top, right, low in (face.box for face in faces):
        below = (top + low) / 2 + (BELOW[0] - 1) * (low - top)
        looks.append((np.array([(left + right) / 2, below]), BELOW[1] * (low - top), APART))
    return looks


def points(
    picture: np.ndarray, centre: np.ndarray, size: float, angle: float, known: Sequence[Pose] = ()
) -> Pose | None:
    """The body in a square of a picture, None where it shows none, or one that is `known`."""
    high, wide = picture.shape[:2]
    for number in range(PASSES):
        where, seen, score, outputs, matrix = _look(picture, centre, size, angle)
        along = where[34, :2] - where[33, :2]
        centre, size = where[33, :2], WIDER * float(np.hypot(*along))
        angle = float(np.arctan2(along[0], -along[1]))
        if score < SURE * (0.5 if number == 0 else 1) or not 8 < size < 8 * max(high, wide):
            return None
        if not all(_apart(where, seen, other) for other in known):
            return None
    again, _, surely, _, _ = _look(picture, centre + 0.05 * size, size * 1.2, angle + 0.15)
    sure = (seen > 0.5) & _inside(where[:33], picture)
    if surely < SURE or sure.sum() < KNOWN:
        return None
    if np.linalg.norm(again[:33, :2] - where[:33, :2], axis=1)[sure].mean() > MOVES * size:
        return None
    matte = cv2.warpAffine(sigmoid(outputs[2].reshape(LOOK, LOOK)), matrix, (wide, high), flags=cv2.INTER_LINEAR)
    world = outputs[3].reshape(39, 3)[:33].copy()
    world[:, :2] = world[:, :2] @ (matrix[:, :2] / np.hypot(*matrix[:, 0])).T
    floats = [each.astype(np.float32) for each in (where[:33], seen, world)]
    pose = Pose(floats[0], floats[1], floats[2], score, matte)
    return pose if _covered(pose, sure) else None


def _look(
    picture: np.ndarray, centre: np.ndarray, size: float, angle: float
) -> tuple[np.ndarray, np.ndarray, float, list[np.ndarray], np.ndarray]:
    """What the network of points sees in a square: points (39, 3), how surely they are seen (33,), how surely it is a
    body, its outputs, and the matrix from its pixels to the picture's."""
    look, matrix = square(picture, centre, size, angle, LOOK, cv2.BORDER_CONSTANT)
    outputs = run("pose", look)
    raw = outputs[0].reshape(39, 5)
    where = np.concatenate((back_to(raw[:, :2], matrix), raw[:, 2:3] * size / LOOK), 1)
    seen = sigmoid(raw[:33, 3]) * sigmoid(raw[:33, 4])
    return where, seen, float(outputs[1].reshape(-1)[0]), outputs, matrix


def _candidates(picture: np.ndarray, looks: list[Look], faces: bool) -> list[Candidate]:
    """Where bodies may be, the likeliest first: score, the hips, the size of the square round the whole body, its angle,
    and the score that is enough without a face."""
    found = [(*each, enough) for centre, size, enough in looks for each in _detected(picture, centre, size)]
    kept = list[Candidate]()
    for each in sorted(found, key=lambda one: one[4] - one[0]):
        new = all(np.linalg.norm(each[1] - other[1]) > 0.1 * max(each[2], other[2]) for other in kept)
        if new and (faces or each[0] >= each[4]):
            kept.append(each)
    return kept


def _detected(picture: np.ndarray, centre: np.ndarray, size: float) -> list[Seen]:
    """Where the detector sees bodies in a square: score, the hips, the size of the square round the whole body, angle."""
    look, matrix = square(picture, centre, size, 0.0, SIDE, cv2.BORDER_CONSTANT)
    boxes, scores = run("pose-detection", look, signed=True)
    surely = sigmoid(scores[:, 0])
    found = list[Seen]()
    for number in np.argsort(-surely)[:60]:
        if surely[number] < LIKELY or len(found) == MOST:
            break
        hips, end = back_to(boxes[number, 4:8].reshape(2, 2) + ANCHORS[number], matrix)
        along = end - hips
        reach = WIDER * float(np.hypot(*along))
        if all(np.linalg.norm(hips - other[1]) > 0.15 * max(reach, other[2]) for other in found):
            found.append((float(surely[number]), hips, reach, float(np.arctan2(along[0], -along[1]))))
    return found


def _inside(where: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Which points (n, 2 or 3) lie in a picture (H, W, ...)."""
    high, wide = picture.shape[:2]
    x, y = where[:, 0], where[:, 1]
    return (x >= 0) & (y >= 0) & (x < wide) & (y < high)


def _covered(pose: Pose, sure: np.ndarray) -> bool:
    """Whether the points that are `sure` (33,) lie in the network's own mask of the body."""
    assert pose.matte is not None
    x, y = pose.points[sure, :2].astype(int).T
    near = cv2.dilate(pose.matte, np.ones((5, 5), np.uint8))
    return float((near[y, x] > 0.5).mean()) > AGREES


def _of(pose: Pose, face: Face) -> bool:
    """Whether a face is that of a body: its nose is in the face."""
    left, top, right, low = face.box
    return left < pose.points[0, 0] < right and top < pose.points[0, 1] < low


def _apart(where: np.ndarray, seen: np.ndarray, other: Pose) -> bool:
    """Whether points (39, 3) that are `seen` (33,) are those of another body."""
    if np.linalg.norm(where[0, :2] - other.points[0, :2]) < 0.2 * other.torso:
        return False
    both = (seen > 0.5) & (other.seen > 0.5)
    away = np.linalg.norm(where[:33, :2] - other.points[:, :2], axis=1)[both]
    return not both.any() or float(np.median(away)) > 0.3 * other.torso
