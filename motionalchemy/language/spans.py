"""Parts of a sentence that have been understood, and what is left of it without them."""

import re
from collections.abc import Iterable

Span = tuple[int, int]
LOOSE = re.compile(
    r"^(?:[\s,;，；、。.]|(?:and|while|as|with|then|but)\b|同时|然后|[并而且和与及])+"
    r"|(?:[\s,;，；、]|\b(?:and|while|as|with|then|but|the|a)\b|[并而且和与及])+(?=[.。!！]?$)",
    re.IGNORECASE,
)
JOIN = re.compile(r"\s*(?:\b(?:and|while|as|with|then|but)|[并而且])\s*$", re.IGNORECASE)
PAUSES = re.compile(r"\s*([,，;；、])(?:\s*[,，;；、])+\s*")


def without(words: str, spans: Iterable[Span]) -> str:
    """A sentence without some parts (begin, end) of it, and without what joined them to the rest."""
    kept, at = list[str](), 0
    for begin, end in sorted(spans):
        kept.append(JOIN.sub("", words[at : max(at, begin)]))
        at = max(at, end)
    rest = PAUSES.sub(r"\1 ", re.sub(r"\s{2,}", " ", "".join((*kept, words[at:])))).strip()
    return LOOSE.sub("", rest).strip(" ,;，；、.。")
