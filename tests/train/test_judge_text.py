"""What people say in words of their own is heard as the action they mean; none of these sentences was taught."""

import random

import pytest
import tiny_corpus

from motionalchemy.data import english, sayings
from motionalchemy.data.corpus import Corpus
from motionalchemy.data.verbs import VERBS
from motionalchemy.models import nano
from motionalchemy.nets import text
from motionalchemy.train import judge_text

SAID = {  # classes of actions that look alike -> sentences, English and Chinese
    "walk": (
        "the old man takes a slow walk",
        "she is walking home",
        "the elephant plods along",
        "a knight marches forward",
        "make him walk",
        "老人慢慢地走路",
        "她在街上走着",
        "大象迈步向前",
        "士兵往前走去",
        "让他走起来",
    ),
    "run": (
        "the boy runs as fast as he can",
        "she breaks into a run",
        "the wolf is running through the snow",
        "he runs away in fear",
        "the dog races across the grass",
        "男孩拼命地跑",
        "她跑了起来",
        "狼在雪地里狂奔",
        "他吓得逃跑了",
        "小狗跑过草地",
    ),
    "gallop": (
        "the horse is at full gallop",
        "the stallion thunders across the plain",
        "a zebra galloping over the savanna",
        "骏马奔腾",
        "那匹马飞快地奔跑",
        "斑马在草原上奔腾",
    ),
    "stay": (
        "the soldier does not move",
        "she waits quietly",
        "he just stands there",
        "the horse is standing calmly",
        "士兵一动不动",
        "她静静地等着",
        "他就站在那里",
        "马安静地站着",
    ),
    "cheer": (
        "the crowd favourite throws his arms up in joy",
        "he celebrates his victory",
        "the woman lifts both hands and shouts hooray",
        "他高兴得举起双手",
        "她庆祝胜利",
        "战士振臂高呼",
    ),
    "fall": (
        "the archer drops dead",
        "he trips and falls over",
        "the horse tumbles down",
        "she faints",
        "the knight is struck down",
        "弓箭手倒地身亡",
        "他绊了一跤摔下去",
        "马一头栽倒",
        "她晕倒了",
        "骑士被击倒",
    ),
    "rear": (
        "the horse stands on its hind legs",
        "the stallion raises its front hooves",
        "a zebra lifts its forelegs off the ground",
        "the horse goes up on two legs",
        "马用后腿站立",
        "那匹马抬起前腿",
        "马儿立了起来",
        "斑马前蹄离地",
    ),
    "strike": (
        "the knight slashes with his blade",
        "he fights the enemy",
        "she fires an arrow",
        "the warrior lunges with a lance",
        "a boxer throws a jab",
        "he cuts down his foe with a sword",
        "骑士用剑劈砍",
        "他和敌人搏斗",
        "她放了一箭",
        "战士举枪突刺",
        "拳击手打出一拳",
        "他一剑砍向敌人",
    ),
    "work": (
        "the farmer digs in the garden",
        "a man fells a tree",
        "the smith pounds the iron",
        "she picks apples",
        "the peasant tills the soil",
        "农民在地里干活",
        "一个男人在伐木",
        "铁匠在打铁",
        "她在摘苹果",
        "农妇翻土",
    ),
    "dance": (
        "the girl dances to the music",
        "he is doing a dance",
        "she sways and dances",
        "a dancing soldier",
        "女孩随着音乐起舞",
        "他跳了一支舞",
        "她翩翩起舞",
    ),
    "pray": (
        "the priest prays to the gods",
        "she lifts her hands to heaven in prayer",
        "he is praying",
        "祭司向神祷告",
        "她双手举向天空祈求",
        "他在祷告",
    ),
    "get up": (
        "he gets back on his feet",
        "the fallen man stands up again",
        "she rises from the floor",
        "他重新站了起来",
        "倒下的人又爬起来了",
        "她从地板上起身",
    ),
    "flip": (
        "the acrobat somersaults",
        "he does a back somersault",
        "she rolls across the floor",
        "杂技演员翻了个跟斗",
        "他向后翻了个跟头",
        "她在地板上打滚",
    ),
    "jump": (
        "he jumps for joy",
        "the boy leaps high",
        "she bounces up",
        "他跳得很高",
        "男孩一跃而起",
        "她蹦了起来",
    ),
}
NOTHING = (  # that is known, or nothing at all
    "the camera slowly zooms in",
    "clouds drift across the sky",
    "a quiet harbour at dusk",
    "the woman smiles",
    "he reads a book",
    "waves roll onto the beach",
    "镜头慢慢推近",
    "云朵飘过天空",
    "黄昏时分宁静的港口",
    "女人微笑",
    "他在看书",
    "海浪拍打沙滩",
)


@pytest.fixture(scope="module")
def heard():
    """Which class of actions a sentence asks for, None for none."""
    judge, read = nano.read_judge(nano.WEIGHTS / "judge"), text.shared()

    def asked(said: str) -> str | None:
        tokens = read.encode([said], limit=64)
        if judge.wanted(tokens) is None:
            return None
        shares = judge.heard(tokens)
        action = max(shares, key=lambda action: shares[action])
        return next((name for name, actions in VERBS.items() if action in actions), action)

    return asked


def chinese(said: str) -> bool:
    return ord(said[0]) > 0x3000


@pytest.mark.parametrize("of", [chinese, lambda said: not chinese(said)], ids=["zh", "en"])
def test_nine_of_ten_are_heard_as_what_they_mean(heard, of):
    cases = [(verb, said) for verb, sentences in SAID.items() for said in sentences if of(said)]
    right = [heard(said) == verb for verb, said in cases]
    assert len(cases) > 50 and sum(right) >= 0.9 * len(cases)


@pytest.mark.parametrize("verb", sorted(SAID))
def test_no_action_is_left_out(heard, verb):
    assert sum(heard(said) == verb for said in SAID[verb]) >= 0.5 * len(SAID[verb])


def test_where_nobody_does_anything_no_action_is_heard(heard):
    assert sum(heard(said) is None for said in NOTHING) >= len(NOTHING) - 1


def test_none_of_these_was_taught():
    taught = {
        phrase.replace("*", "")
        for phrases in sayings.sayings().values()
        for each in phrases.values()
        for phrase in each
    }
    taught |= {said for each in sayings.scenes().values() for said in each}
    assert not taught & {said for sentences in (*SAID.values(), NOTHING) for said in sentences}


def test_every_action_of_the_judge_has_sayings_in_both_languages():
    keys = {key for keys in sayings.sayings() for key in keys}
    assert set(nano.read_judge(nano.WEIGHTS / "judge").config.deeds) <= keys
    assert all(len(phrases[language]) > 2 for phrases in sayings.sayings().values() for language in ("en", "zh"))


@pytest.mark.parametrize(
    ("phrase", "doing", "does"),
    [
        ("*trip and *fall", "tripping and falling", "trips and falls"),
        ("*lie down and *die", "lying down and dying", "lies down and dies"),
        ("*be shot and *fall", "being shot and falling", "is shot and falls"),
        ("*hoe the field", "hoeing the field", "hoes the field"),
        ("*carry a basket", "carrying a basket", "carries a basket"),
    ],
)
def test_phrases_are_inflected(phrase, doing, does):
    assert (english.participle(phrase), english.finite(phrase)) == (doing, does)


def test_a_phrase_becomes_many_sentences_of_those_who_may_do_it():
    said = {sayings.sentence("*raise its hands", "en", random.Random(seed)) for seed in range(60)}
    assert len(said) > 40 and any(one.startswith("make ") for one in said)
    assert all("*" not in one and "its" not in one.replace("its hands", "") for one in said)
    placed = sayings.sentence("跳舞", "zh", random.Random(0), "在海滩上")
    assert placed.startswith("在海滩上，") and "跳舞" in placed


def test_sentences_of_a_rare_action_are_taught_as_a_known_one_that_looks_alike_else_as_none(tmp_path):
    corpus = Corpus(tiny_corpus.make(tmp_path), "train")
    assert "gallop" in {corpus.facts(entry)["action"]["key"] for entry in corpus.entries["actors"]}
    for known, number in ((["ride_run"], 0), (["fall"], 1)):
        said = judge_text.sentences(corpus, known, random.Random(0))
        assert {action for words, action in said if "gallop" in words} == {number}
