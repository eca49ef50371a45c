"""Faces of a picture, with the points of a mesh: looked for in the whole picture, then in parts of it.

The networks are BlazeFace, the face mesh and the iris network of MediaPipe (1907.05047, 1907.06724, 2006.11341).
"""

from collections.abc import Iterator

import numpy as np

from motionalchemy.scene.depth import check
from motionalchemy.scene.looks import back_to, cells, run, sigmoid, square
from motionalchemy.scene.points import CORNERS, LIDS, Face, Side

SIDE, MESH, IRIS = 128, 192, 64  # pixels that the networks see
ANCHORS = cells(SIDE, ((16, 2), (8, 6)))
PARTS = (1.0, 0.6, 0.35)  # of the longer side, that is looked at at once
LIKELY, SURE = 0.5, 0.75  # scores of the detector, and of the mesh, from which on a face is one
ENOUGH = 0.85  # of the detector in the whole picture, that spares looks at its parts
WIDER = 1.5  # than its box, a face is looked at
PASSES = 3  # of the mesh, each where the one before found it
SAME = 0.3  # overlap of two boxes of one face
MOST = 12  # faces of a picture
SMALLEST = 20.0  # pixels: the smallest box of a face
EYE = 2.3  # widths of an eye, that the iris network sees


def faces(picture: np.ndarray) -> tuple[Face, ...]:
    """The faces of a picture (H, W, 3) uint8, the largest first; raises InputError for another shape or type."""
    check(picture)
    found = list[Face]()
    for _, centre, size, angle in _candidates(picture):
        face = mesh(picture, centre, size * WIDER, angle)
        if face is not None and all(_overlap(face.box, other.box) < SAME for other in found):
            found.append(face)
        if len(found) == MOST:
            break
    return tuple(sorted(found, key=lambda face: -face.between))


def mesh(picture: np.ndarray, centre: np.ndarray, size: float, angle: float) -> Face | None:
    """The face in a square of a picture, None where it shows none."""
    points, score = np.zeros((468, 3)), 0.0
    for number in range(PASSES):
        look, matrix = square(picture, centre, size, angle, MESH)
        raw, surely = run("face-mesh", look)
        score = float(sigmoid(surely.reshape(-1)[0]))
        if score < SURE * (0.5 if number == 0 else 1):
            return None
        raw = raw.reshape(468, 3)
        points = np.concatenate((back_to(raw[:, :2], matrix), raw[:, 2:] * size / MESH), 1)
        across = points[CORNERS["left"][0]] - points[CORNERS["right"][0]]
        angle = float(np.arctan2(across[1], across[0]))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        upright = points[:, :2] @ turn
        low, high = upright.min(0), upright.max(0)
        centre, size = turn @ ((low + high) / 2), float((high - low).max()) * WIDER
    irises = [_iris(picture, points, side, angle) for side in ("right", "left")]
    face = Face(points.astype(np.float32), np.stack(irises).astype(np.float32), score)
    return face if _plausible(face, picture.shape[:2]) else None


def _candidates(picture: np.ndarray) -> list[tuple[float, np.ndarray, float, float]]:
    """Where faces may be: score, centre, size of the box and angle, the likeliest first."""
    found = list[tuple[float, np.ndarray, float, float]]()
    for part in PARTS:
        for look in _parts(picture.shape[:2], part):
            found += _detected(picture, *look)
        if part == PARTS[0] and found and max(each[0] for each in found) > ENOUGH:
            large = max(each[2] for each in found if each[0] > ENOUGH)
            if large > 0.25 * min(picture.shape[:2]):
                break
    kept = list[tuple[float, np.ndarray, float, float]]()
    for each in sorted(found, key=lambda one: -one[0]):
        if all(np.linalg.norm(each[1] - other[1]) > 0.5 * max(each[2], other[2]) for other in kept):
            kept.append(each)
    return kept[: 2 * MOST]


def _parts(size: tuple[int, int], part: float) -> Iterator[tuple[np.ndarray, float]]:
    """The middles and sizes of squares that cover a picture (H, W), overlapping by half."""
    high, wide = size
    side = max(high, wide) * part
    if part == 1:
        yield np.array([wide / 2, high / 2]), side
        return
    for y in np.arange(min(side / 2, high / 2), max(high - side / 4, high / 2 + 1), side / 2):
        for x in np.arange(min(side / 2, wide / 2), max(wide - side / 4, wide / 2 + 1), side / 2):
            yield np.array([x, y]), side


def _detected(picture: np.ndarray, centre: np.ndarray, size: float) -> list[tuple[float, np.ndarray, float, float]]:
    """What the detector sees in a square."""
    look, matrix = square(picture, centre, size, 0.0, SIDE)
    boxes, scores = run("face-detection", look, signed=True)
    surely = sigmoid(scores[:, 0])
    found = list[tuple[float, np.ndarray, float, float]]()
    for number in np.argsort(-surely)[:24]:
        if surely[number] < LIKELY:
            break
        points = boxes[number].reshape(-1, 2)  # middle, size, the eyes, nose, mouth, ears
        places = back_to(points + ANCHORS[number], matrix)
        wide = float(points[1].max()) * size / SIDE
        across = places[3] - places[2]
        if wide >= SMALLEST:
            found.append((float(surely[number]), places[0], wide, float(np.arctan2(across[1], across[0]))))
    return found


def _iris(picture: np.ndarray, points: np.ndarray, side: Side, angle: float) -> np.ndarray:
    """The iris (5, 2) of an eye; the lids of the mesh `points` are set to where the network sees them."""
    lids = list(LIDS[side])
    corners = points[list(CORNERS[side]), :2]
    size = float(np.linalg.norm(corners[0] - corners[1])) * EYE
    look, matrix = square(picture, points[lids, :2].mean(0), max(size, 4.0), angle, IRIS)
    mirror = side == "left"  # the network has seen right eyes alone
    outputs = run("iris", look[:, ::-1] if mirror else look)
    lid, iris = (each.reshape(-1, 3)[:, :2].copy() for each in outputs)
    if mirror:
        lid[:, 0], iris[:, 0] = IRIS - lid[:, 0], IRIS - iris[:, 0]
    points[lids, :2] = back_to(lid[:16], matrix)
    return back_to(iris, matrix)


def _plausible(face: Face, size: tuple[int, int]) -> bool:
    """Whether a mesh looks like a face that is in a picture (H, W): eyes over mouth, neither squeezed nor outside."""
    left, top, right, low = face.box
    high, wide = size
    inside = 0 <= (left + right) / 2 < wide and 0 <= (top + low) / 2 < high
    shape = (right - left) / max(low - top, 1e-6)
    return inside and 0.4 < shape < 1.8 and face.between > 0.12 * max(right - left, low - top)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The share of two boxes that both cover."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / max(sum(areas) - both, 1e-9)
