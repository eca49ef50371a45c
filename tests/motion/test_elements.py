"""What moves by itself: what is asked moves in its region, the rest stands, and what is not in a picture is said."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from motionalchemy.language.script import Beat, beat
from motionalchemy.motion.elements import Elements
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.weather import Weather
from motionalchemy.render.act import Timed, drawn
from motionalchemy.scene import currents, elements, straight
from motionalchemy.scene.parse import Layer, Scene
from motionalchemy.scene.regions import Regions

HIGH, WIDE, FRAMES = 96, 128, 48
NAMES = (
    "other", "sky", "water", "plants", "mountain", "ground", "building", "indoor", "vehicle", "animal", "hair", "skin",
    "clothes", "fire", "text",
)  # fmt: skip


class Quiet:
    """Means without a model."""

    def __init__(self, loop: bool = False):
        self.loop, self.fps, self.seed, self.notes = loop, 24.0, 3, list[str]()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def phase(self, name: str):
        return nullcontext()

    def left(self, asked: Beat, words: str) -> Beat:
        return replace(asked, words=words)


def scene(upper: str, lower: str, subject: bool = False) -> Scene:
    """Two regions with a texture each, one above the other, and a thing in the middle."""
    rng = np.random.default_rng(5)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (HIGH, WIDE)).astype(np.float32), (0, 0), 1.5)
    tone = np.where(np.arange(HIGH)[:, None] < HIGH // 2, 190.0, 90.0)
    picture = np.stack([tone + grain, 0.9 * tone + grain, 0.8 * tone + 30 + grain], 2).clip(0, 255).astype(np.uint8)
    likely = np.full((len(NAMES), HIGH, WIDE), 0.1 / (len(NAMES) - 1), np.float32)
    likely[NAMES.index(upper), : HIGH // 2] = 0.9
    likely[NAMES.index(lower), HIGH // 2 :] = 0.9
    layers = ()
    if subject:
        opacity = torch.zeros(1, 1, HIGH, WIDE)
        opacity[..., 40:60, 54:74] = 1
        layers = (Layer(torch.cat((opacity.expand(-1, 3, -1, -1) * 0.5, opacity), 1)),)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    made = Scene(picture, pixels, layers, pixels, pixels, torch.zeros(1, 1, HIGH, WIDE))
    near = np.broadcast_to(np.linspace(0, 1, HIGH, dtype=np.float32)[:, None], (HIGH, WIDE)).copy()
    made.__dict__.update(regions=Regions(NAMES, likely), nearness=near, faces=(), bodies=())
    return made


def moved(shown: Scene, words: str, loop: bool = False) -> tuple[BeatMotion | None, Quiet]:
    """What is made of a sentence."""
    means, asked = Quiet(loop), beat(0, FRAMES, words, lambda text: None)
    made = BeatMotion(asked)
    found = None
    for mover in (Elements(), Weather()):
        if mover.suits(shown, made.beat) > 0:
            steps = mover.move(shown, made.beat, means, made)  # type: ignore[arg-type]
            try:
                while True:
                    next(steps)
            except StopIteration as end:
                found = end.value or found
                made = found or made
    return found, means


def frame(shown: Scene, motion: BeatMotion, number: float) -> np.ndarray:
    """A frame (H, W, 3) float32."""
    acts = sorted((Timed(act, 0.0) for act in motion.acts), key=lambda each: each.act.order)
    return drawn(acts, shown.picture.astype(np.float32), number / 24)


@pytest.mark.parametrize(
    ("upper", "lower", "words", "high"),
    [
        ("sky", "ground", "the clouds drift to the left", True),
        ("sky", "ground", "白云向左飘", True),
        ("mountain", "water", "the river flows", False),
        ("building", "water", "海浪拍打着岸边", False),
        ("building", "water", "the reflections ripple", False),
        ("building", "plants", "草随风轻轻摇摆", False),
        ("building", "plants", "the grass sways in the breeze", False),
    ],
)
def test_what_is_asked_moves_and_the_rest_stands(upper: str, lower: str, words: str, high: bool):
    shown = scene(upper, lower)
    motion, means = moved(shown, words)
    assert motion is not None
    assert motion.served
    assert len(means.notes) == 1
    change = np.abs(frame(shown, motion, 20) - shown.picture).mean(2)
    asked, rest = (change[:40], change[56:]) if high else (change[56:], change[:40])
    assert asked.mean() > 0.6
    assert rest.max() < 0.5


def test_clouds_go_where_they_are_sent():
    shown = scene("sky", "ground")
    for words, sign in (("the clouds drift to the left", -1), ("云向右飘", 1)):
        motion, _ = moved(shown, words)
        assert motion is not None
        field = motion.acts[0].field(0.5)
        assert field is not None
        assert np.sign(-field[0].sum()) == sign  # it comes from the other side


@pytest.mark.parametrize(
    "words", ["the waves roll in", "海浪翻滚", "the waterfall cascades", "clouds drift by", "草在摇摆"]
)
def test_what_is_not_there_is_said_and_nothing_bends(words: str):
    motion, means = moved(scene("indoor", "clothes"), words)
    assert motion is None or not motion.acts
    assert any("not done" in each for each in means.notes)


def test_a_sky_without_clouds_is_left_alone():
    shown = scene("sky", "ground")
    plain = shown.picture.copy()
    plain[: HIGH // 2] = (120, 150, 210)
    shown = replace(shown, picture=plain)
    shown.__dict__.update(scene("sky", "ground").__dict__ | {"picture": plain})
    motion, means = moved(shown, "the clouds drift by")
    assert motion is None or not motion.acts
    assert "no sky with clouds" in means.notes[0]


def test_what_stands_in_water_is_not_carried_off():
    shown = scene("building", "water", subject=True)
    motion, _ = moved(shown, "the river flows")
    assert motion is not None
    change = np.abs(frame(shown, motion, 20) - shown.picture).mean(2)
    assert change[42:58, 56:72].max() < 0.5


def test_what_else_is_said_is_left_to_others():
    motion, _ = moved(scene("sky", "ground"), "clouds drift to the right, she smiles")
    assert motion is not None
    assert motion.beat.words == "she smiles"
    assert not motion.served


@pytest.mark.parametrize(
    "words", ["the clouds drift", "the sea rolls", "the reflections ripple", "the grass sways", "树叶摇动"]
)
def test_loops_close_without_a_jump(words: str):
    shown = scene("sky", "plants" if "grass" in words or "树" in words else "water")
    motion, _ = moved(shown, words, loop=True)
    assert motion is not None
    clip = [frame(shown, motion, number) for number in (*range(FRAMES - 3, FRAMES + 1), 1, 2)]
    steps = [float(np.abs(b - a).mean()) for a, b in pairwise(clip)]
    assert np.abs(clip[3] - shown.picture).max() < 1e-2
    assert steps[2] <= 1.1 * max(steps[1], steps[3])


def test_a_long_clip_neither_fades_nor_repeats():
    shown = scene("sky", "ground")
    motion, _ = moved(shown, "the clouds drift")
    assert motion is not None
    sharp = [cv2.Laplacian(frame(shown, motion, number)[:40], cv2.CV_32F).var() for number in (0, 300, 707)]
    assert min(sharp[1:]) > 0.6 * sharp[0]
    twice = 48 * motion.acts[0].cycle  # type: ignore[attr-defined]
    now, again = (frame(shown, motion, number)[:40] for number in (300, 300 + twice))
    after = frame(shown, motion, 306)[:40]
    assert np.abs(now - again).mean() > 0.5 * np.abs(now - after).mean()


def test_a_river_has_no_flow_through_its_banks():
    bed = np.zeros((90, 120), np.float32)
    rows = np.arange(90)
    middle = 55 + 22 * np.sin(rows / 18)
    for row, at in zip(rows, middle, strict=True):
        bed[row, round(at) - 14 : round(at) + 14] = 1
    field = currents.river(bed, np.ones_like(bed))
    share = field.shape[1] / 90
    ahead = []
    for row in range(20, 70, 5):
        at = round(row * share), round(middle[row] * share)
        way = np.array((middle[row + 3] - middle[row - 3], 6.0))
        own = field[:, at[0], at[1]]
        ahead.append(own @ way / np.linalg.norm(way) / np.linalg.norm(own))
    assert min(ahead) > 0.85


def test_the_sea_ends_at_the_horizon():
    shown = scene("sky", "ground")
    picture = np.full((HIGH, WIDE, 3), 200, np.uint8)
    picture[HIGH // 2 :] = 120
    likely = shown.regions.probabilities.copy()
    likely[:] = 0.01
    likely[NAMES.index("sky"), :80] = 0.9
    likely[NAMES.index("plants"), 80:] = 0.9
    shown.__dict__.update(picture=picture, regions=Regions(NAMES, likely))
    water = elements.region(shown, "water")
    assert water is not None
    assert water.matte[: HIGH // 2 - 6].max() < 0.1
    assert water.matte[HIGH // 2 + 8 : 72].min() > 0.5


@pytest.mark.parametrize(
    ("words", "kinds"), [("it snows", 3), ("下雨了", 3), ("fog rolls in", 1), ("闪电", 1), ("日落", 1)]
)
def test_weather_comes_over_any_picture(words: str, kinds: int):
    shown = scene("indoor", "clothes")
    motion, means = moved(shown, words)
    assert motion is not None
    assert len(motion.acts) == kinds
    assert means.notes
    assert all(np.array_equal(act.draw(shown.picture.astype(np.float32), 0.0), shown.picture) for act in motion.acts)


def test_over_a_horizon_there_is_no_sea(monkeypatch):
    shown = scene("water", "water")
    line = np.array([[2, HIGH // 2, WIDE - 2, HIGH // 2 + 1]], np.float32)
    monkeypatch.setattr(straight, "segments", lambda picture: line)
    act = Elements().move(shown, beat(0, FRAMES, "the sea rolls in"), Quiet(), BeatMotion(beat(0, FRAMES, "")))  # pyright: ignore[reportArgumentType]
    with pytest.raises(StopIteration) as end:
        next(act)
    made = end.value.value
    frame = shown.picture.astype(np.float32)
    change = np.abs(drawn([Timed(each, 0.0) for each in made.acts], frame, 1.1) - frame).max(2)
    assert change[: HIGH // 2].max() == 0
    assert change[HIGH // 2 + 12 :].mean() > 1
