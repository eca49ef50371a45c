"""What a large model may cost: where its parts go, that the exact speed-ups are exact, that no decode is lost."""

import sys

import pytest
import torch

pytest.importorskip("diffusers", reason="public models need the extra gpu")

import parity
import tiny_models

from motionalchemy.cli import app
from motionalchemy.errors import InputError, MotionAlchemyError
from motionalchemy.flow import tasks
from motionalchemy.models import base, memory, registry

GB = 10**9
KINDS = ("ltx", "wan")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    return {"wan": tiny_models.wan(home / "wan"), "ltx": tiny_models.ltx(home / "ltx")}


def made(folder, effort, steps=4):
    model, row = registry.load(str(folder), "cpu", effort), registry.card(str(folder))
    still = parity.still(model, parity.picture())
    return model, parity.ours(model, row, tasks.animate(still, 4), steps, 3.0)[-1]


@pytest.mark.parametrize(
    ("gigabytes", "transformer", "expected"),
    [
        (None, 26 * GB, memory.Arrangement()),
        (80, 26 * GB, memory.Arrangement()),
        (48, 26 * GB, memory.Arrangement(stay=False)),
        (48, 10 * GB, memory.Arrangement()),
        (24, 26 * GB, memory.Arrangement(stay=False, blocks=True, tile=512)),
        (24, 10 * GB, memory.Arrangement(stay=False, tile=512)),
        (24, 4 * GB, memory.Arrangement(stay=True, tile=512)),
        (12, 10 * GB, memory.Arrangement(stay=False, int8=True, text_blocks=True, tile=256)),
        (12, 26 * GB, memory.Arrangement(stay=False, int8=True, blocks=True, text_blocks=True, tile=256)),
        (8, 4 * GB, memory.Arrangement(stay=False, int8=True, text_blocks=True, tile=256)),
    ],
)
def test_the_arrangement_follows_from_the_numbers(gigabytes, transformer, expected):
    assert memory.arrange(gigabytes, transformer, 10 * GB) == expected
    stored = transformer / 2 if expected.int8 else transformer
    if gigabytes is not None and not expected.blocks:
        assert stored <= memory.ROOM * gigabytes * GB


@pytest.mark.parametrize("kind", KINDS)
def test_level_one_is_equal_but_for_rounding(folders, kind):
    _, exact = made(folders[kind], base.Effort())
    quick, found = made(folders[kind], base.Effort(fast=1))
    assert torch.allclose(found, exact, atol=1e-4)
    calls = []
    embed = quick.parts.transformer.time_embed.emb if kind == "ltx" else quick.parts.transformer.condition_embedder
    inner = embed.timestep_embedder if kind == "ltx" else embed.time_embedder
    inner.register_forward_hook(lambda _, given, out: calls.append(out.shape[:-1].numel()))
    plan = tasks.animate(torch.zeros_like(exact), 4)
    quick.velocity(quick.words(["a"]), plan, 24.0)(exact, plan.clock(0.5))
    assert calls == [2]  # two different times, 16 tokens


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_projected_once_a_request_and_to_the_same_bits(folders, kind):
    model, exact = made(folders[kind], base.Effort(), steps=3)
    model.keep_text()
    cache, row = model.parts.text_caches[0], registry.card(str(folders[kind]))
    inputs = []
    for layer in (cache.text, *cache.layers):
        layer.inner.register_forward_hook(lambda _, given, out: inputs.append(given[0].shape))
    plan = tasks.animate(parity.still(model, parity.picture()), 4)
    assert torch.equal(parity.ours(model, row, plan, 3, 3.0)[-1], exact)
    once = 1 + 2 * len(model.parts.blocks)
    assert len(inputs) == 2 * once  # two prompts, three steps each
    words, other = model.words(["a cat"]), model.words(["the horse turns left"])
    for number, asked in enumerate((words, other, words, other), start=1):
        model.velocity(asked, plan, 24.0)(exact, plan.clock(0.5))
        assert len(inputs) == (2 + min(number, 2)) * once
        assert all(layer.made is None for layer in (cache.text, *cache.layers))  # nothing outlives its words
    assert len(words.kept[cache]) == once and not torch.equal(words.kept[cache][-1], other.kept[cache][-1])


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_in_a_call_leaves_no_text_behind(folders, kind):
    model, exact = made(folders[kind], base.Effort(fast=1), steps=2)
    words, plan, cache = model.words(["a"]), tasks.animate(torch.zeros_like(exact), 4), model.parts.text_caches[0]

    def broken(*_):
        raise RuntimeError("lost")

    model.parts.transformer.proj_out.register_forward_pre_hook(broken)
    with pytest.raises(RuntimeError, match="lost"):
        model.velocity(words, plan, 24.0)(exact, plan.clock(0.5))
    assert words.kept and all(layer.made is None for layer in (cache.text, *cache.layers))


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_one_graph_and_the_same_with_it(folders, kind):
    """Traced here, not compiled to code: whether the whole block fits one graph is the same question."""
    from torch._dynamo.testing import CompileCounter

    model, exact = made(folders[kind], base.Effort(fast=1), steps=2)
    torch._dynamo.reset()
    traced = CompileCounter()
    memory.compile_blocks(model.parts.transformer, backend=traced)
    row, still = registry.card(str(folders[kind])), parity.still(model, parity.picture())
    found = parity.ours(model, row, tasks.animate(still, 4), 2, 3.0)[-1]
    assert torch.allclose(found, exact, atol=1e-4)
    assert traced.frame_count == 1  # all blocks, both prompts and every step share it


@pytest.mark.parametrize("kind", KINDS)
def test_level_two_skips_blocks_and_stays_close(folders, kind):
    _, exact = made(folders[kind], base.Effort(), steps=12)
    quick, found = made(folders[kind], base.Effort(fast=2), steps=12)
    assert quick.parts.transformer.is_cache_enabled
    error = float((found - exact).square().mean().sqrt() / exact.square().mean().sqrt())
    assert 0 < error < 0.3
    again = parity.ours(quick, registry.card(str(folders[kind])), tasks.animate(exact, 4), 3, 3.0)[-1]
    once = parity.ours(quick, registry.card(str(folders[kind])), tasks.animate(exact, 4), 3, 3.0)[-1]
    assert torch.equal(again, once)  # nothing of one run is left in the next


@pytest.mark.parametrize("kind", KINDS)
def test_eight_bit_weights_are_half_the_bytes_and_close(folders, kind, monkeypatch):
    _, exact = made(folders[kind], base.Effort())
    monkeypatch.setattr(memory, "arrange", lambda *_: memory.Arrangement(int8=True))
    small, found = made(folders[kind], base.Effort(memory=8))
    stored = [p for p in small.parts.blocks.parameters() if "Int8" in type(p.data).__name__ + type(p).__name__]
    assert len(stored) > 10
    error = float((found - exact).square().mean().sqrt() / exact.square().mean().sqrt())
    assert 0 < error < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_that_come_from_the_host_give_the_same_bytes(folders, kind, monkeypatch):
    _, exact = made(folders[kind], base.Effort())
    monkeypatch.setattr(memory, "arrange", lambda *_: memory.Arrangement(stay=False, blocks=True, text_blocks=True))
    streamed, found = made(folders[kind], base.Effort(memory=8))
    assert torch.equal(found, exact)
    streamed.keep_text()
    assert not streamed.parts.text_caches
    hooks = [m for m in streamed.parts.transformer.modules() if hasattr(m, "_diffusers_hook")]
    assert len(hooks) >= len(streamed.parts.blocks)


@pytest.mark.parametrize("kind", KINDS)
def test_a_decode_that_runs_out_of_memory_is_tried_in_tiles(folders, kind, monkeypatch, caplog):
    model, latents = made(folders[kind], base.Effort())
    grid = model.grid
    wide = latents[:, :, :1].repeat(1, 1, 1, 576 // grid.space // 2, 576 // grid.space // 2)
    whole = model.decode(wide)
    inner, seen = model.parts.vae.decoder.forward, []

    def limited(x, *args, **rest):
        seen.append(x.shape[-1])
        if x.shape[-1] * 576 // (wide.shape[-1] * (2 if kind == "wan" else 1)) > 300:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return inner(x, *args, **rest)

    monkeypatch.setattr(model.parts.vae.decoder, "forward", limited)
    tiled = model.decode(wide)
    assert tiled.shape == whole.shape and not model.parts.vae.use_tiling
    assert seen[0] > seen[1] > seen[2]  # whole, 512, 256
    assert caplog.text.count("memory ran out while decoding") == 2
    assert float((tiled - whole).abs().mean()) < 0.25 * float(whole.std())


def test_other_errors_of_a_decode_are_not_taken_for_a_lack_of_memory(folders):
    model, latents = made(folders["ltx"], base.Effort())

    def broken(_):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        memory.decode_safely(broken, model.parts.vae, latents, None, torch.device("cpu"))

    def never(_):
        raise MemoryError

    with pytest.raises(MotionAlchemyError, match="could not be decoded"):
        memory.decode_safely(never, model.parts.vae, latents, None, torch.device("cpu"))


def test_the_last_rung_is_the_cpu():
    device = torch.device("cuda")
    assert memory.rungs(None, device) == [(None, device), (512, device), (256, device), (256, torch.device("cpu"))]
    assert memory.rungs(256, device) == [(256, device), (256, torch.device("cpu"))]
    assert memory.rungs(None, torch.device("cpu"))[-1] == (256, torch.device("cpu"))


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--fast", "1"], "fast is for large public models and not for ideal"),
        (["--memory", "24"], "memory is for large public models and not for ideal"),
        (["--memory", "7"], "memory 7 cannot be used: it must be 8, 12, 24, 48 or 80"),
        (["--fast", "3"], "fast 3 cannot be used: it must be 0, 1 or 2"),
        (["--lora", "none.safetensors"], "is not there"),
    ],
)
def test_what_is_not_for_a_model_is_refused(tmp_path, monkeypatch, capsys, option, sentence):
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64)).save("a.png")
    with pytest.raises(SystemExit) as end:
        app.main(["animate", "a.png", "left", "--model", "ideal", *option])
    assert end.value.code == 2 and sentence in capsys.readouterr().err


def test_a_model_that_is_loaded_takes_no_other_effort(folders):
    from motionalchemy import api

    model = registry.load(str(folders["ltx"]), "cpu")
    with pytest.raises(InputError, match="decided when a model is loaded"):
        api.animate(parity.picture(), "a cat", backbone=model, fast=1)


def test_guidance_stops_below_its_level():
    from motionalchemy.flow.guidance import guided

    asked = []
    away = lambda x, t: asked.append(float(t.max())) or torch.zeros_like(x)  # noqa: E731
    velocity = guided(lambda x, t: torch.ones_like(x), away, 3.0, base.Effort(fast=2).guided_above)
    x = torch.zeros(1, 1, 2, 1, 1)
    high, low = (velocity(x, torch.tensor([0.0, t]).reshape(1, 1, 2, 1, 1)) for t in (0.9, 0.2))
    assert float(high.max()) == 3 and float(low.max()) == 1 and asked == [pytest.approx(0.9)]
    assert base.Effort(fast=1).guided_above == 0
    with pytest.raises(InputError, match="lora is for large"):
        registry.MODELS["nano"].check(base.Effort(adapters=((None, 1.0),)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_benchmark_runs_and_counts(kind):
    """One row of each side on tiny models, and the work of a call against arithmetic."""
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / "benchmarks/models/gpu.py"
    spec = importlib.util.spec_from_file_location("gpu_benchmark", path)
    gpu = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = gpu
    spec.loader.exec_module(gpu)
    name = {"ltx": "ltx-2b", "wan": "wan-5b"}[kind]
    job, cpu = gpu.TINY[name], torch.device("cpu")
    found = [gpu.theirs(name, job, cpu, 2), gpu.ours(name, "ours, plain", job, registry.MODELS[name], cpu, 2)]
    assert all(row.step > 0 and row.decode > 0 and not row.refused for row in found)
    lines = gpu.table([*found, gpu.Row(name, "8-bit floats", False, refused="no")]).splitlines()
    assert len(lines) == 5 and "| 1.00 |" in lines[2] and "no" in lines[4]
    tokens, width, depth = 12, 32, 2
    attention = depth * 4 * tokens * (tokens + job.words) * width
    linear = depth * 2 * tokens * width * width * (4 + 2)
    assert attention + linear < gpu.stock.flops(job) < 40 * (attention + linear)
    real = gpu.stock.flops(gpu.JOBS["wan-5b"]) if kind == "wan" else gpu.stock.flops(gpu.JOBS["ltx-13b"])
    own = {"wan": (5.0e9, 31 * 22 * 40, 3072, 30), "ltx": (13.0e9, 16 * 22 * 38, 4096, 48)}[kind]
    weights, tokens, width, depth = own
    assert real == pytest.approx(2 * weights * tokens + 4 * tokens * tokens * width * depth, rel=0.15)
