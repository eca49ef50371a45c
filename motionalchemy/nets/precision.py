"""Which precision a device multiplies matrices in."""

import torch


def narrow(device: torch.device | str) -> bool:
    """Whether a device multiplies bfloat16 itself; a processor that does not takes forty times as long as in float32."""
    return torch.device(device).type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
