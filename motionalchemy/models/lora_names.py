"""How LoRA files call the modules of a network and the tensors of a change, in all layouts that people have."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

PREFIXES = ("base_model.model.", "transformer.", "diffusion_model.", "model.diffusion_model.", "unet.")
FLAT = ("lora_unet_", "lycoris_", "lora_transformer_")
ENDINGS = {  # how a tensor's name ends -> what it is
    ".lora_A.weight": "down", ".lora_down.weight": "down", ".lora.down.weight": "down", ".lora_A.default.weight": "down",
    ".lora_B.weight": "up", ".lora_up.weight": "up", ".lora.up.weight": "up", ".lora_B.default.weight": "up",
    ".lora_B.bias": "up_bias", ".lora_B.default.bias": "up_bias", ".alpha": "alpha",
    ".dora_scale": "magnitude", ".lora_magnitude_vector": "magnitude", ".lora_magnitude_vector.weight": "magnitude",
    ".lora_magnitude_vector.default.weight": "magnitude", ".lora_magnitude_vector.default": "magnitude",
    ".hada_w1_a": "hada_w1_a", ".hada_w1_b": "hada_w1_b", ".hada_w2_a": "hada_w2_a", ".hada_w2_b": "hada_w2_b",
    ".lokr_w1": "lokr_w1", ".lokr_w1_a": "lokr_w1_a", ".lokr_w1_b": "lokr_w1_b",
    ".lokr_w2": "lokr_w2", ".lokr_w2_a": "lokr_w2_a", ".lokr_w2_b": "lokr_w2_b",
    ".diff": "diff", ".diff_b": "diff_b", ".diff_m": "diff_m",
}  # fmt: skip
OWN = (  # diffusers' names of modules -> those of the models' authors
    (r"(^|\.)attn1\.", r"\1self_attn."), (r"(^|\.)attn2\.", r"\1cross_attn."), (r"\.to_([qkv])$", r".\1"),
    (r"\.to_out\.0$", ".o"), (r"\.add_([kv])_proj$", r".\1_img"), (r"\.norm_added_k$", ".norm_k_img"),
    (r"(^blocks\.\d+)\.norm2$", r"\1.norm3"), (r"\.ffn\.net\.0\.proj$", ".ffn.0"), (r"\.ffn\.net\.2$", ".ffn.2"),
    (r"^condition_embedder\.time_embedder\.linear_1$", "time_embedding.0"),
    (r"^condition_embedder\.time_embedder\.linear_2$", "time_embedding.2"),
    (r"^condition_embedder\.text_embedder\.linear_1$", "text_embedding.0"),
    (r"^condition_embedder\.text_embedder\.linear_2$", "text_embedding.2"),
    (r"^condition_embedder\.time_proj$", "time_projection.1"),
    (r"^condition_embedder\.image_embedder\.norm1$", "img_emb.proj.0"),
    (r"^condition_embedder\.image_embedder\.ff\.net\.0\.proj$", "img_emb.proj.1"),
    (r"^condition_embedder\.image_embedder\.ff\.net\.2$", "img_emb.proj.3"),
    (r"^condition_embedder\.image_embedder\.norm2$", "img_emb.proj.4"),
    (r"^proj_out$", "head.head"), (r"^$", "head"),
)  # fmt: skip
OWN_LTX = (
    (r"^proj_in$", "patchify_proj"),
    (r"^time_embed\.", "adaln_single."),
    (r"\.norm_([qk])$", r".\1_norm"),
)


@dataclass
class Change:
    """What a file says of one module: its tensors by what they are, and the keys that they had."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


def aliases(model: nn.Module) -> dict[str, str]:
    """All names of a model's modules -> its own."""
    found: dict[str, str] = {}
    for name, module in model.named_modules():
        holds = isinstance(getattr(module, "weight", None), Tensor) or "scale_shift_table" in module._parameters
        if not holds:
            continue
        for table in ((), OWN, OWN_LTX):
            other = name
            for pattern, by in table:
                other = re.sub(pattern, by, other)
            found.setdefault(other, name)
            for flat in FLAT:
                found.setdefault(flat + other.replace(".", "_"), name)
    return found


def grouped(tensors: dict[str, Tensor], model: nn.Module) -> tuple[dict[str, Change], list[str]]:
    """A file's tensors by module, and the keys that name none, or one that another key has named already."""
    known, found, strange = aliases(model), dict[str, Change](), list[str]()
    for key, tensor in tensors.items():
        ending = next((e for e in ENDINGS if key.endswith(e)), None)
        name = None if ending is None else known.get(bare(key.removesuffix(ending), known))
        if ending is None or name is None:
            strange.append(key)
            continue
        change, what = found.setdefault(name, Change()), ENDINGS[ending]
        if what in change.tensors:
            strange.append(f"{key} (a second time, after {change.keys[what]})")
            continue
        change.tensors[what], change.keys[what] = tensor, key
    return found, strange


def bare(key: str, known: Iterable[str]) -> str:
    """A module's name without what stands before it; two prefixes may, as in base_model.model.transformer."""
    for prefix in (*PREFIXES, *PREFIXES):
        if key in known:
            return key
        key = key.removeprefix(prefix)
    return key


def matched(pattern: dict[str, float], name: str) -> float | None:
    """What a table by module or by the end of its name, as peft writes it, says of a module."""
    return next((v for k, v in pattern.items() if re.fullmatch(rf"(.*\.)?({k})", name)), None)


def product(change: dict[str, Tensor]) -> tuple[Tensor, int] | None:
    """The matrix (out, in) that a change's factors make, in float32, and the rank that its alpha is divided by (0 where
    it is not); None where they are not whole. LoRA (2106.09685), LoHa and LoKr as LyCORIS stores them (2309.14859)."""
    have = {name: tensor.float() for name, tensor in change.items()}
    if {"down", "up"} <= have.keys():
        down, up = have["down"].flatten(1), have["up"].flatten(1)
        return (up @ down, down.shape[0]) if up.shape[1] == down.shape[0] else None
    if {f"hada_w{i}_{x}" for i in (1, 2) for x in "ab"} <= have.keys():
        pairs = [have[f"hada_w{i}_a"] @ have[f"hada_w{i}_b"] for i in (1, 2)]
        return pairs[0] * pairs[1], have["hada_w1_b"].shape[0]
    if any(name.startswith("lokr_") for name in have):
        return _kronecker(have)
    return None


def _kronecker(have: dict[str, Tensor]) -> tuple[Tensor, int] | None:
    halves, rank = [], 0
    for number in (1, 2):
        whole, a, b = (have.get(f"lokr_w{number}{end}") for end in ("", "_a", "_b"))
        if whole is None:
            if a is None or b is None:
                return None
            whole, rank = a @ b.flatten(1), b.shape[0]
        halves.append(whole.flatten(1))
    return torch.kron(halves[0], halves[1]), rank
