"""A subject that goes far stays whole: where it is shown, what is behind it, and when nothing is done."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from motionalchemy import cutout
from motionalchemy.clip import Clip
from motionalchemy.cutout import SIDE, Cutout, Ways, behind
from motionalchemy.errors import InputError

PIXELS, CELLS, FRAMES = 128, 32, 8
TOP, LEFT, TALL, WIDE = 48, 20, 40, 28  # of the subject in the picture


def ground() -> np.ndarray:
    """A picture whose rows are each of one colour: a horizon, and what is nearer is lighter."""
    rows = np.linspace(40, 120, PIXELS)[:, None, None] + np.where(np.arange(PIXELS) < 50, 80, 0)[:, None, None]
    return np.broadcast_to(rows, (PIXELS, PIXELS, 3)).round().astype(np.uint8)


def with_subject(right: int = 0, down: int = 0) -> np.ndarray:
    """The ground with a red subject that has gone so far; it may leave the picture."""
    shown = np.pad(ground(), ((0, 0), (0, PIXELS), (0, 0)))
    shown[TOP + down : TOP + down + TALL, LEFT + right : LEFT + right + WIDE] = (200, 30, 20)
    return shown[:, :PIXELS]


def cut() -> np.ndarray:
    opacity = np.zeros((PIXELS, PIXELS, 1), np.uint8)
    opacity[TOP : TOP + TALL, LEFT : LEFT + WIDE] = 255
    colours = np.broadcast_to(np.array([200, 30, 20], np.uint8), (PIXELS, PIXELS, 3))
    return np.dstack((colours, opacity))


def field(right: float, ground: float = 0.0) -> torch.Tensor:
    """A movement (2, FRAMES, CELLS, CELLS) in shares of the width, its edges as soft as a flow makes them.

    In the last frame the subject has gone `right` pixels, and the camera has brought the ground `ground` to the left. Where
    it stood the field leaves it behind.
    """
    cell, way = PIXELS // CELLS, torch.zeros(2, FRAMES, CELLS, CELLS)
    for t in range(FRAMES):
        share = (t + 1) / FRAMES
        way[0, t] = ground * share
        begin = LEFT + right * share
        columns = slice(round(begin / cell), round((begin + WIDE) / cell))
        way[0, t, TOP // cell : (TOP + TALL) // cell, columns] = -right * share
    return F.avg_pool2d(F.pad(way, (1,) * 4, mode="replicate"), 3, 1) / SIDE


def shown(way: torch.Tensor, frames: np.ndarray | None = None) -> np.ndarray:
    torn = np.zeros((1 + FRAMES, PIXELS, PIXELS, 3), np.uint8) if frames is None else frames
    return np.stack(list(Cutout(with_subject(), cut()).shown(torn, way)))


def missed(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_subject_that_goes_far_is_whole_and_the_ground_where_it_stood_goes_on():
    last = shown(field(48))[-1]
    assert missed(last, with_subject(48)) < 2
    assert missed(last[TOP : TOP + TALL, LEFT : LEFT + WIDE], ground()[TOP : TOP + TALL, LEFT : LEFT + WIDE]) < 2


def test_the_camera_takes_the_ground_along():
    ways = Ways(field(40, ground=10) * SIDE, torch.from_numpy(cut()[..., 3] / 255).float()[None, None])
    assert ways.ground[-1, 0].mean() == pytest.approx(10, abs=0.5)
    inside = ways.subject[-1, 0, TOP // 4 : (TOP + TALL) // 4, (LEFT + 40) // 4 : (LEFT + 40 + WIDE) // 4]
    assert inside.mean() == pytest.approx(-40, abs=1)
    assert ways.gone[-1].tolist() == pytest.approx([50, 0], abs=2)


@pytest.mark.parametrize(
    "way", [field(2), field(12), torch.full((2, FRAMES, CELLS, CELLS), 0.2), torch.zeros(2, FRAMES, CELLS, CELLS)]
)
def test_what_stays_near_or_goes_with_the_camera_is_left_as_it_was_decoded(way):
    frames = np.random.default_rng(0).integers(0, 256, (1 + FRAMES, PIXELS, PIXELS, 3), np.uint8)
    assert np.array_equal(shown(way, frames), frames)


def test_between_near_and_far_frames_are_mixtures():
    frames = shown(field(48))
    shares = [frame.mean() / ground().mean() for frame in frames[1:]]  # what was decoded is black
    assert shares[0] < 0.98 < min(shares[1:])


def test_what_left_its_place_in_one_window_is_whole_in_the_next():
    moving = Cutout(with_subject(), cut())
    torn = np.zeros((1 + FRAMES, PIXELS, PIXELS, 3), np.uint8)
    assert not list(moving.shown(torn, field(10)))[-1].any()
    list(moving.shown(torn, field(48)))
    assert missed(list(moving.shown(torn, field(10)))[-1], with_subject(10)) < 4


def test_a_subject_that_has_left_does_not_come_back():
    gone = shown(field(120))
    assert missed(gone[-1], ground()) < 2
    reds = [(frame[..., 0] > frame[..., 1] + 60).sum() for frame in gone[4:]]
    assert all(later <= before for before, later in pairwise(reds))


def test_what_bends_a_subject_bends_it_also_when_it_goes_far():
    """Its upper half leans further to the right, by two cells in the end."""
    way = field(48)
    straight = shown(way)[-1]
    way[0, :, : (TOP + TALL // 2) // 4] -= (way[0, :, : (TOP + TALL // 2) // 4] < -0.05) * 4 / SIDE
    leans = shown(way)[-1]
    red = [
        np.argwhere(f[TOP + 2 : TOP + 12, :, 0] > f[TOP + 2 : TOP + 12, :, 1] + 60)[:, 1].mean()
        for f in (straight, leans)
    ]
    assert red[1] - red[0] > 1


def test_behind_what_is_hidden_texture_and_horizon_go_on():
    picture = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0)) * 0.1
    picture[:, :, :16] += 0.6
    hidden = torch.zeros(1, 1, 32, 64, dtype=torch.bool)
    hidden[:, :, 8:24, 24:40] = True
    filled = behind(picture.masked_fill(hidden, 1.0), hidden)
    inside = filled[:, :, 8:24, 24:40]
    assert torch.equal(filled[~hidden.expand_as(filled)], picture[~hidden.expand_as(picture)])
    assert inside[:, :, :8].mean() - inside[:, :, 8:].mean() == pytest.approx(0.6, abs=0.05)
    assert inside[:, :, :8].std() > 0.5 * picture[:, :, :16].std()


def test_rows_of_which_nothing_is_known_come_from_above_and_below():
    hidden = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    hidden[:, :, 6:10] = True
    filled = behind(torch.full((1, 3, 16, 16), 0.5).masked_fill(hidden, 0.0), hidden)
    torch.testing.assert_close(filled, torch.full((1, 3, 16, 16), 0.5), atol=1e-4, rtol=0)


class Moving:
    """Says how its clips move."""

    def movement(self, latents: torch.Tensor) -> torch.Tensor:
        return field(48)[None]


def test_a_run_looks_for_its_subject_once(monkeypatch):
    looked = []
    monkeypatch.setattr(cutout.regions, "cut_out", lambda picture: looked.append(1) or cut())
    found, clip = cutout.Found(), Clip(np.stack([with_subject(), *[ground()] * FRAMES]))
    for _ in range(2):
        whole = found.whole(Moving(), torch.zeros(1), clip)
        assert missed(whole.frames[-1], with_subject(48)) < 2
    assert looked == [1]


def test_without_a_subject_or_a_movement_a_clip_stays_as_it_is(monkeypatch):
    def nothing(picture):
        raise InputError("image shows no subject")

    monkeypatch.setattr(cutout.regions, "cut_out", nothing)
    clip = Clip(np.stack([with_subject()] * (1 + FRAMES)))
    assert cutout.Found().whole(Moving(), torch.zeros(1), clip) is clip
    assert cutout.Found().whole(object(), torch.zeros(1), clip) is clip
