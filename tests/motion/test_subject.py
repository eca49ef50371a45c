"""A subject that goes far stays whole: where it is shown, what is behind it, and when nothing is done."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from motionalchemy.errors import InputError
from motionalchemy.media.clip import Clip
from motionalchemy.motion import subject as track
from motionalchemy.motion.decomposition import SENT, Decomposition
from motionalchemy.motion.subject import SubjectTrack
from motionalchemy.motion.travel import PACE
from motionalchemy.nets import motion
from motionalchemy.render.warp import SIDE, SIDES
from motionalchemy.scene import segmentation

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


class Moving:
    """A model whose latents are how its clips move."""

    def movement(self, latents: torch.Tensor) -> torch.Tensor:
        return latents[None]


TORN = np.concatenate((with_subject()[None], np.zeros((FRAMES, PIXELS, PIXELS, 3), np.uint8)))


@pytest.fixture(autouse=True)
def looked(monkeypatch):
    """The times that a subject is looked for; it is the red one."""
    times = []
    monkeypatch.setattr(segmentation, "cut_out", lambda picture: times.append(1) or cut())
    return times


def shown(way, frames=TORN, place=None, known=0, sent=False, subject=None) -> np.ndarray:
    """The frames as decoded with the subject whole where that is due; what was decoded is black."""
    subject, clip = subject or SubjectTrack(), Clip(frames)
    split = subject.decompose(Moving(), way, clip)
    split = split if split is not None and subject.leaves(split, sent) else None
    whole = clip if split is None else subject.whole(Moving(), clip, split, place, known)
    subject.remember(None if place is None and split is not None else frames, split, known)
    return whole.frames


def missed(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_a_subject_that_goes_far_is_whole_and_the_ground_where_it_stood_goes_on():
    last = shown(field(48))[-1]
    assert missed(last, with_subject(48)) < 2
    assert missed(last[TOP : TOP + TALL, LEFT : LEFT + WIDE], ground()[TOP : TOP + TALL, LEFT : LEFT + WIDE]) < 2


def test_the_camera_takes_the_ground_along():
    split = Decomposition(field(40, ground=10) * SIDE, torch.from_numpy(cut()[..., 3] / 255).float()[None, None])
    assert split.ground[-1, 0].mean() == pytest.approx(10, abs=0.5)
    inside = split.subject[-1, 0, TOP // 4 : (TOP + TALL) // 4, (LEFT + 40) // 4 : (LEFT + 40 + WIDE) // 4]
    assert inside.mean() == pytest.approx(-40, abs=1)
    assert split.travelled[-1].tolist() == pytest.approx([50, 0], abs=2)


@pytest.mark.parametrize(
    "way", [field(2), field(12), torch.full((2, FRAMES, CELLS, CELLS), 0.2), torch.zeros(2, FRAMES, CELLS, CELLS)]
)
def test_what_stays_near_or_goes_with_the_camera_is_left_as_it_was_decoded(way):
    frames = np.random.default_rng(0).integers(0, 256, (1 + FRAMES, PIXELS, PIXELS, 3), np.uint8)
    assert np.array_equal(shown(way, frames), frames)


def dragging(down: float, beside: int = 16) -> torch.Tensor:
    """A subject that falls and brings along what is `beside` pixels around it, and a tree at the right edge that rises."""
    cell, way = PIXELS // CELLS, torch.zeros(2, FRAMES, CELLS, CELLS)
    for t in range(FRAMES):
        share = (t + 1) / FRAMES
        rows = slice((TOP - beside) // cell, (TOP + TALL + beside) // cell)
        way[1, t, rows, (LEFT - beside) // cell : (LEFT + WIDE + beside) // cell] = -down * share
        way[1, t, 4:20, -6:] = 8 * share
    return F.avg_pool2d(F.pad(way, (1,) * 4, mode="replicate"), 3, 1) / SIDE


def decoded(way: torch.Tensor) -> np.ndarray:
    """The picture with its subject, moved."""
    picture = torch.from_numpy(with_subject()).permute(2, 0, 1)[None].float()
    grown = motion.upsampled(way[None] * SIDE, PIXELS, PIXELS, 1.0)
    later = motion.warp(picture, grown)[0].permute(1, 2, 3, 0).round().byte().numpy()
    return np.concatenate((with_subject()[None], later))


def test_what_a_subject_drags_along_in_its_place_is_put_back_and_the_subject_and_all_else_left():
    way, subject, down = dragging(24), SubjectTrack(), 24
    clip = Clip(decoded(way))
    split = subject.decompose(Moving(), way, clip)
    assert split is not None and not subject.leaves(split, False)
    last, before = subject.put_back(clip, split).frames[-1], clip.frames[-1]
    above = np.s_[TOP : TOP + down - 4, LEFT : LEFT + WIDE]
    assert missed(before[above], ground()[above]) > 30  # the sky came down with it
    assert missed(last[above], ground()[above]) < 4
    inside = np.s_[TOP + down + 4 : TOP + TALL + 12, LEFT + 4 : LEFT + WIDE - 4]
    assert missed(last[inside], np.array([200, 30, 20])) < 2
    rises = np.s_[:, -24:]
    assert np.array_equal(last[rises], before[rises]) and not np.array_equal(before[rises], clip.frames[0][rises])


@pytest.mark.parametrize("way", [torch.full((2, FRAMES, CELLS, CELLS), 0.1), torch.zeros(2, FRAMES, CELLS, CELLS)])
def test_what_goes_with_the_camera_is_not_put_back(way):
    subject, clip = SubjectTrack(), Clip(decoded(way))
    split = subject.decompose(Moving(), way, clip)
    assert split is not None and np.array_equal(subject.put_back(clip, split).frames, clip.frames)


def test_between_near_and_far_frames_are_mixtures():
    frames = shown(field(48))
    shares = [frame.mean() / ground().mean() for frame in frames[1:]]  # what was decoded is black
    assert shares[0] < 0.98 < min(shares[1:])


def test_what_left_its_place_in_one_window_is_whole_in_the_next():
    subject = SubjectTrack()
    assert not shown(field(10), subject=subject)[-1].any()
    shown(field(48), subject=subject)
    assert missed(shown(field(10), subject=subject)[-1], with_subject(10)) < 4


def test_one_that_is_sent_is_whole_at_once():
    assert missed(shown(field(12), sent=True)[-1], with_subject(12)) < 4


def ways_of(way: torch.Tensor) -> Decomposition:
    return Decomposition(way * SIDE, torch.from_numpy(cut()[..., 3] / 255).float()[None, None])


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_that_does_not_go_where_it_is_sent_is_brought_there_before_a_camera_that_pans(side):
    fps, sign = 4.0, SIDES[side]
    split = ways_of(field(-10, ground=10))  # it stands, and the camera goes to the right
    assert abs(split.travelled_to(side)) < SENT
    brought = split.sent_to(side, PACE / fps)
    far = PACE * SIDE / fps * FRAMES
    assert brought.travelled_to(side) == pytest.approx(far, abs=0.5)
    assert brought.shift[-1, 0] == pytest.approx(sign * far - 10, abs=0.5)
    assert split.travelled_to(side) < SENT and torch.equal(brought.ground, split.ground)
    assert brought.sent_to(side, 0.9 * PACE / fps) is brought  # it goes there as fast by itself


def test_one_that_is_brought_is_not_slanted_with_the_ground_that_is_passed():
    slant = torch.zeros(2, FRAMES, CELLS, CELLS)
    slant[0] = torch.linspace(-24, 24, CELLS)[:, None] / SIDE
    for split in (ways_of(slant).sent_to("right", PACE / 24), ways_of(slant).at_rest()):
        inside = split.subject[-1, 0, TOP // 4 : (TOP + TALL) // 4, 6:12]
        assert float(inside.max() - inside.min()) < 1


def test_one_that_is_turned_stands_in_its_place_before_the_ground():
    subject, clip = SubjectTrack(), Clip(TORN)
    split = subject.decompose(Moving(), field(30), clip).at_rest()
    angles = subject.angles(1, 24.0, FRAMES + 1, 0, FRAMES)
    frames = subject.whole(Moving(), clip, split, None, 0, angles).frames
    red = [np.argwhere(f[TOP + TALL // 2, :, 0] > 150)[:, 0] for f in (frames[-1], with_subject())]
    assert red[0].mean() == pytest.approx(red[1].mean(), abs=1.5)
    assert missed(frames[-1][:TOP], ground()[:TOP]) < 1
    assert subject.angles(0, 24.0, FRAMES + 1, 0, 2) == [angles[-1]] * 2  # and it stays so


def leaning(by: float) -> torch.Tensor:
    """A movement in its place: its upper half leans to the right, by so many pixels in the end."""
    way = torch.zeros(2, FRAMES, CELLS, CELLS)
    way[0, :, TOP // 4 : (TOP + TALL // 2) // 4] = -by / SIDE * torch.linspace(1 / FRAMES, 1, FRAMES)[:, None, None]
    return way


def leans(frame: np.ndarray) -> float:
    """How many pixels further right the upper half of the red subject is than the lower."""
    halves = [frame[TOP + 2 : TOP + TALL // 2 - 4], frame[TOP + TALL // 2 + 4 : TOP + TALL - 2]]
    upper, lower = (np.argwhere(h[..., 0] > h[..., 1] + 60.0)[:, 1].mean() for h in halves)
    return float(upper - lower)


def test_the_gait_of_one_that_leaves_is_that_of_itself_in_its_place():
    frames = shown(field(48), place=leaning(8))
    assert leans(frames[-1]) == pytest.approx(8, abs=1.5) and abs(leans(shown(field(48))[-1])) < 1
    columns = np.argwhere(frames[-1][TOP + TALL - 10, :, 0] > 150)
    assert columns.min() == pytest.approx(LEFT + 48, abs=2)


def test_a_later_window_goes_on_from_where_the_one_before_ended():
    """It begins with the subject in its place, and that is brought to where it was."""
    subject, known = SubjectTrack(), 3
    assert subject.head(TORN[:1], 0) is not None and subject.head_in_place(TORN[:1], known) is None
    last = shown(field(24), place=leaning(8), sent=True, subject=subject)[-1]
    assert subject.head_in_place(TORN[:1], len(TORN) + 2) is None  # more than are remembered
    head = subject.head(TORN[:known], known)
    assert np.array_equal(head, np.concatenate((TORN[:1], TORN[1 - known :])))
    later = field(24)
    later[:, : known - 1] = 0  # in its place as long as it is known
    frames = shown(later, place=torch.zeros_like(later), known=known, sent=True, subject=subject)
    assert missed(frames[known - 1], last) < 1.5  # as it stood, and leaning as it did
    assert missed(frames[-1], with_subject(48)) < 4 and leans(frames[-1]) < 5


def test_a_run_that_was_killed_goes_on_as_it_would_have():
    known, later = 3, field(24)
    later[:, : known - 1] = 0
    ends = []
    for killed in (False, True):
        subject = SubjectTrack()
        shown(field(24), place=leaning(8), sent=True, subject=subject)
        if killed:
            state, subject = subject.state, SubjectTrack()
            subject.restore(state)
        head = subject.head(TORN[:known], known)
        ends.append((head, shown(later, place=torch.zeros_like(later), known=known, sent=True, subject=subject)))
    for one, other in zip(*ends, strict=True):
        assert np.array_equal(one, other)
    assert not SubjectTrack().state["left"][0]


def test_one_whose_gait_is_lost_in_a_later_window_goes_on_from_where_it_was():
    subject = SubjectTrack()
    shown(field(24), place=torch.zeros(2, FRAMES, CELLS, CELLS), sent=True, subject=subject)
    assert missed(shown(field(24), known=1, sent=True, subject=subject)[-1], with_subject(48)) < 4


def test_in_later_windows_a_subject_stays_in_the_picture_and_comes_back_as_far_as_it_goes():
    subject, still = SubjectTrack(), torch.zeros(2, FRAMES, CELLS, CELLS)
    where = []
    for way in (field(48), field(48), field(48), field(-48)):
        last = shown(way, place=still, known=1, sent=True, subject=subject)[-1]
        where.append(np.argwhere(last[TOP + TALL // 2, :, 0] > 150)[:, 0].min())
    assert where[0] == pytest.approx(LEFT + 48, abs=2)
    assert where[1:3] == pytest.approx([PIXELS * (1 - track.HELD) - WIDE / 2] * 2, abs=2)  # its middle
    assert where[3] == pytest.approx(where[2] - 48, abs=3)


def test_without_its_gait_a_later_window_begins_as_the_one_before_ended():
    subject = SubjectTrack()
    shown(field(48), subject=subject)
    assert subject.head(TORN[:3], 3) is not None
    assert np.array_equal(subject.head(TORN[:3], 3), TORN[:3]) and subject.head_in_place(TORN[:3], 3) is None


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


def test_a_run_looks_for_its_subject_once(looked):
    subject = SubjectTrack()
    for _ in range(2):
        assert missed(shown(field(48), subject=subject)[-1], with_subject(48)) < 2
    assert looked == [1]


def test_without_a_subject_or_a_movement_a_clip_stays_as_it_is(monkeypatch):
    assert SubjectTrack().decompose(object(), field(48), Clip(TORN)) is None

    def nothing(picture):
        raise InputError("image shows no subject")

    monkeypatch.setattr(segmentation, "cut_out", nothing)
    assert np.array_equal(shown(field(48)), TORN)
