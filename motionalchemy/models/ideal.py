"""The ideal model: the exact rectified-flow velocity when the data are a finite set of clips. It has no weights.

With x_t = (1 - t) clip + t noise and one t per part, the posterior over the clips is a softmax of Gaussian distances,
and the velocity is (x - E[clip | x]) / t. A prompt chooses among the clips and a reference is one more observation, so
every plan has a known right answer: what the sampler does with it is the sampler's own doing.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from motionalchemy.flow.grid import Grid
from motionalchemy.flow.plan import Plan, Reference
from motionalchemy.flow.solvers import Velocity
from motionalchemy.models.registry import MODELS

FLOOR = 1e-2  # known parts and references are read with this much noise, so that a near miss still finds its clip
Clips = Callable[[Plan, float], Tensor]  # (plan, fps) -> (N, B or 1, C, T, H, W): the data, at the plan's size


class Ideal:
    """A backbone over N clips; each has `names`, and a prompt that contains some of these asks for those clips.

    `clips` is a tensor (N, C, T, H, W), or a function when the data depend on the size or on the given image. A
    reference observes the clip's own frames from its time on; a role in `beside` observes that tensor (N, C, T, H, W)
    instead: the source that was shown with each clip, its subject, its motion. The latents are the pixels themselves,
    `time` frames to a latent frame, so that encoding loses nothing.
    """

    name = "ideal"
    honours = MODELS["ideal"].honours
    stages = MODELS["ideal"].stages
    defaults = MODELS["ideal"].defaults
    device = torch.device("cpu")

    def __init__(
        self,
        clips: Tensor | Clips,
        names: Sequence[Sequence[str]],
        grid: Grid,
        beside: Mapping[str, Tensor] | None = None,
    ):
        fixed = clips if isinstance(clips, Tensor) else torch.empty(0)
        self.sha256 = hashlib.sha256(fixed.contiguous().numpy().tobytes()).hexdigest()
        self.clips: Clips = clips if callable(clips) else lambda plan, fps: fixed[:, None]
        self.names, self.grid, self.beside = names, grid, beside or {}

    def encode(self, frames: Tensor) -> Tensor:
        """(B, 3, T, H, W) -> (B, 3 time, t, H, W); raises InputError unless T = time k + 1."""
        self.grid.latent_frames(frames.shape[2])
        return _latents(frames, self.grid.time)

    def decode(self, latents: Tensor, picture: Tensor | None = None) -> Tensor:
        """(B, 3 time, t, H, W) -> (B, 3, T, H, W): the inverse of `encode`, to the last bit, at the latents' own size:
        a `picture` adds nothing to pixels."""
        return _frames(latents, self.grid.time)

    def words(self, prompts: list[str]) -> Tensor:
        """Which clips each prompt asks for, (B, N) bool: those that it names, or all when it names none."""
        asked = torch.tensor([[any(n in p.lower() for n in names) for names in self.names] for p in prompts])
        return asked | ~asked.any(1, keepdim=True)

    def velocity(self, words: Tensor, plan: Plan, fps: float) -> Velocity:
        """(x - E[clip | x, words, references]) / t, computed in float64."""
        clips = self.clips(plan, fps).double()
        prior = torch.zeros(words.shape, dtype=torch.float64).masked_fill(~words, -torch.inf)  # (B, N)
        for reference in plan.references:
            prior = prior + self._evidence(reference, clips, fps)

        def velocity(x: Tensor, t: Tensor) -> Tensor:
            noise = t.double().clamp(min=FLOOR)  # (B or 1, 1, T, H or 1, W or 1)
            seen = x.double()  # (B, C, T, H, W)
            surprise = torch.stack([_squares((seen - (1 - noise) * clip) / noise) for clip in clips], 1)  # (B, N)
            share = torch.softmax(prior - surprise / 2, 1)
            mean = sum(share[:, n, None, None, None, None] * clip for n, clip in enumerate(clips))
            return ((seen - mean) / noise).to(x.dtype)

        return velocity

    def _evidence(self, reference: Reference, clips: Tensor, fps: float) -> Tensor:
        """The log-likelihood (B, N) of a reference, seen through noise of FLOOR, under every clip."""
        data = self.beside[reference.role][:, None] if reference.role in self.beside else clips
        seen = self.decode(reference.value.double())
        begin = round((reference.time or 0.0) * fps)
        rows = []
        for clip in data.double():
            frames = self.decode(clip)
            at = min(begin, frames.shape[2] - 1)
            shown = frames[:, :, at : at + seen.shape[2]]
            rows.append(_squares((seen[:, :, : shown.shape[2]] - shown) / FLOOR))
        return -torch.stack(rows, 1) / 2


DRIFTS = {  # names in both languages -> sides per second, down and right
    ("left", "左"): (0.0, -0.25),
    ("right", "右"): (0.0, 0.25),
    ("up", "上"): (-0.25, 0.0),
    ("down", "下"): (0.25, 0.0),
    ("still", "静止"): (0.0, 0.0),
}


def load(device: torch.device, folder: object = None) -> Ideal:
    """The registered one: whatever picture the plan knows at time 0, drifting left, right, up, down, or not at all."""
    return Ideal(_drifts, [*DRIFTS], MODELS["ideal"].grid)


def _drifts(plan: Plan, fps: float) -> Tensor:
    each = MODELS["ideal"].grid.time
    first = _frames(plan.value[:, :, :1], each)[:, :, 0]  # (B, 3, H, W)
    high, wide = first.shape[2:]
    seconds = [i / fps for i in range(MODELS["ideal"].grid.frames(plan.value.shape[2]))]
    clips = [
        torch.stack([first.roll((round(down * high * s), round(right * wide * s)), (2, 3)) for s in seconds], 2)
        for down, right in DRIFTS.values()
    ]
    return torch.stack([_latents(clip, each) for clip in clips])


def _latents(frames: Tensor, each: int) -> Tensor:
    """(B, C, T, H, W) -> (B, each C, t, H, W): `each` frames side by side in the channels, the first one alone."""
    b, c, _, h, w = frames.shape
    whole = torch.cat([frames[:, :, :1].expand(-1, -1, each - 1, -1, -1), frames], 2)
    return whole.reshape(b, c, -1, each, h, w).transpose(2, 3).reshape(b, c * each, -1, h, w)


def _frames(latents: Tensor, each: int) -> Tensor:
    """The inverse of `_latents`."""
    b, c, _, h, w = latents.shape
    whole = latents.reshape(b, c // each, each, -1, h, w).transpose(2, 3)
    return whole.reshape(b, c // each, -1, h, w)[:, :, each - 1 :]


def _squares(x: Tensor) -> Tensor:
    return x.square().flatten(1).sum(1)
