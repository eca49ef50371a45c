"""What stands behind the subject of a clip, put together from all frames that show any of it.

The mean of what the camera saw of every place, where the masks leave it free; what was never seen is filled smoothly from
around it. By what differs from it a subject has its outline: a network that looks at single small pictures loses what
is thin.
"""

from collections.abc import Sequence

import numpy as np
import torch

from motionalchemy.media import pullpush
from motionalchemy.scene import camera_track
from motionalchemy.scene.camera_track import CameraTrack, Matrix

MARGIN = 0.5  # of the frame's sides: how far beyond the first frame a plate reaches
FREE = 0.99  # the share of a pixel that has to be free for its colour to count
AROUND = 0.06  # of the shorter side: how far from a mask a colour has to lie to be the plate's
REACH = 0.35  # of the shorter side: how far from a mask the rest of its subject may lie
NEARBY = 0.06  # of the shorter side: from how far colours tell how varied a place is that was never seen
DIFFERENT, DOUBTS = 24.0, 3.0  # of 255: how far from its plate a subject's colour lies, and that in deviations of it
CLEARLY, PIECE = 1.5, 0.0005  # so much farther lies what touches no mask, and of the picture it is at least this share
GUESSED = 2.0  # how much less a filled colour is trusted than its surroundings vary
ALIKE, STEADY = 8.0, 4.0  # of 255: what lies so near to a plate that deviates less than this is the plate
STRANGE = 1.5  # deviations of a colour from those of the other frames beyond which it is another thing's
SHADED, COLOURED = 0.45, 0.12  # a shadow leaves of every colour at least this share, and of all nearly the same


class Plate:
    """Colours summed up in the pixels of the frame that a camera sees from `origin`, with a margin around it, in shares of
    its sides."""

    def __init__(self, height: int, width: int, origin: Matrix, margin: float = MARGIN):
        self.size = height, width
        down, across = round(margin * height), round(margin * width)
        self._from = np.linalg.inv(camera_track.square(origin))
        self._margin = np.array([[1.0, 0, across], [0, 1, down], [0, 0, 1]])
        shape = height + 2 * down, width + 2 * across
        self._sum, self._squares = np.zeros((*shape, 3), np.float32), np.zeros((*shape, 3), np.float32)
        self._seen = np.zeros((*shape, 1), np.float32)

    def reaches(self, matrix: Matrix) -> bool:
        """Whether it holds all that a camera sees from `matrix`."""
        height, width = self.size
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
        there = (np.linalg.inv(self._to(matrix)) @ corners)[:2]
        bounds = np.array(self._seen.shape[1::-1])[:, None]
        return bool((there >= 0).all() and (there <= bounds).all())

    def add(self, frames: np.ndarray, masks: np.ndarray, seen: Sequence[Matrix]) -> None:
        """Frames (T, H, W, 3) uint8 `seen` from there, their subject 1 in the masks (T, h, w)."""
        for frame, mask, matrix in zip(frames, masks, seen, strict=True):
            self._add(frame, mask, matrix)

    def _add(self, frame: np.ndarray, mask: np.ndarray, matrix: Matrix) -> None:
        import cv2

        height, width = self.size
        free = cv2.resize((mask < 0.5).astype(np.float32), (width, height))
        back, shape = np.linalg.inv(self._to(matrix))[:2], self._seen.shape[1::-1]
        counts = (cv2.warpAffine(free, back, shape) > FREE)[..., None]
        there = cv2.warpAffine(frame, back, shape, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        self._sum += counts * there
        self._squares += counts * there**2
        self._seen += counts

    def filled(self) -> tuple[np.ndarray, np.ndarray]:
        """The plate (h, w, 3) uint8 without a hole, and how far its colours may be wrong (h, w) of 255."""
        count, known = np.maximum(self._seen, 1), self._seen[..., 0] > 0
        mean = self._sum / count
        doubt = np.sqrt(np.maximum(self._squares / count - mean**2, 0).max(-1))
        rows, columns = (np.flatnonzero(known.any(axis)) for axis in (1, 0))
        picture = mean.round().astype(np.uint8)
        if not len(rows):
            return picture, np.full_like(doubt, 255)
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        colours, sure = (torch.from_numpy(x[box]).permute(2, 0, 1)[None] for x in (mean, known[..., None]))
        led = pullpush.pull_push(colours, sure.float())[0].permute(1, 2, 0).numpy()
        picture[box] = np.where(known[box][..., None], picture[box], led.round().clip(0, 255))
        guess = GUESSED * _varied(mean.mean(-1), known, min(self.size))
        return picture, np.where(known, doubt, guess).astype(np.float32)

    def seen(self, picture: np.ndarray, matrix: Matrix) -> np.ndarray:
        """What `filled` gave as the camera sees it from `matrix`, at the size of a frame."""
        import cv2

        return cv2.warpAffine(picture, self._to(matrix)[:2], self.size[::-1], borderMode=cv2.BORDER_REPLICATE)

    def _to(self, matrix: Matrix) -> np.ndarray:
        """From its own pixels to those of the frame that is seen from `matrix`."""
        pixels = camera_track.pixels(camera_track.square(matrix) @ self._from, *self.size)
        return pixels @ np.linalg.inv(self._margin)


def hidden(frames: np.ndarray, masks: np.ndarray, seen: Sequence[Matrix]) -> np.ndarray:
    """Masks (T, H, W) of all that is not the plate of frames (T, H, W, 3) uint8 `seen` from there: what lies near given
    masks (T, h, w), and what differs from what other frames show in its place."""
    import cv2

    wide, (height, width) = within(masks, AROUND), frames.shape[1:3]
    first = Plate(height, width, seen[0], MARGIN * _moves(seen))
    first.add(frames, wide, seen)
    picture, doubt = first.filled()
    made = []
    for frame, mask, matrix in zip(frames, wide, seen, strict=True):
        there, wrong = first.seen(picture, matrix), first.seen(doubt, matrix)
        strange = cv2.absdiff(frame, there).max(-1) > ALIKE + STRANGE * wrong
        made.append((cv2.resize(mask, (width, height)) > 0.5) | strange)
    return np.stack(made).astype(np.float32)


def outlined(frames: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Masks (T, h, w) of the subject of frames (T, h, w, 3) uint8, their outlines found again by what differs from the
    plate: what hangs together with a mask, or before a camera that stands still clearly differs, and is no shadow, is
    added, what does not differ is taken away."""
    height, width = frames.shape[1:3]
    camera = CameraTrack()
    camera.follow(0, frames, 1 - within(masks, AROUND))
    seen = [camera.seen[number] for number in range(len(frames))]
    plate = Plate(height, width, seen[0], MARGIN * _moves(seen))
    plate.add(frames, hidden(frames, masks, seen), seen)
    picture, doubt = plate.filled()
    near, made, still = within(masks, REACH), [], not _moves(seen)
    for number, (frame, mask) in enumerate(zip(frames, masks, strict=True)):
        there, wrong = (plate.seen(of, seen[number]) for of in (picture, doubt))
        made.append(
            _foreground(
                frame.astype(np.float32), there.astype(np.float32), wrong, mask > 0.5, near[number] > 0.5, still
            )
        )
    return np.stack(made).astype(np.float32)


def _foreground(
    frame: np.ndarray, there: np.ndarray, doubt: np.ndarray, mask: np.ndarray, near: np.ndarray, pieces: bool
) -> np.ndarray:
    """The subject (h, w) of a frame before its plate, beginning with a mask and no farther than `near` says, with or
    without `pieces` that do not touch it."""
    import cv2

    apart = cv2.GaussianBlur(np.abs(frame - there).max(-1), (3, 3), 0)
    least = DIFFERENT + DOUBTS * doubt
    other = (apart > least) & near & ~(_shaded(frame, there) & ~mask)
    _, parts = cv2.connectedComponents((mask | other).astype(np.uint8))
    sizes = np.bincount(parts[other & (apart > CLEARLY * least) & pieces], minlength=parts.max() + 1)
    sizes[np.unique(parts[mask])] = parts.size
    whole = (sizes[parts] > PIECE * parts.size) & (parts > 0)
    return whole & ~_without_specks((apart < ALIKE) & (doubt < STEADY))


def _moves(seen: Sequence[Matrix]) -> bool:
    return any(not np.array_equal(matrix, seen[0]) for matrix in seen)


def _shaded(frame: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Where a frame is its plate, but darker: in a shadow."""
    share = (frame + 4) / (there + 4)
    left = share.mean(-1)
    return _without_specks((left < 1) & (left > SHADED) & (share.max(-1) - share.min(-1) < COLOURED))


def _without_specks(mask: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)).astype(bool)


def within(masks: np.ndarray, share: float) -> np.ndarray:
    """Masks (T, h, w) widened by a share of the shorter side."""
    import cv2

    reach = share * min(masks.shape[1:])
    far = [cv2.distanceTransform((mask < 0.5).astype(np.uint8), cv2.DIST_L2, 5) for mask in masks]
    return (np.stack(far) <= reach).astype(np.float32)


def _varied(grey: np.ndarray, known: np.ndarray, side: int) -> np.ndarray:
    """How far the brightness that is known around every pixel deviates; 255 where nothing is."""
    import cv2

    reach = (2 * round(NEARBY * side) + 1,) * 2
    weight = known.astype(np.float32)
    share = cv2.blur(weight, reach)
    mean, square = (cv2.blur(of * weight, reach) / np.maximum(share, 1e-3) for of in (grey, grey**2))
    return np.where(share < 1e-3, 255, np.sqrt(np.maximum(square - mean**2, 0)))
