"""The tracks of a file: which one is meant, and what kinds of file are opened at all."""

from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.error import FFmpegError
from av.stream import Disposition

from motionalchemy.errors import MediaError

# Playlists and other formats that open further files or addresses are not among these.
DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf"
SOUNDS = f"{DEMUXERS},wav,mp3,flac,aac"
TOLERANT: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)  # 19 does so by itself
PICTURES = Disposition.attached_pic | Disposition.timed_thumbnails  # in a file of music: no video
KINDS = {  # how files begin that are clips of a kind which is not read
    b".RMF": "RealMedia",
    b"FWS": "Flash",
    b"CWS": "Flash",
    b"DKIF": "IVF",
    b"YUV4MPEG2": "Y4M",
    b"\x06\x0e\x2b\x34": "MXF",
    b"nut/multimedia": "NUT",
    b"\x12\x00\x0a": "raw AV1",
    b"\x00\x00\x01\xb3": "raw MPEG video",
    b"\x1f\x07\x00": "DV",
    b"MVIMGSEQ": "MVI",
}


def open_container(file: Any, kinds: str = DEMUXERS) -> Any:
    """A container of PyAV that reads the formats known here and follows no address inside them; raises MediaError for a
    clip of another kind."""
    limits = {"format_whitelist": kinds, "protocol_whitelist": "none"}
    try:
        return av.open(file, "r", options=limits, **TOLERANT)
    except FFmpegError:
        if kind := unread(file):
            raise MediaError(f"{file.name!r} is {kind}, a kind that is not read: save it as MP4") from None
        raise


def unread(file: BinaryIO) -> str:
    """The name of the kind of a clip that is not read, empty where it is another or none."""
    file.seek(0)
    head = file.read(16)
    for start, name in KINDS.items():
        if head.startswith(start):
            return name
    begun = 4 if head.startswith(b"\0\0\0\1") else 3 if head.startswith(b"\0\0\1") else 0
    if not begun:
        return ""
    first = head[begun]
    if first & 0x9F in (6, 7, 9):  # what may stand before the first picture: remarks, parameters, a delimiter
        return "raw H.264"
    return "raw H.265" if first & 0x81 == 0 and first >> 1 in (32, 35, 39) else ""


def video_of(path: Path, container: Any) -> Any:
    """The picture stream that is meant: the default one, and one that moves before a still; raises MediaError for none."""
    videos = [stream for stream in container.streams.video if not stream.disposition & PICTURES]
    if not videos:
        covers = ", only a cover picture" if container.streams.video else ""
        raise MediaError(f"{str(path)!r} holds no video{covers}: give a file with pictures in it")
    return min(videos, key=lambda each: (each.frames == 1, not each.disposition & Disposition.default))


def notes(container: Any, stream: Any) -> tuple[str, ...]:
    """What to say of the choice of a picture stream."""
    videos = [each for each in container.streams.video if not each.disposition & PICTURES]
    if len(videos) == 1:
        return ()
    return (f"video: track {videos.index(stream) + 1} of {len(videos)} is read",)


def sound_of(container: Any) -> Any:
    """The sound that is meant, the default one; None where there is none."""
    sounds = list(container.streams.audio)
    return min(sounds, key=lambda each: not each.disposition & Disposition.default, default=None)


def aspect_of(stream: Any) -> Fraction | None:
    """How many times as wide as high a pixel is; None where nothing says so."""
    return stream.sample_aspect_ratio or None
