"""Faces of a picture, with the points of a mesh: looked for in the whole picture, then in parts of it.

The networks are BlazeFace, the face mesh and the iris network of MediaPipe (1907.05047, 1907.06724, 2006.11341).
"""

import numpy as np

from motionalchemy.scene.depth import check
from motionalchemy.scene.looks import back_to, cells, run, sigmoid, square, windows
from motionalchemy.scene.points import CORNERS, LIDS, Face, Side

SIDE, MESH, IRIS = 128, 192, 64  # pixels that the networks see
ANCHORS = cells(SIDE, ((16, 2), (8, 6)))
PARTS = (1.0, 0.6, 0.35)  # of the longer side, that are looked at at once
FINER, LARGE = 0.2, 900  # the part that is looked at besides, in pictures with so many pixels on the longer side
TURNS = (np.pi / 2, -np.pi / 2, np.pi)  # that are tried where no head is upright: up to 60 degrees need none
LIKELY, SURE = 0.5, 0.75  # scores of the detector, and of the mesh, from which on a face is one
MOVES = 0.2  # eye distances that the points of a face move at most in another look; those of a false one 0.3 and more
WIDER = 1.5  # than its box, a face is looked at
PASSES = 3  # of the mesh, each where the one before found it
SAME = 0.3  # overlap of two boxes of one face
MOST, TRIES = 12, 40  # faces of a picture, and places that are tried
SMALLEST = 16.0  # pixels: the smallest box of the detector, of a face 20 pixels wide
EYE = 2.3  # widths of an eye, that the iris network sees
SHIFT = 0.3  # eye widths by which it may move the lids of the mesh, on average
Candidate = tuple[float, np.ndarray, float, float]


def faces(picture: np.ndarray) -> tuple[Face, ...]:
    """The faces of a picture (H, W, 3) uint8, the largest first; raises InputError for another shape or type.

    A face is one if the mesh network says so of three looks, its points stay where they are in another, and it looks less
    like one upside down.
    """
    check(picture)
    parts = (*PARTS, FINER) if max(picture.shape[:2]) >= LARGE else PARTS
    found = _meshes(picture, _candidates(picture, parts, 0.0))
    if not found:
        found = _meshes(picture, [each for turn in TURNS for each in _candidates(picture, PARTS[:1], turn)])
    return tuple(sorted(found, key=lambda face: -face.between))


def _meshes(picture: np.ndarray, candidates: list[Candidate]) -> list[Face]:
    found = list[Face]()
    for _, centre, size, angle in sorted(candidates, key=lambda one: -one[0])[:TRIES]:
        if any(box[0] < centre[0] < box[2] and box[1] < centre[1] < box[3] for box in (each.box for each in found)):
            continue
        face = mesh(picture, centre, size * WIDER, angle)
        if face is not None and all(_overlap(face.box, other.box) < SAME for other in found):
            found.append(face)
        if len(found) == MOST:
            break
    return found


def mesh(picture: np.ndarray, centre: np.ndarray, size: float, angle: float, either: bool = True) -> Face | None:
    """The face in a square of a picture, None where it shows none; `either` way up."""
    points, score = np.zeros((468, 3)), 0.0
    for number in range(PASSES):
        points, score = _look(picture, centre, size, angle)
        if score < SURE * (0.5 if number == 0 else 1):
            return None
        centre, size, angle = _around(points)
    if either and _look(picture, centre, size, angle + np.pi)[1] > score:
        return mesh(picture, centre, size, angle + np.pi, either=False)
    irises = [_iris(picture, points, side, angle) for side in ("right", "left")]
    face = Face(points.astype(np.float32), np.stack(irises).astype(np.float32), score)
    again, surely = _look(picture, centre + 0.05 * size, size * 1.2, angle + 0.15)
    moves = np.linalg.norm(again[:, :2] - points[:, :2], axis=1).mean() / max(face.between, 1e-6)
    return face if surely > LIKELY and moves < MOVES and _plausible(face, picture.shape[:2]) else None


def _look(picture: np.ndarray, centre: np.ndarray, size: float, angle: float) -> tuple[np.ndarray, float]:
    """The points (468, 3) that the mesh network sees in a square, and how surely it shows a face."""
    look, matrix = square(picture, centre, size, angle, MESH)
    raw, surely = run("face-mesh", look)
    raw = raw.reshape(468, 3)
    points = np.concatenate((back_to(raw[:, :2], matrix), raw[:, 2:] * size / MESH), 1)
    return points, float(sigmoid(surely.reshape(-1)[0]))


def _around(points: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Centre, size and angle of the square in which a mesh is looked at again."""
    across = points[CORNERS["left"][0]] - points[CORNERS["right"][0]]
    angle = float(np.arctan2(across[1], across[0]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright = points[:, :2] @ turn
    low, high = upright.min(0), upright.max(0)
    return turn @ ((low + high) / 2), float((high - low).max()) * WIDER, angle


def _candidates(picture: np.ndarray, parts: tuple[float, ...], turn: float) -> list[Candidate]:
    """Where faces may be: score, centre, size of the box and angle, each place once."""
    seen = [each for part in parts for look in windows(picture, part) for each in _detected(picture, *look, turn)]
    kept = list[Candidate]()
    for each in sorted(seen, key=lambda one: -one[0]):
        if all(np.linalg.norm(each[1] - other[1]) > 0.25 * max(each[2], other[2]) for other in kept):
            kept.append(each)
    return kept


def _detected(picture: np.ndarray, centre: np.ndarray, size: float, turn: float) -> list[Candidate]:
    """What the detector sees in a square."""
    look, matrix = square(picture, centre, size, turn, SIDE)
    boxes, scores = run("face-detection", look, signed=True)
    surely = sigmoid(scores[:, 0])
    found = list[Candidate]()
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
    """The iris (5, 2) of an eye; the lids of the mesh `points` are set to where the network sees them, if that is near."""
    lids = list(LIDS[side])
    corners = points[list(CORNERS[side]), :2]
    wide = max(float(np.linalg.norm(corners[0] - corners[1])), 1.0)
    middle = points[lids, :2].mean(0)
    look, matrix = square(picture, middle, wide * EYE, angle, IRIS)
    mirror = side == "left"  # the network has seen right eyes alone
    outputs = run("iris", look[:, ::-1] if mirror else look)
    lid, iris = (each.reshape(-1, 3)[:, :2].copy() for each in outputs)
    if mirror:
        lid[:, 0], iris[:, 0] = IRIS - lid[:, 0], IRIS - iris[:, 0]
    lid, iris = back_to(lid[: len(lids)], matrix), back_to(iris, matrix)
    if np.linalg.norm(lid - points[lids, :2], axis=1).mean() > SHIFT * wide:
        return middle + 0.2 * wide * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
    points[lids, :2] = lid
    return iris


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
