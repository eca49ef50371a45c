"""The classifiers: what they read, what they may learn from, and that they learn it."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from test_measure_metrics import RIGHT, STILL

from motionalchemy.clip import Clip
from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.measure import alignment, heldout, probes
from motionalchemy.worlds import shards

CORPUS = Path(os.environ.get("MOTIONALCHEMY_CORPUS", Path(__file__).parents[1] / ".." / "shared" / "corpus"))
PANS = {"pan_left": 1.0, "pan_right": -1.0, "static": 0.0}  # camera -> which way the picture moves


def facts(split: str, camera: str = "static", action: str = "walk") -> dict:
    return {"split": split, "camera": {"move": camera}, "action": {"key": action}, "subject": {"en": "horse"}}


def made_up(split: str, count: int = 96) -> probes.Described:
    """Movement maps of three cameras, and the facts that say so."""
    rng = torch.Generator().manual_seed(len(split))
    cameras = [list(PANS)[i % 3] for i in range(count)]
    ways = torch.tensor([PANS[c] for c in cameras])
    motion = 0.1 * torch.randn(count, 3, 12, 12, 12, generator=rng)
    motion[:, 0] += ways[:, None, None, None]
    motion[:, 2] = motion[:, :2].norm(dim=1)
    return probes.Described(split, motion, torch.zeros(count, 1280), [facts(split, c) for c in cameras])


def test_the_motion_map_is_the_movement_at_24_frames_a_second():
    expected = 100 * 2 / np.hypot(96, 96)
    found = alignment.motion_map(Clip(RIGHT, fps=24))
    assert found.shape == (3, 8, 12, 12)
    assert np.median(found[0]) == pytest.approx(expected, rel=0.05)
    assert np.abs(np.median(found[1])) < 0.1
    assert np.median(alignment.motion_map(Clip(RIGHT, fps=48))[0]) == pytest.approx(2 * expected, rel=0.1)
    assert not alignment.motion_map(Clip(STILL)).any()


def test_labels_come_from_the_facts():
    assert alignment.label_of("verb", facts("test", action="jog")) == "run"
    assert alignment.label_of("verb", facts("test", action="swim")) is None
    assert alignment.label_of("camera", facts("test", "zoom_in")) == "zoom_in"
    with pytest.raises(UnknownName, match="verb"):
        alignment.label_of("mood", facts("test"))
    actions = [action for group in alignment.VERBS.values() for action in group]
    assert len(actions) == len(set(actions))


def test_a_classifier_learns_its_classes_and_travels_as_a_pack(tmp_path: Path):
    data, test = made_up("train"), made_up("test", 30)
    epochs = list(probes.train("camera", data, epochs=8, width=4))
    assert epochs[-1][1] < epochs[0][1] / 1.5
    net = epochs[-1][2]
    card = probes.save(net, "camera", data, test, tmp_path)
    assert card["ceiling"] == {
        "accuracy": pytest.approx(1, abs=0.07),
        "most_frequent": pytest.approx(1 / 3),
        "clips": 30,
    }
    frames = Clip(np.repeat(STILL, 3, axis=0))
    assert alignment.correct(frames, "camera", facts("test", "static"), tmp_path) == 1
    assert alignment.correct(frames, "camera", facts("test", "pan_left"), tmp_path) == 0
    assert alignment.correct(frames, "camera", facts("test", "tilt_up"), tmp_path) is None
    assert sum(alignment.guess(frames, "camera", tmp_path).values()) == pytest.approx(1, abs=1e-5)


def test_subjects_are_learnt_from_appearance_alone():
    rng = torch.Generator().manual_seed(0)
    subjects = ["horse", "zebra"] * 25 + ["hawk"]
    looks = torch.randn(51, 1280, generator=rng)
    looks[:, 0] = torch.tensor([{"horse": 30.0, "zebra": -30.0, "hawk": 0.0}[s] for s in subjects])
    data = probes.Described(
        "train", torch.zeros(51, 3, 8, 12, 12), looks, [facts("train") | {"subject": {"en": s}} for s in subjects]
    )
    net = [net for _, _, net in probes.train("subject", data)][-1]
    assert net.config.labels == ["horse", "zebra"]  # one clip of a hawk is too few
    assert probes.accuracy(net, "subject", data) == {"accuracy": 1, "most_frequent": 0.5, "clips": 50}


def test_only_train_clips_teach_and_only_test_clips_make_the_ceiling(tmp_path: Path):
    with pytest.raises(InputError, match="not from 'test'"):
        next(probes.train("camera", made_up("test")))
    with pytest.raises(InputError, match="'test'"):
        probes.Described("train", torch.zeros(1, 3, 12, 12, 12), torch.zeros(1, 1280), [facts("test")])
    with pytest.raises(InputError, match="test split"):
        probes.save(
            alignment.Probe(alignment.ProbeConfig("motion", ["a"])), "camera", made_up("train"), made_up("train")
        )
    with pytest.raises(MissingPart):
        alignment.probe("verb", tmp_path)


def test_mirroring_swaps_the_sides():
    labels = list(alignment.CAMERAS)
    mirrored = [probes.MIRRORED.get(label, label) for label in labels]
    assert sorted(mirrored) == sorted(labels)
    assert mirrored[labels.index("orbit_left")] == "orbit_right" and mirrored[labels.index("follow")] == "follow"


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
