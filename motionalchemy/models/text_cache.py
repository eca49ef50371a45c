"""Keys and values of the text, projected once for a request and not in every call: the same bits.

They live with the words, so every window, stage and step of a request shares them and they go when its words go.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from motionalchemy.models.prompts import Words


class CachedLinear(nn.Module):
    """A projection of the text that gives what it made before while that is laid in `made`."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner
        self.made: Tensor | None = None

    def forward(self, text: Tensor) -> Tensor:
        """Text (B, L, D) -> (B, L, E)."""
        return self.inner(text) if self.made is None else self.made


class TextCache:
    """A transformer's projections of the text, changed in place: `owner.name` for all blocks, then each block's `attn2`.

    What lies around a projection, such as a norm of the keys or an attention kernel, stays the network's own. Weights
    must be where they compute: not for blocks that come from the host one by one.
    """

    def __init__(self, owner: nn.Module, name: str, blocks: Iterable[Any]):
        self.text = _cached(owner, name)
        self.layers = [_cached(block.attn2, part) for block in blocks for part in ("to_k", "to_v")]

    @contextmanager
    def of(self, words: Words, dtype: torch.dtype) -> Iterator[None]:
        """The network has these words' projections inside the block, made now unless they were made before."""
        kept = words.kept.setdefault(self, [])
        if not kept:
            text = self.text.inner(words.states.to(dtype))
            kept.extend((text, *(layer.inner(text) for layer in self.layers)))
        layers = (self.text, *self.layers)
        try:
            for layer, made in zip(layers, kept, strict=True):
                layer.made = made
            yield
        finally:
            for layer in layers:
                layer.made = None


def _cached(owner: nn.Module, name: str) -> CachedLinear:
    layer = CachedLinear(getattr(owner, name))
    setattr(owner, name, layer)
    return layer
