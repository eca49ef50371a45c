"""Single things of a picture: parted, with soft mattes, named, and chosen by what is said of them."""

import numpy as np
import pytest
import torch

from motionalchemy.language.thing_words import references
from motionalchemy.scene import choice, instances, matting, naming, splitting
from motionalchemy.scene.instances import Instance
from motionalchemy.scene.parse import Layer, Scene, focused
from motionalchemy.scene.regions import Regions

HIGH, WIDE = 96, 144
ROWS, COLUMNS = np.indices((HIGH, WIDE))


def disc(row: float, column: float, reach: float) -> np.ndarray:
    """A disc (HIGH, WIDE) bool."""
    return (ROWS - row) ** 2 + (COLUMNS - column) ** 2 < reach**2


def sight(mask: np.ndarray, other: np.ndarray, differ: bool) -> splitting.Sight:
    """Two things that are of one colour, nearness and kind, or differ in all of them."""
    level = np.where(other, 1.0, 0.0) * differ
    colours = np.stack([60 + 30 * level, 40 * level, -30 * level], 2).astype(np.float32)
    return splitting.Sight(
        colours, (0.4 + 0.3 * level).astype(np.float32), np.stack([level, 1 - level]).astype(np.float32)
    )


def test_things_that_differ_and_meet_in_a_narrow_place_are_parted_and_one_disc_is_not():
    left, right = disc(48, 40, 26), disc(48, 90, 26)
    found = splitting.parted(left | right, sight(left, right, True))
    assert len(found) == 2 and sorted(int((part & right).sum()) > 1000 for part in found) == [False, True]
    assert len(splitting.parted(left, sight(left, right, False))) == 1


def test_a_body_holds_its_fragments_together_and_two_bodies_hold_theirs_apart():
    left, right = disc(48, 40, 26), disc(48, 90, 26)
    labels = splitting.fragments(left | right)
    assert labels.max() == 2
    across = np.stack((np.full(60, 48), np.arange(35, 95)), 1)
    each = [across[:20], across[40:]]
    assert splitting.bodily(labels, (1, 2), [across]) == splitting.BODY
    assert splitting.bodily(labels, (1, 2), each) == -splitting.BODY
    assert splitting.bodily(labels, (1, 2), []) == 0


def test_a_matte_that_is_linear_in_colour_is_solved():
    truth = ((COLUMNS - 40) / 60).clip(0, 1).astype(np.float32)
    picture = truth[..., None] * np.array([0.9, 0.3, 0.1]) + (1 - truth[..., None]) * np.array([0.1, 0.2, 0.7])
    free = (truth > 0) & (truth < 1)
    rough = (truth > 0.5).astype(np.float32)
    found = matting.solved(picture.astype(np.float32), rough, free)
    assert np.abs(rough - truth).max() > 0.4 and np.abs(found - truth).max() < 0.06
    shown = matting.refined((picture * 255).round().astype(np.uint8), rough, free)
    assert np.abs(shown - truth)[free].mean() < 0.05 and (shown[~free] == rough[~free]).all()


def test_names_are_shares_and_the_network_knows_common_things():
    picture = np.full((HIGH, WIDE, 3), 128, np.uint8)
    (names,) = naming.named(picture, [disc(48, 70, 30).astype(np.float32)])
    assert min(names.values()) >= 0 and sum(names.values()) <= 1.0001
    assert {"dog", "cat", "horse", "car", "boat"} <= names.keys()
    assert naming.named(picture, []) == []


def thing(column: int, colour: tuple[int, int, int], near: float = 0.5, reach: int = 16, **kinds: float) -> Instance:
    """A disc of a colour that is of some kinds."""
    matte = disc(48, column, reach).astype(np.float32)
    box = column - reach, 48 - reach, column + reach, 48 + reach
    return Instance(matte, box, dict.fromkeys(instances.KINDS, 0.0) | kinds, near, colour)


def scene(things: list[Instance], names: list[dict[str, float]]) -> Scene:
    """A scene with such things; all of them stand out."""
    picture = np.full((HIGH, WIDE, 3), 200, np.uint8)
    for each in things:
        picture[each.matte > 0] = each.colour
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    matte = torch.from_numpy(np.max([each.matte for each in things], 0))[None, None]
    layer = Layer(torch.cat((pixels * matte, matte), 1))
    found = Scene(picture, pixels, (layer,), pixels, pixels, pixels[:, :1] * 0, actor=False)
    vars(found)["instances"], vars(found)["names"] = (
        tuple(things),
        tuple({"cat": 0.0, "dog": 0.0} | each for each in names),
    )
    return found


THREE = scene(
    [
        thing(70, (20, 20, 20), near=0.3, reach=20, animal=1.0),
        thing(22, (235, 235, 235), animal=1.0),
        thing(120, (120, 75, 40), near=0.9, person=0.9),
    ],
    [{"dog": 0.8}, {"dog": 0.6}, {}],
)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("the dog on the left barks", (1,)),
        ("右边的狗叫了", (0,)),
        ("the two dogs run", (0, 1)),
        ("两只狗跑了", (0, 1)),
        ("the white dog jumps", (1,)),
        ("黑色的狗跳起来", (0,)),
        ("the big dog sleeps", (0,)),
        ("the man waves", (2,)),
        ("那个男人挥手", (2,)),
        ("the car drives away", ()),
    ],
)
def test_what_is_said_of_things_tells_which_is_meant(words, meant):
    assert choice.chosen(THREE, references(words)[0]) == meant


def test_parts_alike_that_touch_go_together_unless_a_side_is_named():
    one = scene(
        [thing(60, (90, 60, 30), animal=1.0), thing(90, (95, 60, 30), animal=1.0)], [{"dog": 0.5}, {"dog": 0.3}]
    )
    assert choice.chosen(one, references("the dog runs")[0]) == (0, 1)
    assert choice.chosen(one, references("the dog on the right runs")[0]) == (1,)


def test_a_part_that_is_called_otherwise_goes_along_unless_it_surely_is_another_thing():
    body, head = thing(60, (240, 240, 240), animal=1.0), thing(90, (240, 240, 230), person=0.8)
    bird = scene([body, head], [{"duck": 0.1, "goose": 0.7}, {"duck": 0.3, "goose": 0.6}])
    assert choice.chosen(bird, references("the duck swims")[0]) == (0, 1)
    pair = scene([body, head], [{"dog": 0.9}, {"cat": 0.8}])
    assert choice.chosen(pair, references("the cat purrs")[0]) == (1,)


def test_a_scene_turns_to_what_is_spoken_of_and_stays_where_all_or_nothing_is():
    found = choice.spoken_of(THREE, "the dog on the left barks")
    assert found.subject is not None and float((found.subject.opacity[:, :40] > 0.5).sum()) > 500
    assert float((found.subject.opacity[:, 50:] > 0.5).sum()) == 0
    assert np.abs(found.plate[0, :, 48, 22].numpy() - 200 / 255).max() < 0.05  # the white dog is gone from it
    assert np.abs(found.plate[0, :, 48, 70].numpy() - 20 / 255).max() < 0.05  # the black one is not
    assert found.instances is THREE.instances
    for words in ("the car drives away", "it snows", "the dogs and the man run"):
        assert choice.spoken_of(THREE, words) is THREE


def test_rendered_actors_are_left_whole():
    actor = focused(THREE, (0, 1, 2))
    vars(actor)["rendered"] = True
    assert choice.spoken_of(actor, "the dog on the left barks") is actor


def test_what_stands_alone_is_one_thing_with_its_box_and_colour_and_nothing_is_none():
    picture = np.full((HIGH, WIDE, 3), 200, np.uint8)
    picture[disc(48, 40, 20)] = (200, 40, 30)
    shown = {name for names in instances.KINDS.values() for name in names}
    regions = Regions(("other", *shown), np.zeros((1 + len(shown), HIGH, WIDE), np.float32))
    found = instances.instances(
        picture, disc(48, 40, 20).astype(np.float32), np.full((HIGH, WIDE), 0.5, np.float32), regions
    )
    (only,) = found
    assert only.box[0] in range(18, 24) and only.colour == (200, 40, 30) and not only.someone
    assert instances.instances(picture, None, np.zeros((HIGH, WIDE), np.float32), regions) == ()
