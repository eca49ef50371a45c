"""People move limb by limb: a straight figure whose movement is known in closed form."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from motionalchemy.language.body_words import Asked, read
from motionalchemy.motion.body_moves import MOVES, RATE, move
from motionalchemy.motion.body_plan import attitudes
from motionalchemy.render import body_act
from motionalchemy.render.mesh import over
from motionalchemy.render.puppet import Attitude, Puppet, puppet
from motionalchemy.scene import limbs, silhouette
from motionalchemy.scene.skeleton import LIMBS, Limb, Skeleton

SIZE = 192


def figure() -> tuple[np.ndarray, Skeleton]:
    """A figure of sticks with its arms spread, and its skeleton."""
    picture = np.full((SIZE, SIZE, 3), 245, np.uint8)
    chains: dict[Limb, np.ndarray] = {
        "left arm": np.array([[108.0, 70], [134, 84], [160, 98]]),
        "right arm": np.array([[84.0, 70], [58, 84], [32, 98]]),
        "left leg": np.array([[102.0, 116], [104, 142], [106, 168]]),
        "right leg": np.array([[90.0, 116], [88, 142], [86, 168]]),
    }
    ink = (40, 60, 120)
    cv2.rectangle(picture, (84, 64), (108, 120), ink, -1)
    cv2.circle(picture, (96, 44), 18, ink, -1)
    for chain in chains.values():
        cv2.polylines(picture, [chain.astype(np.int32)], False, ink, 7)
    matte = (picture[..., 0] < 140).astype(np.float32)
    flat: dict[Limb, np.ndarray] = {limb: np.zeros(2) for limb in LIMBS}
    stays = dict.fromkeys(LIMBS, "")
    return picture, Skeleton(chains, flat, np.array([96.0, 44]), matte, np.array([1.0, 0]), True, stays)


@pytest.fixture(scope="module")
def stands() -> Puppet:
    picture, skeleton = figure()
    return puppet(limbs.cut(picture, skeleton))


def rest() -> Attitude:
    return Attitude(angles=dict.fromkeys(LIMBS, (0.0, 0.0)), stretches=dict.fromkeys(LIMBS, (1.0, 1.0)))


def test_at_rest_nothing_moves(stands: Puppet) -> None:
    places = stands.skeleton.chains["left arm"]
    assert np.allclose(stands.limb_at("left arm", places, rest()), places)
    assert np.allclose(stands.trunk_at(places, rest()), places)


def test_an_arm_rises_by_the_angle_it_is_told(stands: Puppet) -> None:
    angle = -np.radians(50)
    now = Attitude(angles={**rest().angles, "left arm": (angle, angle)}, stretches=rest().stretches)
    root, _, end = stands.skeleton.chains["left arm"]
    vertices = np.stack((root, end - 0.1 * (end - root)))
    before, after = vertices[1] - vertices[0], np.diff(stands.limb_at("left arm", vertices, now), axis=0)[0]
    turned = np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0])
    assert np.degrees(turned) == pytest.approx(-50, abs=1.5)
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before), rel=0.03)


@pytest.mark.parametrize("words", ["she waves", "he raises his arms", "he claps", "she dances", "he jumps"])
def test_bones_keep_their_lengths(stands: Puppet, words: str) -> None:
    (asked,) = read(words)
    for now in attitudes(stands, asked, 2.0, False):
        for limb in ("left arm", "right arm"):
            assert max(now.stretches[limb]) < 1.13 and min(now.stretches[limb]) > 0.79


def test_every_movement_begins_and_ends_at_the_picture(stands: Puppet) -> None:
    for action in MOVES:
        made = move(action, 2.0, 1.0, 1.0)
        assert len(made.seconds) == round(2 * RATE) + 1
        for ends in (0, -1):
            assert np.abs(made.weight[ends]).max() < 1e-6, action
            assert max(abs(float(value[ends])) for value in made.body.values()) < 1e-6, action
        assert np.allclose(np.linalg.norm(made.directions, axis=-1), 1)


def test_drawn_at_its_beginning_and_its_end_it_is_the_picture(stands: Puppet) -> None:
    picture, _ = figure()
    plate = np.full((SIZE, SIZE, 3), 245, np.float32)
    act = body_act.act(stands, picture, plate, attitudes(stands, read("she waves")[0], 2.0, False), RATE)
    frame = picture.astype(np.float32)
    assert act.draw(frame, 0.0) is frame
    moved = act.draw(frame, 1.0)
    assert (np.abs(moved - frame).max(-1) > 60).sum() > 200
    assert np.abs(moved - frame)[150:, :70].max() == 0
    assert np.array_equal(act.draw(frame, 2.0), frame)
    field = act.field(1.0)
    assert field is not None and np.isfinite(field).all() and np.abs(field).max() > 0.05


def test_a_mesh_at_rest_comes_from_itself() -> None:
    matte = np.zeros((40, 60), np.float32)
    matte[10:30, 20:50] = 1
    mesh = over(matte, 4)
    source, (top, left) = mesh.sources(mesh.rest, (40, 60))
    rows, columns = np.indices(source.shape[:2])
    there = source[..., 0] >= 0
    assert there.mean() > 0.9
    assert np.allclose(source[there], np.stack((columns + left, rows + top), -1)[there], atol=1e-3)


def test_joints_of_a_drawing_are_found_and_a_pig_has_none() -> None:
    picture, skeleton = figure()
    matte, paper = silhouette.drawing(picture)
    found = silhouette.joints(matte)
    assert paper and found is not None
    for limb in ("left arm", "right leg"):
        end = found[limb]
        assert end is not None and np.linalg.norm(end[2] - skeleton.chains[limb][2]) < 14
    pig = np.full((SIZE, SIZE, 3), 245, np.uint8)
    cv2.ellipse(pig, (96, 100), (70, 34), 0, 0, 360, (60, 40, 90), -1)
    for column in (45, 65, 125, 145):
        cv2.rectangle(pig, (column, 110), (column + 8, 150), (60, 40, 90), -1)
    assert silhouette.joints(silhouette.drawing(pig)[0]) is None


@pytest.mark.parametrize("left", ((1.0, 0.0), (0.71, 0.71), (0.1, 0.995)))
def test_bones_keep_their_length(left: tuple[float, float]) -> None:
    picture, skeleton = figure()
    seen = puppet(limbs.cut(picture, replace(skeleton, left=np.array(left), drawn=False)))
    for action in MOVES:
        plan = attitudes(seen, Asked(action, "", "", 1.0, 1.0, "", action, ((0, 1),)), 2.0, False)
        longer = np.array([list(now.stretches.values()) for now in plan])
        assert np.abs(longer - 1).max() < 0.101, action


def test_a_figure_that_the_lower_edge_cuts_has_no_limbs() -> None:
    matte = np.zeros((160, 120), np.float32)
    cv2.circle(matte, (60, 40), 24, 1.0, -1)
    cv2.rectangle(matte, (25, 60), (95, 159), 1.0, -1)
    assert silhouette.joints(matte) is None
