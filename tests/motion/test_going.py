"""Stiff things on their way: as far as was said, over the plate, behind what is nearer."""

import numpy as np
import pytest
import torch

from motionalchemy.language.travel_words import Asked, Heading
from motionalchemy.motion import going
from motionalchemy.render.travel_act import Course, Going
from motionalchemy.scene.parse import Layer, Scene

HIGH, WIDE = 60, 100


def scene(left: int = 40, top: int = 20, wide: int = 20, high: int = 20) -> Scene:
    """A bright box on dark ground, and the ground without it."""
    picture = np.full((HIGH, WIDE, 3), 30, np.uint8)
    picture[top : top + high, left : left + wide] = 220
    rgba = torch.zeros(1, 4, HIGH, WIDE)
    rgba[:, :3, top : top + high, left : left + wide] = 220 / 255
    rgba[:, 3, top : top + high, left : left + wide] = 1
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    plate = torch.full((1, 3, HIGH, WIDE), 30 / 255)
    found = Scene(picture, pixels, (Layer(rgba),), plate, plate, torch.zeros(1, 1, HIGH, WIDE))
    found.__dict__["nearness"] = np.full((HIGH, WIDE), 0.5, np.float32)
    return found


def asked(deed: going.Deed, heading: Heading = "") -> Asked:
    """That something is done at its usual pace."""
    return Asked(deed, heading, 1.0, False, "it goes", ())


def act(course: Course, there: Scene, covers: np.ndarray | None = None) -> Going:
    """The box of a scene on a course."""
    (thing,) = going._things(there, False)
    return Going(there.picture.astype(np.float32), going._plate(there), (thing,), (course,), covers)


def test_a_thing_goes_as_far_as_its_course_says_over_the_plate():
    there = scene()
    course = Course((0.5, 0.3), (0.2, 0.0), starts=1e-6)
    frame = act(course, there).draw(there.picture.astype(np.float32), 1.0)
    assert np.allclose(frame[25:35, 62:78], 220, atol=1)  # 20 pixels to the right
    assert np.allclose(frame[18:42, 36:56], 30, atol=1)  # nothing is left where it was


def test_it_starts_from_its_place_and_comes_back_in_a_loop():
    there = scene()
    frame = there.picture.astype(np.float32)
    looped = act(Course((0.5, 0.3), (0.2, 0.0), loops=2.0, bobs=0.01), there)
    assert np.array_equal(looped.draw(frame, 0.0), frame)
    assert np.abs(looped.draw(frame, 2.0) - frame).max() < 1
    assert np.abs(looped.draw(frame, 1.0) - frame).max() > 100


def test_what_is_nearer_hides_it():
    there = scene()
    covers = np.zeros((HIGH, WIDE), np.float32)
    covers[:, 70:] = 1
    frame = act(Course((0.5, 0.3), (0.2, 0.0), starts=1e-6), there, covers).draw(there.picture.astype(np.float32), 1.0)
    assert np.allclose(frame[25:35, 62:68], 220, atol=1)
    assert np.allclose(frame[25:35, 72:80], 30, atol=1)


def test_what_moves_behind_it_goes_on_moving():
    there = scene()
    frame = there.picture.astype(np.float32)
    frame[:10] += 50  # clouds
    seen = act(Course((0.5, 0.3), (0.2, 0.0)), there).draw(frame, 0.5)
    assert np.allclose(seen[:10], 80, atol=1)


@pytest.mark.parametrize(
    ("deed", "heading", "sign"), [("goes", "left", (-1, 0)), ("floats", "right", (1, 0)), ("rises", "", (0, -1))]
)
def test_it_goes_where_it_is_sent(deed: going.Deed, heading: Heading, sign: tuple[int, int]):
    there = scene()
    (thing,) = going._things(there, False)
    way = going.course(there, asked(deed, heading), thing, 2.0, 0.0)
    assert way is not None
    right, down, size, _ = way.at(1.5)
    assert size == 1
    if sign[0]:
        assert right * sign[0] > 0.05 and abs(down) < 0.02
    else:
        assert down < -0.05 and right == 0


def test_one_that_comes_nearer_grows_about_its_feet_and_stays_in_the_picture():
    there = scene()
    (thing,) = going._things(there, False)
    way = going.course(there, asked("goes", "near"), thing, 10.0, 0.0)
    assert way is not None
    sizes = [way.at(second)[2] for second in (0.5, 1.0, 2.0, 10.0)]
    assert sizes == sorted(sizes) and sizes[1] > 1.1
    assert sizes[-1] * 20 < HIGH


def test_a_cut_side_never_comes_into_view():
    there = scene(left=0)
    (thing,) = going._things(there, False)
    assert going.course(there, asked("goes", "right"), thing, 2.0, 0.0) is None
    assert going.course(there, asked("goes", "left"), thing, 2.0, 0.0) is not None
    assert going.course(there, asked("spins"), thing, 2.0, 0.0) is None


def test_where_no_side_is_said_it_goes_where_there_is_room():
    left, right = scene(left=10), scene(left=70)
    ways = [going.course(each, asked("goes"), going._things(each, False)[0], 2.0, 0.0) for each in (left, right)]
    assert ways[0] is not None and ways[1] is not None
    assert ways[0].speed[0] > 0 > ways[1].speed[0]


def test_a_wheel_turns_and_its_field_says_so():
    there = scene()
    spins = act(Course((0.5, 0.3), turns=np.pi / 2, starts=1e-6), there)
    field = spins.field(0.4)
    assert field is not None and np.abs(field).max() > 0.01
    assert np.allclose(spins.softened(1e-6).matrix(spins.courses[0], 1.0), np.eye(3)[:2], atol=1e-3)
