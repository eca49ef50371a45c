"""The bench: what is counted is what was done."""

from pathlib import Path

import pytest
import torch
from torch import nn

from motionalchemy.errors import UnknownName
from motionalchemy.evaluate import bench, speed
from motionalchemy.flow.plan import Plan, Reference
from motionalchemy.models import registry


class Linear:
    """A backbone whose velocity is one matrix product over the channels."""

    name = "linear"

    def __init__(self) -> None:
        self.layer = nn.Linear(8, 8, bias=False)

    def velocity(self, words, plan, fps):
        return lambda x, t: self.layer(x.movedim(1, -1)).movedim(-1, 1)


def test_calls_tokens_and_flop_are_those_of_the_work():
    model = speed.Counted(Linear())  # type: ignore[arg-type]
    plan = Plan(
        torch.zeros(1, 8, 3, 4, 5), torch.ones(1, 1, 3, 1, 1), (Reference("view", torch.zeros(1, 8, 1, 4, 5), 1),)
    )
    velocity = model.velocity(None, plan, 24.0)
    for _ in range(4):
        velocity(plan.value, torch.ones(1))
    assert (model.calls, model.tokens) == (4, 4 * (60 + 20))
    assert model.flops() == 4 * 2 * 60 * 8 * 8
    assert model.calls == 4 and model.seconds > 0
    assert model.name == "linear"


def test_a_clip_is_measured_phase_by_phase():
    spec = speed.Spec("ideal", seconds=0.3, size=64, steps=4)
    found = speed.measure(spec, registry.load("ideal"), born=None)
    assert list(found.phases) == ["load", "text", "encode", "stage 1", "stage 2", "decode", "write"]
    assert found.total == pytest.approx(sum(found.phases.values()))
    assert found.calls == 4 and found.frames == 9 and found.refused is None
    assert found.memory > 50e6 and found.cpu > 0 and found.ceiling > 1e8 and 0 <= found.share <= 1
    assert "| 0.3 | 64 | 9 | 4 |" in speed.table([found])


def test_a_fresh_process_measures_and_a_refusal_is_a_line(tmp_path: Path):
    done = list(bench.bench("ideal", "cpu", seconds=(0.3, 601), sizes=(64,), out=tmp_path))
    assert [m.refused is None for m in done] == [True, False]
    assert done[0].phases["start"] > 0
    assert "refused: seconds 601" in (tmp_path / "bench.md").read_text("utf-8")
    assert (tmp_path / "bench.json").is_file()
    with pytest.raises(UnknownName, match="nano"):
        next(bench.bench("no-such-model"))
