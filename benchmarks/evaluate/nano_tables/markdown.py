"""The tables in Markdown, every heading in both languages, to be pasted into a page of results."""

from typing import Any

from motionalchemy.evaluate.intervals import written
from motionalchemy.evaluate.rows import CHINESE, ENGLISH, MANDARIN, TRUTH
from nano_tables import runs
from nano_tables.figures import CAMERA_WORDS, Numbers

ROWS = {**CHINESE, runs.ONE: "单阶段", runs.TWO: "双阶段", runs.WHOLE: "在成品尺寸上运行流模型"}
QUALITY = [
    *("verb accuracy 动作准确率 ↑", "identity 主体一致性 ↑"),
    *("perceptual distance 感知距离 ↓", "processor seconds a clip 每段处理器秒数"),
]
WORDS = (
    "**Word by word · 逐词准确率** (share that the classifiers see, 95 % interval, clips · "
    "分类器认出的比例，95 % 区间，片段数)"
)
GAP = "Chinese minus English, same cases, all verbs · 中文减英文，相同样例，全部动词"
PACE = (
    "Asked to walk or run fast against slowly, times the movement (share of pictures in which fast moves more) · "
    "要求快速与缓慢行走或奔跑时运动量之比（快速时运动更多的图片占比）"
)
FLOW = (
    "The flow has one stage, at {native} pixels whatever the result's size; the second stage is the decoder, which moves "
    "the given picture at full size, so `--stages 2` is refused. Against it stands one stage for all: the same flow at the "
    "result's own size. 流模型只有一个阶段，无论成品多大都在 {native} 像素上运行；第二阶段是解码器，"
    "在成品尺寸上移动给定图片，因此 `--stages 2` 会被拒绝。与之对比的是单一阶段：同一流模型直接在成品尺寸上运行。"
)
NEAR = (
    "The default reaches {verb:.1%} of the verb accuracy and {identity:.1%} of the identity of {steps} steps: it {is_} "
    "within 3 %. 默认值达到 {steps} 步的动作准确率的 {verb:.1%}、主体一致性的 {identity:.1%}：{zai} 3 % 以内。"
)
SMALL = "small flow, full-size decoder (default) · 小尺寸流模型，全尺寸解码器（默认）"
STILLS = {"sprites": "sprites of the test split · 测试集的图标", "files": "pictures of a folder · 文件夹中的图片"}


def page(found: dict[str, Any]) -> str:
    """All tables that were measured; `found` is what results.json holds."""
    makers = {runs.VERBS: _words, "words": _words, "calls": _calls, "stages": _stages, "photos": _photos}
    run = found["run"]
    lines = [f"`{run['command']}`, {run['model']} ({short(run['sha256'])}), seed {run['seed']}, {run['size']} px", ""]
    for part, make in makers.items():
        if part in found:
            lines += [*make(found[part]), ""]
    lines += [f"Refused · 被拒绝: {text}" for text in found["refused"]]
    return "\n".join(lines).rstrip() + "\n"


def short(sum_: str) -> str:
    """A model's sum as people read it: the beginnings of its halves, which for nano are its codec's and its flow's."""
    return f"{sum_[:8]}-{sum_[32:40]}"


def cell(numbers: Numbers | None, digits: int = 2, count: bool = False) -> str:
    """A mean with its interval, and the number of clips if asked for."""
    if numbers is None:
        return ""
    return written(numbers, digits) + (f" ({numbers['n']})" if count else "")


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def _words(found: dict[str, Any]) -> list[str]:
    head = ["asked · 要求", "English", "中文", "true clips · 真实片段", "chance · 随机"]
    rows = []
    for line in found["lines"]:
        cells = (cell(line["rows"][row], count=True) for row in (ENGLISH, MANDARIN, TRUTH))
        rows.append([line["name"], *cells, f"{line['chance']:.2f}"])
    lines = [WORDS, "", *table(head, rows)]
    if found["gap"]:
        lines += ["", f"{GAP}: {cell(found['gap'])}."]
    paces = [(name, found["paces"][row]) for row, name in ((ENGLISH, "English"), (MANDARIN, "中文"))]
    said = [f"{name} {cell(pace['ratio'])} ({pace['more']:.0%})" for name, pace in paces if pace]
    return [*lines, "", f"{PACE}: {', '.join(said)}."] if said else lines


def _named(row: str) -> str:
    return f"{row} · {ROWS[row]}" if row in ROWS else row


def _quality(line: dict[str, Any]) -> list[str]:
    taken = "" if line["seconds"] is None else f"{line['seconds']:.2f}"
    return [cell(line["verb"]), cell(line["identity"], 3), cell(line["perceptual"], 3), taken]


def _calls(found: dict[str, Any]) -> list[str]:
    rows = []
    for line in found["lines"]:
        name = f"**{line['steps']} (default · 默认)**" if line["default"] else str(line["steps"])
        rows.append([name, str(line["calls"]), f"{line['guidance']:g}", *_quality(line)])
    rows += [[_named(line["row"]), "", "", *_quality(line)] for line in found["base"]]
    head = ["steps · 步数", "network calls · 网络调用", "guidance · 引导", *QUALITY]
    lines = ["**Calls against quality · 调用次数与质量**", "", *table(head, rows)]
    if found["near"]:
        is_, zai = ("is", "在") if found["near"]["within"] else ("is not", "不在")
        lines += ["", NEAR.format(**found["near"], is_=is_, zai=zai)]
    return lines


def _stages(found: dict[str, Any]) -> list[str]:
    rows = []
    for line in found["lines"]:
        about = " (matched in seconds · 耗时相近)" if line.get("matched") else ""
        default = f"**{SMALL if found['stages'] == 1 else 'default · 默认'}**"
        rows.append([default if line["row"] == ENGLISH else _named(line["row"]) + about, *_quality(line)])
    said = [FLOW.format(native=found["native"]), ""] if found["stages"] == 1 and found["native"] else []
    return ["**Two stages against one · 双阶段与单阶段**", "", *said, *table(["", *QUALITY], rows)]


def _photos(found: dict[str, Any]) -> list[str]:
    head = ["asked · 要求", "right: English", "中文", "true clips 真实片段"]
    head += ["edges kept 边缘保留: made, true →", "identity 一致性: made ↑"]
    head += ["moves besides the camera 镜头之外的运动, % s⁻¹: made, true ↓", "melted 融化像素: made, true ↓"]
    rows = []
    for line in found["lines"]:
        right = [cell(line["right"][row], count=True) for row in (ENGLISH, MANDARIN, TRUTH)]
        kept = [_pair(line["sharpness"], 2), cell(line["identity"]["made"], 3), _pair(line["moves"], 2)]
        rows.append([CAMERA_WORDS[line["word"]], *right, *kept, _pair(line["melted"], 3)])
    return [f"**Camera words on stills · 静止图片上的镜头词** ({STILLS[found['pictures']]})", "", *table(head, rows)]


def _pair(both: dict[str, Numbers | None], digits: int) -> str:
    true = both["true"]
    return f"{cell(both['made'], digits)}, {true['mean']:.{digits}f}" if true else cell(both["made"], digits)
