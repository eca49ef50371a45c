"""The native networks: causality, streaming, positions, regions, words made once, and packs that refuse what differs."""

import json

import pytest
import torch
from torch import nn

from motionalchemy.errors import InputError, MissingPart
from motionalchemy.flow.plan import Reference
from motionalchemy.nets import pack
from motionalchemy.nets.autoencoder import Autoencoder, AutoencoderConfig
from motionalchemy.nets.text import Tokens
from motionalchemy.nets.transformer import FlowTransformer, TransformerConfig, attended

SECONDS = torch.tensor([0.0, 1 / 24, 9 / 24])


def stirred(model: nn.Module) -> nn.Module:
    """Layers that start at zero would let many a fault pass."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.abs().max() == 0:
                parameter.copy_(0.05 * torch.randn(parameter.shape, generator=generator))
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def codec() -> Autoencoder:
    torch.manual_seed(0)
    model = Autoencoder(AutoencoderConfig(channels=8, widths=(8, 12, 16)))
    model.mean.normal_()
    model.deviation.uniform_(0.5, 2)
    return stirred(model)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def flow() -> FlowTransformer:
    torch.manual_seed(0)
    return stirred(FlowTransformer(TransformerConfig(channels=8, width=64, depth=2, heads=2)))  # type: ignore[return-value]


def tokens(batch: int = 1, length: int = 5, seed: int = 0) -> Tokens:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 100_000, (batch, length), generator=generator)
    return Tokens(
        ids, torch.randn(batch, length, 512, generator=generator), torch.ones(batch, length, dtype=torch.bool)
    )


def test_autoencoder_is_causal_to_the_last_bit(codec):
    video = torch.rand(1, 3, 25, 32, 48) * 2 - 1
    other = video.clone()
    other[:, :, 9:] = torch.rand(1, 3, 16, 32, 48) * 2 - 1
    before, after = codec.encode(video), codec.encode(other)
    assert before.shape == (1, 8, 4, 2, 3)
    assert torch.equal(before[:, :, :2], after[:, :, :2])
    assert not torch.equal(before[:, :, 2], after[:, :, 2])
    changed = before.clone()
    changed[:, :, 2:] += 1
    assert torch.equal(codec.decode(before)[:, :, :9], codec.decode(changed)[:, :, :9])


def test_frame_zero_alone_is_latent_frame_zero(codec):
    video = torch.rand(2, 3, 17, 32, 32) * 2 - 1
    torch.testing.assert_close(codec.encode(video[:, :, :1]), codec.encode(video)[:, :, :1], atol=1e-5, rtol=0)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_streaming_decode_equals_one_shot(codec, chunk):
    latents = torch.randn(1, 8, 5, 2, 2)
    streamed = torch.cat(list(codec.decode_stream(latents, chunk)), 2)
    torch.testing.assert_close(streamed, codec.decode(latents), atol=1e-5, rtol=0)


def test_autoencoder_refuses_what_is_off_the_grid(codec):
    with pytest.raises(InputError, match="8k\\+1"):
        codec.encode(torch.zeros(1, 3, 8, 32, 32))
    with pytest.raises(InputError, match="multiples of 16"):
        codec.encode(torch.zeros(1, 3, 9, 30, 32))


@pytest.mark.parametrize("masked", [False, True])
def test_attention_written_out_is_pytorchs_with_its_gradient(masked):
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, n, 8, generator=generator, requires_grad=True) for n in (5, 7, 7))
    mask = (torch.arange(7) < torch.tensor([[4], [7]]))[:, None, None] if masked else None
    weight, found = torch.randn(2, 3, 5, 8, generator=generator), []
    for attention in (attended, nn.functional.scaled_dot_product_attention):
        y = attention(q, k, v, mask)
        found.append([y, *torch.autograd.grad((y * weight).sum(), (q, k, v))])
    for mine, theirs in zip(*found, strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_words_made_once_equal_words_made_every_step(flow):
    x, t, words = torch.randn(2, 8, 3, 2, 2), torch.rand(2, 1, 3, 1, 1), tokens(2)
    once = flow.words(words.ids, words.vectors, words.mask)
    torch.testing.assert_close(flow(x, t, once, SECONDS), flow(x, t, words, SECONDS))


def test_padding_of_words_changes_nothing(flow):
    x, t, words = torch.randn(1, 8, 3, 2, 2), torch.rand(1, 1, 3, 1, 1), tokens()
    pad = Tokens(
        torch.cat((words.ids, torch.zeros(1, 3, dtype=torch.long)), 1),
        torch.cat((words.vectors, torch.zeros(1, 3, 512)), 1),
        torch.cat((words.mask, torch.zeros(1, 3, dtype=torch.bool)), 1),
    )
    torch.testing.assert_close(flow(x, t, words, SECONDS), flow(x, t, pad, SECONDS), atol=1e-5, rtol=1e-4)


def test_order_of_words_matters(flow):
    x, t, words = torch.randn(1, 8, 3, 2, 2), torch.rand(1, 1, 3, 1, 1), tokens()
    turned = Tokens(words.ids.flip(1), words.vectors.flip(1), words.mask)
    stir = flow.text.place.detach().clone()
    flow.text.place.copy_(torch.randn_like(stir))
    assert (flow(x, t, words, SECONDS) - flow(x, t, turned, SECONDS)).abs().max() > 1e-3
    flow.text.place.copy_(stir)


def test_a_time_per_position_that_is_constant_equals_a_time_per_frame(flow):
    x, t, words = torch.randn(1, 8, 3, 2, 4), torch.rand(1, 1, 3, 1, 1), tokens()
    regional = t.expand(1, 1, 3, 2, 4).contiguous()
    torch.testing.assert_close(flow(x, regional, words, SECONDS), flow(x, t, words, SECONDS), atol=1e-5, rtol=1e-4)
    regional[..., 0] = 0
    assert (flow(x, regional, words, SECONDS) - flow(x, t, words, SECONDS)).abs().max() > 1e-3


def test_references_matter_by_value_role_time_and_angle(flow):
    x, t, words = torch.randn(1, 8, 3, 2, 2), torch.rand(1, 1, 3, 1, 1), tokens()
    value = torch.randn(1, 8, 1, 2, 2)
    variants = [
        (),
        (Reference("view", value, 1.0),),
        (Reference("view", value + 1, 1.0),),
        (Reference("source", value, 1.0),),
        (Reference("view", value, 2.0),),
        (Reference("view", value, 1.0, angle=90.0),),
        (Reference("view", torch.randn(1, 8, 1, 1, 2), 1.0),),
    ]
    made = [flow(x, t, words, SECONDS, refs, (None,) * (1 + len(refs))) for refs in variants]
    for i, a in enumerate(made):
        assert a.shape == x.shape
        for b in made[i + 1 :]:
            assert (a - b).abs().max() > 1e-4


def test_an_edit_changes_the_picture_of_its_source_and_keeps_the_movement(flow):
    """The best guess before anything is seen is the source itself, not grey; of a known part nothing changes."""
    source, words = torch.randn(1, 8, 3, 2, 2), tokens()
    beside = (Reference("source", source, 0.0),)
    one, x = torch.ones(1, 1, 3, 1, 1), torch.randn(1, 8, 3, 2, 2)
    torch.testing.assert_close(fresh()(x, one, words, SECONDS, beside, (None, None)), source)
    made = flow(x, one, words, SECONDS, beside, (None, None))
    assert torch.equal(made[:, :, 1:], source[:, :, 1:])
    assert (made - source)[:, :, 0].abs().max() > 1e-3
    one[:, :, :2] = 0
    torch.testing.assert_close(flow(x, one, words, SECONDS, beside, (None, None))[:, :, :2], x[:, :, :2])
    with pytest.raises(InputError, match="one source clip"):
        flow(x, one, words, SECONDS, beside * 2, (None, None, None))


def test_a_picture_is_looked_at_in_its_place(flow):
    """What the vision network says of one corner reaches every frame, and mostly the tokens of that corner."""
    x, t, words = torch.randn(1, 8, 3, 2, 2), torch.rand(1, 1, 3, 1, 1), tokens()
    look = torch.zeros(1, 768, 2, 2)
    plain = flow(x, t, words, SECONDS, looks=(look,))
    corner = look.clone()
    corner[..., 0, 0] = 1
    change = (flow(x, t, words, SECONDS, looks=(corner,)) - plain).abs().sum((0, 1))
    assert change[1:].min() > 0
    assert all(float(frame[0, 0]) == float(frame.max()) for frame in change)


@pytest.mark.parametrize(("store", "error"), [("float32", 0.0), ("float16", 1e-3), ("int8", 2e-2)])
def test_a_pack_gives_back_the_network(tmp_path, flow, store, error):
    pack.save(tmp_path, flow, "flow", store, {"licence": "CC-BY-SA-4.0"})
    loaded, card = pack.load(tmp_path, "flow", lambda config: FlowTransformer(TransformerConfig(**config)))
    assert card["licence"] == "CC-BY-SA-4.0" and card["sha256"] == pack.digest(tmp_path / "model.safetensors")
    for name, value in flow.state_dict().items():
        assert (loaded.state_dict()[name] - value).abs().max() <= error * max(1e-6, float(value.abs().max())), name


def test_a_pack_refuses_what_differs(tmp_path, flow):
    def build(config):
        return FlowTransformer(TransformerConfig(**config))

    with pytest.raises(MissingPart, match="no model at"):
        pack.load(tmp_path / "nowhere", "flow", build)
    pack.save(tmp_path, flow, "flow")
    with pytest.raises(InputError, match="not a 'autoencoder'"):
        pack.load(tmp_path, "autoencoder", build)
    card = json.loads((tmp_path / "config.json").read_text())
    for change in ({"depth": 3}, {"unheard_of": 1}, {"width": 32}):
        (tmp_path / "config.json").write_text(json.dumps({**card, "config": {**card["config"], **change}}))
        with pytest.raises(InputError, match="does not fit"):
            pack.load(tmp_path, "flow", build)
    (tmp_path / "config.json").write_text(json.dumps(card))
    with (tmp_path / "model.safetensors").open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\1\2\3")
    with pytest.raises(InputError, match="sha256"):
        pack.load(tmp_path, "flow", build)


def fresh() -> FlowTransformer:
    """A network that has learnt nothing, for latents of a deviation other than 1."""
    torch.manual_seed(0)
    model = FlowTransformer(TransformerConfig(channels=8, width=64, depth=2, heads=2))
    model.deviation.copy_(torch.linspace(0.5, 2, 8))
    return model.requires_grad_(False)


def test_at_time_one_nothing_of_the_noise_gets_through(flow):
    one, words = torch.ones(1, 1, 3, 1, 1), tokens()
    assert fresh()(torch.randn(1, 8, 3, 2, 2), one, words, SECONDS).abs().max() == 0
    made = [flow(torch.randn(1, 8, 3, 2, 2), one, words, SECONDS) for _ in range(2)]
    assert torch.equal(*made) and made[0].abs().max() > 0


def test_an_untrained_network_gives_the_best_linear_estimate():
    """Latents of each channel's deviation seen through noise: no other multiple of what is told errs less."""
    model = fresh()
    spread = torch.cat((torch.ones(8, 1), model.deviation[:, None].expand(-1, 2)), 1)[None, :, :, None, None]
    clean, noise = torch.randn(2, 512, 8, 3, 2, 2)
    clean, t = clean * spread, torch.full((1, 1, 3, 1, 1), 0.6)
    found = model((1 - t) * clean + t * noise, t, tokens(512), SECONDS)
    for scale in (0.8, 1.25):
        assert (scale * found - clean).square().mean() > (found - clean).square().mean()
    later = slice(1, None)
    share = (found - clean)[:, :, later].square().mean((0, 2, 3, 4)) / model.deviation.square()
    expected = 0.36 / (0.16 * model.deviation.square() + 0.36)
    torch.testing.assert_close(share, expected, rtol=0.1, atol=0.0)


def test_a_window_holds_no_more_than_it_was_made_for(flow):
    x, t = torch.randn(1, 8, 8, 2, 2), torch.ones(1, 1, 8, 1, 1)
    with pytest.raises(InputError, match="holds 7 latent frames, not 8"):
        flow(x, t, tokens(), torch.arange(8) / 3)


def test_what_is_known_stays_as_it_is(flow):
    x, t, words = torch.randn(1, 8, 3, 2, 2), torch.rand(1, 1, 3, 1, 1), tokens()
    t[:, :, :2] = 0
    torch.testing.assert_close(flow(x, t, words, SECONDS)[:, :, :2], x[:, :, :2])


def test_what_is_known_is_expected_to_go_on():
    """An untrained network at time 1: later frames follow by the linear map from the last known one, again and again."""
    model = FlowTransformer(TransformerConfig(channels=8, width=64, depth=2, heads=2))
    model.ahead.copy_(0.5 * torch.eye(model.config.channels))
    x = torch.randn(1, model.config.channels, 4, 2, 2)
    t = torch.ones(1, 1, 4, 1, 1)
    assert model(x, t, tokens(), torch.arange(4.0))[:, :, 1:].abs().max() == 0  # a picture alone says nothing
    t[:, :, :2] = 0
    clean = model(x, t, tokens(), torch.arange(4.0))
    torch.testing.assert_close(clean[:, :, :2], x[:, :, :2])
    torch.testing.assert_close(clean[:, :, 2], 0.5 * x[:, :, 1])
    torch.testing.assert_close(clean[:, :, 3], 0.25 * x[:, :, 1])
