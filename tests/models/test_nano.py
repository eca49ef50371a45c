"""The model that ships: it keeps the given picture, obeys the verb in both languages, repeats, and stays small."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import motionalchemy as ma
from motionalchemy.errors import InputError
from motionalchemy.media import reader, resize
from motionalchemy.models.nano import STORED_AGAIN, WEIGHTS
from motionalchemy.motion import learned

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = {"size": 128, "candidates": 4}
SETTINGS = {**QUICK, "seed": 3}


@pytest.fixture(scope="module")
def nano():
    return ma.load("nano", "cpu")


def left(clip):
    """How far the later frames are from the first one, in grey levels."""
    frames = clip.frames.astype(np.float32)
    return float(np.abs(frames[9:] - frames[0]).mean())


def psnr(a, b):
    error = float(np.square(a.astype(np.float32) - b.astype(np.float32)).mean())
    return 10 * np.log10(255**2 / error)


def test_the_first_frame_is_the_given_picture(nano):
    clip = ma.animate(EXAMPLES / "horse.png", "the horse gallops to the right", backbone=nano, seed=1)
    given = resize.fit(reader.read_image(EXAMPLES / "horse.png"), clip.height, clip.width)
    assert clip.frames.shape == (49, 256, 256, 3) and clip.fps == 24
    assert np.array_equal(clip.frames[0], given)


@pytest.mark.parametrize(
    "verbs", [("stands still", "gallops", "falls to the ground"), ("站着不动", "在飞奔", "倒在地上")]
)
def test_the_verb_changes_what_happens(nano, verbs):
    """A horse that stands leaves its first frame least, one that falls most."""
    name = "the horse " if verbs[0].isascii() else "马"
    stands, gallops, falls = (
        left(ma.animate(EXAMPLES / "horse.png", name + v, backbone=nano, **SETTINGS)) for v in verbs
    )
    assert stands < gallops < falls and falls > 1.3 * stands


def test_what_moves_stays_sharp(nano):
    """The picture itself is moved, so the last frames hold nearly as much fine detail as the first."""
    clip = ma.animate(EXAMPLES / "horse.png", "the horse falls to the ground", backbone=nano, seed=1)
    frames = clip.frames.astype(np.float32)
    edges = [float(np.abs(np.diff(frame, axis=0)).mean() + np.abs(np.diff(frame, axis=1)).mean()) for frame in frames]
    assert min(edges[40:]) > 0.75 * edges[0]


def test_a_larger_result_is_the_same_movement_of_a_larger_picture(nano):
    """Of one clip: a choice among several looks at the size of the result, and may fall otherwise."""
    made = partial(ma.animate, EXAMPLES / "zebra.png", "the zebra walks", backbone=nano, seed=2, candidates=1)
    small, large = made(size=128), made(size=256)
    halved = large.frames.reshape(49, 128, 2, 128, 2, 3).astype(np.float32).mean((2, 4))
    assert psnr(halved, small.frames) > 25


def test_seeds_repeat_and_differ(nano):
    one, same, other = (
        ma.animate(EXAMPLES / "zebra.png", "the zebra walks", backbone=nano, seed=seed, **QUICK) for seed in (5, 5, 6)
    )
    assert np.array_equal(one.frames, same.frames)
    assert not np.array_equal(one.frames, other.frames)


def test_wide_and_tall_pictures_keep_their_aspect(nano, tmp_path):
    wide = np.asarray(reader.read_image(EXAMPLES / "zebra.png"))[80:240]
    clip = ma.animate(wide, "the zebra walks", backbone=nano, size=128, steps=2)
    assert clip.width / clip.height == pytest.approx(2, rel=0.15)
    tall = ma.animate(wide.transpose(1, 0, 2).copy(), "the zebra walks", backbone=nano, size=128, steps=2)
    assert (tall.height, tall.width) == (clip.width, clip.height)


def test_the_whole_command_stays_below_two_gigabytes(tmp_path):
    """Measured by a process of its own, whose only child the command is."""
    program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True); "
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    picture, out = str(EXAMPLES / "horse.png"), str(tmp_path / "a.mp4")
    command = [sys.executable, "-m", "motionalchemy.cli", "animate", picture, "the horse gallops", "-o", out]
    run = subprocess.run([sys.executable, "-c", program, *command], check=True, capture_output=True, text=True)
    assert 100_000 < int(run.stdout) < 2_000_000  # KiB


def test_the_released_weights_are_small():
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) <= 90 * 2**20


def test_a_clip_shows_the_movement_and_the_picture_keeps_its_looks(nano):
    """The zebra slides to the right, small and in another corner: so does the horse, where and as large as it is."""
    zebra = np.asarray(Image.open(EXAMPLES / "zebra.png").convert("RGB").resize((192, 192)))
    slid = ma.Clip(np.stack([np.roll(zebra, n, 1) for n in range(25)]), 24.0)
    horse = EXAMPLES / "horse.png"
    clip = ma.animate(horse, "it moves", motion=slid, seconds=1, size=128, backbone=nano)
    still = ma.animate(
        horse, "it moves", motion=ma.Clip(slid.frames[:1].repeat(25, 0), 24.0), seconds=1, size=128, backbone=nano
    )
    assert (still.frames == still.frames[:1]).all()
    dark = lambda frame: np.argwhere(frame.mean(-1) < 110)[:, 1].mean()  # noqa: E731
    assert dark(clip.frames[16]) - dark(clip.frames[0]) > 4
    assert clip.frames[16].std() == pytest.approx(clip.frames[0].std(), rel=0.25)


def test_motions_learned_before_the_codec_was_stored_in_8_bits_still_fit():
    new, old = next(iter(STORED_AGAIN.items()))
    motion = learned.LearnedMotion("a", "it moves", "nano", old[0] + "1" * 32, 2, 1, ("0" * 64,), "2026-01-01")
    learned.check(motion, new + "1" * 32, "nano")
    with pytest.raises(InputError, match="learn it again"):
        learned.check(motion, new + "2" * 32, "nano")
