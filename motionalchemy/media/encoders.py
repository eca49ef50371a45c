"""Encoders that give the same bytes for the same frames: one thread, no metadata, the colours of BT.709, square pixels."""

from fractions import Fraction
from typing import Any

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

CRF = 17  # of H.264: losses cannot be seen
# x264 165 with its macroblock tree gives other bytes from run to run at some widths, even in one thread.
H264 = {"crf": str(CRF), "preset": "medium", "x264-params": "mbtree=0"}
DRAFT = {"crf": "4", "preset": "ultrafast"}  # of H.264: at once, large, for frames that are encoded again

KINDS = {"mp4": {"movflags": "+faststart"}, "mov": {"movflags": "+faststart"}, "apng": {"plays": "0"}}
PIXELS = {"gif": "pal8", "apng": "rgb24"}  # of codecs that keep no yuv420p


def opened(path: str, kind: str) -> Any:
    """An empty file of a kind, an MP4 or MOV with its index first."""
    muxing = {"fflags": "+bitexact"} | KINDS.get(kind, {})
    return av.open(path, "w", format=kind, container_options=muxing)


def begun(output: Any, codec: str, rate: Fraction, height: int, width: int, **options: str) -> av.VideoStream:
    """A stream of `rate` frames a second in an open file, for frames in yuv420p (GIF: pal8, APNG: rgb24)."""
    stream = output.add_stream(codec, rate=rate, options={"flags": "+bitexact", **options})
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = height, width
    stream.pix_fmt = PIXELS.get(codec, "yuv420p")
    context = stream.codec_context
    context.thread_count = 1
    if codec not in PIXELS:
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream
