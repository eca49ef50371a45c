"""Pictures and clips read from files or memory, every size bounded and every refusal one sentence."""

import contextlib
import io
import threading
import warnings
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from PIL import Image

from motionalchemy.errors import MediaError
from motionalchemy.media import animation, fields, files, pixels, streams, timing
from motionalchemy.media.clip import Clip
from motionalchemy.media.colour import srgb
from motionalchemy.media.opacity import Opacity
from motionalchemy.media.resize import fit
from motionalchemy.media.streams import open_container

Picture = str | Path | np.ndarray | Image.Image  # a path, an (H, W, 3) uint8 array, or an image of Pillow
MAX_FRAMES = 1500  # a minute at 25 frames per second
LARGEST_LAYER = 512  # pixels of a side
# EPS starts another program, FITS and BUFR..WMF unpack without a bound or cannot decode at all.
_REFUSED_READERS = {"EPS", "FITS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF"}
_ONE_DECODER = threading.Lock()

_Timed = Generator[tuple[np.ndarray, float, float], None, None]  # frame, the second it begins, how long it lasts


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One decoder at a time, which bounds peak memory; and `warnings.catch_warnings` is not safe between threads."""
    with _ONE_DECODER, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_image(path: str | Path) -> np.ndarray:
    """The (first) picture in a file as (H, W, 3) uint8 sRGB, upright and over white; raises MediaError."""
    path = Path(path)
    with _alone(), files.opened(path) as file:
        Image.init()
        said = animation.cicp(file)
        picture = Image.open(file, formats=[name for name in Image.ID if name not in _REFUSED_READERS])
        files.check_size(path, *picture.size)
        picture.load()
        files.check_size(path, *picture.size)  # an icon knows its size only once it is decoded
        return srgb(picture, said)


def layer(data: bytes) -> np.ndarray:
    """A small WebP picture in memory as (H, W, 4) uint8, its opacity last; raises MediaError."""
    with _alone(), files.decoding("a picture of the album"):
        picture = Image.open(io.BytesIO(data), formats=("WEBP",))
        if max(picture.size) > LARGEST_LAYER:
            raise MediaError(f"a layer of {picture.size} pixels is too large: use {LARGEST_LAYER} a side")
        return np.array(picture.convert("RGBA"))


def as_image(picture: Image.Image | np.ndarray) -> np.ndarray:
    """A picture in memory, Pillow's or an (H, W, 3) uint8 array, as `read_image` would give it; raises MediaError."""
    if isinstance(picture, Image.Image):
        files.check_size(Path("picture"), *picture.size)
        return srgb(picture)
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        given = f"{picture.shape} {picture.dtype}" if isinstance(picture, np.ndarray) else type(picture).__name__
        raise MediaError(f"a picture is a path, a Pillow image or an (H, W, 3) uint8 array, not {given}: convert it")
    files.check_size(Path("picture"), picture.shape[1], picture.shape[0])
    return picture


def read_clip(path: str | Path, max_frames: int = MAX_FRAMES, longest: int | None = None) -> Clip:
    """A video, animated GIF, WebP or PNG as a Clip of even frame rate; raises MediaError.

    Frames whose longer side has more than `longest` pixels are made smaller as they are read.
    """
    path = Path(path)
    limit = (
        f"at most {max_frames} frames and {files.MAX_CLIP_PIXELS // 10**6} million pixels in all are read, so trim it"
    )
    frames, begins, lasts, area, clock = [], [], [], 0, Clock()
    with _alone(), files.opened(path) as file, contextlib.closing(_frames(path, file, longest, clock)) as source:
        for frame, begin, last in source:
            area += frame.shape[0] * frame.shape[1]
            if len(frames) == max_frames or area > files.MAX_CLIP_PIXELS:
                raise MediaError(f"{str(path)!r} is too long: {limit}")
            frames.append(frame)
            begins.append(begin)
            lasts.append(last)
    if not frames:
        raise MediaError(f"{str(path)!r} holds no frame that can be shown: export it again")
    even = timing.even_rate(np.array(begins), np.array(lasts), clock.step, clock.stated)
    if even.count > max_frames or even.count * frames[0].shape[0] * frames[0].shape[1] > files.MAX_CLIP_PIXELS:
        raise MediaError(f"{str(path)!r} is too long, with {even.count} frames at {even.fps:.3g} per second: {limit}")
    return Clip(np.stack([frames[index] for index in even.shown]), even.fps)


@dataclass
class Clock:
    """How a file tells time: in steps of so many seconds, and the frames a second that it says it has; and `notes` on its
    pictures."""

    step: float = 0.001
    stated: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()


def _frames(path: Path, file: BinaryIO, longest: int | None, clock: Clock) -> _Timed:
    return _animation(path, file, longest, clock) if files.is_animation(file) else video(path, file, longest, clock)


def _animation(path: Path, file: BinaryIO, longest: int | None, clock: Clock) -> _Timed:
    """Frames of a GIF, WebP or PNG."""
    begin, size = 0.0, None
    clock.step = animation.step(file)
    for frame, last in animation.frames(path, file):
        size = size or pixels.shrunk(frame.shape[0], frame.shape[1], longest)
        yield frame if frame.shape[:2] == size else fit(frame, *size), begin, last
        begin += last


def video(path: Path, file: BinaryIO, longest: int | None, clock: Clock | None = None) -> _Timed:
    """Each frame of a video's picture stream, (H, W, 3) uint8, upright and of square pixels, the second it begins and how
    long it lasts, 0 if that is unknown.

    Frames are made smaller as in `read_clip`, and the stream's `clock` is set; raises MediaError.
    """
    with open_container(file) as container:
        stream = streams.video_of(path, container)
        files.check_size(path, stream.codec_context.width, stream.codec_context.height)
        stream.codec_context.options = {"max_pixels": str(files.MAX_PIXELS)}  # what the header says is only a promise
        said = clock_of(stream)
        if clock is not None:
            clock.step, clock.stated = said.step, said.stated
        usual, begin, told = usual_of(stream), 0.0, lasts_are_told(stream)
        screen, opacity = pixels.Screen(path, streams.aspect_of(stream), longest), Opacity(stream)
        woven = fields.Whole()
        for frame in woven(_decoded(path, container, stream, opacity)):
            begin = begin if frame.time is None else frame.time
            last = float((frame.duration or 0) * (frame.time_base or 0))
            shown = screen.shown(frame, opacity.of(frame))
            if clock is not None:
                clock.notes = (*streams.notes(container, stream), *pixels.notes(frame), *woven.notes)
            yield shown, begin, last * told
            begin += last or usual


def clock_of(stream: Any) -> Clock:
    """How a stream tells time."""
    stated = (stream.guessed_rate, stream.average_rate)
    return Clock(float(stream.time_base or 0), tuple(float(rate) for rate in stated if rate))


def lasts_are_told(stream: Any) -> bool:
    """Whether frames say how long they last: where their order is another in the file, they say how long till the next
    there."""
    return not stream.codec_context.has_b_frames


def usual_of(stream: Any) -> float:
    """Seconds that a frame lasts which says nothing of it."""
    return float(1 / (stream.average_rate or stream.guessed_rate or 24))


def _decoded(path: Path, container: Any, stream: Any, opacity: Opacity) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise MediaError(f"{str(path)!r} is damaged or cut short: export or download it again")
        opacity.read(packet)
        yield from packet.decode()
