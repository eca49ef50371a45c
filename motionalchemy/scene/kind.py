"""Whether a picture shows a rendered actor like those whose movements are known, by what a network sees in it."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from motionalchemy.nets import pack
from motionalchemy.nets.actor import Actor, ActorConfig

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "actor"
SEEN = 192  # pixels a side of what is looked at
GREY = 128  # what a subject is shown before


@cache
def network(folder: Path = WEIGHTS) -> Actor:
    """The classifier of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "actor", lambda config: Actor(ActorConfig(**config)))
    assert isinstance(model, Actor)
    return model


def rendered(picture: np.ndarray, opacity: np.ndarray | None) -> float:
    """How surely a picture (H, W, 3) uint8, whose subject has an opacity (H, W), shows a rendered actor: above 0 rather
    than not (log odds)."""
    return float(network()(features(picture, opacity)[None])[0])


def features(picture: np.ndarray, opacity: np.ndarray | None) -> Tensor:
    """What the network sees in a picture and in its subject before grey, (2560,), the second half 0 where there is none."""
    whole = _seen(picture)
    alone = None if opacity is None else _alone(picture, opacity)
    return torch.cat((whole, torch.zeros_like(whole) if alone is None else _seen(alone)))


def _seen(picture: np.ndarray) -> Tensor:
    from motionalchemy.parts import networks

    small = cv2.resize(picture, (SEEN, SEEN), interpolation=cv2.INTER_AREA)
    pixels = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    return networks.efficientnet().features(pixels.contiguous(memory_format=torch.channels_last))[0]


def _alone(picture: np.ndarray, opacity: np.ndarray) -> np.ndarray | None:
    """The subject of a picture in a square of its own, (s, s, 3) uint8; None where it is tiny."""
    rows, columns = np.nonzero(opacity > 0.3)
    if len(rows) < 50:
        return None
    part = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    share = opacity[part][..., None]
    shown = (picture[part] * share + GREY * (1 - share)).astype(np.uint8)
    side = max(shown.shape[:2])
    square = np.full((side, side, 3), GREY, np.uint8)
    top, left = (side - shown.shape[0]) // 2, (side - shown.shape[1]) // 2
    square[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    return square
