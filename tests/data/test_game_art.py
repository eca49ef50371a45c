"""The game's art from an archive made on the spot: formats, skinning, looks, captures, and pictures where EGL is."""

import io
import itertools
import json
import math
import random
import struct
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from motionalchemy.data.build import actions, actors
from motionalchemy.data.build.art import Art, Mesh, blended, matrices
from motionalchemy.data.build.capture import ACTIONS, LIMBS, ORDER, SKELETON, Capture
from motionalchemy.data.build.model import Beat, Model, Part, look_of
from motionalchemy.data.build.paint import Painter, aimed, direction
from motionalchemy.data.build.run import build
from motionalchemy.data.build.scenes import PLACES, SKIES, scenes
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.words import ACTIONS as WORDS
from motionalchemy.errors import MissingPart

STILL = (0.0, 0.0, 0.0, 1.0)
QUARTER = (0.0, 0.0, math.sin(math.pi / 4), math.cos(math.pi / 4))  # a quarter turn about z


def pmd(corners, triangles, bones, points=()) -> bytes:
    """A mesh whose corners are (position, bone or 255)."""
    data = b"PSMD" + struct.pack("<4I", 4, 0, len(corners), 1)
    for position, bone in corners:
        data += struct.pack("<3f3f2f4B4f", *position, 0, 0, 1, 0.5, 0.5, bone, 0, 0, 0, 1, 0, 0, 0)
    data += struct.pack("<I", len(triangles)) + np.array(triangles, "<u2").tobytes()
    data += struct.pack("<I", len(bones)) + np.array(bones, "<f4").tobytes()
    data += struct.pack("<I", len(points))
    for name, pose, bone in points:
        data += struct.pack("<I", len(name)) + name.encode() + np.array(pose, "<f4").tobytes() + bytes([bone])
    return data


def psa(poses, milliseconds=500.0) -> bytes:
    poses = np.array(poses, "<f4")
    head = struct.pack("<fII", milliseconds, poses.shape[1], poses.shape[0])
    return b"PSSA" + struct.pack("<2I", 1, 0) + struct.pack("<I", 4) + b"name" + head + poses.tobytes()


def dds(rgba) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((8, 8, 4), rgba, np.uint8)).save(out, "dds")
    return out.getvalue()


BONES = [(0, 0, 0, *STILL), (1, 0, 0, *STILL)]
TURNED = [(0, 0, 0, *STILL), (1, 0, 0, *QUARTER)]
WOLF = """<actor><material>player_trans.xml</material><group>
 <variant frequency="0" name="never"><mesh>absent.dae</mesh></variant>
 <variant frequency="1" name="base" file="quad.xml"><mesh>wolf.dae</mesh>
  <textures><texture name="baseTex" file="wolf.dds"/></textures>
  <props><prop attachpoint="prop-back" actor="props/helmet_a.xml"/>
   <prop attachpoint="root" actor="props/blood.xml"/></props>
 </variant></group></actor>"""
QUAD = """<variant name="quad"><animations>
 <animation name="Idle" file="quad/idle.dae"/><animation name="walk" file="quad/wolf_walk.dae"/>
 <animation name="run" file="quad/gone.dae"/></animations></variant>"""
HELMET = "<actor><group><variant><mesh>helmet.dae</mesh></variant></group></actor>"


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("game")
    corners = [((0, 0, 0), 0), ((2, 0, 0), 1), ((2, 1, 0), 1), ((0, 1, 0.5), 255)]
    wolf = pmd(corners, [(0, 1, 2), (0, 2, 3)], BONES, [("back", (1, 1, 0, *STILL), 1)])
    plate = pmd([((0, 0, 0), 255), ((0.2, 0, 0), 255), ((0, 0.2, 0), 255)], [(0, 1, 2)], [])
    with zipfile.ZipFile(folder / "public.zip", "w") as file:
        file.writestr("art/meshes/wolf.dae.cached.pmd", wolf)
        file.writestr("art/meshes/helmet.dae.cached.pmd", plate)
        file.writestr("art/animation/quad/idle.dae.cached.psa", psa([BONES, BONES]))
        file.writestr("art/animation/quad/wolf_walk.dae.cached.psa", psa([BONES, TURNED]))
        file.writestr("art/textures/skins/wolf.dds.cached.dds", dds((200, 100, 50, 255)))
        file.writestr("art/actors/fauna/wolf.xml", WOLF)
        file.writestr("art/variants/quad.xml", QUAD)
        file.writestr("art/actors/props/helmet_a.xml", HELMET)
        for texture in {t for textures, _ in PLACES.values() for t in textures}:
            file.writestr(f"art/textures/terrain/types/{texture}.dds.cached.dds", dds((90, 160, 70, 255)))
        for sky, side in itertools.product(SKIES, ("left", "back", "right", "front")):
            file.writestr(f"art/textures/skies/{sky}/{side}.dds.cached.dds", dds((120, 170, 230, 255)))
        file.writestr("art/actors/structures/romans/temple.xml", HELMET.replace("helmet", "wolf"))
    key = [
        0.5,
        0,
        0.9,
        0,
        *([1, 0, 0, 0] * 3),
        1,
        0,
        0,
        0,
        0,
        *([1, 0, 0, 0] * 2),
        0,
        1,
        0,
        0,
        0,
        0,
        *([1, 0, 0, 0] * 2),
        0,
    ]
    with zipfile.ZipFile(folder / "pybullet-3.2.7-any.whl", "w") as file:
        for name in ACTIONS:
            file.writestr(f"pybullet_data/data/motions/humanoid3d_{name}.txt", json.dumps({"Frames": [key, key, key]}))
    return folder


@pytest.fixture(scope="module")
def model(packages) -> Model:
    return Model(Art(packages / "public.zip"), "fauna/wolf.xml", (), random.Random(0))


def test_an_actor_is_read_with_its_look(model):
    assert model.bones == 2 and model.mode == 1 and not model.wounded and model.coloured
    assert model.files("idle") == ["quad/idle.dae"] and model.files("run") == []  # a file that is not there
    assert model.worn() == ["props/helmet_a.xml"]  # and no blood
    assert model.skin is not None and model.skin.getpixel((3, 3)) == (200, 100, 50, 255)


class Files:
    """An archive of XML alone."""

    def __init__(self, **texts):
        self.texts = texts

    def tree(self, name):
        return ElementTree.fromstring(self.texts[name.removeprefix("actors/").removesuffix(".xml")])


LEVELS = """<qualitylevels><actor quality="low" file="coarse.xml"/>{best}
 <inline><material>m</material>
  <group><variant><mesh>fine.dae</mesh><props><prop actor="mane.xml" attachpoint="head"/>
   <prop actor="block.xml" attachpoint="head" maxquality="low"/></props></variant>
   <variant maxquality="medium"><mesh>coarse.dae</mesh></variant></group>
  <group maxquality="low"><variant><mesh>coarser.dae</mesh></variant></group>
  <group minquality="high"><variant><textures><texture name="baseTex" file="fine.png"/></textures></variant></group>
 </inline></qualitylevels>"""


@pytest.mark.parametrize(
    "best",
    [
        '<actor quality="high" inline="true"/>',
        '<actor inline="true"/>',
        '<actor quality="200"/>',
        '<actor file="own.xml"/>',
    ],
)
def test_the_finest_quality_level_is_what_is_read(best):
    own = LEVELS[LEVELS.index("<group") : LEVELS.index(" </inline>")]
    texts = {"wolf": LEVELS.format(best=best), "own": f"<actor><material>m</material>{own}</actor>"}
    for seed in range(4):
        look = look_of(Files(**texts), "wolf.xml", (), random.Random(seed))
        assert look.mesh == "fine.dae" and look.props == {"head": "mane.xml"} and look.material == "m"
        assert look.textures == {"baseTex": "fine.png"}


def test_bones_move_what_hangs_on_them(model):
    rest, turned = (model.parts([Beat("walk", "quad/wolf_walk.dae", turns, 0.0)]) for turns in (0.0, 0.5))
    assert np.allclose(rest[0].position, [(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0.5)])
    # a quarter turn about z at (1, 0, 0): (2, 0, 0) -> (1, 1, 0), (2, 1, 0) -> (0, 1, 0); the others stay
    assert np.allclose(turned[0].position, [(0, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 0.5)], atol=1e-6)
    # the helmet hangs at (1, 1, 0) from the second bone, so at (2, 1, 0), and turns with it
    assert np.allclose(rest[1].position[:2], [(2, 1, 0), (2.2, 1, 0)], atol=1e-6)
    assert np.allclose(turned[1].position[:2], [(0, 1, 0), (0, 1.2, 0)], atol=1e-6)


def test_a_pose_between_two_is_between_them(model):
    halfway = model.parts([Beat("walk", "quad/wolf_walk.dae", 0.25, 0.0)])[0].position[1]
    assert np.allclose(halfway, (1 + math.sqrt(0.5), math.sqrt(0.5), 0), atol=1e-6)
    a, b = np.array(BONES), np.array(TURNED)
    assert np.allclose(matrices(blended(a, np.concatenate([b[:, :3], -b[:, 3:]], 1), 1.0)), matrices(b))


def person() -> Mesh:
    """A skeleton of 46 bones with its arms stretched out, a metre high at the hip."""
    rest = np.zeros((len(SKELETON), 7))
    rest[:, 6], rest[:, 1] = 1, 1.0
    for side, sign in (("L", -1), ("R", 1)):
        for bone, x in (("arm", 0.2), ("forearm", 0.5), ("hand", 0.8)):
            rest[ORDER[f"{bone}_{side}"], :2] = sign * x, 1.5
        for bone, y in (("thigh", 0.9), ("leg", 0.5), ("foot", 0.1)):
            rest[ORDER[f"{bone}_{side}"], :2] = sign * 0.1, y
    empty = np.zeros((0, 3))
    return Mesh(empty, empty, empty, np.zeros((0, 3), np.int32), np.zeros((0, 4), np.int64), np.zeros((0, 4)), rest)


def capture(turn: float = 0.0) -> Capture:
    """A person who walks one metre ahead, the right knee bent by `turn` at the end."""
    key = np.zeros(43)
    key[1], key[[3, 7, 11, 15, 20, 24, 29, 34, 38]] = 0.9, 1
    last = key.copy()
    last[0], last[19] = 1.0, turn
    return Capture(np.array([0.0, 1.0]), np.stack([key, last]))


def test_a_captured_person_hangs_its_arms_and_stays_in_place():
    mesh = person()
    for seconds in (0.0, 0.4, 1.0):
        pose = capture().pose(mesh, seconds)
        assert np.allclose(pose[ORDER["hip"], :3], (0, 1, 0), atol=1e-6)
        for bone, end in LIMBS:
            way = pose[ORDER[end], :3] - pose[ORDER[bone], :3]
            assert np.allclose(way / np.linalg.norm(way), (0, -1, 0), atol=1e-6), bone


def test_a_captured_knee_bends_its_own_leg_only():
    mesh, bent = person(), capture(math.pi / 2)
    before, after = bent.pose(mesh, 0.0), bent.pose(mesh, 1.0)
    moved = {bone for bone, i in ORDER.items() if not np.allclose(before[i, :3], after[i, :3], atol=1e-6)}
    assert "foot_R" in moved and moved <= {"foot_R", "knee_R"}
    assert np.linalg.norm(after[ORDER["foot_R"], :3] - after[ORDER["leg_R"], :3]) == pytest.approx(0.4, abs=1e-6)


def test_the_skeleton_is_whole():
    assert len(SKELETON) == 46 and all(parent == "-" or parent in ORDER for _, parent, _ in SKELETON)
    assert set(ACTIONS.values()) <= set(WORDS)


def test_actions_tell_what_files_show():
    wolf, rider, archer = actions.who("fauna/wolf.xml"), actions.who("units/x/cavalry_swordsman_e_m.xml"), None
    archer = actions.who("units/x/infantry_archer_b.xml")
    assert wolf and rider and archer and (wolf.zh, rider.mount, archer.weapon) == ("狼", "horse", "bow")
    assert (
        actions.action("fauna/wolf.xml", wolf, "run", "quadraped/wolf_walk.dae") == "walk"
    )  # the file tells the truth
    assert actions.action("fauna/horse.xml", wolf, "run", "quadraped/horse_gallop.dae") == "gallop"
    assert actions.action("u", rider, "promotion", "quadraped/horse_promotion.dae") == "rear"
    assert actions.action("u", archer, "attack_ranged", "biped/a.dae") == "weapon:bow"
    assert actions.action("u", archer, "attack_melee", "biped/a.dae") == "weapon:other"
    assert actions.who("fauna/unheard_of.xml") is None
    assert actions.thing("structures/romans/temple.xml") == {"en": "temple", "zh": "神庙"}
    assert all(
        set(actions.action_words(key)) == {"en", "zh"} and "{" not in str(actions.action_words(key)["en"])
        for key in WORDS
    )


def test_splits_follow_looks():
    assert actions.split_of("quad/zebra.dae", "", animal=True) == "test"
    assert actions.split_of("quad/tiger.dae", "", animal=True) is None
    assert actions.split_of("quad/wolf.dae", "", animal=True) == "train"
    shares = [actions.split_of("m", str(i), animal=False) for i in range(400)]
    assert 20 < shares.count("test") < 65 and 2 < shares.count(None) < 30
    assert "train" not in {actions.split_of("m", str(i), animal=False, key="cartwheel") for i in range(60)}


def test_a_camera_is_aimed_so_that_all_is_seen():
    points = np.random.default_rng(0).uniform(-1, 1, (50, 3)) * (3, 1, 1) + (5, 0, 2)
    for azimuth in (0, 70, 250):
        eye, target = aimed(points, azimuth, 15, 0.8)
        away = (eye - target) / np.linalg.norm(eye - target)
        assert np.allclose(away, direction(azimuth, 15), atol=1e-6)
    assert np.allclose(direction(90, 0), (1, 0, 0), atol=1e-9)


def painter(side: int = 64) -> Painter:
    try:
        return Painter(side)
    except MissingPart as reason:
        pytest.skip(str(reason))


def test_a_square_is_painted_where_it_stands():
    corners = np.array([(-1.0, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)])
    normal, uv = np.tile([0.0, 0, -1], (4, 1)), np.zeros((4, 2))
    skin = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    part = Part(corners, normal, uv, np.array([[0, 1, 2], [0, 2, 3]]), skin, 0)
    eye, target = aimed(corners, 0, 0, 0.5)
    picture = painter().draw([part], eye, target, direction(0, 0), np.ones(3))
    alpha = picture[..., 3] > 127
    assert alpha.mean() == pytest.approx(0.25, abs=0.02) and alpha[32, 32] and not alpha[8, 8]
    assert picture[32, 32, 0] > 200 and picture[32, 32, 1] < 10


def test_actors_and_turntables_are_built_from_the_archive(packages, tmp_path):
    painter()
    list(build(tmp_path / "out", packages, ("actors", "turntables"), limit=2))
    corpus = Corpus(tmp_path / "out")
    one, two = corpus.entries["actors"]
    facts = corpus.read(one).facts
    assert facts["subject"] == {"en": "wolf", "zh": "狼"} and {one.key[:7], two.key[:7]} == {"a00000a", "a00000b"}
    assert facts["action"]["key"] in ("walk", "rest") and facts["licence"] == "CC-BY-SA-3.0"
    assert [len(group) for group in corpus.shared_views] == [2]


def test_scenes_show_ground_sky_and_a_walker_that_really_walks(packages, tmp_path):
    painter()
    items = list(itertools.islice(scenes(packages), 120))
    assert {item.facts["ground"]["key"] for item in items} == set(PLACES)
    assert {item.facts["camera"]["move"] for item in items} >= {"static", "zoom_in", "orbit_left"}
    for item in items:
        camera, path = item.facts["camera"], item.facts["path"]["key"]
        assert camera["move"] != "follow" or (path != "none" and camera["follows_subject"])
        assert (item.facts["action"]["key"] == "walk") == (path != "none") == (item.facts["metres_per_second"] > 0)
    still = [item for item in items if item.facts["camera"]["move"] == "static"]
    for path, sign in (("left", -1), ("right", 1)):
        clip = next(item for item in still if item.facts["path"]["key"] == path).make()
        assert clip is not None and clip.shape == (49, 256, 256, 3)
        (red, green, _), sky = clip[0, -3, 5].astype(int), clip[0, 3, 128].astype(int)
        assert green > red and sky[2] > sky[0]  # grass below, blue above or in the haze
        brown = clip[..., 0].astype(int) - clip[..., 2] > 40
        first, last = (np.nonzero(frame)[1].mean() for frame in brown[[0, 48]])
        assert sign * (last - first) > 20


def test_without_its_packages_the_build_names_the_command(packages, tmp_path):
    with pytest.raises(MissingPart, match="apt-get download 0ad-data"):
        next(actors.actors(tmp_path))
    (tmp_path / "public.zip").write_bytes((packages / "public.zip").read_bytes())
    with pytest.raises(MissingPart, match="pip download --no-deps pybullet"):
        next(actors.actors(tmp_path))
