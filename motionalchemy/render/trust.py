"""How far a draft may be trusted, read from its frames: where it moves what is in its first frame, and where it made
something up."""

import cv2
import numpy as np
import torch

from motionalchemy.nets.trace import trace

MOVES = 0.7  # pixels of SIDE from which on a place counts as moved
SIDE = 192  # pixels of the smaller side at which movement is looked for
NEAR = 9  # pixels of SIDE around what changed in which what is like its surroundings may have moved too
LIKE = 0.08  # difference in [0, 1] that a place brought back from its first frame may have
CAMERA = 0.8  # share of the picture that moves from which on it is the camera that does


def trust(frames: np.ndarray, asked: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Frames (T, H, W, 3) uint8 -> how surely each place is one of the first frame that was moved there, and how surely it
    was made up, both (T, H, W) float32 in [0, 1]; `asked` (T, H, W) says what is asked where a person drew it."""
    high, wide = frames.shape[1:3]
    share = min(1.0, SIDE / min(high, wide))
    size = max(16, round(wide * share)), max(16, round(high * share))
    small = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames])
    sure, made = (np.zeros((len(frames), high, wide), np.float32) for _ in range(2))
    if len(frames) > 1:
        clip = torch.from_numpy(small.astype(np.float32) / 127.5 - 1).permute(3, 0, 1, 2)
        fields = trace(clip).permute(1, 2, 3, 0).numpy()  # (T - 1, h, w, 2)
        for number, field in enumerate(fields, start=1):
            own, moved, changed = _read(small[0], small[number], field)
            sure[number], made[number] = (
                cv2.resize(each, (wide, high), interpolation=cv2.INTER_LINEAR)
                for each in (own * moved, (1 - own) * changed)
            )
    if asked is not None:
        sure, made = asked.astype(np.float32), np.where(asked > 0.5, 0, made).astype(np.float32)
    return sure, made


def _read(first: np.ndarray, now: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a frame (h, w, 3) uint8 and from where its places come (h, w, 2): how surely each is one of the first frame's,
    whether it moved, and whether it looks other than there, all (h, w) in [0, 1]."""
    high, wide = now.shape[:2]
    across, down = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    from_ = (across + field[..., 0]).astype(np.float32), (down + field[..., 1]).astype(np.float32)
    inside = (from_[0] >= -0.5) & (from_[0] <= wide - 0.5) & (from_[1] >= -0.5) & (from_[1] <= high - 0.5)
    before = cv2.remap(first, *from_, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    apart = cv2.blur(np.abs(before.astype(np.float32) - now).max(2) / 255, (5, 5))
    own = np.exp(-((apart / LIKE) ** 2)) * inside
    changed = (np.abs(first.astype(np.float32) - now).max(2) / 255 > LIKE) | ~inside
    near = cv2.dilate(
        changed.astype(np.uint8), np.ones((NEAR, NEAR), np.uint8)
    )  # where all is alike, nothing is seen to move
    moved = (np.hypot(*np.moveaxis(field, 2, 0)) > MOVES) & (near > 0)
    return own, moved.astype(np.float32), changed.astype(np.float32)


def by_camera(sure: np.ndarray) -> bool:
    """Whether it is the camera that moves: nearly all of the picture does."""
    return bool((sure[1:] > 0.5).mean() > CAMERA) if len(sure) > 1 else False
