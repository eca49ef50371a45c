"""Samples: deterministic, true to their plans, and never from another split."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_corpus import make

from motionalchemy.data import draw as drawing
from motionalchemy.data import world as data_world
from motionalchemy.data.corpus import Corpus, attribution
from motionalchemy.data.instructions import CHINESE, ENGLISH, Edit, instruction
from motionalchemy.data.kinds import KINDS, Sample, draw, possible, siblings
from motionalchemy.data.shards import Layer
from motionalchemy.data.show import show
from motionalchemy.data.survey import coverage, holdings, survey
from motionalchemy.data.words import LOOKS, TINTS
from motionalchemy.data.world import Actor, World, describe, render
from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.flow.plan import Plan

SIZE = (32, 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def corpus(folder) -> Corpus:
    return Corpus(folder)


def encode(video: torch.Tensor) -> torch.Tensor:
    """A codec that anyone can follow: one latent per 16 x 16 x 8 pixels, frame 0 alone."""
    flat = F.avg_pool3d(video[:, :, 1:], (8, 16, 16)) if video.shape[2] > 1 else video[:, :, :0, ::16, ::16]
    return torch.cat([F.avg_pool3d(video[:, :, :1], (1, 16, 16)), flat], 2)


def plan_of(sample: Sample) -> Plan:
    return sample.plan(encode)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_a_function_of_its_seed_and_index(corpus, kind):
    one, again, other = draw(corpus, kind, 3, 0, SIZE), draw(corpus, kind, 3, 0, SIZE), draw(corpus, kind, 4, 0, SIZE)
    assert torch.equal(one.clip, again.clip) and one.words == again.words and one.language == again.language
    assert not (torch.equal(one.clip, other.clip) and one.words == other.words)
    assert one.clip.shape == ((1 if kind in ("picture", "retouch") else 49), 3, *SIZE)
    assert float(one.clip.min()) >= -1 and float(one.clip.max()) <= 1
    assert one.sources and all(one.words[language] for language in ("en", "zh"))


def test_every_kind_is_the_plan_of_its_task(corpus):
    samples = {kind: draw(corpus, kind, 0, 1, SIZE) for kind in KINDS}
    plans = {kind: plan_of(sample) for kind, sample in samples.items()}
    roles = {kind: [r.role for r in plan.references] for kind, plan in plans.items()}
    assert roles["imagine"] == roles["picture"] == roles["animate"] == []
    assert roles["ends"] == ["view"] and plans["ends"].references[0].time == pytest.approx(2.0)
    assert roles["extend"] == ["anchor"] and roles["edit"] == ["source"]
    assert roles["motion"] == ["motion"] and roles["identity"] == ["identity"]
    assert roles["views"] == ["view"] * len(samples["views"].beside)
    known = {kind: int((plan.strength == 0).sum()) for kind, plan in plans.items()}
    assert known["imagine"] == known["picture"] == known["edit"] == 0
    assert known["animate"] == known["ends"] == known["views"] == known["motion"] == 1
    assert known["extend"] == samples["extend"].at[0]
    for kind, plan in plans.items():
        truth = samples[kind].plan(encode)[1]
        given = plan.strength == 0
        assert torch.equal((plan.value * given).float(), (truth * given).float()), kind


def test_views_stand_at_their_frames_and_angles(corpus):
    for index in range(8):
        sample = draw(corpus, "views", 0, index, SIZE)
        references = plan_of(sample).references
        assert [r.time for r in references] == pytest.approx([frame / 24 for frame in sample.at])
        assert all(torch.equal(v[0], sample.clip[f]) for v, f in zip(sample.beside, sample.at, strict=True))
        if any(key.startswith("t") for key in sample.sources):
            assert abs(references[-1].angle) == 90


def test_an_edit_keeps_everything_but_what_it_names(corpus):
    seen = set()
    for index in range(16):
        sample = draw(corpus, "edit", 1, index, SIZE)
        source, target = sample.beside[0], sample.clip
        assert sample.language and sample.caption and not torch.equal(source, target)
        again = draw(corpus, "edit", 1, index, SIZE)
        assert torch.equal(again.beside[0], source)
        seen.add(sample.words["en"].split()[0])
    assert len(seen) >= 4


def test_worlds_that_differ_in_a_look_share_their_motion(corpus):
    world = drawing.world(corpus, random.Random(2), SIZE, only="actors")
    plain, grey = render(replace(world, look=None), SIZE), render(replace(world, look="mono"), SIZE)
    light = (plain + 1) / 2
    luma = 0.299 * light[:, 0] + 0.587 * light[:, 1] + 0.114 * light[:, 2]
    assert float(torch.corrcoef(torch.stack([luma.flatten(), grey[:, 0].flatten()]))[0, 1]) > 0.98


def test_some_samples_are_silent_and_edits_never(corpus):
    silent = [draw(corpus, "picture", 0, i, SIZE).caption == "" for i in range(40)]
    assert 0 < sum(silent) < 12
    assert all(draw(corpus, "edit", 0, i, SIZE).caption for i in range(10))


def test_siblings_share_their_first_frame_and_differ_in_what_happens(corpus):
    differences = set()
    for i in range(12):
        one, *others = siblings(corpus, 0, i, SIZE)
        for two in others:
            assert (one.clip[0] - two.clip[0]).abs().mean() < 0.01  # what comes nearer is kept sharper
            assert one.sources[1:] == two.sources[1:]
        said = [made.words["en"] for made in (one, *others)]
        differences |= {
            way
            for way in ("fall|collaps", "to the left|right to left", "closer|approach")
            for s in said
            if re.search(way, s)
        }
    assert len(differences) == 3  # actions, directions and things that have no gait


def test_a_pace_plays_a_layer_faster_or_slower():
    def layer(**more):
        numbers = np.arange(49, dtype=np.uint8)[:, None, None]
        return Layer(np.repeat(numbers[..., None], 3, -1), numbers, {"loop": True, "period": 20} | more)

    (slow,), (fast,) = (drawing.paced(Actor(layer()), pace) for pace in ("slow", "fast"))
    assert slow.layer.alpha[:, 0, 0].tolist()[:4] == [0, 1, 1, 2] and slow.pace == "slow"
    at = fast.layer.alpha[:, 0, 0].astype(int)
    assert at[:28].tolist() == (np.arange(28) * 1.7).round().astype(int).tolist()
    assert ((at - np.arange(49) * 1.7 + 0.5) % 20 < 1.01).all() and at.max() <= 48  # the same phase of the same step
    assert drawing.paced(Actor(layer(loop=False)), "fast") == []


def test_a_survey_counts_what_was_drawn(corpus):
    *_, found = survey(corpus, 4, kind="animate", size=SIZE)
    rows = found.rows()
    assert rows["clips"] == 4 and rows["duplicates"] == 0 and rows["mean motion"] > 0
    assert coverage(corpus) == pytest.approx(3.14159 * (32 / 5) ** 2 / 32**2, abs=0.03)  # a disc on every layer
    assert (
        holdings(corpus)["styles"] == 9
        and holdings(corpus)["actor files"] == 4
        and holdings(corpus)["actors"] == 4
        and holdings(corpus)["stills: ground"] == 1
    )


def test_the_attribution_names_every_source_once(corpus, folder):
    text = attribution(folder)
    assert text.count("(CC-BY-SA-3.0)") == 1 and "by A. Painter" in text
    assert "0 A.D. art (CC-BY-SA-3.0)" in draw(corpus, "motion", 0, 0, SIZE).credits


def test_a_world_says_what_it_shows(corpus):
    rng = random.Random(0)
    back = drawing.backdrop(corpus, rng, SIZE)
    layer = corpus.read(corpus.entries["actors"][0])
    actor = data_world.Actor(layer, "right", tint="blue")
    world = World(back, (actor,), camera="zoom_in", look="oil", weather="rain")
    for language, wanted in (("en", ("blue", "oil painting", "rain")), ("zh", ("蓝色", "油画", "雨"))):
        text = describe(world, rng, language, "detailed")
        assert all(word in text for word in wanted), text
    with pytest.raises(InputError, match="either"):
        World(back, scene=layer)


def test_a_second_subject_of_a_name_is_another(corpus):
    rng = random.Random(0)
    layer = corpus.read(corpus.entries["actors"][0])
    two = World(drawing.backdrop(corpus, rng, SIZE), (data_world.Actor(layer), data_world.Actor(layer, x=0.3)))
    for language, other in (("en", ", while another "), ("zh", "，同时另一匹")):
        assert all(other in describe(two, random.Random(i), language) for i in range(20))


def test_a_place_that_its_colours_name_keeps_them(corpus):
    back = replace(drawing.backdrop(corpus, random.Random(0), SIZE), words={"en": "on a green lawn", "zh": "草坪上"})
    assert set(drawing.looks(World(back))) == set(LOOKS) - {"mono", "ink", "sketch"}
    assert drawing.looks(World(replace(back, words={"en": "in a forest", "zh": "森林里"}))) == list(LOOKS)


def test_people_are_not_made_white_or_black(corpus):
    layer = corpus.read(corpus.entries["actors"][0])
    horse, spearman = (
        data_world.Actor(replace(layer, facts=layer.facts | {"actor": actor}))
        for actor in ("fauna/horse", "units/spearman")
    )
    assert drawing.tints(horse) == list(TINTS) and set(drawing.tints(spearman)) == set(TINTS) - {"white", "black"}


def test_no_rain_falls_from_a_clear_sky(corpus):
    for index in range(60):
        made = drawing.world(corpus, random.Random(index), SIZE, only="scenes")  # under a blue sky
        assert made.weather is None and drawing.outdoors(made)


def test_no_sample_of_another_split_is_ever_read(corpus, folder):
    test = Corpus(folder, "test")
    (zebra,) = test.entries["actors"]
    assert test.read(zebra).facts["subject"]["en"] == "zebra"
    for forbidden in (zebra, replace(zebra, split="train")):  # even when the index lies, the sample's facts do not
        with pytest.raises(InputError, match="never train on it"):
            corpus.read(forbidden)
        with pytest.raises(InputError, match="never train on it"):
            corpus.facts(forbidden)
    with pytest.raises(InputError, match="'test' split"):
        corpus.read_still({"key": "sprite_1f600", "split": "test", "shard": "", "kind": "sprite"})
    with pytest.raises(UnknownName, match="fewshot"):
        Corpus(folder, "validation")  # pyright: ignore[reportArgumentType]


def test_no_kind_draws_from_another_split(corpus):
    for kind in KINDS:
        for index in range(3):
            assert not any("zebra" in key for key in draw(corpus, kind, 9, index, SIZE).sources)


def test_groups_hold_what_they_share(corpus):
    assert [[e.key for e in g] for g in corpus.shared_views] == [["a00001a_horse", "a00001b_horse"]]
    assert [[e.key for e in g] for g in corpus.shared_motions] == [["a00001a_horse", "a00003a_lion"]]
    assert {e.key[:6] for g in corpus.shared_subjects for e in g} == {"a00001", "a00002"}


def test_no_corpus_names_the_option(tmp_path):
    with pytest.raises(MissingPart, match="--corpus"):
        Corpus(tmp_path)


def test_a_corpus_too_small_for_a_kind_says_so(folder):
    few = Corpus(folder, "test")  # one zebra
    assert set(KINDS) - set(possible(few)) == {"motion", "identity"}
    for kind in ("motion", "identity"):
        with pytest.raises(InputError, match="build a larger corpus"):
            draw(few, kind, 0, 0, SIZE)


def test_an_unknown_kind_lists_the_known(corpus):
    with pytest.raises(UnknownName, match="imagine"):
        draw(corpus, "opera", 0, 0)


def test_instructions_in_both_languages():
    words = {"en": "horse", "zh": "马"}, {"en": "lion", "zh": "雄狮"}
    edits = [Edit("look", look) for look in LOOKS] + [Edit("tint", tint, words[0]) for tint in TINTS]
    edits += [Edit("weather", w) for w in ("rain", "snow", "dusk")] + [Edit("subject", words[1], words[0])]
    edits += [Edit("background", {"en": "on a grassy field under a sunny sky", "zh": "在晴朗的天空下的草地上"})]
    for edit in edits:
        for seed in range(8):
            english, chinese = (instruction(edit, random.Random(seed), lang) for lang in ("en", "zh"))
            assert english and chinese and "{" not in english + chinese and "风格的画风格" not in chinese
    plain = Edit("background", {"en": "a yellow background", "zh": "黄色背景"})
    assert {instruction(plain, random.Random(i), "zh") for i in range(20)} == {
        form.format(bare="黄色") for form in CHINESE["background"]
    }
    assert {instruction(plain, random.Random(i), "en") for i in range(30)} == {
        form.format(bare="plain yellow", to="in front of a yellow background") for form in ENGLISH["background"]
    }
    swaps = {instruction(edits[-2], random.Random(i), "zh") for i in range(20)}
    assert swaps == {form.format(subject="马", to="一头雄狮") for form in CHINESE["subject"]}
    assert {instruction(edits[-2], random.Random(i), "en") for i in range(30)} == {
        form.format(subject="horse", to="a lion") for form in ENGLISH["subject"]
    }
    with pytest.raises(UnknownName, match="watercolour"):
        instruction(Edit("look", "cubism"), random.Random(0), "en")


def test_show_writes_a_page_its_clips_and_a_sheet(corpus, tmp_path):
    page = show(corpus, None, 0, tmp_path / "out", count=len(KINDS), size=SIZE)
    text = page.read_text("utf-8")
    assert page.name == "index.html" and (page.parent / "sheet.png").stat().st_size > 1000
    assert text.count("<figure>") == len(KINDS) and json.dumps("000.mp4").strip('"') in text
    assert len(list(page.parent.glob("*.mp4"))) >= 8
