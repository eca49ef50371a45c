"""What the words of an edit say of where it may act, in both languages; and how it is decided before anything loads."""

import random

import numpy as np
import pytest

from motionalchemy.data.instructions import Edit, instruction
from motionalchemy.data.words import GROUNDS, LOOKS, TINTS, WEATHERS
from motionalchemy.language import edits
from motionalchemy.media.clip import Clip
from motionalchemy.pipeline import job, settle
from motionalchemy.pipeline.request import parse
from motionalchemy.render import composite
from motionalchemy.scene import masks as scene_masks
from motionalchemy.scene import segmentation

SENTENCES = {  # none of them is worded as the corpus words its instructions
    "subject": (
        "make my dog look like a wolf",
        "I want the cat to be orange",
        "could you dye her dress red?",
        "give the man a top hat",
        "put sunglasses on the woman",
        "change the car's colour to yellow",
        "swap that horse with a camel, but leave the background as it is",
        "dress him as a pirate",
        "the elephant should be pink",
        "transform the knight into a robot",
        "remove the rider",
        "把狗变成狼，背景不要动",
        "给这个男人戴上一顶礼帽",
        "我想让那只猫变成橘色",
        "把她的裙子染成红色",
        "马换成骆驼",
        "将骑士变成机器人",
        "让大象变得粉红",
        "把車的顏色換成黃色",
    ),
    "background": (
        "put it on a beach under a sunset sky",
        "put the horse on a snowy field under dark storm clouds",
        "把它放到日落天空下的海滩上",
        "把主体放到暴风雨天空下的泥地上",
        "swap the backdrop for a busy street",
        "take him to the moon",
        "in the middle of a desert",
        "make the sky purple",
        "have the horse run through a forest",
        "I'd like a different background",
        "move the dancer onto a stage",
        "turn the ground into lava",
        "let her stand on a beach",
        "everything behind the dog should be blue",
        "keep the person, change the rest to a garden",
        "背景换个样子，要繁忙的街道",
        "把他带到月球上",
        "在沙漠中央",
        "让天空变成紫色",
        "让马在森林里奔跑",
        "把地面变成岩浆",
        "她身后应该是一面蓝墙",
        "保留人物，其余换成花园",
        "將場景換成海邊",
    ),
    "all": (
        "paint everything like Monet",
        "a rainy evening",
        "make the whole video look old",
        "change the season to winter",
        "let thick fog roll in",
        "make it look like it was filmed at night",
        "give the picture a warm tone",
        "turn the dog into a wolf and the background into a forest",
        "more dramatic",
        "the horse gallops to the right",
        "put it in the style of a comic book",
        "整个画面变成莫奈的画",
        "下雨的傍晚",
        "让视频看起来很旧",
        "季节改成冬天",
        "大雾弥漫",
        "把画面的色调变暖",
        "把狗变成狼，背景换成森林",
        "更有戏剧性",
        "马向右奔跑",
        "改成漫画风格",
    ),
}


@pytest.mark.parametrize(("region", "words"), [(region, words) for region, many in SENTENCES.items() for words in many])
def test_words_say_where(region, words):
    assert edits.region(words) == region


PLACES = {key: ({"en": f"{on} {en}", "zh": f"在{zh}{end}"}) for key, (en, on, zh, end) in GROUNDS.items()}
NAMES = (
    {"en": "horse", "zh": "马"},
    {"en": "Roman swordsman", "zh": "罗马剑士"},
    {"en": "stone column", "zh": "石柱"},
    {"en": "snow leopard", "zh": "雪豹"},
    {"en": "black and white cat", "zh": "黑白猫"},
)


def made(change, rng):
    """A change of a kind that the corpus makes."""
    name, other = rng.sample(NAMES, 2)
    places = [*PLACES.values(), {"en": "a light blue background", "zh": "浅蓝色背景"}]
    return {
        "look": lambda: Edit("look", rng.choice(list(LOOKS))),
        "weather": lambda: Edit("weather", rng.choice(list(WEATHERS))),
        "background": lambda: Edit("background", rng.choice(places)),
        "tint": lambda: Edit("tint", rng.choice(list(TINTS)), name),
        "subject": lambda: Edit("subject", other, name),
    }[change]()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("change", "region"),
    [
        ("look", "all"),
        ("weather", "all"),
        ("background", "background"),
        ("tint", "subject"),
        ("subject", "subject"),
    ],
)
def test_every_instruction_of_the_corpus_is_read_right(change, region, language):
    rng = random.Random(change)
    words = {instruction(made(change, rng), rng, language) for _ in range(200)}
    assert len(words) > 2 and {text: edits.region(text) for text in words} == dict.fromkeys(words, region)


def edited(**fields):
    clip = Clip(np.zeros((17, 64, 64, 3), np.uint8), 24)
    return job.prepare(parse({"task": "edit", **fields}), memory=settle.Memory(video=clip))


def test_the_region_is_decided_and_said_before_anything_loads():
    told = edited(prompt="make the horse blue")
    assert told.request.region == "subject" and told.notes == (
        "region: subject, from the words; --region all to change everything",
    )
    assert edited(prompt="把背景换成雪地").request.region == "background"
    assert edited(prompt="下起雨来").request.region == "all"
    chosen = edited(prompt="make the horse blue", region="background")  # what is given wins, and is not said
    assert chosen.request.region == "background" and not chosen.notes
    assert edited(prompt="make the horse blue", region="all").request.region == "all"


def test_a_new_background_reaches_up_to_the_subject(monkeypatch):
    found = np.zeros((1, 128, 128), np.float32)
    found[:, 32:96, 32:96] = 1
    monkeypatch.setattr(segmentation, "subject_masks", lambda frames: found)
    frame = np.zeros((128, 128, 3), np.uint8)

    def share(region):
        masks = scene_masks.of(region)
        assert masks is not None
        return composite.composed(frame + 200, frame, masks(0, 1, frame[None])[0])[..., 0] / 200

    behind, inside = share("background"), share("subject")
    assert (behind[found[0] == 0] > 0.99).all() and (behind[36:92, 36:92] == 0).all()  # no rim of the old one
    assert (inside[found[0] == 1] > 0.99).all() and inside[:28].max() == 0
