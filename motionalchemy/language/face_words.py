"""What a sentence asks of a face, English and Chinese: what it does, to which side, how much, and in which order."""

import re
from dataclasses import dataclass, replace
from typing import Literal

Side = Literal["", "left", "right", "up", "down", "camera", "around", "side"]
Deed = Literal[
    "blink", "wink", "smile", "laugh", "frown", "surprise", "sad", "talk", "kiss", "nod", "shake", "tilt", "turn",
    "look", "close", "wide", "gape", "brows", "bow", "lift",
]  # fmt: skip


@dataclass(frozen=True)
class AskedFace:
    """One thing that a face is to do: the `deed`, to which `side` of the picture, or of the person's `own`; how much of it,
    `strength` about 1, how fast, `pace` about 1, whether it is the `step`-th of several, and the `span` of its words."""

    deed: Deed
    side: Side
    own: bool
    strength: float
    pace: float
    step: int
    span: tuple[int, int]


_WHOSE = r"(?:(?:his|her|its|their|the|both|my|your|one|a|an)\s+)"
_HOW = (
    r"(?:\b(?:very |quite )?(?:slow|quick|gent|slight|soft|warm|broad|wide|happ|bright|friend|play|shy|sweet|faint|calm|sad"
    r"|loud|cheerful|knowing|thoughtful|quiet|sudden|brief|kind|heart)\w*(?:ly)?(?=[\s,.，]|$)\s*)"
)
_TO = (
    r"(?:\s*(?P<to>(?:(?:over |back |off |away |around )?(?:in)?(?:to|towards?|at|into|from)\s+"
    r"(?:(?P<own>his|her|its|their)"
    r"(?: own)?\s+|the\s+)?(?:(?P<side>left|right|camera|viewer|us|lens|audience|side|front)|one side)(?:-hand)?(?: side)?"
    r"|(?P<bare>left|right|up(?:wards?)?|down(?:wards?)?|around|sideways|away|leftwards?|rightwards?)"
    r"(?!\s+(?:the|a|hill|stairs))))?)"
)
_SIDE = {
    "left": "left", "right": "right", "camera": "camera", "viewer": "camera", "us": "camera", "lens": "camera",
    "audience": "camera", "front": "camera", "side": "side", "up": "up", "upward": "up", "upwards": "up",
    "down": "down", "downward": "down", "downwards": "down", "around": "around", "sideways": "side", "away": "side",
    "leftward": "left", "leftwards": "left", "rightward": "right", "rightwards": "right",
    "左": "left", "右": "right", "上": "up", "下": "down",
}  # fmt: skip

ENGLISH: tuple[tuple[Deed, str], ...] = (
    ("close", rf"(?:clos(?:es?|ing)|shuts?|shutting)\s+{_WHOSE}?eyes?\b"),
    ("wide", rf"(?:opens?|opening|widens?|widening)\s+{_WHOSE}?eyes?(?:\s+(?:very\s+)?wide(?:ly)?)?\b"),
    ("gape", rf"(?:opens?|opening)\s+{_WHOSE}?mouths?(?:\s+wide)?\b"),
    ("brows", rf"(?:rais(?:es?|ing)|lifts?|lifting)\s+{_WHOSE}?(?:eye)?brows?\b"),
    ("bow", r"(?:bows?|bowing|lowers?|lowering)\s+(?:his|her)\s+head\b"),
    ("lift", r"(?:lifts?|lifting|rais(?:es?|ing))\s+(?:his|her)\s+head\b"),
    ("nod", rf"nod(?:s|ding)?(?:\s+{_WHOSE}?heads?)?(?:\s+(?:in agreement|yes|hello))?\b"),
    ("shake", rf"shak(?:es?|ing)\s+{_WHOSE}?heads?\b(?:\s+no\b)?"),
    ("tilt", rf"(?:tilt(?:s|ing)?|cock(?:s|ing)?|inclin(?:es?|ing)|lean(?:s|ing)?)\s+{_WHOSE}?heads?\b{_TO}"),
    ("turn", rf"(?:turn(?:s|ing)?|rotat(?:es?|ing))\s+(?:{_WHOSE}?(?:heads?|faces?)\b{_TO}"
             r"|(?:to|towards?)\s+(?:face\s+)?(?:the\s+)?(?P<face>camera|viewer|us)\b)"),
    ("wink", r"wink(?:s|ing)?(?:\s+(?:with\s+)?(?:(?P<whose>his|her)\s+|the\s+|one\s+)?(?:(?P<eye>left|right)\s+)?eye)?"
             r"(?:\s+(?:at|to)\s+(?:the\s+)?(?:camera|viewer|us|you))?\b"),
    ("blink", rf"blink(?:s|ing)?(?:\s+{_WHOSE}?eyes?)?(?:\s+(?:twice|once))?\b"),
    ("laugh", r"(?:laugh|giggl|chuckl|grin)(?:s|es?|ing)?(?:\s+out\s+loud)?\b"),
    ("smile", r"(?:smil(?:es?|ing)|beam(?:s|ing)(?=\s+(?:at|with|happily)|[,.]|$))(?:\s+(?:at|to|into)\s+(?:the\s+)?"
              r"(?:camera|viewer|us|you)\b)?"),
    ("frown", r"(?:frown(?:s|ing)?|scowl(?:s|ing)?|look(?:s|ing)?\s+angr(?:y|ily)|get(?:s|ting)?\s+angry)\b"),
    ("sad", r"(?:look(?:s|ing)?|becom(?:es?|ing)|get(?:s|ting)?)\s+sad\b|pout(?:s|ing)?\b"),
    ("surprise", r"(?:(?:is|are|looks?|looking|becomes?|gets?|acts?)\s+)?(?:surprised|astonished|amazed|shocked)\b"
                 r"|gasp(?:s|ing)?\b|(?:shows?|with)\s+surprise\b"),
    ("kiss", r"(?:blow(?:s|ing)?\s+(?:a\s+)?kiss(?:es)?|kiss(?:es|ing)?\s+(?:at\s+)?(?:the\s+)?(?:camera|viewer|us)"
             rf"|(?:puckers?|puckering|purs(?:es?|ing))\s+(?:up\s+)?{_WHOSE}?lips|kisses|gives?\s+(?:a\s+)?kiss)\b"
             r"(?:\s+(?:to|at)\s+(?:the\s+)?(?:camera|viewer|us))?"),
    ("talk", r"(?:talk|speak|chat|sing|whisper|murmur)(?:s|t?ing)?\b(?:\s+(?:to|into|with|at)\s+(?:the\s+)?"
             r"(?:camera|viewer|us|you|microphone|audience)\b)?|(?:says?|saying)\s+(?:something|hello|hi)\b"
             r"|(?:moves?|moving)\s+(?:his|her|its|their)\s+(?:lips|mouths?)\b"),
    ("look", rf"(?:look(?:s|ing)?|glanc(?:es?|ing)|gaz(?:es?|ing)|star(?:es?|ing))\b(?P<must>{_TO})"),
)  # fmt: skip
_WAY = r"(?:[向往朝](?:着)?|到)?\s*"
CHINESE: tuple[tuple[Deed, str], ...] = (
    ("close", r"(?:闭|合)(?:上|起)?(?:了)?(?:双|两只)?(?:眼睛?|双眼|双目)|闭目"),
    ("wide", r"(?:睁|瞪)(?:大|开)(?:了)?(?:双)?眼睛?"),
    ("gape", r"张(?:开|大)(?:了)?嘴巴?"),
    ("brows", r"(?:挑|扬)起?(?:了)?(?:眉毛?)"),
    ("nod", r"点(?:了|着)?点?头"),
    ("shake", r"摇(?:了|着)?摇?头(?!摆尾|晃脑)|摇头晃脑"),
    ("tilt", rf"(?:把|将)?头?(?:{_WAY}(?P<side1>[左右])[边侧]?)?歪(?:了|着)?歪?(?:头|脑袋)"
             rf"|(?:把|将)头{_WAY}(?:(?P<side2>[左右])[边侧]?)?歪"
             rf"|侧(?:了|着)?头"),
    ("turn", rf"(?:{_WAY}(?P<side3>[左右])[边侧]?)?(?:把|将)?头?"
             rf"(?:转(?:过|了|动|着)?(?:转)?(?:头|脸)|扭(?:过|了|动)?头|回(?:过)?头)(?P<back>来)?"
             rf"(?:{_WAY}(?P<side4>[左右])[边侧]?)?(?:看(?:着|向)?)?(?P<cam1>镜头|我们|观众)?(?:一边|另一边)?"
             rf"|(?:把|将)(?:头|脸){_WAY}(?:(?P<side5>[左右])[边侧]?)?转"
             rf"(?:{_WAY}(?:(?P<side6>[左右])[边侧]?|一[边旁侧]|(?P<cam2>镜头)))?"),
    ("wink", r"(?:眨|闭)(?:了)?(?:一?只|(?P<side7>[左右]))眼(?:睛)?|抛(?:了)?(?:个)?媚眼|使(?:了)?(?:个)?眼色"),
    ("blink", r"(?:眨|眨巴)(?:了|着|动|一)?眨?(?:一下)?(?:双|两只)?眼睛?"),
    ("laugh", r"(?:哈哈)?大笑(?:起来|着)?|(?:开怀|哈哈)(?:地)?笑(?:起来|着|了)?|笑出声(?:来)?|咯咯笑"),
    ("smile", r"(?:露出|面带)(?:了)?(?:[^\s，。,]{0,3})?(?:微笑|笑容|笑意)|微微一?笑(?:着|了|起来)?|微笑(?:着|了|起来)?"
              r"|(?<![可好取嘲玩搞])笑(?:了|着|起来|一笑)"),
    ("frown", r"皱(?:起|着|了)?(?:眉头|眉毛|眉)|生气(?:了|地)?"),
    ("sad", r"(?:伤心|难过|悲伤)(?:了|起来)?|撇嘴"),
    ("surprise", r"(?:感到|露出|显得|很|十分)?(?:惊讶|吃惊|惊奇|震惊|惊呆)(?:地|了|的表情|的神情|的样子)?"),
    ("kiss", r"(?:飞吻|亲吻镜头|(?:嘟|撅)(?:起|着|了)?嘴唇?)"),
    ("talk", r"(?:对着?|朝着?|向)?(?:镜头|观众|我们)?(?:开口)?(?:说(?:着|起)?话|讲话|说着(?!$)|唱(?:着)?歌|聊天|交谈)"),
    ("look", r"(?:四处|四下|到处|向四周|环)(?P<round>张望|看|环视|顾)(?:四周)?|(?P<round2>左顾右盼|环顾四周|东张西望)"
             r"|(?:抬(?:起)?(?:头|眼))?[向往朝]着?(?P<side8>[左右上下])[边面方侧]?(?:看|望|瞧|瞥)(?:去|了|着)?"
             r"|(?:注视|凝视|直视|看|望)(?:着|向)?(?P<cam3>镜头|我们|观众)|抬眼"),
)  # fmt: skip
_NOT_FACES = re.compile(
    r"\b(?:lights?|lamps?|stars?|leds?|lanterns?|neon|cursor|sign|sun|moon|bulbs?|signals?|headlights?)\s+(?:\w+\s+)?$"
    r"|\b(?:camera|shot|lens|drone)\s+(?:\w+ly\s+)?(?:then\s+)?$|(?:星星|星光|灯光?|霓虹|镜头)(?:在|都|一闪一闪地?|也|不停地?)?$",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"\b(?:(?:and\s+)?then|after(?:wards?| that)|before|next|finally|followed by)\b|然后|接着|随后|再(?!次)|之后|最后|，后"
    r"|(?<=[\u4e00-\u9fff])后，?",
    re.IGNORECASE,
)
JOINS = re.compile(
    r"(?:\s|[,;，；、]|\b(?:and|while|then|as|but|he|she|it|they|before|after(?:wards)?|next|finally)\b"
    r"|[并而且和与及着他她它先再又边]|然后|接着|随后|之后|最后|同时|一边)*",
    re.IGNORECASE,
)
_SLOW, _FAST = (
    re.compile(r"\bslow\w*|慢慢|缓缓|缓慢|慢"),
    re.compile(r"\bquick\w*|\bfast\b|\bsudden\w*|快速|突然|迅速|猛"),
)
_LITTLE = re.compile(
    r"\b(?:slight|faint|gent|soft|littl|a bit|subtl|barely)\w*|轻轻|轻微|略|稍|微微|淡淡", re.IGNORECASE
)
_MUCH = re.compile(
    r"\b(?:broad|wide|bright|big|hearty|heartil|loud|happil|very)\w*|大大|灿烂|用力|开怀|哈哈", re.IGNORECASE
)
_MANY = re.compile(
    r"\b(?:they|both|all|people|everyone|everybody|friends|children|kids|men|women|girls|boys|couple|two|three|four"
    r"|dogs|cats|monkeys|faces|lemurs|family|crowd|group)\b|们|大家|所有|两|三|四|都|全家|人群",
    re.IGNORECASE,
)
_WORDS: list[tuple[Deed, re.Pattern[str]]] = [
    (deed, re.compile((rf"(?P<before>{_HOW}*)" if number == 0 else "") + f"(?:{pattern})"
                      + (rf"(?P<after>(?:\s+{_HOW})?)" if number == 0 else ""), re.IGNORECASE))
    for number, table in enumerate((ENGLISH, CHINESE))
    for deed, pattern in table
]  # fmt: skip
_CHINESE_HOW = re.compile(r"(?:慢慢|缓缓|缓慢|轻轻|微微|灿烂|开心|高兴|温柔|快速|突然|稍稍|略微|猛地?)地?$")


def read(words: str) -> tuple[AskedFace, ...]:
    """What a sentence asks of a face, in the order of its words."""
    found, taken = list[AskedFace](), list[tuple[int, int]]()
    for deed, pattern in _WORDS:
        for match in pattern.finditer(words):
            asked = _asked(words, deed, match)
            if asked is None or any(asked.span[0] < end and begin < asked.span[1] for begin, end in taken):
                continue
            taken.append(asked.span)
            found.append(asked)
    return _in_steps(words, sorted(found, key=lambda each: each.span))


def many(words: str) -> bool:
    """Whether a sentence speaks of several."""
    return _MANY.search(words) is not None


def _asked(words: str, deed: Deed, match: re.Match[str]) -> AskedFace | None:
    """One thing that was found, None where it is said of something that has no face."""
    begin, end = match.span()
    core = begin + len(match.groupdict().get("before") or "")
    if core and words[core - 1].isascii() and words[core - 1].isalpha() and words[core].isascii():
        return None
    if _NOT_FACES.search(words[:begin]) or _NOT_FACES.search(words[:core]):
        return None
    groups = {name: text for name, text in match.groupdict().items() if text}
    side = _side(groups)
    if deed == "look" and not side:
        return None
    how = _CHINESE_HOW.search(words[:begin])
    if how:
        begin = how.start()
    said = words[begin:end]
    strength = 0.6 if _LITTLE.search(said) else 1.2 if _MUCH.search(said) else 1.0
    pace = 0.6 if _SLOW.search(said) else 1.5 if _FAST.search(said) else 1.0
    while end > begin and words[end - 1].isspace():
        end -= 1
    own = "own" in groups or "whose" in groups
    return AskedFace(deed, side, own, strength, pace, 0, (begin, end))


def _side(groups: dict[str, str]) -> Side:
    """The side that groups of a match name."""
    for name, text in groups.items():
        if name.startswith("cam") or name in ("face", "back"):
            return "camera"
        if name.startswith("round"):
            return "around"
        if name.rstrip("12345678") in ("side", "bare", "eye") and text.lower() in _SIDE:
            return _SIDE[text.lower()]  # type: ignore[return-value]
    return "side" if "one side" in groups.get("to", "") else ""


def _in_steps(words: str, found: list[AskedFace]) -> tuple[AskedFace, ...]:
    """The same, each with the number of its step: what is joined by "then" comes one after another."""
    steps, step, at = list[AskedFace](), 0, 0
    for each in found:
        between = words[at : each.span[0]]
        if steps and _THEN.search(between):
            step += 1
        span = (at, each.span[1]) if steps and JOINS.fullmatch(between) else each.span
        steps.append(replace(each, step=step, span=span))
        at = each.span[1]
    return tuple(steps)
