"""Every plan and the sampler against the exact velocity of a finite set of clips, where the right answer is known."""

import math
from itertools import pairwise

import pytest
import torch

from motionalchemy.errors import InputError, PlanRefused, UnknownName
from motionalchemy.flow import tasks
from motionalchemy.flow.grid import Grid
from motionalchemy.flow.guidance import contrasted, guided
from motionalchemy.flow.plan import Plan, Reference
from motionalchemy.flow.sampler import finish, sample, shift_for, shifted, times
from motionalchemy.flow.stages import refine, resize
from motionalchemy.models.ideal import Ideal
from motionalchemy.models.registry import MODELS, check

N, C, T, B, SOURCE, FPS = 32, 6, 8, 20, 7, 4.0  # clips, channels, frames, trials in one batch, the clip that is given
STEPS = times(48)


@pytest.fixture
def noise():
    return torch.randn(B, C, T, 1, 1, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def clips():
    """(N, C, T, 1, 1): each its own rotation in its own plane; the first half answers to `circle`, the rest to `turn`."""
    g = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, N, C, 1, 1, 1, generator=g)
    angle = 0.4 * torch.arange(T).reshape(1, 1, T, 1, 1)
    return torch.cos(angle) * a + torch.sin(angle) * b


@pytest.fixture(scope="module")
def ideal(clips):
    return ideal_over(clips)


def ideal_over(clips, **beside):
    names = [("circle", "转圈") if n < N // 2 else ("turn", "回旋") for n in range(N)]
    return Ideal(clips, names, Grid(1, 1, C), beside)


def run(ideal, plan, noise, prompt="", steps=STEPS, solver="euler"):
    velocity = ideal.velocity(ideal.words([prompt] * len(noise)), plan, FPS)
    return finish(sample(velocity, plan, noise, steps, solver), plan.value)


def landed(out, clips):
    """Which clip each trial is nearest to, and the largest distance of any from its clip."""
    distance = (out[:, None] - clips[None]).flatten(2).norm(dim=2)
    return distance.argmin(1), float(distance.min(1).values.max())


def given(clips, n=SOURCE):
    return clips[n : n + 1].expand(B, *clips.shape[1:]).clone()


KNOWN = {
    "animate": (lambda clip: tasks.animate(clip[:, :, :1], T), [0]),
    "extend": (lambda clip: tasks.extend(clip[:, :, :3], T), [0, 1, 2]),
    "loop": (lambda clip: tasks.loop(clip[:, :, :1], clip[:, :, -1:], T), [0, T - 1]),
    "retake": (lambda clip: tasks.retake(clip, 2, 6), [0, 1, 6, 7]),
    "keep": (lambda clip: tasks.edit(clip, 0.0), list(range(T))),
}


@pytest.mark.parametrize("task", KNOWN)
def test_known_frames_do_not_move_and_free_frames_find_their_clip(task, clips, ideal, noise):
    make, known = KNOWN[task]
    clip = given(clips)
    out = run(ideal, make(clip), noise)
    which, far = landed(out, clips)
    assert torch.equal(out[:, :, known], clip[:, :, known])
    assert which.tolist() == [SOURCE] * B
    assert far < 1e-3


def test_text_alone_lands_on_clips_of_its_words_and_not_always_the_same(clips, ideal, noise):
    for prompt, allowed in (("a CIRCLE", range(N // 2)), ("回旋", range(N // 2, N)), ("", range(N))):
        which, far = landed(run(ideal, tasks.imagine(given(clips), T), noise, prompt), clips)
        assert set(which.tolist()) <= set(allowed) and len(which.unique()) > 5
        assert far < 1e-3


def test_a_gentle_edit_keeps_the_clip_and_a_hard_one_changes_it(clips, ideal, noise):
    gentle, _ = landed(run(ideal, tasks.edit(given(clips), 0.4), noise), clips)
    hard, _ = landed(run(ideal, tasks.edit(given(clips), 0.9), noise), clips)
    assert int((gentle == SOURCE).sum()) == B
    assert int((hard == SOURCE).sum()) <= B // 3


def test_an_edit_inside_a_region_leaves_the_rest(noise):
    """Two positions with their own content: the free one is drawn again, and belongs to the known one."""
    g = torch.Generator().manual_seed(3)
    clips = torch.randn(N, C, T, 1, 2, generator=g)
    region = torch.tensor([0.0, 1.0]).reshape(1, 1, 1, 1, 2).expand(1, 1, T, 1, 2)
    plan = tasks.edit(given(clips), region)
    out = run(ideal_over(clips), plan, noise.expand(B, C, T, 1, 2))
    assert plan.needs == {"regions", "pictures"}
    assert torch.equal(out[..., 0], given(clips)[..., 0])
    assert landed(out, clips)[0].tolist() == [SOURCE] * B


def test_flowedit_is_a_contrast_of_two_velocities_and_lands_among_the_target_clips(clips, ideal, noise):
    clip, g = given(clips), torch.Generator().manual_seed(5)
    plan = tasks.edit(clip, contrast=True)
    assert torch.equal(plan.start(noise), clip)
    noises = iter(lambda: torch.randn(clip.shape, generator=g), None)
    target, source = (ideal.velocity(ideal.words([p] * B), plan, FPS) for p in ("turn", "circle"))
    out = finish(sample(contrasted(target, source, clip, noises), plan, noise, STEPS), clip)
    which, _ = landed(out, clips)
    away = (clips - clips[SOURCE]).flatten(1).norm(dim=1)
    assert bool((which >= N // 2).all())
    assert bool((away[which] <= away[N // 2 :].median()).all())  # on a target that resembles the source


@pytest.fixture(scope="module")
def alike(clips):
    """Clips that all begin with the same frame, so that it alone decides nothing."""
    clips = clips.clone()
    clips[:, :, 0] = clips[SOURCE, :, 0]
    return clips


def test_orbit_the_first_view_is_known_and_another_decides_where_the_camera_goes(alike, noise):
    ideal, clip = ideal_over(alike), given(alike)
    alone, _ = landed(run(ideal, tasks.animate(clip[:, :, :1], T), noise), alike)
    plan = tasks.orbit([clip[:, :, :1], clip[:, :, 5:6]], [0.0, 5 / FPS], T, [0.0, 90.0])
    both, far = landed(run(ideal, plan, noise), alike)
    assert len(alone.unique()) > 5
    assert both.tolist() == [SOURCE] * B and far < 1e-3
    assert [(r.role, r.time, r.angle) for r in plan.references] == [("view", 1.25, 90.0)]
    assert plan.needs == {"clocks", "reference:view"}


def test_a_view_means_its_time(alike, noise):
    """The same picture at the wrong second is evidence for another clip."""
    clip = given(alike)
    shown = clip[:, :, 5:6]
    late = tasks.orbit([clip[:, :, :1], shown], [0.0, 2 / FPS], T)
    which, _ = landed(run(ideal_over(alike), late, noise), alike)
    nearest = (alike[:, :, 2] - alike[SOURCE, :, 5]).flatten(1).norm(dim=1).argmin()
    assert which.tolist() == [int(nearest)] * B


def test_a_last_image_is_a_view_at_the_end(alike, noise):
    clip = given(alike)
    plan = tasks.animate(clip[:, :, :1], T, clip[:, :, -1:], (T - 1) / FPS)
    assert landed(run(ideal_over(alike), plan, noise), alike)[0].tolist() == [SOURCE] * B
    with pytest.raises(InputError, match="seconds"):
        tasks.animate(clip[:, :, :1], T, clip[:, :, -1:])


def test_references_decide_by_their_role(alike, noise):
    """What was shown beside each clip: its subject, the clip it was edited from, another subject with its motion."""
    g = torch.Generator().manual_seed(9)
    beside = {
        role: torch.randn(N, C, k, 1, 1, generator=g) for role, k in (("identity", 1), ("source", T), ("motion", T))
    }
    ideal, clip = ideal_over(alike, **beside), given(alike)
    motion, subject, source = (given(beside[role]) for role in ("motion", "identity", "source"))
    edit = tasks.edit(torch.zeros_like(clip), 1.0)
    plans = {
        "motion": tasks.act(clip[:, :, :1], T, motion=motion),
        "identity": tasks.act(clip[:, :, :1], T, identity=subject),
        "source": Plan(edit.value, edit.strength, (Reference("source", source, 0.0),)),
    }
    for role, plan in plans.items():
        assert f"reference:{role}" in plan.needs
        assert landed(run(ideal, plan, noise), alike)[0].tolist() == [SOURCE] * B, role
    assert [r.role for r in tasks.edit(clip, source=True).references] == ["source"]


def test_an_anchor_settles_a_tail_that_could_be_two_clips(clips, noise):
    clips = clips.clone()
    clips[SOURCE + 1, :, :3] = clips[SOURCE, :, :3]  # two clips that only differ later, and in their subject
    subjects = torch.randn(N, C, 1, 1, 1, generator=torch.Generator().manual_seed(2))
    plan = tasks.extend(given(clips)[:, :, :3], T, anchor=given(subjects))
    assert landed(run(ideal_over(clips, anchor=subjects), plan, noise), clips)[0].tolist() == [SOURCE] * B
    free = tasks.extend(given(clips)[:, :, :3], T)
    assert set(landed(run(ideal_over(clips), free, noise), clips)[0].tolist()) == {SOURCE, SOURCE + 1}


def test_two_stages_land_on_the_clip_that_the_first_one_chose():
    """Clips that are smooth in space, so that half the size shows which one it is; only one starts with the frame."""
    g = torch.Generator().manual_seed(4)
    coarse = torch.randn(N, C, T, 4, 4, generator=g)
    fine = resize(coarse, 8, 8)
    small, full = ideal_over(coarse), ideal_over(fine)
    noise = [torch.randn(B, C, T, s, s, generator=g) for s in (4, 8)]
    for first in (tasks.imagine(given(coarse), T), tasks.animate(given(coarse)[:, :, :1], T)):
        motion = run(small, first, noise[0])
        free = first.strength.expand_as(first.strength)
        plan = refine(Plan(given(fine) * (1 - free), free), motion, 0.65)
        out = run(full, plan, noise[1], steps=times(12, top=plan.top))
        assert plan.top == pytest.approx(0.65)
        assert landed(out, fine)[0].tolist() == landed(motion, coarse)[0].tolist()
        assert landed(out, fine)[1] < 1e-2
    assert torch.equal(out[:, :, 0], given(fine)[:, :, 0])  # the given frame at full size is known, not upsampled


MEANS, SPREADS = torch.tensor([[-0.8], [0.5]], dtype=torch.float64), torch.tensor([[0.5], [0.7]], dtype=torch.float64)


def mixture_velocity(x, t):
    """E[noise - x_0 | x_t = x] when every number is drawn from two equal Gaussians."""
    x, t = x.reshape(1, -1), t.expand_as(x).reshape(1, -1)
    variance = ((1 - t) * SPREADS) ** 2 + t**2  # (2, n)
    off = x - (1 - t) * MEANS
    share = torch.softmax(-(off**2) / (2 * variance) - variance.log() / 2, 0)
    return (share * (off * (t - (1 - t) * SPREADS**2) / variance - MEANS)).sum(0)


def mixture_solution(x, t):
    """In one dimension the flow keeps every quantile: the y with F_0(y) = F_t(x), by bisection to the last digit."""

    def below(y, t):
        deviation = (((1 - t) * SPREADS) ** 2 + t**2) ** 0.5
        return torch.special.ndtr((y - (1 - t) * MEANS) / deviation).mean(0)

    goal, low, high = below(x, t), torch.full_like(x, -20), torch.full_like(x, 20)
    for _ in range(70):
        middle = (low + high) / 2
        short = below(middle, torch.zeros_like(t)) < goal
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    return (low + high) / 2


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("midpoint", 2)])
@pytest.mark.parametrize("shift", [1.0, 3.0])
@pytest.mark.parametrize("shares", [[1.0] * 4, [0.0, 0.37, 0.71, 1.0]], ids=["free", "kinks"])
def test_solvers_reach_the_exact_solution_at_their_order(solver, order, shares, shift):
    """Also where clocks begin to tick in the middle of a step: one short step at a kink costs no order.

    A single Gaussian would not do: there the midpoint rule's leading error cancels and it is of third order.
    """
    g = torch.Generator().manual_seed(6)
    value, noise = torch.randn(2, 3, 2, 4, 1, 1, generator=g, dtype=torch.float64)
    strength = torch.tensor(shares, dtype=torch.float64).reshape(1, 1, 4, 1, 1)
    plan = Plan(value, strength)
    start = plan.start(noise)
    goal = mixture_solution(start.reshape(1, -1), strength.expand_as(start).reshape(1, -1)).reshape(start.shape)

    def error(steps):
        run = sample(lambda x, t: mixture_velocity(x, t).reshape(x.shape), plan, noise, times(steps, shift), solver)
        return float((finish(run, value) - goal).abs().mean())

    errors = [error(steps) for steps in (32, 64, 128, 256)]
    slope = math.log2(errors[0] / errors[-1]) / 3
    assert slope == pytest.approx(order, abs=0.2), errors
    assert errors[-1] < (1e-2 if order == 1 else 1e-4)


def test_no_call_while_no_clock_ticks(clips, ideal, noise):
    calls = []

    def counted(x, t):
        calls.append(float(t.max()))
        return torch.zeros_like(x)

    def count(plan, steps, solver="euler"):
        calls.clear()
        seen = list(sample(counted, plan, noise, steps, solver))
        assert [s.index for s in seen] == list(range(1, len(seen) + 1)) and all(s.total == len(seen) for s in seen)
        return len(calls)

    clip = given(clips)
    assert count(tasks.edit(clip, 1.0), times(10)) == 10
    assert count(tasks.edit(clip, 1.0), times(10), "midpoint") == 20
    assert count(tasks.edit(clip, 0.4), times(10)) == 4 and max(calls) == pytest.approx(0.4)
    assert count(tasks.edit(clip, 0.35), times(10)) == 4
    assert count(tasks.edit(clip, 0.4), times(10, top=0.4)) == 10
    assert count(tasks.edit(clip, 0.0), times(10)) == 0


def test_guidance_of_scale_one_costs_one_call(clips, ideal, noise):
    calls = []

    def named(name, value):
        return lambda x, t: calls.append(name) or torch.full_like(x, value)

    assert float(guided(named("to", 3.0), named("from", 1.0), 1.0)(noise, noise).mean()) == 3
    assert calls == ["to"]
    assert float(guided(named("to", 3.0), named("from", 1.0), 2.5)(noise, noise).mean()) == 6
    assert calls == ["to", "from", "to"]
    half = guided(named("to", 3.0), named("from", 1.0), 2.5, sure=lambda apart, t: apart / 2)
    assert float(half(noise, noise).mean()) == 4.5  # half of the difference of 2 is not enlarged
    plan = tasks.imagine(given(clips), T)
    towards, away = (ideal.velocity(ideal.words([p] * B), plan, FPS) for p in ("turn", ""))
    which, _ = landed(finish(sample(guided(towards, away, 1.5), plan, noise, STEPS), noise), clips)
    assert bool((which >= N // 2).all())


@pytest.mark.parametrize(("shift", "top"), [(1.0, 1.0), (3.0, 1.0), (3.0, 0.65), (1.0, 0.4), (2.0, 0.0)])
def test_times_fall_from_the_top_to_zero(shift, top):
    ts = times(7, shift, top)
    assert len(ts) == 8 and ts[0] == pytest.approx(top) and ts[-1] == 0
    assert all(a > b for a, b in pairwise(ts)) or top == 0
    if top == 1:
        assert ts == pytest.approx([float(shifted(1 - i / 7, shift)) for i in range(8)])
    assert shift_for(4096, 4) == 2 and shift_for(1, 1) == 1


def test_estimate_is_the_picture_the_state_points_at(clips, ideal, noise):
    """The exact velocity knows the clip long before the end, and the last estimate is the state itself."""
    plan = tasks.animate(given(clips)[:, :, :1], T)
    seen = list(sample(ideal.velocity(ideal.words([""] * B), plan, FPS), plan, noise, STEPS))
    assert landed(seen[len(seen) // 2].estimate, clips)[1] < 1e-3
    assert torch.allclose(seen[-1].estimate, seen[-1].state)
    assert torch.equal(seen[3].estimate[:, :, :1], given(clips)[:, :, :1])


def test_the_training_weight_is_the_clocks_rate():
    plan = Plan(torch.zeros(1, 1, 4, 1, 1), torch.tensor([0.0, 0.3, 0.6, 1.0]).reshape(1, 1, 4, 1, 1))
    for t in (0.2, 0.45, 0.9):
        rate = (plan.clock(t + 1e-3) - plan.clock(t)) / 1e-3
        assert torch.allclose(plan.weight(t), rate, atol=1e-3)


def test_refusals_name_what_is_lacking_and_who_can(clips):
    lame = type("Lame", (), {"name": "lame", "honours": frozenset({"clocks"})})()
    clip = given(clips)
    plan = tasks.orbit([clip[:, :, :1], clip[:, :, 1:2]], [0, 1], T)
    with pytest.raises(PlanRefused, match=r"lame cannot honour reference:view; use .*ideal"):
        check(plan.needs, lame)
    with pytest.raises(PlanRefused, match="no model"):
        check(plan.needs, lame, models={})
    check(plan.needs, MODELS["ideal"])
    with pytest.raises(UnknownName, match="euler, midpoint"):
        list(sample(lambda x, t: x, plan, clip, times(2), "heun"))
    for wrong in (lambda: tasks.retake(clip, 5, 3), lambda: tasks.orbit([clip], [0], T), lambda: tasks.edit(clip, 1.5)):
        with pytest.raises(InputError):
            wrong()


def test_the_ideal_codec_loses_nothing_and_frame_0_stands_alone():
    ideal = Ideal(torch.zeros(1, 12, 2, 1, 1), [("x",)], Grid(1, 4, 12))
    frames = torch.rand(2, 3, 9, 6, 5)
    latents = ideal.encode(frames)
    assert latents.shape == (2, 12, 3, 6, 5)
    assert torch.equal(ideal.decode(latents), frames)
    assert torch.equal(ideal.encode(frames[:, :, :1]), latents[:, :, :1])
    with pytest.raises(InputError):
        ideal.encode(frames[:, :, :8])
