"""GGUF files, as ggml stores tensors: where each lies, and its numbers back from blocks of 4 to 8 bits.

Formats after ggml's own description (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md and ggml-quants): a block
of 32 numbers has one scale (`Q?_0`) or a scale and a least value (`Q?_1`); a block of 256 (`Q?_K`) has one for every 16
or 32 of them, themselves in 4, 6 or 8 bits.
"""

import struct
from collections.abc import Callable
from io import BufferedReader
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motionalchemy.errors import InputError

MOST = 1 << 20  # tensors or facts of one file
LONGEST = 1 << 24  # bytes of a string, items of a list
TYPES: dict[str, tuple[int, int]] = {  # type -> numbers and bytes of a block
    "F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22), "Q5_1": (32, 24),
    "Q8_0": (32, 34), "Q2_K": (256, 84), "Q3_K": (256, 110), "Q4_K": (256, 144), "Q5_K": (256, 176), "Q6_K": (256, 210),
}  # fmt: skip
NUMBERS = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K",
           13: "Q5_K", 14: "Q6_K", 30: "BF16"}  # fmt: skip
SIMPLE = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
AT_ONCE = 1 << 13  # blocks that are widened at once, so that a large matrix is never there in float32


def head(path: Path) -> dict[str, tuple[int, int, tuple[int, ...], str]]:
    """Where each tensor lies: name -> (first byte, bytes, shape, type); raises InputError."""
    try:
        with path.open("rb") as file:
            return _head(file, path)
    except (struct.error, UnicodeDecodeError, MemoryError, OverflowError) as error:
        raise InputError(f"{str(path)!r} cannot be read as GGUF ({error or 'cut short'}): fetch it again") from error


def _head(file: BufferedReader, path: Path) -> dict[str, tuple[int, int, tuple[int, ...], str]]:
    if file.read(4) != b"GGUF" or (version := _one(file, "<I")) not in (2, 3):
        raise InputError(f"{str(path)!r} is no GGUF file of version 2 or 3: fetch it again")
    del version
    tensors, facts = _one(file, "<Q"), _one(file, "<Q")
    if max(tensors, facts) > MOST:
        raise InputError(f"{str(path)!r} claims {max(tensors, facts)} entries: fetch it again")
    said = {_string(file): _value(file, _one(file, "<I")) for _ in range(facts)}
    listed = []
    for _ in range(tensors):
        name, sides = _string(file), _one(file, "<I")
        shape = tuple(reversed([_one(file, "<Q") for _ in range(min(sides, 9))]))
        listed.append((name, shape, _one(file, "<I"), _one(file, "<Q")))
    even = int(said.get("general.alignment", 32)) or 32
    begin = -(-file.tell() // even) * even
    found = {}
    for name, shape, number, at in listed:
        if number not in NUMBERS:
            raise InputError(f"{str(path)!r} stores {name} in a way that is not read: take a Q4_0 to Q8_0 or a K file")
        own = said.get(f"comfy.gguf.orig_shape.{name}")
        shape = tuple(int(n) for n in own) if isinstance(own, list) else shape
        numbers, bytes_ = TYPES[NUMBERS[number]]
        found[name] = (begin + at, prod(shape) // numbers * bytes_, shape, NUMBERS[number])
    return found


def _one(file: BufferedReader, form: str) -> Any:
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _string(file: BufferedReader) -> str:
    length = _one(file, "<Q")
    if length > LONGEST:
        raise OverflowError(f"a name of {length} bytes")
    return file.read(length).decode()


def _value(file: BufferedReader, kind: int, depth: int = 0) -> Any:
    if kind in SIMPLE:
        return _one(file, SIMPLE[kind])
    if kind == 8:
        return _string(file)
    if kind != 9 or depth > 2:
        raise OverflowError(f"a fact of kind {kind}")
    inner, count = _one(file, "<I"), _one(file, "<Q")
    if count > LONGEST:
        raise OverflowError(f"a list of {count}")
    return [_value(file, inner, depth + 1) for _ in range(count)]


def dequantized(raw: Tensor, kind: str, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """The numbers, of a shape and a type, that bytes `raw` hold in blocks of a kind."""
    numbers, bytes_ = TYPES[kind]
    blocks, out = raw.view(-1, bytes_), torch.empty(prod(shape), dtype=dtype)
    for at in range(0, len(blocks), AT_ONCE):
        part = BLOCKS[kind](blocks[at : at + AT_ONCE])  # (N, numbers) float32
        out[at * numbers : (at + len(part)) * numbers] = part.flatten()
    return out.reshape(shape)


def _half(blocks: Tensor, at: int) -> Tensor:
    """The 16-bit float at a byte of each block, (N, 1)."""
    return blocks[:, at : at + 2].contiguous().view(torch.float16).float()


def _nibbles(packed: Tensor) -> Tensor:
    """Bytes (..., B) as their low halves and then their high ones, (..., 2 B)."""
    return torch.cat((packed & 15, packed >> 4), -1)


def _bits(packed: Tensor) -> Tensor:
    """Bytes (N, B) as single bits, the lowest first, (N, 8 B)."""
    return (packed[..., None] >> torch.arange(8, dtype=torch.uint8) & 1).flatten(1)


def _q4_0(blocks: Tensor) -> Tensor:
    return _half(blocks, 0) * (_nibbles(blocks[:, 2:]).float() - 8)


def _q4_1(blocks: Tensor) -> Tensor:
    return _half(blocks, 0) * _nibbles(blocks[:, 4:]).float() + _half(blocks, 2)


def _q5_0(blocks: Tensor) -> Tensor:
    return _half(blocks, 0) * ((_nibbles(blocks[:, 6:]) | _bits(blocks[:, 2:6]) << 4).float() - 16)


def _q5_1(blocks: Tensor) -> Tensor:
    return _half(blocks, 0) * (_nibbles(blocks[:, 8:]) | _bits(blocks[:, 4:8]) << 4).float() + _half(blocks, 2)


def _q8_0(blocks: Tensor) -> Tensor:
    return _half(blocks, 0) * blocks[:, 2:].contiguous().view(torch.int8).float()


def _pairs(packed: Tensor, bits: int, run: int) -> Tensor:
    """Bytes (N, B) in runs of `run`, each run `8 / bits` fields deep: every field of a run before the next run."""
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8)[:, None]
    return (packed.unflatten(1, (-1, 1, run)) >> shifts & (2**bits - 1)).flatten(1)


def _q2_k(blocks: Tensor) -> Tensor:
    scales = blocks[:, :16]
    spread, least = _half(blocks, 80) * (scales & 15).float(), _half(blocks, 82) * (scales >> 4).float()
    numbers = _pairs(blocks[:, 16:80], 2, 32).unflatten(1, (16, 16)).float()
    return (spread[..., None] * numbers - least[..., None]).flatten(1)


def _q3_k(blocks: Tensor) -> Tensor:
    packed = blocks[:, 96:108]
    low = _nibbles(packed[:, :8])  # (N, 16)
    high = (packed[:, None, 8:] >> torch.tensor([0, 2, 4, 6], dtype=torch.uint8)[:, None] & 3).flatten(1)
    spread = _half(blocks, 108) * ((low | high << 4).float() - 32)
    lifted = _pairs(blocks[:, :32], 1, 32)  # 1 where nothing is taken away
    numbers = _pairs(blocks[:, 32:96], 2, 32).float() - 4 * (1 - lifted.float())
    return (spread[..., None] * numbers.unflatten(1, (16, 16))).flatten(1)


def _six_bits(packed: Tensor) -> tuple[Tensor, Tensor]:
    """The eight scales and the eight least values that 12 bytes hold, both (N, 8)."""
    first, second, third = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = torch.cat((first & 63, third & 15 | (first >> 6) << 4), 1)
    return scales.float(), torch.cat((second & 63, third >> 4 | (second >> 6) << 4), 1).float()


def _spread(blocks: Tensor, numbers: Tensor) -> Tensor:
    """Numbers (N, 256) of a block that begins with a scale, a least value and twelve bytes of finer ones."""
    scales, leasts = _six_bits(blocks[:, 4:16])
    spread, least = _half(blocks, 0) * scales, _half(blocks, 2) * leasts
    return (spread[..., None] * numbers.unflatten(1, (8, 32)).float() - least[..., None]).flatten(1)


def _q4_k(blocks: Tensor) -> Tensor:
    return _spread(blocks, _pairs(blocks[:, 16:], 4, 32))


def _q5_k(blocks: Tensor) -> Tensor:
    return _spread(blocks, _pairs(blocks[:, 48:], 4, 32) | _pairs(blocks[:, 16:48], 1, 32) << 4)


def _q6_k(blocks: Tensor) -> Tensor:
    low, high = _pairs(blocks[:, :128], 4, 64), _pairs(blocks[:, 128:192], 2, 32)
    scales = blocks[:, 192:208].contiguous().view(torch.int8).float()
    numbers = (low | high << 4).float() - 32
    return (_half(blocks, 208)[..., None] * scales[..., None] * numbers.unflatten(1, (16, 16))).flatten(1)


def _plain(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    return lambda blocks: blocks.view(dtype).float()


BLOCKS: dict[str, Callable[[Tensor], Tensor]] = {
    "F32": _plain(torch.float32), "F16": _plain(torch.float16), "BF16": _plain(torch.bfloat16), "Q4_0": _q4_0,
    "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1, "Q8_0": _q8_0, "Q2_K": _q2_k, "Q3_K": _q3_k, "Q4_K": _q4_k,
    "Q5_K": _q5_k, "Q6_K": _q6_k,
}  # fmt: skip
