"""LTX-Video: equal to diffusers' pipelines step by step on random weights, and then the plans that they have not."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")

import parity  # noqa: E402
import tiny_models  # noqa: E402

from motionalchemy.errors import InputError, PlanRefused  # noqa: E402
from motionalchemy.flow import tasks  # noqa: E402
from motionalchemy.flow.guidance import contrasted  # noqa: E402
from motionalchemy.flow.sampler import finish, sample  # noqa: E402
from motionalchemy.media import reader as media_reader  # noqa: E402
from motionalchemy.models import ltx, registry, schedules  # noqa: E402

FRAMES, SIZE, STEPS = 25, 64, 5


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("ltx")
    plain = tiny_models.ltx(home / "plain", "LTXPipeline", timed=False)
    return {"plain": plain, "condition": tiny_models.ltx(home / "condition")}


@pytest.fixture(scope="module")
def models(folders):
    return {kind: registry.load(str(folder), "cpu") for kind, folder in folders.items()}


@pytest.fixture
def mode(monkeypatch):
    """The pipelines draw a picture's latents from the posterior; we take its mode, and so shall they here."""
    from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())


def close(a, b):
    assert a.shape == b.shape
    assert float((a - b).abs().max()) < 2e-4 * float(b.abs().max())


def every_step(found, expected):
    assert len(found) == len(expected) == STEPS
    for a, b in zip(found, expected, strict=True):
        close(ltx.packed(a), b[:, -ltx.packed(a).shape[1] :])
    assert float((found[0] - found[-1]).abs().max()) > 0.1


def same_frames(model, latents, expected):
    assert abs(parity.as_frames(model.decode(latents)) - expected).max() < 1e-3


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_text_to_video_is_the_pipelines(folders, models, guidance):
    row, model = registry.card(str(folders["plain"])), models["plain"]
    plan = tasks.imagine(torch.zeros(1, 8, 1, 2, 2), 4)
    found = parity.ours(model, row, plan, STEPS, guidance)
    pipeline = diffusers.LTXPipeline.from_pretrained(folders["plain"])
    shape = {"height": SIZE, "width": SIZE, "num_frames": FRAMES, "frame_rate": 24, "num_inference_steps": STEPS}
    expected, frames = parity.theirs(pipeline, guidance_scale=guidance, **shape)
    every_step(found, expected)
    same_frames(model, found[-1], frames)


def test_image_to_video_is_the_pipelines(folders, models, mode):
    row, model, image = registry.card(str(folders["plain"])), models["plain"], parity.picture()
    plan = tasks.animate(parity.still(model, image), 4)
    found = parity.ours(model, row, plan, STEPS, 3.0)
    pipeline = diffusers.LTXImageToVideoPipeline.from_pretrained(folders["plain"])
    shape = {"height": SIZE, "width": SIZE, "num_frames": FRAMES, "frame_rate": 24, "num_inference_steps": STEPS}
    expected, frames = parity.theirs(pipeline, image=Image.fromarray(image), guidance_scale=3.0, **shape)
    every_step(found, expected)
    same_frames(model, found[-1], frames)
    assert torch.equal(found[-1][:, :, 0], plan.value[:, :, 0])


@pytest.mark.parametrize("jitter", [0.0, 0.15])
def test_first_and_middle_image_are_the_condition_pipelines(folders, models, mode, monkeypatch, jitter):
    """Their random numbers of the jitter are drawn from a generator of their own here, as ours are."""
    from diffusers.pipelines.ltx import pipeline_ltx_condition as theirs

    real, shake = theirs.randn_tensor, torch.Generator().manual_seed(0)
    monkeypatch.setattr(
        theirs,
        "randn_tensor",
        lambda shape, generator=None, **rest: real(shape, generator=shake if len(shape) == 3 else generator, **rest),
    )
    row, model = registry.card(str(folders["condition"])), models["condition"]
    monkeypatch.setattr(model, "jitter", jitter)
    monkeypatch.setattr(model, "decode_noise", 0.0)
    first, middle = parity.picture(0), parity.picture(1)
    plan = tasks.animate(parity.still(model, first), 4, model.encode(parity.frame(middle)), 16 / 24)
    found = parity.ours(model, row, plan, STEPS, 3.0)
    pipeline = theirs.LTXConditionPipeline.from_pretrained(folders["condition"])
    conditions = [
        theirs.LTXVideoCondition(image=Image.fromarray(pixels), frame_index=at)
        for pixels, at in ((first, 0), (middle, 16))
    ]
    expected, frames = parity.theirs(
        pipeline, conditions=conditions, height=SIZE, width=SIZE, num_frames=FRAMES, frame_rate=24, guidance_scale=3.0,
        num_inference_steps=STEPS, image_cond_noise_scale=jitter, decode_timestep=0.05, decode_noise_scale=0.0,
    )  # fmt: skip
    tokens = expected[0].shape[1] - 4
    assert tokens == ltx.packed(found[0]).shape[1]  # their views stand in front and are cut off
    for a, b in zip(found, expected, strict=True):
        close(ltx.packed(a)[:, 4:], b[:, 8:])  # the first frame they leave shaken after a step, we never move it
    assert torch.equal(found[-1][:, :, 0], plan.value[:, :, 0])
    if jitter == 0:
        same_frames(model, found[-1], frames)


def test_the_velocity_of_diffusers_turns_its_sign_with_a_time_per_token():
    """Why no scheduler steps here: the same velocity moves the same sample up or down."""
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=1.0)
    moved = []
    for per_token in (None, torch.full((1, 3), 1000.0)):
        scheduler.set_timesteps(4)
        ones, start = torch.ones(1, 3, 2), torch.zeros(1, 3, 2)
        moved.append(scheduler.step(ones, scheduler.timesteps[0], start, per_token_timesteps=per_token)[0])
    assert float(moved[0].max()) < 0 < float(moved[1].min())


@pytest.mark.parametrize(("steps", "tokens"), [(5, 64), (20, 5000)])
def test_times_are_the_schedulers(steps, tokens):
    from diffusers.pipelines.ltx.pipeline_ltx import calculate_shift
    from diffusers.pipelines.ltx.pipeline_ltx_condition import linear_quadratic_schedule

    config = {"use_dynamic_shifting": True, "base_shift": 0.95, "max_shift": 2.05, "base_image_seq_len": 1024}
    config |= {"max_image_seq_len": 4096, "shift_terminal": 0.1}
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(**config)
    mu = calculate_shift(tokens, 1024, 4096, 0.95, 2.05)
    scheduler.set_timesteps(sigmas=[1 - i / steps for i in range(steps)], mu=mu)
    assert schedules.flow_match(steps, tokens, config) == pytest.approx(scheduler.sigmas.tolist(), abs=1e-6)
    expected = [*linear_quadratic_schedule(steps).tolist(), 0.0]
    assert schedules.linear_quadratic(steps) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("falling", [schedules.linear_quadratic(8), schedules.distilled(8), schedules.distilled(5)])
@pytest.mark.parametrize("top", [1.0, 0.97, 0.7, 0.2])
def test_a_schedule_entered_lower_still_falls_from_there_to_zero(falling, top):
    times = schedules.entered(falling, top)
    assert len(times) == len(falling) and times[0] == top and times[-1] == 0
    assert all(a > b for a, b in itertools.pairwise(times))


def plans(model):
    """Every task, on a clip of four latent frames."""
    generator = torch.Generator().manual_seed(3)
    clip = torch.randn(1, 8, 4, 2, 2, generator=generator)
    views = [torch.randn(1, 8, 1, 2, 2, generator=generator) for _ in range(3)]
    region = torch.zeros(1, 1, 4, 2, 2)
    region[..., 0] = 1
    return {
        "imagine": tasks.imagine(clip, 4),
        "first and last": tasks.animate(clip, 4, views[0], 1.0),
        "extend": tasks.extend(clip[:, :, -2:], 4),
        "loop": tasks.loop(clip[:, :, :1], clip[:, :, -1:], 4),
        "retake": tasks.retake(clip, 1, 3),
        "orbit": tasks.orbit(views, [0.0, 0.4, 1.0], 4),
        "redraw": tasks.edit(clip, 0.6),
        "region": tasks.edit(clip, region),
    }


TASKS = ("imagine", "first and last", "extend", "loop", "retake", "orbit", "redraw", "region")


@pytest.mark.parametrize("task", TASKS)
def test_every_plan_runs_and_what_is_known_does_not_move(folders, models, task):
    row, model = registry.card(str(folders["condition"])), models["condition"]
    plan = plans(model)[task]
    registry.check(plan.needs, row)
    found = parity.ours(model, row, plan, 3, 3.0)[-1]
    again = parity.ours(model, row, plan, 3, 3.0)[-1]
    other = parity.ours(model, row, plan, 3, 3.0, seed=8)[-1]
    known = (plan.strength == 0).expand_as(found)
    assert found.shape == plan.value.shape and torch.isfinite(found).all() and torch.equal(found, again)
    assert torch.equal(found[known], plan.value[known])
    assert float((found - other)[~known].abs().max()) > 0.01
    assert model.decode(found).shape == (1, 3, 25, 64, 64)


def test_a_view_is_seen_where_it_stands(folders, models):
    row, model = registry.card(str(folders["condition"])), models["condition"]
    clip, view = torch.zeros(1, 8, 4, 2, 2), torch.ones(1, 8, 1, 2, 2)
    ends = [
        parity.ours(model, row, tasks.animate(clip, 4, last, time), 3, 1.0)[-1]
        for last, time in ((view, 1.0), (-view, 1.0), (view, 0.5))
    ]
    assert all(float((ends[0] - other).abs().max()) > 1e-3 for other in ends[1:])


def test_editing_by_contrast_leaves_the_clip_when_both_prompts_are_one(models):
    model = models["condition"]
    clip = torch.randn(1, 8, 4, 2, 2, generator=torch.Generator().manual_seed(1))
    plan, times = tasks.edit(clip, contrast=True), schedules.linear_quadratic(4)

    def edited(prompt):
        generator = torch.Generator().manual_seed(0)
        drawn = iter(lambda: torch.randn(clip.shape, generator=generator), None)
        target, source = (model.velocity(model.words([p]), plan, 24.0) for p in (prompt, "a cat sits"))
        return finish(sample(contrasted(target, source, clip, drawn), plan, torch.zeros_like(clip), times), clip)

    assert float((edited("a cat sits") - clip).abs().max()) < 1e-5
    assert float((edited("the horse gallops") - clip).abs().max()) > 1e-2


def test_what_it_cannot_honour_is_refused_by_name(folders):
    clip = torch.zeros(1, 8, 4, 2, 2)
    with pytest.raises(PlanRefused, match=r"reference:view.*ltx-2b"):
        registry.check(tasks.animate(clip, 4, clip[:, :, :1], 1.0).needs, registry.card(str(folders["plain"])))
    with pytest.raises(PlanRefused, match="reference:source"):
        registry.check(tasks.edit(clip, source=True).needs, registry.card(str(folders["condition"])))


def test_a_checkpoint_is_known_by_its_schedule(folders, tmp_path):
    """0.9.5 names the first pipeline but was trained as the later ones."""
    import json
    import shutil

    shutil.copytree(folders["condition"], tmp_path / "m", ignore=shutil.ignore_patterns("*.safetensors"))
    index = tmp_path / "m/model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"_class_name": "LTXPipeline"}))
    early = registry.card(str(tmp_path / "m"))
    assert early.honours == ltx.PLACED and early.defaults.guidance == 3
    assert early.sampling.times(8, (1, 8, 4, 2, 2), 1.0) == schedules.linear_quadratic(8)
    quick = registry.MODELS["ltx-13b-distilled"]
    assert quick.sampled(7, 1.0).times(7, (1, 8, 4, 2, 2), 1.0) == [*schedules.DISTILLED, 0.0]
    assert quick.defaults.guidance == 1 and [stage.steps for stage in quick.stages] == [7, 3]
    plain = registry.card(str(folders["plain"]))
    assert plain.honours == ltx.PLAIN and plain.sampling.times(5, (1, 8, 4, 2, 2), 1.0)[-2] == pytest.approx(0.1)


def test_a_tokenizer_in_its_published_form_is_read(tmp_path):
    """The checkpoints on the hub carry a sentencepiece model and no tokenizer.json."""
    import io
    import json

    import sentencepiece

    from motionalchemy.models import prompts

    model, lines = io.BytesIO(), ["the horse gallops to the right", "a cat sits and turns left", "马向右奔跑"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=80, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        character_coverage=1.0, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (tmp_path / "tokenizer").mkdir()
    (tmp_path / "tokenizer/spiece.model").write_bytes(model.getvalue())
    config = {"tokenizer_class": "T5Tokenizer", "extra_ids": 100, "eos_token": "</s>", "pad_token": "<pad>"}
    (tmp_path / "tokenizer/tokenizer_config.json").write_text(json.dumps(config | {"unk_token": "<unk>"}))
    expected = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).encode(parity.PROMPT)
    assert prompts.tokenizer(tmp_path)([parity.PROMPT]).input_ids == [[*expected, 1]]


def test_a_folder_of_another_shape_is_refused_before_weights(folders, tmp_path):
    import json
    import shutil

    shutil.copytree(folders["condition"], tmp_path / "m")
    (tmp_path / "m/vae/diffusion_pytorch_model.safetensors").rename(tmp_path / "m/vae/diffusion_pytorch_model.bin")
    with pytest.raises(InputError, match="a pickle: only safetensors are read"):
        registry.load(str(tmp_path / "m"), "cpu")
    config = json.loads((tmp_path / "m/transformer/config.json").read_text())
    (tmp_path / "m/transformer/config.json").write_text(json.dumps(config | {"in_channels": 12}))
    with pytest.raises(InputError, match="transformer has 12 channels and its autoencoder 8"):
        registry.card(str(tmp_path / "m"))
    (tmp_path / "m/model_index.json").write_text('{"_class_name": "MochiPipeline"}')
    with pytest.raises(InputError, match=r"unknown kind of checkpoint 'MochiPipeline'.*WanPipeline"):
        registry.card(str(tmp_path / "m"))
    (tmp_path / "m/model_index.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="is not JSON"):
        registry.card(str(tmp_path / "m"))


def test_the_sum_knows_every_byte(folders, tmp_path):
    from motionalchemy.models import formats

    before = formats.digest(folders["plain"])
    assert before != formats.digest(folders["condition"]) and before == formats.digest(folders["plain"])


def test_animate_end_to_end(folders, tmp_path):
    """A person with a folder: picture and sentence in, a clip and its sidecar out, from a fresh process."""
    Image.fromarray(parity.picture(size=96)).save(tmp_path / "photo.png")
    command = [sys.executable, "-m", "motionalchemy.cli", "animate", "photo.png", "the horse gallops"]
    options = [
        "--model",
        str(folders["condition"]),
        "--size",
        "64",
        "--seconds",
        "0.7",
        "--steps",
        "3",
        "-o",
        "out.mp4",
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command + options, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "out.mp4\n" and "Failed to load" not in done.stderr
    clip = media_reader.read_clip(tmp_path / "out.mp4")
    assert clip.frames.shape == (17, 64, 64, 3)
    assert (tmp_path / "out.json").is_file()
