"""Wan 2.2 TI2V: equal to diffusers' pipelines step by step on random weights, and then the plans that they have not."""

import pytest
import torch
from PIL import Image

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")

import parity  # noqa: E402
import tiny_models  # noqa: E402

from motionalchemy.errors import PlanRefused  # noqa: E402
from motionalchemy.flow import tasks  # noqa: E402
from motionalchemy.flow.guidance import contrasted  # noqa: E402
from motionalchemy.flow.plan import Plan  # noqa: E402
from motionalchemy.flow.sampler import finish, sample  # noqa: E402
from motionalchemy.models import registry, schedules, wan  # noqa: E402

FRAMES, SIZE, STEPS = 13, 64, 6
SHAPE = {"height": SIZE, "width": SIZE, "num_frames": FRAMES, "num_inference_steps": STEPS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_models.wan(tmp_path_factory.mktemp("wan"))


@pytest.fixture(scope="module")
def model(folder):
    return registry.load(str(folder), "cpu")


@pytest.fixture(scope="module")
def row(folder):
    return registry.card(str(folder))


def every_step(found, expected):
    assert len(found) == len(expected) == STEPS
    for a, b in zip(found, expected, strict=True):
        a = wan.unfolded(a)
        assert a.shape == b.shape
        assert float((a - b).abs().max()) < 3e-4 * float(b.abs().max())
    assert float((found[0] - found[-1]).abs().max()) > 0.1


def same_frames(model, latents, expected):
    assert abs(parity.as_frames(model.decode(latents)) - expected).max() < 1e-3


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_text_to_video_is_the_pipelines(folder, model, row, guidance):
    found = parity.ours(model, row, tasks.imagine(torch.zeros(1, 16, 1, 2, 2), 4), STEPS, guidance)
    pipeline = diffusers.WanPipeline.from_pretrained(folder)
    expected, frames = parity.theirs(pipeline, guidance_scale=guidance, **SHAPE)
    every_step(found, expected)
    same_frames(model, found[-1], frames)


def test_image_to_video_is_the_pipelines(folder, model, row):
    """They step the first frame's noise too, show it clean, and put the picture back at the end; ours stays clean."""
    image = parity.picture()
    plan = tasks.animate(parity.still(model, image), 4)
    found = parity.ours(model, row, plan, STEPS, 5.0)
    pipeline = diffusers.WanImageToVideoPipeline.from_pretrained(folder)
    expected, frames = parity.theirs(pipeline, image=Image.fromarray(image), guidance_scale=5.0, **SHAPE)
    every_step([a[:, :, 1:] for a in found], [b[:, :, 1:] for b in expected])
    same_frames(model, found[-1], frames)
    assert torch.equal(found[-1][:, :, 0], plan.value[:, :, 0])


def test_the_pipeline_drops_a_last_image_and_we_do_not(folder, model, row):
    first, last = parity.picture(0), parity.picture(1)
    pipeline = diffusers.WanImageToVideoPipeline.from_pretrained(folder)
    theirs = [
        parity.theirs(pipeline, image=Image.fromarray(first), last_image=end, guidance_scale=1.0, **SHAPE)[0][-1]
        for end in (None, Image.fromarray(last))
    ]
    assert torch.equal(*theirs)
    plan = tasks.animate(parity.still(model, first), 4, model.encode(parity.frame(last)), 12 / 24)
    found = parity.ours(model, row, plan, STEPS, 1.0)[-1]
    assert torch.allclose(found[:, :, -1:], model._group(plan.references[0].value), atol=1e-4)
    assert torch.equal(found[:, :, 0], plan.value[:, :, 0])
    free = parity.ours(model, row, Plan(plan.value, plan.strength), STEPS, 1.0)[-1]
    assert float((found - free)[:, :, 1:3].abs().max()) > 1e-3  # the frames between see where they are going


@pytest.mark.parametrize("steps", [1, 2, 8, 50])
def test_times_are_the_schedulers(steps):
    config = {"flow_shift": 5.0, "use_flow_sigmas": True, "prediction_type": "flow_prediction"}
    scheduler = diffusers.UniPCMultistepScheduler(**config)
    scheduler.set_timesteps(steps)
    falling = schedules.unipc_flow(steps, config)
    assert falling == pytest.approx(scheduler.sigmas.tolist(), abs=1e-7)
    assert [int(t * 1000) for t in torch.tensor(falling[:-1])] == scheduler.timesteps.tolist()


@pytest.mark.parametrize("steps", [3, 12])
def test_unipc_is_the_schedulers_where_clocks_run_in_full(steps):
    """A velocity with a known bend, in double precision."""
    scheduler = diffusers.UniPCMultistepScheduler(
        flow_shift=3.0, use_flow_sigmas=True, prediction_type="flow_prediction"
    )
    scheduler.set_timesteps(steps)
    noise = torch.randn(1, 2, 1, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def velocity(x, t):
        return torch.sin(3 * x) + t * x

    x, expected = noise.clone(), []
    for sigma, time in zip(scheduler.sigmas, scheduler.timesteps, strict=False):
        x = scheduler.step(velocity(x, sigma.double()), time, x)[0]
        expected.append(x)
    plan = tasks.imagine(noise, 1)
    falling = [float(s) for s in scheduler.sigmas]
    found = [s.state for s in sample(velocity, plan, noise, falling, "unipc")]
    for a, b in zip(found, expected, strict=True):
        assert torch.allclose(a, b, atol=2e-5)


def test_unipc_is_of_second_order_with_clocks_that_start_late():
    """dx/dt = cos(2 t) x has the answer x exp((sin 2 t_0 - sin 2 t_1) / -2); one part starts at 0.5, one is known."""
    strength = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64).reshape(1, 1, 3, 1, 1)
    value = torch.full((1, 1, 3, 1, 1), 0.3, dtype=torch.float64)
    noise = torch.ones_like(value)
    plan = Plan(value, strength)
    goal = plan.start(noise) * torch.exp(-torch.sin(2 * strength) / 2)
    errors = []
    for steps in (16, 32, 64, 128):
        falling = schedules.unipc_flow(steps, {"flow_shift": 1.0})
        falling[0] = 1 - 1e-6
        end = finish(sample(lambda x, t: torch.cos(2 * t) * x, plan, noise, falling, "unipc"), value)
        assert float(end[0, 0, 0, 0, 0]) == 0.3
        errors.append((end - goal)[0, 0, 1:, 0, 0].abs())
    assert float(errors[-1].max()) < 1e-5
    assert all(float(a.max() / b.max()) > 20 for a, b in zip(errors, errors[2:], strict=False))  # 16 at second order


def plans():
    """Every task, on a clip of four latent frames."""
    generator = torch.Generator().manual_seed(3)
    clip = torch.randn(1, 16, 4, 2, 2, generator=generator)
    views = [torch.randn(1, 16, 1, 2, 2, generator=generator) for _ in range(3)]
    region = torch.zeros(1, 1, 4, 2, 2)
    region[..., 0] = 1
    return {
        "imagine": tasks.imagine(clip, 4),
        "first and last": tasks.animate(clip, 4, views[0], 0.5),
        "extend": tasks.extend(clip[:, :, -2:], 4),
        "loop": tasks.loop(clip[:, :, :1], clip[:, :, -1:], 4),
        "retake": tasks.retake(clip, 1, 3),
        "orbit": tasks.orbit(views, [0.0, 0.2, 0.5], 4),
        "redraw": tasks.edit(clip, 0.6),
        "region": tasks.edit(clip, region),
    }


@pytest.mark.parametrize("task", plans())
def test_every_plan_runs_and_what_is_known_does_not_move(model, row, task):
    plan = plans()[task]
    registry.check(plan.needs, row)
    found, again = (parity.ours(model, row, plan, 3, 5.0)[-1] for _ in range(2))
    other = parity.ours(model, row, plan, 3, 5.0, seed=8)[-1]
    known = (plan.strength == 0).expand_as(found)
    assert found.shape == plan.value.shape and torch.isfinite(found).all() and torch.equal(found, again)
    assert torch.equal(found[known], plan.value[known])
    assert float((found - other)[~known].abs().max()) > 0.01
    assert model.decode(found).shape == (1, 3, FRAMES, SIZE, SIZE)


def test_views_of_an_orbit_are_reached_at_their_seconds(model, row):
    plan = plans()["orbit"]
    found = parity.ours(model, row, plan, 4, 5.0)[-1]
    for reference, at in zip(plan.references, (2, 3), strict=True):  # frames 5 and 12 are in latent frames 2 and 3
        assert torch.allclose(found[:, :, at : at + 1], model._group(reference.value), atol=1e-4)


def test_a_late_picture_read_alone_is_not_its_latent_in_a_clip(model):
    """The causal autoencoder's trap: why a view is encoded as the end of a clip that stands still."""
    picture = parity.frame(parity.picture())
    still = model.encode(tasks.standing(picture, model.grid))
    assert torch.equal(still[:, :, :1], model.encode(picture))
    assert float((still[:, :, -1] - still[:, :, 0]).abs().max()) > 1e-3


def test_editing_by_contrast_leaves_the_clip_when_both_prompts_are_one(model, row):
    clip = torch.randn(1, 16, 4, 2, 2, generator=torch.Generator().manual_seed(1))
    plan = tasks.edit(clip, contrast=True)
    times = row.sampling.times(4, clip.shape, plan.top)

    def edited(prompt):
        generator = torch.Generator().manual_seed(0)
        drawn = iter(lambda: torch.randn(clip.shape, generator=generator), None)
        target, source = (model.velocity(model.words([p]), plan, 24.0) for p in (prompt, "a cat sits"))
        velocity = contrasted(target, source, clip, drawn)
        return finish(sample(velocity, plan, torch.zeros_like(clip), times), clip)

    assert float((edited("a cat sits") - clip).abs().max()) < 1e-5
    assert float((edited("the horse gallops") - clip).abs().max()) > 1e-2


def test_folding_loses_nothing_and_keeps_a_token_together():
    latents = torch.arange(2 * 3 * 2 * 4 * 6, dtype=torch.float32).reshape(2, 3, 2, 4, 6)
    whole = wan.folded(latents)
    assert whole.shape == (2, 12, 2, 2, 3) and torch.equal(wan.unfolded(whole), latents)
    assert sorted(whole[1, :4, 1, 1, 2].tolist()) == sorted(latents[1, 0, 1, 2:4, 4:6].flatten().tolist())


def test_what_it_cannot_honour_is_refused_by_name(row):
    clip = torch.zeros(1, 16, 4, 2, 2)
    with pytest.raises(PlanRefused, match="reference:source"):
        registry.check(tasks.edit(clip, source=True).needs, row)
