#!/usr/bin/env bash
# Guess: diffusers' `from_single_file` reads a transformer whose matrices are 8-bit floats with a scale beside each
# (`scale_weight`), as ComfyUI's repackaged files of Wan have them, or refuses it.
# Seen (diffusers 0.42.1, torch 2.13.0 on a CPU, a tiny Wan): it loads, logs that the scales were not used, and the matrix is
# the stored numbers as they stand: off by 447.8 where the largest weight is 0.204.
# What follows: scales are bound to their matrices before names are compared (`scaled` in motionalchemy/models/names.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check --extra-index-url https://download.pytorch.org/whl/cpu \
    "diffusers==0.42.1" "torch==2.13.0" accelerate transformers safetensors numpy
cat > "$here/look.py" <<'PY'
import sys

import torch
from diffusers import WanTransformer3DModel
from safetensors.torch import save_file

OWN = {  # diffusers' names -> those of such files
    "condition_embedder.time_embedder.linear_1": "time_embedding.0",
    "condition_embedder.time_embedder.linear_2": "time_embedding.2",
    "condition_embedder.text_embedder.linear_1": "text_embedding.0",
    "condition_embedder.text_embedder.linear_2": "text_embedding.2", "condition_embedder.time_proj": "time_projection.1",
    "proj_out": "head.head", ".attn1.": ".self_attn.", ".attn2.": ".cross_attn.", ".to_out.0.": ".o.", ".to_q.": ".q.",
    ".to_k.": ".k.", ".to_v.": ".v.", ".ffn.net.0.proj.": ".ffn.0.", ".ffn.net.2.": ".ffn.2.", ".norm2.": ".norm3.",
}
home, name = sys.argv[1], "blocks.0.attn1.to_q.weight"
torch.manual_seed(0)
made = WanTransformer3DModel(
    num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4, text_dim=16, freq_dim=16, ffn_dim=32,
    num_layers=1,
)
made.save_pretrained(f"{home}/m")
whole = made.state_dict()
scale = whole[name].abs().max() / 448
stored = dict(whole) | {name: (whole[name] / scale).to(torch.float8_e4m3fn)}


def own(key):
    if key == "scale_shift_table":
        return "head.modulation"
    key = key.replace("scale_shift_table", "modulation")
    for here, there in OWN.items():
        key = key.replace(here, there)
    return key


flat = {own(key): value.contiguous() for key, value in stored.items()}
flat |= {"blocks.0.self_attn.q.scale_weight": scale, "scaled_fp8": torch.empty(0, dtype=torch.float8_e4m3fn)}
save_file(flat, f"{home}/scaled.safetensors")
found = WanTransformer3DModel.from_single_file(f"{home}/scaled.safetensors", config=f"{home}/m", torch_dtype=torch.float32)
off, most = float((found.state_dict()[name] - whole[name]).abs().max()), float(whole[name].abs().max())
print(f"off by {off:.1f} where the largest weight is {most:.3f}")
assert off > 100 * most, "changed: the scales are applied"
PY
"$here/venv/bin/python" "$here/look.py" "$here"
echo "as found"
