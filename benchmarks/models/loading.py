"""How fast a checkpoint loads and how much memory that takes, against reading its files: a synthetic one of random bytes.

`python benchmarks/models/loading.py --gigabytes 2` writes a transformer of Wan's kind, reads its file and loads it, each in
a process of its own, in turn; the file lies in the page cache each time. Prints JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = "diffusion_pytorch_model.safetensors"
ROUNDS = 3
CONFIG = {
    "_class_name": "WanTransformer3DModel", "patch_size": [1, 2, 2], "num_attention_heads": 16, "attention_head_dim": 128,
    "in_channels": 16, "out_channels": 16, "text_dim": 4096, "freq_dim": 256, "ffn_dim": 8192, "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
}  # fmt: skip


def written(folder: Path, gigabytes: float, dtype: str) -> None:
    """A checkpoint of about so many gigabytes in a folder."""
    import torch
    from accelerate import init_empty_weights

    WanTransformer3DModel: Any = import_module("diffusers").WanTransformer3DModel
    from safetensors.torch import save_file

    kind = getattr(torch, dtype)
    of_layer = 16 * 2048**2  # two attentions, and a net 4 times as wide
    layers = max(1, round(gigabytes * 1e9 / kind.itemsize / of_layer))
    config = CONFIG | {"num_layers": layers}
    with init_empty_weights():
        model = WanTransformer3DModel.from_config(dict(config))
    (folder / "transformer").mkdir(parents=True)
    (folder / "transformer" / "config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    weights = {
        name: torch.empty(value.shape, dtype=kind).normal_(0, 0.02) for name, value in model.state_dict().items()
    }
    path = folder / "transformer" / FILE
    save_file(weights, path)


def held(name: str) -> int:
    """The memory that this process has (VmRSS) or had at most since it began (VmHWM), in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def read(folder: Path, dtype: str) -> dict[str, float]:
    """Reading the file into fresh memory, as a whole."""
    import torch

    path = folder / "transformer" / FILE
    before, begun = held("VmRSS"), time.perf_counter()
    raw = torch.empty(path.stat().st_size, dtype=torch.uint8)
    with path.open("rb", buffering=0) as file:
        left = memoryview(raw.numpy())  # type: ignore[arg-type]
        while len(left):
            left = left[file.readinto(left) :]
    return {"seconds": time.perf_counter() - begun, "memory": held("VmHWM") - before}


def ours(folder: Path, dtype: str) -> dict[str, float]:
    """Loading by this project."""
    import torch

    from motionalchemy.models import formats

    diffusers, _ = formats.libraries()
    kind, before, begun = diffusers.WanTransformer3DModel, held("VmRSS"), time.perf_counter()
    model = formats.part(folder, "transformer", kind, getattr(torch, dtype)).fill()
    seconds = time.perf_counter() - begun
    own = sum(value.numel() * value.element_size() for value in model.state_dict().values())
    return {"seconds": seconds, "memory": held("VmHWM") - before, "bytes": own}


def theirs(folder: Path, dtype: str) -> dict[str, float]:
    """Loading by diffusers' own loader."""
    import torch

    WanTransformer3DModel: Any = import_module("diffusers").WanTransformer3DModel

    before, begun = held("VmRSS"), time.perf_counter()
    model = WanTransformer3DModel.from_pretrained(folder / "transformer", torch_dtype=getattr(torch, dtype))
    for value in model.state_dict().values():  # what is mapped is read when it is touched, a page at a time
        value.contiguous().view(-1).view(torch.uint8)[::4096].sum()
    return {"seconds": time.perf_counter() - begun, "memory": held("VmHWM") - before}


WAYS = {"read": read, "ours": ours, "diffusers": theirs}


def main() -> None:
    """Measure, or be one of the processes that are measured."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--gigabytes", type=float, default=2.0)
    options.add_argument("--stored", default="bfloat16")
    options.add_argument("--kept", default="bfloat16")
    options.add_argument("--way", choices=WAYS)
    options.add_argument("--folder", type=Path)
    options.add_argument("--write", action="store_true")
    chosen = options.parse_args()
    if chosen.write:
        written(chosen.folder, chosen.gigabytes, chosen.stored)
        return
    if chosen.way:
        print(json.dumps(WAYS[chosen.way](chosen.folder, chosen.kept)))
        return
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, __file__, "--folder", f"{home}/m", "--gigabytes", str(chosen.gigabytes)]
        subprocess.run([*command, "--write", "--stored", chosen.stored], check=True, capture_output=True)
        bytes_ = (Path(home) / "m" / "transformer" / FILE).stat().st_size
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):
            for name, row in rows.items():
                command = [sys.executable, __file__, "--way", name, "--folder", f"{home}/m", "--kept", chosen.kept]
                row.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        best = {name: min(row, key=lambda each: each["seconds"]) for name, row in rows.items()}
    print(json.dumps({"file": bytes_, "stored": chosen.stored, "kept": chosen.kept, **best}, indent=1))


if __name__ == "__main__":
    main()
