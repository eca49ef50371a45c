"""Sound read from files, one voice at a low rate."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from motionalchemy.errors import MediaError
from motionalchemy.media import files, streams, tracks
from motionalchemy.media.tracks import Track

RATE = 16000  # samples a second that are read
LONGEST = 600.0  # seconds that are read at most
REMEDY = "give a WAV, MP3, M4A, FLAC or OGG file"


@dataclass(frozen=True, eq=False)
class Sound:
    """A sound file's `path`, its first minutes as one channel, `samples` (n,) float32 in [-1, 1], RATE a second, and the
    `track` that they are of."""

    path: Path
    samples: np.ndarray
    track: Track | None = None

    @property
    def seconds(self) -> float:
        """How long it lasts, as far as it was read."""
        return len(self.samples) / RATE


def read(path: Path, longest: float = LONGEST) -> Sound:
    """The sound of a file, at most so many seconds of it; raises MediaError for a file without one."""
    parts, count = list[np.ndarray](), 0
    with files.opened(path) as file, streams.open_container(file, streams.SOUNDS) as container:
        track = streams.sound_of(container)
        if track is None:
            raise MediaError(f"{str(path)!r} holds no sound: {REMEDY}")
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in container.decode(track):
            for part in resampler.resample(frame):
                parts.append(part.to_ndarray().reshape(-1))
                count += len(parts[-1])
            if count >= longest * RATE:
                break
    if not count:
        raise MediaError(f"{str(path)!r} holds no sound: {REMEDY}")
    samples = np.nan_to_num(np.concatenate(parts)[: round(longest * RATE)]).clip(-1, 1)
    return Sound(path, samples.astype(np.float32), tracks.sound_of(path, streams.SOUNDS))
