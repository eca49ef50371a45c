"""Another subject in the place of a clip's own, or none: the plate where it stood, and a picture that moves as it moved.

The movement is read from the clip by optical flow (DIS), kept where the old subject is, and led on around it, for the new
one has another outline. Where the old subject stands as it did at first, a later window fades into the picture anew, so
that no distortion adds up.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.media import pullpush, resize
from motionalchemy.nets import motion
from motionalchemy.nets.trace import trace
from motionalchemy.render import composite
from motionalchemy.scene import plate, segmentation
from motionalchemy.scene.camera_track import Matrix
from motionalchemy.scene.plate import Plate

FADED = 8  # frames in which a window goes over from the subject as the last one left it to the picture itself
TALLER = 1.3  # how much taller than the old subject a new one may be
THIN = 0.01  # the share of the old subject on each side that is not looked at when its size is: a lance, a tail
ALIKE = 0.75  # the share of two outlines that is the same where a subject stands as it did at first
TURNED = 1.15  # how much better a mirrored picture has to cover the old subject
EDGE = 4  # pixels of a small frame: how near to the edge of the old subject a movement may be that of the plate
ASIDE = 0.2  # of the shorter side: how far around the frame the new subject goes on
CALM = 9  # pixels over which the movement of a small frame is evened out
Layer = np.ndarray  # (h, w, 4) float32: colours times opacity, and opacity, all 0..1; a frame and what lies aside of it


@dataclass(frozen=True, eq=False)
class Stretch:
    """A window of a clip: frames (T, H, W, 3) uint8 and the same `small`, masks (T, h, w) of the subject, where the camera
    stands in each, how many frames are `known` already, and the one with which the next window begins, if there is one."""

    frames: np.ndarray
    small: np.ndarray
    masks: np.ndarray
    camera: list[Matrix]
    known: int = 0
    follows: int | None = None


class Exchange:
    """Takes the subject out of window after window of a clip; `other` (h, w, 4) uint8 comes in its place."""

    def __init__(self, other: np.ndarray | None):
        self._other = other
        self._plate: Plate | None = None
        self._empty = np.empty(0)
        self._scale: float | None = None  # the new subject's size in the picture's own, over that of the old one
        self._left: Layer | None = None  # the new subject as the last window leaves it to this one
        self._stood, self._turned = np.empty(0), False  # the old subject at first; whether the picture is mirrored
        self._fields = torch.empty(0)
        # the new subject in a window's first frame: as the picture shows it, as the last window left it, or both
        self._layers: list[Layer] = []

    def enter(self, stretch: Stretch) -> None:
        """Look at a whole window before any of its frames are made."""
        self.stretch = stretch
        height, width = stretch.frames.shape[1:3]
        if self._plate is None or not all(map(self._plate.reaches, stretch.camera)):
            self._plate = Plate(height, width, stretch.camera[0])
        hidden = plate.hidden(stretch.frames, stretch.masks, stretch.camera)
        self._plate.add(stretch.frames, hidden, stretch.camera)
        self._empty = self._plate.filled()[0]
        left, mask, self._layers, self._left = self._left, stretch.masks[0], [], None
        if self._other is not None and mask.any():
            again = left is None or _covers(self._stood, mask) > ALIKE
            anew = [self._posed(mask, height, width)] if again else []
            self._layers = anew + ([] if left is None else [left])
            self._fields = _traced(stretch.small, stretch.masks)

    def made(self, begin: int, end: int) -> np.ndarray:
        """Frames `begin` to `end` of the window with the subject exchanged, (T, H, W, 3) uint8."""
        return np.stack([self._frame(number) for number in range(begin, end)])

    def _frame(self, number: int) -> np.ndarray:
        assert self._plate is not None
        stretch = self.stretch
        empty = self._plate.seen(self._empty, stretch.camera[number])
        frame = composite.composed(empty, stretch.frames[number], stretch.masks[number])
        if not self._layers:
            return frame
        layer = self._layer(number)
        if number == stretch.follows:
            self._left = layer
        aside = _aside(*frame.shape[:2])
        layer = layer[aside : len(layer) - aside, aside : layer.shape[1] - aside]
        return (frame * (1 - layer[..., 3:]) + 255 * layer[..., :3]).round().clip(0, 255).astype(np.uint8)

    def _layer(self, number: int) -> Layer:
        """The new subject in a frame of the window."""
        shown = 1.0 if len(self._layers) == 1 else min(1.0, max(0, number + 1 - self.stretch.known) / FADED)
        parts = [(share, layer) for share, layer in zip((shown, 1 - shown), self._layers, strict=False) if share > 0]
        if number:
            field = self._field(number)
            parts = [(share, _moved(layer, field)) for share, layer in parts]
        return np.add.reduce([share * layer for share, layer in parts])

    def _field(self, number: int) -> Tensor:
        """From where in the window's first frame each pixel of a layer comes that moves as the old subject did, in pixels:
        (1, 2, h, w)."""
        field = self._fields[None, :, number - 1].float()
        height, width = field.shape[2:]
        mask = torch.from_numpy(np.ascontiguousarray(self.stretch.masks[number]))[None, None].float()
        inside = F.interpolate(mask, (height, width), mode="area")
        sure = (-F.max_pool2d(-inside, 2 * EDGE + 1, 1, EDGE) > 0.9).float()
        if not sure.any():
            sure = torch.ones_like(sure)
        led = F.avg_pool2d(pullpush.pull_push(field, sure), CALM, 1, CALM // 2, count_include_pad=False)
        size = self.stretch.frames.shape[1:3]
        large = F.interpolate(led, size, mode="bilinear", align_corners=False) * (size[1] / width)
        return F.pad(large, (_aside(*size),) * 4, mode="replicate")

    def _posed(self, mask: np.ndarray, height: int, width: int) -> Layer:
        """The picture where the old subject stands in a mask (h, w), as large, its feet on the same ground."""
        import cv2

        assert self._other is not None
        places = np.argwhere(mask > 0.5)[:, ::-1] * (width / mask.shape[1], height / mask.shape[0])
        low, high = np.quantile(places, (THIN, 1 - THIN), axis=0)
        high = np.maximum(high, low + 1)
        start, stop = segmentation.box(self._other[..., 3] / 255)
        cut = self._other[start[1] : stop[1], start[0] : stop[0]].astype(np.float32) / 255
        tall, wide = cut.shape[:2]
        old = np.sqrt(np.prod(high - low))
        if self._scale is None:
            fits = min(1.0, TALLER * (high - low)[1] / tall / (old / np.sqrt(tall * wide)))
            self._scale = fits / np.sqrt(tall * wide)
            self._stood = _cropped(mask)
            self._turned = _covers(cut[:, ::-1, 3], mask) > TURNED * _covers(cut[..., 3], mask)
        size = max(1, round(wide * self._scale * old)), max(1, round(tall * self._scale * old))
        cut = cut[:, ::-1] if self._turned else cut
        cut = np.dstack((cut[..., :3] * cut[..., 3:], cut[..., 3]))
        how = cv2.INTER_AREA if size[0] < wide else cv2.INTER_CUBIC
        cut = cv2.resize(np.ascontiguousarray(cut), size, interpolation=how).clip(0, 1)
        aside = _aside(height, width)
        at = np.array([[1.0, 0, aside + (low + high)[0] / 2 - size[0] / 2], [0, 1, aside + high[1] - size[1]]])
        return cv2.warpAffine(cut, at, (width + 2 * aside, height + 2 * aside))


def _traced(frames: np.ndarray, masks: np.ndarray) -> Tensor:
    """From where in frame 0 each pixel of later frames (T, h, w, 3) uint8 comes, (2, T-1, h, w) in pixels.

    What masks (T, h', w') show is held still and alone while it is followed: flow does not find what has gone far, and
    what lies around it goes another way.
    """
    import cv2

    if len(frames) == 1:
        return torch.empty(2, 0, *frames.shape[1:3])
    size, scale = frames.shape[2:0:-1], np.array(frames.shape[2:0:-1]) / masks.shape[2:0:-1]
    middles = [np.argwhere(mask > 0.5)[:, ::-1].mean(0) * scale if mask.any() else None for mask in masks]
    gone = [np.zeros(2) if middle is None or middles[0] is None else middle - middles[0] for middle in middles]
    shifts = [np.array([[1.0, 0, -x], [0, 1, -y]]) for x, y in gone]
    held = []
    for frame, mask, shift in zip(frames, masks, shifts, strict=True):
        alone = (frame.astype(np.float32) / 127.5 - 1) * cv2.resize(mask, size)[..., None]
        held.append(cv2.warpAffine(alone, shift, size, borderMode=cv2.BORDER_REPLICATE))
    fields = trace(torch.from_numpy(np.stack(held)).permute(3, 0, 1, 2))
    for number, (shift, (x, y)) in enumerate(zip(shifts[1:], gone[1:], strict=True)):
        field = np.ascontiguousarray(fields[:, number].permute(1, 2, 0))
        back = cv2.warpAffine(field, cv2.invertAffineTransform(shift), size, borderMode=cv2.BORDER_REPLICATE)
        fields[:, number] = torch.from_numpy(back - np.array([x, y], np.float32)).permute(2, 0, 1)
    return fields


def _aside(height: int, width: int) -> int:
    """Pixels around a frame in which a layer goes on, for what moves into it."""
    return round(ASIDE * min(height, width))


def _moved(layer: Layer, field: Tensor) -> Layer:
    """A layer seen through a field (1, 2, H, W) in pixels."""
    picture = torch.from_numpy(layer).permute(2, 0, 1)[None]
    return motion.warp(picture, field[:, :, None])[0, :, 0].permute(1, 2, 0).numpy()


def _cropped(mask: np.ndarray) -> np.ndarray:
    low, high = segmentation.box(mask)
    return mask[low[1] : high[1], low[0] : high[0]]


def _covers(alpha: np.ndarray, mask: np.ndarray) -> float:
    """How much of two outlines, each in its own box, is shared."""
    old = resize.scaled((_cropped(mask) * 255).astype(np.uint8), *alpha.shape) > 127
    new = alpha > 0.5
    return float((old & new).sum() / max(1, (old | new).sum()))
