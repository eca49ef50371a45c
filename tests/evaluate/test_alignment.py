"""The classifiers: what they read, what they may learn from, and that they learn it."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from test_metrics import RIGHT, STILL

from motionalchemy.data import compose, shards, staging, verbs
from motionalchemy.data.words import ACTIONS, CAMERAS
from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.evaluate import alignment, heldout, probes
from motionalchemy.evaluate.described import Described, describe_corpus, described
from motionalchemy.media.clip import Clip

CORPUS = Path(os.environ.get("MOTIONALCHEMY_CORPUS", Path(__file__).parents[2] / ".." / "shared" / "corpus"))
PANS = {"pan_left": 1.0, "pan_right": -1.0, "static": 0.0}  # camera -> which way the picture moves
SHIPPED = list(alignment.KINDS)


def facts(split: str, camera: str = "static", action: str = "walk", subject: str = "horse") -> dict:
    return {"split": split, "camera": {"move": camera}, "action": {"key": action}, "subject": {"en": subject}}


def made_up(split: str, count: int = 96) -> Described:
    """Movement maps of three cameras, and the facts that say so."""
    rng = torch.Generator().manual_seed(len(split))
    cameras = [list(PANS)[i % 3] for i in range(count)]
    pans = torch.tensor([PANS[c] for c in cameras])
    motion = 0.1 * torch.randn(count, 3, 12, 12, 12, generator=rng)
    motion[:, 0] += pans[:, None, None, None]
    motion[:, 2] = motion[:, :2].norm(dim=1)
    return Described(split, motion, [facts(split, c) for c in cameras])


def texture(side: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), np.empty(0), 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def test_the_motion_map_is_the_movement_at_12_frames_a_second():
    expected = 100 * 2 / np.hypot(96, 96)
    found = alignment.motion_map(Clip(RIGHT, fps=12))
    assert found.shape == (3, 8, 12, 12)
    assert np.median(found[0]) == pytest.approx(expected, rel=0.05)
    assert np.abs(np.median(found[1])) < 0.1
    assert np.median(alignment.motion_map(Clip(RIGHT, fps=24))[0]) == pytest.approx(2 * expected, rel=0.1)
    assert not alignment.motion_map(Clip(STILL)).any()


def test_labels_come_from_the_facts():
    assert alignment.label_of("verb", facts("test", action="jog")) == "run"
    assert alignment.label_of("verb", facts("test", action="swim")) is None
    assert alignment.label_of("camera", facts("test", "zoom_in")) == "zoom_in"
    assert alignment.label_of("direction", facts("test")) is None
    assert alignment.label_of("direction", facts("test") | {"path": {"key": "left"}}) == "left"
    assert alignment.label_of("style", facts("test")) is None
    assert alignment.label_of("style", facts("test") | {"look": "oil"}) == "oil"
    with pytest.raises(UnknownName, match="verb"):
        alignment.label_of("mood", facts("test"))
    actions = [action for group in verbs.VERBS.values() for action in group]
    assert len(actions) == len(set(actions)) and set(actions) <= ACTIONS.keys()
    assert set(alignment.CAMERAS) == CAMERAS.keys()


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("zebra", "horse"),
        ("swordsman on a horse", "rider"),
        ("archer on a camel", "rider"),
        ("camel", "camel"),
        ("war elephant with riders", "war elephant"),
        ("baby elephant", "elephant"),
        ("goat", "sheep"),
        ("war dog", "dog"),
        ("polar bear", "bear"),
        ("javelin thrower", "person"),
        ("fin whale", None),
    ],
)
def test_subjects_belong_to_families_that_unseen_ones_have(name: str, family: str | None):
    assert alignment.label_of("subject", facts("test", subject=name)) == family


def test_a_classifier_learns_its_classes_and_travels_as_a_pack(tmp_path: Path):
    data, test = made_up("train"), made_up("test", 30)
    epochs = list(probes.train("camera", data, epochs=8, width=4))
    assert epochs[-1][1] < epochs[0][1] / 1.5
    net = epochs[-1][2]
    card = probes.save(net, "camera", data, test, tmp_path)
    ceiling = card["ceiling"]
    assert ceiling["accuracy"] == pytest.approx(1, abs=0.07) and ceiling["as_shown"] == ceiling["accuracy"]
    assert ceiling["most_frequent"] == pytest.approx(1 / 3)
    assert card["splits"] == {"train": 96, "test": 30} and card["chance"] == pytest.approx(1 / 3)
    assert sum(sum(row.values()) for row in ceiling["confusion"].values()) == 30
    frames = Clip(np.repeat(STILL, 3, axis=0))
    assert alignment.correct(frames, "camera", facts("test", "static"), tmp_path) == 1
    assert alignment.correct(frames, "camera", facts("test", "pan_left"), tmp_path) == 0
    assert alignment.correct(frames, "camera", facts("test", "tilt_up"), tmp_path) is None
    assert sum(alignment.guess(frames, "camera", tmp_path).values()) == pytest.approx(1, abs=1e-5)


def test_subjects_are_learnt_from_appearance_alone():
    rng = torch.Generator().manual_seed(0)
    subjects = ["horse", "bear"] * 25 + ["hawk"]
    looks = torch.randn(51, 1280, generator=rng)
    looks[:, 0] = torch.tensor([{"horse": 30.0, "bear": -30.0, "hawk": 0.0}[s] for s in subjects])
    data = Described("train", looks, [facts("train", subject=s) for s in subjects])
    net = [net for _, _, net in probes.train("subject", data)][-1]
    assert net.config.labels == ["horse", "bear"]  # one clip of a hawk is too few
    found = probes.accuracy(net, "subject", data)
    assert (found["accuracy"], found["most_frequent"], found["clips"]) == (1, 0.5, 50)
    assert found["confusion"] == {"horse": {"horse": 25}, "bear": {"bear": 25}}


def test_only_train_clips_teach_and_only_test_clips_make_the_ceiling(tmp_path: Path):
    with pytest.raises(InputError, match="not from 'test'"):
        next(probes.train("camera", made_up("test")))
    with pytest.raises(InputError, match="one epoch or more, not 0"):
        next(probes.train("camera", made_up("train"), epochs=0))
    with pytest.raises(InputError, match="'test'"):
        Described("train", torch.zeros(1, 3, 12, 12, 12), [facts("test")])
    with pytest.raises(InputError, match="test split"):
        net = alignment.Probe(alignment.ProbeConfig("motion", ["a"]))
        probes.save(net, "camera", made_up("train"), made_up("train"))
    with pytest.raises(MissingPart):
        alignment.probe("verb", tmp_path)
    with pytest.raises(InputError, match="direction"):
        probes.chosen("direction", ["left"], made_up("test"))


def test_mirroring_swaps_the_sides():
    labels = list(alignment.CAMERAS)
    swapped = [probes.MIRRORED.get(label, label) for label in labels]
    assert sorted(swapped) == sorted(labels)
    assert swapped[labels.index("orbit_left")] == "orbit_right" and swapped[labels.index("follow")] == "follow"
    x = torch.from_numpy(alignment.motion_map(Clip(RIGHT, fps=12)))[None]
    seen, y = probes.mirrored(x, torch.tensor([labels.index("pan_left")]), labels)
    assert labels[int(y)] == "pan_right" and float(seen[0, 0].median()) == pytest.approx(-float(x[0, 0].median()))
    assert torch.equal(probes.mirrored(seen, y, labels)[0], x)


def test_layers_are_placed_as_by_the_renderer():
    picture = texture(2 * staging.SIDE)
    at = (0.8, 0.07, -0.11, 13.0)
    ours = staging._placed(picture.astype(np.float32), at, cv2.BORDER_CONSTANT)
    layer = torch.from_numpy(picture)[None, None].float()
    theirs = compose.placed(layer, (staging.SIDE, staging.SIDE), *at)[0, 0].numpy()
    inner = np.s_[24:-24, 24:-24]
    assert np.corrcoef(ours[inner].ravel(), theirs[inner].ravel())[0, 1] > 0.97
    for dx, dy in ((2, 0), (-2, 0), (0, 2), (0, -2)):  # and nowhere else
        moved = np.roll(ours, (dy, dx), (0, 1))
        assert np.abs(moved - theirs)[inner].mean() > 1.5 * np.abs(ours - theirs)[inner].mean()


@pytest.mark.parametrize("kind", SHIPPED)
def test_shipped_classifiers_say_what_they_are_worth(kind: str):
    net, card = alignment.probe(kind)
    assert net.config.labels == [label for label in alignment.KINDS[kind][1] if label in net.config.labels]
    assert card["splits"]["train"] > 4 * len(net.config.labels) and card["splits"]["test"] == card["ceiling"]["clips"]
    assert card["chance"] == pytest.approx(1 / len(net.config.labels))
    assert card["ceiling"]["accuracy"] > max(0.5, 2 * card["chance"], card["ceiling"]["most_frequent"])


def test_the_shipped_camera_classifier_tells_which_way_a_picture_moves():
    wide = np.repeat(texture(160)[..., None], 3, axis=-1)
    for way, camera in ((1, "pan_right"), (-1, "pan_left")):  # a camera that pans right looks further right
        starts = [32 + way * (t - 12) for t in range(25)]
        clip = Clip(np.stack([wide[32:128, s : s + 96] for s in starts]), fps=12)
        mirrored = Clip(np.ascontiguousarray(clip.frames[:, :, ::-1]), fps=12)
        assert next(iter(alignment.guess(clip, "camera"))) == camera
        assert next(iter(alignment.guess(mirrored, "camera"))) == probes.MIRRORED[camera]


def test_the_command_says_in_one_sentence_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture):
    given = ["--corpus", str(tmp_path / "none"), "--work", str(tmp_path), "--out", str(tmp_path / "out")]
    assert probes.main(given) == 2 and "no corpus" in capsys.readouterr().err
    assert probes.main([*given, "--kind", "mood"]) == 2 and "mood" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not (CORPUS / "index.jsonl").is_file(), reason="no corpus: set MOTIONALCHEMY_CORPUS")
def test_the_command_describes_the_corpus_once_and_learns_from_it(tmp_path: Path, capsys: pytest.CaptureFixture):
    given = ["--corpus", str(CORPUS), "--work", str(tmp_path), "--out", str(tmp_path / "out")]
    assert probes.main([*given, "--kind", "style", "--limit", "6", "--epochs", "1"]) == 0
    assert capsys.readouterr().out.startswith("style: train 1.000 of 6 ceiling 1.000 of 6")  # plain is all it knows
    assert alignment.probe("style", tmp_path / "out")[0].config.labels == ["plain"]
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "appearance" / "test").iterdir()}
    assert list(describe_corpus(CORPUS, "test", "appearance", tmp_path, limit=6))[-1] == (6, 6)
    assert files == {path: path.stat().st_mtime_ns for path in (tmp_path / "appearance" / "test").iterdir()}
    found = described(tmp_path, "test", "appearance")
    assert found.values.shape == (12, 1280) and [f["look"] == "plain" for f in found.facts] == [True, False] * 6


@pytest.mark.skipif(not (CORPUS / "index.jsonl").is_file(), reason="no corpus: set MOTIONALCHEMY_CORPUS")
def test_held_out_cases_are_test_clips_and_always_the_same():
    first, again = (heldout.held_out(CORPUS, 2, 64, seed=3)[0]() for _ in range(2))
    assert (first.clip.frames == again.clip.frames).all() and first.prompts == again.prompts
    assert first.facts["split"] == "test" and first.clip.frames.shape == (49, 64, 64, 3)
    assert any("\u4e00" <= c <= "\u9fff" for c in first.prompts["zh"]) and first.prompts["en"].isascii()
    test = len(shards.index(CORPUS, "test", ("actors", "scenes")))
    assert len({build().key for build in heldout.held_out(CORPUS, 3, 64)}) == 3
    with pytest.raises(InputError, match=str(test)):
        heldout.held_out(CORPUS, test + 1, 64)
