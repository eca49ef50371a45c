"""Where the tensors of a checkpoint lie, read from the heads of its files alone, and one tensor of them at a time.

Files are safetensors or GGUF. Nothing is read twice and nothing is held but the tensor that is asked for.
"""

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.models import gguf

LONGEST_HEAD = 100 << 20  # bytes; the limit of safetensors itself
TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip
WHOLE = frozenset({"F64", "F32", "F16", "BF16"})  # types whose numbers are the weights themselves
EIGHTS = frozenset({"F8_E4M3", "F8_E5M2"})
ENDINGS = (".safetensors", ".gguf")


@dataclass(frozen=True)
class Entry:
    """One tensor in a file: where its bytes lie, its shape, its type by the file's own word, and the tensor that its
    numbers are to be multiplied by, if there is one: a number, or one for each row."""

    path: Path
    begin: int
    bytes: int
    shape: tuple[int, ...]
    kind: str
    scale: "Entry | None" = None

    def read(self, dtype: torch.dtype | None = None) -> Tensor:
        """The tensor, in `dtype` where one is given; raises InputError when the file ends before it does."""
        raw = torch.empty(self.bytes, dtype=torch.uint8)
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.begin)
            _fill(file, raw, self.path)
        if self.kind in gguf.TYPES and self.kind not in TYPES:
            return gguf.dequantized(raw, self.kind, self.shape, dtype or torch.float32)
        found = raw.view(TYPES[self.kind]).reshape(self.shape)
        if self.scale is not None:
            found = found.float() * _by_row(self.scale.read(torch.float32), found)
        return found if dtype is None else found.to(dtype)

    def scaled(self, scale: "Entry") -> "Entry":
        """The same tensor, to be multiplied."""
        return replace(self, scale=scale)


def entries(path: Path) -> dict[str, Entry]:
    """All tensors of a file by name; raises InputError for a file that is no checkpoint, or is cut short."""
    if path.suffix == ".gguf":
        listed = gguf.head(path)
        found = {name: Entry(path, *where) for name, where in listed.items()}
    elif path.suffix == ".safetensors":
        found = _safetensors(path)
    else:
        raise InputError(f"{str(path)!r} is neither .safetensors nor .gguf: pickles are not read, so convert it")
    size = path.stat().st_size
    if late := [name for name, entry in found.items() if entry.begin + entry.bytes > size]:
        raise InputError(f"{str(path)!r} is cut short: it ends before {late[0]}, so fetch it again")
    return found


def together(paths: Iterable[Path]) -> dict[str, Entry]:
    """All tensors of several files; raises InputError where one lies in two of them."""
    found: dict[str, Entry] = {}
    for path in paths:
        own = entries(path)
        if twice := found.keys() & own.keys():
            raise InputError(f"{str(path)!r} holds {min(twice)}, which another file of the model holds too: remove one")
        found |= own
    return found


def metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says of itself."""
    found = _head(path)[0].get("__metadata__")
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _safetensors(path: Path) -> dict[str, Entry]:
    listed, begin = _head(path)
    found = {}
    for name, facts in listed.items():
        if name == "__metadata__":
            continue
        try:
            kind, shape = str(facts["dtype"]), tuple(int(n) for n in facts["shape"])
            first, last = (int(n) for n in facts["data_offsets"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{str(path)!r} does not say where {name} lies: fetch it again") from error
        if kind not in TYPES:
            raise InputError(
                f"{str(path)!r} stores {name} as {kind}, which is not read: take its bf16, fp8 or GGUF file"
            )
        if last - first != prod(shape) * TYPES[kind].itemsize or first < 0 or min(shape, default=1) < 0:
            raise InputError(f"{str(path)!r} does not hold {name} as it says, {kind} {shape}: fetch it again")
        found[name] = Entry(path, begin + first, last - first, shape, kind)
    return found


def _head(path: Path) -> tuple[dict, int]:
    """The head of a safetensors file, and where its tensors begin."""
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= LONGEST_HEAD or 8 + length > path.stat().st_size:
            raise InputError(f"{str(path)!r} cannot be read as safetensors (no head): fetch it again")
        try:
            listed = json.loads(file.read(length))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{str(path)!r} cannot be read as safetensors ({error}): fetch it again") from error
    if not isinstance(listed, dict):
        raise InputError(f"{str(path)!r} cannot be read as safetensors (its head is no object): fetch it again")
    return listed, 8 + length


def _fill(file, raw: Tensor, path: Path) -> None:
    left = memoryview(raw.numpy())  # type: ignore[arg-type]
    while len(left):
        count = file.readinto(left)
        if not count:
            raise InputError(f"{str(path)!r} ends too early: fetch it again")
        left = left[count:]


def _by_row(scale: Tensor, weights: Tensor) -> Tensor:
    """A scale as it multiplies weights (out, ...): one number, or one a row."""
    if scale.numel() == 1:
        return scale.reshape(())
    return scale.reshape(-1, *[1] * (weights.ndim - 1))
