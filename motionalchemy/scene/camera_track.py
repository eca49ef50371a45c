"""The camera of a clip, followed from frame to frame by points of its background.

Points are those of Shi and Tomasi (Good Features to Track, 1994), followed by Lucas-Kanade; the camera's turns, shifts and
zooms are what most of them share (RANSAC).
"""

from dataclasses import dataclass, field

import numpy as np

SMALL = 256  # pixels of the shorter side on which points are followed
POINTS, APART = 300, 6  # how many points, and how many pixels between them
FEWEST = 12  # points that have to agree on a movement, else the camera is taken to stand still
STILL = 0.1  # pixels: a movement of less is none
MIXED = 0.03  # of the shorter side: how far from the edge of the mask points are looked for
Matrix = np.ndarray  # (2, 3): where a point of frame 0 lies in another frame, in shorter sides from the middle


@dataclass
class CameraTrack:
    """Where the camera stands in every frame followed so far."""

    seen: dict[int, Matrix] = field(default_factory=dict)

    def follow(self, begin: int, frames: np.ndarray, masks: np.ndarray) -> None:
        """Follow it through frames (T, H, W, 3) uint8 from number `begin` on, their backgrounds 1 in masks (T, h, w); from
        a frame that is not known it is followed as if it were the first."""
        self.seen.setdefault(begin, np.eye(2, 3))
        before = _small(frames[0])
        for number, frame in enumerate(frames[1:], start=begin + 1):
            after = _small(frame)
            if number not in self.seen:
                step = _step(before, after, masks[number - begin - 1])
                self.seen[number] = (square(step) @ square(self.seen[number - 1]))[:2]
            before = after


def pixels(matrix: Matrix, height: int, width: int) -> np.ndarray:
    """A matrix for the pixels of a frame, (3, 3)."""
    unit = min(height, width)
    to = np.array([[unit, 0, (width - 1) / 2], [0, unit, (height - 1) / 2], [0, 0, 1]])
    return to @ square(matrix) @ np.linalg.inv(to)


def _step(before: np.ndarray, after: np.ndarray, mask: np.ndarray) -> Matrix:
    """How the background of a small grey frame moved to the next."""
    import cv2

    height, width = before.shape
    reach = max(1, round(MIXED * min(height, width)))
    inside = cv2.resize(np.ascontiguousarray(mask, np.float32), (width, height)) > 0.5
    inside = cv2.erode(inside.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8), borderValue=1)
    points = cv2.goodFeaturesToTrack(before, POINTS, 0.01, APART, mask=inside)
    if points is None or len(points) < FEWEST:
        return np.eye(2, 3)
    found, there, _ = cv2.calcOpticalFlowPyrLK(before, after, points, points.copy())
    old, new = points[there[:, 0] == 1, 0], found[there[:, 0] == 1, 0]
    if len(old) < FEWEST or np.median(np.linalg.norm(new - old, axis=1)) < STILL:
        return np.eye(2, 3)
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    old, new = ((x - middle) / min(height, width) for x in (old, new))
    matrix, agree = cv2.estimateAffinePartial2D(old, new, ransacReprojThreshold=1 / min(height, width))
    return np.eye(2, 3) if matrix is None or agree.sum() < FEWEST else matrix


def _small(frame: np.ndarray) -> np.ndarray:
    import cv2

    share = min(1.0, SMALL / min(frame.shape[:2]))
    size = round(frame.shape[1] * share), round(frame.shape[0] * share)
    return cv2.cvtColor(cv2.resize(np.ascontiguousarray(frame), size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)


def square(matrix: np.ndarray) -> np.ndarray:
    """A (2, 3) matrix with its last row, which can be multiplied and inverted; a (3, 3) one as it is."""
    if len(matrix) == 3:
        return matrix
    return np.vstack((matrix, [0.0, 0.0, 1.0]))
