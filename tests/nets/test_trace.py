"""Where things come from in frame 0: what slides, what goes far, what it uncovers, and what cannot be seen to move."""

import pytest
import torch
import torch.nn.functional as F

from motionalchemy.nets.trace import trace

SIDE, FRAMES = 64, 41


def textured(height: int, width: int, seed: int, light: float = 0.0) -> torch.Tensor:
    """A smooth random picture (3, H, W) in [-1, 1], darker or lighter."""
    rough = torch.randn(1, 3, height // 4 + 1, width // 4 + 1, generator=torch.Generator().manual_seed(seed))
    return (F.interpolate(rough, (height, width), mode="bicubic")[0].tanh() * 0.4 + light).clamp(-1, 1)


def crossing(ground: torch.Tensor, thing: torch.Tensor, top: int = 26, begin: int = 6) -> torch.Tensor:
    """A clip (3, FRAMES, SIDE, SIDE) of a thing that goes one pixel to the right with every frame."""
    clip = ground[:, None].repeat(1, FRAMES, 1, 1)
    high, wide = thing.shape[1:]
    for t in range(FRAMES):
        clip[:, t, top : top + high, begin + t : begin + t + wide] = thing
    return clip


def test_a_slide_is_traced_to_where_it_came_from():
    wide = textured(SIDE, SIDE + FRAMES, 0)
    clip = torch.stack([wide[..., FRAMES - t : FRAMES - t + SIDE] for t in range(17)], 1)
    middle = trace(clip)[:, :, 16:48, 24:56]  # away from what came in over the edge
    for i in range(16):
        assert middle[0, i].mean() == pytest.approx(-(i + 1), abs=0.2)
        assert middle[1, i].mean() == pytest.approx(0, abs=0.1)


def test_a_small_thing_that_goes_far_is_found_where_it_began():
    field = trace(crossing(textured(SIDE, SIDE, 1, -0.4), textured(12, 12, 2, 0.5)))
    for t in (10, 20, 39):
        inside = field[:, t, 29:35, 6 + t + 4 : 6 + t + 10]
        assert inside[0].median() == pytest.approx(-(t + 1), abs=1.5)
        assert inside[1].abs().median() < 1


def test_ground_beside_what_passes_stays():
    field = trace(crossing(textured(SIDE, SIDE, 1, -0.4), textured(12, 12, 2, 0.5)))
    assert field[:, -1, :16].abs().mean() < 0.1 and field[:, -1, 48:].abs().mean() < 0.1


def test_ground_that_is_uncovered_is_not_what_covered_it():
    """The thing was over these places on its way, not at the beginning: frame 0 shows what is there."""
    clip = crossing(textured(SIDE, SIDE, 1, -0.4), textured(12, 12, 2, 0.5))
    field = trace(clip)[:, -1, 28:36, 22:38]
    assert field.norm(dim=0).median() < 3  # the thing itself came from up to 40 pixels away


def test_what_shows_nothing_does_not_drift():
    """A plain sky over ground under a pan stays, or goes as the ground does, or between the two."""
    ground = textured(SIDE, SIDE + FRAMES, 3)
    ground[:, :28] = 0.6
    clip = torch.stack([ground[..., t : t + SIDE] for t in range(25)], 1)
    field = trace(clip)[:, -1]
    assert field[0, 40:, 8:32].median() == pytest.approx(24, abs=0.3)
    sky = field[:, :20, 8:32]
    assert sky[0].min() > -0.5 and sky[0].max() < 24.5 and sky[1].abs().max() < 0.5
