"""Prompts as T5 and UMT5 read them, for public models: one frozen encoder, its length and how its padding is treated."""

import hashlib
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from motionalchemy.errors import InputError
from motionalchemy.models import formats

ROUND = 64  # tokens


@dataclass(frozen=True, eq=False)
class Words:
    """Prompts read: `states` (B, L, D), `mask` (B, L) bool or None where padding counts, and a name for their stream.

    `kept` is what each transformer projected from them, layer by layer, once it has (`text_cache`).
    """

    states: Tensor
    mask: Tensor | None
    stream: str
    kept: dict[Any, list[Tensor]] = field(default_factory=dict)


def cleaned(text: str) -> str:
    """A prompt as Wan cleans it: mended Unicode, HTML entities read twice, runs of space collapsed."""
    import ftfy

    mended = html.unescape(html.unescape(ftfy.fix_text(text))).strip()
    return re.sub(r"\s+", " ", mended).strip()


def tokenizer(folder: Path) -> Any:
    """The tokenizer of a checkpoint; raises InputError."""
    _, transformers = formats.libraries()
    try:
        return transformers.AutoTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{folder / 'tokenizer'} cannot be read ({reason}): fetch the model again") from error


def stream(prompts: list[str]) -> str:
    """A short name that tells one list of prompts from another."""
    return hashlib.sha256("\n".join(prompts).encode()).hexdigest()[:16]


@torch.no_grad()
def read_whole(tokens: Any, encoder: Any, prompts: list[str], length: int) -> Words:
    """As the first LTX-Videos read: the encoder sees its padding as words, the transformer does not."""
    ids = tokens(prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    states = encoder(ids.input_ids.to(encoder.device))[0]
    return Words(states, ids.attention_mask.bool().to(states.device), stream(prompts))


@torch.no_grad()
def read_masked(tokens: Any, encoder: Any, prompts: list[str], length: int) -> Words:
    """As LTX-Video reads from 0.9.5 on: no padding counts anywhere, so little is made, and that in whole steps."""
    ids = tokens(
        prompts, padding="longest", pad_to_multiple_of=ROUND, max_length=length, truncation=True, return_tensors="pt"
    )
    mask = ids.attention_mask.bool().to(encoder.device)
    return Words(encoder(ids.input_ids.to(encoder.device), attention_mask=mask)[0], mask, stream(prompts))


@torch.no_grad()
def read_padded(tokens: Any, encoder: Any, prompts: list[str], length: int) -> Words:
    """As Wan reads: the encoder masked, states beyond a prompt's own length zero, no mask for the transformer."""
    prompts = [cleaned(prompt) for prompt in prompts]
    ids = tokens(prompts, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    mask = ids.attention_mask.to(encoder.device)
    states = encoder(ids.input_ids.to(encoder.device), mask).last_hidden_state
    return Words(states * mask[..., None].to(states.dtype), None, stream(prompts))
