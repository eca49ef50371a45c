"""Sound read from files, one voice at a low rate, and put beside the pictures of an MP4."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from motionalchemy.errors import MediaError
from motionalchemy.media import encoders, files
from motionalchemy.media.reader import DEMUXERS

RATE = 16000  # samples a second that are read
LOUD = 48000  # and those that are written
LONGEST = 600.0  # seconds that are read at most
KINDS = f"{DEMUXERS},wav,mp3,flac,aac"
REMEDY = "give a WAV, MP3, M4A, FLAC or OGG file"


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound file's `path`, and its first minutes as one channel: `samples` (n,) float32 in [-1, 1], RATE a second."""

    path: Path
    samples: np.ndarray

    @property
    def seconds(self) -> float:
        """How long it lasts, as far as it was read."""
        return len(self.samples) / RATE


def read(path: Path, longest: float = LONGEST) -> Sound:
    """The sound of a file, at most so many seconds of it; raises MediaError for a file without one."""
    parts, count = list[np.ndarray](), 0
    with files.opened(path) as file, _container(file) as container:
        if not container.streams.audio:
            raise MediaError(f"{str(path)!r} holds no sound: {REMEDY}")
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in container.decode(container.streams.audio[0]):
            for part in resampler.resample(frame):
                parts.append(part.to_ndarray().reshape(-1))
                count += len(parts[-1])
            if count >= longest * RATE:
                break
    if not count:
        raise MediaError(f"{str(path)!r} holds no sound: {REMEDY}")
    samples = np.nan_to_num(np.concatenate(parts)[: round(longest * RATE)]).clip(-1, 1)
    return Sound(path, samples.astype(np.float32))


def _container(file: Any) -> Any:
    limits = {"format_whitelist": KINDS, "protocol_whitelist": "none"}
    return av.open(file, "r", options=limits)


def beside(pictures: Path, output: Path, sound: Path) -> None:
    """The pictures of an MP4 with a sound as AAC, as far as the pictures last; `output` may be the same file, whole or not
    at all. Raises MediaError."""
    with (
        files.replacing(output) as made,
        encoders.opened(str(made.absolute()), "mp4") as target,
        av.open(str(pictures.absolute())) as seen,
        files.opened(sound) as file,
        _container(file) as heard,
    ):
        given = seen.streams.video[0]
        shown = target.add_stream_from_template(given)
        track = target.add_stream("aac", rate=LOUD, layout="stereo", options={"flags": "+bitexact"})
        track.codec_context.thread_count = 1
        rate = given.average_rate
        assert rate is not None
        ends = float(given.frames / rate)
        for packet in seen.demux(given):
            if packet.size and packet.dts is not None:
                packet.stream = shown
                target.mux(packet)
        _encode(heard, track, target, round(ends * LOUD))


def _encode(heard: Any, track: Any, target: Any, most: int) -> None:
    """Encodes the first `most` samples of a container's first sound."""
    resampler, done = av.AudioResampler(format="fltp", layout="stereo", rate=LOUD, frame_size=1024), 0
    for frame in heard.decode(heard.streams.audio[0]):
        for part in resampler.resample(frame):
            if done >= most:
                break
            part.pts, part.time_base = done, Fraction(1, LOUD)
            done += part.samples
            target.mux(track.encode(part))
        if done >= most:
            break
    target.mux(track.encode())
