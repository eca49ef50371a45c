"""What is seen to be done in a clip, and what a sentence asks to be done: of several clips of one request, the one that
shows it best is kept (best of n, as by a reranker in 2102.12092).

Movement is read from decoded frames, for what cannot be seen does not count: their optical flow (Farneback, 2003),
coarse, with that of the picture's border (the camera, mostly) taken off and left on. Several networks look, each
trained by itself: what they agree on is seen more surely than what one sees (deep ensembles, 1612.01474). Words are
read from the frozen token vectors.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets.text import WIDTH, Tokens

SIDE, GRID, RATE = 96, 16, 12.0  # pixels a side, cells a side of the movement, frames a second
SEEN = 0.6  # the share of what is seen from which no further clip is asked for: of such ones nine in ten are right
SURE = 0.5  # the share that must fall on one action and those like it, else a sentence asks for none
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class JudgeConfig:
    """The actions it knows (`deeds`), which of them are `alike` to whoever sees movement alone, how many `eyes` it has,
    how wide each of them is, and the width of its words."""

    deeds: list[str]
    alike: list[list[str]] = field(default_factory=list)
    eyes: int = 1
    width: int = 16
    words: int = 128


class Eye(nn.Module):
    """Movement as it was seen (B, T, 4, 16, 16) -> logits (B, n) of what it is."""

    def __init__(self, w: int, count: int):
        super().__init__()
        sizes = ((4, w, 1), (w, 2 * w, 2), (2 * w, 2 * w, 2))
        self.places = nn.Sequential(*(_layer(nn.Conv2d(i, o, 3, step, 1), nn.BatchNorm2d(o)) for i, o, step in sizes))
        steps = ((2 * w * (GRID // 4) ** 2, 5 * w), (5 * w, 5 * w))
        self.times = nn.Sequential(*(_layer(nn.Conv1d(i, o, 5, 2, 2), nn.BatchNorm1d(o)) for i, o in steps))
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(10 * w, count))

    def forward(self, frames: Tensor) -> Tensor:
        """Movement (B, T, 4, 16, 16) -> logits (B, actions)."""
        found = self.places(frames.flatten(0, 1)).reshape(*frames.shape[:2], -1)
        found = self.times(found.transpose(1, 2))
        return self.head(torch.cat((found.mean(2), found.amax(2)), 1))


class Judge(nn.Module):
    """Movement (B, 2, T, 16, 16) and sentences -> which of the actions they are."""

    def __init__(self, config: JudgeConfig):
        super().__init__()
        self.config, count = config, len(config.deeds)
        self.eyes = nn.ModuleList(Eye(config.width, count) for _ in range(config.eyes))
        self.word = nn.Sequential(nn.Dropout(0.2), nn.Linear(WIDTH, config.words), nn.GELU())
        self.said = nn.Linear(2 * config.words, count + 1)

    def seen(self, movement: Tensor) -> Tensor:
        """Logarithms of the shares (B, n) of the actions seen in movement (B, 2, T, 16, 16), in pixels of a picture of
        96 each 1/12 s: the mean of what the eyes see."""
        edge = torch.ones(GRID, GRID, dtype=torch.bool, device=movement.device)
        edge[1:-1, 1:-1] = False
        own = movement - movement[:, :, :, edge].median(-1).values[..., None, None]
        frames = torch.asinh(3 * torch.cat((own, movement), 1)).transpose(1, 2)
        each = torch.stack([eye(frames).log_softmax(1) for eye in self.eyes])
        return each.logsumexp(0) - math.log(len(each))

    def asked(self, tokens: Tokens) -> Tensor:
        """Logits of the actions, and at last of none of them, (B, n + 1), that sentences ask for."""
        each = self.word(tokens.vectors).masked_fill(~tokens.mask[..., None], 0)
        mean = each.sum(1) / tokens.mask.sum(1, keepdim=True)
        return self.said(torch.cat((each.amax(1), mean), 1))

    @torch.no_grad()
    def heard(self, tokens: Tokens) -> dict[str, float]:
        """The shares of the actions, in [0, 1], that one sentence asks for by their names."""
        return dict(zip(self.config.deeds, self.asked(tokens).softmax(1)[0, :-1].tolist(), strict=True))

    @torch.no_grad()
    def wanted(self, tokens: Tokens) -> Tensor | None:
        """How far each action (n,) is what one sentence asks for, in [0, 1], with those that look alike; None where it
        asks for none, or for none it knows."""
        shares = self.asked(tokens).softmax(1)[0, :-1]
        group = {action: number for number, actions in enumerate(self.config.alike) for action in actions}
        kin = [group.get(action, action) for action in self.config.deeds]
        like = torch.tensor([[one == other for other in kin] for one in kin], device=shares.device)
        together = like.float() @ shares
        return None if float(together.max()) <= SURE else (together / shares.sum()).clamp(max=1)

    @torch.no_grad()
    def best(self, movements: Tensor, wanted: Tensor) -> tuple[int, float]:
        """Which of several movements (B, 2, T, 16, 16) shows what is wanted (n,) best, and the share of it that is
        seen."""
        share, number = (self.seen(movements).exp() @ wanted).max(0)
        return int(number), float(share)


def _layer(linear: nn.Module, norm: nn.Module) -> nn.Module:
    return nn.Sequential(linear, norm, nn.GELU())


def movement(video: Tensor, fps: float) -> Tensor:
    """The movement (2, T, 16, 16) that is seen in a video (3, T, H, W) in [-1, 1]."""
    last = video.shape[1] - 1
    count = max(2, 1 + int(last / fps * RATE + 1e-6))
    frames = video[:, (torch.arange(count) * (fps / RATE)).round().long().clamp(max=last)]
    light = (torch.einsum("c,cthw->thw", frames.new_tensor(LUMA), frames) + 1) * 127.5
    if light.shape[1:] != (SIDE, SIDE):
        light = F.interpolate(light[:, None], (SIDE, SIDE), mode="area")[:, 0]
    return between(light.clamp(0, 255).round().byte().cpu().numpy())


def between(pictures: np.ndarray) -> Tensor:
    """The coarse optical flow (2, T - 1, 16, 16), in pixels, of grey pictures (T, 96, 96) uint8 that follow each
    other."""
    found = []
    for one, after in pairwise(pictures):
        flow = cv2.calcOpticalFlowFarneback(one, after, None, 0.5, 4, 9, 3, 5, 1.1, 0)  # type: ignore[call-overload]
        found.append(cv2.resize(flow, (GRID, GRID), interpolation=cv2.INTER_AREA))
    return torch.from_numpy(np.stack(found)).permute(3, 0, 1, 2).contiguous()
