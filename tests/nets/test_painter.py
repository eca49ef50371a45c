"""The painter: styles asked for in words, on pictures of any size, learnt from pictures before and after."""

import random

import numpy as np
import pytest
import tiny_corpus
import torch
from commands import call
from PIL import Image

from motionalchemy.data import looks, tones
from motionalchemy.data.words import LOOKS
from motionalchemy.media import reader, writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import nano
from motionalchemy.nets import brush, painter
from motionalchemy.nets.painter import Painter, PainterConfig
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.train import painter as train_painter

SMALL = PainterConfig(width=16, depth=2)
NOW = torch.zeros(1)
STYLES = {"en": "turn it into {}", "zh": "把它变成{}"}
OTHERS = (
    "make the horse red",
    "把背景换成沙漠",
    "turn the lion into a bear",
    "let it be evening",
)


def test_the_grain_of_the_painter_is_that_of_the_styles():
    clip = torch.zeros(1, 3, 20, 31)
    given = painter.textures(20, 31, 5, NOW)
    for channel, (more, coarse) in enumerate(painter.GRAINS):
        assert torch.equal(given[0, channel], looks.noise(clip, 5 + more, coarse)[0, 0])
    assert not torch.equal(given, painter.textures(20, 31, 6, NOW))


def test_a_hand_makes_flat_areas_lines_and_strokes():
    picture = torch.full((1, 3, 40, 48), 0.2)
    picture[..., 24:] = 0.8
    noisy = (picture + 0.05 * brush.grain(40, 48, 1)).clamp(0, 1)
    made = painter.hand(noisy, painter.textures(40, 48, 0, NOW))
    assert made.shape == (1, painter.HAND, 40, 48) and torch.equal(made[:, :3], noisy)
    flat, stroke, line = made[:, 3:6], made[:, 6:9], made[:, 11]
    assert (flat - picture).abs()[..., 4:20].mean() < 0.5 * (noisy - picture).abs()[..., 4:20].mean()
    assert line[..., 23:25].min() > 0.5 and line[..., :16].max() < 0.1
    down, across = (stroke.diff(dim=axis).abs()[..., 8:32, 20:28].mean() for axis in (2, 3))
    assert down < 0.5 * across  # bristles follow the edge


@pytest.mark.parametrize("name", tones.TONES)
def test_a_tone_changes_what_its_name_says(name):
    clip = torch.nn.functional.interpolate(torch.rand(2, 3, 5, 6, generator=torch.Generator().manual_seed(1)), (40, 48))
    made = tones.toned(0.15 + 0.7 * clip, name)
    before, light = 0.15 + 0.7 * clip, lambda x: brush.grey(x)
    colour = lambda x: (x - light(x)).abs().mean()  # noqa: E731
    steep = lambda x: x.diff(dim=3).abs().amax(3).mean()  # noqa: E731
    more, less = {
        "brighter": (light(made).mean(), light(before).mean()),
        "darker": (light(before).mean(), light(made).mean()),
        "warmer": ((made[:, 0] - made[:, 2]).mean(), (before[:, 0] - before[:, 2]).mean()),
        "cooler": ((made[:, 2] - made[:, 0]).mean(), (before[:, 2] - before[:, 0]).mean()),
        "vivid": (colour(made), colour(before)),
        "faded": (colour(before), colour(made)),
        "contrast": (light(made).std(), light(before).std()),
        "flat": (light(before).std(), light(made).std()),
        "sepia": ((made[:, 0] - made[:, 2]).min() + 1, torch.tensor(1.0)),
        "blurred": (steep(before), steep(made)),
        "sharp": (steep(made), steep(before)),
    }[name]
    assert more > 1.02 * less and made.min() >= 0 and made.max() <= 1


def test_an_untrained_painter_leaves_a_picture_of_any_size_as_it_is():
    model, picture = Painter(SMALL), torch.rand(2, 3, 18, 29)
    assert torch.equal(model(picture, painter.textures(18, 29, 0, torch.arange(2)), torch.rand(2, 16)), picture)
    frames = (torch.rand(2, 530, 700, 3) * 255).byte().numpy()
    frames[:] = frames.mean((1, 2), keepdims=True)  # smooth, so that painting it smaller loses nothing
    assert np.abs(model.painted(frames, torch.rand(1, 16), 0, torch.arange(2) / 24).astype(int) - frames).max() <= 1


def test_a_batch_holds_the_style_it_asks_for_and_can_be_drawn_again(tmp_path):
    (tmp_path / "corpus").mkdir()
    corpus = tiny_corpus.make(tmp_path / "corpus")
    recipe = train_painter.PainterRecipe(config=SMALL, count=3, crop=32)
    assert list(train_painter.build(corpus, tmp_path / "pictures", 3, 0)) == [3]
    made = (tmp_path / "pictures" / "00000.safetensors").stat().st_mtime_ns
    assert list(train_painter.build(corpus, tmp_path / "pictures", 3, 0)) == [3]
    assert (tmp_path / "pictures" / "00000.safetensors").stat().st_mtime_ns == made
    data = train_painter.PainterData(tmp_path / "pictures", TokenEncoder(), recipe)
    one, again = data.batch(4), data.batch(4)
    assert torch.equal(one.after, again.after) and torch.equal(one.texture, again.texture)
    assert one.before.shape == one.after.shape == (3, 3, 32, 32) and one.texture.shape == (3, 9, 32, 32)
    assert (one.before - one.after).abs().mean() > 0.01 and not torch.equal(one.after, data.batch(5).after)


def test_a_painter_learns_a_style_and_to_hear_whether_it_is_asked_for(monkeypatch):
    torch.manual_seed(0)
    text, model, losses = TokenEncoder(), Painter(SMALL), []
    tokens, others = text.encode(["turn it into a black and white picture"] * 4), text.encode(list(OTHERS[:4]))
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for i in range(60):
        before = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(i)).repeat_interleave(4, 2)
        before = before.repeat_interleave(4, 3)
        batch = train_painter.PainterBatch(
            before, looks.styled(before, "mono"), painter.textures(16, 16, i, NOW).expand(4, -1, -1, -1), tokens, others
        )
        found = train_painter.painter_loss(model, batch)
        found["loss"].backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append({name: float(value.detach()) for name, value in found.items()})
    assert losses[-1]["colour"] < 0.6 * losses[0]["colour"] and losses[-1]["hearing"] < 0.2 < losses[0]["hearing"]


def test_every_style_and_tone_can_be_asked_for_in_both_languages():
    for look in (*LOOKS, *tones.TONES, *train_painter.FALLING):
        said = {train_painter.asking(look, random.Random(i)) for i in range(60)}
        assert any("一" <= c <= "鿿" for words in said for c in words) and any(words.isascii() for words in said)


@pytest.fixture(scope="module")
def shipped():
    return nano.load(torch.device("cpu"))


def test_the_shipped_painter_hears_styles_and_nothing_else(shipped):
    frames = np.full((1, 64, 64, 3), 120, np.uint8)
    for _, english, chinese in LOOKS.values():
        for language, name in (("en", english), ("zh", chinese)):
            assert shipped.painted(frames, STYLES[language].format(name), 0, NOW) is not None, name
    for tone in tones.TONES.values():
        for words in (*tone.english, *tone.chinese):
            assert shipped.painted(frames, words, 0, NOW) is not None, words
    assert [words for words in OTHERS if shipped.painted(frames, words, 0, NOW) is not None] == []


def test_the_shipped_painter_makes_light_and_dark(shipped):
    frames = np.full((1, 64, 64, 3), 120, np.uint8)
    frames[:, 16:48, 16:48] = (150, 90, 60)
    made = {words: shipped.painted(frames, words, 0, NOW).mean() for words in ("brighten it", "让画面更暗", "调亮一点")}
    assert made["brighten it"] > frames.mean() + 10 < made["调亮一点"] and made["让画面更暗"] < frames.mean() - 10


def test_a_style_is_painted_by_command_inside_a_mask_and_as_much_as_asked_for(tmp_path, capsys):
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(40, 220, (9, 8, 12, 3), np.uint8), 8, 1).repeat(8, 2)  # (9, 64, 96, 3), colourful
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    writer.write(Clip(frames, 12), tmp_path / "clip.webp")
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
        made[name] = reader.read_clip(out).frames.astype(float)
    colour = {name: np.ptp(clip, axis=3).mean((0, 1)) for name, clip in made.items()}  # (96,)
    before = np.ptp(reader.read_clip(tmp_path / "clip.webp").frames.astype(float), axis=3).mean((0, 1))
    assert colour["all"].mean() < 0.25 * before.mean()
    assert 0.3 * before.mean() < colour["half"].mean() < 0.75 * before.mean()
    assert colour["left"][:40].mean() < 0.3 * before[:40].mean()
    assert np.abs(colour["left"][64:] - before[64:]).mean() < 0.1 * before.mean()
