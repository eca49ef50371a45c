"""Movement that keeps stiff what is stiff."""

import numpy as np

from motionalchemy.render.check import Report, residual, strained
from motionalchemy.render.projection import projected, safe, similarity, worst

HIGH, WIDE = 48, 64
NO_LINES = np.zeros((0, 4), np.float32)


def places() -> tuple[np.ndarray, np.ndarray]:
    """Places of a field, right and down in widths."""
    rows, columns = np.indices((HIGH, WIDE))
    return (columns + 0.5) / WIDE, (rows + 0.5) / WIDE


def waves(size: float) -> np.ndarray:
    """One frame of a field that bends everything, (1, 2, h, w)."""
    x, y = places()
    return size * np.stack((np.sin(9 * y) + 0.2 * x, np.cos(7 * x)))[None]


def square() -> np.ndarray:
    """A stiff square."""
    stiff = np.zeros((HIGH, WIDE), np.float32)
    stiff[16:32, 24:40] = 1
    return stiff


def turned(angle: float, size: float) -> np.ndarray:
    """A field that turns and enlarges about the middle."""
    x, y = places()
    place = x - 0.5 + 1j * (y - 0.375)
    gone = (size * np.exp(1j * angle) - 1) * place
    return np.stack((gone.real, gone.imag))


def test_a_similarity_stays_as_it_is():
    field = turned(0.3, 1.2)
    assert np.allclose(similarity(field, square()), field, atol=1e-9)
    assert np.allclose(projected(field[None], square()), field[None], atol=1e-6)


def test_the_nearest_similarity_is_that_of_least_squares():
    x, y = places()
    field, stiff = waves(0.01)[0], square() > 0.5
    ones, none = np.ones(stiff.sum()), np.zeros(stiff.sum())
    equations = np.block([[x[stiff][:, None], -y[stiff][:, None], ones[:, None], none[:, None]],
                          [y[stiff][:, None], x[stiff][:, None], none[:, None], ones[:, None]]])  # fmt: skip
    wanted = np.concatenate(((x + field[0])[stiff], (y + field[1])[stiff]))
    a, b, right, down = np.linalg.lstsq(equations, wanted, rcond=None)[0]
    found = similarity(field, square())
    assert np.allclose(found[0], a * x - b * y + right - x, atol=1e-9)
    assert np.allclose(found[1], b * x + a * y + down - y, atol=1e-9)


def test_a_stiff_part_keeps_its_shape_and_what_is_far_moves_as_before():
    field = waves(0.01)
    assert residual(field[0], square(), 256) > 0.5
    found = projected(field, square())
    assert residual(found[0], square(), 256) < 1e-3
    assert np.allclose(found[:, :, :8], field[:, :, :8]) and strained(found[0])[0] == 0


def test_two_parts_have_movements_of_their_own():
    stiff = square()
    stiff[16:32, 2:14] = 1
    found = projected(waves(0.01), stiff)[0]
    assert not np.allclose(found[:, 24, 6], found[:, 24, 32], atol=1e-4)
    for columns in (slice(2, 14), slice(24, 40)):
        one = np.zeros_like(stiff)
        one[16:32, columns] = 1
        assert residual(found, one, 256) < 0.05


def test_nothing_stiff_leaves_a_field_alone():
    field = waves(0.01)
    assert projected(field, np.zeros((HIGH, WIDE))) is field


def lessened(field: np.ndarray, lines: np.ndarray = NO_LINES, faces: tuple[np.ndarray, ...] = ()):
    """The share of a field that does no harm, and what the whole does."""
    return safe(lambda share: worst(share * field, lines, 256, faces))


def test_a_movement_that_does_no_harm_stays_whole():
    share, report = lessened(waves(0.002))
    assert share == 1 and not report.harm


def test_one_that_folds_is_lessened_until_it_does_not():
    field = waves(0.5)
    share, report = lessened(field)
    assert 0 < share < 0.5 and report.folds > 0.002
    assert not worst(share * field, NO_LINES, 256).harm and worst(1.1 * share * field, NO_LINES, 256).harm


def test_what_does_harm_however_little_there_is_of_it_is_held():
    assert safe(lambda share: Report(folds=1.0)) == (0.0, Report(folds=1.0))


def test_a_bent_face_is_harm_and_a_moved_one_is_not():
    assert lessened(waves(0.03), faces=(square(),))[0] < 1
    share, report = lessened(np.full((1, 2, HIGH, WIDE), 0.1), faces=(square(),))
    assert share == 1 and report.face < 1e-6


def test_only_what_is_drawn_folds():
    field, left = waves(0.5)[0], np.zeros((HIGH, WIDE), bool)
    field[:, :, : WIDE // 2] = 0
    left[:, : WIDE // 2 - 2] = True
    assert worst([field], NO_LINES, 256, where=left).folds == 0 < worst([field], NO_LINES, 256).folds


def test_a_line_that_is_bent_is_lessened_to_what_nobody_sees():
    line = np.array([[20.0, 96.0, 230.0, 96.0]])
    field = waves(0.03)
    share, report = lessened(field, line)
    assert share < 1 and report.bend > 2 >= worst(share * field, line, 256).bend
