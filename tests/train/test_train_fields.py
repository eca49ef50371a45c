"""How composed worlds move: closed forms where the layer's own movement is known."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.data.backgrounds import Background
from motionalchemy.data.compose import placed, rgba
from motionalchemy.data.kinds import Sample
from motionalchemy.data.moves import view
from motionalchemy.data.shards import Layer
from motionalchemy.data.world import Actor, World, cut, render, staged
from motionalchemy.nets import motion
from motionalchemy.nets.trace import trace
from motionalchemy.train import cameras, fields
from motionalchemy.train.latents import movement

SIZE = (128, 128)
FRAMES = 17
STEP = 0.5  # pixels of the layer that its square goes to the right in each frame


def layer(step: float = 0.0, kind: str = "sprite") -> Layer:
    """A textured square of 48 in 96 pixels that slides."""
    rng = np.random.default_rng(0)
    soft = torch.from_numpy(rng.random((1, 3, 13, 13), dtype=np.float32))
    texture = torch.nn.functional.interpolate(soft, (96, 96), mode="bicubic")[0].clamp(0, 1)
    colour, alpha = np.full((FRAMES, 96, 96, 3), 128, np.uint8), np.zeros((FRAMES, 96, 96), np.uint8)
    for t in range(FRAMES):
        at = round(t * step)
        colour[t, 24:72, 12 + at : 60 + at] = (texture[:, 24:72, 24:72].permute(1, 2, 0) * 255).byte().numpy()
        alpha[t, 24:72, 12 + at : 60 + at] = 255
    camera = {"move": "static"}
    return Layer(colour, alpha, {"key": f"slide{step}", "kind": kind, "action": {"key": None}, "camera": camera})


def plain() -> Background:
    return Background(torch.full((3, 220, 166), 0.3), {"en": "", "zh": ""})


def test_a_sprite_on_its_way_is_carried_and_the_ground_stays(tmp_path):
    world = World(plain(), (Actor(layer(), "left", 0.6, here=True),), seed=3)
    field = fields.field(world, SIZE, 4, tmp_path)
    assert field.shape == (2, FRAMES - 1, 32, 32)
    scale, x, y, _ = staged(world)[0][0][1]
    for t in (4, FRAMES - 1):
        column, row = (int((v[t] + 0.5) * 32) for v in (x - 0.1 * scale, y))  # within the square
        torch.testing.assert_close(field[0, t - 1, row, column], (x[0] - x[t]) * 128, atol=0.05, rtol=0)
        assert field[1, t - 1, row, column].abs() < 0.05
    assert (x[-1] < x[0]) and field[:, :, :4].abs().max() < 1e-4


def test_without_actors_all_goes_with_the_camera(tmp_path):
    import random

    world = World(plain(), (), camera="zoom_in", seed=5)
    found = fields.field(world, SIZE, 4, tmp_path)
    rng = random.Random(5)
    line = (torch.arange(32) + 0.5 - 16) / 32
    place = torch.stack(torch.meshgrid(line, line, indexing="xy"))
    torch.testing.assert_close(found, cameras.field(view("zoom_in", 49, rng), place)[:, 1:] * 128, atol=0.02, rtol=0.02)


def test_a_layer_is_searched_once_and_its_movement_lies_where_it_is(tmp_path):
    world = World(plain(), (Actor(layer(STEP, "actor"), None, 0.9, here=True),), seed=3)
    field = fields.field(world, SIZE, 4, tmp_path)
    kept = list(tmp_path.glob("*.safetensors"))
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    mirrored = replace(world, actors=(replace(world.actors[0], mirrored=True),))
    turned = fields.field(mirrored, SIZE, 4, tmp_path)
    assert kept[0].stat().st_mtime_ns == before
    scale = float(staged(world)[0][0][1][0][-1])
    gone = -round((FRAMES - 1) * STEP) / 96 * scale * 128  # pixels to where it came from
    assert field[0, -1, 16, 15].item() == pytest.approx(gone, rel=0.15)
    assert turned[0, -1, 16, 16].item() == pytest.approx(-gone, rel=0.15)
    assert field[:, :, :, -3:].abs().max() < 0.05 * abs(gone)  # before plain ground nothing tells that it stays
    torch.testing.assert_close(turned[0].flip(-1), -field[0], atol=0.1, rtol=0.05)


def test_a_pace_picks_frames(tmp_path):
    one = layer(STEP, "actor")
    at = np.minimum(np.arange(FRAMES) * 2, FRAMES - 1)
    fast = replace(one, colour=one.colour[at], alpha=one.alpha[at], shown=at)
    own, paced = fields.moves(one, tmp_path), fields.moves(fast, tmp_path)
    assert torch.equal(paced.field, own.field[:, at]) and torch.equal(paced.alpha, own.alpha[at])
    some = cut(fast, slice(2, 6))
    assert torch.equal(fields.moves(some, tmp_path).field, own.field[:, at[2:6]]) and len(some.colour) == 4


def test_the_movement_of_a_sample_is_put_together_and_mended_or_else_followed(tmp_path):
    """Where what a world is made of says less than the whole, the whole is what counts."""
    world = World(plain(), (Actor(layer(STEP, "actor"), None, 0.9, here=True),), seed=3)
    assert fields.known(world) and not fields.known(replace(world, camera="follow"))
    clip = render(world, SIZE)

    def wrong(field: torch.Tensor) -> float:
        seen = motion.warp(clip[:1], motion.upsampled(field[None], *SIZE, 1.0))[0].transpose(0, 1)
        return float((seen - clip[1:]).square().mean())

    known = Sample("animate", clip, {"en": "", "zh": ""}, world=world)
    assert wrong(movement(known, 4, tmp_path)) < 0.8 * wrong(fields.field(world, SIZE, 4, tmp_path))
    followed = movement(replace(known, world=None), 4, tmp_path)
    torch.testing.assert_close(followed, motion.followed(clip.transpose(0, 1).float(), 4))
    assert followed.shape == (2, FRAMES - 1, 32, 32)


def test_what_a_search_leaves_wrong_of_a_layer_is_mended(tmp_path):
    """The square turns in place as well: its corners are where a search of patches errs."""
    turning = layer(0.0, "actor")
    for t in range(FRAMES):
        for part in (turning.colour[t], turning.alpha[t]):
            part[:] = cv2.warpAffine(part.copy(), cv2.getRotationMatrix2D((48, 48), 2.0 * t, 1.0), (96, 96))
    canvas = placed(rgba(turning), (fields.SIDE, fields.SIDE), fields.SCALE)

    def wrong(field: torch.Tensor) -> float:
        warped = motion.warp(canvas[:1], motion.upsampled(field[None, :, 1:], fields.SIDE, fields.SIDE, 1.0))
        return float((warped[0].transpose(0, 1) - canvas[1:]).square().mean())

    colour = canvas[:, :3] + (1 - canvas[:, 3:]) * fields.GREY
    search = motion.shrunk(trace((colour * 2 - 1).transpose(0, 1))[None], fields.CELL)[0]
    search = torch.cat((torch.zeros_like(search[:, :1]), search), 1)
    mended = fields.searched(turning).field * fields.SIDE * fields.SCALE
    assert wrong(mended) < 0.7 * wrong(search)
