"""Where the words of an edit say that it may act: on the subject, on the background, or everywhere.

A sentence is read clause by clause with the same few rules in English and Chinese: what is kept, what is to change,
and where something is put. Clauses that disagree, and words that say nothing of a place, mean everywhere.
"""

import re
from dataclasses import dataclass
from typing import Literal

from motionalchemy.language.lexicon import SIMPLER

Region = Literal["all", "subject", "background"]


@dataclass(frozen=True)
class Rules:
    """One language: expressions that find, in a clause in small letters, what their names say.

    `changed` has the groups `object` and `named`, either of them what is to change; `background`, `scene`, `everything` and
    `anyone` are sought in it. `relocated` says that it is brought to a place, `added` that something is added to a subject;
    `mood` are styles, weather and light, but not in the `overhead` of a place; `removed` finds who goes, `exchanged` has
    the groups `object` or `old`, and `new`, which is `coloured` where only its colours change.
    """

    clauses: re.Pattern[str]
    kept_background: re.Pattern[str]
    kept_subject: re.Pattern[str]
    changed: re.Pattern[str]
    background: re.Pattern[str]
    scene: re.Pattern[str]
    everything: re.Pattern[str]
    anyone: re.Pattern[str]
    relocated: re.Pattern[str]
    added: re.Pattern[str]
    mood: re.Pattern[str]
    overhead: re.Pattern[str]
    removed: re.Pattern[str]
    exchanged: re.Pattern[str]
    coloured: re.Pattern[str]


@dataclass(frozen=True)
class Replacement:
    """Who goes and who comes, in small letters; not `sure` where what comes may be what goes in another colour."""

    old: str
    new: str
    sure: bool


def _any(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts))


_EN_THE = r"(?:the|this|that|these|those|its|his|her|their|my|your|our|all the|both|every|each)"
_EN_SOMEONE = rf"(?:it|him|her|them|{_EN_THE} [^,]+?)"
_EN_WHERE = (
    r"(?:in front of|in|on|at|to|into|onto|inside|against|under|beside|near|among|by|before|amid|upon|atop"
    r"|through|across|along|over)"
)
_EN_BACKGROUND = (
    r"(?:background|backdrop|surroundings?|environment|setting|scenery|landscape|location|place|sky|horizon|clouds"
    r"|ground|floor)"
)
_EN_SUBJECT = r"(?:subject|foreground|person|people|character|actor|figure|animal)"
ENGLISH = Rules(
    clauses=re.compile(
        r"[,;.!?]|\b(?:but|while|then)\b|\band\b(?=\s+(?:the|it|its|him|his|her|their|let|make|turn|put|place|change"
        r"|replace|swap|add|paint|give|keep|leave|set|move|take|remove|do|have)\b)"
    ),
    kept_background=_any(
        rf"\b(?:keep|keeping|leave|leaving|preserve|preserving|not change|n't change|not touch|n't touch|without \w+ing"
        rf"|except|same|only not)\b (?:(?:the|its|same|original) )*{_EN_BACKGROUND}\b",
        rf"\b{_EN_BACKGROUND} (?:stays?|remains?|unchanged|should stay|must stay|is kept|as it is)\b",
    ),
    kept_subject=_any(
        rf"\b(?:keep|keeping|leave|leaving|preserve|preserving|not change|n't change|not touch|n't touch|without \w+ing"
        rf"|except|around) (?:the |same |main )*{_EN_SUBJECT}\b",
        rf"\b{_EN_SUBJECT} (?:stays?|remains?|unchanged|should stay|must stay|is kept|as it is)\b",
    ),
    changed=_any(
        r"\b(?:make|turn|change|replace|swap|exchange|substitute|paint|repaint|dye|colou?r|recolou?r|tint|transform|convert"
        r"|switch|set|give|dress|let|have|remove|erase|delete|render|redraw|cover|fill|blur|darken|brighten|want|need)\s+"
        rf"(?P<object>{_EN_SOMEONE}|everything|everyone)"
        r"(?=\s+(?:into|with|for|to|by|out|from|as|in|on|at|against|be|become|look|wear|have|like|snow|rain)\b|$)",
        rf"^\s*(?P<named>{_EN_THE} [^,]+?)\s+(?:should|must|needs? to|has to|becomes?|turns? into|is now|wears)\b",
    ),
    background=re.compile(rf"\b{_EN_BACKGROUND}\b|\bbehind\b"),
    scene=re.compile(r"\bscene\b"),
    everything=re.compile(
        r"^(?:it|everything)$|^(?:it|(?:the |this |all the |its |whole |entire |full )*(?:picture|image|video|clip|film"
        r"|movie|footage|frame|shot|photo|photograph|style|look|mood|tone|lights|lighting|weather|season|time"
        r"|atmosphere|colou?rs?(?! of)|sunlight|world|(?:light|rain|snow|fog|mist|sun|day|night)"
        r"(?=$| (?:more|less|\w+er|fall|shine|pour|roll|set|blue|red|golden|warm|cold|dim)\b)))\b"
    ),
    anyone=re.compile(rf"^(?:him|her|them|everyone|{_EN_THE} \w)"),
    relocated=_any(
        rf"\b(?:put|place|set|move|drop|bring|take|send|transport|teleport|relocate|stand|show)\s+{_EN_SOMEONE}"
        rf"\s+{_EN_WHERE} \w",
        rf"\b(?:make|let|have)\s+{_EN_SOMEONE}\s+(?:be|stand|sit|lie|run|walk|live|appear|play|swim|fly|gallop)"
        rf"\s+{_EN_WHERE} \w",
        rf"^\s*(?:as if |now |but )?{_EN_WHERE} (?:the|a|an) \w",
    ),
    added=re.compile(
        r"\b(?:put|place|add|draw|paint|stick)\s+(?!it\b|him\b|them\b|the\b|this\b)[^,]*?\b(?:on|onto|to|around|over)\s+"
        r"(?:him|her|them|it|its|his|the)\b"
    ),
    mood=re.compile(
        r"\b(?:style|look of|watercolou?r|paintings?|painted|sketch|drawing|cartoon|anime|comic|pixel art|ink wash"
        r"|fairy[- ]tale|black and white|monochrome|sepia|vintage|noir|illustration|rain|falling snow|snowfall|snowstorm"
        r"|snows?|fog|mist|storm|dusk|dawn|nights?|evening|morning|sunset|sunrise|twilight|moonlight|sunlight|sunshine"
        r"|(?:winter|summer|autumn|spring)(?=$| (?:time|day|night|light))|lighting"
        r"|(?:the|warm|soft|low|dim|candle) ?light)\b"
    ),
    overhead=re.compile(r"\bunder (?:an? |the )?[\w -]*?\b(?:sky|clouds)\b"),
    removed=re.compile(
        r"\b(?:(?:remove|erase|delete|get rid of|take (?:away|out)|cut out)\s+(?P<object>"
        r"(?:the|this|that|these|those|both|all) (?:(?! from | off | of )[^,])+?|it|him|her|them|every(?:one|body))"
        r"(?=$| (?:from|in|out of|off) the (?:video|clip|film|picture|scene|shot)\b)"
        r"|(?:make|let)\s+(?P<gone>.+?) (?:disappear|vanish|go away)\b)"
    ),
    exchanged=re.compile(
        rf"\b(?:(?:replace|swap|exchange|substitute)\s+(?P<object>{_EN_SOMEONE})\s+(?:with|for|by)"
        rf"|(?:turn|transform|convert|change)\s+(?P<old>{_EN_SOMEONE})\s+(?:in)?to(?=\s+(?:an?|the)\b))\s+(?P<new>.+)"
    ),
    coloured=re.compile(
        r"\b(?:one|red|orange|yellow|green|blue|purple|violet|pink|brown|black|white|gr[ae]y|gold(?:en)?|silver|beige"
        r"|turquoise|dark\w*|bright\w*|light\w*|pale|colou?r\w*|style|version|this|these|that|those)\b"
    ),
)
_ZH_BACKGROUND = r"(?:背景|布景|环境|周围|四周|身后|后面|后方|景色|风景|地点|天空|云|地面|地板|草地)"
_ZH_SUBJECT = r"(?:主体|主角|前景|人物|角色|动物)"
_ZH_INTO = (
    r"(?:替换[成为]|换[成为]|[变改涂染画漆刷弄做转调]成|[变改化]为|变得|换掉|去掉|删掉|抹掉|看起来|变|穿|戴|披|长出"
    r"|加上|添上)"
)
_ZH_BRING = r"(?:放|移|搬|带|置|送|挪|安置|转移|摆)[到在于进入去]|置身|身处"
_ZH_STAY = r"(?:[站坐躺走跑飞游待住玩]|奔跑|出现|漫步|行走)[到在进于]|来到|去到|在"
_ZH_AWAY = "去掉|去除|移除|删掉|删除|抹掉|抹去|擦掉|擦除|消除|清除"
CHINESE = Rules(
    clauses=re.compile(r"[，,。；;！!？?、\s]|并且|同时|然后|而且|但是?|并"),
    kept_background=_any(
        rf"(?:保持|保留|不改变?|不动|不要动|不要改变?|别动|别改|除了){_ZH_BACKGROUND}",
        rf"{_ZH_BACKGROUND}(?:保持|不变|不动|不要变|不要动|照旧|别动)",
    ),
    kept_subject=_any(
        rf"(?:保持|保留|不改变?|不动|不要动|不要改变?|别动|别改|除了){_ZH_SUBJECT}",
        rf"{_ZH_SUBJECT}(?:保持|不变|不动|不要变|不要动|照旧|别动)",
    ),
    changed=_any(
        rf"(?:[把将让使令给为]|只改变?|改变)(?P<object>.+?)(?:都|全|也)?(?={_ZH_INTO}|{_ZH_BRING}|{_ZH_STAY}|下[雨雪]|飘|$)",
        rf"^(?P<named>[^把将让使令给为在]+?)(?:都|全|也)?(?={_ZH_INTO}|应该是|要是)",
    ),
    background=re.compile(_ZH_BACKGROUND),
    scene=re.compile("场景"),
    everything=re.compile(
        r"^它们?$|^(?:整个|整段|全部|所有|这个?|这段|一切)?(?:画面|视频|图片|图像|照片|影片|片子|片段|镜头|画风|风格|色调|色彩|颜色"
        r"|光线|灯光|光|天气|季节|时间|气氛|氛围|一切|整体|天)(?:的(?:风格|颜色|色调|光线))?$|^(?:灯光|光线|[雨雾]|雪(?![人橇豹]))"
    ),
    anyone=re.compile(r"^[^\W\d_]"),
    relocated=_any(_ZH_BRING, rf"[让使令].+?(?:{_ZH_STAY}).", r"^在.+[上里中下前边旁内][央间面边]?$"),
    added=re.compile(r"(?:给|为|在).+?(?:戴|穿|披|加|添|画|骑)"),
    mood=re.compile(
        r"风格|画风|水彩|油画|水墨|素描|卡通|动漫|漫画|像素|黑白|童话|铅笔画|复古|雨(?!林)|雪(?![地山原林人橇豹])|雾|暴风|黄昏|傍晚|暮"
        r"|夜|晚上|清晨|早晨|黎明|日落|日出|月光|阳光|晴|阴天|[冬夏秋春]天|光线"
    ),
    overhead=re.compile(r"[^把将让到在]*(?:天空|夜空|云层|蓝天|白云)下"),
    removed=re.compile(
        rf"^(?:请|从(?:画面|视频|片段)[中里])?(?:{_ZH_AWAY})(?P<object>[^的]+)$"
        rf"|[把将](?P<gone>[^的]+?)(?:从[^的]+?[中里])?(?:都|全)?(?:{_ZH_AWAY}|移走|拿走)"
        r"|[让使](?P<lost>[^的]+?)(?:都|全)?消失"
    ),
    exchanged=re.compile(
        r"(?:[把将](?P<object>[^的]+?)|^(?P<thing>[^把将的]+?))(?:替换|换)[成为](?P<new>.+)|[把将](?P<old>[^的]+?)变[成为](?P<other>.+)"
    ),
    coloured=re.compile("[色金银红橙黄绿蓝紫粉棕黑白灰亮暗这那]|的$"),
)


def region(words: str) -> Region:
    """The region that an instruction speaks of; `all` where it speaks of everything, of several or of none."""
    said, kept = set[Region](), set[Region]()
    rules, clauses = _read(words)
    for clause in clauses:
        if rules.kept_background.search(clause):
            kept.add("subject")
        elif rules.kept_subject.search(clause):
            kept.add("background")
        else:
            said |= _said(clause, rules)
    found = kept or said
    return next(iter(found)) if len(found) == 1 else "all"


def removes(words: str) -> bool:
    """Whether an instruction asks for the subject itself to be taken away: neither a part of it nor the weather."""
    rules, clauses = _read(words)
    for clause in clauses:
        if hit := rules.removed.search(clause):
            thing = next(text for text in hit.groups() if text).strip()
            beside = (rules.everything, rules.scene, rules.background, rules.mood)
            if thing in ("it", "它", "它们") or not any(rule.search(thing) for rule in beside):
                return True
    return False


def replaces(words: str) -> bool:
    """Whether an instruction asks for somebody or something else in the place of the subject, in words alone."""
    hit = replacement(words)
    return hit is not None and hit.sure


def replacement(words: str) -> Replacement | None:
    """Who is to come in the place of whom, as an instruction says; None where it speaks of no subject."""
    rules, clauses = _read(words)
    for clause in clauses:
        if hit := rules.exchanged.search(clause):
            said = {name: text.strip() for name, text in hit.groupdict().items() if text}
            old, new = said.get("old", ""), said.get("new") or said.get("other", "")
            thing = old or said.get("object") or said.get("thing", "")
            whole = rules.everything.search(thing) and (old or thing not in ("it", "它", "它们"))
            if not (whole or rules.scene.search(thing) or rules.background.search(thing)):
                beside = any(rule.search(new) for rule in (rules.mood, rules.background, rules.scene))
                return None if beside else Replacement(thing, new, not rules.coloured.search(new))
    return None


def _read(words: str) -> tuple[Rules, list[str]]:
    """An instruction's clauses, in small and simplified letters, and the rules of its language."""
    text = words.lower().replace("\u2019", "'").translate(SIMPLER)
    rules = CHINESE if re.search(r"[\u4e00-\u9fff]", text) else ENGLISH
    return rules, list(filter(None, map(str.strip, rules.clauses.split(text))))


def _said(clause: str, rules: Rules) -> set[Region]:
    """What one clause speaks of, nothing when it does not say."""
    hit, found = rules.changed.search(clause), set[Region]()
    thing = (hit["object"] or hit["named"] or "").strip() if hit else ""
    mood, added = bool(rules.mood.search(rules.overhead.sub("", clause))), bool(rules.added.search(clause))
    if rules.background.search(thing):
        return {"background"}
    if rules.background.search(clause):
        found.add("background")
    if rules.scene.search(thing) or (rules.relocated.search(clause) and not added):
        found.add("all" if mood else "background")
    elif rules.everything.search(thing):
        found |= {"all"} if mood or added else set()
    elif added or rules.anyone.search(thing):
        found.add("subject")
    elif mood and not found:
        found.add("all")
    return found
