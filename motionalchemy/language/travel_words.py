"""What a sentence lets go, rise, fall, spin or swing as one stiff thing: English and Chinese."""

import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.language import headings
from motionalchemy.language.element_words import SOFT, clause
from motionalchemy.language.headings import Heading
from motionalchemy.language.spans import Span

Deed = Literal["goes", "floats", "flies", "rises", "falls", "spins", "swings", "rolls", "bounces"]


def _names(words: str) -> str:
    """Names, each in the singular or with its plural, as one part of a pattern."""
    return "(?:" + "|".join(f"{name}(?:e?s)?" for name in words.split()) + ")"


_CARS = (
    "car bus truck lorry lorries train tram taxi van motorbike motorcycle scooter bike bicycle carriage wagon tractor"
    " vehicle jeep suv cab tank sled sledge sleigh locomotive cart sedan coupe convertible limousine ambulance pickup"
)
_SHIPS = "boat ship yacht ferry ferries canoe raft sailboat kayak gondola submarine steamer barge dinghy"
_SWIMMERS = "duck duckling swan goose geese fish goldfish whale dolphin turtle shark jellyfish penguin"
_CRAFT = (
    "plane airplane aeroplane jet helicopter ufo kite rocket spaceship shuttle airship blimp balloon spacecraft glider"
    " planet comet asteroid satellite"
)
_WINGED = (
    "bird eagle gull seagull butterfly butterflies bee dragon superman owl hawk crow swallow dragonfly dragonflies bat"
)
_ROUND = "ball wheel tire tyre marble stone rock boulder barrel coin basketball football pumpkin apple orange globe log"
_TURNING = (  # what turns as a whole; the sails of a mill and the hands of a clock are a part of it
    "logo sign emblem badge icon wheel ball basketball football coin disc disk cd dvd record vinyl top planet globe earth"
    " gear cog propeller pinwheel snowflake star ring cube"
)
_HUNG = "lamp lantern sign pendulum chandelier bell ornament toy basket medal hammock"
_THING, _BOAT, _FLYER = _names(_CARS), _names(f"{_SHIPS} {_SWIMMERS}"), _names(f"{_CRAFT} {_WINGED}")
_RISER = _names(
    "rocket balloon shuttle lantern spaceship plane airplane helicopter bubble elevator lift ufo kite airship"
)
_SPINNER, _FLAT = (
    _names(_TURNING),
    _names(
        "wheel gear cog propeller pinwheel record vinyl disc disk cd dvd ball basketball football planet globe earth"
    ),
)
_ZH_GAP = r"[^，。；,.;]{0,8}?"
_ZH_CAR = "(?:汽车|小车|轿车|公交车|巴士|卡车|货车|火车|列车|高铁|电车|摩托车|自行车|单车|马车|坦克|雪橇|车子?|车辆)"
_ZH_BOAT = "(?:船只?|小船|帆船|轮船|游艇|小舟|渡轮|独木舟|鸭子?|天鹅|鹅|鱼儿?|金鱼|鲸鱼?|海豚|乌龟|企鹅)"
_ZH_CRAFT = "(?:飞机|直升机|风筝|火箭|飞船|飞碟|热?气球|孔明灯|飞艇|泡泡|客机)"
_ZH_WINGED = "(?:鸟儿?|小鸟|老鹰|海鸥|蝴蝶|蜜蜂|蜻蜓|燕子|大雁|龙)"
_ZH_ROUND = "(?:皮球|足球|篮球|球|轮胎|石头|硬币|木桶|苹果|弹珠)"

PATTERNS: tuple[tuple[Deed, re.Pattern[str]], ...] = (
    (
        "rises",
        re.compile(
            rf"\b{_RISER}\b[^,.;]*?\b(?:ris\w*|lifts? off|takes? off|taking off|lifting off|launch\w*"
            r"|blasts? off|blasting off|ascend\w*|climbs?|soars? up"
            r"|floats? (?:up|upwards?|into the (?:sky|air))|flies up|goes up)\b[^,.;]*"
            rf"|(?:火箭|热?气球|飞船|飞机|直升机|孔明灯|灯笼|泡泡|电梯){_ZH_GAP}(?:升空|升起|上升|起飞|发射|飞升|飘起|腾空|直冲云霄|点火|升)[^，。；]{{0,4}}",
            re.IGNORECASE,
        ),
    ),
    (
        "spins",
        re.compile(
            rf"\b{_SPINNER}\b[^,.;]*?\b(?:(?:spin\w*|rotat\w+|revolv\w+|whirl\w*|twirl\w*)\b"
            r"|turn(?:s|ing)?\b(?! (?:to|into|on|off)\b))[^,.;]*"
            rf"|(?:轮子?|车轮|陀螺|标志|图标|徽章|硬币|唱片|光盘|球|齿轮|雪花|螺旋桨|logo){_ZH_GAP}(?:旋转|自转|打转|转)[^，。；]{{0,4}}",
            re.IGNORECASE,
        ),
    ),
    (
        "rolls",
        re.compile(
            rf"\b{_names(_ROUND)}\b[^,.;]*?\broll(?:s|ing|ed)?\b[^,.;]*|{_ZH_ROUND}{_ZH_GAP}滚[^，。；]{{0,6}}",
            re.IGNORECASE,
        ),
    ),
    (
        "bounces",
        re.compile(
            rf"\b(?:{_names(_ROUND)}|{_names('toy logo balloon icon')})\b[^,.;]*?\b(?:bounc|hop|jump)\w*[^,.;]*"
            rf"|(?:{_ZH_ROUND}|标志|图标|玩具){_ZH_GAP}(?:弹|跳|蹦)[^，。；]{{0,6}}",
            re.IGNORECASE,
        ),
    ),
    (
        "swings",
        re.compile(
            r"\b(?:swings?|swinging|rocks? (?:back and forth|gently|from side)|dangles?)\b"
            r"(?! (?:her|his|their|its|open|shut) )[^,.;]*"
            rf"|\b{_names(_HUNG)}\b[^,.;]*?\bsway(?:s|ing)?\b[^,.;]*"
            r"|(?:来回|左右)摇?摆动?[^，。；]*|摇晃[^，。；]*|荡来荡去",
            re.IGNORECASE,
        ),
    ),
    (
        "falls",
        re.compile(
            r"\b(?:falls? (?:down|off|from)|drops? (?:down|to|from|off)|plummets?|descends?|descending|sinks?|sinking"
            r"|lands (?:on|in|at|softly|gently))\b[^,.;]*"
            r"|(?:坠落|掉落|掉下|落下|下沉|降落|下降)[^，。；]*",
            re.IGNORECASE,
        ),
    ),
    (
        "flies",
        re.compile(
            rf"\b{_FLYER}\b[^,.;]*?\b(?:fl(?:y|ies|ying)|glid\w+|soar\w*|swoop\w*|hover\w*|takes? off|float\w*|drift\w*"
            r"|pass\w*|cross\w*|goes|mov\w+|comes?|approach\w*|leav\w+)\b[^,.;]*"
            rf"|(?:{_ZH_CRAFT}|{_ZH_WINGED}){_ZH_GAP}(?:飞|滑翔|翱翔|盘旋|飘|掠过)[^，。；]{{0,6}}",
            re.IGNORECASE,
        ),
    ),
    (
        "floats",
        re.compile(
            rf"\b{_BOAT}\b[^,.;]*?\b(?:sail\w*|float\w*|swim\w*|drift\w*|row\w*|glid\w+|cross\w*|mov\w+|goes|paddl\w+|pass\w*|rac\w+|speed\w*|comes?|approach\w*|leav\w+)\b[^,.;]*"
            rf"|{_ZH_BOAT}{_ZH_GAP}(?:航行|驶|漂|游|划|前行|前进|移动|远去|经过)[^，。；]{{0,6}}",
            re.IGNORECASE,
        ),
    ),
    (
        "goes",
        re.compile(
            rf"\b{_THING}\b[^,.;]*?\b(?:driv\w+|drove|go(?:es|ing)?|mov\w+|rac\w+|speed\w*|pass\w*|cross\w*|comes?|approach\w*|arriv\w+|leav\w+|roll\w*"
            r"|pulls?|accelerat\w+|travel\w*|cruis\w+|rid\w+)\b[^,.;]*"
            rf"|{_ZH_CAR}{_ZH_GAP}(?:行驶|驶|开(?!着灯)|前进|前行|移动|飞驰|疾驰|奔驰|经过|远去|跑)[^，。；]{{0,6}}"
            r"|\b(?:surfers?|skiers?|skaters?|skateboarders?|cyclists?|bikers?|riders?)\b[^,.;]*?\b(?:rid\w+|surf\w*|ski\w*|skat\w*|glid\w+|rac\w+|mov\w+)\b[^,.;]*"
            r"|(?:冲浪者?|滑雪者?|滑冰者?|骑手|骑车的?人?)[^，。；]{0,6}(?:前行|前进|滑|冲下|冲过|骑行)[^，。；]{0,4}",
            re.IGNORECASE,
        ),
    ),
)
WEATHER = re.compile(
    r"\b(?:sun|moon|rain|snow\w*|leaves|petals?|night|dusk|water|darkness)\b|太阳|月亮|雨|雪|叶|花瓣|夜|水",
    re.IGNORECASE,
)
_ALL = f"{_CARS} {_SHIPS} {_SWIMMERS} {_CRAFT} {_WINGED} {_ROUND} {_TURNING} {_HUNG} bubble surfer skier skater rider"
MANY = re.compile(
    r"\b(?:all|both|two|three|four|five|several|many|some)\b|们|群|[几两二三四五六七八][只个艘架辆条]|所有|都|\b(?:"
    + "|".join(f"{name}e?s" for name in _ALL.split() if name not in ("goose", "lorry"))
    + r"|geese|lorries|ferries|butterflies|fish swim)\b",
    re.IGNORECASE,
)
IN_PLANE = re.compile(rf"\b{_FLAT}\b|轮|唱片|光盘|螺旋桨|球|clockwise|顺时针|逆时针|in circles", re.IGNORECASE)
NAMED = re.compile(
    rf"\b{_names(f'{_CARS} {_SHIPS} {_CRAFT} {_ROUND} {_TURNING} {_HUNG}')}\b"
    rf"|{_ZH_CAR}|船|{_ZH_CRAFT}|{_ZH_ROUND}|轮|陀螺|唱片|光盘|标志|图标|徽章|logo|灯笼|吊灯",
    re.IGNORECASE,
)
PEOPLE = re.compile(
    r"\b(?:he|she|they|man|men|woman|women|girl|boy|child|children|kid|person|people|dancer|couple)s?\b|[他她人]|男孩|女孩|孩子",
    re.IGNORECASE,
)  # who do not go as stiff things do
LEFT = re.compile(r"\bleft(?:wards?)?\b|向左|往左|朝左|从右", re.IGNORECASE)
RIGHT = re.compile(r"\bright(?:wards?)?\b|向右|往右|朝右|从左", re.IGNORECASE)
FARTHER = re.compile(r"\b(?:away from|into the distance|to(?:wards)? the horizon)\b|远[处方]|远去|天边", re.IGNORECASE)
LEAVES = re.compile(r"\b(?:away|off|past|leaves?|out of)\b|走|离|过", re.IGNORECASE)
HEADED = re.compile(
    r"\b(?:ducks?|ducklings?|swans?|goose|geese)\b|鸭|鹅", re.IGNORECASE
)  # whose head is its highest part
FINNED = re.compile(r"\b(?:planes?|airplanes?|aeroplanes?|jets?|gliders?)\b|飞机|客机", re.IGNORECASE)  # whose tail is
BACKWARDS = re.compile(r"\b(?:counter|anti)-?clockwise\b|逆时针", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """One `deed` of a stiff thing, where it is sent, `heading` ("" where no side is named), how fast, 1 as usual, whether
    several do it, the `words` and where they stand; whether it is named as a `thing`, which nobody is, whether it `leaves`,
    and whether what spins turns in the picture, as a wheel does (`in_plane`), and `backwards`; and at which end it is
    highest, `tall`, 1 at its head and -1 at its tail, 0 where that is not known."""

    deed: Deed
    heading: Heading
    pace: float
    many: bool
    words: str
    spans: tuple[Span, ...]
    thing: bool = False
    leaves: bool = False
    in_plane: bool = False
    backwards: bool = False
    tall: int = 0


def read(words: str) -> tuple[Asked, ...]:
    """What a sentence lets go as stiff things; nothing where it asks for none."""
    found, taken = list[Asked](), list[Span]()
    for deed, pattern in PATTERNS:
        for match in pattern.finditer(words):
            begin, end = clause(words, *match.span())
            if any(begin < other[1] and end > other[0] for other in taken):
                continue
            said = words[begin:end]
            if deed == "falls" and WEATHER.search(said):
                continue
            if deed in ("falls", "spins", "swings") and PEOPLE.search(said) and not NAMED.search(said):
                continue
            pace = 0.6 if SOFT.search(said) else headings.pace(said)
            more = (bool(each.search(said)) for each in (NAMED, LEAVES, IN_PLANE, BACKWARDS))
            tall = -1 if FINNED.search(said) else int(bool(HEADED.search(said)))
            many = bool(MANY.search(said))
            asked = Asked(deed, _heading(said), pace, many, said.strip(), ((begin, end),), *more, tall=tall)
            found.append(asked)
            taken.append((begin, end))
    return tuple(sorted(found, key=lambda each: each.spans[0]))


def _heading(said: str) -> Heading:
    """Where a clause sends a thing."""
    sides = [
        (match.end(), side) for side, known in (("left", LEFT), ("right", RIGHT)) for match in known.finditer(said)
    ]
    if sides:
        return "left" if max(sides)[1] == "left" else "right"
    known = headings.heading(said)
    if known in ("near", "far"):
        return known
    if re.search(
        r"(?:towards?|to) (?:the )?(?:camera|viewer|us)\b|\b(?:closer|approach\w*)\b|镜头|迎面|驶来|开来|飞来",
        said,
        re.IGNORECASE,
    ):
        return "near"
    return "far" if FARTHER.search(said) else ""
