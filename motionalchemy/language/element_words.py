"""What a sentence asks of water, clouds, smoke, fire, plants, hair, cloth and lights: English and Chinese."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from motionalchemy.language.spans import Span

Element = Literal[
    "river", "fall", "sea", "calm", "clouds", "smoke", "steam", "fire", "plants", "hair", "cloth", "lights"
]
Way = Literal["", "left", "right", "up", "down"]

_MOVES = (
    r"(?:flow|run|stream|rush|pour|roll|crash|lap|surge|swell|churn|ripple|spread|sparkle|shimmer|glitter|glisten|drift"
    r"|float|mov|pass|rac|gather|billow|swirl|ris|rise|curl|waft|puff|burn|flicker|danc|blaz|crackl|flare|glow|twinkl|shine"
    r"|blink|flash|sway|wav|swing|bend|bow|rustl|flutter|blow|fly|stream|undulat|tremble|quiver|shak|break|splash|cascad"
    r"|tumbl|plung|fall|foam|stir|wobbl|com|creep|boil|bubbl|whirl|heav)\w*"
)
_NEAR = r"(?:\s+(?:is|are|starts? to|begins? to|slowly|gently|softly|wildly|calmly|quickly|lightly|fast|and|\w+ly))*\s+"
_WHOSE = r"(?:the|an?|his|her|their|its|my|out|to|in|on|of|and)\b"
_ALONE = r"(?:^|(?<=[,;，；。]))\s*(?:(?:gentle|big|small|calm|rough|ocean|sea|soft|stormy|slow)\s+)*"
_END = r"\s*(?=$|[,;.，；。])"
_ZH_DOING = "流动|流淌|飘动|飘浮|漂浮|翻滚|涌动|摇曳|摇动|摆动|飘扬|闪烁|燃烧|跳动|奔腾|飞舞|飘舞|荡漾|翻涌|起伏"
_ZH = r"(?:[^，。；,.;]{0,6}?)"


def _english(noun: str) -> str:
    place = r"(?:\s+(?:in|on|of|from|over|under|behind|at)\s+(?:the\s+)?\w+)?"
    doing = rf"\b{_MOVES}(?<=ing)\s+(?:(?!{_WHOSE})\w+\s+)?(?:{noun})\b"
    blown = rf"\b(?:wind|breeze)\b[^,.;]*?\s(?:{noun})\b"
    return rf"\b(?:the\s+)?(?:\w+\s+){{0,2}}?(?:{noun}){place}{_NEAR}{_MOVES}\b|{doing}|{blown}"


def _chinese(noun: str) -> str:
    return rf"(?:{_ZH_DOING})着?的[^，。；]{{0,2}}?(?:{noun})"


def _either(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


PATTERNS: tuple[tuple[Element, re.Pattern[str]], ...] = (
    (
        "fall",
        _either(
            _chinese("瀑布"),
            _english("water ?falls?|cascades?"),
            rf"瀑布{_ZH}(?:流|落|倾泻|奔|泻|飞)\w?[而下]*|飞瀑|瀑布",
        ),
    ),
    (
        "lights",
        _either(
            _chinese("灯光?|星星|星光|繁星|灯笼|霓虹"),
            _english("lights?|lamps?|stars?|lanterns?|neon|sparkles?|windows"),
            r"\btwinkling (?:stars|lights)\b",
            r"(?:灯光?|星星|星光|繁星|灯笼|霓虹)[^，。；]{0,6}(?:闪|摇|亮|眨|晃)[\u4e00-\u9fff]{0,3}",
        ),
    ),
    (
        "calm",
        _either(
            _chinese("水面|湖面|湖水|倒影|水波|涟漪"),
            _english("reflections?|ripples?|lake(?: water)?|pond|pool|puddles?|canal"),
            r"\bripples? (?:spread|on|across|in)[^,.;]*",
            r"\b(?:the )?water (?:gently )?(?:ripples|shimmers|sparkles|glitters|glistens)\b",
            rf"(?:水面|湖面|湖水|池水|水波|倒影|涟漪){_ZH}(?:泛|荡|晃|摇|波|漾|闪|扩)[\u4e00-\u9fff]{{0,4}}|泛起涟漪|波光粼粼|涟漪",
        ),
    ),
    (
        "sea",
        _either(
            rf"{_ALONE}(?:waves|海浪|波浪|浪花){_END}",
            _chinese("海浪|波浪|浪花|海水|大海|海面|潮水"),
            _english("sea|ocean|waves|surf|tide|swell|breakers|foam"),
            r"\bwaves? (?:lap|roll|crash|break)\w*",
            rf"(?:海浪|波浪|浪花|海水|大海|海面|浪|潮水){_ZH}(?:涌|拍|翻|滚|卷|起伏|荡|来|打|动|流|闪)[\u4e00-\u9fff]{{0,3}}|波涛汹涌|浪花",
        ),
    ),
    (
        "river",
        _either(
            rf"{_ALONE}(?:流水|流水潺潺){_END}",
            _chinese("溪水|河水|江水|小溪|溪流|河流|水"),
            _english("water|river|stream|brook|creek|rapids|current"),
            r"\bwater (?:flows?|runs?|rushes)\b[^,.;]*",
            rf"(?:溪水|河水|江水|流水|小溪|溪流|河流|水){_ZH}(?:流|淌|奔腾|涌)[\u4e00-\u9fff]{{0,3}}|流水潺潺|水流",
        ),
    ),
    (
        "clouds",
        _either(
            _chinese("乌云|白云|云朵|云彩|云海|云"),
            _english("clouds?|sky"),
            r"\bclouds? (?:race|roll|drift)\w*",
            rf"(?:乌云|白云|云朵|云层|云彩|云海|云(?!雾)){_ZH}(?:飘|移|动|滚|涌|飞|掠|流|翻|卷|散)[\u4e00-\u9fff]{{0,4}}|风起云涌",
        ),
    ),
    (
        "steam",
        _either(
            r"\bsteam\b[^,.;]*?(?:ris|com|drift|curl|waft|float|out|up)\w*(?:\s+from[^,.;]*)?|\bsteaming\b",
            r"(?:冒着?|升起|飘出|散发)[^，。；]{0,3}(?:热气(?!球)|蒸汽)|(?:热气(?!球)|蒸汽)[^，。；]{0,3}(?:升|冒|飘|腾)[\u4e00-\u9fff]{0,2}|热气腾腾",
        ),
    ),
    (
        "smoke",
        _either(
            _chinese("烟|烟雾|炊烟"),
            _english("smoke"),
            r"\bsmoke\b[^,.;]*?(?:ris|drift|billow|curl|pour)\w*",
            r"(?:烟|烟雾|浓烟|炊烟)[^，。；]{0,3}(?:升|冒|飘|滚|袅)[\u4e00-\u9fff]{0,2}|冒烟|炊烟袅袅",
        ),
    ),
    (
        "fire",
        _either(
            _chinese("火焰|火苗|烛光|蜡烛|篝火|火把"),
            _english("fire|flames?|campfire|bonfire|candles?|torch|torches|candlelight"),
            r"(?:火焰|火苗|烛光|蜡烛|篝火|火光|火把|烛火|火)[^，。；]{0,3}(?:燃|跳|摇|闪|晃|烧)[\u4e00-\u9fff]{0,2}|熊熊燃烧",
        ),
    ),
    (
        "hair",
        _either(
            _chinese("头发|长发|秀发|发丝|鬃毛"),
            _english("hair|fur|mane|beard|feathers"),
            r"\bhair (?:blowing|flowing|fluttering)\b[^,.;]*",
            r"\bwind in (?:her|his|their) hair\b",
            r"(?:头发|长发|秀发|发丝|毛发|鬃毛)[^，。；]{0,6}(?:吹|飘|动|扬|拂|舞)[\u4e00-\u9fff]{0,2}|吹[动起拂][^，。；]{0,3}(?:头发|长发|发丝)",
        ),
    ),
    (
        "cloth",
        _either(
            _chinese("旗帜?|裙子?|裙摆|披风|围巾|窗帘|丝带|彩带"),
            _english("flags?|dress|skirt|cape|scarf|curtains?|ribbons?|cloth|clothes|banners?|sails?|robe|coat|veil"),
            r"(?:旗帜?|旗子|裙子?|裙摆|披风|围巾|窗帘|丝带|彩带|衣服|衣角|布|帆)[^，。；]{0,4}(?:飘|动|摆|扬|舞|拂|展)[\u4e00-\u9fff]{0,2}|迎风招展",
        ),
    ),
    (
        "plants",
        _either(
            _chinese("小?草|树枝?|树叶|叶子|(?<![雪浪])花朵?|花草|麦浪|竹子|芦苇|柳枝"),
            _english(
                "grass(?:es)?|trees?|leaves|leaf|flowers?|petals?|plants?|reeds?|wheat|field|branches|bushes|meadow|forest|palms?|seeds|dandelions?|bamboo|crops?"
            ),
            r"(?:wind|breeze) (?:blows?|moves?|stirs?|rustles?|through)[^,.;]*?"
            r"(?:grass|trees?|leaves|flowers?|seeds|field)\w*",
            r"(?:草|树|叶子?|树叶|花朵?|花瓣|麦浪|稻穗|竹子?|芦苇|柳枝|树枝|树木|蒲公英|花草|小草|植物)[^，。；]{0,7}(?:摇|摆|动|舞|飘|晃|颤|曳)[\u4e00-\u9fff]{0,2}"
            r"|风吹[^，。；]{0,3}(?:草|树|叶|花|麦|竹|蒲公英)[动摆]?|随风摇[曳摆]",
        ),
    ),
)
DOING = re.compile(r"\s*\w+ing\b", re.IGNORECASE)  # what is said of a thing beside what it is asked
FALLS = re.compile(r"\b(?:fall|falls|falling)\b|[飘落]落|落下|纷飞|飘散", re.IGNORECASE)  # that is weather
BREAKS = re.compile(
    rf"[,;.，；。、!！]|\b(?:and(?!\s+(?!flower|flag|stream\b|light){_MOVES}\b)|while|as|with|then|but)\b"
    r"|并且|并|同时|而(?![来下去至起])",
    re.IGNORECASE,
)
WIND = re.compile(
    r"\b(?:windy|gusts?|(?:strong )?wind (?:blows?|howls?|rises)|in the (?:strong )?wind|a breeze)\b"
    r"|[大狂寒清]风|刮风|风呼?啸|微风|风很大|起风",
    re.IGNORECASE,
)
WAYS: tuple[tuple[Way, re.Pattern[str]], ...] = (
    (
        "left",
        re.compile(
            r"\b(?:to(?:wards)? the |to |from right to )?left(?:wards?)?\b|向左|往左|朝左|左飘|左移", re.IGNORECASE
        ),
    ),
    (
        "right",
        re.compile(
            r"\b(?:to(?:wards)? the |to |from left to )?right(?:wards?)?\b|向右|往右|朝右|右飘|右移", re.IGNORECASE
        ),
    ),
    ("up", re.compile(r"\b(?:up|upwards?)\b|向上|往上", re.IGNORECASE)),
    ("down", re.compile(r"\b(?:down|downwards?|downstream)\b|向下|往下", re.IGNORECASE)),
)
STRONG = re.compile(
    r"\b(?:wild(?:ly)?|strong(?:ly)?|violent(?:ly)?|fast|quick(?:ly)?|rapid(?:ly)?|rac(?:e|es|ing)|rush\w*|fierce(?:ly)?|time-?lapse|rough"
    r"|storm\w*|crash\w*)\b|猛烈|剧烈|强烈|飞快|快速|湍急|汹涌|奔腾|延时|飞",
    re.IGNORECASE,
)
SOFT = re.compile(
    r"\b(?:gent(?:ly|le)|soft(?:ly)?|slow(?:ly)?|slight(?:ly)?|calm(?:ly)?|quiet(?:ly)?|faint(?:ly)?)\b|轻轻|缓缓|缓慢|慢慢|微微|徐徐|微风|轻柔|潺潺",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """One `element` that is asked to move, its `way`, how strongly, 1 as usual, the `words`, where they stand, and
    all that was `said` there."""

    element: Element
    way: Way
    strength: float
    words: str
    spans: tuple[Span, ...]
    said: str = ""


def read(words: str) -> tuple[Asked, ...]:
    """What a sentence asks of the elements, in the order in which it is said; nothing where it asks nothing of them."""
    found, taken = list[Asked](), list[Span]()
    for element, pattern in PATTERNS:
        for match in pattern.finditer(words):
            begin, end = match.span()
            if element == "plants" and FALLS.search(match.group()):
                continue
            begin = max([begin, *(each.end() for each in BREAKS.finditer(words, begin, end) if each.end() < end)])
            if any(begin < other[1] and end > other[0] for other in taken):
                continue
            part = clause(words, begin, end)
            said = words[part[0] : part[1]]
            if DOING.match(words, begin):
                part = begin, end
            ways: list[Way] = [name for name, known in WAYS if known.search(said)]
            strength = 2.0 if STRONG.search(said) else 0.6 if SOFT.search(said) else 1.0
            taken.append((begin, end))
            same = next((each for each in found if each.element == element), None)
            if same is not None:
                found[found.index(same)] = replace(same, spans=(*same.spans, part), said=f"{same.said} {said}")
                continue
            way: Way = ways[0] if ways else ""
            found.append(Asked(element, way, strength, words[begin:end].strip(), (part,), said))
    return tuple(sorted(found, key=lambda each: each.spans[0]))


def windy(words: str) -> bool:
    """Whether a sentence says that there is wind, so that what it moves may move."""
    return bool(WIND.search(words))


def clause(words: str, begin: int, end: int) -> Span:
    """The clause around a part of a sentence: up to the next comma, or word that joins."""
    before = [match.end() for match in BREAKS.finditer(words) if match.end() <= begin]
    after = [match.start() for match in BREAKS.finditer(words) if match.start() >= end]
    return (before[-1] if before else 0), (after[0] if after else len(words))
