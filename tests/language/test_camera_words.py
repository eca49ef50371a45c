"""Camera moves as people say them in both languages, and sentences that only sound like some."""

from dataclasses import FrozenInstanceError

import pytest

from motionalchemy.data.words import CAMERAS
from motionalchemy.language import camera
from motionalchemy.language.camera import MOST, UNITS, USUAL, camera_moves, clauses, read
from motionalchemy.language.headings import heading, in_place
from motionalchemy.language.script import beat

SAID = """
the camera pans left = pan left
slow pan to the right = pan right
pan across the skyline = pan right
panning shot of the beach = pan right
the camera slowly pans from left to right = pan right
the camera turns to the left = pan left
the camera tilts up = tilt up
low angle, tilt up to the torch, clouds race behind = view ; tilt up
timelapse of the sunset, the camera tilts up = tilt up
the camera looks up at the sky = tilt up
slow zoom in = zoom in
zoom in on her face = zoom in
crash zoom on the eyes = zoom in
zoom out = zoom out
the camera zooms out to reveal the city = zoom out
a cinematic slow zoom on the castle = zoom in
she smiles while the camera slowly zooms in on her eyes = zoom in
slow push in on the tower = dolly in
the camera moves closer = dolly in
the camera moves forward through the room = dolly in
snow falls as the camera glides forward = dolly in
dolly in = dolly in
dolly out from the table = dolly out
pull back to reveal the whole village = dolly out
the camera moves away from the house = dolly out
the camera trucks right = truck right
truck left past the houses = truck left
dolly left = truck left
the view drifts to the left = truck left
move the camera to the left = truck left
the camera cranes up along the castle = pedestal up
a crane shot rising over the rooftops = pedestal up
boom down = pedestal down
pedestal up = pedestal up
the camera descends towards the street = pedestal down
the camera orbits to the left around the pagoda = orbit left
arc around the car = orbit left
orbit shot of the product = orbit left
360 degree orbit around the statue = orbit left
the camera circles around him to the right = orbit right
the camera rolls to the left = roll left
the camera rotates 20 degrees clockwise = roll right
dutch tilt = roll right
handheld = handheld
shaky handheld camera = handheld
the camera shakes = handheld
drone shot flying over the valley = fly forward
drone shot flying forward over the path = fly forward
flies forward over the path = fly forward
an aerial view of the coast = fly forward
fpv drone shot diving through the canyon = fly forward
flyover of the island = fly forward
aerial shot, the camera slowly orbits the statue = orbit left
dolly zoom = dolly zoom in
vertigo effect = dolly zoom in
rack focus to the flower = rack focus far
the focus shifts to the background = rack focus far
whip pan to the right = whip pan right
the camera follows the dog = follow
static shot = static
a zebra attacks, static camera = static
the camera pans left and tilts up = pan left ; tilt up
pan left, then zoom in on the tower = pan left ; zoom in
cut to a close-up = cut
the camera does a backflip = unknown
bullet time = unknown
航拍 = fly forward
无人机向前飞过小路 = fly forward
镜头飞越海面 = fly forward
向前飞行 = fly forward
环绕 = orbit left
镜头环绕雕像缓缓移动 = orbit left
镜头绕着塔旋转三十度 = orbit left
镜头向右环绕 = orbit right
镜头向左摇 = pan left
镜头从左向右摇 = pan right
摇镜头 = pan right
镜头向上摇到火炬，云飞快掠过 = tilt up
镜头升降 = pedestal up
镜头沿着城堡慢慢升起 = pedestal up
镜头下降 = pedestal down
视角慢慢升高 = pedestal up
镜头缓缓推近 = dolly in
缓慢推近 = dolly in
女孩微笑，缓慢推近 = dolly in
推进到她的脸 = dolly in
镜头穿过房间向前移动 = dolly in
镜头慢慢拉远，露出整座城市 = dolly out
将镜头拉远 = dolly out
镜头拉近 = zoom in
变焦 = zoom in
画面缓缓放大 = zoom in
镜头向右平移 = truck right
向左平移 = truck left
俯拍 = view
镜头旋转 = roll right
镜头逆时针旋转 = roll left
手持 = handheld
镜头晃动 = handheld
希区柯克变焦 = dolly zoom in
焦点从前景移到远处 = rack focus far
镜头甩向右边 = whip pan right
跟拍 = follow
镜头跟随小狗 = follow
固定镜头 = static
云向左飘，镜头不动 = static
切换到远景 = cut
先向左摇，然后推近 = pan left ; dolly in
"""

UNSAID = """
the bird flies forward
he pans for gold
she tilts her head
the ship rolls
the crane lifts its head
a crane on a construction site lifts a beam
the car zooms past
he zooms past the finish line
the fighter jet rolls to the left
a pan of water boils
a pan over the fire
she pushes the door open
push in the drawer
pull out a chair
pull back the curtain
he pulls back the bowstring
she looks at the camera
the fox walks towards the camera
the elephant walks away from the camera
the ball rolls down the hill
satellites orbit around the earth
birds fly over the valley
a truck drives to the left
the truck turns left
the dancer spins around
she circles the word
the train pulls out of the station
a photographer raises his camera
the drone flies away
her hands shake
he rolls over
the clouds zoom by
草向右摇
她摇头
他推开门
他推进了房间
车向左平移
飞机升降
旋转木马旋转
船慢慢靠近
孩子们环绕着老师
太阳慢慢升起
鸟向前飞
气球上升
狐狸朝镜头走来
她对着镜头微笑
猫看着镜头
一只手持着杯子
手持盾牌的士兵站着
人们围绕着火堆跳舞
他拉开抽屉
"""

HEARD = [tuple(part.strip() for part in line.split("=")) for line in SAID.strip().splitlines()]


def told(moves) -> str:
    """Moves as the table writes them."""
    return " ; ".join(f"{move.kind} {move.direction}".strip() for move in moves)


def test_the_tables_are_as_long_as_they_should_be():
    assert len(HEARD) >= 80 and len(UNSAID.split("\n")) >= 27
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in words) for words, _ in HEARD) >= 35


@pytest.mark.parametrize(("words", "moves"), HEARD, ids=[words for words, _ in HEARD])
def test_what_is_said_of_a_camera_is_heard(words, moves):
    assert told(read(words)) == moves
    goes = any(move.done and move.kind != "static" for move in read(words))
    assert camera_moves(words) or not goes


@pytest.mark.parametrize("words", UNSAID.strip().splitlines())
def test_what_others_do_is_no_move_of_the_camera(words):
    assert read(words) == () and not camera_moves(words)


CLASSES = {
    "pan": "pan truck", "tilt": "tilt pedestal", "zoom": "zoom dolly", "roll": "roll", "orbit": "orbit",
    "shake": "handheld", "static": "static", "follow": "follow",
}  # fmt: skip


@pytest.mark.parametrize("name", CAMERAS)
def test_every_camera_of_the_corpus_is_heard_in_both_languages(name):
    kind, _, side = name.partition("_")
    for words in (*CAMERAS[name][0], *CAMERAS[name][1]):
        (move,) = read(words)
        assert move.kind in CLASSES[kind].split() and move.direction == side, words


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("zoom in on her face", "her face"),
        ("slow push in on the tower", "tower"),
        ("the camera orbits to the left around the pagoda", "pagoda"),
        ("镜头推向她的脸", "她的脸"),
        ("镜头环绕雕像缓缓移动", "雕像"),
        ("镜头靠近那朵花", "那朵花"),
        ("pan to the left", ""),
        ("镜头向左摇", ""),
        ("画面放大两倍", ""),
    ],
)
def test_what_a_move_is_aimed_at(words, target):
    assert read(words)[0].target == target


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("zoom in 2x", 2.0),
        ("zoom in by 20%", 1.2),
        ("画面放大两倍", 2.0),
        ("zoom out by 25%", 0.8),
        ("the camera rotates 20 degrees clockwise", 20.0),
        ("镜头绕着塔旋转三十度", 30.0),
        ("the camera pans 10 degrees to the left", 0.1763),
        ("pan left", USUAL["pan"]),
    ],
)
def test_how_far_is_said_in_numbers(words, amount):
    assert read(words)[0].amount == pytest.approx(amount, abs=1e-3)


@pytest.mark.parametrize("words", ["the camera {}pans left", "镜头{}向左摇"])
def test_slow_is_less_far_than_usual_and_fast_is_farther(words):
    slow, usual, fast = ("slowly ", "", "quickly ") if "the" in words else ("缓慢", "", "快速")
    found = [read(words.format(each))[0] for each in (slow, usual, fast)]
    assert found[0].amount < found[1].amount < found[2].amount
    assert found[0].speed < 1 == found[1].speed < found[2].speed


@pytest.mark.parametrize(
    ("words", "most"), [("环绕360度", 30.0), ("the camera orbits 90 degrees", 30.0), ("zoom in 10x", 4.0)]
)
def test_more_than_one_picture_shows_is_done_as_far_as_it_goes_and_said(words, most):
    (move,) = read(words)
    assert move.amount == most and move.done and f"{most:g}" in move.why


def test_what_cannot_be_done_says_why():
    for words in ("cut to a close-up", "俯拍", "the camera does a backflip"):
        (move,) = read(words)
        assert not move.done and move.why and not beat(0, 9, words).camera.asked
    assert beat(0, 9, "cut to a close-up").camera.heard and not beat(0, 9, "cut to a close-up").camera.moves


def test_one_after_another_share_the_time_and_others_go_together():
    assert [(m.begin, m.end) for m in read("pan left, then zoom in on the tower")] == [(0, 0.5), (0.5, 1)]
    assert [(m.begin, m.end) for m in read("先向左摇，然后推近")] == [(0, 0.5), (0.5, 1)]
    assert [(m.begin, m.end) for m in read("the camera pans left and tilts up")] == [(0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("words", "way", "stays"),
    [
        ("the horse runs to the right and the camera pans left", "right", "the horse runs in place"),
        ("a dog runs to the left with a slow zoom in", "left", "a dog runs in place"),
        ("drone shot flying forward over the path", "", ""),
        ("flies forward over the path, a man walks", "", "a man walks in place"),
        ("无人机向前飞过小路", "", ""),
    ],
)
def test_where_a_camera_goes_sends_nobody(words, way, stays):
    assert heading(words) == way and in_place(words) == stays


def test_every_kind_has_a_unit_and_a_limit():
    assert set(USUAL) == set(MOST) <= set(UNITS) and all(USUAL[kind] <= MOST[kind] for kind in USUAL)
    assert {move.kind for words, _ in HEARD for move in read(words)} == set(UNITS)


def test_a_move_keeps_its_own_words():
    assert [move.words for move in read("pan left, then cut to a close-up")] == ["pan left", "cut to a close-up"]


def test_clauses_are_the_sentence():
    words = "a horse runs and the camera pans left, while birds sing. Slow zoom in!"
    parts = clauses(words)
    assert all(words[part.begin : part.end] == part.text for part in parts)
    assert [part.camera for part in parts if part.text.strip()] == [False, True, False, True]


def test_a_move_is_frozen():
    with pytest.raises(FrozenInstanceError):
        read("zoom in")[0].kind = "pan"  # type: ignore[misc]
    assert camera.FOCAL == 1.0
