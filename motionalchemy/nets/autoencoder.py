"""The causal video autoencoder: eight frames of 16 x 16 pixels become one latent, the first frame one by itself.

Time is folded into channels eight frames at a time, so every convolution is two-dimensional and cheap on a CPU; a latent
frame sees its own frames and those before it, never later ones. A linear map (the principal components of the data)
carries the bulk, a residual network the rest (compare 2410.10733, deep compression with linear shortcuts).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.flow.grid import Grid


@dataclass(frozen=True)
class AutoencoderConfig:
    """Widths at a quarter, an eighth and a sixteenth of the picture's side, and the blocks at each, finest first."""

    channels: int = 64
    space: int = 16
    time: int = 8
    widths: tuple[int, int, int] = (96, 192, 256)
    encoder_blocks: tuple[int, int, int] = (1, 2, 3)
    decoder_blocks: tuple[int, int, int] = (2, 3, 4)

    @property
    def grid(self) -> Grid:
        """What a latent stands for."""
        return Grid(self.space, self.time, self.channels)


class Block(nn.Module):
    """Residual pair of convolutions; with `causal`, the first one also sees the latent frame before."""

    def __init__(self, width: int, causal: bool = False):
        super().__init__()
        self.causal = causal
        self.first = nn.Conv2d(width * (2 if causal else 1), width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, groups: int, past: list[Tensor] | None) -> Tensor:
        """x (B * groups, W, h, w); `past` is this block's memory for streaming: its last input, replaced in place."""
        seen = x
        if self.causal:
            seen = torch.cat((x, _before(x, groups, past)), 1)
        return x + self.second(F.silu(self.first(F.silu(seen))))


def _before(x: Tensor, groups: int, past: list[Tensor] | None) -> Tensor:
    """The input one latent frame earlier, zeros before the first: (B * groups, W, h, w)."""
    frames = x.unflatten(0, (-1, groups))  # (B, groups, W, h, w)
    head = past[0] if past else torch.zeros_like(frames[:, :1])
    if past is not None:
        past[:] = [frames[:, -1:]]
    return torch.cat((head, frames[:, :-1]), 1).flatten(0, 1)


class Tower(nn.Module):
    """Blocks at three sizes with a change of size between; `widths` and `blocks` in the order of use."""

    def __init__(self, widths: tuple[int, ...], blocks: tuple[int, ...], causal: tuple[bool, ...], up: bool):
        super().__init__()
        self.up = up
        self.levels: Iterable[Iterable[Block]] = nn.ModuleList(  # type: ignore[assignment]
            nn.ModuleList(Block(w, c and i % 2 == 0) for i in range(n))
            for w, n, c in zip(widths, blocks, causal, strict=True)
        )
        pairs = list(pairwise(widths))
        self.steps = nn.ModuleList(nn.Conv2d(a, b * 4, 1) if up else nn.Conv2d(a * 4, b, 1) for a, b in pairs)

    def forward(self, x: Tensor, groups: int, past: "Past | None") -> Tensor:
        """x (B * groups, W, h, w), at another size and width; `past` is the memory of a streaming run."""
        for i, level in enumerate(self.levels):
            if i:
                step = self.steps[i - 1]
                x = F.pixel_shuffle(step(x), 2) if self.up else step(F.pixel_unshuffle(x, 2))
            for block in level:
                x = block(x, groups, past.of(block) if past is not None and block.causal else None)
        return x


class Past:
    """What a streaming run remembers: for each causal block its last input."""

    def __init__(self) -> None:
        self.started = False
        self._inputs: dict[nn.Module, list[Tensor]] = {}

    def of(self, block: nn.Module) -> list[Tensor]:
        """The memory of a block: a list of its last input (B, 1, W, h, w), empty before the first."""
        return self._inputs.setdefault(block, [])


class Autoencoder(nn.Module):
    """Video (B, 3, 8k+1, H, W) in [-1, 1] <-> latents (B, C, k+1, H/16, W/16), zero mean, about unit deviation."""

    slow = ("analyse", "synthesise")  # the linear maps start at their optimum: see train.loop.optimisers_for
    matrices = ("encoder.", "decoder.")

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        self.config = c = config
        fine, coarse = c.widths, c.widths[::-1]
        group = 3 * c.time
        self.enter_first, self.enter = nn.Conv2d(3 * 16, fine[0], 1), nn.Conv2d(group * 16, fine[0], 1)
        self.encoder = Tower(fine, c.encoder_blocks, (False, False, True), up=False)
        self.squeeze = nn.Conv2d(fine[-1], c.channels, 1)
        self.expand = nn.Conv2d(c.channels, coarse[0], 1)
        self.decoder = Tower(coarse, c.decoder_blocks[::-1], (True, True, False), up=True)
        self.leave_first = nn.Conv2d(coarse[-1], 3 * 16, 3, padding=1)
        self.leave = nn.Conv2d(coarse[-1], group * 16, 3, padding=1)
        self.analyse_first, self.analyse = (nn.Conv2d(n, c.channels, c.space, c.space) for n in (3, group))
        self.synthesise_first, self.synthesise = (
            nn.ConvTranspose2d(c.channels, n, c.space, c.space) for n in (3, group)
        )
        for layer in (self.squeeze, self.leave_first, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.zeros(2, c.channels))  # of latent frame 0, of the later ones
        self.register_buffer("deviation", torch.ones(2, c.channels))

    def encode(self, video: Tensor) -> Tensor:
        """Video (B, 3, T, H, W) -> latents; frame 0 alone gives exactly latent frame 0."""
        self.config.grid.latent_frames(video.shape[2])
        self.config.grid.latent_size(*video.shape[3:])
        raw = self.analysis(video)
        return (raw - self._spread(self.mean, raw.shape[2])) / self._spread(self.deviation, raw.shape[2])

    def decode(self, latents: Tensor, past: Past | None = None) -> Tensor:
        """Latents (B, C, t, h, w) -> video (B, 3, 8t-7, 16h, 16w); with `past`, the next piece of a longer clip."""
        frames, starts = latents.shape[2], past is None or not past.started
        scale, shift = (self._spread(rows, frames, starts) for rows in (self.deviation, self.mean))
        return self.synthesis(latents * scale + shift, past)

    def decode_stream(self, latents: Tensor, chunk: int = 2):
        """Yield the same video (B, 3, T, H, W) as `decode`, `chunk` latent frames at a time, in constant memory."""
        past = Past()
        for part in latents.split(chunk, dim=2):
            yield self.decode(part, past)

    def analysis(self, video: Tensor) -> Tensor:
        """Video -> latents before whitening, (B, C, t, h, w)."""
        first, rest = video[:, :, :1], video[:, :, 1:]
        parts = [self._fold(first, 1)] + ([self._fold(rest, self.config.time)] if rest.shape[2] else [])
        linear, entered = [], []
        for part, analyse, enter in zip(
            parts, (self.analyse_first, self.analyse), (self.enter_first, self.enter), strict=False
        ):
            flat, count = part.flatten(0, 1), part.shape[1]
            linear.append(analyse(flat).unflatten(0, (-1, count)))
            entered.append(enter(F.pixel_unshuffle(flat, 4)).unflatten(0, (-1, count)))
        groups = sum(p.shape[1] for p in parts)
        deep = self.squeeze(self.encoder(torch.cat(entered, 1).flatten(0, 1), groups, None))
        return (torch.cat(linear, 1) + deep.unflatten(0, (-1, groups))).transpose(1, 2)

    def synthesis(self, raw: Tensor, past: Past | None = None) -> Tensor:
        """Latents (B, C, t, h, w) before whitening -> video (B, 3, T, H, W); see `decode`."""
        b, _, groups = raw.shape[:3]
        flat = raw.transpose(1, 2).flatten(0, 1)  # (B * groups, C, h, w)
        deep = self.decoder(self.expand(flat), groups, past).unflatten(0, (b, groups))
        flat = flat.unflatten(0, (b, groups))
        starts = past is None or not past.started
        if past is not None:
            past.started = True
        head = int(starts)
        pieces = []
        if starts:
            pieces.append(self._leave(flat[:, :1], deep[:, :1], self.synthesise_first, self.leave_first))
        if groups > head:
            pieces.append(self._leave(flat[:, head:], deep[:, head:], self.synthesise, self.leave))
        return torch.cat(pieces, 2)

    def _fold(self, video: Tensor, time: int) -> Tensor:
        """(B, 3, g * time, H, W) -> (B, g, 3 * time, H, W)."""
        return video.unflatten(2, (-1, time)).transpose(1, 2).flatten(2, 3)

    @staticmethod
    def _leave(flat: Tensor, deep: Tensor, synthesise: nn.Module, leave: nn.Module) -> Tensor:
        shape = flat.shape[:2]
        out = synthesise(flat.flatten(0, 1)) + F.pixel_shuffle(leave(F.silu(deep.flatten(0, 1))), 4)
        out = out.unflatten(0, shape).unflatten(2, (3, -1))  # (B, g, 3, time, H, W)
        return out.transpose(1, 2).flatten(2, 3)

    @staticmethod
    def _spread(rows: Tensor, frames: int, starts: bool = True) -> Tensor:
        """Numbers for the first and for later latent frames (2, C) -> one row a frame, (1, C, frames, 1, 1)."""
        which = torch.ones(frames, dtype=torch.long, device=rows.device)
        which[0] -= int(starts)
        return rows[which].T[None, :, :, None, None]
