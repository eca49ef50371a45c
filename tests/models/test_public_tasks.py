"""The same requests on LTX-Video and on Wan 2.2, through the doors: every task, and the pipelines' own frames."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")

import parity  # noqa: E402
import tiny_models  # noqa: E402

from motionalchemy import api  # noqa: E402
from motionalchemy.cli import app  # noqa: E402
from motionalchemy.errors import MissingPart  # noqa: E402
from motionalchemy.media import reader  # noqa: E402
from motionalchemy.models import base, registry  # noqa: E402

KINDS = ("ltx", "wan")
FRAMES = {"ltx": 17, "wan": 13}
QUICK = ("--size", "64", "--steps", "3")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    return {
        "wan": tiny_models.wan(home / "wan"),
        "ltx": tiny_models.ltx(home / "ltx", "LTXImageToVideoPipeline", False),
    }


@pytest.fixture(scope="module")
def condition(tmp_path_factory, folders):
    """The models that take views: what a person would pull."""
    return folders | {"ltx": tiny_models.ltx(tmp_path_factory.mktemp("condition") / "ltx")}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    for name, seed in (("a", 0), ("b", 1)):
        Image.fromarray(parity.picture(seed, 96)).save(tmp_path / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments):
    with pytest.raises(SystemExit) as end:
        app.main([str(a) for a in arguments])
    return end.value.code or 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_gives_the_frames_of_the_pipeline(folders, monkeypatch, kind):
    """The same picture, sentence, seed and steps: at most one level of 255 apart."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
    image, frames = parity.picture(), FRAMES[kind]
    clip = api.animate(
        image, parity.PROMPT, negative=parity.NEGATIVE, model=str(folders[kind]), size=64, steps=4, seed=7, guidance=3.0,
        seconds=frames / 24, fps=24.0,
    )  # fmt: skip
    name = {"ltx": "LTXImageToVideoPipeline", "wan": "WanImageToVideoPipeline"}[kind]
    pipeline = getattr(diffusers, name).from_pretrained(folders[kind])
    more = {"frame_rate": 24} if kind == "ltx" else {}
    _, expected = parity.theirs(
        pipeline, image=Image.fromarray(image), height=64, width=64, num_frames=frames, num_inference_steps=4,
        guidance_scale=3.0, **more,
    )  # fmt: skip
    assert clip.frames.shape == expected.shape
    assert int(np.abs(clip.frames.astype(int) - np.round(expected * 255).astype(int)).max()) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_task_makes_its_clip_twice_alike(condition, desk, capsys, kind):
    model, frames = ["--model", condition[kind], *QUICK], FRAMES[kind]
    length = ["--seconds", f"{frames / 24:.4f}"]
    assert call("animate", "a.png", "the horse gallops", *model, *length, "-o", "source.mp4") == 0
    begin, end = (f"{n / 24:.4f}" for n in ((1, 9) if kind == "ltx" else (1, 5)))
    jobs = {
        "last": ("animate", "a.png", "the horse gallops", *length, "--last", "b.png"),
        "loop": ("animate", "a.png", "the horse gallops", *length, "--loop"),
        "stages": ("animate", "a.png", "it turns", *length, "--size", "128", "--stages", "2"),
        "imagine": ("imagine", "the horse gallops", *length),
        "extend": ("extend", "source.mp4", "it turns left", *length),
        "contrast": ("edit", "source.mp4", "a cat sits", "--method", "contrast", "--source-prompt", "the horse"),
        "redraw": ("edit", "source.mp4", "a cat sits", "--method", "redraw", "--strength", "0.6"),
        "retake": ("retake", "source.mp4", "a cat sits", "--from", begin, "--to", end),
        "orbit": ("orbit", "a.png", "b.png", *length),
    }
    sums = set()
    for name, (command, *rest) in jobs.items():
        assert call(command, *model, *rest, "-o", f"{name}.mp4") == 0, (name, capsys.readouterr().err)
        clip = reader.read_clip(desk / f"{name}.mp4")
        side = 128 if name == "stages" else 64
        assert clip.frames.shape[1:] == (side, side, 3) and len(clip) >= frames - (name == "loop"), name
        sums.add(hashlib.sha256((desk / f"{name}.mp4").read_bytes()).hexdigest())
    assert len(sums) == len(jobs)
    assert call("again", "last.json", "-o", "anew.mp4") == 0
    assert (desk / "anew.mp4").read_bytes() == (desk / "last.mp4").read_bytes()
    assert "not the same" not in capsys.readouterr().err


def test_what_a_model_cannot_do_is_refused_before_it_loads(folders, desk, monkeypatch, capsys):
    monkeypatch.setattr(base.Card, "load", lambda *_: pytest.fail("the model was loaded"))
    assert call("orbit", "a.png", "b.png", "--model", folders["ltx"], *QUICK) == 2
    message = capsys.readouterr().err
    assert "reference:view" in message and "ltx-2b" in message and message.count("\n") == 1
    assert call("animate", "a.png", "left", "--model", "wan-5b") == 2
    assert sorted(p.name for p in desk.iterdir()) == ["a.png", "b.png"]


REAL = {  # what the published checkpoints say of themselves, as far as a card reads it
    "wan-5b": {
        "model_index": {"_class_name": "WanPipeline", "expand_timesteps": True, "boundary_ratio": None},
        "transformer/config": {"patch_size": [1, 2, 2], "in_channels": 48, "image_dim": None},
        "vae/config": {"z_dim": 48, "scale_factor_temporal": 4, "scale_factor_spatial": 16, "patch_size": 2},
        "scheduler/scheduler_config": {
            "prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 5.0, "num_train_timesteps": 1000,
        },
    },
    "ltx-13b": {
        "model_index": {"_class_name": "LTXConditionPipeline"},
        "transformer/config": {"in_channels": 128, "patch_size": 1, "patch_size_t": 1, "num_layers": 48},
        "vae/config": {
            "latent_channels": 128, "patch_size": 4, "patch_size_t": 1, "spatio_temporal_scaling": [True] * 4,
            "spatial_compression_ratio": 32, "temporal_compression_ratio": 8,
        },
        "scheduler/scheduler_config": {"use_dynamic_shifting": False, "shift": 1.0},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_the_table_says_what_the_published_configs_say(tmp_path, name):
    for path, facts in REAL[name].items():
        file = tmp_path / f"{path}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(facts))
    row, read = registry.MODELS[name], registry.card(str(tmp_path))
    shape = (1, row.grid.channels, 16, 22, 38)
    assert (read.grid, read.honours, read.defaults.guidance) == (row.grid, row.honours, row.defaults.guidance)
    assert read.sampling.solver == row.sampling.solver
    assert read.sampling.times(40, shape, 1.0) == row.sampling.times(40, shape, 1.0)
    with pytest.raises(MissingPart, match=r"is missing|holds no safetensors"):
        registry.load(str(tmp_path), "cpu")
