"""A small convolutional network that fills what is hidden in a picture, from three guesses that need no network.

Residual convolutions from a half down to an eighth of the picture, dilated there (1511.07122), with attention over all
of it. What is hidden then takes features of every scale from what is known, by one attention over cells of 8 x 8
pixels (contextual attention, 1801.07892; of all scales at once, 2005.09704), and a decoder says how much each of the
guesses is worth at each place, and what is to be added to them.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.media.pullpush import pull_push

CELL = 8  # pixels across a cell, of which one takes features from another
KNOWN = 30.0  # by how much a logit falls where a cell is hidden: it is no source
WAVES = 4  # frequencies of a place, along each axis
GUESSES = 3  # evenly, led along edges, by patches
FIRST = 0.0, 0.7, 0.7  # logits of what they are worth before anything is learnt


@dataclass(frozen=True)
class FillerConfig:
    """Channels at 1/2, 1/4 and 1/8 of the picture, dilations at 1/8 before and after the attention, its heads, and the
    channels of a head that cells are compared by."""

    widths: tuple[int, int, int] = (32, 64, 128)
    before: tuple[int, ...] = (1, 2)
    after: tuple[int, ...] = (4, 8, 1)
    heads: int = 4
    compared: int = 24

    @classmethod
    def read(cls, config: dict[str, Any]) -> "FillerConfig":
        """From JSON; raises TypeError for fields that it does not know."""
        lists: dict[str, Any] = {name: tuple(each) for name, each in config.items() if isinstance(each, list)}
        return cls(**(config | lists))


class Residual(nn.Module):
    """x plus a dilated 3 x 3 convolution and a 1 x 1 convolution of it."""

    def __init__(self, width: int, dilation: int = 1):
        super().__init__()
        self.look = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, padding_mode="replicate")
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> the same shape."""
        return x + self.mix(F.silu(self.look(F.silu(x))))


class Attention(nn.Module):
    """Every cell looks at all others, and rather at known ones, by the cosine of what they are and where."""

    def __init__(self, width: int, heads: int, compared: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Conv2d(width + 4 * WAVES, heads * compared, 1)
        self.key = nn.Conv2d(width + 4 * WAVES, heads * compared, 1)
        self.sharp = nn.Parameter(torch.full((heads,), 2.3))  # logarithm of the logits' scale

    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        """Cells (B, C, h, w), hidden so far (B, 1, h, w) -> weights (B, heads, h w, h w), the last over sources."""
        x = torch.cat((x, _places(x)), 1)
        query, key = (F.normalize(_by_head(layer(x), self.heads).float(), dim=-1) for layer in (self.query, self.key))
        logits = query @ key.transpose(-1, -2) * self.sharp.clamp(max=4.6).exp().view(-1, 1, 1)
        return (logits - KNOWN * share.float().flatten(2)[:, :, None]).softmax(-1)


class Whole(nn.Module):
    """Attention over the whole picture, added to x, and two 1 x 1 convolutions."""

    def __init__(self, width: int, heads: int, compared: int):
        super().__init__()
        self.attention = Attention(width, heads, compared)
        self.value = nn.Conv2d(width, width, 1)
        self.out = nn.Conv2d(width, width, 1)
        self.mix = nn.Sequential(nn.SiLU(), nn.Conv2d(width, width, 1), nn.SiLU(), nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        """(B, C, h, w), (B, 1, h, w) -> (B, C, h, w)."""
        grid = (int(x.shape[2]), int(x.shape[3]))
        x = x + self.out(copied(self.attention(F.silu(x), share), self.value(F.silu(x)), grid))
        return x + self.mix(x)


class Filler(nn.Module):
    """Pictures with places hidden to whole pictures."""

    def __init__(self, config: FillerConfig):
        super().__init__()
        self.config = config
        half, quarter, eighth = config.widths
        self.enter = nn.Conv2d(3 * GUESSES + 3, half, 4, 2, 1, padding_mode="replicate")
        self.at_half = Residual(half)
        self.to_quarter = nn.Conv2d(half, quarter, 4, 2, 1, padding_mode="replicate")
        self.at_quarter = nn.Sequential(Residual(quarter), Residual(quarter))
        self.to_eighth = nn.Conv2d(quarter, eighth, 2, 2)
        self.before = nn.Sequential(*(Residual(eighth, d) for d in config.before))
        self.whole = Whole(eighth, config.heads, config.compared)
        self.after = nn.Sequential(*(Residual(eighth, d) for d in config.after))
        self.source = Attention(eighth, config.heads, config.compared)
        self.join = nn.Conv2d(2 * eighth, eighth, 1)
        self.last = Residual(eighth)
        self.up_quarter = nn.Conv2d(eighth, quarter, 1)
        self.join_quarter = nn.Conv2d(2 * quarter, quarter, 3, padding=1, padding_mode="replicate")
        self.out_quarter = Residual(quarter)
        self.up_half = nn.Conv2d(quarter, half, 1)
        self.join_half = nn.Conv2d(2 * half, half, 3, padding=1, padding_mode="replicate")
        self.out_half = Residual(half)
        self.colours = nn.Conv2d(half, 4 * (3 + GUESSES), 3, padding=1, padding_mode="replicate")
        _begin(self)

    def forward(self, pictures: Tensor, hidden: Tensor, guesses: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """RGB (B, 3, H, W) in 0..1, what is hidden of it (B, 1, H, W) as 1, and it led along edges and by patches (B, 6,
        H, W); sides are multiples of CELL -> the whole, (B, 3, H, W), what is known as it was, what each guess is
        worth, (B, GUESSES, H, W), and what is added to them, (B, 3, H, W)."""
        known = pictures * (1 - hidden)
        even = torch.where(hidden > 0, pull_push(known, 1 - hidden), pictures)
        guesses = torch.cat((even, guesses), 1)
        y, x = _axes(even)
        shown = torch.cat((2 * guesses - 1, hidden, y, x), 1)
        half = self.at_half(self.enter(shown))
        quarter = self.at_quarter(self.to_quarter(F.silu(half)))
        share = F.avg_pool2d(hidden, CELL)
        deep = self.whole(self.before(self.to_eighth(F.silu(quarter))), share)
        deep = self.after(deep)
        weights = self.source(F.silu(deep), share)
        grid = (int(deep.shape[2]), int(deep.shape[3]))
        deep = self.last(self.join(F.silu(torch.cat((deep, copied(weights, deep, grid)), 1))))
        taken = copied(weights, quarter, grid)
        x = _joined(self.up_quarter(F.silu(deep)), quarter, taken, F.avg_pool2d(hidden, 4))
        x = self.out_quarter(self.join_quarter(x))
        taken = copied(weights, half, grid)
        x = _joined(self.up_half(F.silu(x)), half, taken, F.avg_pool2d(hidden, 2))
        x = self.out_half(self.join_half(x))
        found = F.pixel_shuffle(self.colours(F.silu(x)), 2).float()
        worth = (found[:, 3:] + found.new_tensor(FIRST).view(1, -1, 1, 1)).softmax(1)
        mixed = (guesses.unflatten(1, (GUESSES, 3)) * worth[:, :, None]).sum(1)
        return torch.where(hidden > 0, mixed + found[:, :3], pictures), worth, found[:, :3]


def _begin(model: nn.Module) -> None:
    """Layers that keep the size of what goes through them, and changes that are small at first."""
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            small = 0.1 if name.endswith(("mix", "mix.3", "out", "colours")) else 1.0
            fan = layer.weight[0].numel()
            nn.init.normal_(layer.weight, std=small * (2.8 / fan) ** 0.5)  # 2.8: what SiLU takes of a variance
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]


def copied(weights: Tensor, values: Tensor, grid: tuple[int, int]) -> Tensor:
    """Values (B, C, s h, s w), each of the h x w cells of `grid` taken from others by weights (B, heads, h w, h w)."""
    heads, (high, wide) = weights.shape[1], grid
    batch, channels, step = values.shape[0], values.shape[1], values.shape[2] // high
    split = values.view(batch, heads, channels // heads, high, step, wide, step)
    flat = split.permute(0, 1, 3, 5, 2, 4, 6).reshape(batch, heads, high * wide, -1)
    taken = (weights.to(flat.dtype) @ flat).view(batch, heads, high, wide, channels // heads, step, step)
    return taken.permute(0, 1, 4, 2, 5, 3, 6).reshape(batch, channels, high * step, wide * step)


def _joined(coarse: Tensor, fine: Tensor, taken: Tensor, share: Tensor) -> Tensor:
    """A coarser level (B, C, h / 2, w / 2) enlarged, beside a finer one (B, C, h, w) that is `taken` where it is hidden."""
    large = F.interpolate(coarse, fine.shape[2:], mode="bilinear", align_corners=False)
    return F.silu(torch.cat((large, fine + (taken.to(fine.dtype) - fine) * share.to(fine.dtype)), 1))


def _by_head(x: Tensor, heads: int) -> Tensor:
    """(B, heads C, h, w) -> (B, heads, h w, C)."""
    return x.flatten(2).unflatten(1, (heads, -1)).transpose(2, 3)


def _axes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Down and across over a picture (B, C, H, W), each (B, 1, H, W) in -1..1."""
    batch, _, high, wide = x.shape
    y, x_ = (((torch.arange(n, device=x.device) + 0.5) * (2 / n) - 1).to(x.dtype) for n in (high, wide))
    return y.view(1, 1, -1, 1).expand(batch, 1, high, wide), x_.view(1, 1, 1, -1).expand(batch, 1, high, wide)


def _places(x: Tensor) -> Tensor:
    """Waves over the cells of x (B, C, h, w), (B, 4 WAVES, h, w)."""
    y, x_ = _axes(x)
    turns = torch.cat([axis * (torch.pi / 4 * 2**n) for axis in (y, x_) for n in range(WAVES)], 1)
    return torch.cat((turns.sin(), turns.cos()), 1)
