"""Long clips read frame by frame at an even rate, so that length costs no memory."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motionalchemy.errors import MediaError
from motionalchemy.media import files, reader
from motionalchemy.media.clip import Clip
from motionalchemy.media.resize import scaled

MAX_FRAMES = 1_000_000
MAX_BYTES = 64 * 2**30
MAX_RATE = 240  # frames per second; what is faster is read at this rate


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
            files.opened(self.path, MAX_BYTES) as file,
            contextlib.closing(reader.video(self.path, file, longest)) as source,
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
    with files.opened(path, MAX_BYTES) as file:
        moving = not files.is_animation(file)
    if not moving:
        return of(reader.read_clip(path))
    with files.opened(path, MAX_BYTES) as file, contextlib.closing(reader.video(path, file, None)) as source:
        first, _, _ = next(source, (None, 0.0, 0.0))
        if first is None:
            raise MediaError(f"{str(path)!r} holds no frame that can be shown: export it again")
    begins, usual, sound = _times(path)
    shown, fps = reader.even_rate(np.diff(np.array([*begins, begins[-1] + usual])))
    if fps > MAX_RATE:
        shown, fps = shown[:: int(np.ceil(fps / MAX_RATE))], fps / np.ceil(fps / MAX_RATE)
    return Footage(first.shape[0], first.shape[1], float(fps), shown, path, sound)


def _times(path: Path) -> tuple[list[float], float, bool]:
    """The seconds at which frames are shown, in order, how long one lasts, and whether there is sound; decodes nothing."""
    begins: list[float] = []
    with files.opened(path, MAX_BYTES) as file, reader.open_container(file) as container:
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
