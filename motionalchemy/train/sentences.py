"""Sentences for training, each encoded once."""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from motionalchemy.nets.text import TokenEncoder, Tokens

LONGEST = 40  # tokens of a sentence


class Sentences:
    """Sentences -> their tokens, as `text` encodes them; one met before is looked up, in half precision."""

    def __init__(self, text: TokenEncoder):
        self.text, self.known = text, dict[str, tuple[Tensor, Tensor]]()

    def __call__(self, sentences: list[str]) -> Tokens:
        for said in set(sentences) - self.known.keys():
            one = self.text.encode([said], limit=LONGEST)
            self.known[said] = one.ids[0], one.vectors[0].half()
        ids, vectors = map(list, zip(*(self.known[said] for said in sentences), strict=True))
        padded = pad_sequence(ids, batch_first=True)
        there = torch.arange(padded.shape[1]) < torch.tensor([len(each) for each in ids])[:, None]
        return Tokens(padded, pad_sequence(vectors, batch_first=True).float(), there)
