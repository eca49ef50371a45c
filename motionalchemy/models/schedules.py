"""The times that public models are sampled at: falling from 1 (noise), `steps` of them, then 0.

Each is a function of the steps alone; `entered` starts one lower, for a plan that does not begin at noise.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from motionalchemy.flow.sampler import times

DISTILLED = (1.0, 0.9937, 0.9875, 0.9812, 0.975, 0.9094, 0.725)  # LTX-Video 0.9.7 and 0.9.8, distilled
SECOND_PASS = (0.9094, 0.725, 0.4219)  # of the same, on a clip made larger


def linear_quadratic(steps: int, threshold: float = 0.025) -> list[float]:
    """Half of the steps down to 1 - threshold, evenly, then quadratically to 0: LTX-Video from 0.9.5 on."""
    if steps < 2:
        return [1.0, 0.0]
    half = steps // 2
    rest = steps - half
    excess = half - threshold * steps
    square = excess / (half * rest**2)
    slope = threshold / half - 2 * excess / rest**2
    level = square * half**2
    rising = [i * threshold / half for i in range(half)]
    rising += [square * i**2 + slope * i + level for i in range(half, steps)]
    return [*(1.0 - u for u in rising), 0.0]


def decided(steps: int, top: float = 1.0, rest: float = 0.35) -> list[float]:
    """One step from `top` down to `rest`, the others from there evenly: for a model whose first answer decides."""
    later = times(steps - 1, top=min(top, rest)) if steps > 1 else [0.0]
    return [top, *later]


def distilled(steps: int, top: float = 1.0) -> list[float]:
    """The seven times that the distilled LTX-Video was trained at, or from below 0.95 its second pass's three; another
    count is read off between them."""
    given = [*(SECOND_PASS if top < 0.95 else DISTILLED), 0.0]
    if steps == len(given) - 1:
        return given
    return [float(t) for t in np.interp(np.linspace(0, 1, steps + 1), np.linspace(0, 1, len(given)), given)]


def flow_match(steps: int, tokens: int, config: Mapping[str, Any]) -> list[float]:
    """FlowMatchEulerDiscreteScheduler's times over an even grid, from its config: shifted by size or by a constant."""
    even = np.linspace(1.0, 1 / steps, steps).astype(np.float32)
    if config.get("use_dynamic_shifting"):
        low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
        base, most = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
        mu = (most - base) / (high - low) * (tokens - low) + base
        if config.get("time_shift_type", "exponential") == "exponential":
            mu = math.exp(mu)
        even = mu / (mu + (1 / even - 1))
    else:
        shift = config.get("shift", 1.0)
        even = shift * even / (1 + (shift - 1) * even)
    if (terminal := config.get("shift_terminal")) and even[-1] < 1:  # one step alone has nowhere to be stretched to
        even = 1 - (1 - even) * (1 - terminal) / (1 - even[-1])
    return [*(float(t) for t in even), 0.0]


def unipc_flow(steps: int, config: Mapping[str, Any]) -> list[float]:
    """UniPCMultistepScheduler's times with flow sigmas, from its config; the first is a hair below 1."""
    even = np.linspace(1, 1 / config.get("num_train_timesteps", 1000), steps + 1)[:-1]
    shift = config.get("flow_shift", 1.0)
    shifted = shift * even / (1 + (shift - 1) * even)
    if (terminal := config.get("shift_terminal")) and shifted[-1] < 1:
        shifted = 1 - (1 - shifted) * (1 - terminal) / (1 - shifted[-1])
    shifted[0] = min(shifted[0], 1 - 1e-6)
    return [*(float(t) for t in shifted), 0.0]


def flow_match_wan(steps: int, config: Mapping[str, Any]) -> list[float]:
    """FlowMatchEulerDiscreteScheduler's own times when it is given a number of steps: from its largest to its least
    training time, shifted once when it was made and again when asked."""
    count, shift = config.get("num_train_timesteps", 1000), config.get("shift", 1.0)

    def moved(t: np.ndarray) -> np.ndarray:
        return shift * t / (1 + (shift - 1) * t)

    ends = moved(np.array([1.0, 1 / count], np.float32))
    even = moved(np.linspace(ends[0], ends[1], steps))
    if (terminal := config.get("shift_terminal")) and even[-1] < 1:
        even = 1 - (1 - even) * (1 - terminal) / (1 - even[-1])
    return [*(float(t) for t in even), 0.0]


def entered(falling: Sequence[float], top: float) -> list[float]:
    """As many times from `top` to 0, read off the same falling curve."""
    if top >= falling[0]:
        return list(falling)
    at = np.linspace(0, 1, len(falling))
    begin = float(np.interp(-top, [-t for t in falling], at))
    lower = np.interp(np.linspace(begin, 1, len(falling)), at, falling)
    return [top, *(float(t) for t in lower[1:-1]), 0.0]
