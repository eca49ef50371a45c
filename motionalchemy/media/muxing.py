"""MP4 files joined from parts as they are made, and the sound of another file beside their pictures."""

import contextlib
import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType

from motionalchemy.errors import MediaError
from motionalchemy.media import encoders, files, soundtrack
from motionalchemy.media.streams import SOUNDS, open_container
from motionalchemy.media.tracks import ENCODED, MAX_BYTES, Track

PLAYABLE = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}


class FragmentedFile:
    """A file that can be played while parts are added to it, a fragmented MP4."""

    def __init__(self, path: Path):
        self._output = av.open(str(path.absolute()), "w", format="mp4", options=PLAYABLE)
        self._stream: Any = None
        self._begin = 0.0

    def add(self, part: Path) -> None:
        """The pictures of one more part, an MP4 encoded like the others."""
        with av.open(str(part.absolute())) as source:
            if self._stream is None:
                self._stream = self._output.add_stream_from_template(source.streams.video[0])
            for packet in _shifted(source, self._begin):
                packet.stream = self._stream
                self._output.mux(packet)
            self._begin += _seconds(source)

    def close(self) -> None:
        """End the file."""
        self._output.close()


class ReencodedFile:
    """A file of parts encoded again in one go: no key frame stands where a window begins, where it is seen as a jerk."""

    def __init__(self, path: Path):
        self._output = encoders.opened(str(path.absolute()), "mp4")
        self._stream: Any = None
        self._count = 0

    def add(self, part: Path) -> None:
        """The pictures of one more part."""
        with av.open(str(part.absolute())) as source:
            given = source.streams.video[0]
            rate = given.average_rate
            assert rate is not None  # `writer.draft` writes one
            if self._stream is None:
                size = given.codec_context.height, given.codec_context.width
                self._stream = encoders.begun(self._output, "libx264", rate, *size, **encoders.H264)
            for frame in source.decode(given):
                frame.pts, frame.time_base = self._count, 1 / rate
                frame.pict_type = PictureType.NONE  # else a part's key frames are key frames again
                self._output.mux(self._stream.encode(frame))
                self._count += 1

    def close(self) -> None:
        """End the file."""
        if self._stream is not None:
            self._output.mux(self._stream.encode())
        self._output.close()


def mux_sound(pictures: Path, output: Path, track: Track | None = None, begin: float = 0.0) -> bool:
    """The pictures of a file as a file of the kind that `output` says, the sound of a track beside them from the second
    `begin` on, as far as they last; both may be the same file.

    Whole or not at all; says whether the sound could be kept. Raises MediaError.
    """
    suffix = output.suffix.lower()
    if track is not None and track.kept(suffix):
        for copied in (True, False) if track.copied(suffix) else (False,):
            with contextlib.suppress(MediaError, ValueError):
                _sounded(pictures, output, track, begin, copied)
                return True
    _sounded(pictures, output, None, begin, False)
    return track is None


def _sounded(pictures: Path, output: Path, track: Track | None, begin: float, copied: bool) -> None:
    suffix = output.suffix.lower()
    with files.replacing(output) as made, contextlib.ExitStack() as stack:
        target = stack.enter_context(encoders.opened(str(made.absolute()), suffix[1:]))
        seen = stack.enter_context(av.open(str(pictures.absolute())))
        shown = target.add_stream_from_template(seen.streams.video[0])
        parts: list[Iterable[tuple[float, int, Any]]] = [_packets(seen, shown)]
        if track is not None:
            source = stack.enter_context(
                open_container(stack.enter_context(files.opened(track.path, MAX_BYTES)), SOUNDS)
            )
            given = source.streams[track.index]
            stream = (
                target.add_stream_from_template(given) if copied else soundtrack.added(target, ENCODED[suffix], given)
            )
            packets = soundtrack.copied if copied else soundtrack.encoded
            parts.append(packets(source, given, stream, begin, _seconds(seen)))
        for _, _, packet in heapq.merge(*parts, key=lambda timed: timed[:2]):
            target.mux(packet)


def _packets(source: Any, stream: Any) -> Iterator[tuple[float, int, Any]]:
    for packet in _shifted(source, 0.0):
        packet.stream = stream
        yield float(packet.dts * packet.time_base), 0, packet


def _shifted(source: Any, begin: float) -> Iterator[Any]:
    """The video packets of a part, later by `begin` seconds."""
    for packet in source.demux(source.streams.video[0]):
        if packet.size and packet.dts is not None:
            shift = round(begin / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            yield packet


def _seconds(source: Any) -> float:
    stream = source.streams.video[0]
    return float(stream.frames / stream.average_rate) if stream.frames else float(source.duration / av.time_base)
