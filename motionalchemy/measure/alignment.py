"""Does the clip do what was asked? Small classifiers of verb, camera and subject, trained on train clips only.

Verb and camera are read from movement alone (optical flow on a coarse grid), so a still image can score no better than
chance; the subject is read from appearance alone. A classifier is worth what it scores on true test clips: that figure
stands in its card as `ceiling`, and no accuracy means anything without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy import parts
from motionalchemy.clip import Clip
from motionalchemy.errors import MissingPart, UnknownName
from motionalchemy.measure.identity import embed
from motionalchemy.measure.movement import flows
from motionalchemy.nets import pack

GRID, SIDE, RATE = 12, 96, 24.0  # cells a side, pixels of the flow's shorter side, frames per second
VERBS: dict[str, tuple[str, ...]] = {  # classes that movement can tell apart -> actions of the corpus
    "walk": ("walk", "stroll"),
    "run": ("run", "jog", "sprint"),
    "gallop": ("gallop", "ride at full gallop"),
    "trot": ("trot", "ride along at a trot"),
    "stay": ("stay in place", "stand and look around"),
    "cheer": ("cheer with raised arms", "wave and shout"),
    "pray": ("raise both arms in prayer",),
    "fall": ("fall to the ground",),
    "rear": ("rear up",),
    "strike": (
        *("attack", "attack with a sword", "stab with a knife", "thrust a spear", "throw a javelin", "punch", "kick"),
        *("swing an axe", "swing a mace", "swing a halberd", "shoot an arrow", "sling a stone"),
    ),
    "work": ("chop wood with an axe", "kneel and hammer", "hoe the ground", "crouch and cut meat", "pick fruit"),
    "dance": ("dance", "dance with big steps"),
    "get up": ("get up from lying face down", "get up from lying on the back"),
    "flip": ("do a backflip", "do an acrobatic spin", "roll forward"),
}
CAMERAS = ("static", "pan_left", "pan_right", "orbit_left", "orbit_right", "zoom_in", "zoom_out", "follow")
KINDS = ("verb", "camera", "subject")
_VERB_OF = {action: verb for verb, actions in VERBS.items() for action in actions}


def label_of(kind: str, facts: Mapping[str, Any]) -> str | None:
    """What a sample's facts say its class is, None when they name none; raises UnknownName for another kind."""
    if kind == "verb":
        return _VERB_OF.get(facts["action"]["key"] or "")
    if kind == "camera":
        return facts["camera"]["move"]
    if kind == "subject":
        return facts["subject"]["en"]
    raise UnknownName("classifier", kind, KINDS)


def motion_map(clip: Clip) -> np.ndarray:
    """Movement on a coarse grid, (3, T-1, 12, 12): right, down and length, in per cent of the diagonal per 1/24 s."""
    seconds = np.arange(max(2, round(clip.seconds * RATE))) / RATE
    frames = clip.frames[np.minimum(np.rint(seconds * clip.fps).astype(int), len(clip) - 1)]
    field = 100 * flows(frames, SIDE)
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
    """Movement (B, 3, T, 12, 12) or appearance (B, 1280) -> logits (B, classes)."""

    def __init__(self, config: ProbeConfig):
        super().__init__()
        self.config = config
        w = config.width
        if config.reads == "motion":
            sizes = ((5, w, (2, 1, 1)), (w, 2 * w, (2, 2, 2)), (2 * w, 4 * w, (2, 2, 2)), (4 * w, 6 * w, (1, 1, 1)))
            layers = [nn.Sequential(nn.Conv3d(i, o, 3, s, 1), nn.GroupNorm(4, o), nn.GELU()) for i, o, s in sizes]
            self.body, found = nn.Sequential(*layers), 12 * w
        else:
            self.body, found = nn.Identity(), 1280
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(found, len(config.labels)))

    def forward(self, x: Tensor) -> Tensor:
        if self.config.reads == "motion":
            maps = self.body(_with_residual(x))
            x = torch.cat((maps.mean((2, 3, 4)), maps.amax((2, 3, 4))), dim=1)
        else:
            x = 30 * F.normalize(x, dim=1)
        return self.head(x)


def _with_residual(x: Tensor) -> Tensor:
    """Add the movement left over when the picture's border (the camera, mostly) is held still, and compress."""
    edge = torch.ones(GRID, GRID, dtype=torch.bool, device=x.device)
    edge[1:-1, 1:-1] = False
    camera = x[:, :2, :, edge].median(dim=-1).values[..., None, None]
    return torch.asinh(4 * torch.cat((x, x[:, :2] - camera), dim=1))


@cache
def probe(kind: str, folder: Path | None = None) -> tuple[Probe, dict[str, Any]]:
    """The trained classifier of a kind and its card (labels, ceiling, chance); raises UnknownName or MissingPart."""
    if kind not in KINDS:
        raise UnknownName("classifier", kind, KINDS)
    home = (folder or parts.OWN) / kind
    if not (home / "config.json").is_file():
        raise MissingPart(f"the {kind} classifier is not there: train it with motionalchemy.measure.probes")
    net, card = pack.load(home, f"probe:{kind}", lambda config: Probe(ProbeConfig(**config)))
    return net, card  # type: ignore[return-value]


def describe(clip: Clip, kind: str) -> np.ndarray:
    """What the classifier of a kind reads of a clip."""
    return appearance(clip) if kind == "subject" else motion_map(clip)


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
