"""A model from the folders in which ComfyUI keeps its parts: a network, a text encoder, an autoencoder, and no configs.

What diffusers writes in configs is read off the shapes of the tensors, where it can be: Wan with 2.1's autoencoder. The
words of the tokenizer lie inside ComfyUI's file of the text encoder.
"""

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from motionalchemy.errors import InputError
from motionalchemy.models import names, places, tensors
from motionalchemy.models.formats import INDEX, Checkpoint

FOLDERS = {"text_encoder": ("text_encoders", "clip"), "vae": ("vae",), "image_encoder": ("clip_vision",)}
KINDS = {
    "text_encoder": ("a T5 text encoder", "Wan's own UMT5 text encoder"),
    "vae": ("a Wan autoencoder",),
    "image_encoder": ("a CLIP picture encoder",),
}
HEAD = 128  # numbers of an attention head in every Wan
SHIFTS = {"wan-t2v-14b": 5.0, "wan-i2v-a14b": 5.0, "wan-t2v-1.3b": 3.0}  # of a schedule; others 3
BOUNDARIES = {"wan-i2v-a14b": 0.9, "wan-t2v-a14b": 0.875}


def beside(files: Mapping[str, tuple[Path, ...]], base: str) -> Checkpoint | None:
    """A network with the parts that lie in the folders beside its own; None where they are not there."""
    first = (files.get("transformer") or files["transformer_2"])[0].resolve()
    root = next((folder.parent for folder in first.parents if folder.name in places.NETWORKS), None)
    if root is None or not base.startswith("wan-") or base == "wan-5b":
        return None
    whole = dict(files)
    for part, folders in FOLDERS.items():
        if part not in whole and (found := _found(root, folders, KINDS[part])) is not None:
            whole[part] = (found,)
    if not {"text_encoder", "vae"} <= whole.keys():
        return None
    _, network = places.facts(whole)
    text = names.text(names.scaled(tensors.together(whole["text_encoder"]), str(whole["text_encoder"][0])))
    folder = _tokenizer(whole["text_encoder"][0])
    config = _transformer(network)
    configs: dict[str, Mapping[str, Any]] = {
        INDEX: _index(whole, base), "transformer": config, "transformer_2": config, "vae": _vae(whole["vae"]),
        "text_encoder": _text(text),
        "scheduler": {
            "_class_name": "UniPCMultistepScheduler", "use_flow_sigmas": True, "prediction_type": "flow_prediction",
            "flow_shift": SHIFTS.get(base, 3.0), "num_train_timesteps": 1000,
        },
    }  # fmt: skip
    return Checkpoint(folder, whole, configs)


def _found(root: Path, folders: tuple[str, ...], kinds: tuple[str, ...]) -> Path | None:
    """The first file of a kind in some folders, by its own tensors."""
    for folder in folders:
        for path in sorted((root / folder).glob("**/*")):
            if path.suffix in tensors.ENDINGS and names.guess(tensors.entries(path)) in kinds:
                return path
    return None


def _index(whole: Mapping[str, Any], base: str) -> dict[str, Any]:
    found: dict[str, Any] = {part: ["", ""] for part in whole}
    return found | {
        "_class_name": "WanPipeline",
        "boundary_ratio": BOUNDARIES.get(base) if "transformer_2" in whole else None,
    }


def _transformer(held: names.Named) -> dict[str, Any]:
    """The config of a Wan network, read off its shapes."""
    first, time = held["patch_embedding.weight"].shape, "condition_embedder.time_embedder.linear_1.weight"
    shown = held.get("condition_embedder.image_embedder.norm1.weight")
    places_ = held.get("condition_embedder.image_embedder.pos_embed")
    return {
        "patch_size": first[2:],
        "num_attention_heads": first[0] // HEAD,
        "attention_head_dim": HEAD,
        "in_channels": first[1],
        "out_channels": held["proj_out.weight"].shape[0] // (first[2] * first[3] * first[4]),
        "text_dim": held["condition_embedder.text_embedder.linear_1.weight"].shape[1],
        "freq_dim": held[time].shape[1],
        "ffn_dim": held["blocks.0.ffn.net.0.proj.weight"].shape[0],
        "num_layers": 1 + max(int(name.split(".")[1]) for name in held if name.startswith("blocks.")),
        "cross_attn_norm": "blocks.0.norm2.weight" in held,
        "image_dim": None if shown is None else shown.shape[0],
        "added_kv_proj_dim": None if shown is None else first[0],
        "pos_embed_seq_len": None if places_ is None else places_.shape[1],
    }


def _vae(paths: tuple[Path, ...]) -> dict[str, Any]:
    """The config of 2.1's autoencoder, whose width alone is read off; raises InputError for another one."""
    held = names.vae(names.split(tensors.together(paths)).get("", {}))
    try:
        first, last = held["encoder.conv_in.weight"].shape, held["decoder.conv_in.weight"].shape
    except KeyError as error:
        raise InputError(f"{paths[0]} lacks {error}: give Wan 2.1's autoencoder") from error
    if first[1] != 3 or last[1] != 16:
        raise InputError(f"{paths[0]} is an autoencoder of {last[1]} channels: give Wan 2.1's, which has 16")
    return {"base_dim": first[0]}


def _text(held: names.Named) -> dict[str, Any]:
    """The config of a UMT5, read off its shapes."""
    try:
        words, query = held["shared.weight"].shape, held["encoder.block.0.layer.0.SelfAttention.q.weight"].shape
        places_ = held["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"].shape
        wide = held["encoder.block.0.layer.1.DenseReluDense.wi_0.weight"].shape
    except KeyError as error:
        raise InputError(f"the text encoder lacks {error}: give that of Wan, umt5_xxl") from error
    return {
        "vocab_size": words[0], "d_model": words[1], "d_kv": query[0] // places_[1], "num_heads": places_[1],
        "relative_attention_num_buckets": places_[0], "d_ff": wide[0], "feed_forward_proj": "gated-gelu",
        "num_layers": 1 + max(int(n.split(".")[2]) for n in held if n.startswith("encoder.block.")),
    }  # fmt: skip


@cache
def _tokenizer(path: Path) -> Path:
    """A folder with the tokenizer that a file of a text encoder holds; raises InputError without one."""
    held = tensors.entries(path).get("spiece_model")
    if held is None:
        raise InputError(
            f"{path.name} holds no words of a tokenizer: take ComfyUI's own file (umt5_xxl…), or pull the model and write "
            "BASE+FILE"
        )
    home = tempfile.TemporaryDirectory(prefix="motionalchemy-")
    _kept.append(home)
    inner = Path(home.name) / "tokenizer"
    inner.mkdir()
    (inner / "spiece.model").write_bytes(held.read(torch.uint8).numpy().tobytes())
    said = {"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "eos_token": "</s>", "pad_token": "<pad>"}
    (inner / "tokenizer_config.json").write_text(json.dumps(said | {"unk_token": "<unk>"}))
    return Path(home.name)


_kept: list[Any] = []  # folders that live as long as the process
