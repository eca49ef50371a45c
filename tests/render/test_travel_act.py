"""Things that go, drawn: as far as was said, over the plate, behind what is nearer."""

import numpy as np
import pytest

from motionalchemy.render.travel_act import Course, Going, Rider

HIGH, WIDE = 60, 100
AT = 0.2  # seconds at full speed that a start of no time costs nothing of


def picture() -> np.ndarray:
    """A bright box, 20 pixels wide from (40, 20), on ground that becomes lighter to the right."""
    seen = np.repeat(np.linspace(20, 60, WIDE, dtype=np.float32)[None, :, None], HIGH, 0).repeat(3, 2)
    seen[20:40, 40:60] = 220
    return seen


def plate() -> np.ndarray:
    """The ground alone."""
    return np.repeat(np.linspace(20, 60, WIDE, dtype=np.float32)[None, :, None], HIGH, 0).repeat(3, 2)


def box() -> np.ndarray:
    """The layer of the box."""
    layer = np.zeros((HIGH, WIDE, 4), np.float32)
    layer[20:40, 40:60] = (220, 220, 220, 1)
    return layer


def act(rider: Rider) -> Going:
    """The box on its way."""
    gone = np.zeros((HIGH, WIDE), np.float32)
    gone[17:43, 37:63] = 1
    return Going(picture(), plate(), gone, (rider,))


def test_a_thing_goes_as_far_as_its_course_says_and_its_old_place_shows_the_plate():
    frame = act(Rider(box(), Course((0.5, 0.4), (0.2, 0.0), starts=1e-6))).draw(picture(), 1.0)
    assert np.allclose(frame[25:35, 62:78], 220, atol=1)  # 20 pixels to the right
    assert np.allclose(frame[17:43, 37:58], plate()[17:43, 37:58], atol=1)


def test_it_starts_from_the_picture_to_the_bit_and_without_a_jump():
    going = act(Rider(box(), Course((0.5, 0.4), (0.2, 0.0))))
    frame = picture()
    assert going.draw(frame, 0.0) is frame
    assert np.abs(going.draw(frame, 1e-3) - frame).max() < 2
    assert np.array_equal(frame, picture())


@pytest.mark.parametrize("around", [0.0, 1.24])
def test_a_loop_comes_back_to_the_picture(around: float):
    course = Course((0.5, 0.4), (0.2, 0.0), loops=2.0, bobs=0.01, around=around, room=0.62)
    going, frame = act(Rider(box(), course)), picture()
    assert np.abs(going.draw(frame, 2.0) - frame).max() < 1.5
    assert np.abs(going.draw(frame, 1.0) - frame).max() > 100
    assert np.abs(going.draw(frame, 1.98) - frame).max() < 60


def test_what_is_nearer_hides_it():
    covers = np.zeros((HIGH, WIDE), np.float32)
    covers[:, 70:] = 1
    frame = act(Rider(box(), Course((0.5, 0.4), (0.2, 0.0), starts=1e-6), covers=covers)).draw(picture(), 1.0)
    assert np.allclose(frame[25:35, 62:68], 220, atol=1)
    assert np.allclose(frame[25:35, 72:80], plate()[25:35, 72:80], atol=1)


def test_its_shadow_and_its_reflection_go_along():
    shadow, reflection = np.zeros((HIGH, WIDE), np.float32), np.zeros((HIGH, WIDE, 4), np.float32)
    shadow[42:46, 40:60] = 0.5
    reflection[46:56, 40:60] = (100, 100, 100, 1)
    rider = Rider(box(), Course((0.5, 0.4), (0.2, 0.0), starts=1e-6), reflection, shadow)
    frame = act(rider).draw(picture(), 1.0)
    assert np.allclose(frame[43:45, 62:78], plate()[43:45, 62:78] * 0.5, atol=1)
    assert np.allclose(frame[47:55, 62:78], 100, atol=1)


def test_a_shadow_fades_as_a_thing_rises():
    shadow = np.zeros((HIGH, WIDE), np.float32)
    shadow[42:46, 40:60] = 0.5
    rider = Rider(box(), Course((0.5, 0.4), lift=0.2, starts=1e-6), shadow=shadow)
    frame = act(rider).draw(picture(), 0.9)
    assert np.allclose(frame[43:45, 65:75], plate()[43:45, 65:75], atol=1)


def test_a_wheel_turns_by_its_way_over_its_radius():
    layer = box()
    layer[30:40, 45:55, :3] = 0
    layer[34:36, 46:54, :3] = 255  # a spoke that lies
    rider = Rider(layer, Course((0.5, 0.4), (0.1, 0.0), starts=1e-6), wheels=((49.5, 34.5, 5.0),))
    quarter = np.pi / 2 * 5.0 / WIDE / 0.1  # seconds in which it turns by 90 degrees
    moved = act(rider).moved(rider, float(quarter))
    across = 49.5 + 0.1 * WIDE * quarter
    column, row = round(across), 35
    assert moved[row - 3, column, 0] > 150 and moved[row + 3, column, 0] > 150  # it stands
    assert moved[row, column - 3, 0] < 100 and moved[row, column + 3, 0] < 100


def test_what_rolls_turns_as_far_as_it_goes():
    at = Course((0.5, 0.3), (0.1, 0.0), rolls=0.1, starts=1e-6).at(2.0)
    assert np.isclose(at.turn, at.right / 0.1)


def test_what_bounces_is_on_the_ground_after_each_hop():
    course = Course((0.5, 0.4), hops=0.2, rate=2.0)
    assert abs(course.at(0.5).up) < 1e-9 and np.isclose(course.at(0.75).up, 0.2)


def test_what_spins_about_its_upright_axis_is_never_mirrored():
    course = Course((0.5, 0.3), spins=np.pi, starts=1e-6)
    going = act(Rider(box(), course))
    for second in (0.3, 0.5, 0.8, 1.0):
        assert going.matrix(course, course.at(second))[0, 0] > 0


def test_what_moves_behind_it_goes_on_moving():
    frame = picture()
    frame[:10] += 50  # clouds
    seen = act(Rider(box(), Course((0.5, 0.3), (0.2, 0.0)))).draw(frame, 0.5)
    assert np.allclose(seen[:10], frame[:10], atol=1)


def test_its_field_says_where_it_comes_from_and_less_is_less():
    course = Course((0.5, 0.4), (0.2, 0.0), starts=1e-6)
    going = act(Rider(box(), course))
    field = going.field(1.0)
    assert field is not None and np.isclose(field[0, 30 // 4, 70 // 4], -0.2, atol=1e-3)
    half = going.softened(0.5)
    assert np.isclose(half.stand(half.riders[0], 1.0).right, 0.1, atol=1e-3)
