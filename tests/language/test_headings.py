"""The same words for a subject that stays where it stands, in both languages."""

import pytest

from motionalchemy.language.camera import camera_moves
from motionalchemy.language.headings import heading, hurries, in_place, pace, travels, without_pace


@pytest.mark.parametrize(
    ("words", "stays"),
    [
        ("A horse gallops to the left on a beach", "A horse gallops in place on a beach"),
        ("the wolf runs right", "the wolf runs in place"),
        (
            "a man walks left across a field, the camera pans left",
            "a man walks in place across a field",
        ),
        ("a fox runs from left to right. The camera follows", "a fox runs in place"),
        ("a bear walks to the left towards the camera", "a bear walks in place"),
        ("一匹马向左奔跑，镜头向左摇", "一匹马原地奔跑"),
        ("士兵从右向左走", "士兵原地走"),
        ("狐狸朝镜头走来", "狐狸原地走来"),
    ],
)
def test_a_way_becomes_a_place(words, stays):
    assert heading(words) and in_place(words) == stays
    assert not heading(stays) and in_place(stays) == stays


@pytest.mark.parametrize(
    ("words", "way"),
    [
        ("A horse gallops to the left on a beach", "left"),
        ("a fox runs from left to right. The camera pans left", "right"),
        ("the wolf runs right", "right"),
        ("士兵从右向左走", "left"),
        ("一匹马向右奔跑，镜头向左摇", "right"),
        ("狐狸朝镜头走来", "near"),
        ("a knight walks towards the camera, the camera pans left", "near"),
        ("a knight walks away from the camera", "far"),
        ("the wolf runs into the distance", "far"),
        ("狼向远处跑去", "far"),
        ("the wolf runs forwards", "elsewhere"),
        ("a dog raises its left paw", ""),
        ("a horse walks in place, facing left", ""),
        ("a horse turns its head to the right", ""),
        ("一匹马面朝左侧，原地行走", ""),
        ("他看向右边", ""),
        ("一只狗面朝镜头跳跃", ""),
        ("a tree leans to the left", ""),
        ("she points to the right", ""),
        ("树枝向左弯曲", ""),
        ("the view pans to the left while an archer jogs to the right", "right"),
    ],
)
def test_the_side_is_where_the_subject_ends(words, way):
    assert heading(words) == way


@pytest.mark.parametrize(
    ("words", "stays"),
    [
        ("A wolf runs on grass.", "A wolf runs on grass in place"),
        ("a dog raises its left paw", "a dog raises its left paw in place"),
        ("the camera pans to the right over a lake", ""),
        ("the camera zooms in while a fox sleeps", "a fox sleeps in place"),
        ("一只狼在草地上奔跑", "一只狼在草地上奔跑，原地"),
        ("a fox jumps on the spot", "a fox jumps on the spot"),
        ("", ""),
    ],
)
def test_one_that_is_not_sent_is_told_to_stay(words, stays):
    assert not heading(words) and in_place(words) == stays


@pytest.mark.parametrize(
    ("words", "going", "fast"),
    [
        ("the horse gallops to the right", True, True),
        ("an old man walks", True, False),
        ("a ranger walks past a charger to the right", True, False),
        ("she is hurrying along, jogging to the left", True, True),
        ("a goat falls down", False, False),
        ("the horse rears up while the camera runs after it", False, False),
        ("斑马从右向左跑", True, True),
        ("老人向右走", True, False),
        ("镜头跟着跑，山羊倒下", False, False),
    ],
)
def test_a_sentence_says_who_goes_and_who_hurries(words, going, fast):
    assert (travels(words), hurries(words)) == (going, fast)


@pytest.mark.parametrize(
    ("words", "moves"),
    [
        ("a horse rears up, the camera zooms in", True),
        ("马扬起前蹄，镜头拉近", True),
        ("the camera follows a fox that runs", True),
        ("the camera holds still while a grey donkey collapses", False),
        ("a zebra attacks, static camera", False),
        ("a horse in front of a fixed camera", False),
        ("镜头固定，一匹马倒在地上", False),
        ("斑马在走，镜头不动", False),
        ("a horse rears up", False),
    ],
)
def test_a_camera_that_stands_films_nothing_of_its_own(words, moves):
    assert camera_moves(words) == moves


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        ("the horse walks slowly", 0.4, 0.8),
        ("一匹马慢慢地走", 0.4, 0.8),
        ("the archer runs fast in place", 1.3, 2.0),
        ("弓箭手飞快地跑", 1.3, 2.0),
        ("the horse walks", 1.0, 1.0),
        ("the camera slowly zooms in, a horse walks", 1.0, 1.0),
        ("马在走，镜头慢慢拉近", 1.0, 1.0),
    ],
)
def test_a_sentence_says_how_fast_its_subject_is_but_not_by_its_camera(words, least, most):
    assert least <= pace(words) <= most


@pytest.mark.parametrize(
    ("words", "plain"),
    [
        ("the archer jogs fast", "the archer jogs"),
        ("the horse slowly walks on grass", "the horse walks on grass"),
        ("弓箭手快速地慢跑", "弓箭手慢跑"),
        ("马缓慢地行走，镜头慢慢拉近", "马行走，镜头慢慢拉近"),
        ("the camera slowly zooms in, a horse walks fast", "the camera slowly zooms in, a horse walks"),
        ("a horse walks", "a horse walks"),
    ],
)
def test_a_sentence_without_how_fast_its_subject_is(words, plain):
    assert without_pace(words) == plain
