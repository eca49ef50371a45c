"""A package that is installed, hidden from the processes that a test starts."""

from pathlib import Path

HIDDEN = """
import importlib.metadata, importlib.util, sys

NAME = {name!r}


class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == NAME:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


found = importlib.util.find_spec
distribution = importlib.metadata.distribution


def without(name):
    if name == NAME:
        raise importlib.metadata.PackageNotFoundError(name)
    return distribution(name)


sys.meta_path.insert(0, Hidden())
importlib.util.find_spec = lambda name, package=None: None if name == NAME else found(name, package)
importlib.metadata.distribution = without
"""


def hide(name: str, folder: Path) -> Path:
    """A folder for PYTHONPATH; whoever starts with it finds everything but one package."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(HIDDEN.format(name=name))
    return folder
