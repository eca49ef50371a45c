"""The subject of a picture or a clip, found by saliency, followed by optical flow, and cut out."""

from itertools import pairwise

import cv2
import numpy as np
import torch

from motionalchemy.errors import InputError
from motionalchemy.media import colour_transfer, pullpush, resize
from motionalchemy.scene import plate

SEEN = 320  # pixels of the longer side at which a subject is looked for in a picture
EVERY = 4  # frames between two looks at the subject
KEPT = 1.5  # what was found in the looks before, or after, counts beside one look


def subject_masks(frames: np.ndarray) -> np.ndarray:
    """The subject of frames (T, h, w, 3): `salient_masks`, their outline then found by what differs from the plate."""
    return plate.outlined(frames, salient_masks(frames))


def salient_masks(frames: np.ndarray) -> np.ndarray:
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

    Raises InputError where none is found.
    """
    from motionalchemy.parts import networks

    small = resize.scaled(
        picture, *(max(1, round(s * min(1.0, SEEN / max(picture.shape[:2])))) for s in picture.shape[:2])
    )
    found = np.repeat((networks.foreground(small)[..., None] * 255).astype(np.uint8), 3, 2)
    opacity = colour_transfer.carried(picture[None], small[None], found[None])[0, ..., :1].astype(np.float32) / 255
    opacity = ((opacity - 0.3) / 0.4).clip(0, 1)
    if not (opacity > 0.99).any():
        raise InputError("image shows no subject that stands out: give one of it alone, before something plain")
    return by_opacity(picture, opacity)


def by_opacity(picture: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """What an opacity (H, W, 1) in [0, 1] shows of a picture (H, W, 3) uint8, (H, W, 4) uint8, its colours
    led on around it."""
    colours = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None]
    sure = torch.from_numpy((opacity > 0.99).astype(np.float32)).permute(2, 0, 1)[None]
    led = pullpush.pull_push(colours, sure)[0].permute(1, 2, 0).numpy()
    shown = np.where(opacity > 0.99, picture, led)
    return np.dstack((shown, 255 * opacity)).round().astype(np.uint8)


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
    here, there = (cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY) for picture in (frame, seen))
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(here, there, None)  # type: ignore[call-overload]
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return cv2.remap(mask, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
