"""What each place of a picture belongs to (sky, water, plants, hair ...), guessed by a small network."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from motionalchemy.errors import UnknownName
from motionalchemy.media.guided import guided
from motionalchemy.nets import pack
from motionalchemy.nets.scene_maps import SceneMaps, SceneMapsConfig, seen
from motionalchemy.scene.depth import check

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "regions"
SEEN = 288  # pixels: pictures are seen at about SEEN x SEEN
LARGEST = 512  # pixels of the longer side of the maps


@dataclass(frozen=True, eq=False)
class Regions:
    """Names of regions and their probabilities (C, h, w) float32, which add up to 1 at each place."""

    names: tuple[str, ...]
    probabilities: np.ndarray

    def of(self, *names: str) -> np.ndarray:
        """The probability (h, w) that a place belongs to one of the named regions; raises UnknownName."""
        for name in names:
            if name not in self.names:
                raise UnknownName("region", name, self.names)
        return self.probabilities[[self.names.index(name) for name in names]].sum(0)

    def share(self, *names: str) -> float:
        """The share of the picture, 0..1, that belongs to the named regions; raises UnknownName."""
        return float(self.of(*names).mean())

    @property
    def labels(self) -> np.ndarray:
        """The number of the likeliest region at each place, (h, w)."""
        return self.probabilities.argmax(0)


@cache
def network(folder: Path = WEIGHTS) -> SceneMaps:
    """The network of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "regions", lambda config: SceneMaps(SceneMapsConfig.read(config)))
    assert isinstance(model, SceneMaps)
    return model


def regions(picture: np.ndarray) -> Regions:
    """The regions of a picture (H, W, 3) uint8 RGB; the maps have its size, or its shape with a longer side of LARGEST.

    A person is hair, skin and clothes together. Raises InputError for another shape or type, MissingPart without the
    weights.
    """
    check(picture)
    model = network()
    logits, small = seen(model, picture, SEEN)
    raised = np.exp(logits - logits.max(2, keepdims=True))
    height, width = picture.shape[:2]
    scale = min(1.0, LARGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    shown = picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    whole = guided(raised / raised.sum(2, keepdims=True), small, shown.astype(np.float32) / 255).clip(1e-6, 1)
    whole /= whole.sum(2, keepdims=True)
    return Regions(model.config.names, np.ascontiguousarray(whole.transpose(2, 0, 1), np.float32))
