"""Wans with one time for all frames: equal to diffusers' pipelines step by step on random weights, and their plans."""

import pytest
import torch
from PIL import Image

diffusers = pytest.importorskip("diffusers", reason="public models need the extra gpu")

import parity  # noqa: E402
import tiny_models  # noqa: E402

from motionalchemy.errors import InputError, PlanRefused  # noqa: E402
from motionalchemy.flow import guidance as flow_guidance  # noqa: E402
from motionalchemy.flow import sampler, tasks  # noqa: E402
from motionalchemy.flow.plan import Plan  # noqa: E402
from motionalchemy.models import registry, wan  # noqa: E402

HIGH, WIDE, STEPS = 48, 64, 6
KINDS = {
    "t2v": {}, "t2v two": {"two": True, "boundary": 0.875}, "i2v two": {"picture": True, "two": True},
    "i2v clip": {"picture": True, "clip": True}, "ends clip": {"picture": True, "clip": True, "ends": True},
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("one")
    return {kind: tiny_models.wan_one_time(home / kind.replace(" ", "-"), **how) for kind, how in KINDS.items()}


@pytest.fixture(scope="module")
def models(folders):
    return {kind: registry.load(str(folder), "cpu") for kind, folder in folders.items()}


def picture(seed):
    return parity.picture(seed, WIDE)[:HIGH]


def ours(model, row, plan, known, steps, high, low, seed=7):
    """The states after every step of our loop, as `make` runs a stage."""
    plan = model.sees(plan, known)
    noise = row.sampling.noise(plan.value.shape, torch.Generator().manual_seed(seed))
    velocity = model.velocity(model.words([parity.PROMPT]), plan, 16.0)
    if high != 1:
        away = model.velocity(model.words([parity.NEGATIVE]), plan, 16.0)
        velocity = flow_guidance.guided(velocity, away, lambda now: (high, low)[model.network_of(now)])
    times = row.sampling.times(steps, plan.value.shape, plan.top)
    return [
        s.state for s in sampler.sample(flow_guidance.held(velocity, plan), plan, noise, times, row.sampling.solver)
    ]


def every_step(found, expected, most=1e-5):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        a = wan.unfolded(a)
        assert a.shape == b.shape
        assert float((a - b).abs().max()) < most * float(b.abs().max())
    assert float((found[0] - found[-1]).abs().max()) > 0.1


def same_frames(model, latents, expected):
    assert abs(parity.as_frames(model.decode(latents)) - expected).max() < 1e-3


def empty(frames):
    return tasks.imagine(torch.zeros(1, 16, 1, HIGH // 16, WIDE // 16), frames)


@pytest.mark.parametrize("frames", [1, 9, 21])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
@pytest.mark.parametrize("kind", ["t2v", "t2v two"])
def test_text_to_video_is_the_pipelines(folders, models, kind, guidance, frames):
    row, model, low = registry.card(str(folders[kind])), models[kind], 3.0 if guidance > 1 else 1.0
    found = ours(model, row, empty((frames - 1) // 4 + 1), [], STEPS, guidance, low if "two" in kind else guidance)
    pipeline = diffusers.WanPipeline.from_pretrained(folders[kind])
    more = {"guidance_scale_2": low} if "two" in kind else {}
    expected, shown = parity.theirs(
        pipeline, guidance_scale=guidance, height=HIGH, width=WIDE, num_frames=frames, num_inference_steps=STEPS, **more
    )
    every_step(found, expected)
    same_frames(model, wan.folded(expected[-1]), shown)


@pytest.mark.parametrize("frames", [9, 17])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("kind", ["i2v two", "i2v clip", "ends clip"])
def test_image_to_video_is_the_pipelines(folders, models, kind, last, frames):
    if last is not (kind == "ends clip") and kind != "i2v two":
        pytest.skip("2.1 I2V takes a first picture, FLF2V both")
    row, model = registry.card(str(folders[kind])), models[kind]
    first, end = picture(0), picture(1)
    known = [(0, parity.frame(first))] + ([(frames - 1, parity.frame(end))] if last else [])
    plan = tasks.animate(parity.still(model, first), (frames - 1) // 4 + 1)
    low = 2.0 if "two" in kind else 4.0
    found = ours(model, row, plan, known, STEPS, 4.0, low)
    pipeline = diffusers.WanImageToVideoPipeline.from_pretrained(folders[kind])
    expected, shown = parity.theirs(
        pipeline, image=Image.fromarray(first), last_image=Image.fromarray(end) if last else None, guidance_scale=4.0,
        height=HIGH, width=WIDE, num_frames=frames, num_inference_steps=STEPS,
        **({"guidance_scale_2": low} if "two" in kind else {}),
    )  # fmt: skip
    every_step(found, expected)
    same_frames(model, wan.folded(expected[-1]), shown)


def test_both_networks_work(models):
    model = models["i2v two"]
    assert [model.network_of(torch.tensor(t)) for t in (1.0, 0.9001, 0.8999, 0.1)] == [0, 0, 1, 1]


def test_what_starts_late_is_held_until_then(folders, models):
    """At time t a held part lies on the line from its value to its noise, and at strength 0 it ends as its value."""
    row, model = registry.card(str(folders["t2v"])), models["t2v"]
    generator = torch.Generator().manual_seed(3)
    value = torch.randn(1, 16, 3, 3, 4, generator=generator)
    strength = torch.ones(1, 1, 3, 3, 4)
    strength[..., :2], strength[:, :, 0] = 0.5, 0.0
    plan = model.sees(Plan(value, strength), [])
    assert plan.strength.shape == (1, 1, 1, 1, 1) and plan.top == 1
    noise = row.sampling.noise(value.shape, torch.Generator().manual_seed(7))
    times = row.sampling.times(8, value.shape, 1.0)
    velocity = flow_guidance.held(model.velocity(model.words([parity.PROMPT]), plan, 16.0), plan)
    for step in sampler.sample(velocity, plan, noise, times, row.sampling.solver):
        line = (1 - step.t) * value + step.t * noise
        still = (strength <= step.t + 1e-6).expand_as(value) if step.t > 0 else (strength == 0).expand_as(value)
        assert torch.allclose(step.state[still], line[still], atol=1e-4)
    free = (strength > 0).expand_as(value)
    assert float((step.state - value)[free].abs().mean()) > 0.1


def test_what_it_cannot_do_is_refused_by_name(folders):
    clip = torch.zeros(1, 16, 4, 2, 2)
    with pytest.raises(PlanRefused, match=r"pictures.*use .*wan-t2v-a14b"):
        registry.check(tasks.imagine(clip, 4).needs, registry.card(str(folders["i2v two"])))
    with pytest.raises(PlanRefused, match=r"reference:view.*wan-i2v-a14b"):
        registry.check(tasks.animate(clip, 4, clip[:, :, :1], 1.0).needs, registry.card(str(folders["i2v clip"])))
    with pytest.raises(PlanRefused, match="from words alone"):
        registry.wanted(frozenset(), registry.card(str(folders["t2v"])), goes_on=True)
    with pytest.raises(PlanRefused, match="--last end"):
        registry.wanted(frozenset(), registry.card(str(folders["ends clip"])), goes_on=False)


def test_half_a_pair_is_refused(folders, tmp_path):
    import json
    import shutil

    shutil.copytree(folders["i2v two"], tmp_path / "m")
    index = tmp_path / "m/model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"transformer_2": [None, None]}))
    with pytest.raises(InputError, match="1 transformers and boundary_ratio"):
        registry.card(str(tmp_path / "m"))
