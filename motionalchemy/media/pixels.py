"""Decoded frames -> (H, W, 3) uint8 sRGB: upright, of square pixels, over white, each at its own size and in its own
colours."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from motionalchemy.media import display, files

OBLONG = 8  # a pixel is at most so many times as long as wide; what says more means nothing
UNSAID = 2  # of a matrix, transfer function or primaries
# Without full chroma FFmpeg's scaler makes all that it reads two levels of 255 darker, accurate rounding or not.
_WELL = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
EXACT, SMALLER = Interpolation.BICUBIC | _WELL, Interpolation.AREA | _WELL


class Screen:
    """What frames of a stream are shown on: the first decides its size, later ones of another size are fitted into it,
    black beside them.

    `longest` is the most pixels that a side is to have. Raises MediaError for a size that is not read.
    """

    def __init__(self, path: Path, aspect: Fraction | None, longest: int | None):
        self._path, self._longest = path, longest
        self._aspect = aspect if aspect and 1 / OBLONG <= aspect <= OBLONG else Fraction(1)
        self._size: tuple[int, int] | None = None
        self._turned: dict[tuple[int, int, int], tuple[int, int, int, int] | None] = {}

    def shown(self, frame: VideoFrame, alpha: np.ndarray | None = None) -> np.ndarray:
        """A decoded frame as (H, W, 3) uint8; `alpha` (h, w) uint8 is its opacity where the frame itself has none."""
        height, width = square(frame.height, frame.width, self._aspect)
        files.check_size(self._path, width, height)
        height, width = shrunk(height, width, self._longest)
        picture, matrix = _coloured(frame, alpha, height, width, bool(self._longest)), self._matrix(frame)
        picture = np.rot90(picture, round(frame.rotation / 90)) if matrix is None else upright(picture, matrix)
        self._size = self._size or picture.shape[:2]
        return picture if picture.shape[:2] == self._size else within(picture, *self._size)

    def _matrix(self, frame: VideoFrame) -> tuple[int, int, int, int] | None:
        """The display matrix, read anew only where rotation or size change: a frame whose `side_data` was read is held,
        with all its pixels, until Python next looks for cycles."""
        now = frame.rotation, frame.height, frame.width
        if now not in self._turned:
            self._turned[now] = display_matrix(frame)
        return self._turned[now]


def notes(frame: VideoFrame) -> tuple[str, ...]:
    """What to say of a frame's colours."""
    name = {display.PQ: "PQ", display.HLG: "HLG"}.get(int(frame.color_trc))
    return (f"video: HDR ({name}) is shown in SDR, 203 cd/m2 as white",) if name else ()


def square(height: int, width: int, aspect: Fraction) -> tuple[int, int]:
    """Height and width in square pixels of a frame whose own are `aspect` times as wide as high; none of them is lost."""
    return (height, round(width * aspect)) if aspect >= 1 else (round(height / aspect), width)


def shrunk(height: int, width: int, longest: int | None) -> tuple[int, int]:
    """A size whose longer side has at most `longest` pixels."""
    scale = min(1.0, (longest or math.inf) / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def within(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture (h, w, 3) uint8 as large as fits into a size, undistorted, black beside it."""
    scale = min(height / picture.shape[0], width / picture.shape[1])
    high, wide = max(1, round(picture.shape[0] * scale)), max(1, round(picture.shape[1] * scale))
    small = cv2.resize(np.ascontiguousarray(picture), (wide, high), interpolation=cv2.INTER_AREA)
    out = np.zeros((height, width, 3), np.uint8)
    top, left = (height - high) // 2, (width - wide) // 2
    out[top : top + high, left : left + wide] = small
    return out


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) uint8 of an opacity (H, W) uint8, laid over white."""
    opaque = alpha.astype(np.uint16)[..., None]
    mixed = colours * opaque + (255 - opaque) * np.uint16(255) + np.uint16(128)
    return ((mixed + (mixed >> 8)) >> 8).astype(np.uint8)


def display_matrix(frame: VideoFrame) -> tuple[int, int, int, int] | None:
    """How a frame is to be turned: x' = a x + c y and y' = b x + d y of its display matrix, as (a, b, c, d).

    None for a matrix that cannot be undone; where there is none the frame stays as it is.
    """
    sides: Any = frame.side_data
    for data in sides:
        if str(data.type).endswith("DISPLAYMATRIX"):
            a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
            return (a, b, c, d) if a * d != b * c else None
    return 1, 0, 0, 1


def upright(picture: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """A picture (H, W, 3) as its display matrix wants it: one of the four rotations, mirrored or not, that is nearest."""
    a, b, c, d = matrix
    if abs(a) + abs(d) >= abs(b) + abs(c):
        across, down = a, d
    else:
        picture, across, down = picture.swapaxes(0, 1), c, b
    return picture[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]


def _coloured(frame: VideoFrame, alpha: np.ndarray | None, height: int, width: int, smaller: bool) -> np.ndarray:
    """A frame's pixels at a size, over white, in sRGB."""
    transfer, primaries = display.tags(int(frame.color_trc), int(frame.color_primaries), int(frame.colorspace))
    plain, how = display.as_it_is(transfer, primaries), SMALLER if smaller else EXACT
    if alpha is None and not _see_through(frame):
        if plain:
            return _reformatted(frame, height, width, "rgb24", how)
        deep = _reformatted(frame, height, width, "rgb48le", EXACT)  # by area it is rubbish at 16 bits
        return display.to_srgb(deep, transfer, primaries, _top(frame))
    both = _reformatted(frame, frame.height, frame.width, "rgba" if plain else "rgba64le", EXACT)
    alpha = alpha if alpha is not None else both[..., 3] if plain else (both[..., 3] // 257).astype(np.uint8)
    colours = np.ascontiguousarray(both[..., :3])
    laid = over_white(colours if plain else display.to_srgb(colours, transfer, primaries, _top(frame)), alpha)
    if laid.shape[:2] == (height, width):
        return laid
    return _reformatted(VideoFrame.from_ndarray(laid, format="rgb24"), height, width, "rgb24", how)


def _top(frame: VideoFrame) -> int:
    """The code of 16 bits that FFmpeg's scaler makes of a frame's highest one: less than 65535 where it comes from YUV."""
    if frame.format.is_rgb:
        return 65535
    bits = frame.format.components[0].bits
    return ((1 << bits) - 1) << (16 - bits) if frame.color_range == ColorRange.JPEG else 65283


def _see_through(frame: VideoFrame) -> bool:
    """Whether its pixels carry an opacity, or a palette that may."""
    return frame.format.has_palette or any(component.is_alpha for component in frame.format.components)


def _reformatted(frame: VideoFrame, height: int, width: int, kind: str, how: Any) -> np.ndarray:
    return frame.reformat(width, height, kind, src_colorspace=_matrix(frame), interpolation=how).to_ndarray()


def _matrix(frame: VideoFrame) -> Colorspace | int | None:
    """The matrix where a frame names none: BT.709 for what is as large as its pictures, else FFmpeg's choice, BT.601."""
    if frame.colorspace != UNSAID:
        return 9 if frame.colorspace == 10 else None
    if frame.color_primaries == 9 or frame.color_trc in (display.PQ, display.HLG):
        return 9
    return Colorspace.ITU709 if frame.height >= 720 or frame.width >= 1280 else None
