"""Packages that are installed, hidden from the processes that a test starts."""

from pathlib import Path

HIDDEN = """
import importlib.metadata, importlib.util, sys

NAMES = {names!r}


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in NAMES:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


found = importlib.util.find_spec
distribution = importlib.metadata.distribution


def without(name):
    if name in NAMES:
        raise importlib.metadata.PackageNotFoundError(name)
    return distribution(name)


sys.meta_path.insert(0, Hidden())
importlib.util.find_spec = lambda name, package=None: None if name in NAMES else found(name, package)
importlib.metadata.distribution = without
"""


def hide(*names: str, folder: Path) -> Path:
    """A folder for PYTHONPATH; whoever starts with it finds everything but these packages."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(HIDDEN.format(names=names))
    return folder
