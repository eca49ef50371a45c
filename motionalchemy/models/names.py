"""What tensors are called elsewhere, brought to the names that diffusers' and transformers' classes have, and a guess of
what a file is by its names alone.

Tables for Wan's and LTX-Video's own names are diffusers' (`loaders.single_file_utils`), used on names: no tensor is read.
"""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch

from motionalchemy.errors import InputError
from motionalchemy.models.tensors import EIGHTS, Entry

Named = dict[str, Entry]
PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.", "module.")
PARTS = {  # how a name begins in a file that holds a whole model -> the part
    "model.diffusion_model.": "transformer", "diffusion_model.": "transformer", "vae.": "vae", "first_stage_model.": "vae",
    "text_encoders.": "text_encoder", "cond_stage_model.": "text_encoder",
}  # fmt: skip
SIGNS = (  # what a name holds -> what the file is; the first that fits
    (r"\.lora_(down|up|A|B|a|b)\b|\.lora\.(down|up)\.|\.hada_w|\.lokr_w|\.diff(_b)?$", "a LoRA, which --lora takes"),
    (r"(^|\.)vace_blocks\.", "Wan VACE"),
    (r"(^|\.)(motion_encoder|face_adapter)\.", "Wan Animate"),
    (r"(^|\.)control_adapter\.", "a Wan Fun control model"),
    (r"(^|\.)audio_(patchify_proj|proj_in)\.", "LTX-2"),
    (r"(^|\.)double_blocks\.|(^|\.)transformer_blocks\.0\.norm1_context\.", "HunyuanVideo or a model of pictures"),
    (r"(^|\.)single_transformer_blocks\.", "HunyuanVideo or a model of pictures"),
    (r"(^|\.)blocks\.0\.(self_attn\.q|attn1\.to_q)\.", "a Wan transformer"),
    (r"(^|\.)transformer_blocks\.0\.attn1\.to_q\.", "an LTX-Video transformer"),
    (r"^(vae\.)?per_channel_statistics\.", "an LTX-Video autoencoder"),
    (r"^decoder\.(middle\.0\.residual\.0|mid_block\.resnets\.0\.norm1)\.gamma$", "a Wan autoencoder"),
    (r"^decoder\.mid_block\.resnets\.0\.conv1\.conv\.", "an LTX-Video autoencoder"),
    (r"\.SelfAttention\.q\.", "a T5 text encoder"),
    (r"^blocks\.0\.attn\.q\.", "Wan's own UMT5 text encoder"),
    (r"^enc\.blk\.0\.attn_q\.", "a T5 text encoder"),
    (r"layers\.0\.self_attn\.q_proj\.|\.layers\.0\.mlp\.gate_proj\.", "a language model"),
    (r"vision_model\.|visual\.transformer\.", "a CLIP picture encoder"),
)
SCALES = (".scale_weight", ".weight_scale")
BESIDE = (".scale_input", ".input_scale", ".comfy_quant", ".scale_output", ".output_scale")
MARKS = frozenset({"scaled_fp8", "spiece_model", "tekken_model", "__index_timestep_zero__"})
QUANTISED = {  # how a leftover of other kinds of small numbers is called -> who makes it
    ".absmax": "bitsandbytes", ".quant_map": "bitsandbytes", ".quant_state": "bitsandbytes", ".weight_scale_2": "NVFP4",
    ".qweight": "GPTQ or AWQ", ".qzeros": "GPTQ or AWQ", ".weight._data": "quanto", ".weight_format": "ModelOpt",
    ".svd_up": "SDNQ", ".zero_point": "SDNQ", ".smooth_factor": "SVDQuant",
}  # fmt: skip
INSTEAD = "take the model in bf16, as GGUF, or as fp8 with or without scales"
WAN_TEXT = (  # Wan's own UMT5 -> transformers'
    (r"^token_embedding\.", "shared."),
    (r"^norm\.", "encoder.final_layer_norm."),
    (r"^blocks\.(\d+)\.attn\.([qkvo])\.", r"encoder.block.\1.layer.0.SelfAttention.\2."),
    (r"^blocks\.(\d+)\.pos_embedding\.embedding\.", r"encoder.block.\1.layer.0.SelfAttention.relative_attention_bias."),
    (r"^blocks\.(\d+)\.norm1\.", r"encoder.block.\1.layer.0.layer_norm."),
    (r"^blocks\.(\d+)\.norm2\.", r"encoder.block.\1.layer.1.layer_norm."),
    (r"^blocks\.(\d+)\.ffn\.gate\.0\.", r"encoder.block.\1.layer.1.DenseReluDense.wi_0."),
    (r"^blocks\.(\d+)\.ffn\.fc1\.", r"encoder.block.\1.layer.1.DenseReluDense.wi_1."),
    (r"^blocks\.(\d+)\.ffn\.fc2\.", r"encoder.block.\1.layer.1.DenseReluDense.wo."),
)
GGML_TEXT = (  # the names that T5 has in GGUF -> transformers'
    (r"^token_embd\.", "shared."),
    (r"^enc\.output_norm\.", "encoder.final_layer_norm."),
    (r"^enc\.blk\.(\d+)\.attn_([qkvo])\.", r"encoder.block.\1.layer.0.SelfAttention.\2."),
    (r"^enc\.blk\.(\d+)\.attn_rel_b\.", r"encoder.block.\1.layer.0.SelfAttention.relative_attention_bias."),
    (r"^enc\.blk\.(\d+)\.attn_norm\.", r"encoder.block.\1.layer.0.layer_norm."),
    (r"^enc\.blk\.(\d+)\.ffn_norm\.", r"encoder.block.\1.layer.1.layer_norm."),
    (r"^enc\.blk\.(\d+)\.ffn_gate\.", r"encoder.block.\1.layer.1.DenseReluDense.wi_0."),
    (r"^enc\.blk\.(\d+)\.ffn_up\.", r"encoder.block.\1.layer.1.DenseReluDense.wi_1."),
    (r"^enc\.blk\.(\d+)\.ffn_down\.", r"encoder.block.\1.layer.1.DenseReluDense.wo."),
)


def guess(found: Mapping[str, Any]) -> str | None:
    """What a file is, by the names of its tensors; None for one that is not known here."""
    names = "\n".join(found)
    return next((what for sign, what in SIGNS if re.search(sign, names, re.MULTILINE)), None)


def scaled(found: Named, where: str) -> Named:
    """Tensors with the scales that lie beside them bound to them, and without what only some hardware needs; raises
    InputError for small numbers of another kind."""
    for ending, maker in QUANTISED.items():
        if any(name.endswith(ending) or f"{ending}." in name for name in found):
            raise InputError(f"{where} is quantised by {maker}, which is not read: {INSTEAD}")
    _check_comfy(found, where)
    kept = {n: e for n, e in found.items() if not n.endswith((*SCALES, *BESIDE)) and n not in MARKS}
    for name, entry in found.items():
        ending = next((e for e in SCALES if name.endswith(e)), None)
        if ending is None:
            continue
        matrix = name.removesuffix(ending) + ".weight"
        if matrix not in kept:
            raise InputError(f"{where} has a scale for {matrix}, which is not there: fetch it again")
        rows, numbers = kept[matrix].shape[:1], _count(entry.shape)
        if numbers != 1 and (numbers,) != rows:
            raise InputError(
                f"{where} scales {matrix} {kept[matrix].shape} in blocks {entry.shape}, which is not read: {INSTEAD}"
            )
        if kept[matrix].kind in EIGHTS or kept[matrix].kind == "I8":
            kept[matrix] = kept[matrix].scaled(entry)
    return kept


def _check_comfy(found: Named, where: str) -> None:
    """Raise InputError where a file says of a matrix that it is stored in another way than in 8 bits and a scale."""
    for name, entry in found.items():
        if not name.endswith(".comfy_quant"):
            continue
        try:
            said = json.loads(bytes(entry.read(torch.uint8).numpy()))
            form = str(said.get("format"))
        except (ValueError, AttributeError) as error:
            raise InputError(f"{where} does not say how {name} is stored: fetch it again") from error
        if not form.startswith(("float8", "int8_tensorwise")):
            raise InputError(f"{where} is quantised as {form}, which is not read: {INSTEAD}")


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def split(found: Named) -> dict[str, Named]:
    """A file's tensors by part, without their prefixes; one that holds a single part names none."""
    parts: dict[str, Named] = {}
    for name, entry in found.items():
        prefix = next((p for p in PARTS if name.startswith(p)), "")
        part = PARTS.get(prefix, "")
        parts.setdefault(part, {})[name.removeprefix(prefix)] = entry
    return parts


def transformer(found: Named) -> Named:
    """A transformer's tensors by diffusers' names, whatever they were called."""
    for prefix in PREFIXES:
        if found and all(name.startswith(prefix) for name in found):
            found = {name.removeprefix(prefix): entry for name, entry in found.items()}
    what = guess(found)
    if what == "a Wan transformer" and any(".self_attn." in name for name in found):
        return _tables().convert_wan_transformer_to_diffusers(dict(found))
    if what == "an LTX-Video transformer" and any("patchify_proj" in name for name in found):
        return _tables().convert_ltx_transformer_checkpoint_to_diffusers(dict(found))
    return found


def vae(found: Named) -> Named:
    """An autoencoder's tensors by diffusers' names."""
    if "decoder.middle.0.residual.0.gamma" in found:
        return _tables().convert_wan_vae_to_diffusers(dict(found))
    if any(name.startswith("per_channel_statistics.") for name in found):
        return _tables().convert_ltx_vae_checkpoint_to_diffusers({f"vae.{n}": e for n, e in found.items()})
    return found


def text(found: Named) -> Named:
    """A T5's or UMT5's tensors by transformers' names."""
    found = {re.sub(r"^(t5xxl|umt5xxl)\.(transformer\.)?", "", name): entry for name, entry in found.items()}
    for sign, table in (("token_embedding.weight", WAN_TEXT), ("token_embd.weight", GGML_TEXT)):
        if sign in found:
            return {_renamed(name, table): entry for name, entry in found.items()}
    return found


def _renamed(name: str, table: tuple[tuple[str, str], ...]) -> str:
    for pattern, by in table:
        name = re.sub(pattern, by, name)
    return name


def _tables() -> Any:
    return import_module("diffusers.loaders.single_file_utils")


BRINGS = {"transformer": transformer, "transformer_2": transformer, "vae": vae, "text_encoder": text}


def brought(found: Named, part: str, where: str) -> Named:
    """Tensors of a part by the names of its class, scales bound; raises InputError for what cannot be read."""
    return BRINGS.get(part, dict)(scaled(found, where))
