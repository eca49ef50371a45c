"""Training the filler: what is hidden, losses with known values, held-back pictures, a run that goes on after a stop."""

import json
import random

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.errors import MissingPart
from motionalchemy.nets import pack
from motionalchemy.nets.filler import Filler, FillerConfig
from motionalchemy.train import filler, filler_data, recipes
from motionalchemy.train.filler_data import SIDE, FillData, Squares


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of which some are held back, one render, and the outline of a thing."""
    root, rng = tmp_path_factory.mktemp("filler"), np.random.default_rng(0)
    for name in ("pictures", "renders", "cutouts/animal"):
        (root / name).mkdir(parents=True)
    for name in [f"pictures/{n}.png" for n in range(20)] + ["renders/a.png"]:
        picture = cv2.GaussianBlur(rng.integers(0, 256, (96, 128, 3), dtype=np.uint8), (0, 0), 3)
        cv2.imwrite(str(root / name), picture)
    disc = cv2.circle(np.zeros((60, 50, 4), np.uint8), (25, 30), 22, (90, 90, 90, 255), -1)
    cv2.imwrite(str(root / "cutouts/animal/disc.webp"), disc)
    (root / "index.jsonl").write_text(json.dumps({"picture": "pictures/3.png", "split": "test"}) + "\n")
    return root


def test_pictures_that_are_held_back_and_those_of_tests_are_not_learnt_from(folder):
    names = [f"{n}.png" for n in range(20)]
    left = [name for name in names if not filler_data.held(name) and name != "3.png"]
    assert 0 < len(left) < 19 and len(Squares(folder).pictures["pictures"]) == len(left)
    with pytest.raises(MissingPart, match=r"build\.sh"):
        _ = Squares(folder / "renders").pictures


def test_a_square_is_a_function_of_its_number_and_known_places_are_as_they_were(folder):
    one, again, other = (Squares(folder, 3).one(n) for n in (5, 5, 6))
    assert np.array_equal(one, again) and not np.array_equal(one, other) and one.shape == (SIDE, SIDE, 10)
    picture, led, pieces, hidden = one[..., :3], one[..., 3:6], one[..., 6:9], one[..., 9] > 0
    assert np.array_equal(led[~hidden], picture[~hidden]) and np.array_equal(pieces[~hidden], picture[~hidden])
    assert 0.01 < hidden.mean() < filler_data.MOST


def test_strips_and_outlines_are_hidden(folder):
    outlines = Squares(folder).outlines
    masks = [filler_data.hidden(random.Random(n), outlines) for n in range(60)]
    edges = [mask[0].all() or mask[-1].all() or mask[:, 0].all() or mask[:, -1].all() for mask in masks]
    assert 15 < sum(edges) < 50 and all(0.01 < mask.mean() < filler_data.MOST for mask in masks)


def test_a_picture_filled_rightly_costs_nothing_and_errors_elsewhere_do_not_count():
    truth = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    hidden = torch.zeros(2, 1, 64, 64)
    hidden[..., :32, :24] = 1
    assert [float(x) for x in filler.distances(truth, truth, hidden)] == [0, 0]
    near, far = truth.clone(), truth.clone()
    near[..., :32, :24] = 0.5
    far[..., :, 60:] = 0.5
    (wrong, varied), (elsewhere, _) = (filler.distances(each, truth, hidden) for each in (near, far))
    assert float(wrong) > 0.1 and float(varied) > 0.1 and float(elsewhere) < 0.3 * float(wrong)


def test_a_batch_has_squares_and_their_mirror_images(folder):
    squares = np.stack([Squares(folder).one(n) for n in range(2)])
    batch, again = (FillData(squares, 8, seed=1).batch(4) for _ in range(2))
    assert torch.equal(batch.pictures, again.pictures) and batch.guesses.shape == (8, 6, SIDE, SIDE)
    first = torch.from_numpy(squares[:, ::, :, :3]).permute(0, 3, 1, 2).float() / 255
    kinds = [(torch.equal(b, f), torch.equal(b, f.flip(2))) for b in batch.pictures for f in first]
    assert any(plain for plain, _ in kinds) and any(turned for _, turned in kinds)


def test_a_run_that_was_stopped_goes_on_and_leaves_a_pack(folder, tmp_path):
    list(recipes.run("filler-cpu", folder, tmp_path, steps=1, clips=3))
    reports = list(recipes.run("filler-cpu", folder, tmp_path, steps=2, clips=3))
    assert [report.step for report in reports] == [2]
    model, card = pack.load(tmp_path / "filler", "filler", lambda config: Filler(FillerConfig.read(config)))
    assert card["store"] == "float16" and model.config == FillerConfig()
    assert (tmp_path / "filler" / "model.safetensors").stat().st_size <= 3_000_000
