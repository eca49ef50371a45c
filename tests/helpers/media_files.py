"""Pictures and clips that the tests of media make, and how they look at a refusal."""

import struct
import zlib

import numpy as np
import pytest

from motionalchemy.errors import MediaError

FORMATS = [".mp4", ".mov", ".webm", ".gif", ".webp", ".apng", ".png"]
NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def smooth(frames=9, height=64, width=96):
    """Waves that drift: (T, H, W, 3) uint8."""
    y, x = np.mgrid[:height, :width]
    waves = [
        np.stack([np.sin(x / 17 + t / 9), np.cos(y / 13 - t / 11), np.sin((x + y) / 23 + t / 7)], -1)
        for t in range(frames)
    ]
    return np.round(128 + 100 * np.stack(waves)).astype(np.uint8)


def psnr(one, other):
    return 10 * np.log10(255**2 / np.square(one.astype(float) - other).mean())


def png(width, height, bits=8, colour=2, rows=b""):
    """A PNG of any header, its pixels given or absent."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def save(path, image, **options):
    image.save(path, **options)
    return path


def refused(read, path, words):
    """The one sentence of a refusal: it names the file, matches `words` and is one line."""
    with pytest.raises(MediaError, match=words) as caught:
        read(path)
    sentence = str(caught.value)
    assert path.name in sentence and "\n" not in sentence and len(sentence) < 400 + len(str(path))
