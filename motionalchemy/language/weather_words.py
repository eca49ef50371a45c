"""What weather and light a sentence asks for over a picture: English and Chinese."""

import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.language.element_words import SOFT, STRONG, clause
from motionalchemy.language.spans import Span

Weather = Literal["rain", "snow", "fog", "lightning", "sunset", "sunrise", "night", "petals"]

PATTERNS: tuple[tuple[Weather, re.Pattern[str]], ...] = (
    (
        "snow",
        re.compile(
            r"\b(?:it )?(?:is |starts? to |begins? to )?snow(?:s|ing|fall\w*)?\b(?! (?:leopard|white|man|covered|capped))"
            r"|\bsnowflakes?\b|\b(?:blizzard|snowstorm)\b|[下飘降][起着了]?[^，。；]{0,2}雪|雪花?[^，。；]{0,3}[飘落下]|飞舞的雪花?|飘雪|大雪|暴风雪",
            re.IGNORECASE,
        ),
    ),
    (
        "rain",
        re.compile(
            r"\b(?:it )?(?:is |starts? to |begins? to )?rain(?:s|ing|fall|drops?)?\b(?! ?(?:bow|coat|forest))"
            r"|\bdownpour\b|\bdrizzl\w*"
            r"|[下降][起着了]?[^，。；]{0,2}雨|雨[^，。；]{0,3}[落下]|暴雨|大雨|细雨|雷雨",
            re.IGNORECASE,
        ),
    ),
    (
        "lightning",
        re.compile(
            r"\blightning\b[^,.;]*?(?:flash|strik|bolt)?\w*|\bthunderstorm\b|闪电|电闪雷鸣|雷电|雷雨|打雷",
            re.IGNORECASE,
        ),
    ),
    (
        "fog",
        re.compile(
            r"\b(?:fog|mist|haze)\b[^,.;]*?\b(?:rolls?|drifts?|comes?|rises?|gathers?|covers?|fills?|thickens?|settles?|creeps?)\b[^,.;]*"
            r"|起[了]?[^，。；]{0,2}雾|雾气?[^，。；]{0,4}(?:弥漫|升起|笼罩|涌|飘|流|缭绕|散)[\u4e00-\u9fff]{0,2}|大雾",
            re.IGNORECASE,
        ),
    ),
    (
        "sunset",
        re.compile(
            r"\bsun (?:is |slowly )*(?:set|go|sink)\w*(?: down)?|\b(?:time-?lapse of (?:the |a )?)?sunset\b"
            r"|\bat dusk\b|\bdusk falls\b"
            r"|日落|夕阳西下|太阳[^，。；]{0,4}(?:落|下山)[下山]?|黄昏",
            re.IGNORECASE,
        ),
    ),
    (
        "sunrise",
        re.compile(
            r"\bsun (?:is |slowly )*(?:ris|com)\w*(?: up)?|\bsunrise\b|\bdawn breaks\b|日出|太阳[^，。；]{0,4}升起?",
            re.IGNORECASE,
        ),
    ),
    (
        "night",
        re.compile(r"\b(?:night falls|it gets dark|turns to night|darkness falls)\b|夜幕降临|天黑|入夜", re.IGNORECASE),
    ),
    (
        "petals",
        re.compile(
            r"\b(?:petals?|leaves|confetti|seeds|feathers)\b[^,.;]*?\b(?:falls?|falling|drift\w*|float\w*|fly|flying|blow\w*|scatter\w*)\b[^,.;]*"
            r"|(?:blows?|carries|scatters)[^,.;]*\bseeds\b[^,.;]*"
            r"|(?:花瓣|落叶|树叶|樱花|桃花|叶子|种子)[^，。；]{0,4}(?:飘落|飘散|飞舞|纷飞|落下|飘)|吹动蒲公英|吹散",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True)
class Asked:
    """A `weather` that is asked for, how strong, 1 as usual, its `words` and where they stand."""

    weather: Weather
    strength: float
    words: str
    spans: tuple[Span, ...]


def read(words: str) -> tuple[Asked, ...]:
    """What weather a sentence asks for, each once; nothing where it asks for none."""
    found = list[Asked]()
    for weather, pattern in PATTERNS:
        match = pattern.search(words)
        if match is None:
            continue
        begin, end = clause(words, *match.span())
        said = words[begin:end]
        strength = (
            1.5 if STRONG.search(said) or re.search(r"\bheav\w+|大|暴", said) else 0.6 if SOFT.search(said) else 1.0
        )
        found.append(Asked(weather, strength, match.group().strip(), ((begin, end),)))
    return tuple(found)
