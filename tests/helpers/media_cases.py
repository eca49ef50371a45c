"""What people bring: how such a file is made, and what must be true of it once it is read."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import media_packets
import numpy as np
from media_made import (
    BARS,
    CODES,
    HEIGHT,
    TO_XYZ,
    WIDTH,
    Film,
    bars,
    coloured,
    holdable,
    linear,
    number_of,
    png_with,
    seen,
    tag,
    written,
)  # fmt: skip
from PIL import Image

from motionalchemy.errors import MediaError
from motionalchemy.media import footage, reader

SDR, HDR = 4, 6  # levels of 255 by which colours may be off


@dataclass(frozen=True)
class Case:
    """A line: container and codec, the property, what is done (English, Chinese), the file, and the check, which returns
    what it measured."""

    kind: str
    what: tuple[str, str]
    done: tuple[str, str]
    make: Callable[[Path], Path]
    check: Callable[[Path], str]


def film(name: str, **options) -> Callable[[Path], Path]:
    return lambda folder: written(folder / name, Film(**options))


def off(picture: np.ndarray, truth: np.ndarray = BARS) -> int:
    return int(np.abs(seen(picture) - truth).max())


def colours(most: int, size: tuple[int, int] = (HEIGHT, WIDTH), truth: np.ndarray = BARS) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        clip = reader.read_clip(path)
        error = off(clip.frames[len(clip) // 2], truth)
        assert clip.frames.shape[1:3] == size, clip.frames.shape
        assert error <= most, seen(clip.frames[0])
        streamed = next(footage.read(path).frames())
        assert (streamed == clip.frames[0]).all()
        return f"colours off by {error} at most"

    return check


def shown(fps: float, numbers: list[int]) -> Callable[[Path], str]:
    """Which frame stands at which tick, read whole and as a stream."""

    def check(path: Path) -> str:
        clip, stream = reader.read_clip(path), footage.read(path)
        assert [number_of(frame) for frame in clip.frames] == numbers, [number_of(frame) for frame in clip.frames]
        assert [number_of(frame) for frame in stream.frames()] == numbers
        assert abs(clip.fps - fps) < 1e-6 * fps and stream.fps == clip.fps, (clip.fps, stream.fps)
        return f"{len(clip)} frames at {clip.fps:g}"

    return check


def refused(words: str) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        try:
            reader.read_clip(path)
        except MediaError as error:
            assert words in str(error), str(error)
            return "refused"
        raise AssertionError("read")

    return check


def hdr(name: str, codec: str, transfer: int) -> Callable[[Path], Path]:
    how = {"libx265": {"x265-params": "log-level=0:crf=4"}, "ffv1": {}, "libsvtav1": {"crf": "4"}}[codec]
    return sdr(name, codec, transfer, 9, 9, "yuv420p10le", options=how)


def of_primaries(number: int) -> np.ndarray:
    """The bars as far as such primaries can show them."""
    return holdable(Film(primaries=number))


def sdr(name, codec, transfer, primaries, matrix, pixels="yuv444p", full=False, options=None):
    def make(folder: Path) -> Path:
        how = {"crf": "1", "preset": "fast"} if codec == "libx264" else {}
        made = Film(
            codec, None, pixels, tuple(range(3)), matrix=matrix, transfer=transfer, primaries=primaries, full=full,
            options=how if options is None else options,
        )  # fmt: skip
        made.picture = lambda number: coloured(made)
        return written(folder / name, made)

    return make


def see_through(number: int = 0) -> np.ndarray:
    """Left transparent, the middle half so, right opaque green: (H, W, 4)."""
    frame = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    frame[..., :3] = (40, 160, 60)
    frame[:, WIDTH // 3 :, 3] = 128
    frame[:, 2 * WIDTH // 3 :, 3] = 255
    return frame


def over_white(most: int) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        frame = reader.read_clip(path).frames[-1].astype(int)
        found = frame[HEIGHT // 2, [WIDTH // 6, WIDTH // 2, WIDTH * 5 // 6]]
        error = np.abs(found - [(255, 255, 255), (147, 207, 157), (40, 160, 60)]).max()
        assert error <= most, found
        return f"off by {error} at most"

    return check


def opaque_beside(folder: Path) -> Path:
    """A VP9 WebM whose opacity lies beside it, as libvpx writes it: the addition of every block is made by hand."""

    return media_packets.see_through(folder / "a.webm", see_through())


def turned(matrix: tuple[int, ...], how: Callable[[np.ndarray], np.ndarray]) -> tuple[Callable, Callable]:
    """A file of a display matrix and the check that its frames are the plain file's, so turned."""

    def make(folder: Path) -> Path:
        plain = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        plain[: HEIGHT // 2, : WIDTH // 2], plain[HEIGHT // 2 :, : WIDTH // 2] = 230, (200, 40, 40)
        picture = lambda number: plain  # noqa: E731
        written(folder / "plain.mp4", Film(stamps=tuple(range(3)), picture=picture))
        return written(folder / "a.mp4", Film(stamps=tuple(range(3)), picture=picture, display=matrix))

    def check(path: Path) -> str:
        plain = reader.read_clip(path.with_name("plain.mp4")).frames
        assert (reader.read_clip(path).frames == np.stack([how(frame) for frame in plain])).all()
        return "exact"

    return make, check


ONE = 1 << 16
ORIENTATIONS = {  # a, b, u, c, d, v, x, y, w of a display matrix, and what it does
    "turned by 90°": ((0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30), lambda f: np.rot90(f, -1)),
    "turned by 180°": ((-ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30), lambda f: np.rot90(f, 2)),
    "turned by 270°": ((0, -ONE, 0, ONE, 0, 0, 0, 0, 1 << 30), lambda f: np.rot90(f)),
    "left and right mirrored": ((-ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30), lambda f: f[:, ::-1]),
    "above and below mirrored": ((ONE, 0, 0, 0, -ONE, 0, 0, 0, 1 << 30), lambda f: f[::-1]),
    "mirrored, turned by 90°": ((0, ONE, 0, ONE, 0, 0, 0, 0, 1 << 30), lambda f: f.swapaxes(0, 1)),
    "mirrored, turned by 270°": ((0, -ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30), lambda f: np.rot90(f, 2).swapaxes(0, 1)),
}
MILLI = Fraction(1, 1000)


def trimmed(name: str, **options) -> Callable[[Path], Path]:
    """An MP4 whose edit list begins at frame 6 and shows 12 of its 24: the box that PyAV wrote, changed."""

    def make(folder: Path) -> Path:
        path = written(folder / name, Film(stamps=tuple(range(24)), base=Fraction(1, 24), **options))
        data = bytearray(path.read_bytes())
        at = data.find(b"elst") + 12  # behind the name, version, flags and count: duration, media time, rate
        (scale,) = struct.unpack_from(">I", data, data.find(b"mvhd") + 16)
        (tick,) = struct.unpack_from(">I", data, data.find(b"mdhd") + 16)
        (begin,) = struct.unpack_from(">i", data, at + 4)
        struct.pack_into(">Ii", data, at, scale // 2, begin + tick // 4)
        path.write_bytes(data)
        return path

    return make


def fields_woven(path: Path) -> str:
    """A bar that moves 8 pixels from field to field is one bar in every picture, without teeth."""
    clip = reader.read_clip(path)
    rows = clip.frames[4:9, 8:-8, :, 0].astype(int)
    teeth = np.abs(rows[:, 1:-1] - (rows[:, :-2] + rows[:, 2:]) / 2).mean()
    assert len(clip) == 12 and teeth < 6, teeth
    assert any("interlaced" in note for note in footage.read(path).notes)
    return f"lines differ by {teeth:.1f} from their neighbours"


def two_fields(number: int) -> np.ndarray:
    frame = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    for field in (0, 1):
        left = 8 * (2 * number + field) % (WIDTH - 16)
        frame[field::2, left : left + 16] = 220
    return frame


def gif_cleared(folder: Path) -> Path:
    """A square in four places, cleared each time; its file names no transparent colour."""
    shots = []
    for number in range(4):
        one = Image.new("P", (64, 64), 0)
        one.putpalette([240, 200, 40, 0, 0, 220] + [0] * 762)
        one.paste(1, (12 * number, 20, 12 * number + 16, 36))
        shots.append(one)
    shots[0].save(folder / "a.gif", save_all=True, append_images=shots[1:], duration=100, disposal=2, optimize=False)
    data = bytearray((folder / "a.gif").read_bytes())
    at = 0
    while (at := data.find(b"\x21\xf9\x04", at)) >= 0:
        data[at + 3] &= 0xFE  # no transparent colour
        at += 3
    (folder / "a.gif").write_bytes(data)
    return folder / "a.gif"


def cleared_to_white(path: Path) -> str:
    clip = reader.read_clip(path)
    assert len(clip) == 4 and clip.fps == 10
    assert (clip.frames[-1][0, -1] == 255).all() or (clip.frames[-1][0, -1] == (240, 200, 40)).all()
    assert not (clip.frames == 0).all(-1).any()
    return "white"


def apng_hidden(folder: Path) -> Path:
    first, *rest = (Image.fromarray(bars(number)) for number in range(5))
    first.save(folder / "a.png", save_all=True, append_images=rest, duration=100, default_image=True)
    return folder / "a.png"


def cicp_png(folder: Path) -> Path:
    """Bars of Display P3: the codes that show the colours of sRGB, and the chunk that says so."""
    light = linear(BARS) @ (np.linalg.inv(TO_XYZ[12]) @ TO_XYZ[1]).T
    codes = np.rint(255 * CODES[13](np.maximum(light, 0))).astype(np.uint8)
    picture = np.repeat(np.repeat(codes, WIDTH // 8, 0)[None], HEIGHT, 0)
    (folder / "a.png").write_bytes(png_with(picture, b"cICP", bytes([12, 13, 0, 1])))
    return folder / "a.png"


def still(most: int) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        error = off(reader.read_image(path))
        assert error <= most
        return f"colours off by {error} at most"

    return check


def avif_film(folder: Path) -> Path:
    first, *rest = (Image.fromarray(bars(number, 64)) for number in range(12))
    first.save(folder / "a.avif", save_all=True, append_images=rest, duration=100, quality=95)
    return folder / "a.avif"


def song(folder: Path) -> Path:
    """Music with a cover."""

    return media_packets.with_cover(folder / "a.m4a", None)


def cover_behind(folder: Path) -> Path:

    return media_packets.with_cover(folder / "a.mp4", Film(stamps=tuple(range(12))))


def two_tracks(folder: Path) -> Path:

    return media_packets.two_tracks(folder / "a.mkv")


def widened(name: str, kind: bytes, codec: str, width: int) -> Callable[[Path], Path]:
    return lambda folder: media_packets.oblong(folder / name, kind, codec, width)


def grown(folder: Path) -> Path:
    """VP8 whose pictures turn from 128 x 48 to 48 x 128 pixels on the way."""

    return media_packets.of_two_sizes(folder / "a.webm")


def fitted(path: Path) -> str:
    """A square stays one in both halves."""
    clip = reader.read_clip(path)
    for frame in (clip.frames[1], clip.frames[-1]):
        red = (frame[..., 0] > 150) & (frame[..., 1] < 100)
        high, wide = red.any(1).sum(), red.any(0).sum()
        assert abs(high - wide) <= 2 and high >= 10, (high, wide)
    return f"a square of {high} x {wide}"


def raw(folder: Path) -> Path:
    return written(folder / "a.h264", Film(kind="h264", stamps=tuple(range(3))))


def untagged() -> Any:
    """Bars coded by BT.709, with no word of it."""
    made = Film(size=(160, 1280), matrix=1, transfer=1, primaries=1)
    frame = coloured(made)
    tag(frame, Film(matrix=2, transfer=2, primaries=2))
    return frame
