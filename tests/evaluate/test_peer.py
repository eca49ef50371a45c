"""The peer of the bench: diffusers' own pipeline is run as it is, counted as it is, and equal to ours where it can be."""

import json
import sys
from dataclasses import asdict, replace

import pytest
import torch

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")
pytest.importorskip("accelerate", reason="public models need the extra gpu")

from motionalchemy.errors import InputError  # noqa: E402
from motionalchemy.evaluate import bench, peer, speed, stock  # noqa: E402
from motionalchemy.models import formats, schedules  # noqa: E402

CPU = torch.device("cpu")
LTX, WAN = stock.TINY["ltx-2b"], stock.TINY["wan-5b"]


def test_a_clip_of_the_peer_is_measured_phase_by_phase():
    found = peer.measure(speed.Spec(peer.NAME, "cpu", 17 / 24, 64), job=LTX)
    assert list(found.phases) == ["load", "text", "encode", "stage 1", "decode", "write"]
    assert all(seconds > 0 for name, seconds in found.phases.items() if name != "text")
    assert found.total == pytest.approx(sum(found.phases.values()))
    assert (found.calls, found.frames, found.tokens) == (7, 17, 7 * 3 * 2 * 2)  # unguided: a call a step
    assert found.flops == 7 * stock.flops(LTX) and found.memory > 50e6 and found.ceiling > 1e8
    assert found.phases["stage 1"] >= found.call_seconds > 0
    ours = speed.Measured(speed.Spec("ideal"), phases={"start": 1.0, "load": 0.5, "write": 0.25}, total=1.75)
    text = bench.report([ours, replace(found, same=[asdict(peer.Same("ltx", 0.3, 0.2, 0.1, 1e-6, 2e-6))])])
    assert f"| ideal | {peer.NAME} |" in text and "| ltx | 0.3000 | 0.2000 | 1.50 | 0.1000 | 3.00 |" in text
    assert "| without start and load, s | 0.25 |" in text
    assert speed.table([ours]) in text and peer.NAME not in speed.table([ours])


@pytest.mark.parametrize("job", [LTX, WAN], ids=["ltx", "wan"])
def test_ours_and_the_pipeline_agree_on_identical_weights(job):
    found = peer.same(job.family, CPU, job, steps=3, repeats=1)
    assert min(found.stock, found.ours, found.fast) > 0
    assert max(found.difference, found.fast_difference) < 3e-4


def test_a_lack_of_memory_is_one_sentence_and_a_line(monkeypatch, capsys):
    with pytest.raises(InputError, match=r"needs 12 GB of memory and 3.0 GB are free: leave --peer out"):
        peer.check_room(3e9)
    peer.check_room(13e9)
    peer.check_room(None)
    monkeypatch.setattr(peer, "free", lambda device: 3e9)
    monkeypatch.setattr(stock, "SMALL", {})
    monkeypatch.setattr(sys, "argv", ["-c", json.dumps(asdict(speed.Spec(peer.NAME, "cpu", 2.0, 256))), "0"])
    peer.child()
    printed = json.loads(capsys.readouterr().out)
    assert "12 GB" in printed["refused"] and printed["calls"] == 0
    found = speed.Measured(speed.Spec(peer.NAME), refused=printed["refused"])
    assert "Peer: refused: LTX-Video 2B needs 12 GB" in bench.report([speed.Measured(speed.Spec("ideal")), found])


def test_the_bench_asks_for_the_clip_that_ours_made(monkeypatch):
    asked = []

    def process(spec, room=""):
        asked.append((spec, room))
        return speed.Measured(spec, frames=49)

    monkeypatch.setattr(bench, "in_a_process", process)
    monkeypatch.setattr(peer, "in_a_process", process)
    done = list(bench.bench("nano", "cpu", (2.0,), (256,), peer=True))
    assert [m.spec.model for m in done] == ["nano", peer.NAME]
    spec, room = asked[-1]
    assert (round(spec.seconds * 24), spec.size, room) == (49, 256, peer.__name__)


def test_the_pipelines_times_are_those_of_the_distilled_models():
    libraries, _ = formats.libraries()
    scheduler = peer.distilled(libraries)
    count = len(schedules.DISTILLED)
    scheduler.set_timesteps(count, device="cpu", sigmas=[0.5] * count, mu=1.0)
    assert scheduler.sigmas.tolist() == pytest.approx([*schedules.DISTILLED, 0.0])
    assert scheduler.timesteps.tolist() == pytest.approx([1000 * t for t in schedules.DISTILLED])


def test_drawn_weights_are_the_same_each_time_and_of_the_right_type_and_size():
    kind = diffusers.WanTransformer3DModel
    one, two = (stock.built(kind, WAN.transformer, CPU, torch.bfloat16) for _ in range(2))
    weights = dict(one.named_parameters())
    assert all(torch.equal(a, b) for a, b in zip(weights.values(), two.parameters(), strict=True))
    assert weights["condition_embedder.time_embedder.linear_1.weight"].dtype == torch.float32
    assert weights["blocks.0.ffn.net.2.weight"].dtype == torch.bfloat16
    inner = weights["blocks.0.ffn.net.2.weight"].float()
    assert float(inner.std()) == pytest.approx((1 / 3 / inner.shape[1]) ** 0.5, rel=0.1)
    assert not torch.equal(weights["blocks.0.attn1.to_q.weight"], weights["blocks.0.attn1.to_k.weight"])
    assert float(weights["blocks.0.attn1.norm_q.weight"].std()) == 0
