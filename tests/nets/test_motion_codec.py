"""The motion autoencoder in closed form: what it says of shifts, of stillness, of time, and at other sizes."""

import pytest
import torch

from motionalchemy.nets import motion
from motionalchemy.nets.autoencoder import AutoencoderConfig
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig


def textured(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """A smooth random picture (3, H, W) in [-1, 1], on which every shift can be seen."""
    rough = torch.randn(1, 3, height // 4, width // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(rough, (height, width), mode="bicubic")[0].tanh()


def sliding(pixels: int, frames: int = 17, side: int = 64) -> torch.Tensor:
    """A clip (3, T, side, side) whose content moves `pixels` to the right with every frame."""
    wide = textured(side, side + pixels * frames)
    begin = pixels * (frames - 1)
    return torch.stack([wide[..., begin - pixels * i : begin - pixels * i + side] for i in range(frames)], 1)


@pytest.fixture(scope="module")
def codec() -> MotionAutoencoder:
    """Every component of the field is kept, so movement is coded without loss."""
    torch.manual_seed(0)
    model = MotionAutoencoder(MotionConfig(AutoencoderConfig(channels=264, widths=(8, 8, 8)), moves=256))
    model.moves.copy_(torch.linalg.qr(torch.randn(256, 256))[0])
    model.rest.copy_(torch.linalg.qr(torch.randn(6144, 8))[0].T)
    model.unit.uniform_(0.5, 2)
    return model.eval().requires_grad_(False)


def test_a_picture_seen_through_a_shift_is_the_shifted_picture():
    picture, field = textured(32, 32)[None], torch.zeros(1, 2, 1, 32, 32)
    field[:, 0] = 3
    seen = motion.warp(picture, field)
    torch.testing.assert_close(seen[..., 0, :, :29], picture[..., 3:], atol=1e-5, rtol=0)
    torch.testing.assert_close(seen[..., 0, :, 29:], picture[..., 31:].expand(-1, -1, -1, 3), atol=1e-5, rtol=0)


def test_beyond_its_edge_a_picture_is_mirrored_where_it_is_to_be():
    picture, field = textured(32, 32)[None], torch.zeros(1, 2, 1, 32, 32)
    field[:, 0] = 3
    seen = motion.warp(picture, field, "reflection")
    torch.testing.assert_close(seen[..., 0, :, 29:], picture[..., 29:].flip(3), atol=1e-5, rtol=0)


def test_a_still_clip_has_no_movement_and_no_rest(codec):
    video = textured(32, 48)[None, :, None].expand(-1, -1, 17, -1, -1)
    latents = codec.encode(video)
    assert latents.shape == (1, 264, 3, 2, 3)
    assert latents[:, :, 1:].abs().max() == 0
    assert torch.equal(latents[:, :, :1], codec.encode(video[:, :, :1]))


def test_what_moves_is_coded_and_comes_back(codec):
    video = sliding(1)[None]
    latents = codec.encode(video)
    back = codec.decode(latents, video[:, :, :1])
    kept = (slice(None), slice(None), slice(1, None), slice(8, 56), slice(24, 56))
    still = (video - video[:, :, :1])[kept].square().mean()
    assert (back - video)[kept].square().mean() < 0.05 * still
    assert torch.equal(back[:, :, 0], video[:, :, 0])


def test_later_frames_hardly_change_what_is_earlier(codec):
    video = sliding(1, 25)[None]
    other = video.clone()
    other[:, :, 9:] = other[:, :, 9:].flip(-2)
    before, after = codec.encode(video), codec.encode(other)
    assert torch.equal(before[:, :, :1], after[:, :, :1])
    kept, changed = ((after - before)[:, :256, i].square().mean() / before[:, :256, i].square().mean() for i in (1, 2))
    assert kept < 0.01 and changed > 20 * kept
    changed = before.clone()
    changed[:, :, 2:] += 1
    assert torch.equal(codec.decode(before)[:, :, :9], codec.decode(changed)[:, :, :9])


def test_a_larger_picture_moves_as_far_in_shares_of_its_side(codec):
    """A shift by 4 of 64 pixels moves a picture of 128 by 8, and it stays as sharp as it was."""
    latents = torch.zeros(1, 264, 2, 4, 4)
    field = torch.zeros(1, 2, 8, 16, 16)
    field[:, 0] = -4
    latents[:, :256, 1:] = codec._coefficients(field, codec.moves, 2) / codec.unit[:256].view(-1, 1, 1, 1)
    picture = textured(128, 128)[None, :, None]
    made = codec.decode(latents, picture)
    assert made.shape == (1, 3, 9, 128, 128)
    torch.testing.assert_close(made[:, :, 5, :, 8:], picture[:, :, 0, :, :-8], atol=1e-4, rtol=0)


def test_streaming_equals_one_shot(codec):
    latents = torch.randn(1, 264, 4, 2, 2) * 0.1
    pieces = list(codec.decode_stream(latents))
    assert [piece.shape[2] for piece in pieces] == [1, 8, 8, 8]
    assert torch.equal(torch.cat(pieces, 2), codec.decode(latents))


@pytest.mark.parametrize("every", [2, 5])
def test_fewer_frames_are_decoded_as_all_are(codec, every):
    latents, picture = torch.randn(1, 264, 4, 2, 2) * 0.1, textured(48, 48)[None, :, None]
    assert torch.equal(codec.decode(latents, None, every), codec.decode(latents)[:, :, ::every])
    softer, made = codec.decode(latents, picture, every), codec.decode(latents, picture)[:, :, ::every]
    assert torch.equal(softer[:, :, 0], made[:, :, 0]) and softer.shape == made.shape
    assert (softer - made).abs().mean() < 0.5 * (made[:, :, 1:] - made[:, :, :1]).abs().mean()


def test_fit_finds_the_directions_and_units_of_what_it_is_shown():
    """Clips that slide by one of two speeds need one direction: the field is the same line, longer or shorter."""
    torch.manual_seed(0)
    model = MotionAutoencoder(MotionConfig(AutoencoderConfig(channels=12, time=4, widths=(8, 8, 8)), moves=4))
    clips = [sliding(pixels, 9) for pixels in (1, 2)]
    motion.fit(model, [(clip, motion.followed(clip, 4)) for clip in clips])
    torch.testing.assert_close(model.moves @ model.moves.T, torch.eye(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(model.rest @ model.rest.T, torch.eye(8), atol=1e-4, rtol=0)
    with torch.no_grad():
        latents = torch.cat([model.encode(clip[None])[:, :, 1:] for clip in clips])
    assert latents[:, :4].square().mean().sqrt() == pytest.approx(1, abs=0.15)
    spread = latents.square().mean((0, 2, 3, 4)).sqrt()
    torch.testing.assert_close(spread[:4], model.deviation[:4], rtol=0.2, atol=0.05)
    field = motion.followed(clips[0], 4)[None]
    kept = model._values(model._coefficients(field, model.moves, 2), model.moves, 2)
    assert (kept - field).square().mean() < 0.1 * field.square().mean()


def test_a_movement_that_is_led_on_keeps_its_pace_and_ends_as_the_model_says(codec):
    frames = 32
    field = torch.zeros(1, 2, frames, 16, 16)
    field[:, 0] = -torch.arange(1.0, frames + 1).view(-1, 1, 1)  # one pixel a frame
    asked = field.clone()
    asked[:, 0, 8:] += 12  # a jump where the second latent frame begins
    later = torch.zeros(1, 264, frames // 8, 4, 4)
    later[:, :256] = codec._coefficients(asked, codec.moves, 2) / codec.unit[:256].view(-1, 1, 1, 1)
    led = codec.led_on(later, known=1)
    found = codec._values((led * codec.unit.view(-1, 1, 1, 1))[:, :256], codec.moves, 2)
    assert torch.equal(led[:, :, :1], later[:, :, :1])
    torch.testing.assert_close(found[:, 0, 8], field[:, 0, 8], atol=1e-3, rtol=0)  # goes on at its pace
    torch.testing.assert_close(found[:, :, 8 + motion.SETTLED :], asked[:, :, 8 + motion.SETTLED :], atol=1e-3, rtol=0)
    steps = found[:, 0, 1:] - found[:, 0, :-1]
    assert steps.abs().max() < 2  # and nowhere jumps


def test_a_jump_between_latent_frames_is_led_in_and_a_steady_change_is_left_alone():
    steady = torch.arange(16.0).view(1, 1, 16, 1, 1)
    torch.testing.assert_close(motion.eased(steady[:, :, 8:], steady[:, :, :8]), steady[:, :, 8:])
    late = steady[:, :, 8:] + 4
    eased = motion.eased(late, steady[:, :, :8]).flatten()
    torch.testing.assert_close(late.flatten() - eased, torch.tensor([2.2, 1.0, 0.2, 0, 0, 0, 0, 0]))
    torch.testing.assert_close(motion.eased(late, None), late)


def test_a_tremble_between_frames_is_calmed_and_the_last_frame_waits_for_the_next():
    tremble = torch.tensor([1.0, -1, 1, -1, 1, -1, 1, -1]).view(1, 1, 8, 1, 1)
    calmed = motion.eased(tremble, None).flatten()
    torch.testing.assert_close(calmed, tremble.flatten() * torch.tensor([1.0, *[1 - 4 * motion.CALM] * 6, 1.0]))


@pytest.mark.parametrize(("pixels", "share"), [(3, 9 / 153), (12, 0.5), (48, 2304 / 2448)])
def test_the_farther_something_goes_the_less_of_it_is_a_guess(codec, pixels, share):
    field = torch.zeros(1, 2, 16, 16, 16)
    field[:, 0, :, 4:8, 4:8] = pixels  # a part of the picture goes to the side
    found = codec.parted(codec.sure(codec.moving(field)))[0]
    torch.testing.assert_close(found, field * share, atol=0.02 * pixels, rtol=0)


def test_what_the_whole_picture_does_is_no_guess(codec):
    field = torch.full((1, 2, 16, 16, 16), 2.0)
    torch.testing.assert_close(codec.parted(codec.sure(codec.moving(field)))[0], field, atol=0.05, rtol=0)
    assert codec.sure(torch.zeros(1, 264, 0, 4, 4)).shape == (1, 264, 0, 4, 4)
