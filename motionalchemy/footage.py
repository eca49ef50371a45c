"""Long clips: read frame by frame at an even rate, and joined from parts, so that length costs no memory."""

import contextlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from PIL import Image

from motionalchemy import encode, media
from motionalchemy.clip import Clip
from motionalchemy.errors import MediaError

MAX_FRAMES = 1_000_000
MAX_BYTES = 64 * 2**30
MAX_RATE = 240  # frames per second; what is faster is read at this rate
PLAYABLE = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000", "flush_packets": "1"}


@dataclass(frozen=True, eq=False)
class Footage:
    """A clip of any length that is read as a stream: `shown` says which stored frame stands at each tick of `fps`.

    `sound` is true when the file has an audio track; `held` is the clip itself where it came in memory or as pictures.
    """

    height: int
    width: int
    fps: float
    shown: np.ndarray
    path: Path | None = None
    sound: bool = False
    held: Clip | None = None

    def __len__(self) -> int:
        return len(self.shown)

    def frames(self, height: int | None = None, width: int | None = None) -> Iterator[np.ndarray]:
        """Every tick's frame (H, W, 3) uint8 in order, at the given size; raises MediaError when the file is damaged."""
        height, width = height or self.height, width or self.width
        longest = 2 * max(height, width)
        for frame in self._stored(longest if longest < max(self.height, self.width) else None):
            yield scaled(frame, height, width)

    def _stored(self, longest: int | None) -> Iterator[np.ndarray]:
        if self.held is not None:
            yield from self.held.frames
            return
        assert self.path is not None
        tick, frame, number = 0, None, -1
        with (
            media.opened(self.path, MAX_BYTES) as file,
            contextlib.closing(media.video(self.path, file, longest)) as source,
        ):
            for number, (frame, _, _) in enumerate(source):
                while tick < len(self) and self.shown[tick] <= number:
                    yield frame
                    tick += 1
                if tick == len(self):
                    return
        if frame is None:
            raise MediaError(f"{str(self.path)!r} holds no frame that can be shown: export it again")
        for _ in range(tick, len(self)):  # packets that held no picture
            yield frame


def of(clip: Clip) -> Footage:
    """A clip in memory as footage."""
    return Footage(clip.height, clip.width, clip.fps, np.arange(len(clip)), held=clip)


def read(path: Path) -> Footage:
    """What a video, GIF, WebP or PNG file holds, without keeping its frames; raises MediaError."""
    with media.opened(path, MAX_BYTES) as file:
        moving = not media.is_animation(file)
    if not moving:
        return of(media.read_clip(path))
    with media.opened(path, MAX_BYTES) as file, contextlib.closing(media.video(path, file, None)) as source:
        first, _, _ = next(source, (None, 0.0, 0.0))
        if first is None:
            raise MediaError(f"{str(path)!r} holds no frame that can be shown: export it again")
    begins, usual, sound = _times(path)
    shown, fps = media.even_rate(np.diff(np.array([*begins, begins[-1] + usual])))
    if fps > MAX_RATE:
        shown, fps = shown[:: int(np.ceil(fps / MAX_RATE))], fps / np.ceil(fps / MAX_RATE)
    return Footage(first.shape[0], first.shape[1], float(fps), shown, path, sound)


def _times(path: Path) -> tuple[list[float], float, bool]:
    """The seconds at which frames are shown, in order, how long one lasts, and whether there is sound; decodes nothing."""
    begins: list[float] = []
    with media.opened(path, MAX_BYTES) as file, _container(file) as container:
        stream = container.streams.video[0]
        usual = float(1 / (stream.average_rate or stream.guessed_rate or 24))
        for packet in container.demux(stream):
            at = packet.dts if packet.pts is None else packet.pts  # an AVI may know no more
            if packet.size and packet.time_base is not None:
                begins.append(len(begins) * usual if at is None else float(at * packet.time_base))
            if len(begins) > MAX_FRAMES:
                raise MediaError(f"{str(path)!r} has more than {MAX_FRAMES} frames: cut it into parts")
        sound = bool(container.streams.audio)
    return sorted(begins) or [0.0], usual, sound


def scaled(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """A frame (H, W, 3) uint8 stretched to a size by Lanczos; the frame itself when it has that size."""
    if frame.shape[:2] == (height, width):
        return frame
    return np.array(Image.fromarray(np.ascontiguousarray(frame)).resize((width, height), Image.Resampling.LANCZOS))


class Rolling:
    """Frames of footage by number, at one size: read forward, the last window kept; beyond the end the last frame stands.

    A number before the window that was read last is an error of the caller.
    """

    def __init__(self, footage: Footage, height: int, width: int):
        self._source, self._kept, self._begin = footage.frames(height, width), list[np.ndarray](), 0

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames begin..end-1, (end - begin, H, W, 3) uint8."""
        assert begin >= self._begin, f"frame {begin} is behind {self._begin}, and footage is read forward only"
        while self._begin + len(self._kept) < end:
            frame = next(self._source, None)
            if frame is None:
                self._kept.append(self._kept[-1])
                continue
            self._kept.append(frame)
            drop = min(begin - self._begin, len(self._kept) - 1)
            self._kept, self._begin = self._kept[drop:], self._begin + drop
        self._kept, self._begin = self._kept[begin - self._begin :], begin
        return np.stack(self._kept[: end - begin])


class Growing:
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
            for packet in _moved(source, self._begin):
                packet.stream = self._stream
                self._output.mux(packet)
            self._begin += _seconds(source)

    def close(self) -> None:
        """End the file."""
        self._output.close()


class Whole:
    """A file of parts encoded again in one go: no key frame stands where a window begins, where it is seen as a jerk."""

    def __init__(self, path: Path):
        self._output = encode.opened(str(path.absolute()), "mp4")
        self._stream: Any = None
        self._count = 0

    def add(self, part: Path) -> None:
        """The pictures of one more part."""
        with av.open(str(part.absolute())) as source:
            given = source.streams.video[0]
            rate = given.average_rate
            assert rate is not None  # `media.draft` writes one
            if self._stream is None:
                size = given.codec_context.height, given.codec_context.width
                self._stream = encode.begun(self._output, "libx264", rate, *size, **encode.H264)
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


def sounded(pictures: Path, output: Path, sound: Path | None = None) -> bool:
    """The pictures of an MP4 as one MP4, its sound copied from another file as far as the pictures last.

    Whole or not at all; says whether the sound could be kept. Raises MediaError.
    """
    try:
        _sounded(pictures, output, sound)
    except MediaError:
        if sound is None:
            raise
        _sounded(pictures, output, None)  # a codec that MP4 cannot hold
        return False
    return True


def _sounded(pictures: Path, output: Path, sound: Path | None) -> None:
    with media.replacing(output) as made, contextlib.ExitStack() as stack:
        target = stack.enter_context(encode.opened(str(made.absolute()), "mp4"))
        seen = stack.enter_context(av.open(str(pictures.absolute())))
        shown = target.add_stream_from_template(seen.streams.video[0])
        tracks: list[Iterable[tuple[float, int, Any]]] = [_packets(seen, shown)]
        if sound is not None:
            source = stack.enter_context(_container(stack.enter_context(media.opened(sound, MAX_BYTES))))
            track = target.add_stream_from_template(source.streams.audio[0])
            tracks.append(_sound(source, track, _seconds(seen)))
        for _, _, packet in heapq.merge(*tracks, key=lambda timed: timed[:2]):
            target.mux(packet)


def _packets(source: Any, stream: Any) -> Iterator[tuple[float, int, Any]]:
    for packet in _moved(source, 0.0):
        packet.stream = stream
        yield float(packet.dts * packet.time_base), 0, packet


def _sound(source: Any, stream: Any, length: float) -> Iterator[tuple[float, int, Any]]:
    """The packets of the first audio track that begin before `length` seconds, counted from the first picture."""
    zero = float((source.streams.video[0].start_time or 0) * source.streams.video[0].time_base)
    for packet in source.demux(source.streams.audio[0]):
        if not packet.size or packet.dts is None or packet.pts is None:
            continue
        shift = round(zero / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        at = float(packet.pts * packet.time_base)
        if at >= length:
            return
        if at >= 0:
            packet.stream = stream
            yield float(packet.dts * packet.time_base), 1, packet


def _moved(source: Any, begin: float) -> Iterator[Any]:
    """The video packets of a part, moved to `begin` seconds."""
    for packet in source.demux(source.streams.video[0]):
        if packet.size and packet.dts is not None:
            shift = round(begin / packet.time_base)
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            yield packet


def _seconds(source: Any) -> float:
    stream = source.streams.video[0]
    return float(stream.frames / stream.average_rate)


def _container(file: Any) -> Any:
    limits = {"format_whitelist": media.DEMUXERS, "protocol_whitelist": "none"}
    return av.open(file, "r", options=limits, metadata_errors="replace")
