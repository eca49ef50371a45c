"""Time embeddings computed once for each different time, not once for each token: equal but for rounding.

A plan has a handful of times (0 for what is known, t for what is free) and tens of thousands of tokens.
"""

from typing import Any

import torch
from torch import Tensor


def embed_ltx(embed: Any) -> None:
    """Change an LTX transformer's `time_embed` in place."""
    original = embed.forward

    def forward(timestep: Tensor, *args: Any, batch_size: int | None = None, **rest: Any) -> tuple[Tensor, Tensor]:
        times, where = torch.unique(timestep, return_inverse=True)
        shift, embedded = original(times, *args, batch_size=len(times), **rest)
        return shift[where], embedded[where]

    embed.forward = forward


def embed_wan(embed: Any) -> None:
    """Change a Wan transformer's `condition_embedder` in place."""
    original = embed.forward

    def forward(
        timestep: Tensor, words: Tensor, image: Tensor | None = None, timestep_seq_len: int | None = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        if timestep_seq_len is None:
            return original(timestep, words, image, timestep_seq_len)
        times, where = torch.unique(timestep, return_inverse=True)
        embedded, shift, words, image = original(times, words, image, timestep_seq_len=len(times))
        where = where.unflatten(0, (-1, timestep_seq_len))
        return embedded[0][where], shift[0][where], words, image

    embed.forward = forward
