"""The sound of a clip: which track is kept, whether a file can hold it as it is, and what is said about it."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from av.error import FFmpegError

from motionalchemy.errors import MediaError
from motionalchemy.media import files, streams

MAX_BYTES = 64 * 2**30
FITS = {  # codecs that are copied, by extension; all others are encoded again, as ENCODED says
    ".mp4": ("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "opus", "flac"),
    ".mov": ("aac", "mp3", "mp3float", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
    ".webm": (),
}
ENCODED = {".mp4": "aac", ".mov": "aac", ".webm": "libopus"}
SHOWN = {"libopus": "Opus", "aac": "AAC"}
TRIED = 64  # packets in which there has to be one that can be decoded


@dataclass(frozen=True)
class Track:
    """A sound track of a file: its number among all tracks there, its codec, whether it can be decoded here, the second at
    which it begins, and what is said where it was one of several."""

    path: Path
    index: int
    codec: str
    decodable: bool = True
    begin: float = 0.0
    chosen: str = ""

    def kept(self, suffix: str) -> bool:
        """Whether a file with an extension can hold it, as it is or encoded again."""
        return suffix in FITS and (self.decodable or self.copied(suffix))

    def copied(self, suffix: str) -> bool:
        """Whether such a file holds it as it is."""
        return self.codec in FITS[suffix]

    def note(self, suffix: str) -> str:
        """What to say of it, empty where it is kept as it is."""
        if suffix not in FITS:
            return f"sound: left out, for a {suffix} file holds none; .mp4, .mov and .webm do"
        if not self.kept(suffix):
            return f"sound: left out, for its kind ({self.codec}) cannot be decoded"
        shown, given = SHOWN[ENCODED[suffix]], self.codec.removesuffix("float")
        return "" if self.copied(suffix) or given == shown.lower() else f"sound: {given} is written as {shown}"


def sound_of(path: Path, kinds: str = streams.DEMUXERS) -> Track | None:
    """The sound track of a file that is meant; None where there is none. Raises MediaError."""
    with files.opened(path, MAX_BYTES) as file, streams.open_container(file, kinds) as container:
        stream = streams.sound_of(container)
        if stream is None:
            return None
        codec = stream.codec_context.name if stream.codec_context is not None else "unknown"
        count = len(container.streams.audio)
        number = list(container.streams.audio).index(stream) + 1
        chosen = f"sound: track {number} of {count} is kept, the default one" if count > 1 else ""
        begin = float((stream.start_time or 0) * stream.time_base)
        return Track(path, stream.index, codec, _decodable(container, stream), begin, chosen)


def _decodable(container: object, stream: object) -> bool:
    with contextlib.suppress(FFmpegError, ValueError, MediaError, AttributeError):
        for number, packet in enumerate(container.demux(stream)):  # type: ignore[attr-defined]
            with contextlib.suppress(FFmpegError):
                if packet.decode():
                    return True
            if number >= TRIED:
                return False
    return False
