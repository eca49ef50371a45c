"""Networks as lists of steps: each step is what PyTorch says it is, and what is unknown is refused."""

import pytest
import torch
import torch.nn.functional as F

from motionalchemy.errors import InputError
from motionalchemy.nets.graph import MOST, Graph, GraphConfig


def graph(*steps: dict, outputs: tuple[int, ...] = (), shapes: dict | None = None) -> Graph:
    """A network of some steps."""
    torch.manual_seed(0)
    found = Graph(GraphConfig(8, list(steps), list(outputs or (len(steps),)), shapes or {}))
    for each in found.parameters():
        torch.nn.init.normal_(each)
    return found.requires_grad_(False)


def seen() -> torch.Tensor:
    """Two pictures of chance."""
    return torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def test_a_convolution_is_padded_unevenly_and_followed_by_what_it_says():
    step = {"op": "conv", "takes": [0], "pad": [0, 1, 0, 1], "stride": 2, "dilation": 1, "groups": 1, "then": "relu6"}
    found = graph(step, shapes={"1": [4, 3, 3, 3]})
    (made,) = found(seen())
    expected = F.conv2d(F.pad(seen(), (0, 1, 0, 1)), found.weights["1"], found.biases["1"], 2).clamp(0, 6)
    assert made.shape == (2, 4, 4, 4)
    torch.testing.assert_close(made, expected)


def test_values_are_kept_as_long_as_they_are_needed():
    steps = [
        {"op": "relu", "takes": [0]},
        {"op": "pool", "takes": [1], "size": [2, 2], "stride": 2, "pad": [0, 0, 0, 0]},
        {"op": "resize", "takes": [2], "size": [8, 8], "corners": False},
        {"op": "add", "takes": [1, 3]},
        {"op": "sigmoid", "takes": [4]},
    ]
    first, last = graph(*steps, outputs=(1, 5))(seen())
    up = F.interpolate(F.max_pool2d(first, 2), (8, 8), mode="bilinear", align_corners=False)
    torch.testing.assert_close(last, (first + up).sigmoid())


def test_channels_count_last_where_values_are_laid_out_anew():
    steps = [
        {"op": "reshape", "takes": [0], "shape": [64, 3]},
        {"op": "reshape", "takes": [0], "shape": [192, 1]},
        {"op": "concat", "takes": [1, 1], "axis": 1},
    ]
    flat, _, both = graph(*steps, outputs=(1, 2, 3))(seen())
    torch.testing.assert_close(flat, seen().permute(0, 2, 3, 1).reshape(2, 64, 3))
    assert both.shape == (2, 128, 3)


def test_channels_are_spread_over_places():
    x = torch.arange(2 * 12 * 2 * 2, dtype=torch.float32).view(2, 12, 2, 2)
    (made,) = graph({"op": "spread", "takes": [0], "block": 2})(x)
    assert made.shape == (2, 3, 4, 4)
    assert made[0, :, 0, 1].tolist() == x[0, 3:6, 0, 0].tolist()  # one to the right: the second three channels
    assert made[0, :, 1, 0].tolist() == x[0, 6:9, 0, 0].tolist()


def test_what_is_unknown_or_too_long_is_refused():
    with pytest.raises(InputError, match="'softmax'"):
        graph({"op": "softmax", "takes": [0]})(seen())
    with pytest.raises(InputError, match=str(MOST)):
        steps = [{"op": "relu", "takes": [n]} for n in range(MOST + 1)]
        Graph(GraphConfig(8, steps, [1], {}))
