"""LoRA files that people already have, laid over a public model's transformer, or refused with the keys that fit nothing.

Read are the layouts of diffusers and peft (`transformer.…lora_A.weight`), of ComfyUI and the models' own trainers
(`diffusion_model.…lora_down.weight` with `.alpha`), and of kohya and musubi (`lora_unet_…`). All are brought to
{module: (down, up, scale)} by renaming alone, checked whole against the model, then added to its weights.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from motionalchemy.errors import InputError

LARGEST = 8 << 30  # bytes of a LoRA file
HEAVIEST = 10.0
SHOWN = 5  # keys named in a refusal
PREFIXES = ("base_model.model.", "transformer.", "diffusion_model.", "model.diffusion_model.", "unet.")
ENDINGS = {  # how a tensor's name ends -> which of the three it is
    ".lora_A.weight": "down", ".lora_down.weight": "down", ".lora.down.weight": "down", ".lora_A.default.weight": "down",
    ".lora_B.weight": "up", ".lora_up.weight": "up", ".lora.up.weight": "up", ".lora_B.default.weight": "up",
    ".alpha": "alpha",
}  # fmt: skip
WAN_NAMES = (  # Wan's own names of modules -> diffusers'
    (r"\.self_attn\.([qkv])$", r".attn1.to_\1"),
    (r"\.self_attn\.o$", r".attn1.to_out.0"),
    (r"\.cross_attn\.([qkv])$", r".attn2.to_\1"),
    (r"\.cross_attn\.o$", r".attn2.to_out.0"),
    (r"\.ffn\.0$", r".ffn.net.0.proj"),
    (r"\.ffn\.2$", r".ffn.net.2"),
    (r"^time_embedding\.0$", "condition_embedder.time_embedder.linear_1"),
    (r"^time_embedding\.2$", "condition_embedder.time_embedder.linear_2"),
    (r"^text_embedding\.0$", "condition_embedder.text_embedder.linear_1"),
    (r"^text_embedding\.2$", "condition_embedder.text_embedder.linear_2"),
    (r"^time_projection\.1$", "condition_embedder.time_proj"),
    (r"^head\.head$", "proj_out"),
)
LTX_NAMES = (  # LTX-Video's own names of modules -> diffusers'
    (r"^patchify_proj$", "proj_in"),
    (r"^adaln_single\.", "time_embed."),
)


@dataclass(frozen=True)
class Delta:
    """What a LoRA adds to one matrix: scale * up @ down; `up` (out, rank), `down` (rank, in)."""

    down: Tensor
    up: Tensor
    scale: float

    def times(self, weight: float) -> Tensor:
        """The whole addition (out, in), at a weight, in float32."""
        return weight * self.scale * (self.up.float().flatten(1) @ self.down.float().flatten(1))


def named(text: str) -> tuple[Path, float]:
    """FILE or FILE:WEIGHT as a path and a weight, 1 unless given; raises InputError."""
    path, _, tail = text.rpartition(":")
    try:
        weight = float(tail) if path else 1.0
    except ValueError:
        path, weight = text, 1.0
    file = Path(path or text)
    if not math.isfinite(weight) or abs(weight) > HEAVIEST:
        raise InputError(
            f"the weight {tail} of the LoRA {str(file)!r} cannot be used: give -{HEAVIEST:g} to {HEAVIEST:g}"
        )
    check_file(file)
    return file, weight


def apply(model: nn.Module, files: Iterable[tuple[Path, float]], sha256: str) -> str:
    """Add LoRA files, each at its weight, to a model's matrices; returns a sum of the weights that knows of them.

    Raises InputError, with nothing changed, when a file is no LoRA or any of its keys fits nothing in the model.
    """
    loaded = [(path, weight, deltas(model, path)) for path, weight in files]
    for path, weight, found in loaded:
        for name, delta in found.items():
            matrix = model.get_parameter(f"{name}.weight")
            with torch.no_grad():
                matrix += delta.times(weight).view_as(matrix).to(matrix)
        with path.open("rb") as file:
            own = hashlib.file_digest(file, "sha256").hexdigest()
        sha256 = hashlib.sha256(f"{sha256} {own} {weight!r}".encode()).hexdigest()
    return sha256


def deltas(model: nn.Module, path: Path) -> dict[str, Delta]:
    """What a LoRA file adds to which matrix of a model; raises InputError, naming the keys that fit nothing."""
    tensors, alpha = read(path)
    groups, strange = grouped(tensors, model)
    found: dict[str, Delta] = {}
    for name, parts in groups.items():
        if not {"down", "up"} <= parts.keys():
            strange.append(f"{name} (without its other half)")
            continue
        down, up = parts["down"], parts["up"]
        weight = model.get_parameter(f"{name}.weight")
        if down.shape[0] != up.shape[1] or (up.shape[0], down[0].numel()) != (weight.shape[0], weight[0].numel()):
            strange.append(f"{name} ({tuple(up.shape)} x {tuple(down.shape)} for {tuple(weight.shape)})")
            continue
        rank = down.shape[0]
        found[name] = Delta(down, up, (float(parts["alpha"]) if "alpha" in parts else alpha or rank) / rank)
    if strange or not found:
        named = ", ".join(sorted(strange)[:SHOWN]) or "no LoRA key at all"
        more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        kind = type(model).__name__
        raise InputError(f"{path} does not fit {kind}: {named}{more}; use a LoRA that was trained on this model")
    return found


def read(path: Path) -> tuple[dict[str, Tensor], float | None]:
    """The tensors of a LoRA file, and the alpha that its metadata or peft's config beside it gives for all of them.

    Raises InputError when it is no LoRA file, or one of a kind that a scale cannot express.
    """
    check_file(path)
    try:
        with safe_open(path, "pt") as file:
            written = json.loads((file.metadata() or {}).get("lora_adapter_metadata", "{}"))
        beside = path.with_name("adapter_config.json")
        if path.name == "adapter_model.safetensors" and beside.is_file():
            written |= json.loads(beside.read_bytes())
        facts = {name.removeprefix("transformer."): value for name, value in written.items()}
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, AttributeError) as error:
        raise InputError(f"the LoRA {str(path)!r} cannot be read ({error}): fetch it again") from error
    if odd := [name for name in ("use_rslora", "use_dora", "alpha_pattern") if facts.get(name)]:
        raise InputError(f"the LoRA {str(path)!r} is of a kind that is not read ({odd[0]}): merge it into a plain one")
    alpha = facts.get("lora_alpha")
    return tensors, float(alpha) if isinstance(alpha, int | float) and alpha else None


def check_file(path: Path) -> None:
    """Raise InputError unless there is a safetensors file of bounded size."""
    if not path.is_file():
        raise InputError(f"the LoRA {str(path)!r} is not there: give the path of a .safetensors file")
    if path.suffix != ".safetensors":
        raise InputError(f"the LoRA {str(path)!r} is not a .safetensors file: convert it, pickles are not read")
    if path.stat().st_size > LARGEST:
        raise InputError(f"the LoRA {str(path)!r} has more than {LARGEST >> 30} GiB: it is a whole model")


def grouped(tensors: dict[str, Tensor], model: nn.Module) -> tuple[dict[str, dict[str, Tensor]], list[str]]:
    """Tensors by module and by what they are, and the keys that name no matrix of the model; shapes as in `Delta`."""
    matrices = {n for n, m in model.named_modules() if isinstance(getattr(m, "weight", None), Tensor)}
    flat = {name.replace(".", "_"): name for name in matrices}
    groups: dict[str, dict[str, Tensor]] = {}
    strange = []
    for key, tensor in tensors.items():
        ending = next((e for e in ENDINGS if key.endswith(e)), None)
        name = None if ending is None else module_of(key.removesuffix(ending), matrices, flat)
        if ending is None or name is None:
            strange.append(key)
        else:
            groups.setdefault(name, {})[ENDINGS[ending]] = tensor
    return groups, strange


def module_of(key: str, matrices: set[str], flat: dict[str, str]) -> str | None:
    """The model's own name of the module that a key names in any of the layouts."""
    for prefix in (*PREFIXES, *PREFIXES):  # two prefixes may stand before one name, as in base_model.model.transformer.
        key = key.removeprefix(prefix)
    if key.startswith("lora_unet_"):
        plain = _wan_flat(key.removeprefix("lora_unet_"))
        return flat.get(plain.replace(".", "_"))
    for names in ((), WAN_NAMES, LTX_NAMES):
        renamed = key
        for pattern, by in names:
            renamed = re.sub(pattern, by, renamed)
        if renamed in matrices:
            return renamed
    return None


def _wan_flat(key: str) -> str:
    """A name whose dots became underscores, its Wan words put back so that the table of names applies."""
    key = re.sub(r"^blocks_(\d+)_(self_attn|cross_attn)_([qkvo])$", r"blocks.\1.\2.\3", key)
    key = re.sub(r"^blocks_(\d+)_ffn_([02])$", r"blocks.\1.ffn.\2", key)
    for pattern, by in WAN_NAMES:
        key = re.sub(pattern, by, key)
    return key
