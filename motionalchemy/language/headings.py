"""Where a sentence says that its subject goes, and how fast, English and Chinese.

How limbs move is seen best of a subject in its place; where it goes, in the clip in which it goes.
"""

import re
from typing import Literal

from motionalchemy.language.camera import clauses

Heading = Literal["", "left", "right", "near", "far", "elsewhere"]  # "" where a sentence sends nobody anywhere
HEADINGS = (
    (
        re.compile(
            r"(?<!facing)(?<!looking)(?<!looks)(?<!turned)(?<!head)"
            r" (?:from (?:the )?(?:left|right) )?(?:to|towards?) (?:the )?(?:left|right)(?: side)?\b"
            r"| (?:to|towards?) the (?:camera|viewer)\b| away from the (?:camera|viewer)\b| into the distance\b"
            r"| (?:left|right|for)wards?\b"
            r"|(?<=[a-z]{2}[sgp])(?<!facing)(?<!looking)(?<!looks) (?:left|right)"
            r"(?= (?:on|in|at|over|across|along|through|past|by|under)\b| ?$)",
            re.IGNORECASE,
        ),
        " in place",
    ),
    (
        re.compile(
            r"从[左右]边?[向往到朝][左右]边?|(?<![面看望])[向往朝]着?[左右][边侧]?|(?<![面看望])[朝向迎]着?镜头|[朝向]远[处方]"
        ),
        "原地",
    ),
)
GOES = re.compile(
    r"\b(?:(?:walk|run|ran|mov|gallop|trot|canter|jog|sprint|driv|swim|crawl|hop|jump|leap|slid|roll|march|stroll|rush|dash"
    r"|sail|float|drift|travel|step|creep|chas|skat|hurr|wander|glid|leav|cross|charg|scurr|bolt|advanc|prowl|stalk|ambl"
    r"|sneak|swoop|soar|row|pedal|cycl|wad|shuffl|limp|speed|flee|fled|pass|proceed|return|approach|bound)\w*"
    r"|go(?:es|ing)?|went|rid(?:e|es|ing)|rode|rac(?:e|es|ing)|fl(?:y|ies|ying|ew)|com(?:e|es|ing)|came|ski(?:s|ing)?"
    r"|head(?:s|ing))\b|[走跑奔行驶飞游爬跳滑滚去来冲驰骑飘漂进逃踱溜穿过]|移动|挪动|前往|离开",
    re.IGNORECASE,
)  # what one that is sent somewhere does
HURRIES = re.compile(
    r"\b(?:(?:run|gallop|canter|jog|sprint|dash|rush|charg|bolt|hurr|speed|flee|chas|rac)(?:e?s|e|y|ies|i?ed|[ng]?ing)?"
    r"|ran|fled|sped)\b|[跑奔驰冲追]|疾[行走步]",
    re.IGNORECASE,
)  # what one does that goes there fast
RATES = (
    (re.compile(r"\s*\bslow(?:ly)?\b|(?:缓慢|慢慢|缓缓|慢速|很慢)地?", re.IGNORECASE), 0.6),
    (
        re.compile(r"\s*\b(?:fast|quick(?:ly)?|rapid(?:ly)?|swift(?:ly)?)\b|(?:快速|飞快|迅速|很快)地?", re.IGNORECASE),
        1.5,
    ),
)
JOINED = re.compile(r"^\s*(?:while|as)?\s*")
SIDES: dict[str, Literal["left", "right"]] = {"left": "left", "right": "right", "左": "left", "右": "right"}
DEPTHS: dict[Literal["near", "far"], re.Pattern[str]] = {
    "far": re.compile(r"\baway from the\b|\binto the distance\b|远", re.IGNORECASE),
    "near": re.compile(r"\bthe (?:camera|viewer)\b|镜头", re.IGNORECASE),
}
STAYS = re.compile(r"\b(?:in place|on the spot)\b|原地", re.IGNORECASE)
CHINESE = re.compile("[\u4e00-\u9fff]")


def heading(words: str) -> Heading:
    """Which way a sentence says that its subject goes, "" where it says none, or does not say that it goes."""
    if STAYS.search(words) or not travels(words):
        return ""
    headings = [found[0] for clause in _clauses(words) for pattern, _ in HEADINGS for found in pattern.finditer(clause)]
    sides: list[Literal["left", "right"]] = [
        SIDES[side] for side in re.findall("left|right|左|右", " ".join(headings).lower())
    ]
    if sides:
        return sides[-1]
    for depth, pattern in DEPTHS.items():
        if any(map(pattern.search, headings)):
            return depth
    return "elsewhere" if headings else ""


def travels(words: str) -> bool:
    """Whether a sentence says that its subject goes, be it in its place."""
    return any(map(GOES.search, _clauses(words)))


def hurries(words: str) -> bool:
    """Whether a sentence says that its subject goes fast."""
    return any(map(HURRIES.search, _clauses(words)))


def pace(words: str) -> float:
    """How many times as fast as usual a sentence says that its subject does what it does."""
    clauses = _clauses(words)
    return next((rate for pattern, rate in RATES if any(map(pattern.search, clauses))), 1.0)


def without_pace(words: str) -> str:
    """A sentence without what it says of its subject's `pace`."""
    for clause in reversed(clauses(words)):
        if not clause.camera:
            kept = clause.text
            for pattern, _ in RATES:
                kept = pattern.sub("", kept)
            words = words[: clause.begin] + kept + words[clause.end :]
    return words


def in_place(words: str) -> str:
    """A sentence about a subject that does the same in its place, before a camera that stands."""
    kept, end = "", 0
    for clause in clauses(words):
        if not clause.camera:
            kept += words[end : clause.begin] + clause.text if kept else JOINED.sub("", clause.text)
        end = clause.end
    for pattern, place in HEADINGS:
        kept = pattern.sub("", pattern.sub(place, kept, count=1))
    if STAYS.search(kept) or not kept.strip():
        return kept.rstrip()
    return f"{kept}，原地" if CHINESE.search(kept) else f"{kept.rstrip(' .')} in place"


def _clauses(words: str) -> list[str]:
    return [clause.text for clause in clauses(words) if not clause.camera]
