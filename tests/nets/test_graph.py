"""Networks as lists of steps: each operation against what it means, values let go, what is refused, packs without zeros."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from motionalchemy.errors import InputError
from motionalchemy.nets import pack
from motionalchemy.nets.graph import MOST, Graph, GraphConfig
from motionalchemy.scene import looks

NAMES = ("face-detection", "face-mesh", "iris", "pose-detection", "pose")
X = torch.randn(2, 4, 7, 7, generator=torch.Generator().manual_seed(0))


def network(*steps, outputs=None, **shapes):
    made = Graph(
        GraphConfig(7, list(steps), outputs or [len(steps)], {name[1:]: shape for name, shape in shapes.items()})
    )
    for number, weight in enumerate(made.parameters()):
        weight.data = torch.randn(weight.shape, generator=torch.Generator().manual_seed(number + 1))
    return made


def test_a_convolution_pads_unevenly_where_the_network_does():
    """TensorFlow's SAME with stride 2 of 7 pixels: nothing more is put before than after, and one more after of 8."""
    graph = network({"op": "conv", "takes": [0], "pad": [0, 1, 0, 1], "stride": 2, "then": "relu6"}, _1=[3, 4, 3, 3])
    weight, bias = graph.weights["1"], graph.biases["1"]
    by_hand = [
        (X[:, :, y : y + 3, x : x + 3, None] * weight.permute(1, 2, 3, 0)).sum((1, 2, 3))
        for y in (0, 2, 4)
        for x in (0, 2, 4)
    ]
    expected = (torch.stack(by_hand, 2).view(2, 3, 3, 3) + bias[:, None, None]).clamp(0, 6)
    assert torch.allclose(graph(X)[0][:, :, :3, :3], expected, atol=1e-4)


def test_an_even_border_is_as_good_as_one_laid_around():
    even = network({"op": "conv", "takes": [0], "pad": [2, 2, 1, 1], "groups": 4, "dilation": 2}, _1=[4, 1, 3, 3])
    laid = network(
        {"op": "pad", "takes": [0], "pad": [2, 2, 1, 1, 0, 0]},
        {"op": "conv", "takes": [1], "groups": 4, "dilation": 2},
        _2=[4, 1, 3, 3],
    )
    assert torch.allclose(even(X)[0], laid(X)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"op": "relu", "takes": [0]}, X.clamp(min=0)),
        ({"op": "sigmoid", "takes": [0]}, 1 / (1 + torch.exp(-X))),
        ({"op": "add", "takes": [0, 0], "then": "relu"}, (2 * X).clamp(min=0)),
        ({"op": "pad", "takes": [0], "pad": [0, 0, 0, 0, 0, 3]}, torch.cat((X, torch.zeros(2, 3, 7, 7)), 1)),
        (
            {"op": "pool", "takes": [0], "size": [2, 2], "stride": 2, "pad": [0, 1, 0, 1]},
            F.max_pool2d(X, 2, 2, ceil_mode=True),
        ),
        ({"op": "concat", "takes": [0, 0], "axis": 1}, torch.cat((X, X), 1)),
        ({"op": "reshape", "takes": [0], "shape": [49, 4]}, X.flatten(2).transpose(1, 2)),
        (
            {"op": "resize", "takes": [0], "size": [13, 13], "corners": True},
            F.interpolate(X, (13, 13), mode="bilinear", align_corners=True),
        ),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else "",
)
def test_an_operation_is_what_it_means(step, expected):
    assert torch.allclose(network(step)(X)[0], expected, atol=1e-6)


def test_a_slope_belongs_to_its_channel():
    graph = network({"op": "prelu", "takes": [0]}, _1=[4])
    slopes = graph.weights["1"][:, None, None]
    assert torch.allclose(graph(X)[0], torch.where(X > 0, X, slopes * X))


def test_spread_channels_lie_beside_one_another_in_each_place():
    """Depth to space as TensorFlow does it: the channel counts last."""
    x = torch.arange(8.0).view(1, 8, 1, 1)  # 2 x 2 places of two channels
    spread = network({"op": "spread", "takes": [0], "block": 2})(x)[0]
    assert spread.tolist() == [[[[0, 2], [4, 6]], [[1, 3], [5, 7]]]]


def test_a_value_may_be_taken_twice_and_returned_too():
    graph = network(
        {"op": "relu", "takes": [0]}, {"op": "add", "takes": [1, 0]}, {"op": "add", "takes": [2, 1]}, outputs=[1, 3]
    )
    first, last = graph(X)
    assert torch.equal(first, X.clamp(min=0)) and torch.allclose(last, 2 * X.clamp(min=0) + X)


def test_unknown_steps_and_endless_lists_are_refused():
    with pytest.raises(InputError, match="'sort'"):
        network({"op": "sort", "takes": [0]})(X)
    with pytest.raises(InputError, match=str(MOST)):
        Graph(GraphConfig(7, [{"op": "relu", "takes": [0]}] * (MOST + 1), [1]))


def test_a_pack_without_zeros_gives_back_the_network(tmp_path):
    graph = network({"op": "conv", "takes": [0]}, _1=[6, 4, 3, 3])
    graph.weights["1"].data = (graph.weights["1"] * (torch.rand(6, 4, 3, 3) < 0.3)).half().float()
    pack.save(tmp_path, graph, "few", "sparse")
    loaded, _ = pack.load(tmp_path, "few", lambda config: Graph(GraphConfig(**config)))
    assert torch.equal(loaded.state_dict()["weights.1"], graph.weights["1"])
    stored = load_file(tmp_path / "model.safetensors")
    assert len(stored["weights.1"]) == int((graph.weights["1"] != 0).sum())


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_that_ships_answers_within_its_bounds(name):
    graph = looks.network(name)
    shown = np.random.default_rng(0).integers(0, 256, (graph.config.side, graph.config.side, 3), dtype=np.uint8)
    assert all(np.isfinite(each).all() and each.size for each in looks.run(name, shown))
