"""Which of the things that have a name a sentence speaks of, in English and Chinese: its subject, not what is beside it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from motionalchemy.language.lexicon import HAN, normalised

IRREGULAR = {
    "men": "man", "women": "woman", "people": "person", "children": "child", "geese": "goose", "mice": "mouse",
    "oxen": "ox", "feet": "foot", "teeth": "tooth", "calves": "calf", "knives": "knife", "leaves": "leaf",
}  # fmt: skip
ENDINGS = (("ies", "y"), ("ves", "f"), ("es", ""), ("s", ""))  # of plurals, and what stands there in the singular
_BESIDE = """
with without in on at to from by near under over behind before through across along into onto around past and
or but who that which while as against beside beneath above below between inside outside toward towards off up
down like for wearing holding carrying riding rides chasing chases eating eats following follows watching
watches
"""
BESIDE = frozenset(_BESIDE.split())  # words that begin what stands beside a subject
FILMED = re.compile(
    r"\b(?:shaky )?(?:static|fixed|handheld) (?:camera|view|shot)\b|(?:固定|手持)?镜头[^,，。;；]*"
    r"|\b(?:the )?(?:camera|view) (?:pan|zoom|tilt|roll|move|push|pull|hold|follow|keep|shake|orbit|circle|stay)[^,.;]*"
)
CLAUSES = re.compile(r"[,，。;；.!！?？:：]")
AND = re.compile("和(?!服)|[与跟]")
DOING = re.compile("^(?:$|[ 在正向往朝从慢快跑走飞游跳站坐躺奔行开驶穿越冲吃喝看睡叫转上下来去停和与跟的也都是有])")
COUNTED = re.compile(  # what may stand before a name of one character, which is elsewhere a part of another word
    r"(?:^|[一二两三四五几群这那的只匹头条个位名辆艘架棵朵座株间台把件块颗本张片团尾口白黑红黄蓝绿灰棕金紫粉大小老])$"
)
_ARTICLES = "a an the this that one two three some many my your his her their is are there it of"
ARTICLES = frozenset(_ARTICLES.split())
COUNT = re.compile("^(?:有|[一二两三几这那]|[只匹头条个位名辆艘架棵朵座株间台把件块颗本张片团尾群])+")
SIDES = re.compile(
    r"\b(?P<en>left|right)(?:wards?)?\b|(?<=[向往朝到])(?P<zh>[左右])"
)  # the last of them is where it goes
FACINGS = {
    "towards": re.compile(
        r"\b(?:towards?|at|facing) the (?:camera|viewer)|\b(?:closer|nearer)\b|[朝向对][着]?镜头|迎面|走近|靠近"
    ),
    "away": re.compile(r"\baway\b|into the distance|from behind|[向朝]远[处方]|远去|背影|背对"),
}


@dataclass(frozen=True)
class Names:
    """Names to look for, small and simplified; `of` says what has each of them."""

    names: Iterable[str]
    english: dict[tuple[str, ...], str] = field(default_factory=dict)
    chinese: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in self.names:
            if HAN.search(name):
                self.chinese.add(name)
            elif words := tuple(_words(name)):
                self.english.setdefault(words, name)


def facing(words: str) -> str | None:
    """Where a sentence says that its subject goes or looks: left, right, towards, away, or nowhere."""
    text = FILMED.sub(" ", normalised(words))
    if sides := [hit["en"] or {"左": "left", "右": "right"}[hit["zh"]] for hit in SIDES.finditer(text)]:
        return sides[-1]
    return next((name for name, rule in FACINGS.items() if rule.search(text)), None)


def spoken(words: str, names: Names) -> str | None:
    """The name of the subject of a sentence, the longest where several begin alike; None where it has none of them."""
    for clause in clauses(words):
        found = _chinese(clause, names) if HAN.search(clause) else _english(clause, names)
        if found is not None:
            return found
    return None


def clauses(words: str) -> list[str]:
    """The clauses of a sentence that may hold its subject: all but what the camera does."""
    return [part for part in map(str.strip, CLAUSES.split(FILMED.sub(" ", normalised(words)))) if part]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text)


def _singular(word: str) -> Iterator[str]:
    yield word
    yield from [IRREGULAR[word]] if word in IRREGULAR else []
    yield from (word[: -len(end)] + usual for end, usual in ENDINGS if word.endswith(end) and len(word) > len(end) + 1)


def lead(clause: str) -> list[str]:
    """The words of an English clause up to those that begin what stands beside its subject."""
    words = _words(clause)
    at = next((number for number, word in enumerate(words) if word in BESIDE), len(words))
    return words[:at] if at else words


def _english(clause: str, names: Names) -> str | None:
    words, starts = _words(clause), len(lead(clause))
    spots = [found for found in re.finditer(r"[a-z0-9]+", clause)]
    longest, at, found = max(map(len, names.english), default=0), 0, list[tuple[int, int, str, bool]]()
    while at < starts:
        tries = (
            (stop, form) for stop in range(min(len(words), at + longest), at, -1) for form in _singular(words[stop - 1])
        )
        hit = next(((stop, form) for stop, form in tries if (*words[at : stop - 1], form) in names.english), None)
        if hit is None:
            at += 1
            continue
        stop, form = hit
        found.append((at, stop, names.english[(*words[at : stop - 1], form)], form == words[stop - 1]))
        at = stop
    for number, (_, stop, name, _) in enumerate(found):
        after = clause[spots[stop - 1].end() :]
        later = found[number + 1] if number + 1 < len(found) else None
        if not (after.startswith(("-", "'s")) or (later is not None and later[0] == stop and later[3])):
            return name
    return found[-1][2] if found else None


def _chinese(clause: str, names: Names) -> str | None:
    longest, at, found = max(map(len, names.chinese), default=0), 0, list[tuple[int, str]]()
    clause = AND.split(clause)[0] or clause
    while at < len(clause):
        tries = (clause[at:stop] for stop in range(min(len(clause), at + longest), at, -1))
        name = next((name for name in tries if name in names.chinese and _apart(clause, at, name)), None)
        if name is not None:
            found.append((at, name))
        at += len(name or " ")
    heads = (name for at, name in found if not clause.startswith("的", at + len(name)))
    return next(heads, found[-1][1] if found else None)


def _apart(clause: str, at: int, name: str) -> bool:
    """Whether a name at a place of a clause is a word of its own, and not a part of another."""
    alone = COUNTED.search(clause[:at].rstrip()) and DOING.search(clause[at + 1 :])
    return len(name) > 1 or bool(alone)


def guesses(words: str) -> list[str]:
    """What a sentence may call its subject, as short texts to be compared with names: the first words of each clause."""
    found = list[str]()
    for clause in clauses(words):
        if HAN.search(clause):
            text = COUNT.sub("", AND.split(clause)[0] or clause).rpartition("的")[2]
            found += [text[:stop] for stop in range(2, min(5, len(text)) + 1)]
        else:
            said = [word for word in lead(clause) if word not in ARTICLES]
            found += [
                " ".join(said[at:stop])
                for at in range(min(2, len(said)))
                for stop in range(at + 1, min(at + 3, len(said)) + 1)
            ]
    return list(dict.fromkeys(text for text in found if text))
