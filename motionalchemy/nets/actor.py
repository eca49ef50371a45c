"""Whether features are those of a rendered actor: one weighted sum."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class ActorConfig:
    """How many features it looks at."""

    inside: int = 2560


class Actor(nn.Module):
    """Features (B, inside) -> the log odds that a rendered actor is seen, (B,)."""

    def __init__(self, config: ActorConfig):
        super().__init__()
        self.config = config
        self.weigh = nn.Linear(config.inside, 1)

    @torch.no_grad()
    def forward(self, features: Tensor) -> Tensor:
        """The log odds (B,)."""
        return self.weigh(features)[:, 0]
