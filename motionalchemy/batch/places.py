"""Where the clips of a batch go: a folder of this machine, or a place that fsspec knows by its address (s3, gs, ...).

Every file arrives whole or not at all, a clip before its sidecar: whose sidecar is there is done.
"""

import contextlib
import json
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from motionalchemy.batch.tasks import Task
from motionalchemy.errors import InputError, MissingPart
from motionalchemy.media import files
from motionalchemy.parts import packages

LOCK = ".batch.lock"
FAILED = ".failed.json"
WHOLE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "memory")  # what is put there appears when all of it is there


class Place(Protocol):
    """Where clips go."""

    def __str__(self) -> str: ...

    def done(self, task: Task) -> bool:
        """Whether its clip and sidecar are there."""
        ...

    def failure(self, task: Task) -> str | None:
        """Why it failed before, None where it did not."""
        ...

    def keep(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all; raises InputError in one sentence."""
        ...

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def done(self, task: Task) -> bool:
        """Whether its clip and sidecar are there."""
        return (self.path / f"{task.name}.json").is_file() and (self.path / task.file).is_file()

    def failure(self, task: Task) -> str | None:
        """Why it failed before, None where it did not."""
        try:
            return _why((self.path / (task.name + FAILED)).read_bytes())
        except OSError:
            return None

    def keep(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all; raises InputError in one sentence."""
        with files.replacing(self.path / name) as part:
            part.write_bytes(data)

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.path / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else's for as long as it lasts; what a killed run left half written goes. Raises InputError."""
        import fcntl

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / LOCK).open("ab")
        except OSError as error:
            raise InputError(f"{str(self.path)!r} cannot be written ({files.brief(error)}): choose another") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    f"another batch writes to {str(self.path)!r}: wait for it, or choose another"
                ) from None
            for part in self.path.glob(".*.part"):
                part.unlink(missing_ok=True)
            yield


@dataclass(frozen=True)
class Remote:
    """A folder of a file system that fsspec opens."""

    address: str
    system: Any
    root: str

    def __str__(self) -> str:
        return self.address

    def done(self, task: Task) -> bool:
        """Whether its clip and sidecar are there."""
        return bool(self.system.exists(self._at(f"{task.name}.json")))

    def failure(self, task: Task) -> str | None:
        """Why it failed before, None where it did not."""
        path = self._at(task.name + FAILED)
        return _why(self.system.cat_file(path)) if self.system.exists(path) else None

    def keep(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all; raises InputError in one sentence."""
        path = self._at(name)
        protocols = self.system.protocol if isinstance(self.system.protocol, (tuple, list)) else (self.system.protocol,)
        with self._told(f"{name} could not be written to {self.address}"):
            if set(protocols) & set(WHOLE):
                self.system.pipe_file(path, data)
                return
            part = self._at(f".{name}.{os.getpid()}.part")
            self.system.pipe_file(part, data)
            self.system.mv(part, path)

    def forget(self, name: str) -> None:
        """Remove a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.system.rm_file(self._at(name))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Its folder is there; that nobody else writes to it cannot be seen from here. Raises InputError."""
        with self._told(f"{self.address} cannot be written"):
            self.system.makedirs(self.root, exist_ok=True)
        yield

    def _at(self, name: str) -> str:
        return posixpath.join(self.root, name)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # every file system has its own
            raise InputError(f"{what} ({files.brief(error)}): check the address and your permissions") from error


def place(address: str) -> Folder | Remote:
    """A folder by its path or `file://`, else what fsspec finds at an address; raises InputError and MissingPart."""
    if "://" not in address:
        return Folder(Path(address).resolve())
    if address.startswith("file://"):
        return Folder(Path(address.removeprefix("file://")).resolve())
    try:
        from fsspec.core import url_to_fs

        system, root = url_to_fs(address)
    except ImportError as error:
        why = " ".join(str(error).split()) if "fsspec" not in str(error.name) else packages.command("scale")
        raise MissingPart(f"{address} cannot be opened: {why}") from error
    except Exception as error:
        raise InputError(
            f"{address!r} is no address of a folder ({files.brief(error)}): such as s3://bucket/clips"
        ) from error
    return Remote(address.rstrip("/"), system, root)


def failed(task: Task, reason: str) -> bytes:
    """What is kept of a task that failed."""
    facts = {"reason": reason, "line": task.line, "request": task.fields}
    return (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode()


def _why(text: bytes) -> str:
    try:
        return str(json.loads(text)["reason"])
    except (ValueError, KeyError, TypeError):
        return "it failed before"
