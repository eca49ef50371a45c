"""Where frames go as they are made: into memory, or into a file that grows on the disk and survives a kill.

Beside OUTPUT stands the folder OUTPUT.making: the parts that are done, the last frames, and `clip.mp4`, which can be
played meanwhile. The same request finds it and goes on from there; it is gone when the run ends, however it ends, unless
the process is killed.
"""

import ctypes
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from av.error import FFmpegError
from safetensors.numpy import load_file, save

from motionalchemy.errors import InputError, MediaError
from motionalchemy.media import files, muxing, writer
from motionalchemy.media.clip import Clip

STATE, BESIDE = "state.json", "beside."
Transform = Callable[
    [np.ndarray | None, np.ndarray, np.ndarray | None], np.ndarray
]  # (before, frames, after) -> frames


def as_made(before: np.ndarray | None, frames: np.ndarray, after: np.ndarray | None = None) -> np.ndarray:
    """The frames (T, H, W, 3) as they are."""
    return frames


class FrameSink(Protocol):
    """What a run writes its frames to; `done` counts the spans in it.

    `anchor` is the picture (H, W, 3) uint8 that later windows are held to: its first frame unless `hold` chose another.
    `found` holds what was seen on the way, as JSON can hold it, `beside` arrays that the next window needs besides frames.
    """

    done: int
    found: dict[str, Any]
    beside: dict[str, np.ndarray]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person may want to know about it."""
        ...

    @property
    def anchor(self) -> np.ndarray:
        """The picture (H, W, 3) uint8 that later windows are held to, once there is a frame or one is held."""
        ...

    def hold(self, picture: np.ndarray) -> None:
        """Hold later windows to this picture (H, W, 3) uint8."""
        ...

    def last(self, count: int) -> np.ndarray:
        """The last `count` frames, (count, H, W, 3) uint8; `count` is at most what was agreed on when it was opened."""
        ...

    def add(self, frames: np.ndarray, after: np.ndarray | None = None) -> None:
        """The frames (T, H, W, 3) uint8 of the next span, and the one that follows the last where none is to come."""
        ...


class MemorySink:
    """Frames in memory; `fps` is that of the frames that are `shown`."""

    notes = ()

    def __init__(self, fps: float, shown: Transform = as_made):
        self.done, self.found, self._fps, self._parts = 0, dict[str, Any](), fps, list[np.ndarray]()
        self.beside = dict[str, np.ndarray]()
        self._shown, self._all = shown, list[np.ndarray]()
        self._anchor: np.ndarray | None = None

    @property
    def anchor(self) -> np.ndarray:
        """The picture (H, W, 3) uint8 that later windows are held to."""
        return self._parts[0][0] if self._anchor is None else self._anchor

    def hold(self, picture: np.ndarray) -> None:
        """Hold later windows to this picture (H, W, 3) uint8."""
        self._anchor = picture

    def last(self, count: int) -> np.ndarray:
        """The last `count` frames as they were added, (count, H, W, 3) uint8."""
        frames = [frame for part in self._parts[-count:] for frame in part[-count:]]
        return np.stack(frames[-count:])

    def add(self, frames: np.ndarray, after: np.ndarray | None = None) -> None:
        """Add the frames (T, H, W, 3) uint8 of the next span."""
        self._all.append(self._shown(self.last(1)[0] if self._parts else None, frames, after))
        self._parts.append(frames)
        self.done += 1

    def clip(self) -> Clip:
        """All of it."""
        return Clip(np.concatenate(self._all), self._fps)


class FileSink:
    """Frames in a folder: each span a part of its own, the state written after it, so that a kill loses one span.

    `fps` is that of the frames that are `shown`.
    """

    def __init__(self, folder: Path, key: str, fps: float, overlap: int, shown: Transform = as_made):
        self.folder, self._key, self._fps, self._overlap, self._shown = folder, key, fps, overlap, shown
        self.done, self.found, self._edges = 0, dict[str, Any](), dict[str, np.ndarray]()
        self.beside, self._ended = dict[str, np.ndarray](), False
        self._resume()
        with files.writing(folder):
            self._playable = muxing.FragmentedFile(folder / "clip.mp4")
            self._whole = muxing.ReencodedFile(folder / "whole.mp4")
            for part in self.parts:
                self._grow(part)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person may want to know about it."""
        going = (f"{self.done} parts are there already; going on from them",) if self.done else ()
        return (*going, f"{str(self.folder / 'clip.mp4')!r} can be played while it grows")

    @property
    def parts(self) -> list[Path]:
        """The parts that are done, in order."""
        return [self.folder / f"{number:05}.mp4" for number in range(self.done)]

    @property
    def anchor(self) -> np.ndarray:
        """The picture (H, W, 3) uint8 that later windows are held to."""
        return self._edges["anchor"][0]

    def hold(self, picture: np.ndarray) -> None:
        """Hold later windows to this picture (H, W, 3) uint8."""
        self._edges["anchor"] = picture[None].copy()

    def last(self, count: int) -> np.ndarray:
        """The last `count` frames as they were added, (count, H, W, 3) uint8; at most the overlap."""
        return self._edges["last"][-count:]

    def add(self, frames: np.ndarray, after: np.ndarray | None = None) -> None:
        """Write the frames (T, H, W, 3) uint8 of the next span as a part, and then the state."""
        shown = self._shown(self.last(1)[0] if "last" in self._edges else None, frames, after)
        part = writer.draft(Clip(shown, self._fps), self.folder / f"{self.done:05}.mp4")
        known = [*self._edges.get("last", frames[:0]), *frames][-self._overlap :]
        self._edges = {"anchor": self._edges.get("anchor", frames[:1]), "last": np.stack(known)}
        with files.replacing(self._edge_file(self.done + 1)) as file:
            held = self._edges | {f"{BESIDE}{name}": each for name, each in self.beside.items()}
            file.write_bytes(save(held))  # `save_file` says of a full disk what is no OSError
        self.done += 1
        self._write_state()
        with files.writing(self.folder):
            self._edge_file(self.done - 1).unlink(missing_ok=True)
            self._grow(part)
        _freed()

    def whole(self) -> Path:
        """All of it as one file, in the folder; nothing can be added to it any more."""
        if not self._ended:
            self._ended = True
            with files.writing(self.folder):
                self._whole.close()
        return self.folder / "whole.mp4"

    def close(self) -> None:
        """Forget the folder."""
        try:
            for file in (self._playable, *([] if self._ended else [self._whole])):
                with suppress(OSError, FFmpegError):  # on a full disk; nothing of it is kept
                    file.close()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _grow(self, part: Path) -> None:
        for file in (self._playable, self._whole):
            file.add(part)

    def _resume(self) -> None:
        state = _state(self.folder)
        if state is not None and state.get("key") == self._key:
            self.done, self.found = int(state["done"]), dict(state["found"])
            if self.done:
                stored = load_file(self._edge_file(self.done))
                self.beside = {name.removeprefix(BESIDE): v for name, v in stored.items() if name.startswith(BESIDE)}
                self._edges = {name: value for name, value in stored.items() if not name.startswith(BESIDE)}
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            self.folder.mkdir()
        except OSError as error:
            reason = f"{files.brief(error)}, so check the folder or choose another"
            raise MediaError(f"{str(self.folder)!r} could not be made: {reason}") from error
        self._write_state()

    def _write_state(self) -> None:
        state = {"key": self._key, "done": self.done, "found": self.found}
        files.write_text(json.dumps(state, ensure_ascii=False), self.folder / STATE)

    def _edge_file(self, number: int) -> Path:
        return self.folder / f"{number:05}.safetensors"


def folder_of(output: Path) -> Path:
    """Where the folder of a file stands while it is made."""
    return output.with_name(f"{output.name}.making")


def check_folder(output: Path) -> None:
    """Raise InputError if something else than an unfinished one stands where such a folder would be kept."""
    folder = folder_of(output)
    if folder.is_symlink() or (
        folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not _state(folder)))
    ):
        raise InputError(f"{str(folder)!r}, where the clip grows, is something else: rename it or the output")


@contextmanager
def file_sink(output: Path, key: str, fps: float, overlap: int, shown: Transform = as_made) -> Iterator[FileSink]:
    """A sink beside `output`, resumed if one of the same `key` stands there; gone at the end unless it is killed."""
    sink = FileSink(folder_of(output), key, fps, overlap, shown)
    try:
        yield sink
    finally:
        sink.close()


def _freed() -> None:
    """Give memory that was freed back to the system, where glibc would keep it and every window find it in pieces."""
    with suppress(OSError, AttributeError, TypeError):  # another C library, or none to be asked
        ctypes.CDLL(None).malloc_trim(0)


def _state(folder: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((folder / STATE).read_bytes())
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and {"key", "done", "found"} <= state.keys() else None
