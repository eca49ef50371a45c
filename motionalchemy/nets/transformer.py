"""The flow transformer: clip, references and text in, the clean clip out.

One token is one latent position. Time modulation is made once per latent frame and shared by all blocks (adaLN-single,
2310.00426), positions are rotary in seconds and in shares of the picture, queries and keys are normalised (2302.05442),
and the text's keys and values are made once per request. Letters: B clips, F frames, N tokens a frame, D width, L words.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.nets.text import Tokens
from motionalchemy.plan import ROLES, Reference


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of the network; `text` is the width of the frozen word vectors, `buckets` of the learned token table."""

    channels: int = 64
    width: int = 256
    depth: int = 8
    heads: int = 4
    text: int = 512
    buckets: int = 8192
    words: int = 64
    refiner: int = 1


@dataclass(frozen=True, eq=False)
class Words:
    """A request's text, ready for every block: keys and values (B, heads, L, head), which words are there (B, L), and
    what they say together (B, D)."""

    keys: list[Tensor]
    values: list[Tensor]
    mask: Tensor
    gist: Tensor


class Norm(nn.RMSNorm):
    """RMS normalisation whose weight follows the input's precision, without which it is slow and warns."""

    def forward(self, x: Tensor) -> Tensor:
        weight = None if self.weight is None else self.weight.to(x.dtype)
        return F.rms_norm(x, self.normalized_shape, weight, self.eps)


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width, bias=False), nn.Linear(width, 2 * width, bias=False)
        self.query_norm, self.key_norm = Norm(width // heads), Norm(width // heads)
        self.out = nn.Linear(width, width)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L, D) -> keys and values, (B, heads, L, head) each."""
        k, v = self.key_value(x).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.key_norm(k), v

    def forward(
        self, x: Tensor, k: Tensor, v: Tensor, turn: "Turn | None" = None, mask: Tensor | None = None
    ) -> Tensor:
        q = self.query_norm(self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2))
        if turn is not None:
            q, k = turn(q), turn(k)
        q, k = q.to(v.dtype), k.to(v.dtype)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(y.transpose(1, 2).flatten(2))


class Turn:
    """Rotary position (2104.09864) over three axes: tokens (B, heads, L, head) turned by `angles` (B, L, head / 2)."""

    def __init__(self, angles: Tensor):
        self.cos, self.sin = angles.cos()[:, None], angles.sin()[:, None]  # (B, 1, L, head / 2)

    def __call__(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, -1)
        return torch.cat((a * self.cos - b * self.sin, a * self.sin + b * self.cos), -1)


class Block(nn.Module):
    """Attention over clip and references, attention to the words, feed-forward; modulated per frame."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.look, self.read = Attention(width, heads), Attention(width, heads)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))
        self.read_norm = Norm(width)
        self.own = nn.Parameter(torch.zeros(6, width))

    def forward(self, x: Tensor, modulation: Tensor, turn: Turn, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """x (B, F, N, D); modulation (B, F, 1, 6, D)."""
        frames = x.shape[1:3]
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.own).unbind(-2)
        y = (_normed(x) * (1 + scale1) + shift1).flatten(1, 2)
        x = x + gate1 * self.look(y, *self.look.keys_values(y), turn).unflatten(1, frames)
        x = x + self.read(self.read_norm(x).flatten(1, 2), k, v, mask=mask).unflatten(1, frames)
        return x + gate2 * self.think(_normed(x) * (1 + scale2) + shift2)


class Refine(nn.Module):
    """Words look at each other; starts as the identity, since a layer that does not was seen to drown the words."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.look_norm, self.think_norm = Norm(width), Norm(width)
        self.look = Attention(width, heads)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU("tanh"), nn.Linear(2 * width, width))
        for layer in (self.look.out, self.think[2]):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.look_norm(x)
        x = x + self.look(y, *self.look.keys_values(y), mask=mask)
        return x + self.think(self.think_norm(x))


class TextRefiner(nn.Module):
    """Frozen word vectors and token ids -> words of the network's width, each having seen the whole sentence."""

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config, width = config, config.width
        self.enter = nn.Linear(config.text, width)
        self.token = nn.Embedding(config.buckets, width)
        self.place = nn.Parameter(torch.zeros(config.words, width))
        nn.init.normal_(self.token.weight, std=0.02)
        self.blocks = nn.ModuleList(Refine(width, config.heads) for _ in range(config.refiner))
        self.norm = Norm(width)

    def forward(self, ids: Tensor, vectors: Tensor, mask: Tensor) -> Tensor:
        """ids (B, L), vectors (B, L, text), mask (B, L) -> (B, L, D)."""
        x = self.enter(vectors) + self.token(ids % self.config.buckets) + self.place[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, mask[:, None, None])
        return self.norm(x)


class FlowTransformer(nn.Module):
    """Noised latents with a time for each frame or position, references and words -> the clean latents."""

    matrices = ("blocks.",)

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config, width = config, config.width
        self.enter, self.hint = nn.Linear(config.channels, width), nn.Linear(config.channels, width, bias=False)
        self.role = nn.Embedding(len(ROLES) + 1, width)
        self.angle = nn.Linear(2, width, bias=False)
        self.text = TextRefiner(config)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.size, self.gist = nn.Linear(2, width), nn.Linear(width, width)
        self.modulation = nn.Linear(width, 6 * width)
        self.blocks: Iterable[Block] = nn.ModuleList(Block(width, config.heads) for _ in range(config.depth))  # type: ignore[assignment]
        self.final = nn.Linear(width, 2 * width)
        self.leave = nn.Linear(width, config.channels)
        nn.init.normal_(self.role.weight, std=0.02)
        for layer in (self.gist, self.modulation, self.final, self.leave):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for block in self.blocks:
            nn.init.zeros_(block.read.out.weight)
            nn.init.constant_(block.own[2], 0.1)
            nn.init.constant_(block.own[5], 0.1)

    def words(self, ids: Tensor, vectors: Tensor, mask: Tensor) -> Words:
        """Keys and values of every block for a request's text; ids and mask (B, L), vectors (B, L, text)."""
        refined = self.text(ids, vectors, mask)
        pairs = [block.read.keys_values(refined) for block in self.blocks]
        gist = (refined * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return Words([k for k, _ in pairs], [v for _, v in pairs], mask, gist)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        words: "Words | Tokens",
        seconds: Tensor,
        references: tuple[Reference, ...] = (),
        window: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
        guess: Tensor | None = None,
    ) -> Tensor:
        """x (B, C, T, h, w), t broadcastable to (B, 1, T, h, w), seconds (T,) -> clean latents like x.

        `guess`, like x, is what the clip would be if nothing happened. What x tells beyond the guess, (1 - t) r + t n
        for a difference r of unit size, is scaled to the best linear estimate of r (as EDM's preconditioning, 2206.00364);
        the network says what that misses. At time 1 nothing of the noise gets through.
        `window` (top, left, bottom, right) is the share of the whole picture that x shows. Training passes plain
        tokens, so that gradients and compilation see one call; inference passes words made once.
        """
        if isinstance(words, Tokens):
            words = self.words(words.ids, words.vectors, words.mask)
        b, _, frames, h, w = x.shape
        guess = torch.zeros_like(x) if guess is None else guess
        told = (x - (1 - t) * guess) * ((1 - t) / ((1 - t).square() + t.square()))
        first = self._tokens(told, None) + self.hint(guess.flatten(3).permute(0, 2, 3, 1))
        tokens, times = [first], [t.expand(b, 1, frames, *t.shape[3:])]
        places = [_places(seconds, h, w, window)]
        for reference in references:
            r = reference.value
            tokens.append(self._tokens(r, reference))
            times.append(t.new_zeros(b, 1, r.shape[2], *t.shape[3:]))
            places.append(_places(_reference_seconds(reference, seconds), r.shape[3], r.shape[4], window))
        sequence = torch.cat([s.flatten(1, 2) for s in tokens], 1)  # (B, all tokens, D)
        regional = max(t.shape[3:]) > 1
        count = 1 if regional or any(s.shape[2] != h * w for s in tokens) else h * w
        condition = self._condition(times, [s.shape[2] // count for s in tokens], x, window)  # (B, F, D)
        condition = condition + self.gist(words.gist)[:, None]
        modulation = self.modulation(F.silu(condition)).unflatten(-1, (6, -1))[:, :, None]
        turn = Turn(_angles(torch.cat(places), self.config.width // self.config.heads)[None])
        mask = words.mask[:, None, None]
        y = sequence.unflatten(1, (-1, count))
        for block, k, v in zip(self.blocks, words.keys, words.values, strict=True):
            y = block(y, modulation, turn, k, v, mask)
        y = y.flatten(1, 2)[:, : frames * h * w].unflatten(1, (-1, count))
        shift, scale = self.final(F.silu(condition[:, : y.shape[1]]))[:, :, None].chunk(2, -1)
        change = self.leave(_normed(y) * (1 + scale) + shift).flatten(1, 2)
        return guess + told + change.transpose(1, 2).unflatten(2, (frames, h, w))

    def _tokens(self, latents: Tensor, reference: Reference | None) -> Tensor:
        """(B, C, T, h, w) -> (B, T, h * w, D), marked with role and angle."""
        kind = 0 if reference is None else 1 + ROLES.index(reference.role)
        tokens = self.enter(latents.flatten(3).permute(0, 2, 3, 1)) + self.role.weight[kind]
        if reference is not None:
            turned = math.radians(reference.angle)
            tokens = tokens + self.angle(tokens.new_tensor([math.sin(turned), math.cos(turned) - 1]))
        return tokens

    def _condition(self, times: list[Tensor], repeats: list[int], x: Tensor, window: tuple) -> Tensor:
        """One vector for each group of tokens that shares a time, (B, F, D): its time, and the picture's scale."""
        h, w = x.shape[3:]
        columns = []
        for t, repeat in zip(times, repeats, strict=True):
            flat = t[:, 0].flatten(2) if t[0, 0, 0].numel() > 1 else t[:, 0].flatten(2).expand(-1, -1, repeat)
            columns.append(flat.flatten(1))
        scale = 0.5 * math.log2(h * w / 64 / ((window[2] - window[0]) * (window[3] - window[1])))
        size = self.size(x.new_tensor([scale, math.log2(h / w)]))
        return self.time(_waves(torch.cat(columns, 1), self.config.width)) + size


def _normed(x: Tensor) -> Tensor:
    return F.rms_norm(x, x.shape[-1:])


def _waves(t: Tensor, width: int) -> Tensor:
    """Sines and cosines of a time in [0, 1]: (B, F) -> (B, F, width)."""
    rates = torch.exp(torch.linspace(math.log(1.0), math.log(1000.0), width // 2, device=t.device))
    phase = t[..., None].float() * rates
    return torch.cat((phase.sin(), phase.cos()), -1).to(t.dtype)


def _reference_seconds(reference: Reference, seconds: Tensor) -> Tensor:
    """When each frame of a reference stands; one without a time stands one second before the clip."""
    frames = reference.value.shape[2]
    if reference.time is None:
        return seconds.new_full((frames,), -1.0) + seconds[0]
    step = (seconds[1:2] - seconds[:1]) if len(seconds) > 1 else seconds.new_zeros(1)
    if frames == len(seconds):
        return seconds - seconds[0] + reference.time
    return reference.time + step * torch.arange(frames, device=seconds.device)


def _places(seconds: Tensor, h: int, w: int, window: tuple[float, float, float, float]) -> Tensor:
    """Second, row and column of every token (T * h * w, 3); rows and columns in eighths of the whole picture's side."""
    top, left, bottom, right = window
    tall = (h / (bottom - top)) / (w / (right - left))  # aspect of the whole picture
    centre = lambda n, low, high: low + (high - low) * (torch.arange(n, device=seconds.device) + 0.5) / n - 0.5  # noqa: E731
    rows = 8 * tall**0.5 * centre(h, top, bottom)
    columns = 8 * tall**-0.5 * centre(w, left, right)
    return torch.stack(torch.meshgrid(seconds.float(), rows, columns, indexing="ij"), -1).flatten(0, 2)


def _angles(places: Tensor, head: int) -> Tensor:
    """Rotary angles (L, head / 2) for places (L, 3): a third of the frequencies an axis, the rest to time."""
    half = head // 2
    space = half // 3
    shares = (half - 2 * space, space, space)
    fastest = (2 * math.pi * 4, math.pi, math.pi)  # radians per second, and per eighth of the side
    parts = []
    for axis, (count, fast) in enumerate(zip(shares, fastest, strict=True)):
        rates = fast * torch.logspace(0, -1.5, count, device=places.device)
        parts.append(places[:, axis : axis + 1] * rates)
    return torch.cat(parts, -1)
