"""What a sentence asks of animals: English and Chinese."""

# ruff: noqa: E501

import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.language.body_words import FAST, LARGE, NOT_HERS, SLOW, SMALL, THING_ZH, WAYS, Way
from motionalchemy.language.spans import Span

Deed = Literal[
    "blink", "look", "shake", "tilt", "nod", "toss", "lift", "lower", "peck", "tail", "pant", "speak", "ears", "flap",
    "walk", "run", "swim", "hop", "turn", "sway",
]  # fmt: skip

ANIMALS = (
    r"(?:dogs?|pupp(?:y|ies)|hounds?|shepherd dogs?|cats?|kittens?|kitt(?:y|ies)|horses?|pon(?:y|ies)|foals?|donkeys?|zebras?|cows?|calf|calves"
    r"|bulls?|oxen|ox|buffalo(?:es)?|bisons?|yaks?|sheep|lambs?|goats?|pigs?|piglets?|boars?|hens?|chickens?|chicks?|roosters?|cocks?"
    r"|ducks?|ducklings?|goose|geese|swans?|turkeys?|peacocks?|birds?|parrots?|macaws?|budgies?|budgerigars?|owls?|eagles?|hawks?|ospreys?"
    r"|pigeons?|doves?|crows?|ravens?|seagulls?|gulls?|flamingos?|penguins?|sparrows?|wrens?|nuthatch(?:es)?|herons?|cranes?|storks?|ostrich(?:es)?"
    r"|fish(?:es)?|goldfish|sharks?|whales?|dolphins?|narwhals?|seals?|otters?|lions?|lioness(?:es)?|tigers?|leopards?|jaguars?|cheetahs?"
    r"|panthers?|lynx(?:es)?|bears?|pandas?|koalas?|kangaroos?|monkeys?|apes?|gorillas?|chimps?|chimpanzees?|orangutans?|lemurs?"
    r"|elephants?|rhinos?|rhinoceros(?:es)?|hippos?|hippopotamus(?:es)?|giraffes?|camels?|llamas?|alpacas?|deer|fawns?|stags?|elks?|moose|reindeer"
    r"|antelopes?|gazelles?|wolf|wolves|fox(?:es)?|coyotes?|hyenas?|raccoons?|badgers?|squirrels?|rabbits?|bunn(?:y|ies)|hares?|hamsters?"
    r"|mouse|mice|rats?|hedgehogs?|geckos?|lizards?|iguanas?|chameleons?|dragons?|crocodiles?|alligators?|snakes?|turtles?|tortoises?"
    r"|frogs?|toads?|snails?|bees?|butterfl(?:y|ies)|dragonfl(?:y|ies)|beetles?|spiders?|crabs?|animals?|beasts?|pets?|dinosaurs?)"
)  # fmt: skip
ANIMALS_ZH = (
    r"(?:猫咪|狗狗|小狗|马儿|鸟儿|鱼儿|骏马|斑马|野牛|奶牛|绵羊|山羊|羔羊|母鸡|公鸡|小鸡|鸭子|天鹅|孔雀|鹦鹉|猫头鹰|老鹰|海鸥|鸽子|企鹅|麻雀|金鱼|鲨鱼|鲸鱼|海豚"
    r"|狮子|老虎|豹子|北极熊|熊猫|考拉|袋鼠|猴子|猩猩|狐猴|大象|犀牛|河马|长颈鹿|骆驼|羊驼|驯鹿|羚羊|狐狸|松鼠|兔子|老鼠|刺猬|壁虎|蜥蜴|变色龙|鳄鱼|乌龟|青蛙"
    r"|蜗牛|蜜蜂|蝴蝶|蜻蜓|恐龙|动物|宠物|小?[狗犬猫马驴牛羊猪鸡鸭鹅鸟鹰鹿熊虎狮豹狼狐兔鼠猴猿象蛇龟蛙鱼鲸鲨鸽雀燕鹤蜂蝶](?![年上路达虎皮笼力灯奶]))"
)
PEOPLE = re.compile(
    r"\b(?:he|she|man|men|woman|women|boys?|girls?|child(?:ren)?|kids?|people|person|lady|guy|everyone|everybody|dancers?|rider|owner|i|we|you)\b"
    r"|[他她我你]|男人|女人|男孩|女孩|孩子|人们|大家|行人|主人",
    re.IGNORECASE,
)
_THING = re.compile(
    r"^\s*(?:statue|sculpture|cage|house|toy|costume|mask|carriage|cart|tank|bowl|shaped|skin|trail|food)\b|^(?:雕像|笼|玩具|面具)",
    re.I,
)
_OWN = r"(?:(?:its|their|his|her|the)\s+)"
_HEAD = rf"{_OWN}?(?:heads?|faces?)"
PATTERNS: tuple[tuple[Deed, str, str], ...] = (
    ("blink", r"blink(?:s|ing)?(?:\s+(?:its|their)\s+eyes?)?|(?:clos|shut)\w*\s+(?:its|their)\s+eyes|wink(?:s|ing)?", r"眨[了着巴动一]*眨?眼睛?|闭[上起]?[了着]?眼睛?"),
    ("tilt", rf"(?:tilt|cock|inclin)\w*\s+{_HEAD}", r"歪[了着]*歪?(?:头|脑袋)|侧[了着]?头|(?:把|将)头[^，。；]{0,3}歪"),
    ("shake", rf"(?:shak|wiggl|toss)\w*\s+{_OWN}?(?:manes?|bod(?:y|ies)|fur)(?:\s+dry)?|shak\w*\s+{_HEAD}|shakes?\s+(?:itself|themselves)(?:\s+(?:off|dry))?", r"甩[动了着]*(?:鬃毛|头|脑袋|身体)|摇[了着]*摇?(?:头|脑袋)|晃[了着动]*(?:头|脑袋)|抖[动了着]*(?:身体|毛|鬃毛)"),
    ("toss", rf"(?:toss|throw|bob)\w*\s+(?:up\s+)?{_HEAD}(?:\s+(?:up|back))?", r"昂[起了着]*头|扬[起了着]*头"),
    ("nod", rf"nod(?:s|ding)?(?:\s+{_HEAD})?", r"点[了着]*点?头"),
    ("lift", rf"(?:lift|rais)\w*\s+(?:up\s+)?{_HEAD}(?:\s+up)?|looks?\s+up(?:wards?)?", r"抬[起了着]*头(?:来)?|仰[起了着]*头|[向往朝]上看"),
    ("lower", rf"(?:lower|drop|bow|bend)\w*\s+(?:down\s+)?{_HEAD}(?:\s+(?:down|to the (?:grass|ground|water)))*|graz(?:es?|ing)(?:\s+(?:on\s+)?(?:the\s+)?(?:grass|leaves))?|(?:eat|chew|munch|drink|sniff|nibbl|brows)\w*(?:\s+(?:at\s+|on\s+|from\s+)?(?:the\s+|some\s+)?(?:grass|hay|leaves|food|water|ground|bamboo|seeds?|fruits?))?|looks?\s+down",
     r"低[下了着]*头(?:来|去)?(?:吃草|喝水|觅食)?|吃[着了]?(?:草|东西|食物?|竹子|树叶)|喝[着了]?水|觅食|嚼[着了]?草?|[向往朝]下看"),
    ("peck", r"peck(?:s|ing)?(?:\s+(?:at\s+)?(?:the\s+)?(?:ground|seeds?|grain|food|corn|grass))?|scratch\w*\s+(?:the|in the)\s+(?:ground|dirt)", r"啄[着了]?(?:食|米|地|虫子?|东西|谷粒)?"),
    ("tail", rf"(?:wag|swish|flick|wav|swing|mov)\w*\s+{_OWN}?tails?(?:\s+(?:from side to side|happily|back and forth))*", r"(?:摇[着了晃动]*|摆[着了动]*|甩[着了动]*)尾巴?|尾巴[^，。；]{0,4}(?:摇|摆|甩)[动着来去晃]*"),
    ("pant", r"pant(?:s|ing)?(?:\s+(?:heavily|with (?:its|their) tongues? out))*|breath\w*\s+heavily|(?:stick|loll)\w*\s+out\s+(?:its|their)\s+tongues?|licks?\s+(?:its|their)\s+(?:lips|nose)", r"喘[着了]?(?:粗?气|息)|吐[着了]?舌头|伸[着出了]*舌头|舔[着了]?(?:嘴唇?|鼻子)"),
    ("speak", r"(?:bark|meow|mew|moo|neigh|whinn(?:ies|y)|roar|growl|howl|bleat|quack|cluck|crow|chirp|tweet|squawk|hiss|yawn|croak|hoot)(?:s|ing|ed)?(?:\s+(?:loudly|softly|at (?:us|the camera|the moon)))*|open\w*\s+(?:its|their)\s+(?:mouths?|beaks?)|(?:talk|speak|sing)(?:s|ing)?",
     r"[汪喵哞咩嘎]{1,3}[地]?叫|叫[了着起声]+(?:来|声)?|吠叫?|咆哮|嘶鸣|吼[叫]?[了着]?|打[了个]*(?:哈欠|鸣)|鸣叫|张[开大了]*嘴巴?|唱[着]?歌|说[着]?话"),
    ("ears", rf"(?:twitch|flick|wiggl|mov|perk|prick|flap)\w*\s+(?:up\s+)?{_OWN}?ears?(?:\s+up)?", r"(?:动[了着]*动?|竖[起了着]*|抖[了着动]*|扇[了着动]*)耳朵?|耳朵[^，。；]{0,4}(?:动|抖|竖)[了着]*"),
    ("flap", rf"(?:flap|beat|spread|flutter|open|mov)\w*\s+{_OWN}?wings?", r"(?:扇[动了着]*|拍[打动了着]*|扑[扇打了着]*|展[开了着]*|挥[动了着]*|张[开了着]*)翅膀?"),
    ("look", rf"(?:turn|rotat|swivel|mov)\w*\s+{_HEAD}|(?:look|glanc|gaz|star)(?:s|es|ing)?\s+(?:around|about|back|at|to|towards?|into|left|right|over)",
     r"(?:[向往朝][左右][边侧]?)?(?:把|将)?头?(?:转[过动了着]*头|扭[过动了着]*头|回[过]?头)(?:来|去)?(?:看[着向了]*(?:镜头|我们|观众)?)?|(?:四处|四下|到处)?张望|东张西望|左顾右盼|环顾(?:四周)?|四处看|看[着向了]+(?:镜头|我们|观众|四周)|(?:把|将)头转[向过]?[^，。；]{0,4}"),
    ("swim", r"swim(?:s|ming)?", r"游[动来去过了着]*(?:泳)?"),
    ("hop", r"(?:hop|jump|leap|bounc)(?:s|es|e|ping|ing|ped|ed)?(?:\s+(?:up(?: and down)?|around|happily|(?:in|for) (?:the air|joy)))*", r"蹦[蹦跳了着]*|跳[起了着跃来动]*(?!舞)"),
    ("run", r"(?:run|gallop|trot|sprint|canter|chas|charg)(?:s|es|e|ning|ing)?", r"(?:奔|小|快)?跑[动了着来去过起]*|奔驰|飞奔|狂奔|疾驰"),
    ("walk", r"(?:walk|crawl|creep|wander|stroll|step|strid|pad|waddl|march|slither|prowl|amble|com(?=\w* (?:to|closer)))(?:s|es|e|ing|ed)?(?:\s+(?:in place|on the spot|past|by|around))?", r"(?<![飞游逃])[走爬][动了着来去过行向]*|行走|爬行|漫步|踱步|散步|迈[着]?步"),
    ("turn", r"turn(?:s|ing)?\s+(?:a?round|away|towards? (?:us|the camera|the viewer))", r"转[过了]*身(?:来|去|体)?"),
    ("sway", r"(?:sway|danc|rock|wobbl|wiggl)(?:s|es|e|ing)?(?:\s+(?:(?:to|with) the (?:music|beat)|from side to side))*", r"摇摆|摇晃|跳[着起了]*舞|扭动(?:身体)?"),
)  # fmt: skip
ONLY: frozenset[Deed] = frozenset(("tail", "flap", "peck", "ears"))
"""What nobody does but animals."""
_GAP = r"(?:\s*(?:\b(?:is|are|starts?|begins?|to|and|then|slowly|gently|softly|quickly|happily|suddenly|both|also|\w+ly)\b|[,]))*\s*$"
_GAP_ZH = r"[一二两三四几只头匹条群都在正慢缓轻快地着了又并而且和 ]{0,6}$"
_AND = re.compile(r"\b(?:and|while|as|then|but)\b")
_MANY = re.compile(
    r"\b(?:they|both|all|two|three|four|several|some|many|group|herd|flock|pack|their|themselves)\b|[两二三四几群]|们|都",
    re.I,
)
_PLURAL = re.compile(r"(?:s|mice|geese|wolves|oxen|calves)$", re.I)
_SINGULAR = re.compile(r"^(?:a|an|one|this|that)\b", re.I)
_FISH = re.compile(r"fish|shark|whale|dolphin|narwhal|鱼|鲸|鲨|豚", re.I)


@dataclass(frozen=True)
class AskedBeast:
    """What is asked of animals: the `deed`; to which `side` of the picture it looks, or towards the camera; the `way` it
    goes; its `pace` and `strength`, 1 as usual; whether `several` do it; its `words` and the `span` of them."""

    deed: Deed
    side: Literal["", "left", "right", "camera", "around"]
    way: Way
    pace: float
    strength: float
    several: bool
    words: str
    span: Span


def read(words: str) -> tuple[AskedBeast, ...]:
    """What a sentence asks of animals, each deed once, in the order of its words; nothing where it names none."""
    names = [match.span() for match in re.finditer(rf"\b{ANIMALS}\b|{ANIMALS_ZH}", words, re.I)]
    names = [name for name in names if not _THING.search(words[name[1] :])]
    found, taken = list[AskedBeast](), list[Span]()
    for deed, english, chinese in PATTERNS:
        for match in re.finditer(rf"\b(?:{english})\b|(?:{chinese})", words, re.I):
            begin, end = match.span()
            if any(begin < b and a < end for a, b in taken):
                continue
            asked = _asked(words, deed, begin, end, names)
            if asked is not None:
                taken.append((begin, end))
                found.append(asked)
    return tuple(sorted(found, key=lambda each: each.span))


def _asked(words: str, deed: Deed, begin: int, end: int, names: list[Span]) -> AskedBeast | None:
    """A deed with what is said of it; None where it is one of people or things."""
    before = [name for name in names if name[1] <= begin]
    if not before and deed not in ONLY:
        return None
    if before and PEOPLE.search(words[before[-1][1] : begin]):
        return None
    name = words[slice(*before[-1])] if before else ""
    if deed == "swim" and not _FISH.search(name):
        return None
    between = words[before[-1][1] : begin] if before else ""
    latin = re.match(r"[A-Za-z]", words[begin]) is not None
    if (NOT_HERS if latin else THING_ZH).search(words[:begin]):
        return None
    stops = [at for mark in ",.;，。；、" if (at := words.find(mark, end)) >= 0]
    stop = min(stops, default=len(words))
    tail = _AND.split(words[end:stop], maxsplit=1)[0] if latin else ""
    left = max((words.rfind(mark, 0, begin) + 1 for mark in ",.;，。；"), default=0)
    said = words[begin : end + len(tail)] if latin else words[left:stop]
    ways: list[Way] = [way for way, pattern in WAYS if pattern.search(said)]
    around = re.search(r"\baround\b|\babout\b|张望|四周|四处|左顾右盼", said, re.I)
    camera = re.search(r"camera|viewer|\bus\b|\bat me\b|镜头|我们|观众", said, re.I)
    side = "around" if around else "camera" if camera else ways[0] if ways and ways[0] in ("left", "right") else ""
    pace = 1.35 if FAST.search(said) else 0.75 if SLOW.search(said) else 1.0
    strength = 1.3 if LARGE.search(said) else 0.7 if SMALL.search(said) else 1.0
    start = left if not latin else begin
    if before and re.fullmatch(_GAP if latin else _GAP_ZH, between, re.I):
        start = _noun(words, before[-1][0])
    several = bool(before) and (
        _MANY.search(words[: before[-1][1]]) is not None
        or (_PLURAL.search(name) is not None and not _SINGULAR.search(words[_noun(words, before[-1][0]) :]))
    )
    return AskedBeast(
        deed, side, ways[0] if ways else "", pace, strength, several, words[start : end + len(tail)].strip(), (start, end + len(tail))
    )  # fmt: skip


def _noun(words: str, begin: int) -> int:
    """Where the part of a sentence that names an animal begins."""
    found = re.search(
        r"(?:\b(?:the|a|an|this|that|two|three|four|both|some|several|all)\b\s+)?(?:\b(?!and\b|while\b|as\b|then\b)[a-z-]+\s+){0,2}$"
        r"|[一二两三四几这那个只头匹条群小大野老白黑灰红黄花]{0,5}$",
        words[:begin],
        re.I,
    )
    return found.start() if found else begin
