"""GGUF: numbers in blocks of every kind, heads that are broken, and a network from a file over a folder's configs."""

import struct

import numpy as np
import pytest
import torch

from motionalchemy.errors import InputError
from motionalchemy.models import gguf, tensors

GOLDEN = {  # kind -> where its 16-bit floats are, numbers 0, 1, 17 and the last, their sum by place: gguf 0.19's own
    "Q4_0": ((0,), [1.25, -0.5, 1.5, -1.5], -1008.0),
    "Q4_1": ((0, 2), [3.875, 2.125, 1.875, 3.375], 8830.5),
    "Q5_0": ((0,), [0.25, -1.5, 0.0, -1.75], -1169.0),
    "Q5_1": ((0, 2), [4.875, 7.125, 2.375, 5.125], 17193.5),
    "Q8_0": ((0,), [-24.75, -6.5, 29.5, -10.0], -336.0),
    "Q2_K": ((80, 82), [8.25, 0.0, -0.625, 2.125], 536443.0),
    "Q3_K": ((108,), [20.25, -27.0, 28.0, -10.5], 157219.0),
    "Q4_K": ((0, 2), [126.875, 44.625, 44.625, 4.625], 13839880.0),
    "Q5_K": ((0, 2), [314.875, 44.625, 44.625, 89.125], 32362748.0),
    "Q6_K": ((208,), [-357.75, 371.0, -140.0, 168.0], 362935.0),
}


def blocks(kind):
    """Three blocks of a kind, made by rule."""
    numbers, bytes_ = gguf.TYPES[kind]
    raw = ((np.arange(3 * bytes_) * 73 + 11) % 256).astype(np.uint8).reshape(3, bytes_)
    for i, at in enumerate(GOLDEN[kind][0]):
        raw[:, at : at + 2] = np.array([0.25 - 0.125 * i], np.float16).view(np.uint8)
    return torch.from_numpy(raw.reshape(-1)), 3 * numbers


@pytest.mark.parametrize("kind", GOLDEN)
def test_numbers_are_those_of_the_formats_own_package(kind):
    raw, count = blocks(kind)
    found = gguf.dequantized(raw, kind, (count,), torch.float32)
    _, few, total = GOLDEN[kind]
    assert found[[0, 1, 17, -1]].tolist() == few
    assert float((found.double() * torch.arange(count)).sum()) == total
    assert torch.equal(gguf.dequantized(raw, kind, (count,), torch.bfloat16), found.bfloat16())


def packed(value):
    """A matrix in Q8_0."""
    flat = value.reshape(-1, 32).float()
    scale = (flat.abs().amax(1, keepdim=True) / 127).half()
    whole = (flat / scale.float().clamp(min=1e-8)).round().clamp(-127, 127).to(torch.int8)
    return torch.cat((scale.view(torch.uint8), whole.view(torch.uint8)), 1).numpy().tobytes()


def write(path, weights, facts=()):
    """A GGUF file of version 3: what can be in Q8_0, else in float32; returns which are which."""
    heads, bodies, kinds = b"", b"", {}
    for name, value in weights.items():
        kinds[name] = "Q8_0" if value.ndim == 2 and value.shape[1] % 32 == 0 else "F32"
        body = packed(value) if kinds[name] == "Q8_0" else value.float().contiguous().numpy().tobytes()
        heads += struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", value.ndim)
        heads += b"".join(struct.pack("<Q", n) for n in reversed(value.shape))
        heads += struct.pack("<IQ", {"Q8_0": 8, "F32": 0}[kinds[name]], len(bodies))
        bodies += body + bytes(-len(body) % 32)
    said = b"".join(struct.pack("<Q", len(k)) + k.encode() + more for k, more in facts)
    start = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(facts)) + said + heads
    path.write_bytes(start + bytes(-len(start) % 32) + bodies)
    return kinds


def test_a_file_holds_what_was_written(tmp_path):
    weights = {"a": torch.randn(6, 64), "b": torch.randn(5), "c": torch.randn(2, 3, 1, 2, 2)}
    kinds = write(tmp_path / "a.gguf", weights, [("general.name", struct.pack("<IQ", 8, 1) + b"x")])
    found = tensors.entries(tmp_path / "a.gguf")
    assert {name: entry.kind for name, entry in found.items()} == kinds
    assert all(found[name].shape == tuple(value.shape) for name, value in weights.items())
    assert torch.equal(found["b"].read(), weights["b"]) and torch.equal(found["c"].read(), weights["c"])
    assert float((found["a"].read() - weights["a"]).abs().max()) < 0.02


def test_heads_that_are_broken_are_refused(tmp_path):
    path = tmp_path / "a.gguf"
    write(path, {"a": torch.randn(6, 64)})
    whole = path.read_bytes()
    for broken in (b"", b"GGUF", b"GGML" + whole[4:], whole[:30], whole[:-40], whole[:8] + b"\xff" * 8 + whole[16:]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="fetch it again") as refusal:
            tensors.entries(path)
        assert "\n" not in str(refusal.value)
    odd = bytearray(whole)
    at = whole.index(struct.pack("<IQ", 8, 0), 30)
    odd[at : at + 4] = struct.pack("<I", 23)
    path.write_bytes(bytes(odd))
    with pytest.raises(InputError, match="a way that is not read: take a Q4_0"):
        tensors.entries(path)


def test_a_network_from_gguf_over_a_folders_configs(tmp_path):
    diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")
    import tiny_models
    from safetensors.torch import load_file

    from motionalchemy.models import formats, registry

    folder = tiny_models.wan(tmp_path / "m")
    weights = load_file(folder / "transformer/diffusion_pytorch_model.safetensors")
    write(tmp_path / "wan-Q8_0.gguf", weights)
    place = registry.where(f"{folder}+{tmp_path / 'wan-Q8_0.gguf'}")
    found = formats.part(place, "transformer", diffusers.WanTransformer3DModel, torch.float32).fill().state_dict()
    assert all(float((found[name] - value).abs().max()) < 0.02 for name, value in weights.items())
    assert registry.card(f"{folder}+{tmp_path / 'wan-Q8_0.gguf'}").grid == registry.card(str(folder)).grid
