"""How fast a device multiplies matrices, measured."""

import time

import torch


def wait(device: torch.device) -> None:
    """Let a GPU finish what it was given, so that the clock is read at the right time."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def ceiling(device: torch.device, seconds: float = 0.5, kind: torch.dtype | None = None) -> float:
    """FLOP/s of the best of repeated large matrix products: float32 on a CPU, bfloat16 on a GPU, unless `kind` is given."""
    side, usual = (8192, torch.bfloat16) if device.type == "cuda" else (1024, torch.float32)
    kind = kind or usual
    a, best, end = torch.randn(side, side, device=device, dtype=kind), float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        wait(device)
        begun = time.perf_counter()
        torch.mm(a, a)
        wait(device)
        best = min(best, time.perf_counter() - begun)
    return 2 * side**3 / best
