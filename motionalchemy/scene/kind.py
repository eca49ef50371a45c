"""What kind of picture one is, and whether it shows a rendered actor like those whose movements are known, by what a
network sees in it and by its flat places, edges and colours."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from motionalchemy.nets import pack
from motionalchemy.nets.actor import Actor, ActorConfig
from motionalchemy.nets.kinds import Kinds, KindsConfig
from motionalchemy.scene.depth import check

KINDS = ("photograph", "painting", "drawing", "logo", "screenshot", "rendered")
OF_KINDS = Path(__file__).parents[1] / "weights" / "scene" / "kind"
LOOKED = 320  # pixels of the longer side on which flat places and edges are counted
WEIGHTS = Path(__file__).parents[1] / "weights" / "scene" / "actor"
SEEN = 192  # pixels a side of what is looked at
GREY = 128  # what a subject is shown before


@cache
def network(folder: Path = WEIGHTS) -> Actor:
    """The classifier of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "actor", lambda config: Actor(ActorConfig(**config)))
    assert isinstance(model, Actor)
    return model


@cache
def classifier(folder: Path = OF_KINDS) -> Kinds:
    """The classifier of kinds of a folder, loaded once; raises MissingPart and InputError as `pack.load` does."""
    model, _ = pack.load(folder, "kind", lambda config: Kinds(KindsConfig(config["inside"], tuple(config["names"]))))
    assert isinstance(model, Kinds)
    return model


def kind(picture: np.ndarray) -> str:
    """Which of `KINDS` a picture (H, W, 3) uint8 is; raises InputError for another shape or type."""
    return max(sure := kinds(picture), key=lambda name: sure[name])


def kinds(picture: np.ndarray) -> dict[str, float]:
    """How surely a picture (H, W, 3) uint8 is of each of `KINDS`, adding up to 1; raises InputError for another shape or
    type.

    `rendered` is a low-poly actor before a plain or painted background; a drawing is one by hand or of shapes with many
    colours, a logo one of few flat ones.
    """
    check(picture)
    net = classifier()
    return dict(zip(net.config.names, net(seen(picture)[None])[0].tolist(), strict=True))


def seen(picture: np.ndarray) -> Tensor:
    """What the classifier of kinds looks at: textures that the network sees and statistics, (338,)."""
    from motionalchemy.parts import networks

    share = LOOKED / max(picture.shape[:2])
    size = [max(32, round(side * share / 16) * 16) for side in picture.shape[1::-1]]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR)
    pixels = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    textures = networks.efficientnet().trunk.textures(pixels.contiguous(memory_format=torch.channels_last))[0]
    return torch.cat((textures, torch.from_numpy(statistics(picture))))


def statistics(picture: np.ndarray) -> np.ndarray:
    """Of a picture (H, W, 3) uint8: shares of flat places, of common colours, of white, black and colourful places, of
    edges and of those along rows and columns, its evenness at the border, noise and contrast, (18,) float32."""
    share = LOOKED / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else picture
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    spread = cv2.dilate(small, np.ones((3, 3))).astype(np.int16) - cv2.erode(small, np.ones((3, 3)))
    spread = spread.max(2)
    flat = [(spread <= most).mean() for most in (1, 4, 12)]
    codes = np.asarray(small, np.int32) // 16 @ (256, 16, 1)
    counts = np.sort(np.bincount(codes.ravel(), minlength=4096))[::-1] / codes.size
    common = [counts[0], counts[:4].sum(), counts[:16].sum(), -(counts[counts > 0] * np.log(counts[counts > 0])).sum()]
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    steep = np.hypot(across, down)
    edges = steep > 100
    straight = np.minimum(abs(across), abs(down)) < 0.05 * np.maximum(steep, 1)
    along = (edges & straight).sum() / max(edges.sum(), 1)
    colour = small.max(2).astype(np.float32) - small.min(2)
    rim = np.concatenate((codes[0], codes[-1], codes[:, 0], codes[:, -1]))
    even = np.bincount(rim, minlength=4096).max() / len(rim)
    noise = np.median(abs(cv2.Laplacian(grey, cv2.CV_32F)))
    rest = [edges.mean(), along, even, (small.min(2) > 245).mean(), (small.max(2) < 12).mean(), (colour < 6).mean()]
    levels = [np.log1p(noise), colour.mean() / 255, colour.std() / 255, grey.mean() / 255, grey.std() / 255]
    return np.array([*flat, *common, *rest, *levels], np.float32)


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
