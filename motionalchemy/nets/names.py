"""Which of several named things features show: each name has a few prototypes."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class NamesConfig:
    """How many features it looks at, the names, and how many prototypes each of them has, then how many have those things
    that have no name."""

    inside: int
    names: tuple[str, ...]
    prototypes: tuple[int, ...]


class Names(nn.Module):
    """Features (B, inside) -> how surely they show each name, and at last none of them, (B, names + 1), adding up to 1."""

    def __init__(self, config: NamesConfig):
        super().__init__()
        if len(config.prototypes) != len(config.names) + 1:
            raise ValueError(f"{len(config.names)} names and {len(config.prototypes)} counts of prototypes")
        self.config = config
        self.weigh = nn.Linear(config.inside, sum(config.prototypes))

    def forward(self, features: Tensor) -> Tensor:
        """How surely, (B, names + 1)."""
        parts = self.weigh(features).softmax(1).split(self.config.prototypes, 1)
        return torch.stack([part.sum(1) for part in parts], 1)
