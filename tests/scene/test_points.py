"""Faces and bodies: a drawn face is found where it was drawn, however it is turned, and nobody where nobody is."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import motionalchemy
from motionalchemy.errors import InputError
from motionalchemy.media import reader
from motionalchemy.scene import bodies, faces, looks
from motionalchemy.scene.points import CORNERS, SHOULDERS

EXAMPLES = Path(motionalchemy.__file__).parent / "server" / "page_examples"
EYES = np.array([(104, 112), (152, 112)])  # where the irises are drawn: the person's right one is at our left
MOUTH = np.array([(106, 168), (150, 168)])  # the corners, of the mesh points 61 and 291
SKIN, HAIR, WHITE, LIPS = (224, 178, 150), (60, 42, 32), (245, 245, 245), (190, 80, 80)


def drawn(size=256):
    """A face before a wall, (size, size, 3) uint8."""
    shown = np.full((256, 256, 3), (120, 140, 160), np.uint8)
    cv2.ellipse(shown, (128, 255), (90, 50), 0, 0, 360, (60, 70, 110), -1)
    cv2.rectangle(shown, (103, 180), (153, 240), (196, 150, 125), -1)
    cv2.ellipse(shown, (128, 100), (74, 86), 0, 0, 360, HAIR, -1)
    cv2.ellipse(shown, (128, 125), (58, 76), 0, 0, 360, SKIN, -1)
    for x, y in EYES.tolist():
        cv2.ellipse(shown, (x, y), (13, 7), 0, 0, 360, WHITE, -1)
        cv2.circle(shown, (x, y), 6, (70, 50, 35), -1)
        cv2.circle(shown, (x, y), 3, (10, 10, 10), -1)
        cv2.ellipse(shown, (x, y + 1), (14, 9), 0, 190, 350, HAIR, 2)
        cv2.ellipse(shown, (x, y - 12), (17, 7), 0, 200, 340, HAIR, 4)
    cv2.line(shown, (124, 115), (119, 142), (205, 150, 125), 3)
    cv2.ellipse(shown, (128, 145), (11, 5), 0, 10, 170, (170, 110, 90), 3)
    cv2.ellipse(shown, (128, 168), (22, 8), 0, 0, 360, LIPS, -1)
    cv2.line(shown, (107, 167), (149, 167), (110, 40, 45), 2)
    shown = cv2.GaussianBlur(shown, (0, 0), 1.2)
    return cv2.resize(shown, (size, size), interpolation=cv2.INTER_AREA)


def turned(picture, degrees, scale=1.0):
    """A picture turned about its middle, and the matrix (2, 3) that takes its points there."""
    high, wide = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, scale)
    return cv2.warpAffine(picture, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE), matrix


def at(points, matrix):
    """Points (n, 2) where a matrix (2, 3) takes them."""
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_a_drawn_face_is_found_where_it_was_drawn():
    (face,) = faces.faces(drawn())
    assert face.points.shape == (468, 3) and face.irises.shape == (2, 5, 2)
    assert np.abs(face.irises[:, 0] - EYES).max() < 2
    assert np.abs(face.points[[61, 291], :2] - MOUTH).max() < 5
    assert abs(face.between - 48) < 5 and abs(face.roll) < 0.05 and abs(face.yaw) < 0.15 and face.score > 0.9


@pytest.mark.parametrize("degrees", [-50, 30, 180])
def test_a_tilted_head_is_found_and_its_points_turn_with_it(degrees):
    shown, matrix = turned(drawn(), degrees)
    (face,) = faces.faces(shown)
    assert np.abs(face.irises[:, 0] - at(EYES, matrix)).max() < 3
    across = np.degrees(face.roll) + degrees
    assert abs((across + 180) % 360 - 180) < 6


def test_a_face_in_a_mirror_has_its_eyes_the_other_way_round():
    (face,), (other,) = faces.faces(drawn()), faces.faces(np.ascontiguousarray(drawn()[:, ::-1]))
    mirrored = other.points[list(CORNERS["left"]), 0].mean(), face.points[list(CORNERS["right"]), 0].mean()
    assert abs(255 - mirrored[0] - mirrored[1]) < 3


def test_small_faces_of_several_are_found_beside_a_large_one():
    wall = np.full((448, 640, 3), (120, 140, 160), np.uint8)
    for left, top, size in ((20, 40, 256), (350, 60, 80), (480, 300, 60)):
        wall[top : top + size, left : left + size] = drawn(size)
    found = faces.faces(wall)
    expected = [
        (left + size / 2, top + 0.44 * size) for left, top, size in ((20, 40, 256), (350, 60, 80), (480, 300, 60))
    ]
    assert len(found) == 3
    assert np.abs(np.array([face.irises[:, 0].mean(0) for face in found]) - expected).max() < 4


def test_nobody_is_found_where_nobody_is():
    rng = np.random.default_rng(0)
    noise = (
        cv2.GaussianBlur(rng.normal(128, 400, (200, 300, 3)).astype(np.float32), (0, 0), 6)
        .clip(0, 255)
        .astype(np.uint8)
    )
    plain = np.full((120, 160, 3), 200, np.uint8)
    horse = reader.read_image(EXAMPLES / "horse.png")
    for picture in (noise, plain, horse):
        assert not faces.faces(picture) and not bodies.bodies(picture)


def test_the_body_of_an_example_stands_in_it_and_its_matte_covers_it():
    shown = reader.read_image(EXAMPLES / "swordsman.png")
    (pose,) = bodies.bodies(shown)
    left, top, right, low = pose.box
    assert pose.points.shape == (33, 3) and pose.seen.shape == (33,) and pose.world.shape == (33, 3)
    assert pose.matte is not None and pose.matte.shape == shown.shape[:2]
    assert pose.matte[int(top) : int(low), int(left) : int(right)].mean() > 0.3
    assert pose.points[0, 1] < pose.points[list(SHOULDERS), 1].mean() < pose.points[[27, 28], 1].mean()
    assert pose.matte[tuple(pose.points[list(SHOULDERS), :2].mean(0).astype(int)[::-1])] > 0.5


def test_a_body_that_is_moved_is_found_where_it_went():
    shown = reader.read_image(EXAMPLES / "swordsman.png")
    moved = np.roll(shown, (6, 12), (0, 1))
    (pose,), (other,) = bodies.bodies(shown), bodies.bodies(moved)
    sure = (pose.seen > 0.8) & (other.seen > 0.8)
    assert np.abs(other.points[sure, :2] - pose.points[sure, :2] - (12, 6)).mean() < 0.02 * np.ptp(pose.points[:, 1])


def test_other_shapes_and_types_are_refused():
    for picture in (np.zeros((20, 20), np.uint8), np.zeros((20, 20, 3), np.float32)):
        with pytest.raises(InputError):
            faces.faces(picture)
        with pytest.raises(InputError):
            bodies.bodies(picture)


def test_windows_cover_a_picture_and_leave_out_what_is_plain():
    half = np.zeros((300, 500, 3), np.uint8)
    half[:, 250:] = np.random.default_rng(0).integers(0, 255, (300, 250, 3))
    seen = np.zeros((300, 500), bool)
    for (x, y), size in looks.windows(half, 0.3):
        seen[
            max(int(y - size / 2), 0) : int(np.ceil(y + size / 2)),
            max(int(x - size / 2), 0) : int(np.ceil(x + size / 2)),
        ] = True
    assert seen[:, 250:].all() and not seen[:, :80].any()


def test_a_look_and_the_way_back_agree():
    shown = np.zeros((200, 200, 3), np.uint8)
    cv2.circle(shown, (120, 70), 3, (255, 255, 255), -1)
    look, matrix = looks.square(shown, np.array([110.0, 80.0]), 60.0, 0.4, 96)
    y, x = np.unravel_index(cv2.GaussianBlur(look[..., 0], (0, 0), 2).argmax(), (96, 96))
    assert np.abs(looks.back_to(np.array([[x, y]]), matrix) - (120, 70)).max() < 1.5
