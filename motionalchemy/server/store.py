"""The files of jobs: one folder each, named by the job, under the data folder; and the locks of who works there."""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from motionalchemy.errors import InputError
from motionalchemy.media import files

CLIP, SIDECAR, THUMBNAIL, SPRITESHEET, PREVIEW = (
    "video.mp4", "video.json", "thumbnail.webp", "spritesheet.webp", "preview.webp",
)  # fmt: skip
OUTPUTS = (CLIP, SIDECAR, THUMBNAIL, SPRITESHEET, PREVIEW)


class Store:
    """The folders `staging` (requests being taken in) and `videos` (one folder for each row of the table)."""

    def __init__(self, data: Path):
        self.data, self.staging, self.videos = data, data / "staging", data / "videos"

    def create(self) -> None:
        """Make the folders, for this user's eyes only; raises InputError where that is not possible."""
        try:
            for folder in (self.data, self.staging, self.videos):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            given = f"{str(self.data)!r} cannot be made ({error.strerror})"
            raise InputError(f"the data folder {given}: choose another") from error
        if not os.access(self.data, os.W_OK | os.X_OK):
            raise InputError(f"the data folder {str(self.data)!r} is not writable: choose another")

    @contextlib.contextmanager
    def staged(self) -> Iterator[Path]:
        """A fresh folder named for a new job, gone afterwards unless `keep` moved it."""
        folder = self.staging / f"video_{secrets.token_hex(16)}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, staged: Path) -> Path:
        """Move a staged folder to its place, its names on the disk for good."""
        folder = self.folder(staged.name)
        sync_folder(staged)
        os.rename(staged, folder)
        sync_folder(self.videos)
        return folder

    def folder(self, id: str) -> Path:
        """Where the files of a job are; `id` comes from the table, never from a client."""
        return self.videos / id

    def remove(self, id: str) -> None:
        """Delete a job's files; what a worker still writes there goes when it notices."""
        shutil.rmtree(self.folder(id), ignore_errors=True)

    def sweep(self, names: Iterable[str]) -> int:
        """Delete every folder that belongs to no job of `names`; only while no request is taken in."""
        known = set(names)
        lost = [f for f in self.videos.iterdir() if f.name not in known] + [*self.staging.iterdir()]
        for folder in lost:
            shutil.rmtree(folder, ignore_errors=True)
        return len(lost)

    def free_bytes(self) -> int:
        """What the disk of the data folder still has room for."""
        return shutil.disk_usage(self.data).free

    def live(self, name: str) -> None:
        """Give a sign of life as the holder of the lock `name`."""
        os.utime(self.data / f"{name}.lock")

    def sign(self, name: str) -> int:
        """The last sign of life of the lock's holder; another number is another sign."""
        try:
            return (self.data / f"{name}.lock").stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def alone(self, name: str, patience: float = 0.0) -> Iterator[bool]:
        """Hold the lock `name`, which its holder's death sets free; yields False when another still has it.

        Waits at most `patience` seconds for it.
        """
        with (self.data / f"{name}.lock").open("a") as file:
            end = time.monotonic() + patience
            while not (held := _lock(file.fileno())) and time.monotonic() < end:
                time.sleep(0.05)
            yield held


def worker_lock(device: str) -> str:
    """The name of the lock that the worker of a device holds."""
    return f"worker-{re.sub('[^0-9A-Za-z.-]+', '-', device)}"


def bytes_in(folder: Path) -> int:
    """What the files of a folder occupy."""
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def clear(folder: Path) -> None:
    """Remove what an earlier attempt left of its outputs, half-written or whole, but not a film that can go on."""
    for file in [folder / name for name in OUTPUTS] + [*folder.glob(".*.part")]:
        file.unlink(missing_ok=True)


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file, whole or not at all."""
    with files.replacing(path) as part:
        part.write_bytes(data)


def link(source: Path, path: Path) -> None:
    """Give a file a second name in another job's folder, so that deleting the first job takes nothing from it.

    Raises InputError where the file is gone.
    """
    try:
        os.link(source, path)
    except FileNotFoundError:
        raise InputError("the video is not there any more: choose another") from None
    except OSError:  # a file system without links
        shutil.copyfile(source, path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
