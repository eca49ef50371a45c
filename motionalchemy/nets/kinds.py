"""Which of several kinds features are of: one weighted sum for each."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class KindsConfig:
    """How many features it looks at, and the names of the kinds."""

    inside: int
    names: tuple[str, ...]


class Kinds(nn.Module):
    """Features (B, inside) -> how surely they are of each kind, (B, kinds), which add up to 1."""

    def __init__(self, config: KindsConfig):
        super().__init__()
        self.config = config
        self.weigh = nn.Linear(config.inside, len(config.names))

    @torch.no_grad()
    def forward(self, features: Tensor) -> Tensor:
        """How surely, (B, kinds)."""
        return self.weigh(features).softmax(1)
