"""The table of docs/media.md as data: a test and a measured figure for each line."""

# ruff: noqa: E501 -- a row is a line

from fractions import Fraction

from media_cases import (
    HDR,
    MILLI,
    ORIENTATIONS,
    SDR,
    Case,
    apng_hidden,
    avif_film,
    cicp_png,
    cleared_to_white,
    colours,
    cover_behind,
    fields_woven,
    film,
    fitted,
    gif_cleared,
    grown,
    hdr,
    of_primaries,
    opaque_beside,
    over_white,
    raw,
    refused,
    sdr,
    see_through,
    shown,
    song,
    still,
    trimmed,
    turned,
    two_fields,
    two_tracks,
    untagged,
    widened,
)
from media_made import HEIGHT, WIDTH

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
            ("a.flv", "libx264", "yuv420p", {}), ("a.3gp", "libx264", "yuv420p", {}), ("a.wmv", "wmv2", "yuv420p", {}), ("a.ogv", "libvpx", "yuv420p", {}),
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
             film(name, codec=codec, stamps=(0, 1, 2), aspect=aspect, pixels=pixels), colours(8, size))
        for name, codec, pixels, aspect, size in (
            ("a.mp4", "libx264", "yuv420p", Fraction(64, 45), (HEIGHT, 182)), ("a.mov", "prores_ks", "yuv422p10le", Fraction(8, 9), (54, WIDTH)),
            ("a.avi", "mpeg4", "yuv420p", Fraction(16, 11), (HEIGHT, 186)), ("a.mpg", "mpeg2video", "yuv420p", Fraction(2, 3), (72, WIDTH)),
        )
    ),
    *(
        Case(f"{name[2:]}: {codec}", (f"shown {width} pixels wide, is {WIDTH}", f"存 {WIDTH} 像素宽，示 {width}"), ("square, none lost", "变为方形，不丢像素"),
             widened(name, kind, codec, width), colours(8, size))
        for name, kind, codec, width, size in (
            ("a.webm", b"webm", "libvpx-vp9", 170, (HEIGHT, 170)), ("a.mkv", b"matroska", "libvpx", 112, (55, WIDTH)),
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
        Case(f"{name[2:]}: {codec}", (words, words), ("converted to sRGB", "转为 sRGB"), sdr(name, codec, *tags), colours(SDR, truth=of_primaries(tags[1])))
        for name, codec, words, tags in (
            ("a.mp4", "libx264", "BT.709", (1, 1, 1)), ("a.mkv", "ffv1", "BT.601 (525)", (6, 6, 6)), ("a.mkv", "ffv1", "BT.601 (625)", (6, 5, 5)),
            ("a.mkv", "ffv1", "BT.2020, SDR", (14, 9, 9, "yuv420p10le")), ("a.mp4", "libx264", "Display P3", (13, 12, 1)),
            ("a.mkv", "ffv1", "gamma 2.2", (4, 1, 1)), ("a.mkv", "ffv1", "gamma 2.8", (5, 1, 1)),
            ("a.mkv", "ffv1", "linear", (8, 1, 1, "yuv444p10le")), ("a.mp4", "libx264", "BT.709, full range", (1, 1, 1, "yuv444p", True)),
            ("a.mkv", "ffv1", "BT.601, full range", (6, 6, 6, "yuv444p", True)),
        )
    ),
    Case("MP4: H.264", ("1280 pixels wide, untagged", "宽 1280，无标记"), ("BT.709", "BT.709"),
         film("a.mp4", size=(160, 1280), stamps=(0, 1), matrix=2, picture=lambda n: untagged()), colours(8, (160, 1280))),
    *(
        Case(f"{name[2:]}: {codec}", ("opacity", "透明"), ("over white", "置于白底"), film(name, codec=codec, pixels=pixels, stamps=(0, 1, 2), picture=see_through), over_white(most))
        for name, codec, pixels, most in (
            ("a.mov", "qtrle", "argb", 1), ("a.mov", "png", "rgba", 1), ("a.mov", "prores_ks", "yuva444p10le", 6), ("a.mkv", "ffv1", "yuva444p", 4),
            ("a.avi", "utvideo", "gbrap", 1), ("a.avi", "magicyuv", "gbrap", 1), ("a.mov", "cfhd", "gbrap12le", 4),
            ("a.avi", "rawvideo", "bgra", 1), ("a.mkv", "jpeg2000", "rgba", 4), ("a.avi", "ffvhuff", "yuva420p", 4),
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
