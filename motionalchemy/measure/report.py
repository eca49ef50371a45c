"""The report of a run: one table as JSON and Markdown, a page with the clips side by side, and what changed since."""

import html
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.measure.frechet import frechet
from motionalchemy.measure.intervals import Interval, bootstrap, paired
from motionalchemy.measure.scores import METRICS
from motionalchemy.nets import pack

ORDER = ("model, English", "model, Chinese", "still image", "cross-fade", "nearest training clip", "true clip")
CHINESE = dict(
    zip(ORDER, ("模型（英文）", "模型（中文）", "静止图像", "淡入淡出", "最近训练片段", "真实片段"), strict=True)
)
FEWEST = 8  # clips below which a Fréchet distance says nothing
Record = dict[str, Any]


def slug(row: str) -> str:
    """A row's name as a folder's."""
    return row.replace(",", "").replace(" ", "-").lower()


def write(out: Path) -> Path:
    """Gather a run's scores and write report.json, report.md and report.html into it; returns report.json's path.

    Raises InputError when the folder holds no scores.
    """
    records = [json.loads(path.read_text("utf-8")) for path in sorted(out.glob("scores/*/*.json"))]
    if not records:
        raise InputError(f"{out} holds no scores: run `evaluate` with it first")
    run = json.loads((out / "run.json").read_text("utf-8"))
    content = {"run": run, "rows": _rows(records), "absent": _absent(records), "clips": _clips(records)}
    pack.write_json(out / "report.json", content)
    (out / "report.md").write_text(markdown(content), "utf-8")
    (out / "report.html").write_text(page(content), "utf-8")
    return out / "report.json"


def _rows(records: list[Record]) -> dict[str, dict[str, Any]]:
    """Row -> metric -> interval, the scores per clip, the seconds, and the Fréchet distance to the true clips."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record["row"]].append(record)
    rows = {}
    for row in sorted(found, key=ORDER.index):
        table: dict[str, dict[str, float]] = {name: {} for name in METRICS}
        for record in found[row]:
            for name, value in record["scores"].items():
                table[name][record["key"]] = value
        rows[row] = {
            "metrics": {name: bootstrap(list(by_key.values()))._asdict() for name, by_key in table.items() if by_key},
            "scores": {name: by_key for name, by_key in table.items() if by_key},
            "seconds": float(np.median([record["seconds"] for record in found[row]])),
            "frechet": _frechet(found[row], found.get("true clip", [])),
        }
    return rows


def _frechet(ours: list[Record], truth: list[Record]) -> float | None:
    sets = [[record["features"] for record in records if record["features"]] for records in (ours, truth)]
    return frechet(*(np.array(s) for s in sets)) if min(map(len, sets)) >= FEWEST else None


def _absent(records: list[Record]) -> dict[str, str]:
    return {group: why for record in records for group, why in record["absent"].items()}


def _clips(records: list[Record]) -> dict[str, dict[str, Any]]:
    clips: dict[str, dict[str, Any]] = {}
    for record in records:
        shown = clips.setdefault(record["key"], {"prompts": record["prompts"], "rows": {}})
        shown["rows"][record["row"]] = {
            "film": f"clips/{slug(record['row'])}/{record['key']}.mp4",
            "sha256": record["sha256"],
        }
    return clips


def markdown(content: dict[str, Any]) -> str:
    """The table in Markdown: a line per metric in both languages, a column per row, mean and 95 % interval."""
    rows, run = content["rows"], content["run"]
    lines = [f"# {run['model']} · {run['task']} · n = {run['n']}, seed {run['seed']}, {run['seconds']:g} s", ""]
    lines += ["Mean and 95 % bootstrap interval over clips; ↑ higher is better, ↓ lower, → nearer to the true clip."]
    lines += ["均值与 95 % 自助法区间（按片段）；↑ 越高越好，↓ 越低越好，→ 越接近真实片段越好。", ""]
    lines += ["| | " + " | ".join(f"{row} {CHINESE[row]}" for row in rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for name, metric in METRICS.items():
        cells = [_cell(rows[row]["metrics"].get(name), metric.digits) for row in rows]
        if any(cells):
            arrow = {1: "↑", -1: "↓", 0: "→"}[metric.better]
            lines.append(f"| {arrow} {metric.en} · {metric.zh} | " + " | ".join(cells) + " |")
    extra = {
        "↓ Fréchet distance to the true clips · 与真实片段集的 Fréchet 距离": "frechet",
        "seconds · 耗时，秒": "seconds",
    }
    for title, name in extra.items():
        cells = ["" if rows[row][name] is None else f"{rows[row][name]:.2f}" for row in rows]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines += ["", *(f"Not measured · 未测量: {group} ({why})" for group, why in content["absent"].items())]
    return "\n".join(lines).rstrip() + "\n"


def _cell(interval: dict[str, float] | None, digits: int) -> str:
    if interval is None:
        return ""
    mean, low, high = (f"{interval[k]:.{digits}f}" for k in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def page(content: dict[str, Any]) -> str:
    """A page that plays every case's clips side by side, with the sentence asked for and the table below."""
    rows, run = list(content["rows"]), content["run"]
    name = html.escape(f"{run['model']} · {run['task']}")
    head = "".join(f"<th>{html.escape(row)}<br>{CHINESE[row]}</th>" for row in rows)
    body = "".join(_case(key, clip, rows) for key, clip in content["clips"].items())
    table = _table(markdown(content))
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 1rem; color: #1b1b1b; background: #fafafa }}
table {{ border-collapse: collapse }} th, td {{ padding: .3rem .5rem; text-align: left; vertical-align: top }}
thead th {{ position: sticky; top: 0; background: #fafafa }} video {{ width: 160px; border-radius: 4px }}
.words {{ max-width: 16rem }} .numbers td, .numbers th {{ border-bottom: 1px solid #ddd; white-space: nowrap }}
div {{ overflow-x: auto }}
</style>
<h1>{name}</h1>
<p><button onclick="document.querySelectorAll('video').forEach(v => {{ v.currentTime = 0; v.play() }})">
Play together · 同步播放</button></p>
<div><table><thead><tr><th>asked · 要求</th>{head}</tr></thead><tbody>{body}</tbody></table></div>
<h2>Numbers · 数据</h2>
<div>{table}</div>
</html>
"""


def _case(key: str, clip: dict[str, Any], rows: list[str]) -> str:
    words = "<br>".join(html.escape(prompt) for prompt in clip["prompts"].values())
    films = [clip["rows"].get(row) for row in rows]
    cells = [
        "<td></td>"
        if film is None
        else f'<td><video src="{html.escape(film["film"])}" autoplay loop muted playsinline></td>'
        for film in films
    ]
    return f'<tr><td class="words" title="{html.escape(key)}">{words}</td>{"".join(cells)}</tr>\n'


def _table(text: str) -> str:
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|") and "---" not in line]
    cells = ["".join(f"<td>{html.escape(cell.strip())}</td>" for cell in line) for line in lines]
    return '<table class="numbers">' + "".join(f"<tr>{line}</tr>" for line in cells) + "</table>"


def read(path: Path) -> dict[str, Any]:
    """A report.json; raises InputError when the file is not one."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if {"run", "rows"} <= content.keys():
            return content
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is not a report: give the report.json of a run") from error
    raise InputError(f"{path} is not a report: give the report.json of a run")


def compare(before: Path, after: Path, row: str = ORDER[0]) -> list[tuple[str, Interval, str]]:
    """What really changed in one row between two reports: (metric, mean change and interval, verdict) per metric.

    Changes are paired by clip. The verdict is "no change" when every clip has the same score, "unclear" when 0 lies
    within the interval, else "better", "worse", or "different" where no direction is better. Raises InputError when a
    file is no report, has no such row, or the two share no clip.
    """
    first, second = (read(path)["rows"].get(row) for path in (before, after))
    if first is None or second is None:
        raise InputError(f"one of the reports has no row {row!r}: both must have it to be compared")
    changes = []
    for name, metric in METRICS.items():
        change = paired(first["scores"].get(name, {}), second["scores"].get(name, {}))
        if change is not None:
            changes.append((name, change, _verdict(change, metric.better)))
    if not changes:
        raise InputError(f"{before} and {after} measured no clip in common: use the same task and seed")
    return changes


def comparison(changes: list[tuple[str, Interval, str]]) -> str:
    """What `compare` found as a Markdown table."""
    lines = ["| | change | 95 % interval | clips | verdict |", "|---|---|---|---|---|"]
    for name, change, verdict in changes:
        metric = METRICS[name]
        mean, low, high = (f"{value:+.{metric.digits}f}" for value in change[:3])
        lines.append(f"| {metric.en} · {metric.zh} | {mean} | [{low}, {high}] | {change.n} | {verdict} |")
    return "\n".join(lines) + "\n"


def _verdict(change: Interval, better: int) -> str:
    if change.low == change.high == 0:
        return "no change"
    if change.low <= 0 <= change.high:
        return "unclear"
    if not better:
        return "different"
    return "better" if change.mean * better > 0 else "worse"
