"""Does the clip do what was asked? Small classifiers of what a sentence can ask for, trained on train clips only.

Verb, camera and direction are read from movement alone (optical flow on a coarse grid), so a still image can score no
better than chance; subject and style are read from appearance alone. A classifier is worth what it scores on true test
clips: that figure stands in its card as `ceiling`, and no accuracy means anything without it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.data.verbs import VERBS
from motionalchemy.data.words import LOOKS
from motionalchemy.errors import MissingPart, UnknownName
from motionalchemy.evaluate.frames import at_most, grey
from motionalchemy.evaluate.identity import embed
from motionalchemy.evaluate.movement import flow
from motionalchemy.media.clip import Clip
from motionalchemy.nets import pack
from motionalchemy.parts import weights

GRID, SIDE, RATE = 12, 96, 12.0  # cells a side, pixels of the flow's shorter side, frames per second
CAMERAS = (
    *("static", "follow", "pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out"),
    *("roll_left", "roll_right", "orbit_left", "orbit_right", "shake"),
)
DIRECTIONS = ("none", "left", "right", "towards", "away")
STYLES = ("plain", *LOOKS)
FAMILIES: dict[str, str] = {  # classes of subjects, of which unseen ones have members -> pattern of their names
    "rider": " on a (horse|camel)$|^horse archer$",
    "war elephant": "^war elephant",
    "chariot": "chariot",
    "elephant": "elephant",
    "horse": "^horse$|pony|donkey|zebra",
    "cattle": "zebu|cow$|bull",
    "sheep": "sheep|goat",
    "dog": " dog$|wolf$",
    "pig": "^pig|wild boar",
    "bear": "bear$",
    "lion": "^lion",
    "deer": "deer|gazelle",
    "giraffe": "giraffe",
    "camel": "^camel$",
    "rhinoceros": "rhinoceros",
    "hippopotamus": "hippopotamus",
    "crocodile": "crocodile",
    "rabbit": "rabbit",
    "bird": "chicken|crow$|peacock|hawk",
    "person": "man$|woman|thrower|archer|slinger|priest|fighter|halberdier|labourer|gladiator|official|general",
}
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {  # classifier -> what it reads, its classes
    "verb": ("motion", tuple(VERBS)),
    "camera": ("motion", CAMERAS),
    "direction": ("motion", DIRECTIONS),
    "subject": ("appearance", tuple(FAMILIES)),
    "style": ("appearance", STYLES),
}
_VERB_OF = {action: verb for verb, actions in VERBS.items() for action in actions}


def label_of(kind: str, facts: Mapping[str, Any]) -> str | None:
    """What a sample's facts say its class is, None when they name none; raises UnknownName for another kind."""
    check_kind(kind)
    if kind == "verb":
        return _VERB_OF.get(facts["action"]["key"] or "")
    if kind == "camera":
        return facts["camera"]["move"]
    if kind == "direction":
        return (facts.get("path") or {}).get("key")
    if kind == "style":
        return facts.get("look")
    return next((name for name, pattern in FAMILIES.items() if re.search(pattern, facts["subject"]["en"])), None)


def check_kind(kind: str) -> None:
    """Raise UnknownName for a classifier that is not in KINDS."""
    if kind not in KINDS:
        raise UnknownName("classifier", kind, KINDS)


def motion_map(clip: Clip) -> np.ndarray:
    """Movement on a coarse grid, (3, T-1, 12, 12): right, down and length, in per cent of the diagonal per 1/12 s."""
    seconds = np.arange(max(2, 1 + int((len(clip) - 1) * RATE / clip.fps + 1e-6))) / RATE
    frames = clip.frames[np.minimum(np.rint(seconds * clip.fps).astype(int), len(clip) - 1)]
    return coarse_flow(grey(at_most(frames, SIDE)))


def coarse_flow(pictures: np.ndarray) -> np.ndarray:
    """`motion_map` of grey pictures (T, h, w) uint8 that stand 1/12 s apart."""
    scale = 100 / np.hypot(*pictures.shape[1:])
    field = scale * np.stack([flow(a, b) for a, b in pairwise(pictures)])
    maps = np.concatenate((field, np.linalg.norm(field, axis=-1, keepdims=True)), axis=-1)
    coarse = [cv2.resize(m, (GRID, GRID), interpolation=cv2.INTER_AREA) for m in maps.astype(np.float32)]
    return np.stack(coarse).transpose(3, 0, 1, 2)


def appearance(clip: Clip) -> np.ndarray:
    """What the clip shows, (1280,): the mean EfficientNet-lite0 vector of its first, middle and last frame."""
    return embed(clip.frames[[0, len(clip) // 2, -1]]).mean(axis=0)


@dataclass(frozen=True)
class ProbeConfig:
    """A classifier: what it reads ("motion" or "appearance"), the classes it knows, and its width."""

    reads: str
    labels: list[str]
    width: int = 16


class Probe(nn.Module):
    """Movement (B, 3, T, 12, 12) or appearance (B, 1280) -> logits (B, classes).

    Movement is read map by map, places kept, and then over time.
    """

    def __init__(self, config: ProbeConfig):
        super().__init__()
        self.config = config
        w = config.width
        found = 1280
        if config.reads == "motion":
            maps = [_layer(nn.Conv2d(i, o, 3, 2, 1), nn.BatchNorm2d(o)) for i, o in ((5, w), (w, 2 * w))]
            self.maps = nn.Sequential(*maps, _layer(nn.Conv2d(2 * w, 4 * w, 3), nn.BatchNorm2d(4 * w)))
            steps = ((4 * w, 6 * w), (6 * w, 6 * w))
            self.times = nn.Sequential(*(_layer(nn.Conv1d(i, o, 5, 2, 2), nn.BatchNorm1d(o)) for i, o in steps))
            found = 12 * w
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(found, len(config.labels)))

    def forward(self, x: Tensor) -> Tensor:
        """Movement (B, 3, T, 12, 12) or appearance (B, 1280) -> logits (B, classes)."""
        if self.config.reads != "motion":
            return self.head(30 * F.normalize(x, dim=1))
        frames = _with_residual(x).transpose(1, 2)  # (B, T, 5, 12, 12)
        found = self.maps(frames.flatten(0, 1)).view(*frames.shape[:2], -1)
        found = self.times(found.transpose(1, 2))  # (B, 6w, T / 4)
        return self.head(torch.cat((found.mean(2), found.amax(2)), dim=1))


def _layer(linear: nn.Module, norm: nn.Module) -> nn.Module:
    return nn.Sequential(linear, norm, nn.GELU())


def _with_residual(x: Tensor) -> Tensor:
    """Add the movement left over when the picture's border (the camera, mostly) is held still, and compress."""
    edge = torch.ones(GRID, GRID, dtype=torch.bool, device=x.device)
    edge[1:-1, 1:-1] = False
    camera = x[:, :2, :, edge].median(dim=-1).values[..., None, None]
    return torch.asinh(4 * torch.cat((x, x[:, :2] - camera), dim=1))


@cache
def probe(kind: str, folder: Path | None = None) -> tuple[Probe, dict[str, Any]]:
    """The trained classifier of a kind and its card (labels, ceiling, chance); raises UnknownName or MissingPart."""
    check_kind(kind)
    home = (folder or weights.MEASURE) / kind
    if not (home / "config.json").is_file():
        raise MissingPart(f"the {kind} classifier is not there: train it with motionalchemy.evaluate.probes")
    net, card = pack.load(home, f"probe:{kind}", lambda config: Probe(ProbeConfig(**config)))
    return net, card  # type: ignore[return-value]


def describe(clip: Clip, kind: str) -> np.ndarray:
    """What the classifier of a kind reads of a clip: (3, T-1, 12, 12) or (1280,); raises UnknownName."""
    check_kind(kind)
    return motion_map(clip) if KINDS[kind][0] == "motion" else appearance(clip)


@torch.inference_mode()
def guess(clip: Clip, kind: str, folder: Path | None = None) -> dict[str, float]:
    """The probability of every class, most likely first; raises UnknownName for a kind, MissingPart without weights."""
    net, _ = probe(kind, folder)
    chances = net(torch.from_numpy(describe(clip, kind))[None].float()).softmax(dim=1)[0].tolist()
    return dict(sorted(zip(net.config.labels, chances, strict=True), key=lambda item: -item[1]))


def correct(clip: Clip, kind: str, facts: Mapping[str, Any], folder: Path | None = None) -> float | None:
    """1 when the classifier sees the class that the facts name, else 0; None when it does not know that class.

    The mean over clips is the accuracy, 0..1, higher is better; read it beside the ceiling in the classifier's card.
    """
    asked = label_of(kind, facts)
    if asked not in probe(kind, folder)[0].config.labels:
        return None
    return float(next(iter(guess(clip, kind, folder))) == asked)
