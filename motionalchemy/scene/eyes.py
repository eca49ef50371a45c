"""Eyes of animals: what is round, dark in its middle and lies in a head."""

from dataclasses import dataclass

import cv2
import numpy as np

RADII = (0.06, 0.1, 0.15, 0.22)  # of a body's radius, that an eye may have
STRONG = 0.6  # of all gradients in an animal, that are too weak to be the rim of an eye
VOTES = 9.9  # of a rim, from which on it counts as whole
LEAST = 0.3  # of the roundest place of an animal, that an eye is as round as at least
RINGS = np.linspace(0.1, 0.5, 17)  # of a head's radius, that the rim of an eye is looked for at
LEVEL = 0.5  # of how far eyes are apart: by how much one is higher than the other, at most


@dataclass(frozen=True)
class Eye:
    """An eye: its middle (x, y) and its radius, in pixels."""

    at: tuple[float, float]
    radius: float


def roundness(grey: np.ndarray, inside: np.ndarray, radius: float) -> np.ndarray:
    """How surely each place of a grey picture (h, w) is the middle of something round and dark, in [0, 1], `inside`
    (h, w) bool of a body of a radius: gradients vote for where they come from (Loy and Zelinsky 2003)."""
    right, down = (cv2.Sobel(grey, cv2.CV_32F, 1 - k, k, ksize=3) for k in (0, 1))
    strong = np.hypot(right, down) + 1e-6
    total = np.zeros(grey.shape, np.float32)
    if not inside.any():
        return total
    rows, columns = np.nonzero(strong > np.quantile(strong[inside], STRONG))
    weight = strong[rows, columns]
    away = np.stack((down[rows, columns], right[rows, columns])) / weight
    for reach in (max(1.2, share * radius) for share in RADII):
        at = np.round(np.stack((rows, columns)) - away * reach).astype(int)
        there = (at >= 0).all(0) & (at < np.array(grey.shape)[:, None]).all(0)
        votes, sums = (np.zeros(grey.shape, np.float32) for _ in range(2))
        np.add.at(votes, tuple(at[:, there]), 1)
        np.add.at(sums, tuple(at[:, there]), weight[there])
        whole = np.minimum(votes, VOTES) / VOTES
        strength = sums / max(float(sums.max()), 1e-6) * whole**2
        total = np.maximum(total, cv2.GaussianBlur(strength, (0, 0), max(0.5, 0.25 * reach)) * reach)
    total *= inside
    return total / max(float(total.max()), 1e-6)


def eyes(
    grey: np.ndarray, round_: np.ndarray, head: np.ndarray, radius: float, size: float, aside: bool
) -> tuple[Eye, ...]:
    """The eyes in a head about a place (x, y) of a radius, in cells that are so many pixels wide: one where it is seen from
    `aside`, else two of about one height, or none, as one alone is a nose."""
    y, x = np.indices(grey.shape)
    left = round_ * (np.hypot(y - head[1], x - head[0]) < 1.15 * radius)
    peaks, best = list[tuple[float, int, int]](), float(left.max())
    for _ in range(6):
        row, column = divmod(int(left.argmax()), grey.shape[1])
        if left[row, column] < max(LEAST, 0.35 * best):
            break
        peaks.append((float(left[row, column]), row, column))
        left[np.hypot(y - row, x - column) < 0.4 * radius] = 0
    chosen = peaks[:1] if aside else _pair(peaks, head, radius)
    wide = [_rim(grey, row, column, radius) for _, row, column in chosen]
    even = float(np.mean(wide)) if wide else 0.0
    return tuple(Eye(((column + 0.5) * size, (row + 0.5) * size), even * size) for _, row, column in chosen)


def _pair(peaks: list[tuple[float, int, int]], head: np.ndarray, radius: float) -> list[tuple[float, int, int]]:
    """The two that are likeliest a pair of eyes: round, of one height, to both sides of the head's middle."""
    best, found = 0.0, list[tuple[float, int, int]]()
    for number, one in enumerate(peaks):
        for other in peaks[number + 1 :]:
            apart, tilt = abs(one[2] - other[2]), abs(one[1] - other[1])
            middle = abs((one[2] + other[2]) / 2 - head[0])
            if not 0.4 * radius < apart < 1.7 * radius or tilt > LEVEL * apart:
                continue
            score = one[0] + other[0] - 0.8 * tilt / radius - 0.5 * middle / radius
            if score > best:
                best, found = score, [one, other]
    return found


def _rim(grey: np.ndarray, row: int, column: int, radius: float) -> float:
    """How far from its middle the rim of an eye is: where it becomes lighter all around."""
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = np.maximum(RINGS * radius, 1.0)
    x, y = (middle + np.outer(rings, turn) for middle, turn in ((column, np.cos(angles)), (row, np.sin(angles))))
    light = cv2.remap(
        grey, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    steps = np.diff(np.median(light, 1))
    return float(np.clip(rings[int(steps.argmax())] * 1.15, 0.14 * radius, 0.34 * radius))
