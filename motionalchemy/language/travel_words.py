"""What a sentence lets go, rise, fall, spin or swing as one stiff thing: English and Chinese."""

import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.language import headings
from motionalchemy.language.element_words import SOFT, clause
from motionalchemy.language.headings import Heading
from motionalchemy.language.spans import Span

Deed = Literal["goes", "floats", "flies", "rises", "falls", "spins", "swings"]


def _names(words: str) -> str:
    """Names, each in the singular or with its plural, as one part of a pattern."""
    return "(?:" + "|".join(f"{name}(?:e?s)?" for name in words.split()) + ")"


_THING = _names(
    "car bus truck lorry lorries train tram taxi van motorbike motorcycle scooter bike bicycle carriage wagon tractor"
    " vehicle"
)
_BOAT = _names(
    "boat ship yacht ferry ferries canoe raft sailboat kayak duck swan goose geese fish goldfish whale dolphin turtle"
)
_FLYER = _names(
    "plane airplane aeroplane jet helicopter ufo kite rocket spaceship shuttle bird eagle gull butterfly butterflies bee"
    " dragon superman"
)
_RISER = _names("rocket balloon shuttle lantern spaceship plane airplane helicopter bubble moon elevator lift")
_SPINNER = _names(  # what turns as a whole; the sails of a mill and the hands of a clock are a part of it
    "logo emblem badge sign icon wheel ball coin disc disk record top planet globe earth gear cog propeller pinwheel"
    " snowflake star ring vinyl"
)
_ZH_GAP = r"[^，。；,.;]{0,8}?"

PATTERNS: tuple[tuple[Deed, re.Pattern[str]], ...] = (
    (
        "rises",
        re.compile(
            rf"\b{_RISER}\b[^,.;]*?\b(?:ris\w*|lifts? off|takes? off|taking off|lifting off|launch\w*"
            r"|blasts? off|ascend\w*|climbs?|soars?"
            r"|floats? (?:up|away|upwards?)|flies up|goes up)\b[^,.;]*"
            rf"|(?:火箭|热?气球|飞船|飞机|直升机|孔明灯|灯笼|泡泡|电梯){_ZH_GAP}(?:升空|升起|上升|起飞|发射|飞升|飘起|升)[^，。；]{{0,4}}",
            re.IGNORECASE,
        ),
    ),
    (
        "spins",
        re.compile(
            rf"\b{_SPINNER}\b[^,.;]*?\b(?:spin\w*|rotat\w+|revolv\w+|whirl\w*|twirl\w*|turns?|turning)\b[^,.;]*"
            rf"|(?:轮子?|陀螺|标志|图标|徽章|硬币|唱片|球|齿轮|雪花|logo){_ZH_GAP}(?:旋转|转)[^，。；]{{0,4}}",
            re.IGNORECASE,
        ),
    ),
    (
        "swings",
        re.compile(
            r"\b(?:swings?|swinging|rocks? (?:back and forth|gently|from side)|dangles?|pendulum)\b[^,.;]*"
            r"|(?:来回|左右)摇?摆动?[^，。；]*|摇晃[^，。；]*|荡来荡去",
            re.IGNORECASE,
        ),
    ),
    (
        "falls",
        re.compile(
            r"\b(?:falls? (?:down|off|from)|drops? (?:down|to|from)?|plummets?|descends?|sinks?|lands?)\b[^,.;]*"
            r"|(?:坠落|掉落|掉下|落下|下沉|降落|下降)[^，。；]*",
            re.IGNORECASE,
        ),
    ),
    (
        "flies",
        re.compile(
            rf"\b{_FLYER}\b[^,.;]*?\b(?:fl(?:y|ies|ying)|glid\w+|soar\w*|swoop\w*|hover\w*|takes? off)\b[^,.;]*"
            rf"|(?:飞机|直升机|风筝|火箭|飞船|鸟儿?|小鸟|老鹰|海鸥|蝴蝶|蜜蜂){_ZH_GAP}(?:飞|滑翔|翱翔|盘旋)[^，。；]{{0,6}}",
            re.IGNORECASE,
        ),
    ),
    (
        "floats",
        re.compile(
            rf"\b{_BOAT}\b[^,.;]*?\b(?:sail\w*|float\w*|swim\w*|drift\w*|row\w*|glid\w+|cross\w*|mov\w+|goes|paddl\w+|pass\w*|rac\w+|speed\w*|comes?|leav\w+)\b[^,.;]*"
            rf"|(?:船|小船|帆船|轮船|游艇|小舟|鸭子?|天鹅|鹅|鱼|金鱼|鲸鱼?|海豚|乌龟){_ZH_GAP}(?:航行|驶|漂|游|划|前行|前进|移动)[^，。；]{{0,6}}",
            re.IGNORECASE,
        ),
    ),
    (
        "goes",
        re.compile(
            rf"\b{_THING}\b[^,.;]*?\b(?:driv\w+|drove|go(?:es|ing)?|mov\w+|rac\w+|speed\w*|pass\w*|cross\w*|comes?|arriv\w+|leav\w+|roll\w*"
            r"|pulls?|accelerat\w+|travel\w*|cruis\w+|rid\w+)\b[^,.;]*"
            rf"|(?:汽车|小车|轿车|公交车|卡车|货车|火车|列车|电车|摩托车|自行车|马车|车){_ZH_GAP}(?:行驶|驶|开|前进|前行|移动|飞驰|疾驰|经过)[^，。；]{{0,6}}"
            r"|\b(?:surfers?|skiers?|skaters?|skateboarders?|cyclists?|bikers?|riders?)\b[^,.;]*?\b(?:rid\w+|surf\w*|ski\w*|skat\w*|glid\w+|rac\w+|mov\w+)\b[^,.;]*"
            r"|(?:冲浪者?|滑雪者?|骑手|骑车的?人?)[^，。；]{0,6}(?:前行|前进|滑|冲|骑)[^，。；]{0,4}",
            re.IGNORECASE,
        ),
    ),
)
WEATHER = re.compile(
    r"\b(?:sun|moon|rain|snow\w*|leaves|petals?|night|dusk|water|darkness)\b|太阳|月亮|雨|雪|叶|花瓣|夜|水",
    re.IGNORECASE,
)
MANY = re.compile(
    r"\b(?:all|both|two|three|four|five|several|many|the \w+s)\b|们|群|[几两二三四五六七八]|所有|都", re.IGNORECASE
)
LEFT = re.compile(r"\bleft(?:wards?)?\b|向左|往左|朝左|从右", re.IGNORECASE)
RIGHT = re.compile(r"\bright(?:wards?)?\b|向右|往右|朝右|从左", re.IGNORECASE)
FARTHER = re.compile(r"\b(?:away|into the distance|off)\b|远[处方]|远去|飞走|离开|驶离|开走", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """One `deed` of a stiff thing, where it is sent, `heading` ("" where no side is named), how fast, 1 as usual, whether
    several do it, the `words` and where they stand."""

    deed: Deed
    heading: Heading
    pace: float
    many: bool
    words: str
    spans: tuple[Span, ...]


def read(words: str) -> tuple[Asked, ...]:
    """What a sentence lets go as stiff things; nothing where it asks for none."""
    found, taken = list[Asked](), list[Span]()
    for deed, pattern in PATTERNS:
        for match in pattern.finditer(words):
            begin, end = clause(words, *match.span())
            if any(begin < other[1] and end > other[0] for other in taken):
                continue
            if deed == "falls" and WEATHER.search(words[begin:end]):
                continue
            said = words[begin:end]
            pace = 0.6 if SOFT.search(said) else headings.pace(said)
            found.append(Asked(deed, _heading(said), pace, bool(MANY.search(said)), said.strip(), ((begin, end),)))
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
    if re.search(r"(?:towards?|to) (?:the )?(?:camera|viewer|us)\b|镜头|迎面|驶来|开来|飞来", said, re.IGNORECASE):
        return "near"
    return "far" if FARTHER.search(said) else ""
