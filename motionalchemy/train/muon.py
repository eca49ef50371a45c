"""Muon over matrices and over convolution kernels, which are seen as matrices (one row an output channel)."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from motionalchemy.nets.precision import narrow
from motionalchemy.train import distributed

QUINTIC, ROUNDS = (3.4445, -4.775, 2.0315), 5  # of the Newton-Schulz iteration
LIKE_ADAM = 0.2  # times the root of the longer side: steps as large as those of AdamW (2502.16982)


class Muon(torch.optim.Muon):
    """`torch.optim.Muon` (orthogonalised momentum; rates as for AdamW, 2502.16982) for weights of two or more axes, in
    the precision that the device multiplies in; of several processes (`distributed`) each does its share of the steps."""

    def __init__(self, weights: Iterable[Tensor], rate: float, decay: float, pace: float):
        self.weights = list(weights)
        flat = [nn.Parameter(w.detach().view(len(w), -1)) for w in self.weights]  # the same memory under another shape
        group = {"params": flat, "pace": pace}
        super().__init__([group], lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw")

    @torch.no_grad()
    def step(self, closure=None):
        """One update from the gradients of the weights themselves."""
        for group in self.param_groups:
            rate, keep = group["lr"], group["momentum"]
            pairs = [(seen, w) for seen, w in zip(group["params"], self.weights, strict=True) if w.grad is not None]
            directions = distributed.join().each(orthogonal, [self._slope(*pair, keep) for pair in pairs])
            for (seen, _), direction in zip(pairs, directions, strict=True):
                seen.mul_(1 - rate * group["weight_decay"])
                seen.add_(direction.to(seen.dtype), alpha=-rate * LIKE_ADAM * max(seen.shape) ** 0.5)

    def _slope(self, seen: Tensor, weight: Tensor, keep: float) -> Tensor:
        """The gradient of a weight, led on by those before it (Nesterov), in the shape of a matrix."""
        slope, state = weight.grad.reshape(seen.shape), self.state[seen]  # type: ignore[union-attr]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(seen)
        held = state["momentum_buffer"].lerp_(slope, 1 - keep)
        return slope.lerp(held, keep)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of the weights and of their flat views."""
        super().zero_grad(set_to_none)
        for weight in self.weights:
            weight.grad = None


def orthogonal(matrix: Tensor) -> Tensor:
    """A matrix (n, m) with all its singular values near 1 (a quintic Newton-Schulz iteration, as Muon has it)."""
    x = matrix.bfloat16() if narrow(matrix.device) else matrix.float()
    tall = len(x) > x.shape[1]
    x = x.T if tall else x
    x = x / x.norm().clamp(min=1e-7)
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
