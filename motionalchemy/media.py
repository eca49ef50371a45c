"""Files <-> pictures and clips: the one room that meets untrusted bytes, so every refusal of a file is worded here."""

import contextlib
import errno
import hashlib
import io
import math
import os
import secrets
import stat
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import av.filter
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image, ImageSequence, UnidentifiedImageError

from motionalchemy import encode
from motionalchemy.clip import Clip
from motionalchemy.colour import srgb
from motionalchemy.errors import InputError, MediaError, MotionAlchemyError, UnknownName

MAX_FILE_BYTES = 512 * 2**20
MAX_PIXELS = 64_000_000  # one picture or one frame
MAX_CLIP_PIXELS = 2**27  # all frames of a clip together: 384 MiB of RGB
MAX_FRAMES = 1500  # a minute at 25 frames per second
MAX_ASPECT = 8
MIN_SIDE, LARGEST_LAYER = 16, 512

_LARGEST = f"at most {MAX_PIXELS // 10**6} million pixels are read, so make it smaller"
# EPS starts another program, FITS and BUFR..WMF unpack without a bound or cannot decode at all.
_REFUSED_READERS = {"EPS", "FITS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF"}
# Playlists and other formats that open further files or addresses are not among these.
DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg"
_ONE_DECODER = threading.Lock()

_Timed = Generator[tuple[np.ndarray, float, float], None, None]  # frame, the second it begins, how long it lasts


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One decoder at a time, which bounds peak memory; and `warnings.catch_warnings` is not safe between threads."""
    with _ONE_DECODER, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_image(path: Path) -> np.ndarray:
    """The (first) picture in a file as (H, W, 3) uint8 sRGB, upright and over white; raises MediaError."""
    with _alone(), opened(path) as file:
        Image.init()
        picture = Image.open(file, formats=[name for name in Image.ID if name not in _REFUSED_READERS])
        check_size(path, *picture.size)
        picture.load()
        check_size(path, *picture.size)  # an icon knows its size only once it is decoded
        return srgb(picture)


def layer(data: bytes) -> np.ndarray:
    """A small WebP picture in memory as (H, W, 4) uint8, its opacity last; raises MediaError."""
    with _alone(), _decoding("a picture of the album"):
        picture = Image.open(io.BytesIO(data), formats=("WEBP",))
        if max(picture.size) > LARGEST_LAYER:
            raise MediaError(f"a layer of {picture.size} pixels is too large: use {LARGEST_LAYER} a side")
        return np.array(picture.convert("RGBA"))


def as_image(picture: Image.Image | np.ndarray) -> np.ndarray:
    """A picture in memory, Pillow's or an (H, W, 3) uint8 array, as `read_image` would give it; raises MediaError."""
    if isinstance(picture, Image.Image):
        check_size(Path("picture"), *picture.size)
        return srgb(picture)
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        given = f"{picture.shape} {picture.dtype}" if isinstance(picture, np.ndarray) else type(picture).__name__
        raise MediaError(f"a picture is a path, a Pillow image or an (H, W, 3) uint8 array, not {given}: convert it")
    check_size(Path("picture"), picture.shape[1], picture.shape[0])
    return picture


def fit(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """`image` (H, W, 3) uint8 made to cover (height, width) by Lanczos without distortion, its middle kept."""
    scale = max(height / image.shape[0], width / image.shape[1])
    top, left = (image.shape[0] - height / scale) / 2, (image.shape[1] - width / scale) / 2
    box = (max(left, 0), max(top, 0), min(left + width / scale, image.shape[1]), min(top + height / scale, len(image)))
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS, box=box))


def read_clip(path: Path, max_frames: int = MAX_FRAMES, longest: int | None = None) -> Clip:
    """A video, animated GIF, WebP or PNG as a Clip of even frame rate; raises MediaError.

    Frames whose longer side has more than `longest` pixels are made smaller as they are read.
    """
    limit = f"at most {max_frames} frames and {MAX_CLIP_PIXELS // 10**6} million pixels in all are read, so trim it"
    frames, begins, lasts, pixels = [], [], [], 0
    with _alone(), opened(path) as file, contextlib.closing(_frames(path, file, longest)) as source:
        for frame, begin, last in source:
            pixels += frame.shape[0] * frame.shape[1]
            if len(frames) == max_frames or pixels > MAX_CLIP_PIXELS:
                raise MediaError(f"{str(path)!r} is too long: {limit}")
            frames.append(frame)
            begins.append(begin)
            lasts.append(last)
    if not frames:
        raise MediaError(f"{str(path)!r} holds no frame that can be shown: export it again")
    keep, fps = even_rate(np.diff(np.array([*begins, begins[-1] + lasts[-1]])))
    if len(keep) > max_frames or len(keep) * frames[0].shape[0] * frames[0].shape[1] > MAX_CLIP_PIXELS:
        raise MediaError(f"{str(path)!r} is too long, with {len(keep)} frames at {fps:.3g} per second: {limit}")
    return Clip(np.stack([frames[index] for index in keep]), fps)


def write(clip: Clip, path: Path, quality: int | None = None) -> Path:
    """Write `clip` as the extension says (see `check_output`), whole or not at all; the same clip gives the same bytes.

    `quality` is 0 (smallest) to 100 for .mp4, .webm and .webp; without it, losses cannot be seen. An odd side of .mp4
    and .webm grows by one pixel, since their colour is stored at half size. Raises InputError, MediaError.
    """
    path = check_output(path)
    if quality is not None and not 0 <= quality <= 100:
        raise InputError(f"quality {quality} is not possible: use 0 (smallest file) to 100 (best picture)")
    with replacing(path) as part:
        _WRITERS[path.suffix.lower()](clip, part, quality)
    return path


def draft(clip: Clip, path: Path) -> Path:
    """Write `clip` as an MP4 to be encoded again: at once, large, whole or not at all. Raises MediaError."""
    with replacing(path) as part:
        _write_video(clip, part, "mp4", "libx264", **encode.DRAFT)
    return path


def write_text(text: str, path: Path) -> Path:
    """Write UTF-8 text, whole or not at all; raises MediaError."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`: takes its place when the block ends well, and is gone however it ends.

    Raises MediaError in one sentence when the disk is full or the system refuses.
    """
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())  # a full disk may show only now, and a power cut must not leave an empty file
        os.replace(part, path)
    except (OSError, FFmpegError) as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full, so free some space or choose another folder"
        else:
            reason = f"{brief(error)}, so check the folder or choose another"
        raise MediaError(f"{str(path)!r} could not be written: {reason}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def check_output(path: Path) -> Path:
    """`path` if a clip can be written there; else raises UnknownName (extension) or InputError (folder)."""
    name, folder = repr(str(path)), path.parent
    if path.suffix.lower() not in _WRITERS:
        raise UnknownName("output format", path.suffix or path.name, _WRITERS)
    try:
        if path.is_dir():
            raise InputError(f"{name} is a folder: add a file name to it")
        if not folder.is_dir():
            raise InputError(f"the folder of {name} does not exist: create it or choose another")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(f"the folder of {name} is not writable: choose another or change its permissions")
    except OSError as error:
        raise InputError(f"{name} cannot be a file name ({brief(error)}): choose another") from error
    return path


def contact_sheet(rows: Sequence[Clip | np.ndarray], columns: int = 8) -> np.ndarray:
    """One row of at most `columns` evenly spread frames for each clip or (T, H, W, 3) uint8 array, on white."""
    clips = [row.frames if isinstance(row, Clip) else row for row in rows]
    if not clips or columns < 1:
        raise InputError(f"a contact sheet takes one clip and one column or more, not {len(clips)} and {columns}")
    picks = [clip[np.linspace(0, len(clip) - 1, min(columns, len(clip))).round().astype(int)] for clip in clips]
    gap, wide = 2, max(map(len, picks))
    high, broad = max(clip.shape[1] for clip in clips) + gap, max(clip.shape[2] for clip in clips) + gap
    sheet = np.full((len(clips) * high + gap, wide * broad + gap, 3), 255, np.uint8)
    for row, frames in enumerate(picks):
        for column, frame in enumerate(frames):
            top, left = gap + row * high, gap + column * broad
            sheet[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return sheet


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_animation(file: BinaryIO) -> bool:
    """Whether an open file is an animated picture (or a still one) rather than a video."""
    head = file.read(12)
    file.seek(0)
    return head[:4] in (b"GIF8", b"\x89PNG") or (head[:4], head[8:]) == (b"RIFF", b"WEBP")


@contextlib.contextmanager
def opened(path: Path, most: int | None = None) -> Iterator[BinaryIO]:
    """An ordinary file of at most `most` bytes, open for reading; what a decoder raises becomes a MediaError."""
    name = repr(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            kind = "folder" if stat.S_ISDIR(status.st_mode) else "pipe or device"
            raise MediaError(f"{name} is a {kind}: give the path of a picture or video file")
        if status.st_size == 0:
            raise MediaError(f"{name} is empty (0 bytes): save or download it again")
        if status.st_size > (most := most or MAX_FILE_BYTES):
            raise MediaError(f"{name} has {status.st_size} bytes: use a file of at most {most} bytes")
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise MediaError(f"{name} does not exist: check the path") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"{name} cannot be opened ({brief(error)}): check its path and permissions") from error
    with file, _decoding(name):
        yield file


@contextlib.contextmanager
def _decoding(name: str) -> Iterator[None]:
    try:
        yield
    except MotionAlchemyError:
        raise
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name} is too large ({brief(error)}): {_LARGEST}") from error
    except UnidentifiedImageError:
        raise MediaError(f"{name} is not a picture that can be read: save it as PNG, JPEG or WebP") from None
    except Exception as error:  # hostile bytes raise almost anything
        raise MediaError(f"{name} is damaged or of an unknown kind ({brief(error)}): save it again") from error


def check_size(path: Path, width: int, height: int) -> None:
    name, long, short = f"{str(path)!r} is {width}x{height} pixels", max(width, height), min(width, height)
    if width * height > MAX_PIXELS:
        raise MediaError(f"{name}: {_LARGEST}")
    if long > MAX_ASPECT * short > 0:
        raise MediaError(f"{name}: one side may be at most {MAX_ASPECT} times the other, so crop it")
    if short < MIN_SIDE:
        raise MediaError(f"{name}: each side needs at least {MIN_SIDE}, so use a larger one")


def brief(error: Exception) -> str:
    """An error's own words as part of a sentence."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(words.split()).rstrip(".")[:120]


def _frames(path: Path, file: BinaryIO, longest: int | None) -> _Timed:
    return (_animation if is_animation(file) else video)(path, file, longest)


def _animation(path: Path, file: BinaryIO, longest: int | None) -> _Timed:
    """Frames of a GIF, WebP or PNG."""
    begin, size = 0.0, None
    for picture in ImageSequence.Iterator(Image.open(file, formats=("GIF", "WEBP", "PNG"))):
        check_size(path, *picture.size)
        picture.load()
        frame = srgb(picture)
        size = size or _shrunk(frame.shape[0], frame.shape[1], longest)
        told = float(picture.info.get("duration") or 0)
        last = (told if told > 10 else 100) / 1000  # as browsers do with a duration too short to mean it
        yield frame if frame.shape[:2] == size else fit(frame, *size), begin, last
        begin += last


def video(path: Path, file: BinaryIO, longest: int | None) -> _Timed:
    """Frames of a video's first picture stream, turned upright."""
    limits = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
    with av.open(file, "r", options=limits, metadata_errors="replace") as container:
        if not container.streams.video:
            raise MediaError(f"{str(path)!r} holds no video: give a file with pictures in it")
        stream = container.streams.video[0]
        check_size(path, stream.codec_context.width, stream.codec_context.height)
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # what the header says is only a promise
        scaling = Interpolation.ACCURATE_RND | (Interpolation.AREA if longest else Interpolation.BICUBIC)
        height, width = _shrunk(stream.codec_context.height, stream.codec_context.width, longest)
        usual, begin = float(1 / (stream.average_rate or stream.guessed_rate or 24)), 0.0
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise MediaError(f"{str(path)!r} is damaged or cut short: export or download it again")
            for frame in packet.decode():
                begin = begin if frame.time is None else frame.time
                last = float((frame.duration or 0) * (frame.time_base or 0)) or usual
                matrix = Colorspace.ITU709 if frame.colorspace == 2 and frame.height >= 720 else None  # 2: not told
                shown = frame.reformat(width, height, "rgb24", src_colorspace=matrix, interpolation=scaling)
                yield np.rot90(shown.to_ndarray(), round(frame.rotation / 90)), begin, last
                begin += last


def _shrunk(height: int, width: int, longest: int | None) -> tuple[int, int]:
    scale = min(1.0, (longest or math.inf) / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def even_rate(lasts: np.ndarray) -> tuple[np.ndarray, float]:
    """Seconds each frame lasts -> which frame to show at each tick of an even rate, and that rate.

    Nearly even durations keep every frame; else the usual duration becomes the tick and pauses repeat their frame.
    """
    if lasts.min() <= 0 or lasts.max() <= 1.5 * lasts.min():
        fps = min(1 / float(lasts.mean()), 1000.0) if lasts.mean() > 0 else 24.0
        whole = round(fps)  # time stamps in whole ms turn 24 into 24.01; the television rate 23.976 stays itself
        return np.arange(len(lasts)), whole if abs(whole - fps) < 9e-4 * fps else fps
    tick = max(float(np.median(lasts)), 0.001)
    middles = (np.arange(max(1, round(float(lasts.sum()) / tick))) + 0.5) * tick
    return np.minimum(np.searchsorted(np.cumsum(lasts), middles, side="right"), len(lasts) - 1), 1 / tick


def _encode(part: Path, kind: str, codec: str, clip: Clip, frames: Iterable[av.VideoFrame], **options: str) -> None:
    """The frames of `clip`, as the codec wants them, into a file."""
    with encode.opened(str(part.absolute()), kind) as output:
        rate = max(Fraction(clip.fps).limit_denominator(1001), Fraction(1, 1001))
        stream = encode.begun(output, codec, rate, clip.height, clip.width, **options)
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def _write_video(clip: Clip, part: Path, kind: str, codec: str, **options: str) -> None:
    if clip.height % 2 or clip.width % 2:
        grow = (0, 0), (0, clip.height % 2), (0, clip.width % 2), (0, 0)
        clip = Clip(np.pad(clip.frames, grow, mode="edge"), clip.fps)
    exact = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
    bt709 = {"dst_colorspace": Colorspace.ITU709, "dst_color_range": ColorRange.MPEG, "interpolation": exact}
    pictures = (av.VideoFrame.from_ndarray(frame, format="rgb24") for frame in clip.frames)
    _encode(part, kind, codec, clip, (picture.reformat(format="yuv420p", **bt709) for picture in pictures), **options)


def _write_mp4(clip: Clip, part: Path, quality: int | None) -> None:
    crf = encode.CRF if quality is None else max(1, round(51 * (1 - quality / 100)))  # few players know 0, without loss
    _write_video(clip, part, "mp4", "libx264", **encode.H264 | {"crf": str(crf)})


def _write_webm(clip: Clip, part: Path, quality: int | None) -> None:
    crf = 22 if quality is None else round(63 * (1 - quality / 100))
    _write_video(clip, part, "webm", "libvpx-vp9", **{"crf": str(crf), "b": "0", "deadline": "good", "cpu-used": "3"})


def _write_gif(clip: Clip, part: Path, quality: int | None) -> None:
    """One palette for the whole clip and an ordered dither: neither flickers. Players slow down above 50 per second."""
    step, tick = math.ceil(clip.fps / 50), Fraction(1, 50)
    clip = Clip(clip.frames[::step], clip.fps / step)
    graph = av.filter.Graph()
    source = graph.add_buffer(None, clip.width, clip.height, av.VideoFormat("rgb24"), time_base=tick)
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


def _write_webp(clip: Clip, part: Path, quality: int | None) -> None:
    ticks = np.diff(np.round(np.arange(len(clip) + 1) * 1000 / clip.fps).astype(int)).tolist()
    first, *rest = map(Image.fromarray, clip.frames)
    level = 90 if quality is None else quality
    first.save(part, "WEBP", save_all=True, append_images=rest, duration=ticks, loop=0, quality=level, method=4)


def _write_png(clip: Clip, part: Path, quality: int | None) -> None:
    Image.fromarray(clip.frames[0] if len(clip) == 1 else contact_sheet([clip])).save(part, "PNG")


_WRITERS: dict[str, Callable[[Clip, Path, int | None], None]] = {
    ".mp4": _write_mp4,
    ".webm": _write_webm,
    ".gif": _write_gif,
    ".webp": _write_webp,
    ".png": _write_png,
}
