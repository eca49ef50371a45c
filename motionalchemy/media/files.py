"""Files opened and replaced safely: the limits of what is read, and the wording of every refusal of a file."""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from av.error import FFmpegError
from PIL import Image, UnidentifiedImageError

from motionalchemy.errors import MediaError, MotionAlchemyError

MAX_FILE_BYTES = 512 * 2**20
MAX_PIXELS = 64_000_000  # one picture or one frame
MAX_CLIP_PIXELS = 2**27  # all frames of a clip together: 384 MiB of RGB
MAX_ASPECT = 8
MIN_SIDE = 16
LONGEST_NAME = 247  # bytes: file systems take 255, and .preview.gif stands in the place of .mp4 meanwhile

TOO_LARGE = f"at most {MAX_PIXELS // 10**6} million pixels are read, so make it smaller"


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
    with scratch(path, ".part") as part, writing(path):
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())  # a full disk may show only now, and a power cut must not leave an empty file
        os.replace(part, path)


@contextlib.contextmanager
def scratch(path: Path, suffix: str) -> Iterator[Path]:
    """A path beside another for a file that is gone when the block ends."""
    part = path.parent / f".{secrets.token_hex(8)}{suffix}"
    try:
        yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write `path` within: a full disk, and whatever the system refuses, becomes a MediaError of one sentence."""
    try:
        yield
    except (OSError, FFmpegError) as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full, so free some space or choose another folder"
        else:
            reason = f"{brief(error)}, so check the folder or choose another"
        raise MediaError(f"{str(path)!r} could not be written: {reason}") from error


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
    with file, decoding(name):
        yield file


@contextlib.contextmanager
def decoding(name: str) -> Iterator[None]:
    """Read a file within; whatever its bytes make the libraries raise becomes a MediaError of one sentence that begins with
    `name`."""
    try:
        yield
    except MotionAlchemyError:
        raise
    except Image.DecompressionBombError as error:
        raise MediaError(f"{name} is too large ({brief(error)}): {TOO_LARGE}") from error
    except UnidentifiedImageError:
        raise MediaError(f"{name} is not a picture that can be read: save it as PNG, JPEG or WebP") from None
    except Exception as error:  # hostile bytes raise almost anything
        raise MediaError(f"{name} is damaged or of an unknown kind ({brief(error)}): save it again") from error


def check_size(path: Path, width: int, height: int) -> None:
    """Raise MediaError for a picture with too many pixels, too long for its width, or with a side that is too short."""
    name, long, short = f"{str(path)!r} is {width}x{height} pixels", max(width, height), min(width, height)
    if width * height > MAX_PIXELS:
        raise MediaError(f"{name}: {TOO_LARGE}")
    if long > MAX_ASPECT * short > 0:
        raise MediaError(f"{name}: one side may be at most {MAX_ASPECT} times the other, so crop it")
    if short < MIN_SIDE:
        raise MediaError(f"{name}: each side needs at least {MIN_SIDE}, so use a larger one")


def brief(error: Exception) -> str:
    """An error's own words as part of a sentence."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(words.split()).rstrip(".")[:120]
