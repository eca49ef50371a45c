"""A movement mended by descent: what a search leaves wrong, and what it costs where nothing is wrong."""

import pytest
import torch
import torch.nn.functional as F

from motionalchemy.nets import descent
from motionalchemy.nets.motion import upsampled, warp

FRAMES, SIDE, CELL = 8, 64, 4


def picture(seed: int = 0) -> torch.Tensor:
    """A smooth picture (1, 3, SIDE, SIDE) in [0, 1]."""
    rough = torch.rand(1, 3, SIDE // 8, SIDE // 8, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(rough, (SIDE, SIDE), mode="bicubic").clamp(0, 1)


def swirl() -> torch.Tensor:
    """A movement (2, FRAMES, h, w) in pixels that grows with time, most in the middle."""
    line = torch.linspace(-1, 1, SIDE // CELL)
    y, x = torch.meshgrid(line, line, indexing="ij")
    near = torch.exp(-3 * (x**2 + y**2))
    return torch.stack((-y * near, x * near))[:, None] * torch.arange(1, FRAMES + 1).view(-1, 1, 1) * 0.8


def shown(field: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    """The clip (1 + frames, 3, SIDE, SIDE) of a picture that moves so."""
    later = warp(first, upsampled(field[None], SIDE, SIDE, 1.0))[0].transpose(0, 1)
    return torch.cat((first, later))


def error(field: torch.Tensor, clip: torch.Tensor) -> float:
    return float((shown(field, clip[:1]) - clip).square().mean())


def test_a_descent_finds_what_nothing_had_found():
    clip = shown(swirl(), picture())
    found = descent.mended(clip, torch.zeros_like(swirl()))
    assert found.shape == swirl().shape
    assert error(found, clip) < 0.1 * error(torch.zeros_like(swirl()), clip)
    assert (found - swirl()).square().mean() < 0.3 * swirl().square().mean()


def test_a_movement_that_is_right_stays():
    clip = shown(swirl(), picture(1))
    found = descent.mended(clip, swirl())
    assert (found - swirl()).square().mean() < 0.05 * swirl().square().mean()


def test_chance_is_taken_off_where_nothing_can_be_seen_of_it():
    flat = torch.full((1 + FRAMES, 3, SIDE, SIDE), 0.5)
    noise = torch.randn(swirl().shape, generator=torch.Generator().manual_seed(3))
    found = descent.mended(flat, noise)
    bends = [x.diff(dim=2).square().mean() + x.diff(dim=3).square().mean() for x in (found, noise)]
    assert bends[0] < 0.02 * bends[1]


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_any_number_of_frames_is_mended_also_where_gradients_are_off(frames):
    clip = shown(swirl(), picture())[: 1 + frames]
    found = swirl()[:, :frames]
    with torch.inference_mode():
        mended = descent.mended(clip, found)
    assert mended.shape == found.shape and error(mended, clip) < 1e-3
