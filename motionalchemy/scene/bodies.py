"""Bodies of a picture, with 33 points each: looked for in the whole picture and in parts of it.

The networks are the pose detector and the pose landmarks of MediaPipe (BlazePose, 2006.10204).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from motionalchemy.scene.depth import check
from motionalchemy.scene.looks import back_to, cells, run, sigmoid, square
from motionalchemy.scene.points import Pose

SIDE, LOOK = 224, 256  # pixels that the detector sees, and the network of points
ANCHORS = cells(SIDE, ((28, 2), (14, 2), (7, 6)))
LIKELY, SURE = 0.5, 0.6  # scores of the detector, and of the points, from which on a body is one
WIDER = 2.5  # times from the hips to the end of the body, that is looked at
PASSES = 2  # of the points, each where the one before found them
AGREES = 0.5  # of the surely seen points, that lie in the network's own mask of the body
KNOWN = 8  # points that are surely seen of a body, at least
MOST = 6  # bodies of a picture
Box = tuple[float, float, float, float]


def bodies(picture: np.ndarray, boxes: Sequence[Box] = ()) -> tuple[Pose, ...]:
    """The bodies of a picture (H, W, 3) uint8, the largest first, looked for in it and in `boxes` (left, top, right,
    bottom) in pixels; raises InputError for another shape or type."""
    check(picture)
    high, wide = picture.shape[:2]
    looks = [(np.array([wide / 2, high / 2]), float(max(high, wide)))]
    looks += [(np.array([(l + r) / 2, (t + b) / 2]), 1.3 * max(r - l, b - t)) for l, t, r, b in boxes]
    found = list[Pose]()
    for centre, size in looks:
        for middle, reach, angle in _detected(picture, centre, size):
            pose = points(picture, middle, reach, angle)
            if pose is not None and all(_apart(pose, other) for other in found):
                found.append(pose)
            if len(found) == MOST:
                break
    return tuple(sorted(found, key=lambda pose: -pose.torso))


def points(picture: np.ndarray, centre: np.ndarray, size: float, angle: float) -> Pose | None:
    """The body in a square of a picture, None where it shows none."""
    high, wide = picture.shape[:2]
    raw, outputs, matrix = np.zeros((39, 5)), list[np.ndarray](), np.zeros((2, 3))
    where = np.zeros((39, 3))
    for _ in range(PASSES):
        look, matrix = square(picture, centre, size, angle, LOOK, cv2.BORDER_CONSTANT)
        outputs = run("pose", look)
        raw = outputs[0].reshape(39, 5)
        where = np.concatenate((back_to(raw[:, :2], matrix), raw[:, 2:3] * size / LOOK), 1)
        along = where[34, :2] - where[33, :2]
        centre, size = where[33, :2], WIDER * float(np.hypot(*along))
        angle = float(np.arctan2(along[0], -along[1]))
        if not 8 < size < 6 * max(high, wide):
            return None
    score = float(outputs[1].reshape(-1)[0])
    seen = sigmoid(raw[:33, 3]) * sigmoid(raw[:33, 4])
    flags = cv2.INTER_LINEAR
    matte = cv2.warpAffine(sigmoid(outputs[2].reshape(LOOK, LOOK)), matrix, (wide, high), flags=flags)
    turn = matrix[:, :2] / np.hypot(*matrix[:, 0])
    world = outputs[-1].reshape(39, 3)[:33].copy()
    world[:, :2] = world[:, :2] @ turn.T
    pose = Pose(where[:33].astype(np.float32), seen.astype(np.float32), world.astype(np.float32), score, matte)
    return pose if score > SURE and _plausible(pose) else None


def _detected(picture: np.ndarray, centre: np.ndarray, size: float) -> list[tuple[np.ndarray, float, float]]:
    """Where the detector sees bodies in a square: the hips, the size of the square round the whole body, its angle."""
    look, matrix = square(picture, centre, size, 0.0, SIDE, cv2.BORDER_CONSTANT)
    boxes, scores = run("pose-detection", look, signed=True)
    surely = sigmoid(scores[:, 0])
    found = list[tuple[np.ndarray, float, float]]()
    for number in np.argsort(-surely)[:60]:
        if surely[number] < LIKELY or len(found) == MOST:
            break
        hips, end = back_to(boxes[number, 4:8].reshape(2, 2) + ANCHORS[number], matrix)
        along = end - hips
        reach = WIDER * float(np.hypot(*along))
        if all(np.linalg.norm(hips - other[0]) > 0.15 * max(reach, other[1]) for other in found):
            found.append((hips, reach, float(np.arctan2(along[0], -along[1]))))
    return found


def _plausible(pose: Pose) -> bool:
    """Whether points look like those of a body: enough are seen, and they lie in the network's own mask of it."""
    assert pose.matte is not None
    high, wide = pose.matte.shape
    sure = pose.points[(pose.seen > 0.6), :2]
    inside = sure[(sure >= 0).all(1) & (sure < (wide, high)).all(1)].astype(int)
    if len(inside) < KNOWN:
        return False
    near = cv2.dilate(pose.matte, np.ones((5, 5), np.uint8))
    return float((near[inside[:, 1], inside[:, 0]] > 0.5).mean()) > AGREES


def _apart(one: Pose, other: Pose) -> bool:
    """Whether two poses are of two bodies."""
    both = (one.seen > 0.5) & (other.seen > 0.5)
    if not both.any():
        return True
    away = np.linalg.norm(one.points[both, :2] - other.points[both, :2], axis=1)
    return float(np.median(away)) > 0.3 * max(one.torso, other.torso)
