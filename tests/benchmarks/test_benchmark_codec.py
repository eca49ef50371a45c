"""The table of the autoencoder: maps without movement, ghosts, what is uncovered, a run that goes on, the table."""

import json

import codec
import codec_clips
import numpy as np
import pytest
import tiny_corpus
import torch
from PIL import Image

from motionalchemy.nets import motion, trace
from motionalchemy.nets.autoencoder import AutoencoderConfig
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def tiny():
    """An autoencoder of movement with random maps."""
    torch.manual_seed(0)
    few = AutoencoderConfig(channels=8, widths=(8, 8, 8), encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1))
    model = MotionAutoencoder(MotionConfig(few, moves=4))
    for basis in (model.moves, model.rest):
        basis.copy_(torch.linalg.qr(torch.randn(basis.shape[1], basis.shape[0]))[0].T)
    return model.eval()


def test_leading_directions_are_those_that_the_fit_finds():
    scale = torch.linspace(3, 0.1, 40)
    rows = [noise(2, 50, 40, seed=i) * scale for i in range(3)]
    ours, exact = (find(iter(rows), torch.zeros(5, 40)) for find in (codec.leading, motion._components))
    torch.testing.assert_close((ours @ exact.T).abs(), torch.eye(5), atol=1e-3, rtol=0)


def test_without_movement_a_clip_of_few_patterns_comes_back():
    patterns, weights = noise(3, 3, 8, 8, 8), noise(6, 2, 2, 2, 3, seed=1)
    clips = []
    for weight in weights:  # (groups, rows, columns, patterns)
        blocks = torch.einsum("ghwp,pctyx->cgthywx", weight, patterns)
        later = blocks.reshape(3, 16, 16, 16)
        clips.append(torch.cat((later[:, :1], later), 1))
    plain = codec.Plain(4, 8)
    plain.fit(clips)
    video = clips[0][None]
    latents = plain.encode(video)
    assert latents.shape == (1, 4, 3, 2, 2)
    torch.testing.assert_close(plain.decode(latents), video, atol=1e-3, rtol=0)
    other = plain.decode(latents, -video[:, :, :1])
    assert torch.equal(other[:, :, :1], -video[:, :, :1]) and torch.equal(
        other[:, :, 1:], plain.decode(latents)[:, :, 1:]
    )


def test_a_ghost_is_measured_as_the_share_of_what_stood_before():
    video, where = noise(1, 3, 9, 8, 8), torch.zeros(9, 8, 8, dtype=torch.bool)
    where[4:, 2:5] = True
    first = video[:, :, :1]
    assert codec.ghosts(video, video, where)["ghost"] == 0
    standing = codec.ghosts(video, first.expand_as(video), where)
    assert standing["ghost"] == pytest.approx(1, abs=1e-5)
    assert standing["share"] == pytest.approx(5 * 3 / (9 * 8))
    assert codec.ghosts(video, 0.7 * video + 0.3 * first, where)["ghost"] == pytest.approx(0.3, abs=1e-4)
    assert codec.ghosts(video, video, torch.zeros_like(where)) == {}


def test_a_field_is_traced_once_for_every_coder(monkeypatch):
    seen = []
    monkeypatch.setattr(trace, "trace", lambda clip: seen.append(clip) or clip[:2, 1:])
    traced, clips = codec.Traced(), noise(2, 3, 3, 4, 4)
    for _ in range(2):
        assert all(torch.equal(traced(clip), clip[:2, 1:]) for clip in clips)
    assert len(seen) == 2


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus").mkdir()
    return tiny_corpus.make(tmp_path / "corpus")


@pytest.fixture
def photographs(tmp_path):
    (tmp_path / "photographs").mkdir()
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), "u1")
    Image.fromarray(picture).save(tmp_path / "photographs" / "one.png")
    return tmp_path / "photographs"


def test_the_ground_that_an_actor_uncovers_is_known(corpus, photographs):
    builds = list(codec_clips.shown(corpus, photographs, 2, 32))
    assert [(b.source, b.key) for b in builds] == [("actors", "a00004a_zebra"), ("photographs", "one")]
    actor, filmed = (build() for build in builds)
    assert actor.clip.shape == filmed.clip.shape == (3, 49, 32, 32)
    assert filmed.uncovered is None and filmed.clip.diff(dim=1).abs().max() > 0
    assert not actor.uncovered[0].any() and actor.uncovered[-1].any()  # the disc goes to the right
    columns = actor.uncovered[-1].float().sum(0)
    assert columns[:16].sum() > columns[16:].sum()
    behind = actor.clip[:, -1][:, actor.uncovered[-1]]  # now the background, which stands still
    assert (behind - actor.clip[:, 0][:, actor.uncovered[-1]]).abs().mean() > 0.1
    again = next(iter(codec_clips.shown(corpus, photographs, 2, 32)))()
    assert torch.equal(again.clip, actor.clip)


def test_a_run_measures_once_and_writes_the_table(corpus, photographs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(codec, "read_codec", lambda folder: (tiny(), {}))
    monkeypatch.setattr(codec, "lpips_like", lambda a, b: float(np.abs(a.astype(float) - b).mean()))
    out = tmp_path / "out"
    asked = ["codec.py", "--corpus", corpus, "--out", out, "--photographs", photographs, "--n", "1", "--sizes", "32"]
    monkeypatch.setattr("sys.argv", [*map(str, asked), "--fit", "2"])
    small = {"plain": lambda: codec.Plain(4, 16), "moving": tiny}
    monkeypatch.setattr(codec, "candidates", lambda shipped: small)
    assert codec.main() == 0
    rows = codec.known(out / "clips.jsonl")
    ways = {r["way"] for r in rows}
    assert ways == {w + d for w in ("shipped", "plain", "moving") for d in ("", codec.DETAIL)} | {
        "movement alone, detail path",
        "still",
    }
    still = next(r for r in rows if r["way"] == "still" and r["source"] == "actors")
    assert still["first"] == 100 and still["ghost"] == pytest.approx(1, abs=1e-4)
    text = (out / "codec.md").read_text("utf-8")
    assert all(f"| {way} | 2 |" in text for way in ways)
    before = (out / "clips.jsonl").read_bytes(), {p: p.stat().st_mtime_ns for p in (out / "fitted").iterdir()}
    monkeypatch.setattr(codec, "measured", None)  # nothing is left to measure
    assert codec.main() == 0
    assert ((out / "clips.jsonl").read_bytes(), {p: p.stat().st_mtime_ns for p in (out / "fitted").iterdir()}) == before
    assert not list(out.rglob("*.part"))
    capsys.readouterr()


def test_flicker_is_that_of_all_clips_over_that_of_all_true_ones():
    rows = [{"flicker": 1.0, "true flicker": 2.0}, {"flicker": 5.0, "true flicker": 4.0}]
    assert codec.mean(rows, "flicker", 2) == "1.00"
    assert codec.mean([{"psnr": 30.0}, {"psnr": 30.0}], "psnr", 1) == "30.0 [30.0, 30.0]"


def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["codec.py", "--photographs", str(tmp_path / "none")])
    assert codec.main() == 2
    assert "no folder of photographs" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["codec.py", "--corpus", str(tmp_path), "--out", str(tmp_path / "out")])
    assert codec.main() == 2
    assert "no corpus" in capsys.readouterr().err


def test_a_job_is_timed(monkeypatch):
    monkeypatch.setattr(codec, "read_codec", lambda folder: (tiny(), {}))
    monkeypatch.setitem(codec.JOBS, "decode-49", 9)
    found = codec.timed("decode-49", times=2, size=32)
    assert 0 < found["seconds"] < 60 and found["MB"] > 10
    assert json.loads(json.dumps(found)) == found
