"""Chinese sentences about what is shown."""

import random

from motionalchemy.data import words
from motionalchemy.data.facts import Facts, Style, circumstances, sorted_looks
from motionalchemy.data.words import CAMERAS, DRIFTS, IN_PLACE, PACES, PATHS

WIDE = str.maketrans(",:", "，：")
GROUPS = ("家庭", "情侣", "亲吻")  # emoji whose label goes on with who is in them


def chinese(shown: Facts, rng: random.Random, style: Style) -> str:
    """A Chinese caption of what is shown, as long as the style says."""
    if shown.kind in ("object", "place"):
        return _object(shown, rng, style)
    if shown.kind in ("emoji", "sprite"):
        core = _emoji(shown, rng)
    else:
        core = _actor(shown, rng, style) + "{place}" + _action(shown, rng, style)
    return _assemble(core, circumstances(shown, rng, style, "zh"), rng)


def measured(noun: str, said: str | None = None) -> str:
    """`said` (the noun with what describes it, by default the noun alone) after 一 and the noun's measure word."""
    said = said or noun
    if noun.startswith(words.COUNTED):
        return said
    for measure, endings in words.MEASURES:
        if noun.endswith(endings):
            return f"一{measure}{said}"
    return f"一个{said}"


def _assemble(core: str, extras: list[tuple[str, str]], rng: random.Random) -> str:
    places = [text for kind, text in extras if kind == "place"]
    inner, fronted = "", []
    if places and "{place}" in core and rng.random() < 0.5:
        inner, places = places[0], places[1:]
        inner += "," if "{place}面" in core else ""  # or 在草地上面朝左 would be read as 上面
    fronted = [place.removeprefix("在") if place.endswith(("上", "中", "下")) else place for place in places]
    fronted += [text for kind, text in extras if kind == "weather"]
    sentence = ",".join([*fronted[::-1], core.replace("{place}", inner)])
    look = next((text for kind, text in extras if kind == "look"), None)
    if look:
        sentence = rng.choice((f"{look}:{sentence}", f"{sentence},{look}"))
    return ",".join([sentence, *(text for kind, text in extras if kind in ("light", "camera"))]).translate(WIDE)


def _emoji(shown: Facts, rng: random.Random) -> str:
    name = _emoji_name(shown.name["zh"])
    if shown.path:
        return rng.choice((f"{name}的表情符号", f"{name}表情")) + rng.choice(DRIFTS[shown.path][1])
    if shown.look or shown.kind == "sprite":
        return rng.choice((f"{name}表情", f"{name}的3D表情符号"))
    return rng.choice((f"{name}的表情符号在动", f"{name}表情动了起来", f"会动的{name}表情", f"3D动态表情:{name}"))


def _emoji_name(label: str) -> str:
    """旗: 中国 -> 中国旗, 男人: 白发 -> 白发男人, 家庭: 男人女孩 -> 家庭（男人女孩）."""
    head, _, rest = label.partition(": ")
    if not rest:
        return label
    return f"{head}{rest}" if head == "按键" else f"{head}（{rest}）" if head in GROUPS else f"{rest}{head}"


def _actor(shown: Facts, rng: random.Random, style: Style) -> str:
    name = shown.name["zh"]
    if style == "short" and rng.random() < 0.8:
        return name if rng.random() < 0.6 else measured(name)
    riding, _, head = name.rpartition("的")  # 骑马的剑士: what is ridden goes with the other attributes
    coats, cultures, clothes, items = sorted_looks(shown)
    full, chosen = style == "detailed", rng.random()
    parts = [zh for _, zh in coats]
    if clothes and (full or chosen >= 0.5 or not cultures):
        parts.append(f"身穿{clothes[0][1].replace('衣饰', '衣服')}")
    if items and full:
        worn = [words.WORN[en] for en, _ in items if en in words.WORN][:1]
        held = [words.HELD[en] for en, _ in items if en in words.HELD][:2]
        parts += worn + ([held[0] + "".join("和" + h[2:] for h in held[1:])] if held else [])
    parts += [riding] if riding else []
    said = (cultures[0][1] if cultures and (full or chosen < 0.5) else "") + head
    if head == "马" and parts and parts[0] in ("白色", "黑色", "灰色", "棕色") and rng.random() < 0.5:
        return measured(name, parts[0][0] + head)
    return measured(name, "、".join(parts) + "的" + said if parts else said)


def _action(shown: Facts, rng: random.Random, style: Style) -> str:
    assert shown.action
    phrase, before = rng.choice(shown.action.zh), ""
    if shown.action.travels:
        way = _road(shown, rng) if shown.path or rng.random() < 0.5 else ""
        way = (rng.choice(PACES[shown.pace][2]) if shown.pace else "") + way
        phrase = phrase.format(d=way)
        if phrase in ("走", "跑", "飞", "游"):
            phrase = f"在{phrase}"
    if not (shown.action.travels and shown.path) and (style == "detailed" or rng.random() < 0.35):
        facing = {"left": "面朝左侧", "right": "面朝右侧"}.get(shown.side or "")
        before = facing or {"towards": "面朝镜头", "away": "背对镜头"}.get(shown.depth or "", "")
    aspect = ""
    if shown.begins and shown.action.travels and not phrase.startswith("在") and rng.random() < 0.2:
        aspect = "开始"
    elif phrase[0] not in "在待留站原倒摔" and rng.random() < 0.35:
        aspect = "正" if phrase[0] in "向从朝往迎" else "正在"
    return before + aspect + phrase


def _road(shown: Facts, rng: random.Random) -> str:
    return rng.choice(PATHS[shown.path][1] if shown.path else IN_PLACE[1])


def _object(shown: Facts, rng: random.Random, style: Style) -> str:
    head = shown.name["zh"]
    thing = head if shown.kind == "place" else measured(head, _thing(shown, rng, style))
    extras = [e for e in circumstances(shown, rng, style, "zh") if e[0] not in ("camera", "light")]
    move = rng.choice(CAMERAS[shown.camera][1])
    if "orbit" in shown.camera:
        sweep = {360: "一周", 180: "半周", 90: "四分之一周"}.get(shown.sweep or 0, "") if style == "detailed" else ""
        side = {"left": "左", "right": "右"}[shown.camera.removeprefix("orbit_")]
        core = rng.choice(
            (f"镜头向{side}环绕{thing}{sweep}", f"镜头绕着{thing}向{side}旋转{sweep}", f"{thing}，{move}{sweep}")
        )
    else:
        core = thing if shown.camera == "static" else f"{thing}，{move}"
    return _assemble(core, extras, rng)


def _thing(shown: Facts, rng: random.Random, style: Style) -> str:
    head = shown.name["zh"]
    if style == "short":
        return head
    coats, cultures, clothes, _ = sorted_looks(shown)
    parts = [zh for _, zh in coats] + (
        [f"身穿{clothes[0][1].replace('衣饰', '衣服')}"] if clothes and style == "detailed" else []
    )
    said = head if not cultures or head.startswith("一") else cultures[0][1] + head
    return "、".join(parts) + "的" + said if parts else said
