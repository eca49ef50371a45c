"""What a run of people's pictures is looked at with: a page of clips with their verdicts, and a table for the eye's."""

import csv
import html
import io
import json
import os
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError
from motionalchemy.evaluate.page import SCRIPT, STYLE
from motionalchemy.evaluate.wanted import PARTS
from motionalchemy.media import files

HEAD = ("key", "kind", "language", "words", "done", "kept", "why", "eye_done", "eye_kept")
MORE = """
article { border-top: 1px solid var(--line); padding: .6rem 0; display: grid;
  grid-template-columns: 16rem 1fr; gap: 0 1rem } h3 { grid-column: 1 / -1; margin: 0; font-size: 1em }
h3 span { font-weight: 400 } article video { width: 16rem; border-radius: 4px }
article img { max-width: 100%; border-radius: 4px }
.bad { color: #c33 } .good { color: #283 } ul { margin: .2rem 0; padding-left: 1.2rem }
"""
KINDS = {
    "camera": "镜头",
    "face": "面部",
    "body": "身体",
    "travel": "行进",
    "elements": "自然",
    "weather": "天气",
    "all": "全部",
}


def write(out: Path, report: dict[str, Any], beside: Path | None = None) -> None:
    """Write report.html; its clips and sheets are found beside it, nothing is fetched from anywhere else. What another run
    of the same cases, `beside`, made stands at the right of each clip. Raises InputError where that is no run."""
    run, other = report["run"], None if beside is None else read_report(beside)
    title = html.escape(f"{run['model']}: pictures that people bring · 人们带来的图片")
    pairs = {} if other is None else {each["key"]: each for each in other["clips"]}
    where = "" if beside is None else Path(os.path.relpath(beside.absolute(), out.absolute())).as_posix()
    body = "".join(_kind(kind, report, pairs, where) for kind in PARTS if kind in report["counts"])
    page = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{STYLE}{MORE}</style>
<h1>{title}</h1>
<p class="faint">Verdicts are guesses by measurements, without a true clip; fill in eye_done (1, 0.5, 0) and eye_kept (1, 0)
in verdicts.csv. 判定由测量猜得；请在 verdicts.csv 中填写 eye_done 与 eye_kept。</p>
<nav><button>From the start, together · 从头同步播放</button></nav>
{_counts(report["counts"], None if other is None else other["counts"], where)}{body}<script>{SCRIPT}</script>
</html>
"""
    files.write_text(page, out / "report.html")


def read_report(run: Path) -> dict[str, Any]:
    """The report of a run of people's pictures; raises InputError for a folder that holds none."""
    try:
        report = json.loads((run / "report.json").read_text("utf-8"))
        if report["run"]["task"] != "people":
            raise ValueError
        return report
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{str(run)!r} holds no finished run of the task people: give the folder of one") from error


def _counts(counts: dict[str, dict[str, int]], others: dict[str, dict[str, int]] | None, where: str) -> str:
    names = ("clips · 片段", "done · 完成", "half · 部分", "kept · 原图完好", "refused · 被拒绝")
    head = "".join(f"<th>{name}</th>" for name in ("", *names))
    rows = ""
    for kind, found in counts.items():
        rows += _row(f"{kind} · {KINDS[kind]}", found)
        if others is not None and kind in others:
            rows += _row(f"<i>{html.escape(where)}</i>", others[kind])
    return f'<table class="numbers"><tr>{head}</tr>{rows}</table>'


def _row(name: str, found: dict[str, int]) -> str:
    return f"<tr><td>{name}</td>{''.join(f'<td>{count}</td>' for count in found.values())}</tr>"


def _kind(kind: str, report: dict[str, Any], pairs: dict[str, dict[str, Any]], where: str) -> str:
    clips = "".join(_clip(each, pairs.get(each["key"]), where) for each in report["clips"] if each["kind"] == kind)
    return f'<h2 id="{kind}">{kind} · {KINDS[kind]}</h2>{clips}'


def _clip(found: dict[str, Any], other: dict[str, Any] | None, where: str) -> str:
    key, words = html.escape(found["key"]), html.escape(found["words"])
    beside = "" if other is None else _film(other, f"{where}/")
    return f"""<article id="{key}"><h3>{key} <span>{words}</span></h3>{_film(found, "")}{beside}</article>
"""


def _film(found: dict[str, Any], where: str) -> str:
    """A clip as a film, its sheet and what is said of it; why it was refused where it was."""
    if found["refused"] is not None:
        return f'<p class="bad">{html.escape(found["refused"])}</p>'
    key, folder = html.escape(found["key"]), html.escape(where)
    harm = ", ".join(f"{name} {value:.3g}" for name, value in found["harm"].items() if value)
    lists = ("", found["seen"]), ("bad", found["why"]), ("faint", found["notes"])
    said = "".join(f'<li class="{kind}">{html.escape(text)}</li>' for kind, texts in lists for text in texts)
    marks = f'<span class="{_mark(found["done"])}">done · 完成 {found["done"]:g}</span>, '
    marks += f'<span class="{_mark(found["kept"])}">kept · 完好 {found["kept"]}</span>'
    return f"""<video src="{folder}clips/{key}.mp4" loop muted playsinline preload="metadata"></video>
<div><p>{marks}</p><img src="{folder}sheets/{key}.png" alt="" loading="lazy"><ul>{said}</ul>
<p class="faint">{html.escape(harm)}</p></div>"""


def _mark(value: float) -> str:
    return "good" if value == 1 else "bad" if value == 0 else ""


def write_table(path: Path, records: list[dict[str, Any]]) -> None:
    """Write a table of verdicts as CSV with two columns that a person fills in; what is filled in stays."""
    known = {row["key"]: row for row in read_table(path)} if path.is_file() else {}
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEAD)
    for each in records:
        eyes = {name: known.get(each["key"], {}).get(name, "") for name in ("eye_done", "eye_kept")}
        told = (
            {"done": f"{each['done']:g}", "kept": each["kept"], "why": "; ".join(each["why"])} if "done" in each else {}
        )
        row = {name: each.get(name, "") for name in HEAD[:4]} | told | eyes
        rows.writerow([row.get(name, "") for name in HEAD])
    files.write_text(text.getvalue(), path)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table of verdicts; raises InputError for another file, or for a mark that is none."""
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{str(path)!r} cannot be read: give the verdicts.csv of a run") from error
    if not rows or not set(HEAD) <= rows[0].keys():
        raise InputError(f"{str(path)!r} is no table of verdicts: give the verdicts.csv of a run")
    for row in rows:
        for name, marks in (("eye_done", ("", "1", "0.5", ".5", "0")), ("eye_kept", ("", "1", "0"))):
            if (row[name] or "").strip() not in marks:
                raise InputError(f"{row['key']} has {name} {row[name]!r}: fill in {', '.join(marks[1:])}, or nothing")
    return rows


def eyes(path: Path) -> str:
    """Where measurements and a person disagree about a table of verdicts that was filled in, and counts by kind of what the
    person says; raises InputError where nothing is filled in."""
    rows = [row for row in read_table(path) if row["eye_done"].strip() and row["eye_kept"].strip() and row["done"]]
    if not rows:
        raise InputError(f"{str(path)!r} has no row with eye_done and eye_kept: fill them in first")
    lines = list[str]()
    for row in rows:
        apart = [
            f"{name} {row[name]}, eye {row[f'eye_{name}'].strip()}"
            for name in ("done", "kept")
            if float(row[name]) != float(row[f"eye_{name}"])
        ]
        lines += [f"{row['key']}: {'; '.join(apart)} | {row['words']}"] if apart else []
    lines += ["", "| kind | clips | done | half | kept | measured as done | as kept |", "|---|---|---|---|---|---|---|"]
    for kind in (*PARTS, "all"):
        of = [row for row in rows if kind in ("all", row["kind"])]
        if of:
            cells = [sum(float(row[name]) == mark for row in of) for name, mark in TOLD]
            lines.append(f"| {kind} | {len(of)} | {' | '.join(map(str, cells))} |")
    agree = [sum(float(row[name]) == float(row[f"eye_{name}"]) for row in rows) for name in ("done", "kept")]
    lines += ["", f"They agree on done in {agree[0]} and on kept in {agree[1]} of {len(rows)} clips."]
    return "\n".join(lines) + "\n"


TOLD = (("eye_done", 1), ("eye_done", 0.5), ("eye_kept", 1), ("done", 1), ("kept", 1))
