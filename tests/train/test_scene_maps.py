"""Training the scene networks: losses with known values, pastes with known places, a run that goes on after a stop."""

import json
import random

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.errors import InputError
from motionalchemy.nets import pack
from motionalchemy.nets.scene_maps import SceneMaps, SceneMapsConfig
from motionalchemy.train import recipes, scene_data, scene_maps, scene_pastes
from motionalchemy.train.scene_data import GROUPS, REGIONS, SceneBatch, SceneData


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two labelled photographs and two renders, a cut-out, and their index."""
    root, rng, lines = tmp_path_factory.mktemp("scene"), np.random.default_rng(0), []
    for name in ("pictures", "labels", "renders", "cutouts/animal"):
        (root / name).mkdir(parents=True)
    for n in range(4):
        kind = ("photograph", "render")[n % 2]
        picture = cv2.GaussianBlur(rng.integers(0, 256, (120, 160, 3), dtype=np.uint8), (0, 0), 3)
        cv2.imwrite(str(root / f"pictures/{n}.png"), picture)
        high, wide = (60, 80) if kind == "photograph" else (120, 160)
        down = np.repeat(np.linspace(1, 9, high)[:, None], wide, 1)[::-1]
        if kind == "photograph":
            shares = np.zeros((len(scene_data.TAUGHT), 60, 80), np.uint8)
            shares[1, :30], shares[3, 30:] = 255, 200
            shares[5, 30:] = 55
            np.savez(root / f"labels/{n}.npz", near=(1 / down).astype(np.float16), regions=shares)
        else:
            region = np.where(np.arange(high)[:, None] < 40, 255, 4) * np.ones((1, wide))
            np.savez(root / f"labels/{n}.npz", depth=down.astype(np.float16), region=region.astype(np.uint8))
        lines.append({"picture": f"pictures/{n}.png", "labels": f"labels/{n}.npz", "kind": kind, "split": "train"})
    cv2.imwrite(str(root / "cutouts/animal/a.webp"), np.dstack((picture[:50, :50], np.full((50, 50), 255, np.uint8))))
    (root / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


def test_alignment_takes_scale_and_shift_away():
    near = torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(scene_maps.aligned(near), scene_maps.aligned(3 * near - 1), atol=1e-5)


def test_pairs_in_the_right_order_cost_little_and_turned_round_much():
    truth = torch.linspace(0, 1, 64).view(1, 8, 8)
    assert scene_maps.order_term(truth, truth, 0) < 0.01 < 0.2 < scene_maps.order_term(1 - truth, truth, 0)


def test_an_error_that_is_the_same_everywhere_has_no_slope():
    assert scene_maps.gradient_term(torch.full((1, 16, 16), 0.7)) == 0
    assert scene_maps.gradient_term(torch.rand(1, 16, 16)) > 0.1


class Says(torch.nn.Module):
    """A network that always gives the same logits."""

    def __init__(self, name: str):
        super().__init__()
        self.logits = torch.full((1, len(REGIONS), 4, 4), -20.0)
        self.logits[:, REGIONS.index(name)] = 20.0

    def forward(self, pictures):
        return self.logits


@pytest.mark.parametrize("name, loss", [("hair", 0), ("skin", 0), ("clothes", 0), ("sky", 40)])
def test_a_person_whose_parts_are_unknown_may_be_hair_skin_or_clothes(name, loss):
    regions = torch.zeros(1, len(GROUPS), 4, 4)
    regions[:, GROUPS.index("person")] = 1
    batch = SceneBatch(torch.zeros(1, 3, 16, 16), torch.zeros(1, 4, 4), regions, torch.ones(1, 4, 4))
    found = scene_maps.region_loss(Says(name), batch, torch.ones(len(GROUPS)))  # type: ignore[arg-type]
    assert float(found["loss"]) == pytest.approx(loss, abs=1.2)  # log 3 at most: one of three parts
    assert float(found["right"]) == (loss == 0)


def test_what_a_teacher_is_not_sure_of_and_what_no_name_fits_counts_nothing(folder):
    entries = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    taught, rendered = scene_data.read(folder, entries[0]), scene_data.read(folder, entries[1])
    assert taught.regions[0, 0, GROUPS.index("sky")] == 255 and (taught.weight >= scene_data.SURE).all()
    assert not rendered.weight[:40].any() and rendered.weight[40:].all()
    assert rendered.regions[60, 5, GROUPS.index("hair")] == 255
    assert rendered.near[-1, 0] == 1 and rendered.near[0, 0] == 0  # the last row is nearest


def test_a_batch_is_a_function_of_its_number(folder):
    one, other = (SceneData(folder, 4, paste=True, seed=3).batch(7) for _ in range(2))
    assert torch.equal(one.pictures, other.pictures) and torch.equal(one.regions, other.regions)
    assert one.pictures.shape == (4, 3, 224, 224) and one.regions.shape == (4, len(GROUPS), 56, 56)
    assert float(one.weight.max()) <= 1.001 and float(one.near.min()) >= 0 and float(one.near.max()) <= 1
    known = one.weight > 0.01
    assert torch.allclose(one.regions.sum(1)[known], torch.ones(()), atol=0.02)


def test_what_is_pasted_is_known_where_it_is_seen():
    picture = np.full((224, 224, 3), 90, np.uint8)
    for paste, region in ((scene_pastes.flames, "fire"), (scene_pastes.smoke, "fire")):
        laid = paste(random.Random(1), picture)
        differs = np.abs(laid.over(picture).astype(int) - picture).max(2)
        assert set(laid.known) == {region} and laid.known[region].max() > 0.5
        assert (
            differs[laid.known[region] > 0.9].mean() > 20 and not laid.known[region][differs == 0].max(initial=0) > 0.5
        )


def test_a_picture_that_is_missing_is_refused(folder):
    with pytest.raises(InputError, match=r"build the folder again with tools/scene/build\.sh"):
        scene_data.read(folder, {"picture": "pictures/none.png", "labels": "labels/0.npz", "kind": "photograph"})


@pytest.mark.parametrize("kind", ["depth", "regions"])
def test_a_run_that_was_stopped_goes_on_and_leaves_a_pack(folder, tmp_path, kind):
    list(recipes.run(f"{kind}-cpu", folder, tmp_path, steps=1))
    reports = list(recipes.run(f"{kind}-cpu", folder, tmp_path, steps=2))
    assert [report.step for report in reports] == [2]
    model, card = pack.load(tmp_path / kind, kind, lambda config: SceneMaps(SceneMapsConfig.read(config)))
    assert card["store"] == "float16" and model.config.names[0] == {"depth": "nearness", "regions": "other"}[kind]
