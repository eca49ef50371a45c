"""Where an edit may change a clip: everywhere, its subject, its background, or a mask that someone drew.

Masks are float32 (T, h, w): 1 inside, where the edit shows, 0 outside, where nothing changes.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from motionalchemy.errors import InputError
from motionalchemy.language import edits
from motionalchemy.media import files, footage, reader
from motionalchemy.media.clip import Clip
from motionalchemy.scene import segmentation

VIDEOS = {".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v", ".ogv", ".ts", ".flv"}
GROWTH = {"subject": 0.02, "background": 0.004}  # of the shorter side: how far what is found is widened
Masks = Callable[[int, int, np.ndarray], np.ndarray]  # (begin, end, frames (T, h, w, 3)) -> masks (T, h', w')


def of(region: str) -> Masks | None:
    """How to find the masks of a window of a clip, None for `all` and `auto`; raises MediaError."""
    if region in ("all", "auto"):
        return None
    if region in GROWTH:
        inside = region == "subject"
        return lambda begin, end, frames: _widened(
            segmentation.subject_masks(frames) if inside else 1 - segmentation.subject_masks(frames), GROWTH[region]
        )
    path = Path(region)
    with files.opened(path) as file:
        moves = files.is_animation(file) or path.suffix.lower() in VIDEOS
    source = footage.read(path) if moves else footage.of(Clip(reader.read_image(path)[None]))
    rolling = footage.Rolling(source, source.height, source.width)
    return lambda begin, end, frames: (rolling.read(begin, end).mean(-1) > 127).astype(np.float32)


def _widened(masks: np.ndarray, share: float) -> np.ndarray:
    reach = round(share * min(masks.shape[1:]))
    tensor = torch.from_numpy(masks)[:, None]
    return F.max_pool2d(tensor, 2 * reach + 1, 1, reach)[:, 0].numpy()


def chosen(region: str, words: str, wholly: bool = False) -> tuple[str, tuple[str, ...]]:
    """The region, or for `auto` the one that the words of an edit mean, and what to say of it; raises as `check` does.

    Where something is exchanged `wholly`, it is the subject unless the words mean the background.
    """
    found = edits.region(words) if region == "auto" else region
    if wholly and region == "auto":
        found = "subject" if found == "all" else found
        check(found)
        return found, (f"region: {found}, from the words; --region says another",)
    check(found)
    less = "subject or background to change less" if found == "all" else "all to change everything"
    return found, (f"region: {found}, from the words; --region {less}",) if region == "auto" else ()


def check(region: str) -> None:
    """Raise InputError or MediaError if a region cannot be used."""
    masks = of(region)
    if masks is not None and region not in GROWTH:
        first = masks(0, 1, np.zeros((1, 1, 1, 3), np.uint8))
        if not first.any():
            raise InputError(
                f"the mask {region!r} is black in its first frame: paint white where the edit may change it"
            )
