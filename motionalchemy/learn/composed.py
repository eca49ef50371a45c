"""One corpus sample as a training clip: a layer over a plain, graded or textured background, or a scene as it is."""

import random
from typing import Any

from torch import Tensor

from motionalchemy.worlds import backgrounds
from motionalchemy.worlds.compose import compose as composed
from motionalchemy.worlds.shards import Layer


def compose(layer: Layer, rng: random.Random, size: int) -> tuple[Tensor, dict[str, Any]]:
    """(3, T, size, size) in [-1, 1], and what its caption must know: whether it is mirrored, what is behind."""
    mirrored = rng.random() < 0.5
    behind = backgrounds.simple(rng, (size, size))
    scale = rng.uniform(0.75, 1.05)
    offset = rng.uniform(-0.08, 0.08), rng.uniform(-0.04, 0.08)
    alone = layer.alpha is None
    clip = composed(layer, None if alone else behind.picture, (size, size), scale, offset, mirrored)
    return clip.transpose(0, 1), {"mirrored": mirrored, "background": None if alone else behind.words}
