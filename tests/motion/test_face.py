"""Faces that act, on a face made of the table itself: everything about it is known."""

from dataclasses import replace

import numpy as np
import pytest

from motionalchemy.language import face_words
from motionalchemy.motion.expressions import Sitter, pose
from motionalchemy.motion.face import Face as FaceMover
from motionalchemy.motion.face import acting, chosen
from motionalchemy.motion.face_timing import Acted, babble, planned
from motionalchemy.scene.face_covers import Covers, covers
from motionalchemy.scene.face_mesh import EYES, LOWER_LIDS, LOWER_LIP, MOUTH, OVAL, SIDES, UPPER_LIDS, UPPER_LIP, fitted
from motionalchemy.scene.face_shapes import face_shapes
from motionalchemy.scene.parse import Scene, parse
from motionalchemy.scene.points import Face

SIZE, EYE = 200, 60.0
SKIN = (200, 160, 130)


def face(scale: float = EYE) -> Face:
    points = face_shapes().neutral * scale + [SIZE / 2, 0.42 * SIZE, 0]
    irises = []
    for side in SIDES:
        middle = points[EYES[side], :2].mean(0)
        irises.append(middle + np.array([[0, 0], [4, 0], [0, -4], [-4, 0], [0, 4]]))
    return Face(points.astype(np.float32), np.stack(irises).astype(np.float32), 1.0)


def picture(one: Face) -> np.ndarray:
    import cv2

    drawn = np.full((SIZE, SIZE, 3), 90, np.uint8)
    drawn[:, ::8] = 120
    for ring, colour in ((OVAL, SKIN), (EYES["right"], (250, 250, 250)), (EYES["left"], (250, 250, 250))):
        cv2.fillPoly(drawn, [np.round(one.points[ring, :2]).astype(np.int32)], colour)
    for iris in one.irises:
        cv2.circle(drawn, tuple(int(v) for v in iris[0]), 4, (30, 20, 10), -1)
    cv2.polylines(drawn, [np.round(one.points[MOUTH, :2]).astype(np.int32)], True, (150, 60, 60), 2)
    return drawn


@pytest.fixture(scope="module")
def scene() -> Scene:
    made = parse(picture(face()))
    return replace(made, layers=())


def acted(words: str, seconds: float = 2.0, loop: bool = False, on: Covers | None = None) -> Acted:
    sitter = Sitter(fitted(face()), on or Covers())
    return Acted(sitter, planned(face_words.read(words), seconds, loop), seconds, babble(seconds, 0), loop)


def peak(words: str, second: float = 1.9) -> np.ndarray:
    held = acted(words).at(second)
    assert held is not None
    return held.points


def test_a_fit_of_the_table_itself_is_upright_and_looks_at_us() -> None:
    fit = fitted(face())
    assert fit.size == pytest.approx(EYE, rel=1e-3)
    assert abs(fit.yaw) < 0.1


def test_at_second_0_it_is_the_frame_itself(scene: Scene) -> None:
    frame = scene.picture.astype(np.float32)
    act = acting(scene, face(), face_words.read("she smiles and nods"), 2.0)
    assert act.draw(frame, 0.0) is frame
    assert act.field(0.0) is None


def test_just_after_second_0_it_is_nearly_the_frame(scene: Scene) -> None:
    frame = scene.picture.astype(np.float32)
    drawn = acting(scene, face(), face_words.read("she smiles"), 2.0).draw(frame, 0.005)
    assert np.abs(drawn - frame).mean() < 0.1


def test_what_is_far_from_the_face_stays_and_the_frame_is_not_written_to(scene: Scene) -> None:
    frame = scene.picture.astype(np.float32)
    act = acting(scene, face(20.0), face_words.read("he laughs and turns his head to the left"), 2.0)
    before = frame.copy()
    drawn = act.draw(frame, 1.5)
    assert (frame == before).all()
    outside = np.ones(frame.shape[:2], bool)
    outside[act.box] = False
    assert outside.any()
    assert (drawn == frame)[outside].all()
    assert np.abs(drawn - frame).max() > 20


def test_what_was_drawn_before_goes_along(scene: Scene) -> None:
    act = acting(scene, face(), face_words.read("nods"), 2.0)
    frame = scene.picture.astype(np.float32)
    darker = act.draw(frame - 10, 0.5)
    assert np.abs(darker - (act.draw(frame, 0.5) - 10)).max() < 1


def test_lids_meet_in_a_blink() -> None:
    points = acted("she blinks").at(0.4)
    assert points is not None
    for side in SIDES:
        gap = np.linalg.norm(points.points[LOWER_LIDS[side]] - points.points[UPPER_LIDS[side]], axis=1)
        assert gap.max() < 0.02 * EYE


def test_a_wink_shuts_one_eye_and_her_left_is_her_own() -> None:
    for words, shut in (("winks her left eye", "left"), ("winks the left eye", "right")):
        held = acted(words).at(0.75)
        assert held is not None
        gaps = {
            side: np.linalg.norm(held.points[LOWER_LIDS[side]] - held.points[UPPER_LIDS[side]], axis=1).max()
            for side in SIDES
        }
        assert min(gaps, key=lambda side: gaps[side]) == shut
        assert max(gaps.values()) > 3 * min(gaps.values())


def test_a_nod_takes_the_chin_and_the_brow_down() -> None:
    rest = fitted(face()).points
    held = acted("nods").at(0.5)
    assert held is not None
    assert held.points[4, 1] > rest[4, 1] + 2
    assert held.points[152, 2] > rest[152, 2]  # the chin goes in


@pytest.mark.parametrize(
    ("words", "sign"), [("turns her head to the left", -1), ("向右转头", 1), ("turns her head to her left", 1)]
)
def test_a_turn_takes_the_nose_to_the_side_of_the_picture(words: str, sign: int) -> None:
    assert sign * (peak(words)[4, 0] - fitted(face()).points[4, 0]) > 3


def test_a_smile_lifts_the_corners_and_keeps_the_lips_shut() -> None:
    rest, now = fitted(face()).points, peak("smiles")
    assert (now[[61, 291], 1] < rest[[61, 291], 1] - 1).all()
    assert now[291, 0] - now[61, 0] > rest[291, 0] - rest[61, 0] + 2
    gaps = [np.linalg.norm(each[LOWER_LIP] - each[UPPER_LIP], axis=1).mean() for each in (rest, now)]
    assert gaps[1] < gaps[0] + 0.01 * EYE


def test_a_laugh_opens_the_mouth() -> None:
    now = peak("laughs", 1.5)
    assert np.linalg.norm(now[LOWER_LIP] - now[UPPER_LIP], axis=1).mean() > 0.08 * EYE


def test_glasses_are_not_bent_by_lids_and_a_beard_opens_less() -> None:
    rest = fitted(face()).points
    held = acted("closes her eyes", on=Covers(glasses=1.0)).sitter
    shut = pose(held, {"shut right": 1.0, "shut left": 1.0}).points
    lids = [*LOWER_LIDS["right"], *UPPER_LIDS["right"], *LOWER_LIDS["left"], *UPPER_LIDS["left"]]
    others = np.setdiff1d(np.arange(468), lids)
    assert np.abs(shut[others] - rest[others]).max() < 1e-6
    plain = pose(Sitter(held.fit), {"JawDrop": 0.5}).points[152, 1] - rest[152, 1]
    bearded = pose(Sitter(held.fit, Covers(beard=1.0)), {"JawDrop": 0.5}).points[152, 1] - rest[152, 1]
    assert 0 < bearded < 0.7 * plain


def test_glasses_are_seen() -> None:
    import cv2

    one = face()
    drawn = picture(one)
    assert covers(drawn, fitted(one)).glasses < 0.5
    for iris in one.irises:
        cv2.circle(drawn, tuple(int(v) for v in iris[0]), 20, (20, 20, 20), 2)
    middle = one.irises[:, 0].mean(0)
    cv2.line(drawn, (int(middle[0]) - 10, int(middle[1])), (int(middle[0]) + 10, int(middle[1])), (20, 20, 20), 2)
    assert covers(drawn, fitted(one)).glasses > 0.9


def test_a_loop_is_back_at_its_end() -> None:
    act = acted("smiles and turns his head to the left", loop=True)
    assert act.at(1.0) is not None
    assert act.at(2.0) is None


def test_a_smile_fades_after_its_beat() -> None:
    act = acted("smiles")
    assert act.at(1.99) is not None
    assert act.at(2.6) is None


def test_then_comes_after_and_while_at_once() -> None:
    then, while_ = (planned(face_words.read(words), 4.0) for words in ("smiles, then nods", "smiles while nodding"))
    assert [(step.begin, step.end) for step in then] == [(0.0, 2.0), (2.0, 4.0)]
    assert [(step.begin, step.end) for step in while_] == [(0.0, 4.0), (0.0, 4.0)]


def test_a_head_is_not_turned_to_the_side_that_no_picture_shows() -> None:
    one = face()
    turned = fitted(one).turned(one.points.astype(np.float64), pose(Sitter(fitted(one)), {"right": 45.0}).turn)
    far = Sitter(fitted(replace(one, points=turned.astype(np.float32))))
    assert far.fit.yaw > 40
    assert far.suited("right", -18.0) == 0
    assert 0 < far.suited("right", 5.0) < 5.0


def test_talk_is_the_same_for_the_same_seed_and_not_for_another() -> None:
    assert babble(2.0, 1) == babble(2.0, 1)
    assert babble(2.0, 1) != babble(2.0, 2)


def test_one_is_meant_or_all() -> None:
    faces = (face(60), face(50), face(5))
    assert len(chosen(faces, False)) == 1
    assert len(chosen(faces, True)) == 2


def test_half_of_a_nod_is_less(scene: Scene) -> None:
    act = acting(scene, face(), face_words.read("nods"), 2.0)
    whole, half = act.field(0.5), act.softened(0.5).field(0.5)
    assert whole is not None
    assert half is not None
    assert np.abs(half).max() < 0.7 * np.abs(whole).max()


def test_the_mover_suits_what_is_asked_of_faces_alone() -> None:
    class Beat:
        words = "she smiles"

    class Other:
        words = "the boat sails to the left"

    assert FaceMover().suits(None, Beat()) == 0.9  # type: ignore[arg-type]
    assert FaceMover().suits(None, Other()) == 0.0  # type: ignore[arg-type]


def test_a_mouth_goes_with_a_voice() -> None:
    from pathlib import Path

    from motionalchemy.media.sound import RATE, Sound
    from motionalchemy.motion.speech import Voice

    times = np.arange(2 * RATE) / RATE
    vowel = sum(np.sin(2 * np.pi * 150 * n * times) / (1 + abs(150 * n - 1300) / 300) for n in range(1, 20))
    loud = np.where((times > 0.5) & (times < 1.0), vowel / np.abs(vowel).max(), 0.0)
    voice = Voice(Sound(Path("voice.wav"), loud.astype(np.float32)))
    jaws = {second: voice.values(second).get("JawDrop", 0.0) for second in (0.2, 0.75, 1.4)}
    assert jaws[0.75] > 0.2
    assert max(jaws[0.2], jaws[1.4]) < 0.01
    assert voice.values(5.0).get("JawDrop", 0.0) == 0
    hiss = np.random.default_rng(0).normal(0, 0.2, 2 * RATE)
    hiss = hiss - np.convolve(hiss, np.ones(4) / 4, "same")
    noisy = Voice(Sound(Path("s.wav"), hiss.astype(np.float32)))
    assert noisy.values(1.0)["JawDrop"] < 0.6 * jaws[0.75]
