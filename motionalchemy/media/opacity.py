"""The opacity that a WebM keeps beside its pictures: a second stream of VP8 or VP9, a frame in every block's addition."""

from typing import Any

import av
import numpy as np

from motionalchemy.media import files

ADDED = "matroska_block_additional"
HEAD = 8  # bytes before the addition: which one it is
KEPT = 64  # frames that wait at most, more than any decoder holds back


class Opacity:
    """Opacities by the time of their frame; none where the stream has none, or a codec that carries its own."""

    def __init__(self, stream: Any):
        codec = stream.codec_context.name.removeprefix("lib")
        self._decoder: Any = None
        if str(stream.metadata.get("alpha_mode", "")) == "1" and codec.startswith(("vp8", "vp9", "vpx-vp9")):
            self._decoder = av.CodecContext.create("vp8" if codec.startswith("vp8") else "vp9", "r")
            self._decoder.options = {"max_pixels": str(files.MAX_PIXELS)}
        self._found: dict[int | None, np.ndarray] = {}

    def read(self, packet: Any) -> None:
        """Decode the addition of a packet, if it has one."""
        if self._decoder is None or not packet.size or not packet.has_sidedata(ADDED):
            return
        added = av.Packet(bytes(packet.get_sidedata(ADDED))[HEAD:])
        added.pts, added.time_base = packet.pts, packet.time_base
        for frame in self._decoder.decode(added):
            plane = frame.planes[0]
            rows = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
            self._found[frame.pts] = rows[:, : plane.width].copy()
        while len(self._found) > KEPT:
            del self._found[next(iter(self._found))]

    def of(self, frame: av.VideoFrame) -> np.ndarray | None:
        """The opacity (H, W) uint8 of a frame; None where there is none, or it is of another size."""
        found = self._found.pop(frame.pts, None)
        return found if found is not None and found.shape == (frame.height, frame.width) else None
