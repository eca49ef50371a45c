"""What moves as a whole and what moves in it, told apart in closed form."""

import pytest
import torch

from motionalchemy.models import schedules
from motionalchemy.nets import camera

DOWN, RIGHT = torch.meshgrid(torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 24), indexing="ij")


def field(*frames):
    """(1, 2, T, 16, 24) from what each frame's right and down are."""
    return torch.stack([torch.stack(frame) for frame in frames], 1)[None]


def moving():
    """A pan, a zoom and a roll, and a third of the picture that goes its own way beside them."""
    still = torch.zeros_like(RIGHT)
    common = field((still + 4, still - 1), (3 * RIGHT, 2 * DOWN), (-2 * DOWN, 2 * RIGHT), (still, still))
    own = torch.zeros_like(common)
    own[:, 0, :, 4:12, 4:14] = 15
    return common, own


def test_the_whole_is_found_beside_what_goes_its_own_way():
    common, own = moving()
    torch.testing.assert_close(camera.whole(common), common, atol=1e-2, rtol=0)
    assert (camera.whole(common + own) - common).abs().max() < 0.3
    torch.testing.assert_close(camera.whole(-(common + own)), -camera.whole(common + own), atol=1e-4, rtol=1e-4)


def test_trembling_is_steadied_and_movement_is_left_alone():
    common, own = moving()
    tremble = 0.4 * torch.randn(common.shape, generator=torch.Generator().manual_seed(0))
    steady = camera.steadied(common + own + tremble, least=2.0, share=0.5)
    still = own[:, 0] == 0
    before, after = ((f - common - own).square().sum(1)[still].mean().sqrt() for f in (common + own + tremble, steady))
    assert after < 0.3 * before
    there = (steady - common).norm(dim=1)[~still]
    assert there.mean() > 13
    assert camera.steadied(torch.zeros_like(common), 2.0, 0.5).abs().max() == 0


@pytest.mark.parametrize(
    ("steps", "top", "expected"),
    [(1, 1.0, [1, 0]), (2, 1.0, [1, 0.4, 0]), (3, 1.0, [1, 0.4, 0.2, 0]), (2, 0.3, [0.3, 0.3, 0])],
)
def test_a_model_whose_first_answer_decides_steps_far_down_at_once(steps, top, expected):
    assert schedules.decided(steps, top, rest=0.4) == pytest.approx(expected)
