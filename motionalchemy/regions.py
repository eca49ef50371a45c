"""Where an edit may change a clip: everywhere, its subject, its background, or a mask that someone drew.

Masks are float32 (T, h, w): 1 inside, where the edit shows, 0 outside, where nothing changes.
"""

from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from motionalchemy import backdrop, footage, meant, media, parts, transfer
from motionalchemy.clip import Clip
from motionalchemy.errors import InputError, MissingPart

VIDEOS = {".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v", ".ogv", ".ts", ".flv"}
LARGEST = 2048  # pixels of the longer side of a subject that is cut out of a picture
SEEN = 320  # pixels of the longer side at which a subject is looked for in a picture
EVERY = 4  # frames between two looks at the subject
KEPT = 1.5  # what was found in the looks before, or after, counts beside one look
FEATHER = 0.008  # of the shorter side: how wide an edge is
GROWTH = {"subject": 0.02, "background": 0.004}  # of the shorter side: how far what is found is widened
Masks = Callable[[int, int, np.ndarray], np.ndarray]  # (begin, end, frames (T, h, w, 3)) -> masks (T, h', w')


def of(region: str) -> Masks | None:
    """How to find the masks of a window of a clip, None for `all` and `auto`; raises MissingPart, MediaError."""
    if region in ("all", "auto"):
        return None
    if region in GROWTH:
        check_able()
        inside = region == "subject"
        return lambda begin, end, frames: _widened(subject(frames) if inside else 1 - subject(frames), GROWTH[region])
    path = Path(region)
    with media.opened(path) as file:
        moves = media.is_animation(file) or path.suffix.lower() in VIDEOS
    source = footage.read(path) if moves else footage.of(Clip(media.read_image(path)[None]))
    rolling = footage.Rolling(source, source.height, source.width)
    return lambda begin, end, frames: (rolling.read(begin, end).mean(-1) > 127).astype(np.float32)


def subject(frames: np.ndarray) -> np.ndarray:
    """The subject of frames (T, h, w, 3): `sought`, its outline then told from the backdrop."""
    return backdrop.outlined(frames, sought(frames))


def sought(frames: np.ndarray) -> np.ndarray:
    """A subject, looked for in every fourth of frames (T, h, w, 3) and followed by optical flow through those between.

    What is found in one look counts together with what was found before and after it: a single look may lose half of it.
    """
    from motionalchemy.parts import networks

    looked = sorted({*range(0, len(frames), EVERY), len(frames) - 1})
    alone = {number: networks.foreground(frames[number]) for number in looked}
    earlier, later = (_remembered(alone, frames, order) for order in (looked, looked[::-1]))
    found = {}
    for number in looked:
        others = [side[number] for side in (earlier, later) if number in side]
        found[number] = (alone[number] + KEPT * sum(others)) / (1 + KEPT * len(others))
    masks = []
    for number, frame in enumerate(frames):
        after = next(n for n in looked if n >= number)
        before = after if after == number else max(n for n in looked if n < number)
        share = (number - before) / (after - before) if after > before else 0.0
        early = _followed(found[before], frame, frames[before])
        masks.append((1 - share) * early + share * _followed(found[after], frame, frames[after]))
    smooth = np.stack([np.mean(masks[max(0, n - 1) : n + 2], axis=0) for n in range(len(masks))])
    return (smooth > 0.5).astype(np.float32)


def cut_out(picture: np.ndarray) -> np.ndarray:
    """The subject of a picture (H, W, 3) uint8, (H, W, 4): its opacity is 0 around it, and its colours go on there.

    Raises InputError where none is found, MissingPart.
    """
    from motionalchemy.parts import networks

    check_able()
    small = footage.scaled(
        picture, *(max(1, round(s * min(1.0, SEEN / max(picture.shape[:2])))) for s in picture.shape[:2])
    )
    found = np.repeat((networks.foreground(small)[..., None] * 255).astype(np.uint8), 3, 2)
    opacity = transfer.carried(picture[None], small[None], found[None])[0, ..., :1].astype(np.float32) / 255
    opacity = ((opacity - 0.3) / 0.4).clip(0, 1)
    if not (opacity > 0.99).any():
        raise InputError("image shows no subject that stands out: give one of it alone, before something plain")
    colours = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    sure = torch.from_numpy((opacity > 0.99).astype(np.float32)).permute(2, 0, 1)[None]
    led = transfer.filled(colours, sure)[0].permute(1, 2, 0).numpy()
    shown = np.where(opacity > 0.99, picture, led)
    return np.dstack((shown, 255 * opacity)).round().astype(np.uint8)


def _no_larger(picture: np.ndarray, most: int) -> np.ndarray:
    share = min(1.0, most / max(picture.shape[:2]))
    return footage.scaled(picture, *(max(1, round(share * side)) for side in picture.shape[:2]))


def box(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners (x, y) of what a mask (H, W) shows."""
    points = np.argwhere(mask > 0.5)[:, ::-1]
    return points.min(0), points.max(0) + 1


def _remembered(alone: dict[int, np.ndarray], frames: np.ndarray, order: list[int]) -> dict[int, np.ndarray]:
    """What all looks before each one in `order` found, followed to its frame, the nearest counting most."""
    mean, there = alone[order[0]], {}
    for before, number in pairwise(order):
        there[number] = _followed(mean, frames[number], frames[before])
        mean = (alone[number] + KEPT * there[number]) / (1 + KEPT)
    return there


def _followed(mask: np.ndarray, frame: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A mask of the frame `seen` brought to another frame along the optical flow (DIS) between the two."""
    if frame is seen or np.array_equal(frame, seen):
        return mask
    cv2 = _tracker()
    here, there = (cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY) for picture in (frame, seen))
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(here, there, None)  # type: ignore[call-overload]
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return cv2.remap(mask, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)


def _tracker():
    try:
        import cv2
    except ModuleNotFoundError as error:
        raise MissingPart('finding the subject needs OpenCV: pip install "motionalchemy[eval]"') from error
    return cv2


def check_able() -> None:
    """Raise MissingPart, with the package and the command that brings it, unless a subject can be found here."""
    _tracker()
    parts.contents("u2netp")
    if find_spec("onnxruntime") is None:
        raise parts.missing("u2netp", "needs onnxruntime, which is not installed")


def _widened(masks: np.ndarray, share: float) -> np.ndarray:
    reach = round(share * min(masks.shape[1:]))
    tensor = torch.from_numpy(masks)[:, None]
    return F.max_pool2d(tensor, 2 * reach + 1, 1, reach)[:, 0].numpy()


def feathered(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask (h, w) at a size, (height, width, 1), its edge soft towards the inside: outside it is exactly 0."""
    tensor = torch.from_numpy(np.ascontiguousarray(mask))[None, None].float()
    if mask.shape != (height, width):
        tensor = F.interpolate(tensor, (height, width), mode="bilinear", align_corners=False)
    inside, reach = (tensor > 0.5).float(), max(1, round(FEATHER * min(height, width)))
    soft = F.avg_pool2d(F.pad(inside, (reach,) * 4, mode="replicate"), 2 * reach + 1, 1)
    return (inside * (2 * soft - 1).clamp(0, 1))[0, 0, :, :, None].numpy()


def composed(edited: np.ndarray, source: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Frames (H, W, 3) uint8: the edited one inside the feathered mask (h, w), the source untouched outside it."""
    share = feathered(mask, *source.shape[:2])
    return np.rint(share * edited + (1 - share) * source).clip(0, 255).astype(np.uint8)


def chosen(region: str, words: str, wholly: bool = False) -> tuple[str, tuple[str, ...]]:
    """The region, or for `auto` the one that the words of an edit mean, and what to say of it; raises as `check` does.

    Where something is exchanged `wholly`, it is the subject unless the words mean the background.
    """
    found = meant.region(words) if region == "auto" else region
    if wholly and region == "auto":
        found = "subject" if found == "all" else found
        check(found)
        return found, (f"region: {found}, from the words; --region says another",)
    check(found)
    less = "subject or background to change less" if found == "all" else "all to change everything"
    return found, (f"region: {found}, from the words; --region {less}",) if region == "auto" else ()


def check(region: str) -> None:
    """Raise InputError, MediaError or MissingPart if a region cannot be used."""
    masks = of(region)
    if masks is not None and region not in GROWTH:
        first = masks(0, 1, np.zeros((1, 1, 1, 3), np.uint8))
        if not first.any():
            raise InputError(
                f"the mask {region!r} is black in its first frame: paint white where the edit may change it"
            )
