"""Long clips read frame by frame at an even rate, so that length costs no memory."""

import contextlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motionalchemy.errors import MediaError
from motionalchemy.media import files, reader, streams, timing
from motionalchemy.media.clip import Clip
from motionalchemy.media.resize import scaled
from motionalchemy.media.tracks import MAX_BYTES, Track, sound_of

MAX_FRAMES = 1_000_000
MAX_RATE = 240  # frames per second; what is faster is read at this rate


@dataclass(frozen=True, eq=False)
class Footage:
    """A clip of any length that is read as a stream: `count` ticks of `fps`, each frame from the tick nearest its time on.

    `begin` is the second at which its first frame stands in the file, `sound` the sound of it, if it has any; `held` is the
    clip itself where it came in memory or as pictures.
    """

    height: int
    width: int
    fps: float
    count: int
    path: Path | None = None
    begin: float = 0.0
    sound: Track | None = None
    held: Clip | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.count

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
        tick, shown = 0, None
        with (
            files.opened(self.path, MAX_BYTES) as file,
            contextlib.closing(reader.video(self.path, file, longest)) as source,
        ):
            for frame, begin, _ in source:
                due = round((begin - self.begin) * self.fps)
                while shown is not None and tick < min(due, len(self)):
                    yield shown
                    tick += 1
                if tick == len(self):
                    return
                shown = frame
        if shown is None:
            raise MediaError(f"{str(self.path)!r} holds no frame that can be shown: export it again")
        for _ in range(tick, len(self)):
            yield shown


def of(clip: Clip) -> Footage:
    """A clip in memory as footage."""
    return Footage(clip.height, clip.width, clip.fps, len(clip), held=clip)


def read(path: Path) -> Footage:
    """What a video, GIF, WebP or PNG file holds, without keeping its frames; raises MediaError."""
    with files.opened(path, MAX_BYTES) as file:
        moving = not files.is_animation(file)
    if not moving:
        return of(reader.read_clip(path))
    clock = reader.Clock()
    with files.opened(path, MAX_BYTES) as file, contextlib.closing(reader.video(path, file, None, clock)) as source:
        first, start, _ = next(source, (None, 0.0, 0.0))
        if first is None:
            raise MediaError(f"{str(path)!r} holds no frame that can be shown: export it again")
    even = timing.even_rate(*_times(path, start), clock.step, clock.stated)
    fewer = int(np.ceil(even.fps / MAX_RATE))
    count, size = -(-even.count // fewer), first.shape
    return Footage(size[0], size[1], even.fps / fewer, count, path, start, sound_of(path), None, clock.notes)


def _times(path: Path, start: float) -> tuple[np.ndarray, np.ndarray]:
    """The seconds at which frames are shown from `start` on, in order, and how long each lasts; decodes nothing."""
    begins, lasts = array("d"), array("d")
    with files.opened(path, MAX_BYTES) as file, reader.open_container(file) as container:
        stream = streams.video_of(path, container)
        usual, told, vp8 = reader.usual_of(stream), reader.lasts_are_told(stream), stream.codec_context.name == "vp8"
        for packet in container.demux(stream):
            at = packet.dts if packet.pts is None else packet.pts  # an AVI may know no more
            if not packet.size or packet.is_discard or (vp8 and not bytes(packet)[0] & 0x10):  # never shown
                continue
            begin = start + len(begins) * usual if at is None else float(at * packet.time_base)
            begins.append(begin)
            lasts.append(float((packet.duration or 0) * packet.time_base) * told)
            if len(begins) > MAX_FRAMES:
                raise MediaError(f"{str(path)!r} has more than {MAX_FRAMES} frames: cut it into parts")
    times, lengths = np.frombuffer(begins), np.frombuffer(lasts)
    order = np.argsort(times, kind="stable")
    order = order[times[order] >= start - 1e-6]
    return (times[order], lengths[order]) if len(order) else (np.array([start]), np.array([usual]))


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
