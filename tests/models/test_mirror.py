"""A clip that is given one picture is also asked for in a mirror: what is said of sides and of pictures agrees."""

from pathlib import Path

import pytest
import torch

import motionalchemy as ma
from motionalchemy.flow import tasks
from motionalchemy.flow.plan import Plan
from motionalchemy.media import reader, resize
from motionalchemy.nets import text

HORSE = Path(__file__).parents[2] / "examples" / "horse.png"
LATER, FPS = 6, 24.0


@pytest.fixture(scope="module")
def nano():
    return ma.load("nano", "cpu")


def encoded(nano, mirrored: bool = False) -> torch.Tensor:
    picture = torch.from_numpy(resize.fit(reader.read_image(HORSE), 128, 128).copy()).permute(2, 0, 1)[None, :, None]
    picture = picture.float() / 127.5 - 1
    return nano.encode(picture.flip(-1) if mirrored else picture)


def movement(nano, prompt: str, mirrored: bool = False) -> torch.Tensor:
    """How the clean estimate at time 1 moves, (2, T-1, h, w) in shares of the width."""
    plan = tasks.animate(encoded(nano, mirrored), 1 + LATER)
    state, now = plan.start(torch.randn(plan.value.shape, generator=torch.Generator().manual_seed(0))), plan.clock(1.0)
    return nano.movement(state - now * nano.velocity(nano.words([prompt]), plan, FPS)(state, now))[0]


def turned(field: torch.Tensor) -> torch.Tensor:
    return field.flip(-1) * torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1)


@pytest.mark.parametrize("prompt", ["the horse runs to the left", "一匹马向右飞奔"])
def test_a_mirrored_picture_with_mirrored_words_moves_as_in_a_mirror(nano, prompt):
    here, there = movement(nano, prompt), movement(nano, text.mirrored(prompt), mirrored=True)
    apart = float((here - turned(there)).norm() / here.norm())
    assert here.abs().max() > 0.02 and apart < 0.1


def test_latents_in_a_mirror_are_those_of_the_movement_in_a_mirror(nano):
    field = 4 * torch.randn(1, 2, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    smooth = torch.nn.functional.interpolate(field, (16, 32, 32), mode="trilinear")
    latents = nano.codec.moving(smooth)
    given = torch.cat((torch.zeros_like(latents[:, :, :1]), latents), 2)
    mirror = torch.cat((torch.zeros_like(latents[:, :, :1]), nano.codec.mirrored(latents)), 2)
    one, other = nano.codec.movement(given)[0], nano.codec.movement(mirror)[0]
    assert float((turned(one) - other).norm() / one.norm()) < 0.05


def test_at_time_one_clips_that_begin_alike_have_one_answer_and_it_is_each_ones_own(nano):
    plan, prompt = tasks.animate(encoded(nano), 1 + LATER), nano.words(["the horse runs"])
    noise = torch.randn(3, *plan.value.shape[1:], generator=torch.Generator().manual_seed(2))
    state, velocity = plan.start(noise), nano.velocity(prompt, plan, FPS)
    for time in (1.0, 0.35):
        together = velocity(state, plan.clock(time))
        alone = torch.cat([velocity(state[i : i + 1], plan.clock(time)) for i in range(3)])
        assert float((together - alone).norm() / alone.norm()) < 0.005  # bfloat16 rounds a batch otherwise


def calls(nano, plan: Plan) -> int:
    """How often the flow is asked for one velocity."""
    asked = []
    hook = nano.flow.register_forward_hook(lambda *_: asked.append(1))
    nano.velocity(nano.words(["it walks"]), plan, FPS)(plan.start(torch.zeros_like(plan.value)), plan.clock(1.0))
    hook.remove()
    return len(asked)


def test_only_a_clip_that_is_given_one_picture_and_nothing_else_is_asked_for_twice(nano):
    one = encoded(nano)
    more = torch.cat((one, torch.zeros_like(one)), 2)
    assert calls(nano, tasks.animate(one, 1 + LATER)) == 2
    assert calls(nano, tasks.extend(more, 1 + LATER)) == 1  # goes on from a clip
    assert calls(nano, tasks.animate(one, 1 + LATER, one, 2.0)) == 1  # arrives at another picture
    assert calls(nano, tasks.animate(one, 1)) == 1  # a picture
