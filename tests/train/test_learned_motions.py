"""Learned motions: a tiny nano learns one for real; files that lie, wrong bases, several at once, clips that show one."""

import copy
import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import call, names, spawn
from safetensors.torch import load_file, save_file

import motionalchemy as ma
from motionalchemy.errors import InputError, PlanRefused, UnknownName
from motionalchemy.flow import tasks
from motionalchemy.media import footage, writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import lora as models_lora
from motionalchemy.models import registry
from motionalchemy.models.base import Card
from motionalchemy.motion import learned
from motionalchemy.motion import names as motion_names
from motionalchemy.nets import pack
from motionalchemy.nets.autoencoder import AutoencoderConfig
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig
from motionalchemy.nets.transformer import FlowTransformer, TransformerConfig
from motionalchemy.nets.vision import Vision, VisionConfig
from motionalchemy.pipeline import request
from motionalchemy.scene import segmentation
from motionalchemy.train import motions as learning

pytestmark = pytest.mark.usefixtures("actors")


QUICK = learning.Recipe(steps=2, count=2, rank=2, views=4)
SIDE = 32


def tiny(folder, seed=0):
    """A nano of few weights, none of them trained, as a folder."""
    torch.manual_seed(seed)
    few = AutoencoderConfig(widths=(8, 8, 8), encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1))
    codec = MotionAutoencoder(MotionConfig(few))
    for basis in (codec.moves, codec.rest):
        basis.copy_(torch.linalg.qr(torch.randn(basis.shape[1], basis.shape[0]))[0].T)
    flow = FlowTransformer(TransformerConfig(width=32, depth=1, heads=2, buckets=64))
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    flow.made[codec.config.moves :] = 0
    pack.save(folder / "codec", codec, "motion-autoencoder", "float32")
    pack.save(folder / "vision", Vision(VisionConfig()), "vision", "float32")
    pack.save(folder / "flow", flow, "flow", "float32")
    pack.write_json(folder / "config.json", {"kind": "nano"})
    return folder


def sliding(count=17, by=1, seed=0, side=SIDE):
    picture = np.random.default_rng(seed).integers(0, 255, (side, side, 3), np.uint8)
    return Clip(np.stack([np.roll(picture, by * i, 1) for i in range(count)]), 24)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("models") / "nano-tiny")


@pytest.fixture(scope="module")
def core(model):
    return registry.load(str(model), "cpu")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for the user's motions, a working folder, and a subject that is found at once."""
    monkeypatch.setenv(learned.HOME, str(tmp_path / "mine"))
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    found = np.zeros((400, 400), np.float32)
    found[40:100, 40:100] = 1
    monkeypatch.setattr(segmentation, "subject_masks", lambda f: np.stack([found[: f.shape[1], : f.shape[2]]] * len(f)))
    return tmp_path / "mine"


def written(path, core, seed=0, rank=2, **facts):
    """A motion's file with random weights over the flow of a nano."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lora = learning.Lora(core.flow, rank)
    generator = torch.Generator().manual_seed(seed)
    state = {k: torch.randn(v.shape, generator=generator) for k, v in lora.state_dict().items()}
    header = {
        "name": path.stem, "prompt": "it moves", "model": "nano", "base": core.sha256, "rank": rank, "steps": 1,
        "clips": ("0" * 64,), "date": "2026-01-01",
    }  # fmt: skip
    save_file(learning.tensors(state), path, learned.LearnedMotion(**header | facts).header())
    return path


def weights(flow):
    return {k: v.clone() for k, v in flow.state_dict().items()}


# Learning


def test_a_motion_is_learned_kept_listed_and_used(home, model, core):
    picture = sliding().frames[0]
    made = ma.learn([sliding(), sliding(by=-1, seed=1)], "slide", "it slides", backbone=core, recipe=QUICK)
    assert names(home) == ["slide.safetensors"] and [m.name for m in learned.listed()] == ["slide"]
    kept = learned.find("slide")
    assert kept == made and (kept.prompt, kept.steps, kept.rank) == ("it slides", 2, 2)
    assert kept.base == core.sha256 == learned.base_of(str(model)) and len(kept.clips) == 2 and not kept.licence
    before = weights(core.flow)
    options = {"model": str(model), "size": 64, "seconds": 0.5}
    plain, one, half = (
        ma.animate(picture, "it slides", motion=m, backbone=core, **options) for m in (None, "slide", ["slide:0.5"])
    )
    assert not np.array_equal(plain.frames, one.frames) and not np.array_equal(half.frames, one.frames)
    assert all(torch.equal(v, before[k]) for k, v in core.flow.state_dict().items())  # nothing of it stays
    none = ma.animate(picture, "it slides", motion="slide:0", backbone=core, **options)
    assert np.array_equal(plain.frames, none.frames)


def test_learning_finds_the_movement_that_all_views_share(core, tmp_path):
    """Views of other pictures with one movement: its share of the loss falls, and twice the same way."""
    recipe = learning.Recipe(steps=40, count=4, rank=4, rate=5e-2)
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(6, 64, 3, 4, 4, generator=generator)
    latents[:, :, 1:] = 0
    latents[:, :24, 1:] = torch.randn(1, 24, 2, 1, 1, generator=generator)
    seen = [learning.Views(latents, torch.randn(6, 768, 4, 4, generator=generator), torch.zeros(6, dtype=torch.bool))]
    tokens = core.text.encode(["it slides", "it slides", ""])

    def losses(name):
        return [at.loss for at in learning._trained(core, seen, tokens, recipe, tmp_path / name, {})]

    first = losses("one")
    assert first == losses("two")
    assert np.mean(first[-8:]) < 0.8 * np.mean(first[:4])


def test_what_is_learned_says_nothing_of_the_picture_and_of_the_rest(core):
    """A LoRA moves the channels that say where things go, and no others: appearance cannot enter."""
    latents = core.encode(torch.from_numpy(sliding().frames).permute(3, 0, 1, 2)[None].float() / 127.5 - 1)
    plan = tasks.animate(latents, latents.shape[2])
    state = plan.start(torch.randn(latents.shape))
    lora = learning.Lora(core.flow, 2)
    for up in lora.up.values():
        torch.nn.init.normal_(up)
    words, now = core.words(["it moves"]), plan.clock(1.0)
    plain = core.velocity(words, plan, 24.0)(state, now)
    with lora.over(core.flow):
        other = core.velocity(core.words(["it moves"]), plan, 24.0)(state, now)
    moves = core.codec.config.moves
    assert not torch.allclose(plain[:, :moves, 1:], other[:, :moves, 1:])
    assert torch.equal(plain[:, moves:, 1:], other[:, moves:, 1:])
    assert torch.equal((now * other)[:, :, 0], torch.zeros_like(plain[:, :, 0]))


def test_merged_weights_say_what_the_layers_beside_said(core, tmp_path):
    lora = learning.Lora(core.flow, 3)
    for up in lora.up.values():
        torch.nn.init.normal_(up, std=0.1)
    halved = {k: v.half().float() for k, v in lora.state_dict().items()}
    lora.load_state_dict(halved)
    facts = learned.LearnedMotion("a", "b", "nano", core.sha256, 3, 1, (), "2026-01-01")
    save_file(learning.tensors(lora.state_dict()), tmp_path / "a.safetensors", facts.header())
    merged = core.with_motions([(tmp_path / "a.safetensors", 1.0)])
    x, t = torch.randn(1, 64, 3, 2, 2), torch.ones(1, 1, 3, 1, 1)
    words, seconds = core.text.encode(["it moves"]), torch.tensor([0.0, 0.04, 0.38])
    with torch.no_grad():
        alone = core.flow(x, t, words, seconds)
        with lora.over(core.flow):
            beside = core.flow(x, t, words, seconds)
        torch.testing.assert_close(merged.flow(x, t, words, seconds), beside, atol=1e-4, rtol=1e-4)
        assert torch.equal(core.flow(x, t, words, seconds), alone) and not torch.allclose(alone, beside)
    assert merged.sha256 != core.sha256 == learned.find(str(tmp_path / "a.safetensors")).base


@pytest.mark.slow  # to import it takes longer than all the rest
def test_peft_reads_the_file_and_adds_the_same(core, tmp_path):
    peft = pytest.importorskip("peft", reason="PEFT is what our adapters are compared with")
    path = written(tmp_path / "a.safetensors", core)
    merged = core.with_motions([(path, 1.0)]).flow
    stored = {k.removeprefix("transformer."): v.float() for k, v in load_file(path).items()}
    layers = sorted({k.rpartition(".lora_")[0] for k in stored})
    config = peft.LoraConfig(r=2, lora_alpha=2, target_modules=layers)
    other = peft.inject_adapter_in_model(config, copy.deepcopy(core.flow))
    left = peft.set_peft_model_state_dict(other, stored)
    assert not left.unexpected_keys
    x, t = torch.randn(1, 64, 2, 2, 2), torch.ones(1, 1, 2, 1, 1)
    words, seconds = core.text.encode(["it moves"]), torch.tensor([0.0, 0.04])
    with torch.no_grad():
        torch.testing.assert_close(merged(x, t, words, seconds), other(x, t, words, seconds), atol=1e-3, rtol=1e-3)


def test_several_motions_add_up_in_any_order(home, core):
    paths = [written(home / f"{n}.safetensors", core, seed) for seed, n in enumerate(("a", "b"))]
    both = core.with_motions([(paths[0], 0.5), (paths[1], -1.0)])
    other = core.with_motions([(paths[1], -1.0), (paths[0], 0.5)])
    plain, found = weights(core.flow), [models_lora.deltas(core.flow, path) for path in paths]
    for name, matrix in both.flow.named_parameters():
        delta = [d[name.removesuffix(".weight")] for d in found if name.removesuffix(".weight") in d]
        expected = plain[name]
        for each, weight in zip(delta, (0.5, -1.0), strict=False):
            expected = each.added_to(expected, weight)
        torch.testing.assert_close(matrix, expected)
        torch.testing.assert_close(other.flow.get_parameter(name), matrix)
    asked = request.parse({"prompt": "it moves", "image": "a.png", "motion": ["a:0.5", str(paths[1])]})
    assert learned.learned(asked.motion, "nano", core) == [(paths[0], 0.5), (paths[1], 1.0)]


def test_views_are_mirrored_cut_and_put_before_other_backgrounds(home):
    source = footage.of(sliding(count=30))
    rng = learning.random.Random(0)
    made = list(learning.views(source, 8, rng))
    assert [flipped for _, flipped in made] == [False, True] * 4
    assert {video.shape for video, _ in made} == {(3, 25, 128, 128)}
    assert all(float(video.abs().max()) <= 1 for video, _ in made)
    corners = {tuple(video[:, 0, 0, 0].tolist()) for video, _ in made}
    assert len(corners) == 8
    wide = Clip(np.zeros((49, 40, 80, 3), np.uint8) + 99, 12)  # 4 seconds: 98 frames at 24 a second
    assert {video.shape for video, _ in learning.views(footage.of(wide), 2, rng)} == {(3, 49, 96, 160)}


# Ended early


def test_a_run_that_ends_early_leaves_nothing_and_a_killed_one_goes_on(home, core, monkeypatch):
    recipe = learning.Recipe(steps=6, count=2, rank=2, views=2)
    ask = {"prompt": "it slides", "backbone": core, "recipe": recipe}
    whole = [at.loss for at in learning.steps([sliding()], "whole", **ask) if at.loss is not None]
    run = learning.steps([sliding()], "slide", **ask)
    while next(run).done != 3 or not (home / ".slide.learning" / "training").exists():
        pass
    run.close()
    assert names(home) == ["whole.safetensors"]

    with monkeypatch.context() as patch:  # as a kill leaves it: checkpointed, not cleaned up
        patch.setattr(learning.shutil, "rmtree", lambda *_, **__: None)
        run = learning.steps([sliding()], "slide", **ask)
        first = [next(at.loss for at in run if at.loss is not None) for _ in range(3)]
        run.close()
    assert (home / ".slide.learning" / learning.SEEN).is_file()
    rest = [at.loss for at in learning.steps([sliding()], "slide", **ask) if at.loss is not None]
    assert first + rest == whole and names(home) == ["slide.safetensors", "whole.safetensors"]
    one, two = (load_file(home / f"{name}.safetensors") for name in ("whole", "slide"))
    assert all(torch.equal(one[k], two[k]) for k in one)


def test_ctrl_c_leaves_nothing(home, model, tmp_path):
    sliding(49).save("clip.mp4")
    before = names(tmp_path)
    stopped = spawn("learn", "clip.mp4", "--name", "slide", "--model", str(model), "--out", "deep/er")
    while "looking" not in (line := stopped.stderr.readline()):
        assert line, "it ended before it began"
    stopped.send_signal(signal.SIGINT)
    _, err = stopped.communicate(timeout=120)
    assert stopped.returncode == 130 and "Traceback" not in err
    assert names(tmp_path) == before


# Refused


@pytest.fixture
def unloaded(monkeypatch):
    def reached(*_):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(Card, "load", reached)


REFUSED = [
    (["learn", "clip.mp4", "--name", "../a"], "name '../a' cannot be used"),
    (["learn", "clip.mp4", "--name", "a.b"], "letters, digits"),
    (["learn", *["clip.mp4"] * 17, "--name", "a"], "1 to 16 clips, not 17"),
    (["learn", "missing.mp4", "--name", "a"], "does not exist"),
    (["learn", "short.mp4", "--name", "a"], "give clips of 0.4 s or more"),
    (["learn", "text.mp4", "--name", "a"], "damaged or of an unknown kind"),
    (["learn", "clip.mp4", "--name", "a", "--prompt", ""], "prompt '' cannot be used"),
    (["learn", "clip.mp4", "--name", "a", "--model", "ideal"], "cannot be used with ideal: use nano"),
    (["learn", "clip.mp4", "--name", "a", "--steps", "0"], "steps 0 cannot be used"),
    (["learn", "clip.mp4", "--name", "other", "--out", "."], "is not a learned motion"),
    (["learn", "clip.mp4", "--name", "a", "--out", "text.mp4"], "cannot be written"),
    (["animate", "a.png", "it moves", "--motion", "walk"], "unknown motion 'walk': choose one of stale"),
    (["animate", "a.png", "it moves", "--motion", "stale"], "learn it again"),
    (["animate", "a.png", "it moves", "--motion", "stale", "--model", "ideal"], "cannot be used with ideal: use nano"),
    (["animate", "a.png", "it moves", "--motion", "stale:9"], "give -4 to 4"),
    (["animate", "a.png", "it moves", "--motion", "stale:fast"], "give a name, NAME:0.8"),
    (["animate", "a.png", "it moves", "--motion", "stale", "--motion", "stale:0.5"], "is given twice"),
    (["animate", "a.png", "it moves", "--motion", "other.safetensors"], "is not a learned motion"),
    (["animate", "a.png", "it moves", "--motion", "gone.safetensors"], "is not there"),
    (["animate", "a.png", "it moves", "--motion", "gone.mp4", "--model", "ideal"], "does not exist"),
    (["animate", "a.png", "it moves", "--motion", "clip.mp4:0.5"], "takes no weight"),
    (["animate", "a.png", "it moves", "--motion", "clip.mp4", "--motion", "short.mp4"], "one clip, not 2"),
    (["animate", "a.png", "it moves", "--motion", "clip.mp4", "-o", "clip.mp4"], "is the given picture or clip"),
    (["motions", "--from", "missing"], "is not there"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda v: ascii(v)[:60])
def test_bad_input_is_one_sentence_and_leaves_nothing(home, core, unloaded, capsys, arguments, words):
    written(home / "stale.safetensors", core)  # learned on another nano than the one that ships
    sliding().save("clip.mp4")
    sliding(3).save("short.mp4")
    writer.write(Clip(sliding().frames[:1]), Path("a.png"))
    Path("text.mp4").write_text("no clip at all")
    save_file({"a": torch.zeros(1)}, "other.safetensors")
    before = names(home.parent)
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("motionalchemy: ") and words in err
    assert names(home.parent) == before


def test_a_file_that_does_not_fit_or_lies_is_refused(home, core, tmp_path):
    wide = FlowTransformer(TransformerConfig(width=64, depth=1, heads=2, buckets=64))
    lora = learning.Lora(wide, 2)
    facts = learned.LearnedMotion("a", "b", "nano", core.sha256, 2, 1, (), "2026-01-01")
    path = tmp_path / "a.safetensors"
    save_file(learning.tensors(lora.state_dict()), path, facts.header())
    before = weights(core.flow)
    with pytest.raises(InputError, match="does not fit FlowTransformer"):
        core.with_motions([(path, 1.0)])
    assert all(torch.equal(v, before[k]) for k, v in core.flow.state_dict().items())
    for change in ({"steps": "many"}, {"name": "a\x1b[2J"}, {"strange": 1}):
        header = json.loads(facts.header()["motion"]) | change
        save_file({"a": torch.zeros(1)}, path, {"motion": json.dumps(header)})
        with pytest.raises(InputError, match="not a learned motion"):
            learned.read(path)
    assert list(learned.listed(tmp_path)) == []


def test_names_weights_and_paths_are_told_apart():
    parsed = {
        "walk": ("walk", None), "walk:0.8": ("walk", 0.8), "漫步:-1": ("漫步", -1.0),
        "a/b.safetensors:2": ("a/b.safetensors", 2.0), "clip.mp4": ("clip.mp4", None), "./walk": ("./walk", None),
    }  # fmt: skip
    assert {text: motion_names.parse_motion(text) for text in parsed} == parsed
    assert [motion_names.is_clip(name) for name, _ in parsed.values()] == [False, False, False, False, True, True]
    assert request.files({"motion": ["walk", "a.mp4", "b.safetensors:0.5"]}) == {
        "motion 2": "a.mp4", "motion 3": "b.safetensors"
    }  # fmt: skip
    for text in ("walk:nan", ":1", "a b", "_", "walk:5"):
        with pytest.raises(InputError):
            motion_names.parse_motion(text)


def test_the_list_says_what_there_is(home, core, capsys):
    assert call("motions") == 0
    assert "motionalchemy learn" in capsys.readouterr().err
    written(home / "walk.safetensors", core, prompt="它走路")
    (home / "notes.safetensors").write_text("none")
    assert call("motions") == 0
    out = capsys.readouterr().out
    shown = ("它走路", core.sha256[:12], "1 steps", "1 clip,", "2026", str(home / "walk.safetensors"))
    assert out.startswith("walk\n") and all(word in out for word in shown) and "notes" not in out
    with pytest.raises(UnknownName, match="choose one of walk"):
        learned.find("run")


# A clip that shows a motion


def test_a_model_that_cannot_be_shown_a_motion_says_which_can(unloaded, monkeypatch):
    monkeypatch.setitem(registry.MODELS, "nano", replace(registry.MODELS["nano"], honours=frozenset({"clocks"})))
    with pytest.raises(PlanRefused, match=r"nano cannot honour reference:motion; use ideal"):
        ma.animate(sliding().frames[0], "it moves", motion=sliding())
    with pytest.raises(InputError, match="motion is not for extend"):
        next(ma.steps(None, "it moves", task="extend", video=sliding(), motion=sliding(), model="ideal"))
    with pytest.raises(InputError, match="takes one clip"):
        ma.animate(sliding().frames[0], "it moves", motion=[sliding(), sliding()])


def test_again_makes_the_same_bytes_and_wants_the_same_motions(home, model, core, capsys):
    writer.write(Clip(sliding().frames[:1]), Path("a.png"))
    sliding(by=2).save("clip.mp4")
    short = ["--seconds", 0.5, "--size", 64]
    assert call("animate", "a.png", "left", "--motion", "clip.mp4", "--model", "ideal", *short, "-o", "c.mp4") == 0
    written(home / "walk.safetensors", core)
    written(Path("mine.safetensors"), core, 1)
    motion = ["--motion", "walk", "--motion", "mine.safetensors:0.5"]
    assert call("animate", "a.png", "it moves", *motion, "--model", model, *short, "-o", "n.mp4") == 0
    facts = json.loads(Path("n.json").read_text("utf-8"))
    assert facts["request"]["motion"] == ["walk", "mine.safetensors:0.5"]
    assert {k for k in facts["inputs"] if "motion" in k} == {"motion 1", "motion 2"}
    assert facts["made_by"]["sha256"] != core.sha256
    for name in ("c", "n"):
        made = Path(f"{name}.mp4").read_bytes()
        assert call("again", f"{name}.json", "-o", f"{name}2.mp4") == 0
        assert Path(f"{name}2.mp4").read_bytes() == made
    capsys.readouterr()
    written(home / "walk.safetensors", core, 5)
    assert call("again", "n.json", "-o", "n3.mp4") == 0 and "sha256 changed" in capsys.readouterr().err
    written(Path("mine.safetensors"), core, 6)
    sliding(by=3).save("clip.mp4")
    for name in ("c", "n"):
        assert call("again", f"{name}.json", "-o", "x.mp4") == 2
        assert "is not the file it was" in capsys.readouterr().err
