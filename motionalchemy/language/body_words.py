"""What a sentence asks people to do with their bodies: English and Chinese."""

# ruff: noqa: E501

import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.language.spans import Span

Action = Literal[
    "wave", "clap", "raise", "cheer", "stretch", "nod", "bow", "turn", "look", "sway", "jump", "hop", "squat", "kick",
    "walk", "run", "dance", "exercise",
]  # fmt: skip
Way = Literal["", "left", "right", "near", "far"]
Who = Literal["", "all", "left", "right"]

_ADVERBS = r"(?:\w+ly\s+)?"
_THINGS = (
    r"(?:the\s+)?(?:\w+\s+)?\b(?:grass|sea|ocean|water|flags?|heat|leaves|trees?|flowers?|wheat|reeds|branches|clouds?|plants?"
    r"|flames?|fire|lights?|snowflakes?|snow|rain|smoke|shadows?|hair|curtains?|stars?|petals|river|stream|brook|waves?|sound"
    r"|car|bus|train|boat|ship|camera|shot|clock|nose|tears|paint|colou?rs?|engine|tap|waterfall|time|cloth|dress|skirt"
    r"|scarf|ribbons?|reflections?|horizon|wind|breeze|balloons?|kite|seeds?|dandelions?|fields?|lanterns?|candles?|dust"
    r"|sunlight|machine|water|palms?|bamboo|crops?)\s+(?:\w+ly\s+|and\s+\w+\s+|is\s+|are\s+|starts? to\s+|begins? to\s+)*$"
)
NOT_HERS = re.compile(_THINGS, re.IGNORECASE)
ARTICLE = re.compile(
    r"\b(?:the|a|an|of|heat|sound|big|huge|small|sea|ocean|these|those|each|every|in|into|radio|over|cold)\s+$", re.I
)
ARTICLE_ONLY = re.compile(
    r"\b(?:the|a|an|of|this|that|each|every|his|her|their|its|my|in|for|during|while on a|go on a)\s+$", re.I
)
THING_ZH = re.compile(
    r"(?:草|海|水|旗帜?|树叶?|花|云|风|叶子?|火焰?|灯光?|雪花?|影子|头发|车|船|(?<![朝向往对])镜头|柳条|麦浪|枝|溪|河|时间|瓶|光)[^，。；,.;]{0,3}$"
)

PATTERNS: tuple[tuple[Action, str, str], ...] = (
    ("raise", r"(?:rais\w+|lift\w*|hold\w*|put\w*|throw\w*|stretch\w*)\s+(?:up\s+)?(?:(?:his|her|their|its|both|the|two)\s+)*"
     r"(?:arms?|hands?)(?:\s+(?:up|in(?:to)? the air|high|overhead|above (?:his|her|their) heads?))*|hands?\s+up|arms\s+up",
     r"[高双]*举[起高]?[了着]?[^，。；]{0,2}[双两]?[手臂][臂]?|抬起?[了]?[^，。；]{0,2}[双两]?[手臂][臂]?|[双两]手[高]?举[起高]?"),
    ("wave", r"wav(?:es?|ing|ed)(?:\s+(?:(?:his|her|their|its|a|one|the|both)\s+)?(?:\w+\s+)?(?:hands?|arms?))?"
     r"(?:\s+(?:goodbye|hello|hi|bye|at (?:us|me|the camera|the viewer|you)|to (?:us|me|the camera|the viewer|you|everyone)))*"
     r"|(?:says?|saying) (?:hello|hi|goodbye) with (?:his|her|their|a) hand|greets? (?:us|the camera|the viewer)",
     r"(?:挥[了挥动着]*[^，。；]{0,2}手|招[了招着]*手|摆[了摆着]*手|挥舞[着]?[^，。；]{0,2}手臂?)(?:打招呼|致意|告别|再见|问好)?|打[了个]*招呼"),
    ("clap", r"clap(?:s|ping|ped)?(?:\s+(?:(?:his|her|their)\s+)?hands)?|applau\w+", r"鼓[起]?[了着]?掌|拍[了拍着]*手"),
    ("cheer", r"cheer(?:s|ing|ed)?(?:\s+(?:up|loudly|wildly))?\b(?! ful)|celebrat(?:es?|ing)", r"欢呼(?:雀跃)?|庆祝"),
    ("stretch", r"stretch(?:es|ing|ed)?(?:\s+(?:(?:his|her|their|its)\s+)?(?:body|back|limbs|out|up))?", r"伸[了个]*懒腰|舒展身体|拉伸"),
    ("nod", r"nod(?:s|ding|ded)?(?:\s+(?:(?:his|her|their|its)\s+)?head)?(?:\s+(?:yes|in agreement|off))?", r"点[了点着]*头|颔首"),
    ("bow", r"bow(?:s|ing|ed)(?:\s+(?:down|deeply|politely|(?:his|her|their)\s+head))?|takes? a bow|bow(?=\s+(?:to|before|down|deeply|politely)\b)|curts\w+", r"鞠[了个一]*躬|弯腰(?:行礼|致意)?|行[了个]*礼"),
    ("look", r"(?:turn|shak)\w*\s+(?:(?:his|her|their|its|the)\s+)heads?(?:\s+(?:to the (?:side|left|right|camera)|around|from side to side))*|looks? (?:around|about|left and right)|looking (?:around|about)",
     r"(?:把|将)?头?转[过向]?[^，。；]{0,2}头[来去]?|摇[了摇着]*头|环顾(?:四周)?|东张西望|四处张望|左顾右盼|把头转向[^，。；]{0,2}"),
    ("turn", r"turn(?:s|ing)?\s+(?:(?:slightly|slowly|a little|a bit)\s+)?(?:a?round|about|sideways|towards? (?:us|the camera|the viewer))|twist(?:s|ing)?(?:\s+(?:his|her|their) body)?|spin(?:s|ning)?(?:\s+a?round)?",
     r"转[过了个一]*身(?:来|去|体)?|转[了个一]*圈|扭动身体|旋转"),
    ("sway", r"sway(?:s|ing|ed)?(?:\s+(?:gently|softly|slowly|from side to side|(?:(?:to|with) the (?:music|rhythm|beat))))*|rock(?:s|ing)? (?:back and forth|from side to side)",
     r"(?:身体)?(?:随[着]?[^，。；]{0,4})?(?:摇摆|摇晃|摆动)(?!尾巴|翅膀|鳍)(?:身体)?"),
    ("hop", r"hop(?:s|ping|ped)?(?:\s+(?:up and down|around|happily))*|bounc(?:es?|ing)(?:\s+up and down)?", r"蹦[蹦跳]*[跳]?|蹦蹦跳跳"),
    ("jump", r"(?:jump|leap)(?:s|ing|ed)?(?! jacks)(?:\s+(?:up and down|up|(?:in(?:to)?|for) (?:the air|joy)|high|happily|around))*", r"跳[了]?[跃起高](?:来)?|跳一跳|跳了[^，。；]{0,3}下?|跃起|起跳|跳(?!舞|动)"),
    ("squat", r"squat(?:s|ting|ted)?(?:\s+down)?|crouch(?:es|ing|ed)?(?:\s+down)?", r"蹲[下了着]*(?:来)?|深蹲"),
    ("kick", r"kick(?:s|ing|ed)?(?:\s+(?:(?:the|a|his|her)\s+)?(?:ball|legs?|air|high|out|(?:in the air)))*", r"踢[了着]?[^，。；]{0,2}(?:球|腿|脚)?"),
    ("run", r"(?:run|jog|sprint)(?:s|ning|ging|ting)?", r"[奔小慢]?跑[了着]?(?:步|过来|过去|起来)?"),
    ("walk", r"(?:walk|stroll|march|strid|step|wander)(?:s|es|e|ing|ed)?(?:\s+(?:in place|on the spot|past|by|around))?", r"(?:散步|走路|行走|漫步|踱步|迈步|(?<![飞开吹拿游逃带划爬])走[过来去向着动了]*)"),
    ("dance", r"danc(?:es?|ing|ed)(?:\s+(?:to the (?:music|beat)|around))*|boogi\w+", r"跳[起了着支一]*[^，。；]{0,2}舞|翩翩起舞|舞蹈|起舞"),
    ("exercise", r"exercis(?:es?|ing)|jumping jacks|works? out|working out", r"做?[了着]?(?:体操|广播操|开合跳)|锻炼(?:身体)?|健身"),
)  # fmt: skip
WAYS: tuple[tuple[Way, re.Pattern[str]], ...] = (
    ("left", re.compile(r"\b(?:to|towards?) (?:the |our |his |her )?left|\bleftwards?|[向往朝]左", re.I)),
    ("right", re.compile(r"\b(?:to|towards?) (?:the |our |his |her )?right|\brightwards?|[向往朝]右", re.I)),
    ("near", re.compile(r"\b(?:to|towards?|up to|at) (?:us|me|the (?:camera|viewer|front))|\bforwards?\b|\bcloser\b"
                        r"|[朝向往](?:镜头|我们|观众|前)|走来|跑来|走过来|跑过来|走近", re.I)),
    ("far", re.compile(r"\baway\b|\binto the distance|\b(?:along|down|up) (?:the|a) (?:path|road|street|trail|lane|beach|alley)"
                       r"|走去|走远|离开|跑远|走开|远去|沿着?[^，。；]{0,5}[走跑]", re.I)),
)  # fmt: skip
FAST = re.compile(
    r"\b(?:fast|quick\w*|rapid\w*|energetic\w*|wild\w*|hurried\w*|brisk\w*)\b|飞快|快速|快步|急|迅速|用力", re.I
)
SLOW = re.compile(r"\b(?:slow\w*|gentl\w*|calm\w*|leisurely|lazil\w*|soft\w*)\b|慢|缓|轻轻|悠闲", re.I)
SMALL = re.compile(r"\b(?:slight\w*|a little|a bit|gentl\w*|soft\w*|subtl\w*)\b|微微|轻轻|略|稍", re.I)
LARGE = re.compile(
    r"\b(?:wild\w*|vigorous\w*|high|big|deep\w*|energetic\w*|enthusiastic\w*|joyful\w*)\b|用力|高高|深深|大幅|尽情|使劲",
    re.I,
)
MANY = re.compile(r"\b(?:they|people|everyone|everybody|both|all|men|women|children|kids|crowd|two|three|couple|dancers|friends)\b"
                  r"|他们|她们|大家|人们|行人|孩子们|两个|两人|所有", re.I)  # fmt: skip
ONE = re.compile(r"\bon (?:the|our) (left|right)\b|(左|右)(?:边|侧|面)的?(?:男|女|人|孩)", re.I)
LIMB_SIDE = re.compile(r"\b(left|right)\s+(?:hand|arm|leg|foot)|(左|右)[手臂腿脚]", re.I)


@dataclass(frozen=True)
class Asked:
    """An `action` that is asked of people, with the limb of a `side` if one is named, a `way` that is gone, its `pace` and
    `strength`, 1 as usual, `who` does it, its `words` and where they stand."""

    action: Action
    side: str
    way: Way
    pace: float
    strength: float
    who: Who
    words: str
    spans: tuple[Span, ...]


def read(words: str) -> tuple[Asked, ...]:
    """What a sentence asks people to do, each once, in the order of its words; nothing where it asks for nothing."""
    found, taken = list[tuple[int, Asked]](), list[Span]()
    for action, english, chinese in PATTERNS:
        for match in re.finditer(rf"\b{_ADVERBS}(?:{english})\b|(?:{chinese})", words, re.IGNORECASE):
            begin, end = match.span()
            if any(begin < b and a < end for a, b in taken) or not _of_people(words, action, begin, match.group()):
                continue
            taken.append((begin, end))
            found.append((begin, _asked(words, action, begin, end, match.group())))
            break
    return tuple(each for _, each in sorted(found, key=lambda pair: pair[0]))


def _of_people(words: str, action: Action, begin: int, said: str) -> bool:
    """Whether an action is one of people: not "the waves", "a walk" or what grass does."""
    before = words[:begin]
    if re.match(r"[\u4e00-\u9fff]", said):
        return THING_ZH.search(before) is None and not (action == "run" and said == "跑" and before.endswith("逃"))
    if NOT_HERS.search(before):
        return False
    noun = re.fullmatch(
        r"waves?|walk|walks|run|runs|dance|dances|steps?|kicks?|jumps?|cheers?|nods?|bows?|stretch|leaps?", said, re.I
    )
    return not (noun and (ARTICLE if action == "wave" else ARTICLE_ONLY).search(before))


def _asked(words: str, action: Action, begin: int, end: int, said: str) -> Asked:
    """An action with what its part of the sentence says of it."""
    left = max((words.rfind(mark, 0, begin) + 1 for mark in ",.;，。；、"), default=0)
    stops = [at for mark in ",.;，。；、" if (at := words.find(mark, end)) >= 0]
    clause = words[left : min(stops, default=len(words))]
    after = words[end : min(stops, default=len(words))]
    tail = re.split(r"\b(?:and|while|as|then)\b", after, maxsplit=1)[0]
    near = said + tail if re.search(r"[a-z]", said, re.I) else clause
    ways: list[Way] = [name for name, pattern in WAYS if action in ("walk", "run") and pattern.search(near)]
    way: Way = ways[0] if ways else ""
    if not way and action in ("walk", "run") and re.search(r"\b(?:past|by|across)\b|走过|穿过", near, re.I):
        way = "right"
    side = LIMB_SIDE.search(clause)
    who = ONE.search(clause)
    sides = {"左": "left", "右": "right"}
    named = "" if side is None else (side.group(1) or sides[side.group(2)]).lower()
    one = None if who is None else (who.group(1) or sides[who.group(2)]).lower()
    pace = 1.35 if FAST.search(clause) else 0.75 if SLOW.search(clause) else 1.0
    strength = 1.3 if LARGE.search(clause) else 0.7 if SMALL.search(clause) else 1.0
    whose: Who = "left" if one == "left" else "right" if one == "right" else "all" if MANY.search(clause) else ""
    span = (begin, end + len(tail)) if way or LIMB_SIDE.search(tail) else (begin, end)
    return Asked(action, named, way, pace, strength, whose, said.strip(), (_clause(words, *span),))


def _clause(words: str, begin: int, end: int) -> Span:
    """A span with the person before it and the adverbs after it."""
    who = re.search(
        r"(?:\b(?:the|a|an|this|that|two|three)\s+)?(?:\b[\w-]+\s+){0,2}?\b(?:he|she|they|it|man|woman|boy|girl|person|people|child|kid|lady|guy"
        r"|everyone|everybody|figure|dancer|children|kids|men|women|astronaut|surfer|character)\s+(?:on the (?:left|right)\s+)?"
        r"(?:(?:and|is|are|starts? to|begins? to|\w+ly|then)\s+)*$"
        r"|[^，。；,.;]{0,6}(?:他们?|她们?|它|人们?|男人|女人|男孩|女孩|孩子们?|小孩|小人|大家|行人)(?:[一正在开始着轻慢快地高兴]*)$",
        words[:begin],
        re.IGNORECASE,
    )
    after = re.match(
        r"(?:\s+(?:\w+ly|again|once|twice|fast|together|a little|a bit|high))*|(?:[了着起来一下]{0,3})", words[end:]
    )
    return (who.start() if who else begin), end + (after.end() if after else 0)
