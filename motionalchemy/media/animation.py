"""Animated pictures frame by frame: GIF, APNG, WebP, and what a picture file says of its colours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from PIL import Image, ImageSequence

from motionalchemy.errors import MediaError
from motionalchemy.media import files
from motionalchemy.media.colour import srgb
from motionalchemy.media.pixels import over_white

LEAST = 10  # milliseconds: what says that it lasts no longer is shown for MEANT, as browsers do
MEANT = 100


def frames(path: Path, file: BinaryIO) -> Iterator[tuple[np.ndarray, float]]:
    """Every frame (H, W, 3) uint8 of an open file and the seconds that it lasts; raises MediaError."""
    for frame, stated in (_gif if step(file) > 0.001 else _pillow)(path, file):
        yield frame, (stated if stated > LEAST else MEANT) / 1000


def step(file: BinaryIO) -> float:
    """The seconds in which an open file counts: hundredths in a GIF, else thousandths."""
    gif = file.read(4) == b"GIF8"
    file.seek(0)
    return 0.01 if gif else 0.001


def _pillow(path: Path, file: BinaryIO) -> Iterator[tuple[np.ndarray, float]]:
    said = cicp(file)
    with Image.open(file, formats=("WEBP", "PNG")) as picture:
        hidden = bool(getattr(picture, "default_image", False))  # of an APNG: what those show that know no animation
        for number, each in enumerate(ImageSequence.Iterator(picture)):
            files.check_size(path, *each.size)
            each.load()
            if not (hidden and number == 0):
                yield srgb(each, said), float(each.info.get("duration") or 0)


def _gif(path: Path, file: BinaryIO) -> Iterator[tuple[np.ndarray, float]]:
    """By FFmpeg, for Pillow clears to the background colour where browsers clear to nothing."""
    with Image.open(file, formats=("GIF",)) as picture:
        files.check_size(path, *picture.size)
    _whole(path, file)
    file.seek(0)
    limits: Any = {"format_whitelist": "gif", "protocol_whitelist": "none"}
    with av.open(file, "r", options=limits) as container:
        container.streams.video[0].codec_context.options = {"max_pixels": str(files.MAX_PIXELS)}
        for frame in container.decode(video=0):
            files.check_size(path, frame.width, frame.height)
            pixels = frame.to_ndarray(format="rgba")
            yield (
                over_white(pixels[..., :3], pixels[..., 3]),
                float((frame.duration or 0) * (frame.time_base or 0) * 1000),
            )


def _whole(path: Path, file: BinaryIO) -> None:
    """Raise MediaError for a GIF that ends within a block; the last byte of all is often left out, and not missed."""
    file.seek(0)
    head = _bytes(path, file, 13)
    file.seek(13 + (3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0))
    while (kind := file.read(1)) not in (b"", b";"):
        if kind == b"!":
            _bytes(path, file, 1)
        elif kind == b",":
            flags = _bytes(path, file, 9)[8]
            _bytes(path, file, (3 << (flags & 7) + 1 if flags & 0x80 else 0) + 1)
        elif kind != b"\0":
            return  # rubbish behind the picture: decoders look no further either
        while kind != b"\0" and (size := _bytes(path, file, 1)[0]):
            _bytes(path, file, size)


def _bytes(path: Path, file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise MediaError(f"{str(path)!r} is damaged or cut short: export or download it again")
    return found


def cicp(file: BinaryIO) -> tuple[int, int] | None:
    """The transfer function and primaries that an open PNG or AVIF names by the numbers of H.273; None where it names none.

    The file stands at its beginning afterwards.
    """
    file.seek(0)
    head = file.read(1 << 16)
    file.seek(0)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        at = 8
        while at + 12 <= len(head) and (kind := head[at + 4 : at + 8]) not in (b"IDAT", b"IEND"):
            if kind == b"cICP":
                return head[at + 9], head[at + 8]
            at += 12 + int.from_bytes(head[at : at + 4], "big")
    elif head[4:8] == b"ftyp" and (at := head.find(b"colrnclx")) > 0 and len(head) >= at + 12:
        return int.from_bytes(head[at + 10 : at + 12], "big"), int.from_bytes(head[at + 8 : at + 10], "big")
    return None
