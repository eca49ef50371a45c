"""What goes to and fro is shown as far as it went before it was stored; what goes on, and the first frame, stay."""

import math

import pytest
import torch

from motionalchemy.nets.repertoire import KEPT, SWING, _leaves, _speed, swung


def over_time(values: torch.Tensor) -> torch.Tensor:
    """One value a frame as a movement (2, T, 3, 4)."""
    return values.view(1, -1, 1, 1).expand(2, -1, 3, 4).clone()


def test_a_swing_is_enlarged_and_what_goes_on_is_not():
    at = torch.arange(1, 49).double()
    swing, goes = over_time(torch.sin(at * 2 * math.pi / (2 * SWING + 1))), over_time(0.3 * at)
    found = swung(goes + swing, 1.5)
    assert found.shape == goes.shape
    middle = slice(SWING, -SWING)
    assert torch.allclose(found[:, middle], (goes + 1.5 * swing)[:, middle], atol=1e-6)
    assert torch.allclose(swung(goes, 1.5), goes, atol=1e-6)
    assert torch.allclose(found[:, -1], (goes + swing)[:, -1], atol=1e-6)  # it ends where it ended


def test_a_movement_without_gain_or_too_short_for_a_swing_is_as_it_was():
    field = torch.randn(2, 20, 3, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(swung(field, 1.0), field)
    assert torch.equal(swung(field[:, :SWING], 2.0), field[:, :SWING])
    assert not torch.equal(swung(field, 2.0), field)


def test_how_fast_and_how_far_out_of_the_picture_a_subject_goes():
    opacity = torch.zeros(4, 8)
    opacity[2:, 2:6] = 1  # it stands on the lower edge
    sinks = torch.zeros(2, 4, 4, 8)
    sinks[1] = -torch.arange(1, 5).view(4, 1, 1) / 8  # a cell a frame: what is seen comes from above
    assert _leaves(torch.zeros_like(sinks), opacity) == 0
    assert _leaves(sinks[:, :1], opacity) == 0.5
    assert _leaves(sinks, opacity) == 1
    assert _speed(sinks, opacity) == pytest.approx(math.log(1 / 8))


@pytest.mark.parametrize("action", KEPT)
def test_no_action_is_enlarged_more_than_twice(action: str):
    assert 0.5 <= KEPT[action] < 0.9
