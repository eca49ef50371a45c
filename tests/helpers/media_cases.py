"""The table of docs/media.md as data: what people bring, what is done with it, how such a file is made, what must be true."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from media_made import BARS, HEIGHT, WIDTH, Film, bars, coloured, number_of, png_with, seen, written
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
    import media_alpha

    return media_alpha.written(folder / "a.webm", see_through())


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
    from media_made import CODES, TO_XYZ, linear

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
    import media_alpha

    return media_alpha.with_cover(folder / "a.m4a", None)


def cover_behind(folder: Path) -> Path:
    import media_alpha

    return media_alpha.with_cover(folder / "a.mp4", Film(stamps=tuple(range(12))))


def two_tracks(folder: Path) -> Path:
    import media_alpha

    return media_alpha.two_tracks(folder / "a.mkv")


def grown(folder: Path) -> Path:
    """VP8 whose pictures turn from 128 x 48 to 48 x 128 pixels on the way."""
    import media_alpha

    return media_alpha.of_two_sizes(folder / "a.webm")


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


PAUSE = (0, 1, 2, 3, 12, 13, 14, 15)
CASES = [
    *(
        Case(
            f"{name[2:]}: {codec}", ("plain", "普通"), ("as it is", "原样"),
            film(name, codec=codec, pixels=pixels, options=options), shown(24, list(range(12))),
        )
        for name, codec, pixels, options in (
            ("a.mp4", "libx264", "yuv420p", {}), ("a.mp4", "libx265", "yuv420p", {"x265-params": "log-level=0"}),
            ("a.mov", "prores_ks", "yuv422p10le", {}), ("a.mkv", "ffv1", "yuv444p", {}), ("a.webm", "libvpx-vp9", "yuv420p", {}),
            ("a.webm", "libvpx", "yuv420p", {}), ("a.mp4", "libsvtav1", "yuv420p", {}), ("a.avi", "mpeg4", "yuv420p", {}),
            ("a.avi", "mjpeg", "yuvj420p", {}), ("a.mpg", "mpeg2video", "yuv420p", {"bf": "0"}), ("a.ts", "libx264", "yuv420p", {}),
            ("a.flv", "libx264", "yuv420p", {}), ("a.3gp", "libx264", "yuv420p", {}),
        )
    ),
    Case("WebM", ("23.976 frames a second in milliseconds", "23.976 帧/秒，时间以毫秒计"), ("exactly that rate", "恰为该帧率"),
         film("a.webm", codec="libvpx", stamps=tuple(round(n * 1001 / 24) for n in range(40)), base=MILLI),
         shown(24000 / 1001, list(range(40)))),
    Case("WebM", ("60 a second in milliseconds, one frame missing", "60 帧/秒，毫秒计，缺一帧"), ("the frame before stays", "保持前一帧"),
         film("a.webm", codec="libvpx", stamps=tuple(round(n * 1000 / 60) for n in range(40) if n != 20), base=MILLI),
         shown(60, [*range(20), 19, *range(20, 39)])),
    Case("MP4", ("24, then 30 frames a second", "先 24 后 30 帧/秒"), ("30 a second, each within half a tick", "30 帧/秒，误差不过半拍"),
         film("a.mp4", stamps=(*range(0, 40, 5), *range(40, 80, 4)), base=Fraction(1, 120)),
         shown(30, [0, 1, 2, 2, 3, 4, 5, 6, 6, 7, *range(8, 18)])),
    Case("MKV", ("a pause", "停顿"), ("the frame stays", "保持该帧"),
         film("a.mkv", stamps=PAUSE, base=Fraction(1, 24)), shown(24, [0, 1, 2, *[3] * 9, 4, 5, 6, 7])),
    Case("MP4: H.264", ("an edit list, with B-frames", "剪辑列表，含 B 帧"), ("only what it shows", "只取其所示"),
         trimmed("a.mp4"), shown(24, list(range(6, 18)))),
    Case("MP4: H.264", ("an edit list, without B-frames", "剪辑列表，无 B 帧"), ("only what it shows", "只取其所示"),
         trimmed("a.mp4", options={"bf": "0"}), shown(24, list(range(6, 18)))),
    Case("MP4: H.264", ("an edit list, beside sound", "剪辑列表，带声音"), ("only what it shows", "只取其所示"),
         trimmed("a.mp4", sound="aac"), shown(24, list(range(6, 18)))),
    *(
        Case(f"{name[2:]}: {codec}", (f"pixels {aspect}", f"像素比 {aspect}"), ("square, none lost", "变为方形，不丢像素"),
             film(name, codec=codec, stamps=(0, 1, 2), aspect=aspect), colours(8, size))
        for name, codec, aspect, size in (
            ("a.mp4", "libx264", Fraction(64, 45), (HEIGHT, 182)), ("a.webm", "libvpx-vp9", Fraction(4, 3), (HEIGHT, 171)),
            ("a.mkv", "ffv1", Fraction(8, 9), (54, WIDTH)), ("a.avi", "mpeg4", Fraction(16, 11), (HEIGHT, 186)),
        )
    ),
    *(Case("MP4", (f"display matrix: {name}", f"显示矩阵：{name}"), ("upright", "转正"), *turned(*one)) for name, one in ORIENTATIONS.items()),
    *(
        Case(f"{name[2:]}: {codec}", (f"{words}, BT.2020, 10 bit", f"{words}，BT.2020，10 位"), ("SDR, 203 cd/m² white", "转为 SDR，203 cd/m² 为白"),
             hdr(name, codec, transfer), colours(HDR))
        for name, codec, transfer, words in (
            ("a.mp4", "libx265", 16, "PQ"), ("a.mov", "libx265", 18, "HLG"), ("a.mkv", "ffv1", 16, "PQ"), ("a.mp4", "libsvtav1", 18, "HLG"),
        )
    ),
    *(
        Case(f"{name[2:]}: {codec}", (words, words), ("converted to sRGB", "转为 sRGB"), sdr(name, codec, *tags), colours(SDR))
        for name, codec, words, tags in (
            ("a.mp4", "libx264", "BT.709", (1, 1, 1)), ("a.mkv", "ffv1", "BT.601 (525)", (6, 6, 6)), ("a.mkv", "ffv1", "BT.601 (625)", (6, 5, 5)),
            ("a.mkv", "ffv1", "BT.2020, SDR", (14, 9, 9, "yuv420p10le")), ("a.mp4", "libx264", "Display P3", (13, 12, 1)),
            ("a.mkv", "ffv1", "gamma 2.2", (4, 1, 1)), ("a.mkv", "ffv1", "gamma 2.8", (5, 1, 1)),
            ("a.mkv", "ffv1", "linear", (8, 1, 1, "yuv444p10le")), ("a.mp4", "libx264", "BT.709, full range", (1, 1, 1, "yuv444p", True)),
            ("a.mkv", "ffv1", "BT.601, full range", (6, 6, 6, "yuv444p", True)),
        )
    ),
    Case("MP4: H.264", ("1280 pixels wide, untagged", "宽 1280，无标记"), ("BT.709", "BT.709"),
         film("a.mp4", size=(64, 1280), stamps=(0, 1), matrix=2, picture=lambda n: _untagged()), colours(8, (64, 1280))),
    *(
        Case(f"{name[2:]}: {codec}", ("opacity", "透明"), ("over white", "置于白底"), film(name, codec=codec, pixels=pixels, stamps=(0, 1, 2), picture=see_through), over_white(most))
        for name, codec, pixels, most in (
            ("a.mov", "qtrle", "argb", 1), ("a.mov", "png", "rgba", 1), ("a.mov", "prores_ks", "yuva444p10le", 6), ("a.mkv", "ffv1", "yuva444p", 4),
            ("a.avi", "utvideo", "gbrap", 1), ("a.avi", "magicyuv", "gbrap", 1),
        )
    ),
    Case("WebM: VP9", ("opacity", "透明"), ("over white", "置于白底"), opaque_beside, over_white(6)),
    Case("MP4: H.264", ("interlaced", "隔行"), ("deinterlaced, and said", "去隔行并说明"),
         film("a.mp4", picture=two_fields, options={"x264-params": "interlaced=1:tff=1", "crf": "8"}), fields_woven),
    Case("MPG: MPEG-2", ("interlaced", "隔行"), ("deinterlaced, and said", "去隔行并说明"),
         film("a.mpg", codec="mpeg2video", picture=two_fields, options={"flags": "+ildct+ilme", "top": "1", "bf": "0", "qscale": "2"}), fields_woven),
    Case("GIF", ("cleared to nothing, no colour transparent", "清除为空，无透明色"), ("white", "白"), gif_cleared, cleared_to_white),
    Case("APNG", ("a hidden default image", "隐藏的默认图"), ("is no frame", "不算一帧"), apng_hidden, shown(10, [1, 2, 3, 4])),
    Case("PNG", ("Display P3 by cICP", "cICP 标记的 Display P3"), ("converted to sRGB", "转为 sRGB"), cicp_png, still(2)),
    Case("AVIF", ("a still and a film", "静图与动画"), ("the film", "取动画"), avif_film, shown(10, list(range(12)))),
    Case("M4A", ("music with a cover", "带封面的音乐"), ("refused: no video", "拒绝：没有视频"), song, refused("only a cover picture")),
    Case("MP4", ("a cover behind the video", "视频之后有封面"), ("the video", "取视频"), cover_behind, shown(24, list(range(12)))),
    Case("MKV", ("two video tracks, the second the default", "两条视频轨，第二条为默认"), ("the default, and said", "取默认轨并说明"), two_tracks, shown(24, list(range(3, 9)))),
    Case("WebM: VP8", ("the size changes", "尺寸变化"), ("fitted undistorted, black beside", "不变形地放入，余处为黑"), grown, fitted),
    Case("raw H.264", ("no container", "无容器"), ("refused: use MP4", "拒绝：请用 MP4"), raw, refused("a kind that is not read: save it as MP4")),
]  # fmt: skip


def _untagged():
    """Bars coded by BT.709, with no word of it."""
    from media_made import tag

    made = Film(size=(64, 1280), matrix=1, transfer=1, primaries=1)
    frame = coloured(made)
    tag(frame, Film(matrix=2, transfer=2, primaries=2))
    return frame
