"""The project's own model: its autoencoder, its flow transformer and the frozen text encoder behind one seam."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motionalchemy import backbones
from motionalchemy.backbones.base import Backbone, Words
from motionalchemy.nets import pack
from motionalchemy.nets.autoencoder import Autoencoder, AutoencoderConfig
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.nets.transformer import FlowTransformer, TransformerConfig
from motionalchemy.plan import Plan
from motionalchemy.sample import Velocity, clean_to_velocity

WEIGHTS = Path(__file__).parent.parent / "weights" / "nano"


class Nano:
    """A loaded nano: see `backbones.base.Backbone` for the contract."""

    def __init__(
        self, codec: Autoencoder, flow: FlowTransformer, text: TokenEncoder, device: torch.device, sha256: str
    ):
        row = backbones.MODELS["nano"]
        self.name, self.grid, self.honours = row.name, codec.config.grid, row.honours
        self.stages, self.defaults = row.stages, row.defaults
        self.codec, self.flow, self.text = codec.to(device), flow.to(device), text
        self.device, self.sha256 = device, sha256
        self._narrow = device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        with self._precision(False):
            return self.codec.encode(frames.to(self.device)).float()

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        with self._precision(self.device.type == "cuda"):
            return self.codec.decode(latents).float()

    @torch.no_grad()
    def words(self, prompts: list[str]) -> Words:
        tokens = self.text.encode(prompts, limit=self.flow.config.words).to(self.device)
        with self._precision(False):
            return self.flow.words(tokens.ids, tokens.vectors, tokens.mask)

    def velocity(self, words: Words, plan: Plan, fps: float) -> Velocity:
        seconds = torch.tensor(self.grid.starts(plan.value.shape[2], fps), device=self.device)

        @torch.no_grad()
        def towards(x: Tensor, now: Tensor) -> Tensor:
            with self._precision(self._narrow):
                clean = self.flow(x, now, words, seconds, plan.references, guess=plan.value)
            return clean_to_velocity(clean.float(), x, now)

        return towards

    def _precision(self, narrow: bool) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=narrow)


def load(device: torch.device, folder: Path | None = None) -> Backbone:
    """Read a nano from `folder` (by default the one that ships): parts `codec` and `flow`, each a pack."""
    folder = folder or WEIGHTS
    codec, codec_card = read_codec(folder / "codec")
    flow, flow_card = pack.load(folder / "flow", "flow", lambda config: FlowTransformer(TransformerConfig(**config)))
    sha256 = codec_card["sha256"][:32] + flow_card["sha256"][:32]
    return Nano(codec, flow, TokenEncoder(), device, sha256)  # type: ignore[arg-type]


def read_codec(folder: Path) -> tuple[Autoencoder, dict]:
    """The autoencoder in a pack, with its card."""
    model, card = pack.load(folder, "autoencoder", _autoencoder)
    return model, card  # type: ignore[return-value]


def _autoencoder(config: dict) -> Autoencoder:
    shaped: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in config.items()}
    return Autoencoder(AutoencoderConfig(**shaped))
