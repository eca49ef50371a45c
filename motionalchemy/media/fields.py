"""Frames of a stream as whole pictures: the two fields of what was filmed interlaced made into one."""

from collections.abc import Iterable, Iterator
from typing import Any

from av import VideoFrame
from av.error import BlockingIOError as NotYet
from av.error import EOFError as NoMore
from av.filter import Graph

WEAVE = (
    "mode=send_frame:parity=auto:deint=interlaced"  # as many frames, at their times; only what says it is interlaced
)
SAID = "video: it is interlaced, and every two fields are made one picture"


class Whole:
    """Makes whole pictures of frames whose lines come from two moments, by FFmpeg's bwdif, from the first such on."""

    def __init__(self) -> None:
        self.notes: tuple[str, ...] = ()

    def __call__(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """As many frames as there are, at their times."""
        graph: Graph | None = None
        kind: tuple[Any, ...] = ()
        for frame in frames:
            if graph is not None and kind != _kind(frame):
                yield from _ended(graph)
                graph = None
            if graph is None and frame.interlaced_frame:
                graph, kind, self.notes = _graph(frame), _kind(frame), (SAID,)
            if graph is None:
                yield frame
                continue
            graph.push(frame)
            yield from _made(graph)
        if graph is not None:
            yield from _ended(graph)


def _kind(frame: VideoFrame) -> tuple[Any, ...]:
    return frame.width, frame.height, frame.format.name, frame.time_base


def _graph(frame: VideoFrame) -> Graph:
    """A deinterlacer for such frames."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base, name="in"
    )
    weave, sink = graph.add("bwdif", WEAVE), graph.add("buffersink")
    source.link_to(weave)
    weave.link_to(sink)
    graph.configure()
    return graph


def _made(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (NotYet, NoMore):
            return


def _ended(graph: Graph) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _made(graph)
