"""Clips written as the extension says, whole or not at all; the same clip gives the same bytes."""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

import av
import av.filter
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from motionalchemy.errors import InputError, UnknownName
from motionalchemy.media import encoders
from motionalchemy.media.files import LONGEST_NAME, brief, replacing, scratch


class Pictures(Protocol):
    """What can be written, a `Clip` or anything like one: `frames` (T, H, W, 3) uint8 RGB shown at `fps`."""

    @property
    def frames(self) -> np.ndarray:
        """(T, H, W, 3) uint8."""
        ...

    @property
    def fps(self) -> float:
        """Frames a second."""
        ...


class _Played(NamedTuple):
    frames: np.ndarray
    fps: float


def write(clip: Pictures, path: Path, quality: int | None = None) -> Path:
    """Write `clip` as the extension says (see `check_output`), whole or not at all; the same clip gives the same bytes.

    `quality` is 0 (smallest) to 100 for .mp4, .mov, .webm and .webp; without it, losses cannot be seen. An odd side of
    .mp4, .mov and .webm grows by one pixel, since their colour is stored at half size. Raises InputError, MediaError.
    """
    path = check_output(path)
    if quality is not None and not 0 <= quality <= 100:
        raise InputError(f"quality {quality} is not possible: use 0 (smallest file) to 100 (best picture)")
    with replacing(path) as part:
        WRITERS[path.suffix.lower()](clip, part, quality)
    return path


def draft(clip: Pictures, path: Path) -> Path:
    """Write `clip` as an MP4 to be encoded again: at once, large, whole or not at all. Raises MediaError."""
    with replacing(path) as part:
        _write_video(clip, part, "mp4", "libx264", **encoders.DRAFT)
    return path


def check_output(path: Path) -> Path:
    """`path` if a clip can be written there; else raises UnknownName (extension) or InputError (folder)."""
    name, folder = repr(str(path)), path.parent
    if (size := len(os.fsencode(path.name))) > LONGEST_NAME:
        raise InputError(f"{name} is too long a name, {size} bytes: use at most {LONGEST_NAME}")
    if path.suffix.lower() not in WRITERS:
        raise UnknownName("output format", path.suffix or path.name, WRITERS)
    try:
        if path.is_dir():
            raise InputError(f"{name} is a folder: add a file name to it")
        if not folder.is_dir():
            raise InputError(f"the folder of {name} does not exist: create it or choose another")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"the folder of {name} is not writable: choose another or change its permissions")
    except OSError as error:
        raise InputError(f"{name} cannot be a file name ({brief(error)}): choose another") from error
    try:
        with scratch(path, ".part") as tried:
            tried.touch()  # what looks writable may not be, as /proc
    except OSError as error:
        raise InputError(f"the folder of {name} takes no file ({brief(error)}): choose another") from error
    return path


def contact_sheet(rows: Sequence[Pictures | np.ndarray], columns: int = 8) -> np.ndarray:
    """One row of at most `columns` evenly spread frames for each clip or (T, H, W, 3) uint8 array, on white: (H, W, 3)
    uint8.

    Raises InputError without clips or columns.
    """
    clips = [row if isinstance(row, np.ndarray) else row.frames for row in rows]
    if not clips or columns < 1:
        raise InputError(f"a contact sheet takes one clip and one column or more, not {len(clips)} and {columns}")
    spread = [np.linspace(0, len(clip) - 1, min(columns, len(clip))).round().astype(int) for clip in clips]
    picks = [clip[at] for clip, at in zip(clips, spread, strict=True)]
    gap, wide = 2, max(map(len, picks))
    high, broad = max(clip.shape[1] for clip in clips) + gap, max(clip.shape[2] for clip in clips) + gap
    sheet = np.full((len(clips) * high + gap, wide * broad + gap, 3), 255, np.uint8)
    for row, frames in enumerate(picks):
        for column, frame in enumerate(frames):
            top, left = gap + row * high, gap + column * broad
            sheet[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return sheet


def _encode(part: Path, kind: str, codec: str, clip: Pictures, frames: Iterable[av.VideoFrame], **options: str) -> None:
    """The frames of `clip`, as the codec wants them, into a file."""
    with encoders.opened(str(part.absolute()), kind) as output:
        rate = max(Fraction(clip.fps).limit_denominator(1001), Fraction(1, 1001))
        stream = encoders.begun(output, codec, rate, clip.frames.shape[1], clip.frames.shape[2], **options)
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def _write_video(clip: Pictures, part: Path, kind: str, codec: str, **options: str) -> None:
    if clip.frames.shape[1] % 2 or clip.frames.shape[2] % 2:
        grow = (0, 0), (0, clip.frames.shape[1] % 2), (0, clip.frames.shape[2] % 2), (0, 0)
        clip = _Played(np.pad(clip.frames, grow, mode="edge"), clip.fps)
    exact = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
    bt709 = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG, "interpolation": exact}
    pictures = (av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in clip.frames)
    _encode(part, kind, codec, clip, (picture.reformat(format="yuv420p", **bt709) for picture in pictures), **options)


def _write_mp4(clip: Pictures, part: Path, quality: int | None, kind: str = "mp4") -> None:
    crf = (
        encoders.CRF if quality is None else max(1, round(51 * (1 - quality / 100)))
    )  # few players know 0, without loss
    _write_video(clip, part, kind, "libx264", **encoders.H264 | {"crf": str(crf)})


def _write_mov(clip: Pictures, part: Path, quality: int | None) -> None:
    _write_mp4(clip, part, quality, "mov")


def _write_webm(clip: Pictures, part: Path, quality: int | None) -> None:
    crf = 22 if quality is None else round(63 * (1 - quality / 100))
    _write_video(clip, part, "webm", "libvpx-vp9", **{"crf": str(crf), "b": "0", "deadline": "good", "cpu-used": "3"})


def _write_gif(clip: Pictures, part: Path, quality: int | None) -> None:
    """One palette for the whole clip and an ordered dither: neither flickers. Players slow down above 50 per second."""
    step, tick = math.ceil(clip.fps / 50), Fraction(1, 50)
    clip = _Played(clip.frames[::step], clip.fps / step)
    graph = av.filter.Graph()
    source = graph.add_buffer(None, clip.frames.shape[2], clip.frames.shape[1], av.VideoFormat("rgb24"), time_base=tick)
    split, palette = graph.add("split"), graph.add("palettegen")
    use, sink = graph.add("paletteuse", "dither=bayer:bayer_scale=4:diff_mode=rectangle"), graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    for index, pixels in enumerate(clip.frames):
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = index, tick
        graph.push(frame)
    graph.push(None)
    _encode(part, "gif", "gif", clip, (graph.vpull() for _ in clip.frames))


def _write_webp(clip: Pictures, part: Path, quality: int | None) -> None:
    ticks = np.diff(np.round(np.arange(len(clip.frames) + 1) * 1000 / clip.fps).astype(int)).tolist()
    first, *rest = map(Image.fromarray, clip.frames)
    level = 90 if quality is None else quality
    first.save(part, "WEBP", save_all=True, append_images=rest, duration=ticks, loop=0, quality=level, method=4)
    if (
        rest and part.read_bytes()[12:16] != b"VP8X"
    ):  # all alike: the library makes a still of them, which has no length
        part.write_bytes(_held(part.read_bytes(), clip.frames.shape[2], clip.frames.shape[1], sum(ticks)))


def _held(still: bytes, width: int, height: int, milliseconds: int) -> bytes:
    """A WebP still as an animation of one frame, which lasts so long: as the container's specification lays it out."""
    little = lambda value, size: value.to_bytes(size, "little")  # noqa: E731
    chunk = lambda kind, data: kind + little(len(data), 4) + data + b"\0" * (len(data) % 2)  # noqa: E731
    size = little(width - 1, 3) + little(height - 1, 3)
    frame = bytes(6) + size + little(min(milliseconds, 2**24 - 1), 3) + b"\0" + still[12:]
    body = chunk(b"VP8X", b"\2\0\0\0" + size) + chunk(b"ANIM", bytes(6)) + chunk(b"ANMF", frame)
    return b"RIFF" + little(len(body) + 4, 4) + b"WEBP" + body


def _write_apng(clip: Pictures, part: Path, quality: int | None) -> None:
    _encode(part, "apng", "apng", clip, (av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in clip.frames))


def _write_png(clip: Pictures, part: Path, quality: int | None) -> None:
    Image.fromarray(clip.frames[0] if len(clip.frames) == 1 else contact_sheet([clip])).save(part, "PNG")


WRITERS: dict[str, Callable[[Pictures, Path, int | None], None]] = {
    ".mp4": _write_mp4,
    ".mov": _write_mov,
    ".webm": _write_webm,
    ".gif": _write_gif,
    ".webp": _write_webp,
    ".apng": _write_apng,
    ".png": _write_png,
}
