"""How near each place of a picture is, guessed by a small network from the picture alone."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.media.guided import guided
from motionalchemy.nets import pack
from motionalchemy.nets.scene_maps import SceneMaps, SceneMapsConfig, seen

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "depth"
SEEN = (
    224,
    352,
)  # pixels: pictures are seen at about these sizes; on rendered scenes the mean of both ranks better than 288
ENDS = 0.5, 99.5  # percentiles of a picture's nearness that become 0 and 1
FLAT = 0.15  # unless they differ by less: a picture of one surface stays flat


@cache
def network(folder: Path = WEIGHTS) -> SceneMaps:
    """The network of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "depth", lambda config: SceneMaps(SceneMapsConfig.read(config)))
    assert isinstance(model, SceneMaps)
    return model


def nearness(picture: np.ndarray) -> np.ndarray:
    """The nearness of each place of a picture (H, W, 3) uint8 RGB: (H, W) float32 in 0..1, 1 = nearest.

    It is inverse depth up to scale and shift (1907.01341): order and proportions within one picture count, metres are not
    known. Raises InputError for another shape or type, MissingPart without the weights.
    """
    check(picture)
    looks = [_look(picture, size) for size in SEEN]
    return np.ascontiguousarray(np.mean(looks, axis=0).clip(0, 1), np.float32)


def _look(picture: np.ndarray, size: int) -> np.ndarray:
    """The nearness (H, W) of a picture that is seen at about so many pixels."""
    logits, small = seen(network(), picture, size)
    near = 1 / (1 + np.exp(-logits[..., :1]))
    low, high = np.percentile(near, ENDS)
    near = (near - low) / max(float(high - low), FLAT)
    return guided(near, small, picture.astype(np.float32) / 255)[..., 0]


def check(picture: np.ndarray) -> None:
    """Raise InputError unless this is a picture (H, W, 3) uint8 of at least 2 x 2 pixels."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or min(picture.shape[:2]) < 2:
        raise InputError(f"a picture is (H, W, 3) uint8 of 2 x 2 pixels or more, not {picture.shape} {picture.dtype}")


def coloured(near: np.ndarray) -> np.ndarray:
    """Nearness (H, W) as a picture to look at, (H, W, 3) uint8 RGB: black far, yellow near."""
    shown = cv2.applyColorMap((near.clip(0, 1) * 255).round().astype(np.uint8), cv2.COLORMAP_INFERNO)
    return np.ascontiguousarray(shown[..., ::-1])
