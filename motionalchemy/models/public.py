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
    """A checkpoint's tokenizer and text encoder, read when they are first needed; `bytes` is the encoder's size."""

    def __init__(self, folder: Path, kind: Any, dtype: torch.dtype):
        self.folder, self.kind, self.dtype = folder, kind, dtype
        self.bytes = sum(path.stat().st_size for path in formats.weights(folder, "text_encoder"))

    @cached_property
    def tokens(self) -> Any:
        """The tokenizer."""
        return models_prompts.tokenizer(self.folder)

    @cached_property
    def encoder(self) -> Any:
        """The text encoder, in the type of the weights."""
        return formats.part(self.folder, "text_encoder", self.kind, self.dtype)


class Parts:
    """A model's parts on a device, each where the Effort lets it live: `transformer`, `vae` and a text encoder."""

    def __init__(
        self, transformer: Any, vae: Any, text: Text | None, device: torch.device, effort: Effort, sha256: str = ""
    ):
        self.transformer, self.vae, self.text = transformer, vae, text
        self.device, self.effort, self.dtype, self.sha256 = device, effort, type_on(device), sha256
        text_bytes = 0 if text is None else text.bytes
        self.arrangement = memory.arrange(effort.memory, memory.bytes_of(transformer), text_bytes)
        self.text_cache: TextCache | None = None
        self._place()

    def _place(self) -> None:
        arrangement, blocks = self.arrangement, self.blocks
        if arrangement.int8:
            memory.store_int8(blocks)
        if arrangement.blocks:
            memory.stream_blocks(self.transformer, self.device)
        elif arrangement.stay:
            self.transformer.to(self.device)
        if arrangement.stay:
            self.vae.to(self.device)
        memory.set_tile(self.vae, arrangement.tile)
        memory.hasten(self.transformer, blocks, self.effort.fast, self.device, arrangement)

    @property
    def blocks(self) -> nn.ModuleList:
        """The transformer's repeated blocks, which hold nearly all of its weights."""
        return next(child for _, child in self.transformer.named_children() if isinstance(child, nn.ModuleList))

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

    @contextmanager
    def at_work(self) -> Iterator[Any]:
        """The transformer, where it computes; it stays there until the autoencoder needs the room."""
        if not (self.arrangement.blocks or self.arrangement.stay):
            self.transformer.to(self.device)
        yield self.transformer

    @contextmanager
    def reading(self, words: models_prompts.Words) -> Iterator[Any]:
        """The transformer at work on these words, with what its caches hold for them."""
        with self.at_work() as transformer, transformer.cache_context(words.stream), self._texts(words):
            yield transformer

    def _texts(self, words: models_prompts.Words) -> AbstractContextManager[None]:
        return nullcontext() if self.text_cache is None else self.text_cache.of(words, self.dtype)

    def keep_text(self, owner: nn.Module, name: str) -> None:
        """Let the text be projected once a request, by `owner.name` first; streamed blocks project it in every call."""
        if not self.arrangement.blocks:
            self.text_cache = TextCache(owner, name, self.blocks)

    @contextmanager
    def coding(self) -> Iterator[Any]:
        """The autoencoder on the device, the transformer gone if it may not stay."""
        if not self.arrangement.stay and not self.arrangement.blocks and self.device.type != "cpu":
            self.transformer.to("cpu")
            memory.empty(self.device)
        with memory.visiting(self.vae, self.device, self.arrangement.stay):
            yield self.vae

    def decoded(self, decode: Callable[[Tensor], Tensor], latents: Tensor) -> Tensor:
        """`decode(latents)`, frames (B, 3, T, H, W), on the device, or with less of it when memory runs out."""
        with self.coding() as vae:
            return memory.decode_safely(decode, vae, latents, self.arrangement.tile, self.device)

    def forget(self) -> None:
        """Drop what a block cache remembers of the run before."""
        if getattr(self.transformer, "is_cache_enabled", False):
            self.transformer._reset_stateful_cache()


def type_on(device: torch.device) -> torch.dtype:
    """The type that these models compute in: bfloat16 on a GPU, float32 elsewhere."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def read(folder: Path, kinds: Kinds, device: torch.device, effort: Effort) -> Parts:
    """A checkpoint's parts, LoRA laid over them; raises MissingPart or InputError."""
    diffusers, transformers = formats.libraries()
    dtype = type_on(device)
    vae_type = kinds.vae_type if device.type == "cuda" and effort.fast < 2 else dtype
    text = Text(folder, getattr(transformers, kinds.text), dtype)
    transformer = formats.part(folder, "transformer", getattr(diffusers, kinds.transformer), dtype)
    vae = formats.part(folder, "vae", getattr(diffusers, kinds.vae), vae_type)
    sha256 = lora.apply(transformer, effort.adapters, formats.digest(folder))
    return Parts(transformer, vae, text, device, effort, sha256)
