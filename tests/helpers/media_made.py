"""Valid media of every kind that people bring, made on the spot by PyAV and Pillow, each with what is right about it.

The table in docs/media.md has a line for each of `CASES`; tests check them, `benchmarks/media.py` prints them.
"""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

BARS = np.array(
    [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 40), (40, 200, 200), (200, 40, 200), (230,) * 3, (25,) * 3]
)
HEIGHT, WIDTH = 48, 128


def bars(number: int = 0, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Eight upright bars, and above them eight blocks, light or dark as the bits of the frame's number, (H, W, 3) uint8."""
    frame = np.repeat(np.repeat(BARS, width // 8, 0)[None], height, 0).astype(np.uint8)
    bits = np.array([number >> bit & 1 for bit in range(8)])
    frame[: height // 4] = np.repeat(40 + 160 * bits, width // 8)[None, :, None]
    return frame


def seen(frame: np.ndarray) -> np.ndarray:
    """The colours of the bars in a frame of any size, (8, 3)."""
    height, width = frame.shape[:2]
    at = ((np.arange(8) + 0.5) * width / 8).astype(int)
    return frame[int(height * 0.75), at].astype(int)


def number_of(frame: np.ndarray) -> int:
    """Which frame it is by its blocks."""
    height, width = frame.shape[:2]
    at = ((np.arange(8) + 0.5) * width / 8).astype(int)
    return sum(int(light > 120) << bit for bit, light in enumerate(frame[height // 8, at].mean(-1)))


@dataclass
class Film:
    """How a video is made: its container, codec and pixels, time stamps in ticks of `base`, tags, and what lies beside."""

    codec: str = "libx264"
    kind: str | None = None
    pixels: str = "yuv420p"
    stamps: tuple[int, ...] = tuple(range(12))
    base: Fraction = Fraction(1, 24)
    size: tuple[int, int] = (HEIGHT, WIDTH)
    matrix: int = 2
    transfer: int = 2
    primaries: int = 2
    full: bool = False
    aspect: Fraction | None = None
    display: tuple[int, ...] | None = None
    options: dict[str, str] = field(default_factory=dict)
    muxing: dict[str, str] = field(default_factory=dict)
    picture: Callable[[int], Any] = bars
    sound: str | None = None
    offset: float = 0.0  # seconds from the first time stamp 0 to the first sample


def written(path: Path, film: Film) -> Path:
    """A video; `picture` gives arrays (H, W, 3) or (H, W, 4), or frames of PyAV as they are."""
    with av.open(str(path), "w", format=film.kind, container_options=film.muxing) as output:
        stream = output.add_stream(film.codec, rate=round(1 / film.base), options=film.options)
        stream.height, stream.width, stream.pix_fmt = *film.size, film.pixels
        stream.time_base = stream.codec_context.time_base = film.base
        stream.codec_context.thread_count = 1
        tag(stream.codec_context, film)
        if film.aspect is not None:
            stream.codec_context.sample_aspect_ratio = film.aspect
        if film.display is not None:
            stream.set_display_matrix(film.display)
        heard = None if film.sound is None else output.add_stream(film.sound, rate=48000, layout="mono")
        if heard is not None and film.sound == "wmav2":
            heard.codec_context.bit_rate = 48000
        for number, at in enumerate(film.stamps):
            frame = film.picture(number)
            frame = frame if isinstance(frame, av.VideoFrame) else coded(frame, film)
            frame.pts, frame.time_base = at, film.base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if heard is not None:
            clicks(output, heard, float((film.stamps[-1] + 1) * film.base), film.offset)
    return path


def tag(target: Any, film: Film) -> None:
    """Write a film's colour tags on a stream's context or a frame."""
    target.colorspace, target.color_range = film.matrix, ColorRange.JPEG if film.full else ColorRange.MPEG
    target.color_trc, target.color_primaries = film.transfer, film.primaries


def coded(frame: np.ndarray, film: Film) -> av.VideoFrame:
    """A frame as the film's pixels hold it."""
    given = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgba" if frame.shape[2] == 4 else "rgb24")
    if film.pixels.startswith(("rgb", "argb", "bgr", "gbr", "pal")):
        return given.reformat(format=film.pixels)
    matrix = film.matrix if film.matrix not in (0, 2) else Colorspace.ITU601
    out = given.reformat(
        format=film.pixels, dst_colorspace=matrix, dst_color_range=ColorRange.JPEG if film.full else ColorRange.MPEG
    )
    tag(out, film)
    return out


def clicks(output: Any, stream: Any, seconds: float, offset: float) -> None:
    """Bursts of 3 kHz, a hundredth of a second long, at every quarter of a second after `offset`."""
    rate = 48000
    at = np.arange(round(seconds * rate)) / rate
    tone = np.where(at % 0.25 < 0.01, np.sin(2 * np.pi * 3000 * at) * 0.8, 0)
    frame = av.AudioFrame.from_ndarray((tone[None] * 32767).astype(np.int16), format="s16", layout="mono")
    frame.rate, frame.pts, frame.time_base = rate, round(offset * rate), Fraction(1, rate)
    context = stream.codec_context
    fit = av.AudioResampler(context.format.name, context.layout.name, rate, frame_size=context.frame_size or 1024)
    for part in (*fit.resample(frame), *fit.resample(None)):
        output.mux(stream.encode(part))
    output.mux(stream.encode(None))


def heard(path: Path) -> tuple[np.ndarray, float]:
    """The seconds after the first picture at which bursts begin in a file, and the one at which the sound ends."""
    with av.open(str(path)) as file:
        first = next(file.decode(video=0)).time or 0.0
    values, times = [], []
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            one = av.AudioResampler("flt", "mono", frame.sample_rate)
            got = np.concatenate([part.to_ndarray()[0] for part in (*one.resample(frame), *one.resample(None))])
            begin = (
                times[-1][-1] + 1 / frame.sample_rate
                if frame.pts is None
                else float(frame.pts * frame.time_base) - first
            )
            values.append(got)
            times.append(begin + np.arange(len(got)) / frame.sample_rate)
    value, time = np.abs(np.concatenate(values)), np.concatenate(times)
    loud = time[value > 0.2]
    return loud[np.diff(loud, prepend=-1) > 0.1], float(time[-1])


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(picture: np.ndarray, kind: bytes, data: bytes) -> bytes:
    """A PNG of a picture with one more chunk behind its header."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    whole = buffer.getvalue()
    return whole[:33] + chunk(kind, data) + whole[33:]


def pq(nits: np.ndarray) -> np.ndarray:
    """BT.2100's PQ code in 0..1 of a light in cd/m2."""
    power = (np.asarray(nits, float) / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg(nits: np.ndarray) -> np.ndarray:
    """BT.2100's HLG code in 0..1 of displayed light (..., 3) in cd/m2 at a peak of 1000."""
    light = np.asarray(nits, float) / 1000
    bright = np.maximum(light @ np.array([0.2627, 0.678, 0.0593]), 1e-9)[..., None]
    scene = light * bright ** (1 / 1.2 - 1)
    high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)


def linear(colours: np.ndarray) -> np.ndarray:
    """The light of sRGB colours of 0..255."""
    value = np.asarray(colours, float) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def matrix(red: Any, green: Any, blue: Any, white: Any = (0.3127, 0.329)) -> np.ndarray:
    """Light of primaries at these chromaticities -> XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (red, green, blue)]).T
    return columns * np.linalg.solve(columns, [white[0] / white[1], 1, (1 - sum(white)) / white[1]])


TO_XYZ = {
    1: matrix((0.64, 0.33), (0.3, 0.6), (0.15, 0.06)),
    5: matrix((0.64, 0.33), (0.29, 0.6), (0.15, 0.06)),
    6: matrix((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: matrix((0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    12: matrix((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
LUMA = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}  # red, blue of a matrix
CODES: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # light (..., 3), 1 white -> code in 0..1
    1: lambda light: np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055),
    4: lambda light: light ** (1 / 2.2),
    5: lambda light: light ** (1 / 2.8),
    8: lambda light: light,
    16: lambda light: pq(203 * light),
    18: lambda light: hlg(203 * light),
}
CODES |= dict.fromkeys((2, 6, 13, 14), CODES[1])


def to_primaries(film: Film) -> np.ndarray:
    """Light of BT.709 times this, (3, 3), is that of a film's primaries."""
    return (np.linalg.inv(TO_XYZ[film.primaries if film.primaries in TO_XYZ else 1]) @ TO_XYZ[1]).T


def holdable(film: Film, colours: np.ndarray = BARS) -> np.ndarray:
    """The sRGB colours that are left of some, (N, 3), where a film's primaries cannot show them all."""
    light = np.maximum(linear(colours) @ to_primaries(film), 0) @ np.linalg.inv(to_primaries(film))
    return np.rint(255 * CODES[13](light.clip(0, 1)))


def coloured(film: Film, colours: np.ndarray = BARS) -> av.VideoFrame:
    """Bars whose sRGB colours are known, as a film's transfer function, primaries, matrix and range code them: planes of
    8 or 10 bits, by the formulas of BT.2100 and H.273 alone."""
    code = CODES[film.transfer](np.maximum(linear(colours) @ to_primaries(film), 0))
    red, blue = LUMA[film.matrix]
    luma = red * code[:, 0] + (1 - red - blue) * code[:, 1] + blue * code[:, 2]
    chroma = ((code[:, 2] - luma) / (2 - 2 * blue), (code[:, 0] - luma) / (2 - 2 * red))
    bits = 10 if "10" in film.pixels else 8
    one, most = 1 << (bits - 8), (1 << bits) - 1
    scaled = [luma * most, *(c * most + 128 * one for c in chroma)]
    if not film.full:
        scaled = [luma * 219 * one + 16 * one, *(c * 224 * one + 128 * one for c in chroma)]
    frame = av.VideoFrame(film.size[1], film.size[0], film.pixels)
    for plane, values in zip(frame.planes, scaled, strict=True):
        row = np.repeat(np.rint(values), plane.width // 8).astype(np.uint8 if bits == 8 else "<u2")
        rows = np.zeros((plane.height, plane.line_size // row.itemsize), row.dtype)
        rows[:, : plane.width] = row
        plane.update(rows.tobytes())
    tag(frame, film)
    return frame
