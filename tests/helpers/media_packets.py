"""Files that PyAV does not write in one go: opacity beside a WebM, its pixels' shape, covers, several tracks, sizes that
change."""

import io
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from media_made import HEIGHT, WIDTH, Film, bars, clicks, coded
from PIL import Image


def packets(codec: str, frames: list[np.ndarray], **options: str) -> list[bytes]:
    """Frames (H, W, 3) encoded, one packet each."""
    context = av.CodecContext.create(codec, "w")
    context.height, context.width, context.pix_fmt = *frames[0].shape[:2], "yuv420p"
    context.time_base = context.framerate = Fraction(1, 24)
    context.framerate, context.options, context.thread_count = Fraction(24), options, 1
    made = []
    for number, frame in enumerate(frames):
        picture = coded(frame, Film())
        picture.pts, picture.time_base = number, Fraction(1, 24)
        made += context.encode(picture)
    return [bytes(packet) for packet in (*made, *context.encode(None))]


def see_through(path: Path, picture: np.ndarray, count: int = 6) -> Path:
    """A WebM of VP9 with a second VP9 stream for its opacity in each block's addition."""
    how = {"auto-alt-ref": "0", "lag-in-frames": "0", "crf": "4", "b": "0", "deadline": "realtime", "cpu-used": "4"}
    colour = packets("libvpx-vp9", [picture[..., :3]] * count, **how)
    added = [element(0xA6, number_(0xEE, 1) + element(0xA5, clear)) for clear in opacities(picture[..., 3], count, how)]
    return matroska(path, b"webm", b"V_VP9", colour, number_(0x53C0, 1), [element(0x75A1, each) for each in added])


def opacities(alpha: np.ndarray, count: int, how: dict[str, str]) -> list[bytes]:
    """An opacity (H, W) uint8 as the luma of frames of VP9."""
    context = av.CodecContext.create("libvpx-vp9", "w")
    context.height, context.width, context.pix_fmt, context.time_base = HEIGHT, WIDTH, "yuv420p", Fraction(1, 24)
    context.framerate, context.options = Fraction(24), how
    found = []
    for number in range(count):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        rows = np.zeros((HEIGHT, frame.planes[0].line_size), np.uint8)
        rows[:, :WIDTH] = alpha
        frame.planes[0].update(rows.tobytes())
        for plane in frame.planes[1:]:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, 24)
        found += context.encode(frame)
    return [bytes(packet) for packet in (*found, *context.encode(None))]


def oblong(path: Path, kind: bytes, codec: str, width: int) -> Path:
    """Bars in a WebM or MKV that are to be shown `width` pixels wide, as the container alone says."""
    how = {
        "auto-alt-ref": "0",
        "lag-in-frames": "0",
        "deadline": "realtime",
        "cpu-used": "4",
        "crf": "4",
        "b": "2000000",
    }
    shown = number_(0x54B0, width) + number_(0x54BA, HEIGHT)
    name = {"libvpx": b"V_VP8", "libvpx-vp9": b"V_VP9"}[codec]
    return matroska(path, kind, name, packets(codec, [bars()] * 3, **how), shown)


def matroska(
    path: Path, kind: bytes, codec: bytes, data: list[bytes], shown: bytes, added: list[bytes] | None = None
) -> Path:
    """A file of 24 frames a second, element by element; `shown` are more elements of its picture, `added` of its
    blocks."""
    blocks = b""
    for number, each in enumerate(data):
        block = element(0xA1, b"\x81" + struct.pack(">hB", round(number * 1000 / 24), 0) + each)
        more = added[number] if added else b""
        blocks += element(0xA0, block + more + (b"" if number == 0 else element(0xFB, b"\xd7")))
    video = element(0xE0, number_(0xB0, WIDTH) + number_(0xBA, HEIGHT) + shown)
    track = (
        number_(0xD7, 1) + number_(0x73C5, 1) + number_(0x83, 1) + element(0x86, codec) + number_(0x23E383, 41666667)
    )
    head = number_(0x4286, 1) + number_(0x42F7, 1) + number_(0x42F2, 4) + number_(0x42F3, 8)
    head += element(0x4282, kind) + number_(0x4287, 4) + number_(0x4285, 2)
    info = number_(0x2AD7B1, 1000000) + element(0x4D80, b"t") + element(0x5741, b"t")
    body = element(0x1549A966, info) + element(0x1654AE6B, element(0xAE, track + video))
    body += element(0x1F43B675, number_(0xE7, 0) + blocks)
    path.write_bytes(element(0x1A45DFA3, head) + element(0x18538067, body))
    return path


def element(id: int, data: bytes) -> bytes:
    """An element of EBML, its size in eight bytes."""
    return id.to_bytes((id.bit_length() + 7) // 8, "big") + (len(data) | 1 << 56).to_bytes(8, "big") + data


def number_(id: int, value: int) -> bytes:
    return element(id, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def with_cover(path: Path, film: Film | None) -> Path:
    """Sound with a cover, and a video before the cover if a film is given."""
    cover = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 0, 0)).save(cover, "JPEG")
    with av.open(str(path), "w", format="mp4") as output:
        video = None
        if film is not None:
            video = output.add_stream("libx264", rate=24)
            video.height, video.width, video.pix_fmt = *film.size, film.pixels
        heard = output.add_stream("aac", rate=48000, layout="mono")
        picture = output.add_stream("mjpeg", rate=1)
        picture.height = picture.width = 64
        picture.pix_fmt, picture.time_base = "yuvj420p", Fraction(1, 90000)
        picture.disposition = Disposition.attached_pic
        output.start_encoding()
        packet = av.Packet(cover.getvalue())
        packet.stream, packet.pts, packet.dts, packet.time_base = picture, 0, 0, Fraction(1, 90000)
        packet.is_keyframe = True
        output.mux(packet)
        if video is not None and film is not None:
            for number, at in enumerate(film.stamps):
                frame = coded(bars(number), film)
                frame.pts, frame.time_base = at, film.base
                output.mux(video.encode(frame))
            output.mux(video.encode(None))
        clicks(output, heard, 0.5, 0)
    return path


def two_tracks(path: Path) -> Path:
    """Two videos; the second, whose frames are 3 to 8, is the default one."""
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("libx264", rate=24) for _ in range(2)]
        for stream in streams:
            stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        streams[0].disposition, streams[1].disposition = Disposition(0), Disposition.default
        for number in range(6):
            for which, stream in enumerate(streams):
                frame = coded(bars(number + 3 * which), Film())
                frame.pts, frame.time_base = number, Fraction(1, 24)
                output.mux(stream.encode(frame))
        for stream in streams:
            output.mux(stream.encode(None))
    return path


def of_two_sizes(path: Path) -> Path:
    """A red square on grey, in a wide picture and then in a high one."""

    def square(height: int, width: int) -> np.ndarray:
        frame = np.full((height, width, 3), 120, np.uint8)
        frame[height // 2 - 16 : height // 2 + 16, width // 2 - 16 : width // 2 + 16] = (230, 20, 20)
        return frame

    how = {"auto-alt-ref": "0", "lag-in-frames": "0", "deadline": "realtime", "cpu-used": "4", "b": "400000"}
    data = [p for size in ((HEIGHT, WIDTH), (WIDTH, HEIGHT)) for p in packets("libvpx", [square(*size)] * 4, **how)]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libvpx", rate=24)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        output.start_encoding()
        for number, each in enumerate(data):
            packet = av.Packet(each)
            packet.stream, packet.time_base = stream, Fraction(1, 24)
            packet.pts = packet.dts = number
            packet.is_keyframe = number in (0, 4)
            output.mux(packet)
    return path
