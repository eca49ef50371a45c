"""The flow transformer: clip, pictures, references and text in, the clean clip out.

One token is one place of the picture through the whole window of time, for movement is smooth in time and its latents are
few: a clip of 49 frames is as many tokens as one picture. Each latent frame keeps a time of its own; all of them make the
modulation that the blocks share (adaLN-single, 2310.00426). Positions are rotary in shares of the picture, queries and
keys are normalised (2302.05442), and the text's keys and values are made once per request. Letters: B clips, N tokens,
P places with times of their own (1 or N), D width, L words.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.errors import InputError
from motionalchemy.flow.plan import ROLES, Reference
from motionalchemy.nets.text import Tokens

WAVES = 64  # numbers that stand for a time


@dataclass(frozen=True)
class TransformerConfig:
    """Sizes of the network; `text` is the width of the frozen word vectors, `buckets` of the learned token table."""

    channels: int = 64
    width: int = 256
    depth: int = 8
    heads: int = 4
    text: int = 512
    vision: int = 768
    buckets: int = 8192
    words: int = 64
    refiner: int = 1
    groups: int = 6  # latent frames after the first that a window holds at most


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
        """x (..., D) with mean square 1 over its last axis, times the weight."""
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
        """x (B, N, D) and keys and values (B, heads, L, head) -> (B, N, D); `mask` is true where a key may be seen."""
        q = self.query_norm(self.query(x).unflatten(-1, (self.heads, -1)).transpose(1, 2))
        if turn is not None:
            q, k = turn(q), turn(k)
        q, k = q.to(v.dtype), k.to(v.dtype)
        learns = torch.is_grad_enabled() and q.device.type == "cpu"
        y = attended(q, k, v, mask) if learns else F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(y.transpose(1, 2).flatten(2))


def attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention written out, (B, heads, N, head): over a few dozen tokens its gradient takes a fraction of the time of
    PyTorch's kernel for processors, which halves a step of training. `mask` is true where a key may be seen."""
    likeness = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        likeness = likeness.masked_fill(~mask, -1e4)
    return likeness.softmax(-1).to(v.dtype) @ v


class Turn:
    """Rotary position (2104.09864) over three axes: tokens (B, heads, L, head) turned by `angles` (B, L, head / 2)."""

    def __init__(self, angles: Tensor):
        self.cos, self.sin = angles.cos()[:, None], angles.sin()[:, None]  # (B, 1, L, head / 2)

    def __call__(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, -1)
        return torch.cat((a * self.cos - b * self.sin, a * self.sin + b * self.cos), -1)


class Block(nn.Module):
    """Attention over clip and references, attention to the words, feed-forward; modulated by the times."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.look, self.read = Attention(width, heads), Attention(width, heads)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width))
        self.read_norm = Norm(width)
        self.own = nn.Parameter(torch.zeros(6, width))

    def forward(self, x: Tensor, modulation: Tensor, turn: Turn, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        """x (B, N, D); modulation (B, P, 6, D)."""
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.own).unbind(-2)
        y = _normed(x) * (1 + scale1) + shift1
        x = x + gate1 * self.look(y, *self.look.keys_values(y), turn)
        x = x + self.read(self.read_norm(x), k, v, mask=mask)
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
        """x (B, L, D) -> (B, L, D); `mask` is true where there is a word."""
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
    """Noised latents with a time for each frame or position, pictures, references and words -> the clean latents."""

    matrices = ("blocks.",)

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config, width, later = config, config.width, config.groups * config.channels
        self.picture, self.enter = nn.Linear(config.channels, width), nn.Linear(later, width)
        self.look = nn.Linear(config.vision, width)
        self.role = nn.Embedding(len(ROLES) + 1, width)
        self.angle, self.when = nn.Linear(2, width, bias=False), nn.Linear(WAVES, width, bias=False)
        self.text = TextRefiner(config)
        times = (1 + config.groups) * WAVES
        self.time = nn.Sequential(nn.Linear(times, width), nn.SiLU(), nn.Linear(width, width))
        self.size, self.gist = nn.Linear(3, width), nn.Linear(width, width)
        self.modulation = nn.Linear(width, 6 * width)
        self.blocks: Iterable[Block] = nn.ModuleList(Block(width, config.heads) for _ in range(config.depth))  # type: ignore[assignment]
        self.final = nn.Linear(width, 2 * width)
        self.leave_picture, self.leave = nn.Linear(width, config.channels), nn.Linear(width, later)
        self.deviation: Tensor
        self.made: Tensor
        self.ahead: Tensor
        self.register_buffer("deviation", torch.ones(config.channels))  # of the later frames' latents; frame 0 has 1
        self.register_buffer("made", torch.ones(config.channels))  # 0 for channels of later frames that stay zero
        self.register_buffer(
            "ahead", torch.zeros(config.channels, config.channels)
        )  # a later frame from the one before
        nn.init.normal_(self.role.weight, std=0.02)
        for layer in (self.gist, self.modulation, self.final, self.leave_picture, self.leave):
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
        looks: tuple[Tensor | None, ...] = (None,),
    ) -> Tensor:
        """x (B, C, T, h, w), t broadcastable to (B, 1, T, h, w), seconds (T,) -> clean latents like x.

        `looks`, for the clip and then for each reference, is what the vision network says of its first picture
        (B, V, h, w), or None where there is none. Of x the network is shown the best linear estimate of the clean
        latents and says what that misses, in units of what can be missed (EDM's preconditioning, 2206.00364): at time 1
        nothing of the noise gets through, and what is known stays as it is. That estimate expects what is known to go
        on, or a reference of role `source`, whose picture is changed and whose movement is kept; the other references
        are tokens beside the clip. Training passes plain tokens, so that gradients and compilation see one call;
        inference passes words made once.
        """
        if isinstance(words, Tokens):
            words = self.words(words.ids, words.vectors, words.mask)
        b, c, frames, h, w = x.shape
        spread = self._each_frame(self.deviation, frames)  # (1, C, T, 1, 1)
        total = ((1 - t) * spread).square() + t.square()
        made = self._each_frame(self.made, frames)
        source, beside = _apart(references, looks[1:])
        if source is not None and frames > 1:
            first = tuple(replace(r, value=r.value[:, :, :1]) for r in references)
            picture = self(x[:, :, :1], t[:, :, :1], words, seconds[:1], first, looks)
            kept = torch.where(t == 0, x, source[0].value * made)
            return torch.cat((picture, kept[:, :, 1:]), 2)
        expected = self._going_on(x * made, t) if source is None else source[0].value * made
        estimate = expected + (x - (1 - t) * expected) * ((1 - t) * spread.square() / total)
        estimate = estimate * torch.where(t == 0, torch.ones_like(made), made)
        clock = t.expand(b, 1, frames, *t.shape[3:])[:, 0].flatten(2).transpose(1, 2)  # (B, P, T)
        tokens, times = [self._tokens(estimate / spread, looks[0])], [clock]
        if source is not None:
            tokens[0] = tokens[0] + self._beside(*source, seconds)
        places = [_places(h, w, x.device)]
        for reference, look in beside:
            tokens.append(self._beside(reference, look, seconds).expand(b, -1, -1))
            times.append(t.new_zeros(b, 1, reference.value.shape[2]))
            high, wide = reference.value.shape[3:]
            places.append(_places(high, wide, x.device))
        general = self._size(x, seconds) + self.gist(words.gist)[:, None]  # (B, 1, D)
        condition = [self._condition(each) + general for each in times]
        if beside:  # a row for every token, since those of the references have times of their own
            condition = [c.expand(-1, s.shape[1], -1) for c, s in zip(condition, tokens, strict=True)]
        modulation = self.modulation(F.silu(torch.cat(condition, 1))).unflatten(-1, (6, -1))
        turn = Turn(_angles(torch.cat(places), self.config.width // self.config.heads)[None])
        y, mask = torch.cat(tokens, 1), words.mask[:, None, None]
        for block, k, v in zip(self.blocks, words.keys, words.values, strict=True):
            y = block(y, modulation, turn, k, v, mask)
        shift, scale = self.final(F.silu(condition[0])).chunk(2, -1)
        y = _normed(y[:, : h * w]) * (1 + scale) + shift
        later = self.leave(y).unflatten(-1, (-1, c))[:, :, : frames - 1]
        missed = torch.cat((self.leave_picture(y)[:, :, None], later), 2)  # (B, h * w, T, C)
        return estimate + missed.permute(0, 3, 2, 1).unflatten(3, (h, w)) * (t * spread * made * total.rsqrt())

    def _going_on(self, x: Tensor, t: Tensor) -> Tensor:
        """What each later frame would be by a linear guess from the one before, beginning at those that are known."""
        guesses, before = [torch.zeros_like(x[:, :, 0])], torch.zeros_like(x[:, :, 0])
        known = (t == 0).expand(-1, -1, x.shape[2], -1, -1)
        for frame in range(1, x.shape[2]):
            guesses.append(torch.einsum("bdhw,dc->bchw", before, self.ahead))
            before = torch.where(known[:, :, frame], x[:, :, frame], guesses[-1])
        return torch.stack(guesses, 2)

    @staticmethod
    def _each_frame(channels: Tensor, frames: int) -> Tensor:
        """Numbers for the channels of later frames, 1 in frame 0: (C,) -> (1, C, frames, 1, 1)."""
        later = channels[:, None].expand(-1, frames - 1)
        return torch.cat((torch.ones_like(channels)[:, None], later), 1)[None, :, :, None, None]

    def _tokens(self, latents: Tensor, look: Tensor | None) -> Tensor:
        """(B, C, T, h, w) -> (B, h * w, D); frames that a window could hold and this one lacks count as zero."""
        lacking = 1 + self.config.groups - latents.shape[2]
        if lacking < 0:
            raise InputError(f"a window holds {1 + self.config.groups} latent frames, not {latents.shape[2]}")
        flat = F.pad(latents.flatten(3).permute(0, 3, 2, 1), (0, 0, 0, lacking))  # (B, h * w, 1 + groups, C)
        tokens = self.picture(flat[:, :, 0]) + self.enter(flat[:, :, 1:].flatten(2))
        return tokens if look is None else tokens + self.look(look.flatten(2).transpose(1, 2))

    def _beside(self, reference: Reference, look: Tensor | None, seconds: Tensor) -> Tensor:
        """The tokens of a reference, marked with its role, its angle and its share of the clip's time."""
        value = reference.value
        tokens = self._tokens(value / self._each_frame(self.deviation, value.shape[2]), look)
        turned = math.radians(reference.angle)
        tokens = tokens + self.angle(tokens.new_tensor([math.sin(turned), math.cos(turned) - 1]))
        tokens = tokens + self.role.weight[1 + ROLES.index(reference.role)]
        if reference.time is None:
            return tokens
        share = (reference.time - seconds[0]) / (seconds[-1] - seconds[0]).clamp(min=1e-3)
        return tokens + self.when(_waves(share.view(1, 1).to(tokens.device)))

    def _condition(self, times: Tensor) -> Tensor:
        """The times of a window's frames (B, P, T) -> (B, P, D); frames that are lacking have none."""
        lacking = 1 + self.config.groups - times.shape[2]
        return self.time(F.pad(_waves(times), (0, 0, 0, lacking)).flatten(2))

    def _size(self, x: Tensor, seconds: Tensor) -> Tensor:
        """How large the picture is, its aspect and how long its frames last, (1, D)."""
        h, w = x.shape[3:]
        step = float(seconds[-1] - seconds[0]) / max(1, len(seconds) - 1) * 3 or 1.0  # in units of 8 frames at 24 fps
        return self.size(x.new_tensor([0.5 * math.log2(h * w / 64), math.log2(h / w), math.log2(step)]))


def _apart(
    references: tuple[Reference, ...], looks: tuple[Tensor | None, ...]
) -> tuple[tuple[Reference, Tensor | None] | None, list[tuple[Reference, Tensor | None]]]:
    """The reference of role `source`, if there is one, and the others, each with what is seen in it."""
    pairs = list(zip(references, looks, strict=True))
    sources = [pair for pair in pairs if pair[0].role == "source"]
    if len(sources) > 1:
        raise InputError("one source clip can be edited at a time")
    return (sources[0] if sources else None), [pair for pair in pairs if pair[0].role != "source"]


def _normed(x: Tensor) -> Tensor:
    return F.rms_norm(x, x.shape[-1:])


def _waves(t: Tensor) -> Tensor:
    """Sines and cosines of a time in [0, 1]: (...) -> (..., WAVES)."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), WAVES // 2, device=t.device))
    phase = t[..., None].float() * rates
    return torch.cat((phase.sin(), phase.cos()), -1).to(t.dtype)


def _places(h: int, w: int, device: torch.device) -> Tensor:
    """Row and column of every token (h * w, 2), in eighths of the picture's side."""
    tall = h / w
    centre = lambda n: (torch.arange(n, device=device) + 0.5) / n - 0.5  # noqa: E731
    rows, columns = 8 * tall**0.5 * centre(h), 8 * tall**-0.5 * centre(w)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1).flatten(0, 1)


def _angles(places: Tensor, head: int) -> Tensor:
    """Rotary angles (N, head / 2) for places (N, 2): half of the frequencies an axis, the fastest pi an eighth."""
    rates = math.pi * torch.logspace(0, -1.5, head // 4, device=places.device)
    return torch.cat([places[:, axis : axis + 1] * rates for axis in (0, 1)], -1)
