"""Muon over matrices and over convolution kernels, which are seen as matrices (one row an output channel)."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Muon(torch.optim.Muon):
    """`torch.optim.Muon` (orthogonalised momentum; rates as for AdamW, 2502.16982) for weights of two or more axes."""

    def __init__(self, weights: Iterable[Tensor], rate: float, decay: float, pace: float):
        self.weights = list(weights)
        flat = [nn.Parameter(w.detach().view(len(w), -1)) for w in self.weights]  # the same memory under another shape
        group = {"params": flat, "pace": pace}
        super().__init__([group], lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw")

    @torch.no_grad()
    def step(self, closure=None):
        """One update from the gradients of the weights themselves."""
        for group in self.param_groups:
            for seen, weight in zip(group["params"], self.weights, strict=True):
                seen.grad = None if weight.grad is None else weight.grad.reshape(seen.shape)
        return super().step(closure)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the weights and of their flat views."""
        super().zero_grad(set_to_none)
        for weight in self.weights:
            weight.grad = None
