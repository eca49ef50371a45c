"""From the scores of single clips to the tables: numbers with intervals, as JSON and as Markdown in both languages."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from motionalchemy.data.verbs import VERBS
from motionalchemy.evaluate.alignment import probe
from motionalchemy.evaluate.intervals import bootstrap, paired
from motionalchemy.evaluate.rows import ENGLISH, MANDARIN, STILL, TRUTH
from motionalchemy.models.base import Card
from nano_tables import runs
from nano_tables.questions import ORBITS, SHOWN, VIEWS
from nano_tables.runs import Settings, Task

Record = dict[str, Any]
Numbers = dict[str, float]  # mean, low, high, n
NEAR = 0.97  # of the row of most steps: a default that reaches it is within 3 %
KINDS = {"verbs": "verb", "sides": "direction", "things": "direction", "cameras": "camera"}
CAMERA_WORDS = {
    "static": "still camera · 镜头固定",
    "tilt_up": "tilt up · 上摇",
    "tilt_down": "tilt down · 下摇",
    "zoom_in": "zoom in · 推近",
    "zoom_out": "zoom out · 拉远",
    "pan_left": "pan left · 左摇",
    "pan_right": "pan right · 右摇",
    "orbit_left": "orbit left · 左环绕",
    "orbit_right": "orbit right · 右环绕",
}
SIDES = {
    ("sides", "left"): "left, a scene · 向左，场景",
    ("sides", "right"): "right, a scene · 向右，场景",
    ("things", "left"): "left, a thing in the middle · 向左，居中物体",
    ("things", "right"): "right, a thing in the middle · 向右，居中物体",
}


def read(tasks: list[Task], out: Path) -> list[Record]:
    """The records of those tasks that have been done."""
    return [json.loads(task.at(out).read_text("utf-8")) for task in tasks if task.at(out).is_file()]


def gathered(settings: Settings, card: Card, records: list[Record]) -> dict[str, Any]:
    """The tables of the parts asked for, as JSON holds them."""
    made = [record for record in records if record["refused"] is None]
    makers = {runs.VERBS: words, "words": words, "calls": calls, "stages": stages, "photos": photos}
    found = {part: makers[part](settings, card, made) for part in settings.parts}
    return found | {"refused": sorted({f"{r['row']}: {r['refused']}" for r in records if r["refused"]})}


def mean(records: list[Record], name: str) -> Numbers | None:
    """The mean of a score (or of what stands beside the scores), with its interval by groups; None without any."""
    values = [(r["scores"].get(name, r.get(name)), r["group"]) for r in records]
    kept = [(float(value), group) for value, group in values if value is not None]
    if not kept:
        return None
    return bootstrap([value for value, _ in kept], groups=[group for _, group in kept])._asdict()


def seconds(records: list[Record]) -> float | None:
    """The median of the processor seconds a clip took to make, loading not counted."""
    found = [r["seconds"] for r in records if r["seconds"] is not None]
    return float(np.median(found)) if found else None


def words(settings: Settings, card: Card, records: list[Record]) -> dict[str, Any]:
    """Accuracy word by word, in both languages and on the true clips, and what fast and slow do."""
    lines = [_line(name, records, part, (side,)) for (part, side), name in SIDES.items()]
    lines += [_line(CAMERA_WORDS[word], records, "cameras", (word,)) for word in (*VIEWS, *ORBITS)]
    lines.append(_line("all camera words · 全部镜头词", records, "cameras", (*VIEWS, *ORBITS)))
    lines += [_line(verb, records, "verbs", (verb,)) for verb in VERBS]
    lines.append(_line("all verbs · 全部动词", records, "verbs", tuple(VERBS)))
    by = {
        row: {r["key"]: r for r in _of(records, "verbs", row) if r["right"] is not None} for row in (ENGLISH, MANDARIN)
    }
    english, chinese = ({key: r["right"] for key, r in by[row].items()} for row in (ENGLISH, MANDARIN))
    gap = paired(english, chinese, groups={key: r["group"] for key, r in by[ENGLISH].items()})
    measured = [line for line in lines if any(line["rows"].values())]
    return {
        "lines": measured,
        "gap": gap and gap._asdict(),
        "paces": {row: _pace(records, row) for row in (ENGLISH, MANDARIN)},
    }


def _of(records: list[Record], part: str, row: str) -> list[Record]:
    return [r for r in records if r["part"] == part and r["row"] == row]


def _line(name: str, records: list[Record], part: str, asked: tuple[str, ...]) -> dict[str, Any]:
    kept = [r for r in records if r["word"] in asked]
    rows = {row: mean(_of(kept, part, row), "right") for row in (ENGLISH, MANDARIN, TRUTH)}
    return {"name": name, "rows": rows, "chance": probe(KINDS[part])[1]["chance"]}


def _pace(records: list[Record], row: str) -> dict[str, Any] | None:
    """How many times as much moves when asked to be fast as when asked to be slow, and how often more."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for record in _of(records, "paces", row):
        found[record["group"]][record["word"]] = record["scores"]["movement"]
    both = [(one["fast"], one["slow"]) for one in found.values() if len(one) == 2 and min(one.values()) > 0]
    if not both:
        return None
    logs = bootstrap([float(np.log(fast / slow)) for fast, slow in both])
    ratio = {"mean": np.exp(logs.mean), "low": np.exp(logs.low), "high": np.exp(logs.high), "n": logs.n}
    return {"ratio": {k: float(v) for k, v in ratio.items()}, "more": float(np.mean([f > s for f, s in both]))}


def _quality(records: list[Record], row: str) -> dict[str, Any]:
    kept = _of(records, "verbs", row)
    named = {"verb": "right", "identity": "identity", "perceptual": "lpips_like", "movement": "movement"}
    return {"row": row, **{name: mean(kept, score) for name, score in named.items()}, "seconds": seconds(kept)}


def calls(settings: Settings, card: Card, records: list[Record]) -> dict[str, Any]:
    """Quality against steps, and whether the default is within 3 % of the row of most steps."""
    usual = {"steps": runs.usual(card), "guidance": card.defaults.guidance, "default": True}
    lines = [_quality(records, ENGLISH) | usual]
    for row, fields in runs.calls(settings, card).items():
        about = {"steps": fields["steps"], "guidance": fields.get("guidance", card.defaults.guidance), "default": False}
        lines.append(_quality(records, row) | about)
    lines = [line | {"calls": _network_calls(line, card)} for line in sorted(lines, key=lambda line: line["steps"])]
    base = [_quality(records, row) for row in (STILL, TRUTH)]
    return {"lines": lines, "base": base, "near": _near(lines)}


def _network_calls(line: dict[str, Any], card: Card) -> int:
    return line["steps"] * (2 if line["guidance"] != 1 else 1) * (2 if card.sampling.solver == "midpoint" else 1)


def _near(lines: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The default's verb accuracy and identity as shares of those of the row of most steps."""
    default, most = next(line for line in lines if line["default"]), lines[-1]
    names = ("verb", "identity")
    if default is most or any(not line[name] or not line[name]["mean"] for line in (default, most) for name in names):
        return None
    shares = {name: default[name]["mean"] / most[name]["mean"] for name in names}
    return shares | {"steps": most["steps"], "within": min(shares.values()) >= NEAR}


def stages(settings: Settings, card: Card, records: list[Record]) -> dict[str, Any]:
    """The default, the other number of stages, and the row of calls that takes as long as that."""
    lines = [_quality(records, ENGLISH), *(_quality(records, row) for row in runs.staged(card))]
    other = lines[-1]["seconds"] if len(lines) > 1 else None
    rows = [_quality(records, row) for row in (runs.calls(settings, card) if "calls" in settings.parts else {})]
    timed = [line for line in rows if line["seconds"] is not None]
    if other and timed:
        lines.append(min(timed, key=lambda line: abs(np.log(line["seconds"] / other))) | {"matched": True})
    return {"lines": lines, "stages": len(card.stages), "native": card.native}


def photos(settings: Settings, card: Card, records: list[Record]) -> dict[str, Any]:
    """What four camera words do to stills; what is made in both languages is taken together but for the accuracy."""
    lines = []
    for word in SHOWN:
        kept = [r for r in records if r["part"] == "cameras" and r["word"] == word and r["key"].startswith("still-")]
        made = [r for r in kept if r["row"] in (ENGLISH, MANDARIN)]
        true = [r for r in kept if r["row"] == TRUTH]
        right = {row: mean([r for r in kept if r["row"] == row], "right") for row in (ENGLISH, MANDARIN, TRUTH)}
        moves = "speed" if word == "static" else "besides"
        names = {"sharpness": "sharpness", "moves": moves, "melted": "melted", "identity": "identity"}
        kinds = {"made": made, "true": true}
        line = {name: {kind: mean(found, score) for kind, found in kinds.items()} for name, score in names.items()}
        lines.append({"word": word, "right": right} | line)
    return {"lines": lines, "pictures": "files" if settings.pictures else "sprites"}
