"""The painter: styles asked for in words, on pictures of any size, learnt from pictures before and after."""

import random

import numpy as np
import pytest
import torch
import worlds_corpus
from PIL import Image
from test_cli import call

from motionalchemy import media
from motionalchemy.backbones import nano
from motionalchemy.clip import Clip
from motionalchemy.learn import painting
from motionalchemy.nets import painter
from motionalchemy.nets.painter import Painter, PainterConfig
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.worlds import looks
from motionalchemy.worlds.words import LOOKS

SMALL = PainterConfig(width=16, depth=2)
STYLES = {"en": "turn it into {}", "zh": "把它变成{}"}
OTHERS = (
    "make it rain",
    "下起雪来",
    "make the horse red",
    "把背景换成沙漠",
    "turn the lion into a bear",
    "let it be evening",
)


def test_the_grain_of_the_painter_is_that_of_the_styles():
    clip = torch.zeros(1, 3, 20, 31)
    given = painter.grains(20, 31, 5)
    for channel, (more, coarse) in enumerate(painter.GRAINS):
        assert torch.equal(given[0, channel], looks.noise(clip, 5 + more, coarse)[0, 0])
    assert not torch.equal(given, painter.grains(20, 31, 6))


def test_an_untrained_painter_leaves_a_picture_of_any_size_as_it_is():
    model, picture = Painter(SMALL), torch.rand(2, 3, 18, 29)
    assert torch.equal(model(picture, painter.grains(18, 29, 0), torch.rand(2, 16)), picture)
    frames = (torch.rand(2, 530, 700, 3) * 255).byte().numpy()
    frames[:] = frames.mean((1, 2), keepdims=True)  # smooth, so that painting it smaller loses nothing
    assert np.abs(model.painted(frames, torch.rand(1, 16), 0).astype(int) - frames).max() <= 1


def test_a_batch_holds_the_style_it_asks_for_and_can_be_drawn_again(tmp_path):
    (tmp_path / "corpus").mkdir()
    corpus = worlds_corpus.make(tmp_path / "corpus")
    recipe = painting.PainterRecipe(config=SMALL, count=3, crop=32)
    assert list(painting.build(corpus, tmp_path / "pictures", 3, 0)) == [3]
    made = (tmp_path / "pictures" / "00000.safetensors").stat().st_mtime_ns
    assert list(painting.build(corpus, tmp_path / "pictures", 3, 0)) == [3]
    assert (tmp_path / "pictures" / "00000.safetensors").stat().st_mtime_ns == made
    data = painting.PainterData(tmp_path / "pictures", TokenEncoder(), recipe)
    one, again = data.batch(4), data.batch(4)
    assert torch.equal(one.after, again.after) and torch.equal(one.texture, again.texture)
    assert one.before.shape == one.after.shape == (3, 3, 32, 32) and one.texture.shape == (3, 7, 32, 32)
    assert (one.before - one.after).abs().mean() > 0.01 and not torch.equal(one.after, data.batch(5).after)


def test_a_painter_learns_a_style_and_to_hear_whether_it_is_asked_for(monkeypatch):
    torch.manual_seed(0)
    text, model, losses = TokenEncoder(), Painter(SMALL), []
    tokens, others = text.encode(["turn it into a black and white picture"] * 4), text.encode(list(OTHERS[:4]))
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for i in range(60):
        before = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(i)).repeat_interleave(4, 2)
        before = before.repeat_interleave(4, 3)
        batch = painting.PainterBatch(before, looks.styled(before, "mono"), painter.grains(16, 16, i), tokens, others)
        found = painting.painter_loss(model, batch)
        found["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append({name: float(value.detach()) for name, value in found.items()})
    assert losses[-1]["colour"] < 0.6 * losses[0]["colour"] and losses[-1]["hearing"] < 0.2 < losses[0]["hearing"]


def test_every_style_can_be_asked_for_in_both_languages():
    for look in LOOKS:
        said = {painting.asking(look, random.Random(i)) for i in range(60)}
        assert any("一" <= c <= "鿿" for words in said for c in words) and any(words.isascii() for words in said)


@pytest.fixture(scope="module")
def shipped():
    return nano.load(torch.device("cpu"))


def test_the_shipped_painter_hears_styles_and_nothing_else(shipped):
    frames = np.full((1, 64, 64, 3), 120, np.uint8)
    for _, english, chinese in LOOKS.values():
        for language, name in (("en", english), ("zh", chinese)):
            assert shipped.painted(frames, STYLES[language].format(name), 0) is not None, name
    assert [words for words in OTHERS if shipped.painted(frames, words, 0) is not None] == []


def test_a_style_is_painted_by_command_inside_a_mask_and_as_much_as_asked_for(tmp_path, capsys):
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(40, 220, (9, 8, 12, 3), np.uint8), 8, 1).repeat(8, 2)  # (9, 64, 96, 3), colourful
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    media.write(Clip(frames, 12), tmp_path / "clip.webp")
    made = {}
    for name, more in (
        ("all", ()),
        ("half", ("--strength", "0.5")),
        ("left", ("--region", str(tmp_path / "mask.png"))),
    ):
        out = tmp_path / f"{name}.webp"
        assert call("edit", str(tmp_path / "clip.webp"), "变成黑白", *more, "-o", str(out)) == 0, (
            capsys.readouterr().err
        )
        made[name] = media.read_clip(out).frames.astype(float)
    colour = {name: np.ptp(clip, axis=3).mean((0, 1)) for name, clip in made.items()}  # (96,)
    before = np.ptp(media.read_clip(tmp_path / "clip.webp").frames.astype(float), axis=3).mean((0, 1))
    assert colour["all"].mean() < 0.25 * before.mean()
    assert 0.3 * before.mean() < colour["half"].mean() < 0.75 * before.mean()
    assert colour["left"][:40].mean() < 0.3 * before[:40].mean()
    assert np.abs(colour["left"][64:] - before[64:]).mean() < 0.1 * before.mean()
