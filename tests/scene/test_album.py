"""The album: pictures that are found by words, and where they come into a clip."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import tiny_corpus
from commands import call
from PIL import Image
from test_exchange import SIDE, walked

import motionalchemy as ma
from motionalchemy.data import album as albums
from motionalchemy.data.corpus import Corpus
from motionalchemy.errors import InputError, MediaError, MissingPart, PlanRefused
from motionalchemy.language import subjects
from motionalchemy.language.subjects import Names
from motionalchemy.media import reader
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.nets import pack, text
from motionalchemy.pipeline import job, settle
from motionalchemy.pipeline.request import parse
from motionalchemy.scene import album, imagined, segmentation
from motionalchemy.scene.album import Album, Entry
from motionalchemy.server import inspector

COLOURS = {"red": (220, 30, 30), "blue": (30, 40, 220)}


def an_entry(key: str, en: str, zh: str, **more) -> Entry:
    usual = {"also": (), "words": (), "view": "side", "side": "left", "stands": True, "whole": True, "order": 0}
    made = {"source": "a test", "licence": "MIT", "authors": (), "begin": 0, "size": 1}
    return Entry(key, tuple(en.split("|")), tuple(zh.split("|")), **(usual | made | more))


ENTRIES = [
    an_entry("fox", "fox", "狐狸"),
    an_entry("red_cart", "cart", "推车", words=("red", "红色")),
    an_entry("blue_cart", "cart", "推车", words=("blue", "蓝色")),
    an_entry("front", "cart", "推车", words=("blue", "蓝色"), view="front", side=None),
    an_entry("mask", "fox", "狐狸", order=2, whole=False, side=None, view="front"),
    an_entry("kite", "kite|paper kite", "风筝", stands=False, side=None, view="front", also=("toy",)),
    an_entry("rider", "rider on a horse", "骑马的人"),
    an_entry("horse", "horse", "马"),
    an_entry("snake", "snake", "蛇"),
]


def a_picture(colour: tuple[int, int, int]) -> np.ndarray:
    """A block (40, 60, 4) with a white face on its left."""
    picture = np.full((40, 60, 4), (*colour, 255), np.uint8)
    picture[8:20, 4:14, :3] = 255
    return picture


def written(folder, entries=ENTRIES):
    """A folder with an album of blocks, blue where the entry is of something blue and red elsewhere."""
    data, placed = bytearray(), []
    for entry in entries:
        file = io.BytesIO()
        colour = COLOURS["blue" if "blue" in entry.words else "red"]
        Image.fromarray(a_picture(colour)).save(file, "WEBP", lossless=True)
        placed.append(replace(entry, begin=len(data), size=len(file.getvalue())))
        data += file.getvalue()
    vectors = album.meanings(album.names_of(placed), text.shared())
    tensors = {"pictures": np.frombuffer(bytes(data), np.uint8), "vectors": (vectors * 127).round().astype(np.int8)}
    folder.mkdir(exist_ok=True)
    albums.write(folder, placed, tensors, "train")
    return folder


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "album")


def taken(held: Album, words: str, seed: int = 0) -> album.AlbumPicture | None:
    found = held.find(words, text.shared())
    return None if found is None else held.take(found, words, seed)


SPOKEN = {
    "a red fox walks to the left": "fox",
    "the foxes run": "fox",
    "a man with a fox": None,
    "a fox's horse": "horse",
    "a fox with a kite": "fox",
    "a horse cart rolls": "cart",
    "a fox-red horse": "horse",
    "a rider on a horse": "rider on a horse",
    "in the fog, a horse gallops": "horse",
    "the camera pans left, a fox": "fox",
    "a paper kite flies": "paper kite",
    "an outfoxed crowd": None,
    "一只狐狸向左走": "狐狸",
    "戴着风筝的狐狸": "狐狸",
    "骑马的人在跑": "骑马的人",
    "一匹马在跑": "马",
    "白马": "马",
    "海马在游": None,
    "马戏团": None,
    "镜头推近，一只狐狸": "狐狸",
}


@pytest.mark.parametrize("said", SPOKEN)
def test_the_subject_of_a_sentence_is_what_it_names_first_and_no_part_of_another_word(said):
    names = Names(name for entry in ENTRIES for name in (*entry.en, *entry.zh))
    assert subjects.spoken(said, names) == SPOKEN[said]


WAYS = {
    "it walks to the left": "left",
    "it runs from left to right": "right",
    "它向左走": "left",
    "从左向右跑": "right",
    "it comes towards the camera": "towards",
    "它向远处走": "away",
    "it walks, the camera pans left": None,
    "它在走，镜头向左摇": None,
}


@pytest.mark.parametrize("said", WAYS)
def test_a_way_is_that_of_the_subject_and_not_of_the_camera(said):
    assert subjects.facing(said) == WAYS[said]


def test_a_picture_is_found_in_both_languages_and_looks_where_it_goes(folder):
    held = Album(folder)
    for said in ("a fox walks to the left", "一只狐狸向左走"):
        assert taken(held, said).entry.key == "fox" and not taken(held, said).mirrored
    right = taken(held, "a fox walks to the right")
    assert right.mirrored and (right.picture[14, -8] > 240).all() and (right.picture[14, 8, 1:3] < 60).all()


def test_words_of_colour_choose_among_looks_and_a_seed_among_equals(folder):
    held = Album(folder)
    for seed in range(4):
        assert taken(held, "a red cart rolls", seed).entry.key == "red_cart"
        assert taken(held, "一辆蓝色的推车", seed).entry.key == "blue_cart"
        assert taken(held, "a cart comes towards the camera", seed).entry.key == "front"
    assert len({taken(held, "a cart rolls", seed).entry.key for seed in range(12)}) == 2


def test_what_is_not_named_is_found_by_meaning_or_not_at_all(folder):
    held = Album(folder)
    near = taken(held, "a serpent crawls")
    assert near.entry.key == "snake" and not near.said and "nearest in meaning" in near.note
    assert taken(held, "quarterly profits rise") is None and taken(held, "会议开始了") is None
    assert taken(held, "a toy").entry.key == "kite"


def test_an_album_is_read_only_whole(folder, tmp_path):
    with pytest.raises(MissingPart, match="config"):
        Album(tmp_path / "none")
    index = folder / album.INDEX
    whole = index.read_bytes()
    index.write_bytes(whole.replace(b"fox", b"fux"))
    with pytest.raises(InputError, match="not the file"):
        Album(folder)
    rows = json.loads(whole)
    for wrong in ([rows[0] | {"more": 1}], [rows[0] | {"begin": 10**6}], [rows[0] | {"en": 3}], []):
        index.write_text(json.dumps(wrong))
        card = json.loads((folder / "config.json").read_text())
        pack.write_json(folder / "config.json", card | {"sha256": card["sha256"] | {album.INDEX: pack.digest(index)}})
        with pytest.raises(InputError, match="does not fit"):
            Album(folder)


def test_a_layer_is_a_small_webp_and_nothing_else():
    for size, kind, said in (((600, 20), "WEBP", "too large"), ((20, 20), "PNG", "not a picture")):
        file = io.BytesIO()
        Image.new("RGBA", size).save(file, kind)
        with pytest.raises(MediaError, match=said):
            reader.layer(file.getvalue())


PLACED = {
    "a horse gallops on a beach under a sunset sky": "on a beach under a sunset sky",
    "a fox walks across the forest floor to the left": "across the forest floor",
    "一只狐狸在雪地上向左走": "在雪地上",
    "沙滩上有一匹马": "沙滩上",
}


@pytest.mark.parametrize("said", PLACED)
def test_the_parts_of_a_sentence_that_may_name_a_place_hold_it(said):
    assert PLACED[said] in [text for text, _ in imagined.places(said)]


def test_a_subject_stands_on_the_ground_with_a_shadow_or_is_in_the_air(folder):
    held, place = Album(folder), np.full((200, 300, 3), 250, np.uint8)
    stands, shadow = imagined.stood(place, taken(held, "a fox walks to the left"), "a fox walks to the left")
    stands = stands.astype(int)
    assert shadow is not None and 0.1 < shadow.max() < 1 and 0 < (shadow > 0.05).mean() < 0.2
    block = (stands[..., 0] > 150) & (stands[..., 1] < 90)
    rows, columns = np.nonzero(block)
    assert rows.max() + 1 == round(200 * imagined.FOOT) and 95 <= np.ptp(rows) + 1 <= 110
    assert abs(columns.mean() - 300 * imagined.ASIDE["left"]) < 12
    assert stands[rows.max() + 3, round(columns.mean())].max() < 200  # a shadow
    flying, shadow = imagined.stood(place, taken(held, "a kite"), "a kite")
    flying = flying.astype(int)
    assert shadow is None
    rows, _ = np.nonzero((flying[..., 0] > 150) & (flying[..., 1] < 90))
    assert abs(rows.mean() - 200 * imagined.AIR) < 6 and flying[180:].min() > 245


def a_card(folder):
    return replace(registry.MODELS["nano"], album=folder)


def test_a_first_picture_has_the_place_that_is_named_and_says_whose_picture_is_in_it(folder):
    made = imagined.first(a_card(folder), "a blue cart on a grassy field", 0, 128, 128)
    assert made.album_picture is not None and made.album_picture.entry.key in ("blue_cart", "front")
    assert made.picture[-8:].mean((0, 1)).argmax() == 1  # grass
    assert "one of 9 that ship" in made.notes[0] and "MIT" in made.notes[0] and "grassy field" in made.notes[1]
    bare = imagined.first(a_card(folder), "一辆推车", 0, 128, 128)
    assert np.ptp(bare.picture[:4].reshape(-1, 3), axis=0).max() < 8 and "no place" in bare.notes[1]
    with pytest.raises(PlanRefused, match=r"has 9 pictures .* or ltx"):
        imagined.first(a_card(folder), "justice prevails on a beach", 0, 128, 128)


def test_an_exchange_in_other_colours_alone_takes_no_picture(folder):
    from motionalchemy.language import edits

    for said, key in {
        "turn the fox into a red fox": None,
        "replace the horse with a blue cart": "blue_cart",
        "把马换成蓝色的推车": "blue_cart",
        "turn the cart into a blue one": None,
        "turn the fox into a horse": "horse",
    }.items():
        told = edits.replacement(said)
        made = told and imagined.exchanged(a_card(folder), told, 0)
        assert (made and made.entry.key) == key, said


@pytest.fixture
def seen(monkeypatch):
    """A subject that can be found, whatever is installed: the red block."""
    monkeypatch.setattr(segmentation, "subject_masks", lambda frames: (frames[..., 0] > 170).astype(np.float32))


@pytest.mark.parametrize(("said", "en"), [("turn the fox into a wolf", "wolf"), ("把它换成机器人", "robot")])
def test_another_subject_in_words_is_taken_from_the_album_that_ships(said, en, seen):
    clip = settle.Memory(video=Clip(walked()[0]))
    made = job.prepare(parse({"task": "edit", "prompt": said, "device": "cpu"}), memory=clip)
    assert made.exchanges and made.album_picture is not None and made.album_picture.entry.en[0] == en
    assert made.request.region == "subject" and made.other.shape[2] == 4 and made.album_picture.note in made.notes
    with pytest.raises(InputError, match="leave region"):
        job.prepare(parse({"task": "edit", "prompt": said, "region": "all", "device": "cpu"}), memory=clip)


def test_a_given_picture_wins_over_the_album(seen):
    given = settle.Memory(video=Clip(walked()[0]), image=a_picture(COLOURS["blue"])[..., :3].copy())
    made = job.prepare(parse({"task": "edit", "prompt": "turn the fox into a wolf", "device": "cpu"}), memory=given)
    assert made.album_picture is None and made.other.shape == (40, 60, 3)


def test_an_edit_by_words_from_the_command_line_says_what_it_took(tmp_path, capsys, seen):
    frames, _, _ = walked()
    Clip(frames).save(tmp_path / "a.mp4")
    out = tmp_path / "b.mp4"
    assert call("edit", tmp_path / "a.mp4", "replace the block with a polar bear", "-o", out) == 0
    assert "polar bear" in capsys.readouterr().err
    facts = json.loads(out.with_suffix(".json").read_text())["found"]
    assert facts["album"]["en"] == "polar bear" and facts["album"]["licence"] == "CC-BY-SA-3.0"
    made = reader.read_clip(out).frames.astype(int)
    assert made.shape == frames.shape and not ((made[..., 0] > 200) & (made[..., 1] < 60)).any()
    assert np.abs(made[:, :20] - frames[:, :20]).mean() < 4 and SIDE == 192
    again = tmp_path / "c.mp4"
    assert call("again", out.with_suffix(".json"), "-o", again) == 0
    assert again.read_bytes() == out.read_bytes()


def test_a_subject_is_imagined_by_command_and_moves(tmp_path, capsys):
    out = tmp_path / "a.mp4"
    said = "a white horse walks to the left on a beach"
    assert call("imagine", said, "--seconds", 1, "--size", 128, "-o", out) == 0
    assert "horse" in capsys.readouterr().err
    facts = json.loads(out.with_suffix(".json").read_text())
    assert facts["found"]["album"]["en"] == "horse" and facts["request"]["prompt"] == said
    frames = reader.read_clip(out).frames.astype(int)
    assert np.abs(frames[-1] - frames[0]).mean() > 1


def test_python_gives_a_still_of_a_subject_and_another_seed_another():
    one, two = (ma.imagine("一匹马", seconds=0, seed=seed, size=128, device="cpu").frames for seed in (1, 2))
    assert one.shape == (1, 128, 128, 3) and np.abs(one.astype(int) - two).mean() > 1


def test_a_server_says_what_it_would_take_before_it_makes_anything(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = parse({"task": "imagine", "prompt": "a camel on sandy ground", "size": 64}).model_dump_json()
    told = inspector.answer("nano", {"ask": "look", "folder": str(tmp_path), "request": asked})
    assert "camel" in told["notes"][0] and "sandy ground" in told["notes"][1]


def test_the_album_that_ships_is_whole_small_and_says_whose_it_is():
    folder = registry.MODELS["nano"].album
    held, card = album.of(folder), pack.read_card(folder)
    assert len(held) == card["count"] > 800 and dict(held.licences()) == card["credits"] and card["split"] == "train"
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8 * 2**20
    for entry in held.entries:
        assert entry.licence and entry.source and entry.zh, entry.key
    shapes = [reader.layer(held._bytes[e.begin : e.begin + e.size].tobytes()).shape for e in held.entries[::40]]
    assert all(max(shape) <= 192 and shape[2] == 4 for shape in shapes)


def test_every_name_in_the_album_that_ships_finds_its_own():
    held = album.of(registry.MODELS["nano"].album)
    missed = {"en": [], "zh": []}
    for language, sentence in (("en", "a {} walks to the left"), ("zh", "一个{}向左走")):
        names = {name for entry in held.entries for name in getattr(entry, language)}
        for name in names:
            found = held.find(sentence.format(name))
            if found is None or found.name != name:
                missed[language].append(name)
        assert len(missed[language]) <= 0.01 * len(names), missed


def test_an_album_is_made_of_train_alone_and_alike_each_time(tmp_path):
    (tmp_path / "corpus").mkdir()
    corpus = tiny_corpus.make(tmp_path / "corpus")
    made = [albums.build(Corpus(corpus, "train"), tmp_path / name) for name in ("a", "b")]
    assert made[0] == made[1] and sum(made[0].values()) > 0
    for name in (album.INDEX, album.PICTURES, "config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    train = {entry.key for entry in Corpus(corpus, "train").entries["actors"]}
    held = Album(tmp_path / "a")
    assert {entry.key for entry in held.entries if entry.key.startswith("a")} <= train
    with pytest.raises(InputError, match="train"):
        albums.build(Corpus(corpus, "test"), tmp_path / "c")
