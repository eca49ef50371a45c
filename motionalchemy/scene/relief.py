"""How deep a subject is, guessed from its outline.

One picture does not say how deep a subject is. It is taken to be as deep as it is wide, place by place: above its outline
rises what solves Poisson's equation over it, between a round bar of a strip and a ball of a disc, and its back mirrors its
front.
"""

import cv2
import numpy as np

GRID = 96  # places across in which it is found how deep a subject is
ROUNDS = 1500  # of relaxation; what is known has crossed the grid by then
CLOSED = 0.05  # of the width of a square as large: gaps that do not part a subject in two
BULGE = 3.0  # 2 makes a round bar of a strip, 4 a ball of a disc


def depth(opacity: np.ndarray) -> np.ndarray:
    """How far a subject of an opacity (H, W) in [0, 1] rises towards the camera at each place, in pixels, (H, W)."""
    height, width = opacity.shape
    scale = min(1.0, GRID / max(height, width))
    small = cv2.resize(
        opacity, (max(4, round(width * scale)), max(4, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    whole = (small > 0.5).astype(np.uint8)
    reach = 2 * max(1, round(CLOSED * float(np.sqrt(whole.sum())))) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    whole = cv2.morphologyEx(np.pad(whole, reach), cv2.MORPH_CLOSE, disc)[reach:-reach, reach:-reach]
    inside = np.pad(whole.astype(np.float32), 1)
    risen = np.zeros_like(inside)
    for _ in range(ROUNDS):
        risen[1:-1, 1:-1] = (risen[:-2, 1:-1] + risen[2:, 1:-1] + risen[1:-1, :-2] + risen[1:-1, 2:] + BULGE) / 4
        risen *= inside
    return cv2.resize(np.sqrt(risen[1:-1, 1:-1]) / scale, (width, height), interpolation=cv2.INTER_LINEAR)
