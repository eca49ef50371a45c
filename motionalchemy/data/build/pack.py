"""Items to shards: every item is a file beside its facts, and shards are tars of such pairs with an index."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

FPS, FRAMES = 24, 49
SHARD = 14_500_000  # bytes: a shard stays below 15 MB
CLIPS = ("actors", "scenes", "turntables", "emoji")  # kinds that are clips; the others are stills


@dataclass(frozen=True, eq=False)
class Item:
    """One sample to be: `make` gives its clip (T, 2H, W, 3) or picture (H, W, 3 or 4), or None if it is of no use."""

    kind: str
    key: str
    facts: dict[str, Any]
    make: Callable[[], np.ndarray | None]

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.key}.{'mp4' if self.kind in CLIPS else 'webp'}"


def stacked(frames: np.ndarray) -> np.ndarray:
    """(T, H, W, 4) uint8, colour multiplied by alpha -> (T, 2H, W, 3): colour over mid grey above, alpha below."""
    alpha = frames[..., 3:].astype(np.uint16)
    over = frames[..., :3] + (128 * (255 - alpha) + 127) // 255
    return np.concatenate([over.clip(0, 255).astype(np.uint8), np.repeat(frames[..., 3:], 3, -1)], 1)


def mp4(video: np.ndarray, quality: int = 26) -> bytes:
    """(T, H, W, 3) uint8 -> H.264 at 24 frames per second; a lower `quality` number is better and larger."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=FPS, options={"crf": str(quality), "preset": "fast", "g": str(FRAMES)})
        stream.height, stream.width, stream.pix_fmt = video.shape[1], video.shape[2], "yuv420p"
        for frame in video:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        file.mux(stream.encode())
    return out.getvalue()


def webp(picture: np.ndarray, quality: int = 85) -> bytes:
    """(H, W, 3 or 4) uint8 -> a WebP file."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "webp", quality=quality, method=4)
    return out.getvalue()


def keep(item: Item, folder: Path) -> bool:
    """Make an item and write it loosely, facts last, unless it is there already; false when it is of no use."""
    facts = folder / f"{item.key}.json"
    if facts.is_file():
        return True
    made = item.make()
    if made is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / item.file, (mp4 if item.kind in CLIPS else webp)(made))
    _replace(facts, json.dumps({"key": item.key, **item.facts}, ensure_ascii=False).encode())
    return True


def pack(loose: Path, out: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Pack the loose pairs of a folder into `name`-0000.tar and on; yields (shard, facts) of each, sorted by key."""
    out.mkdir(parents=True, exist_ok=True)
    tar, shard, used, number = None, "", SHARD, 0
    for facts in sorted(loose.glob("*.json")):
        data = next(facts.with_suffix(end) for end in (".mp4", ".webp") if facts.with_suffix(end).is_file())
        size = sum(path.stat().st_size + 1024 for path in (data, facts))
        if used + size > SHARD:
            if tar:
                tar.close()
            shard, used, number = f"{name}-{number:04d}.tar", 0, number + 1
            tar = tarfile.open(out / shard, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        assert tar
        for path in (data, facts):
            info = tarfile.TarInfo(path.name)
            info.size = path.stat().st_size
            with path.open("rb") as file:
                tar.addfile(info, file)
        used += size
        yield shard, json.loads(facts.read_text("utf-8"))
    if tar:
        tar.close()


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write one JSON object a line, all or nothing."""
    _replace(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


def _replace(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
