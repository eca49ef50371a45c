"""Wans that give all frames one time (2503.20314): 2.1 for text or a picture, and the two networks of 2.2 A14B.

A picture is not a known latent here: the network is shown a clip of the pictures that are given, grey elsewhere, and a mask
of four channels that says which frames of it count, beside the latents; 2.1 also sees it through CLIP. Of A14B's networks
one works above a boundary, the other below, each with its own guidance.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.flow.plan import Plan
from motionalchemy.flow.sampler import Sampling
from motionalchemy.flow.solvers import Velocity
from motionalchemy.flow.stages import Stage
from motionalchemy.models import formats, wan
from motionalchemy.models import prompts as models_prompts
from motionalchemy.models.base import Backbone, Card, Defaults, Effort
from motionalchemy.models.formats import Checkpoint
from motionalchemy.models.public import Parts, read
from motionalchemy.models.wan import KINDS, STEPS, Wan, folded, unfolded

FROM_WORDS = frozenset({"clocks", "pictures", "regions"})
FROM_PICTURE = frozenset({"clocks", "regions"})
TO_PICTURE = FROM_PICTURE | {"reference:view"}
ROOM = wan.Grid(space=16, time=4, channels=64)
Known = list[tuple[int, Tensor]]  # the first frame, and frames (1, 3, n, H, W) in [-1, 1] from there


@dataclass(frozen=True, eq=False)
class Shown:
    """What a network is shown beside its latents: (B, 4 + C, T, H, W) of the autoencoder's, and CLIP's states."""

    channels: Tensor | None = None
    states: Tensor | None = None


class OneTime(Wan):
    """A loaded Wan with one time for all frames: see `models.base.Backbone` for the contract."""

    def __init__(self, parts: Parts, row: Card, boundary: float | None = None):
        super().__init__(parts, row)
        self.boundary = boundary
        self.whole = row.sampling.solver == "unipc"  # its scheduler rounds times down to whole ones
        self.from_words = row.from_words

    def network_of(self, now: Tensor) -> int:
        """Which of the networks works at a time: 0 above the boundary, 1 below."""
        return int(self.boundary is not None and float(self._step(now)) < self.boundary * STEPS)

    def _step(self, now: Tensor) -> Tensor:
        step = now.float().max() * STEPS
        return step.floor() if self.whole else step

    @torch.no_grad()
    def sees(self, plan: Plan, known: Known) -> Plan:
        """A plan as this model takes it: one time for all frames, the known ones shown beside its latents where it was
        trained so, all else that starts late held until then."""
        if self.from_words:
            return plan.at_one_time()
        frames, (h, w) = self.grid.frames(plan.value.shape[2]), known[0][1].shape[3:]
        clip = torch.zeros(1, 3, frames, h, w, device=self.device)
        counts = torch.zeros(frames, dtype=torch.bool)
        for begin, pixels in known:
            count = min(pixels.shape[2], frames - begin)
            clip[:, :, begin : begin + count], counts[begin : begin + count] = pixels[:, :, :count], True
        latents = unfolded(self.encode(clip))
        each = torch.cat((counts[:1].expand(self.grid.time), counts[1:])).view(-1, self.grid.time)  # (T, 4)
        mask = each.T[None, :, :, None, None].expand(1, -1, -1, *latents.shape[3:]).to(latents)
        states = (
            None
            if self.parts.look is None
            else self.parts.looked([_picture(p) for _, p in (known[0], known[-1])[: 1 + (len(known) > 1)]])
        )
        free = each.any(1).view(1, 1, -1, 1, 1).to(plan.strength.device) & (plan.strength == 0)
        return plan.at_one_time(free, Shown(torch.cat((mask, latents), 1), states))

    def velocity(self, words: models_prompts.Words, plan: Plan, fps: float) -> Velocity:
        """The velocity of the whole clip at one time, by the network whose time it is."""
        shown = plan.shown if isinstance(plan.shown, Shown) else Shown()
        if not self.from_words and shown.channels is None:
            raise InputError(f"{self.name} has to be shown its pictures: let it see the plan first")
        dtype, b = self.parts.dtype, plan.value.shape[0]
        self.parts.forget()

        @torch.no_grad()
        def towards(x: Tensor, now: Tensor) -> Tensor:
            seen = unfolded(x.float())
            if shown.channels is not None:
                seen = torch.cat((seen, shown.channels.expand(len(seen), -1, -1, -1, -1)), 1)
            with self.parts.reading(words, self.network_of(now)) as transformer:
                out = transformer(
                    seen.to(dtype),
                    timestep=self._step(now).expand(b),
                    encoder_hidden_states=words.states.to(dtype),
                    encoder_hidden_states_image=None if shown.states is None else shown.states.to(dtype),
                    return_dict=False,
                )[0]
            return folded(out.float()).to(x.dtype)

        return towards


def _picture(pixels: Tensor) -> Any:
    """The first frame of (1, 3, n, H, W) in [-1, 1] as (H, W, 3) uint8."""
    return ((pixels[0, :, 0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).byte().cpu().numpy()


def row(
    name: str, repo: str, summary: str, summary_zh: str, honours: frozenset[str], shift: float = 3.0, size: int = 640,
    steps: int = 50, guidance: float = 5.0, low: float | None = None, wants: frozenset[str] = frozenset(),
) -> Card:  # fmt: skip
    """The card of a Wan with one time for all frames; `shift` is that of its scheduler."""
    return Card(
        name=name,
        loader="motionalchemy.models.wan_one_time:load",
        honours=honours,
        grid=ROOM,
        stages=(Stage(0.5, steps), Stage(1.0, steps, 0.7)),
        defaults=Defaults(size=size, fps=16.0, seconds=5.0, guidance=guidance, stages=1, guidance_low=low),
        summary=summary,
        summary_zh=summary_zh,
        sizes=(64, 1280),
        seconds=5.1,
        tokens=76_000,
        sampling=Sampling("unipc", partial(wan.times, {"flow_shift": shift}), wan.noise),
        repo=repo,
        wants=wants,
        one_time=True,
        from_words="pictures" in honours,
    )


def card(place: Checkpoint, name: str) -> Card:
    """The card of a checkpoint, from its configs; raises InputError for one of another shape."""
    index, transformer, vae = place.config(formats.INDEX), place.config("transformer"), place.config("vae")
    z, extra = int(vae.get("z_dim", 16)), int(transformer.get("in_channels", 16))
    two = "transformer_2" in place.parts()
    if extra == z:
        honours, wants = FROM_WORDS, frozenset[str]()
    elif extra == 2 * z + 4:
        last = bool(transformer.get("pos_embed_seq_len")) or transformer.get("image_dim") is None
        honours = TO_PICTURE if last else FROM_PICTURE
        wants = frozenset({"reference:view"}) if transformer.get("pos_embed_seq_len") else frozenset[str]()
    else:
        raise InputError(
            f"{name}: its transformer takes {extra} channels, a Wan of {z} latents takes {z} or {2 * z + 4}"
        )
    if two != (index.get("boundary_ratio") is not None):
        raise InputError(
            f"{name} has {1 + two} transformers and boundary_ratio {index.get('boundary_ratio')}: fetch it again"
        )
    version = "2.2" if two else "2.1"
    base = row(
        name, name, f"Wan {version} from {place.name}", f"来自 {place.name} 的 Wan {version}", honours, wants=wants
    )
    return replace(base, grid=wan.grid_of(vae), sampling=wan.sampled(place))


def load(device: torch.device, folder: Checkpoint | Path | None, row: Card, effort: Effort) -> Backbone:
    """Read a checkpoint; raises MissingPart or InputError."""
    assert folder is not None
    place = formats.of(folder)
    boundary = place.config(formats.INDEX).get("boundary_ratio")
    return OneTime(read(place, KINDS, device, effort), row, None if boundary is None else float(boundary))
