"""The page of a report: for each task what was given, the truth, the model and the baselines, playing side by side."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motionalchemy.evaluate.rows import CHINESE, ROWS, TRUTH

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --faint: #888 }
body { font: 14px/1.4 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 100rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem } nav a { margin-right: 1rem }
p { margin: .3rem 0 } .faint, i { color: var(--faint) } i { font-style: normal; font-size: .8em; white-space: nowrap }
.scroll { overflow-x: auto; margin: .5rem 0 } table { border-collapse: collapse }
th, td { padding: .25rem .5rem; text-align: left; vertical-align: top } th { font-weight: 600 }
.clips th, .clips td { min-width: 8.6rem } .clips tr > :first-child { min-width: 12rem; max-width: 16rem }
.clips video, .clips img { width: 8.6rem; border-radius: 4px; background: var(--soft); display: block; margin-bottom: 2px }
.clips .views img { width: 4.2rem; display: inline-block; margin-right: 2px }
.clips tbody tr { border-top: 1px solid var(--line) } th.truth, td.truth { background: var(--soft) }
.numbers td, .numbers th { border-bottom: 1px solid var(--line) } .numbers tr > :first-child { min-width: 16rem }
"""
SCRIPT = """
const films = [...document.querySelectorAll("video")]
const seen = new IntersectionObserver(found => found.forEach(({target, isIntersecting}) =>
  isIntersecting ? target.play().catch(() => 0) : target.pause()))
films.forEach(film => seen.observe(film))
document.querySelector("button").onclick = () => films.forEach(film => { film.currentTime = 0 })
"""


@dataclass(frozen=True)
class Section:
    """One task: its name and title, the lines of its table, its clips by key, how many, and what else is to be said."""

    task: str
    title: str
    table: list[list[str]]
    clips: Mapping[str, Any]
    count: int
    said: list[str]


def page(title: str, legend: Mapping[str, str], sections: list[Section]) -> str:
    """The page as HTML; films and pictures are found beside it, nothing is fetched from anywhere else."""
    name = html.escape(title)
    links = "".join(f'<a href="#{section.task}">{section.task}</a>' for section in sections)
    body = "".join(map(_section, sections))
    said = "".join(f'<p class="faint">{html.escape(text)}</p>' for text in legend.values())
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>
<style>{STYLE}</style>
<h1>{name}</h1>
<nav>{links}<button>From the start, together · 从头同步播放</button></nav>
{said}{body}<script>{SCRIPT}</script>
</html>
"""


def _section(section: Section) -> str:
    rows = [TRUTH, *(row for row in ROWS[section.task] if row != TRUTH)]
    rows = [row for row in rows if any(row in clip["rows"] for clip in section.clips.values())]
    head = "".join(f"<th{_class(row)}>{html.escape(row)}<br>{CHINESE[row]}</th>" for row in rows)
    cases = "".join(_case(key, clip, rows) for key, clip in section.clips.items())
    said = "".join(f"<p>{html.escape(text)}</p>" for text in section.said)
    return f"""<h2 id="{section.task}">{html.escape(section.title)} <span class="faint">n = {section.count}</span></h2>
{said}<div class="scroll"><table class="clips"><thead><tr><th>asked · 要求</th><th>given · 给定</th>{head}</tr></thead>
<tbody>{cases}</tbody></table></div>
<div class="scroll">{_numbers(section.table)}</div>
"""


def _class(row: str) -> str:
    return ' class="truth"' if row == TRUTH else ""


def _case(key: str, clip: Mapping[str, Any], rows: list[str]) -> str:
    words = "<br>".join(html.escape(prompt) for prompt in clip["prompts"].values())
    given = "".join(_shown(path) for path in clip["given"])
    views = ' class="views"' if len(clip["given"]) > 2 else ""
    films = [(row, clip["rows"].get(row)) for row in rows]
    cells = "".join(f"<td{_class(row)}>{_shown(film['film']) if film else ''}</td>" for row, film in films)
    return f'<tr><td title="{html.escape(key)}">{words}</td><td{views}>{given}</td>{cells}</tr>\n'


def _shown(path: str) -> str:
    source = html.escape(path)
    if path.endswith(".png"):
        return f'<img src="{source}" alt="" loading="lazy">'
    return f'<video src="{source}" loop muted playsinline preload="metadata"></video>'


def _numbers(lines: list[list[str]]) -> str:
    head, *rest = lines
    top = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
    return f'<table class="numbers"><tr>{top}</tr>{"".join(map(_line, rest))}</table>'


def _line(line: list[str]) -> str:
    """A metric's cells, the interval after each mean in small."""
    name, *cells = line
    parts = [html.escape(cell).partition(" ") for cell in cells]
    numbers = "".join(f"<td>{mean} <i>{bounds}</i></td>" for mean, _, bounds in parts)
    return f"<tr><td>{html.escape(name)}</td>{numbers}</tr>"
