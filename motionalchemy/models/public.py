"""What the public models share: their parts, loaded where an Effort lets them live, and the seam to read and to
decode."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from motionalchemy.errors import InputError
from motionalchemy.models import formats, lora, memory
from motionalchemy.models import prompts as models_prompts
from motionalchemy.models.base import Effort
from motionalchemy.models.formats import Checkpoint
from motionalchemy.models.text_cache import TextCache

Read = Callable[[Any, Any, list[str], int], models_prompts.Words]


@dataclass(frozen=True)
class Kinds:
    """The classes of a checkpoint's parts, and the type of the autoencoder's numbers on a GPU."""

    transformer: str
    vae: str
    text: str
    vae_type: torch.dtype = torch.bfloat16


class Text:
    """A checkpoint's tokenizer and text encoder, compared at once and read when they are first needed; `bytes` is the
    encoder's size."""

    def __init__(self, folder: Path | Checkpoint, kind: Any, dtype: torch.dtype):
        self.folder = formats.of(folder)
        self._waiting = formats.part(self.folder, "text_encoder", kind, dtype)
        self.bytes = self._waiting.bytes

    @cached_property
    def tokens(self) -> Any:
        """The tokenizer."""
        return models_prompts.tokenizer(self.folder.folder)

    @cached_property
    def encoder(self) -> Any:
        """The text encoder, in the type of the weights."""
        return self._waiting.fill()


class Look:
    """A checkpoint's picture encoder and what prepares a picture for it, read when they are first needed."""

    def __init__(self, folder: Path | Checkpoint, kind: Any, dtype: torch.dtype):
        self.folder = formats.of(folder)
        self._waiting = formats.part(self.folder, "image_encoder", kind, dtype)

    @cached_property
    def processor(self) -> Any:
        """What resizes and normalises a picture."""
        _, transformers = formats.libraries()
        return transformers.CLIPImageProcessor(**self.folder.config("image_processor"))

    @cached_property
    def encoder(self) -> Any:
        """The picture encoder."""
        return self._waiting.fill()


class Parts:
    """A model's parts on a device, each where the Effort lets it live: `transformer`, `vae` and a text encoder; some have
    a `second` transformer for times below a boundary, and an encoder of pictures, `look`."""

    def __init__(
        self, transformer: Any, vae: Any, text: Text | None, device: torch.device, effort: Effort, sha256: str = "",
        second: Any = None, look: Look | None = None,
    ):  # fmt: skip
        self.transformer, self.vae, self.text, self.look = transformer, vae, text, look
        self.networks = (transformer,) if second is None else (transformer, second)
        self.device, self.effort, self.dtype, self.sha256 = device, effort, type_on(device), sha256
        text_bytes = 0 if text is None else text.bytes
        largest = max(map(memory.bytes_of, self.networks))
        self.arrangement = memory.arrange(effort.memory, largest, text_bytes, len(self.networks))
        self.text_caches: list[TextCache] = []
        self._place()

    def _place(self) -> None:
        arrangement = self.arrangement
        for network in self.networks:
            blocks = _blocks(network)
            if arrangement.int8:
                memory.store_int8(blocks)
            if arrangement.blocks:
                memory.stream_blocks(network, self.device)
            elif arrangement.stay:
                network.to(self.device)
            memory.hasten(network, blocks, self.effort.fast, self.device, arrangement)
        if arrangement.stay:
            self.vae.to(self.device)
        memory.set_tile(self.vae, arrangement.tile)

    @property
    def blocks(self) -> nn.ModuleList:
        """The transformer's repeated blocks, which hold nearly all of its weights."""
        return _blocks(self.transformer)

    def words(self, read: Read, prompts: list[str], length: int) -> models_prompts.Words:
        """Prompts through the text encoder, which leaves the device afterwards unless it may stay; raises InputError
        without one."""
        if self.text is None:
            raise InputError("this model was put together without a text encoder: it reads no prompts")
        new, arrangement = "encoder" not in vars(self.text), self.arrangement
        tokens, encoder = self.text.tokens, self.text.encoder
        if new and arrangement.text_blocks:
            memory.stream_blocks(encoder, self.device)
        with memory.visiting(encoder, self.device, arrangement.stay, arrangement.text_blocks):
            return read(tokens, encoder, prompts, length)

    @torch.no_grad()
    def looked(self, pictures: list[Any]) -> Tensor:
        """Pictures (H, W, 3) uint8 as the picture encoder sees them: its last hidden states but one, (N, L, D)."""
        assert self.look is not None
        encoder = self.look.encoder
        pixels = self.look.processor(images=pictures, return_tensors="pt").pixel_values
        with memory.visiting(encoder, self.device, self.arrangement.stay):
            seen = encoder(pixels.to(self.device, encoder.dtype), output_hidden_states=True)
        return seen.hidden_states[-2]

    @contextmanager
    def at_work(self, number: int = 0) -> Iterator[Any]:
        """One of the transformers, where it computes; it stays there until another part needs the room."""
        if not (self.arrangement.blocks or self.arrangement.stay):
            for other in self.networks:
                if other is not self.networks[number]:
                    other.to("cpu")
            self.networks[number].to(self.device)
        yield self.networks[number]

    @contextmanager
    def reading(self, words: models_prompts.Words, number: int = 0) -> Iterator[Any]:
        """One of the transformers at work on these words, with what its caches hold for them."""
        with self.at_work(number) as network, network.cache_context(words.stream), self._texts(words, number):
            yield network

    def _texts(self, words: models_prompts.Words, number: int) -> AbstractContextManager[None]:
        return self.text_caches[number].of(words, self.dtype) if self.text_caches else nullcontext()

    def keep_text(self, owner: Callable[[Any], nn.Module], name: str) -> None:
        """Let the text be projected once a request, by `owner(network).name` first; streamed blocks project it in every
        call."""
        if not self.arrangement.blocks:
            self.text_caches = [TextCache(owner(network), name, _blocks(network)) for network in self.networks]

    @contextmanager
    def coding(self) -> Iterator[Any]:
        """The autoencoder on the device, the transformer gone if it may not stay."""
        if not self.arrangement.stay and not self.arrangement.blocks and self.device.type != "cpu":
            for network in self.networks:
                network.to("cpu")
            memory.empty(self.device)
        with memory.visiting(self.vae, self.device, self.arrangement.stay):
            yield self.vae

    def decoded(self, decode: Callable[[Tensor], Tensor], latents: Tensor) -> Tensor:
        """`decode(latents)`, frames (B, 3, T, H, W), on the device, or with less of it when memory runs out."""
        with self.coding() as vae:
            return memory.decode_safely(decode, vae, latents, self.arrangement.tile, self.device)

    def forget(self) -> None:
        """Drop what a block cache remembers of the run before."""
        for network in self.networks:
            if getattr(network, "is_cache_enabled", False):
                network._reset_stateful_cache()


def _blocks(network: nn.Module) -> nn.ModuleList:
    return next(child for _, child in network.named_children() if isinstance(child, nn.ModuleList))


def type_on(device: torch.device) -> torch.dtype:
    """The type that these models compute in: bfloat16 on a GPU, float32 elsewhere."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def read(folder: Path | Checkpoint, kinds: Kinds, device: torch.device, effort: Effort) -> Parts:
    """A checkpoint's parts, LoRA laid over them; raises MissingPart or InputError before any of them takes memory."""
    diffusers, transformers = formats.libraries()
    place, dtype = formats.of(folder), type_on(device)
    vae_type = kinds.vae_type if device.type == "cuda" and effort.fast < 2 else dtype
    kind = getattr(diffusers, kinds.transformer)
    numbers = [name for name in ("transformer", "transformer_2") if name in place.parts()]
    networks = [formats.part(place, name, kind, dtype) for name in numbers]
    vae = formats.part(place, "vae", getattr(diffusers, kinds.vae), vae_type)
    text = Text(place, getattr(transformers, kinds.text), dtype)
    look = Look(place, transformers.CLIPVisionModel, dtype) if "image_encoder" in place.parts() else None
    laid = [
        lora.laid(network.module, lora.of_network(effort.adapters, n, len(networks)))
        for n, network in enumerate(networks)
    ]
    sha256 = lora.named_sum(formats.digest(place), effort.adapters)
    filled = []
    for network, adapters in zip(networks, laid, strict=True):
        filled.append(network.fill())
        lora.add(filled[-1], adapters)
    second = filled[1] if len(filled) > 1 else None
    return Parts(filled[0], vae.fill(), text, device, effort, sha256, second, look)
