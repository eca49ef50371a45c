"""Which things of a picture a sentence speaks of: what they are called, where they are, how many, what colour and size."""

import re
from dataclasses import dataclass
from functools import cache

from motionalchemy.language.lexicon import HAN
from motionalchemy.language.subjects import BESIDE, IRREGULAR, clauses

_PEOPLE = (
    "person people human man woman boy girl child kid baby lady guy gentleman player dancer rider surfer skier singer"
    " soldier astronaut couple friend player worker farmer mother father he she they"
)
_PEOPLE_ZH = (
    "人|人物|行人|男人|女人|男子|女子|男孩|女孩|男生|女生|孩子|小孩|婴儿|宝宝|姑娘"
    "|老人|爷爷|奶奶|妈妈|爸爸|新娘|新郎|士兵|宇航员|舞者|歌手|骑手|冲浪者|他|她|他们|她们"
)
_WORDS = {  # by the name that a network gives things: English, Chinese
    "dog": ("dog puppy hound pup", "狗|小狗|犬|狗狗"), "cat": ("cat kitten kitty", "猫|小猫|猫咪"),
    "wolf": ("wolf", "狼"), "fox": ("fox", "狐狸"), "leopard": ("leopard cheetah jaguar", "豹|豹子|猎豹"),
    "lion": ("lion lioness", "狮子|雄狮|狮"), "tiger": ("tiger", "老虎|虎"), "lynx": ("lynx cougar puma", "猞猁"),
    "bear": ("bear", "熊|北极熊|棕熊"), "panda": ("panda", "熊猫|大熊猫"),
    "rabbit": ("rabbit bunny hare", "兔子|兔|小兔"), "squirrel": ("squirrel", "松鼠"),
    "mouse": ("mouse rat hamster", "老鼠|仓鼠"), "horse": ("horse pony foal mare stallion", "马|马儿|小马|骏马"),
    "zebra": ("zebra", "斑马"), "pig": ("pig boar piglet", "猪|小猪|野猪"),
    "hippopotamus": ("hippo hippopotamus", "河马"), "cow": ("cow bull ox bison buffalo calf", "牛|奶牛|公牛|野牛|水牛"),
    "sheep": ("sheep lamb ram", "羊|绵羊|小羊"), "goat": ("goat", "山羊"),
    "deer": ("deer stag antelope gazelle impala", "鹿|小鹿|羚羊"), "camel": ("camel", "骆驼"),
    "llama": ("llama alpaca", "羊驼"), "monkey": ("monkey ape gorilla chimpanzee", "猴子|猴|猩猩"),
    "lemur": ("lemur", "狐猴"), "elephant": ("elephant", "大象|象"), "whale": ("whale orca dolphin", "鲸|鲸鱼|海豚"),
    "seal": ("seal", "海豹|海狮"), "kangaroo": ("kangaroo", "袋鼠"), "koala": ("koala", "考拉"),
    "otter": ("otter beaver badger weasel", "水獭"), "chicken": ("chicken hen rooster cock chick", "鸡|母鸡|公鸡|小鸡"),
    "ostrich": ("ostrich", "鸵鸟"), "eagle": ("eagle hawk vulture falcon", "鹰|老鹰|雄鹰"), "owl": ("owl", "猫头鹰"),
    "parrot": ("parrot macaw", "鹦鹉"), "duck": ("duck duckling", "鸭子|鸭|小鸭"), "goose": ("goose", "鹅"),
    "swan": ("swan", "天鹅"), "peacock": ("peacock", "孔雀"), "penguin": ("penguin", "企鹅"),
    "flamingo": ("flamingo", "火烈鸟"),
    "bird": ("bird gull seagull pigeon sparrow crow", "鸟|小鸟|鸟儿|海鸥|鸽子|麻雀|乌鸦"),
    "fish": ("fish goldfish shark", "鱼|金鱼|鲨鱼"), "frog": ("frog toad", "青蛙"),
    "turtle": ("turtle tortoise", "乌龟|海龟"), "lizard": ("lizard gecko iguana", "蜥蜴|壁虎"),
    "crocodile": ("crocodile alligator", "鳄鱼"), "snake": ("snake", "蛇"), "spider": ("spider", "蜘蛛"),
    "insect": ("insect beetle ant ladybug dragonfly", "昆虫|甲虫|蚂蚁|蜻蜓"), "bee": ("bee", "蜜蜂"),
    "butterfly": ("butterfly", "蝴蝶"), "snail": ("snail", "蜗牛"), "crab": ("crab", "螃蟹"),
    "car": ("car taxi jeep limousine van", "汽车|轿车|出租车|小汽车|车|车子"), "bus": ("bus", "公交车|巴士|公共汽车"),
    "truck": ("truck lorry", "卡车|货车"), "train": ("train tram locomotive", "火车|列车|电车"),
    "bicycle": ("bicycle bike", "自行车|单车"), "motorcycle": ("motorcycle motorbike scooter", "摩托车"),
    "boat": ("boat ship sailboat yacht canoe ferry", "船|小船|帆船|轮船|小舟"),
    "plane": ("plane airplane aeroplane jet", "飞机"), "balloon": ("balloon", "气球|热气球"),
    "airship": ("airship", "飞艇"), "rocket": ("rocket", "火箭"), "tank": ("tank", "坦克"),
    "tractor": ("tractor", "拖拉机"), "carriage": ("carriage cart", "马车"), "cup": ("cup mug", "杯子|杯"),
    "bottle": ("bottle", "瓶子|酒瓶"), "clock": ("clock", "时钟|钟"), "lamp": ("lamp", "灯|台灯"),
    "candle": ("candle", "蜡烛"), "ball": ("ball football", "球|足球|篮球"), "umbrella": ("umbrella", "伞|雨伞"),
    "guitar": ("guitar", "吉他"), "drum": ("drum", "鼓"), "chair": ("chair sofa", "椅子|沙发"),
    "flower": ("flower rose daisy", "花|花朵"), "mushroom": ("mushroom", "蘑菇"),
    "house": ("house church castle palace temple building pagoda tower", "房子|教堂|城堡|宫殿|寺庙|建筑|塔|楼"),
    "bridge": ("bridge", "桥"), "lighthouse": ("lighthouse", "灯塔"), "flag": ("flag", "旗|旗帜"),
    "fountain": ("fountain", "喷泉"), "animal": ("animal beast creature", "动物"), "vehicle": ("vehicle", "车辆"),
    "tree": ("tree", "树木|大树|树(?!叶)"),
}  # fmt: skip
VEHICLES = frozenset(
    [
        "car",
        "bus",
        "truck",
        "train",
        "bicycle",
        "motorcycle",
        "boat",
        "plane",
        "balloon",
        "airship",
        "rocket",
        "tank",
        "tractor",
        "carriage",
        "vehicle",
    ]
)
THINGS = frozenset(
    [
        "cup",
        "bottle",
        "clock",
        "lamp",
        "candle",
        "ball",
        "umbrella",
        "guitar",
        "drum",
        "chair",
        "flower",
        "mushroom",
        "house",
        "bridge",
        "lighthouse",
        "flag",
        "fountain",
        "tree",
    ]
)
_SIDES = {
    "left": ("left", "左"), "right": ("right", "右"), "middle": ("middle|cent(?:re|er)", "中|中间|正中"),
    "front": ("front|foreground", "前|最前|前景"), "back": ("back|background|rear|distance", "后|最后|远|远处|背景"),
}  # fmt: skip
_COLOURS = {
    "red": "红", "orange": "橙|橘", "yellow": "黄", "green": "绿", "blue": "蓝", "purple": "紫", "pink": "粉",
    "brown": "棕|褐", "black": "黑", "white": "白", "grey": "灰", "golden": "金",
}  # fmt: skip
_SIZES = {"large": ("big|bigger|biggest|large|larger|largest|tall|taller", "大|最大|高"),
          "small": ("small|smaller|smallest|little|tiny|short|shorter", "小|最小|矮")}  # fmt: skip
_COUNTS = {"two": 2, "both": 2, "three": 3, "four": 4, "five": 5, "all": 99}
_COUNTS_ZH = {"两": 2, "俩": 2, "三": 3, "四": 4, "五": 5}
MANY = 99  # all there are
PRONOUNS = frozenset(
    ("he", "she", "they", "他", "她", "他们", "她们")
)  # they speak of what was named before, if anything was


@dataclass(frozen=True)
class Reference:
    """What a sentence calls things of a picture: its `words`, their `name` and `kind` (person, animal, vehicle, thing), on
    which `side` (left, right, middle, front, back), how many (`count`, 1 or more, MANY for all), of which `colour` and
    `size`; None of what is not said."""

    words: str
    name: str
    kind: str
    count: int = 1
    side: str | None = None
    colour: str | None = None
    size: str | None = None

    @property
    def choosy(self) -> bool:
        """Whether it says which of several alike is meant."""
        return self.side is not None or self.colour is not None or self.size is not None


def references(words: str) -> tuple[Reference, ...]:
    """The things that a sentence speaks of: in each clause the first, and those that are joined to it by `and`; the first
    clause that names any counts, with later ones that name others."""
    found = list[Reference]()
    for clause in clauses(words):
        here = _chinese(clause) if HAN.search(clause) else _english(clause)
        here = [each for each in here if not found or each.words not in PRONOUNS]
        found += [each for each in here if all(each.name != other.name or each.side != other.side for other in found)]
    return tuple(found)


def kind_of(name: str) -> str:
    """Which kind of thing has a name: person, animal, vehicle or thing."""
    return "person" if name == "person" else "vehicle" if name in VEHICLES else "thing" if name in THINGS else "animal"


def _plurals(word: str) -> tuple[str, ...]:
    """The plurals of an English noun."""
    odd = tuple(many for many, one in IRREGULAR.items() if one == word)
    if odd:
        return odd
    if re.search("[^aeiou]y$", word):
        return (word[:-1] + "ies",)
    if word.endswith(("f", "fe")):
        return (word.rstrip("e")[:-1] + "ves", word + "s")
    return (word + "es",) if re.search("(?:s|x|z|ch|sh)$", word) else (word + "s",)


@cache
def _forms() -> dict[str, tuple[str, bool]]:
    """The name of each English word, and whether it says many."""
    forms = dict[str, tuple[str, bool]]()
    for name, words in [("person", _PEOPLE), *((name, words) for name, (words, _) in _WORDS.items())]:
        for word in words.split():
            forms |= {many: (name, True) for many in _plurals(word) if many not in ("hes", "shes", "theys")}
        forms |= {word: (name, word in ("people", "couple", "they")) for word in words.split()}
    return forms


@cache
def _noun() -> re.Pattern[str]:
    """An English name with what may stand before and behind it."""
    nouns = "|".join(sorted(_forms(), key=len, reverse=True))
    sides = "|".join(f"(?P<{name}>{english})" for name, (english, _) in _SIDES.items())
    return re.compile(
        rf"\b(?P<noun>{nouns})\b(?!-)"
        rf"(?P<behind> (?:that is |who is |standing |sitting )?(?:on|in|at) (?:the )?(?:far |very )?(?:{sides})\b(?! of ))?"
    )


def _english(clause: str) -> list[Reference]:
    found, end = list[Reference](), 0
    for hit in _noun().finditer(clause):
        before = re.findall(r"[a-z-]+", clause[end : hit.start()])
        if found and (before[:1] != ["and"] or any(word in BESIDE for word in before[1:]) or len(before) > 4):
            break
        cut = max((n + 1 for n, word in enumerate(before) if word in BESIDE and word != "and"), default=0)
        near = before[cut:]
        if cut > 1 or (cut == 1 and len(near) < 3):
            continue  # it stands beside what is spoken of
        owner = clause.startswith("'s ", hit.end("noun"))
        if (
            owner
            and (later := _noun().search(clause, hit.end()))
            and len(clause[hit.end() : later.start()].split()) < 3
        ):
            continue  # what it has is spoken of
        found.append(_said(hit, near[-4:]))
        end = hit.end()
    return found


def _said(hit: re.Match[str], near: list[str]) -> Reference:
    """An English reference by its noun and the words right before it."""
    name, many = _forms()[hit["noun"]]
    side = next((each for each in _SIDES if hit[each]), None)
    for each, (english, _) in _SIDES.items():
        if any(re.fullmatch(f"(?:{english})(?:-hand|most)?", word) for word in near):
            side = each
    colour = next((each for each in _COLOURS if each in near or (each == "grey" and "gray" in near)), None)
    size = next((each for each, (english, _) in _SIZES.items() if any(re.fullmatch(english, w) for w in near)), None)
    count = next((_COUNTS[word] for word in near if word in _COUNTS), MANY if many else 1)
    told = [
        word
        for word in near
        if word in _COUNTS
        or word in _COLOURS
        or any(re.match(f"(?:{e})", word) for e, _ in (*_SIDES.values(), *_SIZES.values()))
    ]
    words = " ".join([*told, hit["noun"] + (hit["behind"] or "")])
    return Reference(words, name, kind_of(name), count, side, colour, size)


@cache
def _noun_zh() -> re.Pattern[str]:
    """A Chinese name with what may stand before it."""
    words = "|".join(sorted([*_chinese_names()], key=len, reverse=True))
    sides = "|".join(f"(?P<{name}>{chinese})" for name, (_, chinese) in _SIDES.items())
    colours = "|".join(_COLOURS.values())
    sizes = "|".join(chinese for _, chinese in _SIZES.values())
    measure = "[只匹头条个位名辆艘架棵朵座株间台把件块颗本张片团尾口群]"
    return re.compile(
        rf"(?:(?P<where>(?<![向往朝到])最?(?:{sides})[边面侧方]?[的那]?))?(?P<count>[一两俩三四五这那几]|所有|全部)?的?{measure}?"
        rf"(?P<size>(?:{sizes})(?=的|狗|猫|马|鸟|鱼|船|车|树))?的?(?P<colour>(?:{colours})色?)?的?(?P<noun>{words})(?P<both>们?都|们)?"
    )


@cache
def _chinese_names() -> dict[str, str]:
    """What each Chinese word names."""
    names = {word: name for name, (_, words) in _WORDS.items() for word in words.split("|")}
    return names | dict.fromkeys(_PEOPLE_ZH.split("|"), "person")


def _chinese(clause: str) -> list[Reference]:
    found, end = list[Reference](), 0
    for hit in _noun_zh().finditer(clause):
        noun = hit["noun"]
        if found and not re.fullmatch(r"[和与跟、]", clause[end : hit.start()].strip() or "x"):
            break
        owner = clause.startswith("的", hit.end("noun"))
        if owner and (later := _noun_zh().search(clause, hit.end())) and later.start() - hit.end() < 2:
            end = hit.end()
            continue  # what it has is spoken of
        name = _chinese_names()[noun]
        side = next((each for each in _SIDES if hit[each]), None) if hit["where"] else None
        colour = next((each for each, zh in _COLOURS.items() if hit["colour"] and re.match(zh, hit["colour"])), None)
        size = next((each for each, (_, zh) in _SIZES.items() if hit["size"] and re.fullmatch(zh, hit["size"])), None)
        said = hit["count"] or ""
        one = said in ("一", "这", "那") or side or noun in ("他", "她")
        count = _COUNTS_ZH.get(said, 1 if one and not hit["both"] else MANY)  # a bare noun may be many
        found.append(Reference(hit.group().strip(), name, kind_of(name), count, side, colour, size))
        end = hit.end()
    return found
