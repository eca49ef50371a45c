"""Things that can go: where they are, with what belongs to them, and what is behind them."""

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.scene import behind, hanging, things, wheels
from motionalchemy.scene.parse import Layer, Scene
from motionalchemy.scene.regions import Regions

HIGH, WIDE = 120, 180


def scene(picture: np.ndarray, opacity: np.ndarray) -> Scene:
    """A picture (H, W, 3) uint8 of which an opacity (H, W) was found to stand out."""
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    cover = torch.from_numpy(opacity.astype(np.float32))[None, None]
    return Scene(picture, pixels, (Layer(torch.cat((pixels * cover, cover), 1)),), pixels, pixels, cover * 0)


def ground() -> np.ndarray:
    """A plain floor."""
    return np.full((HIGH, WIDE, 3), (150, 160, 170), np.uint8)


def test_what_was_found_in_part_is_cut_out_whole():
    picture = ground()
    cv2.rectangle(picture, (60, 40), (110, 80), (200, 30, 30), -1)
    rough = np.zeros((HIGH, WIDE))
    rough[44:78, 62:100] = 1  # without its right end
    (found,) = things.things(scene(picture, rough), False, "air")
    whole = np.zeros((HIGH, WIDE), bool)
    whole[40:81, 60:111] = True
    there = found.matte > 0.5
    assert (there & whole).sum() / (there | whole).sum() > 0.95
    assert found.box[0] in range(58, 63) and found.box[2] in range(108, 114)


def test_several_things_are_several_and_one_is_one():
    picture, rough = ground(), np.zeros((HIGH, WIDE))
    for left in (20, 80, 140):
        cv2.circle(picture, (left, 50), 12, (30, 90, 200), -1)
        rough[(np.indices((HIGH, WIDE))[0] - 50) ** 2 + (np.indices((HIGH, WIDE))[1] - left) ** 2 < 144] = 1
    found = things.things(scene(picture, rough), True, "air")
    assert [each.box[0] // 10 for each in found] == [0, 6, 12]


def test_a_basket_belongs_to_its_balloon():
    there = np.zeros((HIGH, WIDE), bool)
    there[20:60, 60:100] = True
    basket = np.zeros_like(there)
    basket[66:72, 76:84] = True
    (joined,) = things._hung([there, basket])
    assert joined.sum() == there.sum() + basket.sum()


def test_a_shadow_is_found_and_the_ground_beside_it_is_not_one():
    picture = ground()
    cv2.rectangle(picture, (60, 40), (110, 80), (200, 30, 30), -1)
    matte = np.zeros((HIGH, WIDE), np.float32)
    matte[40:81, 60:111] = 1
    assert things._shaded(picture, matte, (60, 40, 111, 81)) is None
    picture[81:86, 62:112] = (75, 80, 85)
    shadow = things._shaded(picture, matte, (60, 40, 111, 81))
    assert shadow is not None and np.isclose(shadow[83, 90], 0.5, atol=0.06) and shadow[83, 140] == 0


def test_a_reflection_is_told_from_what_it_reflects():
    picture = ground()
    rows = np.arange(40)[:, None]
    mast = ((rows * 37 % 29) * 6 + np.arange(30)[None] * 3 % 50).astype(np.uint8)
    picture[20:60, 70:100] = mast[..., None]
    picture[60:100, 70:100] = (mast[::-1] // 2 + 70)[..., None]
    matte = np.zeros((HIGH, WIDE), np.float32)
    matte[20:100, 70:100] = 1
    own, mirrored = things._unmirrored(picture, matte)
    assert mirrored is not None
    assert own[20:60].sum() == 40 * 30 and own[61:].sum() == 0 and mirrored[62:99].sum() == 37 * 30


@pytest.mark.parametrize(("texture", "strength"), [(False, "smooth"), (True, "patches")])
def test_what_is_behind_is_filled_by_what_fits_what_is_beside(texture: bool, strength: str):
    picture = ground()
    if texture:
        grain = np.random.default_rng(0).normal(0, 30, (HIGH, WIDE, 1))
        picture = (picture + grain).clip(0, 255).astype(np.uint8)
    hidden = np.zeros((HIGH, WIDE), bool)
    hidden[40:80, 70:110] = True
    assert behind.best(picture, hidden) == strength


def test_the_plate_shows_nothing_of_the_thing():
    picture = ground()
    cv2.rectangle(picture, (60, 40), (110, 80), (200, 30, 30), -1)
    rough = np.zeros((HIGH, WIDE))
    rough[40:81, 60:111] = 1
    there = scene(picture, rough)
    plate, gone = behind.plate(there, things.things(there, False, "air"))
    assert np.abs(plate - ground()).max() < 6 and gone[60, 85] == 1 and gone[10, 10] == 0


def test_two_wheels_are_found_and_none_where_there_are_none():
    picture = ground()
    cv2.rectangle(picture, (40, 50), (140, 85), (200, 40, 40), -1)
    matte = np.zeros((HIGH, WIDE), np.float32)
    matte[50:86, 40:141] = 1
    thing = things.Thing(np.dstack((picture * matte[..., None], matte)), (40, 50, 141, 86))
    assert wheels.wheels(picture, thing) == ()
    for x in (62, 118):
        cv2.circle(picture, (x, 86), 11, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.circle(matte, (x, 86), 11, 1.0, -1)
    thing = things.Thing(np.dstack((picture * matte[..., None], matte)), (40, 50, 141, 98))
    found = sorted(wheels.wheels(picture, thing))
    assert len(found) == 2
    assert all(abs(x - at) < 2 and abs(r - 11) < 2 for (x, _, r), at in zip(found, (62, 118), strict=True))


@pytest.mark.parametrize(("vehicle", "left"), [(True, 120), (False, 20)])
def test_where_a_vehicle_is_meant_it_is_what_is_seen_as_one(vehicle: bool, left: int):
    picture, rough, seen = ground(), np.zeros((HIGH, WIDE)), np.zeros((2, HIGH, WIDE), np.float32)
    for column, colour in ((20, (40, 120, 40)), (120, (200, 30, 30))):
        cv2.rectangle(picture, (column, 50), (column + 40, 80), colour, -1)
    rough[50:81, 20:61] = 1
    seen[1, 50:81, 120:161] = 1
    seen[0] = 1 - seen[1]
    found = scene(picture, rough)
    vars(found)["regions"] = Regions(("other", "vehicle"), seen)
    (thing,) = things.things(found, False, "air", vehicle)
    assert abs(thing.box[0] - left) <= 2


def test_behind_a_thing_on_paper_is_paper():
    picture, hidden = np.full((HIGH, WIDE, 3), 250, np.uint8), np.zeros((HIGH, WIDE), bool)
    picture[40:80, 60:100], hidden[38:82, 58:102] = 10, True
    assert behind.plain(picture, hidden) is not None and behind.plain(picture, hidden)[0] == 250
    picture[:, :80] = 90
    assert behind.plain(picture, hidden) is None


@pytest.mark.parametrize("has_thread", [True, False])
def test_a_thing_hangs_from_its_thread(has_thread: bool, monkeypatch: pytest.MonkeyPatch):
    picture, rough = ground(), np.zeros((HIGH, WIDE))
    monkeypatch.setattr(things, "penned", lambda picture, rough: None)  # else the thread is cut out with it
    if has_thread:
        cv2.line(picture, (90, 10), (90, 70), (30, 30, 30), 3)
    cv2.circle(picture, (90, 80), 20, (200, 160, 30), -1)
    cv2.circle(rough, (90, 80), 20, 1, -1)
    (thing,) = things.things(scene(picture, rough), False, "air")
    found = hanging.hung(scene(picture, rough), thing)
    assert (found is not None) == has_thread
    if found is not None:
        (whole, (x, y)) = found
        assert abs(x - 90) < 2 and abs(y - 10) < 3 and whole.matte[30, 90] > 0.9 and thing.matte[30, 90] < 0.1
        assert whole.matte[30, 80] == 0 and whole.box[1] < 14


def test_what_is_drawn_on_paper_is_all_that_its_ink_encloses():
    picture, rough = np.full((HIGH, WIDE, 3), 250, np.uint8), np.zeros((HIGH, WIDE))
    cv2.circle(picture, (90, 60), 30, (20, 20, 20), 3)
    cv2.circle(rough, (90, 60), 27, 1, -1)
    found = things.penned(picture, rough)
    assert found is not None and found[60, 90] == 1 and found[60, 120] > 0.5 and found[60, 130] < 0.05
    assert things.penned(picture, 1 - rough) is None
    picture[:, ::7] = 30
    assert things.penned(picture, rough) is None
