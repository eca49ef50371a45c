"""The packets of a sound track for another file, counted from the first picture: copied, or encoded again."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.error import BlockingIOError as NotYet
from av.error import EOFError as NoMore
from av.error import FFmpegError
from av.filter import Graph

Timed = Iterator[tuple[float, int, Any]]  # the second at which a packet is due, 1 for sound, the packet

RATES = {
    "aac": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000),
    "libopus": (48000,),
}
LAYOUTS = ("mono", "stereo")
PER_CHANNEL = 96_000  # bits a second of sound that is encoded again
LEAD = 0.1  # seconds of sound before the first picture that a decoder may need; players leave it out


def copied(source: Any, given: Any, stream: Any, begin: float, length: float) -> Timed:
    """The packets of a track from the second `begin` on, `length` seconds of them, as they are.

    The first may begin before, the last is told to end when the pictures do.
    """
    base = given.time_base
    zero, end = round(begin / base), round(length / base)
    for packet in source.demux(given):
        if not packet.size or packet.pts is None:
            continue
        packet.pts -= zero
        packet.dts = packet.pts
        late = packet.pts + (packet.duration or 0)
        if packet.pts >= end:
            return
        if late <= -LEAD / float(base):
            continue
        if late > end:
            packet.duration = end - packet.pts
        packet.stream = stream
        yield float(packet.pts * base), 1, packet


def added(target: Any, codec: str, given: Any) -> Any:
    """A stream in a file for such a track encoded again."""
    context = given.codec_context
    wanted = context.sample_rate or 48000
    rate = wanted if wanted in RATES[codec] else 48000
    layout = context.layout.name if context.layout.name in LAYOUTS else "mono" if context.channels == 1 else "stereo"
    stream = target.add_stream(codec, rate=rate, layout=layout, options={"flags": "+bitexact"})
    stream.codec_context.thread_count = 1
    stream.codec_context.bit_rate = PER_CHANNEL * (1 if layout == "mono" else 2)
    return stream


def encoded(source: Any, given: Any, stream: Any, begin: float, length: float) -> Timed:
    """The packets of a track from the second `begin` on, `length` seconds of it, encoded again; where it is silent or
    damaged there is silence."""
    context = stream.codec_context
    context.open(strict=False)
    graph: Graph | None = None
    due = 0.0
    for frame in _decoded(source, given):
        if frame.pts is None:  # it follows the one before
            frame.pts = round(due / frame.time_base)
        else:
            frame.pts -= round(begin / frame.time_base)
        if float(frame.pts * frame.time_base) >= length:
            break
        due = float(frame.pts * frame.time_base) + frame.samples / frame.sample_rate
        graph = graph or _graph(frame, context, length)
        graph.push(frame)
        yield from _packets(graph, stream)
    if graph is not None:
        graph.push(None)
        yield from _packets(graph, stream)
    yield from _timed(stream.encode(None), stream)


def _decoded(source: Any, given: Any) -> Iterator[Any]:
    for packet in source.demux(given):
        try:
            yield from packet.decode()
        except FFmpegError:
            continue  # a damaged packet: the gap is filled with silence


def _graph(frame: av.AudioFrame, context: Any, length: float) -> Graph:
    rate, layout = context.sample_rate, context.layout.name
    graph = Graph()
    nodes = [
        graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
        ),
        graph.add("aresample", f"{rate}:async=1:first_pts=0:min_hard_comp=0.01"),
        graph.add("aformat", f"sample_fmts={context.format.name}:sample_rates={rate}:channel_layouts={layout}"),
        graph.add("atrim", f"start=0:end_sample={round(length * rate)}"),
        graph.add("asetnsamples", f"n={context.frame_size or 1024}:p=0"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph


def _packets(graph: Graph, stream: Any) -> Timed:
    while True:
        try:
            frame = graph.pull()
        except (NotYet, NoMore):
            return
        frame.time_base = Fraction(1, stream.codec_context.sample_rate)
        yield from _timed(stream.encode(frame), stream)


def _timed(packets: Any, stream: Any) -> Timed:
    for packet in packets:
        yield float(packet.dts * packet.time_base), 1, packet
