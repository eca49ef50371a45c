"""The report of a run: a table a task as JSON and Markdown, a page of clips side by side, and what changed since."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.evaluate import page
from motionalchemy.evaluate.frechet import frechet
from motionalchemy.evaluate.intervals import Interval, bootstrap, paired, quartiles, written
from motionalchemy.evaluate.rows import CHINESE, ENGLISH, ROWS, TRUTH
from motionalchemy.evaluate.scores import METRICS, Metric
from motionalchemy.media import files
from motionalchemy.nets import pack

FEWEST = 8  # clips below which a Fréchet distance says nothing
LEGEND = {
    "en": "Mean and 95 % bootstrap interval over clips; ↑ higher is better, ↓ lower, → nearer to the true clip.",
    "zh": "均值与 95 % 自助法区间（按片段）；↑ 越高越好，↓ 越低越好，→ 越接近真实片段越好。",
}
TITLES = {
    "animate": "Animate: one image and one sentence · 图像与一句话",
    "verbs": "Verbs: one first frame, several verbs · 同一首帧，不同动词",
    "edit": "Edit: a clip and an instruction · 片段与一条指令",
    "act": "Act: a subject and a clip that shows the motion · 主体与动作参考片段",
    "orbit": "Orbit: three views, the turn between them · 三个视角，之间的环绕",
    "extend": "Extend: the first half given, the second made · 给定前半段，续写后半段",
}
EXTRA = {
    "frechet": Metric("Fréchet distance to the true clips", "与真实片段集的 Fréchet 距离", -1),
    "seconds": Metric("seconds a clip", "每段耗时，秒", -1),
}
Record = dict[str, Any]


def slug(row: str) -> str:
    """A row's name as a folder's."""
    return row.replace(",", "").replace(" ", "-").lower()


def write(out: Path) -> Path:
    """Gather a run's scores and write report.json, report.md and report.html into it; returns report.json's path.

    Raises InputError when the folder holds no scores.
    """
    tasks = {}
    for task in ROWS:
        records = [json.loads(path.read_text("utf-8")) for path in sorted((out / task).glob("scores/*/*.json"))]
        if records:
            absent = {group: why for record in records for group, why in record.get("absent", {}).items()}
            tasks[task] = {"rows": _rows(task, records), "absent": absent, "clips": _clips(out, task, records)}
    if not tasks:
        raise InputError(f"{out} holds no scores: run `evaluate` with it first")
    content = {"run": json.loads((out / "run.json").read_text("utf-8")), "tasks": tasks}
    pack.write_json(out / "report.json", content)
    files.write_text(markdown(content), out / "report.md")
    sections = [
        page.Section(name, TITLES[name], table(task), task["clips"], *remarks(task)) for name, task in tasks.items()
    ]
    files.write_text(page.page(title(content), LEGEND, sections), out / "report.html")
    return out / "report.json"


def title(content: dict[str, Any]) -> str:
    """What was measured: the model and what decides its numbers."""
    run = content["run"]
    size = f", {run['size']} px" if run["size"] else ""
    return f"{run['model']} ({run['sha256'][:8]}), seed {run['seed']}{size}"


def _rows(task: str, records: list[Record]) -> dict[str, dict[str, Any]]:
    """Row -> metric -> interval, the scores per clip, the seconds, the Fréchet distance to the true clips, or a refusal."""
    found: dict[str, list[Record]] = defaultdict(list)
    refused: dict[str, str] = {}
    for record in records:
        if record["refused"] is None:
            found[record["row"]].append(record)
        else:
            refused[record["row"]] = record["refused"]
    there, truth = [row for row in ROWS[task] if row in found or row in refused], found.get(TRUTH, [])
    return {row: _row(found.get(row, []), truth, refused.get(row)) for row in there}


def _row(records: list[Record], truth: list[Record], refused: str | None) -> dict[str, Any]:
    table: dict[str, dict[str, float]] = {name: {} for name in METRICS}
    for record in records:
        for name, value in record["scores"].items():
            table[name][record["key"]] = value
    table, groups = {name: by_key for name, by_key in table.items() if by_key}, {r["key"]: r["group"] for r in records}
    intervals = {name: _interval(METRICS[name], by_key, groups)._asdict() for name, by_key in table.items()}
    seconds = [record["seconds"] for record in records if record["seconds"] is not None]
    return {
        "metrics": intervals,
        "scores": table,
        "groups": groups,
        "seconds": float(np.median(seconds)) if seconds else None,
        "frechet": _frechet(records, truth),
        "refused": refused,
    }


def _interval(metric: Metric, by_key: dict[str, float], groups: dict[str, str]) -> Interval:
    values = list(by_key.values())
    return quartiles(values) if metric.quartiles else bootstrap(values, groups=[groups[key] for key in by_key])


def _frechet(ours: list[Record], truth: list[Record]) -> float | None:
    sets = [[record["features"] for record in records if record["features"]] for records in (ours, truth)]
    return frechet(*(np.array(s) for s in sets)) if min(map(len, sets)) >= FEWEST else None


def _clips(out: Path, task: str, records: list[Record]) -> dict[str, dict[str, Any]]:
    clips: dict[str, dict[str, Any]] = {}
    for record in records:
        key = record["key"]
        if key not in clips:
            given = sorted((out / task / "given").glob(f"{key}-*.*"))
            clips[key] = {
                "prompts": record["prompts"],
                "given": [p.relative_to(out).as_posix() for p in given],
                "rows": {},
            }
        if record["refused"] is None:
            film = f"{task}/clips/{slug(record['row'])}/{key}.mp4"
            clips[key]["rows"][record["row"]] = {"film": film, "sha256": record["sha256"]}
    return clips


def table(task: dict[str, Any]) -> list[list[str]]:
    """A task's numbers: a line of row names, then a line per metric, each cell a mean with its interval."""
    rows = task["rows"]
    lines = [["", *(f"{row} {CHINESE[row]}" for row in rows)]]
    for name, metric in METRICS.items():
        found = [rows[row]["metrics"].get(name) for row in rows]
        cells = ["" if interval is None else written(interval, metric.digits) for interval in found]
        if any(cells):
            lines.append([_named(metric), *cells])
    for name, metric in EXTRA.items():
        cells = ["" if rows[row][name] is None else f"{rows[row][name]:.2f}" for row in rows]
        if any(cells):
            lines.append([_named(metric), *cells])
    return lines


def _named(metric: Metric) -> str:
    return f"{ {1: '↑', -1: '↓', 0: '→'}[metric.better] } {metric.en} · {metric.zh}"


def remarks(task: dict[str, Any]) -> tuple[int, list[str]]:
    """How many clips a task was measured on, and in sentences what was refused or could not be measured."""
    refused = {row: found["refused"] for row, found in task["rows"].items() if found["refused"]}
    said = [f"Refused · 被拒绝: {row} {CHINESE[row]} ({why})" for row, why in refused.items()]
    said += [f"Not measured · 未测量: {group} ({why})" for group, why in task["absent"].items()]
    return len(task["clips"]), said


def markdown(content: dict[str, Any]) -> str:
    """The tables in Markdown: a line per metric in both languages, a column per row, mean and 95 % interval."""
    lines = [f"# {title(content)}", "", *LEGEND.values()]
    for name, task in content["tasks"].items():
        count, said = remarks(task)
        head, *rest = ["| " + " | ".join(line) + " |" for line in table(task)]
        rule = "|---" * (len(task["rows"]) + 1) + "|"
        lines += ["", f"## {TITLES[name]}", "", f"n = {count}", "", head, rule, *rest]
        lines += ["", *said] if said else []
    return "\n".join(lines) + "\n"


def read(path: Path) -> dict[str, Any]:
    """A report.json; raises InputError when the file is not one."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if {"run", "tasks"} <= content.keys():
            return content
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is not a report: give the report.json of a run") from error
    raise InputError(f"{path} is not a report: give the report.json of a run")


class Change(NamedTuple):
    """What became of one metric in one task: the mean change over the clips of both runs, and in one word what it means."""

    task: str
    metric: str
    change: Interval
    verdict: str


def compare(before: Path, after: Path, row: str = ENGLISH) -> list[Change]:
    """What really changed in one row between two reports, for every task and metric of both.

    Changes are paired by clip. The verdict is "no change" when every clip has the same score, "unclear" when 0 lies
    within the interval, else "better", "worse", or "different" where no direction is better. Raises InputError when a
    file is no report, has no such row, or the two share no clip.
    """
    first, second = (read(path)["tasks"] for path in (before, after))
    both = [task for task in first if task in second and row in first[task]["rows"] and row in second[task]["rows"]]
    if not both:
        raise InputError(f"one of the reports has no row {row!r} of a task in both: both must have it to be compared")
    changes = []
    for task in both:
        ours, theirs = (content[task]["rows"][row] for content in (first, second))
        for name, metric in METRICS.items():
            scores = ours["scores"].get(name, {}), theirs["scores"].get(name, {})
            change = paired(*scores, groups=ours["groups"])
            if change is not None:
                changes.append(Change(task, name, change, _verdict(change, metric.better)))
    if not changes:
        raise InputError(f"{before} and {after} measured no clip in common: use the same task and seed")
    return changes


def comparison(changes: list[Change]) -> str:
    """What `compare` found as a Markdown table."""
    lines = ["| task | | change | 95 % interval | clips | verdict |", "|---|---|---|---|---|---|"]
    for task, name, change, verdict in changes:
        metric = METRICS[name]
        mean, low, high = (f"{value:+.{metric.digits}f}" for value in change[:3])
        lines.append(f"| {task} | {metric.en} · {metric.zh} | {mean} | [{low}, {high}] | {change.n} | {verdict} |")
    return "\n".join(lines) + "\n"


def _verdict(change: Interval, better: int) -> str:
    if change.low == change.high == 0:
        return "no change"
    if change.low <= 0 <= change.high:
        return "unclear"
    if not better:
        return "different"
    return "better" if change.mean * better > 0 else "worse"
