"""Training: the plan makes state and weight, a killed run goes on where it was, and a small flow really learns."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch import nn

from motionalchemy.flow import stages, tasks
from motionalchemy.flow.sampler import clean_to_velocity, finish, sample, times
from motionalchemy.nets.autoencoder import Autoencoder, AutoencoderConfig
from motionalchemy.train import codec, flow
from motionalchemy.train.loop import Schedule, averaged, train
from motionalchemy.train.muon import Muon, orthogonal


def test_the_state_lies_on_the_line_that_the_sampler_follows():
    """Following the true velocity from the plan's start, the sampler passes exactly through the training states."""
    truth = torch.randn(2, 4, 3, 2, 2)
    noise = torch.randn_like(truth)
    coarse = torch.randn(2, 4, 3, 1, 1)
    free = tasks.animate(truth[:, :, :1], 3)
    for plan in (free, stages.refine(free, coarse, 0.6), tasks.imagine(truth, 3), tasks.retake(truth, 1, 2)):

        def exact(x, now):
            return clean_to_velocity(truth, x, now)

        for step in sample(exact, plan, noise, times(10, top=plan.top)):
            if step.t > 0.05:
                state, now = flow.on_the_way(plan, truth, noise, torch.tensor(step.t))
                torch.testing.assert_close(step.state, state, atol=1e-5, rtol=1e-5)
                assert torch.equal(now, plan.clock(step.t))


def test_known_frames_have_no_weight_and_a_perfect_guess_no_loss():
    truth = torch.randn(1, 4, 3, 2, 2)
    plan, t = tasks.animate(truth[:, :, :1], 3), torch.full((1, 1, 1, 1, 1), 0.5)
    _, now = flow.on_the_way(plan, truth, torch.randn_like(truth), t)
    wrong_where_known = truth.clone()
    wrong_where_known[:, :, 0] += 9
    assert flow.flow_loss(wrong_where_known, truth, plan, t, now).item() == 0
    wrong_where_free = truth.clone()
    wrong_where_free[:, :, 1:] += 1
    size = truth[:, :, 1:].square().mean().item()
    assert flow.flow_loss(wrong_where_free, truth, plan, t, now).item() == pytest.approx(
        1 / 0.25 / (flow.CALM + size), rel=1e-5
    )
    channels = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])  # of frame 0, of later ones
    quarter = flow.flow_loss(wrong_where_free, truth, plan, t, now, channels).item()
    size = truth[:, 0, 1:].square().mean().item()
    assert quarter == pytest.approx(0.25 / 0.25 / (flow.CALM + size / 4), rel=1e-5)


def test_leaving_a_source_as_it_is_costs_what_it_would_change():
    truth, source = torch.randn(2, 4, 1, 8, 8), torch.randn(2, 4, 1, 8, 8)
    plan, t = tasks.edit(source, source=True), torch.ones(1, 1, 1, 1, 1)
    changed = (truth - source).square().mean((1, 2, 3, 4))
    torch.testing.assert_close(flow.flow_loss(source, truth, plan, t, t), changed / (changed + flow.CHANGED))
    assert flow.flow_loss(truth, truth, plan, t, t).max() == 0


def test_drawn_times_stay_below_the_plan_s_top_and_lean_towards_noise():
    generator = torch.Generator().manual_seed(0)
    drawn = flow.draw_times(4000, 3.0, generator, top=0.7)
    blind = drawn == 0.7
    assert blind.float().mean() == pytest.approx(flow.BLIND, abs=0.02)
    drawn = drawn[~blind]
    assert drawn.min() > 0 and drawn.max() < 0.7
    assert drawn.median() == pytest.approx(0.7 * 0.75, abs=0.02)  # the shift sends 1/2 to 3/4


def test_linear_start_reconstructs_what_is_linear():
    """Clips that span few directions are given back by the principal components alone."""
    torch.manual_seed(0)
    model = Autoencoder(AutoencoderConfig(channels=8, widths=(8, 8, 8)))
    basis = torch.randn(4, 3, 17, 16, 16)

    def clip():
        return torch.einsum("bk,kcthw->bcthw", torch.randn(2, 4), basis) * 0.1

    clips = [sign * half for half in (clip() for _ in range(20)) for sign in (1, -1)]  # mean patch zero
    codec.start_linear(model, clips)
    with torch.no_grad():
        for video in clips[:3]:
            for part in (slice(0, 1), slice(1, 17)):
                made = model.synthesis(model.analysis(video))[:, :, part]
                assert (made - video[:, :, part]).square().mean() < 1e-4 * video[:, :, part].square().mean()
        codec.measure_latents(model, clips)
        latents = torch.cat([model.encode(c) for c in clips])
    assert latents.mean().abs() < 1e-4
    assert latents.square().mean().sqrt() == pytest.approx(1, abs=0.05)


class Line(nn.Module):
    matrices = ("blocks.",)

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(128, 128)])
        self.gain = nn.Parameter(torch.ones(128))


def fit(folder, steps, muon=False, pause=0.0):
    torch.manual_seed(0)
    model, average = Line(), None
    goal = torch.randn(128, 128, generator=torch.Generator().manual_seed(1)) / 11

    def batch(i):
        time.sleep(pause)
        return torch.randn(64, 128, generator=torch.Generator().manual_seed(i))

    def loss(x, step):
        return {"loss": (model.blocks[0](x) * model.gain - x @ goal).square().mean()}

    average = averaged(model)
    run = train(model, batch, loss, Schedule(steps, 3e-3, warmup=5, save_every=0.0, muon=muon), folder, average)
    return model, average, run


@pytest.mark.parametrize("shape", [(24, 40), (48, 16)])
def test_muon_steps_as_torch_does_in_the_precision_of_the_device(shape):
    start, slopes = torch.randn(shape), torch.randn(3, *shape)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    mine = Muon([ours], 0.02, 0.1, pace=1.0)
    usual = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    for slope in slopes:
        ours.grad, theirs.grad = slope.clone(), slope.clone()
        mine.step()
        usual.step()
    moved = (theirs - start).norm()
    assert moved > 0.1 and (ours - theirs).norm() < 0.02 * moved
    values = torch.linalg.svdvals(orthogonal(slopes[0]).float())
    assert values.min() > 0.3 and values.max() < 1.6


@pytest.mark.parametrize("muon", [False, True])
def test_a_resumed_run_equals_an_unbroken_one(tmp_path, muon):
    whole, whole_average, run = fit(tmp_path / "a", 30, muon)
    reports = list(run)
    assert reports[-1].losses["loss"] < 0.85 * reports[0].losses["loss"]
    _, _, broken = fit(tmp_path / "b", 30, muon)
    for report in broken:
        if report.step == 12:
            break
    broken.close()
    resumed, resumed_average, run = fit(tmp_path / "b", 30, muon)
    assert next(run).step == 13
    list(run)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
        assert torch.equal(whole_average[name], resumed_average[name]), name


def test_a_killed_run_loses_at_most_one_interval(tmp_path):
    """kill -9 at a random moment; every save is whole, and the next run goes on from the last one."""
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[2]); from test_learn import fit\n"
        "for r in fit(pathlib.Path(sys.argv[1]), 10000, pause=0.01)[2]: print(r.step, flush=True)"
    )
    here = os.path.dirname(__file__)
    child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), here], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    seen = 0
    for line in child.stdout:
        seen = int(line)
        if seen == 20:
            child.send_signal(signal.SIGKILL)
            break
    seen = max([seen, *(int(line) for line in child.stdout)])
    child.wait()
    _, _, run = fit(tmp_path, 10000)
    assert seen <= next(run).step <= seen + 2
    run.close()


def test_a_small_flow_learns_which_clip_a_word_asks_for():
    """A network that sees only time, state and one number for the word learns two clips; the sampler finds both."""
    torch.manual_seed(0)
    clips = torch.stack([torch.full((4, 2, 1, 1), v) for v in (-1.0, 1.0)])  # (2, C, T, h, w)
    net = nn.Sequential(nn.Linear(10, 64), nn.SiLU(), nn.Linear(64, 8))

    def predict(x, now, word):
        flat = torch.cat([x.flatten(1), now.expand(len(x), 1, 1, 1, 1).flatten(1), word[:, None]], 1)
        return net(flat).view_as(x)

    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        which = torch.randint(0, 2, (64,), generator=generator)
        truth = clips[which]
        plan, t = tasks.imagine(truth, 2), flow.draw_times(64, 1.0, generator)
        state, now = flow.on_the_way(plan, truth, torch.randn(truth.shape, generator=generator), t)
        loss = flow.flow_loss(predict(state, now[:, :, :1], which.float()), truth, plan, t, now).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for word in (0, 1):

        def velocity(x, now, word=float(word)):
            return clean_to_velocity(predict(x, now[:, :, :1], torch.tensor([word])), x, now)

        plan = tasks.imagine(clips[:1], 2)
        made = finish(sample(velocity, plan, torch.randn(1, 4, 2, 1, 1, generator=generator), times(8)), plan.value)
        assert (made - clips[word]).abs().max() < 0.15
