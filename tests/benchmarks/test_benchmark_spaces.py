"""The comparison of latent spaces: what is left out of a space is left out of later frames only, and the flow is small."""

import spaces
import torch


def test_a_smaller_space_keeps_the_picture_and_the_first_channels():
    latents = torch.randn(2, 24, 3, 4, 4)
    kept = spaces.cut(latents, 8)
    assert torch.equal(kept[:, :, 0], latents[:, :, 0]) and torch.equal(kept[:, :8], latents[:, :8])
    assert not kept[:, 8:, 1:].any() and latents[:, 8:, 1:].all()


def test_the_small_flow_is_small():
    model = spaces.FlowTransformer(spaces.SMALL)
    assert sum(p.numel() for p in model.parameters()) < 5e6
