"""Pictures and clips read from files or memory, every size bounded and every refusal one sentence."""

import contextlib
import io
import math
import threading
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import av.filter
import numpy as np
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image, ImageSequence

from motionalchemy.errors import MediaError
from motionalchemy.media import files
from motionalchemy.media.clip import Clip
from motionalchemy.media.colour import srgb
from motionalchemy.media.resize import fit

Picture = str | Path | np.ndarray | Image.Image  # a path, an (H, W, 3) uint8 array, or an image of Pillow
MAX_FRAMES = 1500  # a minute at 25 frames per second
LARGEST_LAYER = 512  # pixels of a side
# EPS starts another program, FITS and BUFR..WMF unpack without a bound or cannot decode at all.
_REFUSED_READERS = {"EPS", "FITS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF"}
# Playlists and other formats that open further files or addresses are not among these.
DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg"
_TOLERANT = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}  # 19 does so by itself
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
        picture = Image.open(file, formats=[name for name in Image.ID if name not in _REFUSED_READERS])
        files.check_size(path, *picture.size)
        picture.load()
        files.check_size(path, *picture.size)  # an icon knows its size only once it is decoded
        return srgb(picture)


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
    frames, begins, lasts, pixels = [], [], [], 0
    with _alone(), files.opened(path) as file, contextlib.closing(_frames(path, file, longest)) as source:
        for frame, begin, last in source:
            pixels += frame.shape[0] * frame.shape[1]
            if len(frames) == max_frames or pixels > files.MAX_CLIP_PIXELS:
                raise MediaError(f"{str(path)!r} is too long: {limit}")
            frames.append(frame)
            begins.append(begin)
            lasts.append(last)
    if not frames:
        raise MediaError(f"{str(path)!r} holds no frame that can be shown: export it again")
    keep, fps = even_rate(np.diff(np.array([*begins, begins[-1] + lasts[-1]])))
    if len(keep) > max_frames or len(keep) * frames[0].shape[0] * frames[0].shape[1] > files.MAX_CLIP_PIXELS:
        raise MediaError(f"{str(path)!r} is too long, with {len(keep)} frames at {fps:.3g} per second: {limit}")
    return Clip(np.stack([frames[index] for index in keep]), fps)


def _frames(path: Path, file: BinaryIO, longest: int | None) -> _Timed:
    return (_animation if files.is_animation(file) else video)(path, file, longest)


def _animation(path: Path, file: BinaryIO, longest: int | None) -> _Timed:
    """Frames of a GIF, WebP or PNG."""
    begin, size = 0.0, None
    for picture in ImageSequence.Iterator(Image.open(file, formats=("GIF", "WEBP", "PNG"))):
        files.check_size(path, *picture.size)
        picture.load()
        frame = srgb(picture)
        size = size or _shrunk(frame.shape[0], frame.shape[1], longest)
        stated = float(picture.info.get("duration") or 0)
        last = (stated if stated > 10 else 100) / 1000  # as browsers do with a duration too short to mean it
        yield frame if frame.shape[:2] == size else fit(frame, *size), begin, last
        begin += last


def open_container(file: Any) -> Any:
    """A container of PyAV that reads the formats known here and follows no address inside them."""
    limits = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    return av.open(file, "r", options=limits, **_TOLERANT)  # type: ignore[call-overload]


def video(path: Path, file: BinaryIO, longest: int | None) -> _Timed:
    """Each frame of a video's first picture stream, (H, W, 3) uint8 and upright, the second it begins and how long it
    lasts.

    Frames are made smaller as in `read_clip`; raises MediaError.
    """
    with open_container(file) as container:
        if not container.streams.video:
            raise MediaError(f"{str(path)!r} holds no video: give a file with pictures in it")
        stream = container.streams.video[0]
        files.check_size(path, stream.codec_context.width, stream.codec_context.height)
        stream.codec_context.options = {"max_pixels": str(files.MAX_PIXELS)}  # what the header says is only a promise
        scaling = Interpolation.ACCURATE_RND | (Interpolation.AREA if longest else Interpolation.BICUBIC)
        height, width = _shrunk(stream.codec_context.height, stream.codec_context.width, longest)
        usual, begin = float(1 / (stream.average_rate or stream.guessed_rate or 24)), 0.0
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise MediaError(f"{str(path)!r} is damaged or cut short: export or download it again")
            for frame in packet.decode():
                begin = begin if frame.time is None else frame.time
                last = float((frame.duration or 0) * (frame.time_base or 0)) or usual
                matrix = Colorspace.ITU709 if frame.colorspace == 2 and frame.height >= 720 else None  # 2: unspecified
                shown = frame.reformat(width, height, "rgb24", src_colorspace=matrix, interpolation=scaling)
                yield np.rot90(shown.to_ndarray(), round(frame.rotation / 90)), begin, last
                begin += last


def _shrunk(height: int, width: int, longest: int | None) -> tuple[int, int]:
    scale = min(1.0, (longest or math.inf) / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def even_rate(lasts: np.ndarray) -> tuple[np.ndarray, float]:
    """Seconds each frame lasts (T,) -> which frame to show at each tick (n,) of an even rate, and that rate.

    Nearly even durations keep every frame; else the usual duration becomes the tick and pauses repeat their frame.
    """
    if lasts.min() <= 0 or lasts.max() <= 1.5 * lasts.min():
        fps = min(1 / float(lasts.mean()), 1000.0) if lasts.mean() > 0 else 24.0
        whole = round(fps)  # time stamps in whole ms turn 24 into 24.01; the television rate 23.976 stays itself
        return np.arange(len(lasts)), whole if abs(whole - fps) < 9e-4 * fps else fps
    tick = max(float(np.median(lasts)), 0.001)
    middles = (np.arange(max(1, round(float(lasts.sum()) / tick))) + 0.5) * tick
    return np.minimum(np.searchsorted(np.cumsum(lasts), middles, side="right"), len(lasts) - 1), 1 / tick
