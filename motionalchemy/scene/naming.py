"""What a thing that is cut out of a picture may be called, guessed by a small network."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch

from motionalchemy.nets import pack
from motionalchemy.nets.names import Names, NamesConfig

WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "names"
SEEN = 224  # pixels a side of what is looked at
AROUND = 0.12  # of its size: how much around a thing is seen with it
DIM = 0.6  # how much of what is not of it goes over into grey


@cache
def network(folder: Path = WEIGHTS) -> Names:
    """The network of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""

    def build(config: dict) -> Names:
        return Names(NamesConfig(config["inside"], tuple(config["names"]), tuple(config["prototypes"])))

    model, _ = pack.load(folder, "names", build)
    assert isinstance(model, Names)
    return model


@torch.no_grad()
def named(picture: np.ndarray, mattes: list[np.ndarray]) -> list[dict[str, float]]:
    """How surely each thing of a picture (H, W, 3) uint8, shown by its matte (H, W), has each name; 1 less their sum is how
    surely it has none of them."""
    from motionalchemy.parts import networks

    if not mattes:
        return []
    looks = torch.cat([networks.batch(_look(picture, matte)) for matte in mattes])
    net = network()
    found = net(networks.efficientnet().features(looks.contiguous(memory_format=torch.channels_last)))
    return [dict(zip(net.config.names, row[:-1], strict=True)) for row in found.tolist()]


def _look(picture: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """A thing in a square with a little around it, what is beside it dim, (SEEN, SEEN, 3) uint8."""
    rows, columns = (np.nonzero((matte > 0.3).any(axis))[0] for axis in (1, 0))
    side = (1 + 2 * AROUND) * max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    share = SEEN / side
    move = np.array(
        [
            [share, 0, SEEN / 2 - share * (columns[0] + columns[-1] + 1) / 2],
            [0, share, SEEN / 2 - share * (rows[0] + rows[-1] + 1) / 2],
        ]
    )
    if share < 1:  # warping alone would leave out pixels
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / share)
    shown = cv2.warpAffine(picture, move, (SEEN, SEEN), borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128))
    own = cv2.warpAffine(matte.astype(np.float32), move, (SEEN, SEEN))[..., None]
    kept = 1 - DIM * (1 - own)
    return (shown * kept + 128 * (1 - kept)).astype(np.uint8)
