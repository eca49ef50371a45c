"""No movement harms a picture: it is made to keep stiff what is stiff, then lessened, then held, and that is said."""

import numpy as np
import pytest
import torch

from motionalchemy.language.script import beat
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.pipeline.harmless import edges, harmless
from motionalchemy.render.act import Act
from motionalchemy.render.breathing import Breathing
from motionalchemy.render.check import residual, strained
from motionalchemy.render.elements import Waving
from motionalchemy.scene import kind
from motionalchemy.scene.parse import Layer, Scene
from motionalchemy.scene.regions import Regions

HIGH, WIDE = 96, 128
SIGN = slice(30, 60), slice(40, 80)
ASKED = beat(0, 25, "it waves")


def scene(actor: bool = False, sign: bool = True) -> Scene:
    """Noise, all of which stands out, with a machine in it."""
    picture = np.random.default_rng(0).integers(90, 160, (HIGH, WIDE, 3), np.uint8)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    whole = torch.ones(1, 1, HIGH, WIDE)
    found = Scene(picture, pixels, (Layer(torch.cat((pixels, whole), 1)),), pixels, pixels, whole * 0, actor)
    shares = np.zeros((5, HIGH, WIDE), np.float32)
    shares[1][SIGN] = sign
    shares[0] = 1 - shares[1]
    vars(found)["kinds"], vars(found)["writing"] = dict.fromkeys(kind.KINDS, 0.0) | {"photograph": 1.0}, ()
    vars(found)["regions"], vars(found)["faces"] = Regions(("other", "vehicle", "text", "plants", "ground"), shares), ()
    return found


def bends(size: float) -> np.ndarray:
    """A field (2, h, w) that bends everything."""
    rows, columns = np.indices((48, 64)) / 64
    return (size * np.stack((np.sin(9 * rows), np.cos(7 * columns)))).astype(np.float32)


def left(act: Act, found: Scene) -> tuple[tuple[Act, ...], list[str]]:
    """What is left of an act, and what is said."""
    said = list[str]()
    return harmless(found, ASKED, BeatMotion(ASKED, acts=(act,)), 24.0, said.append).acts, said


def breathing(size: float) -> Breathing:
    """A subject that bends as it breathes."""
    return Breathing(bends(size), 0 * bends(size), 1.0)


def test_what_does_no_harm_stays_and_nothing_is_said():
    (act,), said = left(breathing(0.004), scene(sign=False))
    assert isinstance(act, Breathing) and np.allclose(act.out, bends(0.004)) and said == []


def test_what_is_stiff_goes_as_one():
    (act,), _ = left(breathing(0.01), scene())
    stiff = np.zeros((HIGH, WIDE), bool)
    stiff[34:56, 44:76] = True
    assert isinstance(act, Breathing)
    assert residual(breathing(0.01).field(0.5), stiff, WIDE) > 5 * residual(act.field(0.5), stiff, WIDE)


def test_what_folds_is_lessened_and_said():
    (act,), said = left(breathing(0.25), scene(sign=False))
    field = act.field(0.5)
    assert field is not None and strained(field)[0] <= 0.002
    assert 0.01 < np.abs(field).max() < 0.25 and "only in part" in said[0] and "folded" in said[0]


def test_what_would_harm_however_little_is_left_of_it_is_held_still_and_said():
    acts, said = left(breathing(4.0), scene(sign=False))
    assert acts == () and "held still" in said[0]


def test_elements_leave_a_machine_where_it_stands():
    found = scene()
    wave = np.array([[8.0], [8.0], [3.0], [0.0]])
    act = Waving(found.picture.astype(np.float32), np.ones((HIGH, WIDE), np.float32), bends(0.02), wave)
    (kept,), _ = left(act, found)
    frame = found.picture.astype(np.float32)
    drawn = kept.draw(frame, 1.0)
    inside = slice(33, 57), slice(43, 77)
    assert np.array_equal(drawn[inside], frame[inside]) and np.abs(drawn - frame)[70:].max() > 10
    assert kept.draw(frame, 0.0) is frame and (kept.order, kept.on) == (act.order, act.on)


def test_movement_that_is_carried_over_is_treated_alike():
    said, moves = list[str](), torch.from_numpy(np.stack([bends(0.25)] * 8, 1))
    found = scene(sign=False)
    made = harmless(found, ASKED, BeatMotion(ASKED, moves=moves), 24.0, said.append)
    assert made.moves is not None and strained(made.moves[:, 0].numpy())[0] <= 0.002 and "only in part" in said[0]
    assert made.moves.shape == moves.shape and made.moves.dtype == moves.dtype


@pytest.mark.parametrize("acts", [(), (breathing(4.0),)])
def test_a_rendered_actor_moves_as_it_does(acts: tuple[Act, ...]):
    made = BeatMotion(ASKED, acts=acts)
    assert harmless(scene(actor=True), ASKED, made, 24.0, list[str]().append) is made


def test_a_mirror_image_at_an_edge_is_reported():
    picture = np.random.default_rng(1).integers(0, 255, (60, 100, 3), np.uint8)
    frame = picture.copy()
    frame[:, :12] = frame[:, 12:24][:, ::-1]
    assert edges(picture, picture[None]) == () == edges(frame, frame[None])
    assert "mirror image" in edges(picture, np.stack((picture, frame)))[0]
