"""Clips seen otherwise in closed form: what is done to the latents is what would be seen if it were done to the clip."""

import random

import pytest
import torch
from test_motion_codec import codec, sliding  # noqa: F401

from motionalchemy.nets import text
from motionalchemy.train import augment, latents
from motionalchemy.train.augment import KNOTS, Glance

PLAIN = torch.eye(3, 4)[None]
PURPLE = torch.tensor([[[0.5, 0.2, 0, 0.1], [0, 0.4, 0, -0.2], [0.1, 0, 0.6, 0.2]]])


def vision(pictures):
    """Stands for the network: the pictures themselves, small."""
    return torch.nn.functional.avg_pool2d(pictures, 16)


def lens(zoom=1.0, at=(0.0, 0.0), bent=0.0):
    """What is seen from nearer, at a place; with `bent` larger in the middle than at the edges."""
    even = torch.linspace(-1, 1, KNOTS)
    even = even - bent * torch.sin(torch.pi * even) / torch.pi
    return torch.stack([even / zoom + offset for offset in at])[None]


@pytest.mark.parametrize(
    ("mirror", "zoom", "at", "bent"),
    [(-1, 1.0, (0, 0), 0), (1, 1.25, (0.2, -0.1), 0), (-1, 1.4, (-0.2, 0.25), 0), (-1, 1.1, (0.05, 0), 0.3)],
)
def test_latents_seen_otherwise_are_the_clip_seen_otherwise(codec, mirror, zoom, at, bent):  # noqa: F811
    video = sliding(1)[None]
    glance = Glance(torch.tensor([mirror * 1.0]), lens(zoom, at, bent), PURPLE)
    before, picture = codec.encode(video), video[:, :, :1]
    before[:, 256:, 1:] = 0  # the movement alone, whose picture is then exact
    after, look = augment.seen(before, glance, codec, vision)
    expected = glance.coloured(glance.pixels(codec.decode(before, picture)))
    found = codec.decode(after.float(), glance.coloured(glance.pixels(picture)))
    inner = (..., slice(10, -10), slice(10, -10))
    moved = (expected - expected[:, :, :1])[inner].abs().mean()
    assert (found - expected)[inner].abs().mean() < 0.1 * moved
    assert look.shape == (1, 3, 4, 4)


def test_a_mirror_turned_twice_changes_nothing(codec):  # noqa: F811
    later = codec.encode(sliding(1)[None])[:, :, 1:]
    glance = Glance(torch.tensor([-1.0]), lens(), PLAIN)

    def turned(x):
        field, rest = codec.parted(x)
        return codec.joined(glance.movement(field, codec.config.cell), glance.tinted(glance.pixels(rest)))

    assert (turned(later) - later).abs().max() > 0.1
    torch.testing.assert_close(turned(turned(later))[:, :256], later[:, :256], atol=1e-3, rtol=1e-3)


def test_ways_to_look_stay_inside_the_picture_and_edits_keep_their_colours():
    glance = augment.glances(64, random.Random(0), colours=False)
    assert torch.equal(glance.colour, PLAIN.expand(64, -1, -1))
    assert glance.mirror.unique().tolist() == [-1, 1]
    for bend in (0.0, 0.3):
        seen = augment.glances(64, random.Random(0), bend=bend).lens
        assert seen.abs().max() <= 1 + 1e-6 and (seen.diff() > 0).all()  # nothing twice, nothing from outside
        steps = seen.diff() / seen.diff().mean(-1, keepdim=True)
        assert (steps.std() > 0.1) == (bend > 0) and (seen[:, 0, -1] - seen[:, 0, 0]).min() < 2 / 1.3
    grey = torch.full((64, 3, 1, 1, 1), 0.1)
    coloured = augment.glances(64, random.Random(0)).coloured(grey)[..., 0, 0, 0]
    assert (coloured - coloured[:, :1]).abs().max() < 1e-5 and coloured.std() > 0.05  # grey stays grey, not as light


def test_words_change_sides_only_where_the_picture_did(codec):  # noqa: F811
    said = [{"en": ["it goes left", "it is off to the left"], "zh": ["它向左走"], "sources": ["a"]} for _ in range(8)]
    still = codec.encode(sliding(1)[None, :, :1]).half().expand(8, -1, -1, -1, -1)
    part = latents.Part("siblings", still, still[:, :3, 0], still, still[:, :3, 0], said)
    words = latents.seen_again(part, codec, vision, random.Random(1)).words
    mirror = augment.glances(8, random.Random(1), bend=latents.BENT["siblings"]).mirror
    for one, side in zip(words, mirror, strict=True):
        way = ("right", "右") if side < 0 else ("left", "左")
        assert all(way[0] in text for text in one["en"]) and way[1] in one["zh"][0] and one["sources"] == ["a"]
    assert len({one["en"][1] for one in words}) == 2


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("It leaps leftwards, lit from the right.", "It leaps rightwards, lit from the left."),
        ("the camera rolls clockwise, brightly", "the camera rolls counter-clockwise, brightly"),
        ("it turns left, then right, in bright air", "it turns right, then left, in bright air"),
        ("马儿向左，左右张望", "马儿向右，左右张望"),
        ("一匹马从左向右跑，镜头逆时针旋转", "一匹马从右向左跑，镜头顺时针旋转"),
    ],
)
def test_a_mirror_turns_left_and_right_in_words(said, seen):
    for one, other in ((said, seen), (seen, said)):
        assert text.mirrored(one) == other
