"""Where the places of a clip's first frame go: optical flow from frame to frame, added up, and the camera that explains it.

Nothing but the frames is needed.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.evaluate.frames import Frames, at_most, frames_of, grey
from motionalchemy.evaluate.movement import flow, inside, warped

SIDE = 192  # pixels of the shorter side at which places are followed
MOST = 49  # frames through which they are; of more, as many, evenly spread
EVERY = 4  # pixels from one place to the next, of those that a camera is fitted to
OFF = 1.0  # pixels that a place may lie off and still be explained by a camera
FEWEST = 30  # places without which there is no camera
BACK = 0.7  # pixels by which the flow there and back misses its start, from which on a place is lost from sight


@dataclass(frozen=True, eq=False)
class Tracks:
    """The frames (T, H, W, 3) uint8 that were looked at, `raw` and as `frames` without what falls before them, where each
    place of the first one is in them, `points` (T, H, W, 2) in pixels right and down, and until when it is `seen`,
    (T, H, W) bool."""

    raw: np.ndarray
    frames: np.ndarray
    points: np.ndarray
    seen: np.ndarray

    @property
    def diagonal(self) -> float:
        """Of a frame, in pixels."""
        return float(np.hypot(*self.frames.shape[1:3]))

    @cached_property
    def start(self) -> np.ndarray:
        """Where each place is in the first frame, (H, W, 2)."""
        return self.points[0]

    def cameras(self, where: np.ndarray) -> list[np.ndarray]:
        """For each frame the similarity (2, 3) that takes most places of `where` (H, W) bool from the first frame into it
        (RANSAC); that of the frame before where too few are seen."""
        found: list[np.ndarray] = [np.eye(2, 3)]
        grid = np.zeros_like(where)
        grid[::EVERY, ::EVERY] = True
        for number in range(1, len(self.points)):
            chosen = where & grid & self.seen[number]
            matrix = None
            if chosen.sum() >= FEWEST:
                cv2.setRNGSeed(0)
                pair = self.start[chosen], self.points[number][chosen]
                matrix, _ = cv2.estimateAffinePartial2D(*pair, method=cv2.RANSAC, ransacReprojThreshold=OFF)
            found.append(found[-1] if matrix is None else matrix)
        return found

    def tints(self, number: int) -> np.ndarray:
        """How much lighter each place is in a frame than in the first one, (H, W) in grey levels, a little blurred: what is
        left of a change when movement is taken off; nan where it is not seen."""
        there = np.ascontiguousarray(self.points[number], np.float32)
        pictures = [
            cv2.GaussianBlur(each.astype(np.float32).mean(-1), (0, 0), 1.5) for each in self.frames[[0, number]]
        ]
        shown = cv2.remap(pictures[1], there[..., 0], there[..., 1], cv2.INTER_LINEAR)
        return np.where(self.seen[number], shown - pictures[0], np.nan)

    def besides(self, cameras: list[np.ndarray]) -> np.ndarray:
        """How far from where the camera takes it each place is, (T, H, W, 2) in pixels; nan where it is not seen."""
        led = np.stack([self.start @ matrix[:, :2].T + matrix[:, 2] for matrix in cameras])
        return np.where(self.seen[..., None], self.points - led, np.nan).astype(np.float32)


def tracks(clip: Frames, side: int = SIDE, through: int = 1) -> Tracks:
    """Where the places of a clip's first frame go, seen through what comes and goes within `through` frames; raises
    InputError for fewer than two frames.

    A place is lost where the flow back from the next frame does not lead to where it came from, and beyond the edges.
    """
    frames = frames_of(clip, at_least=2)
    if len(frames) > MOST:
        frames = frames[np.linspace(0, len(frames) - 1, MOST).round().astype(int)]
    raw = frames = at_most(frames, side)
    if through > 1:
        frames = settled(frames, through)
    pictures = grey(frames)
    high, wide = pictures.shape[1:]
    start = np.dstack(np.meshgrid(np.arange(wide), np.arange(high))).astype(np.float32)
    away, there = np.zeros_like(start), np.ones((high, wide), bool)
    points, seen = [start], [there]
    for before, after in pairwise(pictures):
        onwards, back = flow(before, after), flow(after, before)
        missed = onwards + warped(back, onwards)
        sure = (np.hypot(*np.moveaxis(missed, 2, 0)) < BACK) & inside(onwards)
        there = there & (warped(sure[..., None].astype(np.float32), away).reshape(high, wide) > 0.5)
        away = away + warped(onwards, away)
        there = there & inside(away)
        points.append(start + away)
        seen.append(there)
    return Tracks(raw, frames, np.stack(points), np.stack(seen))


def settled(frames: np.ndarray, window: int) -> np.ndarray:
    """Frames (T, H, W, 3) uint8 without what comes and goes within a window of frames: medians over it; the first stays."""
    half, found = window // 2, [frames[0]]
    for number in range(1, len(frames)):
        low, high = max(number - half, 0), min(number + half + 1, len(frames))
        found.append(np.median(frames[low:high], axis=0).astype(np.uint8))
    return np.stack(found)


def held(frame: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A later frame (H, W, 3) brought back under the first one by the similarity (2, 3) of its camera, float32, and where
    it shows that, (H, W) bool."""
    high, wide = frame.shape[:2]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shown = cv2.warpAffine(frame.astype(np.float32), matrix, (wide, high), flags=how, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpAffine(np.ones((high, wide), np.float32), matrix, (wide, high), flags=how)
    return shown, there > 0.99


def fitted(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A mask (h, w) in [0, 1] at another size (H, W), bool; raises InputError for one that is no picture."""
    if mask.ndim != 2:
        raise InputError(f"a mask is (H, W), not {mask.shape}")
    return cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
